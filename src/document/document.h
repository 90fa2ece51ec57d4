/*
 * document/document.h - what the data plane is told: one flat, checked run of bytes.
 *
 * Control encodes it into a sealed memfd, decodes it again to be sure, and passes the descriptor to
 * the workers and the checker, which decode it with the same code. A decoded document borrows from
 * the bytes: keep them mapped while it lives.
 *
 * Every object carries the SHA-256 content hash of everything it means (its own fields and the
 * hashes of what it refers to): same hash, same object. That is how a worker shares the unchanged
 * objects of two documents. References are indexes into the arrays below, checked on decoding.
 */
#ifndef SALLYPORT_DOCUMENT_DOCUMENT_H
#define SALLYPORT_DOCUMENT_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "model/model.h"
#include "net/address.h"

#define DOCUMENT_HASH_SIZE 32
#define DOCUMENT_NAME_SIZE 192  /* of a listener, group or server, with the end */
#define DOCUMENT_ID_SIZE 208    /* of a security policy: 200 characters */
#define DOCUMENT_NONE UINT32_MAX

struct document_certificate {
	uint8_t hash[DOCUMENT_HASH_SIZE];
	char name[DOCUMENT_NAME_SIZE];
	enum model_key_kind key_kind;
	int64_t not_before, not_after;
	struct bytes *chain; /* DER, leaf first */
	uint32_t chain_count;
	struct bytes key;    /* PKCS#8 DER */
};

struct document_ca {
	struct bytes der;
	enum model_chain_profile profile;
	char name[DOCUMENT_NAME_SIZE]; /* of the CaCertificates entry */
};

/* All CA certificates of one listener. */
struct document_trust {
	uint8_t hash[DOCUMENT_HASH_SIZE];
	struct document_ca *cas;
	uint32_t ca_count;
};

struct document_policy {
	uint8_t hash[DOCUMENT_HASH_SIZE];
	char id[DOCUMENT_ID_SIZE];
	uint32_t tls_versions;  /* MODEL_TLS_* */
	struct bytes *ciphers;  /* OpenSSL names, not terminated */
	uint32_t cipher_count;
};

struct document_server {
	uint32_t slot;          /* in the shared tables of stats and health */
	struct address address; /* port 0 in AnyPort groups and of unix sockets */
	uint32_t owner;         /* of a unix socket: the user who must listen there, else 0 */
	uint32_t weight;        /* 0 to 100 */
	char name[DOCUMENT_NAME_SIZE]; /* Description, or ServerId, or the address */
};

struct document_health_check {
	bool enabled;
	enum model_check_type type;
	uint16_t connect_port;
	uint32_t connect_timeout_s, interval_s;
	uint32_t healthy_threshold, unhealthy_threshold;
	char domain[96]; /* empty: the server's address */
	char url[96];
	uint32_t http_codes;
	enum model_check_method method;
	bool http_1_1;
	bool proxy_protocol; /* the group's listener sends PROXY v2: begin with PROXY v2 LOCAL */
};

struct document_group {
	uint8_t hash[DOCUMENT_HASH_SIZE];
	char name[DOCUMENT_NAME_SIZE];
	enum model_scheduler scheduler;
	enum model_all_down all_down;
	bool any_port;
	bool drain_enabled;
	uint32_t drain_timeout_s;
	uint32_t slow_start_s;
	struct document_health_check check;
	struct document_server *servers;
	uint32_t server_count;
};

/* Sorted by name, then in the order of preference. Names are lower case; "*.x" is a wildcard. */
struct document_sni {
	struct bytes name;
	uint32_t certificate; /* index in document->certificates */
};

struct document_listener {
	uint8_t hash[DOCUMENT_HASH_SIZE];
	uint32_t slot;
	char name[DOCUMENT_NAME_SIZE]; /* "edge:443" or "edge:1000-1999" */
	enum model_protocol protocol;
	struct address *addresses;     /* port 0 */
	uint32_t address_count;
	uint16_t start_port, end_port; /* equal for a single port */
	bool stopped;
	uint32_t group;                /* index */
	uint32_t idle_timeout_s, cps, mss;
	bool proxy_protocol;
	uint32_t handshake_timeout_s, connect_timeout_s, connect_budget_s, half_close_timeout_s;
	uint32_t max_connections, max_connections_per_source;
	uint32_t max_handshakes_per_source, max_handshake_rate_per_source;
	enum model_unclean_close unclean_close;
	struct address_block *proxy_protocol_from;
	uint32_t proxy_protocol_from_count;
	/* TCPSSL only */
	uint32_t policy;               /* index, or DOCUMENT_NONE */
	uint32_t *default_certificates; /* indexes: the default one; always one for now */
	uint32_t default_certificate_count;
	struct document_sni *sni;      /* names of the additional and the default certificates */
	uint32_t sni_count;
	bool ca_enabled;
	enum model_ca_mode ca_mode;
	uint32_t trust;                /* index, or DOCUMENT_NONE */
	uint32_t ca_depth;
	bool ca_names_advertised;
	enum model_revocation_mode revocation_mode;
	bool revocation_cuts;          /* RevocationCutsConnections */
	enum model_alpn_policy alpn_policy; /* NONE: ALPN is off */
};

struct document {
	uint64_t version;              /* grows with every applied change */
	enum model_log_format log_format;
	struct document_certificate *certificates;
	uint32_t certificate_count;
	struct document_trust *trusts;
	uint32_t trust_count;
	struct document_policy *policies;
	uint32_t policy_count;
	struct document_group *groups;
	uint32_t group_count;
	struct document_listener *listeners;
	uint32_t listener_count;
};

struct slots;

/* The only way from a model (read, checked and resolved) to a document. Gives out slots: an
 * identity that had one keeps it, the rest are freed after the call that no longer names them.
 * Listener identity: balancer + protocol + port; server identity: group + address + port. */
int must_check document_encode(const struct model *model, uint64_t version, struct slots *slots,
			       struct buffer *ret_bytes, struct error *err);

/* Never trusts the bytes: any input gives a document or an error. NULL on error. */
struct document *document_decode(struct bytes bytes, struct error *err);
void document_free(struct document *document); /* NULL is fine */

#endif
