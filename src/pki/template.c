#include "pki/template.h"

#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include "pki/der_time.h"
#include "pki/key.h"
#include "pki/oid.h"
#include "pki/signing.h"

#define TAG_CONTEXT(number) (CBS_ASN1_CONTEXT_SPECIFIC | (CBS_ASN1_TAG)(number))
#define TAG_EXPLICIT(number) (CBS_ASN1_CONSTRUCTED | TAG_CONTEXT(number))
#define TAG_URI TAG_CONTEXT(6)
#define CE(last) OID(0x55, 0x1d, (last))
#define PKIX(arc, last) OID(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, (arc), (last))

int serial_make(uint8_t ret_serial[SERIAL_SIZE], struct error *err)
{
	ret_serial[0] = 0x01;
	if (RAND_bytes(ret_serial + 1, SERIAL_SIZE - 1) == 1)
		return 0;
	return error_set(err, ERROR_SYSTEM, "no random bytes for a serial number");
}

/* One Extension while its value is being written; a flush of the list closes it. */
struct open_extension {
	CBB extension, value;
};

static bool open_extension(CBB *list, struct bytes oid, bool critical, struct open_extension *open)
{
	CBB type;

	return CBB_add_asn1(list, &open->extension, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&open->extension, &type, CBS_ASN1_OBJECT) &&
	       CBB_add_bytes(&type, oid.data, oid.len) &&
	       (!critical || CBB_add_asn1_bool(&open->extension, 1)) &&
	       CBB_add_asn1(&open->extension, &open->value, CBS_ASN1_OCTETSTRING);
}

static bool add_basic_constraints(CBB *list, const struct issue_request *request)
{
	struct open_extension open;
	CBB sequence;
	bool is_ca = request->profile->is_ca;

	return open_extension(list, (struct bytes)CE(19), true, &open) &&
	       CBB_add_asn1(&open.value, &sequence, CBS_ASN1_SEQUENCE) &&
	       (!is_ca || CBB_add_asn1_bool(&sequence, 1)) &&
	       (!is_ca || request->path_length < 0 ||
		CBB_add_asn1_uint64(&sequence, (uint64_t)request->path_length)) &&
	       CBB_flush(list);
}

static bool has_rsa_key(const struct issue_request *request)
{
	EVP_PKEY *key;
	bool is_rsa;
	CBS spki;

	CBS_init(&spki, request->public_key.data, request->public_key.len);
	key = EVP_parse_public_key(&spki);
	is_rsa = key != NULL && EVP_PKEY_id(key) == EVP_PKEY_RSA;
	EVP_PKEY_free(key);
	return is_rsa;
}

/* NSS takes a server with an RSA key for none without keyEncipherment, and the suites without ECDHE
 * that some security policies have need it (RFC 5246 7.4.2). */
static unsigned int usage_of(const struct issue_request *request)
{
	if (request->usage != 0)
		return request->usage;
	if (request->profile->kind == ISSUE_SERVER && has_rsa_key(request))
		return request->profile->usage | USAGE_KEY_ENCIPHERMENT;
	return request->profile->usage;
}

/* A named bit list: trailing zero bits are cut (X.690 11.2.2). */
static bool add_key_usage(CBB *list, const struct issue_request *request)
{
	unsigned int usage = usage_of(request);
	uint8_t unused = 0;
	struct open_extension open;
	CBB bits;

	while (unused < 7 && (usage >> unused & 1) == 0)
		unused++;
	return open_extension(list, (struct bytes)CE(15), true, &open) &&
	       CBB_add_asn1(&open.value, &bits, CBS_ASN1_BITSTRING) && CBB_add_u8(&bits, unused) &&
	       CBB_add_u8(&bits, (uint8_t)usage) && CBB_flush(list);
}

