/* Users, log-ins, keys, tokens, sessions: who gets in, and who does not. */
#include "support_admin.h"

#include "admin/password.h"
#include "store/audit.h"
#include "store/identity.h"

#define GOOD "correct horse battery"

static int set_up(void **state)
{
	*state = bench_new();
	return 0;
}

static int tear_down(void **state)
{
	bench_free(*state);
	return 0;
}

/* --- passwords --- */

static void a_password_matches_its_own_hash_only(void **state)
{
	char hash[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(password_hash(GOOD, hash, &err), 0);
	assert_int_equal(password_hash(GOOD, other, &err), 0);
	assert_string_not_equal(hash, other); /* salted */
	assert_true(password_matches(GOOD, hash));
	assert_false(password_matches("correct horse batterx", hash));
	assert_false(password_matches("", hash));
	assert_false(password_matches(GOOD, NULL));
	hash[20] = hash[20] == 'a' ? 'b' : 'a';
	assert_false(password_matches(GOOD, hash));
}

static void a_damaged_hash_matches_nothing(void **state)
{
	static const char *const hashes[] = {
		"",
		"scrypt",
		"scrypt$32768$8$1$$",
		"scrypt$32768$8$1$00$00",
		"scrypt$1048577$8$1$00112233445566778899aabbccddeeff$"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"scrypt$3$8$1$00112233445566778899aabbccddeeff$"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		assert_false(password_matches(GOOD, hashes[i]));
}

static void weak_passwords_are_named(void **state)
{
	(void)state;
	assert_non_null(password_problem("short", "ana"));
	assert_non_null(password_problem("aaaaaaaaaaaaaaaa", "ana"));
	assert_non_null(password_problem("Administrator", "administrator"));
	assert_null(password_problem(GOOD, "ana"));
}

static void made_secrets_differ_and_have_their_length(void **state)
{
	char one[31], other[31];
	struct error err;

	(void)state;
	assert_int_equal(password_random(30, one, &err), 0);
	assert_int_equal(password_random(30, other, &err), 0);
	assert_int_equal(strlen(one), 30);
	assert_string_not_equal(one, other);
}

/* --- waits --- */

static void the_wait_grows_and_ends_by_itself(void **state)
{
	struct lockout *lockout = lockout_new();
	int64_t now = NOW, wait;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		lockout_failed(lockout, "ana", "a", now);
	assert_int_equal(lockout_wait(lockout, "ana", "a", now), 0);
	lockout_failed(lockout, "ana", "a", now);
	assert_int_equal(lockout_wait(lockout, "ana", "a", now), 5);
	assert_int_equal(lockout_wait(lockout, "ana", "a", now + 5), 0);
	lockout_failed(lockout, "ana", "a", now + 5);
	assert_int_equal(lockout_wait(lockout, "ana", "a", now + 5), 10);
	for (i = 0; i < 50; i++)
		lockout_failed(lockout, "ana", "a", now);
	wait = lockout_wait(lockout, "ana", "a", now);
	assert_int_equal(wait, 900);
	assert_int_equal(lockout_wait(lockout, "ana", "a", now + 900), 0);
	/* a clock that was set back does not make it longer */
	assert_true(lockout_wait(lockout, "ana", "a", now - 86400) <= 900);
	lockout_free(lockout);
}

static void nobody_waits_for_what_another_source_did(void **state)
{
	struct lockout *lockout = lockout_new();
	int i;

	(void)state;
	for (i = 0; i < 19; i++)
		lockout_failed(lockout, "ana", "bad", NOW);
	assert_true(lockout_wait(lockout, "ana", "bad", NOW) > 0);
	assert_int_equal(lockout_wait(lockout, "ana", "good", NOW), 0);
	assert_int_equal(lockout_wait(lockout, "ben", "bad", NOW), 0);
	lockout_failed(lockout, "cyd", "bad", NOW); /* the 20th of this source */
	assert_true(lockout_wait(lockout, "ben", "bad", NOW) > 0);
	lockout_free(lockout);
}

static void who_has_a_network_of_addresses_is_one_source(void **state)
{
	struct lockout *lockout = lockout_new();
	char from[64];
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		snprintf(from, sizeof(from), "2001:db8:0:1::%x", i + 1);
		lockout_failed(lockout, "ana", from, NOW);
	}
	assert_int_equal(lockout_wait(lockout, "ana", "2001:db8:0:1:ffff::1", NOW), 5);
	assert_int_equal(lockout_wait(lockout, "ana", "2001:db8:0:2::1", NOW), 0);
	lockout_succeeded(lockout, "ana", "2001:db8:0:1::9");
	assert_int_equal(lockout_wait(lockout, "ana", "2001:db8:0:1::1", NOW), 0);
	lockout_free(lockout);
}

static void a_success_forgets_the_failures(void **state)
{
	struct lockout *lockout = lockout_new();
	int i;

	(void)state;
	for (i = 0; i < 6; i++)
		lockout_failed(lockout, "ana", "a", NOW);
	lockout_succeeded(lockout, "ana", "a");
	assert_int_equal(lockout_wait(lockout, "ana", "a", NOW), 0);
	lockout_free(lockout);
}

static void many_strangers_do_not_take_more_room(void **state)
{
	struct lockout *lockout = lockout_new();
	char user[32];
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		snprintf(user, sizeof(user), "user-%d", i);
		lockout_failed(lockout, user, "a", NOW + i);
	}
	assert_true(lockout_wait(lockout, "x", "a", NOW + 10000) > 0); /* the source itself stays */
	lockout_free(lockout);
}

