/*
 * AWS-LC parses for signatures and extensions; one more pass with CBS gives the exact bytes of
 * serial, names and key, and finds what AWS-LC lets through: doubled extensions, other bytes in the
 * two algorithm fields.
 */
#include "x509/certificate_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#define TAG_VERSION (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0)
#define TAG_ISSUER_ID (CBS_ASN1_CONTEXT_SPECIFIC | 1)
#define TAG_SUBJECT_ID (CBS_ASN1_CONTEXT_SPECIFIC | 2)
#define TAG_EXTENSIONS (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3)

static struct bytes cbs_bytes(const CBS *cbs)
{
	return (struct bytes){ CBS_data(cbs), CBS_len(cbs) };
}

/* critical is BOOLEAN DEFAULT FALSE; DER leaves the default out, but many encoders do not. */
bool extension_read(CBS *list, CBS *ret_oid, struct extension *ret_extension)
{
	CBS item, flag, value;
	int has_flag;

	if (!CBS_get_asn1(list, &item, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&item, ret_oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_optional_asn1(&item, &flag, &has_flag, CBS_ASN1_BOOLEAN) ||
	    (has_flag && CBS_len(&flag) != 1) ||
	    !CBS_get_asn1(&item, &value, CBS_ASN1_OCTETSTRING) || CBS_len(&item) > 0)
		return false;
	*ret_extension = (struct extension){ true, has_flag && CBS_data(&flag)[0] != 0,
					     cbs_bytes(&value) };
	return true;
}

static void keep_extension(struct certificate *certificate, const CBS *oid,
			   const struct extension *extension)
{
	static const uint8_t arcs[EXTENSION_COUNT] = {
#define X(name, arc) arc,
		CERTIFICATE_EXTENSIONS(X)
#undef X
	};
	const uint8_t *at = CBS_data(oid);
	size_t i;

	if (CBS_len(oid) != 3 || at[0] != 0x55 || at[1] != 0x1d)
		return;
	for (i = 0; i < EXTENSION_COUNT; i++)
		if (arcs[i] == at[2])
			certificate->extensions[i] = *extension;
}

/* RFC 5280 4.2: an extension may be there once. The cap keeps the comparison cheap. */
static bool read_extensions(struct certificate *certificate, CBS *list)
{
	CBS seen[CERTIFICATE_MAX_EXTENSIONS];
	struct extension extension;
	size_t count = 0;
	size_t i;

	while (CBS_len(list) > 0) {
		if (count == CERTIFICATE_MAX_EXTENSIONS ||
		    !extension_read(list, &seen[count], &extension))
			return false;
		for (i = 0; i < count; i++)
			if (CBS_mem_equal(&seen[i], CBS_data(&seen[count]), CBS_len(&seen[count])))
				return false;
		keep_extension(certificate, &seen[count], &extension);
		count++;
	}
	return true;
}

static bool read_tail(struct certificate *certificate, CBS *tbs)
{
	CBS wrapped, list;

	if (!CBS_get_optional_asn1(tbs, NULL, NULL, TAG_ISSUER_ID) ||
	    !CBS_get_optional_asn1(tbs, NULL, NULL, TAG_SUBJECT_ID))
		return false;
	if (CBS_len(tbs) == 0)
		return true;
	return CBS_get_asn1(tbs, &wrapped, TAG_EXTENSIONS) && CBS_len(tbs) == 0 &&
	       CBS_get_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) && CBS_len(&wrapped) == 0 &&
	       read_extensions(certificate, &list);
}

static bool read_fields(struct certificate *certificate)
{
	CBS der, outer, tbs, serial, inner_algorithm, outer_algorithm, issuer, subject, key;
	uint64_t version = 0;
	CBS wrapped;
	int has_version;

	CBS_init(&der, certificate->der.data, certificate->der.len);
	if (!CBS_get_asn1(&der, &outer, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &tbs, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &outer_algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&tbs, &wrapped, &has_version, TAG_VERSION) ||
	    (has_version && !CBS_get_asn1_uint64(&wrapped, &version)) ||
	    !CBS_get_asn1(&tbs, &serial, CBS_ASN1_INTEGER) ||
	    !CBS_get_asn1(&tbs, &inner_algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&tbs, &issuer, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&tbs, NULL, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&tbs, &subject, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&tbs, &key, CBS_ASN1_SEQUENCE) ||
	    !read_tail(certificate, &tbs))
		return false;
	if (!CBS_mem_equal(&inner_algorithm, CBS_data(&outer_algorithm), CBS_len(&outer_algorithm)))
		return false;
	certificate->version = (unsigned int)version + 1;
	certificate->serial = cbs_bytes(&serial);
	certificate->issuer = cbs_bytes(&issuer);
	certificate->subject = cbs_bytes(&subject);
	certificate->key = cbs_bytes(&key);
	certificate->signature = signature_algorithm_parse(cbs_bytes(&inner_algorithm));
	return version <= 2 && certificate->serial.len > 0;
}

static void read_key(struct certificate *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
	int curve;

	SHA256(certificate->key.data, certificate->key.len, certificate->key_hash);
	if (key == NULL)
		return;
	certificate->key_bits = (unsigned int)EVP_PKEY_bits(key);
	switch (EVP_PKEY_id(key)) {
	case EVP_PKEY_RSA:
		certificate->key_kind = CERTIFICATE_KEY_RSA;
		break;
	case EVP_PKEY_EC:
		curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)));
		if (curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1)
			certificate->key_kind = CERTIFICATE_KEY_ECDSA;
		break;
	case EVP_PKEY_ED25519:
		certificate->key_kind = CERTIFICATE_KEY_ED25519;
		break;
	default:
		break;
	}
}

