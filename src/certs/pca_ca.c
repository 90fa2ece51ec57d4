/* CAs that are made here: roots, subordinates, and certificates for CAs whose key is elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "certs/pca.h"
#include "x509/text.h"

#define DAY_S 86400

static struct subject_names names_of(struct call *call)
{
	const char *country = call_text(call, "CountryCode");

	return (struct subject_names){
		.country = country != NULL ? country : "CN",
		.state = call_text(call, "State"),
		.locality = call_text(call, "Locality"),
		.organization = call_text(call, "Organization"),
		.organization_unit = call_text(call, "OrganizationUnit"),
		.common_name = call_text(call, "CommonName"),
	};
}

/* The words of the API: serverAuth, ...; "any" means no limit. */
int pca_purposes(const json_t *list, const char *field, unsigned int *ret_purposes,
		 struct error *err)
{
	unsigned int purposes = 0;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		unsigned int purpose = purpose_parse(text);

		if (strcasecmp(text, "any") == 0 || strcmp(text, "2.5.29.37.0") == 0) {
			*ret_purposes = 0;
			return 0;
		}
		if (purpose == 0) {
			call_refuse(err, ERROR_INVALID, "IllegalParam.ExtendedKeyUsages", field,
				    "\"%.40s\" is no purpose that is known here", text);
			return error_hint(err,
					  "serverAuth, clientAuth, codeSigning, emailProtection, "
					  "timeStamping, OCSPSigning, any.");
		}
		purposes |= purpose;
	}
	*ret_purposes = purposes;
	return 0;
}

static void set_text(struct call *call, const char *name, char *text)
{
	json_object_set_new(call->reply, name, json_string(text));
	free(text);
}

void pca_ca_answer(struct call *call, const struct store_certificate *row)
{
	json_object_set_new(call->reply, "Identifier", json_string(row->id));
	set_text(call, "Certificate", pca_pem(buffer_bytes(&row->der)));
	set_text(call, "CertificateChain", pca_pem_chain(row, true));
	pca_set_notes(call->reply, row, false);
}

static void copy_parameter(json_t *body, struct call *call, const char *name)
{
	if (call_has(call, name))
		json_object_set(body, name, call_value(call, name));
}

static json_t *body_of(struct call *call)
{
	static const char *const names[] = {
		"Years",	 "CertMaxTime",	      "PermittedNames",
		"ExcludedNames", "ExtendedKeyUsages", "ResourceGroupId"
	};
	json_t *body = json_object();
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		copy_parameter(body, call, names[i]);
	json_object_set_new(body, "EnableCrl", json_boolean(call_boolean(call, "EnableCrl", true)));
	json_object_set_new(body, "CrlDay", json_integer(call_integer(call, "CrlDay", 7)));
	return body;
}

static int issue(struct call *call, const struct store_certificate *parent,
		 struct authority *authority, EVP_PKEY *key, struct pca_request *request,
		 json_t *body, struct error *err)
{
	const struct pca_writer writer = pca_writer_of(call);
	const struct pca_wishes wishes = {
		.exportable = key != NULL && call_boolean(call, "KeyExportable", false),
		.body = body,
		.tags = call_value(call, "Tags"),
	};
	struct pca_result result = { .report = { .count = 0 } };

	if (pca_issue(&writer, parent, authority, key, request, &wishes, &result, err) < 0)
		return -1;
	pca_ca_answer(call, &result.row);
	pca_result_done(&result);
	return 0;
}

int pca_CreateRootCACertificate(struct call *call, struct error *err)
{
	const struct subject_names names = names_of(call);
	struct pca_request request;
	EVP_PKEY *key = pca_work_key(call, NULL, err);
	json_t *body = body_of(call);
	int status = -1;

	pca_request_init(&request, ISSUE_ROOT_CA, call->now);
	request.issue.validity = validity_months(call->now, 12 * call_integer(call, "Years", 10));
	request.issue.path_length = (int)call_integer(call, "PathLenConstraint", -1);
	if (key != NULL && pca_request_key(&request, key, err) == 0 &&
	    pca_request_subject(&request, &names, err) == 0)
		status = issue(call, NULL, NULL, key, &request, body, err);
	json_decref(body);
	pca_request_done(&request);
	return status;
}

/* As many years as its issuer has is what people ask for, moments after it was made. */
static void cut_to_issuer(const struct authority *authority, struct pca_request *request)
{
	int64_t last = authority_not_after(authority);
	char text[160], end[TEXT_TIME_SIZE];

	if (request->issue.validity.not_after <= last ||
	    request->issue.validity.not_after > last + DAY_S)
		return;
	request->issue.validity.not_after = last;
	text_time(last, end);
	snprintf(text, sizeof(text), "it ends with its issuer, %s", end);
	lint_note(&request->notes, "P02", LINT_INFORMATION, text);
}

/* 0 when nothing is said, less when the issuer allows less is an error of its own (X10). */
static int check_path_length(const struct authority *authority, const struct issue_request *request,
			     struct error *err)
{
	int limit = authority_path_length(authority);

	if (limit < 0 || request->path_length < limit)
		return 0;
	if (limit == 0)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.ParentIdentifier",
				   "ParentIdentifier",
				   "the issuer has path length 0: it makes no CAs");
	return call_refuse(err, ERROR_INVALID, "IllegalParam.PathLenConstraint",
			   "PathLenConstraint",
			   "PathLenConstraint %d is not below that of the issuer, %d",
			   request->path_length, limit);
}

/* A child is of its parent's family of keys. */
static int check_family(const struct authority *authority, const EVP_PKEY *key, const char *field,
			struct error *err)
{
	char symbol[64];

