#include "pki/pbe.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/cipher.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "pki/oid.h"

#define SALT_SIZE 16
#define PBES1_SALT_SIZE 8
#define KEY_MAX 32
#define IV_MAX 16

static const struct bytes pbes2_oid = OID_PKCS5(0x0d);
static const struct bytes pbkdf2_oid = OID_PKCS5(0x0c);
static const struct bytes hmac_sha256_oid = OID_RSADSI_DIGEST(9);
static const struct bytes aes_256_cbc_oid = OID_NIST_AES(0x2a);

struct cipher_name {
	struct bytes oid;
	const EVP_CIPHER *(*cipher)(void); /* NULL: refused by this name */
	const char *name;
};

static const struct cipher_name pbes2_ciphers[] = {
	{ OID_NIST_AES(0x02), EVP_aes_128_cbc, "AES-128-CBC" },
	{ OID_NIST_AES(0x16), EVP_aes_192_cbc, "AES-192-CBC" },
	{ OID_NIST_AES(0x2a), EVP_aes_256_cbc, "AES-256-CBC" },
	{ OID_RSADSI_CIPHER(7), EVP_des_ede3_cbc, "3DES" },
	{ OID_RSADSI_CIPHER(2), NULL, "RC2" },
	{ OID(0x2b, 0x0e, 0x03, 0x02, 0x07), NULL, "DES" },
};

/* With SHA-1 and the key derivation of PKCS#12. */
static const struct cipher_name pbes1_ciphers[] = {
	{ OID_PKCS12_PBE(3), EVP_des_ede3_cbc, "3DES" },
	{ OID_PKCS12_PBE(5), EVP_rc2_cbc, "128-bit RC2" },
	{ OID_PKCS12_PBE(6), EVP_rc2_40_cbc, "40-bit RC2" },
	{ OID_PKCS12_PBE(1), NULL, "RC4" },
	{ OID_PKCS12_PBE(2), NULL, "RC4" },
	{ OID_PKCS12_PBE(4), NULL, "two-key 3DES" },
	{ OID_PKCS5(1), NULL, "MD2 and DES" },
	{ OID_PKCS5(3), NULL, "MD5 and DES" },
	{ OID_PKCS5(4), NULL, "MD2 and RC2" },
	{ OID_PKCS5(6), NULL, "MD5 and RC2" },
	{ OID_PKCS5(10), NULL, "SHA-1 and DES" },
	{ OID_PKCS5(11), NULL, "SHA-1 and RC2" },
};

static int find_cipher(const struct cipher_name *names, size_t count, struct bytes oid,
		       const EVP_CIPHER **ret_cipher, struct error *err)
{
	size_t i;

	for (i = 0; i < count && !bytes_equal(names[i].oid, oid); i++)
		;
	if (i < count && names[i].cipher != NULL) {
		*ret_cipher = names[i].cipher();
		return 0;
	}
	error_set(err, ERROR_INVALID, "it is encrypted with %s, which is not supported",
		  i < count ? names[i].name : "an unknown cipher");
	return error_hint(err, "Convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW, or "
			  "for PKCS#12: openssl pkcs12 -legacy -in FILE -out ALL.pem");
}

static int say_wrong_password(struct error *err)
{
	ERR_clear_error();
	error_set(err, ERROR_INVALID, "the password does not open it");
	return error_symbol(err, "IllegalParam.Password");
}

static int run_cipher(const EVP_CIPHER *cipher, bool encrypts, const uint8_t *key,
		      const uint8_t *iv, struct bytes in, struct buffer *ret_out)
{
	uint8_t *out = memory_new(in.len + EVP_MAX_BLOCK_LENGTH);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int first = 0, last = 0;
	bool good = context != NULL && in.len <= INT32_MAX &&
		    EVP_CipherInit_ex(context, cipher, NULL, key, iv, encrypts) &&
		    EVP_CipherUpdate(context, out, &first, in.data, (int)in.len) &&
		    EVP_CipherFinal_ex(context, out + first, &last);

	EVP_CIPHER_CTX_free(context);
	if (good) {
		buffer_done(ret_out);
		buffer_append(ret_out, out, (size_t)first + (size_t)last);
	}
	memory_wipe(out, in.len + EVP_MAX_BLOCK_LENGTH);
	free(out);
	return good ? 0 : -1;
}

