/* Load balancers as replies show them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "nlb/balancer.h"
#include "nlb/shape.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const char *status_of(const struct call *call, const json_t *body)
{
	const char *stored = text_of(body, "LoadBalancerStatus");

	if (stored != NULL)
		return stored;
	return nlb_is_pending(call, body) ? "Configuring" : "Active";
}

/* --- zones --- */

static json_t *show_address(const json_t *zone)
{
	json_t *address = json_object();

	shape_copy(address, "PrivateIPv4Address", zone, "PrivateIPv4Address");
	shape_copy(address, "Ipv6Address", zone, "Ipv6Address");
	if (text_of(zone, "PrivateIPv4Address") != NULL)
		shape_set_text(address, "PrivateIPv4HcStatus", "Healthy");
	if (text_of(zone, "Ipv6Address") != NULL)
		shape_set_text(address, "PrivateIPv6HcStatus", "Healthy");
	return address;
}

static json_t *show_zones(const json_t *zones)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < json_array_size(zones); i++) {
		const json_t *zone = json_array_get(zones, i);
		json_t *shown = json_object();

		shape_copy(shown, "ZoneId", zone, "ZoneId");
		shape_copy(shown, "VSwitchId", zone, "VSwitchId");
		shape_copy(shown, "Status", zone, "Status");
		json_object_set_new(shown, "LoadBalancerAddresses",
				    json_pack("[o]", show_address(zone)));
		json_array_append_new(list, shown);
	}
	return list;
}

/* --- its name in the DNS --- */

static void dns_name(struct store *store, const char *id, char *ret_text, size_t size)
{
	char *region = nlb_setting(store, "Region"), *domain = nlb_setting(store, "Domain");

	snprintf(ret_text, size, "%s.%s.nlb.%s", id, region, domain);
	free(region);
	free(domain);
}

/* The first address in service; of all addresses, the machine's own. */
static void first_address(const json_t *zones, char *ret_text, size_t size)
{
	const char *text = NULL;
	size_t i;

	for (i = 0; i < json_array_size(zones) && text == NULL; i++) {
		const json_t *zone = json_array_get(zones, i);

		if (strcmp(text_of(zone, "Status"), "Active") != 0)
			continue;
		text = text_of(zone, "PrivateIPv4Address");
		if (text == NULL)
			text = text_of(zone, "Ipv6Address");
	}
	if (text == NULL || strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0)
		nlb_place_main_address(ret_text, size);
	else
		snprintf(ret_text, size, "%s", text);
}

static void add_names(struct call *call, json_t *item, const struct store_resource *row)
{
	char name[400], address[64];

	dns_name(call->store, row->id, name, sizeof(name));
	first_address(nlb_balancer_zones(row->body), address, sizeof(address));
	shape_set_text(item, "DNSName", name);
	json_object_set_new(item, "HostsLine", json_sprintf("%s %s", address, name));
}

/* --- one of them --- */

/* What the table does not know, or knows otherwise. */
static void add_fixed(struct call *call, json_t *item, const struct store_resource *row)
{
	char *region = nlb_setting(call->store, "Region");

	shape_set_text(item, "LoadBalancerId", row->id);
	shape_set_text(item, "LoadBalancerType", "Network");
	shape_set_text(item, "LoadBalancerStatus", status_of(call, row->body));
	shape_set_text(item, "LoadBalancerBusinessStatus", "Normal");
	shape_set_text(item, "Ipv6AddressType", "Intranet");
	shape_set_text(item, "RegionId", region);
	shape_copy(item, "ResourceGroupId", row->body, "ResourceGroupId");
	if (json_object_get(item, "ResourceGroupId") == NULL)
		shape_set_text(item, "ResourceGroupId", "default");
	if (json_object_get(item, "VpcId") == NULL)
		shape_set_text(item, "VpcId", "vpc-local");
	json_object_set_new(item, "CreateTime", nlb_time(row->created_s));
	json_object_set_new(item, "LoadBalancerBillingConfig",
			    json_pack("{s:s}", "PayType", "PostPay"));
	json_object_set_new(item, "OperationLocks", json_array());
	json_object_set_new(item, "SecurityGroupIds", json_array());
	json_object_set_new(item, "Revision", json_integer(row->revision));
	free(region);
}

