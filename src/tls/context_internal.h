/* tls/context_internal.h - what session.c and ticket.c see of a context. */
#ifndef SALLYPORT_TLS_CONTEXT_INTERNAL_H
#define SALLYPORT_TLS_CONTEXT_INTERNAL_H

#include <openssl/ssl.h>
#include "tls/context.h"
#include "tls/session.h"

struct tls_context {
	SSL_CTX *ssl;
	struct tls_hooks hooks;
	uint8_t *alpn; /* our protocols in wire format, preferred first */
	size_t alpn_len;
};

struct tls_context *tls_context_of(const SSL *ssl);

extern const SSL_TICKET_AEAD_METHOD ticket_method;

/* session.c: the message callback of every context, and the session of a connection. */
void tls_session_observe(int is_write, int version, int content_type, const void *data, size_t len,
			 SSL *ssl, void *arg);
struct tls_session *tls_session_of(const SSL *ssl);

#endif
