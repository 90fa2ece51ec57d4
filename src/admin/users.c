/* Users: who there is, and what he may do. */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/password.h"
#include "base/bytes.h"
#include "control/certificate_ids.h"
#include "store/certificate.h"
#include "store/identity.h"

/* --- a new password, hashed in a job thread --- */

static void free_hash(void *hash)
{
	free_secret(hash);
}

static int prepare_password(struct call *call, struct error *err)
{
	const char *password = call_text(call, "Password");
	const char *problem;
	char *hash;

	if (password == NULL)
		return 0;
	problem = password_problem(password, call_text(call, "User"));
	if (problem != NULL)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.Password", "Password",
				   "the password %s", problem);
	hash = memory_new(PASSWORD_HASH_SIZE);
	call->work = hash;
	call->work_free = free_hash;
	return password_hash(password, hash, err);
}

int create_user_prepare(struct call *call, struct error *err)
{
	return prepare_password(call, err);
}

int update_user_prepare(struct call *call, struct error *err)
{
	return prepare_password(call, err);
}

/* --- replies --- */

static bool find_login(void *arg, const struct store_token *token)
{
	int64_t *last_s = arg;

	if (token->is_session && token->created_s > *last_s)
		*last_s = token->created_s;
	return true;
}

static void fill_user(json_t *object, const struct store_user *user)
{
	reply_text(object, "User", user->name);
	reply_text(object, "Role", user->role);
	reply_text(object, "CaIdentifier", user->ca);
	reply_text(object, "Language", user->language);
	reply_flag(object, "Disabled", user->disabled);
	reply_flag(object, "HasPassword", user->password != NULL);
	reply_time(object, "CreatedTime", user->created_s);
	reply_number(object, "Revision", user->revision);
}

/* What stands in other tables. */
static int fill_more(struct store *store, json_t *object, struct error *err)
{
	const char *name = json_string_value(json_object_get(object, "User"));
	int64_t last_s = 0;

	if (store_token_each(store, name, find_login, &last_s, err) < 0)
		return -1;
	reply_flag(object, "MustChangePassword", must_change_password(store, name));
	reply_time(object, "LastLoginTime", last_s);
	return 0;
}

/* For the audit log: no hash. */
static json_t *audited(const struct store_user *user)
{
	json_t *object = json_object();

	fill_user(object, user);
	json_object_del(object, "Revision");
	return object;
}

/* --- what must hold --- */

static int get_user(struct call *call, struct store_user *ret_user, struct error *err)
{
	const char *name = call_text(call, "User");
	int found = store_user_get(call->store, name, ret_user, err);

	if (found < 0)
		return -1;
	return found == 1 ? 0 : call_not_found(err, "user", name);
}

struct others {
	const char *name;
	unsigned int administrators;
};

static bool count_administrator(void *arg, const struct store_user *user)
{
	struct others *others = arg;

	if (!user->disabled && strcmp(user->role, "administrator") == 0 &&
	    strcmp(user->name, others->name) != 0)
		others->administrators++;
	return true;
}

/* Somebody must be able to let others in. */
static int check_last(struct call *call, const struct store_user *user, struct error *err)
{
	struct others others = { .name = user->name };

	if (user->disabled || strcmp(user->role, "administrator") != 0)
		return 0;
	if (store_user_each(call->store, count_administrator, &others, err) < 0)
		return -1;
	if (others.administrators > 0)
		return 0;
	call_refuse(err, ERROR_CONFLICT, "OperationDenied.LastAdministrator", "User",
		    "\"%s\" is the last administrator", user->name);
	return error_hint(err, "Make another user an administrator first.");
}

/* Takes over what was given. The old texts are freed. */
static void replace(char **text, const char *given)
{
	if (given == NULL)
		return;
	free(*text);
	*text = given[0] == '\0' ? NULL : memory_copy_string(given);
}

