/* One listener: what it refers to, what its protocol needs and forbids, its ports. */
#include "model/check.h"

#include <stdio.h>
#include <string.h>

struct place {
	const struct check *check;
	const struct model_listener *listener;
	size_t i;
};

static int line_of(const struct place *place, const void *value)
{
	return model_line_of(place->check->model, value, place->listener->line);
}

static int refers(const struct place *place, enum model_kind kind, const char *field,
		  char *const *name)
{
	char path[96];

	snprintf(path, sizeof(path), "Listeners[%zu].%s", place->i, field);
	return check_reference(place->check, kind, path, name, place->listener->line);
}

static int refer_all(const struct place *place, enum model_kind kind, const char *field,
		     const struct model_strings *names)
{
	char item[64];
	size_t i;

	for (i = 0; i < names->count; i++) {
		snprintf(item, sizeof(item), "%s[%zu]", field, i);
		if (refers(place, kind, item, &names->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int check_references(const struct place *place)
{
	const struct model_listener *listener = place->listener;

	if (refers(place, MODEL_LOAD_BALANCERS, "LoadBalancer", &listener->load_balancer) < 0 ||
	    refers(place, MODEL_SERVER_GROUPS, "ServerGroupId", &listener->server_group) < 0)
		return -1;
	if (listener->security_policy != NULL &&
	    refers(place, MODEL_POLICIES, "SecurityPolicyId", &listener->security_policy) < 0)
		return -1;
	if (refer_all(place, MODEL_CERTIFICATES, "CertificateIds", &listener->certificates) < 0 ||
	    refer_all(place, MODEL_CERTIFICATES, "AdditionalCertificateIds",
		      &listener->additional_certificates) < 0)
		return -1;
	return refer_all(place, MODEL_CA_CERTIFICATES, "CaCertificateIds",
			 &listener->ca_certificates);
}

static int tls_only(const struct place *place, const char *field, bool given, const void *value)
{
	if (!given)
		return 0;
	check_failed(place->check, ERROR_INVALID, "IllegalParam.ListenerProtocol",
		     line_of(place, value), "Listeners[%zu].%s: a TCP listener has no TLS",
		     place->i, field);
	return error_hint(place->check->err, "Remove it, or set ListenerProtocol to TCPSSL.");
}

static int check_tcp(const struct place *place)
{
	const struct model_listener *listener = place->listener;

	if (tls_only(place, "CertificateIds", listener->certificates.count > 0,
		     &listener->certificates) < 0 ||
	    tls_only(place, "AdditionalCertificateIds", listener->additional_certificates.count > 0,
		     &listener->additional_certificates) < 0 ||
	    tls_only(place, "CaEnabled", listener->ca_enabled, &listener->ca_enabled) < 0 ||
	    tls_only(place, "CaCertificateIds", listener->ca_certificates.count > 0,
		     &listener->ca_certificates) < 0)
		return -1;
	if (tls_only(place, "SecurityPolicyId", listener->security_policy != NULL,
		     &listener->security_policy) < 0)
		return -1;
	return tls_only(place, "AlpnEnabled", listener->alpn_enabled, &listener->alpn_enabled);
}

static int check_mutual_authentication(const struct place *place)
{
	const struct model_listener *listener = place->listener;
	const struct check *check = place->check;

	if (listener->ca_enabled && listener->ca_certificates.count == 0) {
		check_failed(check, ERROR_INVALID, "MissingParam.CaCertificate",
			     line_of(place, &listener->ca_enabled),
			     "Listeners[%zu].CaCertificateIds: is missing, but CaEnabled is true",
			     place->i);
		return error_hint(check->err, "Name the CA certificates that issue your clients' "
					      "certificates.");
	}
	if (!listener->ca_enabled && listener->ca_certificates.count > 0) {
		model_warn(
			check->warnings, check->model, line_of(place, &listener->ca_certificates),
			"Listeners[%zu].CaCertificateIds: has no effect, because CaEnabled is false: "
			"every client is let in",
			place->i);
		model_warn_hint(check->warnings,
				"Set CaEnabled to true to check client certificates.");
	}
	return 0;
}

static int check_additional(const struct place *place)
{
	const struct model_listener *listener = place->listener;
	size_t i;

	for (i = 0; i < listener->additional_certificates.count; i++) {
		char *const *name = &listener->additional_certificates.items[i];

		if (strcmp(*name, listener->certificates.items[0]) != 0)
			continue;
		check_failed(
			place->check, ERROR_CONFLICT, "ResourceAlreadyAssociated.Certificate",
			line_of(place, name),
			"Listeners[%zu].AdditionalCertificateIds[%zu]: \"%.80s\" is the default "
			"certificate already",
			place->i, i, *name);
		return error_hint(place->check->err, "Remove it here.");
	}
	return 0;
}

static int check_tcpssl(const struct place *place)
{
	const struct model_listener *listener = place->listener;
	const struct check *check = place->check;

	if (listener->certificates.count != 1) {
		check_failed(
			check, ERROR_INVALID,
			listener->certificates.count == 0 ? "MissingParam.Certificate"
							  : "IllegalParamSize.certificateIds",
			listener->line,
			"Listeners[%zu].CertificateIds: a TCPSSL listener needs exactly one, but "
			"has %zu",
			place->i, listener->certificates.count);
		return error_hint(check->err,
				  "Further certificates go into AdditionalCertificateIds.");
	}
	if (listener->alpn_enabled && listener->alpn_policy == MODEL_ALPN_NONE) {
		check_failed(check, ERROR_INVALID, "MissingParam.AlpnPolicy",
			     line_of(place, &listener->alpn_enabled),
			     "Listeners[%zu].AlpnPolicy: is missing, but AlpnEnabled is true",
			     place->i);
		return error_hint(check->err, "Choose HTTP1Only, HTTP2Only, HTTP2Optional or "
					      "HTTP2Preferred.");
	}
	if (check_additional(place) < 0)
		return -1;
	return check_mutual_authentication(place);
}

static int ports_failed(const struct place *place, const void *value, const char *field,
			const char *what)
{
	return check_failed(place->check, ERROR_INVALID, "IllegalParam.ListenerPort",
			    line_of(place, value), "Listeners[%zu].%s: %s", place->i, field, what);
}

static int check_range(const struct place *place)
{
	const struct model_listener *listener = place->listener;
	const struct model_server_group *group =
		model_find_server_group(place->check->model, listener->server_group);

	if (listener->start_port == 0 || listener->end_port == 0) {
		ports_failed(place, &listener->port, "ListenerPort",
			     "0 means a range, but StartPort or EndPort is missing");
		return error_hint(place->check->err, "Add StartPort and EndPort, or name a port.");
	}
	if (listener->end_port <= listener->start_port)
		return ports_failed(place, &listener->end_port, "EndPort",
				    "must be larger than StartPort");
	if (!group->any_port) {
		check_failed(
			place->check, ERROR_INVALID, "IllegalParam.ServerGroupId",
			line_of(place, &listener->server_group),
			"Listeners[%zu].ServerGroupId: a listener with a port range needs a group "
			"with AnyPortEnabled",
			place->i);
		return error_hint(place->check->err,
				  "Set AnyPortEnabled of group \"%.80s\" to true.", group->name);
	}
	return 0;
}

static int check_port(const struct place *place)
{
	const struct model_listener *listener = place->listener;

	if (listener->port == 0)
		return check_range(place);
	if (listener->start_port != 0 || listener->end_port != 0) {
		ports_failed(place, &listener->port, "ListenerPort",
			     "StartPort and EndPort need ListenerPort 0");
		return error_hint(place->check->err, "Set ListenerPort to 0, or remove the two.");
	}
	return 0;
}

int check_listener(const struct check *check, size_t i)
{
	const struct model_listener *listener = &check->model->listeners[i];
	const struct place place = { check, listener, i };

	if (check_references(&place) < 0 || check_port(&place) < 0)
		return -1;
	return listener->protocol == MODEL_TCPSSL ? check_tcpssl(&place) : check_tcp(&place);
}
