/*
 * Which ports are free. A balancer has each port once; and since all balancers are on one machine, two
 * that share an address share its ports as well. The name of a listener's row is its port, or "range":
 * so only those that could be in the way are read.
 */
#include "nlb/listener.h"

#include <stdio.h>
#include <string.h>
#include "control/serving.h"
#include "model/text_checks.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

void nlb_ports_of(const json_t *listener, int64_t *ret_first, int64_t *ret_last)
{
	int64_t port = json_integer_value(json_object_get(listener, "ListenerPort"));
	int64_t start = json_integer_value(json_object_get(listener, "StartPort"));
	int64_t end = json_integer_value(json_object_get(listener, "EndPort"));

	*ret_first = port != 0 ? port : start;
	*ret_last = port != 0 ? port : end;
}

void listener_port_name(const json_t *body, char *ret_name, size_t size)
{
	int64_t port = json_integer_value(json_object_get(body, "ListenerPort"));

	if (port != 0)
		snprintf(ret_name, size, "%lld", (long long)port);
	else
		snprintf(ret_name, size, "range");
}

/* --- addresses --- */

/* Zones out of service count: they can be put back at any time. */
static const char *common_address(const json_t *a, const json_t *b)
{
	static const char *const names[] = { "PrivateIPv4Address", "Ipv6Address" };
	size_t i, j, k;

	for (i = 0; i < json_array_size(a); i++)
		for (j = 0; j < json_array_size(b); j++)
			for (k = 0; k < 2; k++) {
				const char *text = text_of(json_array_get(a, i), names[k]);

				if (text_ips_meet(text, text_of(json_array_get(b, j), names[k])))
					return text;
			}
	return NULL;
}

/* --- the search --- */

struct search {
	struct call *call;
	const char *balancer, *except;
	const json_t *zones;
	int64_t first, last;
	struct nlb_rows rows; /* those with a port in common */
};

static bool add_if_common(void *arg, const struct store_resource *row)
{
	struct search *search = arg;
	int64_t first, last;

	nlb_ports_of(row->body, &first, &last);
	if (first <= search->last && last >= search->first &&
	    (search->except == NULL || strcmp(row->id, search->except) != 0))
		nlb_rows_add(&search->rows, row);
	return true;
}

static int find(struct search *search, const char *name, struct error *err)
{
	struct store_filter filter = { .name = name };

	return store_resource_each(search->call->store, STORE_LISTENER, &filter, add_if_common,
				   search, err);
}

static int find_all(struct search *search, struct error *err)
{
	char name[24];

	if (search->first != search->last)
		return find(search, NULL, err);
	snprintf(name, sizeof(name), "%lld", (long long)search->first);
	return find(search, name, err) < 0 ? -1 : find(search, "range", err);
}

static int conflict(const struct search *search, const struct store_resource *row,
		    const char *address, struct error *err)
{
	int64_t first, last;

	nlb_ports_of(row->body, &first, &last);
	call_refuse(err, ERROR_CONFLICT, "Conflict.Port", "ListenerPort",
		    "port %lld is taken: listener \"%s\" of load balancer \"%s\" has it%s%s",
		    (long long)(first > search->first ? first : search->first), row->id,
		    row->parent, address != NULL ? " on " : "", address != NULL ? address : "");
	return error_hint(err, "%s",
			  address == NULL ? "Choose another port."
					  : "Choose another port, or give one of the two load "
					    "balancers an address of its own in ZoneMappings.");
}

static int compare_with(const struct search *search, const struct store_resource *row,
			struct error *err)
{
	struct store_resource balancer = { 0 };
	const char *address;
	int status;

	if (strcmp(row->parent, search->balancer) == 0)
		return conflict(search, row, NULL, err);
	status = store_resource_get(search->call->store, STORE_LOAD_BALANCER, row->parent,
				    &balancer, err);
	if (status <= 0)
		return status;
	address = common_address(search->zones, nlb_balancer_zones(balancer.body));
	status = address == NULL ? 0 : conflict(search, row, address, err);
	store_resource_done(&balancer);
	return status;
}

/* The console's own listener is in no list. */
static int compare_with_console(const struct search *search, struct error *err)
{
	const char *console = serving_console(search->call->control);
	struct text_address address, other;
	int port;
	size_t i;

	if (console == NULL || !text_address_port_parse(console, &address, &port) ||
	    port < search->first || port > search->last)
		return 0;
	for (i = 0; i < json_array_size(search->zones); i++) {
		const json_t *zone = json_array_get(search->zones, i);
		const char *text =
			text_of(zone, address.family == 4 ? "PrivateIPv4Address" : "Ipv6Address");

		if (text == NULL)
			continue;
		other = text_address_parse(text);
		if (!text_addresses_meet(&address, &other))
			continue;
		call_refuse(err, ERROR_CONFLICT, "Conflict.Port", "ListenerPort",
			    "port %d is taken: the console is on %s", port, console);
		return error_hint(err, "Choose another port, or start sallyportd with --console "
				       "elsewhere.");
	}
	return 0;
}

int nlb_check_ports(struct call *call, const char *balancer, const json_t *zones, int64_t first,
		    int64_t last, const char *except, struct error *err)
{
	struct search search = { .call = call,
				 .balancer = balancer,
				 .except = except,
				 .zones = zones,
				 .first = first,
				 .last = last };
	int status = find_all(&search, err);
	size_t i;

	for (i = 0; i < search.rows.count && status == 0; i++)
		status = compare_with(&search, &search.rows.items[i], err);
	nlb_rows_done(&search.rows);
	return status < 0 ? -1 : compare_with_console(&search, err);
}
