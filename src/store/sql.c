#include "store/sql.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 160 /* statements; the store has about a hundred, and lists have many shapes */

#define KEPT_TEXT 4096 /* characters; a list of a thousand ids does not come again */

struct statement {
	struct sql *sql;
	sqlite3_stmt *compiled;
	const char *text;   /* SQLite's copy */
	uint64_t hash;
	uint64_t last_used; /* by the count of starts */
	int bound;          /* parameters so far */
	int bind_status;
	bool in_use, is_kept;
};

struct sql {
	sqlite3 *db;
	struct statement *kept[KEPT];
	size_t kept_count;
	uint64_t starts;
	bool expects_transaction;
	bool was_full;
};

/* --- errors --- */

static bool is_full(int status, int system_error)
{
	return (status & 0xff) == SQLITE_FULL ||
	       ((status & 0xff) == SQLITE_IOERR &&
		(system_error == ENOSPC || system_error == EDQUOT));
}

static int fail(struct sql *sql, int status, struct error *err)
{
	sql->was_full = (status & 0xff) == SQLITE_FULL;
	if (is_full(status, sqlite3_system_errno(sql->db))) {
		error_set(err, ERROR_LIMIT, "could not use the store: no space is left on its disk");
		error_symbol(err, "InsufficientStorage");
		return error_hint(err, "Free space in the data folder and try again; "
				       "nothing was changed.");
	}
	if ((status & 0xff) == SQLITE_CONSTRAINT) {
		error_set(err, ERROR_CONFLICT, "the store has it already: %s",
			  sqlite3_errmsg(sql->db));
		return error_symbol(err, "Conflict.Duplicate");
	}
	error_set(err, ERROR_UNAVAILABLE, "could not use the store: %s (%d)",
		  sqlite3_errmsg(sql->db), status);
	error_symbol(err, "ServiceUnavailable");
	return error_hint(err, "Look at the disk of the data folder; nothing was changed.");
}

static int fail_lost(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
		  "could not use the store: its transaction ended with an earlier error");
	return error_symbol(err, "ServiceUnavailable");
}

/* --- open and close --- */

/* Nothing is written before the commit (cache_spill) and nothing beside the data folder
 * (temp_store). */
static const char settings[] = "PRAGMA busy_timeout = 10000;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_spill = OFF;"
			       "PRAGMA cache_size = -16000;"
			       "PRAGMA trusted_schema = OFF;"
			       "PRAGMA foreign_keys = OFF;";
static const char durable[] = "PRAGMA journal_mode = WAL;"
			      "PRAGMA synchronous = FULL;"
			      "PRAGMA journal_size_limit = 67108864;";
static const char fast[] = "PRAGMA journal_mode = OFF;"
			   "PRAGMA synchronous = OFF;";

struct sql *sql_open(const char *path, unsigned int flags, struct error *err)
{
	struct sql *sql = memory_new(sizeof(*sql));
	int mode = (flags & SQL_WRITES) ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	int status = sqlite3_open_v2(path, &sql->db, mode | SQLITE_OPEN_NOMUTEX, NULL);

	if (sql->db == NULL) {
		error_set(err, ERROR_UNAVAILABLE, "could not open %s: out of memory", path);
		free(sql);
		return NULL;
	}
	sqlite3_extended_result_codes(sql->db, 1);
	if (status != SQLITE_OK) {
		fail(sql, status, err);
		goto fail;
	}
	if (sql_script(sql, settings, err) < 0)
		goto fail;
	if ((flags & SQL_WRITES) && sql_script(sql, (flags & SQL_FAST) ? fast : durable, err) < 0)
		goto fail;
	return sql;
fail:
	sql_close(sql);
	return NULL;
}

static void statement_free(struct statement *statement)
{
	sqlite3_finalize(statement->compiled);
	free(statement);
}

void sql_close(struct sql *sql)
{
	if (sql == NULL)
		return;
	for (size_t i = 0; i < sql->kept_count; i++)
		statement_free(sql->kept[i]);
	sqlite3_close_v2(sql->db);
	free(sql);
}

int sql_script(struct sql *sql, const char *text, struct error *err)
{
	int status = sqlite3_exec(sql->db, text, NULL, NULL, NULL);

	return status == SQLITE_OK ? 0 : fail(sql, status, err);
}

void sql_expect_transaction(struct sql *sql, bool expected)
{
	sql->expects_transaction = expected;
}

bool sql_in_transaction(const struct sql *sql)
{
	return sqlite3_get_autocommit(sql->db) == 0;
}

void sql_give_up(struct sql *sql)
{
	if (sql_in_transaction(sql))
		sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
}

void sql_rollback(struct sql *sql)
{
	sql->expects_transaction = false;
	sql_give_up(sql);
}

/* --- statements --- */

/* FNV-1a */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
	return hash;
}

static struct statement *find_kept(struct sql *sql, const char *text, uint64_t hash)
{
	for (size_t i = 0; i < sql->kept_count; i++) {
		struct statement *statement = sql->kept[i];

		if (statement->hash == hash && !statement->in_use &&
		    strcmp(statement->text, text) == 0)
			return statement;
	}
	return NULL;
}

/* Makes room by letting go of the one that was not used for longest. */
static size_t place_for(struct sql *sql)
{
	size_t oldest = KEPT;

	if (sql->kept_count < KEPT)
		return sql->kept_count++;
	for (size_t i = 0; i < KEPT; i++) {
		if (!sql->kept[i]->in_use &&
		    (oldest == KEPT || sql->kept[i]->last_used < sql->kept[oldest]->last_used))
			oldest = i;
	}
	if (oldest < KEPT)
		statement_free(sql->kept[oldest]);
	return oldest;
}

