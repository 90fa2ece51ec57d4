/* Certificates as rows of the store: what lists show is worked out once, when a row is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/digest.h>
#include <openssl/sha.h>
#include "certs/pca.h"
#include "pki/subject.h"
#include "x509/certificate_internal.h"

void pca_new_id(char ret_id[PCA_ID_SIZE])
{
	char uuid[37];
	const char *from;
	char *to = ret_id;

	call_new_uuid(uuid);
	for (from = uuid; *from != '\0'; from++)
		if (*from != '-')
			*to++ = *from;
	*to = '\0';
}

static void set_text(json_t *body, const char *name, const char *text)
{
	json_object_set_new(body, name, json_string(text != NULL ? text : ""));
}

static char *hex_upper(struct bytes bytes)
{
	char *text = memory_new(2 * bytes.len + 1);
	size_t i;

	for (i = 0; i < bytes.len; i++)
		snprintf(text + 2 * i, 3, "%02X", bytes.data[i]);
	return text;
}

/* As the API writes it: "C=CN,O=Alibaba,OU=test,L=Beijing,ST=Beijing,CN=client". */
static char *subject_text(const struct subject_texts *texts)
{
	const struct {
		const char *name, *value;
	} parts[] = {
		{ "C", texts->country }, { "O", texts->organization },
		{ "OU", texts->organization_unit }, { "L", texts->locality },
		{ "ST", texts->state }, { "CN", texts->common_name },
	};
	struct buffer text = { 0 };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *c;

		if (parts[i].value == NULL)
			continue;
		buffer_printf(&text, "%s%s=", text.len > 0 ? "," : "", parts[i].name);
		for (c = parts[i].value; *c != '\0'; c++) {
			if (strchr(",+\\\"<>;=", *c) != NULL)
				buffer_append(&text, "\\", 1);
			buffer_append(&text, c, 1);
		}
	}
	buffer_append(&text, "", 1);
	return (char *)text.data;
}

static void fill_subject(struct store_certificate *row, const struct certificate *certificate)
{
	struct subject_texts texts;
	char *subject;

	subject_read(certificate_subject_der(certificate), &texts);
	row->common_name = memory_copy_string(texts.common_name != NULL ? texts.common_name : "");
	subject = subject_text(&texts);
	set_text(row->body, "SubjectDN", subject);
	set_text(row->body, "Organization", texts.organization);
	set_text(row->body, "OrganizationUnit", texts.organization_unit);
	set_text(row->body, "Locality", texts.locality);
	set_text(row->body, "State", texts.state);
	set_text(row->body, "CountryCode", texts.country);
	free(subject);
	subject_texts_done(&texts);
}

/* SHA256WITHRSA and the like: what was used. */
static void signature_text(const struct certificate *certificate, char *ret_text, size_t size)
{
	const struct signature_algorithm *algorithm = &certificate->signature;
	const char *hash = algorithm->hash == NID_sha384   ? "SHA384"
			   : algorithm->hash == NID_sha512 ? "SHA512"
			   : algorithm->hash == NID_sha1   ? "SHA1"
							   : "SHA256";

	switch (algorithm->kind) {
	case SIGNATURE_RSA:
		snprintf(ret_text, size, "%sWITHRSA", hash);
		break;
	case SIGNATURE_RSA_PSS:
		snprintf(ret_text, size, "%sWITHRSAANDMGF1", hash);
		break;
	case SIGNATURE_ECDSA:
		snprintf(ret_text, size, "%sWITHECDSA", hash);
		break;
	default:
		snprintf(ret_text, size, "%s", algorithm->name);
	}
}

