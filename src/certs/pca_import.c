/* CAs that come from elsewhere: with their key, or as a certificate for a key that was made here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"
#include "pki/pem_write.h"
#include "x509/certificate_internal.h"
#include "x509/profile.h"
#include "x509/text.h"

#define GIVEN_MAX 20

/* Certificates of one input, and those put into a chain. */
struct given {
	struct certificate *items[GIVEN_MAX];
	size_t count;
	struct certificate *path[GIVEN_MAX]; /* borrowed from items; the CA first */
	size_t path_count;
};

static int keep_certificate(void *arg, struct bytes der, struct error *err)
{
	struct given *given = arg;

	if (given->count == GIVEN_MAX)
		return error_set(err, ERROR_LIMIT, "there are more than %d certificates in it",
				 GIVEN_MAX);
	given->items[given->count] = certificate_parse(der, err);
	if (given->items[given->count] == NULL)
		return -1;
	given->count++;
	return 0;
}

static void given_done(struct given *given)
{
	size_t i;

	for (i = 0; i < given->count; i++)
		certificate_free(given->items[i]);
}

static int read_given(struct given *given, const char *text, const char *field, struct error *err)
{
	if (text == NULL || text[0] == '\0')
		return 0;
	if (certificate_each_in_file((struct bytes){ (const uint8_t *)text, strlen(text) }, field,
				     keep_certificate, given, err) < 0)
		return pca_blame(err, field);
	return 0;
}

static bool is_on_path(const struct given *given, const struct certificate *certificate)
{
	size_t i;

	for (i = 0; i < given->path_count; i++)
		if (bytes_equal(given->path[i]->der, certificate->der))
			return true;
	return false;
}

/* From the CA upwards, as far as the certificates go. */
static void build_path(struct given *given, struct certificate *ca)
{
	bool grew = true;
	size_t i;

	given->path[0] = ca;
	given->path_count = 1;
	while (grew) {
		const struct certificate *last = given->path[given->path_count - 1];

		grew = false;
		for (i = 0; i < given->count && !grew; i++) {
			if (is_on_path(given, given->items[i]) ||
			    !certificate_could_issue(given->items[i], last) ||
			    !certificate_may_issue(given->items[i]) ||
			    !certificate_signed_by(last, given->items[i]))
				continue;
			given->path[given->path_count++] = given->items[i];
			grew = true;
		}
	}
}

static struct certificate *find_by_key(const struct given *given, const EVP_PKEY *key)
{
	size_t i;

	for (i = 0; i < given->count; i++) {
		EVP_PKEY *other = X509_get0_pubkey(given->items[i]->x509);

		if (other != NULL && EVP_PKEY_cmp(other, key) == 1)
			return given->items[i];
	}
	return NULL;
}

static int check_ca(const struct call *call, const struct certificate *ca, const char *field,
		    struct error *err)
{
	char symbol[64], why[160], end[TEXT_TIME_SIZE];
	bool is_root = certificate_is_self_issued(ca);

	snprintf(symbol, sizeof(symbol), "IllegalParam.%s", field);
	if (!certificate_is_ca(ca))
		return call_refuse(err, ERROR_INVALID, symbol, field,
				   "it is no CA certificate: its basic constraints do not say so");
	if (!certificate_may_issue(ca))
		return call_refuse(err, ERROR_INVALID, symbol, field,
				   "its key usage does not let it sign certificates");
	if (!certificate_key_is_strong(ca, why, sizeof(why)))
		return call_refuse(err, ERROR_INVALID, symbol, field, "its key cannot be used: %s", why);
	if (ca->key_kind == CERTIFICATE_KEY_ED25519)
		return call_refuse(err, ERROR_INVALID, symbol, field,
				   "it has an Ed25519 key, which issues nothing here");
	if (ca->signature.weak && !is_root)
		return call_refuse(err, ERROR_INVALID, symbol, field, "it is signed with %s",
				   ca->signature.name);
	text_time(ca->not_after, end);
	if (call->now > ca->not_after)
		return call_refuse(err, ERROR_INVALID, symbol, field, "it ended %s", end);
	return 0;
}

