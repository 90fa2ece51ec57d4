#include "control/certificate_ids.h"

#include <errno.h>
#include <stdlib.h>

/* The number at the front of "123" and "123-cn-hangzhou"; 0: it has no such form. */
static int64_t number_of(const char *given)
{
	char *end;
	long long number;

	if (given[0] < '1' || given[0] > '9')
		return 0;
	errno = 0;
	number = strtoll(given, &end, 10);
	return errno == 0 && (*end == '\0' || *end == '-') ? number : 0;
}

int certs_find(struct store *store, const char *given, struct store_certificate *ret_certificate,
	       struct error *err)
{
	int found = store_certificate_get(store, given, ret_certificate, err);

	if (found != 0 || number_of(given) == 0)
		return found;
	return store_certificate_get_number(store, number_of(given), ret_certificate, err);
}

const char *certs_role_text(unsigned int role)
{
	switch (role) {
	case STORE_ROOT_CA:
	case STORE_SUB_CA:
		return "a CA certificate";
	case STORE_CLIENT:
		return "a client certificate";
	case STORE_SERVER:
	case STORE_UPLOADED:
		return "a server certificate";
	case STORE_OCSP_SIGNER:
		return "a certificate for OCSP responses";
	case STORE_UPLOADED_CA:
		return "a third-party CA certificate";
	case STORE_PENDING_CA:
		return "a CA that still waits for its certificate";
	default:
		return "a certificate request";
	}
}

static int refuse_status(const struct store_certificate *certificate, struct error *err)
{
	error_set(err, ERROR_INVALID, "certificate \"%s\" (%s) is %s", certificate->id,
		  certificate->common_name, certificate->revoked ? "revoked" : "disabled");
	return error_symbol(err, "IncorrectStatus.certificate");
}

static int check_server(const struct store_certificate *certificate, struct error *err)
{
	if ((certificate->role & (STORE_UPLOADED | STORE_SERVER)) == 0)
		error_set(err, ERROR_INVALID,
			  "a listener needs a server certificate, and \"%s\" (%s) is %s",
			  certificate->id, certificate->common_name,
			  certs_role_text(certificate->role));
	else if (!certificate->has_key)
		error_set(err, ERROR_INVALID,
			  "a listener needs the private key of certificate \"%s\" (%s): it is not here",
			  certificate->id, certificate->common_name);
	else if (certificate->revoked || certificate->disabled)
		return refuse_status(certificate, err);
	else
		return 0;
	return error_symbol(err, "ResourceNotFound.Certificate");
}

int certs_resolve_server(struct store *store, const char *given,
			 struct store_certificate *ret_certificate, struct error *err)
{
	int found = certs_find(store, given, ret_certificate, err);

	if (found < 0)
		return -1;
	if (found == 0) {
		error_set(err, ERROR_INVALID,
			  "the specified resource of Certificate \"%.80s\" is not found", given);
		error_hint(err, "ListUserCertificateOrder and ListClientCertificate show what there is.");
		return error_symbol(err, "ResourceNotFound.Certificate");
	}
	if (check_server(ret_certificate, err) == 0)
		return 0;
	store_certificate_done(ret_certificate);
	return -1;
}

static int check_ca(const struct store_certificate *certificate, struct error *err)
{
	if ((certificate->role & (STORE_OWN_CAS | STORE_UPLOADED_CA)) == 0) {
		error_set(err, ERROR_NOT_FOUND, "a CA certificate is needed, and \"%s\" (%s) is %s",
			  certificate->id, certificate->common_name,
			  certs_role_text(certificate->role));
		return error_symbol(err, "ResourceNotFound.CaCertificate");
	}
	if (certificate->revoked || certificate->disabled)
		return refuse_status(certificate, err);
	return 0;
}

int certs_resolve_ca(struct store *store, const char *given,
		     struct store_certificate *ret_certificate, struct error *err)
{
	int found = certs_find(store, given, ret_certificate, err);

	if (found < 0)
		return -1;
	if (found == 0) {
		error_set(err, ERROR_NOT_FOUND,
			  "the specified resource of CaCertificate \"%.80s\" is not found", given);
		error_hint(err, "DescribeCACertificateList shows our CAs, ListCert those that were "
				"uploaded.");
		return error_symbol(err, "ResourceNotFound.CaCertificate");
	}
	if (check_ca(ret_certificate, err) == 0)
		return 0;
	store_certificate_done(ret_certificate);
	return -1;
}
