/* X01 to X16, X31 and X33: which extensions there are, and those about keys and purposes. */
#include <stdio.h>
#include <string.h>
#include "pki/key.h"
#include "pki/lint_rules.h"
#include "x509/certificate_internal.h"

#define CE_SUBJECT_KEY_ID 14
#define CE_KEY_USAGE 15
#define CE_BASIC_CONSTRAINTS 19
#define CE_AUTHORITY_KEY_ID 35
#define CE_PURPOSES 37
#define TAG_KEY_ID (CBS_ASN1_CONTEXT_SPECIFIC | 0)

static const uint8_t no_check_oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05 };

static bool oid_is(const struct lint_extension *extension, const uint8_t *oid, size_t len)
{
	return bytes_equal(extension->oid, (struct bytes){ oid, len });
}

static const struct lint_extension *find_no_check(const struct lint_view *view)
{
	size_t i;

	for (i = 0; i < view->extension_count; i++)
		if (oid_is(&view->extensions[i], no_check_oid, sizeof(no_check_oid)))
			return &view->extensions[i];
	return NULL;
}

const char *lint_no_extension_twice(struct lint *lint)
{
	const struct lint_view *view = &lint->view;
	size_t i, j;

	for (i = 0; i < view->extension_count; i++)
		for (j = 0; j < i; j++)
			if (bytes_equal(view->extensions[i].oid, view->extensions[j].oid))
				return "one extension is there twice";
	return NULL;
}

const char *lint_extensions_are_der(struct lint *lint)
{
	size_t i;

	if (!lint->view.has_extensions || lint->view.extension_count == 0)
		return "it has no extensions";
	for (i = 0; i < lint->view.extension_count; i++)
		if (lint->view.extensions[i].has_flag && !lint->view.extensions[i].critical)
			return "an extension says critical = FALSE, which DER leaves out";
	return NULL;
}

/* Certificate transparency, Netscape's, and subject information access. */
const char *lint_nothing_foreign(struct lint *lint)
{
	static const uint8_t transparency[] = {
		0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04
	};
	static const uint8_t netscape[] = { 0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42 };
	size_t i;

	for (i = 0; i < lint->view.extension_count; i++) {
		struct bytes oid = lint->view.extensions[i].oid;

		if ((oid.len > sizeof(transparency) &&
		     memcmp(oid.data, transparency, sizeof(transparency)) == 0) ||
		    (oid.len > sizeof(netscape) &&
		     memcmp(oid.data, netscape, sizeof(netscape)) == 0))
			return "an extension of certificate transparency or of Netscape";
	}
	return lint_find_pkix(&lint->view, 11) != NULL ? "a subject information access" : NULL;
}

static bool profile_has(const struct issue_profile *profile, const struct lint_extension *extension)
{
	static const uint8_t access_oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01 };

	if (oid_is(extension, no_check_oid, sizeof(no_check_oid)))
		return profile->no_check;
	if (oid_is(extension, access_oid, sizeof(access_oid)))
		return profile->has_urls;
	if (extension->oid.len != 3 || extension->oid.data[0] != 0x55 ||
	    extension->oid.data[1] != 0x1d)
		return false;
	switch (extension->oid.data[2]) {
	case CE_SUBJECT_KEY_ID:
	case CE_KEY_USAGE:
	case CE_BASIC_CONSTRAINTS:
	case CE_AUTHORITY_KEY_ID:
		return true;
	case 17: /* alternative names */
		return profile->has_names;
	case 30: /* name constraints: X25 says more */
		return true;
	case 31: /* CRL addresses */
		return profile->has_urls;
	case 32: /* policies */
		return profile->is_ca;
	case CE_PURPOSES:
		return profile->kind != ISSUE_ROOT_CA;
	default:
		return false;
	}
}

const char *lint_only_extensions_of_the_profile(struct lint *lint)
{
	size_t i;

	for (i = 0; i < lint->view.extension_count; i++)
		if (!profile_has(lint->context->profile, &lint->view.extensions[i]))
			return "an extension that its profile does not have";
	return NULL;
}

const char *lint_has_crl_and_ocsp_addresses(struct lint *lint)
{
	if (!lint->context->profile->has_urls)
		return NULL;
	if (lint_find_pkix(&lint->view, 1) == NULL)
		return "it names no OCSP address: the base URL of the CA is not set";
	return lint_find(&lint->view, 31) == NULL ? "it names no address of a revocation list"
						  : NULL;
}

static bool read_key_id(const struct lint *lint, CBS *ret_id)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_SUBJECT_KEY_ID);
	CBS cbs;

	if (extension == NULL)
		return false;
	cbs = lint_cbs(extension->value);
	return CBS_get_asn1(&cbs, ret_id, CBS_ASN1_OCTETSTRING) && CBS_len(&cbs) == 0 &&
	       CBS_len(ret_id) > 0;
}

const char *lint_has_subject_key_id(struct lint *lint)
{
	CBS id;

	if (!read_key_id(lint, &id))
		return "it has no subject key identifier";
	return lint_find(&lint->view, CE_SUBJECT_KEY_ID)->critical ?
	       "its subject key identifier is critical" : NULL;
}

