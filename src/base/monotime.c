#include "base/monotime.h"

#include <stdlib.h>
#include <time.h>

static int64_t walltime_offset_s;

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t monotime_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

uint64_t monotime_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t walltime_s(void)
{
	return (int64_t)(now_us(CLOCK_REALTIME) / 1000000) + walltime_offset_s;
}

void walltime_init(void)
{
	const char *offset = getenv("SALLYPORT_FAKE_TIME_OFFSET");

	walltime_offset_s = offset == NULL ? 0 : strtoll(offset, NULL, 10);
}
