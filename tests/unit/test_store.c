/* The store: transactions, changes, resources, references, tags, settings. */
#include "support_store.h"

#include <fcntl.h>
#include "store/audit.h"
#include "store/job.h"
#include "store/resource.h"

/* --- opening --- */

static void a_new_store_has_seen_no_change(void **state)
{
	struct home *home = *state;
	struct store_change change = { .kind = "listener", .id = "lsn-1", .act = "Create",
				       .now = NOW };
	int64_t revision;

	assert_int_equal(store_revision(home->store), 0);
	assert_int_equal(strlen(store_id(home->store)), 36);
	must(store_change(home->store, &change, &revision, e));
	assert_int_equal(revision, 1);
	home_reopen(home);
	assert_int_equal(store_revision(home->store), 1);
}

static void nobody_else_can_read_its_files(void **state)
{
	static const char *const names[] = { "", "/" STORE_FILE, "/" STORE_FILE "-wal",
					     "/" STORE_FILE "-shm", "/" STORE_JOURNAL_FILE };
	struct home *home = *state;
	struct stat status;
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", home->data, names[i]);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, i == 0 ? 0700 : 0600);
	}
}

static void rights_of_others_are_taken_back(void **state)
{
	struct home *home = *state;
	struct stat status;
	char path[128];

	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	store_close(home->store);
	assert_int_equal(chmod(path, 0644), 0);
	home_open(home);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
	struct home *home = *state;
	struct error err = { 0 };

	store_close(home->store);
	assert_int_equal(chmod(home->data, 0770), 0);
	assert_null(store_open(home->data, test_master_key, &err));
	assert_int_equal(err.code, ERROR_DENIED);
	assert_int_equal(chmod(home->data, 0700), 0);
	home_open(home);
}

static void a_second_writer_is_refused(void **state)
{
	struct home *home = *state;
	struct error err = { 0 };

	assert_null(store_open(home->data, test_master_key, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_string_equal(err.symbol, "Conflict.Store");
}

static void another_master_key_is_refused(void **state)
{
	static const uint8_t other[STORE_MASTER_KEY_SIZE] = { 1 };
	struct home *home = *state;
	struct error err = { 0 };

	store_close(home->store);
	assert_null(store_open(home->data, other, &err));
	assert_string_equal(err.symbol, "MasterKey.Wrong");
	home_open(home);
}

static void a_store_without_its_check_gets_no_new_identity(void **state)
{
	struct home *home = *state;
	struct error err = { 0 };

	must(store_setting_put(home->store, "store.check", NULL, e));
	store_close(home->store);
	home->store = NULL;
	assert_null(store_open(home->data, test_master_key, &err));
	assert_int_equal(err.code, ERROR_INVALID);
}

static void a_used_store_without_its_id_gets_no_new_one(void **state)
{
	const struct store_change change = { .kind = "user", .id = "a", .act = "Create", .now = 1 };
	struct home *home = *state;
	struct error err = { 0 };
	int64_t revision;

	must(store_change(home->store, &change, &revision, e));
	must(store_setting_put(home->store, "store.id", NULL, e));
	must(store_setting_put(home->store, "store.check", NULL, e));
	store_close(home->store);
	home->store = NULL;
	assert_null(store_open(home->data, test_master_key, &err));
	assert_int_equal(err.code, ERROR_INVALID);
}

static void a_database_that_is_gone_is_not_taken_for_a_new_store(void **state)
{
	struct home *home = *state;
	struct error err = { 0 };
	char path[128], away[128];

	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	snprintf(away, sizeof(away), "%s/away", home->folder);
	store_close(home->store);
	assert_int_equal(rename(path, away), 0);
	assert_null(store_open(home->data, test_master_key, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(rename(away, path), 0);
	home_open(home);
}

/* --- transactions --- */

static void what_is_committed_stays_and_what_is_rolled_back_goes(void **state)
{
	struct home *home = *state;
	char *value;

	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "kept", "1", e));
	must(store_commit(home->store, e));
	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "gone", "1", e));
	store_rollback(home->store);
	home_reopen(home);
	value = store_setting(home->store, "kept");
	assert_string_equal(value, "1");
	free(value);
	assert_null(store_setting(home->store, "gone"));
}

