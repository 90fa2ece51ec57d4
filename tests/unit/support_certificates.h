/*
 * support_certificates.h - certificates and revocation lists made to order, for unit tests.
 *
 * Header only: each test that includes it has its own copy. Everything made lives until the program
 * ends; keys of the slow kinds are made once.
 */
#ifndef SALLYPORT_TEST_SUPPORT_CERTIFICATES_H
#define SALLYPORT_TEST_SUPPORT_CERTIFICATES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "base/bytes.h"

#define NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define DAY INT64_C(86400)
#define NONE "none" /* leaves out an extension that has a default */

enum key_type { KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_P224, KEY_RSA_2048, KEY_RSA_1024,
	KEY_RSA_E3 };

struct made {
	X509 *x509;
	EVP_PKEY *key;
	struct bytes der;
};

struct order {
	const char *subject;      /* "O=shop/CN=cart"; "": empty */
	const struct made *issuer; /* NULL: signs itself */
	enum key_type key_type;
	EVP_PKEY *key;            /* instead of a new one */
	int64_t not_before, not_after; /* 0: NOW -+ 30 days */
	const char *serial;       /* hex of the content octets; NULL: random */
	int version;              /* 0: 3 */
	/* Values as openssl.cnf has them; NULL: the default of the maker, NONE: absent. */
	const char *constraints, *key_usage, *extended_key_usage, *names, *key_id, *authority_key_id;
	const char *name_constraints, *policy_constraints, *policies;
	const char *unknown;      /* "critical" or "plain": an extension nobody knows */
	const EVP_MD *hash;       /* NULL: SHA-256 */
	const EVP_MD *pss;        /* signs with RSA-PSS and this hash; the issuer has an RSA key */
	bool forged;              /* a wrong signature */
	bool doubled;             /* one extension twice */
};

static inline EVP_PKEY *key_of_curve(int nid)
{
	EC_KEY *ec = EC_KEY_new_by_curve_name(nid);
	EVP_PKEY *key = EVP_PKEY_new();

	if (EC_KEY_generate_key(ec) != 1 || EVP_PKEY_assign_EC_KEY(key, ec) != 1)
		abort();
	return key;
}

static inline EVP_PKEY *key_rsa(int bits, unsigned int exponent)
{
	RSA *rsa = RSA_new();
	BIGNUM *e = BN_new();
	EVP_PKEY *key = EVP_PKEY_new();

	if (BN_set_word(e, exponent) != 1 || RSA_generate_key_ex(rsa, bits, e, NULL) != 1 ||
	    EVP_PKEY_assign_RSA(key, rsa) != 1)
		abort();
	BN_free(e);
	return key;
}

static inline EVP_PKEY *key_ed25519(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, NULL);
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_keygen_init(context) != 1 || EVP_PKEY_keygen(context, &key) != 1)
		abort();
	EVP_PKEY_CTX_free(context);
	return key;
}

static inline EVP_PKEY *key_make(enum key_type type)
{
	static EVP_PKEY *kept[KEY_RSA_E3 + 1];

	switch (type) {
	case KEY_P384:
		return key_of_curve(NID_secp384r1);
	case KEY_P521:
		return key_of_curve(NID_secp521r1);
	case KEY_P224:
		return key_of_curve(NID_secp224r1);
	case KEY_ED25519:
		return key_ed25519();
	case KEY_RSA_2048:
	case KEY_RSA_1024:
	case KEY_RSA_E3:
		if (kept[type] == NULL)
			kept[type] = key_rsa(type == KEY_RSA_1024 ? 1024 : 2048,
					     type == KEY_RSA_E3 ? 3 : 65537);
		EVP_PKEY_up_ref(kept[type]);
		return kept[type];
	default:
		return key_of_curve(NID_X9_62_prime256v1);
	}
}

/* Everything made is remembered here, so that leak checkers see it held. */
static inline void *keep(void *memory)
{
	static void **kept;
	static size_t count;

	if (count % 256 == 0)
		kept = realloc(kept, (count + 256) * sizeof(*kept));
	kept[count++] = memory;
	return memory;
}

static inline X509_NAME *name_make(const char *text)
{
	X509_NAME *name = X509_NAME_new();
	char *copy = strdup(text);
	char *rest = copy;
	char *part;

	while ((part = strsep(&rest, "/")) != NULL && *part != '\0') {
		char *value = strchr(part, '=');

		*value++ = '\0';
		if (X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const uint8_t *)value, -1, -1,
					       0) != 1)
			abort();
	}
	free(copy);
	return name;
}

