/*
 * certs/http.h - what everybody may fetch without proving who they are: CRLs, CA certificates, OCSP.
 *
 * The API server hands over every request whose path is /ocsp, or begins with /ocsp/ or /pki/. It is for
 * the state thread and must not take long: what is signed is kept.
 */
#ifndef SALLYPORT_CERTS_HTTP_H
#define SALLYPORT_CERTS_HTTP_H

#include <stdint.h>
#include "base/bytes.h"

struct control;

struct certs_http_reply {
	unsigned int status;      /* 200, 400, 404, 405, ... */
	const char *content_type; /* lives for ever: "application/pkix-crl" */
	struct buffer body;       /* buffer_done() by who asked */
	int64_t max_age_s;        /* how long caches may keep it; 0: not at all */
};

/* method: "GET" (HEAD comes as GET) or "POST". path: with %XX decoded, without the query; it may hold
 * any bytes but NUL. body: at most 64 KiB. ret is zeroed before. -1: answered as 500. */
int certs_http(struct control *control, const char *method, const char *path, struct bytes body,
	       struct certs_http_reply *ret_reply);

#endif
