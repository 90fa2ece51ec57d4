/* Calls on their way through: prepared, batched, committed, finished, answered; with a store of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "api/dispatch.h"
#include "api/uses.h"
#include "base/monotime.h"
#include "control/jobs.h"
#include "net/loop.h"
#include "store/identity.h"

/* --- a small product --- */

static const struct parameter put_parameters[] = {
	OWN("Name", PARAMETER_REQUIRED, TEXT_OF(1, 20), HELP("Name of the setting.")),
	OWN("Value", 0, TEXT_OF(0, 20), HELP("Its value.")),
	OWN("Password", PARAMETER_SECRET, TEXT_OF(0, 20), HELP("Secret.")),
	OWN("Mode", 0, TEXT_OF(0, 20), HELP("fail, fail-in-prepare, fail-in-finish, secret.")),
};
#define ROW(action_name, action_flags) \
	{ .name = (action_name), .right = RIGHT_OPERATE, .flags = (action_flags), \
	  PARAMETERS(put_parameters), .reply = "", .help = "Test." }
static const struct action actions[] = {
	ROW("Put", ACTION_WRITES),    ROW("PutSlowly", ACTION_WRITES),
	ROW("Get", 0),                ROW("Wait", 0),
	ROW("WaitAndPut", ACTION_WRITES), ROW("RevokeIt", ACTION_WRITES),
	ROW("Nobody", 0),             ROW("Refused", ACTION_REFUSED),
};
static const struct product product = { "test", "2026-01-01", "Test.", actions,
					ACTION_COUNT(actions) };

struct world {
	char folder[64];
	struct loop *loop;
	struct jobs *jobs;
	struct store *store;
	struct uses *uses;
	struct dispatch *dispatch;
	int64_t wanted; /* revision that control was told of */
	bool revokes;
	bool ready, gone;
	unsigned int freed;
	char order[2048]; /* the names of what was run */
};
static struct world *world;

/* What a caller was answered. */
struct answer {
	unsigned int count;
	struct error error; /* code ERROR_NONE: good */
	json_t *reply;
};

static bool mode_is(const struct call *call, const char *mode)
{
	const char *given = call_text(call, "Mode");

	return given != NULL && strcmp(given, mode) == 0;
}

static int put_run(struct call *call, struct error *err)
{
	const char *name = call_text(call, "Name");
	int64_t revision;

	strcat(strcat(world->order, name), " ");
	if (store_setting_put(call->store, name, call_text(call, "Value"), err) < 0 ||
	    call_change(call, "setting", name, "Update", true, NULL, NULL, &revision, err) < 0)
		return -1;
	json_object_set_new(call->reply, "Revision", json_integer(revision));
	call->keeps_secret = mode_is(call, "secret");
	if (mode_is(call, "fail"))
		return call_refuse(err, ERROR_CONFLICT, "Conflict.Port", "Mode", "on purpose");
	return 0;
}

static void free_work(void *work)
{
	free(work);
	world->freed++;
}

static int slow_prepare(struct call *call, struct error *err)
{
	call->work = memory_copy_string("prepared");
	call->work_free = free_work;
	if (mode_is(call, "fail-in-prepare"))
		return call_refuse(err, ERROR_INVALID, "IllegalParam.Mode", "Mode", "on purpose");
	return 0;
}

static int slow_finish(struct call *call, struct error *err)
{
	if (mode_is(call, "fail-in-finish"))
		return call_refuse(err, ERROR_SYSTEM, "InternalError", NULL, "on purpose");
	json_object_set_new(call->reply, "Work", json_string(call->work));
	return 0;
}

static int revoke_run(struct call *call, struct error *err)
{
	call->revokes = true;
	return put_run(call, err);
}

static int get_run(struct call *call, struct error *err)
{
	char *value = store_setting(call->store, call_text(call, "Name"));

	if (value == NULL)
		return call_not_found(err, "setting", call_text(call, "Name"));
	json_object_set_new(call->reply, "Value", json_string(value));
	free(value);
	return 0;
}

static bool is_ready(const struct call *call)
{
	(void)call;
	return world->ready;
}

static int wait_run(struct call *call, struct error *err)
{
	(void)err;
	if (call->park.rounds == 0) {
		call->park.ready = is_ready;
		call->park.until_ms = monotime_ms() + (mode_is(call, "short") ? 0 : 30000);
		json_object_set_new(call->reply, "Early", json_true());
		return 0;
	}
	json_object_set_new(call->reply, "Over", json_boolean(call->park.over));
	return 0;
}

