#include "x509/profile.h"

#include <stdio.h>
#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/x509v3.h>

#define SERIAL_MAX 20
#define TAG_NAMES(number) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (number))

/* Each rule answers NULL or what is wrong. */
struct subject {
	const struct certificate *certificate;
	enum profile_role role;
	bool strict;
};

static bool has(const struct subject *subject, enum certificate_extension extension)
{
	return subject->certificate->extensions[extension].present;
}

static bool is_critical(const struct subject *subject, enum certificate_extension extension)
{
	return subject->certificate->extensions[extension].critical;
}

static CBS value_of(const struct subject *subject, enum certificate_extension extension)
{
	CBS cbs;

	CBS_init(&cbs, subject->certificate->extensions[extension].value.data,
		 subject->certificate->extensions[extension].value.len);
	return cbs;
}

/* An empty RDNSequence is 30 00. */
static bool is_nameless(const struct certificate *certificate)
{
	return certificate->subject.len <= 2;
}

/* RFC 5280 4.1.2.2. Like its signature, the serial of an anchor is the business of who chose it. */
static const char *check_serial(const struct subject *subject)
{
	struct bytes serial = subject->certificate->serial;

	if (subject->role == PROFILE_ANCHOR && !subject->strict)
		return NULL;
	if ((serial.data[0] & 0x80) != 0)
		return "negative serial number";
	return serial.len == 1 && serial.data[0] == 0 ? "serial number 0" : NULL;
}

/* A leaf that could sign certificates would be a CA in the hands of a client. */
static const char *check_leaf(const struct subject *subject)
{
	const struct certificate *certificate = subject->certificate;

	if (subject->role != PROFILE_LEAF)
		return NULL;
	if (has(subject, EXTENSION_KEY_USAGE) &&
	    (certificate->key_usage & X509v3_KU_KEY_CERT_SIGN) != 0)
		return "key usage of a client certificate includes keyCertSign";
	return NULL;
}

/* RFC 5280 4.1.2.6: a CA has a name, or nobody could say who issued what. */
static const char *check_subject(const struct subject *subject)
{
	if (subject->role != PROFILE_LEAF && is_nameless(subject->certificate))
		return "a CA certificate without a subject";
	return NULL;
}

static const char *check_strict_leaf(const struct subject *subject)
{
	const struct certificate *certificate = subject->certificate;

	if (!subject->strict || subject->role != PROFILE_LEAF)
		return NULL;
	if (certificate->version != 3)
		return "not of X.509 version 3";
	if (!has(subject, EXTENSION_KEY_USAGE))
		return "no key usage";
	if (!has(subject, EXTENSION_EXTENDED_KEY_USAGE))
		return "no extended key usage";
	if ((certificate->extended_key_usage & XKU_ANYEKU) != 0)
		return "extended key usage allows any purpose";
	return has(subject, EXTENSION_ALTERNATIVE_NAME) ? NULL : "no subject alternative name";
}

/* RFC 5280 4.2.1.1, 4.2.1.2 */
static const char *check_key_ids(const struct subject *subject)
{
	X509 *x509 = subject->certificate->x509;
	bool is_root = subject->role == PROFILE_ANCHOR &&
		       certificate_is_self_issued(subject->certificate);

	if (!subject->strict)
		return NULL;
	if (!is_root && X509_get0_authority_key_id(x509) == NULL)
		return "no authority key identifier";
	if (subject->role != PROFILE_LEAF && X509_get0_subject_key_id(x509) == NULL)
		return "no subject key identifier";
	return NULL;
}

static const char *check_critical(const struct subject *subject)
{
	if (has(subject, EXTENSION_POLICY_CONSTRAINTS) &&
	    !is_critical(subject, EXTENSION_POLICY_CONSTRAINTS))
		return "policy constraints are not critical";
	if (subject->strict && subject->role != PROFILE_LEAF &&
	    !is_critical(subject, EXTENSION_BASIC_CONSTRAINTS))
		return "basic constraints of a CA are not critical";
	return NULL;
}

static const char *check_dns_name(const CBS *name)
{
	const uint8_t *data = CBS_data(name);
	size_t i;

	if (CBS_len(name) == 0)
		return "empty DNS name";
	if (data[0] == '.')
		return "DNS name begins with a dot";
	for (i = 0; i < CBS_len(name); i++) {
		if (data[i] == '_')
			return "DNS name with an underscore";
		if (data[i] <= ' ' || data[i] >= 0x7f)
			return "DNS name with a character that names cannot have";
	}
	return NULL;
}

