/*
 * control/metrics.h - everything that is counted, as Prometheus text (exposition format 0.0.4).
 *
 * A pure function of the shared memory and the served document. Rows of listeners and servers that are
 * no longer in the document are not shown.
 */
#ifndef SALLYPORT_CONTROL_METRICS_H
#define SALLYPORT_CONTROL_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "document/document.h"
#include "stats/stats.h"

struct metrics_source {
	const struct stats *stats;	 /* NULL: not there yet */
	const struct health *health;	 /* NULL: not there yet */
	const struct document *document; /* NULL: nothing is served */
	struct bytes revocation;	 /* empty: none */
	int64_t now;
	bool reload_ok;
	int64_t reload_s; /* 0: none yet */
};

void metrics_render(const struct metrics_source *source, struct buffer *out);

#endif