static bool add_purposes(CBB *list, const struct issue_request *request)
{
	const uint8_t prefix[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03 };
	unsigned int purposes =
		request->purposes != 0 ? request->purposes : request->profile->purposes;
	struct open_extension open;
	CBB sequence, oid;
	unsigned int i;

	if (purposes == 0)
		return true;
	if (!open_extension(list, (struct bytes)CE(37), false, &open) ||
	    !CBB_add_asn1(&open.value, &sequence, CBS_ASN1_SEQUENCE))
		return false;
	for (i = 0; i < PURPOSE_COUNT; i++) {
		if ((purposes >> i & 1) != 0 &&
		    (!CBB_add_asn1(&sequence, &oid, CBS_ASN1_OBJECT) ||
		     !CBB_add_bytes(&oid, prefix, sizeof(prefix)) ||
		     !CBB_add_u8(&oid, purpose_arc(1u << i))))
			return false;
	}
	return CBB_flush(list);
}

static bool add_key_ids(CBB *list, const struct issue_request *request,
			const struct issue_issuer *issuer)
{
	uint8_t id[KEY_ID_SIZE];
	struct open_extension open;
	CBB octets, sequence;

	if (!key_id(request->public_key, id) ||
	    !open_extension(list, (struct bytes)CE(14), false, &open) ||
	    !CBB_add_asn1(&open.value, &octets, CBS_ASN1_OCTETSTRING) ||
	    !CBB_add_bytes(&octets, id, sizeof(id)) || !CBB_flush(list))
		return false;
	if (issuer->key_id.len == 0)
		return true;
	return open_extension(list, (struct bytes)CE(35), false, &open) &&
	       CBB_add_asn1(&open.value, &sequence, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&sequence, &octets, TAG_CONTEXT(0)) &&
	       CBB_add_bytes(&octets, issuer->key_id.data, issuer->key_id.len) && CBB_flush(list);
}

/* Critical when it is the only name there is (RFC 5280 4.2.1.6). */
static bool add_names(CBB *list, const struct issue_request *request)
{
	bool nameless = request->subject.len <= 2;
	struct open_extension open;

	if (request->names == NULL || request->names->count == 0)
		return true;
	return open_extension(list, (struct bytes)CE(17), nameless, &open) &&
	       san_list_write(request->names, &open.value) && CBB_flush(list);
}

static bool add_constraints(CBB *list, const struct issue_request *request)
{
	struct open_extension open;

	if (request->constraints == NULL || request->constraints->count == 0)
		return true;
	return open_extension(list, (struct bytes)CE(30), true, &open) &&
	       constraints_write(request->constraints, &open.value) && CBB_flush(list);
}

static bool add_uri(CBB *out, const char *uri)
{
	CBB name;

	return CBB_add_asn1(out, &name, TAG_URI) &&
	       CBB_add_bytes(&name, (const uint8_t *)uri, strlen(uri)) && CBB_flush(out);
}

static bool add_crl_url(CBB *list, const char *url)
{
	struct open_extension open;
	CBB points, point, name, full;

	if (url == NULL)
		return true;
	return open_extension(list, (struct bytes)CE(31), false, &open) &&
	       CBB_add_asn1(&open.value, &points, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&points, &point, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&point, &name, TAG_EXPLICIT(0)) &&
	       CBB_add_asn1(&name, &full, TAG_EXPLICIT(0)) && add_uri(&full, url) &&
	       CBB_flush(list);
}

static bool add_access(CBB *descriptions, struct bytes method, const char *url)
{
	CBB description, oid;

	return url == NULL ||
	       (CBB_add_asn1(descriptions, &description, CBS_ASN1_SEQUENCE) &&
		CBB_add_asn1(&description, &oid, CBS_ASN1_OBJECT) &&
		CBB_add_bytes(&oid, method.data, method.len) && add_uri(&description, url) &&
		CBB_flush(descriptions));
}

