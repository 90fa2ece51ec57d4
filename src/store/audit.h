/*
 * store/audit.h - the audit log: who did what, from where, when; a chain of hashes.
 *
 * Rows are made by store_change(), and by store_audit() for what changes nothing and must be known all
 * the same (an export of a key, a failed log-in). Each row's hash covers all its columns and the hash
 * before it, so that nothing can be changed or taken out without breaking the chain.
 */
#ifndef SALLYPORT_STORE_AUDIT_H
#define SALLYPORT_STORE_AUDIT_H

#include "store/store.h"

struct store_audit_row {
	int64_t number;
	int64_t time_s;
	const char *actor, *from, *product, *action, *kind, *id, *request_id;
	const char *outcome;       /* "ok", or the error's symbol */
	const char *before, *after; /* JSON text or NULL */
	uint8_t hash[32];
};

/* change->act is not used. outcome NULL: "ok". */
int must_check store_audit(struct store *store, const struct store_change *change,
			   const char *outcome, struct error *err);

struct store_audit_filter {
	const char *actor, *action, *kind, *id; /* NULL: any */
	int64_t from_s, to_s;      /* 0: any */
	int64_t below_number;      /* paging, newest first; 0: from the newest */
	int limit;
};
int must_check store_audit_each(struct store *store, const struct store_audit_filter *filter,
				bool (*each)(void *arg, const struct store_audit_row *row), void *arg,
				struct error *err);
int64_t store_audit_count(struct store *store, const struct store_audit_filter *filter,
			  struct error *err);

/* Walks the whole chain. ret_rows: how many are sound. The error names the first bad row. */
int must_check store_audit_verify(struct store *store, int64_t *ret_rows, struct error *err);

#endif
