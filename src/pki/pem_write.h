/* pki/pem_write.h - DER as PEM (RFC 7468): 64 columns, LF, nothing around it. */
#ifndef SALLYPORT_PKI_PEM_WRITE_H
#define SALLYPORT_PKI_PEM_WRITE_H

#include "base/bytes.h"

/* Appends "-----BEGIN label-----" to "-----END label-----". The buffer wipes what it frees. */
void pem_write(struct buffer *out, const char *label, struct bytes der);
/* Appends a "CERTIFICATE" for each of the DER certificates that stand one after another in chain. */
void pem_write_chain(struct buffer *out, struct bytes chain);

#endif
