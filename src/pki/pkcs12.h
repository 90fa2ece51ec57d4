/*
 * pki/pkcs12.h - PKCS#12 (RFC 7292, 9579), written for today's programs or for old ones, and read.
 *
 * Written: certificates and key each under the password, and a MAC. Modern: PBES2 with AES-256 and
 * SHA-256, 10,000 iterations: what OpenSSL, NSS, GnuTLS, Java and Windows of today open. Compatible:
 * 3DES and SHA-1, 2,048 iterations: Apple's and Android's of some years ago, Windows 7, old Java. Either
 * protects on the way, not on a shelf: it is as strong as its password.
 *
 * Read: BER or DER; the MAC is needed and is checked before anything is believed; what its encryption
 * may cost is limited (pki/pbe.h).
 */
#ifndef SALLYPORT_PKI_PKCS12_H
#define SALLYPORT_PKI_PKCS12_H

#include <stdbool.h>
#include "base/bytes.h"
#include "pki/pbe.h"

enum pkcs12_profile { PKCS12_MODERN, PKCS12_COMPATIBLE };

struct pkcs12_contents {
	const char *name;     /* friendlyName; UTF-8 */
	struct bytes leaf;    /* DER */
	struct bytes chain;   /* DER certificates one after another, issuers upwards */
	struct bytes pkcs8;   /* empty: CA certificates to trust, no key */
};

/* ret_der is replaced. Some tens of milliseconds. */
int must_check pkcs12_write(const struct pkcs12_contents *contents, enum pkcs12_profile profile,
			    const char *password, struct buffer *ret_der, struct error *err);

#define PKCS12_CERTIFICATES_MAX 64
#define PKCS12_KEYS_MAX 16

struct pkcs12_item {
	bool is_key;                /* else a certificate */
	struct bytes der;           /* of the certificate; PKCS#8 of the key */
};

bool pkcs12_is(struct bytes content); /* does it look like one? */
/* Calls each for every key and certificate; what der points to is wiped afterwards. No password in pbe
 * stands for the empty one; "MissingParam.Password" when that does not do. */
int must_check pkcs12_read(struct pbe *pbe, struct bytes file,
			   int (*each)(void *arg, const struct pkcs12_item *item,
				       struct error *err),
			   void *arg, struct error *err);

#endif
