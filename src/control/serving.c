#include "control/serving.h"

#include <stdio.h>
#include <string.h>

#include "control/control_internal.h"
#include "control/status.h"
#include "control/follow_internal.h"
#include "control/sums.h"
#include "store/resource.h"

int64_t serving_revision(const struct control *control)
{
	return control->follow->served;
}

const char *serving_listener_error(const struct control *control, const char *listener_id)
{
	const struct follow *follow = control->follow;
	size_t i;

	for (i = 0; i < follow->left_out_count; i++)
		if (strcmp(follow->left_out[i].listener, listener_id) == 0)
			return follow->left_out[i].why;
	return NULL;
}

/* --- which listener of the document --- */

struct name_search {
	long port;
	char *ret_id;
	size_t size;
	bool found;
};

static bool has_port(void *arg, const struct store_resource *resource)
{
	struct name_search *search = arg;
	const json_t *port = json_object_get(resource->body, "ListenerPort");

	if (json_integer_value(port) == 0)
		port = json_object_get(resource->body, "StartPort");
	if (json_integer_value(port) != search->port)
		return true;
	snprintf(search->ret_id, search->size, "%s", resource->id);
	search->found = true;
	return false;
}

bool serving_listener_id(struct control *control, const char *document_name, char *ret_id,
			 size_t size)
{
	struct name_search search = { .ret_id = ret_id, .size = size };
	const char *colon = strrchr(document_name, ':');
	char balancer[DOCUMENT_NAME_SIZE];
	struct store_filter filter = { .parent = balancer };
	struct error err;

	if (colon == NULL || sscanf(colon + 1, "%ld", &search.port) != 1)
		return false;
	snprintf(balancer, sizeof(balancer), "%.*s", (int)(colon - document_name), document_name);
	return store_resource_each(control->follow->store, STORE_LISTENER, &filter, has_port,
				   &search, &err) == 0 &&
	       search.found;
}

/* The listener of the document, by the balancer and the port of the listener in the store. */
static const struct document_listener *find_listener(const struct control *control, const char *id)
{
	struct store_resource resource;
	const struct document *document;
	char name[DOCUMENT_NAME_SIZE];
	const json_t *port;
	struct error err;
	uint32_t i;

	if (control->served == NULL ||
	    store_resource_get(control->follow->store, STORE_LISTENER, id, &resource, &err) != 1)
		return NULL;
	port = json_object_get(resource.body, "ListenerPort");
	if (json_integer_value(port) == 0)
		port = json_object_get(resource.body, "StartPort");
	snprintf(name, sizeof(name), "%s:%lld", resource.parent,
		 (long long)json_integer_value(port));
	store_resource_done(&resource);
	document = control->served->decoded;
	for (i = 0; i < document->listener_count; i++) {
		const char *other = document->listeners[i].name;
		size_t length = strlen(name);

		if (strncmp(other, name, length) == 0 &&
		    (other[length] == '\0' || other[length] == '-'))
			return &document->listeners[i];
	}
	return NULL;
}

/* --- health --- */

static enum serving_health health_of(enum health_state state)
{
	switch (state) {
	case HEALTH_HEALTHY:
		return SERVING_HEALTHY;
	case HEALTH_UNHEALTHY:
		return SERVING_UNHEALTHY;
	case HEALTH_UNCHECKED:
		return SERVING_CHECKS_OFF;
	default:
		return SERVING_UNCHECKED;
	}
}

static void tell_server(const struct control *control, const struct document_group *group,
			const struct document_server *server,
			void (*each)(void *arg, const struct serving_server *server), void *arg)
{
	enum health_state state = HEALTH_UNKNOWN;
	enum health_reason reason = HEALTH_REASON_NONE;
	struct serving_server told;
	char shown[ADDRESS_TEXT_SIZE];

	if (control->health != NULL) {
		state = atomic_load(&control->health->servers[server->slot].state);
		reason = atomic_load(&control->health->servers[server->slot].reason);
	}
	address_format(&server->address, shown);
	told = (struct serving_server){
		.group_id = group->name,
		.address = shown,
		.server_id = server->name,
		.health = group->check.enabled ? health_of(state) : SERVING_CHECKS_OFF,
		.reason = health_reason_text(reason),
	};
	each(arg, &told);
}

void serving_each_server(struct control *control, const char *listener_id,
			 void (*each)(void *arg, const struct serving_server *server), void *arg)
{
	const struct document_listener *listener = find_listener(control, listener_id);
	const struct document_group *group;
	uint32_t i;

	if (listener == NULL)
		return;
	group = &control->served->decoded->groups[listener->group];
	for (i = 0; i < group->server_count; i++)
		tell_server(control, group, &group->servers[i], each, arg);
}

bool serving_counters(const struct control *control, const char *listener_id,
		      struct serving_counters *ret_counters)
{
	const struct document_listener *listener = find_listener(control, listener_id);
	struct stats_listener sum;
	unsigned int i;

	if (listener == NULL)
		return false;
	sums_listener(control->stats, listener->slot, &sum);
	*ret_counters = (struct serving_counters){
		.accepted = sum.accepted,
		.active = sum.active,
		.handshakes = sum.handshakes,
		.resumed = sum.resumed,
		.dropped = sum.dropped_cps + sum.dropped_limit + sum.dropped_source,
		.bytes_in = sum.bytes_in,
		.bytes_out = sum.bytes_out,
	};
	for (i = 1; i < STATS_REASONS; i++)
		ret_counters->refused += sum.refusals[i];
	return true;
}

/* --- the rest --- */

unsigned int serving_ask_workers(struct control *control, const struct message *message)
{
	return peers_tell_workers(control, message, NULL, 0);
}

json_t *serving_status(struct control *control)
{
	return status_json(control);
}

const char *serving_console(const struct control *control)
{
	return control->options->console;
}

const char *serving_data_dir(const struct control *control)
{
	return control->options->data_dir;
}

const char *serving_master_key_file(const struct control *control)
{
	return control->options->master_key;
}

int serving_bootstrap_fd(const struct control *control)
{
	return control->options->bootstrap_fd > 0 ? control->options->bootstrap_fd : -1;
}

void serving_log(struct control *control, const char *event, const char *key, const char *value)
{
	log_event(&control->log, event, key, value);
}

void serving_log_pairs(struct control *control, const char *event, const char *const *pairs,
		       size_t count)
{
	struct log_line line = log_begin(&control->log, event);
	size_t i;

	for (i = 0; i + 1 < count; i += 2)
		log_text(&line, pairs[i], pairs[i + 1]);
	log_end(&line);
}

struct own_revocations *serving_own_revocations(struct control *control)
{
	return control->follow->own;
}

struct store *serving_store(struct control *control)
{
	return control->follow->store;
}

struct jobs *serving_jobs(struct control *control)
{
	return control->follow->jobs;
}

struct loop *serving_loop(struct control *control)
{
	return control->loop;
}
