/*
 * A backup is of the embedded database, and so is a restore: SQLite's own max() and min() of two values
 * may stand here.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/monotime.h"
#include "store/folder.h"
#include "store/restore_internal.h"

/* What may have been given out by a database that nobody can read any more. */
#define LOST_NUMBERS 100000

static int add_row(struct restore *restore, const struct store_revocation *revocation,
		   struct error *err)
{
	return store_revocation_row(restore->store, revocation, err);
}

struct adding {
	struct restore *restore;
	struct error *err;
	int status;
};

static void add_line(void *arg, const struct store_revocation *revocation)
{
	struct adding *adding = arg;

	if (adding->status == 0)
		adding->status = add_row(adding->restore, revocation, adding->err);
}

/* Lines of the old journal are remembered, so that only what it lacks is appended to it. */
static void add_old_line(void *arg, const struct store_revocation *revocation)
{
	struct adding *adding = arg;
	struct statement *statement;

	add_line(arg, revocation);
	if (adding->status < 0)
		return;
	statement = sql_start(adding->restore->store->sql,
			      "INSERT INTO journaled (issuer_key, serial, time_s, reason)"
			      " VALUES (?, ?, ?, ?) ON CONFLICT (issuer_key, serial) DO UPDATE SET"
			      " time_s = min(time_s, excluded.time_s),"
			      " reason = CASE WHEN excluded.reason = 1 THEN 1 ELSE reason END",
			      adding->err);
	sql_digest(statement, revocation->issuer_key);
	sql_bytes(statement, (struct bytes){ revocation->serial, revocation->serial_len });
	sql_number(statement, revocation->time_s);
	sql_number(statement, revocation->reason);
	adding->status = sql_run(statement, adding->err);
}

/* --- the databases and the journals --- */

/* A folder is often restored because its database is damaged: then what the journal knows must do. */
static int add_old_database(struct restore *restore, struct error *err)
{
	struct statement *statement;
	struct store_revocation revocation;
	int status = 0;
	int found;

	if (restore->old == NULL)
		return 0;
	statement = sql_start(restore->old, "SELECT issuer_key, serial, time_s, reason"
					    " FROM revocations", NULL);
	while ((found = sql_step(statement, NULL)) == 1 && status == 0) {
		store_revocation_read(statement, &revocation);
		status = add_row(restore, &revocation, err);
	}
	sql_end(statement);
	if (found < 0)
		restore->old_is_unreadable = true;
	return status;
}

static int refuse_loss(const char *what, struct error *err)
{
	error_set(err, ERROR_CONFLICT, "could not restore: %s", what);
	error_symbol(err, "Backup.JournalBroken");
	return error_hint(err, "Give --crl FILE for what you know to be revoked, and --accept-loss "
			       "to go on with what can be read.");
}

static int add_old_journal(struct restore *restore, bool accept_loss, struct error *err)
{
	struct adding adding = { .restore = restore, .err = err };
	struct journal_end start = journal_start();

	if (restore->old_journal_fd < 0)
		return !restore->old_is_unreadable || accept_loss
			       ? 0
			       : refuse_loss("the folder's database cannot be read, and its "
					     "revocation journal is gone", err);
	if (journal_read(restore->old_journal_fd, &start, add_old_line, &adding, &restore->old_end,
			 &restore->old_rest, err) < 0 ||
	    adding.status < 0)
		return -1;
	if (restore->old_rest != JOURNAL_REST_BROKEN)
		return 0;
	if (!accept_loss)
		return refuse_loss("the chain of the folder's revocation journal is broken, "
				   "revocations may be missing from it", err);
	return journal_salvage(restore->old_journal_fd, add_line, &adding, err) < 0
		       ? -1 : adding.status;
}

static int add_new_journal(struct restore *restore, struct error *err)
{
	struct adding adding = { .restore = restore, .err = err };
	int fd, status;

	if (folder_open_file(restore->new_journal, false, &fd, err) < 0)
		return -1;
	status = journal_salvage(fd, add_line, &adding, err);
	close(fd);
	return status < 0 ? -1 : adding.status;
}

/* --- all of it --- */

static int count_rows(struct restore *restore, int64_t *ret_count, struct error *err)
{
	return sql_run_number(sql_start(restore->store->sql, "SELECT count(*) FROM revocations",
					err), ret_count, err) < 0 ? -1 : 0;
}

static int merge(struct restore *restore, const char *const *crls, size_t crl_count,
		 bool accept_loss, struct error *err)
{
	if (add_old_database(restore, err) < 0 ||
	    count_rows(restore, &restore->known_rows, err) < 0 ||
	    add_new_journal(restore, err) < 0 || add_old_journal(restore, accept_loss, err) < 0)
		return -1;
	restore_add_published(restore);
	for (size_t i = 0; i < crl_count; i++) {
		if (restore_add_lists(restore, crls[i], err) < 0)
			return -1;
	}
	return 0;
}

int restore_merge(struct restore *restore, const char *const *crls, size_t crl_count,
		  bool accept_loss, struct error *err)
{
	bool own;
	int status;

	if (sql_script(restore->store->sql,
		       "CREATE TEMPORARY TABLE journaled (issuer_key BLOB, serial BLOB,"
		       " time_s BIGINT, reason BIGINT, PRIMARY KEY (issuer_key, serial))"
		       " WITHOUT ROWID", err) < 0 ||
	    store_atomic_begin(restore->store, &own, err) < 0)
		return -1;
	status = merge(restore, crls, crl_count, accept_loss, err);
	return store_atomic_end(restore->store, own, status, err);
}

