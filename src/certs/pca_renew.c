/* RenewPrivateCertificate: a successor with the same names. The old certificate stays as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/pca_leaf.h"
#include "store/resource.h"
#include "x509/certificate_internal.h"

struct renewal {
	struct store_certificate old, ca;
	struct certificate *certificate;    /* the old one */
	struct authority *authority;        /* NULL: a root signs itself */
	EVP_PKEY *key;                      /* NULL: it is not here */
	struct pca_request request;
};

static enum issue_kind kind_of(unsigned int role)
{
	switch (role) {
	case STORE_ROOT_CA:
		return ISSUE_ROOT_CA;
	case STORE_SUB_CA:
		return ISSUE_SUB_CA;
	case STORE_SERVER:
		return ISSUE_SERVER;
	default:
		return ISSUE_CLIENT;
	}
}

static int check(const struct call *call, const struct renewal *renewal, struct error *err)
{
	bool is_ca = (renewal->old.role & STORE_OWN_CAS) != 0;

	if (pca_check_owner(call, &renewal->old, err) < 0)
		return -1;
	if (is_ca && call->caller.role != CALLER_ADMINISTRATOR)
		return call_refuse(err, ERROR_DENIED, "Forbidden.NoPermission", NULL,
				   "CAs are renewed by administrators");
	if (is_ca && call_has(call, "Algorithm"))
		return call_refuse(err, ERROR_INVALID, "IllegalParam.Algorithm", "Algorithm",
				   "a renewed CA keeps its key; another key makes another CA");
	if (renewal->old.revoked || renewal->old.disabled)
		return call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.certificate", "Identifier",
				   "it is revoked: make a new one instead");
	if (renewal->old.role != STORE_ROOT_CA && renewal->old.parent == NULL)
		return call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.certificate", "Identifier",
				   "its issuer is not here: who issued it renews it");
	return 0;
}

static int open_issuer(struct call *call, struct renewal *renewal, struct error *err)
{
	if (renewal->old.role == STORE_ROOT_CA)
		return 0;
	if (pca_open_issuer(call, renewal->old.parent, &renewal->ca, err) < 0)
		return -1;
	renewal->authority = pca_authority(call->store, &renewal->ca, err);
	return renewal->authority == NULL ? -1 : 0;
}

/* A new key when Algorithm was given, else the old one, else only its public half. */
static int find_key(struct call *call, struct renewal *renewal, struct error *err)
{
	struct buffer pkcs8 = { 0 };
	int found = 1;

	if (call_has(call, "Algorithm")) {
		renewal->key = pca_work_key(call, renewal->authority, err);
		if (renewal->key == NULL)
			return -1;
		EVP_PKEY_up_ref(renewal->key);
		return 0;
	}
	found = store_key_get(call->store, renewal->old.id, &pkcs8, NULL, err);
	if (found == 1)
		renewal->key = key_from_pkcs8(buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	return found < 0 || (found == 1 && renewal->key == NULL) ? -1 : 0;
}

static int copy_names(struct renewal *renewal, struct error *err)
{
	const struct extension *extension =
		&renewal->certificate->extensions[EXTENSION_ALTERNATIVE_NAME];

	if (!extension->present)
		return 0;
	return san_list_read(extension->value, renewal->old.role == STORE_SERVER,
			     &renewal->request.names, err);
}

static int copy_constraints(struct renewal *renewal, const char *member, bool excluded,
			    struct error *err)
{
	const json_t *list = json_object_get(renewal->old.body, member);
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (constraints_add(&renewal->request.constraints, excluded,
				    json_string_value(json_array_get(list, i)), err) < 0)
			return -1;
	return 0;
}

/* Limits that another CA wrote are not known here in words; without them it would be another CA. */
static int check_limits(const struct renewal *renewal, struct error *err)
{
	const struct certificate *old = renewal->certificate;

	if ((renewal->old.role & STORE_OWN_CAS) == 0 ||
	    ((!certificate_has(old, EXTENSION_NAME_CONSTRAINTS) ||
	      renewal->request.constraints.count > 0) &&
	     (!certificate_has(old, EXTENSION_EXTENDED_KEY_USAGE) ||
	      renewal->request.issue.purposes != 0)))
		return 0;
	return call_refuse(
		err, ERROR_INVALID, "OperationDenied.ImportedCa", "Identifier",
		"this CA was made elsewhere, with limits on names or purposes: renew it there");
}

static int fill(struct call *call, struct renewal *renewal, struct error *err)
{
	struct issue_request *issue = &renewal->request.issue;
	const struct certificate *old = renewal->certificate;
	long path_length = X509_get_pathlen(old->x509);
	int64_t seconds = old->not_after - old->not_before + 1;
	/* of a CA it is about what the CA issues */
	bool enable_crl = (renewal->old.role & STORE_OWN_CAS) != 0 || pca_has_crl(&renewal->old);

	issue->subject = certificate_subject_der(old);
	issue->public_key = old->key;
	issue->path_length = path_length < 0 ? -1 : (int)path_length;
	if ((renewal->old.role & STORE_PRIVATE) != 0)
		issue->usage = old->key_usage & 0xff; /* the same bits */
	if (call_has(call, "Days"))
		issue->validity = validity_days(call->now, call_integer(call, "Days", 1));
	else
		issue->validity = (struct validity){ call->now - VALIDITY_SKEW_S,
						     call->now - VALIDITY_SKEW_S + seconds - 1 };
	if (renewal->authority != NULL) {
		pca_request_urls(&renewal->request, call->store, renewal->authority,
				 enable_crl && pca_has_crl(&renewal->ca));
		if (!call_has(call, "Days") &&
		    issue->validity.not_after > authority_not_after(renewal->authority))
			issue->validity.not_after = authority_not_after(renewal->authority);
		if (pca_check_end(&renewal->ca, renewal->authority, issue, "Days", err) < 0)
			return -1;
	}
	if (call_has(call, "Algorithm") &&
	    pca_request_key(&renewal->request, renewal->key, err) < 0)
		return -1;
	return copy_names(renewal, err) < 0 ||
	       copy_constraints(renewal, "PermittedNames", false, err) < 0 ||
	       copy_constraints(renewal, "ExcludedNames", true, err) < 0 ||
	       pca_purposes(json_object_get(renewal->old.body, "ExtendedKeyUsages"),
			    "Identifier", &issue->purposes, err) < 0 ||
	       check_limits(renewal, err) < 0 ? -1 : 0;
}

/* What was chosen for the old one, and who it replaces. */
static json_t *body_of(const struct renewal *renewal)
{
	static const char *const names[] = { "EnableCrl", "CrlDay", "CertMaxTime", "PermittedNames",
		"ExcludedNames", "ExtendedKeyUsages", "ResourceGroupId", "Years" };
	const struct validity *validity = &renewal->request.issue.validity;
	json_t *body = json_object();
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *value = json_object_get(renewal->old.body, names[i]);

		if (value != NULL)
			json_object_set(body, names[i], value);
	}
	json_object_set_new(body, "Renews", json_string(renewal->old.id));
	if ((renewal->old.role & STORE_PRIVATE) != 0) {
		json_object_set_new(body, "UploadFlag", json_integer(0));
		json_object_set_new(
			body, "Days",
			json_integer((validity->not_after - validity->not_before + 1) / 86400));
	}
	return body;
}

