/* Doing one step: which actions of the API a change needs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/action.h"
#include "base/bytes.h"
#include "cli/apply.h"

#define SERVERS_AT_ONCE 200
#define CERTIFICATES_AT_ONCE 15

struct words {
	const char *create, *update, *drop, *id_parameter;
};

static const struct words actions[RUNNING_KINDS] = {
	[RUNNING_POLICIES] = { "CreateSecurityPolicy", "UpdateSecurityPolicyAttribute",
			       "DeleteSecurityPolicy", "SecurityPolicyId" },
	[RUNNING_GROUPS] = { "CreateServerGroup", "UpdateServerGroupAttribute", "DeleteServerGroup",
			     "ServerGroupId" },
	[RUNNING_BALANCERS] = { "CreateLoadBalancer", "UpdateLoadBalancerAttribute",
				"DeleteLoadBalancer", "LoadBalancerId" },
	[RUNNING_LISTENERS] = { "CreateListener", "UpdateListenerAttribute", "DeleteListener",
				"ListenerId" },
};

/* --- asking --- */

/* Asks and waits until it is served. */
static int ask(const struct apply *apply, const char *product, const char *action,
	       json_t *parameters, struct error *err)
{
	json_t *reply = session_try(apply->session, product, action, parameters, err);
	int status = reply == NULL ? -1 : session_wait(apply->session, reply, err);

	json_decref(reply);
	return status;
}

static bool takes(const char *action, const char *parameter)
{
	const struct action *found = action_find(&product_nlb, action);
	size_t i;

	for (i = 0; found != NULL && i < found->parameter_count; i++)
		if (strcmp(found->parameters[i].name, parameter) == 0)
			return true;
	return false;
}

static json_t *just_id(const struct apply_step *step)
{
	return json_pack("{s:s}", actions[step->kind].id_parameter, step->id);
}

/* The first part of "HealthCheckConfig.HealthCheckUrl". */
static void top_of(const char *property, char ret_top[64])
{
	snprintf(ret_top, 64, "%.*s", (int)strcspn(property, "."), property);
}

static bool changes(const struct apply_step *step, const char *property)
{
	size_t i;
	json_t *change;

	json_array_foreach(step->changes, i, change)
	{
		char top[64];

		top_of(session_text(change, "Property"), top);
		if (strcmp(top, property) == 0)
			return true;
	}
	return false;
}

/* --- creating --- */

static json_t *create_parameters(struct apply *apply, const struct apply_step *step,
				 struct error *err)
{
	json_t *parameters = json_object(), *value, *values = json_deep_copy(step->values);
	const char *name;

	if (step->kind == RUNNING_LISTENERS && apply_resolve(apply, values, err) < 0) {
		json_decref(values);
		json_decref(parameters);
		return NULL;
	}
	json_object_foreach(values, name, value)
	{
		if (strcmp(name, "LoadBalancer") == 0)
			json_object_set(parameters, "LoadBalancerId", value);
		else if (takes(actions[step->kind].create, name))
			json_object_set(parameters, name, value);
	}
	json_object_set_new(parameters, "Tag",
			    json_pack("[{s:s, s:s}]", "Key", APPLY_TAG, "Value", apply->owner));
	json_decref(values);
	return parameters;
}

/* Servers that one request does not hold. */
static int add_servers(const struct apply *apply, const char *id, const json_t *servers,
		       size_t from, struct error *err)
{
	size_t i;

	while (from < json_array_size(servers)) {
		json_t *some = json_array();

		for (i = 0; i < SERVERS_AT_ONCE && from < json_array_size(servers); i++)
			json_array_append(some, json_array_get(servers, from++));
		if (ask(apply, "nlb", "AddServersToServerGroup",
			json_pack("{s:s, s:o}", "ServerGroupId", id, "Servers", some), err) < 0)
			return -1;
	}
	return 0;
}

static void shorten(json_t *list, size_t length)
{
	while (json_array_size(list) > length)
		json_array_remove(list, json_array_size(list) - 1);
}

