/* Manifests that are wrong, each with the error a person gets; and what good ones may look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "model/manifest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct model *read_text(const char *text, size_t len, struct error *err)
{
	return manifest_read_text((struct bytes){ (const uint8_t *)text, len }, "dir/x.yaml", false,
				  NULL, err);
}

/* %s stands where the case's own lines go. */
static const char around_listener[] =
	"LoadBalancers:\n"
	"  - {LoadBalancerName: edge, ZoneMappings: [{ZoneId: a, PrivateIPv4Address: 0.0.0.0}]}\n"
	"Certificates: [{Name: www, CertFile: c, KeyFile: k}]\n"
	"CaCertificates: [{Name: clients, CertFile: ca}]\n"
	"ServerGroups:\n"
	"  - {ServerGroupName: web, Servers: [{ServerIp: 10.0.0.1, Port: 80}]}\n"
	"Listeners:\n"
	"  - LoadBalancer: edge\n"
	"    ListenerProtocol: TCPSSL\n"
	"    ListenerPort: 443\n"
	"    CertificateIds: [www]\n"
	"    ServerGroupId: web\n"
	"    %s\n";

static const char around_group[] =
	"ServerGroups:\n"
	"  - ServerGroupName: web\n"
	"    %s\n";

struct refusal {
	const char *text;
	const char *message;
	const char *place;
	const char *hint; /* NULL: whatever */
};

static void assert_refused(const char *around, const struct refusal *refusal)
{
	struct error err = { 0 };
	char text[4096];
	struct model *model;

	snprintf(text, sizeof(text), around, refusal->text);
	model = read_text(text, strlen(text), &err);
	if (model != NULL)
		fail_msg("accepted: %s", refusal->text);
	assert_string_equal(err.message, refusal->message);
	assert_string_equal(err.place, refusal->place);
	if (refusal->hint != NULL)
		assert_string_equal(err.hint, refusal->hint);
	assert_int_equal(err.code, ERROR_INVALID);
}