static int issue(struct call *call, struct renewal *renewal, struct error *err)
{
	const struct pca_writer writer = pca_writer_of(call);
	struct pca_wishes wishes = { .name = renewal->old.name,
				     .exportable = renewal->old.exportable };
	struct pca_result result = { .report = { .count = 0 } };
	int status;

	if (call_has(call, "Algorithm") && !renewal->old.has_key)
		wishes.exportable = true;
	wishes.body = body_of(renewal);
	wishes.tags = store_tags(call->store, STORE_CERTIFICATE, renewal->old.id, err);
	status = pca_issue(&writer, renewal->authority != NULL ? &renewal->ca : NULL,
			   renewal->authority, renewal->key, &renewal->request, &wishes, &result,
			   err);
	json_decref(wishes.body);
	json_decref((json_t *)wishes.tags);
	if (status == 0)
		pca_leaf_answer(call, &result.row, "X509Certificate");
	pca_result_done(&result);
	return status;
}

static int renew(struct call *call, struct renewal *renewal, struct error *err)
{
	pca_request_init(&renewal->request, kind_of(renewal->old.role), call->now);
	renewal->certificate = certificate_parse(buffer_bytes(&renewal->old.der), err);
	if (renewal->certificate == NULL || check(call, renewal, err) < 0 ||
	    open_issuer(call, renewal, err) < 0 || find_key(call, renewal, err) < 0)
		return -1;
	if (renewal->old.role == STORE_ROOT_CA && renewal->key == NULL)
		return call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.certificate", "Identifier",
				   "the key of this CA is not here");
	return fill(call, renewal, err) < 0 ? -1 : issue(call, renewal, err);
}

int pca_RenewPrivateCertificate(struct call *call, struct error *err)
{
	struct renewal renewal = { .certificate = NULL };
	int status = pca_find(call->store, call_text(call, "Identifier"),
			      STORE_PRIVATE | STORE_OWN_CAS, &renewal.old, err);

	if (status < 0)
		return error_place(err, "Identifier");
	status = renew(call, &renewal, err);
	EVP_PKEY_free(renewal.key);
	certificate_free(renewal.certificate);
	pca_request_done(&renewal.request);
	store_certificate_done(&renewal.ca);
	store_certificate_done(&renewal.old);
	return status;
}
