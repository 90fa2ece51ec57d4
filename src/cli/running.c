#include "cli/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/find_private.h"
#include "cli/manifest_values.h"

const struct running_words running_words[RUNNING_KINDS] = {
	[RUNNING_POLICIES] = { "SecurityPolicies", "security policy", "SecurityPolicyName",
			       "SecurityPolicyId", &policy_resource },
	[RUNNING_CERTIFICATES] = { "Certificates", "certificate", "Name", "CertIdentifier",
				   &certificate_resource },
	[RUNNING_CAS] = { "CaCertificates", "CA certificate", "Name", "Identifier",
			  &ca_certificate_resource },
	[RUNNING_GROUPS] = { "ServerGroups", "server group", "ServerGroupName", "ServerGroupId",
			     &server_group_resource },
	[RUNNING_BALANCERS] = { "LoadBalancers", "load balancer", "LoadBalancerName",
				"LoadBalancerId", &load_balancer_resource },
	[RUNNING_LISTENERS] = { "Listeners", "listener", NULL, "ListenerId", &listener_resource },
};

const struct running_reference running_references[] = {
	{ "LoadBalancer", RUNNING_BALANCERS, false },
	{ "ServerGroupId", RUNNING_GROUPS, false },
	{ "SecurityPolicyId", RUNNING_POLICIES, false },
	{ "CertificateIds", RUNNING_CERTIFICATES, true },
	{ "AdditionalCertificateIds", RUNNING_CERTIFICATES, true },
	{ "CaCertificateIds", RUNNING_CAS, true },
	{ NULL, RUNNING_KINDS, false },
};

/* --- rows --- */

void running_add(struct running *running, enum running_kind kind, const char *name, const char *id)
{
	json_t *ids = running->ids[kind];
	bool twice = json_object_get(ids, name) != NULL;

	if (name[0] != '\0')
		json_object_set_new(ids, name, twice ? json_null() : json_string(id));
}

/* Replies call the members Key and Value, or TagKey and TagValue. */
static const char *owner_of(const json_t *row, const char *tag)
{
	size_t i;
	json_t *one;

	json_array_foreach(json_object_get(row, "Tags"), i, one)
	{
		if (strcmp(session_text(one, "Key"), tag) == 0)
			return session_text(one, "Value");
		if (strcmp(session_text(one, "TagKey"), tag) == 0)
			return session_text(one, "TagValue");
	}
	return "";
}

static void add_row(struct running *running, enum running_kind kind, const json_t *row,
		    const char *tag, json_t *values)
{
	const struct running_words *words = &running_words[kind];
	const char *id = session_text(row, words->id_member);
	const char *name = words->name_member != NULL ? session_text(row, words->name_member) : "";

	json_array_append_new(running->lists[kind],
			      json_pack("{s:s, s:s, s:s, s:o}", "Id", id, "Name", name, "Owner",
					owner_of(row, tag), "Values", values));
	running_add(running, kind, name, id);
}

json_t *running_row(const struct running *running, enum running_kind kind, const char *id)
{
	size_t i;
	json_t *row;

	json_array_foreach(running->lists[kind], i, row)
	{
		if (strcmp(session_text(row, "Id"), id) == 0)
			return row;
	}
	return NULL;
}

const char *running_name(const struct running *running, enum running_kind kind, const char *id)
{
	const json_t *row = running_row(running, kind, id);
	const char *name = session_text(row, "Name");

	return name[0] != '\0' && json_is_string(json_object_get(running->ids[kind], name)) ? name
											    : id;
}

/* --- the shapes of the API in the manifest's --- */

static json_t *split(const char *text)
{
	json_t *list = json_array();

	while (*text != '\0') {
		size_t length = strcspn(text, ",");

		json_array_append_new(list, json_stringn(text, length));
		text += length + (text[length] == ',');
	}
	return list;
}

static json_t *policy_values(const json_t *row)
{
	return json_pack("{s:s, s:o, s:o}", "SecurityPolicyName",
			 session_text(row, "SecurityPolicyName"), "TlsVersions",
			 split(session_text(row, "TlsVersion")), "Ciphers",
			 split(session_text(row, "Ciphers")));
}

static json_t *balancer_values(const json_t *row)
{
	json_t *values = manifest_filter(&load_balancer_resource, row), *zone;
	size_t i;

	json_array_foreach(json_object_get(row, "ZoneMappings"), i, zone)
	{
		const json_t *address =
			json_array_get(json_object_get(zone, "LoadBalancerAddresses"), 0);
		json_t *flat = json_array_get(json_object_get(values, "ZoneMappings"), i);

		json_object_update(flat, (json_t *)address);
		json_array_set_new(json_object_get(values, "ZoneMappings"), i,
				   manifest_filter(&zone_resource, flat));
	}
	return values;
}