static void one_request_of_a_batch_is_undone_by_itself(void **state)
{
	struct home *home = *state;
	struct store_change change = { .kind = "listener", .id = "lsn-1", .act = "Create",
				       .now = NOW };
	int64_t revision, rows;
	char *value;

	must(store_begin(home->store, e));
	for (int i = 0; i < 3; i++) {
		char name[] = "name0";

		name[4] = (char)('0' + i);
		must(store_savepoint(home->store, e));
		must(store_change(home->store, &change, &revision, e));
		must(store_setting_put(home->store, name, "1", e));
		if (i == 1)
			store_undo(home->store);
		else
			must(store_release(home->store, e));
	}
	assert_int_equal(store_revision(home->store), 2);
	must(store_commit(home->store, e));
	assert_null(store_setting(home->store, "name1"));
	value = store_setting(home->store, "name2");
	assert_string_equal(value, "1");
	free(value);
	must(store_audit_verify(home->store, &rows, e));
	assert_int_equal(rows, 2);
}

static void transactions_must_be_used_in_order(void **state)
{
	struct home *home = *state;
	struct error err = { 0 };

	assert_int_equal(store_commit(home->store, &err), -1);
	assert_int_equal(store_savepoint(home->store, &err), -1);
	assert_int_equal(store_release(home->store, &err), -1);
	must(store_begin(home->store, e));
	assert_int_equal(store_begin(home->store, &err), -1);
	assert_int_equal(store_release(home->store, &err), -1);
	store_undo(home->store);
	must(store_commit(home->store, e));
}

static void a_reader_sees_the_last_commit_and_keeps_its_view(void **state)
{
	struct home *home = *state;
	struct error err = { 0 };
	struct store *reader = store_open_reader(home->store, &err);
	char *value;

	assert_non_null(reader);
	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "name", "new", e));
	assert_null(store_setting(reader, "name"));
	must(store_read_begin(reader, e));
	must(store_commit(home->store, e));
	assert_null(store_setting(reader, "name"));
	store_read_end(reader);
	value = store_setting(reader, "name");
	assert_string_equal(value, "new");
	free(value);
	assert_int_equal(store_setting_put(reader, "name", "other", &err), -1);
	assert_int_equal(err.code, ERROR_UNAVAILABLE);
	store_close(reader);
}

/* --- changes --- */

static void note_change(void *arg, const struct store_logged_change *change)
{
	char *text = arg;
	size_t used = strlen(text);

	snprintf(text + used, 200 - used, "%d:%s:%s:%s ", (int)change->revision, change->kind,
		 change->id, change->act);
}

static void changes_can_be_followed_from_a_revision(void **state)
{
	static const char *const acts[] = { "Create", "Update", "Delete" };
	struct home *home = *state;
	struct store_change change = { .kind = "listener", .id = "lsn-1", .actor = "root",
				       .now = NOW };
	char text[200] = "";
	int64_t revision;

	for (int i = 0; i < 3; i++) {
		change.act = acts[i];
		must(store_change(home->store, &change, &revision, e));
	}
	must(store_each_change(home->store, 1, 10, note_change, text, e));
	assert_string_equal(text, "2:listener:lsn-1:Update 3:listener:lsn-1:Delete ");
	text[0] = '\0';
	must(store_each_change(home->store, 0, 1, note_change, text, e));
	assert_string_equal(text, "1:listener:lsn-1:Create ");
}

/* --- settings --- */

static void a_setting_is_replaced_and_removed(void **state)
{
	struct home *home = *state;
	char *value;

	assert_null(store_setting(home->store, "color"));
	must(store_setting_put(home->store, "color", "red", e));
	must(store_setting_put(home->store, "color", "blue", e));
	value = store_setting(home->store, "color");
	assert_string_equal(value, "blue");
	free(value);
	must(store_setting_put(home->store, "color", NULL, e));
	assert_null(store_setting(home->store, "color"));
}

/* --- resources --- */

static void put_resource(struct store *store, const char *kind, const char *id, const char *parent,
			 const char *name, int64_t created_s)
{
	struct store_resource resource = { .id = (char *)id, .name = (char *)name,
					   .parent = (char *)parent, .revision = 1,
					   .created_s = created_s, .updated_s = created_s };

	resource.body = json_pack("{s:s, s:[i, i]}", "Name", name, "Ports", 1, 2);
	must(store_resource_put(store, kind, &resource, e));
	json_decref(resource.body);
}

