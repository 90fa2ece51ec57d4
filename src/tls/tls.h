/* tls/tls.h - the TLS library of this process: the only folder that knows <openssl/ssl.h>. */
#ifndef SALLYPORT_TLS_TLS_H
#define SALLYPORT_TLS_TLS_H

#include "base/error.h"

/* Touches everything that will not be reachable inside the sandbox: entropy, CPU features, one
 * signature, one AEAD. Call once, before the sandbox. */
int must_check tls_init(struct error *err);

#endif
