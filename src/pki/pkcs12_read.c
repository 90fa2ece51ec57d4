/* The reader: the MAC first, then every safe, then every bag. */
#include <string.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include "pki/ber.h"
#include "pki/pkcs12_internal.h"
#include "pki/pkcs8.h"

#define NESTED_MAX 3 /* safes inside of safes */

static const struct bytes data_oid = OID_PKCS7(1);
static const struct bytes signed_data_oid = OID_PKCS7(2);
static const struct bytes encrypted_data_oid = OID_PKCS7(6);
static const struct bytes key_bag_oid = OID_PKCS12_BAG(1);
static const struct bytes shrouded_key_bag_oid = OID_PKCS12_BAG(2);
static const struct bytes certificate_bag_oid = OID_PKCS12_BAG(3);
static const struct bytes safe_bag_oid = OID_PKCS12_BAG(6);
static const struct bytes x509_certificate_oid =
	OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01);
static const struct bytes pbmac1_oid = OID_PKCS5(0x0e);

struct reader {
	struct pbe *pbe;
	int (*each)(void *arg, const struct pkcs12_item *item, struct error *err);
	void *arg;
	size_t certificates, keys;
};

static int say_damaged(struct error *err)
{
	return error_set(err, ERROR_INVALID, "the PKCS#12 file is damaged");
}

bool pkcs12_is(struct bytes content)
{
	static const uint8_t version[] = { 0x02, 0x01, 0x03, 0x30 };
	size_t skip;

	if (content.len < 8 || content.data[0] != 0x30)
		return false;
	skip = content.data[1] <= 0x80 ? 2 : 2 + (size_t)(content.data[1] & 0x7f);
	return skip + sizeof(version) <= content.len &&
	       memcmp(content.data + skip, version, sizeof(version)) == 0;
}

/* --- bags --- */

static int give(struct reader *reader, bool is_key, struct bytes der, struct error *err)
{
	struct pkcs12_item item = { .is_key = is_key, .der = der };
	size_t *count = is_key ? &reader->keys : &reader->certificates;

	if (++*count > (is_key ? PKCS12_KEYS_MAX : PKCS12_CERTIFICATES_MAX))
		return error_set(err, ERROR_LIMIT, "the PKCS#12 file has more than %d %s",
				 is_key ? PKCS12_KEYS_MAX : PKCS12_CERTIFICATES_MAX,
				 is_key ? "private keys" : "certificates");
	return reader->each(reader->arg, &item, err);
}