/* --- the first start --- */

static struct admin_bootstrap bootstrap(struct bench *bench)
{
	struct admin_bootstrap made;
	struct error err = { 0 };

	assert_int_equal(store_begin(bench->store, &err), 0);
	assert_int_equal(admin_bootstrap(bench->store, "admin", NOW, &made, &err), 0);
	assert_int_equal(store_commit(bench->store, &err), 0);
	return made;
}

static void the_first_administrator_can_log_in(void **state)
{
	struct bench *bench = *state;
	struct admin_bootstrap made = bootstrap(bench);
	struct store_access_key key;
	struct store_token token;
	char raw[128];
	uint8_t hash[32];

	assert_int_equal(strlen(made.password), 16);
	assert_int_equal(strlen(made.access_key_id), 24);
	assert_int_equal(strncmp(made.access_key_id, "LTAI", 4), 0);
	assert_int_equal(strlen(made.access_key_secret), 30);
	assert_int_equal(
		store_access_key_get(bench->store, made.access_key_id, &key, &bench->error), 1);
	assert_string_equal(key.secret, made.access_key_secret);
	store_access_key_done(&key);
	hash_secret(made.token, hash);
	assert_int_equal(store_token_get(bench->store, hash, &token, &bench->error), 1);
	assert_string_equal(token.user, "admin");
	store_token_done(&token);
	snprintf(raw, sizeof(raw), "{'User':'admin','Password':'%s'}", made.password);
	assert_done(bench, "Login", raw);
	assert_true(reply_is_true(bench, "MustChangePassword"));
	assert_string_equal(reply_string(bench, "Role"), "administrator");
}

static void a_second_bootstrap_makes_another_password(void **state)
{
	struct bench *bench = *state;
	struct admin_bootstrap first = bootstrap(bench), second = bootstrap(bench);
	char raw[128];

	snprintf(raw, sizeof(raw), "{'User':'admin','Password':'%s'}", first.password);
	assert_refused(bench, "Login", raw, "Forbidden.LoginFailed");
	snprintf(raw, sizeof(raw), "{'User':'admin','Password':'%s'}", second.password);
	assert_done(bench, "Login", raw);
}

/* --- logging in --- */

static void make_ana(struct bench *bench)
{
	assert_done(bench, "CreateUser",
		    "{'User':'ana','Role':'operator','Password':'" GOOD "',"
		    "'MustChangePassword':false}");
}

static void a_login_answers_a_cookie_and_a_csrf_token(void **state)
{
	struct bench *bench = *state;
	const char *cookie;
	char value[64];
	struct store_token token;
	uint8_t hash[32];

	make_ana(bench);
	assert_done(bench, "Login", "{'User':'ana','Password':'" GOOD "'}");
	cookie = json_string_value(json_object_get(bench->headers, "Set-Cookie"));
	assert_non_null(cookie);
	assert_non_null(strstr(cookie, "; HttpOnly; SameSite=Strict; Max-Age=43200"));
	assert_null(strstr(cookie, "Secure"));
	assert_int_equal(sscanf(cookie, "sallyport-session=%63[^;];", value), 1);
	hash_secret(value, hash);
	assert_int_equal(store_token_get(bench->store, hash, &token, &bench->error), 1);
	assert_true(token.is_session);
	assert_string_equal(token.csrf, reply_string(bench, "CsrfToken"));
	assert_string_equal(token.id, reply_string(bench, "SessionId"));
	assert_int_equal(token.expires_s, NOW + 12 * 3600);
	store_token_done(&token);
}

