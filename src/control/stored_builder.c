/* One row of the store made into one object of the model, and appended to its list. */
#include "control/stored_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/stored_object.h"
#include "model/fields.h"
#include "model/policies.h"
#include "model/text_checks.h"

#define FIRST_ROOM 16 /* of a list, more than there are system policies */

void stored_builder_init(struct stored_builder *builder, struct store *store)
{
	*builder = (struct stored_builder){ .store = store,
					    .model = model_new(),
					    .loaded = name_index_new() };
	builder->model->policies = memory_new(FIRST_ROOM * sizeof(*builder->model->policies));
	builder->model->policy_count = POLICY_SYSTEM_COUNT;
	policies_system(builder->model->policies);
}

void stored_builder_done(struct stored_builder *builder)
{
	stored_helpers_free(builder->helpers);
	stored_chain_done(&builder->chain);
	name_index_free(builder->loaded);
}

/* Makes room for one more and clears it; the count is the caller's to raise. Lists grow by doubling: at
 * powers of two from FIRST_ROOM on they are full. */
static void *room_for(void *list, size_t count, size_t size)
{
	char *items = list;

	if (items == NULL)
		items = memory_new(FIRST_ROOM * size);
	else if (count >= FIRST_ROOM && (count & (count - 1)) == 0)
		items = memory_resize(list, 2 * count * size);
	memset(items + count * size, 0, size);
	return items;
}

#define ROOM_FOR(list, count) ((list) = room_for((list), (count), sizeof(*(list))))

/* The row's body with another value of one property; a new reference. */
static json_t *body_with(const struct store_resource *row, const char *name, json_t *value)
{
	json_t *body = json_copy(row->body);

	json_object_set_new(body, name, value);
	return body;
}

/* --- load balancers --- */

static bool is_wildcard(const char *text)
{
	struct text_address address = text_address_parse(text);

	return text_address_is_any(&address);
}

static bool same_address(const char *a, const char *b)
{
	struct text_address left = text_address_parse(a), right = text_address_parse(b);

	return memcmp(&left, &right, sizeof(left)) == 0; /* however it is spelt */
}

static void add_address(json_t *addresses, const char *text)
{
	size_t i;

	for (i = 0; i < json_array_size(addresses); i++) {
		const char *other = json_string_value(json_array_get(addresses, i));

		if (is_wildcard(other) || same_address(other, text))
			return;
	}
	if (is_wildcard(text))
		json_array_clear(addresses);
	json_array_append_new(addresses, json_string(text));
}

/* What the zones that serve bind of one family: each address once, a wildcard alone. Zones may share an
 * address, since code written for a cloud asks for two zones where there is one machine. */
static json_t *bound_addresses(const json_t *zones, const char *property)
{
	json_t *addresses = json_array();
	size_t i;

	for (i = 0; i < json_array_size(zones); i++) {
		const json_t *zone = json_array_get(zones, i);
		const char *status = json_string_value(json_object_get(zone, "Status"));
		const char *text = json_string_value(json_object_get(zone, property));

		if (text != NULL && (status == NULL || strcmp(status, "Active") == 0))
			add_address(addresses, text);
	}
	return addresses;
}

static void set_item(json_t *zone, const char *property, const json_t *addresses, size_t i)
{
	json_t *text = json_array_get(addresses, i);

	if (text != NULL)
		json_object_set(zone, property, text);
}

/* One zone an address: what the data plane needs to know. */
static json_t *bound_zones(const json_t *zones)
{
	json_t *ipv4 = bound_addresses(zones, "PrivateIPv4Address");
	json_t *ipv6 = bound_addresses(zones, "Ipv6Address");
	json_t *bound = json_array();
	size_t i;

	for (i = 0; i < json_array_size(ipv4) || i < json_array_size(ipv6); i++) {
		json_t *zone = json_pack("{s:o}", "ZoneId", json_sprintf("zone-%zu", i + 1));

		set_item(zone, "PrivateIPv4Address", ipv4, i);
		set_item(zone, "Ipv6Address", ipv6, i);
		json_array_append_new(bound, zone);
	}
	json_decref(ipv4);
	json_decref(ipv6);
	return bound;
}

int stored_add_balancer(struct stored_builder *builder, const struct store_resource *row,
			struct error *err)
{
	struct model *model = builder->model;
	json_t *body = body_with(row, "LoadBalancerName", json_string(row->id));
	int status;

	json_object_set_new(body, "ZoneMappings",
			    bound_zones(json_object_get(row->body, "ZoneMappings")));
	ROOM_FOR(model->load_balancers, model->load_balancer_count);
	status = stored_object(&load_balancer_resource, body,
			       &model->load_balancers[model->load_balancer_count], err);
	json_decref(body);
	if (status == 0)
		model->load_balancers[model->load_balancer_count++].line = 0;
	return status;
}

/* --- groups and policies --- */

/* In an Ip group the id of a server is its address. */
static void complete_servers(struct model_server_group *group)
{
	size_t i;

	for (i = 0; i < group->server_count; i++)
		if (group->servers[i].server_ip == NULL)
			group->servers[i].server_ip =
				memory_copy_string(group->servers[i].server_id);
}

int stored_add_group(struct stored_builder *builder, const struct store_resource *row,
		     struct error *err)
{
	struct model *model = builder->model;
	json_t *body = body_with(row, "ServerGroupName", json_string(row->id));
	int status;

