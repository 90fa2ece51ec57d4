/*
 * store/journal.h - revocations.log: every revocation, outside of the database, one line each.
 *
 *   number time issuer-key serial reason hash
 *
 * Numbers count from 1, keys and serials are hex, hash is the SHA-256 of the hash before it (64 zeros at
 * first), a blank and the line up to its own hash. Lines are appended and fsynced before the transaction
 * they belong to commits; the database keeps how far it has come (setting "store.journal"). So after a
 * crash:
 *
 *   lines after that place                 their rows are made
 *   half a line at the end                 cut off: it was never acknowledged
 *   the file is shorter, or not the same   it is written anew from the rows and from all that can still
 *                                          be read of it, and the damaged one is kept beside it
 */
#ifndef SALLYPORT_STORE_JOURNAL_H
#define SALLYPORT_STORE_JOURNAL_H

#include "store/store_internal.h"

#define JOURNAL_HASH_SIZE 65 /* hex and NUL */

struct journal;

/* A place between two lines. */
struct journal_end {
	int64_t count, bytes;
	char hash[JOURNAL_HASH_SIZE]; /* of the line before it */
};

/* The beginning of an empty journal. */
struct journal_end journal_start(void);
/* Appends the line of a revocation to text and moves end behind it. */
void journal_line(const struct store_revocation *revocation, struct journal_end *end,
		  struct buffer *text);

/* Reads sound lines from a place on. ret_end is behind the last one; ret_rest tells what comes after:
 * nothing, half a line, or more lines, which do not belong to the chain. each may be NULL. */
enum journal_rest { JOURNAL_REST_NONE, JOURNAL_REST_TORN, JOURNAL_REST_BROKEN };
int must_check journal_read(int fd, const struct journal_end *from,
			    void (*each)(void *arg, const struct store_revocation *revocation),
			    void *arg, struct journal_end *ret_end, enum journal_rest *ret_rest,
			    struct error *err);
/* Reads every line that can be read at all, whatever its hash. */
int must_check journal_salvage(int fd,
			       void (*each)(void *arg, const struct store_revocation *revocation),
			       void *arg, struct error *err);
/* The sound line before this place is the one that the place names. */
bool journal_has(int fd, const struct journal_end *end);

/* Takes the descriptor. */
struct journal *journal_open(int fd, const struct journal_end *end);
void journal_close(struct journal *journal); /* NULL is fine */
struct journal_end journal_end(const struct journal *journal); /* NULL: the start */
/* Durable when it returns 0; otherwise as if it had not been called. */
int must_check journal_append(struct journal *journal, const struct store_revocation *revocations,
			      size_t count, struct error *err);
int must_check journal_cut(struct journal *journal, const struct journal_end *end);

/* --- with the database (journal_attach.c) --- */

/* Opens the journal of this store, and makes both agree. */
int must_check journal_attach(struct store *store, struct error *err);
/* Writes into the open transaction how far the journal has come, unless that is written already. */
int must_check journal_note_end(struct store *store, struct error *err);
void journal_end_is_noted(struct journal *journal);
bool journal_needs_note(const struct journal *journal);
/* Writes a journal of all rows, in the place of the one that is there. */
int must_check journal_rewrite(struct sql *sql, const char *path, struct journal_end *ret_end,
			       struct error *err);
/* Keeps the journal under a second name, with ".damaged" behind it. */
int must_check journal_keep_damaged(const char *path, struct error *err);
int must_check journal_put_end(struct store *store, const struct journal_end *end,
			       struct error *err);

#endif
