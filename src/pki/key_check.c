/* Keys that others made: BR 6.1.1.3, 6.1.5 and 6.1.6. Sizes first: they bound the cost of the rest. */
#include <stdio.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include "pki/key.h"

#define FERMAT_ROUNDS 100

static const RSA *rsa_of(const EVP_PKEY *key)
{
	return EVP_PKEY_id(key) == EVP_PKEY_RSA ? EVP_PKEY_get0_RSA(key) : NULL;
}

const char *key_check_modulus_size(const EVP_PKEY *key, char *why, size_t size)
{
	unsigned int bits;

	if (rsa_of(key) == NULL)
		return NULL;
	bits = RSA_bits(rsa_of(key));
	if (bits >= 2048 && bits <= 8192 && bits % 8 == 0)
		return NULL;
	snprintf(why, size, "an RSA key of %u bits; 2048 to 8192 in steps of 8 are allowed", bits);
	return why;
}

const char *key_check_exponent(const EVP_PKEY *key, char *why, size_t size)
{
	const BIGNUM *exponent = NULL;

	if (rsa_of(key) == NULL)
		return NULL;
	RSA_get0_key(rsa_of(key), NULL, &exponent, NULL);
	if (exponent != NULL && BN_is_odd(exponent) && BN_cmp_word(exponent, 65537) >= 0 &&
	    BN_num_bits(exponent) <= 256)
		return NULL;
	snprintf(why, size, "an RSA exponent that is even, below 65537 or over 256 bits");
	return why;
}

/* Primes below 752. */
static const uint16_t small_primes[] = {
	2,   3,	  5,   7,   11,	 13,  17,  19,	23,  29,  31,  37,  41,	 43,  47,  53,	59,
	61,  67,  71,  73,  79,	 83,  89,  97,	101, 103, 107, 109, 113, 127, 131, 137, 139,
	149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233,
	239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337,
	347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439,
	443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557,
	563, 569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619, 631, 641, 643, 647, 653,
	659, 661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743, 751,
};

#define SMALL_PRIMES (sizeof(small_primes) / sizeof(small_primes[0]))

const char *key_check_modulus(const EVP_PKEY *key, char *why, size_t size)
{
	const BIGNUM *modulus = NULL;
	size_t i;

	if (rsa_of(key) == NULL)
		return NULL;
	RSA_get0_key(rsa_of(key), &modulus, NULL, NULL);
	for (i = 0; i < SMALL_PRIMES; i++) {
		if (modulus != NULL && BN_mod_word(modulus, small_primes[i]) != 0)
			continue;
		snprintf(why, size, "an RSA modulus with the factor %u", small_primes[i]);
		return why;
	}
	return NULL;
}

/* Is modulus, mod each prime, a power of 65537? So are those that the library of CVE-2017-15361
 * made, and one in 10^18 of all others. */
static bool looks_like_roca(const BIGNUM *modulus)
{
	size_t i;

	for (i = 1; i < SMALL_PRIMES && small_primes[i] <= 167; i++) {
		unsigned long prime = small_primes[i];
		unsigned long wanted = (unsigned long)BN_mod_word(modulus, prime);
		unsigned long power = 1;
		unsigned long n;

		for (n = 0; n < prime && power != wanted; n++)
			power = power * 65537 % prime;
		if (power != wanted)
			return false;
	}
	return true;
}

/* The smallest a with a * a >= value, by Newton's method from above. */
static bool round_root_up(BIGNUM *a, const BIGNUM *value, BN_CTX *context)
{
	BIGNUM *next = BN_CTX_get(context);

	if (next == NULL)
		return false;
	BN_zero(a);
	if (BN_set_bit(a, (int)(BN_num_bits(value) + 1) / 2) != 1)
		return false;
	for (;;) {
		if (BN_div(next, NULL, value, a, context) != 1 || BN_add(next, next, a) != 1 ||
		    BN_rshift1(next, next) != 1)
			return false;
		if (BN_cmp(next, a) >= 0)
			break;
		if (BN_copy(a, next) == NULL)
			return false;
	}
	if (BN_sqr(next, a, context) != 1)
		return false;
	return BN_cmp(next, value) >= 0 || BN_add_word(a, 1) == 1;
}

/* Most numbers are told from squares by their remainders; only what is left costs a root. */
static bool is_square(const BIGNUM *value, BN_CTX *context)
{
	BIGNUM *root = BN_CTX_get(context);
	bool found;
	size_t i;

	for (i = 1; i < 12; i++) {
		unsigned long prime = small_primes[i];
		unsigned long wanted = (unsigned long)BN_mod_word(value, prime);
		unsigned long n;

		for (n = 0; n < prime && n * n % prime != wanted; n++)
			;
		if (n == prime)
			return false;
	}
	found = root != NULL && BN_sqrt(root, value, context) == 1;
	ERR_clear_error();
	return found;
}

