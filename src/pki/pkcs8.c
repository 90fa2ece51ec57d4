#include "pki/pkcs8.h"

#include <ctype.h>
#include <string.h>
#include <openssl/cipher.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/rsa.h>
#include "pki/pem_write.h"

#define ITERATIONS 100000

static int take_cbb(CBB *cbb, struct buffer *ret_der)
{
	uint8_t *der = NULL;
	size_t len = 0;

	if (!CBB_finish(cbb, &der, &len)) {
		CBB_cleanup(cbb);
		return -1;
	}
	buffer_done(ret_der);
	buffer_append(ret_der, der, len);
	OPENSSL_cleanse(der, len);
	OPENSSL_free(der);
	return 0;
}

int pkcs8_encrypt(struct bytes pkcs8, const char *password, struct buffer *ret_der,
		  struct error *err)
{
	CBB cbb, outer;

	if (!CBB_init(&cbb, pkcs8.len + 256) || !CBB_add_asn1(&cbb, &outer, CBS_ASN1_SEQUENCE)) {
		CBB_cleanup(&cbb);
		return error_set(err, ERROR_SYSTEM, "could not encrypt the private key");
	}
	if (pbe_encrypt(PBE_MODERN, password, ITERATIONS, pkcs8, &outer, CBS_ASN1_OCTETSTRING,
			err) < 0) {
		CBB_cleanup(&cbb);
		return -1;
	}
	if (take_cbb(&cbb, ret_der) < 0)
		return error_set(err, ERROR_SYSTEM, "could not encrypt the private key");
	return 0;
}

/* EncryptedPrivateKeyInfo ::= SEQUENCE { AlgorithmIdentifier, OCTET STRING }; PrivateKeyInfo begins
 * with a version instead. */
static bool split(struct bytes der, CBS *ret_algorithm, CBS *ret_encrypted)
{
	CBS cbs, outer;

	CBS_init(&cbs, der.data, der.len);
	return CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) && CBS_len(&cbs) == 0 &&
	       CBS_get_asn1(&outer, ret_algorithm, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&outer, ret_encrypted, CBS_ASN1_OCTETSTRING) && CBS_len(&outer) == 0;
}

bool pkcs8_is_encrypted(struct bytes der)
{
	CBS algorithm, encrypted;

	return split(der, &algorithm, &encrypted);
}

static bool is_sequence(const struct buffer *plain)
{
	CBS cbs;

	CBS_init(&cbs, plain->data, plain->len);
	return CBS_get_asn1(&cbs, NULL, CBS_ASN1_SEQUENCE) && CBS_len(&cbs) == 0;
}

/* Padding is right by chance for one wrong password in 256: the content must be a key too. */
static int check_content(bool is_good, struct buffer *plain, struct error *err)
{
	ERR_clear_error();
	if (is_good)
		return 0;
	if (is_sequence(plain)) {
		error_set(err, ERROR_INVALID,
			  "the private key is damaged or of an unsupported kind");
		buffer_done(plain);
		return error_hint(err, "Keys are RSA, P-256, P-384, P-521 or Ed25519.");
	}
	buffer_done(plain);
	error_set(err, ERROR_INVALID, "the password does not open this key");
	return error_symbol(err, "IllegalParam.Password");
}

int pkcs8_decrypt(struct pbe *pbe, struct bytes der, struct buffer *ret_pkcs8, struct error *err)
{
	CBS algorithm, encrypted, cbs;
	EVP_PKEY *key;

	if (!split(der, &algorithm, &encrypted))
		return error_set(err, ERROR_INVALID, "the encrypted private key is damaged");
	if (pbe_decrypt(pbe, (struct bytes){ CBS_data(&algorithm), CBS_len(&algorithm) },
			(struct bytes){ CBS_data(&encrypted), CBS_len(&encrypted) }, ret_pkcs8,
			err) < 0)
		return -1;
	CBS_init(&cbs, ret_pkcs8->data, ret_pkcs8->len);
	key = EVP_parse_private_key(&cbs);
	EVP_PKEY_free(key);
	return check_content(key != NULL, ret_pkcs8, err);
}

/* --- RFC 1421 headers --- */

struct dek_cipher {
	const char *name;
	const EVP_CIPHER *(*cipher)(void);
};

static const struct dek_cipher dek_ciphers[] = {
	{ "AES-128-CBC", EVP_aes_128_cbc },
	{ "AES-192-CBC", EVP_aes_192_cbc },
	{ "AES-256-CBC", EVP_aes_256_cbc },
	{ "DES-EDE3-CBC", EVP_des_ede3_cbc },
};

