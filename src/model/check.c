/* What the field tables cannot say: names, references, and what belongs together. */
#include "model/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/manifest.h"
#include "model/policies.h"
#include "model/text_checks.h"

int check_failed(const struct check *check, enum error_code code, const char *symbol, int line,
		 const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	error_set(check->err, code, "%s", message);
	error_symbol(check->err, symbol);
	return model_error_place(check->err, check->model->source, line);
}

static int line_of(const struct check *check, const void *value, int otherwise)
{
	return model_line_of(check->model, value, otherwise);
}

/* --- names --- */

static const struct {
	const char *list, *field, *what;
} kinds[MODEL_KINDS] = {
	[MODEL_LOAD_BALANCERS] = { "LoadBalancers", "LoadBalancerName", "load balancer" },
	[MODEL_CERTIFICATES] = { "Certificates", "Name", "certificate" },
	[MODEL_CA_CERTIFICATES] = { "CaCertificates", "Name", "CA certificate" },
	[MODEL_POLICIES] = { "SecurityPolicies", "SecurityPolicyName", "security policy" },
	[MODEL_SERVER_GROUPS] = { "ServerGroups", "ServerGroupName", "server group" },
};

static int check_name(const struct check *check, enum model_kind kind, const void *item, size_t i,
		      char *const *name, int line)
{
	if (model_find(check->model, kind, *name) == item)
		return 0;
	check_failed(check, ERROR_CONFLICT, "Conflict.Name", line_of(check, name, line),
		     "%s[%zu].%s: there is another %s \"%.80s\"", kinds[kind].list, i,
		     kinds[kind].field, kinds[kind].what, *name);
	return error_hint(check->err, "Give each %s a name of its own.", kinds[kind].what);
}

static int check_names(const struct check *check)
{
	const struct model *model = check->model;
	size_t i;

#define CHECK_NAMES(kind, items, count, first, member) \
	for (i = (first); i < model->count; i++) { \
		if (check_name(check, kind, &model->items[i], i - (first), \
			       &model->items[i].member, model->items[i].line) < 0) \
			return -1; \
	}
	CHECK_NAMES(MODEL_LOAD_BALANCERS, load_balancers, load_balancer_count, 0, name)
	CHECK_NAMES(MODEL_CERTIFICATES, certificates, certificate_count, 0, name)
	CHECK_NAMES(MODEL_CA_CERTIFICATES, ca_certificates, ca_certificate_count, 0, name)
	CHECK_NAMES(MODEL_POLICIES, policies, policy_count, POLICY_SYSTEM_COUNT, id)
	CHECK_NAMES(MODEL_SERVER_GROUPS, server_groups, server_group_count, 0, name)
#undef CHECK_NAMES
	return 0;
}

int check_reference(const struct check *check, enum model_kind kind, const char *path,
		    char *const *name, int line)
{
	const char *nearest;

	if (model_find(check->model, kind, *name) != NULL)
		return 0;
	check_failed(check, ERROR_NOT_FOUND, "ResourceNotFound", line_of(check, name, line),
		     "%s: there is no %s \"%.80s\"", path, kinds[kind].what, *name);
	nearest = model_nearest(check->model, kind, *name);
	if (nearest != NULL)
		return error_hint(check->err, "Did you mean \"%s\"?", nearest);
	return error_hint(check->err, "Add it to %s, or name one that is there.", kinds[kind].list);
}

/* --- load balancers --- */

static int check_zone(const struct check *check, size_t i, size_t j)
{
	const struct model_load_balancer *balancer = &check->model->load_balancers[i];
	const struct model_zone_mapping *zone = &balancer->zones[j];
	int line = line_of(check, &zone->zone_id, balancer->line);
	size_t k;

	if (zone->private_ipv4_address == NULL && zone->ipv6_address == NULL) {
		check_failed(check, ERROR_INVALID, "MissingParam.PrivateIPv4Address", line,
			     "LoadBalancers[%zu].ZoneMappings[%zu]: has no address", i, j);
		return error_hint(check->err,
				  "Add PrivateIPv4Address (0.0.0.0 for all) or Ipv6Address.");
	}
	if (balancer->ip_version == MODEL_IPV4 && zone->ipv6_address != NULL) {
		check_failed(
			check, ERROR_INVALID, "OperationDenied.NonDualStackInstance", line,
			"LoadBalancers[%zu].ZoneMappings[%zu].Ipv6Address: the load balancer's "
			"AddressIpVersion is Ipv4",
			i, j);
		return error_hint(check->err, "Set AddressIpVersion to DualStack.");
	}
	for (k = 0; k < j; k++) {
		if (strcmp(balancer->zones[k].zone_id, zone->zone_id) == 0)
			return check_failed(
				check, ERROR_CONFLICT, "Conflict.ZoneId", line,
				"LoadBalancers[%zu].ZoneMappings[%zu].ZoneId: \"%.64s\" is "
				"in the list already",
				i, j, zone->zone_id);
	}
	return 0;
}

