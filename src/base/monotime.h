/* base/monotime.h - the two clocks: one for durations, one for certificates. */
#ifndef SALLYPORT_BASE_MONOTIME_H
#define SALLYPORT_BASE_MONOTIME_H

#include <stdint.h>

uint64_t monotime_us(void); /* CLOCK_MONOTONIC, microseconds */
uint64_t monotime_ms(void);
/* Seconds since 1970. SALLYPORT_FAKE_TIME_OFFSET (seconds, read once) shifts it in tests. */
int64_t walltime_s(void);
void walltime_init(void); /* reads the offset; call once, before the sandbox */

#endif