/* What the strict rules would refuse in clients' chains; and what a CA cannot do then. */
static void note_faults(struct store_certificate *row, const struct given *given)
{
	struct lint_report report = { .count = 0 };
	char why[160];
	size_t i;

	for (i = 0; i < given->path_count; i++) {
		enum profile_role role = i + 1 == given->path_count ? PROFILE_ANCHOR :
					 PROFILE_INTERMEDIATE;

		if (profile_check(given->path[i], role, true, why, sizeof(why)) == REASON_ADMITTED)
			continue;
		lint_note(&report, "P03", LINT_WARNING, why);
		json_object_set_new(row->body, "ChainProfile", json_string("Compatible"));
	}
	if (given->path[0]->key_usage != UINT32_MAX &&
	    (given->path[0]->key_usage & X509v3_KU_CRL_SIGN) == 0)
		lint_note(&report, "P04", LINT_WARNING,
			  "its key usage lacks cRLSign: its revocation lists will not be believed");
	pca_row_notes(row, &report);
}

/* A CA of ours that issued it. */
struct parent_search {
	const struct certificate *child;
	char id[PCA_ID_SIZE];
	uint8_t key[32];
};

static bool find_parent(void *arg, const struct store_certificate *row)
{
	struct parent_search *search = arg;
	struct certificate *ca = certificate_parse(buffer_bytes(&row->der), NULL);

	if (ca != NULL && certificate_could_issue(ca, search->child) &&
	    certificate_signed_by(search->child, ca)) {
		snprintf(search->id, sizeof(search->id), "%s", row->id);
		memcpy(search->key, row->subject_key, sizeof(search->key));
	}
	certificate_free(ca);
	return search->id[0] == '\0';
}

static int set_parent(struct call *call, struct store_certificate *row, const struct given *given,
		      struct error *err)
{
	const struct store_certificate_filter filter = { .roles = STORE_OWN_CAS, .revoked = -1 };
	struct parent_search search = { .child = given->path[0] };

	if (row->role == STORE_ROOT_CA)
		return 0;
	if (store_certificate_each(call->store, &filter, find_parent, &search, err) < 0)
		return -1;
	if (search.id[0] != '\0') {
		row->parent = memory_copy_string(search.id);
		memcpy(row->issuer_key, search.key, sizeof(row->issuer_key));
	} else if (given->path_count > 1) {
		memcpy(row->issuer_key, certificate_key_hash(given->path[1]),
		       sizeof(row->issuer_key));
	}
	return 0;
}

static int check_new(struct call *call, const struct certificate *ca, unsigned int own_roles,
		     struct error *err)
{
	const struct issue_request request = {
		.profile = issue_profile(ISSUE_SUB_CA), .subject = certificate_subject_der(ca),
		.public_key = ca->key,
	};
	struct store_certificate_filter filter = { .revoked = -1 };
	struct lint_report ignored = { .count = 0 };
	uint8_t digest[32];
	int64_t count;

	EVP_Digest(ca->der.data, ca->der.len, digest, NULL, EVP_sha256(), NULL);
	filter.roles = own_roles;
	filter.sha256 = digest;
	count = store_certificate_count(call->store, &filter, err);
	if (count < 0)
		return -1;
	if (count > 0)
		return call_refuse(err, ERROR_CONFLICT, "Conflict.Certificate", "Certificate",
				   "this CA certificate is here already");
	return pca_check_store(call->store, &request, &ignored, err);
}

