#include "pki/san.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "pki/compose.h"
#include "pki/san_check.h"
#include "pki/subject.h"

#define TAG_PRIMITIVE(number) (CBS_ASN1_CONTEXT_SPECIFIC | (CBS_ASN1_TAG)(number))
#define TAG_CONSTRUCTED(number) (CBS_ASN1_CONSTRUCTED | TAG_PRIMITIVE(number))
#define TEXT_MAX 2048

static const uint8_t upn_oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03 };

static const char *type_text(enum san_type type)
{
	switch (type) {
	case SAN_UPN:
		return "UPN";
	case SAN_EMAIL:
		return "e-mail address";
	case SAN_DNS:
		return "DNS name";
	case SAN_URI:
		return "URI";
	default:
		return "IP address";
	}
}

void san_list_done(struct san_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i].text);
	free(list->items);
	*list = (struct san_list){ 0 };
}

bool san_list_has(const struct san_list *list, enum san_type type, const char *text)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->items[i].type == type && strcmp(list->items[i].text, text) == 0)
			return true;
	return false;
}

static const char *check_upn(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
		return "is not of the form user@realm";
	return subject_check_text((struct bytes){ (const uint8_t *)text, strlen(text) }, 0);
}

static void show_ip(struct san *san)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(san->ip_len == 4 ? AF_INET : AF_INET6, san->ip, text, sizeof(text));
	free(san->text);
	san->text = memory_copy_string(text);
}