/* keyIdentifier only: nothing may stand behind it. */
static bool read_authority_key_id(const struct lint_extension *extension, CBS *ret_id)
{
	CBS cbs = lint_cbs(extension->value);
	CBS sequence;

	return CBS_get_asn1(&cbs, &sequence, CBS_ASN1_SEQUENCE) && CBS_len(&cbs) == 0 &&
	       CBS_get_asn1(&sequence, ret_id, TAG_KEY_ID) && CBS_len(&sequence) == 0;
}

/* What the issuer's certificate holds, or what is computed when it holds none (RFC 7093 2). */
static bool id_is_the_issuers(const struct certificate *issuer, const CBS *id)
{
	const struct extension *extension = &issuer->extensions[EXTENSION_SUBJECT_KEY_ID];
	uint8_t computed[KEY_ID_SIZE];
	CBS cbs = lint_cbs(extension->value);
	CBS wanted;

	if (extension->present)
		return CBS_get_asn1(&cbs, &wanted, CBS_ASN1_OCTETSTRING) &&
		       CBS_mem_equal(&wanted, CBS_data(id), CBS_len(id));
	return key_id(issuer->key, computed) && CBS_mem_equal(id, computed, sizeof(computed));
}

const char *lint_authority_key_id_is_the_issuers(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_AUTHORITY_KEY_ID);
	CBS id;

	if (lint->context->issuer == NULL)
		return NULL;
	if (extension == NULL)
		return "it has no authority key identifier";
	if (extension->critical)
		return "its authority key identifier is critical";
	if (!read_authority_key_id(extension, &id))
		return "its authority key identifier is not a key identifier alone";
	return id_is_the_issuers(lint->context->issuer, &id) ? NULL :
	       "its authority key identifier is not that of its issuer";
}

const char *lint_root_authority_key_id_is_its_own(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_AUTHORITY_KEY_ID);
	CBS id, own;

	if (lint->context->issuer != NULL || extension == NULL)
		return NULL;
	return read_authority_key_id(extension, &id) && read_key_id(lint, &own) &&
	       CBS_mem_equal(&id, CBS_data(&own), CBS_len(&own)) ? NULL :
	       "the authority key identifier of a root is not its own";
}

const char *lint_ca_is_a_ca(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_BASIC_CONSTRAINTS);
	int64_t path_length;
	bool is_ca;

	if (extension == NULL || !extension->critical)
		return "its basic constraints are absent or not critical";
	return lint_basic_constraints(&lint->view, &is_ca, &path_length) && is_ca ? NULL :
	       "its basic constraints do not say that it is a CA";
}

const char *lint_leaf_is_no_ca(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_BASIC_CONSTRAINTS);
	int64_t path_length;
	bool is_ca;

	if (extension == NULL || !extension->critical)
		return "its basic constraints are absent or not critical";
	return lint_basic_constraints(&lint->view, &is_ca, &path_length) && !is_ca &&
	       path_length < 0 ? NULL : "it is a CA, or has a path length";
}

const char *lint_path_length_is_below_the_issuers(struct lint *lint)
{
	const struct certificate *issuer = lint->context->issuer;
	long limit = issuer == NULL ? -1 : X509_get_pathlen(issuer->x509);
	int64_t path_length;
	bool is_ca;

	if (limit < 0)
		return NULL;
	if (limit == 0)
		return "its issuer has the path length 0 and makes no CAs";
	if (!lint_basic_constraints(&lint->view, &is_ca, &path_length))
		return "its basic constraints cannot be read";
	return path_length >= 0 && path_length < limit ? NULL :
	       "its path length is not below its issuer's";
}

/* USAGE_ bits; a ninth bit (decipherOnly) as 0x100. */
static bool read_usage(const struct lint *lint, unsigned int *ret_usage)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_KEY_USAGE);
	uint8_t unused, first, second = 0;
	CBS cbs, bits;

	if (extension == NULL)
		return false;
	cbs = lint_cbs(extension->value);
	if (!CBS_get_asn1(&cbs, &bits, CBS_ASN1_BITSTRING) || CBS_len(&cbs) > 0 ||
	    !CBS_get_u8(&bits, &unused) || !CBS_get_u8(&bits, &first) ||
	    (CBS_len(&bits) > 0 && !CBS_get_u8(&bits, &second)) || CBS_len(&bits) > 0 || unused > 7)
		return false;
	*ret_usage = first | (second != 0 ? 0x100u : 0u);
	/* the last bit that is written is a one: trailing zeros are cut */
	if (second != 0)
		return second == 0x80 && unused == 7;
	return first != 0 && (first >> unused & 1) != 0 && (first & ((1u << unused) - 1)) == 0;
}

const char *lint_key_usage_is_critical_der(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_KEY_USAGE);
	unsigned int usage;

	if (extension == NULL || !extension->critical)
		return "its key usage is absent or not critical";
	return read_usage(lint, &usage) ? NULL : "its key usage is empty or not DER";
}

const char *lint_key_usage_of_a_ca(struct lint *lint)
{
	unsigned int usage;

	return read_usage(lint, &usage) && usage == (USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN) ? NULL :
	       "its key usage is not keyCertSign and cRLSign alone";
}

