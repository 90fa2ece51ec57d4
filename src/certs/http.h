/*
 * certs/http.h - what everybody may fetch without proving who they are: CRLs, CA certificates,
 * OCSP.
 *
 *   GET  /pki/<key id of the CA, hex>.crl   its newest revocation list
 *   GET  /pki/<key id of the CA, hex>.cer   its certificate, for those who miss it in a chain
 *   POST /ocsp, GET /ocsp/<base64>          RFC 6960 appendix A.1, RFC 5019
 *
 * The API server hands over every request whose path is /ocsp, or begins with /ocsp/ or /pki/. It
 * is for the state thread and does not take long: what is signed is kept, and signing is limited.
 */
#ifndef SALLYPORT_CERTS_HTTP_H
#define SALLYPORT_CERTS_HTTP_H

#include <stdint.h>
#include "base/bytes.h"

struct control;

#define CERTS_ETAG_SIZE 67 /* a SHA-256 in hex and in quotes, and NUL */

struct certs_http_reply {
	unsigned int status;      /* 200, 404, 405 */
	const char *content_type; /* lives for ever: "application/pkix-crl"; NULL: no body */
	struct buffer body;       /* buffer_done() by who asked */
	int body_fd;              /* instead of a large body: a file of body_size bytes, closed by
				   * who asked; else -1 */
	uint64_t body_size;
	char etag[CERTS_ETAG_SIZE]; /* strong; who sends it in If-None-Match gets 304; "": none */
	int64_t last_modified_s;  /* 0: none */
	int64_t expires_s;        /* 0: none */
	int64_t max_age_s;        /* "Cache-Control: public, max-age="; 0: "no-store" */
	const char *allow;        /* of a 405: "GET, HEAD" */
};

/* method: "GET" (HEAD comes as GET) or "POST". path: with %XX decoded, without the query; it
 * may hold any bytes but NUL. body: at most 64 KiB. source: the client's address, for the
 * limit of signatures. -1: answered as 500. */
int certs_http(struct control *control, const char *method, const char *path, struct bytes body,
	       const char *source, struct certs_http_reply *ret_reply);

#endif
