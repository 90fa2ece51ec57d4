/* The writer: PFX > AuthenticatedSafe > two SafeContents (certificates, key) > bags. */
#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include "pki/pkcs12_internal.h"

#define MODERN_ITERATIONS 10000
#define COMPATIBLE_ITERATIONS 2048
#define MODERN_MAC_SALT 16
#define COMPATIBLE_MAC_SALT 8 /* some keychains refuse more */

static const struct bytes data_oid = OID_PKCS7(1);
static const struct bytes encrypted_data_oid = OID_PKCS7(6);
static const struct bytes shrouded_key_bag_oid = OID_PKCS12_BAG(2);
static const struct bytes certificate_bag_oid = OID_PKCS12_BAG(3);
static const struct bytes x509_certificate_oid =
	OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01);
static const struct bytes friendly_name_oid = OID_PKCS9(0x14);
static const struct bytes local_key_id_oid = OID_PKCS9(0x15);
/* 2.16.840.1.113894.746875.1.1 with anyExtendedKeyUsage: without it Java lists no CA certificate. */
static const struct bytes java_trust_oid =
	OID(0x60, 0x86, 0x48, 0x01, 0x86, 0xf9, 0x66, 0xad, 0xca, 0x7b, 0x01, 0x01);
static const struct bytes any_usage_oid = OID(0x55, 0x1d, 0x25, 0x00);
static const struct bytes sha1_oid = OID(0x2b, 0x0e, 0x03, 0x02, 0x1a);
static const struct bytes sha256_oid = OID_NIST_HASH(1);

struct writer {
	const struct pkcs12_contents *contents;
	enum pbe_scheme scheme;
	uint32_t iterations;
	const char *password;
	struct buffer name;             /* UTF-16 */
	uint8_t key_id[SHA_DIGEST_LENGTH];
};

int pkcs12_mac(struct pbe *pbe, const EVP_MD *digest, struct bytes salt, uint64_t iterations,
	       struct bytes content, uint8_t ret_mac[PKCS12_MAC_MAX], size_t *ret_len,
	       struct error *err)
{
	uint8_t key[PKCS12_MAC_MAX];
	unsigned int len = 0;
	bool good;

	if (pbe_derive_pkcs12(pbe, digest, 3, salt, iterations, key, EVP_MD_size(digest), err) < 0)
		return -1;
	good = HMAC(digest, key, EVP_MD_size(digest), content.data, content.len, ret_mac, &len) !=
	       NULL;
	memory_wipe(key, sizeof(key));
	*ret_len = len;
	return good ? 0 : error_set(err, ERROR_SYSTEM, "could not make the MAC");
}

static bool add_attribute(CBB *set, struct bytes oid, CBS_ASN1_TAG tag, struct bytes value)
{
	CBB attribute, values, content;

	return CBB_add_asn1(set, &attribute, CBS_ASN1_SEQUENCE) && oid_add(&attribute, oid) &&
	       CBB_add_asn1(&attribute, &values, CBS_ASN1_SET) &&
	       CBB_add_asn1(&values, &content, tag) &&
	       CBB_add_bytes(&content, value.data, value.len) && CBB_flush(set);
}

/* Of the leaf and its key: name and key id. */
static bool add_attributes(const struct writer *writer, CBB *bag)
{
	CBB set;

	return CBB_add_asn1(bag, &set, CBS_ASN1_SET) &&
	       add_attribute(&set, friendly_name_oid, CBS_ASN1_BMPSTRING,
			     buffer_bytes(&writer->name)) &&
	       add_attribute(&set, local_key_id_oid, CBS_ASN1_OCTETSTRING,
			     (struct bytes){ writer->key_id, sizeof(writer->key_id) }) &&
	       CBB_flush_asn1_set_of(&set) && CBB_flush(bag);
}

/* Of a CA certificate to trust: a name of its own (Java keeps one entry a name), and what Java looks
 * for. number: 0 for the first. */
static bool add_trust_attributes(const struct writer *writer, CBB *bag, size_t number)
{
	struct buffer name = { 0 };
	char ending[24];
	bool good;
	CBB set;

	buffer_append(&name, writer->name.data, writer->name.len);
	snprintf(ending, sizeof(ending), "-%zu", number);
	good = (number == 0 || pbe_utf16(ending, false, &name, NULL) == 0) &&
	       CBB_add_asn1(bag, &set, CBS_ASN1_SET) &&
	       add_attribute(&set, friendly_name_oid, CBS_ASN1_BMPSTRING, buffer_bytes(&name)) &&
	       add_attribute(&set, java_trust_oid, CBS_ASN1_OBJECT, any_usage_oid) &&
	       CBB_flush_asn1_set_of(&set) && CBB_flush(bag);
	buffer_done(&name);
	return good;
}

