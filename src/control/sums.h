/* control/sums.h - the workers' rows of the shared counters added up. stats NULL: all zero. */
#ifndef SALLYPORT_CONTROL_SUMS_H
#define SALLYPORT_CONTROL_SUMS_H

#include "stats/stats.h"

void sums_listener(const struct stats *stats, uint32_t slot, struct stats_listener *ret_sum);
void sums_server(const struct stats *stats, uint32_t slot, struct stats_server *ret_sum);

#endif
