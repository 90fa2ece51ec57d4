#include "pki/crl_write.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>
#include "pki/der_time.h"
#include "pki/signing.h"
#include "x509/certificate_internal.h"
#include "x509/crl.h"

#define TAG_WRAPPED(number) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (number))
#define TAG_CONTEXT(number) (CBS_ASN1_CONTEXT_SPECIFIC | (number))
#define SERIAL_MAX 64 /* an imported CA may have made longer ones than 20 octets */

/* --- words and dates --- */

static const struct {
	int value;
	const char *word;
} reasons[] = {
#define X(name, value, word) { value, word },
	CRL_REASONS(X)
#undef X
};

const char *crl_reason_word(int reason)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].value == reason)
			return reasons[i].word;
	return NULL;
}

int crl_reason_parse(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcasecmp(reasons[i].word, word) == 0)
			return reasons[i].value;
	return -1;
}

int64_t crl_next_update(int64_t this_update, int64_t days)
{
	int64_t life = days > 0 && days < 7 ? days * 86400 : CRL_MAX_LIFE_S;

	return this_update + life;
}

int64_t crl_renew_at(int64_t this_update, int64_t next_update)
{
	return this_update + (next_update - this_update) * 45 / 100;
}

uint64_t crl_next_number(uint64_t last, int64_t now)
{
	uint64_t clock = now > 0 ? (uint64_t)now : 0;

	return last + 1 > clock ? last + 1 : clock;
}

/* --- entries: by hand, there may be 500,000 --- */

/* Extensions { { reasonCode, ENUMERATED } }: RFC 5280 5.3.1 */
static const uint8_t reason_extension[] = { 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
					    0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01 };

static bool append_entry(const struct crl_entry *entry, struct buffer *out)
{
	uint8_t der[4 + SERIAL_MAX + DER_TIME_SIZE + sizeof(reason_extension) + 1];
	uint8_t *at = der + 4;
	size_t time_len;

	if (entry->serial.len == 0 || entry->serial.len > SERIAL_MAX)
		return false;
	memcpy(at, entry->serial.data, entry->serial.len);
	at += entry->serial.len;
	time_len = der_time(entry->when, at);
	if (time_len == 0)
		return false;
	at += time_len;
	if (entry->reason != REVOKED_UNSPECIFIED) {
		memcpy(at, reason_extension, sizeof(reason_extension));
		at += sizeof(reason_extension);
		*at++ = (uint8_t)entry->reason;
	}
	/* Short lengths: 64 + 17 + 14 + 2 octets at most. */
	der[0] = 0x30;
	der[1] = (uint8_t)(at - der - 2);
	der[2] = CBS_ASN1_INTEGER;
	der[3] = (uint8_t)entry->serial.len;
	buffer_append(out, der, (size_t)(at - der));
	return true;
}

static int collect(bool (*next)(void *arg, struct crl_entry *ret_entry), void *arg,
		   struct buffer *ret_entries, struct error *err)
{
	struct crl_entry entry = { { NULL, 0 }, 0, 0 };

	while (next(arg, &entry)) {
		if (!append_entry(&entry, ret_entries))
			return error_set(err, ERROR_INVALID,
					 "a revoked certificate has an impossible serial or date");
	}
	return 0;
}

/* --- extensions --- */

/* None of ours is critical. */
static bool begin_extension(CBB *list, uint8_t arc, CBB *ret_extension, CBB *ret_value)
{
	const uint8_t oid[] = { 0x55, 0x1d, arc };
	CBB id;

	return CBB_add_asn1(list, ret_extension, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(ret_extension, &id, CBS_ASN1_OBJECT) &&
	       CBB_add_bytes(&id, oid, sizeof(oid)) &&
	       CBB_add_asn1(ret_extension, ret_value, CBS_ASN1_OCTETSTRING);
}

/* The subject key identifier as the CA certificate has it; without one, the hash that would be
 * it. */
static bool add_key_id(CBB *list, const struct certificate *issuer)
{
	const ASN1_OCTET_STRING *found = X509_get0_subject_key_id(issuer->x509);
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(issuer->x509);
	uint8_t hash[SHA256_DIGEST_LENGTH];
	struct bytes id = { hash, 20 };
	CBB extension, value, fields, key_id;

	if (found != NULL)
		id = (struct bytes){ ASN1_STRING_get0_data(found),
				     (size_t)ASN1_STRING_length(found) };
	else
		SHA256(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), hash);
	return begin_extension(list, 35, &extension, &value) &&
	       CBB_add_asn1(&value, &fields, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&fields, &key_id, TAG_CONTEXT(0)) &&
	       CBB_add_bytes(&key_id, id.data, id.len) && CBB_flush(list);
}

