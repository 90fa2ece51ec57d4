/*
 * pki/issue_profile.h - the kinds of certificates that a CA of ours makes, as data.
 *
 * What is the same for all of them stands in pki/template.h, what is forbidden in pki/lint.h.
 */
#ifndef SALLYPORT_PKI_ISSUE_PROFILE_H
#define SALLYPORT_PKI_ISSUE_PROFILE_H

#include <stdbool.h>

/* Letters for the table of lints: which certificates a rule is about. */
enum issue_kind { ISSUE_ROOT_CA, ISSUE_SUB_CA, ISSUE_SERVER, ISSUE_CLIENT, ISSUE_OCSP_SIGNER,
	ISSUE_KIND_COUNT };

/* Bits of KeyUsage as they stand in its first octet (RFC 5280 4.2.1.3: bit 0 is the highest). */
#define USAGE_DIGITAL_SIGNATURE 0x80u
#define USAGE_NON_REPUDIATION 0x40u
#define USAGE_KEY_ENCIPHERMENT 0x20u
#define USAGE_DATA_ENCIPHERMENT 0x10u
#define USAGE_KEY_AGREEMENT 0x08u
#define USAGE_KEY_CERT_SIGN 0x04u
#define USAGE_CRL_SIGN 0x02u

/* Extended key usages: a bit each, 1.3.6.1.5.5.7.3.n. */
#define PURPOSE_SERVER 1u        /* 1 */
#define PURPOSE_CLIENT 2u        /* 2 */
#define PURPOSE_CODE 4u          /* 3 */
#define PURPOSE_EMAIL 8u         /* 4 */
#define PURPOSE_TIME 16u         /* 8 */
#define PURPOSE_OCSP 32u         /* 9 */
#define PURPOSE_COUNT 6

struct issue_profile {
	enum issue_kind kind;
	const char *name;          /* for people: "client certificate" */
	bool is_ca;
	unsigned int usage;        /* USAGE_ bits */
	unsigned int purposes;     /* PURPOSE_ bits; 0: no extKeyUsage (a CA may ask for some) */
	bool has_names;            /* a subject alternative name */
	bool has_urls;             /* CRL and OCSP addresses */
	bool no_check;             /* id-pkix-ocsp-nocheck */
	int days;                  /* how long when nothing is said; 0: counted in years */
	int years;
	int most_days;             /* 0: to the issuer's end */
};

const struct issue_profile *issue_profile(enum issue_kind kind);

/* "clientAuth", in any case, or the dotted OID; 0: unknown. */
unsigned int purpose_parse(const char *text);
unsigned char purpose_arc(unsigned int purpose);

#endif