static int wait_and_put_run(struct call *call, struct error *err)
{
	if (call->park.rounds == 0)
		return wait_run(call, err);
	return put_run(call, err);
}

static const struct handler handlers[] = {
	{ "test", "Put", NULL, put_run, NULL },
	{ "test", "PutSlowly", slow_prepare, put_run, slow_finish },
	{ "test", "Get", NULL, get_run, NULL },
	{ "test", "Wait", NULL, wait_run, NULL },
	{ "test", "WaitAndPut", NULL, wait_and_put_run, NULL },
	{ "test", "RevokeIt", NULL, revoke_run, NULL },
};

static const struct handler *find(const struct product *of, const struct action *action)
{
	size_t i;

	(void)of;
	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (strcmp(handlers[i].action, action->name) == 0)
			return &handlers[i];
	}
	return NULL;
}

/* --- the world around it --- */

static void answered(void *owner, const struct call *call, const struct error *error)
{
	struct answer *answer = owner;

	answer->count++;
	if (error != NULL)
		answer->error = *error;
	else
		answer->reply = json_deep_copy(call->reply);
}

static void wants(struct control *control, int64_t revision, bool revokes)
{
	(void)control;
	world->wanted = revision;
	world->revokes |= revokes;
}

static bool is_gone(void *owner)
{
	(void)owner;
	return world->gone;
}

static void make_dispatch(void)
{
	struct dispatch_config config = { .store = world->store,
					  .jobs = world->jobs,
					  .uses = world->uses,
					  .find = find,
					  .answered = answered,
					  .is_gone = is_gone,
					  .wants = wants };

	world->dispatch = dispatch_new(&config);
}

static int setup(void **state)
{
	static const uint8_t key[STORE_MASTER_KEY_SIZE] = { 1, 2, 3 };
	struct error err = { 0 };

	world = memory_new(sizeof(*world));
	snprintf(world->folder, sizeof(world->folder), "/tmp/sallyport-dispatch-" "XX" "XX" "XX");
	assert_non_null(mkdtemp(world->folder));
	world->loop = loop_new(&err);
	world->jobs = jobs_new(world->loop, &err);
	world->store = store_open(world->folder, key, &err);
	if (world->store == NULL)
		fail_msg("%s", err.message);
	world->uses = uses_new();
	make_dispatch();
	*state = world;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	jobs_free(world->jobs);
	dispatch_stop(world->dispatch);
	dispatch_free(world->dispatch);
	uses_free(world->uses);
	store_close(world->store);
	loop_free(world->loop);
	nftw(world->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(world);
	return 0;
}

static void call_signed(struct answer *answer, const char *action, const char *parameters,
			const char *nonce, bool check_nonce)
{
	const struct caller caller = { .role = CALLER_OPERATOR, .user = "ana", .from = "unix",
				       .credential = "key" };
	const struct action *found = action_find(&product, action);
	json_t *given = json_loads(parameters, 0, NULL);
	struct error err = { 0 };
	struct dispatch_order order = { .owner = answer,
					.product = &product,
					.action = found,
					.caller = &caller,
					.request_id = "ID",
					.nonce = nonce,
					.check_nonce = check_nonce };

	order.parameters = action_validate(found, given, true, &err);
	json_decref(given);
	if (order.parameters == NULL)
		fail_msg("%s", err.message);
	memset(answer, 0, sizeof(*answer));
	dispatch_call(world->dispatch, &order);
}

static void call(struct answer *answer, const char *action, const char *parameters)
{
	call_signed(answer, action, parameters, "", false);
}

static void turn(void)
{
	dispatch_turn(world->dispatch);
}

/* Until it was answered: its jobs run in other threads. */
static void await(struct answer *answer)
{
	while (answer->count == 0) {
		loop_turn(world->loop, 1000);
		turn();
	}
}

static void is_good(struct answer *answer)
{
	assert_int_equal(answer->count, 1);
	if (answer->error.code != ERROR_NONE)
		fail_msg("%s", answer->error.message);
	json_decref(answer->reply);
	answer->reply = NULL;
}

static void is_refused(const struct answer *answer, const char *symbol)
{
	assert_int_equal(answer->count, 1);
	assert_string_equal(answer->error.symbol, symbol);
}

static char *setting(const char *name)
{
	static char value[64];
	char *found = store_setting(world->store, name);

	snprintf(value, sizeof(value), "%s", found != NULL ? found : "(none)");
	free(found);
	return value;
}

/* --- reads and writes --- */

static void a_read_is_answered_at_once(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "Get", "{\"Name\":\"x\"}");
	is_refused(&answer, "ResourceNotFound.setting");
}