static void a_wrong_login_says_nothing_about_which_part(void **state)
{
	struct bench *bench = *state;
	char message[256];

	make_ana(bench);
	assert_refused(bench, "Login", "{'User':'ana','Password':'wrong'}",
		       "Forbidden.LoginFailed");
	snprintf(message, sizeof(message), "%s", bench->error.message);
	assert_refused(bench, "Login", "{'User':'nobody','Password':'wrong'}",
		       "Forbidden.LoginFailed");
	assert_string_equal(bench->error.message, message);
	assert_null(bench->headers);
}

static void five_failures_name_a_wait(void **state)
{
	struct bench *bench = *state;
	int i;

	make_ana(bench);
	for (i = 0; i < 5; i++)
		assert_refused(bench, "Login", "{'User':'ana','Password':'wrong'}",
			       "Forbidden.LoginFailed");
	assert_refused(bench, "Login", "{'User':'ana','Password':'" GOOD "'}", "Throttling.Login");
	assert_non_null(strstr(bench->error.message, "wait"));
	snprintf(bench->caller.from, sizeof(bench->caller.from), "192.0.2.99");
	assert_done(bench, "Login", "{'User':'ana','Password':'" GOOD "'}");
}

static bool count_failed(void *arg, const struct store_audit_row *row)
{
	if (strcmp(row->outcome, "Forbidden.LoginFailed") == 0) {
		assert_string_equal(row->actor, "ana");
		assert_string_equal(row->action, "Login");
		++*(int *)arg;
	}
	return true;
}

static void failed_logins_are_audited(void **state)
{
	struct bench *bench = *state;
	const struct store_audit_filter all = { .limit = 100 };
	int64_t rows;
	int failed = 0;

	make_ana(bench);
	bench_call(bench, "Login", "{'User':'ana','Password':'wrong'}");
	bench_call(bench, "Login", "{'User':'ana','Password':'wrong'}");
	admin_tick(bench->admin);
	assert_int_equal(store_audit_each(bench->store, &all, count_failed, &failed, &bench->error),
			 0);
	assert_int_equal(failed, 1); /* both in one second: one row */
	assert_int_equal(store_audit_verify(bench->store, &rows, &bench->error), 0);
}

static void a_disabled_user_does_not_get_in(void **state)
{
	struct bench *bench = *state;

	make_ana(bench);
	assert_done(bench, "UpdateUser", "{'User':'ana','Disabled':true}");
	assert_refused(bench, "Login", "{'User':'ana','Password':'" GOOD "'}",
		       "Forbidden.LoginFailed");
}

static void log_in_as_ana(struct bench *bench)
{
	assert_done(bench, "Login", "{'User':'ana','Password':'" GOOD "'}");
	bench->caller = (struct caller){
		.role = CALLER_OPERATOR, .proof = PROOF_SESSION, .user = "ana", .from = "192.0.2.1"
	};
	snprintf(bench->caller.credential, sizeof(bench->caller.credential), "%s",
		 reply_string(bench, "SessionId"));
}

static void a_session_is_shown_and_ends(void **state)
{
	struct bench *bench = *state;

	make_ana(bench);
	log_in_as_ana(bench);
	assert_done(bench, "GetSession", "{}");
	assert_string_equal(reply_string(bench, "User"), "ana");
	assert_int_equal(strlen(reply_string(bench, "CsrfToken")), 32);
	assert_done(bench, "ListSessions", "{}");
	assert_int_equal(reply_rows(bench, "Sessions"), 1);
	assert_done(bench, "Logout", "{}");
	assert_non_null(strstr(json_string_value(json_object_get(bench->headers, "Set-Cookie")),
			       "Max-Age=0"));
	assert_done(bench, "ListSessions", "{}");
	assert_int_equal(reply_rows(bench, "Sessions"), 0);
}

static void a_changed_password_ends_the_other_sessions(void **state)
{
	struct bench *bench = *state;

	make_ana(bench);
	log_in_as_ana(bench);
	log_in_as_ana(bench);
	assert_refused(bench, "ChangePassword",
		       "{'OldPassword':'wrong','NewPassword':'another good one'}",
		       "Forbidden.WrongPassword");
	assert_refused(bench, "ChangePassword", "{'OldPassword':'" GOOD "','NewPassword':'short'}",
		       "IllegalParam.NewPassword");
	assert_done(bench, "ChangePassword",
		    "{'OldPassword':'" GOOD "','NewPassword':'another good one'}");
	assert_done(bench, "ListSessions", "{}");
	assert_int_equal(reply_rows(bench, "Sessions"), 1);
	assert_true(json_is_true(json_object_get(
		json_array_get(json_object_get(bench->reply, "Sessions"), 0), "Current")));
	assert_refused(bench, "Login", "{'User':'ana','Password':'" GOOD "'}",
		       "Forbidden.LoginFailed");
	assert_done(bench, "Login", "{'User':'ana','Password':'another good one'}");
}