	ROOM_FOR(model->server_groups, model->server_group_count);
	status = stored_object(&server_group_resource, body,
			       &model->server_groups[model->server_group_count], err);
	json_decref(body);
	if (status < 0)
		return -1;
	complete_servers(&model->server_groups[model->server_group_count]);
	model->server_groups[model->server_group_count++].line = 0;
	return 0;
}

int stored_add_policy(struct stored_builder *builder, const struct store_resource *row,
		      struct error *err)
{
	struct model *model = builder->model;
	json_t *body = body_with(row, "SecurityPolicyName", json_string(row->id));
	int status;

	ROOM_FOR(model->policies, model->policy_count);
	status = stored_object(&policy_resource, body, &model->policies[model->policy_count], err);
	json_decref(body);
	if (status == 0)
		model->policies[model->policy_count++].line = 0;
	return status;
}

/* --- certificates --- */

int stored_add_certificate(struct stored_builder *builder, const char *id, struct error *err)
{
	struct model *model = builder->model;
	size_t count = model->certificate_count;

	if (name_index_find(builder->loaded, id) != NAME_INDEX_NONE)
		return 0;
	ROOM_FOR(model->certificates, count);
	if (stored_certificate(builder->store, id, builder->old, &builder->chain,
			       &model->certificates[count], err) < 0)
		return -1;
	model->certificate_count++;
	name_index_add(builder->loaded, model->certificates[count].name, 0);
	return 0;
}

static int add_ca(struct stored_builder *builder, const char *id, struct error *err)
{
	struct model *model = builder->model;
	size_t count = model->ca_certificate_count;

	if (name_index_find(builder->loaded, id) != NAME_INDEX_NONE)
		return 0;
	if (builder->helpers == NULL)
		builder->helpers = stored_helpers_new(builder->store, err);
	if (builder->helpers == NULL)
		return -1;
	ROOM_FOR(model->ca_certificates, count);
	if (stored_ca(builder->store, id, builder->helpers, &model->ca_certificates[count], err) <
	    0)
		return -1;
	model->ca_certificate_count++;
	name_index_add(builder->loaded, model->ca_certificates[count].name, 0);
	return 0;
}

static int add_all(struct stored_builder *builder, const struct model_strings *ids,
		   const char *property,
		   int (*add)(struct stored_builder *builder, const char *id, struct error *err),
		   struct error *err)
{
	size_t i;

	for (i = 0; i < ids->count; i++)
		if (add(builder, ids->items[i], err) < 0)
			return error_place(err, "%s.%zu", property, i + 1);
	return 0;
}

static int add_certificates(struct stored_builder *builder, const struct model_listener *listener,
			    struct error *err)
{
	if (add_all(builder, &listener->certificates, "CertificateIds", stored_add_certificate,
		    err) < 0 ||
	    add_all(builder, &listener->additional_certificates, "AdditionalCertificateIds",
		    stored_add_certificate, err) < 0)
		return -1;
	if (!listener->ca_enabled) /* those that are kept for later need not be there */
		return 0;
	return add_all(builder, &listener->ca_certificates, "CaCertificateIds", add_ca, err);
}

/* --- listeners --- */

static int missing(const char *what, const char *id, const char *property, struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, "%s \"%.80s\" is not there or cannot be read", what, id);
	return error_place(err, "%s", property);
}

static int check_listener(const struct stored_builder *builder,
			  const struct model_listener *listener, struct error *err)
{
	const struct model *model = builder->model;

	if (model_find_load_balancer(model, listener->load_balancer) == NULL)
		return missing("load balancer", listener->load_balancer, "LoadBalancerId", err);
	if (model_find_server_group(model, listener->server_group) == NULL)
		return missing("server group", listener->server_group, "ServerGroupId", err);
	if (listener->security_policy != NULL &&
	    model_find_policy(model, listener->security_policy) == NULL)
		return missing("security policy", listener->security_policy, "SecurityPolicyId",
			       err);
	return 0;
}

/* CA certificates without effect are not checked, so they must not be referred to. */
static void drop_idle_cas(struct model_listener *listener)
{
	struct model_strings *ids = &listener->ca_certificates;

	if (listener->ca_enabled)
		return;
	while (ids->count > 0)
		free(ids->items[--ids->count]);
}

int stored_add_listener(struct stored_builder *builder, const struct store_resource *row,
			struct error *err)
{
	struct model *model = builder->model;
	json_t *body = body_with(row, "LoadBalancer", json_string(row->parent));
	struct model_listener *listener;
	int status;

	ROOM_FOR(model->listeners, model->listener_count);
	listener = &model->listeners[model->listener_count];
	status = stored_object(&listener_resource, body, listener, err);
	json_decref(body);
	if (status < 0)
		return -1;
	listener->line = 0;
	listener->id = memory_copy_string(row->id);
	if (check_listener(builder, listener, err) < 0 ||
	    add_certificates(builder, listener, err) < 0) {
		resource_done(&listener_resource, listener);
		return -1;
	}
	drop_idle_cas(listener);
	model->listener_count++;
	return 0;
}

/* --- settings --- */

int stored_add_setting(struct stored_builder *builder, const char *name, struct error *err)
{
	char *text = store_setting(builder->store, name);
	int status = text == NULL ? 0
				  : stored_property(&settings_resource, name, text,
						    &builder->model->settings, err);

	free(text);
	return status < 0 ? error_place(err, "%s", name) : 0;
}

int stored_add_settings(struct stored_builder *builder, struct error *err)
{
	size_t i;

	for (i = 0; i < settings_resource.field_count; i++)
		if (stored_add_setting(builder, settings_resource.fields[i].name, err) < 0)
			return -1;
	return 0;
}