static bool add_number(CBB *list, uint64_t number)
{
	CBB extension, value;

	return begin_extension(list, 20, &extension, &value) &&
	       CBB_add_asn1_uint64(&value, number) && CBB_flush(list);
}

static bool add_extensions(CBB *tbs, const struct crl_order *order)
{
	CBB wrapped, list;

	return CBB_add_asn1(tbs, &wrapped, TAG_WRAPPED(0)) &&
	       CBB_add_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) &&
	       add_key_id(&list, order->issuer) && add_number(&list, order->number) &&
	       CBB_flush(tbs);
}

/* --- the list --- */

/* RFC 5280 5.1.2.6: a list without entries has no revokedCertificates. */
static bool add_entries(CBB *tbs, const struct buffer *entries)
{
	CBB list;

	return entries->len == 0 ||
	       (CBB_add_asn1(tbs, &list, CBS_ASN1_SEQUENCE) &&
		CBB_add_bytes(&list, entries->data, entries->len) && CBB_flush(tbs));
}

static bool write_tbs(CBB *out, const struct crl_order *order, const struct buffer *entries)
{
	struct bytes algorithm = signing_algorithm(order->key);
	struct bytes issuer = certificate_subject_der(order->issuer);
	int64_t latest = order->this_update + CRL_MAX_LIFE_S;
	CBB tbs;

	return CBB_add_asn1(out, &tbs, CBS_ASN1_SEQUENCE) && CBB_add_asn1_uint64(&tbs, 1) &&
	       CBB_add_bytes(&tbs, algorithm.data, algorithm.len) &&
	       CBB_add_bytes(&tbs, issuer.data, issuer.len) &&
	       der_time_add(&tbs, order->this_update) &&
	       der_time_add(&tbs, order->next_update < latest ? order->next_update : latest) &&
	       add_entries(&tbs, entries) && add_extensions(&tbs, order) && CBB_flush(out);
}

int crl_write(const struct crl_order *order, bool (*next)(void *arg, struct crl_entry *ret_entry),
	      void *arg, struct buffer *ret_der, struct error *err)
{
	struct buffer entries = { 0 };
	int result = -1;
	CBB tbs;

	CBB_zero(&tbs);
	if (collect(next, arg, &entries, err) < 0)
		goto out;
	if (!CBB_init(&tbs, entries.len + 1024) || !write_tbs(&tbs, order, &entries)) {
		error_set(err, ERROR_SYSTEM, "could not write the revocation list");
		goto out;
	}
	result = signing_wrap(order->key, (struct bytes){ CBB_data(&tbs), CBB_len(&tbs) },
			      (struct bytes){ NULL, 0 }, ret_der, err);
out:
	CBB_cleanup(&tbs);
	buffer_done(&entries);
	ERR_clear_error();
	return result;
}

static void count_entry(void *arg, struct bytes serial, int64_t when)
{
	(void)arg, (void)serial, (void)when;
}

int crl_verify(struct bytes der, const struct certificate *issuer, struct error *err)
{
	struct crl crl;

	if (crl_parse(der, &crl, err) < 0 || crl_each_entry(&crl, count_entry, NULL, err) < 0)
		return -1;
	if (!crl_names(&crl, issuer) || !crl_key_id_agrees(&crl, issuer))
		return error_set(err, ERROR_INVALID, "the revocation list is that of another CA");
	return crl_check_signature(&crl, issuer, err);
}
