/*
 * pki/mobileconfig.h - a configuration profile for Apple's devices: CAs, certificate and key in one file.
 *
 * A property list with a payload for each: com.apple.security.root, .pkcs1 (other CA certificates) and
 * .pkcs12. The password is left out, so that the device asks for it. Not signed: the device says so.
 */
#ifndef SALLYPORT_PKI_MOBILECONFIG_H
#define SALLYPORT_PKI_MOBILECONFIG_H

#include "base/bytes.h"

struct download_source;

/* Identifiers follow from the certificate, so that the same profile replaces itself. Without a key the
 * profile holds certificates only and password is not used. */
int must_check mobileconfig_write(const struct download_source *source, const char *password,
				  struct buffer *ret_file, struct error *err);

#endif
