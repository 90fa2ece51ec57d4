/*
 * Login, Logout, GetSession, ChangePassword.
 *
 * A password is compared in a job thread, between two rounds of run: the first fetches the hash (or
 * none, which takes as long to refuse), the second makes the session.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/background.h"
#include "admin/password.h"
#include "base/bytes.h"
#include "control/settings.h"
#include "store/identity.h"

#define COOKIE_LENGTH 43 /* 256 bits */
#define CSRF_LENGTH 32
#define SESSIONS_MAX 100 /* of a user; the oldest goes */

/* --- comparing, and hashing a new one --- */

struct check {
	char *password, *hash; /* hash NULL: there is none */
	char *new_password;    /* to be hashed, or NULL */
	char new_hash[PASSWORD_HASH_SIZE];
	bool matches, failed;
	struct error error;
};

static void check_free(void *arg)
{
	struct check *check = arg;

	free_secret(check->password);
	free_secret(check->hash);
	free_secret(check->new_password);
	free(check);
}

static void check_work(void *arg)
{
	struct check *check = arg;

	check->matches = password_matches(check->password, check->hash);
	if (check->matches && check->new_password != NULL)
		check->failed =
			password_hash(check->new_password, check->new_hash, &check->error) < 0;
}

/* Takes hash. */
static void begin_check(struct call *call, const char *password, char *hash,
			const char *new_password)
{
	struct check *check = memory_new(sizeof(*check));

	check->password = memory_copy_string(password);
	check->hash = hash;
	check->new_password = memory_copy_string(new_password);
	background_start(call, BACKGROUND_PASSWORD, check_work, check_free, check);
}

/* --- Login --- */

static int refuse_waiting(int64_t wait_s, struct error *err)
{
	call_refuse(err, ERROR_LIMIT, "Throttling.Login", NULL,
		    "too many failed log-ins: wait %lld s before the next try", (long long)wait_s);
	return error_hint(err, "The wait grows with each further failure, and ends by itself.");
}

static int login_begin(struct call *call, struct error *err)
{
	const char *name = call_text(call, "User");
	struct store_user user;
	int found, waiting;
	char *hash = NULL;
	int64_t wait_s;

	if (!admin_may_try(call->admin, name, call->caller.from, &wait_s))
		return refuse_waiting(wait_s, err);
	waiting = background_wait(call, BACKGROUND_PASSWORD, err);
	if (waiting != 0)
		return waiting < 0 ? -1 : 0;
	found = store_user_get(call->store, name, &user, err);
	if (found < 0)
		return -1;
	if (found == 1) {
		if (!user.disabled)
			hash = memory_copy_string(user.password);
		store_user_done(&user);
	}
	begin_check(call, call_text(call, "Password"), hash, NULL);
	return 0;
}

struct oldest {
	unsigned int count;
	int64_t created_s;
	char id[65];
};

static bool find_oldest(void *arg, const struct store_token *token)
{
	struct oldest *oldest = arg;

	if (!token->is_session)
		return true;
	if (oldest->count++ == 0 || token->created_s < oldest->created_s) {
		oldest->created_s = token->created_s;
		snprintf(oldest->id, sizeof(oldest->id), "%s", token->id);
	}
	return true;
}

static int make_room(struct store *store, const char *user, struct error *err)
{
	struct oldest oldest = { .count = 0 };

	if (store_token_each(store, user, find_oldest, &oldest, err) < 0)
		return -1;
	return oldest.count < SESSIONS_MAX ? 0 : store_token_delete(store, oldest.id, err);
}

static void set_cookie(struct call *call, const char *value, int64_t seconds)
{
	char header[256];

	snprintf(header, sizeof(header),
		 ADMIN_SESSION_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
		 value, (long long)seconds, call->over_tls ? "; Secure" : "");
	if (call->headers == NULL)
		call->headers = json_object();
	json_object_set_new(call->headers, "Set-Cookie", json_string(header));
	memory_wipe(header, sizeof(header));
}

