/* The store: users, access keys, tokens, the audit log, the master key. */
#include "support_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include "store/audit.h"
#include "store/identity.h"
#include "store/master_key.h"

static void put_user(struct store *store, const char *name)
{
	struct store_user user = { .name = (char *)name, .role = "issuer", .ca = "ca-1",
				   .password = "scrypt$x", .language = "en", .created_s = NOW,
				   .revision = 3 };

	must(store_user_put(store, &user, e));
}

static void put_key(struct store *store, const char *id, const char *user, const char *secret)
{
	struct store_access_key key = { .id = (char *)id, .user = (char *)user,
					.secret = (char *)secret, .created_s = NOW };

	must(store_access_key_put(store, &key, e));
}

static void put_token(struct store *store, uint8_t hash, const char *id, const char *user,
		      int64_t expires_s)
{
	struct store_token token = { .hash = { hash }, .id = (char *)id, .user = (char *)user,
				     .is_session = true, .csrf = "csrf", .created_s = NOW,
				     .expires_s = expires_s };

	must(store_token_put(store, &token, e));
}

static bool count_user(void *arg, const struct store_user *user)
{
	assert_non_null(user->name);
	return ++*(int *)arg < 2;
}

static void a_user_comes_back_as_it_was_put(void **state)
{
	struct home *home = *state;
	struct store_user user = { 0 };
	struct error err = { 0 };
	int count = 0;

	put_user(home->store, "amy");
	put_user(home->store, "bob");
	put_user(home->store, "cat");
	assert_int_equal(store_user_get(home->store, "amy", &user, &err), 1);
	assert_string_equal(user.role, "issuer");
	assert_string_equal(user.ca, "ca-1");
	assert_string_equal(user.password, "scrypt$x");
	assert_int_equal(user.revision, 3);
	assert_false(user.disabled);
	store_user_done(&user);
	assert_int_equal(store_user_get(home->store, "Amy", &user, &err), 0);
	must(store_user_each(home->store, count_user, &count, e));
	assert_int_equal(count, 2);
}

static void a_deleted_user_takes_keys_and_tokens_along(void **state)
{
	static const uint8_t hash[32] = { 1 }, other[32] = { 2 };
	struct home *home = *state;
	struct store_user user = { 0 };
	struct store_access_key key = { 0 };
	struct store_token token = { 0 };
	struct error err = { 0 };

	put_user(home->store, "amy");
	put_user(home->store, "bob");
	put_key(home->store, "LTAI1", "amy", "secret");
	put_token(home->store, 1, "t-1", "amy", 0);
	put_token(home->store, 2, "t-2", "bob", 0);
	must(store_user_delete(home->store, "amy", e));
	assert_int_equal(store_user_get(home->store, "amy", &user, &err), 0);
	assert_int_equal(store_access_key_get(home->store, "LTAI1", &key, &err), 0);
	assert_int_equal(store_token_get(home->store, hash, &token, &err), 0);
	assert_int_equal(store_token_get(home->store, other, &token, &err), 1);
	store_token_done(&token);
}

static bool check_no_secret(void *arg, const struct store_access_key *key)
{
	assert_null(key->secret);
	++*(int *)arg;
	return true;
}

