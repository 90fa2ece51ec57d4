#include "api/errand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/wipe.h"
#include "base/monotime.h"

/* Exports are audited: they write too. */
static bool is_write(const struct action *action)
{
	return (action->flags & ACTION_WRITES) != 0 || action->right == RIGHT_EXPORT;
}

struct errand *errand_new(struct dispatch *dispatch, const struct dispatch_order *order)
{
	struct errand *errand = memory_new(sizeof(*errand));
	struct call *call = &errand->call;

	errand->dispatch = dispatch;
	errand->owner = order->owner;
	errand->handler = dispatch->config.find(order->product, order->action);
	errand->writes = is_write(order->action);
	errand->check_nonce = order->check_nonce;
	snprintf(errand->nonce, sizeof(errand->nonce), "%s", order->nonce);
	call->control = dispatch->config.control;
	call->store = dispatch->config.store;
	call->admin = dispatch->config.admin;
	call->product = order->product;
	call->action = order->action;
	call->caller = *order->caller;
	call->parameters = order->parameters;
	call->reply = json_object();
	call->now = walltime_s();
	call->over_tls = order->over_tls;
	call->dry_run = errand->writes && call_boolean(call, "DryRun", false);
	snprintf(call->request_id, sizeof(call->request_id), "%s", order->request_id);
	errand->next = dispatch->all;
	if (errand->next != NULL)
		errand->next->prev = errand;
	dispatch->all = errand;
	return errand;
}

/* Texts at any depth; the value stays. */
static void wipe_texts(json_t *value)
{
	if (value != NULL)
		json_wipe(json_incref(value));
}

/* Passwords and keys are not left behind in freed memory. */
static void wipe_secrets(const struct call *call)
{
	size_t i;

	for (i = 0; i < call->action->parameter_count; i++) {
		const struct parameter *parameter = &call->action->parameters[i];

		if (parameter->flags & PARAMETER_SECRET)
			wipe_texts(call_value(call, parameter->name));
	}
	if (call->keeps_secret)
		wipe_texts(call->reply);
}

static void errand_free(struct errand *errand)
{
	struct call *call = &errand->call;

	if (errand->prev != NULL)
		errand->prev->next = errand->next;
	else
		errand->dispatch->all = errand->next;
	if (errand->next != NULL)
		errand->next->prev = errand->prev;
	if (call->work != NULL && call->work_free != NULL)
		call->work_free(call->work);
	wipe_secrets(call);
	json_decref(call->parameters);
	json_decref(call->reply);
	json_decref(call->headers);
	free(errand);
}

void errand_answer(struct errand *errand)
{
	errand->dispatch->config.answered(errand->owner, &errand->call,
					  errand->failed ? &errand->error : NULL);
	errand_free(errand);
}

void errand_fail(struct errand *errand, const struct error *error)
{
	errand->failed = true;
	errand->error = *error;
}

bool errand_is_ready(const struct errand *errand, uint64_t now_ms)
{
	const struct call *call = &errand->call;

	return now_ms >= call->park.until_ms || call->park.ready(call);
}

void errand_unpark(struct errand *errand)
{
	struct call *call = &errand->call;

	call->park.over = !call->park.ready(call);
	call->park.ready = NULL;
	call->park.rounds++;
	call->now = walltime_s();
	json_object_clear(call->reply);
}
