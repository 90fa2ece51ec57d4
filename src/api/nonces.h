/*
 * api/nonces.h - signed requests that were seen already: each may come once.
 *
 * A nonce is remembered for as long as its request's time stamp would still be accepted. The table has an
 * upper bound; when it is full of what may not be forgotten yet, new requests must wait.
 */
#ifndef SALLYPORT_API_NONCES_H
#define SALLYPORT_API_NONCES_H

#include <stdint.h>

struct nonces;

/* limit: how many at once. */
struct nonces *nonces_new(uint32_t limit);
void nonces_free(struct nonces *nonces); /* NULL is fine */

enum nonce_answer { NONCE_NEW, NONCE_SEEN, NONCE_FULL };
/* Remembers it until keep_until (seconds, at most NONCE_KEEP_MAX_S ahead of now). */
enum nonce_answer nonces_take(struct nonces *nonces, const char *access_key, const char *nonce,
			      int64_t now, int64_t keep_until);

#define NONCE_KEEP_MAX_S 1900

#endif