/* Fermat: with primes close to each other the modulus is a^2 - b^2 with a small b, which is found in
 * few steps (CVE-2022-26320). */
static bool has_close_primes(const BIGNUM *modulus)
{
	BN_CTX *context = BN_CTX_new();
	bool found = false;
	BIGNUM *a, *square;
	int i;

	if (context == NULL)
		return false;
	BN_CTX_start(context);
	a = BN_CTX_get(context);
	square = BN_CTX_get(context);
	if (a != NULL && square != NULL && round_root_up(a, modulus, context)) {
		for (i = 0; i < FERMAT_ROUNDS && !found; i++) {
			BN_CTX_start(context);
			found = BN_sqr(square, a, context) == 1 &&
				BN_sub(square, square, modulus) == 1 && is_square(square, context);
			BN_CTX_end(context);
			if (BN_add_word(a, 1) != 1)
				break;
		}
	}
	BN_CTX_end(context);
	BN_CTX_free(context);
	return found;
}

const char *key_check_known_weakness(const EVP_PKEY *key, char *why, size_t size)
{
	const BIGNUM *modulus = NULL;

	if (rsa_of(key) == NULL)
		return NULL;
	RSA_get0_key(rsa_of(key), &modulus, NULL, NULL);
	if (modulus == NULL || BN_num_bits(modulus) > 8192)
		return NULL;
	if (looks_like_roca(modulus))
		snprintf(why, size,
			 "an RSA key of the library with the fault CVE-2017-15361 (ROCA)");
	else if (has_close_primes(modulus))
		snprintf(why, size, "an RSA key whose primes lie too close to each other");
	else
		return NULL;
	return why;
}

/* The parameters and the point of an EC key as they are in spki. */
static bool read_spki(struct bytes spki, CBS *ret_parameters, CBS *ret_point)
{
	CBS cbs, outer, identifier;
	uint8_t unused;

	CBS_init(&cbs, spki.data, spki.len);
	if (!CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &identifier, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&identifier, NULL, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&outer, ret_point, CBS_ASN1_BITSTRING) ||
	    !CBS_get_u8(ret_point, &unused) || unused != 0 || CBS_len(&outer) > 0)
		return false;
	*ret_parameters = identifier;
	return true;
}

const char *key_check_curve(const EVP_PKEY *key, struct bytes spki, char *why, size_t size)
{
	CBS parameters, point;
	int curve;

	if (EVP_PKEY_id(key) == EVP_PKEY_RSA)
		return NULL;
	if (EVP_PKEY_id(key) != EVP_PKEY_EC) {
		snprintf(why, size,
			 "a key that is neither RSA nor of a curve P-256, P-384 or P-521");
		return why;
	}
	curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)));
	if (curve != NID_X9_62_prime256v1 && curve != NID_secp384r1 && curve != NID_secp521r1) {
		snprintf(why, size, "a key of a curve that is not P-256, P-384 or P-521");
		return why;
	}
	if (!read_spki(spki, &parameters, &point) || CBS_len(&point) == 0 ||
	    CBS_data(&point)[0] != 4) {
		snprintf(why, size, "a key whose point is not in the uncompressed form");
		return why;
	}
	return NULL;
}

const char *key_check_encoding(const EVP_PKEY *key, struct bytes spki, char *why, size_t size)
{
	CBS parameters, point;
	uint8_t *der = NULL;
	size_t len = 0;
	bool same;
	CBB cbb;

	if (!read_spki(spki, &parameters, &point) || !CBB_init(&cbb, 600)) {
		snprintf(why, size, "a public key that cannot be read");
		return why;
	}
	same = EVP_marshal_public_key(&cbb, key) && CBB_finish(&cbb, &der, &len) &&
	       bytes_equal((struct bytes){ der, len }, spki);
	if (der == NULL)
		CBB_cleanup(&cbb);
	OPENSSL_free(der);
	ERR_clear_error();
	if (same)
		return NULL;
	snprintf(why, size, "a public key with parameters other than NULL (RSA) or a named curve");
	return why;
}

int key_check(const EVP_PKEY *key, struct bytes spki, const char *what, struct error *err)
{
	char text[128];
	const char *why = key_check_modulus_size(key, text, sizeof(text));

	if (why == NULL)
		why = key_check_exponent(key, text, sizeof(text));
	if (why == NULL)
		why = key_check_modulus(key, text, sizeof(text));
	if (why == NULL)
		why = key_check_known_weakness(key, text, sizeof(text));
	if (why == NULL)
		why = key_check_curve(key, spki, text, sizeof(text));
	if (why == NULL)
		why = key_check_encoding(key, spki, text, sizeof(text));
	if (why == NULL)
		return 0;
	error_set(err, ERROR_INVALID, "%s cannot be used: it is %s", what, why);
	return error_hint(err, "Make a new key: RSA of 2048 bits or more, or of the curve P-256.");
}
