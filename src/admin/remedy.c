#include "admin/remedy.h"

#include "admin/admin_internal.h"

/* clang-format off */
static const struct {
	enum admission_step step;
	const char *text;
} remedies[REASON_COUNT] = {
	[REASON_ADMITTED] = { ADMISSION_DONE, "Nothing needs to be done." },
	[REASON_CERTIFICATE_REQUIRED] = { ADMISSION_PRESENT,
		"Install a client certificate on the device, or choose it when the browser asks. "
		"A browser that was asked once and was given none must be restarted." },
	[REASON_UNKNOWN_CA] = { ADMISSION_CHAIN,
		"Issue a certificate from a CA that the listener trusts, or choose this CA on the "
		"listener. If an intermediate is missing, install the certificate with its chain." },
	[REASON_CHAIN_TOO_LONG] = { ADMISSION_CHAIN,
		"Raise CaDepth of the listener, or issue from a CA nearer to the trusted one." },
	[REASON_CHAIN_TOO_COMPLEX] = { ADMISSION_CHAIN,
		"Install the certificate with nothing but its own chain." },
	[REASON_CERTIFICATE_TOO_LARGE] = { ADMISSION_CHAIN, "Issue a smaller certificate." },
	[REASON_MALFORMED] = { ADMISSION_CHAIN, "Issue a new certificate: this one is damaged." },
	[REASON_UNSUPPORTED_EXTENSION] = { ADMISSION_CHAIN,
		"Issue a certificate without this extension, or without marking it as critical." },
	[REASON_BAD_SIGNATURE] = { ADMISSION_CHAIN,
		"Issue a new certificate: this one was not signed by the CA that it names." },
	[REASON_BAD_ISSUER] = { ADMISSION_CHAIN,
		"Issue from a CA: this one was signed by something that may not sign it." },
	[REASON_NAME_CONSTRAINT] = { ADMISSION_CHAIN,
		"Issue a certificate whose names are within the constraints of its CA." },
	[REASON_NOT_YET_VALID] = { ADMISSION_TIME,
		"Wait, or check the clocks: of the machine that issued it and of this one." },
	[REASON_EXPIRED] = { ADMISSION_TIME,
		"Issue a new certificate, and renew the next one in time." },
	[REASON_CA_NOT_YET_VALID] = { ADMISSION_TIME,
		"Check the clocks: of the machine that made the CA and of this one." },
	[REASON_CA_EXPIRED] = { ADMISSION_TIME,
		"Make a new CA, choose it on the listener, and issue new certificates from it." },
	[REASON_WRONG_PURPOSE] = { ADMISSION_CHAIN,
		"Issue a client certificate: this one is for something else, such as servers." },
	[REASON_WEAK_KEY] = { ADMISSION_CHAIN,
		"Issue a certificate with a key of RSA 2048 or P-256 or better." },
	[REASON_WEAK_SIGNATURE] = { ADMISSION_CHAIN,
		"Issue a certificate that is signed with SHA-256 or better." },
	[REASON_BAD_PROFILE] = { ADMISSION_CHAIN,
		"Issue the certificate from a CA of ours, or let the CA follow RFC 5280." },
	[REASON_REVOKED] = { ADMISSION_REVOCATION,
		"A revocation cannot be undone. To let the client in, issue a new certificate." },
	[REASON_REVOCATION_UNKNOWN] = { ADMISSION_REVOCATION,
		"Upload a fresh revocation list of the CA." },
	[REASON_NOT_ADMITTED] = { ADMISSION_RULES, "Change the rules of the listener." },
	[REASON_BAD_PROOF] = { ADMISSION_DONE,
		"Install the certificate together with its own private key." },
	[REASON_INTERNAL] = { ADMISSION_DONE, "Look at the log, and report what it says." },
};
/* clang-format on */

const char *remedy_text(enum reason reason)
{
	return reason < REASON_COUNT ? remedies[reason].text : "";
}

enum admission_step remedy_step(enum reason reason)
{
	return reason < REASON_COUNT ? remedies[reason].step : ADMISSION_DONE;
}

json_t *remedy_row(const char *step, const char *outcome, const char *detail)
{
	json_t *row = json_object();

	reply_text(row, "Step", step);
	reply_text(row, "Outcome", outcome);
	reply_text(row, "Detail", detail);
	return row;
}
