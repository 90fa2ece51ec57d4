/*
 * Regions and zones. There is one region, this machine, and a zone is a named set of its addresses: as
 * the setting ZoneAddresses says ("a=192.0.2.1,2001:db8::1; b=192.0.2.2"), or else one zone a network
 * interface. Without the setting a zone of any other name stands for all addresses, so that code written
 * for a cloud runs as it is.
 */
#include "nlb/nlb.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "model/text_checks.h"
#include "nlb/shape.h"

#define ZONE_SETTING "ZoneAddresses"

/* --- what the setting says --- */

static bool add_place(json_t *places, char *text)
{
	char *addresses = strchr(text, '='), *address, *rest;
	json_t *list = json_array();

	if (addresses != NULL)
		*addresses++ = '\0';
	for (address = addresses == NULL ? NULL : strtok_r(addresses, ", ", &rest); address != NULL;
	     address = strtok_r(NULL, ", ", &rest))
		if (text_address_parse(address).family != 0)
			json_array_append_new(list, json_string(address));
	if (text[0] == '\0' || json_array_size(list) == 0) {
		json_decref(list);
		return false;
	}
	return json_object_set_new(places, text, list) == 0;
}

static json_t *places_of_setting(char *text)
{
	json_t *places = json_object();
	char *zone, *rest;

	for (zone = strtok_r(text, "; \t", &rest); zone != NULL;
	     zone = strtok_r(NULL, "; \t", &rest))
		add_place(places, zone);
	return places;
}

/* --- what the machine has --- */

/* Link-local IPv6 addresses mean nothing without an interface: left out. */
static bool interface_address(const struct ifaddrs *at, char ret_text[INET6_ADDRSTRLEN])
{
	if (at->ifa_addr == NULL || !(at->ifa_flags & IFF_UP))
		return false;
	if (at->ifa_addr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, at->ifa_addr, sizeof(in));
		return inet_ntop(AF_INET, &in.sin_addr, ret_text, INET6_ADDRSTRLEN) != NULL;
	}
	if (at->ifa_addr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, at->ifa_addr, sizeof(in6));
		return !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) &&
		       inet_ntop(AF_INET6, &in6.sin6_addr, ret_text, INET6_ADDRSTRLEN) != NULL;
	}
	return false;
}

static json_t *places_of_machine(void)
{
	json_t *places = json_object();
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *all, *at;

	if (getifaddrs(&all) < 0)
		return places;
	for (at = all; at != NULL; at = at->ifa_next) {
		if (!interface_address(at, text))
			continue;
		if (json_object_get(places, at->ifa_name) == NULL)
			json_object_set_new(places, at->ifa_name, json_array());
		json_array_append_new(json_object_get(places, at->ifa_name), json_string(text));
	}
	freeifaddrs(all);
	return places;
}

json_t *nlb_place_zones(struct store *store)
{
	char *text = store_setting(store, ZONE_SETTING);
	json_t *places = text == NULL ? NULL : places_of_setting(text);

	free(text);
	if (json_object_size(places) > 0)
		return places;
	json_decref(places);
	return places_of_machine();
}

void nlb_place_main_address(char *ret_text, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *all, *at;

	snprintf(ret_text, size, "127.0.0.1");
	if (getifaddrs(&all) < 0)
		return;
	for (at = all; at != NULL; at = at->ifa_next) {
		if (!interface_address(at, text) || (at->ifa_flags & IFF_LOOPBACK) ||
		    at->ifa_addr->sa_family != AF_INET)
			continue;
		snprintf(ret_text, size, "%s", text);
		break;
	}
	freeifaddrs(all);
}

/* --- a zone of a load balancer --- */

/* The first address of the family, or NULL. */
static const char *address_of(const json_t *addresses, int family)
{
	size_t i;

	for (i = 0; i < json_array_size(addresses); i++) {
		const char *text = json_string_value(json_array_get(addresses, i));

		if (text_address_parse(text).family == family)
			return text;
	}
	return NULL;
}

static int unknown_zone(const json_t *places, const char *id, struct error *err)
{
	struct buffer names = { 0 };
	const char *name;
	json_t *ignored;

	json_object_foreach((json_t *)places, name, ignored)
		buffer_printf(&names, "%s%s", names.len > 0 ? ", " : "", name);
	call_refuse(err, ERROR_INVALID, "InvalidZones", "ZoneMappings",
		    "there is no zone \"%.64s\"", id);
	error_hint(err, "The setting ZoneAddresses has %.100s.",
		   names.data != NULL ? (const char *)names.data : "none");
	buffer_done(&names);
	return -1;
}

/* Addresses of the zone, where the caller gave none. */
static int choose_addresses(struct store *store, const json_t *places, json_t *zone,
			    bool dual_stack, struct error *err)
{
	const char *id = json_string_value(json_object_get(zone, "ZoneId"));
	const json_t *addresses = json_object_get(places, id);
	char *setting = addresses != NULL ? NULL : store_setting(store, ZONE_SETTING);
	bool known_only = setting != NULL && setting[0] != '\0';

	free(setting);
	if (known_only)
		return unknown_zone(places, id, err);
	if (addresses == NULL) {
		shape_set_text(zone, "PrivateIPv4Address", "0.0.0.0");
		shape_set_text(zone, "Ipv6Address", dual_stack ? "::" : NULL);
		return 0;
	}
	shape_set_text(zone, "PrivateIPv4Address", address_of(addresses, 4));
	if (dual_stack || address_of(addresses, 4) == NULL)
		shape_set_text(zone, "Ipv6Address", address_of(addresses, 6));
	return 0;
}

/* One address has one spelling. */
static void respell(json_t *zone)
{
	const char *text = json_string_value(json_object_get(zone, "Ipv6Address"));
	char canonical[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (text != NULL && inet_pton(AF_INET6, text, &address) == 1 &&
	    inet_ntop(AF_INET6, &address, canonical, sizeof(canonical)) != NULL)
		shape_set_text(zone, "Ipv6Address", canonical);
}

int nlb_place_zone(struct store *store, const json_t *places, json_t *zone, bool dual_stack,
		   struct error *err)
{
	if (json_object_get(zone, "PrivateIPv4Address") == NULL &&
	    json_object_get(zone, "Ipv6Address") == NULL &&
	    choose_addresses(store, places, zone, dual_stack, err) < 0)
		return -1;
	respell(zone);
	if (json_object_get(zone, "VSwitchId") == NULL)
		json_object_set_new(
			zone, "VSwitchId",
			json_sprintf("vsw-%s", json_string_value(json_object_get(zone, "ZoneId"))));
	shape_set_text(zone, "Status", "Active");
	return 0;
}

/* --- the actions --- */

int nlb_DescribeZones(struct call *call, struct error *err)
{
	json_t *places = nlb_place_zones(call->store), *zones = json_array(), *addresses;
	const char *name;

	(void)err;
	json_object_foreach(places, name, addresses)
		json_array_append_new(zones, json_pack("{s:s, s:s, s:O}", "ZoneId", name,
						       "LocalName", name, "Addresses", addresses));
	json_decref(places);
	json_object_set_new(call->reply, "Zones", zones);
	return 0;
}

int nlb_DescribeRegions(struct call *call, struct error *err)
{
	char *region = nlb_setting(call->store, "Region");
	char *domain = nlb_setting(call->store, "Domain");

	(void)err;
	json_object_set_new(call->reply, "Regions",
			    json_pack("[{s:s, s:s, s:o}]", "RegionId", region, "LocalName", region,
				      "RegionEndpoint", json_sprintf("nlb.%s.%s", region, domain)));
	free(region);
	free(domain);
	return 0;
}