/* Takes any of its ids, keeps the one that issuing compares. */
static int check_ca(struct call *call, struct store_user *user, struct error *err)
{
	struct store_certificate certificate;
	bool is_ca;
	int found;

	if (strcmp(user->role, "issuer") != 0)
		return 0;
	if (user->ca == NULL || user->ca[0] == '\0')
		return call_refuse(err, ERROR_INVALID, "MissingParam.CaIdentifier", "CaIdentifier",
				   "the parameter CaIdentifier is missing: an issuer has one CA");
	found = certs_find(call->store, user->ca, &certificate, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return call_not_found(err, "ca", user->ca);
	is_ca = (certificate.role & STORE_OWN_CAS) != 0;
	if (is_ca)
		replace(&user->ca, certificate.id);
	store_certificate_done(&certificate);
	if (is_ca)
		return 0;
	return call_refuse(err, ERROR_INVALID, "IllegalParam.CaIdentifier", "CaIdentifier",
			   "\"%s\" is no CA of ours", user->ca);
}

static void take_parameters(const struct call *call, struct store_user *user)
{
	replace(&user->role, call_text(call, "Role"));
	replace(&user->ca, call_text(call, "CaIdentifier"));
	replace(&user->language, call_text(call, "Language"));
	user->disabled = call_boolean(call, "Disabled", user->disabled);
	if (user->role == NULL || strcmp(user->role, "issuer") != 0)
		replace(&user->ca, "");
	if (call->work != NULL) {
		free_secret(user->password);
		user->password = memory_copy_string(call->work);
	}
}

static int write_user(struct call *call, struct store_user *user, const char *act,
		      const json_t *before, struct error *err)
{
	json_t *after = audited(user);
	int status = call_change(call, "user", user->name, act, false, before, after,
				 &user->revision, err);

	json_decref(after);
	if (status < 0 || store_user_put(call->store, user, err) < 0)
		return -1;
	fill_user(call->reply, user);
	return 0;
}

/* --- the actions --- */

int create_user_run(struct call *call, struct error *err)
{
	const char *name = call_text(call, "User");
	bool must_change = call_boolean(call, "MustChangePassword", true) && call->work != NULL;
	struct store_user user;
	int status = store_user_get(call->store, name, &user, err);

	if (status < 0)
		return -1;
	if (status == 1) {
		store_user_done(&user);
		return call_refuse(err, ERROR_CONFLICT, "EntityAlreadyExists.User", "User",
				   "there is a user \"%s\" already", name);
	}
	user = (struct store_user){ .name = memory_copy_string(name), .created_s = call->now };
	take_parameters(call, &user);
	status = check_ca(call, &user, err);
	if (status == 0)
		status = write_user(call, &user, "Create", NULL, err);
	if (status == 0)
		status = set_must_change(call->store, name, must_change, err);
	if (status == 0)
		status = fill_more(call->store, call->reply, err);
	store_user_done(&user);
	return status;
}

/* A new password and a withdrawn right take effect at once. */
static int update_more(struct call *call, const struct store_user *user, struct error *err)
{
	if (call_has(call, "MustChangePassword") &&
	    set_must_change(call->store, user->name,
			    call_boolean(call, "MustChangePassword", false), err) < 0)
		return -1;
	if ((call->work != NULL || user->disabled) &&
	    end_sessions(call->store, user->name,
			 call->caller.proof == PROOF_SESSION ? call->caller.credential : NULL,
			 err) < 0)
		return -1;
	return fill_more(call->store, call->reply, err);
}

static int update(struct call *call, struct store_user *user, struct error *err)
{
	json_t *before;
	int status;

	if (call_check_revision(call, user->revision, err) < 0)
		return -1;
	if (((call_has(call, "Role") && strcmp(call_text(call, "Role"), "administrator") != 0) ||
	     call_boolean(call, "Disabled", false)) &&
	    check_last(call, user, err) < 0)
		return -1;
	before = audited(user);
	take_parameters(call, user);
	status = check_ca(call, user, err);
	if (status == 0)
		status = write_user(call, user, "Update", before, err);
	json_decref(before);
	return status == 0 ? update_more(call, user, err) : -1;
}

int update_user_run(struct call *call, struct error *err)
{
	struct store_user user;
	int status;

	if (get_user(call, &user, err) < 0)
		return -1;
	status = update(call, &user, err);
	store_user_done(&user);
	return status;
}

int delete_user_run(struct call *call, struct error *err)
{
	struct store_user user;
	int64_t revision;
	json_t *before;
	int status;

	if (get_user(call, &user, err) < 0)
		return -1;
	before = audited(&user);
	status = call_check_revision(call, user.revision, err);
	if (status == 0)
		status = check_last(call, &user, err);
	if (status == 0)
		status = call_change(call, "user", user.name, "Delete", false, before, NULL,
				     &revision, err);
	if (status == 0)
		status = set_must_change(call->store, user.name, false, err);
	if (status == 0)
		status = store_user_delete(call->store, user.name, err);
	json_decref(before);
	store_user_done(&user);
	return status;
}

int get_user_run(struct call *call, struct error *err)
{
	struct store_user user;

	if (get_user(call, &user, err) < 0)
		return -1;
	fill_user(call->reply, &user);
	store_user_done(&user);
	return fill_more(call->store, call->reply, err);
}

struct page {
	json_t *rows;
	const char *after;
	int limit;
	int64_t total;
	bool more;
};

/* The store tells them by name. */
static bool list_user(void *arg, const struct store_user *user)
{
	struct page *page = arg;
	json_t *object;

	page->total++;
	if (page->after[0] != '\0' && strcmp(user->name, page->after) <= 0)
		return true;
	if ((int)json_array_size(page->rows) == page->limit) {
		page->more = true;
		return true;
	}
	object = json_object();
	fill_user(object, user);
	json_array_append_new(page->rows, object);
	return true;
}

int list_users_run(struct call *call, struct error *err)
{
	struct page page = { .limit = call_max_results(call, 20) };
	char after[128];
	size_t i;

	if (call_next_token(call, after, sizeof(after), err) < 0)
		return -1;
	page.after = after;
	page.rows = json_array();
	json_object_set_new(call->reply, "Users", page.rows);
	if (store_user_each(call->store, list_user, &page, err) < 0)
		return -1;
	for (i = 0; i < json_array_size(page.rows); i++)
		if (fill_more(call->store, json_array_get(page.rows, i), err) < 0)
			return -1;
	reply_number(call->reply, "TotalCount", page.total);
	reply_number(call->reply, "MaxResults", page.limit);
	if (page.more)
		call_set_next_token(call, json_string_value(json_object_get(
						  json_array_get(page.rows, i - 1), "User")));
	return 0;
}