static void a_write_is_answered_after_its_commit(void **state)
{
	struct answer put, get;

	(void)state;
	call(&put, "Put", "{\"Name\":\"x\",\"Value\":\"1\"}");
	assert_int_equal(put.count, 0);
	assert_true(dispatch_is_busy(world->dispatch));
	turn();
	assert_int_equal(world->wanted, json_integer_value(json_object_get(put.reply, "Revision")));
	is_good(&put);
	assert_false(dispatch_is_busy(world->dispatch));
	call(&get, "Get", "{\"Name\":\"x\"}");
	assert_string_equal(json_string_value(json_object_get(get.reply, "Value")), "1");
	is_good(&get);
}

static void a_write_that_fails_leaves_nothing_and_hurts_nobody(void **state)
{
	struct answer first, second, third;

	(void)state;
	call(&first, "Put", "{\"Name\":\"a\",\"Value\":\"1\"}");
	call(&second, "Put", "{\"Name\":\"b\",\"Value\":\"2\",\"Mode\":\"fail\"}");
	call(&third, "Put", "{\"Name\":\"c\",\"Value\":\"3\"}");
	turn();
	is_good(&first);
	is_refused(&second, "Conflict.Port");
	assert_string_equal(second.error.place, "Mode");
	is_good(&third);
	assert_string_equal(setting("a"), "1");
	assert_string_equal(setting("b"), "(none)");
	assert_string_equal(setting("c"), "3");
}

static void a_batch_has_an_upper_bound(void **state)
{
	struct answer answers[STORE_BATCH_MAX + 2];
	char parameters[64];
	size_t i, done = 0;

	(void)state;
	for (i = 0; i < STORE_BATCH_MAX + 2; i++) {
		snprintf(parameters, sizeof(parameters), "{\"Name\":\"n%zu\",\"Value\":\"v\"}", i);
		call(&answers[i], "Put", parameters);
	}
	dispatch_turn(world->dispatch);
	for (i = 0; i < STORE_BATCH_MAX + 2; i++)
		done += answers[i].count;
	assert_int_equal(done, STORE_BATCH_MAX);
	assert_true(dispatch_is_busy(world->dispatch));
	turn();
	for (i = 0; i < STORE_BATCH_MAX + 2; i++)
		is_good(&answers[i]);
}

static void revocations_go_first(void **state)
{
	struct answer put, revoke;

	(void)state;
	call(&put, "Put", "{\"Name\":\"a\",\"Value\":\"1\"}");
	call(&revoke, "RevokeIt", "{\"Name\":\"b\",\"Value\":\"1\"}");
	turn();
	assert_string_equal(world->order, "b a ");
	assert_true(world->revokes);
	is_good(&put);
	is_good(&revoke);
}

static void what_nobody_does_is_said(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "Nobody", "{\"Name\":\"a\"}");
	is_refused(&answer, "InternalError");
	call(&answer, "Refused", "{\"Name\":\"a\"}");
	is_refused(&answer, "OperationDenied.NotSupported");
}

/* --- prepare and finish --- */

static void slow_work_is_done_before_and_after(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "PutSlowly", "{\"Name\":\"x\",\"Value\":\"1\"}");
	await(&answer);
	assert_string_equal(json_string_value(json_object_get(answer.reply, "Work")), "prepared");
	is_good(&answer);
	assert_int_equal(world->freed, 1);
	assert_string_equal(setting("x"), "1");
}

static void what_cannot_be_prepared_is_not_run(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "PutSlowly", "{\"Name\":\"x\",\"Value\":\"1\",\"Mode\":\"fail-in-prepare\"}");
	await(&answer);
	is_refused(&answer, "IllegalParam.Mode");
	assert_string_equal(setting("x"), "(none)");
	assert_int_equal(world->freed, 1);
}

static void what_cannot_be_finished_is_done_all_the_same(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "PutSlowly", "{\"Name\":\"x\",\"Value\":\"1\",\"Mode\":\"fail-in-finish\"}");
	await(&answer);
	is_refused(&answer, "InternalError");
	assert_string_equal(setting("x"), "1");
}

