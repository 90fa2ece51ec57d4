/* Who is calling: keys, tokens, sessions, and what ends them. */
#include "support_store.h"

#include "admin/admin.h"
#include "api/authenticate.h"
#include "api/uses.h"
#include "base/sha256.h"
#include "store/identity.h"

#define IDLE_S 1800

/* The headers of one request. */
struct headers {
	const char *authorization, *cookie, *csrf;
};

static struct gate gate_of(struct home *home)
{
	return (struct gate){ .store = home->store,
			      .nonces = nonces_new(100),
			      .uses = uses_new(),
			      .session_idle_s = IDLE_S };
}

static void gate_done(struct gate *gate)
{
	nonces_free(gate->nonces);
	uses_free(gate->uses);
}

static const char *header(void *arg, const char *name)
{
	const struct headers *headers = arg;

	if (strcmp(name, "authorization") == 0)
		return headers->authorization;
	if (strcmp(name, "cookie") == 0)
		return headers->cookie;
	return strcmp(name, "x-csrf-token") == 0 ? headers->csrf : NULL;
}

static struct evidence evidence_of(struct headers *headers, int64_t now)
{
	return (struct evidence){ .method = "POST", .path = "/", .header = header, .arg = headers,
				  .now = now };
}

static void put_user(struct home *home, const char *role, bool disabled)
{
	struct store_user user = { .name = "ana", .role = (char *)(uintptr_t)role, .ca = "ca-1",
				   .disabled = disabled };

	must(store_user_put(home->store, &user, e));
}

static void put_token(struct home *home, const char *text, bool session, int64_t used_s,
		      int64_t expires_s)
{
	struct store_token token = { .id = session ? "ses-1" : "tok-1", .user = "ana",
				     .is_session = session, .csrf = session ? "the csrf" : NULL,
				     .created_s = NOW, .used_s = used_s, .expires_s = expires_s };
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, text, strlen(text));
	sha256_final(&hash, token.hash);
	must(store_token_put(home->store, &token, e));
}

static int by_token(struct home *home, const char *authorization, int64_t now,
		    struct caller *ret_caller, struct error *err)
{
	struct headers headers = { .authorization = authorization };
	struct evidence evidence = evidence_of(&headers, now);
	struct gate gate = gate_of(home);
	int status = -1;

	memset(ret_caller, 0, sizeof(*ret_caller));
	memset(err, 0, sizeof(*err));
	if (evidence_has_token(&evidence))
		status = authenticate_token(&gate, &evidence, ret_caller, err);
	gate_done(&gate);
	return status;
}

static int by_session(struct home *home, const char *cookie, const char *csrf, bool needs_csrf,
		      int64_t now, struct error *err)
{
	struct headers headers = { .cookie = cookie, .csrf = csrf };
	struct evidence evidence = evidence_of(&headers, now);
	struct gate gate = gate_of(home);
	struct caller caller = { 0 };
	int status = -1;

	memset(err, 0, sizeof(*err));
	if (evidence_has_session(&evidence))
		status = authenticate_session(&gate, &evidence, needs_csrf, &caller, err);
	if (status == 0)
		assert_int_equal(caller.proof, PROOF_SESSION);
	gate_done(&gate);
	return status;
}

#define COOKIE ADMIN_SESSION_COOKIE "=secret"

/* --- tokens --- */

static void a_token_says_who_calls_and_what_he_is(void **state)
{
	struct home *home = *state;
	struct caller caller;
	struct error err;

	put_user(home, "issuer", false);
	put_token(home, "secret", false, NOW, 0);
	assert_int_equal(by_token(home, "Bearer secret", NOW, &caller, &err), 0);
	assert_int_equal(caller.role, CALLER_ISSUER);
	assert_int_equal(caller.proof, PROOF_TOKEN);
	assert_string_equal(caller.user, "ana");
	assert_string_equal(caller.ca, "ca-1");
	assert_string_equal(caller.credential, "tok-1");
	assert_int_equal(by_token(home, "bearer  secret", NOW, &caller, &err), 0);
}

