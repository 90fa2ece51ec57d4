#include "pki/subject.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/mem.h>
#include "pki/compose.h"

/* Controls, line and paragraph separators, what turns the direction of text or cannot be seen, and what
 * is no character at all. */
static bool is_forbidden(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfdd0 && code <= 0xfdef) || (code >= 0xfff0 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe0fff) || (code & 0xfffe) == 0xfffe ||
	       (code >= 0xe000 && code <= 0xf8ff) || code >= 0xf0000;
}

const char *subject_check_text(struct bytes utf8, size_t most)
{
	size_t count = 0;
	bool only_marks = true;

	if (utf8.len == 0)
		return "is empty";
	if (utf8.data[0] == ' ' || utf8.data[utf8.len - 1] == ' ')
		return "begins or ends with a blank";
	while (utf8.len > 0) {
		uint32_t code = 0;
		size_t len = utf8_read(utf8, &code);

		if (len == 0)
			return "is not well-formed UTF-8";
		if (is_forbidden(code))
			return "holds a control character or one that cannot be seen";
		if (code != '-' && code != '.' && code != ' ')
			only_marks = false;
		count++;
		utf8.data += len;
		utf8.len -= len;
	}
	if (only_marks)
		return "holds no letter or digit";
	return most > 0 && count > most ? "has too many characters" : NULL;
}

static bool add_attribute(CBB *name, uint8_t arc, CBS_ASN1_TAG tag, struct bytes value)
{
	const uint8_t oid[] = { 0x55, 0x04, arc };
	CBB set, attribute, type, text;

	return CBB_add_asn1(name, &set, CBS_ASN1_SET) &&
	       CBB_add_asn1(&set, &attribute, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&attribute, &type, CBS_ASN1_OBJECT) &&
	       CBB_add_bytes(&type, oid, sizeof(oid)) && CBB_add_asn1(&attribute, &text, tag) &&
	       CBB_add_bytes(&text, value.data, value.len) && CBB_flush(name);
}

/* ISO 3166: two letters; people type them in lower case too. */
static const char *check_country(struct buffer *value)
{
	if (value->len != 2 || !isalpha(value->data[0]) || !isalpha(value->data[1]))
		return "is not a country code of two letters, such as CN";
	value->data[0] = (uint8_t)toupper(value->data[0]);
	value->data[1] = (uint8_t)toupper(value->data[1]);
	return NULL;
}

static int write_attribute(CBB *name, const char *given, uint8_t arc, size_t most,
			   const char *api_name, struct error *err)
{
	struct buffer value = { 0 };
	const char *wrong = NULL;
	bool is_country = arc == 6;
	int status = 0;

	if (given == NULL || given[0] == '\0')
		return 0;
	if (!compose_append(&value, (struct bytes){ (const uint8_t *)given, strlen(given) }))
		wrong = "is not well-formed UTF-8";
	if (wrong == NULL)
		wrong = is_country ? check_country(&value)
				   : subject_check_text(buffer_bytes(&value), most);
	if (wrong != NULL) {
		error_set(err, ERROR_INVALID, "%s %s", api_name, wrong);
		if (most > 2)
			error_hint(err, "%s has at most %zu characters.", api_name, most);
		status = error_place(err, "%s", api_name);
	} else if (!add_attribute(name, arc,
				  is_country ? CBS_ASN1_PRINTABLESTRING : CBS_ASN1_UTF8STRING,
				  buffer_bytes(&value))) {
		status = error_set(err, ERROR_SYSTEM, "out of memory");
	}
	buffer_done(&value);
	return status;
}

