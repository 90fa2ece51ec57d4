#include "proxy/listener.h"

#include <stdlib.h>
#include <string.h>

/* --- trust sets --- */

struct trust_set *trust_set_new(const struct document_trust *from, struct error *err)
{
	struct trust_set *set = memory_new(sizeof(*set));
	struct trust_ca *cas = memory_new(from->ca_count * sizeof(*cas));
	uint32_t i;

	for (i = 0; i < from->ca_count; i++) {
		cas[i].der = from->cas[i].der;
		cas[i].strict = from->cas[i].profile == MODEL_PROFILE_STRICT;
		cas[i].name = from->cas[i].name;
	}
	set->refs = 1;
	memcpy(set->hash, from->hash, DOCUMENT_HASH_SIZE);
	set->trust = trust_new(cas, from->ca_count, err);
	free(cas);
	if (set->trust == NULL) {
		free(set);
		return NULL;
	}
	return set;
}

struct trust_set *trust_set_ref(struct trust_set *set)
{
	set->refs++;
	return set;
}

void trust_set_unref(struct trust_set *set)
{
	if (set == NULL || --set->refs > 0)
		return;
	trust_free(set->trust);
	free(set);
}

/* --- making a listener --- */

static void copy_settings(struct listener *listener, const struct document_listener *from)
{
	memcpy(listener->hash, from->hash, DOCUMENT_HASH_SIZE);
	memcpy(listener->name, from->name, sizeof(listener->name));
	listener->slot = from->slot;
	listener->start_port = from->start_port;
	listener->end_port = from->end_port;
	listener->stopped = from->stopped;
	listener->idle_ms = 1000ull * from->idle_timeout_s;
	listener->handshake_ms = 1000ull * from->handshake_timeout_s;
	listener->connect_ms = 1000ull * from->connect_timeout_s;
	listener->connect_budget_ms = 1000ull * from->connect_budget_s;
	listener->half_close_ms = 1000ull * from->half_close_timeout_s;
	listener->cps = from->cps;
	listener->mss = from->mss;
	listener->max_connections = from->max_connections;
	listener->source_rules = (struct limit_rules){
		.max_connections = from->max_connections_per_source,
		.max_handshakes = from->max_handshakes_per_source,
		.max_handshake_rate = from->max_handshake_rate_per_source,
	};
	listener->proxy_protocol = from->proxy_protocol;
	listener->reset_unclean = from->unclean_close == MODEL_UNCLEAN_RESET;
	listener->revocation_cuts = from->revocation_cuts;
}

static void *copy_array(const void *from, size_t count, size_t size)
{
	void *copy = memory_new(count * size);

	if (count > 0)
		memcpy(copy, from, count * size);
	return copy;
}

/* All names lie in one block: ten thousand of them are made between two turns of the event loop. */
static void copy_names(struct listener *listener, const struct document_listener *from,
		       struct credential *const *credentials)
{
	size_t size = 0;
	char *at;
	uint32_t i;

	for (i = 0; i < from->sni_count; i++)
		size += from->sni[i].name.len + 1;
	at = listener->name_block = memory_new(size);
	listener->names = memory_new(from->sni_count * sizeof(*listener->names));
	listener->name_count = from->sni_count;
	for (i = 0; i < from->sni_count; i++) {
		const struct document_sni *sni = &from->sni[i];

		memcpy(at, sni->name.data, sni->name.len);
		listener->names[i].name = at;
		listener->names[i].credential = credential_ref(credentials[sni->certificate]);
		at += sni->name.len + 1;
	}
	listener->default_credential = credential_ref(credentials[from->default_certificates[0]]);
}

static void set_trust(struct listener *listener, const struct document_listener *from,
		      struct trust_set *const *trusts)
{
	listener->client_mode = TLS_CLIENT_NONE;
	if (!from->ca_enabled)
		return;
	listener->client_mode =
		from->ca_mode == MODEL_CA_OPTIONAL ? TLS_CLIENT_OPTIONAL : TLS_CLIENT_REQUIRED;
	listener->trust = trust_set_ref(trusts[from->trust]);
	listener->rules =
		(struct admission_rules){ from->ca_mode, from->ca_depth, from->revocation_mode };
}

struct alpn_list {
	const char *const *protocols;
	size_t count;
};

/* The four policies of the spec file, 1.2. */
static struct alpn_list alpn_of(enum model_alpn_policy policy)
{
	static const char *const http1[] = { "http/1.1", "http/1.0" };
	static const char *const http2[] = { "h2" };
	static const char *const optional[] = { "http/1.1", "http/1.0", "h2" };
	static const char *const preferred[] = { "h2", "http/1.1", "http/1.0" };

	switch (policy) {
	case MODEL_ALPN_HTTP1_ONLY:
		return (struct alpn_list){ http1, 2 };
	case MODEL_ALPN_HTTP2_ONLY:
		return (struct alpn_list){ http2, 1 };
	case MODEL_ALPN_HTTP2_OPTIONAL:
		return (struct alpn_list){ optional, 3 };
	case MODEL_ALPN_HTTP2_PREFERRED:
		return (struct alpn_list){ preferred, 3 };
	default:
		return (struct alpn_list){ NULL, 0 };
	}
}

