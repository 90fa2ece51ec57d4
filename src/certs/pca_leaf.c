/* Client and server certificates: made here with their keys, or from a request. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/pca_leaf.h"
#include "pki/san_check.h"
#include "x509/certificate.h"

/* --- names --- */

static const char *given_or(struct call *call, const char *name, const char *otherwise)
{
	const char *text = call_text(call, name);

	return text != NULL && text[0] != '\0' ? text : otherwise;
}

static const char *of_ca(const struct store_certificate *ca, const char *name)
{
	return json_string_value(json_object_get(ca->body, name));
}

/* Whom a client looks for. URIs of servers (SPIFFE) are given in SubjectAlternativeNames. */
static int add_domains(struct pca_request *request, const char *text, bool wildcard,
		       struct error *err)
{
	struct san_list *names = &request->names;
	size_t i = names->count;

	if (san_list_add_all(names, -1, text, wildcard, err) < 0)
		return pca_blame(err, "Domain");
	for (; i < names->count; i++)
		if (names->items[i].type != SAN_DNS && names->items[i].type != SAN_IP)
			return call_refuse(err, ERROR_INVALID, "IllegalParam.Domain", "Domain",
					   "\"%.120s\" is neither a DNS name nor an IP address",
					   names->items[i].text);
	return 0;
}

/* SanType with SanValue, or Domain; and SubjectAlternativeNames. */
static int add_given_names(struct call *call, struct pca_request *request, struct error *err)
{
	bool wildcard = request->issue.profile->kind == ISSUE_SERVER;
	const char *text = call_text(call, "SanValue");
	int64_t type = call_integer(call, "SanType", -1);

	if (text != NULL && text[0] != '\0') {
		if (type == 3 || type == 4 || type == 5 || type == 8)
			return call_refuse(
				err, ERROR_INVALID, "IllegalParam.SanType", "SanType",
				"SanType %d is not made here; 0 (UPN), 1 (e-mail), 2 (DNS), 6 (URI) "
				"and 7 (IP) are",
				(int)type);
		if (san_list_add_all(&request->names, (int)type, text, wildcard, err) < 0)
			return pca_blame(err, "SanValue");
	}
	text = call_text(call, "Domain");
	if (text != NULL && add_domains(request, text, wildcard, err) < 0)
		return -1;
	return pca_add_names(request, call_value(call, "SubjectAlternativeNames"),
			     "SubjectAlternativeNames", err);
}

/* A server is called by a host name or an address; that is one of its names too (BR 7.1.4.3). The common
 * name becomes what the name looks like then, in lower case. */
static int add_server_name(struct pca_request *request, char *common_name, struct error *err)
{
	enum san_type type = san_type_of(common_name);

	if (type != SAN_IP)
		type = SAN_DNS;
	if (san_list_add(&request->names, type, common_name, true, err) < 0)
		return pca_blame(err, "CommonName");
	return 0;
}

/* The alternative names of a client are never empty: the common name, when it is one, or a name made of
 * the certificate's id. */
static int add_client_name(struct pca_request *request, const char *common_name, const char *id,
			   struct error *err)
{
	enum san_type type = SAN_URI;
	char urn[80];

	if (common_name != NULL && san_check_email(common_name) == NULL)
		type = SAN_EMAIL;
	if (common_name != NULL && (type == SAN_EMAIL || san_check_uri(common_name) == NULL))
		return san_list_add(&request->names, type, common_name, false, err);
	snprintf(urn, sizeof(urn), CERTIFICATE_PLACEHOLDER_URN "%s", id);
	return san_list_add(&request->names, SAN_URI, urn, false, err);
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* The form that stands in the names: lower case; addresses as inet_ntop writes them. */
static char *settle_server_name(const char *given)
{
	uint8_t ip[16];
	char text[INET6_ADDRSTRLEN];
	char *name;
	int family = strchr(given, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, given, ip) == 1 && inet_ntop(family, ip, text, sizeof(text)) != NULL)
		return memory_copy_string(text);
	name = memory_copy_string(given);
	lower(name);
	return name;
}

