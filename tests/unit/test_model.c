/* What concerns several resources: each rule with a manifest that keeps it and one that breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/fields.h"
#include "model/manifest.h"
#include "model/nearest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define EDGE "LoadBalancers:\n" \
	     "  - {LoadBalancerName: edge, ZoneMappings: [{ZoneId: a, PrivateIPv4Address: 0.0.0.0}]}\n"
#define INNER "  - {LoadBalancerName: inner, " \
	      "ZoneMappings: [{ZoneId: a, PrivateIPv4Address: 10.0.0.1}]}\n"
#define SIX "  - {LoadBalancerName: six, ZoneMappings: [{ZoneId: a, Ipv6Address: \"::\"}]}\n"
#define CERTIFICATES "Certificates: [{Name: www, CertFile: c, KeyFile: k}, " \
		     "{Name: api, CertFile: c, KeyFile: k}]\n"
#define CAS "CaCertificates: [{Name: clients, CertFile: c}, {Name: partners, CertFile: c}]\n"
#define GROUPS "ServerGroups:\n" \
	       "  - {ServerGroupName: web, Servers: [{ServerIp: 10.0.0.1, Port: 80}]}\n" \
	       "  - {ServerGroupName: any, AnyPortEnabled: true, Servers: [{ServerIp: 10.0.0.1}], " \
	       "HealthCheckConfig: {HealthCheckConnectPort: 22}}\n"
#define ALL EDGE INNER SIX CERTIFICATES CAS GROUPS "Listeners:\n"
#define TCP(balancer, more) "  - {LoadBalancer: " balancer ", ListenerProtocol: TCP, " more "}\n"
#define TCPSSL(more) "  - {LoadBalancer: edge, ListenerProtocol: TCPSSL, ServerGroupId: web, " more "}\n"
#define WEB(port) "ServerGroupId: web, ListenerPort: " port
#define ANY(start, end) "ServerGroupId: any, ListenerPort: 0, StartPort: " start ", EndPort: " end

struct outcome {
	int status;
	struct error err;
	struct model_warnings warnings;
};

static struct outcome check(const char *text)
{
	struct outcome outcome = { 0 };
	struct model *model = manifest_read_text((struct bytes){ (const uint8_t *)text, strlen(text) },
						 "x.yaml", false, NULL, &outcome.err);

	if (model == NULL)
		fail_msg("%s: %s", outcome.err.place, outcome.err.message);
	outcome.status = model_check(model, &outcome.warnings, &outcome.err);
	model_free(model);
	return outcome;
}

static void good_models_pass(void **state)
{
	static const char *const table[] = {
		ALL TCPSSL("ListenerPort: 443, CertificateIds: [www]"),
		ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], AdditionalCertificateIds: [api], "
			   "CaEnabled: true, CaCertificateIds: [clients, partners], "
			   "SecurityPolicyId: tls_cipher_policy_1_0"),
		ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], AlpnEnabled: true, "
			   "AlpnPolicy: HTTP2Only"),
		ALL TCP("edge", WEB("80")) TCP("edge", WEB("81")) TCP("six", WEB("80")),
		ALL TCP("edge", ANY("1000", "2023")) TCP("edge", WEB("999")) TCP("edge", WEB("2024")),
		ALL TCP("edge", "ServerGroupId: any, ListenerPort: 80"),
		"SecurityPolicies:\n"
		"  - {SecurityPolicyName: mine, TlsVersions: [TLSv1.3, tlsv1.2], Ciphers: "
		"[TLS_AES_128_GCM_SHA256, ECDHE-RSA-AES128-SHA]}\n"
		"Settings: {DefaultSecurityPolicyId: mine}\n" ALL TCP("edge", WEB("80")),
		"ServerGroups: [{ServerGroupName: web, ServerGroupType: Ip, Servers: "
		"[{ServerId: 10.0.0.1, Port: 1}, {ServerId: 10.0.0.1, Port: 2}]}]\n"
		EDGE "Listeners:\n" TCP("edge", WEB("80")),
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct outcome outcome = check(table[i]);
		size_t j;

		if (outcome.status < 0)
			fail_msg("%zu: %s", i, outcome.err.message);
		for (j = 0; j < outcome.warnings.count; j++) {
			if (outcome.warnings.items[j].kind == WARNING_PROBLEM)
				fail_msg("%zu: %s", i, outcome.warnings.items[j].error.message);
		}
		model_warnings_done(&outcome.warnings);
	}
}

static void bad_models_are_refused(void **state)
{
	static const struct {
		const char *text, *message, *symbol;
		int line;
		const char *hint;
	} table[] = {
		/* names and references */
		{ ALL TCP("egde", WEB("80")),
		  "Listeners[0].LoadBalancer: there is no load balancer \"egde\"", "ResourceNotFound", 11,
		  "Did you mean \"edge\"?" },
		{ ALL TCP("edge", "ServerGroupId: wbe, ListenerPort: 80"),
		  "Listeners[0].ServerGroupId: there is no server group \"wbe\"", "ResourceNotFound", 11,
		  "Did you mean \"web\"?" },
		{ ALL TCP("edge", "ServerGroupId: database, ListenerPort: 80"),
		  "Listeners[0].ServerGroupId: there is no server group \"database\"",
		  "ResourceNotFound", 11, "Add it to ServerGroups, or name one that is there." },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [ww]"),
		  "Listeners[0].CertificateIds[0]: there is no certificate \"ww\"", "ResourceNotFound",
		  11, "Did you mean \"www\"?" },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www],\n AdditionalCertificateIds: [x]"),
		  "Listeners[0].AdditionalCertificateIds[0]: there is no certificate \"x\"",
		  "ResourceNotFound", 12, NULL },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], CaCertificateIds: [client]"),
		  "Listeners[0].CaCertificateIds[0]: there is no CA certificate \"client\"",
		  "ResourceNotFound", 11, "Did you mean \"clients\"?" },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], "
			     "SecurityPolicyId: tls_cipher_policy_1_3"),
		  "Listeners[0].SecurityPolicyId: there is no security policy \"tls_cipher_policy_1_3\"",
		  "ResourceNotFound", 11, NULL },
		{ "Settings: {DefaultSecurityPolicyId: x}",
		  "Settings.DefaultSecurityPolicyId: there is no security policy \"x\"",
		  "ResourceNotFound", 1, NULL },
		{ "ServerGroups:\n - ServerGroupName: web\n - ServerGroupName: web\n",
		  "ServerGroups[1].ServerGroupName: there is another server group \"web\"",
		  "Conflict.Name", 3, NULL },
		{ "SecurityPolicies: [{SecurityPolicyName: tls_cipher_policy_1_2, TlsVersions: [TLSv1.2], "
		  "Ciphers: [AES128-SHA]}]",
		  "SecurityPolicies[0].SecurityPolicyName: there is another security policy "
		  "\"tls_cipher_policy_1_2\"", "Conflict.Name", 1, NULL },
		/* load balancers */
		{ "LoadBalancers: [{LoadBalancerName: edge, ZoneMappings: [{ZoneId: a}]}]",
		  "LoadBalancers[0].ZoneMappings[0]: has no address",
		  "MissingParam.PrivateIPv4Address", 1, NULL },
		{ "LoadBalancers: [{LoadBalancerName: edge, ZoneMappings: [{ZoneId: a, "
		  "PrivateIPv4Address: 0.0.0.0}, {ZoneId: b, PrivateIPv4Address: 10.0.0.1}]}]",
		  "LoadBalancers[0].ZoneMappings[1]: 10.0.0.1 overlaps with 0.0.0.0 of another zone",
		  "Conflict.Address", 1, NULL },
		{ "LoadBalancers: [{LoadBalancerName: edge, ZoneMappings: [{ZoneId: a, "
		  "PrivateIPv4Address: 10.0.0.2}, {ZoneId: a, PrivateIPv4Address: 10.0.0.1}]}]",
		  "LoadBalancers[0].ZoneMappings[1].ZoneId: \"a\" is in the list already",
		  "Conflict.ZoneId", 1, NULL },
		{ "LoadBalancers: [{LoadBalancerName: edge, AddressIpVersion: ipv4, ZoneMappings: "
		  "[{ZoneId: a, Ipv6Address: \"::1\"}]}]",
		  "LoadBalancers[0].ZoneMappings[0].Ipv6Address: the load balancer's AddressIpVersion is "
		  "Ipv4", "OperationDenied.NonDualStackInstance", 1, NULL },
		/* what a protocol needs and forbids */
		{ ALL TCPSSL("ListenerPort: 443"),
		  "Listeners[0].CertificateIds: a TCPSSL listener needs exactly one, but has 0",
		  "MissingParam.Certificate", 11, NULL },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], AdditionalCertificateIds: [www]"),
		  "Listeners[0].AdditionalCertificateIds[0]: \"www\" is the default certificate already",
		  "ResourceAlreadyAssociated.Certificate", 11, NULL },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], CaEnabled: true"),
		  "Listeners[0].CaCertificateIds: is missing, but CaEnabled is true",
		  "MissingParam.CaCertificate", 11, NULL },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], AlpnEnabled: true"),
		  "Listeners[0].AlpnPolicy: is missing, but AlpnEnabled is true",
		  "MissingParam.AlpnPolicy", 11, NULL },
		{ ALL TCP("edge", WEB("80") ", CertificateIds: [www]"),
		  "Listeners[0].CertificateIds: a TCP listener has no TLS",
		  "IllegalParam.ListenerProtocol", 11, NULL },
		{ ALL TCP("edge", WEB("80") ", CaEnabled: true, CaCertificateIds: [clients]"),
		  "Listeners[0].CaEnabled: a TCP listener has no TLS", "IllegalParam.ListenerProtocol", 11,
		  NULL },
		{ ALL TCP("edge", WEB("80") ", SecurityPolicyId: tls_cipher_policy_1_2"),
		  "Listeners[0].SecurityPolicyId: a TCP listener has no TLS",
		  "IllegalParam.ListenerProtocol", 11, NULL },
		/* ports */
		{ ALL TCP("edge", WEB("80")) TCP("edge", WEB("80")),
		  "Listeners[1].ListenerPort: port 80 on 0.0.0.0 overlaps with Listeners[0] on 0.0.0.0",
		  "Conflict.Port", 12, NULL },
		{ ALL TCP("inner", WEB("80")) TCP("edge", WEB("80")),
		  "Listeners[1].ListenerPort: port 80 on 0.0.0.0 overlaps with Listeners[0] on 10.0.0.1",
		  "Conflict.Port", 12, NULL },
		{ ALL TCP("edge", ANY("1000", "2000")) TCP("inner", WEB("1500")),
		  "Listeners[1].ListenerPort: port 1500 on 10.0.0.1 overlaps with Listeners[0] on 0.0.0.0",
		  "Conflict.Port", 12, NULL },
		{ ALL TCP("six", WEB("80")) TCP("six", WEB("80")),
		  "Listeners[1].ListenerPort: port 80 on :: overlaps with Listeners[0] on ::",
		  "Conflict.Port", 12, NULL },
		{ "Settings: {MetricsAddress: \"127.0.0.1:80\"}\n" ALL TCP("edge", WEB("80")),
		  "Settings.MetricsAddress: port 80 on 127.0.0.1:80 overlaps with Listeners[0] on 0.0.0.0",
		  "Conflict.Port", 1, NULL },
		{ ALL TCP("edge", ANY("1000", "2024")),
		  "Listeners[0].EndPort: the port range holds 1025 ports, but at most 1024 are supported",
		  "QuotaExceeded.RangePorts", 11, NULL },
		{ ALL TCP("edge", ANY("1000", "1001")) TCP("edge", ANY("2000", "2001")),
		  "Listeners[1].ListenerPort: load balancer \"edge\" has a listener with a port range "
		  "already", "QuotaExceeded.RangeListener", 12, NULL },
		{ ALL TCP("edge", ANY("1000", "1000")),
		  "Listeners[0].EndPort: must be larger than StartPort", "IllegalParam.ListenerPort", 11,
		  NULL },
		{ ALL TCP("edge", WEB("0")),
		  "Listeners[0].ListenerPort: 0 means a range, but StartPort or EndPort is missing",
		  "IllegalParam.ListenerPort", 11, NULL },
		{ ALL TCP("edge", WEB("80") ", StartPort: 90"),
		  "Listeners[0].ListenerPort: StartPort and EndPort need ListenerPort 0",
		  "IllegalParam.ListenerPort", 11, NULL },
		{ ALL TCP("edge", WEB("0") ", StartPort: 1, EndPort: 2"),
		  "Listeners[0].ServerGroupId: a listener with a port range needs a group with "
		  "AnyPortEnabled", "IllegalParam.ServerGroupId", 11, NULL },
		/* groups */
		{ "ServerGroups: [{ServerGroupName: web, Servers: [{ServerIp: 10.0.0.1}]}]",
		  "ServerGroups[0].Servers[0].Port: is missing", "MissingParam.Port", 1, NULL },
		{ "ServerGroups: [{ServerGroupName: web, Servers: [{Port: 80}]}]",
		  "ServerGroups[0].Servers[0]: ServerIp is missing", "MissingParam.ServerIp", 1, NULL },
		{ "ServerGroups: [{ServerGroupName: web, Servers: [{ServerId: i-abc, Port: 80}]}]",
		  "ServerGroups[0].Servers[0].ServerIp: \"i-abc\" is not an IPv4 or IPv6 address",
		  "IllegalParam.IP", 1, NULL },
		{ "ServerGroups: [{ServerGroupName: web, Servers: [{ServerIp: \"fd00::1\", Port: 80},\n"
		  "{ServerIp: \"fd00:0::1\", Port: 80}]}]",
		  "ServerGroups[0].Servers[1]: fd00:0::1 port 80 is in the group already, as Servers[0]",
		  "Conflict.Server", 2, NULL },
		{ "ServerGroups: [{ServerGroupName: web, AnyPortEnabled: true, HealthCheckConfig: "
		  "{HealthCheckEnabled: false}, Servers: [{ServerIp: 10.0.0.1, Port: 80}]}]",
		  "ServerGroups[0].Servers[0].Port: must be 0 in a group with AnyPortEnabled",
		  "IllegalParam.Port", 1, NULL },
		{ "ServerGroups: [{ServerGroupName: web, AnyPortEnabled: true}]",
		  "ServerGroups[0].HealthCheckConfig.HealthCheckConnectPort: is missing: the servers of a "
		  "group with AnyPortEnabled have no port of their own",
		  "IllegalParam.AnyPortServerGroupConflictWithHealthCheckConfig", 1, NULL },
		/* security policies */
		{ "SecurityPolicies: [{SecurityPolicyName: mine, TlsVersions: [TLSv1.2], Ciphers: "
		  "[AES128-SHA, AES129-SHA]}]",
		  "SecurityPolicies[0].Ciphers[1]: there is no cipher suite \"AES129-SHA\"",
		  "IllegalParam.Ciphers", 1, "Did you mean \"AES128-SHA\"?" },
		{ "SecurityPolicies: [{SecurityPolicyName: mine, TlsVersions: [TLSv1.2], Ciphers: "
		  "[AES128-SHA, TLS_AES_128_GCM_SHA256]}]",
		  "SecurityPolicies[0].Ciphers[1]: TLS_AES_128_GCM_SHA256 does not go with the TlsVersions",
		  "IllegalParam.Ciphers", 1, "It needs TLSv1.3." },
		{ "SecurityPolicies: [{SecurityPolicyName: mine, TlsVersions: [TLSv1.1], Ciphers: "
		  "[AES128-GCM-SHA256]}]",
		  "SecurityPolicies[0].Ciphers[0]: AES128-GCM-SHA256 does not go with the TlsVersions",
		  "IllegalParam.Ciphers", 1, "It needs TLSv1.2." },
		{ "SecurityPolicies: [{SecurityPolicyName: mine, TlsVersions: [TLSv1.2, TLSv1.3], Ciphers: "
		  "[AES128-GCM-SHA256, TLS_AES_128_CCM_SHA256]}]",
		  "SecurityPolicies[0].Ciphers: none of them can be negotiated with TLSv1.3",
		  "IllegalParam.Ciphers", 1, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct outcome outcome = check(table[i].text);
		char place[32];

		if (outcome.status == 0)
			fail_msg("accepted, but: %s", table[i].message);
		snprintf(place, sizeof(place), "x.yaml:%d", table[i].line);
		assert_string_equal(outcome.err.message, table[i].message);
		assert_string_equal(outcome.err.symbol, table[i].symbol);
		assert_string_equal(outcome.err.place, place);
		if (table[i].hint != NULL)
			assert_string_equal(outcome.err.hint, table[i].hint);
		model_warnings_done(&outcome.warnings);
	}
}