/* --- users --- */

static void the_last_administrator_stays(void **state)
{
	struct bench *bench = *state;

	bootstrap(bench);
	assert_refused(bench, "DeleteUser", "{'User':'admin'}",
		       "OperationDenied.LastAdministrator");
	assert_refused(bench, "UpdateUser", "{'User':'admin','Role':'viewer'}",
		       "OperationDenied.LastAdministrator");
	assert_refused(bench, "UpdateUser", "{'User':'admin','Disabled':true}",
		       "OperationDenied.LastAdministrator");
	assert_done(bench, "CreateUser", "{'User':'eve','Role':'administrator'}");
	assert_done(bench, "UpdateUser", "{'User':'eve','Disabled':true}");
	/* one that is disabled cannot let anybody in */
	assert_refused(bench, "DeleteUser", "{'User':'admin'}",
		       "OperationDenied.LastAdministrator");
	assert_done(bench, "UpdateUser", "{'User':'eve','Disabled':false}");
	assert_done(bench, "DeleteUser", "{'User':'admin'}");
}

static void users_are_made_changed_and_listed(void **state)
{
	struct bench *bench = *state;

	make_ana(bench);
	assert_refused(bench, "CreateUser", "{'User':'ana','Role':'viewer'}",
		       "EntityAlreadyExists.User");
	assert_refused(bench, "CreateUser", "{'User':'x','Role':'king'}", "IllegalParam.Role");
	assert_refused(bench, "CreateUser", "{'User':'b d','Role':'viewer'}", "IllegalParam.User");
	assert_refused(bench, "CreateUser", "{'User':'x','Role':'issuer'}",
		       "MissingParam.CaIdentifier");
	assert_refused(bench, "CreateUser", "{'User':'x','Role':'issuer','CaIdentifier':'none'}",
		       "ResourceNotFound.ca");
	assert_done(bench, "UpdateUser", "{'User':'ana','Role':'viewer','Language':'zh'}");
	assert_done(bench, "GetUser", "{'User':'ana'}");
	assert_string_equal(reply_string(bench, "Role"), "viewer");
	assert_string_equal(reply_string(bench, "Language"), "zh");
	assert_true(reply_is_true(bench, "HasPassword"));
	assert_refused(bench, "GetUser", "{'User':'nobody'}", "ResourceNotFound.user");
	assert_refused(bench, "UpdateUser", "{'User':'ana','Role':'operator','IfRevision':1}",
		       "Conflict.Revision");
	assert_done(bench, "CreateUser", "{'User':'ben','Role':'viewer'}");
	assert_done(bench, "ListUsers", "{'MaxResults':1}");
	assert_int_equal(reply_rows(bench, "Users"), 1);
	assert_int_equal(reply_integer(bench, "TotalCount"), 2);
	assert_string_not_equal(reply_string(bench, "NextToken"), "(missing)");
}

static void a_dry_run_makes_nobody(void **state)
{
	struct bench *bench = *state;

	bench_call(bench, "CreateUser", "{'User':'ana','Role':'viewer','DryRun':true}");
	assert_refused(bench, "GetUser", "{'User':'ana'}", "ResourceNotFound.user");
}

/* --- keys and tokens --- */

static void an_access_key_is_shown_once(void **state)
{
	struct bench *bench = *state;
	char raw[128], id[32];

	make_ana(bench);
	assert_done(bench, "CreateAccessKey", "{'User':'ana'}");
	assert_int_equal(strlen(reply_string(bench, "AccessKeySecret")), 30);
	snprintf(id, sizeof(id), "%s", reply_string(bench, "AccessKeyId"));
	assert_done(bench, "ListAccessKeys", "{'User':'ana'}");
	assert_string_equal(row_string(bench, "AccessKeys", 0, "AccessKeyId"), id);
	assert_string_equal(row_string(bench, "AccessKeys", 0, "AccessKeySecret"), "(missing)");
	snprintf(raw, sizeof(raw), "{'UserAccessKeyId':'%s','Status':'Inactive'}", id);
	assert_done(bench, "UpdateAccessKey", raw);
	assert_done(bench, "ListAccessKeys", "{'User':'ana'}");
	assert_string_equal(row_string(bench, "AccessKeys", 0, "Status"), "Inactive");
	snprintf(raw, sizeof(raw), "{'UserAccessKeyId':'%s'}", id);
	assert_done(bench, "DeleteAccessKey", raw);
	assert_refused(bench, "DeleteAccessKey", raw, "ResourceNotFound.accesskey");
}

