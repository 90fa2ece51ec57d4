/*
 * health/schedule.h - when a check starts and when it has taken too long.
 *
 * All times are monotonic milliseconds on whole ticks of the loop's wheel: a check that starts on a
 * tick starts on time, and a server that dies is found dead on time.
 */
#ifndef SALLYPORT_HEALTH_SCHEDULE_H
#define SALLYPORT_HEALTH_SCHEDULE_H

#include <stdint.h>

/* The first check, shifted by what the identity chooses, so that many servers are not checked at once:
 * at most the interval, 1 s, and 2 ms for each of the servers there are. With a few of them all are
 * known at once, and none waits while another gets everything. */
uint64_t schedule_first(uint64_t now_ms, uint32_t interval_s, uint32_t servers, uint64_t identity);
/* The start after the one planned for planned_ms, from start to start; after now_ms. */
uint64_t schedule_next(uint64_t planned_ms, uint32_t interval_s, uint64_t now_ms);
/* When a check that starts now has failed: up to two ticks early rather than one late, so that with
 * equal interval and timeout it has ended when the next one is due. */
uint64_t schedule_deadline(uint64_t start_ms, uint32_t timeout_s);

#endif
