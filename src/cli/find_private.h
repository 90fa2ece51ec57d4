/* cli/find_private.h - CAs and certificates of the private CA by what people call them. */
#ifndef SALLYPORT_CLI_FIND_PRIVATE_H
#define SALLYPORT_CLI_FIND_PRIVATE_H

#include <jansson.h>
#include "cli/session.h"

/* By Identifier or common name; name NULL: the built-in one that issues, or the only one that can. A new
 * reference to its row of DescribeCACertificateList, or NULL. */
json_t *find_authority(const struct session *session, const char *name, struct error *err);
/* By Identifier, serial number or common name; one that is not revoked wins over those that are.
 * Several with one common name are an error that names them. A new reference, or NULL. */
json_t *find_issued(const struct session *session, const char *name, struct error *err);

#endif
