/* The last look at a finished certificate: would it be accepted by those who get to see it? */
#include <stdio.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "pki/authority_internal.h"
#include "x509/chain_checks.h"

static int refuse(const char *rule, const char *what, const char *detail, struct error *err)
{
	char symbol[32];

	snprintf(symbol, sizeof(symbol), "LintFailed.%s", rule);
	error_set(err, ERROR_INVALID, "the certificate breaks rule %s: %s%s%s", rule, what,
		  detail[0] != '\0' ? ": " : "", detail);
	return error_symbol(err, symbol);
}

static int refuse_names(struct error *err)
{
	refuse("X28", "one of its names is outside of the name constraints of its issuer", "", err);
	return error_hint(err, "A common name that looks like no host name counts too under a "
			  "constraint on DNS names.");
}

/* Encodes the parsed certificate again. */
static bool round_trips(const struct certificate *certificate)
{
	uint8_t *der = NULL;
	int len = i2d_re_X509_tbs(certificate->x509, &der);
	CBS cbs, outer, tbs;
	bool same;

	CBS_init(&cbs, certificate->der.data, certificate->der.len);
	same = len > 0 && CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1_element(&outer, &tbs, CBS_ASN1_SEQUENCE) &&
	       CBS_mem_equal(&tbs, der, (size_t)len);
	OPENSSL_free(der);
	return same;
}

/* The path is known: from the certificate over all CAs above to the anchor. */
static struct chain_path path_of(const struct authority *authority,
				 const struct certificate *certificate)
{
	struct chain_path path = { .anchor = authority->anchor };
	size_t i;

	path.certificates[path.count++] = certificate;
	for (i = 0; i + 1 < authority->count; i++)
		path.certificates[path.count++] = authority->path[i];
	path.certificates[path.count++] = authority->anchor->certificate;
	return path;
}

/* A client certificate meets the very check that a listener of ours makes: signature, names, purposes,
 * profile. The dates of the path are the only part of it that depends on time. */
static int check_client(const struct authority *authority, const struct certificate *certificate,
			int64_t when, struct error *err)
{
	const struct chain_path path = path_of(authority, certificate);
	struct chain_outcome outcome;

	chain_check_path(authority->trust, &path, AUTHORITY_PATH_MAX, when, &outcome);
	if (outcome.reason == REASON_ADMITTED)
		return 0;
	if (outcome.reason == REASON_NAME_CONSTRAINT)
		return refuse_names(err);
	return refuse(outcome.reason == REASON_BAD_SIGNATURE ? "F10" : "G01",
		      reason_text(outcome.reason), outcome.detail, err);
}

static int purpose_of(const struct issue_profile *profile)
{
	return profile->kind == ISSUE_SERVER ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_ANY;
}

static STACK_OF(X509) *stack_of(struct certificate *const *certificates, size_t count)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	size_t i;

	for (i = 0; stack != NULL && i < count; i++) {
		if (sk_X509_push(stack, certificates[i]->x509) == 0) {
			sk_X509_free(stack);
			return NULL;
		}
	}
	return stack;
}

/* All others meet the library's check. */
static int check_other(const struct authority *authority, const struct issue_profile *profile,
		       const struct certificate *certificate, struct error *err)
{
	STACK_OF(X509) *between = stack_of(authority->path, authority->count - 1);
	STACK_OF(X509) *anchors = stack_of(authority->path + authority->count - 1, 1);
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (between != NULL && anchors != NULL && context != NULL && store != NULL &&
	    X509_STORE_CTX_init(context, store, certificate->x509, between) == 1) {
		X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);

		X509_STORE_CTX_set0_trusted_stack(context, anchors);
		if (X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN |
						X509_V_FLAG_NO_CHECK_TIME) == 1 &&
		    X509_STORE_CTX_set_purpose(context, purpose_of(profile)) == 1 &&
		    X509_verify_cert(context) == 1)
			error = X509_V_OK;
		else
			error = X509_STORE_CTX_get_error(context);
	}
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_free(anchors);
	sk_X509_free(between);
	if (error == X509_V_OK)
		return 0;
	if (error == X509_V_ERR_PERMITTED_VIOLATION || error == X509_V_ERR_EXCLUDED_VIOLATION ||
	    error == X509_V_ERR_UNSUPPORTED_NAME_SYNTAX)
		return refuse_names(err);
	if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE)
		return refuse("F10", X509_verify_cert_error_string(error), "", err);
	return refuse("G01", X509_verify_cert_error_string(error), "", err);
}

/* At its first second and at its last: the signatures are checked once, dates at both ends. */
static int check(struct authority *authority, const struct issue_profile *profile,
		 const struct certificate *certificate, struct error *err)
{
	if (certificate->not_before < authority->not_before ||
	    certificate->not_after > authority->not_after)
		return refuse("G01", "a CA above it is not valid all the time that it is", "", err);
	if ((profile->kind == ISSUE_CLIENT ?
	     check_client(authority, certificate, certificate->not_after, err) :
	     check_other(authority, profile, certificate, err)) < 0)
		return -1;
	if (!round_trips(certificate))
		return refuse("F08", "encoded again it has other bytes", "", err);
	return 0;
}

int authority_check(struct authority *authority, const struct issue_profile *profile,
		    struct bytes der, struct certificate **ret_certificate, struct error *err)
{
	struct certificate *certificate = certificate_parse(der, err);

	if (certificate == NULL)
		return refuse("F08", "it cannot be read back", "", err);
	if (check(authority, profile, certificate, err) < 0) {
		certificate_free(certificate);
		ERR_clear_error();
		return -1;
	}
	*ret_certificate = certificate;
	return 0;
}

static int check_root(const struct certificate *certificate, struct error *err)
{
	const struct trust_ca ca = { certificate->der, true, "CA" };
	struct trust *trust = trust_new(&ca, 1, err);

	if (trust == NULL)
		return -1;
	trust_free(trust);
	if (!certificate_signed_by(certificate, certificate))
		return refuse("F10", "its signature is not its own", "", err);
	if (!round_trips(certificate))
		return refuse("F08", "encoded again it has other bytes", "", err);
	return 0;
}

int authority_check_root(struct bytes der, struct certificate **ret_certificate, struct error *err)
{
	struct certificate *certificate = certificate_parse(der, err);

	if (certificate == NULL)
		return refuse("F08", "it cannot be read back", "", err);
	if (check_root(certificate, err) < 0) {
		certificate_free(certificate);
		ERR_clear_error();
		return -1;
	}
	*ret_certificate = certificate;
	return 0;
}
