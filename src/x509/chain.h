/*
 * x509/chain.h - finds and checks the path from a client's certificate to an anchor.
 *
 * RFC 5280 section 6 with the additions of our own: bounded search, hashes and key sizes, profiles.
 * Revocation and rules are not its concern (admission/): it gives back the facts they need.
 */
#ifndef SALLYPORT_X509_CHAIN_H
#define SALLYPORT_X509_CHAIN_H

#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"
#include "x509/certificate.h"
#include "x509/reason.h"
#include "x509/trust.h"

#define CHAIN_MAX_SENT 12   /* certificates a client may send: a whole path, anchor too */
#define CHAIN_MAX_DEPTH 12  /* leaf + 10 intermediates + anchor */

struct chain_result {
	enum reason reason;
	unsigned int depth;       /* where it failed: 0 = leaf */
	char detail[160];         /* numbers and names for a person, or empty */
	/* The path, leaf first and anchor last, when reason is ADMITTED; on a failure as far as it was
	 * found. Only for the duration of the callback below. */
	const struct certificate *path[CHAIN_MAX_DEPTH];
	unsigned int path_count;
};

/* Checks sent (DER, leaf first) at time now. max_depth counts intermediates. Calls done exactly once
 * with the result; certificates in it die when done returns. leaf_missing: count 0 gives
 * CERTIFICATE_REQUIRED. Validity dates: notBefore <= now <= notAfter, both inclusive. */
void chain_check(const struct trust *trust, const struct bytes *sent, size_t count,
		 unsigned int max_depth, int64_t now,
		 void (*done)(void *arg, const struct chain_result *result), void *arg);

#endif