static int check_load_balancers(const struct check *check)
{
	const struct model *model = check->model;
	size_t i, j;

	for (i = 0; i < model->load_balancer_count; i++) {
		const struct model_load_balancer *balancer = &model->load_balancers[i];

		for (j = 0; j < balancer->zone_count; j++) {
			if (check_zone(check, i, j) < 0)
				return -1;
		}
		if (balancer->cps > 0) {
			model_warn(check->warnings, model,
				   line_of(check, &balancer->cps, balancer->line),
				   "LoadBalancers[%zu].Cps: is not enforced yet", i);
			model_warn_hint(check->warnings, "Set Cps of its listeners.");
		}
	}
	return 0;
}

/* --- security policies --- */

static int check_cipher(const struct check *check, size_t i, size_t j)
{
	const struct model_security_policy *policy = &check->model->policies[i];
	char *const *cipher = &policy->ciphers.items[j];
	uint32_t versions = policy_cipher_versions(*cipher);
	int line = line_of(check, cipher, policy->line);
	const char *nearest;

	i -= POLICY_SYSTEM_COUNT;
	if (versions == 0) {
		check_failed(
			check, ERROR_INVALID, "IllegalParam.Ciphers", line,
			"SecurityPolicies[%zu].Ciphers[%zu]: there is no cipher suite \"%.64s\"", i,
			j, *cipher);
		nearest = policy_cipher_nearest(*cipher);
		if (nearest != NULL)
			return error_hint(check->err, "Did you mean \"%s\"?", nearest);
		return error_hint(check->err, "sallyport.yaml(5) lists the suites.");
	}
	if ((versions & policy->tls_versions) == 0) {
		check_failed(
			check, ERROR_INVALID, "IllegalParam.Ciphers", line,
			"SecurityPolicies[%zu].Ciphers[%zu]: %s does not go with the TlsVersions",
			i, j, *cipher);
		return error_hint(check->err, "It needs %s.",
				  versions == MODEL_TLS_1_3   ? "TLSv1.3"
				  : versions == MODEL_TLS_1_2 ? "TLSv1.2"
							      : "TLSv1.0, TLSv1.1 or TLSv1.2");
	}
	if (!policy_cipher_is_available(*cipher))
		model_warn(
			check->warnings, check->model, line,
			"SecurityPolicies[%zu].Ciphers[%zu]: %s is never negotiated: the TLS library "
			"does not offer it",
			i, j, *cipher);
	return 0;
}

/* The versions for which the policy has a suite that can be negotiated. */
static uint32_t usable_versions(const struct model_security_policy *policy)
{
	uint32_t versions = 0;
	size_t i;

	for (i = 0; i < policy->ciphers.count; i++) {
		if (policy_cipher_is_available(policy->ciphers.items[i]))
			versions |= policy_cipher_versions(policy->ciphers.items[i]);
	}
	return versions & policy->tls_versions;
}

static int check_policy(const struct check *check, size_t i)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} versions[] = { { MODEL_TLS_1_0, "TLSv1.0" },
			 { MODEL_TLS_1_1, "TLSv1.1" },
			 { MODEL_TLS_1_2, "TLSv1.2" },
			 { MODEL_TLS_1_3, "TLSv1.3" } };
	const struct model_security_policy *policy = &check->model->policies[i];
	uint32_t usable = usable_versions(policy);
	size_t j;

	for (j = 0; j < policy->ciphers.count; j++) {
		if (check_cipher(check, i, j) < 0)
			return -1;
	}
	for (j = 0; j < 4; j++) {
		if ((policy->tls_versions & ~usable & versions[j].bit) == 0)
			continue;
		check_failed(
			check, ERROR_INVALID, "IllegalParam.Ciphers", policy->line,
			"SecurityPolicies[%zu].Ciphers: none of them can be negotiated with %s",
			i - POLICY_SYSTEM_COUNT, versions[j].name);
		return error_hint(check->err, "Add a suite for it, or leave %s out of TlsVersions.",
				  versions[j].name);
	}
	return 0;
}