static int take_shrouded_key(struct reader *reader, struct bytes der, struct error *err)
{
	struct buffer pkcs8 = { 0 };
	int status = pkcs8_decrypt(reader->pbe, der, &pkcs8, err);

	if (status == 0)
		status = give(reader, true, buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	return status;
}

/* CertBag ::= SEQUENCE { OID, [0] OCTET STRING }; SDSI certificates are passed over. */
static int take_certificate(struct reader *reader, CBS *value, struct error *err)
{
	CBS bag, oid, wrapped, der;

	if (!CBS_get_asn1(value, &bag, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&bag, &oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&bag, &wrapped, PKCS12_TAG(0)))
		return say_damaged(err);
	if (!bytes_equal(cbs_bytes(&oid), x509_certificate_oid))
		return 0;
	if (!CBS_get_asn1(&wrapped, &der, CBS_ASN1_OCTETSTRING))
		return say_damaged(err);
	return give(reader, false, cbs_bytes(&der), err);
}

static int take_bags(struct reader *reader, CBS *list, unsigned int depth, struct error *err);

static int take_nested(struct reader *reader, CBS *value, unsigned int depth, struct error *err)
{
	CBS list;

	if (depth == NESTED_MAX)
		return error_set(err, ERROR_LIMIT, "the PKCS#12 file is nested too deeply");
	if (!CBS_get_asn1(value, &list, CBS_ASN1_SEQUENCE))
		return say_damaged(err);
	return take_bags(reader, &list, depth + 1, err);
}

/* SafeBag ::= SEQUENCE { OID, [0] value, SET OF attributes }. Lists and secrets are passed over. */
static int take_bags(struct reader *reader, CBS *list, unsigned int depth, struct error *err)
{
	CBS bag, oid, value;
	int status = 0;

	while (status == 0 && CBS_len(list) > 0) {
		if (!CBS_get_asn1(list, &bag, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&bag, &oid, CBS_ASN1_OBJECT) ||
		    !CBS_get_asn1(&bag, &value, PKCS12_TAG(0)))
			return say_damaged(err);
		if (bytes_equal(cbs_bytes(&oid), certificate_bag_oid))
			status = take_certificate(reader, &value, err);
		else if (bytes_equal(cbs_bytes(&oid), shrouded_key_bag_oid))
			status = take_shrouded_key(reader, cbs_bytes(&value), err);
		else if (bytes_equal(cbs_bytes(&oid), key_bag_oid))
			status = give(reader, true, cbs_bytes(&value), err);
		else if (bytes_equal(cbs_bytes(&oid), safe_bag_oid))
			status = take_nested(reader, &value, depth, err);
	}
	return status;
}

static int take_safe(struct reader *reader, struct bytes content, struct error *err)
{
	struct buffer der = { 0 };
	CBS cbs, list;
	int status;

	if (ber_to_der(content, &der, err) < 0)
		return say_damaged(err);
	CBS_init(&cbs, der.data, der.len);
	status = CBS_get_asn1(&cbs, &list, CBS_ASN1_SEQUENCE) ? take_bags(reader, &list, 0, err) :
								say_damaged(err);
	buffer_done(&der);
	return status;
}

/* --- safes --- */

/* [0] IMPLICIT OCTET STRING, whole or in pieces. */
static bool get_octets(CBS *in, struct buffer *ret_octets)
{
	CBS content, piece;

	if (CBS_peek_asn1_tag(in, PKCS12_OCTETS(0))) {
		if (!CBS_get_asn1(in, &content, PKCS12_OCTETS(0)))
			return false;
		buffer_append(ret_octets, CBS_data(&content), CBS_len(&content));
		return true;
	}
	if (!CBS_get_asn1(in, &content, PKCS12_TAG(0)))
		return false;
	while (CBS_len(&content) > 0) {
		if (!CBS_get_asn1(&content, &piece, CBS_ASN1_OCTETSTRING))
			return false;
		buffer_append(ret_octets, CBS_data(&piece), CBS_len(&piece));
	}
	return true;
}

/* EncryptedData ::= SEQUENCE { version, { contentType, algorithm, [0] octets }, ... } */
static int take_encrypted(struct reader *reader, CBS *wrapped, struct error *err)
{
	struct buffer encrypted = { 0 }, plain = { 0 };
	CBS data, content, oid, algorithm;
	uint64_t version;
	int status;

	if (!CBS_get_asn1(wrapped, &data, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_uint64(&data, &version) ||
	    !CBS_get_asn1(&data, &content, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&content, &oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&content, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !get_octets(&content, &encrypted)) {
		buffer_done(&encrypted);
		return say_damaged(err);
	}
	status = pbe_decrypt(reader->pbe, cbs_bytes(&algorithm), buffer_bytes(&encrypted), &plain,
			     err);
	if (status == 0)
		status = take_safe(reader, buffer_bytes(&plain), err);
	buffer_done(&encrypted);
	buffer_done(&plain);
	return status;
}

static int take_content_info(struct reader *reader, CBS *list, struct error *err)
{
	CBS info, oid, wrapped, octets;

	if (!CBS_get_asn1(list, &info, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&info, &oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&info, &wrapped, PKCS12_TAG(0)))
		return say_damaged(err);
	if (bytes_equal(cbs_bytes(&oid), encrypted_data_oid))
		return take_encrypted(reader, &wrapped, err);
	if (!bytes_equal(cbs_bytes(&oid), data_oid))
		return error_set(err, ERROR_INVALID,
				 "the PKCS#12 file is encrypted for a public key, not a password");
	if (!CBS_get_asn1(&wrapped, &octets, CBS_ASN1_OCTETSTRING))
		return say_damaged(err);
	return take_safe(reader, cbs_bytes(&octets), err);
}

static int take_all(struct reader *reader, struct bytes safe, struct error *err)
{
	struct buffer der = { 0 };
	CBS cbs, list;
	int status = 0;

	if (ber_to_der(safe, &der, err) < 0)
		return say_damaged(err);
	CBS_init(&cbs, der.data, der.len);
	if (!CBS_get_asn1(&cbs, &list, CBS_ASN1_SEQUENCE))
		status = say_damaged(err);
	while (status == 0 && CBS_len(&list) > 0)
		status = take_content_info(reader, &list, err);
	buffer_done(&der);
	return status;
}

/* --- the MAC --- */

struct mac_data {
	CBS algorithm, parameters, value, salt; /* parameters: of PBMAC1 */
	uint64_t iterations;
};

/* MacData ::= SEQUENCE { SEQUENCE { algorithm, OCTET STRING }, salt, iterations DEFAULT 1 } */
static bool read_mac_data(CBS *file, struct mac_data *ret_mac)
{
	CBS data, info, algorithm;

	ret_mac->iterations = 1;
	if (!CBS_get_asn1(file, &data, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&data, &info, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&algorithm, &ret_mac->algorithm, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&info, &ret_mac->value, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1(&data, &ret_mac->salt, CBS_ASN1_OCTETSTRING))
		return false;
	ret_mac->parameters = algorithm;
	return CBS_len(&data) == 0 ||
	       (CBS_get_asn1_uint64(&data, &ret_mac->iterations) && CBS_len(&data) == 0);
}

/* PBMAC1-params ::= SEQUENCE { keyDerivationFunc, messageAuthScheme }: RFC 9579 4 */
static int make_pbmac1(struct pbe *pbe, const struct mac_data *mac, struct bytes content,
		       uint8_t ret_mac[PKCS12_MAC_MAX], size_t *ret_len, struct error *err)
{
	CBS algorithm = mac->parameters, parameters, derivation, scheme, oid;
	uint8_t key[PKCS12_MAC_MAX];
	const EVP_MD *digest;
	unsigned int len = 0;

	if (!CBS_get_asn1(&algorithm, &parameters, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&parameters, &derivation, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&parameters, &scheme, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&scheme, &oid, CBS_ASN1_OBJECT))
		return say_damaged(err);
	digest = pbe_hmac_digest(cbs_bytes(&oid));
	if (digest == NULL)
		return error_set(err, ERROR_INVALID, "the MAC of the PKCS#12 file has an unknown hash");
	if (pbe_derive(pbe, &derivation, key, EVP_MD_size(digest), err) < 0)
		return -1;
	HMAC(digest, key, EVP_MD_size(digest), content.data, content.len, ret_mac, &len);
	memory_wipe(key, sizeof(key));
	*ret_len = len;
	return 0;
}

static int make_mac(struct pbe *pbe, const struct mac_data *mac, struct bytes content,
		    uint8_t ret_mac[PKCS12_MAC_MAX], size_t *ret_len, struct error *err)
{
	const EVP_MD *digest = pbe_digest(cbs_bytes(&mac->algorithm));

	if (bytes_equal(cbs_bytes(&mac->algorithm), pbmac1_oid))
		return make_pbmac1(pbe, mac, content, ret_mac, ret_len, err);
	if (digest == NULL)
		return error_set(err, ERROR_INVALID, "the MAC of the PKCS#12 file has an unknown hash");
	return pkcs12_mac(pbe, digest, cbs_bytes(&mac->salt), mac->iterations, content, ret_mac,
			  ret_len, err);
}

/* 1: the MAC is right, 0: it is not. */
static int try_mac(struct pbe *pbe, const struct mac_data *mac, struct bytes content,
		   struct error *err)
{
	uint8_t made[PKCS12_MAC_MAX];
	size_t len = 0;

	if (make_mac(pbe, mac, content, made, &len, err) < 0)
		return -1;
	return len == CBS_len(&mac->value) && CRYPTO_memcmp(made, CBS_data(&mac->value), len) == 0;
}

/* The empty password has two encodings; the MAC tells which one was meant. */
static int check_mac(struct pbe *pbe, const struct mac_data *mac, struct bytes content,
		     struct error *err)
{
	bool was_given = pbe->password != NULL;
	int right;

	if (!was_given)
		pbe->password = "";
	right = try_mac(pbe, mac, content, err);
	if (right == 0 && pbe->password[0] == '\0') {
		pbe->bare = true;
		right = try_mac(pbe, mac, content, err);
	}
	if (right != 0)
		return right < 0 ? -1 : 0;
	if (!was_given) {
		pbe->password = NULL;
		error_set(err, ERROR_INVALID, "it looks like a PKCS#12 file: its password is needed");
		return error_symbol(err, "MissingParam.Password");
	}
	error_set(err, ERROR_INVALID,
		  "the password does not open the PKCS#12 file, or the file is damaged");
	return error_symbol(err, "IllegalParam.Password");
}

/* --- the file --- */

static int read_file(struct reader *reader, CBS *file, struct error *err)
{
	CBS info, oid, wrapped, safe;
	struct mac_data mac;
	uint64_t version;

	if (!CBS_get_asn1_uint64(file, &version) || version != 3 ||
	    !CBS_get_asn1(file, &info, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&info, &oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&info, &wrapped, PKCS12_TAG(0)))
		return say_damaged(err);
	if (bytes_equal(cbs_bytes(&oid), signed_data_oid))
		return error_set(err, ERROR_INVALID,
				 "the PKCS#12 file is signed instead of having a MAC");
	if (!bytes_equal(cbs_bytes(&oid), data_oid) ||
	    !CBS_get_asn1(&wrapped, &safe, CBS_ASN1_OCTETSTRING))
		return say_damaged(err);
	if (CBS_len(file) == 0) {
		error_set(err, ERROR_INVALID,
			  "the PKCS#12 file has no MAC: nothing tells whether it was changed");
		return error_hint(err, "Make it anew without -nomac.");
	}
	if (!read_mac_data(file, &mac) || CBS_len(file) > 0)
		return say_damaged(err);
	if (check_mac(reader->pbe, &mac, cbs_bytes(&safe), err) < 0)
		return -1;
	return take_all(reader, cbs_bytes(&safe), err);
}

int pkcs12_read(struct pbe *pbe, struct bytes file,
		int (*each)(void *arg, const struct pkcs12_item *item, struct error *err), void *arg,
		struct error *err)
{
	struct reader reader = { .pbe = pbe, .each = each, .arg = arg };
	struct buffer der = { 0 };
	CBS cbs, outer;
	int status;

	if (ber_to_der(file, &der, err) < 0)
		return say_damaged(err);
	CBS_init(&cbs, der.data, der.len);
	status = CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) ? read_file(&reader, &outer, err) :
								 say_damaged(err);
	buffer_done(&der);
	ERR_clear_error();
	return status;
}