/* --- DryRun and ClientToken --- */

static void a_dry_run_changes_nothing(void **state)
{
	int64_t before = store_revision(world->store);
	struct answer answer;

	(void)state;
	call(&answer, "Put", "{\"Name\":\"x\",\"Value\":\"1\",\"DryRun\":true}");
	turn();
	is_refused(&answer, "DryRunOperation");
	assert_string_equal(setting("x"), "(none)");
	assert_int_equal(store_revision(world->store), before);
	assert_int_equal(world->wanted, 0);
}

static void a_dry_run_says_what_would_fail(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "Put", "{\"Name\":\"x\",\"Mode\":\"fail\",\"DryRun\":true}");
	turn();
	is_refused(&answer, "Conflict.Port");
}

#define WITH_TOKEN "{\"Name\":\"x\",\"Value\":\"1\",\"ClientToken\":\"t\"}"

static void the_same_token_does_it_once(void **state)
{
	struct answer first, second, third;
	json_t *kept;

	(void)state;
	call(&first, "Put", WITH_TOKEN);
	call(&second, "Put", WITH_TOKEN);
	turn();
	call(&third, "Put", WITH_TOKEN);
	turn();
	assert_string_equal(world->order, "x ");
	kept = json_incref(first.reply);
	assert_true(json_equal(kept, second.reply));
	assert_true(json_equal(kept, third.reply));
	json_decref(kept);
	is_good(&first);
	is_good(&second);
	is_good(&third);
}

static void a_token_belongs_to_its_parameters(void **state)
{
	struct answer first, second;

	(void)state;
	call(&first, "Put", WITH_TOKEN);
	turn();
	is_good(&first);
	call(&second, "Put", "{\"Name\":\"x\",\"Value\":\"2\",\"ClientToken\":\"t\"}");
	turn();
	is_refused(&second, "IdempotenceSignatureMismatch");
	assert_string_equal(setting("x"), "1");
}

static void a_token_of_what_failed_is_free_again(void **state)
{
	struct answer first, second;

	(void)state;
	call(&first, "Put", "{\"Name\":\"x\",\"Mode\":\"fail\",\"ClientToken\":\"t\"}");
	turn();
	is_refused(&first, "Conflict.Port");
	call(&second, "Put", WITH_TOKEN);
	turn();
	is_good(&second);
}

static void a_secret_is_not_kept_for_its_token(void **state)
{
	static const char parameters[] = "{\"Name\":\"x\",\"Value\":\"1\",\"Mode\":\"secret\","
					 "\"ClientToken\":\"t\"}";
	struct answer first, second;

	(void)state;
	call(&first, "Put", parameters);
	turn();
	is_good(&first);
	call(&second, "Put", parameters);
	turn();
	is_refused(&second, "Conflict.ClientToken");
}

static void a_password_is_no_part_of_what_a_token_remembers(void **state)
{
	struct answer first, second;

	(void)state;
	call(&first, "Put", "{\"Name\":\"x\",\"Password\":\"one\",\"ClientToken\":\"t\"}");
	turn();
	is_good(&first);
	call(&second, "Put", "{\"Name\":\"x\",\"Password\":\"two\",\"ClientToken\":\"t\"}");
	turn();
	is_good(&second);
}

static void a_signed_write_is_not_played_back_after_a_restart(void **state)
{
	struct answer first, again, other;

	(void)state;
	call_signed(&first, "Put", "{\"Name\":\"x\",\"Value\":\"1\"}", "nonce", false);
	turn();
	is_good(&first);
	dispatch_stop(world->dispatch);
	dispatch_free(world->dispatch);
	make_dispatch();
	call_signed(&again, "Put", "{\"Name\":\"x\",\"Value\":\"1\"}", "nonce", true);
	call_signed(&other, "Put", "{\"Name\":\"y\",\"Value\":\"1\"}", "other", true);
	turn();
	is_refused(&again, "SignatureNonceUsed");
	is_good(&other);
}

/* --- waiting --- */

static void a_call_may_wait_until_it_is_ready(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "Wait", "{\"Name\":\"x\"}");
	turn();
	assert_int_equal(answer.count, 0);
	world->ready = true;
	turn();
	assert_null(json_object_get(answer.reply, "Early"));
	assert_true(json_is_false(json_object_get(answer.reply, "Over")));
	is_good(&answer);
}

