/*
 * The life of a certificate begins here: rules that need the store, then key, serial, lints, signature,
 * then one row, one key, one change. All of it stands in the caller's savepoint, or none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>
#include "certs/pca.h"
#include "control/own_revocations.h"
#include "control/serving.h"
#include "store/resource.h"

#define SERIAL_TRIES 3
#define KEY_COMPROMISE 1

static int change_of_call(void *arg, const char *id, const char *act, bool serves,
			  const json_t *after, int64_t *ret_revision, struct error *err)
{
	struct call *call = arg;

	if (serves) /* a CA: what it revokes is looked up from now on */
		own_revocations_add_ca(serving_own_revocations(call->control));
	return call_change(call, STORE_CERTIFICATE, id, act, serves, NULL, after, ret_revision,
			   err);
}

struct pca_writer pca_writer_of(struct call *call)
{
	return (struct pca_writer){ call->store, call->now, change_of_call, call };
}

void pca_result_done(struct pca_result *result)
{
	store_certificate_done(&result->row);
}

/* --- rules that need the store --- */

/* Those who have this key already. */
struct holders {
	struct store *store;
	const struct issue_request *request;
	struct error *err;
	struct lint_report *report;
	bool refused, noted;
};

static int refuse_rule(struct error *err, const char *symbol, const char *format, const char *name)
{
	error_set(err, ERROR_CONFLICT, format, name);
	return error_symbol(err, symbol);
}

static bool is_compromised(struct store *store, const struct store_certificate *row)
{
	struct store_revocation revocation;
	struct certificate *certificate;
	bool found;

	if (!row->revoked)
		return false;
	certificate = certificate_parse(buffer_bytes(&row->der), NULL);
	found = certificate != NULL &&
		store_revocation_get(store, row->issuer_key, certificate_serial(certificate),
				     &revocation, NULL) == 1 && revocation.reason == KEY_COMPROMISE;
	certificate_free(certificate);
	return found;
}

static bool has_same_subject(const struct store_certificate *row, struct bytes subject)
{
	struct certificate *certificate = certificate_parse(buffer_bytes(&row->der), NULL);
	bool same = certificate != NULL &&
		    bytes_equal(certificate_subject_der(certificate), subject);

	certificate_free(certificate);
	return same;
}

static bool check_holder(void *arg, const struct store_certificate *row)
{
	struct holders *holders = arg;
	bool is_ca = holders->request->profile->is_ca;
	bool same_subject = has_same_subject(row, holders->request->subject);

	if (is_compromised(holders->store, row)) {
		refuse_rule(holders->err, "LintFailed.K07",
			    "the key belonged to certificate \"%.64s\", "
			    "which was revoked because its key was compromised",
			    row->common_name);
		holders->refused = true;
	} else if ((row->role & STORE_OWN_CAS) != 0 && !(is_ca && same_subject)) {
		refuse_rule(holders->err, "LintFailed.K07", "the key is that of CA \"%.64s\"",
			    row->common_name);
		holders->refused = true;
	} else if (!is_ca && !same_subject && !holders->noted) {
		lint_note(holders->report, "K08", LINT_WARNING,
			  "the key was certified for another subject before");
		holders->noted = true;
	}
	return !holders->refused;
}

static int check_key(struct store *store, const struct issue_request *request,
		     struct lint_report *report, struct error *err)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct store_certificate_filter filter = { .revoked = -1, .subject_key = digest };
	struct holders holders = { store, request, err, report, false, false };

	SHA256(request->public_key.data, request->public_key.len, digest);
	if (store_certificate_each(store, &filter, check_holder, &holders, err) < 0)
		return -1;
	return holders.refused ? -1 : 0;
}

/* Another CA with this name and another key: nobody could tell their certificates apart. */
struct namesakes {
	const struct issue_request *request;
	uint8_t key[SHA256_DIGEST_LENGTH];
	char id[PCA_ID_SIZE];
};

static bool check_namesake(void *arg, const struct store_certificate *row)
{
	struct namesakes *namesakes = arg;

	if (memcmp(row->subject_key, namesakes->key, sizeof(namesakes->key)) == 0 ||
	    !has_same_subject(row, namesakes->request->subject))
		return true;
	snprintf(namesakes->id, sizeof(namesakes->id), "%s", row->id);
	return false;
}

static int check_name(struct store *store, const struct issue_request *request, struct error *err)
{
	const struct store_certificate_filter filter = { .roles = STORE_OWN_CAS, .revoked = -1 };
	struct namesakes namesakes = { .request = request };

	if (!request->profile->is_ca)
		return 0;
	SHA256(request->public_key.data, request->public_key.len, namesakes.key);
	if (store_certificate_each(store, &filter, check_namesake, &namesakes, err) < 0)
		return -1;
	if (namesakes.id[0] == '\0')
		return 0;
	call_refuse(err, ERROR_CONFLICT, "LintFailed.N03", "CommonName",
		    "CA %s bears this name already, with another key", namesakes.id);
	return error_hint(err,
			  "Choose another CommonName, such as one with R2 at its end, or renew the "
			  "CA with RenewPrivateCertificate.");
}

int pca_check_store(struct store *store, const struct issue_request *request,
		    struct lint_report *report, struct error *err)
{
	if (check_name(store, request, err) < 0)
		return -1;
	return check_key(store, request, report, err);
}

