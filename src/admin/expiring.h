/* admin/expiring.h - certificates by the time they end. */
#ifndef SALLYPORT_ADMIN_EXPIRING_H
#define SALLYPORT_ADMIN_EXPIRING_H

#include "control/call.h"
#include "store/certificate.h"

/* "root_ca", "sub_ca", "client", "server", "uploaded", "third_party_ca", ... */
const char *certificate_kind(const struct store_certificate *certificate);

/* Rows {Identifier, Name, CommonName, SerialNumber, Kind, ExpiredTime, Days}, the next to end
 * first: CAs and uploaded certificates that end before a time, are not revoked, and did not end
 * long ago. At most limit; NULL on error. */
json_t *expiring_soon(struct store *store, int64_t now, int64_t before, int limit,
		      struct error *err);

#endif
