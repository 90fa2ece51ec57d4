/*
 * x509/trust.h - the CA certificates of one listener, parsed once and shared by every handshake.
 *
 * Every certificate in it must be v3 with cA. Those whose issuer (name, key ids and signature) is in
 * the set too are intermediates that complete a chain when the client sends only its leaf; all
 * others, roots and subordinates alike, are anchors. Read-only after trust_new(); not thread-safe.
 */
#ifndef SALLYPORT_X509_TRUST_H
#define SALLYPORT_X509_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"

struct trust;

struct trust_ca {
	struct bytes der;    /* copied */
	bool strict;         /* ChainProfile of the CaCertificates entry */
	const char *name;    /* of the entry, for errors; copied */
};

/* Refuses what is no CA; the error names the entry. Duplicates are dropped. */
struct trust *trust_new(const struct trust_ca *cas, size_t count, struct error *err);
void trust_free(struct trust *trust);

/* Subject names (DER) of the anchors and intermediates, for the certificate_authorities list. */
size_t trust_subject_count(const struct trust *trust);
struct bytes trust_subject(const struct trust *trust, size_t i);

/* Do they all fit into the message that asks for a certificate? RFC 8446 4.2.4, RFC 5246 7.4.4 */
bool trust_subjects_fit(const struct trust *trust);

/* Is the certificate with this SHA-256 of its DER an anchor of the set? ret_strict (may be NULL)
 * gets its profile. */
bool trust_has_anchor(const struct trust *trust, const uint8_t hash[32], bool *ret_strict);

#endif
