#include "pki/signing.h"

#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>

#define ECDSA_WITH(arc) \
	{ \
		0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, arc \
	}

static const uint8_t rsa_sha256[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				      0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };
static const uint8_t ecdsa_sha256[] = ECDSA_WITH(2);
static const uint8_t ecdsa_sha384[] = ECDSA_WITH(3);
static const uint8_t ecdsa_sha512[] = ECDSA_WITH(4);

struct method {
	struct bytes algorithm;
	const EVP_MD *hash;
};

static struct method method_for_curve(const EVP_PKEY *key)
{
	const EC_KEY *ec = EVP_PKEY_get0_EC_KEY(key);

	switch (ec == NULL ? NID_undef : EC_GROUP_get_curve_name(EC_KEY_get0_group(ec))) {
	case NID_X9_62_prime256v1:
		return (struct method){ { ecdsa_sha256, sizeof(ecdsa_sha256) }, EVP_sha256() };
	case NID_secp384r1:
		return (struct method){ { ecdsa_sha384, sizeof(ecdsa_sha384) }, EVP_sha384() };
	case NID_secp521r1:
		return (struct method){ { ecdsa_sha512, sizeof(ecdsa_sha512) }, EVP_sha512() };
	default:
		return (struct method){ { NULL, 0 }, NULL };
	}
}

static struct method method_for(const EVP_PKEY *key)
{
	switch (EVP_PKEY_id(key)) {
	case EVP_PKEY_RSA:
		return (struct method){ { rsa_sha256, sizeof(rsa_sha256) }, EVP_sha256() };
	case EVP_PKEY_EC:
		return method_for_curve(key);
	default:
		return (struct method){ { NULL, 0 }, NULL };
	}
}

struct bytes signing_algorithm(const EVP_PKEY *key)
{
	return method_for(key).algorithm;
}

static bool sign(EVP_PKEY *key, const EVP_MD *hash, struct bytes content, uint8_t **ret_signature,
		 size_t *ret_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = false;

	if (context == NULL || EVP_DigestSignInit(context, NULL, hash, NULL, key) != 1 ||
	    EVP_DigestSign(context, NULL, ret_len, content.data, content.len) != 1)
		goto out;
	*ret_signature = OPENSSL_malloc(*ret_len);
	done = *ret_signature != NULL &&
	       EVP_DigestSign(context, *ret_signature, ret_len, content.data, content.len) == 1;
out:
	EVP_MD_CTX_free(context);
	return done;
}

static bool write_signed(CBB *out, const struct method *method, struct bytes content,
			 const uint8_t *signature, size_t len, struct bytes extra)
{
	CBB whole, bits;

	return CBB_add_asn1(out, &whole, CBS_ASN1_SEQUENCE) &&
	       CBB_add_bytes(&whole, content.data, content.len) &&
	       CBB_add_bytes(&whole, method->algorithm.data, method->algorithm.len) &&
	       CBB_add_asn1(&whole, &bits, CBS_ASN1_BITSTRING) && CBB_add_u8(&bits, 0) &&
	       CBB_add_bytes(&bits, signature, len) &&
	       CBB_add_bytes(&whole, extra.data, extra.len) && CBB_flush(out);
}

int signing_wrap(EVP_PKEY *key, struct bytes content, struct bytes extra, struct buffer *ret_der,
		 struct error *err)
{
	struct method method = method_for(key);
	uint8_t *signature = NULL;
	size_t len = 0;
	int result = -1;
	CBB out;

	if (method.hash == NULL)
		return error_set(err, ERROR_INVALID, "a key of this kind signs nothing here");
	CBB_zero(&out);
	if (!sign(key, method.hash, content, &signature, &len) ||
	    !CBB_init(&out, content.len + extra.len + len + 64) ||
	    !write_signed(&out, &method, content, signature, len, extra)) {
		error_set(err, ERROR_SYSTEM, "could not sign: the TLS library failed");
		goto out;
	}
	buffer_done(ret_der);
	buffer_append(ret_der, CBB_data(&out), CBB_len(&out));
	result = 0;
out:
	CBB_cleanup(&out);
	OPENSSL_free(signature);
	ERR_clear_error();
	return result;
}