static const char *parse_ip(struct san *san)
{
	if (inet_pton(AF_INET, san->text, san->ip) == 1)
		san->ip_len = 4;
	else if (inet_pton(AF_INET6, san->text, san->ip) == 1)
		san->ip_len = 16;
	else
		return "is not an IPv4 or IPv6 address";
	show_ip(san);
	return san_check_ip(san->ip, san->ip_len);
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* Brings it into its one form and checks it. */
static const char *settle(struct san *san, bool wildcard)
{
	switch (san->type) {
	case SAN_UPN:
		return check_upn(san->text);
	case SAN_EMAIL:
		if (strrchr(san->text, '@') != NULL)
			lower(strrchr(san->text, '@'));
		return san_check_email(san->text);
	case SAN_DNS:
		lower(san->text);
		return san_check_dns(san->text, wildcard);
	case SAN_URI:
		return san_check_uri(san->text);
	case SAN_IP:
		return parse_ip(san);
	default:
		return "is of a type that is not made here";
	}
}

/* Takes over san->text. */
static int keep(struct san_list *list, struct san *san, struct error *err)
{
	if (san_list_has(list, san->type, san->text)) {
		free(san->text);
		return 0;
	}
	if (list->count == SAN_MAX) {
		free(san->text);
		return error_set(err, ERROR_LIMIT, "more than %d alternative names", SAN_MAX);
	}
	list->items = memory_resize(list->items, (list->count + 1) * sizeof(list->items[0]));
	list->items[list->count++] = *san;
	return 0;
}

int san_list_add(struct san_list *list, enum san_type type, const char *text, bool wildcard,
		 struct error *err)
{
	struct san san = { .type = type };
	struct buffer composed = { 0 };
	const char *wrong;

	if (strlen(text) > TEXT_MAX)
		return error_set(err, ERROR_LIMIT, "a name of %zu characters is too long",
				 strlen(text));
	if (!compose_append(&composed, (struct bytes){ (const uint8_t *)text, strlen(text) }) ||
	    composed.len == 0) {
		buffer_done(&composed);
		return error_set(err, ERROR_INVALID, "an alternative name is empty or not UTF-8");
	}
	buffer_append(&composed, "", 1);
	san.text = (char *)composed.data;
	wrong = settle(&san, wildcard);
	if (wrong == NULL)
		return keep(list, &san, err);
	error_set(err, ERROR_INVALID, "%s \"%.120s\" %s", type_text(type), san.text, wrong);
	free(san.text);
	return -1;
}

enum san_type san_type_of(const char *text)
{
	uint8_t ip[16];

	if (inet_pton(AF_INET, text, ip) == 1 || inet_pton(AF_INET6, text, ip) == 1)
		return SAN_IP;
	if (strstr(text, "://") != NULL || strncasecmp(text, "urn:", 4) == 0)
		return SAN_URI;
	return strchr(text, '@') != NULL ? SAN_EMAIL : SAN_DNS;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	for (len = strlen(text); len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL; len--)
		text[len - 1] = '\0';
	return text;
}

int san_list_add_all(struct san_list *list, int type, const char *text, bool wildcard,
		     struct error *err)
{
	char *copy = memory_copy_string(text);
	char *rest = copy;
	char *part;
	int status = 0;

	while (status == 0 && (part = strsep(&rest, ",")) != NULL) {
		part = trim(part);
		if (*part != '\0')
			status = san_list_add(list,
					      type < 0 ? san_type_of(part) : (enum san_type)type,
					      part, wildcard, err);
	}
	free(copy);
	return status;
}

static bool write_upn(const char *text, CBB *out)
{
	CBB name, oid, wrapped, value;

	return CBB_add_asn1(out, &name, TAG_CONSTRUCTED(SAN_UPN)) &&
	       CBB_add_asn1(&name, &oid, CBS_ASN1_OBJECT) &&
	       CBB_add_bytes(&oid, upn_oid, sizeof(upn_oid)) &&
	       CBB_add_asn1(&name, &wrapped, TAG_CONSTRUCTED(0)) &&
	       CBB_add_asn1(&wrapped, &value, CBS_ASN1_UTF8STRING) &&
	       CBB_add_bytes(&value, (const uint8_t *)text, strlen(text)) && CBB_flush(out);
}

static bool write_name(const struct san *san, CBB *out)
{
	const uint8_t *data = san->type == SAN_IP ? san->ip : (const uint8_t *)san->text;
	size_t len = san->type == SAN_IP ? san->ip_len : strlen(san->text);
	CBB name;

	if (san->type == SAN_UPN)
		return write_upn(san->text, out);
	return CBB_add_asn1(out, &name, TAG_PRIMITIVE(san->type)) &&
	       CBB_add_bytes(&name, data, len) && CBB_flush(out);
}

bool san_list_write(const struct san_list *list, CBB *out)
{
	CBB names;
	size_t i;

	if (!CBB_add_asn1(out, &names, CBS_ASN1_SEQUENCE))
		return false;
	for (i = 0; i < list->count; i++)
		if (!write_name(&list->items[i], &names))
			return false;
	return CBB_flush(out);
}

static bool read_upn(CBS *name, CBS *ret_text)
{
	CBS oid, wrapped;

	return CBS_get_asn1(name, &oid, CBS_ASN1_OBJECT) &&
	       CBS_mem_equal(&oid, upn_oid, sizeof(upn_oid)) &&
	       CBS_get_asn1(name, &wrapped, TAG_CONSTRUCTED(0)) && CBS_len(name) == 0 &&
	       CBS_get_asn1(&wrapped, ret_text, CBS_ASN1_UTF8STRING) && CBS_len(&wrapped) == 0;
}

static int add_text(struct san_list *list, enum san_type type, const CBS *text, bool wildcard,
		    struct error *err)
{
	struct buffer copy = { 0 };
	int status;

	if (CBS_len(text) == 0 || memchr(CBS_data(text), 0, CBS_len(text)) != NULL)
		return error_set(err, ERROR_INVALID, "an alternative name is empty or holds a NUL");
	buffer_append(&copy, CBS_data(text), CBS_len(text));
	buffer_append(&copy, "", 1);
	status = san_list_add(list, type, (const char *)copy.data, wildcard, err);
	buffer_done(&copy);
	return status;
}

static int add_ip(struct san_list *list, const CBS *octets, struct error *err)
{
	struct san san = { .type = SAN_IP, .ip_len = CBS_len(octets) };
	const char *wrong;

	if (san.ip_len != 4 && san.ip_len != 16)
		return error_set(err, ERROR_INVALID, "an IP address of %zu octets", san.ip_len);
	memcpy(san.ip, CBS_data(octets), san.ip_len);
	show_ip(&san);
	wrong = san_check_ip(san.ip, san.ip_len);
	if (wrong == NULL)
		return keep(list, &san, err);
	error_set(err, ERROR_INVALID, "IP address \"%s\" %s", san.text, wrong);
	free(san.text);
	return -1;
}

static int read_name(struct san_list *list, CBS *name, CBS_ASN1_TAG tag, bool wildcard,
		     struct error *err)
{
	CBS text = *name;

	switch (tag) {
	case TAG_CONSTRUCTED(SAN_UPN):
		if (!read_upn(name, &text))
			return error_set(err, ERROR_INVALID, "an otherName that is not a UPN");
		return add_text(list, SAN_UPN, &text, wildcard, err);
	case TAG_PRIMITIVE(SAN_EMAIL):
		return add_text(list, SAN_EMAIL, &text, wildcard, err);
	case TAG_PRIMITIVE(SAN_DNS):
		return add_text(list, SAN_DNS, &text, wildcard, err);
	case TAG_PRIMITIVE(SAN_URI):
		return add_text(list, SAN_URI, &text, wildcard, err);
	case TAG_PRIMITIVE(SAN_IP):
		return add_ip(list, &text, err);
	default:
		return error_set(err, ERROR_INVALID,
				 "an alternative name of a type that is not made "
				 "here (GeneralName %u)",
				 (unsigned int)(tag & 0x1f));
	}
}

int san_list_read(struct bytes value, bool wildcard, struct san_list *ret_list, struct error *err)
{
	struct san_list list = { 0 };
	CBS cbs, names, name;
	CBS_ASN1_TAG tag;

	CBS_init(&cbs, value.data, value.len);
	if (!CBS_get_asn1(&cbs, &names, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0)
		return error_set(err, ERROR_INVALID, "the alternative names cannot be read");
	while (CBS_len(&names) > 0) {
		if (!CBS_get_any_asn1(&names, &name, &tag)) {
			error_set(err, ERROR_INVALID, "the alternative names cannot be read");
			goto failed;
		}
		if (read_name(&list, &name, tag, wildcard, err) < 0)
			goto failed;
	}
	*ret_list = list;
	return 0;
failed:
	san_list_done(&list);
	return -1;
}

char *san_list_text(const struct san_list *list)
{
	struct buffer text = { 0 };
	size_t i;

	for (i = 0; i < list->count; i++)
		buffer_printf(&text, "%s%s", i > 0 ? "," : "", list->items[i].text);
	buffer_append(&text, "", 1);
	return (char *)text.data;
}
