/* admin/sampling.h - once a second: the counters of what is served become a point of each history.
 * */
#ifndef SALLYPORT_ADMIN_SAMPLING_H
#define SALLYPORT_ADMIN_SAMPLING_H

#include <stdint.h>
#include "admin/history.h"
#include "control/served.h"

struct control;
struct history_source;

struct history_source *sampling_new(void);
void sampling_free(struct history_source *source); /* NULL is fine */
/* When something new is served: what a listener counts from now on belongs to the next second. */
void sampling_meet(struct history_source *source, const struct control *control);
void sampling_take(struct history_source *source, const struct control *control,
		   struct history *history, int64_t now);

/* One listener: now and before are its counters; what went down has begun anew. */
void sampling_difference(const struct stats_listener *before, const struct served_figures *now,
			 struct history_point *ret_point);

#endif
