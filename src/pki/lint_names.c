/* N: issuer and subject. The issuer's name is the business of who made it: only its bytes are compared. */
#include <stdio.h>
#include <string.h>
#include "pki/compose.h"
#include "pki/lint_rules.h"
#include "pki/san.h"
#include "pki/subject.h"

#define ATTRIBUTES_MAX 32
#define ARC_CN 3
#define ARC_COUNTRY 6

struct attribute {
	struct bytes oid, value;
	CBS_ASN1_TAG tag;
	bool alone;          /* in its RDN */
};

struct attributes {
	struct attribute items[ATTRIBUTES_MAX];
	size_t count;
	bool sound;
};

static void read_set(CBS *set, struct attributes *attributes)
{
	size_t first = attributes->count;
	CBS item, oid, value;
	size_t i;

	while (CBS_len(set) > 0) {
		struct attribute *attribute = &attributes->items[attributes->count];

		if (attributes->count == ATTRIBUTES_MAX ||
		    !CBS_get_asn1(set, &item, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&item, &oid, CBS_ASN1_OBJECT) ||
		    !CBS_get_any_asn1(&item, &value, &attribute->tag) || CBS_len(&item) > 0) {
			attributes->sound = false;
			return;
		}
		attribute->oid = (struct bytes){ CBS_data(&oid), CBS_len(&oid) };
		attribute->value = (struct bytes){ CBS_data(&value), CBS_len(&value) };
		attributes->count++;
	}
	for (i = first; i < attributes->count; i++)
		attributes->items[i].alone = attributes->count - first == 1;
}

static struct attributes read_subject(const struct lint *lint)
{
	struct attributes attributes = { .sound = true };
	CBS cbs = lint_cbs(lint->view.subject);
	CBS sets, set;

	attributes.sound = CBS_get_asn1(&cbs, &sets, CBS_ASN1_SEQUENCE);
	while (attributes.sound && CBS_len(&sets) > 0) {
		attributes.sound = CBS_get_asn1(&sets, &set, CBS_ASN1_SET) && CBS_len(&set) > 0;
		if (attributes.sound)
			read_set(&set, &attributes);
	}
	return attributes;
}

/* n of 2.5.4.n; 0: another type. */
static unsigned int arc_of(const struct attribute *attribute)
{
	struct bytes oid = attribute->oid;

	return oid.len == 3 && oid.data[0] == 0x55 && oid.data[1] == 0x04 ? oid.data[2] : 0;
}

static bool is_email(const struct attribute *attribute)
{
	static const uint8_t oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01 };

	return bytes_equal(attribute->oid, (struct bytes){ oid, sizeof(oid) });
}

static bool is_domain_component(const struct attribute *attribute)
{
	static const uint8_t oid[] = { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19 };

	return bytes_equal(attribute->oid, (struct bytes){ oid, sizeof(oid) });
}

/* Calls check for each attribute until one is wrong. */
static const char *each_attribute(const struct lint *lint,
				  const char *(*check)(const struct attribute *attribute))
{
	struct attributes attributes = read_subject(lint);
	const char *wrong = attributes.sound ? NULL : "its subject cannot be read";
	size_t i;

	for (i = 0; wrong == NULL && i < attributes.count; i++)
		wrong = check(&attributes.items[i]);
	return wrong;
}

const char *lint_issuer_name_is_copied(struct lint *lint)
{
	struct bytes wanted = lint->context->issuer == NULL ? lint->view.subject :
			      certificate_subject_der(lint->context->issuer);

	return bytes_equal(wanted, lint->view.issuer) ? NULL :
	       "its issuer's name is not the CA's subject, byte for byte";
}

const char *lint_ca_has_a_subject(struct lint *lint)
{
	return lint->view.subject.len > 2 ? NULL : "it has no subject";
}

const char *lint_ca_has_a_common_name(struct lint *lint)
{
	struct attributes attributes = read_subject(lint);
	size_t i;

	for (i = 0; i < attributes.count; i++)
		if (arc_of(&attributes.items[i]) == ARC_CN)
			return NULL;
	return "it has no common name";
}

static const char *check_alone(const struct attribute *attribute)
{
	return attribute->alone ? NULL : "several attributes in one RDN of its subject";
}

const char *lint_one_attribute_an_rdn(struct lint *lint)
{
	return each_attribute(lint, check_alone);
}

const char *lint_no_attribute_twice(struct lint *lint)
{
	struct attributes attributes = read_subject(lint);
	size_t i, j;

	for (i = 0; i < attributes.count; i++)
		for (j = 0; j < i; j++)
			if (bytes_equal(attributes.items[i].oid, attributes.items[j].oid) &&
			    !is_domain_component(&attributes.items[i]))
				return "one type of attribute twice in its subject";
	return NULL;
}

const char *lint_attributes_are_in_order(struct lint *lint)
{
	static const uint8_t order[] = { 6, 8, 7, 9, 10, 11, ARC_CN };
	struct attributes attributes = read_subject(lint);
	size_t last = 0;
	size_t i, at;

	for (i = 0; i < attributes.count; i++) {
		for (at = 0; at < sizeof(order); at++)
			if (order[at] == arc_of(&attributes.items[i]))
				break;
		if (at == sizeof(order))
			continue;
		if (at < last)
			return "its subject is not in the order C, ST, L, street, O, OU, CN";
		last = at;
	}
	return NULL;
}

