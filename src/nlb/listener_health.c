/*
 * The health of a listener's servers: as the real service does, only those that are not healthy are
 * listed, so that an empty list is good news.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/serving.h"

#include "nlb/listener.h"
#include "nlb/shape.h"

struct telling {
	json_t *servers; /* of the group, as stored */
	json_t *unhealthy;
	size_t told;
};

/* "[2001:db8::1]:80" -> "2001:db8::1", 80 */
static void split(const char *text, char *ret_ip, size_t size, int64_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	size_t length;

	*ret_port = 0;
	if (colon == NULL || (!bracket && strchr(text, ':') != colon)) {
		snprintf(ret_ip, size, "%s", text); /* an address alone */
		return;
	}
	*ret_port = strtol(colon + 1, NULL, 10);
	length = (size_t)(colon - text) - (bracket ? 2 : 0);
	snprintf(ret_ip, size, "%.*s", (int)length, text + (bracket ? 1 : 0));
}

static const char *status_of(enum serving_health health)
{
	if (health == SERVING_UNHEALTHY)
		return "Unhealthy";
	return health == SERVING_CHECKS_OFF ? "Unavailable" : "Initial";
}

static json_t *non_normal(const char *id, const char *ip, int64_t port, const char *status,
			  const char *reason)
{
	json_t *server = json_pack("{s:s, s:s, s:I, s:s}", "ServerId", id, "ServerIp", ip, "Port",
				   (json_int_t)port, "Status", status);

	if (reason != NULL && reason[0] != '\0')
		json_object_set_new(server, "Reason", json_pack("{s:s}", "ReasonCode", reason));
	return server;
}

/* What the API calls the server; the data plane may know it by its description. */
static const char *id_of(const json_t *servers, const char *ip, int64_t port, const char *otherwise)
{
	size_t i;

	for (i = 0; i < json_array_size(servers); i++) {
		const json_t *server = json_array_get(servers, i);
		const char *address = json_string_value(json_object_get(server, "ServerIp"));

		if (address != NULL && strcmp(address, ip) == 0 &&
		    json_integer_value(json_object_get(server, "Port")) == port)
			return json_string_value(json_object_get(server, "ServerId"));
	}
	return otherwise;
}

static void tell(void *arg, const struct serving_server *server)
{
	struct telling *telling = arg;
	char ip[64];
	int64_t port;

	telling->told++;
	if (server->health == SERVING_HEALTHY)
		return;
	split(server->address, ip, sizeof(ip), &port);
	json_array_append_new(telling->unhealthy,
			      non_normal(id_of(telling->servers, ip, port, server->server_id), ip,
					 port, status_of(server->health), server->reason));
}

/* A listener that is not served yet has servers that nobody has looked at. */
static void tell_stored(struct telling *telling)
{
	size_t i;

	for (i = 0; i < json_array_size(telling->servers); i++) {
		const json_t *server = json_array_get(telling->servers, i);

		json_array_append_new(
			telling->unhealthy,
			non_normal(json_string_value(json_object_get(server, "ServerId")),
				   json_string_value(json_object_get(server, "ServerIp")),
				   json_integer_value(json_object_get(server, "Port")), "Initial",
				   NULL));
	}
}

static json_t *group_info(struct call *call, const struct store_resource *listener,
			  const struct store_resource *group)
{
	json_t *check = shape_complete(&health_check_resource,
				       json_object_get(group->body, "HealthCheckConfig"));
	struct telling telling = { .servers = json_object_get(group->body, "Servers"),
				   .unhealthy = json_array() };
	json_t *info;

	serving_each_server(call->control, listener->id, tell, &telling);
	if (telling.told == 0)
		tell_stored(&telling);
	/* Misspelt by the real service. */
	info = json_pack("{s:s, s:O, s:o}", "ServerGroupId", group->id, "HeathCheckEnabled",
			 json_object_get(check, "HealthCheckEnabled"), "NonNormalServers",
			 telling.unhealthy);
	json_decref(check);
	return info;
}

static int show(struct call *call, const struct store_resource *row, struct error *err)
{
	const char *group_id = json_string_value(json_object_get(row->body, "ServerGroupId"));
	struct store_resource group = { 0 };
	json_t *item;

	if (nlb_get(call, STORE_SERVER_GROUP, group_id, &group, err) < 0)
		return -1;
	item = json_pack("{s:s, s:O, s:O, s:[o]}", "ListenerId", row->id, "ListenerPort",
			 json_object_get(row->body, "ListenerPort"), "ListenerProtocol",
			 json_object_get(row->body, "ListenerProtocol"), "ServerGroupInfos",
			 group_info(call, row, &group));
	store_resource_done(&group);
	return nlb_page(call, "ListenerHealthStatus", json_pack("[o]", item), err);
}

int nlb_GetListenerHealthStatus(struct call *call, struct error *err)
{
	struct store_resource row = { 0 };
	int status;

	if (nlb_get_named(call, STORE_LISTENER, "ListenerId", &row, err) < 0)
		return -1;
	status = show(call, &row, err);
	store_resource_done(&row);
	return status;
}
