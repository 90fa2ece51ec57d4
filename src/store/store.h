/*
 * store/store.h - everything that is wanted, kept on disk: one SQLite file in the data folder.
 *
 * One connection writes: that of the state thread. A request that changes something runs inside a
 * savepoint of a transaction that up to STORE_BATCH_MAX requests share, and is answered after the
 * commit. A job thread reads through a connection of its own (store_open_reader). The functions here
 * and in the other headers of this folder are the repository interface: SQL stands nowhere else, and
 * only SQL that PostgreSQL has too (TEXT, BIGINT, BLOB, ON CONFLICT DO UPDATE, RETURNING, no ROWID).
 *
 * Errors: ERROR_LIMIT with symbol "InsufficientStorage" when the disk is full (HTTP 507),
 * ERROR_UNAVAILABLE with "ServiceUnavailable" when it fails otherwise (503); both change nothing.
 * Nobody ever sees a lock error: there is one writer, and readers see the last commit.
 */
#ifndef SALLYPORT_STORE_STORE_H
#define SALLYPORT_STORE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "base/error.h"

#define STORE_FILE "sallyport.db"
#define STORE_JOURNAL_FILE "revocations.log"
#define STORE_BATCH_MAX 128
#define STORE_MASTER_KEY_SIZE 32

struct store;

/* folder is made (0700) when it is missing, and refused when others may write to it. Opens or creates
 * the file, brings its schema forward (a newer one than ours is refused), and finishes what the
 * revocation journal holds and the file does not. The master key is copied. NULL on error. */
struct store *store_open(const char *folder, const uint8_t master_key[STORE_MASTER_KEY_SIZE],
			 struct error *err);
/* A second connection to the same file, read-only, for one other thread. */
struct store *store_open_reader(const struct store *store, struct error *err);
void store_close(struct store *store); /* wipes keys; NULL is fine */

const char *store_id(const struct store *store);
const char *store_folder(const struct store *store);
/* What the open had to mend (a damaged revocation journal), for the log; or NULL. */
const char *store_notice(const struct store *store);

/* --- transactions of the writer --- */

int must_check store_begin(struct store *store, struct error *err);
/* A commit whose outcome is unknown is an error too: nothing may be answered as done. */
int must_check store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);
/* One request of the batch. Exactly one of the two ends it. */
int must_check store_savepoint(struct store *store, struct error *err);
int must_check store_release(struct store *store, struct error *err);
void store_undo(struct store *store);
/* A consistent view for several reads of a reader. */
int must_check store_read_begin(struct store *reader, struct error *err);
void store_read_end(struct store *reader);

/* The revision of the last change made (in this transaction, or committed). */
int64_t store_revision(struct store *store);

/* --- changes: one row in change_log, one in the audit log (store/audit.h), one new revision --- */

struct store_change {
	const char *kind;    /* "listener", "certificate", "user", ... */
	const char *id;
	const char *act;     /* "Create", "Update", "Delete", or the action's name */
	const char *action;  /* "CreateListener" */
	const char *product; /* "nlb" */
	const char *actor;   /* user */
	const char *from;    /* address, "unix", or "system" */
	const char *request_id;
	int64_t now;
	const json_t *before, *after; /* NULL: none. Never hold secrets */
};

/* ret_revision: what the changed row must be written with. */
int must_check store_change(struct store *store, const struct store_change *change,
			    int64_t *ret_revision, struct error *err);

/* Calls each for changes with a revision above after, oldest first, at most limit. */
struct store_logged_change {
	int64_t revision, time_s;
	const char *kind, *id, *act, *actor;
};
int must_check store_each_change(struct store *store, int64_t after, int limit,
				 void (*each)(void *arg, const struct store_logged_change *change),
				 void *arg, struct error *err);

/* --- settings: text by name --- */

/* NULL: not set. The caller frees it. */
char *store_setting(struct store *store, const char *name);
/* value NULL removes it. */
int must_check store_setting_put(struct store *store, const char *name, const char *value,
				 struct error *err);

/* Throws away what is kept for a time only: jobs 7 days, client tokens 24 h, ended sessions,
 * change_log 24 h. In bites, inside a transaction of the caller's. */
int must_check store_expire(struct store *store, int64_t now, struct error *err);

#endif
