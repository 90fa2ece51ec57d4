/*
 * tls/credential.h - a server certificate chain with its private key, parsed at first use.
 *
 * Ten thousand of them cost their bytes and nothing else: the key is parsed when a client first asks
 * for the name, and at most CREDENTIAL_KEYS parsed keys are kept, the least recently used go first.
 */
#ifndef SALLYPORT_TLS_CREDENTIAL_H
#define SALLYPORT_TLS_CREDENTIAL_H

#include <stddef.h>
#include "base/bytes.h"

#define CREDENTIAL_KEYS 4096

struct credential;

/* Copies chain (DER, leaf first) and key (PKCS#8 DER); refcounted, starts with one reference. */
struct credential *credential_new(const struct bytes *chain, size_t chain_count, struct bytes key);
struct credential *credential_ref(struct credential *credential);
void credential_unref(struct credential *credential); /* NULL is fine; wipes the key */

#endif