static size_t characters_of(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

int pca_leaf_names(struct leaf *leaf, const char *common_name, struct error *err)
{
	struct pca_request *request = &leaf->request;
	bool is_server = request->issue.profile->kind == ISSUE_SERVER;
	int status = 0;

	if (is_server && common_name != NULL) {
		leaf->common_name = settle_server_name(common_name);
		status = add_server_name(request, leaf->common_name, err);
		/* longer than a common name may be: the alternative name carries it */
		if (status == 0 && characters_of(leaf->common_name) > 64)
			leaf->common_name[0] = '\0';
	} else if (common_name != NULL) {
		leaf->common_name = memory_copy_string(common_name);
	}
	if (status == 0 && !is_server && request->names.count == 0)
		status = add_client_name(request, common_name, leaf->id, err);
	if (status == 0 && request->names.count == 0)
		status = call_refuse(err, ERROR_INVALID, "MissingParam.Domain", "Domain",
				     "a server certificate needs a host name or an address");
	return status < 0 ? pca_blame(err, "CommonName") : 0;
}

static int write_subject(struct call *call, struct leaf *leaf, struct error *err)
{
	const struct subject_names names = {
		.country = given_or(call, "Country", "CN"),
		.state = given_or(call, "State", of_ca(&leaf->ca, "State")),
		.locality = given_or(call, "Locality", of_ca(&leaf->ca, "Locality")),
		.organization = given_or(call, "Organization", "Alibaba Inc"),
		.organization_unit = given_or(call, "OrganizationUnit", "Aliyun CDN"),
		.common_name = leaf->common_name,
	};

	return pca_request_subject(&leaf->request, &names, err);
}

/* --- the whole --- */

int pca_leaf_init(struct leaf *leaf, struct call *call, enum issue_kind kind, struct error *err)
{
	*leaf = (struct leaf){ .ca = { .id = NULL } };
	pca_request_init(&leaf->request, kind, call->now);
	pca_new_id(leaf->id);
	if (pca_find_issuer(call, "ParentIdentifier", STORE_SUB_CA, &leaf->ca, err) < 0)
		return -1;
	leaf->authority = pca_authority(call->store, &leaf->ca, err);
	return leaf->authority == NULL ? -1 : 0;
}

void pca_leaf_done(struct leaf *leaf)
{
	free(leaf->common_name);
	pca_request_done(&leaf->request);
	store_certificate_done(&leaf->ca);
	pca_result_done(&leaf->result);
}

static json_t *body_of(struct call *call, const struct leaf *leaf)
{
	const struct validity *validity = &leaf->request.issue.validity;
	json_t *body = json_object();

	json_object_set_new(body, "Days", json_integer((validity->not_after - validity->not_before +
							 1) / 86400));
	json_object_set_new(body, "UploadFlag", json_integer(0));
	json_object_set_new(body, "EnableCrl",
			    json_boolean(call_integer(call, "EnableCrl", 1) != 0));
	if (call_has(call, "ResourceGroupId"))
		json_object_set(body, "ResourceGroupId", call_value(call, "ResourceGroupId"));
	return body;
}

/* The rules name themselves; the caller wants to know what to change. */
static int explain(const struct call *call, struct error *err)
{
	bool is_csr = call_has(call, "Csr");

	if (err == NULL)
		return -1;
	if (strcmp(err->symbol, "LintFailed.A04") == 0) { /* a key of another family than the CA's */
		error_symbol(err, is_csr ? "IllegalParam.Csr" : "IllegalParam.Algorithm");
		error_place(err, is_csr ? "Csr" : "Algorithm");
	} else if (strcmp(err->symbol, "Conflict.CustomIdentifier") == 0) {
		error_place(err, "CustomIdentifier");
	}
	return -1;
}

int pca_leaf_issue(struct call *call, struct leaf *leaf, EVP_PKEY *key, struct error *err)
{
	const struct pca_writer writer = pca_writer_of(call);
	struct pca_wishes wishes = {
		.id = leaf->id,
		.name = call_text(call, "AliasName"),
		.custom_identifier = call_text(call, "CustomIdentifier"),
		.exportable = key != NULL && call_boolean(call, "KeyExportable", true),
		.tags = call_value(call, "Tags"),
	};
	int status;

	pca_request_urls(&leaf->request, call->store, leaf->authority,
			 call_integer(call, "EnableCrl", 1) != 0 && pca_has_crl(&leaf->ca));
	wishes.body = body_of(call, leaf);
	status = pca_issue(&writer, &leaf->ca, leaf->authority, key, &leaf->request, &wishes,
			   &leaf->result, err);
	json_decref(wishes.body);
	return status < 0 ? explain(call, err) : 0;
}

static void set_text(struct call *call, const char *name, char *text)
{
	json_object_set_new(call->reply, name, json_string(text));
	free(text);
}

void pca_leaf_answer(struct call *call, const struct store_certificate *row,
		     const char *certificate_member)
{
	int64_t immediately = call_integer(call, "Immediately", 0);

	json_object_set_new(call->reply, "Identifier", json_string(row->id));
	json_object_set_new(call->reply, "SerialNumber", json_string(row->serial));
	if (immediately >= 1)
		set_text(call, certificate_member, pca_pem(buffer_bytes(&row->der)));
	if (immediately >= 2)
		set_text(call, "CertificateChain", pca_pem_chain(row, false));
	pca_set_notes(call->reply, row, false);
}

static int create(struct call *call, enum issue_kind kind, struct error *err)
{
	struct leaf leaf;
	EVP_PKEY *key = NULL;
	int status = pca_leaf_init(&leaf, call, kind, err);

	if (status == 0)
		key = pca_work_key(call, leaf.authority, err);
	if (status < 0 || key == NULL || pca_request_key(&leaf.request, key, err) < 0 ||
	    add_given_names(call, &leaf.request, err) < 0 ||
	    pca_leaf_names(&leaf, call_text(call, "CommonName"), err) < 0 ||
	    write_subject(call, &leaf, err) < 0 ||
	    pca_period(call, &leaf.ca, leaf.authority, &leaf.request, err) < 0 ||
	    pca_leaf_issue(call, &leaf, key, err) < 0)
		status = -1;
	else
		pca_leaf_answer(call, &leaf.result.row, "X509Certificate");
	pca_leaf_done(&leaf);
	return status;
}

int pca_CreateClientCertificate(struct call *call, struct error *err)
{
	return create(call, ISSUE_CLIENT, err);
}

int pca_CreateServerCertificate(struct call *call, struct error *err)
{
	return create(call, ISSUE_SERVER, err);
}

int pca_leaf_csr_names(struct leaf *leaf, const struct csr *csr, struct error *err)
{
	struct san_list names = { 0 };
	size_t i;
	int status = 0;

	if (leaf->request.names.count > 0 || csr->names.len == 0)
		return 0;
	if (san_list_read(csr->names, leaf->request.issue.profile->kind == ISSUE_SERVER, &names,
			  err) < 0)
		return pca_blame(err, "Csr");
	for (i = 0; status == 0 && i < names.count; i++)
		status = san_list_add(&leaf->request.names, names.items[i].type,
				      names.items[i].text, true, err);
	san_list_done(&names);
	return status;
}

/* The common name of the request wins (spec 3.2). */
static int create_with_csr(struct call *call, enum issue_kind kind, struct error *err)
{
	struct csr *csr = pca_work_csr(call, err);
	const char *common_name;
	struct leaf leaf;
	int status;

	if (csr == NULL)
		return -1;
	common_name = csr->texts.common_name != NULL ? csr->texts.common_name :
		      call_text(call, "CommonName");
	status = pca_leaf_init(&leaf, call, kind, err);
	if (status < 0 || pca_request_key(&leaf.request, csr->key, err) < 0 ||
	    add_given_names(call, &leaf.request, err) < 0 ||
	    pca_leaf_csr_names(&leaf, csr, err) < 0 ||
	    pca_leaf_names(&leaf, common_name, err) < 0 || write_subject(call, &leaf, err) < 0 ||
	    pca_period(call, &leaf.ca, leaf.authority, &leaf.request, err) < 0 ||
	    pca_leaf_issue(call, &leaf, NULL, err) < 0)
		status = -1;
	else
		pca_leaf_answer(call, &leaf.result.row, "X509Certificate");
	pca_leaf_done(&leaf);
	return status;
}

int pca_CreateClientCertificateWithCsr(struct call *call, struct error *err)
{
	return create_with_csr(call, ISSUE_CLIENT, err);
}

int pca_CreateServerCertificateWithCsr(struct call *call, struct error *err)
{
	return create_with_csr(call, ISSUE_SERVER, err);
}
