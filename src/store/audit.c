#include "store/audit.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "store/query.h"
#include "store/store_internal.h"

#define COLUMNS "number, time_s, actor, source, product, action, kind, id, request_id, outcome," \
		" hash, before_json, after_json"

/* --- the chain --- */

static void pack_maybe(struct buffer *bytes, const char *text)
{
	pack_u8(bytes, text != NULL);
	pack_string(bytes, text);
}

/* SHA-256 over the hash before and all columns, each with its length. */
static void hash_row(const struct store_audit_row *row, const uint8_t before[32],
		     uint8_t ret_hash[32])
{
	struct buffer bytes = { 0 };

	pack_raw(&bytes, before, 32);
	pack_u64(&bytes, (uint64_t)row->number);
	pack_u64(&bytes, (uint64_t)row->time_s);
	pack_string(&bytes, row->actor);
	pack_string(&bytes, row->from);
	pack_string(&bytes, row->product);
	pack_string(&bytes, row->action);
	pack_string(&bytes, row->kind);
	pack_string(&bytes, row->id);
	pack_string(&bytes, row->request_id);
	pack_string(&bytes, row->outcome);
	pack_maybe(&bytes, row->before);
	pack_maybe(&bytes, row->after);
	SHA256(bytes.data, bytes.len, ret_hash);
	buffer_done(&bytes);
}