static void a_resource_comes_back_as_it_was_put(void **state)
{
	struct home *home = *state;
	struct store_resource resource = { 0 };
	struct error err = { 0 };

	put_resource(home->store, STORE_LISTENER, "lsn-1", "nlb-1", "w\xc3\xa4" "b", NOW);
	home_reopen(home);
	assert_int_equal(store_resource_get(home->store, STORE_LISTENER, "lsn-1", &resource, &err),
			 1);
	assert_string_equal(resource.id, "lsn-1");
	assert_string_equal(resource.name, "w\xc3\xa4" "b");
	assert_string_equal(resource.parent, "nlb-1");
	assert_int_equal(json_integer_value(json_array_get(json_object_get(resource.body, "Ports"),
							   1)), 2);
	assert_int_equal(resource.created_s, NOW);
	store_resource_done(&resource);
	assert_int_equal(store_resource_get(home->store, STORE_LOAD_BALANCER, "lsn-1", &resource,
					    &err), 0);
}

static void a_replaced_resource_keeps_its_time_of_creation(void **state)
{
	struct home *home = *state;
	struct store_resource resource = { 0 };
	struct error err = { 0 };

	put_resource(home->store, STORE_LISTENER, "lsn-1", NULL, "old", NOW);
	put_resource(home->store, STORE_LISTENER, "lsn-1", NULL, "new", NOW + 5);
	assert_int_equal(store_resource_get(home->store, STORE_LISTENER, "lsn-1", &resource, &err),
			 1);
	assert_string_equal(resource.name, "new");
	assert_null(resource.parent);
	assert_int_equal(resource.created_s, NOW);
	assert_int_equal(resource.updated_s, NOW + 5);
	store_resource_done(&resource);
}

struct seen {
	char text[256];
	int stop_after;
};

static bool note_resource(void *arg, const struct store_resource *resource)
{
	struct seen *seen = arg;

	strcat(seen->text, resource->id);
	strcat(seen->text, " ");
	return --seen->stop_after != 0;
}

static const char *list(struct store *store, const struct store_filter *filter, struct seen *seen)
{
	*seen = (struct seen){ .stop_after = -1 };
	must(store_resource_each(store, STORE_LISTENER, filter, note_resource, seen, e));
	return seen->text;
}

static void fill(struct store *store)
{
	put_resource(store, STORE_LISTENER, "lsn-c", "nlb-1", "web", NOW);
	put_resource(store, STORE_LISTENER, "lsn-b", "nlb-1", "mail", NOW + 1);
	put_resource(store, STORE_LISTENER, "lsn-a", "nlb-2", "web", NOW + 1);
	put_resource(store, STORE_LISTENER, "lsn-d", "nlb-2", "ftp", NOW + 2);
	put_resource(store, STORE_LOAD_BALANCER, "nlb-1", NULL, "web", NOW);
	must(store_tag_put(store, STORE_LISTENER, "lsn-a", "env", "test", e));
	must(store_tag_put(store, STORE_LISTENER, "lsn-a", "team", "x", e));
	must(store_tag_put(store, STORE_LISTENER, "lsn-b", "env", "live", e));
	must(store_tag_put(store, STORE_LOAD_BALANCER, "lsn-c", "env", "test", e));
}