static bool add_information_access(CBB *list, const struct issue_request *request)
{
	struct open_extension open;
	CBB descriptions;

	if (request->ocsp_url == NULL && request->issuer_url == NULL)
		return true;
	return open_extension(list, (struct bytes)PKIX(0x01, 0x01), false, &open) &&
	       CBB_add_asn1(&open.value, &descriptions, CBS_ASN1_SEQUENCE) &&
	       add_access(&descriptions, (struct bytes)PKIX(0x30, 0x01), request->ocsp_url) &&
	       add_access(&descriptions, (struct bytes)PKIX(0x30, 0x02), request->issuer_url) &&
	       CBB_flush(list);
}

/* RFC 6960 4.2.2.2.1: nobody asks whether the responder itself was revoked. */
static bool add_no_check(CBB *list, const struct issue_request *request)
{
	const struct bytes oid = OID(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05);
	struct open_extension open;
	CBB null;

	return !request->profile->no_check ||
	       (open_extension(list, oid, false, &open) &&
		CBB_add_asn1(&open.value, &null, CBS_ASN1_NULL) && CBB_flush(list));
}

static bool add_extensions(CBB *tbs, const struct issue_request *request,
			   const struct issue_issuer *issuer)
{
	CBB wrapped, list;

	return CBB_add_asn1(tbs, &wrapped, TAG_EXPLICIT(3)) &&
	       CBB_add_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) &&
	       add_basic_constraints(&list, request) && add_key_usage(&list, request) &&
	       add_purposes(&list, request) && add_key_ids(&list, request, issuer) &&
	       add_names(&list, request) && add_constraints(&list, request) &&
	       add_crl_url(&list, request->crl_url) && add_information_access(&list, request) &&
	       add_no_check(&list, request) && CBB_flush(tbs);
}

static bool add_version_and_serial(CBB *tbs, const uint8_t serial[SERIAL_SIZE])
{
	CBB version, number;

	return CBB_add_asn1(tbs, &version, TAG_EXPLICIT(0)) && CBB_add_asn1_uint64(&version, 2) &&
	       CBB_add_asn1(tbs, &number, CBS_ASN1_INTEGER) &&
	       CBB_add_bytes(&number, serial, SERIAL_SIZE) && CBB_flush(tbs);
}

static bool add_validity(CBB *tbs, const struct validity *validity)
{
	CBB dates;

	return CBB_add_asn1(tbs, &dates, CBS_ASN1_SEQUENCE) &&
	       der_time_add(&dates, validity->not_before) &&
	       der_time_add(&dates, validity->not_after) && CBB_flush(tbs);
}

static bool write_tbs(CBB *out, const struct issue_request *request,
		      const struct issue_issuer *issuer, const uint8_t serial[SERIAL_SIZE])
{
	struct bytes algorithm = signing_algorithm(issuer->key);
	CBB tbs;

	return CBB_add_asn1(out, &tbs, CBS_ASN1_SEQUENCE) && add_version_and_serial(&tbs, serial) &&
	       CBB_add_bytes(&tbs, algorithm.data, algorithm.len) &&
	       CBB_add_bytes(&tbs, issuer->name.data, issuer->name.len) &&
	       add_validity(&tbs, &request->validity) &&
	       CBB_add_bytes(&tbs, request->subject.data, request->subject.len) &&
	       CBB_add_bytes(&tbs, request->public_key.data, request->public_key.len) &&
	       add_extensions(&tbs, request, issuer) && CBB_flush(out);
}

int template_write(const struct issue_request *request, const struct issue_issuer *issuer,
		   const uint8_t serial[SERIAL_SIZE], struct buffer *ret_tbs, struct error *err)
{
	int status = 0;
	CBB out;

	if (!CBB_init(&out, 1024))
		return error_set(err, ERROR_SYSTEM, "out of memory");
	if (write_tbs(&out, request, issuer, serial)) {
		buffer_done(ret_tbs);
		buffer_append(ret_tbs, CBB_data(&out), CBB_len(&out));
	} else {
		status = error_set(err, ERROR_INVALID, "could not encode the %s",
				   request->profile->name);
	}
	CBB_cleanup(&out);
	ERR_clear_error();
	return status;
}
