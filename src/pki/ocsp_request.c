#include "pki/ocsp_request.h"

#include <openssl/bytestring.h>
#include <string.h>

#define TAG_WRAPPED(number) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (number))

static const uint8_t sha1_oid[] = { 0x2b, 0x0e, 0x03, 0x02, 0x1a };
static const uint8_t sha256_oid[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
/* id-pkix-ocsp-nonce: RFC 6960 4.4.1 */
static const uint8_t nonce_oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02 };

static struct bytes bytes_of(const CBS *cbs)
{
	return (struct bytes){ CBS_data(cbs), CBS_len(cbs) };
}

static bool is_null_or_absent(CBS *parameters)
{
	CBS null;

	return CBS_len(parameters) == 0 || (CBS_get_asn1(parameters, &null, CBS_ASN1_NULL) &&
					    CBS_len(&null) == 0 && CBS_len(parameters) == 0);
}

static bool read_hash(CBS *in, struct ocsp_id *id)
{
	CBS algorithm, oid;

	if (!CBS_get_asn1(in, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT))
		return false;
	id->hash = OCSP_HASH_UNKNOWN;
	if (CBS_mem_equal(&oid, sha1_oid, sizeof(sha1_oid)))
		id->hash = OCSP_HASH_SHA1;
	else if (CBS_mem_equal(&oid, sha256_oid, sizeof(sha256_oid)))
		id->hash = OCSP_HASH_SHA256;
	return id->hash == OCSP_HASH_UNKNOWN || is_null_or_absent(&algorithm);
}