static bool add_certificate(const struct writer *writer, CBB *bags, struct bytes der, size_t number)
{
	bool is_trusted = writer->contents->pkcs8.len == 0;
	CBB bag, value, certificate, wrapped;

	return CBB_add_asn1(bags, &bag, CBS_ASN1_SEQUENCE) && oid_add(&bag, certificate_bag_oid) &&
	       CBB_add_asn1(&bag, &value, PKCS12_TAG(0)) &&
	       CBB_add_asn1(&value, &certificate, CBS_ASN1_SEQUENCE) &&
	       oid_add(&certificate, x509_certificate_oid) &&
	       CBB_add_asn1(&certificate, &wrapped, PKCS12_TAG(0)) &&
	       CBB_add_asn1_octet_string(&wrapped, der.data, der.len) && CBB_flush(&bag) &&
	       (!is_trusted || add_trust_attributes(writer, &bag, number)) &&
	       (is_trusted || number > 0 || add_attributes(writer, &bag)) && CBB_flush(bags);
}

static bool add_certificates(const struct writer *writer, CBB *out)
{
	size_t number = 0;
	CBB bags;
	CBS chain, one;

	if (!CBB_add_asn1(out, &bags, CBS_ASN1_SEQUENCE) ||
	    !add_certificate(writer, &bags, writer->contents->leaf, number++))
		return false;
	CBS_init(&chain, writer->contents->chain.data, writer->contents->chain.len);
	while (CBS_len(&chain) > 0)
		if (!CBS_get_asn1_element(&chain, &one, CBS_ASN1_SEQUENCE) ||
		    !add_certificate(writer, &bags, cbs_bytes(&one), number++))
			return false;
	return CBB_flush(out);
}

/* Takes what cbb holds; it is wiped. */
static bool finish(CBB *cbb, struct buffer *ret_der)
{
	uint8_t *der = NULL;
	size_t len = 0;

	if (!CBB_finish(cbb, &der, &len))
		return false;
	buffer_done(ret_der);
	buffer_append(ret_der, der, len);
	OPENSSL_cleanse(der, len);
	OPENSSL_free(der);
	return true;
}

/* ContentInfo { encryptedData, [0] { version 0, { data, algorithm, [0] octets } } }: RFC 5652 8 */
static int add_encrypted(const struct writer *writer, struct bytes plain, CBB *out,
			 struct error *err)
{
	CBB info, wrapped, encrypted, content;