static const char *check_country(const struct attribute *attribute)
{
	struct bytes value = attribute->value;

	if (arc_of(attribute) != ARC_COUNTRY)
		return NULL;
	return attribute->tag == CBS_ASN1_PRINTABLESTRING && value.len == 2 &&
	       value.data[0] >= 'A' && value.data[0] <= 'Z' && value.data[1] >= 'A' &&
	       value.data[1] <= 'Z' ? NULL : "its country is not two letters A-Z, PrintableString";
}

const char *lint_country_is_two_letters(struct lint *lint)
{
	return each_attribute(lint, check_country);
}

static const char *check_string_type(const struct attribute *attribute)
{
	if (is_email(attribute) || is_domain_component(attribute))
		return attribute->tag == CBS_ASN1_IA5STRING ? NULL :
		       "an e-mail address or domain component that is not IA5String";
	return attribute->tag == CBS_ASN1_UTF8STRING || attribute->tag == CBS_ASN1_PRINTABLESTRING ?
	       NULL : "a text of its subject is neither UTF8String nor PrintableString";
}

const char *lint_strings_are_utf8_or_printable(struct lint *lint)
{
	return each_attribute(lint, check_string_type);
}

static size_t most_of(unsigned int arc)
{
	switch (arc) {
#define X(member, number, most, name, short_name) \
	case number: \
		return most;
	SUBJECT_NAMES(X)
#undef X
	case 5: /* serialNumber */
		return 64;
	case 9: /* streetAddress */
		return 128;
	default:
		return 0;
	}
}

static size_t characters_of(struct bytes text)
{
	size_t count = 0;
	uint32_t code;

	while (text.len > 0) {
		size_t len = utf8_read(text, &code);

		len = len > 0 ? len : 1;
		text.data += len;
		text.len -= len;
		count++;
	}
	return count;
}

static const char *check_length(const struct attribute *attribute)
{
	size_t most = is_email(attribute) ? 255 : most_of(arc_of(attribute));

	return most > 0 && characters_of(attribute->value) > most ?
	       "a text of its subject has too many characters" : NULL;
}

const char *lint_strings_are_short(struct lint *lint)
{
	return each_attribute(lint, check_length);
}

static const char *check_printable(const struct attribute *attribute)
{
	size_t i;

	for (i = 0; attribute->tag == CBS_ASN1_PRINTABLESTRING && i < attribute->value.len; i++) {
		uint8_t c = attribute->value.data[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == 0 || strchr(" '()+,-./:=?", c) == NULL))
			return "a PrintableString with a character that it cannot hold";
	}
	return NULL;
}

const char *lint_printable_is_printable(struct lint *lint)
{
	return each_attribute(lint, check_printable);
}

static const char *check_meaning(const struct attribute *attribute)
{
	struct bytes value = attribute->value;
	size_t i;

	if (value.len == 0 || value.data[0] == ' ' || value.data[value.len - 1] == ' ')
		return "a text of its subject is empty or has a blank at its edge";
	for (i = 0; i < value.len; i++)
		if (strchr("-. ", value.data[i]) == NULL || value.data[i] == 0)
			return NULL;
	return "a text of its subject holds no letter or digit";
}

const char *lint_strings_say_something(struct lint *lint)
{
	return each_attribute(lint, check_meaning);
}

static const char *check_controls(const struct attribute *attribute)
{
	struct bytes text = attribute->value;
	uint32_t code;

	while (text.len > 0) {
		size_t len = utf8_read(text, &code);

		if (len == 0)
			return "a text of its subject is not well-formed UTF-8";
		if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
		    code == 0x2029)
			return "a text of its subject holds a control character";
		text.data += len;
		text.len -= len;
	}
	return NULL;
}

const char *lint_strings_hold_no_controls(struct lint *lint)
{
	return each_attribute(lint, check_controls);
}

const char *lint_common_name_is_an_alternative_name(struct lint *lint)
{
	const struct lint_extension *extension = lint_find(&lint->view, 17);
	struct subject_texts texts;
	struct san_list names = { 0 };
	const char *wrong = NULL;

	subject_read(lint->view.subject, &texts);
	if (texts.common_name != NULL) {
		if (extension == NULL || san_list_read(extension->value, true, &names, NULL) < 0 ||
		    (!san_list_has(&names, SAN_DNS, texts.common_name) &&
		     !san_list_has(&names, SAN_IP, texts.common_name)))
			wrong = "its common name is not one of its alternative names";
	}
	san_list_done(&names);
	subject_texts_done(&texts);
	return wrong;
}

const char *lint_no_organization_unit(struct lint *lint)
{
	struct attributes attributes = read_subject(lint);
	size_t i;

	for (i = 0; i < attributes.count; i++)
		if (arc_of(&attributes.items[i]) == 11)
			return "it has an organization unit, which public CAs no longer write";
	return NULL;
}

const char *lint_no_email_in_subject(struct lint *lint)
{
	struct attributes attributes = read_subject(lint);
	size_t i;

	for (i = 0; i < attributes.count; i++)
		if (is_email(&attributes.items[i]))
			return "an e-mail address in its subject; it belongs into the alternative names";
	return NULL;
}