static void fill_session(struct call *call, const struct store_user *user,
			 const struct store_token *token)
{
	char *region = settings_text(call->store, "Region");

	reply_text(call->reply, "User", user->name);
	reply_text(call->reply, "Role", user->role);
	reply_text(call->reply, "CaIdentifier", user->ca);
	reply_text(call->reply, "Language", user->language);
	reply_flag(call->reply, "MustChangePassword",
		   must_change_password(call->store, user->name));
	reply_text(call->reply, "CsrfToken", token != NULL ? token->csrf : NULL);
	reply_text(call->reply, "SessionId", token != NULL ? token->id : NULL);
	reply_time(call->reply, "ExpiresTime", token != NULL ? token->expires_s : 0);
	reply_text(call->reply, "Version", SALLYPORT_VERSION);
	reply_text(call->reply, "RegionId", region);
	free(region);
}

static void become(struct call *call, const struct store_user *user)
{
	struct caller *caller = &call->caller;

	snprintf(caller->user, sizeof(caller->user), "%s", user->name);
	snprintf(caller->ca, sizeof(caller->ca), "%s", user->ca != NULL ? user->ca : "");
	caller->role = role_parse(user->role);
}

static int make_session(struct call *call, const struct store_user *user, struct error *err)
{
	int64_t length_s = settings_integer(call->store, "SessionHours") * 3600;
	char cookie[COOKIE_LENGTH + 1], csrf[CSRF_LENGTH + 1], id[64];
	struct store_token token = { .id = id,
				     .user = user->name,
				     .is_session = true,
				     .csrf = csrf,
				     .note = call->caller.from,
				     .created_s = call->now,
				     .used_s = call->now,
				     .expires_s = call->now + length_s };
	int status = -1;

	call_new_id("ses-", id, sizeof(id));
	if (password_random(COOKIE_LENGTH, cookie, err) == 0 &&
	    password_random(CSRF_LENGTH, csrf, err) == 0) {
		hash_secret(cookie, token.hash);
		status = make_room(call->store, user->name, err);
		if (status == 0)
			status = store_token_put(call->store, &token, err);
	}
	if (status == 0) {
		become(call, user);
		status = call_audit(call, "session", id, err);
	}
	if (status == 0) {
		fill_session(call, user, &token);
		set_cookie(call, cookie, length_s);
	}
	memory_wipe(cookie, sizeof(cookie));
	memory_wipe(csrf, sizeof(csrf));
	return status;
}

static int login_end(struct call *call, struct error *err)
{
	const struct check *check = background_finished(call, err);
	const char *name = call_text(call, "User");
	struct store_user user;
	int found, status;

	if (check == NULL)
		return -1;
	found = check->matches ? store_user_get(call->store, name, &user, err) : 0;
	if (found < 0)
		return -1;
	if (found == 1 && user.disabled) {
		store_user_done(&user);
		found = 0;
	}
	admin_tried(call->admin, name, call->caller.from, found == 1, call->request_id);
	if (found == 0)
		return call_refuse(err, ERROR_DENIED, "Forbidden.LoginFailed", NULL,
				   "user or password is wrong");
	status = make_session(call, &user, err);
	store_user_done(&user);
	return status;
}

int login_run(struct call *call, struct error *err)
{
	call->keeps_secret = true;
	return background_is_begun(call) ? login_end(call, err) : login_begin(call, err);
}

/* --- Logout, GetSession --- */

int logout_run(struct call *call, struct error *err)
{
	if (call->caller.proof != PROOF_SESSION)
		return call_refuse(
			err, ERROR_INVALID, "OperationDenied.NoSession", NULL,
			"there is no session to end: the caller came with another proof");
	if (store_token_delete(call->store, call->caller.credential, err) < 0)
		return -1;
	set_cookie(call, "", 0);
	return call_audit(call, "session", call->caller.credential, err);
}

