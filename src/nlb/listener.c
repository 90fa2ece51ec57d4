/* Listeners: made, changed, started, stopped, deleted. */
#include "nlb/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "control/stored_model.h"
#include "nlb/shape.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

bool listener_is_tls(const json_t *body)
{
	const char *protocol = text_of(body, "ListenerProtocol");

	return protocol != NULL && strcmp(protocol, "TCPSSL") == 0;
}

/* --- what it refers to --- */

struct references {
	struct store_reference *items;
	size_t count;
	const char *id;
};

static void refer(struct references *references, const char *role, const char *kind, const char *to)
{
	references->items = memory_resize(references->items,
					  (references->count + 1) * sizeof(*references->items));
	references->items[references->count++] =
		(struct store_reference){ STORE_LISTENER, references->id, role, kind, to };
}

static void refer_all(struct references *references, const json_t *body, const char *property)
{
	const json_t *ids = json_object_get(body, property);
	size_t i;

	for (i = 0; i < json_array_size(ids); i++)
		refer(references, property, STORE_CERTIFICATE,
		      json_string_value(json_array_get(ids, i)));
}

static int put_references(struct call *call, const struct store_resource *row, struct error *err)
{
	struct references references = { .id = row->id };
	const char *policy = text_of(row->body, "SecurityPolicyId");
	int status;

	refer(&references, "ServerGroupId", STORE_SERVER_GROUP,
	      text_of(row->body, "ServerGroupId"));
	refer_all(&references, row->body, "CertificateIds");
	refer_all(&references, row->body, "AdditionalCertificateIds");
	refer_all(&references, row->body, "CaCertificateIds");
	if (policy != NULL && !nlb_is_system_policy(policy))
		refer(&references, "SecurityPolicyId", STORE_SECURITY_POLICY, policy);
	status = store_references_put(call->store, STORE_LISTENER, row->id, references.items,
				      references.count, err);
	free(references.items);
	return status;
}

/* --- checks that the model does not make, or makes with other words --- */

static int check_group(struct call *call, const json_t *body, struct error *err)
{
	struct store_resource group = { 0 };
	bool range = json_integer_value(json_object_get(body, "ListenerPort")) == 0;
	bool any_port;

	if (nlb_get(call, STORE_SERVER_GROUP, text_of(body, "ServerGroupId"), &group, err) < 0)
		return error_place(err, "ServerGroupId");
	any_port = json_is_true(json_object_get(group.body, "AnyPortEnabled"));
	store_resource_done(&group);
	if (!range || any_port)
		return 0;
	call_refuse(err, ERROR_INVALID,
		    "IllegalParam.AnyPortListenerConflictWithNonAnyPortServerGroup",
		    "ServerGroupId",
		    "a listener with a port range needs a server group with AnyPortEnabled");
	return error_hint(err, "Create a server group with AnyPortEnabled for it.");
}

static int check_policy(struct call *call, const json_t *body, struct error *err)
{
	const char *id = text_of(body, "SecurityPolicyId");
	struct store_resource policy = { 0 };

	if (id == NULL || nlb_is_system_policy(id))
		return 0;
	if (nlb_get(call, STORE_SECURITY_POLICY, id, &policy, err) < 0) {
		error_place(err, "SecurityPolicyId");
		return error_hint(err, "ListSystemSecurityPolicy and ListSecurityPolicy show those "
				       "that there are.");
	}
	store_resource_done(&policy);
	return 0;
}

int listener_save(struct call *call, struct nlb_edit *edit, struct error *err)
{
	if (check_group(call, edit->row.body, err) < 0 ||
	    check_policy(call, edit->row.body, err) < 0 ||
	    listener_check_additional(call, edit, err) < 0 ||
	    nlb_edit_save(call, edit, true, err) < 0 || put_references(call, &edit->row, err) < 0)
		return -1;
	return stored_check_listener(call->store, edit->row.id, call->now, err);
}

/* --- creating --- */

static int check_count(struct call *call, const char *balancer, struct error *err)
{
	struct store_filter filter = { .parent = balancer };
	int64_t count = store_resource_count(call->store, STORE_LISTENER, &filter, err);

	if (count < 0)
		return -1;
	return nlb_check_quota(call, "QuotaListeners", "nlb_quota_loadbalancer_listeners_num",
			       count + 1, "listeners of one load balancer", err);
}

static int check_range(struct call *call, const char *balancer, const json_t *body,
		       struct error *err)
{
	struct store_filter filter = { .parent = balancer, .name = "range" };
	int64_t first, last;

	if (json_integer_value(json_object_get(body, "ListenerPort")) != 0)
		return 0;
	nlb_ports_of(body, &first, &last);
	if (first == 0 || last == 0) {
		call_refuse(err, ERROR_INVALID,
			    first == 0 ? "MissingParam.StartPort" : "MissingParam.EndPort",
			    first == 0 ? "StartPort" : "EndPort",
			    "ListenerPort 0 means a range, and %s is missing",
			    first == 0 ? "StartPort" : "EndPort");
		return error_hint(err, "Add StartPort and EndPort, or name a port.");
	}
	if (last <= first)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.EndPort", "EndPort",
				   "EndPort %lld must be larger than StartPort %lld",
				   (long long)last, (long long)first);
	if (store_resource_count(call->store, STORE_LISTENER, &filter, err) == 0)
		return 0;
	call_refuse(err, ERROR_CONFLICT, "DuplicatedParam.listener", "ListenerPort",
		    "load balancer \"%s\" has a listener with a port range already", balancer);
	return error_hint(err, "Use one range, or another load balancer.");
}

