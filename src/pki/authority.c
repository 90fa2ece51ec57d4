#include "pki/authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/x509.h>
#include "pki/authority_internal.h"
#include "pki/key.h"
#include "pki/signing.h"
#include "x509/profile.h"
#include "x509/text.h"

/* The next of several certificates in DER, one behind the other. */
static bool next_certificate(struct bytes *rest, struct bytes *ret_der)
{
	CBS cbs, element;

	CBS_init(&cbs, rest->data, rest->len);
	if (!CBS_get_asn1_element(&cbs, &element, CBS_ASN1_SEQUENCE))
		return false;
	*ret_der = (struct bytes){ CBS_data(&element), CBS_len(&element) };
	*rest = (struct bytes){ CBS_data(&cbs), CBS_len(&cbs) };
	return true;
}

static int add_to_path(struct authority *authority, struct bytes der, struct error *err)
{
	struct certificate *certificate;

	if (authority->count == AUTHORITY_PATH_MAX)
		return error_set(err, ERROR_LIMIT, "more than %d CAs above one another",
				 AUTHORITY_PATH_MAX);
	certificate = certificate_parse(der, err);
	if (certificate == NULL)
		return -1;
	authority->path[authority->count++] = certificate;
	buffer_append(&authority->chain, der.data, der.len);
	return 0;
}

static int read_path(struct authority *authority, struct bytes certificate, struct bytes chain,
		     struct error *err)
{
	struct bytes der;

	if (add_to_path(authority, certificate, err) < 0)
		return -1;
	while (chain.len > 0) {
		if (!next_certificate(&chain, &der))
			return error_set(err, ERROR_INVALID, "the CA's chain cannot be read");
		if (add_to_path(authority, der, err) < 0)
			return -1;
	}
	return 0;
}

/* A CA that was made elsewhere may break rules of ours; what it issues is checked more leniently. */
static bool path_is_strict(const struct authority *authority)
{
	char why[160];
	size_t i;

	for (i = 0; i < authority->count; i++) {
		enum profile_role role = i + 1 == authority->count ? PROFILE_ANCHOR :
					 PROFILE_INTERMEDIATE;

		if (profile_check(authority->path[i], role, true, why, sizeof(why)) !=
		    REASON_ADMITTED)
			return false;
	}
	return true;
}

static int make_trust(struct authority *authority, struct error *err)
{
	struct trust_ca cas[AUTHORITY_PATH_MAX];
	bool strict = path_is_strict(authority);
	size_t i;

	for (i = 0; i < authority->count; i++)
		cas[i] = (struct trust_ca){ certificate_der(authority->path[i]), strict, "CA" };
	authority->trust = trust_new(cas, authority->count, err);
	if (authority->trust == NULL)
		return -1;
	for (i = 0; i < authority->trust->count; i++)
		if (bytes_equal(authority->trust->members[i].certificate->der,
				authority->path[authority->count - 1]->der))
			authority->anchor = &authority->trust->members[i];
	if (authority->anchor == NULL || !authority->anchor->anchor)
		return error_set(err, ERROR_INVALID, "the CA's chain does not end at its top");
	return 0;
}

static int find_key_id(struct authority *authority, struct error *err)
{
	const struct certificate *certificate = authority->path[0];
	const struct extension *extension = &certificate->extensions[EXTENSION_SUBJECT_KEY_ID];
	CBS cbs, octets;

	if (!extension->present) {
		if (!key_id(certificate->key, authority->computed_key_id))
			return error_set(err, ERROR_INVALID, "the CA's key cannot be read");
		authority->key_id = (struct bytes){ authority->computed_key_id, KEY_ID_SIZE };
		return 0;
	}
	CBS_init(&cbs, extension->value.data, extension->value.len);
	if (!CBS_get_asn1(&cbs, &octets, CBS_ASN1_OCTETSTRING) || CBS_len(&octets) == 0)
		return error_set(err, ERROR_INVALID, "the CA's key identifier cannot be read");
	authority->key_id = (struct bytes){ CBS_data(&octets), CBS_len(&octets) };
	return 0;
}

static void find_dates(struct authority *authority)
{
	size_t i;

	authority->not_before = certificate_not_before(authority->path[0]);
	authority->not_after = certificate_not_after(authority->path[0]);
	for (i = 1; i < authority->count; i++) {
		if (certificate_not_before(authority->path[i]) > authority->not_before)
			authority->not_before = certificate_not_before(authority->path[i]);
		if (certificate_not_after(authority->path[i]) < authority->not_after)
			authority->not_after = certificate_not_after(authority->path[i]);
	}
}

static int check_ca(const struct authority *authority, struct error *err)
{
	const struct certificate *certificate = authority->path[0];
	EVP_PKEY *public_key = X509_get0_pubkey(certificate->x509);

	if (public_key == NULL || EVP_PKEY_cmp(authority->key, public_key) != 1)
		return error_set(err, ERROR_INVALID,
				 "the private key does not belong to the CA certificate");
	if (!certificate_may_issue(certificate))
		return error_set(err, ERROR_INVALID,
				 "the certificate is not one of a CA that may issue certificates");
	return 0;
}

