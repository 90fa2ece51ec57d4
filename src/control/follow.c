#include "control/follow.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/monotime.h"
#include "control/control_internal.h"
#include "control/hooks.h"
#include "control/serving.h"
#include "control/follow_internal.h"
#include "store/job.h"
#include "store/master_key.h"
#include "store/resource.h"

#define RETRY_MS 10000
#define LOCK_WAIT_MS 2000

/* One plan on its way through a job thread. What it borrows stays as it is until it is done: nothing is
 * applied meanwhile. */
struct building {
	struct control *control;
	struct plan_sources sources;
	struct stored_console console;
	char console_ip[64], console_certificate[128];
	struct left_out *left_out; /* a copy: who is not even tried */
	size_t left_out_count;
	struct left_out *faults;   /* found to be impossible on the way */
	size_t fault_count;
	int64_t wanted;            /* what was committed when it began */
	int64_t revision;          /* of the store that was read */
	uint64_t ticket;           /* of the last reload that it covers */
	bool is_built;             /* the job is over */
	struct plan *plan;
	struct model_warnings warnings;
	struct error error;
};

/* --- who cannot be served --- */

/* Its entry, and whether that says anything new. */
static struct left_out *add_left_out(struct left_out **list, size_t *count, const char *listener,
				     const char *why, bool *ret_is_news)
{
	struct left_out *entry = NULL;
	size_t i;

	for (i = 0; i < *count; i++)
		if (strcmp((*list)[i].listener, listener) == 0)
			entry = &(*list)[i];
	*ret_is_news = entry == NULL || strcmp(entry->why, why) != 0;
	if (entry == NULL) {
		*list = memory_resize(*list, (*count + 1) * sizeof(**list));
		entry = &(*list)[(*count)++];
	}
	*entry = (struct left_out){ .again = false };
	snprintf(entry->listener, sizeof(entry->listener), "%s", listener);
	snprintf(entry->why, sizeof(entry->why), "%s", why);
	return entry;
}

static bool is_left_out(void *arg, const char *listener)
{
	const struct building *building = arg;
	size_t i;

	for (i = 0; i < building->left_out_count; i++)
		if (strcmp(building->left_out[i].listener, listener) == 0)
			return true;
	return false;
}

static void note_fault(void *arg, const char *listener, const struct error *why)
{
	struct building *building = arg;
	bool is_news;

	add_left_out(&building->faults, &building->fault_count, listener, why->message, &is_news);
}

static void log_left_out(struct control *control, const struct left_out *entry)
{
	struct log_line line = log_begin(&control->log, "listener_abnormal");

	log_text(&line, "listener", entry->listener);
	log_text(&line, "error", entry->why);
	log_end(&line);
}

/* Those who wait for a change of it are told. */
static void fail_jobs(struct follow *follow, const struct left_out *entry)
{
	struct error err;

	if (store_begin(follow->store, &err) < 0)
		return;
	if (store_jobs_fail(follow->store, STORE_LISTENER, entry->listener, follow->served,
			    entry->why, &err) < 0 ||
	    store_commit(follow->store, &err) < 0)
		store_rollback(follow->store);
}

static void leave_out(struct control *control, const char *listener, const char *why)
{
	struct follow *follow = control->follow;
	bool is_news;
	const struct left_out *entry = add_left_out(&follow->left_out, &follow->left_out_count,
						    listener, why, &is_news);

	follow->retry_ms = loop_now_ms(control->loop) + RETRY_MS;
	if (is_news)
		log_left_out(control, entry);
	fail_jobs(follow, entry);
}

static void try_left_out_again(struct follow *follow)
{
	size_t i;

	for (i = 0; i < follow->left_out_count; i++)
		follow->left_out[i].again = true;
	follow->retry_ms = 0;
}

/* What was tried again is served now. */
static void forget_served(struct follow *follow)
{
	size_t kept = 0, i;

	for (i = 0; i < follow->left_out_count; i++)
		if (!follow->left_out[i].again)
			follow->left_out[kept++] = follow->left_out[i];
	follow->left_out_count = kept;
}

/* --- building, in a job thread --- */

static struct model *read_store(struct building *building)
{
	struct store *reader = building->control->follow->reader;
	struct stored_options options = {
		.left_out = is_left_out,
		.fault = note_fault,
		.arg = building,
		.console = building->console.certificate_id == NULL ? NULL : &building->console,
		.old = building->sources.old == NULL ? NULL : building->sources.old->model,
	};
	struct model *model = NULL;

	if (store_read_begin(reader, &building->error) < 0)
		return NULL;
	building->revision = store_revision(reader);
	if (own_revocations_update(building->sources.own, reader, building->sources.now,
				   &building->error) == 0)
		model = stored_model(reader, &options, &building->warnings, &building->error);
	store_read_end(reader);
	return model;
}

static void build(void *arg)
{
	struct building *building = arg;
	struct model *model = read_store(building);

	if (model != NULL)
		building->plan = plan_make(model, &building->sources, &building->warnings,
					   &building->error);
}

