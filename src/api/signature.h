/*
 * api/signature.h - the two signatures of requests, as pure functions.
 *
 * HMAC-SHA1 (RPC signature 1.0): over all parameters of query and form, sorted. ACS3-HMAC-SHA256: over
 * method, path, query, some headers and the hash of the body. What is compared is compared in constant
 * time; who may call when is api/authenticate.h.
 */
#ifndef SALLYPORT_API_SIGNATURE_H
#define SALLYPORT_API_SIGNATURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "base/error.h"

/* --- HMAC-SHA1 --- */

/* parameters: all of query and form, an object of text; "Signature" in it is left out. */
void signature_v1_text(const char *method, const json_t *parameters, struct buffer *ret_text);
bool signature_v1_is_good(const char *method, const json_t *parameters, const char *secret,
			  const char *signature);

/* --- ACS3-HMAC-SHA256 --- */

#define SIGNATURE_HEADERS_MAX 64

struct signature_acs3 {
	char credential[65];  /* AccessKeyId */
	char headers[1024];   /* names, ";" between them */
	uint8_t signature[32];
};
/* The Authorization header taken apart; symbol IncompleteSignature, or InvalidSignatureMethod for
 * another one that begins with "ACS3-". */
int must_check signature_acs3_parse(const char *authorization, struct signature_acs3 *ret_parts,
				    struct error *err);

struct signature_request {
	const char *method, *path; /* path as it came, without the query */
	const json_t *query;       /* decoded, an object of text */
	/* The value of a header (lower-case name), or NULL. */
	const char *(*header)(void *arg, const char *name);
	void *arg;
};
/* Whether all the headers that we act upon are among the signed ones. */
bool signature_acs3_covers(const struct signature_acs3 *parts);
/* bare: parameters without a value as "name" instead of "name=". false: a signed header is not there. */
bool signature_acs3_text(const struct signature_acs3 *parts,
			 const struct signature_request *request, bool bare,
			 struct buffer *ret_text);
bool signature_acs3_is_good(const struct signature_acs3 *parts,
			    const struct signature_request *request, const char *secret);
/* hex(SHA-256(body)) is what the header x-acs-content-sha256 says. */
bool signature_body_is(struct bytes body, const char *hex);

/* "2026-11-24T10:00:00Z" as seconds since 1970; false: it is none. */
bool signature_parse_time(const char *text, int64_t *ret_time);

#endif