int subject_write(const struct subject_names *names, struct buffer *ret_der, struct error *err)
{
	uint8_t *der = NULL;
	size_t len = 0;
	CBB cbb, name;

	if (!CBB_init(&cbb, 256) || !CBB_add_asn1(&cbb, &name, CBS_ASN1_SEQUENCE)) {
		CBB_cleanup(&cbb);
		return error_set(err, ERROR_SYSTEM, "out of memory");
	}
#define X(member, arc, most, api_name, short_name) \
	if (write_attribute(&name, names->member, arc, most, api_name, err) < 0) { \
		CBB_cleanup(&cbb); \
		return -1; \
	}
	SUBJECT_NAMES(X)
#undef X
	if (!CBB_finish(&cbb, &der, &len)) {
		CBB_cleanup(&cbb);
		return error_set(err, ERROR_SYSTEM, "out of memory");
	}
	buffer_done(ret_der);
	buffer_append(ret_der, der, len);
	OPENSSL_free(der);
	return 0;
}

/* One character of a string type as a number; RFC 5280 4.1.2.4 names the types. */
static bool next_character(CBS *value, CBS_ASN1_TAG tag, uint32_t *ret_code)
{
	uint16_t two;
	uint8_t one;
	size_t len;

	switch (tag) {
	case CBS_ASN1_UTF8STRING:
		len = utf8_read((struct bytes){ CBS_data(value), CBS_len(value) }, ret_code);
		return len > 0 && CBS_skip(value, len);
	case CBS_ASN1_BMPSTRING:
		if (!CBS_get_u16(value, &two))
			return false;
		*ret_code = two;
		return two < 0xd800 || two >= 0xe000;
	case CBS_ASN1_UNIVERSALSTRING:
		return CBS_get_u32(value, ret_code) && *ret_code <= 0x10ffff &&
		       (*ret_code < 0xd800 || *ret_code >= 0xe000);
	default: /* Printable, IA5, T61 as everybody uses it: Latin-1 */
		if (!CBS_get_u8(value, &one))
			return false;
		*ret_code = one;
		return true;
	}
}

static char *text_of(CBS value, CBS_ASN1_TAG tag)
{
	struct buffer text = { 0 };
	uint32_t code;

	while (CBS_len(&value) > 0) {
		if (!next_character(&value, tag, &code) || code == 0) {
			buffer_done(&text);
			return NULL;
		}
		utf8_append(&text, code);
	}
	buffer_append(&text, "", 1);
	return (char *)text.data;
}

static void keep_text(struct subject_texts *texts, const CBS *oid, const CBS *value,
		      CBS_ASN1_TAG tag)
{
	const uint8_t *at = CBS_data(oid);

	if (CBS_len(oid) != 3 || at[0] != 0x55 || at[1] != 0x04)
		return;
#define X(member, arc, most, api_name, short_name) \
	if (at[2] == (arc) && texts->member == NULL) \
		texts->member = text_of(*value, tag);
	SUBJECT_NAMES(X)
#undef X
}

void subject_read(struct bytes name, struct subject_texts *ret_texts)
{
	CBS cbs, sets, set, attribute, oid, value;
	CBS_ASN1_TAG tag;

	*ret_texts = (struct subject_texts){ 0 };
	CBS_init(&cbs, name.data, name.len);
	if (!CBS_get_asn1(&cbs, &sets, CBS_ASN1_SEQUENCE))
		return;
	while (CBS_len(&sets) > 0) {
		if (!CBS_get_asn1(&sets, &set, CBS_ASN1_SET))
			return;
		while (CBS_len(&set) > 0) {
			if (!CBS_get_asn1(&set, &attribute, CBS_ASN1_SEQUENCE) ||
			    !CBS_get_asn1(&attribute, &oid, CBS_ASN1_OBJECT) ||
			    !CBS_get_any_asn1(&attribute, &value, &tag))
				return;
			keep_text(ret_texts, &oid, &value, tag);
		}
	}
}

void subject_texts_done(struct subject_texts *texts)
{
#define X(member, arc, most, api_name, short_name) free(texts->member);
	SUBJECT_NAMES(X)
#undef X
	*texts = (struct subject_texts){ 0 };
}