const char *lint_key_usage_of_a_leaf(struct lint *lint)
{
	unsigned int usage;

	if (!read_usage(lint, &usage))
		return "its key usage cannot be read";
	if ((usage & (USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN)) != 0)
		return "its key usage lets it sign certificates or revocation lists";
	if ((usage & USAGE_DIGITAL_SIGNATURE) == 0)
		return "its key usage lacks digitalSignature, which TLS needs";
	return (usage & USAGE_KEY_ENCIPHERMENT) != 0 && EVP_PKEY_id(lint->key) == EVP_PKEY_EC ?
	       "keyEncipherment in the key usage of an EC key, which cannot do it" : NULL;
}

#define PURPOSE_ANY 0x40u
#define PURPOSE_OTHER 0x80u

static unsigned int purpose_of(const CBS *oid)
{
	static const uint8_t prefix[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03 };
	static const uint8_t any[] = { 0x55, 0x1d, 0x25, 0x00 };
	unsigned int i;

	if (CBS_mem_equal(oid, any, sizeof(any)))
		return PURPOSE_ANY;
	if (CBS_len(oid) != sizeof(prefix) + 1 ||
	    memcmp(CBS_data(oid), prefix, sizeof(prefix)) != 0)
		return PURPOSE_OTHER;
	for (i = 0; i < PURPOSE_COUNT; i++)
		if (purpose_arc(1u << i) == CBS_data(oid)[sizeof(prefix)])
			return 1u << i;
	return PURPOSE_OTHER;
}

#define PURPOSES_MAX 32

/* ret_twice: one OID is there a second time. */
static bool read_purposes(struct bytes value, unsigned int *ret_purposes, size_t *ret_count,
			  bool *ret_twice)
{
	CBS seen[PURPOSES_MAX];
	CBS cbs = lint_cbs(value);
	CBS list;
	size_t i;

	*ret_purposes = 0;
	*ret_count = 0;
	*ret_twice = false;
	if (!CBS_get_asn1(&cbs, &list, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0)
		return false;
	while (CBS_len(&list) > 0) {
		CBS *oid = &seen[*ret_count];

		if (*ret_count == PURPOSES_MAX || !CBS_get_asn1(&list, oid, CBS_ASN1_OBJECT))
			return false;
		for (i = 0; i < *ret_count; i++)
			if (CBS_mem_equal(&seen[i], CBS_data(oid), CBS_len(oid)))
				*ret_twice = true;
		*ret_purposes |= purpose_of(oid);
		(*ret_count)++;
	}
	return true;
}

const char *lint_purposes_are_well_formed(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_PURPOSES);
	unsigned int purposes;
	size_t count;
	bool twice;

	if (extension == NULL)
		return NULL;
	if (extension->critical)
		return "its extended key usage is critical";
	if (!read_purposes(extension->value, &purposes, &count, &twice) || count == 0)
		return "its extended key usage is empty or cannot be read";
	return twice ? "its extended key usage names one purpose twice" : NULL;
}

const char *lint_exactly_one_purpose(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_PURPOSES);
	unsigned int purposes;
	size_t count;
	bool twice;

	return extension != NULL && read_purposes(extension->value, &purposes, &count, &twice) &&
	       count == 1 && purposes == lint->context->profile->purposes ? NULL :
	       "its extended key usage is not exactly the purpose of its profile";
}

const char *lint_purpose_is_allowed_by_the_issuer(struct lint *lint)
{
	const struct certificate *issuer = lint->context->issuer;
	const struct lint_extension *extension = lint_find(&lint->view, CE_PURPOSES);
	unsigned int allowed, purposes;
	size_t count;
	bool twice;

	if (issuer == NULL || !issuer->extensions[EXTENSION_EXTENDED_KEY_USAGE].present)
		return NULL;
	if (!read_purposes(issuer->extensions[EXTENSION_EXTENDED_KEY_USAGE].value, &allowed, &count,
			   &twice))
		return "the extended key usage of its issuer cannot be read";
	if ((allowed & PURPOSE_ANY) != 0)
		return NULL;
	if (extension == NULL)
		return lint->context->profile->is_ca ?
		       "its issuer is limited to some purposes, and it is not" : NULL;
	return read_purposes(extension->value, &purposes, &count, &twice) &&
	       (purposes & ~allowed) == 0 ? NULL :
	       "its purpose is not one of those that its issuer is limited to";
}

const char *lint_ocsp_signer_is_one(struct lint *lint)
{
	const struct lint_extension *no_check = find_no_check(&lint->view);
	const struct lint_extension *extension = lint_find(&lint->view, CE_PURPOSES);
	unsigned int purposes;
	size_t count;
	bool twice;

	if (no_check == NULL || no_check->critical)
		return "it lacks id-pkix-ocsp-nocheck, or it is critical";
	return extension != NULL && read_purposes(extension->value, &purposes, &count, &twice) &&
	       count == 1 && purposes == PURPOSE_OCSP ? NULL :
	       "its extended key usage is not OCSPSigning alone";
}