static void what_is_served_but_odd_is_a_warning(void **state)
{
	static const struct { const char *text, *message; enum warning_kind kind; } table[] = {
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www], CaCertificateIds: [clients]"),
		  "Listeners[0].CaCertificateIds: has no effect, because CaEnabled is false: every client "
		  "is let in", WARNING_PROBLEM },
		{ "Settings: {MetricsAddress: \"0.0.0.0:9100\"}\n" ALL TCP("edge", WEB("80")),
		  "Settings.MetricsAddress: \"0.0.0.0:9100\" is not a loopback address", WARNING_PROBLEM },
		{ "SecurityPolicies: [{SecurityPolicyName: mine, TlsVersions: [TLSv1.2], Ciphers: "
		  "[AES256-SHA256, AES128-SHA]}]\n" ALL TCP("edge", WEB("80")),
		  "SecurityPolicies[0].Ciphers[0]: AES256-SHA256 is never negotiated: the TLS library does "
		  "not offer it", WARNING_PROBLEM },
		{ EDGE "ServerGroups: [{ServerGroupName: web}]\nListeners:\n" TCP("edge", WEB("80")),
		  "Listeners[0].ServerGroupId: group \"web\" has no servers: every connection will be "
		  "reset", WARNING_PROBLEM },
		{ ALL TCP("edge", WEB("80") ", ProxyProtocolEnabled: true") TCP("edge", WEB("81")),
		  "Listeners[1].ProxyProtocolEnabled: another listener of group \"web\" has it the other "
		  "way round", WARNING_PROBLEM },
		{ ALL, "there is no listener: nothing will be served", WARNING_PROBLEM },
		{ ALL TCPSSL("ListenerPort: 443, CertificateIds: [www]")
			  TCPSSL("ListenerPort: 444, CertificateIds: [www]"),
		  "security policy \"tls_cipher_policy_1_2_strict_with_1_3\" lists suites that are never "
		  "negotiated (CCM and some CBC ones), ECDHE-ECDSA-AES128-SHA256 first", WARNING_NOTE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct outcome outcome = check(table[i].text);

		assert_int_equal(outcome.status, 0);
		assert_true(outcome.warnings.count > 0);
		assert_string_equal(outcome.warnings.items[0].error.message, table[i].message);
		assert_int_equal(outcome.warnings.items[0].kind, table[i].kind);
		assert_true(outcome.warnings.count == 1 ||
			    outcome.warnings.items[1].kind == WARNING_NOTE);
		model_warnings_done(&outcome.warnings);
	}
}

