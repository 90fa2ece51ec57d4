#include "pki/constraints.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "pki/san_check.h"

#define TAG_PRIMITIVE(number) (CBS_ASN1_CONTEXT_SPECIFIC | (CBS_ASN1_TAG)(number))
#define TAG_LIST(number) (CBS_ASN1_CONSTRUCTED | TAG_PRIMITIVE(number))
#define TAG_DIRECTORY TAG_LIST(4)

void constraints_done(struct constraints *constraints)
{
	size_t i;

	for (i = 0; i < constraints->count; i++)
		free(constraints->items[i].text);
	free(constraints->items);
	*constraints = (struct constraints){ 0 };
}

static const char *read_prefix(struct constraint *constraint, const char *text)
{
	static const struct {
		const char *prefix;
		enum san_type type;
	} prefixes[] = { { "DNS:", SAN_DNS }, { "Email:", SAN_EMAIL }, { "URI:", SAN_URI },
			 { "IP:", SAN_IP } };
	uint8_t ip[16];
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncasecmp(text, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0) {
			constraint->type = prefixes[i].type;
			return text + strlen(prefixes[i].prefix);
		}
	}
	constraint->type = strchr(text, '/') != NULL || inet_pton(AF_INET, text, ip) == 1 ||
			   inet_pton(AF_INET6, text, ip) == 1 ? SAN_IP : SAN_DNS;
	return text;
}

/* "10.0.0.0/8": address and mask as octets; bits outside of the mask are cleared. */
static const char *read_block(struct constraint *constraint)
{
	char address[64];
	const char *slash = strchr(constraint->text, '/');
	size_t len = slash == NULL ? strlen(constraint->text) : (size_t)(slash - constraint->text);
	unsigned long bits, most;
	char *end = NULL;
	size_t size, i;

	if (len >= sizeof(address))
		return "is not an address block such as 10.0.0.0/8";
	memcpy(address, constraint->text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, constraint->block) == 1)
		size = 4;
	else if (inet_pton(AF_INET6, address, constraint->block) == 1)
		size = 16;
	else
		return "is not an address block such as 10.0.0.0/8";
	most = size * 8;
	bits = slash == NULL ? most : strtoul(slash + 1, &end, 10);
	if (slash != NULL && (!isdigit((unsigned char)slash[1]) || *end != '\0' || bits > most))
		return "is not an address block such as 10.0.0.0/8";
	for (i = 0; i < size; i++) {
		unsigned long here = bits > i * 8 ? bits - i * 8 : 0;
		unsigned int mask = here >= 8 ? 0xff : 0xff00u >> here & 0xff;

		constraint->block[size + i] = (uint8_t)mask;
		constraint->block[i] &= (uint8_t)mask;
	}
	constraint->block_len = 2 * size;
	return NULL;
}

static const char *check_text(enum san_type type, const char *text)
{
	if (type == SAN_EMAIL && strchr(text, '@') != NULL)
		return san_check_email(text);
	if ((type == SAN_EMAIL || type == SAN_URI) && text[0] == '.')
		text++;
	return san_check_dns(text, false);
}

int constraints_add(struct constraints *constraints, bool excluded, const char *text,
		    struct error *err)
{
	struct constraint constraint = { .excluded = excluded };
	const char *value = read_prefix(&constraint, text);
	const char *wrong;
	char *c;

