#include "x509/signature.h"

#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>

struct known_oid {
	uint8_t oid[10];
	uint8_t len;
	enum signature_kind kind;
	int hash;
	const char *name;
};

#define PKCS1(arc) { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, arc }, 9
#define ECDSA2(arc) { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, arc }, 8

static const struct known_oid algorithms[] = {
	{ PKCS1(11), SIGNATURE_RSA, NID_sha256, "SHA-256" },
	{ PKCS1(12), SIGNATURE_RSA, NID_sha384, "SHA-384" },
	{ PKCS1(13), SIGNATURE_RSA, NID_sha512, "SHA-512" },
	{ PKCS1(10), SIGNATURE_RSA_PSS, NID_undef, "RSA-PSS" },
	{ ECDSA2(2), SIGNATURE_ECDSA, NID_sha256, "SHA-256" },
	{ ECDSA2(3), SIGNATURE_ECDSA, NID_sha384, "SHA-384" },
	{ ECDSA2(4), SIGNATURE_ECDSA, NID_sha512, "SHA-512" },
	{ { 0x2b, 0x65, 0x70 }, 3, SIGNATURE_ED25519, NID_undef, "Ed25519" },
	{ PKCS1(2), SIGNATURE_RSA, NID_md2, "MD2" },
	{ PKCS1(4), SIGNATURE_RSA, NID_md5, "MD5" },
	{ PKCS1(5), SIGNATURE_RSA, NID_sha1, "SHA-1" },
	{ PKCS1(14), SIGNATURE_RSA, NID_sha224, "SHA-224" },
	{ { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01 }, 7, SIGNATURE_ECDSA, NID_sha1, "SHA-1" },
	{ ECDSA2(1), SIGNATURE_ECDSA, NID_sha224, "SHA-224" },
	{ { 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03 }, 7, SIGNATURE_UNKNOWN, NID_sha1, "SHA-1" },
};

static const struct known_oid hashes[] = {
	{ { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1 }, 9, 0, NID_sha256, "SHA-256" },
	{ { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 2 }, 9, 0, NID_sha384, "SHA-384" },
	{ { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 3 }, 9, 0, NID_sha512, "SHA-512" },
	{ { 0x2b, 0x0e, 0x03, 0x02, 0x1a }, 5, 0, NID_sha1, "SHA-1" },
};

static const struct known_oid *find_oid(const struct known_oid *table, size_t count, const CBS *oid)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (CBS_mem_equal(oid, table[i].oid, table[i].len))
			return &table[i];
	return NULL;
}

static bool hash_is_strong(int hash)
{
	return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512;
}

/* RSASSA-PSS-params (RFC 4055 3.1): absent fields mean SHA-1, MGF1 with SHA-1, salt 20. */
static void parse_pss(CBS *parameters, struct signature_algorithm *algorithm)
{
	CBS fields, wrapped, identifier, oid;
	const struct known_oid *hash;
	uint64_t salt = 20;

	algorithm->name = "SHA-1";
	algorithm->hash = NID_sha1;
	if (!CBS_get_asn1(parameters, &fields, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&fields, &wrapped, CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0) ||
	    !CBS_get_asn1(&wrapped, &identifier, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&identifier, &oid, CBS_ASN1_OBJECT))
		return;
	hash = find_oid(hashes, sizeof(hashes) / sizeof(hashes[0]), &oid);
	algorithm->name = hash != NULL ? hash->name : "an unknown hash";
	algorithm->hash = hash != NULL ? hash->hash : NID_undef;
	CBS_get_optional_asn1(&fields, NULL, NULL,
			      CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 1);
	if (CBS_get_asn1(&fields, &wrapped, CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 2) &&
	    (!CBS_get_asn1_uint64(&wrapped, &salt) || salt > 1024))
		salt = 0;
	algorithm->salt = (int)salt;
}

struct signature_algorithm signature_algorithm_parse(struct bytes identifier)
{
	struct signature_algorithm algorithm = { .weak = true, .name = "an unknown algorithm" };
	const struct known_oid *known;
	CBS cbs, oid;

	CBS_init(&cbs, identifier.data, identifier.len);
	if (!CBS_get_asn1(&cbs, &oid, CBS_ASN1_OBJECT))
		return algorithm;
	known = find_oid(algorithms, sizeof(algorithms) / sizeof(algorithms[0]), &oid);
	if (known == NULL)
		return algorithm;
	algorithm.kind = known->kind;
	algorithm.hash = known->hash;
	algorithm.name = known->name;
	if (known->kind == SIGNATURE_RSA_PSS)
		parse_pss(&cbs, &algorithm);
	algorithm.weak = known->kind != SIGNATURE_ED25519 && !hash_is_strong(algorithm.hash);
	return algorithm;
}

static bool key_fits(enum signature_kind kind, EVP_PKEY *key)
{
	switch (EVP_PKEY_id(key)) {
	case EVP_PKEY_RSA:
		return kind == SIGNATURE_RSA || kind == SIGNATURE_RSA_PSS;
	case EVP_PKEY_EC:
		return kind == SIGNATURE_ECDSA;
	case EVP_PKEY_ED25519:
		return kind == SIGNATURE_ED25519;
	default:
		return false;
	}
}

bool signature_verify(const struct signature_algorithm *algorithm, EVP_PKEY *key,
		      struct bytes message, struct bytes signature)
{
	const EVP_MD *hash = EVP_get_digestbynid(algorithm->hash);
	EVP_PKEY_CTX *parameters = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool holds = false;

	if (context == NULL || algorithm->weak || !key_fits(algorithm->kind, key))
		goto out;
	if (EVP_DigestVerifyInit(context, &parameters, hash, NULL, key) != 1)
		goto out;
	if (algorithm->kind == SIGNATURE_RSA_PSS &&
	    (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
	     EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, hash) != 1 ||
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, algorithm->salt) != 1))
		goto out;
	holds = EVP_DigestVerify(context, signature.data, signature.len, message.data,
				 message.len) == 1;
out:
	EVP_MD_CTX_free(context);
	return holds;
}
