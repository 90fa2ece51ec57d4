/*
 * pki/lint_view.h - a TBSCertificate taken apart with CBS, for the lints.
 *
 * Lenient: it takes what rules forbid, so that the rule can say so. All byte runs point into the bytes.
 */
#ifndef SALLYPORT_PKI_LINT_VIEW_H
#define SALLYPORT_PKI_LINT_VIEW_H

#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include "pki/lint.h"

#define LINT_EXTENSIONS_MAX 32

struct lint_extension {
	struct bytes oid;
	struct bytes value;        /* content of extnValue */
	bool critical;
	bool has_flag;             /* critical was written */
};

struct lint_time {
	CBS_ASN1_TAG tag;
	struct bytes text;
	int64_t value;
	bool sound;                /* of the one form that DER allows, and a real date */
};

struct lint_view {
	struct bytes tbs;
	uint64_t version;          /* as it is written: 2 is version 3 */
	struct bytes serial;       /* content octets */
	struct bytes algorithm;    /* with its tag */
	struct bytes issuer, subject; /* with their tags */
	struct lint_time not_before, not_after;
	struct bytes spki;         /* with its tag */
	bool has_unique_ids;
	bool has_extensions;
	struct lint_extension extensions[LINT_EXTENSIONS_MAX];
	size_t extension_count;
};

/* What a lint function gets. */
struct lint {
	struct lint_view view;
	const struct lint_context *context;
	EVP_PKEY *key;             /* of the certificate; NULL: not readable */
	char why[160];             /* room for a formatted answer */
};

bool must_check lint_view_read(struct bytes tbs, struct lint_view *ret_view);

/* 2.5.29.arc; NULL: not there. */
const struct lint_extension *lint_find(const struct lint_view *view, uint8_t arc);
/* 1.3.6.1.5.5.7.1.arc */
const struct lint_extension *lint_find_pkix(const struct lint_view *view, uint8_t arc);
CBS lint_cbs(struct bytes bytes);

/* cA and pathLenConstraint (-1: none) of basicConstraints; false: absent or unreadable. */
bool lint_basic_constraints(const struct lint_view *view, bool *ret_is_ca, int64_t *ret_path_length);

#endif
