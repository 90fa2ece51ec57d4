/* Revisions, the log of changes, settings. */
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/store_internal.h"

int store_next_number(struct store *store, const char *counter, int64_t *ret_number,
		      struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "UPDATE counters SET value = value + 1 WHERE name = ?"
				      " RETURNING value", err);
	int found;

	sql_text(statement, counter);
	found = sql_run_number(statement, ret_number, err);
	if (found == 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "could not use the store: its counter \"%s\" is gone", counter);
	return found < 0 ? -1 : 0;
}

int64_t store_revision(struct store *store)
{
	int64_t revision = 0;

	if (sql_run_number(sql_start(store->sql, "SELECT value FROM counters"
						 " WHERE name = 'revision'", NULL),
			   &revision, NULL) < 0)
		return 0;
	return revision;
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int log_change(struct store *store, const struct store_change *change, int64_t revision,
		      struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "INSERT INTO change_log (revision, time_s, kind, id, act, actor)"
				      " VALUES (?, ?, ?, ?, ?, ?)", err);

	sql_number(statement, revision);
	sql_number(statement, change->now);
	sql_text(statement, or_empty(change->kind));
	sql_text(statement, or_empty(change->id));
	sql_text(statement, or_empty(change->act));
	sql_text(statement, or_empty(change->actor));
	return sql_run(statement, err);
}

int store_change(struct store *store, const struct store_change *change, int64_t *ret_revision,
		 struct error *err)
{
	int64_t revision = 0;
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = store_next_number(store, "revision", &revision, err);
	if (status == 0)
		status = log_change(store, change, revision, err);
	if (status == 0)
		status = store_audit(store, change, NULL, err);
	if (store_atomic_end(store, own, status, err) < 0)
		return -1;
	*ret_revision = revision;
	return 0;
}

int store_each_change(struct store *store, int64_t after, int limit,
		      void (*each)(void *arg, const struct store_logged_change *change), void *arg,
		      struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT revision, time_s, kind, id, act, actor FROM change_log"
				      " WHERE revision > ? ORDER BY revision LIMIT ?", err);
	int found;

	sql_number(statement, after);
	sql_number(statement, limit > 0 ? limit : INT64_MAX);
	while ((found = sql_step(statement, err)) == 1) {
		const struct store_logged_change change = {
			.revision = sql_row_number(statement, 0),
			.time_s = sql_row_number(statement, 1),
			.kind = sql_row_text(statement, 2),
			.id = sql_row_text(statement, 3),
			.act = sql_row_text(statement, 4),
			.actor = sql_row_text(statement, 5),
		};

		each(arg, &change);
	}
	sql_end(statement);
	return found;
}

/* --- settings --- */

char *store_setting(struct store *store, const char *name)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT value FROM settings WHERE name = ?", NULL);
	char *value = NULL;

	sql_text(statement, name);
	if (sql_step(statement, NULL) == 1)
		value = memory_copy_string(sql_row_text(statement, 0));
	sql_end(statement);
	return value;
}

int store_setting_put(struct store *store, const char *name, const char *value, struct error *err)
{
	struct statement *statement =
		value != NULL ? sql_start(store->sql, "INSERT INTO settings (name, value)"
						      " VALUES (?, ?) ON CONFLICT (name)"
						      " DO UPDATE SET value = excluded.value", err)
			      : sql_start(store->sql, "DELETE FROM settings WHERE name = ?", err);

	sql_text(statement, name);
	if (value != NULL)
		sql_text(statement, value);
	return sql_run(statement, err);
}
