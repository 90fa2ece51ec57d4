/*
 * pki/jks.h - Java KeyStore, version 2: what every Java from 1.2 on opens.
 *
 * The format is not described anywhere official; it is what keytool reads. Its key protection is weak
 * (SHA-1 as a stream cipher, no iterations): a file is as strong as its password, and those who ask
 * for one (pki/download.h) must bring a long one. Store and key have the same password.
 */
#ifndef SALLYPORT_PKI_JKS_H
#define SALLYPORT_PKI_JKS_H

#include <stdint.h>
#include "base/bytes.h"

struct jks_contents {
	const char *alias;     /* ASCII; keytool shows it in lower case */
	int64_t time_s;        /* of the entries */
	struct bytes leaf;     /* DER */
	struct bytes chain;    /* DER certificates one after another, issuers upwards */
	struct bytes pkcs8;    /* empty: each certificate becomes a trusted one */
};

int must_check jks_write(const struct jks_contents *contents, const char *password,
			 struct buffer *ret_file, struct error *err);

#endif
