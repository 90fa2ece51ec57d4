#include <stdlib.h>
#include <string.h>

#include "store/identity.h"
#include "store/store_internal.h"

#define COLUMNS "hash, id, user_name, is_session, csrf, note, created_s, used_s, expires_s"

void store_token_done(struct store_token *token)
{
	free(token->id);
	free(token->user);
	free(token->csrf);
	free(token->note);
	memset(token, 0, sizeof(*token));
}

int store_token_put(struct store *store, const struct store_token *token, struct error *err)
{
	struct statement *statement = sql_start(
		store->sql,
		"INSERT INTO tokens (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (hash) DO UPDATE SET user_name = excluded.user_name,"
		" csrf = excluded.csrf, note = excluded.note, used_s = excluded.used_s,"
		" expires_s = excluded.expires_s", err);

	sql_digest(statement, token->hash);
	sql_text(statement, token->id);
	sql_text(statement, token->user);
	sql_number(statement, token->is_session);
	sql_text(statement, token->csrf);
	sql_text(statement, token->note);
	sql_number(statement, token->created_s);
	sql_number(statement, token->used_s);
	sql_number(statement, token->expires_s);
	return sql_run(statement, err);
}

/* Strings are borrowed from the row. */
static void read_row(struct statement *statement, struct store_token *ret_token)
{
	sql_row_digest(statement, 0, ret_token->hash);
	ret_token->id = (char *)sql_row_text(statement, 1);
	ret_token->user = (char *)sql_row_text(statement, 2);
	ret_token->is_session = sql_row_number(statement, 3) != 0;
	ret_token->csrf = (char *)sql_row_text(statement, 4);
	ret_token->note = (char *)sql_row_text(statement, 5);
	ret_token->created_s = sql_row_number(statement, 6);
	ret_token->used_s = sql_row_number(statement, 7);
	ret_token->expires_s = sql_row_number(statement, 8);
}

int store_token_get(struct store *store, const uint8_t hash[32], struct store_token *ret_token,
		    struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT " COLUMNS " FROM tokens WHERE hash = ?", err);
	int found;

	sql_digest(statement, hash);
	found = sql_step(statement, err);
	if (found == 1) {
		read_row(statement, ret_token);
		ret_token->id = memory_copy_string(ret_token->id);
		ret_token->user = memory_copy_string(ret_token->user);
		ret_token->csrf = memory_copy_string(ret_token->csrf);
		ret_token->note = memory_copy_string(ret_token->note);
	}
	sql_end(statement);
	return found;
}

int store_token_delete(struct store *store, const char *id, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "DELETE FROM tokens WHERE id = ?", err);

	sql_text(statement, id);
	return sql_run(statement, err);
}

int store_token_each(struct store *store, const char *user,
		     bool (*each)(void *arg, const struct store_token *token), void *arg,
		     struct error *err)
{
	struct statement *statement =
		user != NULL ? sql_start(store->sql, "SELECT " COLUMNS " FROM tokens"
						     " WHERE user_name = ? ORDER BY created_s, id",
					 err)
			     : sql_start(store->sql, "SELECT " COLUMNS " FROM tokens"
						     " ORDER BY created_s, id", err);
	struct store_token token;
	bool goes_on = true;
	int found = 0;

	if (user != NULL)
		sql_text(statement, user);
	while (goes_on && (found = sql_step(statement, err)) == 1) {
		read_row(statement, &token);
		goes_on = each(arg, &token);
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}
