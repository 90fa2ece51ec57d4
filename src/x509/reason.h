/*
 * x509/reason.h - every reason to refuse a client, in one table.
 *
 * word: log word, metric label, documentation; alert: RFC 8446 section 6 (a number, so that x509
 * needs no TLS header); text: what a person is told.
 */
#ifndef SALLYPORT_X509_REASON_H
#define SALLYPORT_X509_REASON_H

#include <stdint.h>

#define REASONS(X) \
	X(ADMITTED, "admitted", 0, "the client is admitted") \
	X(CERTIFICATE_REQUIRED, "certificate_required", 116, "no client certificate was sent") \
	X(UNKNOWN_CA, "unknown_ca", 48, "no CA certificate of this listener issued it") \
	X(CHAIN_TOO_LONG, "chain_too_long", 42, "more intermediates than CaDepth allows") \
	X(CHAIN_TOO_COMPLEX, "chain_too_complex", 42, "too many possible issuers to try") \
	X(CERTIFICATE_TOO_LARGE, "certificate_too_large", 42, "a certificate is over 32 KiB") \
	X(MALFORMED, "malformed", 42, "a certificate cannot be read") \
	X(UNSUPPORTED_EXTENSION, "unsupported_extension", 42, "an unknown critical extension") \
	X(BAD_SIGNATURE, "bad_signature", 42, "the signature on a certificate is wrong") \
	X(BAD_ISSUER, "bad_issuer", 42, "an issuer is no CA, or its path length is exceeded") \
	X(NAME_CONSTRAINT, "name_constraint", 42, "a name is outside the issuer's constraints") \
	X(NOT_YET_VALID, "not_yet_valid", 45, "the client certificate is not yet valid") \
	X(EXPIRED, "expired", 45, "the client certificate has expired") \
	X(CA_NOT_YET_VALID, "ca_not_yet_valid", 45, "a CA certificate is not yet valid") \
	X(CA_EXPIRED, "ca_expired", 45, "a CA certificate has expired") \
	X(WRONG_PURPOSE, "wrong_purpose", 43, "the certificate is not for client authentication") \
	X(WEAK_KEY, "weak_key", 43, "a key is too weak or of an unsupported kind") \
	X(WEAK_SIGNATURE, "weak_signature", 43, "a signature uses SHA-1 or MD5") \
	X(BAD_PROFILE, "bad_profile", 43, "a certificate breaks a rule of the strict profile") \
	X(REVOKED, "revoked", 44, "a certificate was revoked") \
	X(REVOCATION_UNKNOWN, "revocation_unknown", 46, "the revocation list of an issuer is missing or stale") \
	X(NOT_ADMITTED, "not_admitted", 49, "a rule of this listener refuses the client") \
	X(BAD_PROOF, "bad_proof", 51, "the client does not hold the certificate's key") \
	X(INTERNAL, "internal", 80, "Sallyport could not decide")

enum reason {
#define X(name, word, alert, text) REASON_##name,
	REASONS(X)
#undef X
	REASON_COUNT
};

const char *reason_word(enum reason reason);
const char *reason_text(enum reason reason);
uint8_t reason_alert(enum reason reason);

#endif
