#include "admin/background.h"

#include <stdlib.h>

#include "admin/admin_internal.h"
#include "base/bytes.h"
#include "base/monotime.h"
#include "control/jobs.h"

#define TIME_MAX_MS 30000
#define TURN_MAX_MS 10000

struct background {
	struct background *next, **link; /* in the list of admin */
	void (*work)(void *arg);
	void (*free)(void *arg);
	void *arg;
	struct admin *admin;
	enum background_kind kind;
	bool done;
	bool abandoned; /* nobody waits for it any more */
};

static void end(struct background *background)
{
	*background->link = background->next;
	if (background->next != NULL)
		background->next->link = background->link;
	background->free(background->arg);
	free(background);
}

static void work(void *arg)
{
	struct background *background = arg;

	background->work(background->arg);
}

static void done(void *arg)
{
	struct background *background = arg;

	background->done = true;
	background->admin->running[background->kind]--;
	if (background->abandoned)
		end(background);
}

static void leave(void *arg)
{
	struct background *background = arg;

	background->abandoned = true;
	if (background->done)
		end(background);
}

void background_end_all(struct admin *admin)
{
	struct background *background, *next;

	for (background = admin->backgrounds; background != NULL; background = next) {
		next = background->next;
		background->free(background->arg);
		free(background);
	}
	admin->backgrounds = NULL;
}

static bool is_ready(const struct call *call)
{
	return ((const struct background *)call->work)->done;
}

/* --- one of each kind --- */

static bool password_turn(const struct call *call)
{
	return call->admin->running[BACKGROUND_PASSWORD] == 0;
}

static bool reading_turn(const struct call *call)
{
	return call->admin->running[BACKGROUND_READING] == 0;
}

int background_wait(struct call *call, enum background_kind kind, struct error *err)
{
	if (call->admin->running[kind] == 0)
		return 0;
	if (call->park.over) {
		call_refuse(err, ERROR_UNAVAILABLE, "ServiceUnavailable", NULL,
			    "too much is going on at this moment");
		return error_hint(err, "Try again in some seconds.");
	}
	call->park.ready = kind == BACKGROUND_PASSWORD ? password_turn : reading_turn;
	call->park.until_ms = monotime_ms() + TURN_MAX_MS;
	return 1;
}

void background_start(struct call *call, enum background_kind kind, void (*do_work)(void *arg),
		      void (*free_arg)(void *arg), void *arg)
{
	struct background *background = memory_new(sizeof(*background));
	struct admin *admin = call->admin;

	*background = (struct background){ .next = admin->backgrounds,
					   .link = &admin->backgrounds,
					   .work = do_work,
					   .free = free_arg,
					   .arg = arg,
					   .admin = admin,
					   .kind = kind };
	if (admin->backgrounds != NULL)
		admin->backgrounds->link = &background->next;
	admin->backgrounds = background;
	admin->running[kind]++;
	call->work = background;
	call->work_free = leave;
	call->park.ready = is_ready;
	call->park.until_ms = monotime_ms() + TIME_MAX_MS;
	jobs_run(admin->config.jobs, work, done, background);
}

void *background_finished(struct call *call, struct error *err)
{
	struct background *background = call->work;

	if (background->done)
		return background->arg;
	call_refuse(err, ERROR_UNAVAILABLE, "ServiceUnavailable", NULL,
		    "it takes too long: too much is going on");
	return NULL;
}

/* --- reading --- */

struct reading {
	struct call call; /* the copy */
	call_step *step;
	int status;
	struct error error;
};

static void reading_work(void *arg)
{
	struct reading *reading = arg;

	reading->status = store_read_begin(reading->call.store, &reading->error);
	if (reading->status < 0)
		return;
	reading->status = reading->step(&reading->call, &reading->error);
	store_read_end(reading->call.store);
}

static void reading_free(void *arg)
{
	struct reading *reading = arg;

	store_close(reading->call.store);
	json_decref(reading->call.parameters);
	json_decref(reading->call.reply);
	free(reading);
}

static int begin_reading(struct call *call, call_step *step, struct error *err)
{
	int waiting = background_wait(call, BACKGROUND_READING, err);
	struct reading *reading;
	struct store *reader;

	if (waiting != 0)
		return waiting < 0 ? -1 : 0;
	reader = store_open_reader(call->store, err);
	if (reader == NULL)
		return -1;
	reading = memory_new(sizeof(*reading));
	reading->step = step;
	reading->call.store = reader;
	reading->call.product = call->product;
	reading->call.action = call->action;
	reading->call.now = call->now;
	reading->call.parameters = json_deep_copy(call->parameters);
	reading->call.reply = json_object();
	background_start(call, BACKGROUND_READING, reading_work, reading_free, reading);
	return 0;
}

int background_read(struct call *call, call_step *step, struct error *err)
{
	struct reading *reading;

	if (!background_is_begun(call))
		return begin_reading(call, step, err);
	reading = background_finished(call, err);
	if (reading == NULL)
		return -1;
	if (reading->status < 0) {
		*err = reading->error;
		return -1;
	}
	json_object_update(call->reply, reading->call.reply);
	return 0;
}