static const char *new_id(const struct apply_step *step, const json_t *reply)
{
	const char *id = session_text(reply, running_words[step->kind].id_member);

	/* That of a load balancer is spelt otherwise in one reply of the real service. */
	return id[0] != '\0' ? id : session_text(reply, "LoadbalancerId");
}

static int create(struct apply *apply, const struct apply_step *step, struct error *err)
{
	json_t *parameters = create_parameters(apply, step, err), *servers, *reply;
	int status;

	if (parameters == NULL)
		return -1;
	servers = json_deep_copy(json_object_get(parameters, "Servers"));
	shorten(json_object_get(parameters, "Servers"), SERVERS_AT_ONCE);
	reply = session_try(apply->session, "nlb", actions[step->kind].create, parameters, err);
	status = reply == NULL ? -1 : 0;
	if (status == 0) {
		running_add(&apply->running, step->kind, step->name, new_id(step, reply));
		status = session_wait(apply->session, reply, err);
	}
	if (status == 0)
		status = add_servers(apply, new_id(step, reply), servers, SERVERS_AT_ONCE, err);
	json_decref(servers);
	json_decref(reply);
	return status;
}

/* --- what has actions of its own --- */

static int update_zones(struct apply *apply, const struct apply_step *step, struct error *err)
{
	json_t *parameters = just_id(step);

	json_object_set(parameters, "ZoneMappings", json_object_get(step->values, "ZoneMappings"));
	return ask(apply, "nlb", "UpdateLoadBalancerZones", parameters, err);
}

static int update_address_type(struct apply *apply, const struct apply_step *step,
			       struct error *err)
{
	json_t *parameters = just_id(step);

	json_object_set(parameters, "AddressType", json_object_get(step->values, "AddressType"));
	return ask(apply, "nlb", "UpdateLoadBalancerAddressTypeConfig", parameters, err);
}

static int update_protection(struct apply *apply, const struct apply_step *step, struct error *err)
{
	const json_t *deletion = json_object_get(step->values, "DeletionProtectionConfig");
	const json_t *modification = json_object_get(step->values, "ModificationProtectionConfig");
	json_t *parameters = just_id(step);

	json_object_set(parameters, "DeletionProtectionEnabled",
			json_object_get(deletion, "Enabled"));
	json_object_set(parameters, "DeletionProtectionReason",
			json_object_get(deletion, "Reason"));
	json_object_set(parameters, "ModificationProtectionStatus",
			json_object_get(modification, "Status"));
	json_object_set(parameters, "ModificationProtectionReason",
			json_object_get(modification, "Reason"));
	return ask(apply, "nlb", "UpdateLoadBalancerProtection", parameters, err);
}

static int update_status(struct apply *apply, const struct apply_step *step, struct error *err)
{
	bool stops = strcmp(session_text(step->values, "ListenerStatus"), "Stopped") == 0;

	return ask(apply, "nlb", stops ? "StopListener" : "StartListener", just_id(step), err);
}

/* --- servers: an address with a port is one --- */

static bool is_same_server(const json_t *a, const json_t *b)
{
	return strcmp(session_text(a, "ServerIp"), session_text(b, "ServerIp")) == 0 &&
	       json_integer_value(json_object_get(a, "Port")) ==
		       json_integer_value(json_object_get(b, "Port"));
}

static const json_t *find_server(const json_t *list, const json_t *server)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (is_same_server(one, server))
			return one;
	}
	return NULL;
}

/* Of a those that b has not; changed: those that b has otherwise. */
static json_t *pick_servers(const json_t *a, const json_t *b, bool changed)
{
	json_t *picked = json_array(), *server;
	size_t i;

	json_array_foreach(a, i, server)
	{
		const json_t *other = find_server(b, server);
		json_t *differences = json_array();

		apply_compare(server, other, "", differences);
		if (changed ? other != NULL && json_array_size(differences) > 0 : other == NULL)
			json_array_append(picked, server);
		json_decref(differences);
	}
	return picked;
}

