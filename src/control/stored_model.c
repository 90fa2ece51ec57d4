/*
 * Load balancers, groups and policies first, then the listeners, each with the certificates it needs.
 * What is wrong with one row concerns the listeners that need it, and nobody else.
 */
#include "control/stored_model.h"

#include <stdlib.h>
#include <string.h>
#include "control/stored_internal.h"
#include "control/stored_object.h"
#include "model/fields.h"
#include "model/text_checks.h"

struct building {
	struct stored_builder builder;
	const struct stored_options *options;
	struct model_warnings *warnings;
	struct error *err;
	struct name_index *idle; /* balancers that serve nothing; borrows names of the model */
	bool failed;
};

static bool has_fault(const struct building *building)
{
	return building->options->fault != NULL;
}

/* false: it is over. */
static bool after_add(struct building *building, int status, const struct error *why)
{
	if (status == 0 || has_fault(building))
		return true; /* those who need what is missing will say so */
	if (building->err != NULL)
		*building->err = *why;
	building->failed = true;
	return false;
}

static bool add_policy(void *arg, const struct store_resource *row)
{
	struct building *building = arg;
	struct error why;

	return after_add(building, stored_add_policy(&building->builder, row, &why), &why);
}

static bool add_group(void *arg, const struct store_resource *row)
{
	struct building *building = arg;
	struct error why;

	return after_add(building, stored_add_group(&building->builder, row, &why), &why);
}

static bool serves(const struct store_resource *balancer)
{
	const char *status =
		json_string_value(json_object_get(balancer->body, "LoadBalancerStatus"));

	return status == NULL || strcmp(status, "Active") == 0;
}

static bool add_balancer(void *arg, const struct store_resource *row)
{
	struct building *building = arg;
	struct model *model = building->builder.model;
	struct error why;
	int status = stored_add_balancer(&building->builder, row, &why);

	if (status == 0 && !serves(row))
		name_index_add(building->idle,
			       model->load_balancers[model->load_balancer_count - 1].name, 0);
	return after_add(building, status, &why);
}

/* --- listeners --- */

/* The console must stay reachable: it is what a mistake is mended with. */
static bool is_in_the_way(const struct building *building, const struct model_listener *listener)
{
	const struct stored_console *console = building->options->console;
	const struct model_load_balancer *balancer;
	int64_t first = listener->port != 0 ? listener->port : listener->start_port;
	int64_t last = listener->port != 0 ? listener->port : listener->end_port;
	size_t i;

	if (console == NULL || console->port < first || console->port > last)
		return false;
	balancer = model_find_load_balancer(building->builder.model, listener->load_balancer);
	for (i = 0; i < balancer->zone_count; i++)
		if (text_ips_meet(balancer->zones[i].private_ipv4_address, console->ipv4) ||
		    text_ips_meet(balancer->zones[i].ipv6_address, console->ipv6))
			return true;
	return false;
}

static void drop_last_listener(struct model *model)
{
	resource_done(&listener_resource, &model->listeners[--model->listener_count]);
}

static int try_listener(struct building *building, const struct store_resource *row,
			struct error *why)
{
	struct model *model = building->builder.model;

	if (stored_add_listener(&building->builder, row, why) < 0)
		return -1;
	if (!is_in_the_way(building, &model->listeners[model->listener_count - 1]))
		return 0;
	drop_last_listener(model);
	error_set(why, ERROR_CONFLICT, "port %lld is the console's",
		  (long long)building->options->console->port);
	error_symbol(why, "Conflict.Port");
	return error_hint(why, "Move the console to another port or address, or the listener.");
}

static bool add_listener(void *arg, const struct store_resource *row)
{
	struct building *building = arg;
	const struct stored_options *options = building->options;
	struct error why = { 0 };

	if (row->parent == NULL || name_index_find(building->idle, row->parent) != NAME_INDEX_NONE)
		return true;
	if (options->left_out != NULL && options->left_out(options->arg, row->id))
		return true;
	if (try_listener(building, row, &why) == 0)
		return true;
	if (has_fault(building))
		options->fault(options->arg, row->id, &why);
	return after_add(building, -1, &why);
}

/* --- the console --- */

static json_t *console_zone(const struct stored_console *console)
{
	json_t *zone = json_pack("{s:s}", "ZoneId", STORED_CONSOLE_NAME);

	if (console->ipv4 != NULL)
		json_object_set_new(zone, "PrivateIPv4Address", json_string(console->ipv4));
	if (console->ipv6 != NULL)
		json_object_set_new(zone, "Ipv6Address", json_string(console->ipv6));
	return zone;
}

