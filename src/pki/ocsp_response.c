#include "pki/ocsp_response.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include "pki/der_time.h"
#include "pki/signing.h"
#include "x509/certificate_internal.h"

#define TAG_WRAPPED(number) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (number))
#define TAG_CONTEXT(number) (CBS_ASN1_CONTEXT_SPECIFIC | (number))

static const uint8_t basic_oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01 };
static const uint8_t nonce_oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02 };

static bool add_oid(CBB *out, const uint8_t *oid, size_t len)
{
	CBB id;

	return CBB_add_asn1(out, &id, CBS_ASN1_OBJECT) && CBB_add_bytes(&id, oid, len) &&
	       CBB_flush(out);
}

/* ResponderID byKey: the SHA-1 of the key's bits, whatever else SHA-1 is good for. */
static bool add_responder(CBB *out, const struct certificate *signer)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(signer->x509);
	uint8_t hash[SHA_DIGEST_LENGTH];
	CBB wrapped, key;

	SHA1(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), hash);
	return CBB_add_asn1(out, &wrapped, TAG_WRAPPED(2)) &&
	       CBB_add_asn1(&wrapped, &key, CBS_ASN1_OCTETSTRING) &&
	       CBB_add_bytes(&key, hash, sizeof(hash)) && CBB_flush(out);
}

static bool add_revoked(CBB *out, const struct ocsp_answer *answer)
{
	const uint8_t reason = (uint8_t)answer->reason;
	CBB info, wrapped, value;

	if (!CBB_add_asn1(out, &info, TAG_WRAPPED(1)) ||
	    !der_time_add_generalized(&info, answer->revoked_s))
		return false;
	if (answer->reason != 0 &&
	    (!CBB_add_asn1(&info, &wrapped, TAG_WRAPPED(0)) ||
	     !CBB_add_asn1(&wrapped, &value, CBS_ASN1_ENUMERATED) || !CBB_add_u8(&value, reason)))
		return false;
	return CBB_flush(out) == 1;
}

static bool add_status(CBB *out, const struct ocsp_answer *answer)
{
	CBB empty;

	if (answer->status == OCSP_REVOKED)
		return add_revoked(out, answer);
	return CBB_add_asn1(out, &empty, TAG_CONTEXT(answer->status == OCSP_GOOD ? 0 : 2)) &&
	       CBB_flush(out);
}

static bool add_answer(CBB *out, const struct ocsp_response *response,
		       const struct ocsp_answer *answer)
{
	CBB single, wrapped;

	return CBB_add_asn1(out, &single, CBS_ASN1_SEQUENCE) &&
	       CBB_add_bytes(&single, answer->id.data, answer->id.len) &&
	       add_status(&single, answer) &&
	       der_time_add_generalized(&single, response->this_update) &&
	       CBB_add_asn1(&single, &wrapped, TAG_WRAPPED(0)) &&
	       der_time_add_generalized(&wrapped, response->next_update) && CBB_flush(out);
}

static bool add_nonce(CBB *out, struct bytes nonce)
{
	CBB wrapped, list, extension, value, octets;

	return CBB_add_asn1(out, &wrapped, TAG_WRAPPED(1)) &&
	       CBB_add_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&list, &extension, CBS_ASN1_SEQUENCE) &&
	       add_oid(&extension, nonce_oid, sizeof(nonce_oid)) &&
	       CBB_add_asn1(&extension, &value, CBS_ASN1_OCTETSTRING) &&
	       CBB_add_asn1(&value, &octets, CBS_ASN1_OCTETSTRING) &&
	       CBB_add_bytes(&octets, nonce.data, nonce.len) && CBB_flush(out);
}

/* ResponseData */
static bool write_data(CBB *out, const struct ocsp_response *response)
{
	CBB data, answers;
	size_t i;

	if (!CBB_add_asn1(out, &data, CBS_ASN1_SEQUENCE) ||
	    !add_responder(&data, response->signer) ||
	    !der_time_add_generalized(&data, response->produced_at) ||
	    !CBB_add_asn1(&data, &answers, CBS_ASN1_SEQUENCE))
		return false;
	for (i = 0; i < response->count; i++)
		if (!add_answer(&answers, response, &response->answers[i]))
			return false;
	return CBB_flush(&data) &&
	       (response->nonce.len == 0 || add_nonce(&data, response->nonce)) && CBB_flush(out);
}

/* certs [0] of BasicOCSPResponse */
static bool write_certificates(CBB *out, const struct ocsp_response *response)
{
	struct bytes der = certificate_der(response->signer);
	CBB wrapped, list;

	return CBB_add_asn1(out, &wrapped, TAG_WRAPPED(0)) &&
	       CBB_add_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) &&
	       CBB_add_bytes(&list, der.data, der.len) && CBB_flush(out);
}

static bool write_whole(CBB *out, const struct buffer *basic)
{
	CBB whole, status, wrapped, fields, octets;

	return CBB_add_asn1(out, &whole, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&whole, &status, CBS_ASN1_ENUMERATED) && CBB_add_u8(&status, 0) &&
	       CBB_add_asn1(&whole, &wrapped, TAG_WRAPPED(0)) &&
	       CBB_add_asn1(&wrapped, &fields, CBS_ASN1_SEQUENCE) &&
	       add_oid(&fields, basic_oid, sizeof(basic_oid)) &&
	       CBB_add_asn1(&fields, &octets, CBS_ASN1_OCTETSTRING) &&
	       CBB_add_bytes(&octets, basic->data, basic->len) && CBB_flush(out);
}

static struct bytes cbb_bytes(const CBB *cbb)
{
	return (struct bytes){ CBB_data(cbb), CBB_len(cbb) };
}

int ocsp_response_write(const struct ocsp_response *response, struct buffer *ret_der,
			struct error *err)
{
	struct buffer basic = { 0 };
	CBB data, certificates, whole;
	int result = -1;

	CBB_zero(&data);
	CBB_zero(&certificates);
	CBB_zero(&whole);
	if (!CBB_init(&data, 512) || !CBB_init(&certificates, 1024) || !CBB_init(&whole, 2048) ||
	    !write_data(&data, response) ||
	    (response->is_delegated && !write_certificates(&certificates, response))) {
		error_set(err, ERROR_SYSTEM, "could not write the OCSP response");
		goto out;
	}
	if (signing_wrap(response->key, cbb_bytes(&data), cbb_bytes(&certificates), &basic, err) <
	    0)
		goto out;
	if (!write_whole(&whole, &basic)) {
		error_set(err, ERROR_SYSTEM, "could not write the OCSP response");
		goto out;
	}
	buffer_done(ret_der);
	buffer_append(ret_der, CBB_data(&whole), CBB_len(&whole));
	result = 0;
out:
	CBB_cleanup(&data);
	CBB_cleanup(&certificates);
	CBB_cleanup(&whole);
	buffer_done(&basic);
	ERR_clear_error();
	return result;
}

void ocsp_response_refuse(enum ocsp_refusal refusal, struct buffer *ret_der)
{
	const uint8_t der[] = { 0x30, 0x03, 0x0a, 0x01, (uint8_t)refusal };

	buffer_done(ret_der);
	buffer_append(ret_der, der, sizeof(der));
}