static int find_end(struct store *store, struct error *err)
{
	struct statement *statement;
	int found;

	if (store->audit_is_known)
		return 0;
	statement = sql_start(store->sql, "SELECT number, hash FROM audit"
					  " ORDER BY number DESC LIMIT 1", err);
	found = sql_step(statement, err);
	if (found >= 0) {
		store->audit_number = found == 1 ? sql_row_number(statement, 0) : 0;
		memset(store->audit_hash, 0, sizeof(store->audit_hash));
		if (found == 1)
			sql_row_digest(statement, 1, store->audit_hash);
		store->audit_is_known = true;
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}

/* --- writing --- */

static int insert_row(struct store *store, const struct store_audit_row *row, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "INSERT INTO audit (" COLUMNS ") VALUES"
				      " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);

	sql_number(statement, row->number);
	sql_number(statement, row->time_s);
	sql_text(statement, row->actor);
	sql_text(statement, row->from);
	sql_text(statement, row->product);
	sql_text(statement, row->action);
	sql_text(statement, row->kind);
	sql_text(statement, row->id);
	sql_text(statement, row->request_id);
	sql_text(statement, row->outcome);
	sql_digest(statement, row->hash);
	sql_text(statement, row->before);
	sql_text(statement, row->after);
	if (sql_run(statement, err) < 0)
		return -1;
	/* So that rows taken from the end are missed. */
	statement = sql_start(store->sql, "UPDATE counters SET value = ? WHERE name = 'audit'", err);
	sql_number(statement, row->number);
	return sql_run(statement, err);
}

static char *as_text(const json_t *value)
{
	return value != NULL ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
			     : NULL;
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int append(struct store *store, const struct store_change *change, const char *outcome,
		  struct error *err)
{
	char *before = as_text(change->before), *after = as_text(change->after);
	struct store_audit_row row = {
		.number = store->audit_number + 1, .time_s = change->now,
		.actor = or_empty(change->actor), .from = or_empty(change->from),
		.product = or_empty(change->product), .action = or_empty(change->action),
		.kind = or_empty(change->kind), .id = or_empty(change->id),
		.request_id = or_empty(change->request_id),
		.outcome = outcome != NULL ? outcome : "ok",
		.before = before, .after = after,
	};
	int status;

	hash_row(&row, store->audit_hash, row.hash);
	status = insert_row(store, &row, err);
	if (status == 0) {
		store->audit_number = row.number;
		memcpy(store->audit_hash, row.hash, sizeof(row.hash));
	} else {
		store->audit_is_known = false;
	}
	free(before);
	free(after);
	return status;
}

int store_audit(struct store *store, const struct store_change *change, const char *outcome,
		struct error *err)
{
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = find_end(store, err);
	if (status == 0)
		status = append(store, change, outcome, err);
	return store_atomic_end(store, own, status, err);
}

int store_note(struct store *store, const char *action, int64_t now, const char *what,
	       struct error *err)
{
	json_t *after = json_pack("{s:s}", "Note", what);
	const struct store_change change = {
		.kind = "store", .id = store->id, .action = action, .product = "sallyport",
		.actor = "system", .from = "system", .now = now, .after = after,
	};
	int status = store_audit(store, &change, NULL, err);

	json_decref(after);
	return status;
}

/* --- reading --- */

static void read_row(struct statement *statement, struct store_audit_row *ret_row)
{
	ret_row->number = sql_row_number(statement, 0);
	ret_row->time_s = sql_row_number(statement, 1);
	ret_row->actor = sql_row_text(statement, 2);
	ret_row->from = sql_row_text(statement, 3);
	ret_row->product = sql_row_text(statement, 4);
	ret_row->action = sql_row_text(statement, 5);
	ret_row->kind = sql_row_text(statement, 6);
	ret_row->id = sql_row_text(statement, 7);
	ret_row->request_id = sql_row_text(statement, 8);
	ret_row->outcome = sql_row_text(statement, 9);
	sql_row_digest(statement, 10, ret_row->hash);
	ret_row->before = sql_row_text(statement, 11);
	ret_row->after = sql_row_text(statement, 12);
}

static void add_conditions(struct query *query, const struct store_audit_filter *filter)
{
	query_add(query, " FROM audit WHERE 1 = 1");
	if (filter->actor != NULL)
		query_text(query, " AND actor = ?", filter->actor);
	if (filter->action != NULL)
		query_text(query, " AND action = ?", filter->action);
	if (filter->kind != NULL)
		query_text(query, " AND kind = ?", filter->kind);
	if (filter->id != NULL)
		query_text(query, " AND id = ?", filter->id);
	if (filter->from_s != 0)
		query_number(query, " AND time_s >= ?", filter->from_s);
	if (filter->to_s != 0)
		query_number(query, " AND time_s <= ?", filter->to_s);
}

int store_audit_each(struct store *store, const struct store_audit_filter *filter,
		     bool (*each)(void *arg, const struct store_audit_row *row), void *arg,
		     struct error *err)
{
	struct query query = { 0 };
	struct statement *statement;
	struct store_audit_row row;
	int found;

	query_add(&query, "SELECT " COLUMNS);
	add_conditions(&query, filter);
	if (filter->below_number > 0)
		query_number(&query, " AND number < ?", filter->below_number);
	query_add(&query, " ORDER BY number DESC");
	if (filter->limit > 0)
		query_number(&query, " LIMIT ?", filter->limit);
	statement = query_start(store->sql, &query, err);
	query_done(&query);
	while ((found = sql_step(statement, err)) == 1) {
		read_row(statement, &row);
		if (!each(arg, &row))
			break;
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}

int64_t store_audit_count(struct store *store, const struct store_audit_filter *filter,
			  struct error *err)
{
	struct query query = { 0 };
	struct statement *statement;
	int64_t count = 0;

	query_add(&query, "SELECT count(*)");
	add_conditions(&query, filter);
	statement = query_start(store->sql, &query, err);
	query_done(&query);
	return sql_run_number(statement, &count, err) < 0 ? -1 : count;
}

/* --- checking --- */

static int fail_row(int64_t number, const char *what, struct error *err)
{
	error_set(err, ERROR_INVALID, "the audit log was tampered with: row %" PRId64 " %s", number,
		  what);
	return error_symbol(err, "Audit.Broken");
}

static int check_end(struct store *store, int64_t rows, struct error *err)
{
	int64_t written = 0;

	if (sql_run_number(sql_start(store->sql, "SELECT value FROM counters WHERE name = 'audit'",
				     err),
			   &written, err) < 0)
		return -1;
	return rows == written ? 0 : fail_row(rows + 1, "is missing", err);
}

int store_audit_verify(struct store *store, int64_t *ret_rows, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT " COLUMNS " FROM audit ORDER BY number", err);
	uint8_t before[32] = { 0 }, hash[32];
	struct store_audit_row row;
	int64_t rows = 0;
	int found;

	*ret_rows = 0;
	while ((found = sql_step(statement, err)) == 1) {
		read_row(statement, &row);
		hash_row(&row, before, hash);
		if (row.number != rows + 1)
			found = fail_row(rows + 1, "is missing", err);
		else if (memcmp(hash, row.hash, sizeof(hash)) != 0)
			found = fail_row(row.number, "was changed", err);
		if (found < 0)
			break;
		rows++;
		memcpy(before, hash, sizeof(before));
	}
	sql_end(statement);
	*ret_rows = rows;
	return found < 0 ? -1 : check_end(store, rows, err);
}
