/*
 * certs/revoke.h - withdrawing what our own CAs issued, and saying what was withdrawn.
 *
 * A revocation is final. It is journal and row first, then the table of every worker, then lists
 * and OCSP. Revoking a CA takes all that it issued with it, and the CAs below it.
 */
#ifndef SALLYPORT_CERTS_REVOKE_H
#define SALLYPORT_CERTS_REVOKE_H

#include "control/call.h"
#include "store/certificate.h"

#define REVOKE_HANDLERS(X) \
	/* action, prepare, finish */ \
	X(CreateRevokeClientCertificate, NULL, NULL) \
	X(RevokeCertificates, NULL, NULL) \
	X(DescribeClientCertificateStatus, NULL, NULL) \
	X(DescribeClientCertificateStatusForSerialNumber, NULL, NULL) \
	X(GetCaInstanceCrlAddress, NULL, NULL)

#define X(name, prepare, finish) int pca_##name(struct call *call, struct error *err);
REVOKE_HANDLERS(X)
#undef X

/* Revokes a certificate of ours, leaf or CA, for UpdateCACertificateStatus and the like; with
 * change log and audit. Revoked already: 0, and nothing happens unless the reason becomes
 * keyCompromise. reason: of pki/crl_write.h. */
int must_check certs_revoke(struct call *call, const struct store_certificate *row, int reason,
			    struct error *err);

/* Serial numbers as people have them: hex in any case, with "0x", colons or blanks; ret_octets
 * as DER has them. false: it is none. */
bool certs_serial_parse(const char *text, uint8_t ret_octets[20], size_t *ret_len);
/* Upper-case hex, as the store has it. */
void certs_serial_text(struct bytes serial, char ret_text[41]);

#endif
