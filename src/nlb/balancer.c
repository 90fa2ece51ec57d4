/* Load balancers: made, changed, protected, deleted. Their zones are in balancer_zones.c. */
#include "nlb/nlb.h"

#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "control/stored_model.h"
#include "nlb/balancer.h"
#include "nlb/shape.h"

/* --- creating --- */

static int check_count(struct call *call, struct error *err)
{
	struct store_filter filter = { 0 };
	int64_t count = store_resource_count(call->store, STORE_LOAD_BALANCER, &filter, err);

	if (count < 0)
		return -1;
	return nlb_check_quota(call, "QuotaLoadBalancers", "nlb_quota_loadbalancers_num", count + 1,
			       "load balancers", err);
}

/* {Enabled: true} gets the time at which it was switched on. */
static void stamp_protection(json_t *body, const char *property, bool on, int64_t now)
{
	json_t *config = json_object_get(body, property);

	if (!on)
		json_object_del(config, "EnabledTime");
	else if (json_object_get(config, "EnabledTime") == NULL)
		json_object_set_new(config, "EnabledTime", nlb_time(now));
}

static void stamp_protections(json_t *body, int64_t now)
{
	const json_t *deletion = json_object_get(body, "DeletionProtectionConfig");
	const char *status = json_string_value(
		json_object_get(json_object_get(body, "ModificationProtectionConfig"), "Status"));

	stamp_protection(body, "DeletionProtectionConfig",
			 json_is_true(json_object_get(deletion, "Enabled")), now);
	stamp_protection(body, "ModificationProtectionConfig",
			 status != NULL && strcmp(status, "ConsoleProtection") == 0, now);
}

static int fill_new(struct call *call, struct nlb_edit *edit, struct error *err)
{
	json_t *body = edit->row.body;

	nlb_edit_take(call, edit, &load_balancer_resource);
	shape_copy(body, "ResourceGroupId", call->parameters, "ResourceGroupId");
	if (json_object_get(body, "LoadBalancerName") == NULL)
		shape_set_text(body, "LoadBalancerName", edit->row.id);
	edit->row.name =
		memory_copy_string(json_string_value(json_object_get(body, "LoadBalancerName")));
	stamp_protections(body, call->now);
	return balancer_set_zones(call, body, call_value(call, "ZoneMappings"), err);
}

int nlb_CreateLoadBalancer(struct call *call, struct error *err)
{
	struct nlb_edit edit;
	char id[64];
	int status;

	if (check_count(call, err) < 0)
		return -1;
	call_new_id("nlb-", id, sizeof(id));
	nlb_edit_new(&edit, STORE_LOAD_BALANCER, id);
	status = fill_new(call, &edit, err);
	/* Without listeners there is nothing to serve. */
	if (status == 0)
		status = nlb_edit_save(call, &edit, false, err);
	if (status == 0)
		status = stored_check_balancer(call->store, id, err);
	if (status == 0)
		status = nlb_put_tags(call, STORE_LOAD_BALANCER, id, err);
	if (status == 0)
		status = nlb_edit_job(call, &edit, err);
	nlb_edit_done(&edit);
	json_object_set_new(call->reply, "LoadbalancerId", json_string(id));
	json_object_set_new(call->reply, "OrderId", json_string(""));
	return status;
}

/* --- changing --- */

static void follow_name(struct nlb_edit *edit)
{
	free(edit->row.name);
	edit->row.name = memory_copy_string(
		json_string_value(json_object_get(edit->row.body, "LoadBalancerName")));
}

int balancer_change(struct call *call,
		    int (*change)(struct call *call, json_t *body, struct error *err), bool serves,
		    struct error *err)
{
	struct nlb_edit edit;
	int status;

	if (nlb_edit_named(call, STORE_LOAD_BALANCER, "LoadBalancerId", &edit, err) < 0)
		return -1;
	status = change(call, edit.row.body, err);
	if (status == 0) {
		follow_name(&edit);
		status = nlb_edit_save(call, &edit, serves, err);
	}
	if (status == 0)
		status = stored_check_balancer(call->store, edit.row.id, err);
	if (status == 0)
		status = nlb_edit_job(call, &edit, err);
	nlb_edit_done(&edit);
	return status;
}

