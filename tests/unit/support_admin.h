/*
 * What tests of handlers need: a store in a folder of its own, a control role that serves nothing,
 * job threads, and a dispatcher of one call at a time that knows how to wait.
 */
#ifndef SALLYPORT_TESTS_SUPPORT_ADMIN_H
#define SALLYPORT_TESTS_SUPPORT_ADMIN_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "admin/admin.h"
#include "admin/admin_internal.h"
#include "base/bytes.h"
#include "base/monotime.h"
#include "control/control_internal.h"
#include "control/follow_internal.h"
#include "control/jobs.h"

#define NOW 1800000000

struct bench {
	char folder[64];
	struct control control;
	struct control_options options;
	struct follow follow;
	struct store *store;
	struct loop *loop;
	struct jobs *jobs;
	struct admin *admin;
	struct caller caller;
	struct error error;     /* of the last call */
	json_t *reply, *headers; /* of the last call */
	int64_t now;
};

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline struct bench *bench_new(void)
{
	static const uint8_t key[STORE_MASTER_KEY_SIZE] = { 7 };
	struct bench *bench = memory_new(sizeof(*bench));
	struct admin_config config;
	char six[7] = "";
	struct error err = { 0 };

	memset(six, 'X', 6); /* mkdtemp() wants them at the end */
	snprintf(bench->folder, sizeof(bench->folder), "%s/sallyport-unit-%s", P_tmpdir, six);
	assert_non_null(mkdtemp(bench->folder));
	bench->now = NOW;
	bench->store = store_open(bench->folder, key, &err);
	assert_string_equal(err.message, "");
	bench->loop = loop_new(&err);
	bench->jobs = jobs_new(bench->loop, &err);
	assert_non_null(bench->jobs);
	bench->options.data_dir = bench->folder;
	bench->control.options = &bench->options;
	bench->control.loop = bench->loop;
	bench->control.follow = &bench->follow;
	bench->follow.store = bench->store;
	bench->follow.jobs = bench->jobs;
	config = (struct admin_config){ &bench->control, bench->store, bench->jobs, bench->loop };
	bench->admin = admin_init(&config, &err);
	bench->caller = (struct caller){ .role = CALLER_ADMINISTRATOR, .proof = PROOF_TOKEN,
					 .user = "root", .from = "192.0.2.1",
					 .credential = "tok-x" };
	return bench;
}

static inline void bench_free(struct bench *bench)
{
	json_decref(bench->reply);
	json_decref(bench->headers);
	jobs_free(bench->jobs);
	admin_close(bench->admin);
	loop_free(bench->loop);
	store_close(bench->store);
	nftw(bench->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(bench);
}

static inline const struct handler *bench_handler(const char *action)
{
	const struct handler *handler = admin_handlers;

	while (handler->action != NULL && strcmp(handler->action, action) != 0)
		handler++;
	assert_non_null(handler->action);
	return handler;
}

/* One round of run in a transaction of its own. */
static inline int bench_round(struct bench *bench, const struct handler *handler,
			      struct call *call)
{
	int status;

	assert_int_equal(store_begin(bench->store, &bench->error), 0);
	assert_int_equal(store_savepoint(bench->store, &bench->error), 0);
	status = handler->run(call, &bench->error);
	if (status == 0 && !call->dry_run)
		assert_int_equal(store_release(bench->store, &bench->error), 0);
	else
		store_undo(bench->store);
	assert_int_equal(store_commit(bench->store, &bench->error), 0);
	return status;
}

static inline int bench_run(struct bench *bench, const struct handler *handler, struct call *call)
{
	int status = 0;

	if (handler->prepare != NULL)
		status = handler->prepare(call, &bench->error);
	if (status == 0)
		status = bench_round(bench, handler, call);
	while (status == 0 && call->park.ready != NULL) {
		while (!call->park.ready(call) && monotime_ms() < call->park.until_ms)
			loop_turn(bench->loop, 20);
		call->park.over = !call->park.ready(call);
		call->park.ready = NULL;
		call->park.rounds++;
		json_object_clear(call->reply);
		status = bench_round(bench, handler, call);
	}
	return status;
}

/* raw: parameters as JSON text with ' for ". 0 or -1; bench->reply and bench->error say the rest.
 * */
static inline int bench_call(struct bench *bench, const char *action, const char *raw)
{
	struct call call = { .control = &bench->control, .store = bench->store,
			     .admin = bench->admin, .product = &product_sallyport,
			     .caller = bench->caller, .now = bench->now,
			     .request_id = "B9A1C3D4-0000-4000-8000-000000000001" };
	char *text = memory_copy_string(raw), *at;
	json_t *given;
	int status = -1;

	for (at = text; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	given = json_loads(text, 0, NULL);
	assert_non_null(given);
	free(text);
	memset(&bench->error, 0, sizeof(bench->error));
	json_decref(bench->reply);
	json_decref(bench->headers);
	call.action = action_find(&product_sallyport, action);
	assert_non_null(call.action);
	call.reply = json_object();
	call.parameters = action_validate(call.action, given, true, &bench->error);
	call.dry_run = json_is_true(json_object_get(given, "DryRun"));
	json_decref(given);
	if (call.parameters != NULL)
		status = bench_run(bench, bench_handler(action), &call);
	if (call.work != NULL)
		call.work_free(call.work);
	json_decref(call.parameters);
	bench->reply = call.reply;
	bench->headers = call.headers;
	return status;
}

static inline const char *reply_string(const struct bench *bench, const char *name)
{
	const char *text = json_string_value(json_object_get(bench->reply, name));

	return text != NULL ? text : "(missing)";
}

static inline int64_t reply_integer(const struct bench *bench, const char *name)
{
	return json_integer_value(json_object_get(bench->reply, name));
}

static inline bool reply_is_true(const struct bench *bench, const char *name)
{
	return json_is_true(json_object_get(bench->reply, name));
}

static inline size_t reply_rows(const struct bench *bench, const char *name)
{
	return json_array_size(json_object_get(bench->reply, name));
}

/* Text of a row: "Users", 0, "User". */
static inline const char *row_string(const struct bench *bench, const char *name, size_t row,
				     const char *member)
{
	const char *text = json_string_value(json_object_get(
		json_array_get(json_object_get(bench->reply, name), row), member));

	return text != NULL ? text : "(missing)";
}

#define assert_done(bench, action, raw) \
	do { \
		int done_status = bench_call(bench, action, raw); \
		assert_string_equal((bench)->error.message, ""); \
		assert_int_equal(done_status, 0); \
	} while (0)

#define assert_refused(bench, action, raw, wanted) \
	do { \
		assert_int_equal(bench_call(bench, action, raw), -1); \
		assert_string_equal((bench)->error.symbol, wanted); \
	} while (0)

#endif