static void building_free(struct building *building)
{
	model_warnings_done(&building->warnings);
	free(building->left_out);
	free(building->faults);
	free(building);
}

static void take_faults(struct control *control, const struct building *building)
{
	size_t i;

	for (i = 0; i < building->fault_count; i++)
		leave_out(control, building->faults[i].listener, building->faults[i].why);
}

static void built(void *arg)
{
	struct building *building = arg;

	building->is_built = true;
}

/* Not before what was asked of the guardian meanwhile has been answered: one question at a time. */
static void take_built(struct control *control)
{
	struct follow *follow = control->follow;
	struct building *building = follow->building;

	follow->building = NULL;
	take_faults(control, building);
	follow->applying = building->revision;
	/* What was committed since then may mend what failed. */
	follow->tried = building->plan != NULL ? building->revision : building->wanted;
	if (building->plan != NULL)
		control_apply_plan(control, building->plan, building->ticket);
	else
		control_plan_failed(control, &building->warnings, &building->error,
				    building->ticket);
	building_free(building);
}

/* --- beginning to build --- */

/* "0.0.0.0:8443" or "[::]:8443" taken apart. */
static bool split_address(const char *text, char *ret_ip, size_t size, int64_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	size_t length;

	if (colon == NULL)
		return false;
	length = (size_t)(colon - text) - (bracket ? 2 : 0);
	if (length >= size || (bracket && colon[-1] != ']'))
		return false;
	memcpy(ret_ip, text + (bracket ? 1 : 0), length);
	ret_ip[length] = '\0';
	*ret_port = strtol(colon + 1, NULL, 10);
	return *ret_port > 0 && *ret_port <= 65535;
}

static void want_console(struct building *building)
{
	const struct control_options *options = building->control->options;
	struct stored_console *console = &building->console;
	char *certificate = store_setting(building->control->follow->store, SERVING_CONSOLE_SETTING);

	if (certificate != NULL && options->console != NULL &&
	    split_address(options->console, building->console_ip, sizeof(building->console_ip),
			  &console->port)) {
		snprintf(building->console_certificate, sizeof(building->console_certificate), "%s",
			 certificate);
		console->certificate_id = building->console_certificate;
		if (strchr(building->console_ip, ':') != NULL)
			console->ipv6 = building->console_ip;
		else
			console->ipv4 = building->console_ip;
		console->backend = options->console_backend;
	}
	free(certificate);
}

static void copy_left_out(const struct follow *follow, struct building *building)
{
	size_t i;

	building->left_out = memory_new((follow->left_out_count + 1) * sizeof(struct left_out));
	for (i = 0; i < follow->left_out_count; i++)
		if (!follow->left_out[i].again)
			building->left_out[building->left_out_count++] = follow->left_out[i];
}

static void begin_building(struct control *control)
{
	struct follow *follow = control->follow;
	struct building *building = memory_new(sizeof(*building));

	/* A change may be what mends them. */
	if (follow->wanted > follow->tried)
		try_left_out_again(follow);
	building->control = control;
	building->wanted = follow->wanted;
	building->ticket = control->tickets;
	building->sources = (struct plan_sources){
		.version = ++control->version,
		.now = walltime_s(),
		.slots = control->slots,
		.old = control->served,
		.own = follow->own,
	};
	copy_left_out(follow, building);
	if (!is_left_out(building, STORED_CONSOLE_NAME))
		want_console(building);
	follow->again = false;
	follow->building = building;
	jobs_run(follow->jobs, build, built, building);
}

static bool is_behind(const struct control *control)
{
	const struct follow *follow = control->follow;

	/* What failed is tried again by follow_tick() alone. */
	return follow->again || control->tickets > control->tickets_done ||
	       follow->wanted > follow->tried;
}

void follow_turn(struct control *control)
{
	struct follow *follow = control->follow;

	/* First: what requests committed in this turn must not wait for another one. */
	if (control->options->hooks->turn != NULL)
		control->options->hooks->turn(follow->hooks_state);
	if (follow->building != NULL && follow->building->is_built && !apply_is_busy(control))
		take_built(control);
	if (control->ready && follow->building == NULL && !apply_is_busy(control) &&
	    is_behind(control))
		begin_building(control);
	follow_revoke_turn(control);
}

/* --- the end of an apply --- */

static void served(struct control *control)
{
	struct follow *follow = control->follow;
	const struct control_hooks *hooks = control->options->hooks;

	follow->served = follow->applying;
	forget_served(follow);
	follow->replaced = true;
	/* The table that was sent meanwhile was made over the lists of the plan before. */
	follow->told = false;
	if (!follow->started) {
		follow->started = true;
		hooks->start(follow->hooks_state);
	}
	if (hooks->served != NULL)
		hooks->served(follow->hooks_state, follow->served);
}

