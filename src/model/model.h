/*
 * model/model.h - all resources of one Sallyport as plain structs.
 *
 * The manifest fills it now, the store and the API will; document_encode() turns it into what the
 * data plane serves. Strings are owned, NULL when absent. Every resource knows the line of the
 * manifest it came from (0: none), so that later checks can name it. Ranges and defaults stand in
 * the field tables (model/fields.h), one table a resource, and nowhere else.
 */
#ifndef SALLYPORT_MODEL_MODEL_H
#define SALLYPORT_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"

struct model_strings {
	char **items;
	size_t count;
};

/* DER blobs; owned. */
struct model_blobs {
	struct buffer *items;
	size_t count;
};

enum model_log_format { MODEL_LOG_LOGFMT, MODEL_LOG_JSON };

struct model_settings {
	int64_t workers;              /* 0: one per usable core */
	char *user;
	char *log;                    /* "stdout", "stderr" or a path */
	enum model_log_format log_format;
	char *metrics_address;        /* HOST:PORT or unix:PATH; NULL: none */
	int64_t shutdown_timeout_s;
	char *default_security_policy_id;
};

struct model_zone_mapping {
	char *zone_id;
	char *vswitch_id;             /* opaque */
	char *private_ipv4_address;
	char *ipv6_address;
};

enum model_address_type { MODEL_INTRANET, MODEL_INTERNET };
enum model_ip_version { MODEL_IP_ANY, MODEL_IPV4, MODEL_DUAL_STACK };

/* Both are rules of the API; the data plane does not know them. */
struct model_deletion_protection {
	bool enabled;
	char *reason;
};
struct model_modification_protection {
	bool enabled;                 /* ConsoleProtection: the console changes nothing */
	char *reason;
};

struct model_load_balancer {
	int line;
	char *name;
	enum model_address_type address_type;
	enum model_ip_version ip_version; /* ANY: not said, both are fine */
	char *vpc_id;                 /* opaque */
	struct model_zone_mapping *zones;
	size_t zone_count;
	int64_t cps;                  /* per zone address; 0: no limit */
	bool cross_zone;              /* kept, without effect */
	struct model_deletion_protection deletion_protection;
	struct model_modification_protection modification_protection;
};

/* key_algorithm of a certificate, for SNI (RSA and ECDSA side by side) */
enum model_key_kind { MODEL_KEY_NONE, MODEL_KEY_RSA, MODEL_KEY_ECDSA, MODEL_KEY_ED25519 };

struct model_certificate {
	int line;
	char *name;
	char *cert_file, *key_file, *chain_file;   /* absolute once read */
	struct buffer cert_pem, key_pem, chain_pem; /* file contents */
	/* Filled by control/resolve.c from the PEM: */
	struct model_blobs chain_der;  /* leaf first, root left out */
	struct buffer key_der;         /* PKCS#8 */
	enum model_key_kind key_kind;
	struct model_strings names;    /* DNS names for SNI, lower case, "*.x" allowed */
	int64_t not_before, not_after; /* of the leaf */
	int64_t revision;              /* of its row in the store; 0: it came from files */
};

enum model_chain_profile { MODEL_PROFILE_COMPATIBLE, MODEL_PROFILE_STRICT };

struct model_crl_file {
	char *path;
	struct buffer content;         /* empty when unreadable: its issuer fails closed */
	struct error why;              /* code ERROR_NONE when content was read */
};

struct model_ca_certificate {
	int line;
	char *name;
	char *cert_file;
	struct buffer cert_pem;
	struct model_crl_file *crls;
	size_t crl_count;
	enum model_chain_profile chain_profile;
	/* Filled by control/resolve.c: */
	struct model_blobs certs_der;
};

#define MODEL_TLS_1_0 1u
#define MODEL_TLS_1_1 2u
#define MODEL_TLS_1_2 4u
#define MODEL_TLS_1_3 8u

struct model_security_policy {
	int line;                      /* 0 for the five system policies */
	char *id;                      /* the name, for custom ones */
	uint32_t tls_versions;         /* MODEL_TLS_* bits */
	struct model_strings ciphers;  /* OpenSSL names, in order */
};

enum model_protocol { MODEL_TCP, MODEL_TCPSSL };
enum model_scheduler { MODEL_WRR, MODEL_RR, MODEL_WLC, MODEL_SCH, MODEL_TCH };
enum model_all_down { MODEL_TRY_ALL, MODEL_REFUSE };
enum model_check_type { MODEL_CHECK_TCP, MODEL_CHECK_HTTP };
enum model_check_method { MODEL_CHECK_GET, MODEL_CHECK_HEAD };

#define MODEL_HTTP_2XX 1u
#define MODEL_HTTP_3XX 2u
#define MODEL_HTTP_4XX 4u
#define MODEL_HTTP_5XX 8u

struct model_health_check {
	bool enabled;
	enum model_check_type type;
	int64_t connect_port;          /* 0: the server's own */
	int64_t connect_timeout_s;
	int64_t interval_s;
	int64_t healthy_threshold, unhealthy_threshold;
	char *domain;                  /* NULL or "$SERVER_IP": the server's address */
	char *url;
	uint32_t http_codes;           /* MODEL_HTTP_* bits */
	enum model_check_method method;
	bool http_1_1;
};

enum model_server_type { MODEL_SERVER_IP, MODEL_SERVER_ECS, MODEL_SERVER_ENI, MODEL_SERVER_ECI };

