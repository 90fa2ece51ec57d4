/*
 * certs/sign_budget.h - how much signing one source may cause: a fifth of a processor, with a
 * burst.
 *
 * Measured in time, because an RSA signature costs as much as fifty with P-256. Sources are
 * hashed to a fixed number of places, so that many sources take no more memory than a few.
 */
#ifndef SALLYPORT_CERTS_SIGN_BUDGET_H
#define SALLYPORT_CERTS_SIGN_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define SIGN_BUDGET_US_PER_S 200000
#define SIGN_BUDGET_BURST_US 400000

/* now_us: a monotonic clock. */
bool sign_budget_has(const char *source, uint64_t now_us);
void sign_budget_spend(const char *source, uint64_t now_us, uint64_t us);

#endif
