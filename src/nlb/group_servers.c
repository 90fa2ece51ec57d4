/*
 * The servers of a group. A server is known by its ServerId (for groups of type Ip: its address) and its
 * port: the same one may be there on several ports. Address and port occur once, since health and
 * counters hang on them.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "model/text_checks.h"
#include "nlb/group.h"
#include "nlb/shape.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int64_t port_of(const json_t *server)
{
	return json_integer_value(json_object_get(server, "Port"));
}

static bool same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static int refuse(struct error *err, const char *symbol, size_t number, const char *member,
		  const char *format, const char *value)
{
	char place[64], message[200];

	snprintf(place, sizeof(place), "Servers.%zu.%s", number, member);
	snprintf(message, sizeof(message), format, value);
	return call_refuse(err, ERROR_INVALID, symbol, place, "%s: %s", place, message);
}

/* --- one server as it is given --- */

static bool is_ip_group(const json_t *group)
{
	return same_text(text_of(group, "ServerGroupType"), "Ip");
}

/* One address has one spelling, so that it can be compared. */
static void set_address(json_t *server, const char *text)
{
	struct text_address address = text_address_parse(text);
	char canonical[INET6_ADDRSTRLEN];

	if (address.family == 6 &&
	    inet_ntop(AF_INET6, address.ip, canonical, sizeof(canonical)) != NULL)
		text = canonical;
	shape_set_text(server, "ServerIp", text);
}

static int complete_address(const json_t *group, json_t *server, size_t number, struct error *err)
{
	const char *ip = text_of(server, "ServerIp"), *id = text_of(server, "ServerId");
	const char *wrong;

	if (ip == NULL && id == NULL)
		return refuse(err, "MissingParam.ServerId", number, "ServerId", "is missing%s", "");
	if (ip != NULL) {
		set_address(server, ip);
		if (id == NULL)
			shape_set_text(server, "ServerId", text_of(server, "ServerIp"));
		return 0;
	}
	wrong = check_ip(id);
	if (wrong == NULL) {
		set_address(server, id);
		return 0;
	}
	wrong = is_ip_group(group) || text_address_parse(id).family != 0 ? "IllegalParam.IP" :
									   "MissingParam.ServerIp";
	refuse(err, wrong, number, "ServerIp", "is missing, and ServerId \"%.80s\" is not an address", id);
	return error_hint(err, "Give the server's address in ServerIp: there is no directory of "
			       "instances here.");
}

static int complete_type(const json_t *group, json_t *server, size_t number, struct error *err)
{
	const char *type = text_of(server, "ServerType");
	bool ip_group = is_ip_group(group);

	if (type == NULL) {
		shape_set_text(server, "ServerType", ip_group ? "Ip" : "Ecs");
		return 0;
	}
	if ((strcmp(type, "Ip") == 0) == ip_group)
		return 0;
	refuse(err, "Mismatch.ServerType", number, "ServerType",
	       "%s does not go with the type of the group", type);
	return error_hint(err, "A group of type Ip takes Ip, one of type Instance takes Ecs, Eni "
			       "and Eci.");
}

static int check_port(const json_t *group, const json_t *server, size_t number, struct error *err)
{
	bool any_port = json_is_true(json_object_get(group, "AnyPortEnabled"));

	if (any_port && port_of(server) != 0) {
		refuse(err, "IllegalParam.RSPortConflictWithServerGroup", number, "Port",
		       "must be 0 in a group with AnyPortEnabled%s", "");
		return error_hint(err, "Leave Port out: the client's port is used.");
	}
	if (!any_port && port_of(server) == 0)
		return refuse(err, "MissingParam.Port", number, "Port",
			      "is missing or 0; 1 to 65535 is allowed%s", "");
	return 0;
}

/* A new reference; NULL on error. */
static json_t *complete(const json_t *group, const json_t *given, size_t number, struct error *err)
{
	json_t *server = json_deep_copy(given);

	if (complete_address(group, server, number, err) == 0 &&
	    complete_type(group, server, number, err) == 0 &&
	    check_port(group, server, number, err) == 0) {
		if (json_object_get(server, "Port") == NULL)
			json_object_set_new(server, "Port", json_integer(0));
		return server;
	}
	json_decref(server);
	return NULL;
}

/* --- adding --- */

static int already(const json_t *server, size_t number, struct error *err)
{
	char what[160];

	snprintf(what, sizeof(what), "%.80s port %lld", text_of(server, "ServerIp"),
		 (long long)port_of(server));
	refuse(err, "DuplicatedParam.Server", number, "ServerId", "%s is in the group already",
	       what);
	return error_hint(err, "UpdateServerGroupServersAttribute changes weight and description.");
}

/* The same once more changes nothing, so that a request can be repeated. */
static int add_one(json_t *servers, size_t before, const json_t *server, size_t number,
		   struct error *err)
{
	json_t *there = NULL;
	size_t i;

