/*
 * x509/profile.h - the rules on the content of one certificate that AWS-LC does not apply.
 *
 * RFC 5280 section 4. Strict applies all of them; Compatible leaves out those that certificates
 * made by plain openssl commands break: key ids, critical bits of CA extensions, and a leaf that is
 * version 1 or has no key usage, extended key usage or alternative name.
 */
#ifndef SALLYPORT_X509_PROFILE_H
#define SALLYPORT_X509_PROFILE_H

#include "x509/certificate_internal.h"
#include "x509/reason.h"

enum profile_role { PROFILE_LEAF, PROFILE_INTERMEDIATE, PROFILE_ANCHOR };

/* REASON_ADMITTED, or the rule that is broken, named in ret_detail. */
enum reason profile_check(const struct certificate *certificate, enum profile_role role,
			  bool strict, char *ret_detail, size_t size);

#endif