static json_t *group_values(const json_t *row, const json_t *servers)
{
	json_t *values = manifest_filter(&server_group_resource, row), *mine = json_array(), *one;
	size_t i;

	json_object_set_new(
		values, "HealthCheckConfig",
		manifest_filter(&health_check_resource, json_object_get(row, "HealthCheck")));
	json_array_foreach(servers, i, one)
	{
		if (strcmp(session_text(one, "ServerGroupId"),
			   session_text(row, "ServerGroupId")) == 0)
			json_array_append_new(mine, manifest_filter(&server_resource, one));
	}
	json_object_set_new(values, "Servers", mine);
	return values;
}

/* The ports of a range are texts in the API. */
static json_t *listener_values(const json_t *row)
{
	static const char *const ports[] = { "StartPort", "EndPort" };
	json_t *values = manifest_filter(&listener_resource, row);
	size_t i;

	json_object_set(values, "LoadBalancer", json_object_get(row, "LoadBalancerId"));
	/* What it is at this moment, Abnormal or being configured, is not what it is meant to be. */
	if (strncmp(session_text(values, "ListenerStatus"), "Stop", 4) != 0)
		json_object_set_new(values, "ListenerStatus", json_string("Running"));
	else
		json_object_set_new(values, "ListenerStatus", json_string("Stopped"));
	for (i = 0; i < 2; i++) {
		const char *text = json_string_value(json_object_get(values, ports[i]));

		if (text != NULL && text[0] != '\0')
			json_object_set_new(values, ports[i], json_integer(atoll(text)));
		else if (text != NULL)
			json_object_del(values, ports[i]);
	}
	return values;
}

void running_name_references(const struct running *running, json_t *values)
{
	const struct running_reference *reference;

	for (reference = running_references; reference->property != NULL; reference++) {
		json_t *value = json_object_get(values, reference->property), *names = json_array(),
		       *id;
		size_t i;

		json_array_foreach(value, i, id) json_array_append_new(
			names,
			json_string(running_name(running, reference->kind, json_string_value(id))));
		if (json_is_string(value))
			json_object_set_new(values, reference->property,
					    json_string(running_name(running, reference->kind,
								     json_string_value(value))));
		else if (json_is_array(value))
			json_object_set(values, reference->property, names);
		json_decref(names);
	}
}

/* --- loading --- */

static json_t *list_of(struct running *running, const char *product, const char *action,
		       json_t *parameters, const char *member, struct error *err)
{
	return session_list(running->session, product, action, parameters, member, err);
}

static int load_policies(struct running *running, const char *tag, struct error *err)
{
	json_t *list = list_of(running, "nlb", "ListSecurityPolicy", NULL, "SecurityPolicies", err);
	json_t *system = list == NULL ? NULL
				      : session_try(running->session, "nlb",
						    "ListSystemSecurityPolicy", NULL, err);
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
		add_row(running, RUNNING_POLICIES, row, tag, policy_values(row));
	json_array_foreach(json_object_get(system, "SecurityPolicies"), i, row)
	{
		const char *id = session_text(row, "SecurityPolicyId");

		json_object_set_new(running->ids[RUNNING_POLICIES], id, json_string(id));
	}
	i = system != NULL;
	json_decref(system);
	json_decref(list);
	return i ? 0 : -1;
}

static int load_groups(struct running *running, const char *tag, struct error *err)
{
	json_t *list = list_of(running, "nlb", "ListServerGroups", NULL, "ServerGroups", err);
	json_t *servers = list == NULL ? NULL
				       : list_of(running, "nlb", "ListServerGroupServers", NULL,
						 "Servers", err);
	int status = servers == NULL ? -1 : 0;
	json_t *row;
	size_t i;

	json_array_foreach(servers == NULL ? NULL : list, i, row)
		add_row(running, RUNNING_GROUPS, row, tag, group_values(row, servers));
	json_decref(servers);
	json_decref(list);
	return status;
}

static int load_simple(struct running *running, enum running_kind kind, const char *action,
		       const char *tag, json_t *(*values)(const json_t *row), struct error *err)
{
	json_t *list = list_of(running, "nlb", action, NULL, running_words[kind].section, err),
	       *row;
	int status = list == NULL ? -1 : 0;
	size_t i;

	json_array_foreach(list, i, row) add_row(running, kind, row, tag, values(row));
	json_decref(list);
	return status;
}

static json_t *certificate_detail(const struct running *running, enum running_kind kind,
				  const json_t *row, struct error *err)
{
	if (kind == RUNNING_CERTIFICATES)
		return session_try(running->session, "cas", "GetUserCertificateDetail",
				   json_pack("{s:O, s:b}", "CertId",
					     json_object_get(row, "CertificateId"), "CertFilter",
					     1),
				   err);
	return session_try(running->session, "cas", "GetCACertificate",
			   json_pack("{s:s}", "Identifier", session_text(row, "Identifier")), err);
}

