#include "certs/facts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>
#include "base/sha256.h"
#include "pki/oid.h"
#include "pki/pem_write.h"
#include "pki/subject.h"
#include "store/resource.h"
#include "x509/certificate_internal.h"
#include "x509/text.h"

#define NAMES_MAX 16384 /* of the text; the rest of an absurd list is left out */
#define DAY_S 86400

/* --- texts --- */

char *facts_hex(struct bytes bytes)
{
	char *text = memory_new(2 * bytes.len + 1);
	char *at;

	hex_encode(bytes, text);
	for (at = text; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	return text;
}

char *facts_serial(const struct certificate *certificate)
{
	struct bytes serial = certificate_serial(certificate);

	if (serial.len > 1 && serial.data[0] == 0)
		serial = (struct bytes){ serial.data + 1, serial.len - 1 };
	return facts_hex(serial);
}

char *facts_common_name(struct bytes name)
{
	struct subject_texts texts = { 0 };
	char shown[512];
	struct text text;

	subject_read(name, &texts);
	text_init(&text, shown, sizeof(shown));
	if (texts.common_name != NULL)
		text_append_escaped(&text,
				    (struct bytes){ (const uint8_t *)texts.common_name,
						    strlen(texts.common_name) }, "");
	subject_texts_done(&texts);
	return memory_copy_string(shown);
}

const char *facts_algorithm(const struct certificate *certificate)
{
	switch (certificate_key_kind(certificate)) {
	case CERTIFICATE_KEY_RSA:
		return "RSA";
	case CERTIFICATE_KEY_ECDSA:
		return "ECC";
	case CERTIFICATE_KEY_ED25519:
		return "Ed25519";
	default:
		return "other";
	}
}

int64_t facts_days_left(int64_t not_after, int64_t now)
{
	return not_after > now ? (not_after - now) / DAY_S : 0;
}

static void append_address(struct text *text, const CBS *ip)
{
	char shown[INET6_ADDRSTRLEN];

	if ((CBS_len(ip) == 4 || CBS_len(ip) == 16) &&
	    inet_ntop(CBS_len(ip) == 4 ? AF_INET : AF_INET6, CBS_data(ip), shown,
		      sizeof(shown)) != NULL)
		text_append(text, shown);
}

/* DNS, e-mail, URI and IP; others (otherName, directoryName) have no text that people know. */
static void append_name(struct text *text, CBS_ASN1_TAG tag, const CBS *name)
{
	switch (tag) {
	case CBS_ASN1_CONTEXT_SPECIFIC | 1:
	case CBS_ASN1_CONTEXT_SPECIFIC | 2:
	case CBS_ASN1_CONTEXT_SPECIFIC | 6:
		text_append_escaped(text, cbs_bytes(name), ",");
		break;
	case CBS_ASN1_CONTEXT_SPECIFIC | 7:
		append_address(text, name);
		break;
	default:
		text_append(text, "(other)");
	}
}

char *facts_names_of(struct bytes value)
{
	char *shown = memory_new(NAMES_MAX);
	CBS cbs, names, name;
	CBS_ASN1_TAG tag;
	struct text text;
	char *result;

	text_init(&text, shown, NAMES_MAX);
	CBS_init(&cbs, value.data, value.len);
	if (CBS_get_asn1(&cbs, &names, CBS_ASN1_SEQUENCE))
		while (CBS_len(&names) > 0 && CBS_get_any_asn1(&names, &name, &tag) && !text.cut) {
			if (text.used > 0)
				text_append(&text, ",");
			append_name(&text, tag, &name);
		}
	result = memory_copy_string(shown);
	free(shown);
	return result;
}

char *facts_names(const struct certificate *certificate)
{
	const struct extension *extension = &certificate->extensions[EXTENSION_ALTERNATIVE_NAME];

	return facts_names_of(extension->present ? extension->value : (struct bytes){ NULL, 0 });
}

/* --- the store --- */

void facts_fill(const struct certificate *certificate, const struct certificate *issuer,
		struct store_certificate *row)
{
	struct bytes der = certificate_der(certificate);
	struct sha256 hash;

	free(row->common_name);
	free(row->sans);
	free(row->serial);
	row->common_name = facts_common_name(certificate_subject_der(certificate));
	row->sans = facts_names(certificate);
	row->serial = facts_serial(certificate);
	memcpy(row->subject_key, certificate_key_hash(certificate), sizeof(row->subject_key));
	memset(row->issuer_key, 0, sizeof(row->issuer_key));
	if (issuer != NULL)
		memcpy(row->issuer_key, certificate_key_hash(issuer), sizeof(row->issuer_key));
	sha256_init(&hash);
	sha256_update(&hash, der.data, der.len);
	sha256_final(&hash, row->sha256);
	row->not_before = certificate_not_before(certificate);
	row->not_after = certificate_not_after(certificate);
	buffer_done(&row->der);
	buffer_append(&row->der, der.data, der.len);
}

json_t *facts_summary(const struct store_certificate *row)
{
	char *sha256 = facts_hex((struct bytes){ row->sha256, sizeof(row->sha256) });
	char until[TEXT_TIME_SIZE];
	json_t *summary;

	text_time(row->not_after, until);
	summary = json_pack("{s:s?, s:s?, s:s?, s:s?, s:s, s:s}", "Name", row->name, "CommonName",
			    row->common_name, "Sans", row->sans, "SerialNumber", row->serial,
			    "NotAfter", until, "Sha2", sha256);
	free(sha256);
	return summary;
}

struct list {
	json_t *array;
};

static bool add_user(void *arg, const struct store_reference *reference)
{
	struct list *users = arg;

	json_array_append_new(users->array,
			      json_pack("{s:s, s:s, s:s}", "Kind", reference->from_kind, "ResourceId",
					reference->from_id, "Role", reference->role));
	return true;
}

json_t *facts_used_by(struct store *store, const char *id, struct error *err)
{
	struct list users = { json_array() };

	if (store_references_to(store, STORE_CERTIFICATE, id, add_user, &users, err) == 0)
		return users.array;
	json_decref(users.array);
	return NULL;
}

json_t *facts_tags(struct store *store, const char *id, struct error *err)
{
	json_t *tags = store_tags(store, STORE_CERTIFICATE, id, err);
	json_t *renamed = tags == NULL ? NULL : json_array();
	json_t *tag;
	size_t i;

	json_array_foreach(tags, i, tag)
		json_array_append_new(renamed,
				      json_pack("{s:O, s:O}", "TagKey", json_object_get(tag, "Key"),
						"TagValue", json_object_get(tag, "Value")));
	json_decref(tags);
	return renamed;
}

/* --- replies --- */

void facts_set(json_t *object, const char *name, char *text)
{
	json_object_set_new(object, name, json_string(text == NULL ? "" : text));
	free(text);
}

static void set_date(json_t *object, const char *name, int64_t when)
{
	char text[TEXT_TIME_SIZE];

	text_time(when, text);
	text[strcspn(text, "T")] = '\0';
	json_object_set_new(object, name, json_string(text));
}

static void set_number(json_t *object, const char *name, int64_t number)
{
	json_object_set_new(object, name, json_integer(number));
}

static void set_escaped(json_t *object, const char *name, const char *value)
{
	char shown[256];
	struct text text;

	text_init(&text, shown, sizeof(shown));
	if (value != NULL)
		text_append_escaped(&text, (struct bytes){ (const uint8_t *)value, strlen(value) }, "");
	json_object_set_new(object, name, json_string(shown));
}

static void set_hashes(const struct certificate *certificate, json_t *object)
{
	struct bytes der = certificate_der(certificate);
	uint8_t sha1[SHA_DIGEST_LENGTH], sha256[SHA256_SIZE];
	struct sha256 hash;

	SHA1(der.data, der.len, sha1);
	sha256_init(&hash);
	sha256_update(&hash, der.data, der.len);
	sha256_final(&hash, sha256);
	facts_set(object, "Fingerprint", facts_hex((struct bytes){ sha1, sizeof(sha1) }));
	facts_set(object, "Sha2", facts_hex((struct bytes){ sha256, sizeof(sha256) }));
}

/* The issuer as people call it: its common name, else its organization. */
static char *issuer_name(const struct certificate *certificate)
{
	char *name = facts_common_name(certificate_issuer_der(certificate));
	char text[256];

	if (name[0] != '\0')
		return name;
	free(name);
	certificate_issuer_text(certificate, text, sizeof(text));
	return memory_copy_string(text);
}

void facts_describe(const struct certificate *certificate, int64_t now, json_t *object)
{
	struct subject_texts texts = { 0 };

	subject_read(certificate_subject_der(certificate), &texts);
	set_escaped(object, "OrgName", texts.organization);
	set_escaped(object, "Country", texts.country);
	set_escaped(object, "Province", texts.state);
	set_escaped(object, "City", texts.locality);
	subject_texts_done(&texts);
	facts_set(object, "Sans", facts_names(certificate));
	facts_set(object, "Issuer", issuer_name(certificate));
	facts_set(object, "SerialNo", facts_serial(certificate));
	json_object_set_new(object, "Algorithm", json_string(facts_algorithm(certificate)));
	set_hashes(certificate, object);
	set_date(object, "StartDate", certificate_not_before(certificate));
	set_date(object, "EndDate", certificate_not_after(certificate));
	json_object_set_new(object, "Expired", json_boolean(now > certificate_not_after(certificate)));
}

static void set_words(json_t *object, const char *name, uint32_t bits, const char *const *words,
		      size_t count, const uint32_t *values)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		if (bits & values[i])
			json_array_append_new(array, json_string(words[i]));
	json_object_set_new(object, name, array);
}