struct authority *authority_new(struct bytes certificate, struct bytes chain, EVP_PKEY *key,
				struct error *err)
{
	struct authority *authority = memory_new(sizeof(*authority));

	EVP_PKEY_up_ref(key);
	authority->key = key;
	if (read_path(authority, certificate, chain, err) < 0 || check_ca(authority, err) < 0 ||
	    find_key_id(authority, err) < 0 || make_trust(authority, err) < 0) {
		authority_free(authority);
		return NULL;
	}
	find_dates(authority);
	return authority;
}

void authority_free(struct authority *authority)
{
	size_t i;

	if (authority == NULL)
		return;
	trust_free(authority->trust);
	for (i = 0; i < authority->count; i++)
		certificate_free(authority->path[i]);
	EVP_PKEY_free(authority->key);
	buffer_done(&authority->chain);
	free(authority);
}

const struct certificate *authority_certificate(const struct authority *authority)
{
	return authority->path[0];
}

EVP_PKEY *authority_key(const struct authority *authority)
{
	return authority->key;
}

int64_t authority_not_after(const struct authority *authority)
{
	return authority->not_after;
}

int64_t authority_not_before(const struct authority *authority)
{
	return authority->not_before;
}

int authority_path_length(const struct authority *authority)
{
	long length = X509_get_pathlen(authority->path[0]->x509);

	return length < 0 ? -1 : length > 1000 ? 1000 : (int)length;
}

struct bytes authority_chain(const struct authority *authority)
{
	return buffer_bytes(&authority->chain);
}

void authority_key_id_text(const struct authority *authority, char ret_text[AUTHORITY_KEY_ID_TEXT])
{
	struct bytes id = authority->key_id;

	if (id.len > (AUTHORITY_KEY_ID_TEXT - 1) / 2)
		id.len = (AUTHORITY_KEY_ID_TEXT - 1) / 2;
	hex_encode(id, ret_text);
}

void issued_done(struct issued *issued)
{
	certificate_free(issued->certificate);
	buffer_done(&issued->der);
	*issued = (struct issued){ .der = { 0 } };
}

/* Writes, lints and signs: the order of the life of a certificate. */
static int make(const struct issue_request *request, const struct issue_issuer *issuer,
		EVP_PKEY *key, const struct lint_context *context, struct issued *issued,
		struct error *err)
{
	struct buffer tbs = { 0 };
	int status = -1;

	if (serial_make(issued->serial, err) == 0 &&
	    template_write(request, issuer, issued->serial, &tbs, err) == 0 &&
	    lint_tbs(buffer_bytes(&tbs), context, &issued->report, err) == 0)
		status = signing_wrap(key, buffer_bytes(&tbs), (struct bytes){ NULL, 0 },
				      &issued->der, err);
	buffer_done(&tbs);
	return status;
}

static int check_end(const struct authority *authority, const struct issue_request *request,
		     struct error *err)
{
	char end[TEXT_TIME_SIZE], wanted[TEXT_TIME_SIZE];

	if (request->validity.not_after <= authority->not_after)
		return 0;
	text_time(authority->not_after, end);
	text_time(request->validity.not_after, wanted);
	error_set(err, ERROR_INVALID, "the %s would end %s, after its issuer, which ends %s",
		  request->profile->name, wanted, end);
	error_hint(err, "Ask for a shorter time, or renew the CA first.");
	return error_symbol(err, "IllegalParam.AfterTime");
}

int authority_issue(struct authority *authority, const struct issue_request *request,
		    struct issued *ret_issued, struct error *err)
{
	struct issue_request fitted = *request;
	const struct issue_issuer issuer = {
		certificate_subject_der(authority->path[0]), authority->key_id, authority->key,
	};
	const struct lint_context context = { request->profile, authority->path[0], authority->key,
					      request->now, request->later };
	struct issued issued = { .der = { 0 } };

	if (!request->later && fitted.validity.not_before < authority->not_before)
		fitted.validity.not_before = authority->not_before;
	if (check_end(authority, &fitted, err) < 0 ||
	    make(&fitted, &issuer, authority->key, &context, &issued, err) < 0 ||
	    authority_check(authority, request->profile, buffer_bytes(&issued.der),
			    &issued.certificate, err) < 0) {
		issued_done(&issued);
		return -1;
	}
	*ret_issued = issued;
	return 0;
}

int authority_issue_root(EVP_PKEY *key, const struct issue_request *request,
			 struct issued *ret_issued, struct error *err)
{
	const struct issue_issuer issuer = { request->subject, { NULL, 0 }, key };
	const struct lint_context context = { request->profile, NULL, key, request->now,
					      request->later };
	struct issued issued = { .der = { 0 } };

	if (make(request, &issuer, key, &context, &issued, err) < 0 ||
	    authority_check_root(buffer_bytes(&issued.der), &issued.certificate, err) < 0) {
		issued_done(&issued);
		return -1;
	}
	*ret_issued = issued;
	return 0;
}
