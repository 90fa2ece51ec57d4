/* control/metrics_expiry.h - metrics of what runs out: certificates, CA certificates, lists. */
#ifndef SALLYPORT_CONTROL_METRICS_EXPIRY_H
#define SALLYPORT_CONTROL_METRICS_EXPIRY_H

#include <stdint.h>
#include "base/bytes.h"
#include "document/document.h"

void metrics_expiry_certificates(const struct document *document, int64_t now, struct buffer *out);
void metrics_expiry_cas(const struct document *document, int64_t now, struct buffer *out);
void metrics_expiry_lists(struct bytes revocation, int64_t now, struct buffer *out);

#endif