static inline void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	if (value == NULL || strcmp(value, NONE) == 0)
		return;
	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	if (extension == NULL || X509_add_ext(x509, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
}

static inline void add_unknown(X509 *x509, bool critical)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2);
	extension = X509_EXTENSION_create_by_OBJ(NULL, oid, critical, value);
	if (X509_add_ext(x509, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static inline ASN1_INTEGER *serial_make(const char *hex)
{
	ASN1_INTEGER *serial;
	uint8_t der[64] = { 0x02 };
	const uint8_t *at = der;
	size_t len = 0;

	if (hex == NULL) {
		static uint8_t next;

		der[1] = 9;
		memcpy(der + 2, "\x01serial\0", 8);
		der[10] = ++next;
		len = 9;
	} else {
		for (; hex[2 * len] != '\0'; len++) {
			unsigned int octet;

			sscanf(hex + 2 * len, "%2x", &octet);
			der[2 + len] = (uint8_t)octet;
		}
		der[1] = (uint8_t)len;
	}
	serial = d2i_ASN1_INTEGER(NULL, &at, (long)(2 + len));
	if (serial == NULL)
		abort();
	return serial;
}

static inline const char *or_default(const char *value, const char *fallback)
{
	return value == NULL ? fallback : value;
}

static inline void add_extensions(X509 *x509, X509 *issuer, const struct order *order, bool is_ca)
{
	add_extension(x509, issuer, NID_basic_constraints,
		      or_default(order->constraints, "critical,CA:FALSE"));
	add_extension(x509, issuer, NID_key_usage,
		      or_default(order->key_usage, is_ca ? "critical,keyCertSign,cRLSign" :
							   "critical,digitalSignature"));
	add_extension(x509, issuer, NID_ext_key_usage,
		      or_default(order->extended_key_usage, is_ca ? NONE : "clientAuth"));
	add_extension(x509, issuer, NID_subject_key_identifier, or_default(order->key_id, "hash"));
	add_extension(x509, issuer, NID_authority_key_identifier,
		      or_default(order->authority_key_id, order->issuer == NULL ? NONE : "keyid"));
	add_extension(x509, issuer, NID_subject_alt_name,
		      or_default(order->names, is_ca ? NONE : "URI:spiffe://shop/client"));
	add_extension(x509, issuer, NID_name_constraints, order->name_constraints);
	add_extension(x509, issuer, NID_policy_constraints, order->policy_constraints);
	add_extension(x509, issuer, NID_certificate_policies, order->policies);
	if (order->unknown != NULL)
		add_unknown(x509, strcmp(order->unknown, "critical") == 0);
	if (order->doubled) {
		add_unknown(x509, false);
		add_unknown(x509, false);
	}
}

static inline struct bytes der_of(X509 *x509)
{
	uint8_t *der = NULL;
	int len = i2d_X509(x509, &der);

	if (len <= 0)
		abort();
	return (struct bytes){ keep(der), (size_t)len };
}

/* A context that signs with RSA-PSS. */
static inline EVP_MD_CTX *pss_context(EVP_PKEY *key, const EVP_MD *hash)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *parameters;

	if (EVP_DigestSignInit(context, &parameters, hash, NULL, key) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, -1) != 1)
		abort();
	return context;
}

static inline void sign(X509 *x509, EVP_PKEY *signer, const struct order *order)
{
	const EVP_MD *hash = EVP_PKEY_id(signer) == EVP_PKEY_ED25519 ? NULL :
			     order->hash != NULL ? order->hash : EVP_sha256();
	EVP_MD_CTX *context = order->pss != NULL ? pss_context(signer, order->pss) : NULL;

	if ((context != NULL ? X509_sign_ctx(x509, context) : X509_sign(x509, signer, hash)) <= 0)
		abort();
	EVP_MD_CTX_free(context);
}

static inline struct made make(struct order order)
{
	bool is_ca = order.constraints != NULL && strstr(order.constraints, "CA:TRUE") != NULL;
	struct made made = { X509_new(), order.key != NULL ? order.key : key_make(order.key_type),
			     { NULL, 0 } };
	X509 *issuer = order.issuer != NULL ? order.issuer->x509 : made.x509;
	EVP_PKEY *signer = order.issuer != NULL ? order.issuer->key : made.key;
	X509_NAME *subject = name_make(order.subject);
	ASN1_INTEGER *serial = serial_make(order.serial);

	X509_set_version(made.x509, order.version == 1 ? 0 : 2);
	X509_set_subject_name(made.x509, subject);
	X509_set_issuer_name(made.x509, order.issuer != NULL ? X509_get_subject_name(issuer) : subject);
	X509_set_serialNumber(made.x509, serial);
	X509_set_pubkey(made.x509, made.key);
	ASN1_TIME_set_posix(X509_getm_notBefore(made.x509),
			    order.not_before != 0 ? order.not_before : NOW - 30 * DAY);
	ASN1_TIME_set_posix(X509_getm_notAfter(made.x509),
			    order.not_after != 0 ? order.not_after : NOW + 30 * DAY);
	if (order.version != 1)
		add_extensions(made.x509, issuer, &order, is_ca);
	sign(made.x509, signer, &order);
	made.der = der_of(made.x509);
	if (order.forged)
		((uint8_t *)made.der.data)[made.der.len - 1] ^= 1;
	X509_NAME_free(subject);
	ASN1_INTEGER_free(serial);
	keep(made.x509);
	keep(made.key);
	return made;
}

static inline struct made make_root(const char *subject)
{
	return make((struct order){ .subject = subject, .constraints = "critical,CA:TRUE" });
}

static inline struct made make_sub(const char *subject, const struct made *issuer)
{
	return make((struct order){ .subject = subject, .issuer = issuer,
				    .constraints = "critical,CA:TRUE" });
}

