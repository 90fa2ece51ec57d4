/*
 * api/authenticate.h - who is calling: signature, bearer token, session cookie, or the local socket.
 *
 * Each way in proves itself with something that only the caller knows (compared in constant time), or is
 * vouched for by the kernel. Nothing is decided here about what the caller may do (api/rights.h).
 */
#ifndef SALLYPORT_API_AUTHENTICATE_H
#define SALLYPORT_API_AUTHENTICATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "api/nonces.h"
#include "base/bytes.h"
#include "base/error.h"
#include "control/call.h"
#include "store/store.h"

#define AUTHENTICATE_WINDOW_S 900
#define AUTHENTICATE_NONCE_MAX 128

/* A request as far as its caller is proved by it. */
struct evidence {
	const char *method, *path;  /* path as it came */
	const json_t *query;        /* decoded: objects of text */
	const json_t *parameters;   /* query and form together */
	struct bytes body;
	/* The value of a header (lower-case name), or NULL when there is none, or several. */
	const char *(*header)(void *arg, const char *name);
	void *arg;
	int64_t now;
};

/* What is remembered between requests. */
struct gate {
	struct store *store;
	struct nonces *nonces;
	struct uses *uses;
	int64_t session_idle_s; /* a session that was not used for so long is over */
};

/* HMAC-SHA1 or ACS3-HMAC-SHA256; which, the request says. ret_nonce: to be remembered with a write. */
bool evidence_is_acs3(const struct evidence *evidence);
bool evidence_is_v1(const struct evidence *evidence);
int must_check authenticate_signature(struct gate *gate, const struct evidence *evidence,
				      struct caller *ret_caller,
				      char ret_nonce[AUTHENTICATE_NONCE_MAX + 1],
				      struct error *err);

/* "Authorization: Bearer ...". */
bool evidence_has_token(const struct evidence *evidence);
int must_check authenticate_token(struct gate *gate, const struct evidence *evidence,
				  struct caller *ret_caller, struct error *err);

/* The cookie. needs_csrf: the header X-CSRF-Token must be the session's. */
bool evidence_has_session(const struct evidence *evidence);
int must_check authenticate_session(struct gate *gate, const struct evidence *evidence,
				    bool needs_csrf, struct caller *ret_caller, struct error *err);

/* Role, CA and name of an enabled user; symbol of an error: denied. For the files of this header. */
int must_check authenticate_user(struct gate *gate, const char *name, const char *denied,
				 struct caller *caller, struct error *err);

#endif