	if (constraints->count == CONSTRAINTS_MAX)
		return error_set(err, ERROR_LIMIT, "more than %d name constraints",
				 CONSTRAINTS_MAX);
	constraint.text = memory_copy_string(value);
	for (c = constraint.text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	wrong = constraint.type == SAN_IP ? read_block(&constraint) :
		check_text(constraint.type, constraint.text);
	if (wrong != NULL) {
		error_set(err, ERROR_INVALID, "name constraint \"%.100s\" %s", text, wrong);
		free(constraint.text);
		return error_hint(err,
				  "Write DNS:example.com, Email:example.com, URI:.example.com or "
				  "IP:10.0.0.0/8.");
	}
	constraints->items = memory_resize(constraints->items,
					   (constraints->count + 1) * sizeof(constraint));
	constraints->items[constraints->count++] = constraint;
	return 0;
}

static bool write_list(const struct constraints *constraints, bool excluded, CBB *out)
{
	CBB list, subtree, base;
	size_t count = 0;
	size_t i;

	for (i = 0; i < constraints->count; i++)
		count += constraints->items[i].excluded == excluded;
	if (count == 0)
		return true;
	if (!CBB_add_asn1(out, &list, TAG_LIST(excluded ? 1 : 0)))
		return false;
	for (i = 0; i < constraints->count; i++) {
		const struct constraint *constraint = &constraints->items[i];
		bool is_ip = constraint->type == SAN_IP;

		if (constraint->excluded != excluded)
			continue;
		if (!CBB_add_asn1(&list, &subtree, CBS_ASN1_SEQUENCE) ||
		    !CBB_add_asn1(&subtree, &base, TAG_PRIMITIVE(constraint->type)) ||
		    !CBB_add_bytes(&base,
				   is_ip ? constraint->block : (const uint8_t *)constraint->text,
				   is_ip ? constraint->block_len : strlen(constraint->text)) ||
		    !CBB_flush(&list))
			return false;
	}
	return CBB_flush(out);
}

bool constraints_write(const struct constraints *constraints, CBB *out)
{
	CBB both;

	return CBB_add_asn1(out, &both, CBS_ASN1_SEQUENCE) &&
	       write_list(constraints, false, &both) && write_list(constraints, true, &both) &&
	       CBB_flush(out);
}

/* A mask is ones, then zeros. */
static bool mask_is_contiguous(const uint8_t *mask, size_t len)
{
	bool ended = false;
	size_t i;

	for (i = 0; i < len * 8; i++) {
		bool one = (mask[i / 8] >> (7 - i % 8) & 1) != 0;

		if (one && ended)
			return false;
		ended = ended || !one;
	}
	return true;
}

static const char *check_base(const CBS *base, CBS_ASN1_TAG tag)
{
	size_t len = CBS_len(base);
	char text[256];

	if (tag == TAG_DIRECTORY)
		return NULL;
	if (tag == TAG_PRIMITIVE(SAN_IP))
		return (len == 8 || len == 32) &&
				       mask_is_contiguous(CBS_data(base) + len / 2, len / 2)
			       ? NULL
			       : "an address block without a proper mask";
	if (tag != TAG_PRIMITIVE(SAN_DNS) && tag != TAG_PRIMITIVE(SAN_EMAIL) &&
	    tag != TAG_PRIMITIVE(SAN_URI))
		return "a constraint on a type of name that is not checked by everybody";
	if (len >= sizeof(text) || memchr(CBS_data(base), 0, len) != NULL)
		return "a constraint that is too long or holds a NUL";
	memcpy(text, CBS_data(base), len);
	text[len] = '\0';
	return check_text((enum san_type)(tag & 0x1f), text) == NULL ? NULL :
	       "a constraint that is no domain, host or mailbox";
}

static const char *check_list(CBS list)
{
	const char *wrong = NULL;
	CBS subtree, base;
	CBS_ASN1_TAG tag;

	if (CBS_len(&list) == 0)
		return "an empty list of constraints";
	while (wrong == NULL && CBS_len(&list) > 0) {
		if (!CBS_get_asn1(&list, &subtree, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_any_asn1(&subtree, &base, &tag))
			return "constraints that cannot be read";
		wrong = CBS_len(&subtree) > 0 ? "a constraint with minimum or maximum" :
			check_base(&base, tag);
	}
	return wrong;
}

const char *constraints_check(struct bytes value)
{
	CBS cbs, both, permitted, excluded;
	int has_permitted, has_excluded;
	const char *wrong = NULL;

	CBS_init(&cbs, value.data, value.len);
	if (!CBS_get_asn1(&cbs, &both, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0 ||
	    !CBS_get_optional_asn1(&both, &permitted, &has_permitted, TAG_LIST(0)) ||
	    !CBS_get_optional_asn1(&both, &excluded, &has_excluded, TAG_LIST(1)) ||
	    CBS_len(&both) > 0)
		return "constraints that cannot be read";
	if (!has_permitted && !has_excluded)
		return "no constraint at all";
	if (has_permitted)
		wrong = check_list(permitted);
	return wrong == NULL && has_excluded ? check_list(excluded) : wrong;
}