static int send_servers(struct apply *apply, const struct apply_step *step, const char *action,
			json_t *servers, struct error *err)
{
	int status = 0;

	while (status == 0 && json_array_size(servers) > 0) {
		json_t *some = json_array();

		while (json_array_size(servers) > 0 && json_array_size(some) < SERVERS_AT_ONCE) {
			json_array_append(some, json_array_get(servers, 0));
			json_array_remove(servers, 0);
		}
		status = ask(apply, "nlb", action,
			     json_pack("{s:s, s:o}", "ServerGroupId", step->id, "Servers", some),
			     err);
	}
	json_decref(servers);
	return status;
}

/* New ones first: the group never stands without servers in between. */
static int update_servers(struct apply *apply, const struct apply_step *step, struct error *err)
{
	const json_t *row = running_row(&apply->running, RUNNING_GROUPS, step->id);
	const json_t *present = json_object_get(json_object_get(row, "Values"), "Servers");
	const json_t *wanted = json_object_get(step->values, "Servers");

	if (send_servers(apply, step, "AddServersToServerGroup",
			 pick_servers(wanted, present, false), err) < 0 ||
	    send_servers(apply, step, "UpdateServerGroupServersAttribute",
			 pick_servers(wanted, present, true), err) < 0)
		return -1;
	return send_servers(apply, step, "RemoveServersFromServerGroup",
			    pick_servers(present, wanted, false), err);
}

/* --- additional certificates --- */

static bool has_text(const json_t *list, const json_t *text)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), text))
			return true;
	return false;
}

static int send_certificates(struct apply *apply, const struct apply_step *step, const char *action,
			     const json_t *list, const json_t *except, struct error *err)
{
	json_t *some = json_array(), *one;
	int status = 0;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (!has_text(except, one))
			json_array_append(some, one);
	}
	while (status == 0 && json_array_size(some) > 0) {
		json_t *parameters = just_id(step), *now = json_deep_copy(some);

		shorten(now, CERTIFICATES_AT_ONCE);
		for (i = 0; i < json_array_size(now); i++)
			json_array_remove(some, 0);
		json_object_set_new(parameters, "AdditionalCertificateIds", now);
		status = ask(apply, "nlb", action, parameters, err);
	}
	json_decref(some);
	return status;
}

static int update_additional(struct apply *apply, const struct apply_step *step, struct error *err)
{
	static const char property[] = "AdditionalCertificateIds";
	const json_t *row = running_row(&apply->running, RUNNING_LISTENERS, step->id);
	const json_t *present = json_object_get(json_object_get(row, "Values"), property);
	json_t *values = json_deep_copy(step->values);
	int status = apply_resolve(apply, values, err);

	if (status == 0)
		status = send_certificates(apply, step,
					   "AssociateAdditionalCertificatesWithListener",
					   json_object_get(values, property), present, err);
	if (status == 0)
		status = send_certificates(apply, step,
					   "DisassociateAdditionalCertificatesWithListener",
					   present, json_object_get(values, property), err);
	json_decref(values);
	return status;
}

/* --- updating --- */

static const struct special {
	enum running_kind kind;
	const char *property;
	int (*update)(struct apply *apply, const struct apply_step *step, struct error *err);
} specials[] = {
	{ RUNNING_BALANCERS, "ZoneMappings", update_zones },
	{ RUNNING_BALANCERS, "AddressType", update_address_type },
	{ RUNNING_BALANCERS, "DeletionProtectionConfig", update_protection },
	{ RUNNING_BALANCERS, "ModificationProtectionConfig", update_protection },
	{ RUNNING_GROUPS, "Servers", update_servers },
	{ RUNNING_LISTENERS, "AdditionalCertificateIds", update_additional },
	{ RUNNING_LISTENERS, "ListenerStatus", update_status },
};

#define SPECIALS (sizeof(specials) / sizeof(specials[0]))