/* --- numbers --- */

static int64_t old_number(const struct restore *restore, const char *counter)
{
	struct statement *statement;
	int64_t number = 0;

	if (restore->old == NULL)
		return 0;
	statement = sql_start(restore->old, "SELECT value FROM counters WHERE name = ?", NULL);
	sql_text(statement, counter);
	return sql_run_number(statement, &number, NULL) == 1 ? number : 0;
}

static int raise_counter(struct restore *restore, const char *counter, struct error *err)
{
	int64_t least = old_number(restore, counter) + 1;
	bool is_known = restore->old != NULL && !restore->old_is_unreadable;
	struct statement *statement =
		sql_start(restore->store->sql, "UPDATE counters SET value = max(value + ?, ?)"
					       " WHERE name = ?", err);

	sql_number(statement, is_known ? 1 : LOST_NUMBERS);
	sql_number(statement, least);
	sql_text(statement, counter);
	return sql_run(statement, err);
}

/* Numbers of lists that the old database has given out. */
static int take_old_list_numbers(struct restore *restore, struct error *err)
{
	struct statement *old, *statement;
	int status = 0;

	if (restore->old == NULL)
		return 0;
	old = sql_start(restore->old, "SELECT issuer_key, number FROM crls", NULL);
	while (status == 0 && sql_step(old, NULL) == 1) {
		statement = sql_start(restore->store->sql,
				      "INSERT INTO crls (issuer_key, number, this_update_s,"
				      " next_update_s, der) VALUES (?, ?, 0, 0, '')"
				      " ON CONFLICT (issuer_key) DO UPDATE SET"
				      " number = max(crls.number, excluded.number)", err);
		sql_bytes(statement, sql_row_bytes(old, 0));
		sql_number(statement, sql_row_number(old, 1));
		status = sql_run(statement, err);
	}
	sql_end(old);
	return status;
}

/* The lists themselves do not know what is revoked now; new ones are made at the start. */
static int raise_list_numbers(struct restore *restore, struct error *err)
{
	struct statement *statement;

	if (take_old_list_numbers(restore, err) < 0)
		return -1;
	statement = sql_start(restore->store->sql,
			      "UPDATE crls SET number = max(number + 1, ?), this_update_s = 0,"
			      " next_update_s = 0, der = ''", err);
	sql_number(statement, walltime_s());
	return sql_run(statement, err);
}

static int move_on(struct restore *restore, struct error *err)
{
	static const char *const texts[] = {
		"DELETE FROM tokens WHERE is_session = 1",
		"DELETE FROM client_tokens",
		"DELETE FROM jobs",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (sql_run(sql_start(restore->store->sql, texts[i], err), err) < 0)
			return -1;
	}
	if (raise_counter(restore, "revision", err) < 0 ||
	    raise_counter(restore, "certificate", err) < 0 || raise_list_numbers(restore, err) < 0)
		return -1;
	return store_note(restore->store, "Restore", walltime_s(), "restored from a backup", err);
}

int restore_move_on(struct restore *restore, struct error *err)
{
	bool own;

	if (store_atomic_begin(restore->store, &own, err) < 0)
		return -1;
	return store_atomic_end(restore->store, own, move_on(restore, err), err);
}

/* --- the journal --- */

static int append_missing(struct restore *restore, struct journal *journal, struct error *err)
{
	struct statement *statement = sql_start(
		restore->store->sql,
		"SELECT r.issuer_key, r.serial, r.time_s, r.reason FROM revocations r"
		" LEFT JOIN journaled j ON j.issuer_key = r.issuer_key AND j.serial = r.serial"
		" WHERE j.serial IS NULL OR r.time_s < j.time_s"
		" OR (r.reason = 1 AND j.reason <> 1) ORDER BY r.issuer_key, r.serial", err);
	struct store_revocation rows[256];
	size_t count = 0;
	int found;

	while ((found = sql_step(statement, err)) == 1) {
		store_revocation_read(statement, &rows[count++]);
		if (count < sizeof(rows) / sizeof(rows[0]))
			continue;
		found = journal_append(journal, rows, count, err);
		count = 0;
		if (found < 0)
			break;
	}
	sql_end(statement);
	return found < 0 ? -1 : journal_append(journal, rows, count, err);
}

static int continue_journal(struct restore *restore, struct journal_end *ret_end, struct error *err)
{
	struct journal *journal = journal_open(restore->old_journal_fd, &restore->old_end);
	int status = append_missing(restore, journal, err);

	restore->old_journal_fd = -1;
	*ret_end = journal_end(journal);
	journal_close(journal);
	return status;
}

int restore_journal(struct restore *restore, struct error *err)
{
	struct journal_end end;
	int status;

	if (restore->old_journal_fd >= 0 && restore->old_rest != JOURNAL_REST_BROKEN)
		status = continue_journal(restore, &end, err);
	else if (restore->old_journal_fd >= 0 && journal_keep_damaged(restore->journal, err) < 0)
		status = -1;
	else
		status = journal_rewrite(restore->store->sql, restore->journal, &end, err);
	return status < 0 ? -1 : journal_put_end(restore->store, &end, err);
}