static int change_attributes(struct call *call, json_t *body, struct error *err)
{
	static const char *const names[] = { "LoadBalancerName", "Cps", "CrossZoneEnabled" };
	size_t i;

	(void)err;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		shape_copy(body, names[i], call->parameters, names[i]);
	return 0;
}

int nlb_UpdateLoadBalancerAttribute(struct call *call, struct error *err)
{
	return balancer_change(call, change_attributes, false, err);
}

/* The object in the body, made when it is missing. */
static json_t *config_of(json_t *body, const char *property)
{
	json_t *config = json_object_get(body, property);

	if (config == NULL) {
		config = json_object();
		json_object_set_new(body, property, config);
	}
	return config;
}

static int change_protection(struct call *call, json_t *body, struct error *err)
{
	json_t *deletion = config_of(body, "DeletionProtectionConfig");
	json_t *modification = config_of(body, "ModificationProtectionConfig");

	(void)err;
	shape_copy(deletion, "Enabled", call->parameters, "DeletionProtectionEnabled");
	shape_copy(deletion, "Reason", call->parameters, "DeletionProtectionReason");
	shape_copy(modification, "Status", call->parameters, "ModificationProtectionStatus");
	shape_copy(modification, "Reason", call->parameters, "ModificationProtectionReason");
	stamp_protections(body, call->now);
	return 0;
}

int nlb_UpdateLoadBalancerProtection(struct call *call, struct error *err)
{
	return balancer_change(call, change_protection, false, err);
}

static int change_address_type(struct call *call, json_t *body, struct error *err)
{
	const char *now = json_string_value(json_object_get(body, "AddressType"));
	const char *wanted = call_text(call, "AddressType");

	if (strcmp(now != NULL ? now : "Intranet", wanted) == 0)
		return call_refuse(err, ERROR_INVALID, "OperationDenied.AddressTypeNotChanged",
				   "AddressType", "AddressType is %s already", wanted);
	shape_set_text(body, "AddressType", wanted);
	return 0;
}

int nlb_UpdateLoadBalancerAddressTypeConfig(struct call *call, struct error *err)
{
	return balancer_change(call, change_address_type, false, err);
}

/* --- deleting --- */

static bool is_protected(const json_t *body)
{
	return json_is_true(
		json_object_get(json_object_get(body, "DeletionProtectionConfig"), "Enabled"));
}

/* Nobody can reach a listener without its balancer: they go together. */
static int delete_listeners(struct call *call, const struct store_resource *row, size_t *ret_count,
			    struct error *err)
{
	struct store_filter filter = { .parent = row->id };
	struct nlb_rows rows = { 0 };
	int status =
		store_resource_each(call->store, STORE_LISTENER, &filter, nlb_rows_add, &rows, err);
	size_t i;

	for (i = 0; i < rows.count && status == 0; i++)
		status = nlb_delete(call, STORE_LISTENER, &rows.items[i], true, false, err);
	*ret_count = rows.count;
	nlb_rows_done(&rows);
	return status;
}

static int delete_balancer(struct call *call, const struct store_resource *row, struct error *err)
{
	size_t listeners;

	if (call_check_revision(call, row->revision, err) < 0)
		return -1;
	if (is_protected(row->body)) {
		call_refuse(err, ERROR_DENIED, "OperationDenied.DeletionProtectionEnabled",
			    "LoadBalancerId", "load balancer \"%s\" is protected from deletion",
			    row->id);
		return error_hint(err, "Switch it off with UpdateLoadBalancerProtection.");
	}
	if (delete_listeners(call, row, &listeners, err) < 0)
		return -1;
	return nlb_delete(call, STORE_LOAD_BALANCER, row, listeners > 0, true, err);
}

int nlb_DeleteLoadBalancer(struct call *call, struct error *err)
{
	struct store_resource row = { 0 };
	int status;

	if (nlb_get_named(call, STORE_LOAD_BALANCER, "LoadBalancerId", &row, err) < 0)
		return -1;
	status = delete_balancer(call, &row, err);
	store_resource_done(&row);
	return status;
}
