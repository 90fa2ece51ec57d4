/*
 * proxy/listener.h - one listener as a worker serves it: rules, certificates, trust, server group.
 *
 * Made from a document, const afterwards.
 * Refcounted: snapshots, acceptors and connections hold it, so an old connection keeps the settings
 * it was accepted under, and an unchanged listener is shared by many snapshots.
 */
#ifndef SALLYPORT_PROXY_LISTENER_H
#define SALLYPORT_PROXY_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include "admission/admission.h"
#include "document/document.h"
#include "proxy/balance.h"
#include "proxy/limit.h"
#include "tls/context.h"
#include "x509/trust.h"

/* The CA certificates of a listener, shared by all listeners that name the same. */
struct trust_set {
	unsigned int refs;
	uint8_t hash[DOCUMENT_HASH_SIZE];
	struct trust *trust;
};

struct trust_set *trust_set_new(const struct document_trust *from, struct error *err);
struct trust_set *trust_set_ref(struct trust_set *set);
void trust_set_unref(struct trust_set *set); /* NULL is fine */

struct listener_name {
	const char *name; /* lower case; "*.x" is a wildcard */
	struct credential *credential;
};

struct listener {
	unsigned int refs;
	uint8_t hash[DOCUMENT_HASH_SIZE];
	uint32_t slot;
	char name[DOCUMENT_NAME_SIZE];
	struct address *addresses;
	uint32_t address_count;
	uint16_t start_port, end_port;
	bool stopped;
	uint32_t drain_timeout_s; /* for its connections once it is removed */
	struct group *group;

	uint64_t idle_ms, handshake_ms, connect_ms, connect_budget_ms, half_close_ms;
	uint32_t cps, mss, max_connections;
	struct limit_rules source_rules;
	bool proxy_protocol; /* v2 towards the server */
	bool reset_unclean;  /* UncleanClose: Reset */
	bool revocation_cuts; /* RevocationCutsConnections */
	struct address_block *proxy_from;
	uint32_t proxy_from_count;

	struct tls_context *tls; /* NULL: a TCP listener */
	uint8_t policy_hash[DOCUMENT_HASH_SIZE];
	struct credential *default_credential;
	struct listener_name *names; /* sorted by name */
	char *name_block;	     /* where they lie */
	uint32_t name_count;
	enum tls_client_certificate client_mode;
	struct trust_set *trust; /* NULL: no client certificates */
	struct admission_rules rules;
};

/* credentials and trusts: what the document's indexes refer to. The group is set by the snapshot. */
struct listener *listener_new(const struct document *document, const struct document_listener *from,
			      struct credential *const *credentials,
			      struct trust_set *const *trusts, const struct tls_hooks *hooks,
			      struct error *err);
struct listener *listener_ref(struct listener *listener);
void listener_unref(struct listener *listener); /* NULL is fine */

bool listener_covers(const struct listener *listener, const struct address *address);
/* Exact name, then one-label wildcard, then the default (RFC 6125 6.4.3: an empty label never
 * matches). Fills at most TLS_CREDENTIALS. */
size_t listener_choose(const struct listener *listener, const char *server_name,
		       struct credential *ret_credentials[TLS_CREDENTIALS]);

#endif
