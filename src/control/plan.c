#include "control/plan.h"

#include <stdlib.h>
#include <string.h>

#include "control/own_revocations.h"
#include "control/resolve.h"
#include "model/manifest.h"
#include "model/text_checks.h"
#include "stats/stats.h"
#include "x509/revocation.h"

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	document_free(plan->decoded);
	buffer_done(&plan->document);
	buffer_done(&plan->revocation);
	model_free(plan->model);
	model_warnings_done(&plan->warnings);
	free(plan->sockets);
	free(plan);
}

/* --- sockets --- */

static int compare_sockets(const void *a, const void *b)
{
	const struct plan_socket *left = a, *right = b;

	return memcmp(&left->address, &right->address, sizeof(left->address));
}

static void add_listener_sockets(struct plan *plan, const struct document_listener *listener,
				 int line)
{
	uint32_t ports = (uint32_t)listener->end_port - listener->start_port + 1;
	uint32_t i, port;

	plan->sockets = memory_resize(
		plan->sockets, (plan->socket_count + (size_t)ports * listener->address_count + 1) *
				       sizeof(*plan->sockets));
	for (i = 0; i < listener->address_count; i++)
		for (port = listener->start_port; port <= listener->end_port; port++) {
			struct plan_socket *socket = &plan->sockets[plan->socket_count++];

			memset(socket, 0, sizeof(*socket));
			socket->address = listener->addresses[i];
			socket->address.port = (uint16_t)port;
			socket->line = line;
		}
}

const struct model_listener *plan_model_listener(const struct plan *plan,
						 const struct document_listener *listener)
{
	size_t i;

	for (i = 0; plan->model != NULL && i < plan->model->listener_count; i++) {
		const struct model_listener *candidate = &plan->model->listeners[i];
		int64_t first = candidate->port != 0 ? candidate->port : candidate->start_port;
		size_t length = strlen(candidate->load_balancer);

		/* A balancer has each port once: model_check() sees to that. */
		if (first == listener->start_port &&
		    strncmp(listener->name, candidate->load_balancer, length) == 0 &&
		    listener->name[length] == ':')
			return candidate;
	}
	return NULL;
}

static void collect_sockets(struct plan *plan)
{
	size_t kept = 0, i;
	uint32_t l;

	for (l = 0; l < plan->decoded->listener_count; l++) {
		const struct document_listener *listener = &plan->decoded->listeners[l];

		const struct model_listener *from = plan_model_listener(plan, listener);

		if (!listener->stopped)
			add_listener_sockets(plan, listener, from == NULL ? 0 : from->line);
	}
	if (plan->socket_count == 0)
		return;
	qsort(plan->sockets, plan->socket_count, sizeof(*plan->sockets), compare_sockets);
	for (i = 1; i < plan->socket_count; i++)
		if (compare_sockets(&plan->sockets[kept], &plan->sockets[i]) != 0)
			plan->sockets[++kept] = plan->sockets[i];
	plan->socket_count = kept + 1;
}

void plan_each_socket_missing(const struct plan *a, const struct plan *b,
			      void (*each)(void *arg, const struct plan_socket *socket), void *arg)
{
	size_t i;

	for (i = 0; i < a->socket_count; i++)
		if (b == NULL || b->socket_count == 0 ||
		    bsearch(&a->sockets[i], b->sockets, b->socket_count, sizeof(*b->sockets),
			    compare_sockets) == NULL)
			each(arg, &a->sockets[i]);
}

/* --- loading --- */

/* A table with a list that is broken or stale is built again, so that its warning is given again. */
static bool table_is_sound(struct bytes bytes, int64_t now)
{
	struct revocation table;
	struct revocation_issuer issuer;
	size_t i;

	if (revocation_open(bytes, &table, NULL) < 0)
		return false;
	for (i = 0; revocation_issuer(&table, i, &issuer); i++)
		if (issuer.broken ||
		    (issuer.next_update != 0 && now > issuer.next_update + REVOCATION_GRACE_S))
			return false;
	return true;
}

/* What the lists of files say. */
static int make_files_revocation(struct plan *plan, const struct plan_sources *sources,
				 struct error *err)
{
	const struct plan *old = sources->old;

	if (old != NULL && old->model != NULL && resolve_same_revocation(old->model, plan->model) &&
	    table_is_sound(buffer_bytes(&old->revocation), sources->now)) {
		buffer_append(&plan->revocation, old->revocation.data, old->revocation.len);
		return 0;
	}
	return resolve_revocation(plan->model, sources->now, &plan->warnings, &plan->revocation,
				  err);
}

