/* One server group: its servers, their ports and how they are checked. */
#include "model/check.h"

#include <stdlib.h>
#include <string.h>
#include "model/text_checks.h"

struct server_key {
	struct text_address address;
	int64_t port;
	size_t index;
};

static int compare_servers(const void *a, const void *b)
{
	const struct server_key *left = a, *right = b;
	int order = memcmp(&left->address, &right->address, sizeof(left->address));

	if (order != 0)
		return order;
	if (left->port != right->port)
		return left->port < right->port ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

/* Address and port are the identity of a server: health and counters hang on it. */
static int check_duplicates(const struct check *check, size_t i)
{
	const struct model_server_group *group = &check->model->server_groups[i];
	struct server_key *keys = memory_new(group->server_count * sizeof(*keys));
	int status = 0;
	size_t j;

	for (j = 0; j < group->server_count; j++)
		keys[j] = (struct server_key){ text_address_parse(group->servers[j].server_ip),
					       group->servers[j].port, j };
	qsort(keys, group->server_count, sizeof(*keys), compare_servers);
	for (j = 1; j < group->server_count && status == 0; j++) {
		const struct model_server *server = &group->servers[keys[j].index];

		if (memcmp(&keys[j].address, &keys[j - 1].address, sizeof(keys[j].address)) != 0 ||
		    keys[j].port != keys[j - 1].port)
			continue;
		status =
			check_failed(check, ERROR_CONFLICT, "Conflict.Server", server->line,
				     "ServerGroups[%zu].Servers[%zu]: %s port %lld is in the group "
				     "already, as Servers[%zu]",
				     i, keys[j].index, server->server_ip, (long long)server->port,
				     keys[j - 1].index);
		error_hint(check->err, "Remove one of the two; use Weight for a larger share.");
	}
	free(keys);
	return status;
}

static int check_port(const struct check *check, size_t i, size_t j)
{
	const struct model_server_group *group = &check->model->server_groups[i];
	const struct model_server *server = &group->servers[j];
	int line = model_line_of(check->model, &server->port, server->line);

	if (group->any_port && server->port != 0) {
		check_failed(check, ERROR_INVALID, "IllegalParam.Port", line,
			     "ServerGroups[%zu].Servers[%zu].Port: must be 0 in a group with "
			     "AnyPortEnabled",
			     i, j);
		return error_hint(check->err, "Leave Port out: the client's port is used.");
	}
	if (!group->any_port && server->port == 0) {
		check_failed(check, ERROR_INVALID, "MissingParam.Port", line,
			     "ServerGroups[%zu].Servers[%zu].Port: is missing", i, j);
		return error_hint(check->err, "Add \"Port: 1 to 65535\".");
	}
	return 0;
}

static int check_server(const struct check *check, size_t i, size_t j)
{
	const struct model_server_group *group = &check->model->server_groups[i];
	const struct model_server *server = &group->servers[j];
	const char *wrong;

	if (server->own_socket)
		return 0;
	if (server->server_ip == NULL) {
		check_failed(check, ERROR_INVALID, "MissingParam.ServerIp", server->line,
			     "ServerGroups[%zu].Servers[%zu]: ServerIp is missing", i, j);
		return error_hint(check->err, "Add \"ServerIp: ADDRESS\".");
	}
	wrong = check_ip(server->server_ip); /* it may have come from ServerId */
	if (wrong != NULL) {
		check_failed(check, ERROR_INVALID, "IllegalParam.IP", server->line,
			     "ServerGroups[%zu].Servers[%zu].ServerIp: \"%.64s\" %s", i, j,
			     server->server_ip, wrong);
		return error_hint(check->err,
				  "Write the address itself in ServerIp; host names are not "
				  "looked up.");
	}
	if (group->ip_version == MODEL_IPV4 && strchr(server->server_ip, ':') != NULL) {
		check_failed(
			check, ERROR_INVALID, "IllegalParam.IP", server->line,
			"ServerGroups[%zu].Servers[%zu].ServerIp: the group's AddressIPVersion is "
			"Ipv4",
			i, j);
		return error_hint(check->err, "Set AddressIPVersion to DualStack.");
	}
	return check_port(check, i, j);
}

int check_group(const struct check *check, size_t i)
{
	const struct model_server_group *group = &check->model->server_groups[i];
	size_t j;

	for (j = 0; j < group->server_count; j++) {
		if (check_server(check, i, j) < 0)
			return -1;
	}
	if (check_duplicates(check, i) < 0)
		return -1;
	if (group->any_port && group->check.enabled && group->check.connect_port == 0) {
		check_failed(
			check, ERROR_INVALID,
			"IllegalParam.AnyPortServerGroupConflictWithHealthCheckConfig",
			model_line_of(check->model, &group->any_port, group->line),
			"ServerGroups[%zu].HealthCheckConfig.HealthCheckConnectPort: is missing: "
			"the servers of a group with AnyPortEnabled have no port of their own",
			i);
		return error_hint(check->err,
				  "Name a port to check, or set HealthCheckEnabled to false.");
	}
	return 0;
}
