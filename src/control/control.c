#include "control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/monotime.h"
#include "control/control_internal.h"
#include "control/cores.h"
#include "control/metrics_server.h"
#include "control/local_socket.h"
#include "control/follow.h"
#include "control/wording.h"

#define TICK_MS 1000
#define VERSION_LEAP 1000
#define EXIT_GUARDIAN_GONE 1
#define EXIT_BAD_MANIFEST 2

void control_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void stop(struct control *control, int status)
{
	control->stopping = true;
	control->exit_status = status;
}

void control_ask(struct control *control, const struct message *message, const int *fds,
		 unsigned int fd_count)
{
	/* One question at a time: a full channel means that the guardian no longer reads. */
	if (message_send(control->guard, message, fds, fd_count) != 1)
		stop(control, EXIT_GUARDIAN_GONE);
}

uint64_t control_request_reload(struct control *control)
{
	return ++control->tickets;
}

/* --- the outcome of a plan --- */

static void log_warnings(struct control *control)
{
	size_t i;

	for (i = 0; i < control->warnings.count; i++) {
		const struct model_warning *warning = &control->warnings.items[i];
		struct log_line line;

		if (warning->kind == WARNING_NOTE)
			continue;
		line = log_begin(&control->log, "warning");
		log_text(&line, "place", warning->error.place);
		log_text(&line, "text", warning->error.message);
		log_text(&line, "hint", warning->error.hint);
		log_end(&line);
	}
}

static void take_warnings(struct control *control, struct model_warnings *warnings)
{
	model_warnings_done(&control->warnings);
	control->warnings = *warnings;
	memset(warnings, 0, sizeof(*warnings));
	log_warnings(control);
}