static bool read_id(CBS *in, struct ocsp_id *id)
{
	CBS element, fields, name, key, serial;

	if (!CBS_get_asn1_element(in, &element, CBS_ASN1_SEQUENCE))
		return false;
	id->der = bytes_of(&element);
	if (!CBS_get_asn1(&element, &fields, CBS_ASN1_SEQUENCE) || !read_hash(&fields, id) ||
	    !CBS_get_asn1(&fields, &name, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1(&fields, &key, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1(&fields, &serial, CBS_ASN1_INTEGER) || CBS_len(&fields) > 0)
		return false;
	/* Octets are what is looked up: a revoked serial must not be asked about in a longer form. */
	if (!CBS_is_valid_asn1_integer(&serial, NULL))
		return false;
	id->name_hash = bytes_of(&name);
	id->key_hash = bytes_of(&key);
	id->serial = bytes_of(&serial);
	return true;
}

/* RFC 9654 2.1: an OCTET STRING of 1 to 128 octets. */
static bool read_nonce(CBS value, struct bytes *ret_nonce)
{
	CBS nonce;

	if (ret_nonce->len > 0 || !CBS_get_asn1(&value, &nonce, CBS_ASN1_OCTETSTRING) ||
	    CBS_len(&value) > 0 || CBS_len(&nonce) == 0 || CBS_len(&nonce) > OCSP_NONCE_MAX_SIZE)
		return false;
	*ret_nonce = bytes_of(&nonce);
	return true;
}

/* ret_nonce NULL: a place where no nonce can stand. */
static bool read_extension(CBS *list, struct bytes *ret_nonce)
{
	CBS extension, oid, value;
	int critical = 0;

	if (!CBS_get_asn1(list, &extension, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&extension, &oid, CBS_ASN1_OBJECT) ||
	    (CBS_peek_asn1_tag(&extension, CBS_ASN1_BOOLEAN) &&
	     !CBS_get_asn1_bool(&extension, &critical)) ||
	    !CBS_get_asn1(&extension, &value, CBS_ASN1_OCTETSTRING) || CBS_len(&extension) > 0)
		return false;
	if (ret_nonce != NULL && CBS_mem_equal(&oid, nonce_oid, sizeof(nonce_oid)))
		return read_nonce(value, ret_nonce);
	return critical == 0;
}

static bool read_extensions(CBS *in, unsigned int tag, struct bytes *ret_nonce)
{
	CBS wrapped, list;
	int is_there;

	if (!CBS_get_optional_asn1(in, &wrapped, &is_there, TAG_WRAPPED(tag)))
		return false;
	if (!is_there)
		return true;
	if (!CBS_get_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) || CBS_len(&wrapped) > 0)
		return false;
	while (CBS_len(&list) > 0)
		if (!read_extension(&list, ret_nonce))
			return false;
	return true;
}

static bool read_ids(CBS list, struct ocsp_request *request)
{
	CBS single;

	while (CBS_len(&list) > 0) {
		if (request->count == OCSP_REQUEST_MAX_IDS ||
		    !CBS_get_asn1(&list, &single, CBS_ASN1_SEQUENCE) ||
		    !read_id(&single, &request->ids[request->count]) ||
		    !read_extensions(&single, 0, NULL) || CBS_len(&single) > 0)
			return false;
		request->count++;
	}
	return request->count > 0;
}

static bool read_version(CBS *tbs)
{
	CBS wrapped;
	uint64_t version = 0;
	int is_there;

	if (!CBS_get_optional_asn1(tbs, &wrapped, &is_there, TAG_WRAPPED(0)))
		return false;
	return !is_there ||
	       (CBS_get_asn1_uint64(&wrapped, &version) && version == 0 && CBS_len(&wrapped) == 0);
}

bool ocsp_request_parse(struct bytes der, struct ocsp_request *ret_request)
{
	CBS cbs, outer, tbs, list;

	*ret_request = (struct ocsp_request){ .count = 0 };
	if (der.len > OCSP_REQUEST_MAX_SIZE)
		return false;
	CBS_init(&cbs, der.data, der.len);
	if (!CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0 ||
	    !CBS_get_asn1(&outer, &tbs, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&outer, NULL, NULL, TAG_WRAPPED(0)) || CBS_len(&outer) > 0)
		return false;
	return read_version(&tbs) && CBS_get_optional_asn1(&tbs, NULL, NULL, TAG_WRAPPED(1)) &&
	       CBS_get_asn1(&tbs, &list, CBS_ASN1_SEQUENCE) && read_ids(list, ret_request) &&
	       read_extensions(&tbs, 2, &ret_request->nonce) && CBS_len(&tbs) == 0;
}

/* --- GET --- */

static int hex_value(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* One character of the text, with %XX resolved; -1: damaged. */
static int next_character(const char **at)
{
	const char *text = *at;
	int high, low;

	if (text[0] != '%') {
		*at = text + 1;
		return (unsigned char)text[0];
	}
	high = hex_value(text[1]);
	low = high < 0 ? -1 : hex_value(text[2]);
	if (low < 0)
		return -1;
	*at = text + 3;
	return 16 * high + low;
}

static int base64_value(int c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
				      :
				      /* A "+" that went through a form decoder is a blank. */
		       c == '+' || c == '-' || c == ' ' ? 62
	       : c == '/' || c == '_'			? 63
							: -1;
}

static bool only_padding(const char *at)
{
	int count = 0;

	for (; *at != '\0'; count++)
		if (next_character(&at) != '=')
			return false;
	return count <= 2;
}

bool ocsp_request_from_path(const char *text, struct buffer *ret_der)
{
	uint8_t der[OCSP_REQUEST_MAX_SIZE];
	unsigned int bits = 0, gathered = 0;
	const char *at = text;
	size_t len = 0;

	while (*at != '\0') {
		const char *before = at;
		int value = base64_value(next_character(&at));

		if (value < 0) {
			at = before;
			break;
		}
		gathered = (gathered << 6 | (unsigned int)value) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		if (len == sizeof(der))
			return false;
		bits -= 8;
		der[len++] = (uint8_t)(gathered >> bits);
	}
	if (!only_padding(at) || len == 0)
		return false;
	buffer_done(ret_der);
	buffer_append(ret_der, der, len);
	return true;
}
