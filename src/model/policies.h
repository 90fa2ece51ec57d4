/*
 * model/policies.h - TLS security policies: the five system ones, and what a custom one may hold.
 *
 * Suites carry OpenSSL names. A policy may list suites that the TLS library lacks (CCM, some
 * CBC-SHA256/384 ones): they stay listed, as the real service does, and are never negotiated.
 */
#ifndef SALLYPORT_MODEL_POLICIES_H
#define SALLYPORT_MODEL_POLICIES_H

#include <stdbool.h>
#include "model/model.h"

#define POLICY_SYSTEM_COUNT 5
#define POLICY_CIPHERS_MAX 32

/* Fills the first POLICY_SYSTEM_COUNT entries; the caller owns them. */
void policies_system(struct model_security_policy *ret_policies);

/* The MODEL_TLS_* bits of the versions a suite can be chosen for; 0: no such suite. */
uint32_t policy_cipher_versions(const char *name);
/* Can it be negotiated, or is it only listed? */
bool policy_cipher_is_available(const char *name);
/* The known name nearest to a misspelt one, or NULL. */
const char *policy_cipher_nearest(const char *name);

#endif
