/* Rows as the API shows them. */
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"
#include "pki/pem_write.h"
#include "store/resource.h"

/* How many certificates a CA is said to have left: nothing is bought here. */
#define WITHOUT_LIMIT 1000000

static char *finish_text(struct buffer *text)
{
	buffer_append(text, "", 1);
	return (char *)text->data;
}

char *pca_pem(struct bytes der)
{
	struct buffer text = { 0 };

	if (der.len > 0)
		pem_write(&text, "CERTIFICATE", der);
	return finish_text(&text);
}

char *pca_pem_chain(const struct store_certificate *row, bool with_itself)
{
	struct buffer text = { 0 };

	if (with_itself && row->der.len > 0)
		pem_write(&text, "CERTIFICATE", buffer_bytes(&row->der));
	pem_write_chain(&text, buffer_bytes(&row->chain));
	return finish_text(&text);
}

static const char *type_text(unsigned int role)
{
	switch (role) {
	case STORE_ROOT_CA:
		return "ROOT";
	case STORE_SUB_CA:
	case STORE_PENDING_CA:
		return "SUB_ROOT";
	case STORE_SERVER:
		return "SERVER";
	case STORE_UPLOADED_CA:
		return "EXTERNAL_CA";
	default:
		return "CLIENT";
	}
}

static const char *status_text(const struct store_certificate *row)
{
	if (row->role == STORE_PENDING_CA)
		return "PENDING";
	return row->revoked || row->disabled ? "REVOKE" : "ISSUE";
}

static void copy(json_t *object, const struct store_certificate *row, const char *name)
{
	json_t *value = json_object_get(row->body, name);

	if (value != NULL)
		json_object_set(object, name, value);
}

static void set_taken(json_t *object, const char *name, char *text)
{
	json_object_set_new(object, name, json_string(text));
	free(text);
}

/* "P01" and the like say what was decided here; the caller should see them. */
static bool is_worth_telling(const json_t *note)
{
	const char *id = json_string_value(json_object_get(note, "Id"));
	const char *severity = json_string_value(json_object_get(note, "Severity"));

	return (id != NULL && id[0] == 'P') || severity == NULL || strcmp(severity, "I") != 0;
}

void pca_set_notes(json_t *object, const struct store_certificate *row, bool all)
{
	const json_t *notes = json_object_get(row->body, "Notes");
	json_t *shown = json_array();
	size_t i;

	for (i = 0; i < json_array_size(notes); i++)
		if (all || is_worth_telling(json_array_get(notes, i)))
			json_array_append(shown, json_array_get(notes, i));
	if (json_array_size(shown) > 0)
		json_object_set(object, "Notes", shown);
	json_decref(shown);
}

static void set_names(json_t *object, const struct store_certificate *row)
{
	json_t *list = json_object_get(row->body, "SanList");
	char *text = json_dumps(list, JSON_COMPACT);

	json_object_set_new(object, "Sans", json_string(text != NULL ? text : "[]"));
	free(text);
}

json_t *pca_show(const struct store_certificate *row, bool pem)
{
	static const char *const members[] = {
		"Organization", "OrganizationUnit", "Locality",	     "State",	   "CountryCode",
		"SubjectDN",	"Algorithm",	    "FullAlgorithm", "KeySize",	   "SignAlgorithm",
		"Md5",		"ResourceGroupId",  "Days",	     "UploadFlag" };
	char sha256[65];
	json_t *object;
	size_t i;

	hex_encode((struct bytes){ row->sha256, sizeof(row->sha256) }, sha256);
	object = json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:I}",
			   "Identifier", row->id, "Id", (json_int_t)row->number, "CertificateType",
			   type_text(row->role), "Status", status_text(row), "AliasName",
			   row->name != NULL ? row->name : "", "CommonName", row->common_name,
			   "SerialNumber", row->serial, "Sha2", sha256, "BeforeDate",
			   (json_int_t)row->not_before * 1000, "AfterDate",
			   (json_int_t)row->not_after * 1000, "ExistPrivateKey", row->has_key,
			   "KeyExportable", row->has_key && row->exportable, "Revision",
			   (json_int_t)row->revision);
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		copy(object, row, members[i]);
	if (row->parent != NULL)
		json_object_set_new(object, "ParentIdentifier", json_string(row->parent));
	if (row->custom_identifier != NULL)
		json_object_set_new(object, "CustomIdentifier",
				    json_string(row->custom_identifier));
	set_names(object, row);
	pca_set_notes(object, row, false);
	if (pem)
		set_taken(object, "X509Certificate", pca_pem(buffer_bytes(&row->der)));
	return object;
}

int64_t pca_issued_count(struct store *store, const char *ca_id, struct error *err)
{
	const struct store_certificate_filter filter = {
		.roles = STORE_PRIVATE | STORE_SUB_CA,
		.parent = ca_id,
		.revoked = -1,
	};

	return store_certificate_count(store, &filter, err);
}

static const char *issuer_type(const struct store_certificate *row)
{
	return row->role == STORE_UPLOADED_CA ||
			       json_is_true(json_object_get(row->body, "External"))
		       ? "external"
		       : "local";
}

static void set_crl(json_t *object, struct store *store, const struct store_certificate *row)
{
	char *base = store_setting(store, "PkiBaseUrl");
	const char *key = json_string_value(json_object_get(row->body, "KeyIdentifier"));
	struct buffer url = { 0 };
	size_t len = base != NULL ? strlen(base) : 0;

	while (len > 0 && base[len - 1] == '/')
		len--;
	if (len > 0 && key != NULL && row->has_key)
		buffer_printf(&url, "%.*s/pki/%s.crl", (int)len, base, key);
	set_taken(object, "CrlUrl", finish_text(&url));
	free(base);
	json_object_set_new(object, "CrlStatus",
			    json_string(json_is_false(json_object_get(row->body, "EnableCrl")) ?
					"CLOSED" : "ENABLED"));
}

json_t *pca_show_ca(struct call *call, const struct store_certificate *row, bool pem,
		    struct error *err)
{
	static const char *const members[] = { "Years",
					       "CertMaxTime",
					       "CrlDay",
					       "PathLenConstraint",
					       "PermittedNames",
					       "ExcludedNames",
					       "ExtendedKeyUsages",
					       "KeyIdentifier" };
	int64_t issued = pca_issued_count(call->store, row->id, err);
	json_t *object;
	size_t i;

	if (issued < 0)
		return NULL;
	object = pca_show(row, pem);
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		copy(object, row, members[i]);
	json_object_set_new(object, "IssuerType", json_string(issuer_type(row)));
	json_object_set_new(object, "CertIssuedCount", json_integer(issued));
	json_object_set_new(object, "CertTotalCount", json_integer(issued + WITHOUT_LIMIT));
	json_object_set_new(object, "CertRemainingCount", json_integer(WITHOUT_LIMIT));
	set_crl(object, call->store, row);
	if (pem)
		set_taken(object, "CaCertChain", pca_pem_chain(row, true));
	return object;
}

json_t *pca_tags(struct store *store, const char *id, struct error *err)
{
	json_t *tags = store_tags(store, STORE_CERTIFICATE, id, err);
	json_t *shown, *tag;
	size_t i;

	if (tags == NULL)
		return NULL;
	shown = json_array();
	json_array_foreach(tags, i, tag) {
		json_array_append_new(shown, json_pack("{s:O, s:O}", "TagKey",
						       json_object_get(tag, "Key"), "TagValue",
						       json_object_get(tag, "Value")));
	}
	json_decref(tags);
	return shown;
}
