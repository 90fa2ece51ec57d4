/* What certificates are called: RFC 4514 texts, the identity, the names for SNI. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509v3.h>
#include "x509/certificate_internal.h"
#include "x509/text.h"

#define RFC4514_SPECIAL ",+\"<>;="
#define DNS_NAME_MAX 253

static void append_type(struct text *text, const ASN1_OBJECT *type)
{
	char oid[64];
	int nid = OBJ_obj2nid(type);

	if (nid != NID_undef) {
		text_append(text, OBJ_nid2sn(nid));
		return;
	}
	if (OBJ_obj2txt(oid, sizeof(oid), type, 1) <= 0)
		snprintf(oid, sizeof(oid), "?");
	text_append(text, oid);
}

/* RFC 4514 2.4: a space or # in front and a space at the end are escaped too. */
static void append_value(struct text *text, const ASN1_STRING *value)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, value);
	struct bytes body;

	if (len < 0) {
		text_append(text, "#");
		text_append_hex(text, (struct bytes){ ASN1_STRING_get0_data(value),
						      (size_t)ASN1_STRING_length(value) });
		return;
	}
	body = (struct bytes){ utf8, (size_t)len };
	if (body.len > 0 && (body.data[0] == ' ' || body.data[0] == '#'))
		text_append(text, "\\");
	if (body.len > 1 && body.data[body.len - 1] == ' ') {
		body.len--;
		text_append_escaped(text, body, RFC4514_SPECIAL);
		text_append(text, "\\ ");
	} else {
		text_append_escaped(text, body, RFC4514_SPECIAL);
	}
	OPENSSL_free(utf8);
}

void name_text(const X509_NAME *name, char *ret_text, size_t size)
{
	struct text text;
	int set = -1;
	int i;

	text_init(&text, ret_text, size);
	for (i = X509_NAME_entry_count(name) - 1; i >= 0 && !text.cut; i--) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		if (set >= 0)
			text_append(&text, X509_NAME_ENTRY_set(entry) == set ? "+" : ",");
		set = X509_NAME_ENTRY_set(entry);
		append_type(&text, X509_NAME_ENTRY_get_object(entry));
		text_append(&text, "=");
		append_value(&text, X509_NAME_ENTRY_get_data(entry));
	}
}

void certificate_subject_text(const struct certificate *certificate, char *ret_text, size_t size)
{
	name_text(X509_get_subject_name(certificate->x509), ret_text, size);
}

void certificate_issuer_text(const struct certificate *certificate, char *ret_text, size_t size)
{
	name_text(X509_get_issuer_name(certificate->x509), ret_text, size);
}

/* Calls each for every name of one kind in the SAN until it returns false. */
static void each_alternative_name(const struct certificate *certificate, unsigned int kind,
				  bool (*each)(void *arg, struct bytes name), void *arg)
{
	const struct extension *extension = &certificate->extensions[EXTENSION_ALTERNATIVE_NAME];
	CBS cbs, names, name;
	CBS_ASN1_TAG tag;

	CBS_init(&cbs, extension->value.data, extension->value.len);
	if (!extension->present || !CBS_get_asn1(&cbs, &names, CBS_ASN1_SEQUENCE))
		return;
	while (CBS_len(&names) > 0 && CBS_get_any_asn1(&names, &name, &tag))
		if (tag == (CBS_ASN1_CONTEXT_SPECIFIC | kind) &&
		    !each(arg, (struct bytes){ CBS_data(&name), CBS_len(&name) }))
			return;
}

static bool keep_first(void *arg, struct bytes name)
{
	struct bytes *first = arg;

	*first = name;
	return name.len == 0;
}

/* A name that stands there only because there has to be one says less than the CN. */
static bool keep_first_uri(void *arg, struct bytes name)
{
	const size_t length = strlen(CERTIFICATE_PLACEHOLDER_URN);

	if (name.len > length && memcmp(name.data, CERTIFICATE_PLACEHOLDER_URN, length) == 0)
		return true;
	return keep_first(arg, name);
}

/* The most specific CN: the last one, as the DER order goes from the root of the tree down. */
static const ASN1_STRING *find_common_name(const struct certificate *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate->x509);
	int last = -1;
	int at;

	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0)
		last = at;
	return last < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
}

static void identity_from(struct bytes name, char *ret_text, size_t size)
{
	struct text text;

	text_init(&text, ret_text, size);
	text_append_escaped(&text, name, "");
}

static bool identity_from_common_name(const struct certificate *certificate, char *ret_text,
				      size_t size)
{
	const ASN1_STRING *name = find_common_name(certificate);
	unsigned char *utf8 = NULL;
	int len = name == NULL ? -1 : ASN1_STRING_to_UTF8(&utf8, name);

	if (len > 0)
		identity_from((struct bytes){ utf8, (size_t)len }, ret_text, size);
	if (len >= 0)
		OPENSSL_free(utf8);
	return len > 0;
}

void certificate_identity_text(const struct certificate *certificate, char *ret_text, size_t size)
{
	struct bytes name = { NULL, 0 };

	each_alternative_name(certificate, GEN_URI, keep_first_uri, &name);
	if (name.len == 0)
		each_alternative_name(certificate, GEN_EMAIL, keep_first, &name);
	if (name.len == 0) {
		if (identity_from_common_name(certificate, ret_text, size))
			return;
		each_alternative_name(certificate, GEN_DNS, keep_first, &name);
	}
	if (name.len > 0)
		identity_from(name, ret_text, size);
	else
		certificate_subject_text(certificate, ret_text, size);
}

struct dns_names {
	void (*each)(void *arg, const char *name);
	void *arg;
};

static bool is_host_octet(uint8_t octet)
{
	return isalnum(octet) || octet == '-' || octet == '_' || octet == '.' || octet == '*';
}

static bool give_dns_name(void *arg, struct bytes name)
{
	const struct dns_names *names = arg;
	char text[DNS_NAME_MAX + 1];
	size_t i;

	if (name.len == 0 || name.len > DNS_NAME_MAX)
		return true;
	for (i = 0; i < name.len; i++) {
		if (!is_host_octet(name.data[i]))
			return true;
		text[i] = (char)tolower(name.data[i]);
	}
	text[i] = '\0';
	names->each(names->arg, text);
	return true;
}

void certificate_each_dns_name(const struct certificate *certificate,
			       void (*each)(void *arg, const char *name), void *arg)
{
	struct dns_names names = { each, arg };
	const ASN1_STRING *common_name;

	if (certificate_has(certificate, EXTENSION_ALTERNATIVE_NAME)) {
		each_alternative_name(certificate, GEN_DNS, give_dns_name, &names);
		return;
	}
	common_name = find_common_name(certificate);
	if (common_name != NULL)
		give_dns_name(&names, (struct bytes){ ASN1_STRING_get0_data(common_name),
						      (size_t)ASN1_STRING_length(common_name) });
}