/* Read from the top of the source tree, where make runs the tests. */
static void the_examples_are_good(void **state)
{
	static const char *const paths[] = { "examples/sallyport.yaml", "examples/many-names.yaml",
					     "examples/brokers.yaml" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		struct buffer text = { 0 };
		struct outcome outcome;

		assert_int_equal(buffer_read_file(paths[i], 1 << 20, &text, NULL), 0);
		buffer_append(&text, "", 1);
		outcome = check((const char *)text.data);
		if (outcome.status < 0)
			fail_msg("%s: %s: %s", paths[i], outcome.err.place, outcome.err.message);
		model_warnings_done(&outcome.warnings);
		buffer_done(&text);
	}
}

static void a_long_path_keeps_its_end_and_line(void **state)
{
	struct error err = { 0 };
	char path[300];

	(void)state;
	memset(path, 'x', sizeof(path));
	memcpy(path, "/a/", 3);
	strcpy(path + 280, "/sallyport.yaml");
	error_set(&err, ERROR_INVALID, "m");
	model_error_place(&err, path, 123);
	assert_int_equal(strlen(err.place), sizeof(err.place) - 1);
	assert_memory_equal(err.place, "...", 3);
	assert_string_equal(err.place + sizeof(err.place) - 20, "/sallyport.yaml:123");
}

