/*
 * control/certificate_ids.h - which certificate is meant by an id that a caller wrote.
 *
 * A certificate has up to three names: its Identifier (of the private CA, or "<CertId>-<region>" of an
 * uploaded one), and the number CertId. All of them are taken wherever a listener names a certificate.
 * The region behind the number is not compared: those who moved from elsewhere keep their ids.
 */
#ifndef SALLYPORT_CONTROL_CERTIFICATE_IDS_H
#define SALLYPORT_CONTROL_CERTIFICATE_IDS_H

#include "base/error.h"
#include "store/certificate.h"

/* Any certificate, whatever its role. 1: found (the caller calls done), 0: there is none, -1: error. */
int must_check certs_find(struct store *store, const char *given,
			  struct store_certificate *ret_certificate, struct error *err);

/* A server certificate with its key: uploaded, or issued by a CA of ours. 0: the caller calls done.
 * "ResourceNotFound.Certificate" when there is none or it is something else (the message says what),
 * "IncorrectStatus.certificate" when it is revoked. */
int must_check certs_resolve_server(struct store *store, const char *given,
				    struct store_certificate *ret_certificate, struct error *err);
/* A CA certificate, of ours or of a third party. "ResourceNotFound.CaCertificate",
 * "IncorrectStatus.certificate". */
int must_check certs_resolve_ca(struct store *store, const char *given,
				struct store_certificate *ret_certificate, struct error *err);

/* What a role is called in messages: "a client certificate". */
const char *certs_role_text(unsigned int role);

#endif