	if (!CBB_add_asn1(out, &info, CBS_ASN1_SEQUENCE) || !oid_add(&info, encrypted_data_oid) ||
	    !CBB_add_asn1(&info, &wrapped, PKCS12_TAG(0)) ||
	    !CBB_add_asn1(&wrapped, &encrypted, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_asn1_uint64(&encrypted, 0) ||
	    !CBB_add_asn1(&encrypted, &content, CBS_ASN1_SEQUENCE) || !oid_add(&content, data_oid))
		return error_set(err, ERROR_SYSTEM, "could not write the PKCS#12 file");
	if (pbe_encrypt(writer->scheme, writer->password, writer->iterations, plain, &content,
			PKCS12_OCTETS(0), err) < 0)
		return -1;
	return CBB_flush(out) ? 0 : error_set(err, ERROR_SYSTEM, "could not write the PKCS#12 file");
}

static int write_certificates(const struct writer *writer, CBB *out, struct error *err)
{
	struct buffer plain = { 0 };
	CBB cbb;
	int status;

	if (!CBB_init(&cbb, 4096) || !add_certificates(writer, &cbb) || !finish(&cbb, &plain)) {
		CBB_cleanup(&cbb);
		return error_set(err, ERROR_INVALID, "the certificates cannot be read");
	}
	status = add_encrypted(writer, buffer_bytes(&plain), out, err);
	buffer_done(&plain);
	return status;
}

/* ContentInfo { data, [0] OCTET STRING { SafeContents { bag } } } */
static int write_key(const struct writer *writer, CBB *out, struct error *err)
{
	CBB info, wrapped, octets, bags, bag, value, encrypted;

	if (!CBB_add_asn1(out, &info, CBS_ASN1_SEQUENCE) || !oid_add(&info, data_oid) ||
	    !CBB_add_asn1(&info, &wrapped, PKCS12_TAG(0)) ||
	    !CBB_add_asn1(&wrapped, &octets, CBS_ASN1_OCTETSTRING) ||
	    !CBB_add_asn1(&octets, &bags, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_asn1(&bags, &bag, CBS_ASN1_SEQUENCE) || !oid_add(&bag, shrouded_key_bag_oid) ||
	    !CBB_add_asn1(&bag, &value, PKCS12_TAG(0)) ||
	    !CBB_add_asn1(&value, &encrypted, CBS_ASN1_SEQUENCE))
		return error_set(err, ERROR_SYSTEM, "could not write the PKCS#12 file");
	if (pbe_encrypt(writer->scheme, writer->password, writer->iterations,
			writer->contents->pkcs8, &encrypted, CBS_ASN1_OCTETSTRING, err) < 0)
		return -1;
	if (!CBB_flush(&bag) || !add_attributes(writer, &bag) || !CBB_flush(out))
		return error_set(err, ERROR_SYSTEM, "could not write the PKCS#12 file");
	return 0;
}

/* AuthenticatedSafe ::= SEQUENCE OF ContentInfo */
static int write_safe(const struct writer *writer, struct buffer *ret_safe, struct error *err)
{
	CBB cbb, list;

	if (!CBB_init(&cbb, 4096) || !CBB_add_asn1(&cbb, &list, CBS_ASN1_SEQUENCE))
		error_set(err, ERROR_SYSTEM, "could not write the PKCS#12 file");
	else if (write_certificates(writer, &list, err) == 0 &&
		 (writer->contents->pkcs8.len == 0 || write_key(writer, &list, err) == 0)) {
		if (finish(&cbb, ret_safe))
			return 0;
		error_set(err, ERROR_SYSTEM, "could not write the PKCS#12 file");
	}
	CBB_cleanup(&cbb);
	return -1;
}

struct mac {
	struct bytes oid;
	uint8_t salt[MODERN_MAC_SALT], value[PKCS12_MAC_MAX];
	size_t salt_len, len;
};

static int make_mac(const struct writer *writer, struct bytes safe, struct mac *ret_mac,
		    struct error *err)
{
	bool is_modern = writer->scheme == PBE_MODERN;
	struct pbe pbe = pbe_begin(writer->password);

	ret_mac->oid = is_modern ? sha256_oid : sha1_oid;
	ret_mac->salt_len = is_modern ? MODERN_MAC_SALT : COMPATIBLE_MAC_SALT;
	RAND_bytes(ret_mac->salt, ret_mac->salt_len);
	return pkcs12_mac(&pbe, is_modern ? EVP_sha256() : EVP_sha1(),
			  (struct bytes){ ret_mac->salt, ret_mac->salt_len }, writer->iterations, safe,
			  ret_mac->value, &ret_mac->len, err);
}

static bool add_mac(const struct mac *mac, uint32_t iterations, CBB *out)
{
	CBB data, info, algorithm, null;

	return CBB_add_asn1(out, &data, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&data, &info, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE) &&
	       oid_add(&algorithm, mac->oid) && CBB_add_asn1(&algorithm, &null, CBS_ASN1_NULL) &&
	       CBB_flush(&info) && CBB_add_asn1_octet_string(&info, mac->value, mac->len) &&
	       CBB_flush(&data) && CBB_add_asn1_octet_string(&data, mac->salt, mac->salt_len) &&
	       CBB_add_asn1_uint64(&data, iterations) && CBB_flush(out);
}

static bool add_file(struct bytes safe, const struct mac *mac, uint32_t iterations, CBB *out)
{
	CBB file, info, wrapped;

	return CBB_add_asn1(out, &file, CBS_ASN1_SEQUENCE) && CBB_add_asn1_uint64(&file, 3) &&
	       CBB_add_asn1(&file, &info, CBS_ASN1_SEQUENCE) && oid_add(&info, data_oid) &&
	       CBB_add_asn1(&info, &wrapped, PKCS12_TAG(0)) &&
	       CBB_add_asn1_octet_string(&wrapped, safe.data, safe.len) && CBB_flush(&file) &&
	       add_mac(mac, iterations, &file) && CBB_flush(out);
}

static int write_file(const struct writer *writer, struct bytes safe, struct buffer *ret_der,
		      struct error *err)
{
	struct mac mac;
	CBB cbb;

	if (make_mac(writer, safe, &mac, err) < 0)
		return -1;
	if (CBB_init(&cbb, safe.len + 256) && add_file(safe, &mac, writer->iterations, &cbb) &&
	    finish(&cbb, ret_der))
		return 0;
	CBB_cleanup(&cbb);
	return error_set(err, ERROR_SYSTEM, "could not write the PKCS#12 file");
}

int pkcs12_write(const struct pkcs12_contents *contents, enum pkcs12_profile profile,
		 const char *password, struct buffer *ret_der, struct error *err)
{
	struct writer writer = { .contents = contents, .password = password };
	struct buffer safe = { 0 };
	int status;

	writer.scheme = profile == PKCS12_MODERN ? PBE_MODERN : PBE_COMPATIBLE;
	writer.iterations = profile == PKCS12_MODERN ? MODERN_ITERATIONS : COMPATIBLE_ITERATIONS;
	SHA1(contents->leaf.data, contents->leaf.len, writer.key_id);
	if (pbe_utf16(contents->name, false, &writer.name, err) < 0)
		return -1;
	status = write_safe(&writer, &safe, err);
	if (status == 0)
		status = write_file(&writer, buffer_bytes(&safe), ret_der, err);
	buffer_done(&safe);
	buffer_done(&writer.name);
	return status;
}