static void a_secret_is_kept_and_never_listed(void **state)
{
	struct home *home = *state;
	struct store_access_key key = { .id = "LTAI1", .user = "amy", .inactive = true,
					.used_s = NOW + 9 };
	struct store_access_key found = { 0 };
	struct error err = { 0 };
	int count = 0;

	put_key(home->store, "LTAI1", "amy", "a secret of thirty characters!");
	put_key(home->store, "LTAI2", "bob", "b");
	must(store_access_key_put(home->store, &key, e));
	assert_int_equal(store_access_key_get(home->store, "LTAI1", &found, &err), 1);
	assert_string_equal(found.secret, "a secret of thirty characters!");
	assert_true(found.inactive);
	assert_int_equal(found.used_s, NOW + 9);
	assert_int_equal(found.created_s, NOW);
	store_access_key_done(&found);
	must(store_access_key_each(home->store, "amy", check_no_secret, &count, e));
	must(store_access_key_each(home->store, NULL, check_no_secret, &count, e));
	assert_int_equal(count, 3);
	must(store_access_key_delete(home->store, "LTAI1", e));
	assert_int_equal(store_access_key_get(home->store, "LTAI1", &found, &err), 0);
	assert_int_equal(store_access_key_put(home->store, &key, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void no_secret_lies_open_in_a_file(void **state)
{
	struct home *home = *state;
	struct buffer file = { 0 };
	char path[128];

	put_key(home->store, "LTAI1", "amy", "PLAINSECRETPLAINSECRET");
	store_close(home->store);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	must(buffer_read_file(path, 16 << 20, &file, e));
	assert_null(memmem(file.data, file.len, "PLAINSECRET", 11));
	assert_non_null(memmem(file.data, file.len, "LTAI1", 5));
	buffer_done(&file);
	home_open(home);
}

static bool count_token(void *arg, const struct store_token *token)
{
	assert_non_null(token->id);
	++*(int *)arg;
	return true;
}

static void tokens_are_found_by_their_hash_until_they_end(void **state)
{
	static const uint8_t first[32] = { 1 }, second[32] = { 2 }, third[32] = { 3 };
	struct home *home = *state;
	struct store_token token = { 0 };
	struct error err = { 0 };
	int count = 0;

	put_token(home->store, 1, "t-1", "amy", 0);
	put_token(home->store, 2, "t-2", "amy", NOW + 10);
	assert_int_equal(store_token_get(home->store, second, &token, &err), 1);
	assert_string_equal(token.id, "t-2");
	assert_string_equal(token.csrf, "csrf");
	assert_null(token.note);
	assert_true(token.is_session);
	store_token_done(&token);
	assert_int_equal(store_token_get(home->store, third, &token, &err), 0);
	must(store_token_each(home->store, "amy", count_token, &count, e));
	assert_int_equal(count, 2);
	must(store_expire(home->store, NOW + 10, e));
	assert_int_equal(store_token_get(home->store, second, &token, &err), 0);
	assert_int_equal(store_token_get(home->store, first, &token, &err), 1);
	store_token_done(&token);
	must(store_token_delete(home->store, "t-1", e));
	assert_int_equal(store_token_get(home->store, first, &token, &err), 0);
}

/* --- audit --- */

static void audit(struct store *store, const char *actor, const char *id, const char *outcome)
{
	json_t *after = json_pack("{s:s}", "Name", "web");
	struct store_change change = { .kind = "listener", .id = id, .action = "CreateListener",
				       .product = "nlb", .actor = actor, .from = "unix",
				       .request_id = "R", .now = NOW, .after = after };

	must(store_audit(store, &change, outcome, e));
	json_decref(after);
}

static bool note_row(void *arg, const struct store_audit_row *row)
{
	char *text = arg;

	snprintf(text + strlen(text), 100, "%d:%s:%s ", (int)row->number, row->actor, row->outcome);
	assert_null(row->before);
	assert_string_equal(row->after, "{\"Name\":\"web\"}");
	return true;
}

static void the_audit_log_is_read_newest_first(void **state)
{
	struct home *home = *state;
	const struct {
		struct store_audit_filter filter;
		const char *wanted;
		int count;
	} rows[] = {
		{ { 0 }, "3:amy:Forbidden 2:bob:ok 1:amy:ok ", 3 },
		{ { .limit = 1 }, "3:amy:Forbidden ", 3 },
		{ { .below_number = 3 }, "2:bob:ok 1:amy:ok ", 3 },
		{ { .actor = "bob" }, "2:bob:ok ", 1 },
		{ { .kind = "listener", .id = "lsn-1" }, "1:amy:ok ", 1 },
		{ { .action = "DeleteListener" }, "", 0 },
		{ { .from_s = NOW + 1 }, "", 0 },
		{ { .from_s = NOW, .to_s = NOW }, "3:amy:Forbidden 2:bob:ok 1:amy:ok ", 3 },
	};

	audit(home->store, "amy", "lsn-1", NULL);
	audit(home->store, "bob", "lsn-2", NULL);
	audit(home->store, "amy", "lsn-3", "Forbidden");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[400] = "";

		must(store_audit_each(home->store, &rows[i].filter, note_row, text, e));
		assert_string_equal(text, rows[i].wanted);
		assert_int_equal(store_audit_count(home->store, &rows[i].filter, NULL),
				 rows[i].count);
	}
}

static void tamper(struct home *home, const char *sql)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	store_close(home->store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DROP TRIGGER audit_update; DROP TRIGGER audit_delete",
				      NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	home_open(home);
}

static void an_audit_log_that_was_tampered_with_is_told(void **state)
{
	static const struct {
		const char *sql;
		int sound;
	} rows[] = {
		{ "UPDATE audit SET actor = 'eve' WHERE number = 2", 1 },
		{ "UPDATE audit SET after_json = NULL WHERE number = 3", 2 },
		{ "UPDATE audit SET action = 'x', product = 'nlbCreateListener' WHERE number = 1", 0 },
		{ "DELETE FROM audit WHERE number = 1", 0 },
		{ "DELETE FROM audit WHERE number = 2", 1 },
		{ "DELETE FROM audit WHERE number = 3", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct home *home = NULL;
		struct error err = { 0 };
		int64_t sound = -1;

		assert_int_equal(home_setup((void **)&home), 0);
		for (int n = 0; n < 3; n++)
			audit(home->store, "amy", "lsn-1", NULL);
		must(store_audit_verify(home->store, &sound, e));
		assert_int_equal(sound, 3);
		tamper(home, rows[i].sql);
		assert_int_equal(store_audit_verify(home->store, &sound, &err), -1);
		assert_string_equal(err.symbol, "Audit.Broken");
		assert_int_equal(sound, rows[i].sound);
		home_teardown((void **)&home);
	}
	(void)state;
}

/* --- master key --- */

static void a_master_key_is_made_once_and_for_its_owner_only(void **state)
{
	struct home *home = *state;
	uint8_t first[32], second[32];
	struct error err = { 0 };
	struct stat status;
	char path[128], used[128];

	snprintf(path, sizeof(path), "%s/etc/sallyport/master.key", home->folder);
	assert_int_equal(master_key_load(path, false, first, used, sizeof(used), &err), -1);
	assert_string_equal(err.symbol, "MasterKey.Missing");
	must(master_key_load(path, true, first, used, sizeof(used), e));
	assert_string_equal(used, path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	must(master_key_load(path, true, second, used, sizeof(used), e));
	assert_memory_equal(first, second, sizeof(first));
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(master_key_load(path, true, second, used, sizeof(used), &err), -1);
	assert_int_equal(err.code, ERROR_DENIED);
}

static void a_master_key_of_the_wrong_size_is_refused(void **state)
{
	static const size_t sizes[] = { 0, 31, 33 };
	struct home *home = *state;
	uint8_t key[32];
	char path[128], used[128];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct error err = { 0 };
		int fd;

		snprintf(path, sizeof(path), "%s/key-%zu", home->folder, i);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		assert_int_equal(write(fd, "0123456789012345678901234567890123456789", sizes[i]),
				 sizes[i]);
		close(fd);
		assert_int_equal(master_key_load(path, true, key, used, sizeof(used), &err), -1);
		assert_int_equal(err.code, ERROR_INVALID);
	}
}

static void a_credential_is_the_usual_place(void **state)
{
	struct home *home = *state;
	uint8_t key[32], again[32];
	char path[128], used[128];

	snprintf(path, sizeof(path), "%s/sallyport-master-key", home->folder);
	must(master_key_load(path, true, key, used, sizeof(used), e));
	setenv("CREDENTIALS_DIRECTORY", home->folder, 1);
	assert_int_equal(chmod(path, 0440), 0);
	must(master_key_load(NULL, false, again, used, sizeof(used), e));
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_string_equal(used, path);
	assert_memory_equal(key, again, sizeof(key));
}

int main(void)
{
#define row(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		row(a_user_comes_back_as_it_was_put),
		row(a_deleted_user_takes_keys_and_tokens_along),
		row(a_secret_is_kept_and_never_listed),
		row(no_secret_lies_open_in_a_file),
		row(tokens_are_found_by_their_hash_until_they_end),
		row(the_audit_log_is_read_newest_first),
		cmocka_unit_test(an_audit_log_that_was_tampered_with_is_told),
		row(a_master_key_is_made_once_and_for_its_owner_only),
		row(a_master_key_of_the_wrong_size_is_refused),
		row(a_credential_is_the_usual_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