static void others_credentials_are_out_of_reach(void **state)
{
	struct bench *bench = *state;
	char raw[128];

	make_ana(bench);
	assert_done(bench, "CreateUser", "{'User':'ben','Role':'viewer'}");
	assert_done(bench, "CreateAccessKey", "{'User':'ben'}");
	snprintf(raw, sizeof(raw), "{'UserAccessKeyId':'%s'}", reply_string(bench, "AccessKeyId"));
	log_in_as_ana(bench);
	assert_refused(bench, "CreateAccessKey", "{'User':'ben'}", "Forbidden.RAM");
	assert_refused(bench, "ListTokens", "{'User':'ben'}", "Forbidden.RAM");
	assert_refused(bench, "DeleteAccessKey", raw, "ResourceNotFound.accesskey");
	assert_done(bench, "CreateAccessKey", "{}");
	assert_string_equal(reply_string(bench, "User"), "ana");
}

static void tokens_are_made_listed_and_removed(void **state)
{
	struct bench *bench = *state;
	char raw[128];

	make_ana(bench);
	assert_done(bench, "CreateToken", "{'User':'ana','Note':'ci','Days':7}");
	assert_int_equal(strncmp(reply_string(bench, "Token"), "spt_", 4), 0);
	assert_int_equal(strlen(reply_string(bench, "Token")), 56);
	snprintf(raw, sizeof(raw), "{'TokenId':'%s'}", reply_string(bench, "TokenId"));
	assert_done(bench, "ListTokens", "{'User':'ana'}");
	assert_string_equal(row_string(bench, "Tokens", 0, "Note"), "ci");
	assert_refused(bench, "EndSession", "{'SessionId':'tok-none'}", "ResourceNotFound.session");
	assert_done(bench, "DeleteToken", raw);
	assert_refused(bench, "DeleteToken", raw, "ResourceNotFound.token");
}

static bool find_secret(void *arg, const struct store_audit_row *row)
{
	const char *secret = arg;

	assert_true(row->before == NULL || strstr(row->before, secret) == NULL);
	assert_true(row->after == NULL || strstr(row->after, secret) == NULL);
	return true;
}

static void no_secret_is_in_the_audit_log(void **state)
{
	struct bench *bench = *state;
	const struct store_audit_filter all = { .limit = 1000 };

	make_ana(bench);
	assert_done(bench, "CreateToken", "{'User':'ana'}");
	assert_int_equal(store_audit_each(bench->store, &all, find_secret,
					  (void *)(uintptr_t) "scrypt", &bench->error),
			 0);
	assert_int_equal(store_audit_each(bench->store, &all, find_secret, (void *)(uintptr_t)GOOD,
					  &bench->error),
			 0);
	assert_int_equal(store_audit_each(bench->store, &all, find_secret,
					  (void *)(uintptr_t) "spt_", &bench->error),
			 0);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_matches_its_own_hash_only),
		cmocka_unit_test(a_damaged_hash_matches_nothing),
		cmocka_unit_test(weak_passwords_are_named),
		cmocka_unit_test(made_secrets_differ_and_have_their_length),
		cmocka_unit_test(the_wait_grows_and_ends_by_itself),
		cmocka_unit_test(nobody_waits_for_what_another_source_did),
		cmocka_unit_test(who_has_a_network_of_addresses_is_one_source),
		cmocka_unit_test(a_success_forgets_the_failures),
		cmocka_unit_test(many_strangers_do_not_take_more_room),
		with_bench(the_first_administrator_can_log_in),
		with_bench(a_second_bootstrap_makes_another_password),
		with_bench(a_login_answers_a_cookie_and_a_csrf_token),
		with_bench(a_wrong_login_says_nothing_about_which_part),
		with_bench(five_failures_name_a_wait),
		with_bench(failed_logins_are_audited),
		with_bench(a_disabled_user_does_not_get_in),
		with_bench(a_session_is_shown_and_ends),
		with_bench(a_changed_password_ends_the_other_sessions),
		with_bench(the_last_administrator_stays),
		with_bench(users_are_made_changed_and_listed),
		with_bench(a_dry_run_makes_nobody),
		with_bench(an_access_key_is_shown_once),
		with_bench(others_credentials_are_out_of_reach),
		with_bench(tokens_are_made_listed_and_removed),
		with_bench(no_secret_is_in_the_audit_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
