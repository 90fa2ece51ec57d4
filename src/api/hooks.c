/* The API server as control sees it. */
#include "api/api.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "api/doors.h"
#include "api/first_start.h"
#include "api/handlers.h"
#include "api/internal.h"
#include "base/monotime.h"
#include "certs/console.h"
#include "certs/publisher.h"
#include "control/serving.h"

#define NONCES_MAX 200000
#define REQUESTS_PER_SECOND 100 /* of one source on another machine */
#define REQUESTS_BURST 500
#define FAILURES_PER_SECOND 10 /* of proofs, of any one source */
#define FAILURES_BURST 100

/* --- in between --- */

/* Soon again, when there is more to do than fits into one turn. */
static void look_after(struct api *api)
{
	dispatch_turn(api->dispatch);
	if (api->server != NULL)
		server_run(api->server);
	if (dispatch_is_busy(api->dispatch))
		timeout_set(api->loop, &api->soon, loop_now_ms(api->loop));
}

/* It only wakes the loop: what is to be done is done at the end of the turn. */
static void wake_up(struct timeout *timeout)
{
	(void)timeout;
}

static void api_turn(void *state)
{
	look_after(state);
}

static void complain_once(struct api *api, const struct error *error)
{
	if (!api->complained)
		serving_log(api->control, "api_door_failed", "error", error->message);
	api->complained = true;
}

/* After an upgrade the one before may hold the addresses for a moment. */
static void open_doors(struct api *api)
{
	struct error err;

	if (doors_listen(&api->doors, &err) < 0)
		complain_once(api, &err);
	if (doors_enter(&api->doors, api->server, &err) < 0)
		complain_once(api, &err);
}

/* In small bites, so as often as there may be something new to throw away. */
static void expire(struct api *api, int64_t now)
{
	struct error err;

	if (store_expire(api->store, now, &err) < 0)
		reply_log_failure(api, &err);
}

static void api_tick(void *state)
{
	struct api *api = state;
	int64_t now = walltime_s();

	admin_tick(api->admin);
	certs_tick(api->control);
	certs_console_tick(api->control, now);
	expire(api, now);
	api->gate.session_idle_s = admin_idle_s(api->store);
	if (api->server != NULL)
		open_doors(api);
	dispatch_tick(api->dispatch);
	look_after(api);
}

static void api_served(void *state, int64_t revision)
{
	admin_served(((struct api *)state)->admin, revision);
}

static void api_worker_said(void *state, uint32_t worker, const struct message *message)
{
	admin_worker_said(((struct api *)state)->admin, worker, message);
}

/* --- life --- */

static int make_admin(struct api *api, struct error *err)
{
	const struct admin_config config = { .control = api->control,
					     .store = api->store,
					     .jobs = serving_jobs(api->control),
					     .loop = api->loop };

	api->admin = admin_init(&config, err);
	return api->admin == NULL ? -1 : 0;
}

static void make_dispatch(struct api *api)
{
	const struct dispatch_config config = { .control = api->control,
						.store = api->store,
						.admin = api->admin,
						.jobs = serving_jobs(api->control),
						.uses = api->gate.uses,
						.find = handler_find,
						.answered = reply_call,
						.is_gone = reply_is_gone,
						.wants = control_wants };

	api->dispatch = dispatch_new(&config);
}

/* The name in "name:port" of the option, when it is one. */
static void take_host(struct api *api)
{
	const char *address = api->options.address;
	const char *colon = address == NULL ? NULL : strrchr(address, ':');

	if (colon != NULL && address[0] != '[')
		snprintf(api->host, sizeof(api->host), "%.*s", (int)(colon - address), address);
}

static void api_close(void *state)
{
	struct api *api = state;

	if (api->dispatch != NULL)
		dispatch_stop(api->dispatch);
	server_free(api->server);
	dispatch_free(api->dispatch);
	doors_done(&api->doors);
	timeout_cancel(api->loop, &api->soon);
	certs_close();
	admin_close(api->admin);
	uses_free(api->gate.uses);
	nonces_free(api->gate.nonces);
	throttle_free(api->requests);
	throttle_free(api->failures);
	free(api->openapi);
	free(api);
}

static void remember(struct api *api)
{
	api->gate.store = api->store;
	api->gate.nonces = nonces_new(NONCES_MAX);
	api->gate.uses = uses_new();
	api->gate.session_idle_s = admin_idle_s(api->store);
	api->requests = throttle_new(REQUESTS_PER_SECOND, REQUESTS_BURST);
	api->failures = throttle_new(FAILURES_PER_SECOND, FAILURES_BURST);
	api->started_s = walltime_s();
	api->soon.expired = wake_up;
}

/* A first start that nobody could reach would be lost on its user. */
static int prepare(struct api *api, struct error *err)
{
	char endpoint[64];

	if (doors_listen(&api->doors, err) < 0 && serving_bootstrap_fd(api->control) >= 0)
		return -1;
	doors_address(&api->doors, endpoint, sizeof(endpoint));
	if (first_start(api->control, endpoint, err) < 0 || make_admin(api, err) < 0)
		return -1;
	remember(api);
	make_dispatch(api);
	return 0;
}

static int api_open(struct control *control, const void *arg, void **ret_state, struct error *err)
{
	struct api *api = memory_new(sizeof(*api));

	api->options = *(const struct api_options *)arg;
	api->control = control;
	api->store = serving_store(control);
	api->loop = serving_loop(control);
	take_host(api);
	if (doors_init(&api->doors, &api->options, err) < 0 || prepare(api, err) < 0) {
		api_close(api);
		return -1;
	}
	*ret_state = api;
	return 0;
}

static void api_start(void *state)
{
	struct api *api = state;
	const struct server_config config = {
		.loop = api->loop, .arg = api, .handle = route_handle, .refuse = route_refuse
	};
	struct error err;

	api->server = server_new(&config, &err);
	if (api->server == NULL) {
		serving_log(api->control, "api_failed", "error", err.message);
		return;
	}
	open_doors(api);
}

const struct control_hooks api_hooks = {
	.open = api_open,
	.start = api_start,
	.tick = api_tick,
	.turn = api_turn,
	.served = api_served,
	.worker_said = api_worker_said,
	.close = api_close,
};