static void what_is_no_token_is_refused(void **state)
{
	static const char *const headers[] = { "Bearer secreT", "Bearer ", "Bearer secret ",
					       "Basic secret", "secret", "" };
	struct home *home = *state;
	struct caller caller;
	struct error err;
	size_t i;

	put_user(home, "viewer", false);
	put_token(home, "secret", false, NOW, 0);
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		assert_int_equal(by_token(home, headers[i], NOW, &caller, &err), -1);
		assert_int_equal(caller.role, CALLER_NOBODY);
	}
}

static void a_token_has_its_end(void **state)
{
	struct home *home = *state;
	struct caller caller;
	struct error err;

	put_user(home, "viewer", false);
	put_token(home, "secret", false, NOW, NOW + 10);
	assert_int_equal(by_token(home, "Bearer secret", NOW + 9, &caller, &err), 0);
	assert_int_equal(by_token(home, "Bearer secret", NOW + 10, &caller, &err), -1);
	assert_string_equal(err.symbol, "InvalidCredentials.Token");
}

static void a_token_of_a_disabled_user_is_refused(void **state)
{
	struct home *home = *state;
	struct caller caller;
	struct error err;

	put_user(home, "viewer", true);
	put_token(home, "secret", false, NOW, 0);
	assert_int_equal(by_token(home, "Bearer secret", NOW, &caller, &err), -1);
	put_user(home, "emperor", false);
	assert_int_equal(by_token(home, "Bearer secret", NOW, &caller, &err), -1);
}

static void tokens_and_sessions_are_not_the_same(void **state)
{
	struct home *home = *state;
	struct caller caller;
	struct error err;

	put_user(home, "viewer", false);
	put_token(home, "secret", true, NOW, NOW + 1000);
	assert_int_equal(by_token(home, "Bearer secret", NOW, &caller, &err), -1);
	put_token(home, "secret", false, NOW, 0);
	assert_int_equal(by_session(home, COOKIE, "the csrf", true, NOW, &err), -1);
}

/* --- sessions --- */

static void a_session_needs_its_csrf_token(void **state)
{
	static const char *const wrong[] = { "", "the csr", "the csrg", "the csrf " };
	struct home *home = *state;
	struct error err;
	size_t i;

	put_user(home, "viewer", false);
	put_token(home, "secret", true, NOW, NOW + 10000);
	assert_int_equal(by_session(home, COOKIE, "the csrf", true, NOW, &err), 0);
	assert_int_equal(by_session(home, COOKIE, NULL, false, NOW, &err), 0);
	assert_int_equal(by_session(home, COOKIE, NULL, true, NOW, &err), -1);
	assert_string_equal(err.symbol, "Forbidden.Csrf");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(by_session(home, COOKIE, wrong[i], true, NOW, &err), -1);
}

static void a_cookie_is_found_among_others(void **state)
{
	struct home *home = *state;
	struct error err;

	put_user(home, "viewer", false);
	put_token(home, "secret", true, NOW, NOW + 10000);
	assert_int_equal(by_session(home, "a=b; " COOKIE "; c", NULL, false, NOW, &err), 0);
	assert_int_equal(by_session(home, "a=b;" COOKIE, NULL, false, NOW, &err), 0);
	assert_int_equal(by_session(home, "x" COOKIE, NULL, false, NOW, &err), -1);
	assert_int_equal(by_session(home, "a=b", NULL, false, NOW, &err), -1);
	assert_int_equal(by_session(home, "", NULL, false, NOW, &err), -1);
	assert_int_equal(by_session(home, NULL, NULL, false, NOW, &err), -1);
}