static void lists_are_filtered_and_in_the_order_of_creation(void **state)
{
	struct home *home = *state;
	struct seen seen;
	json_t *names = json_pack("[s, s]", "web", "ftp"), *none = json_array();
	json_t *ids = json_pack("[s, s]", "lsn-d", "lsn-x");
	json_t *live = json_pack("[{s:s, s:s}]", "Key", "env", "Value", "test");
	json_t *any = json_pack("[{s:s}]", "Key", "env");
	json_t *both = json_pack("[{s:s}, {s:s, s:s}]", "Key", "env", "Key", "team", "Value", "y");
	const struct {
		struct store_filter filter;
		const char *wanted;
	} rows[] = {
		{ { 0 }, "lsn-c lsn-a lsn-b lsn-d " },
		{ { .parent = "nlb-1" }, "lsn-c lsn-b " },
		{ { .name = "web" }, "lsn-c lsn-a " },
		{ { .names = names }, "lsn-c lsn-a lsn-d " },
		{ { .ids = ids }, "lsn-d " },
		{ { .ids = none }, "" },
		{ { .tags = live }, "lsn-a " },
		{ { .tags = any }, "lsn-a lsn-b " },
		{ { .tags = both }, "" },
		{ { .tags = none }, "lsn-c lsn-a lsn-b lsn-d " },
		{ { .limit = 2 }, "lsn-c lsn-a " },
		{ { .after = "lsn-a", .limit = 2 }, "lsn-b lsn-d " },
		{ { .after = "lsn-a", .parent = "nlb-2" }, "lsn-d " },
		{ { .after = "lsn-d" }, "" },
		{ { .after = "nlb-1" }, "" },
		{ { .name = "web' OR 1=1 --" }, "" },
	};

	fill(home->store);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(list(home->store, &rows[i].filter, &seen), rows[i].wanted);
	assert_string_equal(list(home->store, NULL, &seen), "lsn-c lsn-a lsn-b lsn-d ");
	assert_int_equal(store_resource_count(home->store, STORE_LISTENER, &rows[4].filter, NULL),
			 1);
	assert_int_equal(store_resource_count(home->store, STORE_LISTENER, &rows[11].filter, NULL),
			 4);
	json_decref(names);
	json_decref(none);
	json_decref(ids);
	json_decref(live);
	json_decref(any);
	json_decref(both);
}

static void a_page_goes_on_behind_a_row_that_is_gone(void **state)
{
	struct home *home = *state;
	struct store_filter filter = { .after = "lsn-a" };
	struct seen seen;

	fill(home->store);
	must(store_resource_delete(home->store, STORE_LISTENER, "lsn-a", e));
	assert_string_equal(list(home->store, &filter, &seen), "lsn-b lsn-d ");
}

static void each_stops_when_told(void **state)
{
	struct home *home = *state;
	struct seen seen = { .stop_after = 2 };

	fill(home->store);
	must(store_resource_each(home->store, STORE_LISTENER, NULL, note_resource, &seen, e));
	assert_string_equal(seen.text, "lsn-c lsn-a ");
}

struct nested {
	struct store *store;
	int count;
};

static bool list_again(void *arg, const struct store_resource *resource)
{
	struct nested *nested = arg;
	struct seen seen;

	assert_string_equal(list(nested->store, NULL, &seen), "lsn-c lsn-a lsn-b lsn-d ");
	assert_non_null(resource->body);
	nested->count++;
	return true;
}

static void a_list_may_be_read_inside_the_same_list(void **state)
{
	struct home *home = *state;
	struct nested nested = { .store = home->store };

	fill(home->store);
	must(store_resource_each(home->store, STORE_LISTENER, NULL, list_again, &nested, e));
	assert_int_equal(nested.count, 4);
}

/* --- references and tags --- */

static bool note_reference(void *arg, const struct store_reference *reference)
{
	struct seen *seen = arg;

	snprintf(seen->text + strlen(seen->text), sizeof(seen->text) - strlen(seen->text),
		 "%s:%s:%s ", reference->from_kind, reference->from_id, reference->role);
	return true;
}

static const char *users_of(struct store *store, const char *id, struct seen *seen)
{
	*seen = (struct seen){ 0 };
	must(store_references_to(store, STORE_SERVER_GROUP, id, note_reference, seen, e));
	return seen->text;
}