/* The table fills in what was left out; the time of switching on is not in it. */
static void add_enabled_time(json_t *item, const json_t *body, const char *property)
{
	shape_copy(json_object_get(item, property), "EnabledTime", json_object_get(body, property),
		   "EnabledTime");
}

static json_t *show(struct call *call, const struct store_resource *row)
{
	json_t *item = shape_complete(&load_balancer_resource, row->body);

	json_object_set_new(item, "ZoneMappings", show_zones(nlb_balancer_zones(row->body)));
	add_enabled_time(item, row->body, "DeletionProtectionConfig");
	add_enabled_time(item, row->body, "ModificationProtectionConfig");
	add_fixed(call, item, row);
	add_names(call, item, row);
	return item;
}

int nlb_GetLoadBalancerAttribute(struct call *call, struct error *err)
{
	return nlb_show_one(call, STORE_LOAD_BALANCER, "LoadBalancerId", show, err);
}

/* --- many of them --- */

/* Words and host names are the same in any case. */
static bool has_value(struct call *call, const char *parameter, const char *value)
{
	const char *wanted = call_text(call, parameter);

	return wanted == NULL || (value != NULL && strcasecmp(wanted, value) == 0);
}

static bool has_zone(const json_t *zones, const char *id)
{
	size_t i;

	for (i = 0; i < json_array_size(zones); i++)
		if (strcmp(text_of(json_array_get(zones, i), "ZoneId"), id) == 0)
			return true;
	return false;
}

static bool matches(struct call *call, const struct store_resource *row)
{
	const json_t *vpcs = call_value(call, "VpcIds");
	const char *zone = call_text(call, "ZoneId");
	json_t *item = show(call, row);
	bool answer = has_value(call, "AddressType", text_of(item, "AddressType")) &&
		      has_value(call, "AddressIpVersion", text_of(item, "AddressIpVersion")) &&
		      has_value(call, "DNSName", text_of(item, "DNSName")) &&
		      has_value(call, "Ipv6AddressType", text_of(item, "Ipv6AddressType")) &&
		      has_value(call, "LoadBalancerStatus", text_of(item, "LoadBalancerStatus")) &&
		      has_value(call, "LoadBalancerBusinessStatus",
				text_of(item, "LoadBalancerBusinessStatus")) &&
		      has_value(call, "ResourceGroupId", text_of(item, "ResourceGroupId"));

	if (json_array_size(vpcs) > 0)
		answer = answer && shape_has_text(vpcs, text_of(item, "VpcId"));
	if (zone != NULL)
		answer = answer && has_zone(nlb_balancer_zones(row->body), zone);
	json_decref(item);
	return answer;
}

static json_t *item_of(struct call *call, const struct store_resource *row, struct error *err)
{
	json_t *tags = store_tags(call->store, STORE_LOAD_BALANCER, row->id, err);
	json_t *item;

	if (tags == NULL)
		return NULL;
	item = show(call, row);
	json_object_set_new(item, "Tags", tags);
	return item;
}

static bool is_filtered(const struct call *call)
{
	static const char *const names[] = { "AddressType",
					     "AddressIpVersion",
					     "DNSName",
					     "Ipv6AddressType",
					     "LoadBalancerStatus",
					     "LoadBalancerBusinessStatus",
					     "ResourceGroupId",
					     "VpcIds",
					     "ZoneId" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (call_has(call, names[i]))
			return true;
	return false;
}

int nlb_ListLoadBalancers(struct call *call, struct error *err)
{
	const struct nlb_list list = {
		.kind = STORE_LOAD_BALANCER,
		.member = "LoadBalancers",
		.filter = { .ids = nlb_list_of(call, "LoadBalancerIds"),
			    .names = nlb_list_of(call, "LoadBalancerNames") },
		.matches = is_filtered(call) ? matches : NULL,
		.item = item_of,
	};

	return nlb_list(call, &list, err);
}
