/*
 * store/seal.h - secrets at rest: private keys, secrets of access keys, kept replies.
 *
 * Each secret has a random key of its own (AES-256-GCM); that key is wrapped by a key derived from the
 * master key (HKDF-SHA256, salted with the store's id). Both are bound to what the secret is and where
 * it lies: moved to another row, another store, or with another flag it does not open.
 *
 *   version 1 | id of the wrapping key 8 | nonce 12, key 32, tag 16 | nonce 12, secret, tag 16
 */
#ifndef SALLYPORT_STORE_SEAL_H
#define SALLYPORT_STORE_SEAL_H

#include "base/bytes.h"

struct seal_key {
	uint8_t key[32];
	uint8_t id[8];
};

/* What a secret is bound to. */
struct seal_place {
	const char *store_id, *table, *row, *purpose;
	const uint8_t *digest; /* 32 bytes: of the public key, or NULL */
	bool flag;             /* a key that may be exported */
};

int must_check seal_key_init(struct seal_key *key, const uint8_t master_key[32],
			     const char *store_id, struct error *err);
void seal_key_done(struct seal_key *key); /* wipes */

int must_check seal_close(const struct seal_key *key, const struct seal_place *place,
			  struct bytes secret, struct buffer *ret_sealed, struct error *err);
int must_check seal_open(const struct seal_key *key, const struct seal_place *place,
			 struct bytes sealed, struct buffer *ret_secret, struct error *err);

#endif