static void values_of_a_listener_are_checked(void **state)
{
	static const struct refusal table[] = {
		{ "IdleTimeout: 5000", "Listeners[0].IdleTimeout: 5000 is out of range (1 to 3600)",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: 0", "Listeners[0].IdleTimeout: 0 is out of range (1 to 3600)",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: 99999999999999999999",
		  "Listeners[0].IdleTimeout: 99999999999999999999 is out of range (1 to 3600)",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: -1", "Listeners[0].IdleTimeout: -1 is out of range (1 to 3600)",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: soon", "Listeners[0].IdleTimeout: \"soon\" is not a whole number",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: 10s", "Listeners[0].IdleTimeout: \"10s\" is not a whole number",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: 010", "Listeners[0].IdleTimeout: \"010\" is not a whole number",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: 0x10", "Listeners[0].IdleTimeout: \"0x10\" is not a whole number",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: 1.5", "Listeners[0].IdleTimeout: \"1.5\" is not a whole number",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: \"60\"",
		  "Listeners[0].IdleTimeout: \"60\" is not a whole number: it is a text in quotes",
		  "dir/x.yaml:13", NULL },
		{ "IdleTimeout: [60]",
		  "Listeners[0].IdleTimeout: is a list, but should be a whole number", "dir/x.yaml:13",
		  NULL },
		{ "IdleTimeout:",
		  "Listeners[0].IdleTimeout: has no value, but should be a whole number",
		  "dir/x.yaml:13", "Give it a value, or leave the key out." },
		{ "HandshakeTimeout: 61",
		  "Listeners[0].HandshakeTimeout: 61 is out of range (1 to 60)", "dir/x.yaml:13", NULL },
		{ "CaDepth: 11", "Listeners[0].CaDepth: 11 is out of range (1 to 10)", "dir/x.yaml:13",
		  NULL },
		{ "Mss: 1501", "Listeners[0].Mss: 1501 is out of range (0 to 1500)", "dir/x.yaml:13",
		  NULL },
		{ "CaEnabled: maybe", "Listeners[0].CaEnabled: \"maybe\" is neither true nor false",
		  "dir/x.yaml:13", NULL },
		{ "CaEnabled: \"true\"",
		  "Listeners[0].CaEnabled: \"true\" is neither true nor false: it is a text in quotes",
		  "dir/x.yaml:13", NULL },
		{ "CaEnabled: 1", "Listeners[0].CaEnabled: \"1\" is neither true nor false",
		  "dir/x.yaml:13", NULL },
		{ "CaMode: Sometimes",
		  "Listeners[0].CaMode: \"Sometimes\" is not one of Required, Optional",
		  "dir/x.yaml:13", NULL },
		{ "CaMode: Requird",
		  "Listeners[0].CaMode: \"Requird\" is not one of Required, Optional", "dir/x.yaml:13",
		  "Did you mean \"Required\"?" },
		{ "CaCertificateIds: clients",
		  "Listeners[0].CaCertificateIds: is a single value, but should be a list",
		  "dir/x.yaml:13", "Write [\"clients\"], or one item per line behind \"- \"." },
		{ "CaCertificateIds: [clients, clients]",
		  "Listeners[0].CaCertificateIds[1]: \"clients\" is in the list already",
		  "dir/x.yaml:13", NULL },
		{ "CaCertificateIds: [[clients]]",
		  "Listeners[0].CaCertificateIds[0]: is a list, but should be a text", "dir/x.yaml:13",
		  NULL },
		{ "ProxyProtocolFrom: [10.0.0.0/33]",
		  "Listeners[0].ProxyProtocolFrom[0]: \"10.0.0.0/33\" has no prefix length between 0 and "
		  "32", "dir/x.yaml:13", NULL },
		{ "ProxyProtocolFrom: [proxy.example]",
		  "Listeners[0].ProxyProtocolFrom[0]: \"proxy.example\" is not an address block such as "
		  "10.0.0.0/8", "dir/x.yaml:13", NULL },
		{ "IdleTimout: 60", "Listeners[0]: there is no property \"IdleTimout\"",
		  "dir/x.yaml:13", "Did you mean \"IdleTimeout\"?" },
		{ "idletimeout: 60", "Listeners[0]: there is no property \"idletimeout\"",
		  "dir/x.yaml:13", "Did you mean \"IdleTimeout\"?" },
		{ "Ppv2VpcIdEnabled: true", "Listeners[0]: there is no property \"Ppv2VpcIdEnabled\"",
		  "dir/x.yaml:13", "It belongs into ProxyProtocolV2Config." },
		{ "<<: {IdleTimeout: 60}", "Listeners[0]: there is no property \"<<\"",
		  "dir/x.yaml:13", "sallyport.yaml(5) lists the properties." },
		{ "ListenerPort: 444", "Listeners[0].ListenerPort: is given twice, first on line 10",
		  "dir/x.yaml:13", NULL },
		{ "SecSensorEnabled: true",
		  "Listeners[0].SecSensorEnabled: true is not supported: there is no log service to send "
		  "second-level metrics to",
		  "dir/x.yaml:13",
		  "Only false is accepted: the metrics of a listener are there second by second anyway." },
		{ "MaxHandshakesPerSource: {Open: 1, Persecond: 2}",
		  "Listeners[0].MaxHandshakesPerSource: there is no property \"Persecond\"",
		  "dir/x.yaml:13", "Did you mean \"PerSecond\"?" },
		{ "MaxHandshakesPerSource: {Open: -1}",
		  "Listeners[0].MaxHandshakesPerSource.Open: -1 is out of range (0 to 1000000)",
		  "dir/x.yaml:13", NULL },
		{ "ListenerDescription: \"a\\u0007b\"",
		  "Listeners[0].ListenerDescription: \"a?b\" holds control characters", "dir/x.yaml:13",
		  NULL },
		{ "ListenerDescription: x",
		  "Listeners[0].ListenerDescription: \"x\" has 1 characters, but should have 2 to 256",
		  "dir/x.yaml:13", NULL },
		{ "ProxyProtocolV2Config: true",
		  "Listeners[0].ProxyProtocolV2Config: is a single value, but should be a mapping of "
		  "\"Name: value\" lines", "dir/x.yaml:13", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		assert_refused(around_listener, &table[i]);
}

static void values_of_a_group_are_checked(void **state)
{
	static const struct refusal table[] = {
		{ "Servers: [{ServerIp: web01.example, Port: 80}]",
		  "ServerGroups[0].Servers[0].ServerIp: \"web01.example\" is not an IPv4 or IPv6 "
		  "address", "dir/x.yaml:3",
		  "Write the address itself; host names are not looked up." },
		{ "Servers: [{ServerIp: 0.0.0.0, Port: 80}]",
		  "ServerGroups[0].Servers[0].ServerIp: \"0.0.0.0\" is not an address of one host",
		  "dir/x.yaml:3", NULL },
		{ "Servers: [{ServerIp: \"::ffff:1.2.3.4\", Port: 80}]",
		  "ServerGroups[0].Servers[0].ServerIp: \"::ffff:1.2.3.4\" is an IPv4 address in IPv6 "
		  "form: write it as IPv4", "dir/x.yaml:3", NULL },
		{ "Servers: [{ServerIp: 10.0.0.1, Port: 65536}]",
		  "ServerGroups[0].Servers[0].Port: 65536 is out of range (0 to 65535)", "dir/x.yaml:3",
		  NULL },
		{ "Servers: [{ServerIp: 10.0.0.1, Port: 80, Weight: 101}]",
		  "ServerGroups[0].Servers[0].Weight: 101 is out of range (0 to 100)", "dir/x.yaml:3",
		  NULL },
		{ "Protocol: UDP", "ServerGroups[0].Protocol: UDP is not supported yet",
		  "dir/x.yaml:3", "Use one of TCP, TCPSSL." },
		{ "Protocol: tcp_udp", "ServerGroups[0].Protocol: UDP is not supported yet",
		  "dir/x.yaml:3", NULL },
		{ "Scheduler: Qch",
		  "ServerGroups[0].Scheduler: Qch is for QUIC over UDP, which is not supported yet",
		  "dir/x.yaml:3", "Use one of Wrr, Rr, Wlc, Sch, Tch." },
		{ "HealthCheckInterval: 3",
		  "ServerGroups[0]: there is no property \"HealthCheckInterval\"", "dir/x.yaml:3",
		  "It belongs into HealthCheckConfig." },
		{ "HealthCheckConfig: {HealthyThreshold: 1}",
		  "ServerGroups[0].HealthCheckConfig.HealthyThreshold: 1 is out of range (2 to 10)",
		  "dir/x.yaml:3", NULL },
		{ "HealthCheckConfig: {HealthCheckInterval: 51}",
		  "ServerGroups[0].HealthCheckConfig.HealthCheckInterval: 51 is out of range (1 to 50)",
		  "dir/x.yaml:3", NULL },
		{ "HealthCheckConfig: {HealthCheckUrl: alive}",
		  "ServerGroups[0].HealthCheckConfig.HealthCheckUrl: \"alive\" does not start with \"/\"",
		  "dir/x.yaml:3", NULL },
		{ "HealthCheckConfig: {HealthCheckUrl: \"/a b\"}",
		  "ServerGroups[0].HealthCheckConfig.HealthCheckUrl: \"/a b\" may hold letters, digits "
		  "and - / . % ? # & = _ ~ only", "dir/x.yaml:3", NULL },
		{ "HealthCheckConfig: {HealthCheckHttpCode: [http_1xx]}",
		  "ServerGroups[0].HealthCheckConfig.HealthCheckHttpCode: \"http_1xx\" is not one of "
		  "http_2xx, http_3xx, http_4xx, http_5xx", "dir/x.yaml:3", NULL },
		{ "HealthCheckConfig: {HealthCheckHttpCode: []}",
		  "ServerGroups[0].HealthCheckConfig.HealthCheckHttpCode: has 0 items, but should have 1 "
		  "to 4", "dir/x.yaml:3", NULL },
		{ "HealthCheckConfig: {HealthCheckType: UDP}",
		  "ServerGroups[0].HealthCheckConfig.HealthCheckType: UDP is not supported yet",
		  "dir/x.yaml:3", NULL },
		{ "Servers: web", "ServerGroups[0].Servers: is a single value, but should be a list",
		  "dir/x.yaml:3", NULL },
		{ "Servers: [web]",
		  "ServerGroups[0].Servers[0]: is a single value, but should be a mapping of \"Name: "
		  "value\" lines", "dir/x.yaml:3", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		assert_refused(around_group, &table[i]);
}

static void client_addresses_are_not_preserved(void **state)
{
	static const char text[] = "ServerGroups: [{ServerGroupName: web, PreserveClientIpEnabled: true}]";
	struct error err = { 0 };

	(void)state;
	assert_null(read_text(text, strlen(text), &err));
	assert_string_equal(err.symbol, "IllegalParam.PreserveClientIpSwitch");
	assert_non_null(strstr(err.hint, "ProxyProtocolEnabled"));
}

static void missing_properties_are_named(void **state)
{
	static const struct refusal table[] = {
		{ "Listeners: [{LoadBalancer: edge}]", "Listeners[0]: ListenerProtocol is missing",
		  "dir/x.yaml:1", "Add \"ListenerProtocol: ...\"." },
		{ "Certificates:\n  - Name: www\n    CertFile: c", "Certificates[0]: KeyFile is missing",
		  "dir/x.yaml:2", NULL },
		{ "LoadBalancers: [{LoadBalancerName: edge}]",
		  "LoadBalancers[0]: ZoneMappings is missing", "dir/x.yaml:1", NULL },
		{ "LoadBalancers: [{LoadBalancerName: 1edge}]",
		  "LoadBalancers[0].LoadBalancerName: \"1edge\" does not start with a letter",
		  "dir/x.yaml:1", NULL },
		{ "LoadBalancers: [{LoadBalancerName: \"ed ge\"}]",
		  "LoadBalancers[0].LoadBalancerName: \"ed ge\" may hold letters, digits, \".\", \"_\" "
		  "and \"-\" only", "dir/x.yaml:1", NULL },
		{ "Listener: []", "there is no property \"Listener\"", "dir/x.yaml:1",
		  "Did you mean \"Listeners\"?" },
		{ "Settings: {Log: stdot}",
		  "Settings.Log: \"stdot\" is neither stdout, stderr nor the path of a file",
		  "dir/x.yaml:1", NULL },
		{ "Settings: {MetricsAddress: 9100}",
		  "Settings.MetricsAddress: \"9100\" is neither ADDRESS:PORT nor unix:PATH",
		  "dir/x.yaml:1", NULL },
		{ "- a", "is a list, but should be a mapping of \"Name: value\" lines", "dir/x.yaml:1",
		  NULL },
		{ "hello", "is a single value, but should be a mapping of \"Name: value\" lines",
		  "dir/x.yaml:1", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		assert_refused("%s", &table[i]);
}

#define READ "could not read the manifest: "

static void what_is_no_plain_yaml_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *message, *place;
	} table[] = {
#define TEXT(text) text, sizeof(text) - 1
		{ TEXT(""), READ "it is empty", "dir/x.yaml" },
		{ TEXT("# nothing\n\n"), READ "it is empty", "dir/x.yaml" },
		{ TEXT("---\n"), READ "it is empty", "dir/x.yaml" },
		{ TEXT("Listeners: []\n---\nListeners: []\n"), READ "it holds more than one document",
		  "dir/x.yaml:2" },
		{ TEXT("Listeners: &a []\n"), READ "anchors (&name) are not supported", "dir/x.yaml:1" },
		{ TEXT("Listeners: []\nServerGroups: *a\n"), READ "aliases (*name) are not supported",
		  "dir/x.yaml:2" },
		{ TEXT("Listeners: !x []\n"), READ "tags (!name) are not supported", "dir/x.yaml:1" },
		{ TEXT("# first\n%TAG ! x\n---\na: b\n"),
		  READ "directives (% at the start of a line) are not supported", "dir/x.yaml:2" },
		{ TEXT("? [a]\n: b\n"), READ "a key is not a plain name", "dir/x.yaml:1" },
		{ TEXT("Listeners:\n  [[[[[[[[[[[[[[[[[[[["),
		  READ "lists and mappings are nested too deeply", "dir/x.yaml:2" },
		{ TEXT("Listeners: []\nA: \"\\0\"\n"), READ "a text holds a NUL character",
		  "dir/x.yaml:2" },
		{ TEXT("Listeners: []\nA: \xff\xfe\n"), READ "invalid leading UTF-8 octet",
		  "dir/x.yaml:2" },
		{ TEXT("\xff\xfeL\0i\0"), READ "invalid leading UTF-8 octet", "dir/x.yaml:1" },
		{ TEXT("Listeners: []\n\n\0"), READ "control characters are not allowed",
		  "dir/x.yaml:3" },
		{ TEXT("Listeners:\n  - a: b\n c: d\n"), READ "did not find expected key",
		  "dir/x.yaml:3" },
		{ TEXT("Listeners: [\n"), READ "did not find expected node content", "dir/x.yaml:2" },
		{ TEXT("Listeners:\n\t- a\n"),
		  READ "found character that cannot start any token", "dir/x.yaml:2" },
#undef TEXT
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct error err = { 0 };

		if (read_text(table[i].text, table[i].len, &err) != NULL)
			fail_msg("accepted: %s", table[i].text);
		assert_string_equal(err.message, table[i].message);
		assert_string_equal(err.place, table[i].place);
		assert_string_not_equal(err.hint, "");
	}
}

static void a_pasted_key_is_never_shown(void **state)
{
	static const char *const texts[] = {
		"Certificates:\n  - Name: x\n    CertFile: c\n    KeyFile: |\n"
		"      -----BEGIN PRIVATE KEY-----\n      MIIsecret\n",
		"Certificates:\n  - Name: x\n    CertFile: c\n    KeyFile: \"-----BEGIN PRIVATE KEY-----\\n"
		"MIIsecret\"\n",
		/* plain texts over several lines become one line */
		"Certificates:\n  - Name: x\n    CertFile: c\n    KeyFile:\n"
		"      -----BEGIN PRIVATE KEY-----\n      MIIsecret\n",
		"Listeners:\n  - CertificateIds:\n      -----BEGIN PRIVATE KEY-----\n      MIIsecret\n",
		"Listeners:\n  - IdleTimeout: |\n      -----BEGIN PRIVATE KEY-----\n      MIIsecret\n",
		"Listeners:\n  - CertificateIds: |\n      -----BEGIN PRIVATE KEY-----\n      MIIsecret\n",
		"Listeners:\n  - CaMode: |\n      MIIsecret\n      MIIsecret\n",
		"\"-----BEGIN PRIVATE KEY-----\\nMIIsecret\": 1\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		struct error err = { 0 };

		assert_null(read_text(texts[i], strlen(texts[i]), &err));
		assert_null(strstr(err.message, "secret"));
		assert_null(strstr(err.hint, "secret"));
	}
}

static void a_byte_order_mark_and_quotes_and_comments_are_fine(void **state)
{
	static const char text[] = "\xef\xbb\xbf# first\n\"ServerGroups\":\n"
				   "- 'ServerGroupName': \"we\\u0062\"\n"
				   "  Scheduler: TCH # any case\n  Servers:\n";
	struct error err = { 0 };
	struct model *model = read_text(text, sizeof(text) - 1, &err);

	(void)state;
	if (model == NULL)
		fail_msg("%s: %s", err.place, err.message);
	assert_string_equal(model->server_groups[0].name, "web");
	assert_int_equal(model->server_groups[0].scheduler, MODEL_TCH);
	assert_int_equal(model->server_groups[0].server_count, 0);
	assert_int_equal(model->server_groups[0].line, 3);
	model_free(model);
}

static void relative_paths_start_at_the_folder_of_the_manifest(void **state)
{
	static const char text[] = "Settings: {Log: sallyport.log, MetricsAddress: \"unix:m.sock\"}\n"
				   "Certificates: [{Name: x, CertFile: ../c.pem, KeyFile: /k.pem}]\n";
	struct error err = { 0 };
	struct model *model = manifest_read_text(
		(struct bytes){ (const uint8_t *)text, sizeof(text) - 1 }, "/etc/sallyport/x.yaml",
		false, NULL, &err);

	(void)state;
	if (model == NULL)
		fail_msg("%s: %s", err.place, err.message);
	assert_string_equal(model->settings.log, "/etc/sallyport/sallyport.log");
	assert_string_equal(model->settings.metrics_address, "unix:/etc/sallyport/m.sock");
	assert_string_equal(model->certificates[0].cert_file, "/etc/sallyport/../c.pem");
	assert_string_equal(model->certificates[0].key_file, "/k.pem");
	model_free(model);
}

static void defaults_are_those_of_the_tables(void **state)
{
	char text[2048];
	struct error err = { 0 };
	struct model *model;
	const struct model_listener *listener;
	const struct model_server_group *group;

	(void)state;
	snprintf(text, sizeof(text), around_listener, "");
	model = read_text(text, strlen(text), &err);
	if (model == NULL)
		fail_msg("%s: %s", err.place, err.message);
	listener = &model->listeners[0];
	group = &model->server_groups[0];
	assert_int_equal(listener->idle_timeout_s, 900);
	assert_int_equal(listener->handshake_timeout_s, 10);
	assert_int_equal(listener->connect_timeout_s, 3);
	assert_int_equal(listener->connect_budget_s, 10);
	assert_int_equal(listener->half_close_timeout_s, 60);
	assert_int_equal(listener->ca_depth, 4);
	assert_true(listener->ca_names_advertised);
	assert_false(listener->ca_enabled);
	assert_int_equal(listener->ca_mode, MODEL_CA_REQUIRED);
	assert_int_equal(listener->revocation_mode, MODEL_REVOCATION_GIVEN);
	assert_int_equal(listener->unclean_close, MODEL_UNCLEAN_RESET);
	assert_int_equal(listener->alpn_policy, MODEL_ALPN_NONE);
	assert_int_equal(listener->max_connections, 0);
	assert_null(listener->security_policy);
	assert_int_equal(group->scheduler, MODEL_WRR);
	assert_int_equal(group->all_down, MODEL_TRY_ALL);
	assert_int_equal(group->drain_timeout_s, 10);
	assert_int_equal(group->slow_start_s, 0);
	assert_false(group->preserve_client_ip);
	assert_true(group->check.enabled);
	assert_int_equal(group->check.interval_s, 5);
	assert_int_equal(group->check.connect_timeout_s, 5);
	assert_int_equal(group->check.healthy_threshold, 2);
	assert_int_equal(group->check.unhealthy_threshold, 2);
	assert_int_equal(group->check.http_codes, MODEL_HTTP_2XX);
	assert_string_equal(group->check.url, "/");
	assert_int_equal(group->servers[0].weight, 100);
	assert_int_equal(model->settings.shutdown_timeout_s, 30);
	assert_string_equal(model->settings.default_security_policy_id,
			    "tls_cipher_policy_1_2_strict_with_1_3");
	assert_int_equal(model->policy_count, 5);
	model_free(model);
}

static void every_property_of_a_listener_can_be_set(void **state)
{
	static const char more[] =
		"ListenerDescription: the front door\n    ListenerStatus: stopped\n"
		"    AlpnEnabled: yes\n    AlpnPolicy: http2preferred\n    Cps: 5\n    Mss: 1400\n"
		"    ProxyProtocolEnabled: TRUE\n    ProxyProtocolV2Config: {Ppv2VpcIdEnabled: on}\n"
		"    IdleTimeout: 3600\n    MaxHandshakesPerSource: 8\n    UncleanClose: FIN\n"
		"    RevocationMode: all\n    CaMode: optional\n    CaNamesAdvertised: off";
	char text[2048];
	struct error err = { 0 };
	struct model *model;
	const struct model_listener *listener;

	(void)state;
	snprintf(text, sizeof(text), around_listener, more);
	model = read_text(text, strlen(text), &err);
	if (model == NULL)
		fail_msg("%s: %s", err.place, err.message);
	listener = &model->listeners[0];
	assert_true(listener->stopped);
	assert_int_equal(listener->alpn_policy, MODEL_ALPN_HTTP2_PREFERRED);
	assert_true(listener->proxy_protocol);
	assert_true(listener->ppv2_vpc_id);
	assert_false(listener->ppv2_endpoint_id);
	assert_int_equal(listener->max_handshakes_per_source, 8);
	assert_int_equal(listener->max_handshake_rate_per_source, 0);
	assert_int_equal(listener->unclean_close, MODEL_UNCLEAN_FIN);
	assert_int_equal(listener->revocation_mode, MODEL_REVOCATION_ALL);
	assert_int_equal(listener->ca_mode, MODEL_CA_OPTIONAL);
	assert_false(listener->ca_names_advertised);
	model_free(model);
}

/* --- files --- */

struct folder {
	char path[64];
};

static void write_file(const struct folder *folder, const char *name, const char *content)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

static int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	char six[7] = "";

	memset(six, 'X', 6);
	/* mkdtemp() wants six of them at the end */
	snprintf(folder->path, sizeof(folder->path), "%s/sallyport-unit-%s", P_tmpdir, six);
	*state = folder;
	return mkdtemp(folder->path) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "m.yaml", "c.pem", "k.pem", "ca.pem", "ca.crl", "empty" };
	struct folder *folder = *state;
	char path[128];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
		unlink(path);
	}
	rmdir(folder->path);
	free(folder);
	return 0;
}

static struct model *read_in(const struct folder *folder, const char *manifest,
			     struct model_warnings *warnings, struct error *err)
{
	char path[128];

	write_file(folder, "m.yaml", manifest);
	snprintf(path, sizeof(path), "%s/m.yaml", folder->path);
	return manifest_read(path, warnings, err);
}

static const char with_files[] = "Certificates: [{Name: x, CertFile: c.pem, KeyFile: ./k.pem}]\n"
				 "CaCertificates:\n"
				 "  - {Name: y, CertFile: ca.pem, CrlFiles: [ca.crl,\n    gone.crl]}\n";

static void files_are_read_from_the_folder_of_the_manifest(void **state)
{
	const struct folder *folder = *state;
	struct model_warnings warnings = { 0 };
	struct error err = { 0 };
	struct model *model;

	write_file(folder, "c.pem", "CERT");
	write_file(folder, "k.pem", "KEY");
	write_file(folder, "ca.pem", "CA");
	write_file(folder, "ca.crl", "CRL");
	model = read_in(folder, with_files, &warnings, &err);
	if (model == NULL)
		fail_msg("%s: %s", err.place, err.message);
	assert_memory_equal(model->certificates[0].cert_pem.data, "CERT", 4);
	assert_memory_equal(model->certificates[0].key_pem.data, "KEY", 3);
	assert_int_equal(model->certificates[0].chain_pem.len, 0);
	assert_memory_equal(model->ca_certificates[0].crls[0].content.data, "CRL", 3);
	assert_int_equal(model->ca_certificates[0].crls[0].why.code, ERROR_NONE);
	/* a list that cannot be read is told, and does not stop the rest */
	assert_int_equal(model->ca_certificates[0].crls[1].why.code, ERROR_SYSTEM);
	assert_int_equal(model->ca_certificates[0].crls[1].content.len, 0);
	assert_int_equal(warnings.count, 1);
	assert_non_null(strstr(warnings.items[0].error.message, "CaCertificates[0].CrlFiles[1]: could "
								"not open"));
	assert_non_null(strstr(warnings.items[0].error.place, "m.yaml:4"));
	model_warnings_done(&warnings);
	model_free(model);
}

static void a_missing_file_is_named_with_its_line(void **state)
{
	const struct folder *folder = *state;
	struct error err = { 0 };
	char expected[256];

	write_file(folder, "c.pem", "CERT");
	assert_null(read_in(folder, with_files, NULL, &err));
	snprintf(expected, sizeof(expected),
		 "Certificates[0].KeyFile: could not open \"%s/./k.pem\": No such file or directory",
		 folder->path);
	assert_string_equal(err.message, expected);
	snprintf(expected, sizeof(expected), "%s/m.yaml:1", folder->path);
	assert_string_equal(err.place, expected);
}

static void an_empty_file_is_refused(void **state)
{
	const struct folder *folder = *state;
	struct error err = { 0 };

	write_file(folder, "empty", "");
	assert_null(read_in(folder, "Certificates: [{Name: x, CertFile: empty, KeyFile: empty}]", NULL,
			    &err));
	assert_non_null(strstr(err.message, "is empty"));
}

static void a_large_file_is_refused(void **state)
{
	const struct folder *folder = *state;
	struct error err = { 0 };
	char path[128];

	write_file(folder, "m.yaml", "Listeners: []\n");
	snprintf(path, sizeof(path), "%s/m.yaml", folder->path);
	assert_int_equal(truncate(path, 100 << 20), 0);
	assert_null(manifest_read(path, NULL, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_string_equal(err.place, path);
}

static void a_folder_and_a_missing_manifest_are_refused(void **state)
{
	const struct folder *folder = *state;
	struct error err = { 0 };

	assert_null(manifest_read(folder->path, NULL, &err));
	assert_non_null(strstr(err.message, "it is a folder"));
	assert_null(manifest_read("/nonexistent/m.yaml", NULL, &err));
	assert_non_null(strstr(err.message, "No such file"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_a_listener_are_checked),
		cmocka_unit_test(values_of_a_group_are_checked),
		cmocka_unit_test(client_addresses_are_not_preserved),
		cmocka_unit_test(missing_properties_are_named),
		cmocka_unit_test(what_is_no_plain_yaml_is_refused),
		cmocka_unit_test(a_pasted_key_is_never_shown),
		cmocka_unit_test(a_byte_order_mark_and_quotes_and_comments_are_fine),
		cmocka_unit_test(relative_paths_start_at_the_folder_of_the_manifest),
		cmocka_unit_test(defaults_are_those_of_the_tables),
		cmocka_unit_test(every_property_of_a_listener_can_be_set),
		IN_FOLDER(files_are_read_from_the_folder_of_the_manifest),
		IN_FOLDER(a_missing_file_is_named_with_its_line),
		IN_FOLDER(an_empty_file_is_refused),
		IN_FOLDER(a_large_file_is_refused),
		IN_FOLDER(a_folder_and_a_missing_manifest_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
