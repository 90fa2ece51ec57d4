/* Keys from passwords: PBKDF2, scrypt and the derivation of PKCS#12, each paid for beforehand. */
#include <string.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include "pki/oid.h"
#include "pki/pbe.h"

#define BLOCK_MAX 128 /* of SHA-512 */

struct digest_name {
	struct bytes hash, hmac;
	const EVP_MD *(*digest)(void);
};

static const struct digest_name digests[] = {
	{ OID(0x2b, 0x0e, 0x03, 0x02, 0x1a), OID_RSADSI_DIGEST(7), EVP_sha1 },
	{ OID_NIST_HASH(4), OID_RSADSI_DIGEST(8), EVP_sha224 },
	{ OID_NIST_HASH(1), OID_RSADSI_DIGEST(9), EVP_sha256 },
	{ OID_NIST_HASH(2), OID_RSADSI_DIGEST(10), EVP_sha384 },
	{ OID_NIST_HASH(3), OID_RSADSI_DIGEST(11), EVP_sha512 },
};

static const struct bytes pbkdf2_oid = OID_PKCS5(0x0c);
static const struct bytes scrypt_oid = OID(0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b);

struct pbe pbe_begin(const char *password)
{
	return (struct pbe){ .password = password, .work_left = PBE_WORK_MAX };
}

