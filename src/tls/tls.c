#include "tls/tls.h"

#include <openssl/aead.h>
#include <openssl/crypto.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/nid.h>
#include <openssl/rand.h>

#include "tls/ticket.h"

static int sign_once(const uint8_t digest[32])
{
	EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	uint8_t signature[80];
	unsigned int len = sizeof(signature);
	int done = key != NULL && EC_KEY_generate_key(key) == 1 &&
		   ECDSA_sign(0, digest, 32, signature, &len, key) == 1;

	EC_KEY_free(key);
	return done;
}

static int seal_once(const uint8_t key[32])
{
	static const uint8_t nonce[12];
	EVP_AEAD_CTX ctx;
	uint8_t out[64];
	size_t len;
	int done;

	if (EVP_AEAD_CTX_init(&ctx, EVP_aead_aes_256_gcm(), key, 32, 16, NULL) != 1)
		return 0;
	done = EVP_AEAD_CTX_seal(&ctx, out, &len, sizeof(out), nonce, 12, key, 16, NULL, 0);
	EVP_AEAD_CTX_cleanup(&ctx);
	return done;
}

int tls_init(struct error *err)
{
	uint8_t random[32];

	CRYPTO_pre_sandbox_init();
	if (RAND_bytes(random, sizeof(random)) != 1 || !sign_once(random) || !seal_once(random) ||
	    ticket_keys_init() < 0)
		return error_set(err, ERROR_SYSTEM, "could not start the TLS library");
	OPENSSL_cleanse(random, sizeof(random));
	return 0;
}
