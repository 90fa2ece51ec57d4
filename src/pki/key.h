/*
 * pki/key.h - the keys of certificates: the kinds that are made here, and what is wrong with others.
 *
 * Keys are EVP_PKEY; PKCS#8 buffers are wiped by buffer_done(). RSA has e = 65537; ECC_512 is the
 * curve P-521, because no curve of 512 bits is in use. Errors never hold key material.
 */
#ifndef SALLYPORT_PKI_KEY_H
#define SALLYPORT_PKI_KEY_H

#include <openssl/evp.h>
#include "base/bytes.h"

enum key_algorithm { KEY_ALGORITHM_RSA_2048, KEY_ALGORITHM_RSA_4096, KEY_ALGORITHM_ECC_256,
	KEY_ALGORITHM_ECC_384, KEY_ALGORITHM_ECC_512, KEY_ALGORITHM_COUNT };

/* "RSA_2048", in any case. RSA_1024 and SM2_256 are known and refused with the reason. */
int must_check key_algorithm_parse(const char *text, enum key_algorithm *ret_algorithm,
				   struct error *err);

/* NULL on error. RSA takes a tenth of a second and more: not for a thread that others wait for. */
EVP_PKEY *key_generate(enum key_algorithm algorithm, struct error *err);
EVP_PKEY *key_from_pkcs8(struct bytes pkcs8, struct error *err);
int must_check key_to_pkcs8(const EVP_PKEY *key, struct buffer *ret_pkcs8, struct error *err);

/* The SubjectPublicKeyInfo, and back. */
int must_check key_to_spki(const EVP_PKEY *key, struct buffer *ret_spki, struct error *err);
EVP_PKEY *key_from_spki(struct bytes spki, struct error *err);

#define KEY_ID_SIZE 20
/* RFC 7093 2 (1): the left 160 bits of the SHA-256 of the key's BIT STRING. false: not a key. */
bool key_id(struct bytes spki, uint8_t ret_id[KEY_ID_SIZE]);

/* Whatever key it is: "RSA", "ECC", "Ed25519", "other". */
const char *key_family(const EVP_PKEY *key);
/* "RSA_3072", "ECC_256", "Ed25519" */
void key_text(const EVP_PKEY *key, char *ret_text, size_t size);
unsigned int key_bits(const EVP_PKEY *key); /* 512 for P-521: as the API counts */

/* Is it strong and well-made enough to be certified? Each check of pki/lint.h about keys (K01 to K06)
 * by its own; NULL or what is wrong, written to why. */
const char *key_check_modulus_size(const EVP_PKEY *key, char *why, size_t size);
const char *key_check_exponent(const EVP_PKEY *key, char *why, size_t size);
const char *key_check_modulus(const EVP_PKEY *key, char *why, size_t size);
const char *key_check_known_weakness(const EVP_PKEY *key, char *why, size_t size);
const char *key_check_curve(const EVP_PKEY *key, struct bytes spki, char *why, size_t size);
const char *key_check_encoding(const EVP_PKEY *key, struct bytes spki, char *why, size_t size);
/* All of them, for a key that somebody gave us. what: "the key of the CSR". */
int must_check key_check(const EVP_PKEY *key, struct bytes spki, const char *what,
			 struct error *err);

#endif
