/* control/metrics_text.h - lines of the Prometheus text format. */
#ifndef SALLYPORT_CONTROL_METRICS_TEXT_H
#define SALLYPORT_CONTROL_METRICS_TEXT_H

#include <stdint.h>
#include "base/bytes.h"

/* The HELP and TYPE lines. type: "counter" or "gauge"; name without the prefix sallyport_. */
void metrics_family(struct buffer *out, const char *name, const char *type, const char *help);

/* One sample. labels: name, value, name, value, ..., NULL. */
void metrics_sample(struct buffer *out, const char *name, double value, const char *const *labels);
void metrics_count(struct buffer *out, const char *name, uint64_t value, const char *const *labels);

#define METRICS_LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define METRICS_NO_LABELS ((const char *const[]){ NULL })

#endif
