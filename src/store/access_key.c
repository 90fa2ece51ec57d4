#include <stdlib.h>
#include <string.h>

#include "store/identity.h"
#include "store/store_internal.h"

void store_access_key_done(struct store_access_key *key)
{
	if (key->secret != NULL)
		memory_wipe(key->secret, strlen(key->secret));
	free(key->id);
	free(key->user);
	free(key->secret);
	memset(key, 0, sizeof(*key));
}

static struct seal_place secret_place(const struct store *store, const char *id)
{
	return (struct seal_place){ .store_id = store->id, .table = "access_keys", .row = id,
				    .purpose = "access key" };
}

static int put_new(struct store *store, const struct store_access_key *key, struct error *err)
{
	struct seal_place place = secret_place(store, key->id);
	struct buffer sealed = { 0 };
	struct statement *statement;
	int status;

	if (seal_close(&store->seal_key, &place,
		       (struct bytes){ (const uint8_t *)key->secret, strlen(key->secret) }, &sealed,
		       err) < 0)
		return -1;
	statement = sql_start(
		store->sql,
		"INSERT INTO access_keys (id, user_name, inactive, created_s, used_s, sealed)"
		" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
		" user_name = excluded.user_name, inactive = excluded.inactive,"
		" used_s = excluded.used_s, sealed = excluded.sealed", err);
	sql_text(statement, key->id);
	sql_text(statement, key->user);
	sql_number(statement, key->inactive);
	sql_number(statement, key->created_s);
	sql_number(statement, key->used_s);
	sql_bytes(statement, buffer_bytes(&sealed));
	status = sql_run(statement, err);
	buffer_done(&sealed);
	return status;
}

int store_access_key_put(struct store *store, const struct store_access_key *key,
			 struct error *err)
{
	struct statement *statement;

	if (key->secret != NULL)
		return put_new(store, key, err);
	statement = sql_start(store->sql, "UPDATE access_keys SET user_name = ?, inactive = ?,"
					  " used_s = ? WHERE id = ?", err);
	sql_text(statement, key->user);
	sql_number(statement, key->inactive);
	sql_number(statement, key->used_s);
	sql_text(statement, key->id);
	if (sql_run(statement, err) < 0)
		return -1;
	if (sql_changed(store->sql) == 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no access key \"%.64s\"", key->id);
	return 0;
}

static int open_secret(const struct store *store, struct statement *statement, const char *id,
		       char **ret_secret, struct error *err)
{
	struct seal_place place = secret_place(store, id);
	struct buffer secret = { 0 };

	if (seal_open(&store->seal_key, &place, sql_row_bytes(statement, 5), &secret, err) < 0)
		return -1;
	buffer_append(&secret, "", 1);
	*ret_secret = memory_copy_string((const char *)secret.data);
	buffer_done(&secret);
	return 0;
}

/* Strings are borrowed from the row. */
static void read_row(struct statement *statement, struct store_access_key *ret_key)
{
	memset(ret_key, 0, sizeof(*ret_key));
	ret_key->id = (char *)sql_row_text(statement, 0);
	ret_key->user = (char *)sql_row_text(statement, 1);
	ret_key->inactive = sql_row_number(statement, 2) != 0;
	ret_key->created_s = sql_row_number(statement, 3);
	ret_key->used_s = sql_row_number(statement, 4);
}

int store_access_key_get(struct store *store, const char *id, struct store_access_key *ret_key,
			 struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT id, user_name, inactive, created_s, used_s, sealed"
				      " FROM access_keys WHERE id = ?", err);
	struct store_access_key row;
	int found;

	sql_text(statement, id);
	found = sql_step(statement, err);
	if (found == 1) {
		read_row(statement, &row);
		if (open_secret(store, statement, id, &row.secret, err) < 0)
			found = -1;
	}
	if (found == 1) {
		row.id = memory_copy_string(row.id);
		row.user = memory_copy_string(row.user);
		*ret_key = row;
	}
	sql_end(statement);
	return found;
}

int store_access_key_delete(struct store *store, const char *id, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "DELETE FROM access_keys WHERE id = ?", err);

	sql_text(statement, id);
	return sql_run(statement, err);
}

int store_access_key_each(struct store *store, const char *user,
			  bool (*each)(void *arg, const struct store_access_key *key), void *arg,
			  struct error *err)
{
	struct statement *statement =
		user != NULL ? sql_start(store->sql, "SELECT id, user_name, inactive, created_s,"
						     " used_s FROM access_keys WHERE user_name = ?"
						     " ORDER BY created_s, id", err)
			     : sql_start(store->sql, "SELECT id, user_name, inactive, created_s,"
						     " used_s FROM access_keys"
						     " ORDER BY created_s, id", err);
	struct store_access_key key;
	bool goes_on = true;
	int found = 0;

	if (user != NULL)
		sql_text(statement, user);
	while (goes_on && (found = sql_step(statement, err)) == 1) {
		read_row(statement, &key);
		goes_on = each(arg, &key);
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}
