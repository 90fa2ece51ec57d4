/* CreateCustomCertificate: a request, a period, and what the certificate is to hold. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "certs/pca_leaf.h"

static const json_t *extensions_of(const struct call *call)
{
	return json_object_get(call_value(call, "ApiPassthrough"), "Extensions");
}

/* Exactly one purpose decides what it is (promise: one purpose a certificate). */
static int find_kind(const struct call *call, enum issue_kind *ret_kind, struct error *err)
{
	const json_t *list = json_object_get(extensions_of(call), "ExtendedKeyUsages");
	const char *field = "ApiPassthrough.Extensions.ExtendedKeyUsages";
	unsigned int purpose;

	*ret_kind = ISSUE_CLIENT;
	if (json_array_size(list) == 0)
		return 0;
	purpose = purpose_parse(json_string_value(json_array_get(list, 0)));
	if (json_array_size(list) == 1 &&
	    (purpose == PURPOSE_CLIENT || purpose == PURPOSE_SERVER)) {
		*ret_kind = purpose == PURPOSE_SERVER ? ISSUE_SERVER : ISSUE_CLIENT;
		return 0;
	}
	call_refuse(err, ERROR_INVALID, "IllegalParam.ExtendedKeyUsages", field,
		    "a certificate has exactly one purpose here, serverAuth or clientAuth");
	return error_hint(err, "Make one certificate for each purpose.");
}

static int find_usage(const struct call *call, struct pca_request *request, struct error *err)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} bits[] = {
		{ "DigitalSignature", USAGE_DIGITAL_SIGNATURE },
		{ "ContentCommitment", USAGE_NON_REPUDIATION },
		{ "NonRepudiation", USAGE_NON_REPUDIATION },
		{ "KeyEncipherment", USAGE_KEY_ENCIPHERMENT },
		{ "DataEncipherment", USAGE_DATA_ENCIPHERMENT },
		{ "KeyAgreement", USAGE_KEY_AGREEMENT },
		{ "EncipherOnly", 0 },
		{ "DecipherOnly", 0 },
	};
	const json_t *wanted = json_object_get(extensions_of(call), "KeyUsage");
	char field[80];
	size_t i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (!json_is_true(json_object_get(wanted, bits[i].name)))
			continue;
		snprintf(field, sizeof(field), "ApiPassthrough.Extensions.KeyUsage.%s",
			 bits[i].name);
		if (bits[i].bit == 0)
			return call_refuse(err, ERROR_INVALID, "IllegalParam.KeyUsage", field,
					   "%s has no use in TLS and is not made here",
					   bits[i].name);
		request->issue.usage |= bits[i].bit;
	}
	if (request->issue.usage != 0 && (request->issue.usage & USAGE_DIGITAL_SIGNATURE) == 0)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.KeyUsage",
				   "ApiPassthrough.Extensions.KeyUsage.DigitalSignature",
				   "without DigitalSignature the key is of no use in TLS");
	return 0;
}

static int type_of(const char *text)
{
	static const struct {
		const char *name;
		int type;
	} types[] = {
		{ "rfc822Name", SAN_EMAIL },
		{ "dNSName", SAN_DNS },
		{ "iPAddress", SAN_IP },
		{ "uniformResourceIdentifier", SAN_URI },
		{ "otherName", SAN_UPN },
		{ "1", SAN_EMAIL },
		{ "2", SAN_DNS },
		{ "6", SAN_URI },
		{ "7", SAN_IP },
		{ "0", SAN_UPN },
	};
	size_t i;

	for (i = 0; text != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(text, types[i].name) == 0)
			return types[i].type;
	return -1;
}

static int add_names(const struct call *call, struct pca_request *request, struct error *err)
{
	const json_t *list = json_object_get(extensions_of(call), "SubjectAlternativeNames");
	const char *field = "ApiPassthrough.Extensions.SubjectAlternativeNames";
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *name = json_array_get(list, i);
		int type = type_of(json_string_value(json_object_get(name, "Type")));
		const char *value = json_string_value(json_object_get(name, "Value"));

		if (type < 0 || value == NULL)
			return call_refuse(
				err, ERROR_INVALID, "IllegalParam.SubjectAlternativeNames", field,
				"name %zu has no value, or a type that is not made here", i + 1);
		if (san_list_add(&request->names, (enum san_type)type, value,
				 request->issue.profile->kind == ISSUE_SERVER, err) < 0)
			return pca_blame(err, field);
	}
	return 0;
}

static const char *wanted_or(const json_t *subject, const char *name, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(subject, name));

	return text != NULL ? text : otherwise;
}

static int fill(struct call *call, struct leaf *leaf, const struct csr *csr, struct error *err)
{
	const json_t *subject = json_object_get(call_value(call, "ApiPassthrough"), "Subject");
	const char *common_name = wanted_or(subject, "CommonName", csr->texts.common_name);
	const char *validity = call_text(call, "Validity");
	struct subject_names names = {
		.country = wanted_or(subject, "Country", csr->texts.country),
		.state = wanted_or(subject, "State", csr->texts.state),
		.locality = wanted_or(subject, "Locality", csr->texts.locality),
		.organization = wanted_or(subject, "Organization", csr->texts.organization),
		.organization_unit = wanted_or(subject, "OrganizationUnit",
					       csr->texts.organization_unit),
	};

	if (find_usage(call, &leaf->request, err) < 0 || add_names(call, &leaf->request, err) < 0 ||
	    pca_leaf_csr_names(leaf, csr, err) < 0 || pca_leaf_names(leaf, common_name, err) < 0)
		return -1;
	names.common_name = leaf->common_name;
	if (validity_parse(validity, call->now, &leaf->request.issue.validity, err) < 0)
		return pca_blame(err, "Validity");
	leaf->request.issue.later = strchr(validity, '/') != NULL;
	return pca_request_subject(&leaf->request, &names, err) < 0 ||
			       pca_check_end(&leaf->ca, leaf->authority, &leaf->request.issue,
					     "Validity", err) < 0
		       ? -1
		       : 0;
}

static int check_serial(const struct call *call, struct error *err)
{
	const char *serial = json_string_value(json_object_get(call_value(call, "ApiPassthrough"),
							       "SerialNumber"));

	if (serial == NULL || serial[0] == '\0')
		return 0;
	return call_refuse(err, ERROR_INVALID, "IllegalParam.SerialNumber",
			   "ApiPassthrough.SerialNumber",
			   "serial numbers are 128 random bits, made here; they cannot be chosen");
}

int pca_CreateCustomCertificate(struct call *call, struct error *err)
{
	struct csr *csr = pca_work_csr(call, err);
	enum issue_kind kind;
	struct leaf leaf;
	int status;

	if (csr == NULL || check_serial(call, err) < 0 || find_kind(call, &kind, err) < 0)
		return -1;
	status = pca_leaf_init(&leaf, call, kind, err);
	if (status < 0 || pca_request_key(&leaf.request, csr->key, err) < 0 ||
	    fill(call, &leaf, csr, err) < 0 || pca_leaf_issue(call, &leaf, NULL, err) < 0)
		status = -1;
	else
		pca_leaf_answer(call, &leaf.result.row, "Certificate");
	pca_leaf_done(&leaf);
	return status;
}
