/*
 * proxy/revoked.h - the revocation table a worker judges by.
 *
 * Tables come alone (a revocation) and with documents, and the two ways have no order between them: the
 * newest by revocation_made() counts, so that a document that was on its way cannot take a revocation
 * back. Tables without a number (0) replace each other as they come.
 *
 * To take one costs the same for one entry and for a million: only header and issuers are looked at,
 * as nothing that an entry says is relied on, and pages are mapped, not copied.
 */
#ifndef SALLYPORT_PROXY_REVOKED_H
#define SALLYPORT_PROXY_REVOKED_H

#include <stdbool.h>
#include "base/bytes.h"
#include "x509/revocation.h"

/* Zeroed: no table. */
struct revoked {
	struct bytes mapped; /* owned */
	struct revocation table;
};

/* Maps a checked table; the descriptor stays the caller's. */
int must_check revoked_map(int fd, struct revoked *ret_revoked, struct error *err);
void revoked_done(struct revoked *revoked);

/* NULL: no list is configured anywhere. */
const struct revocation *revoked_table(const struct revoked *revoked);

/* Takes over next, which is empty afterwards, unless it is older than now. True: connections must be
 * judged anew. */
bool revoked_take(struct revoked *now, struct revoked *next);

#endif
