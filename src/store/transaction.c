/*
 * The journal of revocations is written when the transaction commits, before it: what was undone by
 * then (a dry run, a failed request) leaves no trace, and what is committed is in the journal.
 *
 *   journal +---- fsync ----+ COMMIT ---- answered
 *           |               '-- full disk: journal cut back, nothing has happened
 *           |               '-- any other error: nobody knows; the rows follow with the next transaction
 *           '-- fails: rolled back, nothing has happened
 */
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "store/journal.h"

static int run(struct store *store, const char *text, struct error *err)
{
	return sql_run(sql_start(store->sql, text, err), err);
}

static int fail_no_transaction(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE, "could not use the store: no transaction is open");
	return error_symbol(err, "ServiceUnavailable");
}

static void forget(struct store *store)
{
	store->is_open = false;
	store->queued_count = 0;
	store->depth = 0;
	sql_expect_transaction(store->sql, false);
}

int store_begin(struct store *store, struct error *err)
{
	if (store->is_open) {
		error_set(err, ERROR_UNAVAILABLE,
			  "could not use the store: a transaction is open already");
		return error_symbol(err, "ServiceUnavailable");
	}
	if (run(store, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	store->is_open = true;
	sql_expect_transaction(store->sql, true);
	for (size_t i = 0; i < store->orphan_count; i++) {
		if (store_revocation_row(store, &store->orphans[i], err) < 0) {
			store_rollback(store);
			return -1;
		}
	}
	return 0;
}

/* What is queued lies in the journal, and may or may not be in the database. */
static void keep_orphans(struct store *store)
{
	size_t count = store->orphan_count + store->queued_count;

	if (store->queued_count == 0)
		return;
	store->orphans = memory_resize(store->orphans, count * sizeof(*store->orphans));
	memcpy(store->orphans + store->orphan_count, store->queued,
	       store->queued_count * sizeof(*store->queued));
	store->orphan_count = count;
}

int store_commit(struct store *store, struct error *err)
{
	struct journal_end before = journal_end(store->journal);

	if (!store->is_open)
		return fail_no_transaction(err);
	if (!sql_in_transaction(store->sql)) {
		store_rollback(store);
		return fail_no_transaction(err);
	}
	if (journal_append(store->journal, store->queued, store->queued_count, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (journal_note_end(store, err) < 0) {
		if (journal_cut(store->journal, &before) < 0)
			keep_orphans(store);
		store_rollback(store);
		return -1;
	}
	if (run(store, "COMMIT", err) == 0) {
		journal_end_is_noted(store->journal);
		store->orphan_count = 0;
		forget(store);
		return 0;
	}
	if (!sql_was_full(store->sql) || journal_cut(store->journal, &before) < 0)
		keep_orphans(store);
	store_rollback(store);
	return -1;
}

void store_rollback(struct store *store)
{
	sql_rollback(store->sql);
	store->audit_is_known = false;
	forget(store);
}

int store_savepoint(struct store *store, struct error *err)
{
	if (!store->is_open || store->depth == STORE_SAVEPOINTS)
		return fail_no_transaction(err);
	if (run(store, "SAVEPOINT request", err) < 0)
		return -1;
	store->marks[store->depth++] = store->queued_count;
	return 0;
}

int store_release(struct store *store, struct error *err)
{
	if (!store->is_open || store->depth == 0)
		return fail_no_transaction(err);
	if (run(store, "RELEASE request", err) < 0) {
		store_undo(store);
		return -1;
	}
	store->depth--;
	return 0;
}

void store_undo(struct store *store)
{
	if (!store->is_open || store->depth == 0)
		return;
	store->queued_count = store->marks[--store->depth];
	store->audit_is_known = false;
	/* When this fails the transaction is lost, and its commit will say so. */
	if (run(store, "ROLLBACK TO request", NULL) < 0 || run(store, "RELEASE request", NULL) < 0)
		sql_give_up(store->sql);
}

int store_read_begin(struct store *reader, struct error *err)
{
	int64_t pinned;

	if (run(reader, "BEGIN", err) < 0)
		return -1;
	/* The view is taken by the first read. */
	if (sql_run_number(sql_start(reader->sql, "SELECT value FROM counters "
						  "WHERE name = 'revision'", err),
			   &pinned, err) < 0) {
		sql_rollback(reader->sql);
		return -1;
	}
	return 0;
}

void store_read_end(struct store *reader)
{
	sql_rollback(reader->sql);
}

int store_atomic_begin(struct store *store, bool *ret_own, struct error *err)
{
	bool own = !store->is_open;

	if (own && store_begin(store, err) < 0)
		return -1;
	*ret_own = own;
	return 0;
}

int store_atomic_end(struct store *store, bool own, int status, struct error *err)
{
	if (!own)
		return status;
	if (status < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err) < 0 ? -1 : status;
}