/* Row, key and change; the authority proves that all of it fits together. */
static int put_ca(struct call *call, struct given *given, const char *id, EVP_PKEY *key,
		  EVP_PKEY *new_key, bool exportable, struct error *err)
{
	const struct pca_writer writer = pca_writer_of(call);
	struct store_certificate row = { .id = NULL };
	struct authority *authority = NULL;
	bool is_root = certificate_is_self_issued(given->path[0]);
	int status = -1;
	size_t i;

	pca_row_init(&row, id, is_root ? STORE_ROOT_CA : STORE_SUB_CA, given->path[0]);
	row.name = memory_copy_string(call_text(call, "AliasName"));
	row.exportable = exportable;
	row.has_key = true;
	for (i = 1; i < given->path_count; i++)
		buffer_append(&row.chain, given->path[i]->der.data, given->path[i]->der.len);
	if (call_has(call, "ResourceGroupId"))
		json_object_set(row.body, "ResourceGroupId", call_value(call, "ResourceGroupId"));
	note_faults(&row, given);
	authority = authority_new(buffer_bytes(&row.der), buffer_bytes(&row.chain), key, err);
	if (authority == NULL) {
		pca_blame(err, "Certificate");
		goto out;
	}
	if (set_parent(call, &row, given, err) < 0 ||
	    pca_store(&writer, &row, "Import", new_key, call_value(call, "Tags"), err) < 0)
		goto out;
	pca_ca_answer(call, &row);
	status = 0;
out:
	authority_free(authority);
	store_certificate_done(&row);
	return status;
}

