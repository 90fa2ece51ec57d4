/* X17 to X28, X29, X30, X32: names that the certificate is for, constraints, addresses and policies. */
#include <stdio.h>
#include <string.h>
#include "pki/constraints.h"
#include "pki/lint_rules.h"
#include "pki/san_check.h"

#define CE_ALTERNATIVE_NAMES 17
#define CE_CONSTRAINTS 30
#define CE_CRL_ADDRESSES 31
#define CE_POLICIES 32
#define TAG_CONTEXT(number) (CBS_ASN1_CONTEXT_SPECIFIC | (CBS_ASN1_TAG)(number))
#define TAG_EXPLICIT(number) (CBS_ASN1_CONSTRUCTED | TAG_CONTEXT(number))
#define TEXT_MAX 2300

static bool read_names(const struct lint *lint, CBS *ret_names)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_ALTERNATIVE_NAMES);
	CBS cbs;

	if (extension == NULL)
		return false;
	cbs = lint_cbs(extension->value);
	return CBS_get_asn1(&cbs, ret_names, CBS_ASN1_SEQUENCE) && CBS_len(&cbs) == 0;
}

/* Calls check for the content of every name with this tag. */
static const char *each_name(struct lint *lint, CBS_ASN1_TAG wanted,
			     const char *(*check)(const struct lint *lint, const CBS *name))
{
	const char *wrong = NULL;
	CBS names, name;
	CBS_ASN1_TAG tag;

	if (!read_names(lint, &names))
		return NULL;
	while (wrong == NULL && CBS_len(&names) > 0) {
		if (!CBS_get_any_asn1(&names, &name, &tag))
			return "its alternative names cannot be read";
		if (tag == wanted)
			wrong = check(lint, &name);
	}
	return wrong;
}

/* As text for the checks, which know no NUL. */
static bool text_of(const CBS *name, char ret_text[TEXT_MAX])
{
	size_t len = CBS_len(name);

	if (len == 0 || len >= TEXT_MAX || memchr(CBS_data(name), 0, len) != NULL)
		return false;
	memcpy(ret_text, CBS_data(name), len);
	ret_text[len] = '\0';
	return true;
}

const char *lint_has_alternative_names(struct lint *lint)
{
	CBS names, name, others, other;

	if (!read_names(lint, &names) || CBS_len(&names) == 0)
		return "it has no alternative names";
	while (CBS_len(&names) > 0) {
		if (!CBS_get_any_asn1_element(&names, &name, NULL, NULL))
			return "its alternative names cannot be read";
		for (others = names; CBS_len(&others) > 0;) {
			if (!CBS_get_any_asn1_element(&others, &other, NULL, NULL))
				return "its alternative names cannot be read";
			if (CBS_mem_equal(&other, CBS_data(&name), CBS_len(&name)))
				return "it has one alternative name twice";
		}
	}
	return NULL;
}

const char *lint_alternative_names_critical_without_subject(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_ALTERNATIVE_NAMES);
	bool nameless = lint->view.subject.len <= 2;

	return extension == NULL || extension->critical == nameless
		       ? NULL
		       : "its alternative names are critical although it has a subject, or not although it has none";
}

static const char *check_wildcard(const struct lint *lint, const CBS *name)
{
	const uint8_t *star = memchr(CBS_data(name), '*', CBS_len(name));

	if (star == NULL)
		return NULL;
	if (lint->context->profile->kind != ISSUE_SERVER)
		return "a wildcard in a certificate that is not for a server";
	return star == CBS_data(name) && CBS_len(name) > 1 && CBS_data(name)[1] == '.' &&
	       memchr(star + 1, '*', CBS_len(name) - 1) == NULL ? NULL :
	       "a wildcard that is not the whole left-most label";
}

const char *lint_wildcards_stand_left(struct lint *lint)
{
	return each_name(lint, TAG_CONTEXT(SAN_DNS), check_wildcard);
}