static int set_tls(struct listener *listener, const struct document *document,
		   const struct document_listener *from, const struct tls_hooks *hooks,
		   struct error *err)
{
	const struct document_policy *policy = &document->policies[from->policy];
	struct alpn_list alpn = alpn_of(from->alpn_policy);
	struct bytes *names = NULL;
	struct tls_rules rules = {
		.versions = policy->tls_versions,
		.ciphers = policy->ciphers,
		.cipher_count = policy->cipher_count,
		.alpn = alpn.protocols,
		.alpn_count = alpn.count,
		.client = listener->client_mode,
		.identity = { (const uint8_t *)listener->name, strlen(listener->name) },
	};
	size_t i;

	memcpy(listener->policy_hash, policy->hash, DOCUMENT_HASH_SIZE);
	if (listener->trust != NULL && from->ca_names_advertised &&
	    trust_subjects_fit(listener->trust->trust)) {
		rules.ca_name_count = trust_subject_count(listener->trust->trust);
		names = memory_new(rules.ca_name_count * sizeof(*names));
		for (i = 0; i < rules.ca_name_count; i++)
			names[i] = trust_subject(listener->trust->trust, i);
		rules.ca_names = names;
	}
	listener->tls = tls_context_new(&rules, hooks, err);
	free(names);
	if (listener->tls == NULL)
		return error_place(err, "listener %.70s", listener->name);
	return 0;
}

/* MODEL_TLS_* and TLS_VERSION_* are the same bits. */
_Static_assert(MODEL_TLS_1_0 == TLS_VERSION_1_0 && MODEL_TLS_1_1 == TLS_VERSION_1_1 &&
		       MODEL_TLS_1_2 == TLS_VERSION_1_2 && MODEL_TLS_1_3 == TLS_VERSION_1_3,
	       "TLS versions");

struct listener *listener_new(const struct document *document, const struct document_listener *from,
			      struct credential *const *credentials,
			      struct trust_set *const *trusts, const struct tls_hooks *hooks,
			      struct error *err)
{
	struct listener *listener = memory_new(sizeof(*listener));

	listener->refs = 1;
	copy_settings(listener, from);
	listener->drain_timeout_s = document->groups[from->group].drain_timeout_s;
	listener->addresses =
		copy_array(from->addresses, from->address_count, sizeof(struct address));
	listener->address_count = from->address_count;
	listener->proxy_from =
		copy_array(from->proxy_protocol_from, from->proxy_protocol_from_count,
			   sizeof(struct address_block));
	listener->proxy_from_count = from->proxy_protocol_from_count;
	if (from->protocol != MODEL_TCPSSL)
		return listener;
	copy_names(listener, from, credentials);
	set_trust(listener, from, trusts);
	if (set_tls(listener, document, from, hooks, err) < 0) {
		listener_unref(listener);
		return NULL;
	}
	return listener;
}

struct listener *listener_ref(struct listener *listener)
{
	listener->refs++;
	return listener;
}

void listener_unref(struct listener *listener)
{
	uint32_t i;

	if (listener == NULL || --listener->refs > 0)
		return;
	for (i = 0; i < listener->name_count; i++)
		credential_unref(listener->names[i].credential);
	free(listener->names);
	free(listener->name_block);
	credential_unref(listener->default_credential);
	tls_context_free(listener->tls);
	trust_set_unref(listener->trust);
	group_unref(listener->group);
	free(listener->addresses);
	free(listener->proxy_from);
	free(listener);
}

/* --- asking it --- */

bool listener_covers(const struct listener *listener, const struct address *address)
{
	struct address ip = *address;
	uint32_t i;

	if (listener->stopped || address->port < listener->start_port ||
	    address->port > listener->end_port)
		return false;
	ip.port = 0;
	for (i = 0; i < listener->address_count; i++)
		if (address_equal(&listener->addresses[i], &ip))
			return true;
	return false;
}

/* The first of the rows that have this name; name_count when there is none. */
static uint32_t first_named(const struct listener *listener, const char *name)
{
	uint32_t low = 0, high = listener->name_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(listener->names[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t credentials_named(const struct listener *listener, const char *name,
				struct credential *ret_credentials[TLS_CREDENTIALS])
{
	size_t count = 0;
	uint32_t i;

	for (i = first_named(listener, name); i < listener->name_count && count < TLS_CREDENTIALS &&
					      strcmp(listener->names[i].name, name) == 0;
	     i++)
		ret_credentials[count++] = listener->names[i].credential;
	return count;
}

size_t listener_choose(const struct listener *listener, const char *server_name,
		       struct credential *ret_credentials[TLS_CREDENTIALS])
{
	const char *dot = strchr(server_name, '.');
	size_t count = 0;
	char wildcard[260] = "*";

	if (server_name[0] == '*') /* a wildcard is no name to ask for */
		dot = NULL;
	else if (server_name[0] != '\0')
		count = credentials_named(listener, server_name, ret_credentials);
	if (count == 0 && dot != NULL && dot != server_name && strlen(dot) < sizeof(wildcard) - 1) {
		strcpy(wildcard + 1, dot);
		count = credentials_named(listener, wildcard, ret_credentials);
	}
	if (count > 0)
		return count;
	ret_credentials[0] = listener->default_credential;
	return 1;
}
