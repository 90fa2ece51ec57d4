/*
 * store/restore_internal.h - a restore under way.
 *
 * Everything is made ready beside what is there (restore.db, restore.log); nothing of the folder is
 * touched before all of it is known to be good:
 *
 *   backup --> restore.db, restore.log --> + revocations of all sources --> journal --> master key --> swap
 */
#ifndef SALLYPORT_STORE_RESTORE_INTERNAL_H
#define SALLYPORT_STORE_RESTORE_INTERNAL_H

#include "store/backup.h"
#include "store/journal.h"

struct restore {
	const char *folder;
	char *database, *journal;               /* as they are called in the end */
	char *new_database, *new_journal;       /* from the backup */
	int lock_fd;
	uint8_t key[STORE_MASTER_KEY_SIZE];
	int64_t backup_revision, made_s;
	struct store *store;                    /* new_database */

	struct sql *old;                        /* the folder's, or NULL */
	bool had_old, old_is_unreadable;
	int64_t old_revision;
	int old_journal_fd;                     /* -1: there is none */
	enum journal_rest old_rest;
	struct journal_end old_end;
	int64_t known_rows;                     /* revocations of the databases */
};

/* --- restore_merge.c: what must not be forgotten --- */

/* All revocations that any source knows, into restore->store. */
int must_check restore_merge(struct restore *restore, const char *const *crls, size_t crl_count,
			     bool accept_loss, struct error *err);
/* Numbers go on behind all that were ever given; sessions and promises of before end. */
int must_check restore_move_on(struct restore *restore, struct error *err);
/* The journal goes on, or is begun anew; its end is noted in the database. */
int must_check restore_journal(struct restore *restore, struct error *err);

/* --- restore_lists.c --- */

/* The lists of a file that somebody gave: all of them must be usable, and there must be one. */
int must_check restore_add_lists(struct restore *restore, const char *path, struct error *err);
/* The lists that were published from this folder, as far as they can be used: what they name should be
 * in the journal too. */
void restore_add_published(struct restore *restore);

#endif
