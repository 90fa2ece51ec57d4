#include "pki/key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

static const struct kind {
	const char *text;
	int rsa_bits;   /* 0: a curve */
	int curve;
} kinds[KEY_ALGORITHM_COUNT] = {
	[KEY_ALGORITHM_RSA_2048] = { "RSA_2048", 2048, 0 },
	[KEY_ALGORITHM_RSA_4096] = { "RSA_4096", 4096, 0 },
	[KEY_ALGORITHM_ECC_256] = { "ECC_256", 0, NID_X9_62_prime256v1 },
	[KEY_ALGORITHM_ECC_384] = { "ECC_384", 0, NID_secp384r1 },
	[KEY_ALGORITHM_ECC_512] = { "ECC_512", 0, NID_secp521r1 },
};

int key_algorithm_parse(const char *text, enum key_algorithm *ret_algorithm, struct error *err)
{
	size_t i;

	for (i = 0; i < KEY_ALGORITHM_COUNT; i++) {
		if (strcasecmp(text, kinds[i].text) == 0) {
			*ret_algorithm = (enum key_algorithm)i;
			return 0;
		}
	}
	if (strcasecmp(text, "RSA_1024") == 0) {
		error_set(err, ERROR_INVALID,
			  "Algorithm RSA_1024 is not made here: keys of 1024 bits "
			  "can be broken");
		return error_hint(err, "Use RSA_2048 or ECC_256.");
	}
	if (strncasecmp(text, "SM2", 3) == 0) {
		error_set(err, ERROR_INVALID,
			  "Algorithm %.16s is not made here: the TLS library has "
			  "no SM2",
			  text);
		return error_hint(err, "Use ECC_256.");
	}
	return error_set(err, ERROR_INVALID,
			 "Algorithm \"%.32s\" is not one of RSA_2048, RSA_4096, "
			 "ECC_256, ECC_384, ECC_512",
			 text);
}

static EVP_PKEY *generate_rsa(int bits)
{
	RSA *rsa = RSA_new();
	BIGNUM *exponent = BN_new();
	EVP_PKEY *key = EVP_PKEY_new();

	if (rsa == NULL || exponent == NULL || key == NULL || BN_set_word(exponent, RSA_F4) != 1 ||
	    RSA_generate_key_ex(rsa, bits, exponent, NULL) != 1 ||
	    EVP_PKEY_set1_RSA(key, rsa) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	BN_free(exponent);
	RSA_free(rsa);
	return key;
}

static EVP_PKEY *generate_ec(int curve)
{
	EC_KEY *ec = EC_KEY_new_by_curve_name(curve);
	EVP_PKEY *key = EVP_PKEY_new();

	if (ec == NULL || key == NULL || EC_KEY_generate_key(ec) != 1 ||
	    EVP_PKEY_set1_EC_KEY(key, ec) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	EC_KEY_free(ec);
	return key;
}

EVP_PKEY *key_generate(enum key_algorithm algorithm, struct error *err)
{
	const struct kind *kind = &kinds[algorithm];
	EVP_PKEY *key =
		kind->rsa_bits > 0 ? generate_rsa(kind->rsa_bits) : generate_ec(kind->curve);

	if (key == NULL)
		error_set(err, ERROR_SYSTEM, "could not make a key of the kind %s", kind->text);
	ERR_clear_error();
	return key;
}

EVP_PKEY *key_from_pkcs8(struct bytes pkcs8, struct error *err)
{
	EVP_PKEY *key;
	CBS cbs;

	CBS_init(&cbs, pkcs8.data, pkcs8.len);
	key = EVP_parse_private_key(&cbs);
	if (key != NULL && CBS_len(&cbs) > 0) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	if (key == NULL)
		error_set(err, ERROR_INVALID, "the private key cannot be read");
	ERR_clear_error();
	return key;
}

/* Takes over what cbb holds. */
static int finish(CBB *cbb, bool made, struct buffer *ret_buffer)
{
	uint8_t *der = NULL;
	size_t len = 0;

	if (!made || !CBB_finish(cbb, &der, &len)) {
		CBB_cleanup(cbb);
		ERR_clear_error();
		return -1;
	}
	buffer_done(ret_buffer);
	buffer_append(ret_buffer, der, len);
	OPENSSL_cleanse(der, len);
	OPENSSL_free(der);
	return 0;
}

int key_to_pkcs8(const EVP_PKEY *key, struct buffer *ret_pkcs8, struct error *err)
{
	CBB cbb;
	bool made = CBB_init(&cbb, 4096) && EVP_marshal_private_key(&cbb, key);

	if (finish(&cbb, made, ret_pkcs8) < 0)
		return error_set(err, ERROR_INVALID, "could not encode the private key");
	return 0;
}

int key_to_spki(const EVP_PKEY *key, struct buffer *ret_spki, struct error *err)
{
	CBB cbb;
	bool made = CBB_init(&cbb, 600) && EVP_marshal_public_key(&cbb, key);

	if (finish(&cbb, made, ret_spki) < 0)
		return error_set(err, ERROR_INVALID, "could not encode the public key");
	return 0;
}

EVP_PKEY *key_from_spki(struct bytes spki, struct error *err)
{
	EVP_PKEY *key;
	CBS cbs;

	CBS_init(&cbs, spki.data, spki.len);
	key = EVP_parse_public_key(&cbs);
	if (key != NULL && CBS_len(&cbs) > 0) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	if (key == NULL)
		error_set(err, ERROR_INVALID, "the public key is of a kind that is not known here");
	ERR_clear_error();
	return key;
}

bool key_id(struct bytes spki, uint8_t ret_id[KEY_ID_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	CBS cbs, outer, bits;
	uint8_t unused;

	CBS_init(&cbs, spki.data, spki.len);
	if (!CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, NULL, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &bits, CBS_ASN1_BITSTRING) || !CBS_get_u8(&bits, &unused))
		return false;
	SHA256(CBS_data(&bits), CBS_len(&bits), digest);
	memcpy(ret_id, digest, KEY_ID_SIZE);
	return true;
}

const char *key_family(const EVP_PKEY *key)
{
	switch (EVP_PKEY_id(key)) {
	case EVP_PKEY_RSA:
		return "RSA";
	case EVP_PKEY_EC:
		return "ECC";
	case EVP_PKEY_ED25519:
		return "Ed25519";
	default:
		return "other";
	}
}

unsigned int key_bits(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_bits(key);

	return EVP_PKEY_id(key) == EVP_PKEY_EC && bits == 521 ? 512 : (unsigned int)bits;
}

void key_text(const EVP_PKEY *key, char *ret_text, size_t size)
{
	if (EVP_PKEY_id(key) == EVP_PKEY_RSA || EVP_PKEY_id(key) == EVP_PKEY_EC)
		snprintf(ret_text, size, "%s_%u", key_family(key), key_bits(key));
	else
		snprintf(ret_text, size, "%s", key_family(key));
}