static int hex_value(uint8_t digit)
{
	return isdigit(digit) ? digit - '0' :
	       digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 :
	       digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* The name in front of the comma, and the initial value in hex behind it. */
static int read_dek_info(struct bytes headers, const EVP_CIPHER **ret_cipher, uint8_t *ret_iv,
			 struct error *err)
{
	static const char title[] = "DEK-Info:";
	const uint8_t *at = memmem(headers.data, headers.len, title, sizeof(title) - 1);
	const uint8_t *end = headers.data + headers.len;
	size_t i, size;

	if (at == NULL)
		return error_set(err, ERROR_INVALID, "the encrypted key has no DEK-Info line");
	for (at += sizeof(title) - 1; at < end && *at == ' '; at++)
		;
	for (i = 0; i < sizeof(dek_ciphers) / sizeof(dek_ciphers[0]); i++) {
		size = strlen(dek_ciphers[i].name);
		if ((size_t)(end - at) > size && memcmp(at, dek_ciphers[i].name, size) == 0 &&
		    at[size] == ',')
			break;
	}
	if (i == sizeof(dek_ciphers) / sizeof(dek_ciphers[0])) {
		error_set(err, ERROR_INVALID,
			  "the key is encrypted with a cipher that is not supported (DEK-Info)");
		return error_hint(err, "Convert it: openssl pkcs8 -topk8 -in KEY -out NEW");
	}
	*ret_cipher = dek_ciphers[i].cipher();
	at += size + 1;
	size = EVP_CIPHER_iv_length(*ret_cipher);
	for (i = 0; i < size; i++, at += 2) {
		if (end - at < 2 || hex_value(at[0]) < 0 || hex_value(at[1]) < 0)
			return error_set(err, ERROR_INVALID, "the DEK-Info line is damaged");
		ret_iv[i] = (uint8_t)(hex_value(at[0]) << 4 | hex_value(at[1]));
	}
	return 0;
}

int pkcs8_decrypt_old_pem(struct pbe *pbe, struct bytes headers, struct bytes encrypted,
			  struct buffer *ret_der, struct error *err)
{
	uint8_t key[EVP_MAX_KEY_LENGTH], iv[EVP_MAX_IV_LENGTH];
	EVP_CIPHER_CTX *context;
	const EVP_CIPHER *cipher;
	struct buffer plain = { 0 };
	int first = 0, last = 0;
	bool good;

	if (read_dek_info(headers, &cipher, iv, err) < 0)
		return -1;
	if (pbe->password == NULL) {
		error_set(err, ERROR_INVALID, "the private key is encrypted: its password is needed");
		return error_symbol(err, "MissingParam.Password");
	}
	/* One round of MD5 over password and the first octets of the initial value: weak, but known. */
	EVP_BytesToKey(cipher, EVP_md5(), iv, (const uint8_t *)pbe->password,
		       strlen(pbe->password), 1, key, NULL);
	plain.data = memory_new(encrypted.len + EVP_MAX_BLOCK_LENGTH);
	plain.capacity = encrypted.len + EVP_MAX_BLOCK_LENGTH;
	context = EVP_CIPHER_CTX_new();
	good = context != NULL && encrypted.len <= INT32_MAX &&
	       EVP_DecryptInit_ex(context, cipher, NULL, key, iv) &&
	       EVP_DecryptUpdate(context, plain.data, &first, encrypted.data, (int)encrypted.len) &&
	       EVP_DecryptFinal_ex(context, plain.data + first, &last);
	plain.len = good ? (size_t)first + (size_t)last : 0;
	EVP_CIPHER_CTX_free(context);
	memory_wipe(key, sizeof(key));
	if (check_content(good && is_sequence(&plain), &plain, err) < 0)
		return -1;
	buffer_done(ret_der);
	*ret_der = plain;
	return 0;
}

/* --- text --- */

int pkcs8_write_old_pem(struct bytes pkcs8, struct buffer *out, struct error *err)
{
	struct buffer der = { 0 };
	const char *label = "PRIVATE KEY";
	EVP_PKEY *key;
	bool good = true;
	CBS cbs;
	CBB cbb;

	CBS_init(&cbs, pkcs8.data, pkcs8.len);
	key = EVP_parse_private_key(&cbs);
	if (key == NULL || !CBB_init(&cbb, 2048)) {
		EVP_PKEY_free(key);
		ERR_clear_error();
		return error_set(err, ERROR_INVALID, "the private key cannot be read");
	}
	if (EVP_PKEY_id(key) == EVP_PKEY_RSA) {
		label = "RSA PRIVATE KEY";
		good = RSA_marshal_private_key(&cbb, EVP_PKEY_get0_RSA(key));
	} else if (EVP_PKEY_id(key) == EVP_PKEY_EC) {
		label = "EC PRIVATE KEY";
		good = EC_KEY_marshal_private_key(&cbb, EVP_PKEY_get0_EC_KEY(key), 0);
	} else {
		good = CBB_add_bytes(&cbb, pkcs8.data, pkcs8.len);
	}
	EVP_PKEY_free(key);
	if (!good)
		CBB_cleanup(&cbb);
	if (!good || take_cbb(&cbb, &der) < 0)
		return error_set(err, ERROR_SYSTEM, "could not encode the private key");
	pem_write(out, label, buffer_bytes(&der));
	buffer_done(&der);
	return 0;
}