static const char *check_dns(const struct lint *lint, const CBS *name)
{
	char text[TEXT_MAX];

	(void)lint;
	return text_of(name, text) && san_check_dns(text, true) == NULL ? NULL :
	       "one of its DNS names is not legal";
}

const char *lint_dns_names_are_legal(struct lint *lint)
{
	return each_name(lint, TAG_CONTEXT(SAN_DNS), check_dns);
}

static const char *check_address(const struct lint *lint, const CBS *name)
{
	(void)lint;
	return san_check_ip(CBS_data(name), CBS_len(name)) == NULL ? NULL :
	       "one of its IP addresses is not 4 or 16 octets of one host";
}

const char *lint_addresses_are_legal(struct lint *lint)
{
	return each_name(lint, TAG_CONTEXT(SAN_IP), check_address);
}

static const char *check_email(const struct lint *lint, const CBS *name)
{
	char text[TEXT_MAX];

	(void)lint;
	return text_of(name, text) && san_check_email(text) == NULL ? NULL :
	       "one of its e-mail addresses is not legal";
}

const char *lint_emails_are_legal(struct lint *lint)
{
	return each_name(lint, TAG_CONTEXT(SAN_EMAIL), check_email);
}

static const char *check_uri(const struct lint *lint, const CBS *name)
{
	char text[TEXT_MAX];

	(void)lint;
	return text_of(name, text) && san_check_uri(text) == NULL ? NULL :
	       "one of its URIs is not legal";
}

const char *lint_uris_are_legal(struct lint *lint)
{
	return each_name(lint, TAG_CONTEXT(SAN_URI), check_uri);
}

static const char *check_public_dns(const struct lint *lint, const CBS *name)
{
	char text[TEXT_MAX];
	const char *dot;

	(void)lint;
	if (!text_of(name, text))
		return NULL;
	dot = strrchr(text, '.');
	if (dot == NULL)
		return "a DNS name of one label: for private use";
	return strcmp(dot, ".local") == 0 || strcmp(dot, ".internal") == 0 ||
	       strcmp(dot, ".test") == 0 || strcmp(dot, ".lan") == 0 ?
	       "a DNS name for private use" : NULL;
}

static const char *check_public_address(const struct lint *lint, const CBS *name)
{
	const uint8_t *ip = CBS_data(name);

	(void)lint;
	if (CBS_len(name) == 4 && (ip[0] == 10 || ip[0] == 127 || (ip[0] == 192 && ip[1] == 168) ||
				   (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
				   (ip[0] == 169 && ip[1] == 254)))
		return "an IP address for private use";
	return CBS_len(name) == 16 && ((ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && ip[1] >= 0x80) ||
				       (ip[0] == 0 && ip[15] == 1)) ?
	       "an IP address for private use" : NULL;
}

const char *lint_names_are_public(struct lint *lint)
{
	const char *note = each_name(lint, TAG_CONTEXT(SAN_DNS), check_public_dns);

	return note != NULL ? note : each_name(lint, TAG_CONTEXT(SAN_IP), check_public_address);
}

const char *lint_constraints_are_critical_and_of_cas(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_CONSTRAINTS);

	if (extension == NULL)
		return NULL;
	if (!lint->context->profile->is_ca)
		return "name constraints in a certificate that is no CA";
	return extension->critical ? NULL : "its name constraints are not critical";
}

const char *lint_constraints_are_of_checked_types(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_CONSTRAINTS);
	CBS cbs, both, list, subtree, base;
	CBS_ASN1_TAG tag;

	if (extension == NULL)
		return NULL;
	cbs = lint_cbs(extension->value);
	if (!CBS_get_asn1(&cbs, &both, CBS_ASN1_SEQUENCE))
		return NULL; /* X26 says it */
	while (CBS_get_any_asn1(&both, &list, NULL)) {
		while (CBS_get_asn1(&list, &subtree, CBS_ASN1_SEQUENCE)) {
			if (CBS_get_any_asn1(&subtree, &base, &tag) &&
			    tag != TAG_CONTEXT(SAN_DNS) && tag != TAG_CONTEXT(SAN_EMAIL) &&
			    tag != TAG_CONTEXT(SAN_URI) && tag != TAG_CONTEXT(SAN_IP) &&
			    tag != TAG_EXPLICIT(4))
				return "a name constraint of a type that is not checked everywhere";
		}
	}
	return NULL;
}