static void set_usages(const struct certificate *certificate, json_t *object)
{
	static const char *const usages[] = { "digitalSignature", "nonRepudiation", "keyEncipherment",
					      "dataEncipherment", "keyAgreement", "keyCertSign",
					      "cRLSign" };
	static const uint32_t usage_bits[] = { 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02 };
	static const char *const purposes[] = { "serverAuth", "clientAuth", "emailProtection",
						"codeSigning", "OCSPSigning", "timeStamping",
						"anyExtendedKeyUsage" };
	static const uint32_t purpose_bits[] = { XKU_SSL_SERVER, XKU_SSL_CLIENT, XKU_SMIME,
						 XKU_CODE_SIGN, XKU_OCSP_SIGN, XKU_TIMESTAMP,
						 XKU_ANYEKU };

	set_words(object, "KeyUsage",
		  certificate_has(certificate, EXTENSION_KEY_USAGE) ? certificate->key_usage : 0,
		  usages, 7, usage_bits);
	set_words(object, "ExtendedKeyUsage",
		  certificate_has(certificate, EXTENSION_EXTENDED_KEY_USAGE) ?
		  certificate->extended_key_usage : 0, purposes, 7, purpose_bits);
}

void facts_describe_fully(const struct certificate *certificate, int64_t now, json_t *object)
{
	char text[512];

	facts_set(object, "CommonName", facts_common_name(certificate_subject_der(certificate)));
	certificate_subject_text(certificate, text, sizeof(text));
	json_object_set_new(object, "SubjectDN", json_string(text));
	certificate_issuer_text(certificate, text, sizeof(text));
	json_object_set_new(object, "IssuerDN", json_string(text));
	facts_set(object, "Sans", facts_names(certificate));
	facts_set(object, "SerialNumber", facts_serial(certificate));
	set_number(object, "Version", certificate->version);
	json_object_set_new(object, "Algorithm", json_string(facts_algorithm(certificate)));
	set_number(object, "KeySize", certificate_key_bits(certificate));
	json_object_set_new(object, "SignAlgorithm", json_string(certificate->signature.name));
	set_hashes(certificate, object);
	facts_set(object, "KeySha2", facts_hex((struct bytes){ certificate_key_hash(certificate), 32 }));
	set_number(object, "BeforeDate", certificate_not_before(certificate) * 1000);
	set_number(object, "AfterDate", certificate_not_after(certificate) * 1000);
	set_number(object, "RemainDay", facts_days_left(certificate_not_after(certificate), now));
	json_object_set_new(object, "Expired", json_boolean(now > certificate_not_after(certificate)));
	json_object_set_new(object, "IsCa", json_boolean(certificate_is_ca(certificate)));
	json_object_set_new(object, "SelfSigned",
			    json_boolean(certificate_is_self_issued(certificate)));
	set_usages(certificate, object);
}

json_t *facts_pem(struct bytes der, struct bytes chain)
{
	struct buffer pem = { 0 };
	json_t *text;

	pem_write(&pem, "CERTIFICATE", der);
	pem_write_chain(&pem, chain);
	text = json_stringn((const char *)pem.data, pem.len);
	buffer_done(&pem);
	return text;
}

json_t *facts_notes(const struct import_notes *notes, bool warnings)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < notes->count; i++)
		if (notes->items[i].is_warning == warnings)
			json_array_append_new(array, json_string(notes->items[i].text));
	return array;
}

void facts_each(struct bytes chain, void (*each)(void *arg, const struct certificate *certificate),
		void *arg)
{
	CBS cbs, one;

	CBS_init(&cbs, chain.data, chain.len);
	while (CBS_get_asn1_element(&cbs, &one, CBS_ASN1_SEQUENCE)) {
		struct certificate *certificate = certificate_parse(cbs_bytes(&one), NULL);

		if (certificate != NULL)
			each(arg, certificate);
		certificate_free(certificate);
	}
}