static EVP_PKEY *read_key(struct call *call, struct error *err)
{
	const char *text = call_text(call, "PrivateKey");
	struct buffer pkcs8 = { 0 };
	EVP_PKEY *key = NULL;

	if (certificate_key_from_file((struct bytes){ (const uint8_t *)text, strlen(text) },
				      "PrivateKey", &pkcs8, err) == 0)
		key = key_from_pkcs8(buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	if (key == NULL)
		pca_blame(err, "PrivateKey");
	return key;
}

int pca_ImportCACertificate(struct call *call, struct error *err)
{
	struct given given = { .count = 0 };
	struct certificate *ca = NULL;
	char id[PCA_ID_SIZE];
	EVP_PKEY *key = NULL;
	int status = -1;

	if (read_given(&given, call_text(call, "Certificate"), "Certificate", err) < 0)
		goto out;
	key = read_key(call, err);
	if (key == NULL)
		goto out;
	ca = find_by_key(&given, key);
	if (ca == NULL) {
		call_refuse(err, ERROR_INVALID, "IllegalParam.PrivateKey", "PrivateKey",
			    "the private key belongs to none of the certificates");
		goto out;
	}
	build_path(&given, ca);
	pca_new_id(id);
	if (check_ca(call, ca, "Certificate", err) == 0 &&
	    check_new(call, ca, STORE_OWN_CAS, err) == 0)
		status = put_ca(call, &given, id, key, key,
				call_boolean(call, "KeyExportable", false), err);
out:
	EVP_PKEY_free(key);
	given_done(&given);
	return status;
}

/* --- a subordinate that somebody else signs --- */

static json_t *pending_body(struct call *call, const char *csr, const EVP_PKEY *key)
{
	static const char *const names[] = { "Organization", "OrganizationUnit", "Locality",
					     "State" };
	const char *country = call_text(call, "CountryCode");
	json_t *body = json_object();
	char text[32];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set(body, names[i], call_value(call, names[i]));
	json_object_set_new(body, "CountryCode", json_string(country != NULL ? country : "CN"));
	json_object_set_new(body, "Csr", json_string(csr));
	key_text(key, text, sizeof(text));
	json_object_set_new(body, "FullAlgorithm", json_string(text));
	json_object_set_new(body, "Algorithm", json_string(key_family(key)));
	json_object_set_new(body, "KeySize", json_integer(key_bits(key)));
	return body;
}

static int put_pending(struct call *call, EVP_PKEY *key, const char *csr, struct error *err)
{
	const struct pca_writer writer = pca_writer_of(call);
	struct store_certificate row = { .role = STORE_PENDING_CA };
	struct buffer spki = { 0 };
	char id[PCA_ID_SIZE];
	int status = key_to_spki(key, &spki, err);

	pca_new_id(id);
	row.id = memory_copy_string(id);
	row.common_name = memory_copy_string(call_text(call, "CommonName"));
	row.serial = memory_copy_string("");
	row.sans = memory_copy_string("");
	row.exportable = call_boolean(call, "KeyExportable", false);
	row.body = pending_body(call, csr, key);
	EVP_Digest(spki.data, spki.len, row.subject_key, NULL, EVP_sha256(), NULL);
	if (status == 0)
		status = pca_store(&writer, &row, "CreateCsr", key, NULL, err);
	if (status == 0) {
		json_object_set_new(call->reply, "Identifier", json_string(id));
		json_object_set_new(call->reply, "Csr", json_string(csr));
	}
	buffer_done(&spki);
	store_certificate_done(&row);
	return status;
}

int pca_CreateCACsr(struct call *call, struct error *err)
{
	const char *country = call_text(call, "CountryCode");
	const struct subject_names names = {
		.country = country != NULL ? country : "CN", .state = call_text(call, "State"),
		.locality = call_text(call, "Locality"),
		.organization = call_text(call, "Organization"),
		.organization_unit = call_text(call, "OrganizationUnit"),
		.common_name = call_text(call, "CommonName"),
	};
	struct buffer subject = { 0 }, der = { 0 }, pem = { 0 };
	EVP_PKEY *key = pca_work_key(call, NULL, err);
	int status = -1;

	if (key == NULL)
		return -1;
	if (subject_write(&names, &subject, err) < 0) {
		pca_blame(err, "CommonName");
	} else if (csr_make(key, buffer_bytes(&subject), NULL, &der, err) == 0) {
		pem_write(&pem, "CERTIFICATE REQUEST", buffer_bytes(&der));
		buffer_append(&pem, "", 1);
		status = put_pending(call, key, (const char *)pem.data, err);
	}
	buffer_done(&pem);
	buffer_done(&der);
	buffer_done(&subject);
	return status;
}

static EVP_PKEY *pending_key(struct call *call, const char *id, struct error *err)
{
	struct buffer pkcs8 = { 0 };
	EVP_PKEY *key = NULL;

	if (store_key_get(call->store, id, &pkcs8, NULL, err) == 1)
		key = key_from_pkcs8(buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	return key;
}

static int complete(struct call *call, const struct store_certificate *pending,
		    struct given *given, struct error *err)
{
	EVP_PKEY *key = pending_key(call, pending->id, err);
	struct certificate *ca;
	int status = -1;

	if (key == NULL)
		return -1;
	ca = find_by_key(given, key);
	if (ca == NULL) {
		call_refuse(err, ERROR_INVALID, "IllegalParam.Certificate", "Certificate",
			    "none of the certificates has the key of this request");
	} else if (check_ca(call, ca, "Certificate", err) == 0) {
		build_path(given, ca);
		if (check_new(call, ca, STORE_OWN_CAS, err) == 0)
			status = put_ca(call, given, pending->id, key, NULL, pending->exportable,
					err);
	}
	EVP_PKEY_free(key);
	return status;
}

int pca_CompleteCACertificate(struct call *call, struct error *err)
{
	struct store_certificate pending;
	struct given given = { .count = 0 };
	int status = -1;

	if (pca_find(call->store, call_text(call, "Identifier"), STORE_PENDING_CA, &pending, err) <
	    0)
		return error_place(err, "Identifier");
	if (read_given(&given, call_text(call, "Certificate"), "Certificate", err) == 0 &&
	    read_given(&given, call_text(call, "CertificateChain"), "CertificateChain", err) == 0)
		status = complete(call, &pending, &given, err);
	given_done(&given);
	store_certificate_done(&pending);
	return status;
}
