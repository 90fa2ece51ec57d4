/* pki/authority_internal.h - what authority.c and authority_check.c share. */
#ifndef SALLYPORT_PKI_AUTHORITY_INTERNAL_H
#define SALLYPORT_PKI_AUTHORITY_INTERNAL_H

#include "pki/authority.h"
#include "pki/key.h"
#include "x509/certificate_internal.h"
#include "x509/trust_internal.h"

#define AUTHORITY_PATH_MAX 10

struct authority {
	EVP_PKEY *key;
	struct certificate *path[AUTHORITY_PATH_MAX]; /* its own first, then those above */
	size_t count;
	struct buffer chain;
	struct trust *trust;
	const struct trust_member *anchor; /* the uppermost of them */
	uint8_t computed_key_id[KEY_ID_SIZE];
	struct bytes key_id;       /* points into the certificate, or to the computed one */
	int64_t not_before, not_after;
};

/* F06, F08, F10, X28 and G01: the finished certificate, before anybody sees it. */
int must_check authority_check(struct authority *authority, const struct issue_profile *profile,
			       struct bytes der, struct certificate **ret_certificate,
			       struct error *err);
int must_check authority_check_root(struct bytes der, struct certificate **ret_certificate,
				    struct error *err);

#endif
