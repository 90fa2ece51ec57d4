/* The tables themselves. Order is the order of the man page. */
/* clang-format off */
#include "model/fields.h"
#include "model/policies.h"
#include "model/text_checks.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MEMBER(type, member) .offset = offsetof(struct type, member), \
	.size = sizeof(((struct type *)0)->member)
#define LIST(type, member, count) .offset = offsetof(struct type, member), .size = sizeof(void *), \
	.count_offset = offsetof(struct type, count)
#define RANGE(low, high) .minimum = (low), .maximum = (high)
#define OURS .flags = FIELD_OURS
#define REQUIRED .flags = FIELD_REQUIRED

#define NAME_MAX_LENGTH 128
#define SECONDS_A_DAY 86400
#define NO_LIMIT "no limit"
#define UDP_REFUSED "UDP is not supported yet"

static const char udp_only[] = "for UDP health checks, which are not supported yet";

/* --- settings --- */

static const struct field_word log_formats[] = {
	{ "Logfmt", MODEL_LOG_LOGFMT, NULL }, { "Json", MODEL_LOG_JSON, NULL }, { NULL, 0, NULL } };

static const struct field settings_fields[] = {
	{ .name = "Workers", .type = FIELD_INTEGER, MEMBER(model_settings, workers), RANGE(0, 256),
	  OURS, .absent = "one per usable core", .help = "Number of worker processes. 0 starts one per "
	  "core that the process may use (affinity and cgroup quota are heeded). Taken up at the start; "
	  "a reload does not change it." },
	{ .name = "User", .type = FIELD_TEXT, MEMBER(model_settings, user), RANGE(1, 32), OURS,
	  .standard_text = "sallyport", .check = check_user, .help = "The user that control becomes "
	  "when Sallyport is started as root. Workers and the checker run as two further users. Without "
	  "meaning when started as an ordinary user." },
	{ .name = "Log", .type = FIELD_TEXT, MEMBER(model_settings, log), RANGE(1, 511), OURS,
	  .standard_text = "stdout", .check = check_log, .help = "Where the log goes: stdout, stderr or "
	  "the path of a file, which is reopened on SIGUSR1." },
	{ .name = "LogFormat", .type = FIELD_WORD, MEMBER(model_settings, log_format), OURS,
	  .standard = MODEL_LOG_LOGFMT, .words = log_formats, .help = "One event per line, as key=value "
	  "pairs or as one JSON object." },
	{ .name = "MetricsAddress", .type = FIELD_TEXT, MEMBER(model_settings, metrics_address),
	  RANGE(1, 255), OURS, .absent = "no metrics", .check = check_metrics_address,
	  .help = "Where Prometheus metrics are answered: ADDRESS:PORT (127.0.0.1:9100, [::1]:9100) or "
	  "unix:PATH. Nobody who asks has to prove who he is: keep it on a loopback address." },
	{ .name = "ShutdownTimeout", .type = FIELD_INTEGER,
	  MEMBER(model_settings, shutdown_timeout_s), RANGE(0, 3600), OURS, .standard = 30,
	  .unit = "s", .help = "How long open connections may go on after SIGTERM, and in the old "
	  "processes after an upgrade, before they are closed." },
	{ .name = "DefaultSecurityPolicyId", .type = FIELD_TEXT,
	  MEMBER(model_settings, default_security_policy_id), RANGE(1, 200), OURS,
	  .standard_text = "tls_cipher_policy_1_2_strict_with_1_3", .check = check_policy_name,
	  .help = "The TLS security policy of listeners that name none." },
};

const struct resource settings_resource = {
	"Settings", settings_fields, COUNT(settings_fields), sizeof(struct model_settings),
	RESOURCE_NO_LINE, 0, NULL,
	"What concerns the whole of Sallyport. May be left out." };

/* --- load balancers --- */

static const struct field zone_fields[] = {
	{ .name = "ZoneId", .type = FIELD_TEXT, MEMBER(model_zone_mapping, zone_id), REQUIRED,
	  RANGE(1, 64), .check = check_policy_name, .help = "Name of the zone; any name will do, each "
	  "once per load balancer." },
	{ .name = "PrivateIPv4Address", .type = FIELD_TEXT,
	  MEMBER(model_zone_mapping, private_ipv4_address), RANGE(1, 15), .check = check_ipv4,
	  .absent = "no IPv4", .help = "The IPv4 address that the listeners bind; 0.0.0.0 for all "
	  "addresses of the machine." },
	{ .name = "Ipv6Address", .type = FIELD_TEXT, MEMBER(model_zone_mapping, ipv6_address),
	  RANGE(1, 45), .check = check_ipv6, .absent = "no IPv6", .help = "The IPv6 address that the "
	  "listeners bind; \"::\" for all addresses of the machine (IPv6 only, IPv4 is separate)." },
	{ .name = "VSwitchId", .type = FIELD_TEXT, MEMBER(model_zone_mapping, vswitch_id),
	  RANGE(1, 128), .absent = "none", .help = "Kept, without effect." },
	{ .name = "AllocationId", .type = FIELD_NOT_YET, .help = "there are no elastic addresses here" },
};

const struct resource zone_resource = {
	"ZoneMapping", zone_fields, COUNT(zone_fields), sizeof(struct model_zone_mapping),
	RESOURCE_NO_LINE, 0, NULL,
	"A zone of a load balancer with at least one address of this machine." };

static const struct field_word address_types[] = {
	{ "Intranet", MODEL_INTRANET, NULL }, { "Internet", MODEL_INTERNET, NULL }, { NULL, 0, NULL } };