/* One line for all system policies in use: their lists are not ours to change. */
static void note_system_policies(const struct check *check)
{
	const struct model *model = check->model;
	size_t i, j;

	for (i = 0; i < model->listener_count; i++) {
		const struct model_security_policy *policy =
			check_listener_policy(check, &model->listeners[i]);

		if (model->listeners[i].protocol != MODEL_TCPSSL || policy == NULL ||
		    policy - model->policies >= POLICY_SYSTEM_COUNT)
			continue;
		for (j = 0; j < policy->ciphers.count; j++) {
			if (policy_cipher_is_available(policy->ciphers.items[j]))
				continue;
			model_note(
				check->warnings, model, model->listeners[i].line,
				"security policy \"%s\" lists suites that are never negotiated (CCM "
				"and some CBC ones), %s first",
				policy->id, policy->ciphers.items[j]);
			return;
		}
	}
}

const struct model_security_policy *check_listener_policy(const struct check *check,
							  const struct model_listener *listener)
{
	const char *id = listener->security_policy != NULL
				 ? listener->security_policy
				 : check->model->settings.default_security_policy_id;

	return model_find_policy(check->model, id);
}

/* --- groups and those who use them --- */

struct group_use {
	const struct model_listener *with_proxy, *without_proxy; /* a listener of each kind */
};

static void warn_of_group(const struct check *check, const struct model_listener *listener,
			  struct group_use *use)
{
	const struct model_server_group *group =
		model_find_server_group(check->model, listener->server_group);
	size_t i = (size_t)(listener - check->model->listeners);

	if (group->server_count == 0) {
		model_warn(check->warnings, check->model, listener->line,
			   "Listeners[%zu].ServerGroupId: group \"%.80s\" has no servers: every "
			   "connection will be reset",
			   i, group->name);
		model_warn_hint(check->warnings, "Add Servers to the group.");
	}
	if (listener->proxy_protocol)
		use->with_proxy = listener;
	else
		use->without_proxy = listener;
	if (use->with_proxy == NULL || use->without_proxy == NULL)
		return;
	model_warn(
		check->warnings, check->model, listener->line,
		"Listeners[%zu].ProxyProtocolEnabled: another listener of group \"%.80s\" has it "
		"the other way round",
		i, group->name);
	model_warn_hint(check->warnings, "A server expects PROXY headers on all connections or on "
					 "none: use two groups with different ports.");
	*use = (struct group_use){ 0 };
}

static void warn_of_groups(const struct check *check)
{
	const struct model *model = check->model;
	struct group_use *uses = memory_new(model->server_group_count * sizeof(*uses));
	size_t i;

	for (i = 0; i < model->listener_count; i++) {
		const struct model_server_group *group =
			model_find_server_group(model, model->listeners[i].server_group);

		warn_of_group(check, &model->listeners[i], &uses[group - model->server_groups]);
	}
	free(uses);
}

/* --- settings --- */

static int check_settings(const struct check *check)
{
	const struct model_settings *settings = &check->model->settings;
	struct text_address address = { 0 };
	int port;

	if (check_reference(check, MODEL_POLICIES, "Settings.DefaultSecurityPolicyId",
			    &settings->default_security_policy_id, 0) < 0)
		return -1;
	if (settings->metrics_address != NULL &&
	    text_address_port_parse(settings->metrics_address, &address, &port) &&
	    !text_address_is_loopback(&address)) {
		model_warn(check->warnings, check->model,
			   line_of(check, &settings->metrics_address, 0),
			   "Settings.MetricsAddress: \"%.64s\" is not a loopback address",
			   settings->metrics_address);
		model_warn_hint(check->warnings, "Whoever reaches it can read all metrics.");
	}
	return 0;
}

int model_check(const struct model *model, struct model_warnings *warnings, struct error *err)
{
	const struct check check = { model, warnings, err };
	size_t i;

	if (check_names(&check) < 0 || check_settings(&check) < 0 ||
	    check_load_balancers(&check) < 0)
		return -1;
	for (i = POLICY_SYSTEM_COUNT; i < model->policy_count; i++) {
		if (check_policy(&check, i) < 0)
			return -1;
	}
	for (i = 0; i < model->server_group_count; i++) {
		if (check_group(&check, i) < 0)
			return -1;
	}
	for (i = 0; i < model->listener_count; i++) {
		if (check_listener(&check, i) < 0)
			return -1;
	}
	if (check_ports(&check) < 0)
		return -1;
	/* A manifest without one is a mistake; a store begins without. */
	if (model->listener_count == 0 && model->source != NULL)
		model_warn(warnings, model, 0, "there is no listener: nothing will be served");
	warn_of_groups(&check);
	note_system_policies(&check);
	return 0;
}
