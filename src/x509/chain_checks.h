/*
 * x509/chain_checks.h - is this one path, from leaf to anchor, good?
 *
 * AWS-LC verifies signatures, extensions, purposes, path lengths and name constraints of exactly
 * this path; what it leaves out is checked around it. Not its CRL flags, and not its clock: dates
 * are compared here, both ends included.
 */
#ifndef SALLYPORT_X509_CHAIN_CHECKS_H
#define SALLYPORT_X509_CHAIN_CHECKS_H

#include "x509/chain.h"
#include "x509/trust_internal.h"

/* How far a path got; a later stage says more about the client. */
enum chain_stage { CHAIN_STAGE_ISSUER, CHAIN_STAGE_LENGTH, CHAIN_STAGE_SIGNATURE,
	CHAIN_STAGE_STRENGTH, CHAIN_STAGE_EXTENSIONS, CHAIN_STAGE_DATES, CHAIN_STAGE_PROFILE,
	CHAIN_STAGE_DONE };

struct chain_path {
	const struct certificate *certificates[CHAIN_MAX_DEPTH]; /* leaf first, anchor last */
	unsigned int count;
	const struct trust_member *anchor;
};

struct chain_outcome {
	enum chain_stage stage;
	enum reason reason;
	unsigned int depth;
	char detail[160];
};

void chain_check_path(const struct trust *trust, const struct chain_path *path,
		      unsigned int max_depth, int64_t now, struct chain_outcome *ret_outcome);

#endif
