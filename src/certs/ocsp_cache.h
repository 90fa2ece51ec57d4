/*
 * certs/ocsp_cache.h - signed OCSP answers without a nonce, kept until half of their life is
 * over.
 *
 * Found by the certificates that were asked about. An answer carries the count of changes of its
 * CA: when that has grown since, the answer is not found any more. The least recently used makes
 * room.
 */
#ifndef SALLYPORT_CERTS_OCSP_CACHE_H
#define SALLYPORT_CERTS_OCSP_CACHE_H

#include <stdint.h>
#include "base/bytes.h"
#include "base/sha256.h"

#define OCSP_CACHE_SIZE 4096 /* answers of about 1 KiB */

struct ocsp_cache;

struct ocsp_kept {
	uint8_t question[SHA256_SIZE]; /* hash of the CertIDs */
	uint64_t changes;              /* of the CA, when it was signed */
	int64_t produced_s, next_update_s, until_s;
	struct buffer der;             /* owned */
};

struct ocsp_cache *ocsp_cache_new(void);
void ocsp_cache_free(struct ocsp_cache *cache); /* NULL is fine */
void ocsp_cache_clear(struct ocsp_cache *cache);
/* NULL: none, or none that is good any more. Borrowed until the next call. */
const struct ocsp_kept *ocsp_cache_find(struct ocsp_cache *cache,
					const uint8_t question[SHA256_SIZE], uint64_t changes,
					int64_t now);
/* der is copied. */
void ocsp_cache_put(struct ocsp_cache *cache, const struct ocsp_kept *kept);

#endif
