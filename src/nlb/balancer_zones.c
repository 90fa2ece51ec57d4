/* The zones of a load balancer: which addresses its listeners bind, and which are out of service. */
#include "nlb/balancer.h"

#include <string.h>
#include "nlb/shape.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

json_t *nlb_balancer_zones(const json_t *body)
{
	return json_object_get(body, "ZoneMappings");
}

/* --- setting them --- */

static bool gives_ipv6(const json_t *given)
{
	size_t i;

	for (i = 0; i < json_array_size(given); i++)
		if (text_of(json_array_get(given, i), "Ipv6Address") != NULL)
			return true;
	return false;
}

static int check_version(const json_t *body, const json_t *given, struct error *err)
{
	const char *version = text_of(body, "AddressIpVersion");

	if (version == NULL || strcmp(version, "Ipv4") != 0 || !gives_ipv6(given))
		return 0;
	call_refuse(err, ERROR_INVALID, "OperationDenied.NonDualStackInstance", "ZoneMappings",
		    "a zone has an Ipv6Address, but AddressIpVersion is Ipv4");
	return error_hint(err, "Create the load balancer with AddressIpVersion DualStack.");
}

static int check_twice(const json_t *zones, size_t at, struct error *err)
{
	const char *id = text_of(json_array_get(zones, at), "ZoneId");
	size_t i;

	for (i = 0; i < at; i++)
		if (strcmp(text_of(json_array_get(zones, i), "ZoneId"), id) == 0)
			return call_refuse(err, ERROR_INVALID, "OperationFailed.DuplicateZones.",
					   "ZoneMappings", "zone \"%.64s\" is given twice", id);
	return 0;
}

/* A zone that was shifted stays so when it is given again. */
static void keep_status(const json_t *before, json_t *zone)
{
	size_t i;

	for (i = 0; i < json_array_size(before); i++) {
		const json_t *old = json_array_get(before, i);

		if (strcmp(text_of(old, "ZoneId"), text_of(zone, "ZoneId")) == 0)
			shape_copy(zone, "Status", old, "Status");
	}
}

static int complete_zones(struct call *call, const json_t *before, json_t *zones, bool dual_stack,
			  struct error *err)
{
	json_t *places = nlb_place_zones(call->store);
	int status = 0;
	size_t i;

	for (i = 0; i < json_array_size(zones) && status == 0; i++) {
		json_t *zone = json_array_get(zones, i);

		status = check_twice(zones, i, err);
		if (status == 0)
			status = nlb_place_zone(call->store, places, zone, dual_stack, err);
		if (status == 0)
			keep_status(before, zone);
	}
	json_decref(places);
	return status;
}

int balancer_set_zones(struct call *call, json_t *body, const json_t *given, struct error *err)
{
	const char *version = text_of(body, "AddressIpVersion");
	bool dual_stack = version != NULL && strcmp(version, "DualStack") == 0;
	json_t *zones = json_deep_copy(given);

	if (check_version(body, given, err) < 0 ||
	    complete_zones(call, nlb_balancer_zones(body), zones, dual_stack, err) < 0) {
		json_decref(zones);
		return -1;
	}
	if (version == NULL)
		shape_set_text(body, "AddressIpVersion", gives_ipv6(zones) ? "DualStack" : "Ipv4");
	return json_object_set_new(body, "ZoneMappings", zones);
}

static bool any_active(const json_t *zones)
{
	size_t i;

	for (i = 0; i < json_array_size(zones); i++)
		if (strcmp(text_of(json_array_get(zones, i), "Status"), "Active") == 0)
			return true;
	return false;
}

static int check_one_active(const json_t *zones, struct error *err)
{
	if (any_active(zones))
		return 0;
	call_refuse(err, ERROR_DENIED, "OperationDenied.LastActiveZone", "ZoneMappings",
		    "no zone would be left in service");
	return error_hint(err, "Stop the listeners, or put another zone back first.");
}

/* Its listeners move: nobody else may have their ports on the new addresses. */
static int check_listeners(struct call *call, const json_t *zones, struct error *err)
{
	const char *id = call_text(call, "LoadBalancerId");
	struct store_filter filter = { .parent = id };
	struct nlb_rows rows = { 0 };
	int status =
		store_resource_each(call->store, STORE_LISTENER, &filter, nlb_rows_add, &rows, err);
	int64_t first, last;
	size_t i;

	for (i = 0; i < rows.count && status == 0; i++) {
		nlb_ports_of(rows.items[i].body, &first, &last);
		status = nlb_check_ports(call, id, zones, first, last, rows.items[i].id, err);
	}
	nlb_rows_done(&rows);
	return status;
}

static int change_zones(struct call *call, json_t *body, struct error *err)
{
	if (balancer_set_zones(call, body, call_value(call, "ZoneMappings"), err) < 0 ||
	    check_one_active(nlb_balancer_zones(body), err) < 0)
		return -1;
	return check_listeners(call, nlb_balancer_zones(body), err);
}

int nlb_UpdateLoadBalancerZones(struct call *call, struct error *err)
{
	return balancer_change(call, change_zones, true, err);
}

/* --- shifting --- */

static json_t *find_zone(const json_t *zones, const char *id)
{
	size_t i;

	for (i = 0; i < json_array_size(zones); i++)
		if (strcmp(text_of(json_array_get(zones, i), "ZoneId"), id) == 0)
			return json_array_get(zones, i);
	return NULL;
}

static int set_status(struct call *call, json_t *body, const char *status, struct error *err)
{
	const json_t *given = call_value(call, "ZoneMappings");
	json_t *zones = nlb_balancer_zones(body);
	size_t i;

	for (i = 0; i < json_array_size(given); i++) {
		const char *id = text_of(json_array_get(given, i), "ZoneId");
		json_t *zone = find_zone(zones, id);

		if (zone == NULL)
			return call_refuse(err, ERROR_INVALID, "InvalidZones", "ZoneMappings",
					   "the load balancer has no zone \"%.64s\"", id);
		shape_set_text(zone, "Status", status);
	}
	return check_one_active(zones, err);
}

static int shift(struct call *call, json_t *body, struct error *err)
{
	return set_status(call, body, "Shifted", err);
}

static int shift_back(struct call *call, json_t *body, struct error *err)
{
	return set_status(call, body, "Active", err);
}

int nlb_StartShiftLoadBalancerZones(struct call *call, struct error *err)
{
	return balancer_change(call, shift, true, err);
}

int nlb_CancelShiftLoadBalancerZones(struct call *call, struct error *err)
{
	return balancer_change(call, shift_back, true, err);
}
