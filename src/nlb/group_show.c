/* Server groups and servers as replies show them. */
#include <stdlib.h>
#include <string.h>
#include "nlb/group.h"
#include "nlb/shape.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const char *status_of(const struct call *call, const json_t *body)
{
	return nlb_is_pending(call, body) ? "Configuring" : "Available";
}

/* --- groups --- */

static int add_users(struct call *call, json_t *item, const char *id, struct error *err)
{
	json_t *balancers = json_array(), *listeners = json_array();
	struct nlb_rows users = { 0 };
	size_t i;

	json_object_set_new(item, "RelatedLoadBalancerIds", balancers);
	json_object_set_new(item, "RelatedListenerIds", listeners);
	if (nlb_users(call, STORE_SERVER_GROUP, id, &users, err) < 0)
		return -1;
	for (i = 0; i < users.count; i++) {
		json_array_append_new(listeners, json_string(users.items[i].id));
		if (!shape_has_text(balancers, users.items[i].parent))
			json_array_append_new(balancers, json_string(users.items[i].parent));
	}
	nlb_rows_done(&users);
	return 0;
}

/* HealthCheckConfig is called HealthCheck in replies. */
static void rename_check(json_t *item)
{
	shape_copy(item, "HealthCheck", item, "HealthCheckConfig");
	json_object_del(item, "HealthCheckConfig");
	json_object_del(item, "Servers");
}

static json_t *show(struct call *call, const struct store_resource *row)
{
	json_t *item = shape_complete(&server_group_resource, row->body);
	char *region = nlb_setting(call->store, "Region");

	rename_check(item);
	if (json_object_get(item, "AddressIPVersion") == NULL)
		shape_set_text(item, "AddressIPVersion", "Ipv4");
	if (json_object_get(item, "VpcId") == NULL)
		shape_set_text(item, "VpcId", "vpc-local");
	shape_set_text(item, "ServerGroupId", row->id);
	shape_set_text(item, "ServerGroupStatus", status_of(call, row->body));
	shape_set_text(item, "RegionId", region);
	shape_set_text(item, "ResourceGroupId", "default");
	shape_copy(item, "ResourceGroupId", row->body, "ResourceGroupId");
	shape_copy(item, "IpVersionAffinityMode", row->body, "IpVersionAffinityMode");
	json_object_set_new(
		item, "ServerCount",
		json_integer((json_int_t)json_array_size(json_object_get(row->body, "Servers"))));
	json_object_set_new(item, "Revision", json_integer(row->revision));
	free(region);
	return item;
}

static json_t *item_of(struct call *call, const struct store_resource *row, struct error *err)
{
	json_t *tags = store_tags(call->store, STORE_SERVER_GROUP, row->id, err);
	json_t *item;

	if (tags == NULL)
		return NULL;
	item = show(call, row);
	json_object_set_new(item, "Tags", tags);
	if (add_users(call, item, row->id, err) == 0)
		return item;
	json_decref(item);
	return NULL;
}

static bool has_value(struct call *call, const json_t *item, const char *name)
{
	const char *wanted = call_text(call, name), *value = text_of(item, name);

	return wanted == NULL || (value != NULL && strcmp(wanted, value) == 0);
}

static bool matches(struct call *call, const struct store_resource *row)
{
	json_t *item = show(call, row);
	bool answer = has_value(call, item, "ServerGroupType") && has_value(call, item, "VpcId") &&
		      has_value(call, item, "ResourceGroupId");

	json_decref(item);
	return answer;
}

int nlb_ListServerGroups(struct call *call, struct error *err)
{
	bool filtered = call_has(call, "ServerGroupType") || call_has(call, "VpcId") ||
			call_has(call, "ResourceGroupId");
	const struct nlb_list list = {
		.kind = STORE_SERVER_GROUP,
		.member = "ServerGroups",
		.filter = { .ids = nlb_list_of(call, "ServerGroupIds"),
			    .names = nlb_list_of(call, "ServerGroupNames") },
		.matches = filtered ? matches : NULL,
		.item = item_of,
	};

	return nlb_list(call, &list, err);
}

/* --- servers --- */

static bool is_wanted(const struct call *call, const json_t *server)
{
	const json_t *ids = nlb_list_of(call, "ServerIds"), *ips = nlb_list_of(call, "ServerIps");

	return (ids == NULL || shape_has_text(ids, text_of(server, "ServerId"))) &&
	       (ips == NULL || shape_has_text(ips, text_of(server, "ServerIp")));
}

static json_t *show_server(const struct call *call, const struct store_resource *group,
			   const json_t *server)
{
	json_t *item = shape_complete(&server_resource, server);

	shape_set_text(item, "ServerGroupId", group->id);
	shape_set_text(item, "Status", status_of(call, group->body));
	shape_set_text(item, "ZoneId", "local");
	json_object_set_new(item, "Revision", json_integer(group->revision));
	return item;
}

struct collecting {
	struct call *call;
	json_t *list;
};

static bool collect(void *arg, const struct store_resource *group)
{
	struct collecting *collecting = arg;
	const json_t *servers = json_object_get(group->body, "Servers");
	size_t i;

	for (i = 0; i < json_array_size(servers); i++)
		if (is_wanted(collecting->call, json_array_get(servers, i)))
			json_array_append_new(
				collecting->list,
				show_server(collecting->call, group, json_array_get(servers, i)));
	return true;
}

static int collect_all(struct collecting *collecting, struct error *err)
{
	struct store_filter filter = { 0 };
	struct store_resource group = { 0 };

	if (!call_has(collecting->call, "ServerGroupId"))
		return store_resource_each(collecting->call->store, STORE_SERVER_GROUP, &filter,
					   collect, collecting, err);
	if (nlb_get_named(collecting->call, STORE_SERVER_GROUP, "ServerGroupId", &group, err) < 0)
		return -1;
	collect(collecting, &group);
	store_resource_done(&group);
	return 0;
}

int nlb_ListServerGroupServers(struct call *call, struct error *err)
{
	struct collecting collecting = { call, json_array() };

	if (collect_all(&collecting, err) == 0)
		return nlb_page(call, "Servers", collecting.list, err);
	json_decref(collecting.list);
	return -1;
}
