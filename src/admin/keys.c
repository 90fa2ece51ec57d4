/* Access keys, bearer tokens and sessions: what stands for a user. Secrets are shown once, when
 * made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/credentials.h"
#include "base/bytes.h"
#include "store/identity.h"

#define KEYS_MAX 20 /* of a user, of each sort */

static int check_user_exists(struct call *call, const char *name, struct error *err)
{
	struct store_user user;
	int found = store_user_get(call->store, name, &user, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return call_not_found(err, "user", name);
	store_user_done(&user);
	return 0;
}

/* A row of the audit log about a credential is worth little without its owner. */
static int note_credential(struct call *call, const char *kind, const char *id, const char *act,
			   json_t *before, json_t *after, struct error *err)
{
	int64_t revision;
	int status = call_change(call, kind, id, act, false, before, after, &revision, err);

	json_decref(before);
	json_decref(after);
	return status;
}

static int refuse_quota(struct error *err, const char *what)
{
	return call_refuse(err, ERROR_CONFLICT, "QuotaExceeded.Credentials", NULL,
			   "the user has %d %s already", KEYS_MAX, what);
}

/* --- access keys --- */

static bool count_key(void *arg, const struct store_access_key *key)
{
	(void)key;
	++*(int *)arg;
	return true;
}

int create_access_key_run(struct call *call, struct error *err)
{
	struct credentials_key made;
	char user[65];
	int count = 0;

	call->keeps_secret = true;
	if (call_user(call, user, err) < 0 || check_user_exists(call, user, err) < 0 ||
	    store_access_key_each(call->store, user, count_key, &count, err) < 0)
		return -1;
	if (count >= KEYS_MAX)
		return refuse_quota(err, "access keys");
	if (credentials_make_key(call->store, user, call->now, &made, err) < 0)
		return -1;
	reply_text(call->reply, "AccessKeyId", made.id);
	reply_text(call->reply, "AccessKeySecret", made.secret);
	reply_text(call->reply, "User", user);
	memory_wipe(made.secret, sizeof(made.secret));
	return note_credential(call, "accesskey", made.id, "Create", NULL,
			       json_pack("{s:s}", "User", user), err);
}

static bool list_key(void *arg, const struct store_access_key *key)
{
	json_t *object = json_object();

	reply_text(object, "AccessKeyId", key->id);
	reply_text(object, "User", key->user);
	reply_text(object, "Status", key->inactive ? "Inactive" : "Active");
	reply_time(object, "CreatedTime", key->created_s);
	reply_time(object, "LastUsedTime", key->used_s);
	json_array_append_new(arg, object);
	return true;
}

/* Whose are to be listed: of one user; of all for an administrator who names none. */
static int listed_user(const struct call *call, char ret_user[65], const char **ret_filter,
		       struct error *err)
{
	*ret_filter = NULL;
	if (call->caller.role == CALLER_ADMINISTRATOR && !call_has(call, "User"))
		return 0;
	*ret_filter = ret_user;
	return call_user(call, ret_user, err);
}

int list_access_keys_run(struct call *call, struct error *err)
{
	json_t *rows = json_array();
	const char *filter;
	char user[65];

	json_object_set_new(call->reply, "AccessKeys", rows);
	if (listed_user(call, user, &filter, err) < 0)
		return -1;
	return store_access_key_each(call->store, filter, list_key, rows, err);
}

static int get_key(struct call *call, struct store_access_key *ret_key, struct error *err)
{
	const char *id = call_text(call, "UserAccessKeyId");
	int found = store_access_key_get(call->store, id, ret_key, err);

	if (found < 0)
		return -1;
	/* Keys of others are not there for those who may not touch them. */
	if (found == 1 && call_owns(call, ret_key->user, err) == 0)
		return 0;
	if (found == 1)
		store_access_key_done(ret_key);
	return call_not_found(err, "accesskey", id);
}

static json_t *key_shown(const struct store_access_key *key)
{
	return json_pack("{s:s, s:s}", "User", key->user, "Status",
			 key->inactive ? "Inactive" : "Active");
}

int update_access_key_run(struct call *call, struct error *err)
{
	struct store_access_key key;
	json_t *before;
	int status;

	if (get_key(call, &key, err) < 0)
		return -1;
	before = key_shown(&key);
	key.inactive = strcmp(call_text(call, "Status"), "Inactive") == 0;
	free_secret(key.secret);
	key.secret = NULL; /* it stays */
	status = store_access_key_put(call->store, &key, err);
	if (status == 0)
		status = note_credential(call, "accesskey", key.id, "Update", json_incref(before),
					 key_shown(&key), err);
	json_decref(before);
	store_access_key_done(&key);
	return status;
}

int delete_access_key_run(struct call *call, struct error *err)
{
	struct store_access_key key;
	int status;

	if (get_key(call, &key, err) < 0)
		return -1;
	status = store_access_key_delete(call->store, key.id, err);
	if (status == 0)
		status = note_credential(call, "accesskey", key.id, "Delete", key_shown(&key), NULL,
					 err);
	store_access_key_done(&key);
	return status;
}

/* --- tokens --- */

struct token_list {
	const struct call *call;
	json_t *rows;
	bool sessions;
	int count;
};

static bool count_token(void *arg, const struct store_token *token)
{
	struct token_list *list = arg;

	if (token->is_session == list->sessions)
		list->count++;
	return true;
}

static json_t *token_shown(const char *user, const char *note, int64_t expires_s)
{
	json_t *object = json_object();

	reply_text(object, "User", user);
	reply_text(object, "Note", note);
	reply_time(object, "ExpiresTime", expires_s);
	return object;
}

int create_token_run(struct call *call, struct error *err)
{
	struct token_list list = { .call = call };
	struct credentials_token made;
	int64_t days, expires_s;
	json_t *after;
	char user[65];

	call->keeps_secret = true;
	if (call_user(call, user, err) < 0 || check_user_exists(call, user, err) < 0 ||
	    store_token_each(call->store, user, count_token, &list, err) < 0)
		return -1;
	if (list.count >= KEYS_MAX)
		return refuse_quota(err, "tokens");
	days = call_integer(call, "Days", 0);
	expires_s = days == 0 ? 0 : call->now + days * 86400;
	if (credentials_make_token(call->store, user, call_text(call, "Note"), call->now, expires_s,
				   &made, err) < 0)
		return -1;
	reply_text(call->reply, "TokenId", made.id);
	reply_text(call->reply, "Token", made.token);
	reply_text(call->reply, "User", user);
	reply_time(call->reply, "ExpiresTime", expires_s);
	memory_wipe(made.token, sizeof(made.token));
	after = token_shown(user, call_text(call, "Note"), expires_s);
	return note_credential(call, "token", made.id, "Create", NULL, after, err);
}

static bool list_token(void *arg, const struct store_token *token)
{
	struct token_list *list = arg;
	json_t *object;

	if (token->is_session != list->sessions)
		return true;
	object = json_object();
	reply_text(object, list->sessions ? "SessionId" : "TokenId", token->id);
	reply_text(object, "User", token->user);
	reply_text(object, list->sessions ? "From" : "Note", token->note);
	reply_time(object, "CreatedTime", token->created_s);
	reply_time(object, "LastUsedTime", token->used_s);
	reply_time(object, "ExpiresTime", token->expires_s);
	if (list->sessions)
		reply_flag(object, "Current",
			   strcmp(token->id, list->call->caller.credential) == 0);
	json_array_append_new(list->rows, object);
	return true;
}

static int list_tokens(struct call *call, bool sessions, struct error *err)
{
	struct token_list list = { .call = call, .rows = json_array(), .sessions = sessions };
	const char *filter;
	char user[65];

	json_object_set_new(call->reply, sessions ? "Sessions" : "Tokens", list.rows);
	if (listed_user(call, user, &filter, err) < 0)
		return -1;
	return store_token_each(call->store, filter, list_token, &list, err);
}

int list_tokens_run(struct call *call, struct error *err)
{
	return list_tokens(call, false, err);
}

int list_sessions_run(struct call *call, struct error *err)
{
	return list_tokens(call, true, err);
}

struct token_search {
	const char *id;
	bool is_session;
	json_t *found; /* as it is shown; NULL: not there */
};

static bool find_token(void *arg, const struct store_token *token)
{
	struct token_search *search = arg;

	if (token->is_session != search->is_session || strcmp(token->id, search->id) != 0)
		return true;
	search->found = token_shown(token->user, token->note, token->expires_s);
	return false;
}

static int delete_token(struct call *call, const char *id, bool is_session, struct error *err)
{
	const bool all = call->caller.role == CALLER_ADMINISTRATOR;
	const char *kind = is_session ? "session" : "token";
	struct token_search search = { .id = id, .is_session = is_session };

	if (store_token_each(call->store, all ? NULL : call->caller.user, find_token, &search,
			     err) < 0)
		return -1;
	if (search.found == NULL)
		return call_not_found(err, kind, id);
	if (store_token_delete(call->store, id, err) == 0)
		return note_credential(call, kind, id, "Delete", search.found, NULL, err);
	json_decref(search.found);
	return -1;
}

int delete_token_run(struct call *call, struct error *err)
{
	return delete_token(call, call_text(call, "TokenId"), false, err);
}

int end_session_run(struct call *call, struct error *err)
{
	return delete_token(call, call_text(call, "SessionId"), true, err);
}