/* At the start somebody waits at a terminal: they get what `sallyport check` would say. */
static void refuse_to_start(struct control *control, const struct error *error)
{
	fprintf(stderr, "sallyportd: %s%s%s\n", error->place, error->place[0] != '\0' ? ": " : "",
		error->message);
	if (error->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", error->hint);
	stop(control, EXIT_BAD_MANIFEST);
}

/* To a guardian that takes over from another one this is the end of the attempt. */
static void tell_refused(struct control *control)
{
	struct message message = { .type = MESSAGE_REFUSED };

	control_ask(control, &message, NULL, 0);
}

static void log_result(struct control *control, const struct error *error)
{
	struct log_line line =
		log_begin(&control->log, error == NULL ? "applied" : "reload_failed");

	log_text(&line, control->follow != NULL ? "data_dir" : "manifest",
		 control->follow != NULL ? control->options->data_dir : control->options->manifest);
	log_number(&line, "version", control->served == NULL ? 0 : control->served->version);
	if (error != NULL)
		log_error(&line, error);
	log_end(&line);
}

static void note_result(struct control *control, const struct error *error, uint64_t ticket)
{
	bool first = control->tickets_done == 0;

	memset(&control->result, 0, sizeof(control->result));
	control->result.done = true;
	if (error != NULL)
		control->result.error = *error;
	control->result.version = control->served == NULL ? 0 : control->served->version;
	control->result.at_s = walltime_s();
	control->tickets_done = ticket;
	log_result(control, error);
	if (error != NULL && control->served == NULL && control->follow == NULL)
		refuse_to_start(control, error);
	else if (error != NULL && first)
		tell_refused(control);
	local_socket_answer_reloads(control);
}

static void recover_slots(struct control *control)
{
	slots_free(control->slots);
	control->slots = plan_recover_slots(control->served);
}

void control_applied(struct control *control, struct plan *plan, const struct error *error)
{
	if (error != NULL) {
		metrics_server_abandon(control);
		recover_slots(control);
	} else {
		plan_free(control->served);
		control->served = plan;
		metrics_server_commit(control);
	}
	note_result(control, error, control->apply.ticket);
	if (control->follow != NULL)
		follow_applied(control, error);
}

/* --- reading the manifest --- */

/* Before the first plan the number is open; afterwards the shared memory has this many rows. */
static uint32_t workers_of(const struct control *control, const struct model_settings *settings)
{
	if (control->options->workers > 0)
		return (uint32_t)control->options->workers;
	return settings->workers > 0 ? (uint32_t)settings->workers : cores_usable();
}

static void warn_about_fixed(const struct control *control, struct plan *plan)
{
	const struct model_settings *settings = &plan->model->settings;
	const char *user = settings->user == NULL ? "" : settings->user;

	if (workers_of(control, settings) != control->workers) {
		model_warn(&plan->warnings, plan->model,
			   model_line_of(plan->model, &settings->workers, 0),
			   "Workers cannot change while Sallyport runs: %u workers go on",
			   control->workers);
		model_warn_hint(&plan->warnings, "Restart sallyportd to have another number.");
	}
	if (control->is_configured && strcmp(user, control->configured.user) != 0) {
		model_warn(&plan->warnings, plan->model,
			   model_line_of(plan->model, &settings->user, 0),
			   "User cannot change while Sallyport runs: \"%s\" stays",
			   control->configured.user);
		model_warn_hint(&plan->warnings, "Restart sallyportd to run as another user.");
	}
}

static int prepare_metrics(struct control *control, struct plan *plan, struct error *err)
{
	const struct model_settings *settings = &plan->model->settings;

	if (metrics_server_prepare(control, settings->metrics_address, err) == 0)
		return 0;
	wording_wrap_error(err, "Settings.MetricsAddress");
	model_error_place(err, plan->model->source,
			  model_line_of(plan->model, &settings->metrics_address, 0));
	/* After a restart the port may still be held by the control that is being replaced. And what is set
	 * through the API concerns nothing else than itself. */
	if (control->follow == NULL && (control->served == NULL || !control->restarted))
		return -1;
	model_warn(&plan->warnings, plan->model,
		   model_line_of(plan->model, &settings->metrics_address, 0), "%s", err->message);
	return 0;
}

static int prepare_plan(struct control *control, struct plan *plan, struct error *err)
{
	int prepared;

	if (control->stats == NULL && control->workers == 0)
		control->workers = workers_of(control, &plan->model->settings);
	warn_about_fixed(control, plan);
	prepared = prepare_metrics(control, plan, err);
	take_warnings(control, &plan->warnings);
	return prepared;
}

void control_apply_plan(struct control *control, struct plan *plan, uint64_t ticket)
{
	struct error err = { 0 };

	if (prepare_plan(control, plan, &err) == 0) {
		apply_begin(control, plan, ticket);
		return;
	}
	plan_free(plan);
	control_plan_failed(control, NULL, &err, ticket);
}

void control_plan_failed(struct control *control, struct model_warnings *warnings,
			 const struct error *error, uint64_t ticket)
{
	if (warnings != NULL)
		take_warnings(control, warnings);
	metrics_server_abandon(control);
	recover_slots(control);
	control->apply.failed_listener[0] = '\0';
	note_result(control, error, ticket);
	if (control->follow != NULL)
		follow_applied(control, error);
}

static void begin_reload(struct control *control)
{
	struct plan_sources sources = {
		.manifest = control->options->manifest,
		.version = control->version + 1,
		.now = walltime_s(),
		.slots = control->slots,
		.old = control->served,
	};
	struct model_warnings warnings = { 0 };
	struct error err = { 0 };
	struct plan *plan = plan_load(&sources, &warnings, &err);

	if (plan == NULL) {
		control_plan_failed(control, &warnings, &err, control->tickets);
		return;
	}
	control->version++;
	control_apply_plan(control, plan, control->tickets);
}

/* --- what the guardian says --- */

/* Versions only grow, also when the document of the control before this one cannot be read. */
static void learn_version(struct control *control)
{
	uint32_t w;

	for (w = 0; w < control->stats->workers; w++)
		if (control->stats->worker[w].version_served > control->version)
			control->version = control->stats->worker[w].version_served;
}

static void take_start(struct control *control, int fds[MESSAGE_FDS])
{
	struct error err;
	struct stats *stats = fds[0] < 0 ? NULL : stats_map(fds[0], &err);

	if (stats != NULL) {
		control->stats = stats;
		control->workers = stats->workers;
		stats->control_pid = (uint64_t)getpid();
		learn_version(control);
	}
	if (fds[1] >= 0)
		control->health = health_map(fds[1], false, &err);
	if (fds[2] >= 0) {
		if (control->log.fd != STDOUT_FILENO)
			close(control->log.fd);
		control->log.fd = fds[2];
		fds[2] = -1;
	}
}

static void take_log(struct control *control, int fds[MESSAGE_FDS])
{
	if (fds[0] < 0)
		return;
	log_flush(&control->log);
	if (control->log.fd != STDOUT_FILENO)
		close(control->log.fd);
	control->log.fd = fds[0];
	fds[0] = -1;
}

static struct plan *map_kept(int document_fd, int revocation_fd, struct error *err)
{
	struct bytes document = { 0 }, revocation = { 0 };
	struct plan *plan = NULL;

	if (message_map(document_fd, &document, err) < 0)
		return NULL;
	if (revocation_fd < 0 || message_map(revocation_fd, &revocation, err) == 0)
		plan = plan_from_kept(document, revocation, err);
	message_unmap(document);
	message_unmap(revocation);
	return plan;
}

static void take_kept(struct control *control, int fds[MESSAGE_FDS])
{
	struct error err = { 0 };
	struct plan *plan = map_kept(fds[0], fds[1], &err);
	struct log_line line;

	if (plan == NULL) {
		line = log_begin(&control->log, "kept_document_unusable");
		log_error(&line, &err);
		log_end(&line);
		return;
	}
	control->served = plan;
	control->restarted = true;
	if (plan->version > control->version)
		control->version = plan->version;
	/* What the control before this one sent last may be on its way to a worker: an answer about it must
	 * not be taken for one of ours. */
	control->version += VERSION_LEAP;
	control->package = (struct package){ plan->version, fds[0], fds[1] };
	fds[0] = fds[1] = -1;
	line = log_begin(&control->log, "kept_document_recovered");
	log_number(&line, "version", plan->version);
	log_end(&line);
}

static void take_ready(struct control *control, int fds[MESSAGE_FDS])
{
	if (control->ready)
		return;
	if (fds[0] >= 0)
		take_kept(control, fds);
	control->slots = plan_recover_slots(control->served);
	secrets_init(control, fds[2]);
	fds[2] = -1;
	control->ready = true;
	local_socket_start(control);
	if (control->follow != NULL)
		follow_start(control);
	control_request_reload(control);
}

static void take_message(struct control *control, const struct message *message,
			 int fds[MESSAGE_FDS])
{
	switch (message->type) {
	case MESSAGE_START:
		take_start(control, fds);
		break;
	case MESSAGE_READY:
		take_ready(control, fds);
		break;
	case MESSAGE_CHANNEL:
		peers_take_channel(control, message->value.channel.role,
				   message->value.channel.index, fds[0]);
		fds[0] = -1;
		break;
	case MESSAGE_LOG:
		take_log(control, fds);
		break;
	case MESSAGE_REPLY:
		apply_replied(control, (int)message->a);
		break;
	case MESSAGE_RELOAD:
		control_request_reload(control);
		break;
	case MESSAGE_STOP:
		stop(control, 0);
		break;
	default:
		break;
	}
}

static void guard_ready(struct watch *watch, uint32_t events)
{
	struct control *control =
		(struct control *)((char *)watch - offsetof(struct control, guard_watch));
	struct message message;
	int fds[MESSAGE_FDS], i;
	int got;

	(void)events;
	while ((got = message_receive(control->guard, &message, fds)) == 1) {
		take_message(control, &message, fds);
		for (i = 0; i < MESSAGE_FDS; i++)
			control_close_fd(&fds[i]);
		if (control->stopping)
			return;
	}
	if (got < 0)
		stop(control, EXIT_GUARDIAN_GONE);
}

/* --- life --- */

static void tick(struct timeout *timeout)
{
	struct control *control =
		(struct control *)((char *)timeout - offsetof(struct control, tick));
	const struct package *package = apply_package(control);

	timeout_set(control->loop, &control->tick, loop_now_ms(control->loop) + TICK_MS);
	if (!control->ready)
		return;
	if (package != NULL || control->served != NULL)
		peers_retry(control, package != NULL ? package : &control->package);
	if (control->served != NULL && !apply_is_busy(control))
		peers_reconcile(control);
	secrets_tick(control, walltime_s());
	local_socket_tick(control);
	metrics_server_tick(control);
	if (control->follow != NULL)
		follow_tick(control);
}

static int init(struct control *control, const struct control_options *options, struct error *err)
{
	const char *source = options->manifest != NULL ? options->manifest : options->data_dir;

	control->options = options;
	/* Several daemons may serve files of one name; a manifest that is missing is said later. */
	if (realpath(source, control->manifest) == NULL)
		snprintf(control->manifest, sizeof(control->manifest), "%s", source);
	control->guard = options->guard;
	control->package = (struct package){ 0, -1, -1 };
	control->secrets.fd = -1;
	control->started_s = walltime_s();
	log_init(&control->log, STDOUT_FILENO, false, true, "control");
	control->loop = loop_new(err);
	if (control->loop == NULL)
		return -1;
	apply_init(control);
	control->guard_watch.ready = guard_ready;
	control->tick.expired = tick;
	timeout_set(control->loop, &control->tick, loop_now_ms(control->loop) + TICK_MS);
	fcntl(control->guard, F_SETFD, FD_CLOEXEC);
	if (loop_add(control->loop, control->guard, &control->guard_watch, EPOLLIN, err) < 0)
		return -1;
	return options->data_dir == NULL ? 0 : follow_open(control, err);
}

static void done(struct control *control)
{
	if (control->loop != NULL) {
		follow_close(control);
		local_socket_stop(control);
		metrics_server_stop(control);
		apply_done(control);
		peers_done(control);
	}
	secrets_done(control);
	control_close_fd(&control->package.document);
	control_close_fd(&control->package.revocation);
	plan_free(control->served);
	slots_free(control->slots);
	model_warnings_done(&control->warnings);
	log_flush(&control->log);
	loop_free(control->loop);
}

/* What is wanted becomes what is served. */
static void follow_wanted(struct control *control)
{
	if (control->follow != NULL)
		follow_turn(control);
	else if (control->ready && !apply_is_busy(control) &&
		 control->tickets > control->tickets_done)
		begin_reload(control);
}

int control_run(const struct control_options *options)
{
	struct control *control = memory_new(sizeof(*control));
	struct error err;
	int status;

	walltime_init();
	if (init(control, options, &err) < 0) {
		refuse_to_start(control, &err);
	}
	while (!control->stopping) {
		loop_turn(control->loop, -1);
		if (!control->stopping)
			follow_wanted(control);
	}
	status = control->exit_status;
	done(control);
	free(control);
	return status;
}
