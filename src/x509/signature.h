/*
 * x509/signature.h - the AlgorithmIdentifier of a signature: which hash, and is it good enough.
 *
 * RFC 3279, 4055, 5758, 8410. AWS-LC accepts SHA-1 in certificates; this is where it is refused.
 */
#ifndef SALLYPORT_X509_SIGNATURE_H
#define SALLYPORT_X509_SIGNATURE_H

#include <openssl/evp.h>
#include "base/bytes.h"

enum signature_kind { SIGNATURE_UNKNOWN, SIGNATURE_RSA, SIGNATURE_RSA_PSS, SIGNATURE_ECDSA,
	SIGNATURE_ED25519 };

struct signature_algorithm {
	enum signature_kind kind;
	int hash;          /* NID_sha256 ...; NID_undef: none or unknown */
	int salt;          /* of RSA-PSS */
	bool weak;         /* SHA-1, MD5, SHA-224 or something unknown */
	const char *name;  /* "SHA-1", for people */
};

/* identifier: content of the AlgorithmIdentifier SEQUENCE. */
struct signature_algorithm signature_algorithm_parse(struct bytes identifier);
bool signature_verify(const struct signature_algorithm *algorithm, EVP_PKEY *key,
		      struct bytes message, struct bytes signature);

#endif