static int decrypt_pbes1(struct pbe *pbe, struct bytes oid, CBS *parameters,
			 struct bytes encrypted, struct buffer *ret_plain, struct error *err)
{
	uint8_t key[KEY_MAX], iv[IV_MAX];
	const EVP_CIPHER *cipher;
	CBS content, salt;
	uint64_t iterations;
	int status;

	if (find_cipher(pbes1_ciphers, sizeof(pbes1_ciphers) / sizeof(pbes1_ciphers[0]), oid,
			&cipher, err) < 0)
		return -1;
	if (!CBS_get_asn1(parameters, &content, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&content, &salt, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1_uint64(&content, &iterations) || CBS_len(&content) > 0)
		return error_set(err, ERROR_INVALID, "its encryption parameters are damaged");
	if (pbe_derive_pkcs12(pbe, EVP_sha1(), 1, cbs_bytes(&salt), iterations, key,
			      EVP_CIPHER_key_length(cipher), err) < 0 ||
	    pbe_derive_pkcs12(pbe, EVP_sha1(), 2, cbs_bytes(&salt), iterations, iv,
			      EVP_CIPHER_iv_length(cipher), err) < 0)
		return -1;
	status = run_cipher(cipher, false, key, iv, encrypted, ret_plain);
	memory_wipe(key, sizeof(key));
	return status < 0 ? say_wrong_password(err) : 0;
}

/* PBES2-params ::= SEQUENCE { keyDerivationFunc, encryptionScheme }: RFC 8018 A.4 */
static int decrypt_pbes2(struct pbe *pbe, CBS *parameters, struct bytes encrypted,
			 struct buffer *ret_plain, struct error *err)
{
	const EVP_CIPHER *cipher;
	CBS content, derivation, scheme, oid, iv;
	uint8_t key[KEY_MAX];
	int status;

	if (!CBS_get_asn1(parameters, &content, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&content, &derivation, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&content, &scheme, CBS_ASN1_SEQUENCE) || CBS_len(&content) > 0 ||
	    !CBS_get_asn1(&scheme, &oid, CBS_ASN1_OBJECT))
		return error_set(err, ERROR_INVALID, "its encryption parameters are damaged");
	if (find_cipher(pbes2_ciphers, sizeof(pbes2_ciphers) / sizeof(pbes2_ciphers[0]),
			cbs_bytes(&oid), &cipher, err) < 0)
		return -1;
	if (!CBS_get_asn1(&scheme, &iv, CBS_ASN1_OCTETSTRING) ||
	    CBS_len(&iv) != EVP_CIPHER_iv_length(cipher))
		return error_set(err, ERROR_INVALID, "its encryption parameters are damaged");
	if (pbe_derive(pbe, &derivation, key, EVP_CIPHER_key_length(cipher), err) < 0)
		return -1;
	status = run_cipher(cipher, false, key, CBS_data(&iv), encrypted, ret_plain);
	memory_wipe(key, sizeof(key));
	return status < 0 ? say_wrong_password(err) : 0;
}

int pbe_decrypt(struct pbe *pbe, struct bytes algorithm, struct bytes encrypted,
		struct buffer *ret_plain, struct error *err)
{
	CBS cbs, oid;

