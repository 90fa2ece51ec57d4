/*
 * pki/validity.h - from when to when: by days, or by the calendar.
 *
 * Both ends belong to the period (RFC 5280 4.1.2.5): 30 days end one second before the same time of
 * day. Months and years are those of the calendar; the 31st becomes the last day of a shorter month.
 */
#ifndef SALLYPORT_PKI_VALIDITY_H
#define SALLYPORT_PKI_VALIDITY_H

#include <stdint.h>
#include "base/error.h"

#define VALIDITY_SKEW_S 300          /* clocks differ: a certificate begins a little earlier */
#define VALIDITY_END INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct validity {
	int64_t not_before, not_after;
};

/* The moment `years` and `months` after start, same time of day. */
int64_t validity_add_months(int64_t start, int64_t months);
/* not_before = now - skew; the end counts from it. */
struct validity validity_days(int64_t now, int64_t days);
struct validity validity_months(int64_t now, int64_t months);
/* CreateCustomCertificate: "1y", "3m", "7d", "2027-01-15T08:00:00Z" (the end), or "begin/end". */
int must_check validity_parse(const char *text, int64_t now, struct validity *ret_validity,
			      struct error *err);

#endif
