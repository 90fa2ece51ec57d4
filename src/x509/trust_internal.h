/* x509/trust_internal.h - the members of a trust set, for the path builder. */
#ifndef SALLYPORT_X509_TRUST_INTERNAL_H
#define SALLYPORT_X509_TRUST_INTERNAL_H

#include <openssl/x509.h>
#include "x509/certificate_internal.h"
#include "x509/trust.h"

struct trust_member {
	struct certificate *certificate;
	char *name;             /* of the CaCertificates entry */
	bool strict;
	bool anchor;
	uint8_t hash[32];       /* SHA-256 of the DER */
	STACK_OF(X509) *stack;  /* the certificate alone, as AWS-LC wants its trusted ones */
};

struct trust {
	struct trust_member *members;
	size_t count;
	X509_STORE *store;      /* empty: it only carries flags */
	struct bytes *subjects; /* each once; point into the certificates */
	size_t subject_count;
};

#endif
