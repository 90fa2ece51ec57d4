#include "x509/crl.h"

#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/posix_time.h>
#include <openssl/x509v3.h>

#define TAG_CONTEXT(number) (CBS_ASN1_CONTEXT_SPECIFIC | (number))
#define TAG_WRAPPED(number) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (number))

static struct bytes cbs_bytes(const CBS *cbs)
{
	return (struct bytes){ CBS_data(cbs), CBS_len(cbs) };
}

static int malformed(struct error *err, const char *what)
{
	return error_set(err, ERROR_INVALID, "the revocation list is malformed: %s", what);
}

static bool read_digits(const uint8_t **at, unsigned int count, int *ret_number)
{
	int number = 0;

	while (count-- > 0) {
		uint8_t digit = *(*at)++;

		if (digit < '0' || digit > '9')
			return false;
		number = number * 10 + (digit - '0');
	}
	*ret_number = number;
	return true;
}

/* RFC 5280 4.1.2.5: YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ. By hand: a list has 500,000 of them. */
static bool read_time(CBS *in, int64_t *ret_when)
{
	CBS_ASN1_TAG tag;
	struct tm parts = { 0 };
	const uint8_t *at;
	bool is_short;
	CBS value;
	int year;

	if (!CBS_get_any_asn1(in, &value, &tag))
		return false;
	is_short = tag == CBS_ASN1_UTCTIME;
	if ((!is_short && tag != CBS_ASN1_GENERALIZEDTIME) || CBS_len(&value) != (is_short ? 13 : 15))
		return false;
	at = CBS_data(&value);
	if (!read_digits(&at, is_short ? 2 : 4, &year) || !read_digits(&at, 2, &parts.tm_mon) ||
	    !read_digits(&at, 2, &parts.tm_mday) || !read_digits(&at, 2, &parts.tm_hour) ||
	    !read_digits(&at, 2, &parts.tm_min) || !read_digits(&at, 2, &parts.tm_sec) || *at != 'Z')
		return false;
	if (is_short)
		year += year < 50 ? 2000 : 1900;
	parts.tm_year = year - 1900;
	parts.tm_mon--;
	return OPENSSL_tm_to_posix(&parts, ret_when) == 1;
}

/* The n of 2.5.29.n, 0 for any other OID. */
static unsigned int arc_of(const CBS *oid)
{
	const uint8_t *data = CBS_data(oid);

	return CBS_len(oid) == 3 && data[0] == 0x55 && data[1] == 0x1d ? data[2] : 0;
}

static bool read_key_id(CBS value, struct bytes *ret_key_id)
{
	CBS fields, key_id;
	int has_key_id;

	if (!CBS_get_asn1(&value, &fields, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&fields, &key_id, &has_key_id, TAG_CONTEXT(0)))
		return false;
	if (has_key_id)
		*ret_key_id = cbs_bytes(&key_id);
	return true;
}

static bool read_flag(CBS *fields, unsigned int number, bool *ret_flag)
{
	CBS value;
	int has_value;

	if (!CBS_get_optional_asn1(fields, &value, &has_value, TAG_CONTEXT(number)) ||
	    (has_value && CBS_len(&value) != 1))
		return false;
	*ret_flag = has_value && CBS_data(&value)[0] != 0;
	return true;
}

/* IssuingDistributionPoint (RFC 5280 5.2.5): a fullName, onlyUser and onlyCA are understood. */
static int read_distribution_point(CBS value, struct crl *crl, struct error *err)
{
	bool users = false, cas = false, indirect = false, attributes = false;
	int has_name, has_reasons;
	CBS fields, name;

	crl->distribution_point = cbs_bytes(&value);
	if (!CBS_get_asn1(&value, &fields, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&fields, &name, &has_name, TAG_WRAPPED(0)) ||
	    !read_flag(&fields, 1, &users) || !read_flag(&fields, 2, &cas) ||
	    !CBS_get_optional_asn1(&fields, NULL, &has_reasons, TAG_CONTEXT(3)) ||
	    !read_flag(&fields, 4, &indirect) || !read_flag(&fields, 5, &attributes) ||
	    CBS_len(&fields) > 0)
		return malformed(err, "issuing distribution point");
	if (indirect)
		return error_set(err, ERROR_INVALID, "indirect revocation lists are not supported");
	if (has_reasons)
		return error_set(err, ERROR_INVALID,
				 "revocation lists for some reasons only are not supported");
	if (attributes || (users && cas))
		return error_set(err, ERROR_INVALID,
				 "the revocation list does not cover client certificates");
	if (has_name && !CBS_peek_asn1_tag(&name, TAG_WRAPPED(0)))
		return error_set(err, ERROR_INVALID,
				 "a distribution point relative to the issuer is not supported");
	crl->scope = users ? CRL_SCOPE_USERS : cas ? CRL_SCOPE_CAS : CRL_SCOPE_ALL;
	return 0;
}