static void references_are_replaced_as_a_whole(void **state)
{
	struct home *home = *state;
	const struct store_reference first[] = {
		{ .role = "ServerGroupId", .to_kind = STORE_SERVER_GROUP, .to_id = "sgp-1" },
		{ .role = "ServerGroupId", .to_kind = STORE_SERVER_GROUP, .to_id = "sgp-1" },
		{ .role = "CertificateIds", .to_kind = STORE_CERTIFICATE, .to_id = "1" },
	};
	const struct store_reference second[] = {
		{ .role = "ServerGroupId", .to_kind = STORE_SERVER_GROUP, .to_id = "sgp-2" },
	};
	struct seen seen;

	must(store_references_put(home->store, STORE_LISTENER, "lsn-1", first, 3, e));
	must(store_references_put(home->store, STORE_LISTENER, "lsn-2", first, 1, e));
	assert_string_equal(users_of(home->store, "sgp-1", &seen),
			    "listener:lsn-1:ServerGroupId listener:lsn-2:ServerGroupId ");
	must(store_references_put(home->store, STORE_LISTENER, "lsn-1", second, 1, e));
	assert_string_equal(users_of(home->store, "sgp-1", &seen),
			    "listener:lsn-2:ServerGroupId ");
	assert_string_equal(users_of(home->store, "sgp-2", &seen),
			    "listener:lsn-1:ServerGroupId ");
	must(store_resource_delete(home->store, STORE_LISTENER, "lsn-1", e));
	assert_string_equal(users_of(home->store, "sgp-2", &seen), "");
}

static void a_deleted_resource_takes_its_tags_with_it(void **state)
{
	struct home *home = *state;
	struct error err = { 0 };
	json_t *tags;

	fill(home->store);
	tags = store_tags(home->store, STORE_LISTENER, "lsn-a", &err);
	assert_int_equal(json_array_size(tags), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(tags, 0), "Key")),
			    "env");
	json_decref(tags);
	must(store_resource_delete(home->store, STORE_LISTENER, "lsn-a", e));
	tags = store_tags(home->store, STORE_LISTENER, "lsn-a", &err);
	assert_int_equal(json_array_size(tags), 0);
	json_decref(tags);
}

static bool note_tag(void *arg, const char *id, const char *key, const char *value)
{
	struct seen *seen = arg;

	snprintf(seen->text + strlen(seen->text), sizeof(seen->text) - strlen(seen->text),
		 "%s:%s=%s ", id, key, value);
	return true;
}

static void tags_are_listed_by_id_and_by_tag(void **state)
{
	struct home *home = *state;
	json_t *ids = json_pack("[s]", "lsn-b"), *tags = json_pack("[{s:s}]", "Key", "team");
	struct seen seen = { 0 };

	fill(home->store);
	must(store_tags_each(home->store, STORE_LISTENER, NULL, NULL, note_tag, &seen, e));
	assert_string_equal(seen.text, "lsn-a:env=test lsn-a:team=x lsn-b:env=live ");
	seen = (struct seen){ 0 };
	must(store_tags_each(home->store, STORE_LISTENER, ids, NULL, note_tag, &seen, e));
	assert_string_equal(seen.text, "lsn-b:env=live ");
	seen = (struct seen){ 0 };
	must(store_tags_each(home->store, STORE_LISTENER, NULL, tags, note_tag, &seen, e));
	assert_string_equal(seen.text, "lsn-a:env=test lsn-a:team=x ");
	must(store_tag_delete(home->store, STORE_LISTENER, "lsn-a", "env", e));
	seen = (struct seen){ 0 };
	must(store_tags_each(home->store, STORE_LISTENER, NULL, tags, note_tag, &seen, e));
	assert_string_equal(seen.text, "lsn-a:team=x ");
	json_decref(ids);
	json_decref(tags);
}

/* --- jobs and client tokens --- */

static void a_job_fails_only_when_its_revision_is_not_served(void **state)
{
	struct home *home = *state;
	struct store_job job = { .id = "job-1", .action = "CreateListener", .kind = STORE_LISTENER,
				 .resource = "lsn-1", .revision = 5, .created_s = NOW };
	struct store_job found = { 0 };
	struct error err = { 0 };

	must(store_job_put(home->store, &job, e));
	must(store_jobs_fail(home->store, STORE_LISTENER, "lsn-1", 5, "port taken", e));
	assert_int_equal(store_job_get(home->store, "job-1", &found, &err), 1);
	assert_null(found.error);
	store_job_done(&found);
	must(store_jobs_fail(home->store, STORE_LISTENER, "lsn-1", 4, "port taken", e));
	assert_int_equal(store_job_get(home->store, "job-1", &found, &err), 1);
	assert_string_equal(found.error, "port taken");
	assert_int_equal(found.revision, 5);
	store_job_done(&found);
	assert_int_equal(store_job_get(home->store, "job-2", &found, &err), 0);
}

