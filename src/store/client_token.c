/* Answers kept for those who ask again. They may hold what is told only once (the secret of an access
 * key), so they are sealed like keys. */
#include <stdlib.h>
#include <string.h>

#include "store/job.h"
#include "store/store_internal.h"

void store_client_token_done(struct store_client_token *token)
{
	free(token->user);
	free(token->product);
	free(token->action);
	free(token->token);
	json_decref(token->reply);
	memset(token, 0, sizeof(*token));
}

static struct seal_place reply_place(const struct store *store,
				     const struct store_client_token *token, const char *row)
{
	return (struct seal_place){ .store_id = store->id, .table = "client_tokens", .row = row,
				    .purpose = "kept reply", .digest = token->digest };
}

/* User, product, action and token, each behind its length. */
static char *row_name(const struct store_client_token *token)
{
	struct buffer name = { 0 };
	char *text;

	buffer_printf(&name, "%zu:%s %zu:%s %zu:%s %s", strlen(token->user), token->user,
		      strlen(token->product), token->product, strlen(token->action), token->action,
		      token->token);
	buffer_append(&name, "", 1);
	text = memory_copy_string((const char *)name.data);
	buffer_done(&name);
	return text;
}

static int seal_reply(const struct store *store, const struct store_client_token *token,
		      struct buffer *ret_sealed, struct error *err)
{
	char *text = json_dumps(token->reply, JSON_COMPACT | JSON_ENCODE_ANY);
	char *row = row_name(token);
	struct seal_place place = reply_place(store, token, row);
	size_t len = text != NULL ? strlen(text) : 0;
	int status = seal_close(&store->seal_key, &place,
				(struct bytes){ (const uint8_t *)text, len }, ret_sealed, err);

	if (text != NULL)
		memory_wipe(text, len);
	free(text);
	free(row);
	return status;
}

int store_client_token_put(struct store *store, const struct store_client_token *token,
			   struct error *err)
{
	struct buffer sealed = { 0 };
	struct statement *statement;
	int status;

	if (seal_reply(store, token, &sealed, err) < 0)
		return -1;
	statement = sql_start(
		store->sql,
		"INSERT INTO client_tokens (user_name, product, action, token, digest, created_s,"
		" sealed) VALUES (?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (user_name, product, action, token) DO UPDATE SET"
		" digest = excluded.digest, created_s = excluded.created_s,"
		" sealed = excluded.sealed", err);
	sql_text(statement, token->user);
	sql_text(statement, token->product);
	sql_text(statement, token->action);
	sql_text(statement, token->token);
	sql_digest(statement, token->digest);
	sql_number(statement, token->created_s);
	sql_bytes(statement, buffer_bytes(&sealed));
	status = sql_run(statement, err);
	buffer_done(&sealed);
	return status;
}

static int open_reply(const struct store *store, struct statement *statement,
		      struct store_client_token *row, struct error *err)
{
	char *name = row_name(row);
	struct seal_place place = reply_place(store, row, name);
	struct buffer text = { 0 };
	int status = seal_open(&store->seal_key, &place, sql_row_bytes(statement, 2), &text, err);

	if (status == 0)
		row->reply = json_loadb((const char *)text.data, text.len,
					JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	if (status == 0 && row->reply == NULL && text.len > 0)
		status = error_set(err, ERROR_UNAVAILABLE, "a kept reply is damaged");
	buffer_done(&text);
	free(name);
	return status;
}

int store_client_token_get(struct store *store, const struct store_client_token *key,
			   struct store_client_token *ret_token, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT digest, created_s, sealed FROM client_tokens WHERE"
				      " user_name = ? AND product = ? AND action = ? AND token = ?",
			  err);
	int found;

	sql_text(statement, key->user);
	sql_text(statement, key->product);
	sql_text(statement, key->action);
	sql_text(statement, key->token);
	found = sql_step(statement, err);
	if (found == 1) {
		struct store_client_token row = *key;

		row.reply = NULL;
		sql_row_digest(statement, 0, row.digest);
		row.created_s = sql_row_number(statement, 1);
		if (open_reply(store, statement, &row, err) < 0) {
			found = -1;
		} else {
			row.user = memory_copy_string(key->user);
			row.product = memory_copy_string(key->product);
			row.action = memory_copy_string(key->action);
			row.token = memory_copy_string(key->token);
			*ret_token = row;
		}
	}
	sql_end(statement);
	return found;
}