/* Its server is this very process: nothing to check, and nothing to try again. */
static json_t *console_group(const struct stored_console *console)
{
	return json_pack("{s:[{s:s}], s:{s:b}}", "Servers", "ServerId", console->backend,
			 "HealthCheckConfig", "HealthCheckEnabled", 0);
}

static json_t *console_listener(const struct stored_console *console)
{
	return json_pack("{s:s, s:I, s:s, s:[s], s:b, s:b, s:s}", "ListenerProtocol", "TCPSSL",
			 "ListenerPort", (json_int_t)console->port, "ServerGroupId",
			 STORED_CONSOLE_NAME, "CertificateIds", console->certificate_id,
			 "ProxyProtocolEnabled", 1, "AlpnEnabled", 1, "AlpnPolicy", "HTTP1Only");
}

static int add_console(struct building *building, struct error *err)
{
	const struct stored_console *console = building->options->console;
	struct stored_builder *builder = &building->builder;
	struct store_resource balancer = { .id = STORED_CONSOLE_NAME }, group = balancer,
			      listener = { .id = STORED_CONSOLE_NAME,
					   .parent = STORED_CONSOLE_NAME };
	int status;

	balancer.body = json_pack("{s:[o]}", "ZoneMappings", console_zone(console));
	group.body = console_group(console);
	listener.body = console_listener(console);
	status = stored_add_balancer(builder, &balancer, err);
	if (status == 0)
		status = stored_add_group(builder, &group, err);
	if (status == 0) {
		struct model *model = builder->model;

		model->server_groups[model->server_group_count - 1].servers[0].own_socket = true;
		model_index(model);
	}
	if (status == 0)
		status = stored_add_listener(builder, &listener, err);
	json_decref(balancer.body);
	json_decref(group.body);
	json_decref(listener.body);
	return status;
}

/* Without it everything else goes on: `sallyport console reset` mends it. */
static int add_console_if_any(struct building *building)
{
	struct error why = { 0 };

	if (building->options->console == NULL || add_console(building, &why) == 0)
		return 0;
	if (!has_fault(building)) {
		after_add(building, -1, &why);
		return -1;
	}
	building->options->fault(building->options->arg, STORED_CONSOLE_NAME, &why);
	model_warn(building->warnings, building->builder.model, 0,
		   "the console cannot be served: %s", why.message);
	model_warn_hint(building->warnings, "Run sallyport console reset.");
	return 0;
}

/* --- all of it --- */

static int each(struct building *building, const char *kind,
		bool (*add)(void *arg, const struct store_resource *row))
{
	struct store_filter filter = { 0 };

	if (store_resource_each(building->builder.store, kind, &filter, add, building,
				building->err) < 0)
		return -1;
	return building->failed ? -1 : 0;
}

/* One that cannot be read has its default: it was checked when it was set. */
static int add_settings(struct building *building)
{
	struct error why = { 0 };
	size_t i;

	if (!has_fault(building))
		return stored_add_settings(&building->builder, building->err);
	for (i = 0; i < settings_resource.field_count; i++)
		if (stored_add_setting(&building->builder, settings_resource.fields[i].name, &why) <
		    0)
			model_warn(building->warnings, building->builder.model, 0,
				   "setting %s is not used: %s", why.place, why.message);
	return 0;
}

static int build(struct building *building)
{
	struct stored_builder *builder = &building->builder;

	if (add_settings(building) < 0 || each(building, STORE_SECURITY_POLICY, add_policy) < 0 ||
	    each(building, STORE_LOAD_BALANCER, add_balancer) < 0 ||
	    each(building, STORE_SERVER_GROUP, add_group) < 0)
		return -1;
	model_index(builder->model);
	if (each(building, STORE_LISTENER, add_listener) < 0 || add_console_if_any(building) < 0)
		return -1;
	model_index(builder->model);
	if (has_fault(building))
		stored_weed(builder->model, building->options);
	return 0;
}

struct model *stored_model(struct store *reader, const struct stored_options *options,
			   struct model_warnings *warnings, struct error *err)
{
	static const struct stored_options none;
	struct building building = { .options = options != NULL ? options : &none,
				     .warnings = warnings,
				     .err = err };
	int status;

	stored_builder_init(&building.builder, reader);
	building.builder.old = building.options->old;
	building.idle = name_index_new();
	status = build(&building);
	name_index_free(building.idle);
	stored_builder_done(&building.builder);
	if (status == 0)
		return building.builder.model;
	model_free(building.builder.model);
	return NULL;
}
