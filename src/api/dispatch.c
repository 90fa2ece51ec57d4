#include "api/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "api/errand.h"
#include "base/monotime.h"

/* --- jobs --- */

static void prepare(void *arg)
{
	struct errand *errand = arg;
	struct error why = { 0 };

	if (errand->handler->prepare(&errand->call, &why) < 0)
		errand_fail(errand, &why);
}

static void finish(void *arg)
{
	struct errand *errand = arg;
	struct error why = { 0 };

	if (errand->handler->finish(&errand->call, &why) < 0)
		errand_fail(errand, &why);
}

static void finished(void *arg)
{
	errand_answer(arg);
}

/* --- run --- */

static bool is_urgent(const struct action *action)
{
	return strstr(action->name, "Revoke") != NULL ||
	       strcmp(action->name, "UpdateCACertificateStatus") == 0;
}

static void run_read(struct errand *errand)
{
	struct error why = { 0 };

	errand->state = ERRAND_RUNNING;
	if (errand->handler->run(&errand->call, &why) < 0) {
		errand_fail(errand, &why);
		errand->call.park.ready = NULL;
	}
	dispatch_went_on(errand);
}

static void go_on(struct errand *errand)
{
	struct dispatch *dispatch = errand->dispatch;

	if (errand->failed) {
		errand_answer(errand);
	} else if (errand->writes) {
		errand->state = ERRAND_QUEUED;
		queue_put(is_urgent(errand->call.action) ? &dispatch->urgent : &dispatch->waiting,
			  errand);
	} else {
		run_read(errand);
	}
}

static void prepared(void *arg)
{
	go_on(arg);
}

void dispatch_went_on(struct errand *errand)
{
	if (!errand->failed && errand->call.park.ready != NULL) {
		errand->state = ERRAND_PARKED;
	} else if (!errand->failed && errand->handler->finish != NULL) {
		errand->state = ERRAND_IN_JOB;
		jobs_run(errand->dispatch->config.jobs, finish, finished, errand);
	} else {
		errand_answer(errand);
	}
}

/* --- those that wait --- */

static void ask_parked(struct dispatch *dispatch)
{
	uint64_t now_ms = monotime_ms();
	struct errand *errand, *next;

	for (errand = dispatch->all; errand != NULL; errand = next) {
		next = errand->next;
		if (errand->state != ERRAND_PARKED || !errand_is_ready(errand, now_ms))
			continue;
		errand_unpark(errand);
		go_on(errand);
	}
}

static int gone(struct error *err)
{
	return call_refuse(err, ERROR_UNAVAILABLE, "ServiceUnavailable", NULL,
			   "nobody waits for the answer any more");
}

/* Who went away does not hold a connection until its time is over. */
static void drop_gone(struct dispatch *dispatch)
{
	struct errand *errand, *next;
	struct error err;

	gone(&err);
	for (errand = dispatch->all; errand != NULL; errand = next) {
		next = errand->next;
		if (errand->state != ERRAND_PARKED || dispatch->config.is_gone == NULL ||
		    !dispatch->config.is_gone(errand->owner))
			continue;
		errand_fail(errand, &err);
		errand_answer(errand);
	}
}

void dispatch_turn(struct dispatch *dispatch)
{
	if (dispatch->stopped)
		return;
	batch_run(dispatch);
	ask_parked(dispatch);
}

void dispatch_tick(struct dispatch *dispatch)
{
	drop_gone(dispatch);
	dispatch_turn(dispatch);
}

bool dispatch_is_busy(const struct dispatch *dispatch)
{
	return dispatch->urgent.first != NULL || dispatch->waiting.first != NULL;
}

/* --- coming and going --- */

static int refused(const struct action *action, struct error *err)
{
	call_refuse(err, ERROR_INVALID, "OperationDenied.NotSupported", NULL,
		    "%s is not supported here: %.180s", action->name, action->help);
	return -1;
}

static int stopping(struct error *err)
{
	call_refuse(err, ERROR_UNAVAILABLE, "ServiceUnavailable", NULL, "Sallyport is stopping");
	return error_hint(err, "Try again in a few seconds.");
}

/* -1: it goes no further. */
static int check(const struct errand *errand, struct error *err)
{
	const struct action *action = errand->call.action;

	if (errand->dispatch->stopped)
		return stopping(err);
	if (errand->handler != NULL)
		return 0;
	if (action->flags & ACTION_REFUSED)
		return refused(action, err);
	return call_refuse(err, ERROR_SYSTEM, "InternalError", NULL, "nobody carries out %s",
			   action->name);
}

void dispatch_call(struct dispatch *dispatch, const struct dispatch_order *order)
{
	struct errand *errand = errand_new(dispatch, order);
	struct error err;

	if (check(errand, &err) < 0) {
		errand_fail(errand, &err);
		errand_answer(errand);
	} else if (errand->handler->prepare != NULL) {
		errand->state = ERRAND_IN_JOB;
		jobs_run(dispatch->config.jobs, prepare, prepared, errand);
	} else {
		go_on(errand);
	}
}

struct dispatch *dispatch_new(const struct dispatch_config *config)
{
	struct dispatch *dispatch = memory_new(sizeof(*dispatch));

	dispatch->config = *config;
	queue_init(&dispatch->urgent);
	queue_init(&dispatch->waiting);
	return dispatch;
}

void dispatch_stop(struct dispatch *dispatch)
{
	struct error err;

	dispatch->stopped = true;
	queue_init(&dispatch->urgent);
	queue_init(&dispatch->waiting);
	stopping(&err);
	while (dispatch->all != NULL) {
		errand_fail(dispatch->all, &err);
		errand_answer(dispatch->all);
	}
}

void dispatch_free(struct dispatch *dispatch)
{
	free(dispatch);
}