	CBS_init(&cbs, algorithm.data, algorithm.len);
	if (!CBS_get_asn1(&cbs, &oid, CBS_ASN1_OBJECT))
		return error_set(err, ERROR_INVALID, "its encryption parameters are damaged");
	if (bytes_equal(cbs_bytes(&oid), pbes2_oid))
		return decrypt_pbes2(pbe, &cbs, encrypted, ret_plain, err);
	return decrypt_pbes1(pbe, cbs_bytes(&oid), &cbs, encrypted, ret_plain, err);
}

/* RFC 8018 A.2: the key length is left out (it follows from the cipher), the PRF has its NULL. */
static bool add_pbkdf2(CBB *out, struct bytes salt, uint32_t iterations)
{
	CBB algorithm, parameters, prf, null;

	return CBB_add_asn1(out, &algorithm, CBS_ASN1_SEQUENCE) && oid_add(&algorithm, pbkdf2_oid) &&
	       CBB_add_asn1(&algorithm, &parameters, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1_octet_string(&parameters, salt.data, salt.len) &&
	       CBB_add_asn1_uint64(&parameters, iterations) &&
	       CBB_add_asn1(&parameters, &prf, CBS_ASN1_SEQUENCE) &&
	       oid_add(&prf, hmac_sha256_oid) && CBB_add_asn1(&prf, &null, CBS_ASN1_NULL) &&
	       CBB_flush(out);
}

static bool add_pbes2(CBB *out, struct bytes salt, uint32_t iterations, const uint8_t *iv)
{
	CBB algorithm, parameters, scheme;

	return CBB_add_asn1(out, &algorithm, CBS_ASN1_SEQUENCE) && oid_add(&algorithm, pbes2_oid) &&
	       CBB_add_asn1(&algorithm, &parameters, CBS_ASN1_SEQUENCE) &&
	       add_pbkdf2(&parameters, salt, iterations) &&
	       CBB_add_asn1(&parameters, &scheme, CBS_ASN1_SEQUENCE) &&
	       oid_add(&scheme, aes_256_cbc_oid) && CBB_add_asn1_octet_string(&scheme, iv, IV_MAX) &&
	       CBB_flush(out);
}

/* RFC 7292 C: the salt has the 8 octets that every reader expects. */
static bool add_pbes1(CBB *out, struct bytes salt, uint32_t iterations)
{
	CBB algorithm, parameters;

	return CBB_add_asn1(out, &algorithm, CBS_ASN1_SEQUENCE) &&
	       oid_add(&algorithm, pbes1_ciphers[0].oid) &&
	       CBB_add_asn1(&algorithm, &parameters, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1_octet_string(&parameters, salt.data, salt.len) &&
	       CBB_add_asn1_uint64(&parameters, iterations) && CBB_flush(out);
}

static int derive(enum pbe_scheme scheme, const char *password, uint32_t iterations,
		  struct bytes salt, uint8_t key[KEY_MAX], uint8_t iv[IV_MAX], struct error *err)
{
	struct pbe pbe = pbe_begin(password);

	if (scheme == PBE_COMPATIBLE) {
		if (pbe_derive_pkcs12(&pbe, EVP_sha1(), 1, salt, iterations, key, 24, err) < 0)
			return -1;
		return pbe_derive_pkcs12(&pbe, EVP_sha1(), 2, salt, iterations, iv, 8, err);
	}
	if (RAND_bytes(iv, IV_MAX) &&
	    PKCS5_PBKDF2_HMAC(password, strlen(password), salt.data, salt.len, iterations,
			      EVP_sha256(), KEY_MAX, key))
		return 0;
	return error_set(err, ERROR_SYSTEM, "could not derive a key from the password");
}

int pbe_encrypt(enum pbe_scheme scheme, const char *password, uint32_t iterations,
		struct bytes plain, CBB *out, CBS_ASN1_TAG tag, struct error *err)
{
	const EVP_CIPHER *cipher = scheme == PBE_MODERN ? EVP_aes_256_cbc() : EVP_des_ede3_cbc();
	uint8_t salt[SALT_SIZE], iv[IV_MAX], key[KEY_MAX];
	struct bytes used = { salt, scheme == PBE_MODERN ? SALT_SIZE : PBES1_SALT_SIZE };
	struct buffer encrypted = { 0 };
	CBB content;
	bool good;

	RAND_bytes(salt, sizeof(salt));
	if (derive(scheme, password, iterations, used, key, iv, err) < 0)
		return -1;
	good = run_cipher(cipher, true, key, iv, plain, &encrypted) == 0 &&
	       (scheme == PBE_MODERN ? add_pbes2(out, used, iterations, iv)
				     : add_pbes1(out, used, iterations)) &&
	       CBB_add_asn1(out, &content, tag) &&
	       CBB_add_bytes(&content, encrypted.data, encrypted.len) && CBB_flush(out);
	memory_wipe(key, sizeof(key));
	buffer_done(&encrypted);
	return good ? 0 : error_set(err, ERROR_SYSTEM, "could not encrypt under the password");
}