/* The values of a certificate are its number; its content is fetched when it is compared. */
static int add_certificate(struct running *running, enum running_kind kind, json_t *row,
			   const char *tag, bool owners, struct error *err)
{
	json_t *values = json_object();

	if (owners) {
		json_t *detail = certificate_detail(running, kind, row, err);

		if (detail == NULL) {
			json_decref(values);
			return -1;
		}
		json_object_set(row, "Tags", json_object_get(detail, "Tags"));
		json_decref(detail);
	}
	if (kind == RUNNING_CERTIFICATES)
		json_object_set(values, "CertId", json_object_get(row, "CertificateId"));
	add_row(running, kind, row, tag, values);
	return 0;
}

static int load_certificates(struct running *running, enum running_kind kind, const char *tag,
			     bool owners, struct error *err)
{
	bool servers = kind == RUNNING_CERTIFICATES;
	json_t *list =
		servers ? list_of(running, "cas", "ListUserCertificateOrder",
				  json_pack("{s:s}", "OrderType", "UPLOAD"), "CertificateOrderList",
				  err)
			: list_of(running, "cas", "ListCert",
				  json_pack("{s:s, s:s}", "CertType", "CA", "SourceType", "upload"),
				  "CertList", err);
	int status = list == NULL ? -1 : 0;
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (status == 0)
			status = add_certificate(running, kind, row, tag, owners, err);
	}
	json_decref(list);
	return status;
}

int running_load(const struct session *session, const char *tag, bool owners,
		 struct running *ret_running, struct error *err)
{
	struct running *running = ret_running;
	int kind;

	memset(running, 0, sizeof(*running));
	running->session = session;
	for (kind = 0; kind < RUNNING_KINDS; kind++) {
		running->lists[kind] = json_array();
		running->ids[kind] = json_object();
	}
	if (load_policies(running, tag, err) == 0 && load_groups(running, tag, err) == 0 &&
	    load_simple(running, RUNNING_BALANCERS, "ListLoadBalancers", tag, balancer_values,
			err) == 0 &&
	    load_simple(running, RUNNING_LISTENERS, "ListListeners", tag, listener_values, err) ==
		    0 &&
	    load_certificates(running, RUNNING_CERTIFICATES, tag, owners, err) == 0 &&
	    load_certificates(running, RUNNING_CAS, tag, owners, err) == 0)
		return 0;
	running_done(running);
	return -1;
}

void running_done(struct running *running)
{
	int kind;

	for (kind = 0; kind < RUNNING_KINDS; kind++) {
		json_decref(running->lists[kind]);
		json_decref(running->ids[kind]);
		running->lists[kind] = running->ids[kind] = NULL;
	}
}

/* --- references --- */

/* By its number, too. */
static const json_t *by_id(const struct running *running, enum running_kind kind, const char *name)
{
	size_t i;
	json_t *row;

	json_array_foreach(running->lists[kind], i, row)
	{
		json_int_t number = json_integer_value(
			json_object_get(json_object_get(row, "Values"), "CertId"));

		if (strcmp(session_text(row, "Id"), name) == 0 ||
		    (number > 0 && number == atoll(name) &&
		     name[strspn(name, "0123456789")] == '\0'))
			return row;
	}
	return NULL;
}

/* Of the private CA. NULL without an error: there is none. */
static json_t *look_up(struct running *running, enum running_kind kind, const char *name,
		       struct error *err)
{
	json_t *row, *id;

	if (kind != RUNNING_CERTIFICATES && kind != RUNNING_CAS)
		return NULL;
	row = kind == RUNNING_CAS ? find_authority(running->session, name, err)
				  : find_issued(running->session, name, err);
	if (row == NULL) {
		if (err->code == ERROR_NOT_FOUND)
			memset(err, 0, sizeof(*err));
		return NULL;
	}
	id = json_incref(json_object_get(row, "Identifier"));
	json_decref(row);
	json_object_set(running->ids[kind], name, id);
	return id;
}

json_t *running_resolve(struct running *running, enum running_kind kind, const char *name,
			struct error *err)
{
	const json_t *row = by_id(running, kind, name);
	json_t *known = json_object_get(running->ids[kind], name);

	memset(err, 0, sizeof(*err));
	if (row != NULL)
		return json_incref(json_object_get(row, "Id"));
	if (json_is_string(known))
		return json_incref(known);
	if (known == NULL)
		return look_up(running, kind, name, err);
	error_set(err, ERROR_CONFLICT, "could not choose: several %s are called \"%s\"",
		  running_words[kind].section, name);
	error_hint(err, "Refer to it by its id; \"sallyport get\" shows both.");
	return NULL;
}