struct model_server {
	int line;
	enum model_server_type type;   /* kept for the API's sake: no difference here */
	char *server_id;               /* NULL: the IP */
	char *server_ip;
	bool own_socket;               /* server_ip is "unix:@name", a socket of control: the console */
	int64_t port;                  /* 0 only in AnyPort groups */
	int64_t weight;
	char *description;
};

enum model_group_type { MODEL_GROUP_INSTANCE, MODEL_GROUP_IP };

struct model_server_group {
	int line;
	char *name;
	enum model_group_type type;
	enum model_ip_version ip_version;
	char *vpc_id;                  /* opaque */
	enum model_protocol protocol;  /* TCPSSL is treated as TCP */
	enum model_scheduler scheduler;
	bool preserve_client_ip;
	bool drain_enabled;
	int64_t drain_timeout_s;
	bool any_port;
	struct model_health_check check;
	struct model_server *servers;
	size_t server_count;
	enum model_all_down all_down;
	int64_t slow_start_s;
};

enum model_ca_mode { MODEL_CA_REQUIRED, MODEL_CA_OPTIONAL };
enum model_revocation_mode { MODEL_REVOCATION_GIVEN, MODEL_REVOCATION_LEAF, MODEL_REVOCATION_ALL,
	MODEL_REVOCATION_OFF };
enum model_unclean_close { MODEL_UNCLEAN_RESET, MODEL_UNCLEAN_FIN };
enum model_alpn_policy { MODEL_ALPN_NONE, MODEL_ALPN_HTTP1_ONLY, MODEL_ALPN_HTTP2_ONLY,
	MODEL_ALPN_HTTP2_OPTIONAL, MODEL_ALPN_HTTP2_PREFERRED };

struct model_listener {
	int line;
	char *id;                      /* of the API; NULL in a manifest */
	char *load_balancer;           /* name */
	enum model_protocol protocol;
	int64_t port;                  /* 0: start_port to end_port */
	int64_t start_port, end_port;
	char *description;
	bool stopped;                  /* ListenerStatus: Stopped */
	char *server_group;            /* name */
	int64_t idle_timeout_s;
	int64_t cps, mss;
	bool proxy_protocol;
	bool ppv2_vpc_id, ppv2_endpoint_id, ppv2_endpoints_id;
	struct model_strings certificates;            /* exactly one when TCPSSL */
	struct model_strings additional_certificates;
	bool ca_enabled;
	struct model_strings ca_certificates;
	char *security_policy;         /* NULL: the settings' default */
	bool alpn_enabled;
	enum model_alpn_policy alpn_policy;
	/* Ours; times in seconds, 0 for a limit means none. */
	int64_t handshake_timeout_s, connect_timeout_s, connect_budget_s, half_close_timeout_s;
	int64_t max_connections, max_connections_per_source;
	int64_t max_handshakes_per_source;            /* open at once */
	int64_t max_handshake_rate_per_source;        /* begun per second */
	enum model_ca_mode ca_mode;
	int64_t ca_depth;
	bool ca_names_advertised;
	enum model_revocation_mode revocation_mode;
	bool revocation_cuts;          /* RevocationCutsConnections */
	enum model_unclean_close unclean_close;
	struct model_strings proxy_protocol_from;     /* CIDR blocks */
	bool sec_sensor;               /* always false */
};

/* What is found by name. */
enum model_kind { MODEL_LOAD_BALANCERS, MODEL_CERTIFICATES, MODEL_CA_CERTIFICATES, MODEL_POLICIES,
	MODEL_SERVER_GROUPS, MODEL_KINDS };

struct name_index;

/* Where a value stands in the manifest: found by the value's address in the model. */
struct model_line {
	const void *value;
	int line;
};

struct model {
	char *source;                  /* path of the manifest, for error places */
	struct model_settings settings;
	struct model_load_balancer *load_balancers;
	size_t load_balancer_count;
	struct model_certificate *certificates;
	size_t certificate_count;
	struct model_ca_certificate *ca_certificates;
	size_t ca_certificate_count;
	struct model_security_policy *policies; /* the five system ones first */
	size_t policy_count;
	struct model_server_group *server_groups;
	size_t server_group_count;
	struct model_listener *listeners;
	size_t listener_count;
	struct model_line *lines;
	size_t line_count;
	struct name_index *indexes[MODEL_KINDS]; /* of names; NULL: looked up one by one */
};

struct model *model_new(void);
void model_free(struct model *model); /* wipes keys; NULL is fine */

/* The line on which a value of this model was set, or otherwise (0: none). */
int model_line_of(const struct model *model, const void *value, int otherwise);
void model_line_add(struct model *model, const void *value, int line);
/* Sets err->place to "FILE:LINE", a long path cut in front. Always -1. line 0: the file alone. */
int model_error_place(struct error *err, const char *source, int line);

/* Makes the look-ups below quick; resources must not be added or renamed afterwards. Of two with the
 * same name the first is found. */
void model_index(struct model *model);

/* The existing name closest to one that does not exist, or NULL. */
const char *model_nearest(const struct model *model, enum model_kind kind, const char *name);

/* Look-ups by name or id; NULL when there is none. */
void *model_find(const struct model *model, enum model_kind kind, const char *name);
struct model_load_balancer *model_find_load_balancer(const struct model *model, const char *name);
struct model_certificate *model_find_certificate(const struct model *model, const char *name);
struct model_ca_certificate *model_find_ca_certificate(const struct model *model, const char *name);
struct model_security_policy *model_find_policy(const struct model *model, const char *id);
struct model_server_group *model_find_server_group(const struct model *model, const char *name);

#endif
