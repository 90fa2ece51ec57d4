/*
 * pki/template.h - the bytes of a certificate before it is signed (TBSCertificate, RFC 5280 4.1).
 *
 * Version 3; extensions in one fixed order, each once; the issuer's name and key id are copied as they
 * stand in the issuer's certificate and never encoded again.
 */
#ifndef SALLYPORT_PKI_TEMPLATE_H
#define SALLYPORT_PKI_TEMPLATE_H

#include <openssl/evp.h>
#include "pki/constraints.h"
#include "pki/issue_profile.h"
#include "pki/san.h"
#include "pki/validity.h"

#define SERIAL_SIZE 17

/* 0x01 and 128 random bits: positive, minimal, of one length, never seen before. */
int must_check serial_make(uint8_t ret_serial[SERIAL_SIZE], struct error *err);

/* Everything that is to be said of a certificate but who issues it. All of it is borrowed. */
struct issue_request {
	const struct issue_profile *profile;
	struct bytes subject;                  /* Name in DER (pki/subject.h) */
	struct bytes public_key;               /* SubjectPublicKeyInfo in DER */
	const struct san_list *names;          /* NULL or empty: none */
	struct validity validity;
	int64_t now;
	bool later;                            /* a begin in the future or far back was asked for */
	int path_length;                       /* of a CA; -1: no limit */
	const struct constraints *constraints; /* of a CA; NULL or empty: none */
	unsigned int usage;                    /* USAGE_ bits; 0: those of the profile */
	unsigned int purposes;                 /* PURPOSE_ bits for a CA; 0: those of the profile */
	const char *crl_url, *ocsp_url, *issuer_url; /* NULL: left out */
};

/* Who signs. */
struct issue_issuer {
	struct bytes name;                     /* Name in DER */
	struct bytes key_id;                   /* content of its SKI; empty: no AKI (roots) */
	const EVP_PKEY *key;                   /* decides the signature algorithm */
};

int must_check template_write(const struct issue_request *request, const struct issue_issuer *issuer,
			      const uint8_t serial[SERIAL_SIZE], struct buffer *ret_tbs,
			      struct error *err);

#endif