/* RFC 5280 4.2.1.6 */
static const char *check_alternative_names(const struct subject *subject)
{
	CBS cbs = value_of(subject, EXTENSION_ALTERNATIVE_NAME);
	bool nameless = is_nameless(subject->certificate);
	const char *wrong = NULL;
	CBS names, name;
	CBS_ASN1_TAG tag;

	if (!has(subject, EXTENSION_ALTERNATIVE_NAME) || subject->role == PROFILE_ANCHOR)
		return NULL;
	if (!CBS_get_asn1(&cbs, &names, CBS_ASN1_SEQUENCE) || CBS_len(&names) == 0)
		return "empty subject alternative name";
	if (nameless && !is_critical(subject, EXTENSION_ALTERNATIVE_NAME))
		return "no subject, and the alternative name is not critical";
	if (!nameless && subject->strict && is_critical(subject, EXTENSION_ALTERNATIVE_NAME))
		return "alternative name is critical although there is a subject";
	while (wrong == NULL && CBS_len(&names) > 0 && CBS_get_any_asn1(&names, &name, &tag))
		if (tag == (CBS_ASN1_CONTEXT_SPECIFIC | GEN_DNS))
			wrong = check_dns_name(&name);
	return wrong;
}

static bool has_leading_dot(CBS subtrees)
{
	CBS subtree, base;
	CBS_ASN1_TAG tag;

	while (CBS_len(&subtrees) > 0) {
		if (!CBS_get_asn1(&subtrees, &subtree, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_any_asn1(&subtree, &base, &tag))
			return false;
		if (tag == (CBS_ASN1_CONTEXT_SPECIFIC | GEN_DNS) && CBS_len(&base) > 0 &&
		    CBS_data(&base)[0] == '.')
			return true;
	}
	return false;
}

/* RFC 5280 4.2.1.10 */
static const char *check_name_constraints(const struct subject *subject)
{
	CBS cbs = value_of(subject, EXTENSION_NAME_CONSTRAINTS);
	CBS constraints, permitted, excluded;
	int has_permitted, has_excluded;

	if (!has(subject, EXTENSION_NAME_CONSTRAINTS))
		return NULL;
	if (subject->role == PROFILE_LEAF)
		return "name constraints in a client certificate";
	if (!CBS_get_asn1(&cbs, &constraints, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&constraints, &permitted, &has_permitted, TAG_NAMES(0)) ||
	    !CBS_get_optional_asn1(&constraints, &excluded, &has_excluded, TAG_NAMES(1)))
		return "name constraints that cannot be read";
	if ((!has_permitted && !has_excluded) || (has_permitted && CBS_len(&permitted) == 0) ||
	    (has_excluded && CBS_len(&excluded) == 0))
		return "empty name constraints";
	if (!subject->strict)
		return NULL;
	if (!is_critical(subject, EXTENSION_NAME_CONSTRAINTS))
		return "name constraints are not critical";
	if ((has_permitted && has_leading_dot(permitted)) ||
	    (has_excluded && has_leading_dot(excluded)))
		return "DNS name constraint begins with a dot";
	return NULL;
}

/* RFC 8446 4.4.2.4: the client signs with its key. */
static bool may_sign(const struct certificate *certificate)
{
	return (certificate->key_usage & X509v3_KU_DIGITAL_SIGNATURE) != 0;
}

enum reason profile_check(const struct certificate *certificate, enum profile_role role,
			  bool strict, char *ret_detail, size_t size)
{
	static const char *(*const rules[])(const struct subject *) = {
		check_serial, check_subject, check_leaf, check_strict_leaf, check_key_ids, check_critical,
		check_alternative_names, check_name_constraints,
	};
	const struct subject subject = { certificate, role, strict };
	const char *wrong = NULL;
	size_t i;

	if (certificate->serial.len > SERIAL_MAX && (role != PROFILE_ANCHOR || strict)) {
		snprintf(ret_detail, size, "serial number of more than %d octets", SERIAL_MAX);
		return REASON_MALFORMED;
	}
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]) && wrong == NULL; i++)
		wrong = rules[i](&subject);
	if (wrong != NULL) {
		snprintf(ret_detail, size, "%s", wrong);
		return REASON_BAD_PROFILE;
	}
	if (role == PROFILE_LEAF && !may_sign(certificate)) {
		snprintf(ret_detail, size, "key usage without digitalSignature");
		return REASON_WRONG_PURPOSE;
	}
	return REASON_ADMITTED;
}
