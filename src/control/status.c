#include "control/status.h"

#include <stdio.h>
#include <string.h>

#include "base/monotime.h"
#include "control/control_internal.h"
#include "control/sums.h"
#include "control/wording.h"
#include "stats/words.h"
#include "x509/reason.h"
#include "x509/revocation.h"

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *text(const char *value)
{
	json_t *string = json_string(value);

	/* A name that is no UTF-8 cannot come out of the manifest; better a mark than no answer. */
	return string != NULL ? string : json_string("?");
}

json_t *status_warnings(const struct model_warnings *warnings)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < warnings->count; i++) {
		const struct error *error = &warnings->items[i].error;
		json_t *object;

		if (warnings->items[i].kind == WARNING_NOTE)
			continue;
		object = json_object();
		json_object_set_new(object, "message", text(error->message));
		json_object_set_new(object, "place", text(error->place));
		json_object_set_new(object, "hint", text(error->hint));
		json_array_append_new(list, object);
	}
	return list;
}

/* --- roles --- */

static json_t *role(const char *name, uint64_t pid)
{
	json_t *object = json_object();

	json_object_set_new(object, "role", text(name));
	json_object_set_new(object, "pid", number(pid));
	return object;
}

static json_t *worker_role(const struct stats *stats, uint32_t i)
{
	const struct stats_worker *worker = &stats->worker[i];
	char name[24];
	json_t *object;

	peer_name(ROLE_WORKER, i, name);
	object = role(name, worker->pid);
	json_object_set_new(object, "version", number(worker->version_served));
	json_object_set_new(object, "longest_turn_us", number(worker->longest_turn_us));
	json_object_set_new(object, "log_dropped", number(worker->log_dropped));
	json_object_set_new(object, "memory_full", number(worker->memory_full));
	json_object_set_new(object, "descriptors_full", number(worker->descriptors_full));
	return object;
}

static json_t *roles(const struct control *control)
{
	const struct stats *stats = control->stats;
	json_t *list = json_array(), *checker;
	uint32_t i;

	if (stats == NULL)
		return list;
	json_array_append_new(list, role("guardian", stats->guardian_pid));
	json_array_append_new(list, role("control", stats->control_pid));
	checker = role("checker", stats->checker_pid);
	json_object_set_new(checker, "version", number(stats->checker_version));
	json_array_append_new(list, checker);
	for (i = 0; i < stats->workers; i++)
		json_array_append_new(list, worker_role(stats, i));
	return list;
}

/* --- listeners --- */

static json_t *addresses_of(const struct document_listener *listener)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < listener->address_count; i++) {
		struct address address = listener->addresses[i];
		char shown[ADDRESS_TEXT_SIZE], range[ADDRESS_TEXT_SIZE + 8];

		address.port = listener->start_port;
		address_format(&address, shown);
		if (listener->end_port != listener->start_port)
			snprintf(range, sizeof(range), "%s-%u", shown, listener->end_port);
		else
			snprintf(range, sizeof(range), "%s", shown);
		json_array_append_new(list, text(range));
	}
	return list;
}

static json_t *refusals_of(const struct stats_listener *sum, uint64_t *ret_total)
{
	json_t *object = json_object();
	unsigned int i;

	*ret_total = 0;
	for (i = 1; i < REASON_COUNT; i++)
		if (sum->refusals[i] != 0) {
			*ret_total += sum->refusals[i];
			json_object_set_new(object, reason_word(i), number(sum->refusals[i]));
		}
	return object;
}

static json_t *closes_of(const struct stats_listener *sum)
{
	json_t *object = json_object();
	unsigned int i;

	for (i = 0; i < CLOSE_REASON_COUNT; i++)
		if (sum->closes[i] != 0)
			json_object_set_new(object, stats_close_word(i), number(sum->closes[i]));
	return object;
}

static json_t *listener_json(const struct control *control,
			     const struct document_listener *listener)
{
	const struct document *document = control->served->decoded;
	json_t *object = json_object();
	struct stats_listener sum;
	uint64_t refused;

	sums_listener(control->stats, listener->slot, &sum);
	json_object_set_new(object, "name", text(listener->name));
	json_object_set_new(object, "protocol",
			    text(listener->protocol == MODEL_TCPSSL ? "TCPSSL" : "TCP"));
	json_object_set_new(object, "addresses", addresses_of(listener));
	json_object_set_new(object, "status", text(listener->stopped ? "Stopped" : "Running"));
	json_object_set_new(object, "mutual_authentication",
			    text(!listener->ca_enabled			  ? "off"
				 : listener->ca_mode == MODEL_CA_OPTIONAL ? "optional"
									  : "required"));
	json_object_set_new(object, "server_group", text(document->groups[listener->group].name));
	json_object_set_new(object, "connections", number(sum.active));
	json_object_set_new(object, "handshaking", number(sum.handshaking));
#define X(name, metric, help) json_object_set_new(object, #name, number(sum.name));
	STATS_LISTENER_COUNTERS(X)
#undef X
	json_object_set_new(object, "refusals", refusals_of(&sum, &refused));
	json_object_set_new(object, "refused", number(refused));
	json_object_set_new(object, "closes", closes_of(&sum));
	return object;
}

/* --- server groups --- */

static void add_health(json_t *object, const struct control *control, uint32_t slot)
{
	enum health_reason reason = HEALTH_REASON_NONE;
	enum health_state state = HEALTH_UNKNOWN;
	const struct health_server *server;

	if (control->health != NULL) {
		server = &control->health->servers[slot];
		state = atomic_load(&server->state);
		reason = atomic_load(&server->reason);
		json_object_set_new(object, "checks", number(atomic_load(&server->checks)));
		json_object_set_new(object, "check_failures",
				    number(atomic_load(&server->failures)));
	}
	json_object_set_new(object, "state", text(health_state_text(state)));
	json_object_set_new(object, "reason", text(health_reason_text(reason)));
}

