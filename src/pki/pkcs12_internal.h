/* pki/pkcs12_internal.h - what the writer and the reader of PKCS#12 share. */
#ifndef SALLYPORT_PKI_PKCS12_INTERNAL_H
#define SALLYPORT_PKI_PKCS12_INTERNAL_H

#include "pki/oid.h"
#include "pki/pkcs12.h"

#define PKCS12_TAG(number) (CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | (number))
#define PKCS12_OCTETS(number) (CBS_ASN1_CONTEXT_SPECIFIC | (number)) /* [n] IMPLICIT OCTET STRING */

#define PKCS12_MAC_MAX 64

/* HMAC under the derived key: RFC 7292 A. */
int must_check pkcs12_mac(struct pbe *pbe, const EVP_MD *digest, struct bytes salt,
			  uint64_t iterations, struct bytes content, uint8_t ret_mac[PKCS12_MAC_MAX],
			  size_t *ret_len, struct error *err);

#endif
