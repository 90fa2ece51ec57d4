/* tls/credential_internal.h - what the other files of tls/ do with a credential. */
#ifndef SALLYPORT_TLS_CREDENTIAL_INTERNAL_H
#define SALLYPORT_TLS_CREDENTIAL_INTERNAL_H

#include <openssl/ssl.h>
#include "tls/credential.h"

/* Gives chain and key to a handshake. 0, or -1 when the key cannot be parsed. */
int credential_use(struct credential *credential, SSL *ssl);

#endif