/* false: nobody is to blame, or he is gone by now. */
static bool find_failed(struct control *control, char *ret_id, size_t size)
{
	static const char console[] = STORED_CONSOLE_NAME ":";
	const char *name = control->apply.failed_listener;

	if (strncmp(name, console, sizeof(console) - 1) == 0) {
		snprintf(ret_id, size, "%s", STORED_CONSOLE_NAME);
		return true;
	}
	return name[0] != '\0' && serving_listener_id(control, name, ret_id, size);
}

void follow_applied(struct control *control, const struct error *error)
{
	struct follow *follow = control->follow;
	char listener[65];

	if (error == NULL) {
		served(control);
		return;
	}
	/* One address that cannot be had must not keep everything else waiting. */
	if (find_failed(control, listener, sizeof(listener))) {
		leave_out(control, listener, error->message);
		follow->again = true;
		return;
	}
	follow->retry_ms = loop_now_ms(control->loop) + RETRY_MS;
}

void control_wants(struct control *control, int64_t revision, bool revokes)
{
	struct follow *follow = control->follow;

	if (revision > follow->wanted)
		follow->wanted = revision;
	/* More that came while the last one is on its way: a table of its own. */
	if (revokes) {
		own_revocations_settle(follow->own, follow->store, walltime_s());
		follow->revokes = true;
		follow->told = false;
		follow_revoke_now(control);
	}
}

/* --- life --- */

void follow_worker_said(struct control *control, uint32_t worker, const struct message *message)
{
	const struct control_hooks *hooks = control->options->hooks;

	if (hooks->worker_said != NULL && control->follow->started)
		hooks->worker_said(control->follow->hooks_state, worker, message);
}

void follow_tick(struct control *control)
{
	struct follow *follow = control->follow;

	/* Two plans with ten thousand certificates are much more than one, and the allocator keeps what
	 * it had. */
	if (follow->replaced) {
		follow->replaced = false;
		malloc_trim(0);
	}
	if (follow->retry_ms != 0 && loop_now_ms(control->loop) >= follow->retry_ms &&
	    follow->building == NULL && !apply_is_busy(control)) {
		try_left_out_again(follow);
		follow->again = true;
	}
	if (control->options->hooks->tick != NULL)
		control->options->hooks->tick(follow->hooks_state);
}

void follow_start(struct control *control)
{
	struct follow *follow = control->follow;

	follow->again = true;
	if (control->served == NULL)
		return;
	own_revocations_follow(follow->own, buffer_bytes(&control->served->revocation));
	/* The control before this one may have died between a commit and telling of it. */
	follow->revokes = true;
}

/* A control that was killed has the folder until its last write to the disk is over. */
static struct store *open_when_free(const char *folder, const uint8_t *key, struct error *err)
{
	const struct timespec pause = { 0, 20000000 };
	uint64_t until_ms = monotime_ms() + LOCK_WAIT_MS;
	struct store *store = store_open(folder, key, err);

	while (store == NULL && strcmp(err->symbol, "Conflict.Store") == 0 &&
	       monotime_ms() < until_ms) {
		nanosleep(&pause, NULL);
		store = store_open(folder, key, err);
	}
	return store;
}

static int open_store(struct control *control, struct error *err)
{
	const struct control_options *options = control->options;
	struct follow *follow = control->follow;
	uint8_t key[STORE_MASTER_KEY_SIZE];
	char path[PATH_MAX];

	if (master_key_load(options->master_key, false, key, path, sizeof(path), err) < 0)
		return -1;
	follow->store = open_when_free(options->data_dir, key, err);
	memory_wipe(key, sizeof(key));
	if (follow->store == NULL)
		return -1;
	if (store_notice(follow->store) != NULL)
		log_event(&control->log, "store_mended", "what", store_notice(follow->store));
	follow->own = own_revocations_load(follow->store, err);
	return follow->own == NULL ? -1 : 0;
}

int follow_open(struct control *control, struct error *err)
{
	struct follow *follow = memory_new(sizeof(*follow));
	const struct control_hooks *hooks = control->options->hooks;

	control->follow = follow;
	follow->table_fd = -1;
	if (open_store(control, err) < 0)
		return -1;
	follow->jobs = jobs_new(control->loop, err);
	if (follow->jobs == NULL ||
	    hooks->open(control, control->options->hooks_arg, &follow->hooks_state, err) < 0)
		return -1;
	follow->reader = store_open_reader(follow->store, err);
	if (follow->reader == NULL)
		return -1;
	follow->wanted = store_revision(follow->store);
	return 0;
}

void follow_close(struct control *control)
{
	struct follow *follow = control->follow;

	if (follow == NULL)
		return;
	if (follow->jobs != NULL)
		jobs_free(follow->jobs);
	if (follow->building != NULL) {
		plan_free(follow->building->plan);
		building_free(follow->building);
	}
	if (follow->hooks_state != NULL)
		control->options->hooks->close(follow->hooks_state);
	store_close(follow->reader);
	own_revocations_free(follow->own);
	store_close(follow->store);
	buffer_done(&follow->table);
	control_close_fd(&follow->table_fd);
	free(follow->left_out);
	free(follow);
	control->follow = NULL;
}