static const struct field_word ip_versions[] = {
	{ "Ipv4", MODEL_IPV4, NULL }, { "DualStack", MODEL_DUAL_STACK, NULL }, { NULL, 0, NULL } };

static const struct field_word modification_protections[] = {
	{ "NonProtection", false, NULL }, { "ConsoleProtection", true, NULL }, { NULL, 0, NULL } };

static const struct field deletion_protection_fields[] = {
	{ .name = "Enabled", .type = FIELD_BOOL, MEMBER(model_deletion_protection, enabled),
	  .standard = false, .help = "On: the API refuses to delete the load balancer." },
	{ .name = "Reason", .type = FIELD_TEXT, MEMBER(model_deletion_protection, reason),
	  RANGE(2, 128), .absent = "none", .help = "For people." },
};

const struct resource deletion_protection_resource = {
	"DeletionProtectionConfig", deletion_protection_fields, COUNT(deletion_protection_fields),
	sizeof(struct model_deletion_protection), RESOURCE_NO_LINE, 0, NULL,
	"Protects a load balancer from being deleted by mistake." };

static const struct field modification_protection_fields[] = {
	{ .name = "Status", .type = FIELD_WORD, MEMBER(model_modification_protection, enabled),
	  .standard = false, .words = modification_protections, .help = "ConsoleProtection: the console "
	  "does not change the load balancer; the API still does." },
	{ .name = "Reason", .type = FIELD_TEXT, MEMBER(model_modification_protection, reason),
	  RANGE(2, 128), .absent = "none", .help = "For people." },
};

const struct resource modification_protection_resource = {
	"ModificationProtectionConfig", modification_protection_fields,
	COUNT(modification_protection_fields), sizeof(struct model_modification_protection),
	RESOURCE_NO_LINE, 0, NULL, "Protects a load balancer from changes in the console." };

static const struct field load_balancer_fields[] = {
	{ .name = "LoadBalancerName", .type = FIELD_TEXT, MEMBER(model_load_balancer, name), REQUIRED,
	  RANGE(2, NAME_MAX_LENGTH), .check = check_resource_name, .help = "Its name: listeners refer to "
	  "it, logs and metrics show it." },
	{ .name = "ZoneMappings", .type = FIELD_OBJECTS, LIST(model_load_balancer, zones, zone_count),
	  REQUIRED, RANGE(1, 10), .of = &zone_resource, .help = "The addresses of the load balancer, by "
	  "zone. One zone is enough." },
	{ .name = "Cps", .type = FIELD_INTEGER, MEMBER(model_load_balancer, cps), RANGE(0, 1000000),
	  .absent = NO_LIMIT, .unit = "connections/s", .help = "New connections a second of the whole "
	  "load balancer. Kept, but not enforced yet: use Cps of its listeners." },
	{ .name = "AddressType", .type = FIELD_WORD, MEMBER(model_load_balancer, address_type),
	  .standard = MODEL_INTRANET, .words = address_types, .help = "Kept, without effect." },
	{ .name = "AddressIpVersion", .type = FIELD_WORD, MEMBER(model_load_balancer, ip_version),
	  .standard = MODEL_IP_ANY, .words = ip_versions, .absent = "what the zones give",
	  .help = "Ipv4 refuses IPv6 addresses in the zones." },
	{ .name = "VpcId", .type = FIELD_TEXT, MEMBER(model_load_balancer, vpc_id), RANGE(1, 128),
	  .absent = "none", .help = "Kept, without effect." },
	{ .name = "CrossZoneEnabled", .type = FIELD_BOOL, MEMBER(model_load_balancer, cross_zone),
	  .standard = true, .help = "Kept, without effect: every zone reaches every server." },
	{ .name = "DeletionProtectionConfig", .type = FIELD_OBJECT,
	  MEMBER(model_load_balancer, deletion_protection), .of = &deletion_protection_resource,
	  .absent = "off", .help = "Protects it from being deleted by mistake." },
	{ .name = "ModificationProtectionConfig", .type = FIELD_OBJECT,
	  MEMBER(model_load_balancer, modification_protection),
	  .of = &modification_protection_resource, .absent = "off",
	  .help = "Protects it from changes in the console." },
	{ .name = "SecurityGroupIds", .type = FIELD_NOT_YET,
	  .help = "use the machine's packet filter instead" },
	{ .name = "BandwidthPackageId", .type = FIELD_NOT_YET, .help = "bandwidth is not limited" },
};

const struct resource load_balancer_resource = {
	"LoadBalancer", load_balancer_fields, COUNT(load_balancer_fields),
	sizeof(struct model_load_balancer), offsetof(struct model_load_balancer, line), 0, NULL,
	"A load balancer instance: a name and the addresses that its listeners are bound to." };

/* --- certificates --- */

static void blobs_done(struct model_blobs *blobs)
{
	size_t i;

	for (i = 0; i < blobs->count; i++)
		buffer_done(&blobs->items[i]);
	free(blobs->items);
}