static const struct special *special_of(enum running_kind kind, const char *property)
{
	size_t i;

	for (i = 0; i < SPECIALS; i++)
		if (specials[i].kind == kind && strcmp(specials[i].property, property) == 0)
			return &specials[i];
	return NULL;
}

bool apply_can_change(enum running_kind kind, const char *property)
{
	char top[64];

	top_of(property, top);
	return special_of(kind, top) != NULL || takes(actions[kind].update, top);
}

static int update_plain(struct apply *apply, const struct apply_step *step, struct error *err)
{
	json_t *parameters = just_id(step), *values = json_deep_copy(step->values), *value;
	bool any = false;
	const char *name;

	if (step->kind == RUNNING_LISTENERS && apply_resolve(apply, values, err) < 0) {
		json_decref(values);
		json_decref(parameters);
		return -1;
	}
	json_object_foreach(values, name, value)
	{
		if (!changes(step, name) || special_of(step->kind, name) != NULL)
			continue;
		json_object_set(parameters, name, value);
		any = true;
	}
	json_decref(values);
	if (any)
		return ask(apply, "nlb", actions[step->kind].update, parameters, err);
	json_decref(parameters);
	return 0;
}

static int update(struct apply *apply, const struct apply_step *step, struct error *err)
{
	size_t i;

	if (update_plain(apply, step, err) < 0)
		return -1;
	for (i = 0; i < SPECIALS; i++) {
		if (specials[i].kind == step->kind && changes(step, specials[i].property) &&
		    specials[i].update(apply, step, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the rest --- */

static int update_settings(struct apply *apply, const struct apply_step *step, struct error *err)
{
	json_t *parameters = json_object(), *change;
	size_t i;

	json_array_foreach(step->changes, i, change)
	{
		const char *name = session_text(change, "Property");
		json_t *value = json_object_get(step->values, name), *id = NULL;

		if (strcmp(name, "DefaultSecurityPolicyId") == 0)
			id = running_resolve(&apply->running, RUNNING_POLICIES,
					     json_string_value(value), err);
		json_object_set(parameters, name, id != NULL ? id : value);
		json_decref(id);
	}
	return ask(apply, "sallyport", "UpdateSettings", parameters, err);
}

static int send_content(struct apply *apply, const struct apply_step *step, struct error *err)
{
	json_t *reply = NULL;
	int status = 0;

	if (step->act == APPLY_CREATE || changes(step, "Content") || changes(step, "ChainProfile"))
		status = apply_certificate(apply, step, &reply, err);
	if (status == 0 && step->act == APPLY_CREATE)
		running_add(&apply->running, step->kind, step->name,
			    session_text(reply, running_words[step->kind].id_member));
	if (status == 0 && reply != NULL)
		status = session_wait(apply->session, reply, err);
	if (status == 0 && step->kind == RUNNING_CAS)
		status = apply_lists(apply, step, err);
	json_decref(reply);
	return status;
}

static int drop(struct apply *apply, const struct apply_step *step, struct error *err)
{
	if (step->kind == RUNNING_CERTIFICATES)
		return ask(apply, "cas", "DeleteUserCertificate",
			   json_pack("{s:O}", "CertId", json_object_get(step->values, "CertId")),
			   err);
	if (step->kind == RUNNING_CAS)
		return ask(apply, "cas", "DeletePCACert",
			   json_pack("{s:s}", "Identifier", step->id), err);
	return ask(apply, "nlb", actions[step->kind].drop, just_id(step), err);
}

int apply_run(struct apply *apply, const struct apply_step *step, struct error *err)
{
	if (step->kind == RUNNING_KINDS)
		return update_settings(apply, step, err);
	if (step->act == APPLY_DELETE)
		return drop(apply, step, err);
	if (step->kind == RUNNING_CERTIFICATES || step->kind == RUNNING_CAS)
		return send_content(apply, step, err);
	return step->act == APPLY_CREATE ? create(apply, step, err) : update(apply, step, err);
}