static json_t *server_json(const struct control *control, const struct document_server *server)
{
	json_t *object = json_object();
	struct stats_server sum;
	char shown[ADDRESS_TEXT_SIZE];

	sums_server(control->stats, server->slot, &sum);
	address_format(&server->address, shown);
	json_object_set_new(object, "name", text(server->name));
	json_object_set_new(object, "address", text(shown));
	json_object_set_new(object, "weight", number(server->weight));
	add_health(object, control, server->slot);
	json_object_set_new(object, "connections", number(sum.active));
	json_object_set_new(object, "connections_total", number(sum.connections));
	json_object_set_new(object, "connect_failures", number(sum.failures));
	json_object_set_new(object, "ejected_by_workers", number(sum.ejected));
	return object;
}

static json_t *group_json(const struct control *control, const struct document_group *group)
{
	static const char *const schedulers[] = {
		[MODEL_WRR] = "Wrr", [MODEL_RR] = "Rr",	  [MODEL_WLC] = "Wlc",
		[MODEL_SCH] = "Sch", [MODEL_TCH] = "Tch",
	};
	json_t *object = json_object(), *servers = json_array();
	uint32_t i;

	for (i = 0; i < group->server_count; i++)
		json_array_append_new(servers, server_json(control, &group->servers[i]));
	json_object_set_new(object, "name", text(group->name));
	json_object_set_new(object, "scheduler", text(schedulers[group->scheduler]));
	json_object_set_new(object, "health_checks", json_boolean(group->check.enabled));
	json_object_set_new(object, "servers", servers);
	return object;
}

/* --- what runs out --- */

static json_t *certificates(const struct document *document, int64_t now)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < document->certificate_count; i++) {
		const struct document_certificate *certificate = &document->certificates[i];
		json_t *object = json_object();
		char when[WORDING_TIME_SIZE];

		wording_time(certificate->not_after, when);
		json_object_set_new(object, "name", text(certificate->name));
		json_object_set_new(object, "not_after", text(when));
		json_object_set_new(object, "valid",
				    json_boolean(now <= certificate->not_after &&
						 now >= certificate->not_before));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *revocation_lists(struct bytes bytes, int64_t now)
{
	json_t *list = json_array();
	struct revocation table;
	struct revocation_issuer issuer;
	size_t i;

	if (bytes.len == 0 || revocation_open(bytes, &table, NULL) < 0)
		return list;
	for (i = 0; revocation_issuer(&table, i, &issuer); i++) {
		json_t *object = json_object();
		bool stale =
			issuer.next_update != 0 && now > issuer.next_update + REVOCATION_GRACE_S;
		char when[WORDING_TIME_SIZE] = "";

		if (issuer.next_update != 0)
			wording_time(issuer.next_update, when);
		json_object_set_new(object, "issuer", text(issuer.name));
		json_object_set_new(object, "entries", number(issuer.entries));
		json_object_set_new(object, "next_update", text(when));
		json_object_set_new(object, "state",
				    text(issuer.broken ? "broken"
					 : stale       ? "stale"
						       : "good"));
		json_array_append_new(list, object);
	}
	return list;
}

/* --- the whole --- */

static void add_document(json_t *status, const struct control *control, int64_t now)
{
	const struct document *document = control->served->decoded;
	json_t *listeners = json_array(), *groups = json_array();
	uint32_t i;

	for (i = 0; i < document->listener_count; i++)
		json_array_append_new(listeners, listener_json(control, &document->listeners[i]));
	for (i = 0; i < document->group_count; i++)
		json_array_append_new(groups, group_json(control, &document->groups[i]));
	json_object_set_new(status, "listeners", listeners);
	json_object_set_new(status, "server_groups", groups);
	json_object_set_new(status, "certificates", certificates(document, now));
	json_object_set_new(status, "revocation_lists",
			    revocation_lists(buffer_bytes(&control->served->revocation), now));
}

static json_t *last_reload(const struct control *control)
{
	json_t *object = json_object();
	char when[WORDING_TIME_SIZE];

	if (!control->result.done)
		return object;
	wording_time(control->result.at_s, when);
	json_object_set_new(object, "at", text(when));
	json_object_set_new(object, "ok", json_boolean(control->result.error.code == ERROR_NONE));
	if (control->result.error.code != ERROR_NONE) {
		json_object_set_new(object, "error", text(control->result.error.message));
		json_object_set_new(object, "place", text(control->result.error.place));
		json_object_set_new(object, "hint", text(control->result.error.hint));
	}
	return object;
}

json_t *status_json(const struct control *control)
{
	json_t *status = json_object();
	int64_t now = walltime_s();
	char when[WORDING_TIME_SIZE];
	uint64_t since = control->stats != NULL && control->stats->started_s != 0
				 ? control->stats->started_s
				 : (uint64_t)control->started_s;

	wording_time((int64_t)since, when);
	json_object_set_new(status, "ok", json_true());
	json_object_set_new(status, "software", text(SALLYPORT_VERSION));
	json_object_set_new(status, "manifest", text(control->manifest));
	json_object_set_new(status, "started", text(when));
	json_object_set_new(status, "version",
			    number(control->served == NULL ? 0 : control->served->version));
	json_object_set_new(status, "applying", json_boolean(apply_is_busy(control)));
	json_object_set_new(status, "last_reload", last_reload(control));
	json_object_set_new(status, "warnings", status_warnings(&control->warnings));
	json_object_set_new(status, "roles", roles(control));
	if (control->served != NULL)
		add_document(status, control, now);
	return status;
}
