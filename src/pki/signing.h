/*
 * pki/signing.h - a signature of one of our keys: the algorithm follows from the key.
 *
 * RSA signs with SHA-256, P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512 (RFC 4055 5,
 * RFC 5758 3.2): the exact AlgorithmIdentifier bytes that public CAs are held to.
 */
#ifndef SALLYPORT_PKI_SIGNING_H
#define SALLYPORT_PKI_SIGNING_H

#include <openssl/evp.h>
#include "base/bytes.h"

/* The whole AlgorithmIdentifier in DER, as it stands inside what is signed. Empty: no such key
 * signs here. */
struct bytes signing_algorithm(const EVP_PKEY *key);
/* SEQUENCE { signed, algorithm, BIT STRING }: the form of certificates, requests and lists.
 * extra, if any, follows inside the SEQUENCE (the certificates of an OCSP response). */
int must_check signing_wrap(EVP_PKEY *key, struct bytes content, struct bytes extra,
			    struct buffer *ret_der, struct error *err);

#endif
