/*
 * tls/context.h - how one listener speaks TLS: versions, suites, ALPN, client certificates.
 *
 * One context per listener and policy, never per certificate: which certificate is served is chosen
 * per connection through the hooks. Immutable; must outlive its sessions.
 */
#ifndef SALLYPORT_TLS_CONTEXT_H
#define SALLYPORT_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"
#include "base/error.h"
#include "tls/credential.h"

#define TLS_CREDENTIALS 4 /* of one name: kinds of keys side by side */

/* Calls from within a handshake; owner is the session's. */
struct tls_hooks {
	/* Fills ret_credentials (borrowed) for a server name (lower case; "" when the client sent none)
	 * and returns how many. 0 refuses the handshake with unrecognized_name. */
	size_t (*choose)(void *owner, const char *server_name,
			 struct credential *ret_credentials[TLS_CREDENTIALS]);
	/* Judges the presented chain (DER, leaf first). Returns 0 or the alert to refuse with.
	 * ret_life_s: how long tickets of this session may live. */
	uint8_t (*admit)(void *owner, const struct bytes *chain, size_t count,
			 uint32_t *ret_life_s);
	/* Appends what ticket_admit will want to know. */
	void (*ticket_record)(void *owner, struct buffer *out);
	/* May a session with this record be resumed now, by this owner? No: full handshake. */
	bool (*ticket_admit)(void *owner, struct bytes record);
};

#define TLS_VERSION_1_0 1u
#define TLS_VERSION_1_1 2u
#define TLS_VERSION_1_2 4u
#define TLS_VERSION_1_3 8u

enum tls_client_certificate { TLS_CLIENT_NONE, TLS_CLIENT_OPTIONAL, TLS_CLIENT_REQUIRED };

struct tls_rules {
	uint32_t versions;	     /* TLS_VERSION_* */
	const struct bytes *ciphers; /* OpenSSL names; unknown ones are left out */
	size_t cipher_count;
	const char *const *alpn; /* in order of preference; NULL: ALPN is off */
	size_t alpn_count;
	enum tls_client_certificate client;
	const struct bytes *ca_names; /* subject DER, advertised to the client; may be empty */
	size_t ca_name_count;
	struct bytes identity; /* of the listener: binds its sessions to it */
};

struct tls_context;

struct tls_context *tls_context_new(const struct tls_rules *rules, const struct tls_hooks *hooks,
				    struct error *err);
void tls_context_free(struct tls_context *context); /* NULL is fine */

#endif