static bool read_everything(struct certificate *certificate)
{
	X509 *x509 = certificate->x509;

	if (!read_fields(certificate) ||
	    !ASN1_TIME_to_posix(X509_get0_notBefore(x509), &certificate->not_before) ||
	    !ASN1_TIME_to_posix(X509_get0_notAfter(x509), &certificate->not_after))
		return false;
	certificate->flags = X509_get_extension_flags(x509);
	certificate->key_usage = X509_get_key_usage(x509);
	certificate->extended_key_usage = X509_get_extended_key_usage(x509);
	read_key(certificate);
	return true;
}

/* A handshake calls this: no memory is an error here, not the end of the process. */
struct certificate *certificate_parse(struct bytes der, struct error *err)
{
	struct certificate *certificate;

	if (der.len > CERTIFICATE_MAX_SIZE) {
		error_set(err, ERROR_LIMIT, "a certificate of %zu bytes is larger than %d bytes",
			  der.len, CERTIFICATE_MAX_SIZE);
		return NULL;
	}
	certificate = calloc(1, sizeof(*certificate));
	if (certificate == NULL) {
		error_set(err, ERROR_SYSTEM, "out of memory");
		return NULL;
	}
	certificate->buffer = CRYPTO_BUFFER_new(der.data, der.len, NULL);
	if (certificate->buffer != NULL) {
		certificate->der = (struct bytes){ CRYPTO_BUFFER_data(certificate->buffer), der.len };
		certificate->x509 = X509_parse_from_buffer(certificate->buffer);
	}
	if (certificate->x509 == NULL || !read_everything(certificate)) {
		error_set(err, ERROR_INVALID, "it is not a well-formed X.509 certificate");
		certificate_free(certificate);
		certificate = NULL;
	}
	ERR_clear_error();
	return certificate;
}

void certificate_free(struct certificate *certificate)
{
	if (certificate == NULL)
		return;
	X509_free(certificate->x509);
	CRYPTO_BUFFER_free(certificate->buffer);
	free(certificate);
}

struct bytes certificate_der(const struct certificate *certificate)
{
	return certificate->der;
}

struct bytes certificate_subject_der(const struct certificate *certificate)
{
	return certificate->subject;
}

struct bytes certificate_issuer_der(const struct certificate *certificate)
{
	return certificate->issuer;
}

struct bytes certificate_serial(const struct certificate *certificate)
{
	return certificate->serial;
}

int64_t certificate_not_before(const struct certificate *certificate)
{
	return certificate->not_before;
}

int64_t certificate_not_after(const struct certificate *certificate)
{
	return certificate->not_after;
}

bool certificate_is_ca(const struct certificate *certificate)
{
	return certificate->version == 3 && (certificate->flags & EXFLAG_BCONS) != 0 &&
	       (certificate->flags & EXFLAG_CA) != 0;
}

bool certificate_is_self_issued(const struct certificate *certificate)
{
	return (certificate->flags & EXFLAG_SI) != 0;
}

const uint8_t *certificate_key_hash(const struct certificate *certificate)
{
	return certificate->key_hash;
}

enum certificate_key certificate_key_kind(const struct certificate *certificate)
{
	return certificate->key_kind;
}

unsigned int certificate_key_bits(const struct certificate *certificate)
{
	return certificate->key_bits;
}

bool certificate_may_issue(const struct certificate *certificate)
{
	return certificate_is_ca(certificate) &&
	       (certificate->key_usage & X509v3_KU_KEY_CERT_SIGN) != 0;
}

static bool key_ids_agree(const struct certificate *issuer, const struct certificate *child)
{
	const ASN1_OCTET_STRING *wanted = X509_get0_authority_key_id(child->x509);
	const ASN1_OCTET_STRING *found = X509_get0_subject_key_id(issuer->x509);

	return wanted == NULL || found == NULL || ASN1_OCTET_STRING_cmp(wanted, found) == 0;
}

bool certificate_could_issue(const struct certificate *issuer, const struct certificate *child)
{
	return X509_NAME_cmp(X509_get_subject_name(issuer->x509),
			     X509_get_issuer_name(child->x509)) == 0 &&
	       key_ids_agree(issuer, child);
}

bool certificate_signed_by(const struct certificate *child, const struct certificate *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x509);

	return key != NULL && X509_verify(child->x509, key) == 1;
}

static bool rsa_is_strong(const struct certificate *certificate, char *ret_why, size_t size)
{
	const RSA *rsa = EVP_PKEY_get0_RSA(X509_get0_pubkey(certificate->x509));
	const BIGNUM *exponent = NULL;
	unsigned int bits = certificate->key_bits;

	RSA_get0_key(rsa, NULL, &exponent, NULL);
	if (bits < 2048 || bits > 8192 || bits % 8 != 0) {
		snprintf(ret_why, size, "RSA key of %u bits", bits);
		return false;
	}
	if (exponent == NULL || BN_cmp_word(exponent, 65537) < 0) {
		snprintf(ret_why, size, "RSA key with an exponent below 65537");
		return false;
	}
	return true;
}

bool certificate_key_is_strong(const struct certificate *certificate, char *ret_why, size_t size)
{
	switch (certificate->key_kind) {
	case CERTIFICATE_KEY_RSA:
		return rsa_is_strong(certificate, ret_why, size);
	case CERTIFICATE_KEY_ECDSA:
	case CERTIFICATE_KEY_ED25519:
		return true;
	default:
		snprintf(ret_why, size, "key is not RSA, P-256, P-384, P-521 or Ed25519");
		return false;
	}
}