static inline struct made make_leaf(const char *subject, const struct made *issuer)
{
	return make((struct order){ .subject = subject, .issuer = issuer });
}

/* --- revocation lists --- */

struct list_order {
	const struct made *issuer;
	EVP_PKEY *key;                /* signs it; NULL: the issuer's */
	int64_t this_update, next_update; /* 0: NOW - 1 hour, NOW + 1 day; -1: no next update */
	const struct made *revoked[4];
	int version;                  /* 0: 2 */
	const char *distribution_point; /* hex of the IDP extension */
	const char *key_id;           /* hex of the AKI extension */
	int unknown_critical;         /* NID of a further critical extension */
	bool unknown_in_entry;
	int64_t number;
	const EVP_MD *hash;
	const EVP_MD *pss;            /* as in an order for a certificate */
};

static inline void add_list_extension(X509_CRL *crl, int nid, const char *hex, bool critical)
{
	uint8_t value[256];
	size_t len;
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	for (len = 0; hex[2 * len] != '\0'; len++) {
		unsigned int octet;

		sscanf(hex + 2 * len, "%2x", &octet);
		value[len] = (uint8_t)octet;
	}
	ASN1_OCTET_STRING_set(octets, value, (int)len);
	extension = X509_EXTENSION_create_by_NID(NULL, nid, critical, octets);
	X509_CRL_add_ext(crl, extension, -1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
}

static inline void add_revoked(X509_CRL *crl, const struct made *made, const struct list_order *order)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set_posix(NULL, NOW - 1800);

	X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(made->x509));
	X509_REVOKED_set_revocationDate(revoked, when);
	if (order->unknown_in_entry) {
		ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
		X509_EXTENSION *extension;

		ASN1_OCTET_STRING_set(octets, (const uint8_t *)"\x30\x00", 2);
		extension = X509_EXTENSION_create_by_NID(NULL, NID_certificate_issuer, 1, octets);
		X509_REVOKED_add_ext(revoked, extension, -1);
		X509_EXTENSION_free(extension);
		ASN1_OCTET_STRING_free(octets);
	}
	X509_CRL_add0_revoked(crl, revoked);
	ASN1_TIME_free(when);
}

static inline void sign_list(X509_CRL *crl, EVP_PKEY *key, const struct list_order *order)
{
	const EVP_MD *hash = EVP_PKEY_id(key) == EVP_PKEY_ED25519 ? NULL :
			     order->hash != NULL ? order->hash : EVP_sha256();
	EVP_MD_CTX *context = order->pss != NULL ? pss_context(key, order->pss) : NULL;

	if ((context != NULL ? X509_CRL_sign_ctx(crl, context) : X509_CRL_sign(crl, key, hash)) <= 0)
		abort();
	EVP_MD_CTX_free(context);
}

static inline struct bytes make_list(struct list_order order)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *this_update = ASN1_TIME_set_posix(NULL, order.this_update != 0 ?
						     order.this_update : NOW - 3600);
	ASN1_TIME *next_update = ASN1_TIME_set_posix(NULL, order.next_update > 0 ?
						     order.next_update : NOW + DAY);
	EVP_PKEY *key = order.key != NULL ? order.key : order.issuer->key;
	uint8_t *der = NULL;
	char number[16];
	int len;
	size_t i;

	X509_CRL_set_version(crl, order.version == 1 ? 0 : 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(order.issuer->x509));
	X509_CRL_set1_lastUpdate(crl, this_update);
	if (order.next_update >= 0)
		X509_CRL_set1_nextUpdate(crl, next_update);
	for (i = 0; i < 4 && order.revoked[i] != NULL; i++)
		add_revoked(crl, order.revoked[i], &order);
	if (order.version != 1) {
		snprintf(number, sizeof(number), "0201%02x", (unsigned int)order.number & 0x7f);
		add_list_extension(crl, NID_crl_number, number, false);
	}
	if (order.distribution_point != NULL)
		add_list_extension(crl, NID_issuing_distribution_point, order.distribution_point, true);
	if (order.key_id != NULL)
		add_list_extension(crl, NID_authority_key_identifier, order.key_id, false);
	if (order.unknown_critical != 0)
		add_list_extension(crl, order.unknown_critical, "020101", true);
	sign_list(crl, key, &order);
	len = i2d_X509_CRL(crl, &der);
	X509_CRL_free(crl);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return (struct bytes){ keep(der), (size_t)len };
}

static inline struct buffer to_pem(const char *label, struct bytes der)
{
	struct buffer pem = { 0 };
	size_t size = 4 * (der.len + 2) / 3 + 4;
	uint8_t *text = malloc(size);
	size_t len = EVP_EncodeBlock(text, der.data, der.len);
	size_t at;

	buffer_printf(&pem, "-----BEGIN %s-----\n", label);
	for (at = 0; at < len; at += 64)
		buffer_printf(&pem, "%.*s\n", (int)(len - at < 64 ? len - at : 64), text + at);
	buffer_printf(&pem, "-----END %s-----\n", label);
	free(text);
	return pem;
}

#endif