static struct statement *prepare(struct sql *sql, const char *text, uint64_t hash,
				 struct error *err)
{
	struct statement *statement;
	sqlite3_stmt *compiled = NULL;
	int status = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &compiled,
					NULL);
	size_t place;

	if (status != SQLITE_OK) {
		fail(sql, status, err);
		return NULL;
	}
	statement = memory_new(sizeof(*statement));
	statement->sql = sql;
	statement->compiled = compiled;
	statement->text = sqlite3_sql(compiled);
	statement->hash = hash;
	place = strlen(text) <= KEPT_TEXT ? place_for(sql) : KEPT;
	statement->is_kept = place < KEPT;
	if (statement->is_kept)
		sql->kept[place] = statement;
	return statement;
}

struct statement *sql_start(struct sql *sql, const char *text, struct error *err)
{
	uint64_t hash = hash_text(text);
	struct statement *statement = find_kept(sql, text, hash);

	if (statement == NULL)
		statement = prepare(sql, text, hash, err);
	if (statement == NULL)
		return NULL;
	statement->in_use = true;
	statement->bound = 0;
	statement->bind_status = SQLITE_OK;
	statement->last_used = ++sql->starts;
	return statement;
}

static void bound(struct statement *statement, int status)
{
	if (status != SQLITE_OK && statement->bind_status == SQLITE_OK)
		statement->bind_status = status;
}

void sql_text(struct statement *statement, const char *value)
{
	if (statement != NULL)
		bound(statement, sqlite3_bind_text(statement->compiled, ++statement->bound, value,
						   -1, SQLITE_STATIC));
}

void sql_bytes(struct statement *statement, struct bytes value)
{
	if (statement == NULL)
		return;
	/* Without an address SQLite would make it NULL. */
	bound(statement, sqlite3_bind_blob64(statement->compiled, ++statement->bound,
					     value.len > 0 ? (const void *)value.data : "",
					     value.len, SQLITE_STATIC));
}

void sql_digest(struct statement *statement, const uint8_t value[32])
{
	if (value != NULL)
		sql_bytes(statement, (struct bytes){ value, 32 });
	else
		sql_text(statement, NULL);
}

void sql_number(struct statement *statement, int64_t value)
{
	if (statement != NULL)
		bound(statement,
		      sqlite3_bind_int64(statement->compiled, ++statement->bound, value));
}

int sql_step(struct statement *statement, struct error *err)
{
	struct sql *sql;
	int status;

	if (statement == NULL)
		return -1;
	sql = statement->sql;
	if (statement->bind_status != SQLITE_OK)
		return fail(sql, statement->bind_status, err);
	if (sql->expects_transaction && !sql_in_transaction(sql))
		return fail_lost(err);
	status = sqlite3_step(statement->compiled);
	if (status == SQLITE_ROW)
		return 1;
	return status == SQLITE_DONE ? 0 : fail(sql, status, err);
}

void sql_end(struct statement *statement)
{
	if (statement == NULL)
		return;
	sqlite3_reset(statement->compiled);
	sqlite3_clear_bindings(statement->compiled);
	statement->in_use = false;
	if (!statement->is_kept)
		statement_free(statement);
}

int sql_run(struct statement *statement, struct error *err)
{
	int status;

	do
		status = sql_step(statement, err);
	while (status == 1);
	sql_end(statement);
	return status;
}

int sql_run_number(struct statement *statement, int64_t *ret_number, struct error *err)
{
	int status = sql_step(statement, err);

	if (status == 1 && sqlite3_column_type(statement->compiled, 0) == SQLITE_NULL)
		status = 0;
	if (status == 1) {
		int64_t number = sql_row_number(statement, 0);

		/* A statement that changes something is only done after its last step. */
		if (sql_step(statement, err) < 0)
			status = -1;
		else
			*ret_number = number;
	}
	sql_end(statement);
	return status;
}

/* --- rows --- */

const char *sql_row_text(struct statement *statement, int column)
{
	return (const char *)sqlite3_column_text(statement->compiled, column);
}

struct bytes sql_row_bytes(struct statement *statement, int column)
{
	const void *data = sqlite3_column_blob(statement->compiled, column);

	return (struct bytes){ data, (size_t)sqlite3_column_bytes(statement->compiled, column) };
}

int64_t sql_row_number(struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->compiled, column);
}

void sql_row_digest(struct statement *statement, int column, uint8_t ret_digest[32])
{
	struct bytes bytes = sql_row_bytes(statement, column);

	if (bytes.len == 32)
		memcpy(ret_digest, bytes.data, 32);
	else
		memset(ret_digest, 0, 32);
}

int sql_copy(struct sql *from, struct sql *to, struct error *err)
{
	sqlite3_backup *copying = sqlite3_backup_init(to->db, "main", from->db, "main");
	int status;

	if (copying == NULL)
		return fail(to, sqlite3_extended_errcode(to->db), err);
	status = sqlite3_backup_step(copying, -1);
	sqlite3_backup_finish(copying);
	return status == SQLITE_DONE ? 0 : fail(to, status, err);
}

int64_t sql_changed(struct sql *sql)
{
	return sqlite3_changes64(sql->db);
}

bool sql_was_full(const struct sql *sql)
{
	return sql->was_full;
}