static int read_list_extension(const CBS *oid, const struct extension *extension, struct crl *crl,
			       struct error *err)
{
	CBS value, number;

	CBS_init(&value, extension->value.data, extension->value.len);
	switch (arc_of(oid)) {
	case 20: /* CRLNumber */
		if (!CBS_get_asn1(&value, &number, CBS_ASN1_INTEGER) || CBS_len(&number) == 0)
			return malformed(err, "number");
		crl->number = cbs_bytes(&number);
		return 0;
	case 27:
		return error_set(err, ERROR_INVALID, "delta revocation lists are not supported");
	case 28:
		return read_distribution_point(value, crl, err);
	case 35:
		return read_key_id(value, &crl->key_id) ? 0 : malformed(err, "authority key id");
	default:
		return !extension->critical ? 0 :
		       error_set(err, ERROR_INVALID,
				 "the revocation list has an unknown critical extension");
	}
}

static int read_extensions(CBS *tbs, struct crl *crl, struct error *err)
{
	struct extension extension;
	CBS wrapped, list, oid;

	if (CBS_len(tbs) == 0)
		return 0;
	if (!CBS_get_asn1(tbs, &wrapped, TAG_WRAPPED(0)) || CBS_len(tbs) > 0 ||
	    !CBS_get_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) || CBS_len(&wrapped) > 0)
		return malformed(err, "extensions");
	while (CBS_len(&list) > 0) {
		if (!extension_read(&list, &oid, &extension))
			return malformed(err, "extensions");
		if (read_list_extension(&oid, &extension, crl, err) < 0)
			return -1;
	}
	return 0;
}

static bool read_next_update(CBS *tbs, int64_t *ret_when)
{
	if (!CBS_peek_asn1_tag(tbs, CBS_ASN1_UTCTIME) &&
	    !CBS_peek_asn1_tag(tbs, CBS_ASN1_GENERALIZEDTIME))
		return true;
	return read_time(tbs, ret_when);
}

static int read_tbs(CBS tbs, const CBS *outer_algorithm, struct crl *crl, struct error *err)
{
	CBS inner_algorithm, issuer, entries;
	uint64_t version = 0;
	int has_entries;

	if (CBS_peek_asn1_tag(&tbs, CBS_ASN1_INTEGER) &&
	    (!CBS_get_asn1_uint64(&tbs, &version) || version != 1))
		return malformed(err, "version");
	if (!CBS_get_asn1(&tbs, &inner_algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&tbs, &issuer, CBS_ASN1_SEQUENCE))
		return malformed(err, "issuer");
	crl->issuer = cbs_bytes(&issuer);
	if (!CBS_mem_equal(&inner_algorithm, CBS_data(outer_algorithm), CBS_len(outer_algorithm)))
		return malformed(err, "its two algorithm fields differ");
	crl->algorithm = signature_algorithm_parse(cbs_bytes(&inner_algorithm));
	if (!read_time(&tbs, &crl->this_update) || !read_next_update(&tbs, &crl->next_update))
		return malformed(err, "dates");
	if (!CBS_get_optional_asn1(&tbs, &entries, &has_entries, CBS_ASN1_SEQUENCE))
		return malformed(err, "entries");
	if (has_entries)
		crl->entries = cbs_bytes(&entries);
	if (version == 0 && CBS_len(&tbs) > 0)
		return malformed(err, "extensions in a version 1 list");
	return read_extensions(&tbs, crl, err);
}