const EVP_MD *pbe_digest(struct bytes oid)
{
	size_t i;

	for (i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
		if (bytes_equal(oid, digests[i].hash))
			return digests[i].digest();
	return NULL;
}

const EVP_MD *pbe_hmac_digest(struct bytes oid)
{
	size_t i;

	for (i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
		if (bytes_equal(oid, digests[i].hmac))
			return digests[i].digest();
	return NULL;
}

static int need_password(const struct pbe *pbe, struct error *err)
{
	if (pbe->password == NULL) {
		error_set(err, ERROR_INVALID, "it is encrypted: its password is needed");
		return error_symbol(err, "MissingParam.Password");
	}
	if (strlen(pbe->password) <= PBE_PASSWORD_MAX)
		return 0;
	error_set(err, ERROR_INVALID, "the password has more than %d bytes", PBE_PASSWORD_MAX);
	return error_symbol(err, "IllegalParam.Password");
}

static int pay(struct pbe *pbe, uint64_t iterations, uint64_t blocks, struct error *err)
{
	if (iterations == 0)
		return error_set(err, ERROR_INVALID, "its key derivation has no iterations");
	if (iterations > PBE_ITERATIONS_MAX)
		return error_set(err, ERROR_LIMIT, "it asks for %llu iterations; the limit is %d",
				 (unsigned long long)iterations, PBE_ITERATIONS_MAX);
	if (iterations * blocks > pbe->work_left)
		return error_set(err, ERROR_LIMIT,
				 "its key derivations take more work than %d iterations in all",
				 PBE_WORK_MAX);
	pbe->work_left -= iterations * blocks;
	return 0;
}

/* PBKDF2-params: RFC 8018 A.2. The PRF may lack the NULL of its parameters, as NSS and GnuTLS write. */
static int derive_pbkdf2(struct pbe *pbe, CBS *parameters, uint8_t *ret_key, size_t len,
			 struct error *err)
{
	const EVP_MD *digest = EVP_sha1();
	CBS content, salt, prf, oid;
	uint64_t iterations, key_length;

	if (!CBS_get_asn1(parameters, &content, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&content, &salt, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1_uint64(&content, &iterations))
		return error_set(err, ERROR_INVALID, "its PBKDF2 parameters are damaged");
	if (CBS_peek_asn1_tag(&content, CBS_ASN1_INTEGER) &&
	    (!CBS_get_asn1_uint64(&content, &key_length) || key_length != len))
		return error_set(err, ERROR_INVALID, "its PBKDF2 key length does not fit its cipher");
	if (CBS_len(&content) > 0) {
		if (!CBS_get_asn1(&content, &prf, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&prf, &oid, CBS_ASN1_OBJECT) || CBS_len(&content) > 0)
			return error_set(err, ERROR_INVALID, "its PBKDF2 parameters are damaged");
		digest = pbe_hmac_digest(cbs_bytes(&oid));
	}
	if (digest == NULL)
		return error_set(err, ERROR_INVALID,
				 "its PBKDF2 has a hash other than SHA-1, 224, 256, 384 and 512");
	if (pay(pbe, iterations, (len + EVP_MD_size(digest) - 1) / EVP_MD_size(digest), err) < 0)
		return -1;
	if (!PKCS5_PBKDF2_HMAC(pbe->password, strlen(pbe->password), CBS_data(&salt), CBS_len(&salt),
			       (uint32_t)iterations, digest, len, ret_key))
		return error_set(err, ERROR_SYSTEM, "could not derive a key from the password");
	return 0;
}

/* scrypt-params: RFC 7914 7.1 */
static int derive_scrypt(struct pbe *pbe, CBS *parameters, uint8_t *ret_key, size_t len,
			 struct error *err)
{
	CBS content, salt;
	uint64_t cost, block, parallel, key_length;

	if (!CBS_get_asn1(parameters, &content, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&content, &salt, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1_uint64(&content, &cost) || !CBS_get_asn1_uint64(&content, &block) ||
	    !CBS_get_asn1_uint64(&content, &parallel) ||
	    (CBS_len(&content) > 0 &&
	     (!CBS_get_asn1_uint64(&content, &key_length) || key_length != len)) ||
	    CBS_len(&content) > 0 || cost < 2 || block == 0 || parallel == 0)
		return error_set(err, ERROR_INVALID, "its scrypt parameters are damaged");
	if (block > 64 || parallel > 64 || cost > PBE_SCRYPT_MEMORY_MAX / 128 / block)
		return error_set(err, ERROR_LIMIT,
				 "its scrypt asks for more than %u MiB of memory (N %llu, r %llu, p %llu)",
				 PBE_SCRYPT_MEMORY_MAX >> 20, (unsigned long long)cost,
				 (unsigned long long)block, (unsigned long long)parallel);
	if (cost * block * parallel > pbe->work_left)
		return error_set(err, ERROR_LIMIT, "its scrypt asks for too much work (N %llu, r %llu, "
				 "p %llu)", (unsigned long long)cost, (unsigned long long)block,
				 (unsigned long long)parallel);
	pbe->work_left -= cost * block * parallel;
	if (!EVP_PBE_scrypt(pbe->password, strlen(pbe->password), CBS_data(&salt), CBS_len(&salt),
			    cost, block, parallel, PBE_SCRYPT_MEMORY_MAX + (32u << 20), ret_key, len)) {
		ERR_clear_error();
		return error_set(err, ERROR_INVALID, "its scrypt parameters cannot be used");
	}
	return 0;
}

int pbe_derive(struct pbe *pbe, CBS *in, uint8_t *ret_key, size_t len, struct error *err)
{
	CBS algorithm, oid;

	if (!CBS_get_asn1(in, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT))
		return error_set(err, ERROR_INVALID, "its key derivation is damaged");
	if (need_password(pbe, err) < 0)
		return -1;
	if (bytes_equal(cbs_bytes(&oid), pbkdf2_oid))
		return derive_pbkdf2(pbe, &algorithm, ret_key, len, err);
	if (bytes_equal(cbs_bytes(&oid), scrypt_oid))
		return derive_scrypt(pbe, &algorithm, ret_key, len, err);
	return error_set(err, ERROR_INVALID, "its key derivation is neither PBKDF2 nor scrypt");
}

/* Copies of text one after another until whole blocks are full; nothing stays nothing. */
static void append_blocks(struct buffer *out, struct bytes text, size_t block)
{
	size_t total = text.len == 0 ? 0 : (text.len + block - 1) / block * block;
	size_t done;

	for (done = 0; done < total; done += text.len)
		buffer_append(out, text.data, total - done < text.len ? total - done : text.len);
}

/* RFC 7292 B.2 step 6 C: I_j = (I_j + B + 1) mod 2^v. */
static void add_to_blocks(struct buffer *input, const uint8_t *addend, size_t block)
{
	size_t at, i;

	for (at = 0; at < input->len; at += block) {
		unsigned int carry = 1;

		for (i = block; i-- > 0;) {
			carry += (unsigned int)input->data[at + i] + addend[i];
			input->data[at + i] = (uint8_t)carry;
			carry >>= 8;
		}
	}
}

/* RFC 7292 B.2 step 6 A: the hash of diversifier and input, hashed again and again. */
static bool hash_round(const EVP_MD *digest, uint8_t purpose, const struct buffer *input,
		       uint64_t iterations, uint8_t *ret_hash)
{
	uint8_t diversifier[BLOCK_MAX];
	unsigned int len = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	memset(diversifier, purpose, sizeof(diversifier));
	good = context != NULL && EVP_DigestInit_ex(context, digest, NULL) &&
	       EVP_DigestUpdate(context, diversifier, EVP_MD_block_size(digest)) &&
	       EVP_DigestUpdate(context, input->data, input->len) &&
	       EVP_DigestFinal_ex(context, ret_hash, &len);
	while (good && --iterations > 0)
		good = EVP_DigestInit_ex(context, digest, NULL) &&
		       EVP_DigestUpdate(context, ret_hash, len) &&
		       EVP_DigestFinal_ex(context, ret_hash, &len);
	EVP_MD_CTX_free(context);
	return good;
}

static bool derive_rounds(const EVP_MD *digest, uint8_t purpose, struct buffer *input,
			  uint64_t iterations, uint8_t *ret_key, size_t len)
{
	size_t block = EVP_MD_block_size(digest), size = EVP_MD_size(digest);
	uint8_t hash[EVP_MAX_MD_SIZE], addend[BLOCK_MAX];
	bool good = true;
	size_t i;

	while (good && len > 0) {
		size_t part = len < size ? len : size;

		good = hash_round(digest, purpose, input, iterations, hash);
		memcpy(ret_key, hash, part);
		ret_key += part;
		len -= part;
		for (i = 0; i < block; i++)
			addend[i] = hash[i % size];
		add_to_blocks(input, addend, block);
	}
	memory_wipe(hash, sizeof(hash));
	memory_wipe(addend, sizeof(addend));
	return good;
}

int pbe_derive_pkcs12(struct pbe *pbe, const EVP_MD *digest, uint8_t purpose, struct bytes salt,
		      uint64_t iterations, uint8_t *ret_key, size_t len, struct error *err)
{
	struct buffer password = { 0 }, input = { 0 };
	int status = -1;

	if (need_password(pbe, err) < 0 ||
	    pay(pbe, iterations, (len + EVP_MD_size(digest) - 1) / EVP_MD_size(digest), err) < 0 ||
	    pbe_utf16(pbe->password, !pbe->bare, &password, err) < 0)
		return -1;
	append_blocks(&input, salt, EVP_MD_block_size(digest));
	append_blocks(&input, buffer_bytes(&password), EVP_MD_block_size(digest));
	if (derive_rounds(digest, purpose, &input, iterations, ret_key, len))
		status = 0;
	else
		error_set(err, ERROR_SYSTEM, "could not derive a key from the password");
	buffer_done(&password);
	buffer_done(&input);
	return status;
}

/* The next character of UTF-8; -1: it is none. */
static int64_t next_character(const uint8_t **at)
{
	static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
	uint8_t first = *(*at)++;
	unsigned int more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	uint32_t value = first < 0x80 ? first : first & (0x3fu >> more);
	unsigned int i;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4)
		return -1;
	for (i = 0; i < more; i++, (*at)++) {
		if ((**at & 0xc0) != 0x80)
			return -1;
		value = value << 6 | (**at & 0x3f);
	}
	return value < smallest[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ?
	       -1 : (int64_t)value;
}

static void append_unit(struct buffer *out, uint32_t unit)
{
	uint8_t octets[2] = { (uint8_t)(unit >> 8), (uint8_t)unit };

	buffer_append(out, octets, 2);
}

int pbe_utf16(const char *utf8, bool terminated, struct buffer *ret_utf16, struct error *err)
{
	const uint8_t *at = (const uint8_t *)utf8;

	while (*at != '\0') {
		int64_t character = next_character(&at);

		if (character < 0) {
			buffer_done(ret_utf16);
			error_set(err, ERROR_INVALID, "the text is not UTF-8");
			return -1;
		}
		if (character >= 0x10000) {
			append_unit(ret_utf16, 0xd800 + (uint32_t)((character - 0x10000) >> 10));
			append_unit(ret_utf16, 0xdc00 + (uint32_t)((character - 0x10000) & 0x3ff));
		} else {
			append_unit(ret_utf16, (uint32_t)character);
		}
	}
	if (terminated)
		append_unit(ret_utf16, 0);
	return 0;
}
