#include "control/apply.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/monotime.h"
#include "control/control_internal.h"
#include "control/wording.h"

static void run(struct control *control);

static void add_to_list(void *arg, const struct plan_socket *socket)
{
	struct apply_list *list = arg;

	list->items = memory_resize(list->items, (list->count + 1) * sizeof(*list->items));
	list->items[list->count++] = *socket;
}

static void list_done(struct apply_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* 0.0.0.0:443 and 10.0.0.1:443 cannot be open at once, not even for the time of a change. */
static bool sockets_clash(const struct plan_socket *a, const struct plan_socket *b)
{
	return a->address.family == b->address.family && a->address.port == b->address.port &&
	       (address_is_any(&a->address) || address_is_any(&b->address));
}

static bool clashes_with_any(const struct plan_socket *socket, const struct apply_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (sockets_clash(socket, &list->items[i]))
			return true;
	return false;
}

static void plan_sockets(struct apply *apply, const struct plan *served)
{
	struct apply_list gone = { 0 };
	size_t i;

	plan_each_socket_missing(apply->plan, served, add_to_list, &apply->open);
	if (served != NULL)
		plan_each_socket_missing(served, apply->plan, add_to_list, &gone);
	for (i = 0; i < gone.count; i++)
		add_to_list(clashes_with_any(&gone.items[i], &apply->open) ? &apply->close_first
									   : &apply->close,
			    &gone.items[i]);
	list_done(&gone);
}

/* --- what the guardian is asked --- */

static void ask_about_socket(struct control *control, enum message_type type,
			     const struct plan_socket *socket)
{
	struct message message = { .type = type, .value.address = socket->address };

	control->apply.asked = true;
	control_ask(control, &message, NULL, 0);
}

/* Asks for the next socket of the list; false when there is none left. */
static bool ask_next(struct control *control, enum message_type type, const struct apply_list *list)
{
	if (list->done == list->count)
		return false;
	ask_about_socket(control, type, &list->items[list->done]);
	return true;
}

/* Asks to undo the last one that was done; false when none is left. */
static bool ask_back(struct control *control, enum message_type type, const struct apply_list *list)
{
	if (list->done == 0)
		return false;
	ask_about_socket(control, type, &list->items[list->done - 1]);
	return true;
}

static void ask_configure(struct control *control, const struct message_configure *wanted)
{
	struct message message = { .type = MESSAGE_CONFIGURE, .value.configure = *wanted };

	control->apply.asked = true;
	control_ask(control, &message, NULL, 0);
}

static void ask_keep(struct control *control)
{
	const struct package *package = &control->apply.package;
	struct message message = { .type = MESSAGE_KEEP,
				   .version = package->version,
				   .value.made = plan_revocation_made(control->apply.plan) };
	int fds[3] = { package->document, package->revocation, control->secrets.fd };

	control->apply.asked = true;
	control_ask(control, &message, fds, fds[2] < 0 ? 2 : 3);
}

static void say_serving(struct control *control)
{
	struct message message = { .type = MESSAGE_SERVING,
				   .version = control->apply.package.version };

	control_ask(control, &message, NULL, 0);
}

/* --- steps: true: go on at once; false: an event will --- */

static void finish(struct control *control)
{
	struct apply *apply = &control->apply;
	struct plan *plan = apply->plan;

	say_serving(control);
	control_close_fd(&control->package.document);
	control_close_fd(&control->package.revocation);
	control->package = apply->package;
	apply->package = (struct package){ 0, -1, -1 };
	apply->plan = NULL;
	apply->step = APPLY_IDLE;
	apply_done(control);
	control_applied(control, plan, NULL);
}

static void fail(struct control *control)
{
	struct error error = control->apply.error;

	control->apply.step = APPLY_IDLE;
	apply_done(control);
	control_applied(control, NULL, &error);
}

static void send_all(struct control *control)
{
	struct apply *apply = &control->apply;

	apply->sent = true;
	timeout_set(control->loop, &apply->deadline, loop_now_ms(control->loop) + APPLY_WAIT_MS);
	peers_send_document(control, &apply->package);
}

static bool wait_is_over(struct control *control)
{
	char names[160];

	if (peers_behind(control, control->apply.package.version) == 0)
		return true;
	if (timeout_is_set(&control->apply.deadline))
		return false;
	peers_behind_text(control, control->apply.package.version, names, sizeof(names));
	log_event(&control->log, "apply_incomplete", "silent", names);
	return true;
}

/* Does what the step asks for. When that needs no answer, or none any more, ret_next is set. */
static bool step_forward(struct control *control, enum apply_step *ret_next)
{
	struct apply *apply = &control->apply;

	switch (apply->step) {
	case APPLY_CONFIGURE:
		*ret_next = APPLY_CLOSE_FIRST;
		if (apply->configure == NULL)
			return true;
		ask_configure(control, apply->configure);
		return false;
	case APPLY_CLOSE_FIRST:
		*ret_next = APPLY_OPEN;
		return !ask_next(control, MESSAGE_CLOSE, &apply->close_first);
	case APPLY_OPEN:
		*ret_next = APPLY_SEND;
		return !ask_next(control, MESSAGE_OPEN, &apply->open);
	case APPLY_SEND:
		*ret_next = APPLY_WAIT;
		send_all(control);
		return true;
	case APPLY_WAIT:
		*ret_next = APPLY_KEEP;
		return wait_is_over(control);
	case APPLY_KEEP:
		ask_keep(control);
		return false;
	case APPLY_CLOSE:
		*ret_next = APPLY_FINISH;
		return !ask_next(control, MESSAGE_CLOSE, &apply->close);
	default:
		return false;
	}
}

static bool step_back(struct control *control, enum apply_step *ret_next)
{
	struct apply *apply = &control->apply;

	switch (apply->step) {
	case APPLY_ROLL_BACK:
		*ret_next = APPLY_UNDO;
		timeout_cancel(control->loop, &apply->deadline);
		if (apply->sent && control->served != NULL)
			peers_send_document(control, &control->package);
		return true;
	case APPLY_UNDO:
		*ret_next = APPLY_REOPEN;
		return !ask_back(control, MESSAGE_CLOSE, &apply->open);
	case APPLY_REOPEN:
		*ret_next = APPLY_RECONFIGURE;
		return !ask_back(control, MESSAGE_OPEN, &apply->close_first);
	case APPLY_RECONFIGURE:
		*ret_next = APPLY_FAIL;
		if (apply->before == NULL)
			return true;
		ask_configure(control, apply->before);
		return false;
	default:
		return false;
	}
}

static void run(struct control *control)
{
	struct apply *apply = &control->apply;
	enum apply_step next = APPLY_IDLE;

	while (!apply->asked && !control->stopping) {
		bool is_back = apply->step >= APPLY_ROLL_BACK;

		if (apply->step == APPLY_FINISH) {
			finish(control);
			return;
		}
		if (apply->step == APPLY_FAIL) {
			fail(control);
			return;
		}
		if (is_back ? !step_back(control, &next) : !step_forward(control, &next))
			return;
		apply->step = next;
	}
}

/* --- answers --- */

static void explain_open(struct control *control, const struct plan_socket *socket,
			 int error_number)
{
	struct error *err = &control->apply.error;
	char ip[ADDRESS_TEXT_SIZE];
	unsigned int port = socket->address.port;

	address_format_ip(&socket->address, ip);
	if (error_number == EADDRINUSE) {
		error_set(err, ERROR_CONFLICT, "could not listen: port %u on %s is taken", port,
			  ip);
		error_hint(err,
			   "Stop the program that holds it (\"ss -ltnp sport = :%u\" names it), or "
			   "choose another port.",
			   port);
		error_symbol(err, "Conflict.Port");
	} else if (error_number == EADDRNOTAVAIL) {
		error_set(err, ERROR_INVALID,
			  "could not listen on port %u: %s is no address of this "
			  "machine",
			  port, ip);
		error_hint(err, "Give an address that \"ip address\" shows, or 0.0.0.0 for all.");
	} else if (error_number == EACCES || error_number == EPERM) {
		error_set(err, ERROR_DENIED, "could not listen: port %u on %s needs more rights",
			  port, ip);
		error_hint(
			err,
			"Start sallyportd as root or with CAP_NET_BIND_SERVICE, or choose a port "
			"from 1024 up.");
	} else {
		error_set(err, ERROR_SYSTEM, "could not listen on port %u of %s: %s", port, ip,
			  strerror(error_number));
		if (error_number == EMFILE || error_number == ENFILE)
			error_hint(err, "Raise the limit of open files: ulimit -n, or LimitNOFILE "
					"of the service.");
		else if (error_number == EINVAL && socket->address.family == 6)
			error_hint(err, "Give an address that is not link-local: those need an "
					"interface, which cannot be named.");
	}
	wording_wrap_error(err, error_number == EADDRNOTAVAIL ? "ZoneMappings" : "ListenerPort");
	if (control->apply.plan->model != NULL)
		model_error_place(err, control->apply.plan->model->source, socket->line);
}

static void explain_configure(struct control *control, int error_number)
{
	struct apply *apply = &control->apply;
	const struct model *model = apply->plan->model;
	bool is_user = error_number == ESRCH;
	const void *culprit = is_user ? &model->settings.user : &model->settings.log;

	if (is_user) {
		error_set(&apply->error, ERROR_NOT_FOUND,
			  "Settings.User: could not run as \"%s\": there is no such user",
			  apply->configure->user);
		error_hint(&apply->error, "Create the user, or leave Settings.User out.");
	} else {
		error_set(&apply->error, ERROR_SYSTEM,
			  "Settings.Log: could not write the log to \"%s\": %s",
			  apply->configure->log, strerror(error_number));
		error_hint(&apply->error, "Is its folder there, and may sallyportd write to it?");
	}
	model_error_place(&apply->error, model->source, model_line_of(model, culprit, 0));
}

static void set_configured(struct control *control, const struct message_configure *now)
{
	control->configured = *now;
	control->is_configured = true;
	control->log.json = now->log_json != 0;
}

static void configured(struct control *control, int error_number)
{
	struct apply *apply = &control->apply;

	if (error_number != 0) {
		explain_configure(control, error_number);
		apply->step = APPLY_ROLL_BACK;
		return;
	}
	if (control->is_configured) {
		apply->before = memory_new(sizeof(*apply->before));
		*apply->before = control->configured;
	}
	set_configured(control, apply->configure);
	apply->step = APPLY_CLOSE_FIRST;
}

static bool has_address(const struct document_listener *listener, const struct address *address)
{
	struct address plain = *address;
	uint32_t i;

	plain.port = 0;
	if (listener->stopped || address->port < listener->start_port ||
	    address->port > listener->end_port)
		return false;
	for (i = 0; i < listener->address_count; i++)
		if (address_equal(&listener->addresses[i], &plain))
			return true;
	return false;
}

static void note_failed_listener(struct apply *apply, const struct address *address)
{
	const struct document *document = apply->plan->decoded;
	uint32_t i;

	for (i = 0; i < document->listener_count; i++)
		if (has_address(&document->listeners[i], address))
			snprintf(apply->failed_listener, sizeof(apply->failed_listener), "%s",
				 document->listeners[i].name);
}

static void opened(struct control *control, int error_number)
{
	struct apply *apply = &control->apply;

	if (error_number == 0) {
		apply->open.done++;
		return;
	}
	explain_open(control, &apply->open.items[apply->open.done], error_number);
	note_failed_listener(apply, &apply->open.items[apply->open.done].address);
	apply->step = APPLY_ROLL_BACK;
}

static void kept(struct control *control, int error_number)
{
	if (error_number != 0)
		log_event(&control->log, "keep_failed", "error", strerror(error_number));
	control->apply.step = APPLY_CLOSE;
}

void apply_replied(struct control *control, int error_number)
{
	struct apply *apply = &control->apply;

	if (!apply->asked)
		return;
	apply->asked = false;
	switch (apply->step) {
	case APPLY_CONFIGURE:
		configured(control, error_number);
		break;
	case APPLY_CLOSE_FIRST:
		apply->close_first.done++;
		break;
	case APPLY_OPEN:
		opened(control, error_number);
		break;
	case APPLY_KEEP:
		kept(control, error_number);
		break;
	case APPLY_CLOSE:
		apply->close.done++;
		break;
	case APPLY_UNDO:
		apply->open.done--;
		break;
	case APPLY_REOPEN:
		if (error_number != 0)
			log_event(&control->log, "reopen_failed", "error", strerror(error_number));
		apply->close_first.done--;
		break;
	case APPLY_RECONFIGURE:
		set_configured(control, apply->before);
		apply->step = APPLY_FAIL;
		break;
	case APPLY_KEEP_ALONE:
		apply->step = APPLY_IDLE;
		break;
	default:
		break;
	}
	run(control);
}

void apply_peer_answered(struct control *control)
{
	if (control->apply.step == APPLY_WAIT)
		run(control);
}

void apply_peer_refused(struct control *control, const char *name, uint64_t version,
			const struct error *error)
{
	struct apply *apply = &control->apply;
	struct log_line line = log_begin(&control->log, "document_refused");

	log_text(&line, "by", name);
	log_number(&line, "version", version);
	log_error(&line, error);
	log_end(&line);
	if (apply->step != APPLY_WAIT || version != apply->package.version)
		return;
	apply->error = *error;
	wording_wrap_error(&apply->error, "%s could not serve it", name);
	apply->step = APPLY_ROLL_BACK;
	run(control);
}

void apply_peer_died(struct control *control, const char *name, uint64_t version)
{
	struct apply *apply = &control->apply;

	if (apply->step != APPLY_WAIT || version != apply->package.version ||
	    ++apply->deaths < APPLY_DEATHS_MAX)
		return;
	error_set(&apply->error, ERROR_SYSTEM,
		  "could not serve it: %s and others before it died when they were given it", name);
	error_hint(&apply->error, "The log of sallyportd says how they died. Please report it.");
	apply->step = APPLY_ROLL_BACK;
	run(control);
}

static void deadline_expired(struct timeout *timeout)
{
	struct apply *apply = (struct apply *)((char *)timeout - offsetof(struct apply, deadline));

	run((struct control *)((char *)apply - offsetof(struct control, apply)));
}

/* --- beginning and end --- */

void apply_init(struct control *control)
{
	control->apply.package = (struct package){ 0, -1, -1 };
	control->apply.deadline.expired = deadline_expired;
}

bool apply_is_busy(const struct control *control)
{
	return control->apply.step != APPLY_IDLE;
}

const struct package *apply_package(const struct control *control)
{
	const struct apply *apply = &control->apply;

	return apply->sent && apply->step >= APPLY_WAIT && apply->step <= APPLY_FINISH
		       ? &apply->package
		       : NULL;
}

static bool is_same_configure(const struct message_configure *a, const struct message_configure *b)
{
	return a->workers == b->workers && a->shutdown_timeout_s == b->shutdown_timeout_s &&
	       a->log_json == b->log_json && strcmp(a->log, b->log) == 0 &&
	       strcmp(a->user, b->user) == 0;
}

static struct message_configure *wanted_configure(const struct control *control,
						  const struct plan *plan)
{
	const struct model_settings *settings = &plan->model->settings;
	struct message_configure *wanted = memory_new(sizeof(*wanted));

	wanted->workers = control->workers;
	wanted->shutdown_timeout_s = (uint32_t)settings->shutdown_timeout_s;
	wanted->log_json = settings->log_format == MODEL_LOG_JSON;
	if (settings->user != NULL)
		strncpy(wanted->user, settings->user, sizeof(wanted->user) - 1);
	if (settings->log != NULL)
		strncpy(wanted->log, settings->log, sizeof(wanted->log) - 1);
	/* The user of running processes cannot change. */
	if (control->is_configured)
		memcpy(wanted->user, control->configured.user, sizeof(wanted->user));
	if (control->is_configured && is_same_configure(wanted, &control->configured)) {
		free(wanted);
		return NULL;
	}
	return wanted;
}

static int make_package(struct apply *apply, struct error *err)
{
	const struct plan *plan = apply->plan;

	apply->package.version = plan->version;
	apply->package.document = message_memfd("document", buffer_bytes(&plan->document), err);
	if (apply->package.document < 0)
		return -1;
	apply->package.revocation =
		message_memfd("revocation table", buffer_bytes(&plan->revocation), err);
	return apply->package.revocation < 0 ? -1 : 0;
}

void apply_begin(struct control *control, struct plan *plan, uint64_t ticket)
{
	struct apply *apply = &control->apply;

	apply->plan = plan;
	apply->ticket = ticket;
	apply->asked = apply->sent = false;
	apply->deaths = 0;
	memset(&apply->error, 0, sizeof(apply->error));
	apply->failed_listener[0] = '\0';
	apply->configure = wanted_configure(control, plan);
	plan_sockets(apply, control->served);
	apply->step = make_package(apply, &apply->error) < 0 ? APPLY_FAIL : APPLY_CONFIGURE;
	run(control);
}

void apply_keep_alone(struct control *control, const struct message *message, const int fds[3])
{
	control->apply.step = APPLY_KEEP_ALONE;
	control->apply.asked = true;
	control_ask(control, message, fds, 3);
}

void apply_done(struct control *control)
{
	struct apply *apply = &control->apply;

	timeout_cancel(control->loop, &apply->deadline);
	list_done(&apply->close_first);
	list_done(&apply->open);
	list_done(&apply->close);
	control_close_fd(&apply->package.document);
	control_close_fd(&apply->package.revocation);
	free(apply->configure);
	free(apply->before);
	apply->configure = apply->before = NULL;
	plan_free(apply->plan);
	apply->plan = NULL;
}