/* --- writing --- */

static int put_key(const struct pca_writer *writer, const struct store_certificate *row,
		   EVP_PKEY *key, struct error *err)
{
	struct buffer pkcs8 = { 0 };
	int status = key_to_pkcs8(key, &pkcs8, err);

	if (status == 0)
		status = store_key_put(writer->store, row->id, row->exportable,
				       buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	return status;
}

static int put_tags(const struct pca_writer *writer, const char *id, const json_t *tags,
		    struct error *err)
{
	size_t i;

	for (i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);
		const char *value = json_string_value(json_object_get(tag, "Value"));

		if (store_tag_put(writer->store, STORE_CERTIFICATE, id,
				  json_string_value(json_object_get(tag, "Key")),
				  value != NULL ? value : "", err) < 0)
			return -1;
	}
	return 0;
}

/* What the audit log keeps of it. */
static json_t *audit_object(const struct store_certificate *row)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:I}", "CommonName", row->common_name,
				   "SerialNumber", row->serial, "Sans", row->sans, "AfterDate",
				   (json_int_t)row->not_after * 1000);

	if (row->parent != NULL)
		json_object_set_new(object, "ParentIdentifier", json_string(row->parent));
	return object;
}

int pca_store(const struct pca_writer *writer, struct store_certificate *row, const char *act,
	      EVP_PKEY *key, const json_t *tags, struct error *err)
{
	bool serves = (row->role & STORE_OWN_CAS) != 0;
	json_t *after = audit_object(row);
	int status = writer->change(writer->arg, row->id, act, serves, after, &row->revision, err);

	json_decref(after);
	row->created_s = writer->now;
	row->has_key = key != NULL || row->has_key;
	if (status == 0)
		status = store_certificate_put(writer->store, row, err);
	if (status == 0 && key != NULL)
		status = put_key(writer, row, key, err);
	return status == 0 ? put_tags(writer, row->id, tags, err) : -1;
}

static unsigned int role_of(enum issue_kind kind)
{
	static const unsigned int roles[ISSUE_KIND_COUNT] = {
		[ISSUE_ROOT_CA] = STORE_ROOT_CA, [ISSUE_SUB_CA] = STORE_SUB_CA,
		[ISSUE_SERVER] = STORE_SERVER, [ISSUE_CLIENT] = STORE_CLIENT,
		[ISSUE_OCSP_SIGNER] = STORE_OCSP_SIGNER,
	};

	return roles[kind];
}

static void fill_row(struct store_certificate *row, const struct store_certificate *ca,
		     const struct authority *authority, const struct issued *issued,
		     const struct pca_request *request, const struct pca_wishes *wishes)
{
	char id[PCA_ID_SIZE];
	struct bytes chain;

	pca_new_id(id);
	pca_row_init(row, wishes->id != NULL ? wishes->id : id,
		     role_of(request->issue.profile->kind), issued->certificate);
	row->name = memory_copy_string(wishes->name != NULL ? wishes->name : "");
	row->custom_identifier = memory_copy_string(wishes->custom_identifier);
	row->exportable = wishes->exportable;
	if (ca != NULL) {
		chain = authority_chain(authority);
		row->parent = memory_copy_string(ca->id);
		memcpy(row->issuer_key, ca->subject_key, sizeof(row->issuer_key));
		buffer_append(&row->chain, chain.data, chain.len);
	}
	if (wishes->body != NULL)
		json_object_update(row->body, wishes->body);
	pca_row_notes(row, &request->notes);
	pca_row_notes(row, &issued->report);
}

static int issue_once(const struct pca_writer *writer, const struct store_certificate *ca,
		      struct authority *authority, EVP_PKEY *key, struct pca_request *request,
		      const struct pca_wishes *wishes, struct pca_result *result, struct error *err)
{
	struct issued issued = { .der = { 0 } };
	int status = authority == NULL ? authority_issue_root(key, &request->issue, &issued, err) :
		     authority_issue(authority, &request->issue, &issued, err);

	if (status == 0) {
		fill_row(&result->row, ca, authority, &issued, request, wishes);
		status = pca_store(writer, &result->row, "Create", key, wishes->tags, err);
	}
	result->report = issued.report;
	issued_done(&issued);
	if (status < 0)
		pca_result_done(result);
	return status;
}

int pca_issue(const struct pca_writer *writer, const struct store_certificate *ca,
	      struct authority *authority, EVP_PKEY *key, struct pca_request *request,
	      const struct pca_wishes *wishes, struct pca_result *ret_result, struct error *err)
{
	struct pca_result result = { .report = { .count = 0 } };
	struct error local = { 0 };
	int tries, status = -1;

	if (err == NULL)
		err = &local;
	if (pca_check_store(writer->store, &request->issue, &request->notes, err) < 0)
		return -1;
	for (tries = 0; tries < SERIAL_TRIES && status < 0; tries++) {
		err->symbol[0] = '\0';
		status = issue_once(writer, ca, authority, key, request, wishes, &result, err);
		if (status < 0 && strcmp(err->symbol, "Conflict.Serial") != 0)
			return -1;
	}
	if (status < 0)
		return error_set(err, ERROR_SYSTEM,
				 "%d random serial numbers were all taken: the random "
				 "numbers of this machine are broken",
				 SERIAL_TRIES);
	*ret_result = result;
	return 0;
}
