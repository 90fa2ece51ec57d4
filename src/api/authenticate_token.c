/* Bearer tokens and sessions: found by the hash of what the client sends. */
#include "api/authenticate.h"

#include <openssl/mem.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin/admin.h"
#include "api/uses.h"
#include "base/sha256.h"
#include "store/identity.h"

#define TOKEN_MAX 256

static const char *header(const struct evidence *evidence, const char *name)
{
	return evidence->header(evidence->arg, name);
}

static int unknown(struct error *err, const char *symbol, const char *what)
{
	call_refuse(err, ERROR_DENIED, symbol, NULL, "%s is not known, or no longer valid", what);
	return error_hint(err, "Log in again, or ask for a new token.");
}

/* --- users --- */

static enum caller_role role_of(const char *word)
{
	static const struct {
		const char *word;
		enum caller_role role;
	} roles[] = { { "administrator", CALLER_ADMINISTRATOR },
		      { "operator", CALLER_OPERATOR },
		      { "issuer", CALLER_ISSUER },
		      { "viewer", CALLER_VIEWER } };
	size_t i;

	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i].word, word) == 0)
			return roles[i].role;
	}
	return CALLER_NOBODY;
}

int authenticate_user(struct gate *gate, const char *name, const char *denied,
		      struct caller *caller, struct error *err)
{
	struct store_user user;
	int status = store_user_get(gate->store, name, &user, err);

	if (status < 0)
		return -1;
	if (status == 0)
		return unknown(err, denied, "the user of this credential");
	caller->role = role_of(user.role);
	snprintf(caller->user, sizeof(caller->user), "%s", user.name);
	snprintf(caller->ca, sizeof(caller->ca), "%s", user.ca == NULL ? "" : user.ca);
	status = user.disabled || caller->role == CALLER_NOBODY ? -1 : 0;
	if (status < 0)
		call_refuse(err, ERROR_DENIED, denied, NULL, "user \"%s\" is disabled", user.name);
	store_user_done(&user);
	return status;
}

/* --- what is shown --- */

static const char *bearer(const struct evidence *evidence)
{
	const char *authorization = header(evidence, "authorization");

	if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	authorization += 7;
	return authorization + strspn(authorization, " ");
}

bool evidence_has_token(const struct evidence *evidence)
{
	return bearer(evidence) != NULL;
}

/* The cookie's value; false: there is none, or one that cannot be. */
static bool find_cookie(const struct evidence *evidence, char ret_value[TOKEN_MAX])
{
	static const char name[] = ADMIN_SESSION_COOKIE "=";
	const char *at = header(evidence, "cookie");

	while (at != NULL && *at != '\0') {
		size_t len;

		at += strspn(at, " ;");
		len = strcspn(at, ";");
		if (len > sizeof(name) - 1 && strncmp(at, name, sizeof(name) - 1) == 0) {
			len -= sizeof(name) - 1;
			if (len >= TOKEN_MAX)
				return false;
			memcpy(ret_value, at + sizeof(name) - 1, len);
			ret_value[len] = '\0';
			return true;
		}
		at += len;
	}
	return false;
}

bool evidence_has_session(const struct evidence *evidence)
{
	char value[TOKEN_MAX];
	bool found = find_cookie(evidence, value);

	memory_wipe(value, sizeof(value));
	return found;
}

/* --- whether it is known --- */

static int find_token(struct gate *gate, const char *text, struct store_token *ret_token,
		      struct error *err)
{
	uint8_t hash[SHA256_SIZE];
	struct sha256 state;

	sha256_init(&state);
	sha256_update(&state, text, strlen(text));
	sha256_final(&state, hash);
	return store_token_get(gate->store, hash, ret_token, err);
}

static bool is_over(const struct gate *gate, const struct store_token *token, int64_t now)
{
	if (token->expires_s != 0 && now >= token->expires_s)
		return true;
	/* What was used is written a minute late. */
	return token->is_session && gate->session_idle_s > 0 &&
	       now - token->used_s > gate->session_idle_s + USES_EVERY_S;
}

static int accept_token(struct gate *gate, const struct store_token *token, bool session,
			const char *symbol, const char *what, int64_t now, struct caller *caller,
			struct error *err)
{
	if (token->is_session != session || is_over(gate, token, now))
		return unknown(err, symbol, what);
	if (authenticate_user(gate, token->user, symbol, caller, err) < 0)
		return -1;
	caller->proof = session ? PROOF_SESSION : PROOF_TOKEN;
	snprintf(caller->credential, sizeof(caller->credential), "%s", token->id);
	return 0;
}

int authenticate_token(struct gate *gate, const struct evidence *evidence,
		       struct caller *ret_caller, struct error *err)
{
	static const char symbol[] = "InvalidCredentials.Token", what[] = "the token";
	struct caller caller = *ret_caller;
	struct store_token token;
	int status = find_token(gate, bearer(evidence), &token, err);

	if (status < 0)
		return -1;
	if (status == 0)
		return unknown(err, symbol, what);
	status = accept_token(gate, &token, false, symbol, what, evidence->now, &caller, err);
	if (status == 0) {
		uses_note_token(gate->uses, &token, evidence->now);
		*ret_caller = caller;
	}
	store_token_done(&token);
	return status;
}

static int check_csrf(const struct evidence *evidence, const struct store_token *token,
		      struct error *err)
{
	const char *given = header(evidence, "x-csrf-token");

	if (given != NULL && token->csrf != NULL && strlen(given) == strlen(token->csrf) &&
	    CRYPTO_memcmp(given, token->csrf, strlen(given)) == 0)
		return 0;
	call_refuse(err, ERROR_DENIED, "Forbidden.Csrf", NULL,
		    "the header X-CSRF-Token is not the one of this session");
	return error_hint(err, "Login and GetSession answer it as CsrfToken.");
}

int authenticate_session(struct gate *gate, const struct evidence *evidence, bool needs_csrf,
			 struct caller *ret_caller, struct error *err)
{
	static const char symbol[] = "InvalidCredentials.Session", what[] = "the session";
	struct caller caller = *ret_caller;
	char cookie[TOKEN_MAX] = "";
	struct store_token token;
	int status = 0;

	if (find_cookie(evidence, cookie))
		status = find_token(gate, cookie, &token, err);
	memory_wipe(cookie, sizeof(cookie));
	if (status < 0)
		return -1;
	if (status == 0)
		return unknown(err, symbol, what);
	status = accept_token(gate, &token, true, symbol, what, evidence->now, &caller, err);
	if (status == 0 && needs_csrf)
		status = check_csrf(evidence, &token, err);
	if (status == 0) {
		uses_note_token(gate->uses, &token, evidence->now);
		*ret_caller = caller;
	}
	store_token_done(&token);
	return status;
}
