/*
 * pki/csr.h - certificate requests (PKCS#10, RFC 2986): read with suspicion, and made.
 *
 * Of a request only the key, the common name and the alternative names count; everything else it asks
 * for is ignored, and a challenge password is neither used nor kept.
 */
#ifndef SALLYPORT_PKI_CSR_H
#define SALLYPORT_PKI_CSR_H

#include <openssl/evp.h>
#include "pki/san.h"
#include "pki/subject.h"

#define CSR_MAX_SIZE 32768

struct csr {
	struct buffer der;
	struct bytes subject;       /* Name, in der */
	struct bytes public_key;    /* SubjectPublicKeyInfo, in der */
	struct bytes names;         /* value of the SAN extension asked for, in der; may be empty */
	EVP_PKEY *key;              /* its public key */
	struct subject_texts texts; /* of the subject */
};

/* PEM (with text around it, any line ends) or DER. Checks that it is signed with its own key and that
 * the key is good enough (key_check). */
int must_check csr_parse(struct bytes content, struct csr *ret_csr, struct error *err);
void csr_done(struct csr *csr);

/* A request in DER, signed with key. names may be NULL. */
int must_check csr_make(EVP_PKEY *key, struct bytes subject, const struct san_list *names,
			struct buffer *ret_der, struct error *err);

#endif