static void a_session_that_nobody_uses_ends(void **state)
{
	struct home *home = *state;
	struct error err;

	put_user(home, "viewer", false);
	put_token(home, "secret", true, NOW, NOW + 100000);
	assert_int_equal(by_session(home, COOKIE, NULL, false, NOW + IDLE_S, &err), 0);
	assert_int_equal(by_session(home, COOKIE, NULL, false, NOW + IDLE_S + USES_EVERY_S + 1, &err),
			 -1);
	assert_string_equal(err.symbol, "InvalidCredentials.Session");
	put_token(home, "secret", true, NOW + 90000, NOW + 100000);
	assert_int_equal(by_session(home, COOKIE, NULL, false, NOW + 99999, &err), -1);
	put_token(home, "secret", true, NOW + 99000, NOW + 100000);
	assert_int_equal(by_session(home, COOKIE, NULL, false, NOW + 99999, &err), 0);
	assert_int_equal(by_session(home, COOKIE, NULL, false, NOW + 100000, &err), -1);
}

/* --- keys: the signature itself is tested elsewhere --- */

static int by_key(struct home *home, const char *key, const char *time, struct error *err)
{
	json_t *parameters = json_pack("{s:s, s:s, s:s, s:s, s:s}", "AccessKeyId", key, "Timestamp",
				       time, "SignatureNonce", "n", "SignatureMethod", "HMAC-SHA1",
				       "Signature", "none");
	struct headers headers = { 0 };
	struct evidence evidence = evidence_of(&headers, NOW);
	struct gate gate = gate_of(home);
	struct caller caller = { 0 };
	char nonce[AUTHENTICATE_NONCE_MAX + 1];
	int status;

	evidence.parameters = evidence.query = parameters;
	memset(err, 0, sizeof(*err));
	assert_true(evidence_is_v1(&evidence));
	assert_false(evidence_is_acs3(&evidence));
	status = authenticate_signature(&gate, &evidence, &caller, nonce, err);
	assert_int_equal(caller.role, CALLER_NOBODY);
	gate_done(&gate);
	json_decref(parameters);
	return status;
}

static void a_signature_is_refused_for_what_is_wrong_with_it(void **state)
{
	struct store_access_key key = { .id = "LTAI1", .user = "ana", .secret = "s3cret" };
	struct home *home = *state;
	struct error err;

	put_user(home, "viewer", false);
	must(store_access_key_put(home->store, &key, e));
	/* NOW is 2023-11-14T22:13:20Z */
	assert_int_equal(by_key(home, "LTAI1", "2023-11-14T22:13:20Z", &err), -1);
	assert_string_equal(err.symbol, "SignatureDoesNotMatch");
	assert_int_equal(by_key(home, "LTAI2", "2023-11-14T22:13:20Z", &err), -1);
	assert_string_equal(err.symbol, "InvalidAccessKeyId.NotFound");
	assert_int_equal(by_key(home, "LTAI1", "2023-11-14T22:28:21Z", &err), -1);
	assert_string_equal(err.symbol, "InvalidTimeStamp.Expired");
	assert_int_equal(by_key(home, "LTAI1", "2023-11-14T21:58:19Z", &err), -1);
	assert_string_equal(err.symbol, "InvalidTimeStamp.Expired");
	assert_int_equal(by_key(home, "LTAI1", "now", &err), -1);
	assert_string_equal(err.symbol, "InvalidTimeStamp.Format");
	key.inactive = true;
	must(store_access_key_put(home->store, &key, e));
	assert_int_equal(by_key(home, "LTAI1", "2023-11-14T22:13:20Z", &err), -1);
	assert_string_equal(err.symbol, "InvalidAccessKeyId.Inactive");
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, home_setup, home_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_token_says_who_calls_and_what_he_is),
		WITH_STORE(what_is_no_token_is_refused),
		WITH_STORE(a_token_has_its_end),
		WITH_STORE(a_token_of_a_disabled_user_is_refused),
		WITH_STORE(tokens_and_sessions_are_not_the_same),
		WITH_STORE(a_session_needs_its_csrf_token),
		WITH_STORE(a_cookie_is_found_among_others),
		WITH_STORE(a_session_that_nobody_uses_ends),
		WITH_STORE(a_signature_is_refused_for_what_is_wrong_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