static void fill_key(struct store_certificate *row, const struct certificate *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
	uint8_t md5[16];
	char text[64];

	memcpy(row->subject_key, certificate_key_hash(certificate), sizeof(row->subject_key));
	SHA256(certificate->der.data, certificate->der.len, row->sha256);
	EVP_Digest(certificate->der.data, certificate->der.len, md5, NULL, EVP_md5(), NULL);
	hex_encode((struct bytes){ md5, sizeof(md5) }, text);
	set_text(row->body, "Md5", text);
	signature_text(certificate, text, sizeof(text));
	set_text(row->body, "SignAlgorithm", text);
	if (key == NULL)
		return;
	set_text(row->body, "Algorithm", key_family(key));
	key_text(key, text, sizeof(text));
	set_text(row->body, "FullAlgorithm", text);
	json_object_set_new(row->body, "KeySize", json_integer(key_bits(key)));
}

static void fill_names(struct store_certificate *row, const struct certificate *certificate)
{
	const struct extension *extension = &certificate->extensions[EXTENSION_ALTERNATIVE_NAME];
	struct san_list names = { 0 };
	json_t *list = json_array();
	size_t i;

	if (extension->present && san_list_read(extension->value, true, &names, NULL) < 0)
		names = (struct san_list){ 0 };
	for (i = 0; i < names.count; i++)
		json_array_append_new(list,
				      json_pack("{s:i, s:s}", "Type", (int)names.items[i].type,
						"Value", names.items[i].text));
	row->sans = san_list_text(&names);
	json_object_set_new(row->body, "SanList", list);
	san_list_done(&names);
}

/* Lower-case hex of its own key id: what URLs are made of. */
static void fill_key_id(struct store_certificate *row, const struct certificate *certificate)
{
	const struct extension *extension = &certificate->extensions[EXTENSION_SUBJECT_KEY_ID];
	uint8_t computed[KEY_ID_SIZE];
	struct bytes id = { NULL, 0 };
	char text[AUTHORITY_KEY_ID_TEXT];
	CBS cbs, octets;

	CBS_init(&cbs, extension->value.data, extension->value.len);
	if (extension->present && CBS_get_asn1(&cbs, &octets, CBS_ASN1_OCTETSTRING))
		id = (struct bytes){ CBS_data(&octets), CBS_len(&octets) };
	else if (key_id(certificate->key, computed))
		id = (struct bytes){ computed, sizeof(computed) };
	if (id.len > (sizeof(text) - 1) / 2)
		id.len = (sizeof(text) - 1) / 2;
	hex_encode(id, text);
	set_text(row->body, "KeyIdentifier", text);
}

void pca_row_init(struct store_certificate *row, const char *id, unsigned int role,
		  const struct certificate *certificate)
{
	row->id = memory_copy_string(id);
	row->role = role;
	row->body = json_object();
	row->serial = hex_upper(certificate_serial(certificate));
	row->not_before = certificate_not_before(certificate);
	row->not_after = certificate_not_after(certificate);
	buffer_append(&row->der, certificate->der.data, certificate->der.len);
	fill_subject(row, certificate);
	fill_key(row, certificate);
	fill_names(row, certificate);
	if ((role & STORE_OWN_CAS) != 0) {
		long length = X509_get_pathlen(certificate->x509);

		fill_key_id(row, certificate);
		if (length >= 0)
			json_object_set_new(row->body, "PathLenConstraint", json_integer(length));
	}
	if (certificate_is_self_issued(certificate))
		memcpy(row->issuer_key, row->subject_key, sizeof(row->issuer_key));
}

void pca_row_notes(struct store_certificate *row, const struct lint_report *report)
{
	json_t *notes = json_object_get(row->body, "Notes");
	size_t i;

	if (report->count == 0)
		return;
	if (notes == NULL) {
		notes = json_array();
		json_object_set_new(row->body, "Notes", notes);
	}
	for (i = 0; i < report->count; i++)
		json_array_append_new(
			notes, json_pack("{s:s, s:s, s:s}", "Id", report->notes[i].id, "Severity",
					 lint_severity_text(report->notes[i].severity), "Text",
					 report->notes[i].text));
}
