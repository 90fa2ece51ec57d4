/*
 * base/sha256.h - SHA-256 (FIPS 180-4), for content hashes.
 *
 * The TLS library has a faster one. This one is here because objects of a document are addressed by
 * their hash, and documents are made and read by code that must not depend on a TLS library. It is
 * not used where secrets are: nothing about it is hardened against side channels.
 */
#ifndef SALLYPORT_BASE_SHA256_H
#define SALLYPORT_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t total; /* bytes so far */
	uint8_t block[64];
	size_t used; /* of block */
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *data, size_t len);
void sha256_final(struct sha256 *hash, uint8_t ret_digest[SHA256_SIZE]);

#endif
