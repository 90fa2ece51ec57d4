/* What an action asks for, put together for pki/authority.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "certs/pca.h"

void pca_request_init(struct pca_request *request, enum issue_kind kind, int64_t now)
{
	*request = (struct pca_request){ .issue = { .path_length = -1, .now = now } };
	request->issue.profile = issue_profile(kind);
	request->issue.names = &request->names;
	request->issue.constraints = &request->constraints;
}

void pca_request_done(struct pca_request *request)
{
	san_list_done(&request->names);
	constraints_done(&request->constraints);
	buffer_done(&request->subject);
	buffer_done(&request->spki);
}

int pca_request_key(struct pca_request *request, const EVP_PKEY *key, struct error *err)
{
	if (key_to_spki(key, &request->spki, err) < 0)
		return -1;
	request->issue.public_key = buffer_bytes(&request->spki);
	return 0;
}

int pca_request_subject(struct pca_request *request, const struct subject_names *names,
			struct error *err)
{
	if (subject_write(names, &request->subject, err) < 0)
		return pca_blame(err, "CommonName");
	request->issue.subject = buffer_bytes(&request->subject);
	return 0;
}

static int add_constraints(struct pca_request *request, const json_t *list, bool excluded,
			   const char *field, struct error *err)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (constraints_add(&request->constraints, excluded,
				    json_string_value(json_array_get(list, i)), err) < 0)
			return pca_blame(err, field);
	return 0;
}

int pca_request_constraints(struct pca_request *request, struct call *call, struct error *err)
{
	if (add_constraints(request, call_value(call, "PermittedNames"), false, "PermittedNames",
			    err) < 0)
		return -1;
	return add_constraints(request, call_value(call, "ExcludedNames"), true, "ExcludedNames",
			       err);
}

bool pca_has_crl(const struct store_certificate *row)
{
	return !json_is_false(json_object_get(row->body, "EnableCrl"));
}

void pca_request_urls(struct pca_request *request, struct store *store,
		      const struct authority *authority, bool enable_crl)
{
	struct pca_urls *urls = &request->urls;

	pca_urls(store, authority, urls);
	if (enable_crl && urls->crl[0] != '\0')
		request->issue.crl_url = urls->crl;
	if (urls->ocsp[0] != '\0')
		request->issue.ocsp_url = urls->ocsp;
	if (urls->issuer[0] != '\0')
		request->issue.issuer_url = urls->issuer;
}

/* "DNS:www.example.com", or a name whose look tells what it is. */
static enum san_type read_type(const char **text)
{
	static const struct {
		const char *prefix;
		enum san_type type;
	} prefixes[] = { { "DNS:", SAN_DNS }, { "IP:", SAN_IP }, { "Email:", SAN_EMAIL },
			 { "URI:", SAN_URI }, { "UPN:", SAN_UPN } };
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t len = strlen(prefixes[i].prefix);

		if (strncasecmp(*text, prefixes[i].prefix, len) == 0) {
			*text += len;
			return prefixes[i].type;
		}
	}
	return san_type_of(*text);
}

int pca_add_names(struct pca_request *request, const json_t *names, const char *field,
		  struct error *err)
{
	bool wildcard = request->issue.profile->kind == ISSUE_SERVER;
	size_t i;

	for (i = 0; i < json_array_size(names); i++) {
		const char *text = json_string_value(json_array_get(names, i));
		enum san_type type = read_type(&text);

		if (san_list_add(&request->names, type, text, wildcard, err) < 0)
			return pca_blame(err, field);
	}
	return 0;
}
