/*
 * Ports that overlap, over all listeners and the metrics address. A wildcard address and a specific
 * one of the same family share their ports; IPv4 and IPv6 never do (sockets are IPV6_V6ONLY).
 */
#include "model/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/text_checks.h"

#define RANGE_PORTS_MAX 1024
#define METRICS SIZE_MAX /* in place of a listener's index */

struct binding {
	struct text_address address;
	int64_t start, end; /* ports */
	size_t listener;
	const char *text; /* the address */
};

struct bindings {
	struct binding *items;
	size_t count;
};

static void add_binding(struct bindings *bindings, const char *text, int64_t start, int64_t end,
			size_t listener)
{
	if (text != NULL)
		bindings->items[bindings->count++] =
			(struct binding){ text_address_parse(text), start, end, listener, text };
}

static void add_listener(const struct check *check, struct bindings *bindings, size_t i)
{
	const struct model_listener *listener = &check->model->listeners[i];
	const struct model_load_balancer *balancer =
		model_find_load_balancer(check->model, listener->load_balancer);
	int64_t start = listener->port != 0 ? listener->port : listener->start_port;
	int64_t end = listener->port != 0 ? listener->port : listener->end_port;
	size_t j;

	for (j = 0; j < balancer->zone_count; j++) {
		add_binding(bindings, balancer->zones[j].private_ipv4_address, start, end, i);
		add_binding(bindings, balancer->zones[j].ipv6_address, start, end, i);
	}
}

/* Two addresses per zone, ten zones, one metrics address: an upper bound, then filled. */
static struct bindings collect(const struct check *check)
{
	const struct model *model = check->model;
	const char *metrics = model->settings.metrics_address;
	struct bindings bindings = { 0 };
	struct text_address address;
	size_t i, room = 1;
	int port;

	for (i = 0; i < model->listener_count; i++)
		room += 2 * model_find_load_balancer(model, model->listeners[i].load_balancer)
				    ->zone_count;
	bindings.items = memory_new(room * sizeof(bindings.items[0]));
	for (i = 0; i < model->listener_count; i++)
		add_listener(check, &bindings, i);
	if (metrics != NULL && text_address_port_parse(metrics, &address, &port))
		bindings.items[bindings.count++] =
			(struct binding){ address, port, port, METRICS, metrics };
	return bindings;
}

static int compare_starts(const void *a, const void *b)
{
	const struct binding *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return left->listener < right->listener ? -1 : left->listener > right->listener;
}

static void owner_text(const struct binding *binding, char *ret_text, size_t size)
{
	if (binding->listener == METRICS)
		snprintf(ret_text, size, "Settings.MetricsAddress");
	else
		snprintf(ret_text, size, "Listeners[%zu]", binding->listener);
}

static int overlap_failed(const struct check *check, const struct binding *a,
			  const struct binding *b)
{
	const struct binding *first = a->listener < b->listener ? a : b;
	const struct binding *second = first == a ? b : a;
	char first_owner[48], second_owner[48];
	const struct model *model = check->model;
	int line = second->listener == METRICS
			   ? model_line_of(model, &model->settings.metrics_address, 0)
			   : model->listeners[second->listener].line;

	owner_text(first, first_owner, sizeof(first_owner));
	owner_text(second, second_owner, sizeof(second_owner));
	if (second->listener != METRICS)
		line = model_line_of(model, &model->listeners[second->listener].port, line);
	check_failed(check, ERROR_CONFLICT, "Conflict.Port", line,
		     "%s%s: port %lld on %.64s overlaps with %s on %.64s", second_owner,
		     second->listener == METRICS ? "" : ".ListenerPort",
		     (long long)(a->start > b->start ? a->start : b->start), second->text,
		     first_owner, first->text);
	return error_hint(check->err, "Choose another port or another address.");
}

static int find_overlap(const struct check *check, struct bindings *bindings)
{
	size_t i, j;

	qsort(bindings->items, bindings->count, sizeof(bindings->items[0]), compare_starts);
	for (i = 0; i < bindings->count; i++) {
		const struct binding *a = &bindings->items[i];

		for (j = i + 1; j < bindings->count && bindings->items[j].start <= a->end; j++) {
			const struct binding *b = &bindings->items[j];

			if (text_addresses_meet(&a->address, &b->address))
				return overlap_failed(check, a, b);
		}
	}
	return 0;
}

/* Zones of one load balancer that share an address would meet on every listener. */
static int check_zones(const struct check *check, size_t i)
{
	const struct model_load_balancer *balancer = &check->model->load_balancers[i];
	struct bindings bindings = { 0 };
	int status = 0;
	size_t j, k;

	bindings.items = memory_new(2 * balancer->zone_count * sizeof(bindings.items[0]));
	for (j = 0; j < balancer->zone_count; j++) {
		add_binding(&bindings, balancer->zones[j].private_ipv4_address, 0, 0, j);
		add_binding(&bindings, balancer->zones[j].ipv6_address, 0, 0, j);
	}
	for (j = 0; j < bindings.count && status == 0; j++) {
		for (k = 0; k < j && status == 0; k++) {
			if (!text_addresses_meet(&bindings.items[j].address, &bindings.items[k].address))
				continue;
			status = check_failed(
				check, ERROR_CONFLICT, "Conflict.Address", balancer->line,
				"LoadBalancers[%zu].ZoneMappings[%zu]: %s overlaps with %s "
				"of another zone",
				i, bindings.items[j].listener, bindings.items[j].text,
				bindings.items[k].text);
			error_hint(check->err, "Give each zone an address of its own.");
		}
	}
	free(bindings.items);
	return status;
}

/* Each port of a range is a socket per worker. */
static int check_range_ports(const struct check *check, size_t i)
{
	const struct model *model = check->model;
	const char *name = model->load_balancers[i].name;
	int64_t ports = 0;
	size_t j, ranges = 0;

	for (j = 0; j < model->listener_count; j++) {
		const struct model_listener *listener = &model->listeners[j];

		if (listener->port != 0 || strcmp(listener->load_balancer, name) != 0)
			continue;
		ports += listener->end_port - listener->start_port + 1;
		if (++ranges > 1) {
			check_failed(
				check, ERROR_LIMIT, "QuotaExceeded.RangeListener", listener->line,
				"Listeners[%zu].ListenerPort: load balancer \"%.64s\" has a listener "
				"with a port range already",
				j, name);
			return error_hint(check->err, "Use one range, or another load balancer.");
		}
		if (ports > RANGE_PORTS_MAX) {
			check_failed(
				check, ERROR_LIMIT, "QuotaExceeded.RangePorts", listener->line,
				"Listeners[%zu].EndPort: the port range holds %lld ports, but at most "
				"%d are supported",
				j, (long long)ports, RANGE_PORTS_MAX);
			return error_hint(check->err, "Choose a smaller range.");
		}
	}
	return 0;
}

int check_ports(const struct check *check)
{
	const struct model *model = check->model;
	struct bindings bindings;
	size_t i;
	int status;

	for (i = 0; i < model->load_balancer_count; i++) {
		if (check_zones(check, i) < 0 || check_range_ports(check, i) < 0)
			return -1;
	}
	bindings = collect(check);
	status = find_overlap(check, &bindings);
	free(bindings.items);
	return status;
}