/* Types and sizes in the tables are ours to get right: members of the wrong size would be overrun. */
static void check_table(const struct resource *resource, unsigned int depth)
{
	size_t i, j;

	assert_true(resource->field_count <= 64);
	assert_true(depth < 6);
	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];
		char range[256], standard[256];

		assert_true(field->offset + field->size <= resource->size);
		assert_non_null(field->help);
		for (j = 0; j < i; j++)
			assert_string_not_equal(resource->fields[j].name, field->name);
		switch (field->type) {
		case FIELD_TEXT:
		case FIELD_PATH:
			assert_int_equal(field->size, sizeof(char *));
			assert_true(field->maximum > 0);
			break;
		case FIELD_BOOL:
			assert_int_equal(field->size, sizeof(bool));
			break;
		case FIELD_INTEGER:
			assert_int_equal(field->size, sizeof(int64_t));
			assert_true(field->standard == 0 || (field->standard >= field->minimum &&
							     field->standard <= field->maximum));
			break;
		case FIELD_WORD:
			assert_non_null(field->words);
			break;
		case FIELD_FLAGS:
			assert_int_equal(field->size, sizeof(uint32_t));
			break;
		case FIELD_TEXTS:
			assert_int_equal(field->size, sizeof(struct model_strings));
			break;
		case FIELD_CRLS:
			assert_true(field->count_offset > field->offset);
			break;
		case FIELD_OBJECTS:
			assert_true(field->count_offset > field->offset);
			check_table(field->of, depth + 1);
			break;
		case FIELD_OBJECT:
			check_table(field->of, depth + 1);
			break;
		case FIELD_NOT_YET:
			continue;
		}
		field_range_text(field, range, sizeof(range));
		field_default_text(field, standard, sizeof(standard));
		if (!(field->flags & FIELD_REQUIRED))
			assert_string_not_equal(standard, "");
	}
}

static void the_field_tables_fit_their_structs(void **state)
{
	(void)state;
	check_table(&manifest_resource, 0);
}

static void near_names_are_found_and_far_ones_are_not(void **state)
{
	static const struct { const char *wanted, *name; bool near; } table[] = {
		{ "IdleTimout", "IdleTimeout", true },   { "idletimeout", "IdleTimeout", true },
		{ "Listerners", "Listeners", true },     { "Severs", "Servers", true },
		{ "wbe", "web", true },                  { "web", "database", false },
		{ "x", "y", false },                     { "Port", "Weight", false },
		{ "CertificateId", "CertificateIds", true } };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct nearest nearest = nearest_begin(table[i].wanted);

		nearest_offer(&nearest, table[i].name);
		if ((nearest.best != NULL) != table[i].near)
			fail_msg("%s and %s", table[i].wanted, table[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_models_pass),
		cmocka_unit_test(bad_models_are_refused),
		cmocka_unit_test(what_is_served_but_odd_is_a_warning),
		cmocka_unit_test(the_examples_are_good),
		cmocka_unit_test(a_long_path_keeps_its_end_and_line),
		cmocka_unit_test(the_field_tables_fit_their_structs),
		cmocka_unit_test(near_names_are_found_and_far_ones_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