struct wanted {
	struct call *call;
	const struct store_user *user;
	bool found;
};

static bool fill_if_current(void *arg, const struct store_token *token)
{
	struct wanted *wanted = arg;

	if (!token->is_session || strcmp(token->id, wanted->call->caller.credential) != 0)
		return true;
	fill_session(wanted->call, wanted->user, token);
	wanted->found = true;
	return false;
}

/* Somebody at the local socket is an administrator without being a user of ours. */
static struct store_user nameless(const struct call *call)
{
	return (struct store_user){ .name = (char *)(uintptr_t)call->caller.user,
				    .role = (char *)(uintptr_t)role_word(call->caller.role) };
}

int get_session_run(struct call *call, struct error *err)
{
	const struct store_user local = nameless(call);
	struct store_user user;
	struct wanted wanted = { .call = call, .user = &user };
	int found = store_user_get(call->store, call->caller.user, &user, err), status = 0;

	call->keeps_secret = true;
	if (found < 0)
		return -1;
	if (found == 0) {
		fill_session(call, &local, NULL);
		return 0;
	}
	if (call->caller.proof == PROOF_SESSION)
		status = store_token_each(call->store, user.name, fill_if_current, &wanted, err);
	if (status == 0 && !wanted.found)
		fill_session(call, &user, NULL);
	store_user_done(&user);
	return status;
}

/* --- ChangePassword --- */

static int change_begin(struct call *call, struct error *err)
{
	const char *old = call_text(call, "OldPassword"), *new = call_text(call, "NewPassword");
	const char *problem = password_problem(new, call->caller.user);
	struct store_user user;
	int found, waiting;
	int64_t wait_s;
	char *hash;

	if (problem == NULL && strcmp(old, new) == 0)
		problem = "is the old one";
	if (problem != NULL)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.NewPassword", "NewPassword",
				   "the password %s", problem);
	if (!admin_may_try(call->admin, call->caller.user, call->caller.from, &wait_s))
		return refuse_waiting(wait_s, err);
	waiting = background_wait(call, BACKGROUND_PASSWORD, err);
	if (waiting != 0)
		return waiting < 0 ? -1 : 0;
	found = store_user_get(call->store, call->caller.user, &user, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return call_not_found(err, "user", call->caller.user);
	hash = memory_copy_string(user.password);
	store_user_done(&user);
	begin_check(call, old, hash, new);
	return 0;
}

static int put_password(struct call *call, struct store_user *user, const char *hash,
			struct error *err)
{
	const bool by_session = call->caller.proof == PROOF_SESSION;

	free_secret(user->password);
	user->password = memory_copy_string(hash);
	if (call_change(call, "user", user->name, "ChangePassword", false, NULL, NULL,
			&user->revision, err) < 0 ||
	    store_user_put(call->store, user, err) < 0 ||
	    set_must_change(call->store, user->name, false, err) < 0)
		return -1;
	return end_sessions(call->store, user->name, by_session ? call->caller.credential : NULL,
			    err);
}

static int change_end(struct call *call, struct error *err)
{
	const struct check *check = background_finished(call, err);
	struct store_user user;
	int found, status;

	if (check == NULL)
		return -1;
	admin_tried(call->admin, call->caller.user, call->caller.from, check->matches,
		    call->request_id);
	if (!check->matches)
		return call_refuse(err, ERROR_DENIED, "Forbidden.WrongPassword", "OldPassword",
				   "the old password is wrong");
	if (check->failed) {
		*err = check->error;
		return -1;
	}
	found = store_user_get(call->store, call->caller.user, &user, err);
	if (found <= 0)
		return found < 0 ? -1 : call_not_found(err, "user", call->caller.user);
	status = put_password(call, &user, check->new_hash, err);
	store_user_done(&user);
	return status;
}

int change_password_run(struct call *call, struct error *err)
{
	return background_is_begun(call) ? change_end(call, err) : change_begin(call, err);
}