	for (i = 0; i < json_array_size(servers) && there == NULL; i++) {
		json_t *other = json_array_get(servers, i);

		if (port_of(other) == port_of(server) &&
		    (same_text(text_of(other, "ServerId"), text_of(server, "ServerId")) ||
		     same_text(text_of(other, "ServerIp"), text_of(server, "ServerIp"))))
			there = other;
	}
	if (there == NULL)
		return json_array_append(servers, (json_t *)server);
	/* i is one behind it */
	return i <= before && json_equal(there, server) ? 0 : already(server, number, err);
}

int nlb_add_servers(struct call *call, json_t *body, const json_t *given, struct error *err)
{
	json_t *servers = json_object_get(body, "Servers");
	size_t before = json_array_size(servers), i;
	int status = 0;

	for (i = 0; i < json_array_size(given) && status == 0; i++) {
		json_t *server = complete(body, json_array_get(given, i), i + 1, err);

		status = server == NULL ? -1 : add_one(servers, before, server, i + 1, err);
		json_decref(server);
	}
	if (status < 0 || json_array_size(servers) <= before)
		return status;
	return nlb_check_quota(call, "QuotaServers", "nlb_quota_servergroup_servers_num",
			       (int64_t)json_array_size(servers), "servers of one group", err);
}

static json_t *servers_of(json_t *body)
{
	json_t *servers = json_object_get(body, "Servers");

	if (servers == NULL) {
		servers = json_array();
		json_object_set_new(body, "Servers", servers);
	}
	return servers;
}

static int add(struct call *call, json_t *body, struct error *err)
{
	servers_of(body);
	return nlb_add_servers(call, body, call_value(call, "Servers"), err);
}

int nlb_AddServersToServerGroup(struct call *call, struct error *err)
{
	return group_change(call, add, err);
}

/* --- those that are meant --- */

/* Without Port: on all its ports. */
static bool is_meant(const json_t *given, const json_t *server)
{
	const char *ip = text_of(given, "ServerIp"), *id = text_of(given, "ServerId");
	int64_t port = port_of(given);

	if (port != 0 && port != port_of(server))
		return false;
	if (id != NULL)
		return same_text(id, text_of(server, "ServerId")) &&
		       (ip == NULL || same_text(ip, text_of(server, "ServerIp")));
	return same_text(ip, text_of(server, "ServerIp"));
}

static json_t *canonical(const json_t *given)
{
	json_t *copy = json_copy((json_t *)given);

	if (text_of(given, "ServerIp") != NULL)
		set_address(copy, text_of(given, "ServerIp"));
	return copy;
}

static int check_named(const json_t *given, size_t number, struct error *err)
{
	if (text_of(given, "ServerId") != NULL || text_of(given, "ServerIp") != NULL)
		return 0;
	return refuse(err, "MissingParam.ServerId", number, "ServerId", "is missing%s", "");
}

static void remove_one(json_t *servers, const json_t *given)
{
	json_t *meant = canonical(given);
	size_t i;

	for (i = json_array_size(servers); i > 0; i--)
		if (is_meant(meant, json_array_get(servers, i - 1)))
			json_array_remove(servers, i - 1);
	json_decref(meant);
}

static int remove_all(struct call *call, json_t *body, struct error *err)
{
	const json_t *given = call_value(call, "Servers");
	size_t i;

	for (i = 0; i < json_array_size(given); i++) {
		if (check_named(json_array_get(given, i), i + 1, err) < 0)
			return -1;
		remove_one(servers_of(body), json_array_get(given, i));
	}
	return 0;
}

int nlb_RemoveServersFromServerGroup(struct call *call, struct error *err)
{
	return group_change(call, remove_all, err);
}

static int update_one(json_t *servers, const json_t *given, size_t number, struct error *err)
{
	json_t *meant = canonical(given);
	size_t i, found = 0;

	for (i = 0; i < json_array_size(servers); i++) {
		json_t *server = json_array_get(servers, i);

		if (!is_meant(meant, server))
			continue;
		found++;
		shape_copy(server, "Weight", given, "Weight");
		shape_copy(server, "Description", given, "Description");
	}
	json_decref(meant);
	if (found > 0)
		return 0;
	call_not_found(err, "BackendServer",
		       text_of(given, "ServerId") != NULL ? text_of(given, "ServerId")
							  : text_of(given, "ServerIp"));
	return error_place(err, "Servers.%zu.ServerId", number);
}

static int update_all(struct call *call, json_t *body, struct error *err)
{
	const json_t *given = call_value(call, "Servers");
	size_t i;

	for (i = 0; i < json_array_size(given); i++)
		if (check_named(json_array_get(given, i), i + 1, err) < 0 ||
		    update_one(servers_of(body), json_array_get(given, i), i + 1, err) < 0)
			return -1;
	return 0;
}

int nlb_UpdateServerGroupServersAttribute(struct call *call, struct error *err)
{
	return group_change(call, update_all, err);
}
