/*
 * pki/ocsp_request.h - what an OCSP client asks: RFC 6960 4.1, RFC 5019, nonces of RFC 9654.
 *
 * Read with CBS, nothing is allocated; everything points into the DER. The signature of a request
 * says nothing here: whoever asks gets the same answer.
 */
#ifndef SALLYPORT_PKI_OCSP_REQUEST_H
#define SALLYPORT_PKI_OCSP_REQUEST_H

#include <stdbool.h>
#include "base/bytes.h"

#define OCSP_REQUEST_MAX_SIZE 4096
#define OCSP_REQUEST_MAX_IDS 8
#define OCSP_NONCE_MAX_SIZE 128

enum ocsp_hash { OCSP_HASH_UNKNOWN, OCSP_HASH_SHA1, OCSP_HASH_SHA256 };

/* Which certificate. */
struct ocsp_id {
	struct bytes der;          /* the whole CertID: an answer repeats these bytes */
	enum ocsp_hash hash;       /* OCSP_HASH_UNKNOWN: a hash that nobody here is known by */
	struct bytes name_hash, key_hash; /* of the issuer */
	struct bytes serial;       /* content octets */
};

struct ocsp_request {
	struct ocsp_id ids[OCSP_REQUEST_MAX_IDS];
	size_t count;              /* at least 1 */
	struct bytes nonce;        /* empty: none was sent */
};

/* false: answer malformedRequest. Also for an unknown critical extension, and a nonce of
 * another length than 1 to 128. */
bool must_check ocsp_request_parse(struct bytes der, struct ocsp_request *ret_request);

/* What follows "/ocsp/" in a GET (RFC 6960 A.1): base64, with %XX escapes or without, also
 * base64url, padded or not. false: it is no such text, or too long. */
bool must_check ocsp_request_from_path(const char *text, struct buffer *ret_der);

#endif