static int check_place(struct call *call, const struct store_resource *balancer, const json_t *body,
		       struct error *err)
{
	int64_t first, last;

	if (check_count(call, balancer->id, err) < 0 ||
	    check_range(call, balancer->id, body, err) < 0)
		return -1;
	nlb_ports_of(body, &first, &last);
	return nlb_check_ports(call, balancer->id, nlb_balancer_zones(balancer->body), first, last,
			       NULL, err);
}

/* "lsn-8f2k...@443" */
static void new_id(const json_t *body, char *ret_id, size_t size)
{
	char id[64];

	call_new_id("lsn-", id, sizeof(id));
	snprintf(ret_id, size, "%s@%lld", id,
		 (long long)json_integer_value(json_object_get(body, "ListenerPort")));
}

static void name_row(struct store_resource *row, const char *balancer)
{
	char name[24];

	listener_port_name(row->body, name, sizeof(name));
	row->name = memory_copy_string(name);
	row->parent = memory_copy_string(balancer);
}

static int create(struct call *call, const struct store_resource *balancer, struct nlb_edit *edit,
		  struct error *err)
{
	nlb_edit_take(call, edit, &listener_resource);
	if (check_place(call, balancer, edit->row.body, err) < 0 ||
	    listener_resolve_ids(call, edit->row.body, err) < 0)
		return -1;
	name_row(&edit->row, balancer->id);
	if (listener_save(call, edit, err) < 0 ||
	    nlb_put_tags(call, STORE_LISTENER, edit->row.id, err) < 0)
		return -1;
	shape_set_text(call->reply, "ListenerId", edit->row.id);
	return nlb_edit_job(call, edit, err);
}

int nlb_CreateListener(struct call *call, struct error *err)
{
	struct store_resource balancer = { 0 };
	struct nlb_edit edit;
	char id[96];
	int status;

	if (nlb_get_named(call, STORE_LOAD_BALANCER, "LoadBalancerId", &balancer, err) < 0)
		return -1;
	new_id(call->parameters, id, sizeof(id));
	nlb_edit_new(&edit, STORE_LISTENER, id);
	status = create(call, &balancer, &edit, err);
	nlb_edit_done(&edit);
	store_resource_done(&balancer);
	return status;
}

/* --- changing --- */

static int change(struct call *call,
		  int (*apply)(struct call *call, struct nlb_edit *edit, struct error *err),
		  struct error *err)
{
	struct nlb_edit edit;
	int status;

	if (nlb_edit_named(call, STORE_LISTENER, "ListenerId", &edit, err) < 0)
		return -1;
	status = apply(call, &edit, err);
	if (status == 0)
		status = listener_save(call, &edit, err);
	if (status == 0)
		status = nlb_edit_job(call, &edit, err);
	nlb_edit_done(&edit);
	return status;
}

/* ListenerId and what names the listener are no properties that can change. */
static int apply_attributes(struct call *call, struct nlb_edit *edit, struct error *err)
{
	nlb_edit_take(call, edit, &listener_resource);
	if (call_has(call, "CertificateIds") &&
	    listener_resolve_list(call, edit->row.body, "CertificateIds", err) < 0)
		return -1;
	if (call_has(call, "CaCertificateIds") &&
	    listener_resolve_list(call, edit->row.body, "CaCertificateIds", err) < 0)
		return -1;
	return 0;
}

int nlb_UpdateListenerAttribute(struct call *call, struct error *err)
{
	return change(call, apply_attributes, err);
}

static int apply_start(struct call *call, struct nlb_edit *edit, struct error *err)
{
	(void)call;
	(void)err;
	json_object_del(edit->row.body, "ListenerStatus"); /* running is what nothing means */
	return 0;
}

int nlb_StartListener(struct call *call, struct error *err)
{
	return change(call, apply_start, err);
}

/* Stopping must work whatever is wrong with the rest of it. */
int nlb_StopListener(struct call *call, struct error *err)
{
	struct nlb_edit edit;
	int status;

	if (nlb_edit_named(call, STORE_LISTENER, "ListenerId", &edit, err) < 0)
		return -1;
	shape_set_text(edit.row.body, "ListenerStatus", "Stopped");
	status = nlb_edit_save(call, &edit, true, err);
	if (status == 0)
		status = nlb_edit_job(call, &edit, err);
	nlb_edit_done(&edit);
	return status;
}

/* --- deleting --- */

int nlb_DeleteListener(struct call *call, struct error *err)
{
	struct store_resource row = { 0 };
	int status;

	if (nlb_get_named(call, STORE_LISTENER, "ListenerId", &row, err) < 0)
		return -1;
	status = call_check_revision(call, row.revision, err);
	if (status == 0)
		status = nlb_delete(call, STORE_LISTENER, &row, true, true, err);
	store_resource_done(&row);
	return status;
}