static void strings_done(struct model_strings *strings)
{
	size_t i;

	for (i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
}

static void certificate_contents_done(void *object)
{
	struct model_certificate *certificate = object;

	buffer_done(&certificate->cert_pem);
	buffer_done(&certificate->key_pem);
	buffer_done(&certificate->chain_pem);
	buffer_done(&certificate->key_der);
	blobs_done(&certificate->chain_der);
	strings_done(&certificate->names);
}

static const struct field certificate_fields[] = {
	{ .name = "Name", .type = FIELD_TEXT, MEMBER(model_certificate, name), REQUIRED,
	  RANGE(1, NAME_MAX_LENGTH), .help = "Its name: listeners refer to it, logs and metrics show it." },
	{ .name = "CertFile", .type = FIELD_PATH, MEMBER(model_certificate, cert_file), REQUIRED,
	  RANGE(1, 4095), .help = "File with the server certificate, PEM or DER. A PEM file may hold its "
	  "chain behind it. At most 1 MiB." },
	{ .name = "KeyFile", .type = FIELD_PATH, MEMBER(model_certificate, key_file), REQUIRED,
	  RANGE(1, 4095), .help = "File with its private key, not encrypted: PKCS#8, PKCS#1 or SEC1, "
	  "PEM or DER. RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519." },
	{ .name = "ChainFile", .type = FIELD_PATH, MEMBER(model_certificate, chain_file),
	  RANGE(1, 4095), .absent = "none", .help = "File with the intermediate certificates, when "
	  "CertFile does not hold them." },
};

const struct resource certificate_resource = {
	"Certificate", certificate_fields, COUNT(certificate_fields), sizeof(struct model_certificate),
	offsetof(struct model_certificate, line), 0, certificate_contents_done,
	"A server certificate with its private key. An expired or not yet valid one is served, with a "
	"warning." };

static void ca_contents_done(void *object)
{
	struct model_ca_certificate *ca = object;

	buffer_done(&ca->cert_pem);
	blobs_done(&ca->certs_der);
}

static const struct field_word chain_profiles[] = {
	{ "Compatible", MODEL_PROFILE_COMPATIBLE, NULL }, { "Strict", MODEL_PROFILE_STRICT, NULL },
	{ NULL, 0, NULL } };

static const struct field ca_certificate_fields[] = {
	{ .name = "Name", .type = FIELD_TEXT, MEMBER(model_ca_certificate, name), REQUIRED,
	  RANGE(1, NAME_MAX_LENGTH), .help = "Its name: listeners refer to it, logs and metrics show it." },
	{ .name = "CertFile", .type = FIELD_PATH, MEMBER(model_ca_certificate, cert_file), REQUIRED,
	  RANGE(1, 4095), .help = "File with one or more CA certificates, PEM or DER. A subordinate CA "
	  "is a trust anchor like a root; one whose issuer is in the file too completes the chains of "
	  "clients that send only their own certificate." },
	{ .name = "CrlFiles", .type = FIELD_CRLS, LIST(model_ca_certificate, crls, crl_count), OURS,
	  RANGE(0, 64), .absent = "none", .help = "Certificate revocation lists of these CAs, PEM or "
	  "DER, at most 256 MiB each. A list that cannot be read, is badly signed or stale refuses the "
	  "clients of its issuer, and says so." },
	{ .name = "ChainProfile", .type = FIELD_WORD, MEMBER(model_ca_certificate, chain_profile), OURS,
	  .standard = MODEL_PROFILE_COMPATIBLE, .words = chain_profiles, .help = "Compatible takes client "
	  "certificates as plain openssl commands make them: version 1, or without extended key usage, "
	  "key usage or subject alternative name. Strict applies every rule. A CA must be one (version "
	  "3, cA) either way." },
};

const struct resource ca_certificate_resource = {
	"CaCertificate", ca_certificate_fields, COUNT(ca_certificate_fields),
	sizeof(struct model_ca_certificate), offsetof(struct model_ca_certificate, line), 0,
	ca_contents_done, "What client certificates are checked against in mutual authentication." };

/* --- security policies --- */

static const struct field_word tls_versions[] = {
	{ "TLSv1.0", MODEL_TLS_1_0, NULL }, { "TLSv1.1", MODEL_TLS_1_1, NULL },
	{ "TLSv1.2", MODEL_TLS_1_2, NULL }, { "TLSv1.3", MODEL_TLS_1_3, NULL }, { NULL, 0, NULL } };

static const struct field policy_fields[] = {
	{ .name = "SecurityPolicyName", .type = FIELD_TEXT, MEMBER(model_security_policy, id), REQUIRED,
	  RANGE(1, 200), .check = check_policy_name, .help = "Its name: listeners refer to it." },
	{ .name = "TlsVersions", .type = FIELD_FLAGS, MEMBER(model_security_policy, tls_versions),
	  REQUIRED, RANGE(1, 4), .words = tls_versions, .help = "The TLS versions." },
	{ .name = "Ciphers", .type = FIELD_TEXTS, MEMBER(model_security_policy, ciphers), REQUIRED,
	  RANGE(1, POLICY_CIPHERS_MAX), .help = "Cipher suites by their OpenSSL names, each valid for "
	  "one of the versions." },
};

const struct resource policy_resource = {
	"SecurityPolicy", policy_fields, COUNT(policy_fields), sizeof(struct model_security_policy),
	offsetof(struct model_security_policy, line), POLICY_SYSTEM_COUNT, NULL,
	"A TLS security policy of your own, beside the five system policies that are always there." };

/* --- server groups --- */

static const struct field_word check_types[] = {
	{ "TCP", MODEL_CHECK_TCP, NULL }, { "HTTP", MODEL_CHECK_HTTP, NULL },
	{ "UDP", 0, UDP_REFUSED }, { NULL, 0, NULL } };
static const struct field_word http_codes[] = {
	{ "http_2xx", MODEL_HTTP_2XX, NULL }, { "http_3xx", MODEL_HTTP_3XX, NULL },
	{ "http_4xx", MODEL_HTTP_4XX, NULL }, { "http_5xx", MODEL_HTTP_5XX, NULL },
	{ NULL, 0, NULL } };
static const struct field_word check_methods[] = {
	{ "GET", MODEL_CHECK_GET, NULL }, { "HEAD", MODEL_CHECK_HEAD, NULL }, { NULL, 0, NULL } };
static const struct field_word http_versions[] = {
	{ "HTTP1.0", false, NULL }, { "HTTP1.1", true, NULL }, { NULL, 0, NULL } };

static const struct field health_check_fields[] = {
	{ .name = "HealthCheckEnabled", .type = FIELD_BOOL, MEMBER(model_health_check, enabled),
	  .standard = true, .help = "Off: every server gets connections." },
	{ .name = "HealthCheckType", .type = FIELD_WORD, MEMBER(model_health_check, type),
	  .standard = MODEL_CHECK_TCP, .words = check_types, .help = "TCP asks whether a connection "
	  "can be made, HTTP for an answer with a good status." },
	{ .name = "HealthCheckConnectPort", .type = FIELD_INTEGER,
	  MEMBER(model_health_check, connect_port), RANGE(0, 65535),
	  .absent = "the server's own port", .help = "The port to check. Needed in AnyPort groups." },
	{ .name = "HealthCheckConnectTimeout", .type = FIELD_INTEGER,
	  MEMBER(model_health_check, connect_timeout_s), RANGE(1, 300), .standard = 5, .unit = "s",
	  .help = "How long one check may take." },
	{ .name = "HealthCheckInterval", .type = FIELD_INTEGER, MEMBER(model_health_check, interval_s),
	  RANGE(1, 50), .standard = 5, .unit = "s", .help = "From the start of a check to the start of "
	  "the next." },
	{ .name = "HealthyThreshold", .type = FIELD_INTEGER,
	  MEMBER(model_health_check, healthy_threshold), RANGE(2, 10), .standard = 2,
	  .help = "Good checks in a row that make a server healthy." },
	{ .name = "UnhealthyThreshold", .type = FIELD_INTEGER,
	  MEMBER(model_health_check, unhealthy_threshold), RANGE(2, 10), .standard = 2,
	  .help = "Failed checks in a row that make a server unhealthy." },
	{ .name = "HealthCheckDomain", .type = FIELD_TEXT, MEMBER(model_health_check, domain),
	  RANGE(1, 80), .standard_text = "$SERVER_IP", .check = check_domain,
	  .symbol = "IllegalParam.healthCheckDomain", .help = "HTTP: the Host "
	  "header. $SERVER_IP is the server's address." },
	{ .name = "HealthCheckUrl", .type = FIELD_TEXT, MEMBER(model_health_check, url), RANGE(1, 80),
	  .standard_text = "/", .check = check_url,
	  .symbol = "IlleagalParam.healthCheckUrl", /* as the real service spells it */
	  .help = "HTTP: the path to ask for." },
	{ .name = "HealthCheckHttpCode", .type = FIELD_FLAGS, MEMBER(model_health_check, http_codes),
	  RANGE(1, 4), .standard = MODEL_HTTP_2XX, .words = http_codes, .help = "HTTP: the status codes "
	  "that are good." },
	{ .name = "HttpCheckMethod", .type = FIELD_WORD, MEMBER(model_health_check, method),
	  .standard = MODEL_CHECK_GET, .words = check_methods, .help = "HTTP: the method." },
	{ .name = "HealthCheckHttpVersion", .type = FIELD_WORD, MEMBER(model_health_check, http_1_1),
	  .standard = false, .words = http_versions, .help = "HTTP: the version." },
	{ .name = "HealthCheckReq", .type = FIELD_NOT_YET, .help = udp_only },
	{ .name = "HealthCheckExp", .type = FIELD_NOT_YET, .help = udp_only },
};

const struct resource health_check_resource = {
	"HealthCheckConfig", health_check_fields, COUNT(health_check_fields),
	sizeof(struct model_health_check), RESOURCE_NO_LINE, 0, NULL,
	"How the servers of a group are checked." };

static const struct field_word server_types[] = {
	{ "Ip", MODEL_SERVER_IP, NULL }, { "Ecs", MODEL_SERVER_ECS, NULL },
	{ "Eni", MODEL_SERVER_ENI, NULL }, { "Eci", MODEL_SERVER_ECI, NULL }, { NULL, 0, NULL } };

static const struct field server_fields[] = {
	{ .name = "ServerIp", .type = FIELD_TEXT, MEMBER(model_server, server_ip), RANGE(1, 255),
	  .check = check_ip, .symbol = "IllegalParam.IP", .absent = "ServerId, which then must be an "
	  "address", .help = "IPv4 or IPv6 address of the server. Host names are not looked up." },
	{ .name = "Port", .type = FIELD_INTEGER, MEMBER(model_server, port), RANGE(0, 65535),
	  .absent = "0", .help = "Port of the server. 0, and only 0, in AnyPort groups: the port that "
	  "the client connected to." },
	{ .name = "Weight", .type = FIELD_INTEGER, MEMBER(model_server, weight), RANGE(0, 100),
	  .standard = 100, .help = "Share of the connections, for Wrr and Wlc. 0: no new ones." },
	{ .name = "Description", .type = FIELD_TEXT, MEMBER(model_server, description), RANGE(1, 256),
	  .absent = "the address", .help = "What logs and metrics call the server." },
	{ .name = "ServerId", .type = FIELD_TEXT, MEMBER(model_server, server_id), RANGE(1, 128),
	  .absent = "the address", .help = "Identity of the server in the API; shown when there is no "
	  "Description." },
	{ .name = "ServerType", .type = FIELD_WORD, MEMBER(model_server, type),
	  .standard = MODEL_SERVER_IP, .words = server_types, .help = "Kept, without effect." },
};

const struct resource server_resource = {
	"Server", server_fields, COUNT(server_fields), sizeof(struct model_server),
	offsetof(struct model_server, line), 0, NULL,
	"A server of a group; address and port together occur once in it." };

static const struct field_word group_types[] = {
	{ "Instance", MODEL_GROUP_INSTANCE, NULL }, { "Ip", MODEL_GROUP_IP, NULL }, { NULL, 0, NULL } };
static const struct field_word group_protocols[] = {
	{ "TCP", MODEL_TCP, NULL }, { "TCPSSL", MODEL_TCP, NULL }, { "UDP", 0, UDP_REFUSED },
	{ "TCP_UDP", 0, UDP_REFUSED }, { NULL, 0, NULL } };
static const struct field_word schedulers[] = {
	{ "Wrr", MODEL_WRR, NULL }, { "Rr", MODEL_RR, NULL }, { "Wlc", MODEL_WLC, NULL },
	{ "Sch", MODEL_SCH, NULL }, { "Tch", MODEL_TCH, NULL },
	{ "Qch", 0, "Qch is for QUIC over UDP, which is not supported yet" }, { NULL, 0, NULL } };
static const struct field_word no_preserving[] = {
	{ "true", true, "the server sees the address of Sallyport, client addresses are not preserved" },
	{ NULL, 0, NULL } };
static const struct field_word all_downs[] = {
	{ "TryAll", MODEL_TRY_ALL, NULL }, { "Refuse", MODEL_REFUSE, NULL }, { NULL, 0, NULL } };

static const struct field server_group_fields[] = {
	{ .name = "ServerGroupName", .type = FIELD_TEXT, MEMBER(model_server_group, name), REQUIRED,
	  RANGE(2, NAME_MAX_LENGTH), .check = check_resource_name, .help = "Its name: listeners refer to "
	  "it, logs and metrics show it." },
	{ .name = "Protocol", .type = FIELD_WORD, MEMBER(model_server_group, protocol),
	  .standard = MODEL_TCP, .words = group_protocols, .help = "What is spoken to the servers. "
	  "TCPSSL means the same as TCP: servers get the decrypted bytes." },
	{ .name = "Scheduler", .type = FIELD_WORD, MEMBER(model_server_group, scheduler),
	  .standard = MODEL_WRR, .words = schedulers, .help = "Which server gets the next connection: "
	  "Wrr in turn by weight, Rr in turn, Wlc the one with the fewest connections for its weight, "
	  "Sch by a consistent hash of the client's address, Tch of the addresses and ports of both "
	  "ends." },
	{ .name = "Servers", .type = FIELD_OBJECTS, LIST(model_server_group, servers, server_count),
	  RANGE(0, 1600), .of = &server_resource, .absent = "none", .help = "The servers." },
	{ .name = "HealthCheckConfig", .type = FIELD_OBJECT, MEMBER(model_server_group, check),
	  .of = &health_check_resource, .absent = "a TCP check each 5 s", .help = "How the servers are "
	  "checked." },
	{ .name = "AllDown", .type = FIELD_WORD, MEMBER(model_server_group, all_down), OURS,
	  .standard = MODEL_TRY_ALL, .words = all_downs, .help = "When every server is unhealthy: TryAll "
	  "tries them all the same, Refuse resets new connections." },
	{ .name = "SlowStart", .type = FIELD_INTEGER, MEMBER(model_server_group, slow_start_s), OURS,
	  RANGE(0, 900), .unit = "s", .absent = "off", .help = "How long the share of a server that "
	  "became healthy grows from a tenth to the whole of its weight." },
	{ .name = "ConnectionDrainEnabled", .type = FIELD_BOOL, MEMBER(model_server_group, drain_enabled),
	  .standard = false, .help = "Connections to a server that was removed, or whose weight became "
	  "0, end after ConnectionDrainTimeout. Off: they may go on." },
	{ .name = "ConnectionDrainTimeout", .type = FIELD_INTEGER,
	  MEMBER(model_server_group, drain_timeout_s), RANGE(0, 900), .standard = 10, .unit = "s",
	  .help = "See ConnectionDrainEnabled." },
	{ .name = "AnyPortEnabled", .type = FIELD_BOOL, MEMBER(model_server_group, any_port),
	  .standard = false, .help = "The server is reached on the port that the client connected to. "
	  "Needed for listeners with a port range." },
	{ .name = "PreserveClientIpEnabled", .type = FIELD_BOOL,
	  MEMBER(model_server_group, preserve_client_ip), .standard = false, .words = no_preserving,
	  .symbol = "IllegalParam.PreserveClientIpSwitch", .help = "Only false is accepted. To tell "
	  "servers who the client is, set ProxyProtocolEnabled on the listener." },
	{ .name = "ServerGroupType", .type = FIELD_WORD, MEMBER(model_server_group, type),
	  .standard = MODEL_GROUP_INSTANCE, .words = group_types, .help = "Kept, without effect." },
	{ .name = "AddressIPVersion", .type = FIELD_WORD, MEMBER(model_server_group, ip_version),
	  .words = ip_versions, .absent = "both", .help = "Ipv4 refuses servers with IPv6 addresses." },
	{ .name = "VpcId", .type = FIELD_TEXT, MEMBER(model_server_group, vpc_id), RANGE(1, 128),
	  .absent = "none", .help = "Kept, without effect." },
};

const struct resource server_group_resource = {
	"ServerGroup", server_group_fields, COUNT(server_group_fields),
	sizeof(struct model_server_group), offsetof(struct model_server_group, line), 0, NULL,
	"Servers that do the same, and how connections are spread over them. Connecting, checking and "
	"draining start when a listener refers to the group." };

/* --- listeners --- */

static const struct field_word listener_protocols[] = {
	{ "TCPSSL", MODEL_TCPSSL, NULL }, { "TCP", MODEL_TCP, NULL }, { "UDP", 0, UDP_REFUSED },
	{ "TCP_UDP", 0, UDP_REFUSED }, { NULL, 0, NULL } };
static const struct field_word listener_statuses[] = {
	{ "Running", false, NULL }, { "Stopped", true, NULL }, { NULL, 0, NULL } };
static const struct field_word alpn_policies[] = {
	{ "HTTP1Only", MODEL_ALPN_HTTP1_ONLY, NULL }, { "HTTP2Only", MODEL_ALPN_HTTP2_ONLY, NULL },
	{ "HTTP2Optional", MODEL_ALPN_HTTP2_OPTIONAL, NULL },
	{ "HTTP2Preferred", MODEL_ALPN_HTTP2_PREFERRED, NULL }, { NULL, 0, NULL } };
static const struct field_word ca_modes[] = {
	{ "Required", MODEL_CA_REQUIRED, NULL }, { "Optional", MODEL_CA_OPTIONAL, NULL },
	{ NULL, 0, NULL } };
static const struct field_word revocation_modes[] = {
	{ "Given", MODEL_REVOCATION_GIVEN, NULL }, { "Leaf", MODEL_REVOCATION_LEAF, NULL },
	{ "All", MODEL_REVOCATION_ALL, NULL }, { "Off", MODEL_REVOCATION_OFF, NULL },
	{ NULL, 0, NULL } };
static const struct field_word unclean_closes[] = {
	{ "Reset", MODEL_UNCLEAN_RESET, NULL }, { "Fin", MODEL_UNCLEAN_FIN, NULL },
	{ NULL, 0, NULL } };

static const struct field_word no_sensor[] = {
	{ "true", true, "there is no log service to send second-level metrics to" }, { NULL, 0, NULL } };

static const struct field ppv2_fields[] = {
	{ .name = "Ppv2VpcIdEnabled", .type = FIELD_BOOL, MEMBER(model_listener, ppv2_vpc_id),
	  .help = "Kept for compatibility: there is no VPC here, so nothing is added." },
	{ .name = "Ppv2PrivateLinkEpIdEnabled", .type = FIELD_BOOL,
	  MEMBER(model_listener, ppv2_endpoint_id), .help = "Kept for compatibility: nothing is added." },
	{ .name = "Ppv2PrivateLinkEpsIdEnabled", .type = FIELD_BOOL,
	  MEMBER(model_listener, ppv2_endpoints_id), .help = "Kept for compatibility: nothing is added." },
};

/* Both are members of the listener: the nested mapping shares its struct. */
const struct resource ppv2_resource = {
	"ProxyProtocolV2Config", ppv2_fields, COUNT(ppv2_fields), sizeof(struct model_listener),
	RESOURCE_NO_LINE, 0, NULL, "What goes into the PROXY protocol header besides the addresses." };

static const struct field handshake_limit_fields[] = {
	{ .name = "Open", .type = FIELD_INTEGER, MEMBER(model_listener, max_handshakes_per_source), OURS,
	  RANGE(0, 1000000), .absent = NO_LIMIT, .help = "Unfinished handshakes at once." },
	{ .name = "PerSecond", .type = FIELD_INTEGER,
	  MEMBER(model_listener, max_handshake_rate_per_source), OURS, RANGE(0, 1000000),
	  .absent = NO_LIMIT, .help = "Handshakes begun in a second." },
};

static const struct resource handshake_limit_resource = {
	"MaxHandshakesPerSource", handshake_limit_fields, COUNT(handshake_limit_fields),
	sizeof(struct model_listener), RESOURCE_NO_LINE, 0, NULL,
	"The two limits on the handshakes of one source address; a plain number is Open." };

static void listener_id_done(void *object)
{
	free(((struct model_listener *)object)->id);
}

static const struct field listener_fields[] = {
	{ .name = "LoadBalancer", .type = FIELD_TEXT, MEMBER(model_listener, load_balancer), REQUIRED,
	  RANGE(1, NAME_MAX_LENGTH), .help = "LoadBalancerName of the load balancer it belongs to." },
	{ .name = "ListenerProtocol", .type = FIELD_WORD, MEMBER(model_listener, protocol), REQUIRED,
	  .words = listener_protocols, .help = "TCPSSL ends TLS here, TCP passes bytes on as they "
	  "come." },
	{ .name = "ListenerPort", .type = FIELD_INTEGER, MEMBER(model_listener, port), REQUIRED,
	  RANGE(0, 65535), .symbol = "IllegalParam.Port", .help = "The port; 0: the range StartPort to "
	  "EndPort." },
	{ .name = "StartPort", .type = FIELD_INTEGER, MEMBER(model_listener, start_port),
	  RANGE(1, 65535), .absent = "none", .help = "With ListenerPort 0: first port of the range. The "
	  "ranges of a load balancer hold at most 1,024 ports, and their server groups must have "
	  "AnyPortEnabled." },
	{ .name = "EndPort", .type = FIELD_INTEGER, MEMBER(model_listener, end_port),
	  RANGE(1, 65535), .absent = "none", .help = "With ListenerPort 0: last port of the range." },
	{ .name = "ServerGroupId", .type = FIELD_TEXT, MEMBER(model_listener, server_group), REQUIRED,
	  RANGE(1, NAME_MAX_LENGTH), .help = "ServerGroupName of the group that gets the "
	  "connections." },
	{ .name = "ListenerDescription", .type = FIELD_TEXT, MEMBER(model_listener, description),
	  RANGE(2, 256), .absent = "none", .help = "For people." },
	{ .name = "ListenerStatus", .type = FIELD_WORD, MEMBER(model_listener, stopped),
	  .standard = false, .words = listener_statuses, .help = "Stopped: it accepts nothing, its open "
	  "connections end." },
	{ .name = "CertificateIds", .type = FIELD_TEXTS, MEMBER(model_listener, certificates),
	  RANGE(0, 1), .absent = "none", .symbol = "IllegalParamSize.certificateIds",
	  .help = "TCPSSL: Name of the default server certificate, exactly one." },
	{ .name = "AdditionalCertificateIds", .type = FIELD_TEXTS,
	  MEMBER(model_listener, additional_certificates), RANGE(0, 100000), .absent = "none",
	  .help = "TCPSSL: Names of further server certificates, chosen by the server name that the "
	  "client asks for: an exact name first, then a wildcard for one label. An RSA and an ECDSA "
	  "certificate may stand side by side for one name." },
	{ .name = "SecurityPolicyId", .type = FIELD_TEXT, MEMBER(model_listener, security_policy),
	  RANGE(1, 200), .absent = "DefaultSecurityPolicyId", .help = "TCPSSL: the TLS security policy, "
	  "a system one or SecurityPolicyName of your own." },
	{ .name = "CaEnabled", .type = FIELD_BOOL, MEMBER(model_listener, ca_enabled),
	  .standard = false, .help = "TCPSSL: mutual authentication. Only clients with a good "
	  "certificate are let in." },
	{ .name = "CaCertificateIds", .type = FIELD_TEXTS, MEMBER(model_listener, ca_certificates),
	  RANGE(0, 100), .absent = "none", .help = "Names of the CA certificates that client "
	  "certificates are checked against; several are fine." },
	{ .name = "CaMode", .type = FIELD_WORD, MEMBER(model_listener, ca_mode), OURS,
	  .standard = MODEL_CA_REQUIRED, .words = ca_modes, .help = "Optional: a client without "
	  "certificate is let in; one with a bad certificate is refused all the same." },
	{ .name = "CaDepth", .type = FIELD_INTEGER, MEMBER(model_listener, ca_depth), OURS,
	  RANGE(1, 10), .standard = 4, .help = "How many intermediate certificates may stand between a "
	  "client's certificate and a trust anchor." },
	{ .name = "CaNamesAdvertised", .type = FIELD_BOOL, MEMBER(model_listener, ca_names_advertised),
	  OURS, .standard = true, .help = "Tells clients the names of the accepted CAs, so that they can "
	  "choose a certificate. Names of more than 63 KiB together are not sent." },
	{ .name = "RevocationMode", .type = FIELD_WORD, MEMBER(model_listener, revocation_mode), OURS,
	  .standard = MODEL_REVOCATION_GIVEN, .words = revocation_modes, .help = "Given checks each "
	  "certificate whose issuer has a CRL configured. Leaf requires a CRL for the issuer of the "
	  "client's certificate, All for every issuer of the chain. Off checks none." },
	{ .name = "RevocationCutsConnections", .type = FIELD_BOOL,
	  MEMBER(model_listener, revocation_cuts), OURS, .standard = true, .help = "A revocation ends the "
	  "open connections of the client as well, in the same second. Off: only new ones are refused." },
	{ .name = "AlpnEnabled", .type = FIELD_BOOL, MEMBER(model_listener, alpn_enabled),
	  .standard = false, .help = "TCPSSL: chooses an application protocol by AlpnPolicy." },
	{ .name = "AlpnPolicy", .type = FIELD_WORD, MEMBER(model_listener, alpn_policy),
	  .standard = MODEL_ALPN_NONE, .words = alpn_policies, .absent = "none", .help = "HTTP1Only: "
	  "http/1.1, http/1.0. HTTP2Only: h2. HTTP2Optional: http/1.1, http/1.0, h2. HTTP2Preferred: "
	  "h2, http/1.1, http/1.0. A client that offers none of these is refused with "
	  "no_application_protocol; one that offers nothing is let in." },
	{ .name = "IdleTimeout", .type = FIELD_INTEGER, MEMBER(model_listener, idle_timeout_s),
	  RANGE(1, 3600), .standard = 900, .unit = "s", .help = "A connection without bytes in either "
	  "direction ends after this time." },
	{ .name = "Cps", .type = FIELD_INTEGER, MEMBER(model_listener, cps), RANGE(0, 1000000),
	  .absent = NO_LIMIT, .unit = "connections/s", .help = "New connections a second; those above "
	  "are reset. 0 is no limit." },
	{ .name = "Mss", .type = FIELD_INTEGER, MEMBER(model_listener, mss), RANGE(0, 1500),
	  .absent = "unchanged", .unit = "bytes", .help = "The largest TCP segment; 0 leaves it to the "
	  "system, which also refuses values that are too small." },
	{ .name = "ProxyProtocolEnabled", .type = FIELD_BOOL, MEMBER(model_listener, proxy_protocol),
	  .standard = false, .help = "Begins each connection to a server with a PROXY protocol v2 "
	  "header, which tells it the client's address." },
	{ .name = "ProxyProtocolV2Config", .type = FIELD_OBJECT, .of = &ppv2_resource,
	  .absent = "all off", .help = "What else goes into that header." },
	{ .name = "ProxyProtocolFrom", .type = FIELD_TEXTS, MEMBER(model_listener, proxy_protocol_from),
	  OURS, RANGE(0, 256), .check = check_block, .absent = "nobody", .help = "Address blocks whose "
	  "connections must begin with a PROXY protocol header, v1 or v2: the proxies in front of this "
	  "listener." },
	{ .name = "HandshakeTimeout", .type = FIELD_INTEGER, MEMBER(model_listener, handshake_timeout_s),
	  OURS, RANGE(1, 60), .standard = 10, .unit = "s", .help = "From the connection to the end of the "
	  "TLS handshake, however the bytes trickle." },
	{ .name = "ConnectTimeout", .type = FIELD_INTEGER, MEMBER(model_listener, connect_timeout_s),
	  OURS, RANGE(1, 60), .standard = 3, .unit = "s", .help = "How long one server may take to accept "
	  "a connection." },
	{ .name = "ConnectBudget", .type = FIELD_INTEGER, MEMBER(model_listener, connect_budget_s), OURS,
	  RANGE(1, 300), .standard = 10, .unit = "s", .help = "How long other servers are tried when "
	  "one refuses or does not answer." },
	{ .name = "HalfCloseTimeout", .type = FIELD_INTEGER,
	  MEMBER(model_listener, half_close_timeout_s), OURS, RANGE(1, 3600), .standard = 60,
	  .unit = "s", .help = "How long a connection may go on in one direction after the other has "
	  "ended." },
	{ .name = "UncleanClose", .type = FIELD_WORD, MEMBER(model_listener, unclean_close), OURS,
	  .standard = MODEL_UNCLEAN_RESET, .words = unclean_closes, .help = "What a server sees when a "
	  "client ends without saying so (TCP end without close_notify, reset, time limit): Reset, after "
	  "all bytes were delivered, or an ordinary end." },
	{ .name = "MaxConnections", .type = FIELD_INTEGER, MEMBER(model_listener, max_connections), OURS,
	  RANGE(0, 100000000), .absent = NO_LIMIT, .help = "Open connections; those above are reset. 0 "
	  "is no limit." },
	{ .name = "MaxConnectionsPerSource", .type = FIELD_INTEGER,
	  MEMBER(model_listener, max_connections_per_source), OURS, RANGE(0, 1000000),
	  .absent = NO_LIMIT, .help = "Open connections of one IPv4 address or IPv6 /64 network." },
	{ .name = "MaxHandshakesPerSource", .type = FIELD_INTEGER,
	  MEMBER(model_listener, max_handshakes_per_source), OURS, RANGE(0, 1000000),
	  .of = &handshake_limit_resource, .absent = NO_LIMIT, .help = "Unfinished handshakes of one IPv4 "
	  "address or IPv6 /64 network at once: a number, or a mapping {Open: N, PerSecond: M} that "
	  "limits the handshakes begun in a second too." },
	{ .name = "SecSensorEnabled", .type = FIELD_BOOL, MEMBER(model_listener, sec_sensor),
	  .standard = false, .words = no_sensor,
	  .symbol = "OperationDenied.RegionNotSupportHDMonitor", .help = "Only false is accepted: the "
	  "metrics of a listener are there second by second anyway." },
};

const struct resource listener_resource = {
	"Listener", listener_fields, COUNT(listener_fields), sizeof(struct model_listener),
	offsetof(struct model_listener, line), 0, listener_id_done,
	"A port, or a range of ports, of a load balancer. Its identity is load balancer, protocol and "
	"port: what else changes takes effect with the next connection." };

/* --- the file --- */

static const struct field manifest_fields[] = {
	{ .name = "Settings", .type = FIELD_OBJECT, MEMBER(model, settings), OURS,
	  .of = &settings_resource, .absent = "the defaults", .help = "What concerns the whole." },
	{ .name = "LoadBalancers", .type = FIELD_OBJECTS,
	  LIST(model, load_balancers, load_balancer_count), RANGE(0, 1000),
	  .of = &load_balancer_resource, .absent = "none", .help = "Load balancer instances." },
	{ .name = "Listeners", .type = FIELD_OBJECTS, LIST(model, listeners, listener_count),
	  RANGE(0, 1024), .of = &listener_resource, .absent = "none", .help = "Their listeners." },
	{ .name = "ServerGroups", .type = FIELD_OBJECTS, LIST(model, server_groups, server_group_count),
	  RANGE(0, 3000), .of = &server_group_resource, .absent = "none", .help = "Server groups." },
	{ .name = "Certificates", .type = FIELD_OBJECTS, LIST(model, certificates, certificate_count),
	  RANGE(0, 100000), .of = &certificate_resource, .absent = "none",
	  .help = "Server certificates." },
	{ .name = "CaCertificates", .type = FIELD_OBJECTS,
	  LIST(model, ca_certificates, ca_certificate_count), RANGE(0, 1000),
	  .of = &ca_certificate_resource, .absent = "none", .help = "CA certificates." },
	{ .name = "SecurityPolicies", .type = FIELD_OBJECTS, LIST(model, policies, policy_count), RANGE(0, 1000),
	  .of = &policy_resource, .absent = "the system policies", .help = "TLS security policies." },
};

const struct resource manifest_resource = {
	"Manifest", manifest_fields, COUNT(manifest_fields), sizeof(struct model), RESOURCE_NO_LINE, 0,
	NULL, "The top level of the file." };
