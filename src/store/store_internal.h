/* store/store_internal.h - what a store is made of; for the files of this folder. */
#ifndef SALLYPORT_STORE_STORE_INTERNAL_H
#define SALLYPORT_STORE_STORE_INTERNAL_H

#include "store/certificate.h"
#include "store/seal.h"
#include "store/sql.h"
#include "store/store.h"

#define STORE_ID_SIZE 37
#define STORE_SAVEPOINTS 8

struct journal;

struct store {
	struct sql *sql;
	char *folder;
	char id[STORE_ID_SIZE];
	int lock_fd;             /* the folder, locked by its writer; -1 in a reader */
	bool is_open;            /* a transaction is */
	struct seal_key seal_key;
	char *notice;            /* what the open had to mend, or NULL */

	struct journal *journal; /* NULL in a reader */
	/* Revocations of this transaction, for the journal; and for each savepoint how many there were. */
	struct store_revocation *queued;
	size_t queued_count, queued_size;
	size_t marks[STORE_SAVEPOINTS];
	size_t depth;
	/* In the journal, but their commit failed: made good by the next transaction. */
	struct store_revocation *orphans;
	size_t orphan_count;

	/* The end of the audit log, known until something is undone. */
	bool audit_is_known;
	int64_t audit_number;
	uint8_t audit_hash[32];
};

/* A store of an open database without journal and lock, as a restore needs it; checks that the master
 * key is its own. The store owns sql, also when this fails (NULL). */
struct store *store_adopt(struct sql *sql, const char *folder,
			  const uint8_t master_key[STORE_MASTER_KEY_SIZE], struct error *err);

/* Several statements as one change: a transaction of their own when none is open. ret_own goes to the
 * end, which returns status, or -1 when the commit fails. */
int must_check store_atomic_begin(struct store *store, bool *ret_own, struct error *err);
int must_check store_atomic_end(struct store *store, bool own, int status, struct error *err);

/* The next of a row of numbers that are never given twice. */
int must_check store_next_number(struct store *store, const char *counter, int64_t *ret_number,
				 struct error *err);

/* store_audit() at a time that was given, without a struct: for what the store itself does. */
int must_check store_note(struct store *store, const char *action, int64_t now, const char *what,
			  struct error *err);

/* The row of a revocation, without the journal: an earlier time wins, the reason may become 1. */
int must_check store_revocation_row(struct store *store, const struct store_revocation *revocation,
				    struct error *err);
/* From a row of (issuer_key, serial, time_s, reason). */
void store_revocation_read(struct statement *statement, struct store_revocation *ret_revocation);

#endif