static int make_revocation(struct plan *plan, const struct plan_sources *sources, struct error *err)
{
	struct buffer whole = { 0 };

	if (make_files_revocation(plan, sources, err) < 0)
		return -1;
	if (sources->own == NULL)
		return 0;
	if (own_revocations_refresh(sources->own, buffer_bytes(&plan->revocation), &whole, err) < 0)
		return -1;
	buffer_done(&plan->revocation);
	plan->revocation = whole;
	return 0;
}

static int make_document(struct plan *plan, const struct plan_sources *sources, struct error *err)
{
	if (document_encode(plan->model, sources->version, sources->slots, &plan->document, err) <
	    0)
		return -1;
	plan->decoded = document_decode(buffer_bytes(&plan->document), err);
	return plan->decoded == NULL ? -1 : 0;
}

/* Metrics name servers and count clients, without asking who reads them. */
static int refuse_open_metrics(const struct model *model, struct error *err)
{
	const char *text = model->settings.metrics_address;
	struct text_address address;
	int port;

	if (text == NULL || !text_address_port_parse(text, &address, &port) ||
	    text_address_is_loopback(&address))
		return 0;
	error_set(err, ERROR_INVALID, "Settings.MetricsAddress: %s is no loopback address", text);
	error_hint(
		err,
		"Use 127.0.0.1:%d or unix:PATH, and a TCPSSL listener in front of it for readers "
		"elsewhere.",
		port);
	return model_error_place(err, model->source,
				 model_line_of(model, &model->settings.metrics_address, 0));
}

static int complete(struct plan *plan, const struct plan_sources *sources, struct error *err)
{
	const struct model *old = sources->old == NULL ? NULL : sources->old->model;

	if (model_check(plan->model, &plan->warnings, err) < 0 ||
	    refuse_open_metrics(plan->model, err) < 0)
		return -1;
	if (resolve_model(plan->model, old, sources->now, &plan->warnings, err) < 0 ||
	    make_revocation(plan, sources, err) < 0 || make_document(plan, sources, err) < 0)
		return -1;
	collect_sockets(plan);
	return 0;
}

static void take_warnings(struct model_warnings *to, struct model_warnings *from)
{
	*to = *from;
	memset(from, 0, sizeof(*from));
}

struct plan *plan_make(struct model *model, const struct plan_sources *sources,
		       struct model_warnings *ret_warnings, struct error *err)
{
	struct plan *plan = memory_new(sizeof(*plan));

	plan->version = sources->version;
	plan->model = model;
	if (ret_warnings != NULL)
		take_warnings(&plan->warnings, ret_warnings);
	if (complete(plan, sources, err) == 0)
		return plan;
	if (ret_warnings != NULL)
		take_warnings(ret_warnings, &plan->warnings);
	plan_free(plan);
	return NULL;
}

struct plan *plan_load(const struct plan_sources *sources, struct model_warnings *ret_warnings,
		       struct error *err)
{
	struct model_warnings warnings = { 0 };
	struct model *model = manifest_read(sources->manifest, &warnings, err);
	struct plan *plan =
		model == NULL ? NULL : plan_make(model, sources, &warnings, err);

	if (plan == NULL && ret_warnings != NULL)
		take_warnings(ret_warnings, &warnings);
	model_warnings_done(&warnings);
	return plan;
}

struct plan *plan_from_kept(struct bytes document, struct bytes revocation, struct error *err)
{
	struct plan *plan = memory_new(sizeof(*plan));

	buffer_append(&plan->document, document.data, document.len);
	buffer_append(&plan->revocation, revocation.data, revocation.len);
	plan->decoded = document_decode(buffer_bytes(&plan->document), err);
	if (plan->decoded == NULL) {
		plan_free(plan);
		return NULL;
	}
	plan->version = plan->decoded->version;
	collect_sockets(plan);
	return plan;
}

struct slots *plan_recover_slots(const struct plan *plan)
{
	struct slots *slots = slots_new(STATS_LISTENERS, STATS_SERVERS);

	if (plan != NULL)
		slots_recover(slots, plan->decoded);
	return slots;
}

uint64_t plan_revocation_made(const struct plan *plan)
{
	struct revocation table;

	if (plan->revocation.len == 0 ||
	    revocation_open(buffer_bytes(&plan->revocation), &table, NULL) < 0)
		return 0;
	return revocation_made(&table);
}