static struct store_client_token client_token(const char *user, const char *token)
{
	return (struct store_client_token){ .user = (char *)user, .product = "nlb",
					    .action = "CreateListener", .token = (char *)token,
					    .digest = { 7 }, .created_s = NOW };
}

static void an_answer_is_kept_for_its_user_and_token(void **state)
{
	struct home *home = *state;
	struct store_client_token token = client_token("root", "t-1"), found = { 0 }, key;
	struct error err = { 0 };

	token.reply = json_pack("{s:s}", "ListenerId", "lsn-1");
	must(store_client_token_put(home->store, &token, e));
	json_decref(token.reply);
	key = client_token("root", "t-1");
	assert_int_equal(store_client_token_get(home->store, &key, &found, &err), 1);
	assert_int_equal(found.digest[0], 7);
	assert_string_equal(json_string_value(json_object_get(found.reply, "ListenerId")), "lsn-1");
	store_client_token_done(&found);
	key = client_token("other", "t-1");
	assert_int_equal(store_client_token_get(home->store, &key, &found, &err), 0);
	key = client_token("root", "t-2");
	assert_int_equal(store_client_token_get(home->store, &key, &found, &err), 0);
}

static void what_is_kept_for_a_time_goes_after_it(void **state)
{
	struct home *home = *state;
	struct store_client_token token = client_token("root", "t-1"), found = { 0 };
	struct store_change change = { .kind = "listener", .id = "lsn-1", .act = "Create",
				       .now = NOW };
	struct store_job job = { .id = "job-1", .created_s = NOW }, found_job = { 0 };
	char text[200] = "";
	struct error err = { 0 };
	int64_t revision;

	token.reply = json_object();
	must(store_client_token_put(home->store, &token, e));
	json_decref(token.reply);
	must(store_job_put(home->store, &job, e));
	must(store_change(home->store, &change, &revision, e));
	must(store_expire(home->store, NOW + 86400, e));
	assert_int_equal(store_client_token_get(home->store, &token, &found, &err), 1);
	store_client_token_done(&found);
	must(store_expire(home->store, NOW + 86401, e));
	assert_int_equal(store_client_token_get(home->store, &token, &found, &err), 0);
	must(store_each_change(home->store, 0, 10, note_change, text, e));
	assert_string_equal(text, "");
	assert_int_equal(store_job_get(home->store, "job-1", &found_job, &err), 1);
	store_job_done(&found_job);
	must(store_expire(home->store, NOW + 7 * 86400 + 1, e));
	assert_int_equal(store_job_get(home->store, "job-1", &found_job, &err), 0);
}

int main(void)
{
#define row(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		row(a_new_store_has_seen_no_change),
		row(nobody_else_can_read_its_files),
		row(rights_of_others_are_taken_back),
		row(a_folder_that_others_may_write_to_is_refused),
		row(a_second_writer_is_refused),
		row(another_master_key_is_refused),
		row(a_store_without_its_check_gets_no_new_identity),
		row(a_used_store_without_its_id_gets_no_new_one),
		row(a_database_that_is_gone_is_not_taken_for_a_new_store),
		row(what_is_committed_stays_and_what_is_rolled_back_goes),
		row(one_request_of_a_batch_is_undone_by_itself),
		row(transactions_must_be_used_in_order),
		row(a_reader_sees_the_last_commit_and_keeps_its_view),
		row(changes_can_be_followed_from_a_revision),
		row(a_setting_is_replaced_and_removed),
		row(a_resource_comes_back_as_it_was_put),
		row(a_replaced_resource_keeps_its_time_of_creation),
		row(lists_are_filtered_and_in_the_order_of_creation),
		row(a_page_goes_on_behind_a_row_that_is_gone),
		row(each_stops_when_told),
		row(a_list_may_be_read_inside_the_same_list),
		row(references_are_replaced_as_a_whole),
		row(a_deleted_resource_takes_its_tags_with_it),
		row(tags_are_listed_by_id_and_by_tag),
		row(a_job_fails_only_when_its_revision_is_not_served),
		row(an_answer_is_kept_for_its_user_and_token),
		row(what_is_kept_for_a_time_goes_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