static void a_call_does_not_wait_beyond_its_time(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "Wait", "{\"Name\":\"x\",\"Mode\":\"short\"}");
	turn();
	assert_true(json_is_true(json_object_get(answer.reply, "Over")));
	is_good(&answer);
}

static void a_write_that_waited_has_a_batch_of_its_own(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "WaitAndPut", "{\"Name\":\"x\",\"Value\":\"1\",\"ClientToken\":\"t\"}");
	turn();
	assert_int_equal(answer.count, 0);
	assert_string_equal(setting("x"), "(none)");
	world->ready = true;
	turn();
	assert_true(dispatch_is_busy(world->dispatch));
	turn();
	is_good(&answer);
	assert_string_equal(setting("x"), "1");
}

static void who_went_away_is_not_waited_for(void **state)
{
	struct answer answer;

	(void)state;
	call(&answer, "Wait", "{\"Name\":\"x\"}");
	world->gone = true;
	dispatch_tick(world->dispatch);
	is_refused(&answer, "ServiceUnavailable");
}

static void the_end_answers_everybody(void **state)
{
	struct answer parked, queued, late;

	(void)state;
	call(&parked, "Wait", "{\"Name\":\"x\"}");
	call(&queued, "Put", "{\"Name\":\"x\",\"Value\":\"1\"}");
	dispatch_stop(world->dispatch);
	is_refused(&parked, "ServiceUnavailable");
	is_refused(&queued, "ServiceUnavailable");
	call(&late, "Get", "{\"Name\":\"x\"}");
	is_refused(&late, "ServiceUnavailable");
	assert_string_equal(setting("x"), "(none)");
}

/* --- uses --- */

static void when_a_key_was_used_is_written_along(void **state)
{
	struct error err = { 0 };
	struct store_user user = { .name = "ana", .role = "operator" };
	struct store_access_key key = { .id = "key", .user = "ana", .secret = "s3cret" }, found;

	(void)state;
	assert_int_equal(store_begin(world->store, &err), 0);
	assert_int_equal(store_user_put(world->store, &user, &err), 0);
	assert_int_equal(store_access_key_put(world->store, &key, &err), 0);
	assert_int_equal(store_commit(world->store, &err), 0);
	uses_note_key(world->uses, &key, 1000);
	assert_true(uses_are_waiting(world->uses));
	turn();
	assert_false(uses_are_waiting(world->uses));
	assert_int_equal(store_access_key_get(world->store, "key", &found, &err), 1);
	assert_int_equal(found.used_s, 1000);
	assert_string_equal(found.secret, "s3cret");
	uses_note_key(world->uses, &found, 1000 + USES_EVERY_S - 1);
	assert_false(uses_are_waiting(world->uses));
	store_access_key_done(&found);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(a_read_is_answered_at_once),
		IN_A_WORLD(a_write_is_answered_after_its_commit),
		IN_A_WORLD(a_write_that_fails_leaves_nothing_and_hurts_nobody),
		IN_A_WORLD(a_batch_has_an_upper_bound),
		IN_A_WORLD(revocations_go_first),
		IN_A_WORLD(what_nobody_does_is_said),
		IN_A_WORLD(slow_work_is_done_before_and_after),
		IN_A_WORLD(what_cannot_be_prepared_is_not_run),
		IN_A_WORLD(what_cannot_be_finished_is_done_all_the_same),
		IN_A_WORLD(a_dry_run_changes_nothing),
		IN_A_WORLD(a_dry_run_says_what_would_fail),
		IN_A_WORLD(the_same_token_does_it_once),
		IN_A_WORLD(a_token_belongs_to_its_parameters),
		IN_A_WORLD(a_token_of_what_failed_is_free_again),
		IN_A_WORLD(a_secret_is_not_kept_for_its_token),
		IN_A_WORLD(a_password_is_no_part_of_what_a_token_remembers),
		IN_A_WORLD(a_signed_write_is_not_played_back_after_a_restart),
		IN_A_WORLD(a_call_may_wait_until_it_is_ready),
		IN_A_WORLD(a_call_does_not_wait_beyond_its_time),
		IN_A_WORLD(a_write_that_waited_has_a_batch_of_its_own),
		IN_A_WORLD(who_went_away_is_not_waited_for),
		IN_A_WORLD(the_end_answers_everybody),
		IN_A_WORLD(when_a_key_was_used_is_written_along),
	};

	walltime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