const char *lint_constraints_are_legal(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_CONSTRAINTS);

	return extension == NULL ? NULL : constraints_check(extension->value);
}

static bool is_http_uri(CBS *names)
{
	char text[TEXT_MAX];
	CBS uri;

	return CBS_get_asn1(names, &uri, TAG_CONTEXT(SAN_URI)) && CBS_len(names) == 0 &&
	       text_of(&uri, text) && strncmp(text, "http://", 7) == 0 &&
	       san_check_uri(text) == NULL;
}

const char *lint_crl_address_is_plain(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, CE_CRL_ADDRESSES);
	CBS cbs, points, point, name, full;

	if (extension == NULL)
		return NULL;
	cbs = lint_cbs(extension->value);
	return !extension->critical && CBS_get_asn1(&cbs, &points, CBS_ASN1_SEQUENCE) &&
	       CBS_len(&cbs) == 0 && CBS_get_asn1(&points, &point, CBS_ASN1_SEQUENCE) &&
	       CBS_len(&points) == 0 && CBS_get_asn1(&point, &name, TAG_EXPLICIT(0)) &&
	       CBS_len(&point) == 0 && CBS_get_asn1(&name, &full, TAG_EXPLICIT(0)) &&
	       CBS_len(&name) == 0 && is_http_uri(&full) ? NULL :
	       "its CRL address is not one point with one http URI";
}

const char *lint_information_access_is_plain(struct lint *lint)
{
	static const uint8_t prefix[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30 };
	const struct lint_extension *extension = lint_find_pkix(&lint->view, 1);
	CBS cbs, list, description, oid;

	if (extension == NULL)
		return NULL;
	cbs = lint_cbs(extension->value);
	if (extension->critical || !CBS_get_asn1(&cbs, &list, CBS_ASN1_SEQUENCE) ||
	    CBS_len(&cbs) > 0 || CBS_len(&list) == 0)
		return "its authority information access is critical, empty or damaged";
	while (CBS_len(&list) > 0) {
		if (!CBS_get_asn1(&list, &description, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&description, &oid, CBS_ASN1_OBJECT) ||
		    CBS_len(&oid) != sizeof(prefix) + 1 ||
		    memcmp(CBS_data(&oid), prefix, sizeof(prefix)) != 0 ||
		    (CBS_data(&oid)[7] != 1 && CBS_data(&oid)[7] != 2) ||
		    !is_http_uri(&description))
			return "its authority information access has more than http URIs of OCSP and issuer";
	}
	return NULL;
}

/* explicitText over 200 characters, and anyPolicy beside another. */
const char *lint_policies_are_plain(struct lint *lint)
{
	static const uint8_t any[] = { 0x55, 0x1d, 0x20, 0x00 };
	const struct lint_extension *extension = lint_find(&lint->view, CE_POLICIES);
	CBS cbs, list, policy, oid;
	bool has_any = false;
	size_t count = 0;

	if (extension == NULL)
		return NULL;
	cbs = lint_cbs(extension->value);
	if (!CBS_get_asn1(&cbs, &list, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0)
		return "its policies cannot be read";
	while (CBS_len(&list) > 0) {
		if (!CBS_get_asn1(&list, &policy, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&policy, &oid, CBS_ASN1_OBJECT))
			return "its policies cannot be read";
		has_any = has_any || CBS_mem_equal(&oid, any, sizeof(any));
		if (CBS_len(&policy) > 240)
			return "a policy with a text of more than 200 characters";
		count++;
	}
	return has_any && count > 1 ? "anyPolicy beside other policies" : NULL;
}