int crl_parse(struct bytes der, struct crl *ret_crl, struct error *err)
{
	CBS cbs, outer, tbs_element, tbs, algorithm, signature;
	uint8_t unused_bits;

	*ret_crl = (struct crl){ 0 };
	CBS_init(&cbs, der.data, der.len);
	if (!CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0 ||
	    !CBS_get_asn1_element(&outer, &tbs_element, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &signature, CBS_ASN1_BITSTRING) || CBS_len(&outer) > 0 ||
	    !CBS_get_u8(&signature, &unused_bits) || unused_bits != 0)
		return error_set(err, ERROR_INVALID, "it is not a revocation list");
	ret_crl->tbs = cbs_bytes(&tbs_element);
	ret_crl->signature = cbs_bytes(&signature);
	tbs = tbs_element;
	if (!CBS_get_asn1(&tbs, &tbs, CBS_ASN1_SEQUENCE))
		return error_set(err, ERROR_INVALID, "it is not a revocation list");
	return read_tbs(tbs, &algorithm, ret_crl, err);
}

/* A certificateIssuer entry (29) belongs to indirect lists: it would be critical and is unknown. */
static bool entry_extensions_are_known(CBS *entry)
{
	struct extension extension;
	CBS list, oid;

	if (CBS_len(entry) == 0)
		return true;
	if (!CBS_get_asn1(entry, &list, CBS_ASN1_SEQUENCE) || CBS_len(entry) > 0)
		return false;
	while (CBS_len(&list) > 0) {
		unsigned int arc;

		if (!extension_read(&list, &oid, &extension))
			return false;
		arc = arc_of(&oid);
		if (extension.critical && arc != 21 && arc != 23 && arc != 24)
			return false;
	}
	return true;
}

int crl_each_entry(const struct crl *crl,
		   void (*each)(void *arg, struct bytes serial, int64_t when), void *arg,
		   struct error *err)
{
	CBS entries, entry, serial;
	int64_t when;

	CBS_init(&entries, crl->entries.data, crl->entries.len);
	while (CBS_len(&entries) > 0) {
		if (!CBS_get_asn1(&entries, &entry, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&entry, &serial, CBS_ASN1_INTEGER) || CBS_len(&serial) == 0 ||
		    !read_time(&entry, &when))
			return malformed(err, "an entry");
		if (!entry_extensions_are_known(&entry))
			return error_set(err, ERROR_INVALID,
					 "an entry of the revocation list has an unknown critical extension");
		each(arg, cbs_bytes(&serial), when);
	}
	return 0;
}

bool crl_key_id_agrees(const struct crl *crl, const struct certificate *ca)
{
	const ASN1_OCTET_STRING *found = X509_get0_subject_key_id(ca->x509);

	return crl->key_id.len == 0 || found == NULL ||
	       bytes_equal(crl->key_id, (struct bytes){ ASN1_STRING_get0_data(found),
							(size_t)ASN1_STRING_length(found) });
}

bool crl_names(const struct crl *crl, const struct certificate *ca)
{
	const uint8_t *at = crl->issuer.data;
	X509_NAME *issuer;
	bool is_same;

	if (bytes_equal(crl->issuer, ca->subject))
		return true;
	issuer = at == NULL ? NULL : d2i_X509_NAME(NULL, &at, (long)crl->issuer.len);
	is_same = issuer != NULL && X509_NAME_cmp(issuer, X509_get_subject_name(ca->x509)) == 0;
	X509_NAME_free(issuer);
	ERR_clear_error();
	return is_same;
}

int crl_check_signature(const struct crl *crl, const struct certificate *ca, struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(ca->x509);
	char why[64];
	bool holds;

	if ((ca->key_usage & X509v3_KU_CRL_SIGN) == 0)
		return error_set(err, ERROR_INVALID,
				 "the key usage of the CA does not allow revocation lists (cRLSign)");
	if (crl->algorithm.weak)
		return error_set(err, ERROR_INVALID, "the revocation list is signed with %s",
				 crl->algorithm.name);
	if (key == NULL || !certificate_key_is_strong(ca, why, sizeof(why)))
		return error_set(err, ERROR_INVALID, "the key of the CA is too weak or unsupported");
	holds = signature_verify(&crl->algorithm, key, crl->tbs, crl->signature);
	ERR_clear_error();
	return holds ? 0 :
	       error_set(err, ERROR_INVALID, "the signature on the revocation list is wrong");
}