	if (EVP_PKEY_id(key) == EVP_PKEY_id(authority_key(authority)))
		return 0;
	snprintf(symbol, sizeof(symbol), "IllegalParam.%s", field);
	return call_refuse(err, ERROR_INVALID, symbol, field,
			   "the key is of the family %s, but that of "
			   "the issuer is of %s",
			   key_family(key), key_family(authority_key(authority)));
}

static int fill_sub(struct call *call, const struct store_certificate *parent,
		    const struct authority *authority, struct pca_request *request,
		    struct error *err)
{
	const struct subject_names names = names_of(call);

	request->issue.validity = validity_months(call->now, 12 * call_integer(call, "Years", 5));
	request->issue.path_length = (int)call_integer(call, "PathLenConstraint", 0);
	cut_to_issuer(authority, request);
	pca_request_urls(request, call->store, authority, pca_has_crl(parent));
	return pca_request_subject(request, &names, err) < 0 ||
	       pca_purposes(call_value(call, "ExtendedKeyUsages"), "ExtendedKeyUsages",
			    &request->issue.purposes, err) < 0 ||
	       pca_request_constraints(request, call, err) < 0 ||
	       check_path_length(authority, &request->issue, err) < 0 ||
	       pca_check_end(parent, authority, &request->issue, "Years", err) < 0 ? -1 : 0;
}

int pca_CreateSubCACertificate(struct call *call, struct error *err)
{
	struct store_certificate parent = { .id = NULL };
	struct pca_request request;
	struct authority *authority = NULL;
	EVP_PKEY *key = NULL;
	json_t *body = body_of(call);
	int status = -1;

	pca_request_init(&request, ISSUE_SUB_CA, call->now);
	if (pca_find_issuer(call, "ParentIdentifier", STORE_ROOT_CA, &parent, err) == 0)
		authority = pca_authority(call->store, &parent, err);
	if (authority != NULL)
		key = pca_work_key(call, NULL, err);
	if (key != NULL && check_family(authority, key, "Algorithm", err) == 0 &&
	    pca_request_key(&request, key, err) == 0 &&
	    fill_sub(call, &parent, authority, &request, err) == 0)
		status = issue(call, &parent, authority, key, &request, body, err);
	json_decref(body);
	pca_request_done(&request);
	store_certificate_done(&parent);
	return status;
}

/* --- for a key that is elsewhere --- */

static const char *member(const json_t *object, const char *name, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : otherwise;
}

static int fill_external(struct call *call, const struct csr *csr,
			 const struct store_certificate *parent, const struct authority *authority,
			 struct pca_request *request, struct error *err)
{
	const json_t *wanted = call_value(call, "ApiPassthrough");
	const json_t *subject = json_object_get(wanted, "Subject");
	const json_t *extensions = json_object_get(wanted, "Extensions");
	const json_t *length = json_object_get(extensions, "PathLenConstraint");
	const struct subject_names names = {
		.country = member(subject, "Country", csr->texts.country),
		.state = member(subject, "State", csr->texts.state),
		.locality = member(subject, "Locality", csr->texts.locality),
		.organization = member(subject, "Organization", csr->texts.organization),
		.organization_unit =
			member(subject, "OrganizationUnit", csr->texts.organization_unit),
		.common_name = member(subject, "CommonName", csr->texts.common_name),
	};

	request->issue.path_length = length != NULL ? (int)json_integer_value(length) : 0;
	pca_request_urls(request, call->store, authority, pca_has_crl(parent));
	if (names.common_name == NULL)
		return call_refuse(err, ERROR_INVALID, "MissingParam.CommonName",
				   "ApiPassthrough.Subject.CommonName",
				   "the CA needs a common name");
	if (validity_parse(call_text(call, "Validity"), call->now, &request->issue.validity, err) <
	    0)
		return pca_blame(err, "Validity");
	request->issue.later = strchr(call_text(call, "Validity"), '/') != NULL;
	cut_to_issuer(authority, request);
	return pca_request_subject(request, &names, err) < 0 ||
	       pca_purposes(json_object_get(extensions, "ExtendedKeyUsages"),
			    "ApiPassthrough.Extensions.ExtendedKeyUsages", &request->issue.purposes,
			    err) < 0 ||
	       pca_request_constraints(request, call, err) < 0 ||
	       check_path_length(authority, &request->issue, err) < 0 ||
	       pca_check_end(parent, authority, &request->issue, "Validity", err) < 0 ? -1 : 0;
}

int pca_CreateExternalCACertificate(struct call *call, struct error *err)
{
	const char *parameter =
		call_has(call, "ParentIdentifier") ? "ParentIdentifier" : "InstanceId";
	struct store_certificate parent = { .id = NULL };
	struct csr *csr = pca_work_csr(call, err);
	struct authority *authority = NULL;
	struct pca_request request;
	json_t *body = body_of(call);
	int status = -1;

	pca_request_init(&request, ISSUE_SUB_CA, call->now);
	json_object_set_new(body, "External", json_true());
	if (csr != NULL && pca_find_issuer(call, parameter, STORE_ROOT_CA, &parent, err) == 0)
		authority = pca_authority(call->store, &parent, err);
	if (authority != NULL && check_family(authority, csr->key, "Csr", err) == 0 &&
	    pca_request_key(&request, csr->key, err) == 0 &&
	    fill_external(call, csr, &parent, authority, &request, err) == 0)
		status = issue(call, &parent, authority, NULL, &request, body, err);
	json_decref(body);
	pca_request_done(&request);
	store_certificate_done(&parent);
	return status;
}
