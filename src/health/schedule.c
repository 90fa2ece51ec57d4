#include "health/schedule.h"

#include "net/loop.h"

#define FIRST_SHIFT_LONGEST_MS 1000u
#define FIRST_SHIFT_PER_SERVER_MS 2u

static uint64_t tick_at_or_after(uint64_t at_ms)
{
	return (at_ms + LOOP_TICK_MS - 1) / LOOP_TICK_MS * LOOP_TICK_MS;
}

uint64_t schedule_first(uint64_t now_ms, uint32_t interval_s, uint32_t servers, uint64_t identity)
{
	uint64_t span_ms = (uint64_t)interval_s * 1000;

	if (span_ms > FIRST_SHIFT_LONGEST_MS)
		span_ms = FIRST_SHIFT_LONGEST_MS;
	if (span_ms > (uint64_t)servers * FIRST_SHIFT_PER_SERVER_MS)
		span_ms = (uint64_t)servers * FIRST_SHIFT_PER_SERVER_MS;
	return tick_at_or_after(now_ms + (span_ms > 0 ? identity % span_ms : 0));
}

uint64_t schedule_next(uint64_t planned_ms, uint32_t interval_s, uint64_t now_ms)
{
	uint64_t interval_ms = (uint64_t)(interval_s > 0 ? interval_s : 1) * 1000;
	uint64_t next_ms = planned_ms + interval_ms;

	if (next_ms > now_ms)
		return next_ms;
	/* The process was stopped for longer than an interval: the missed ones are not made up for. */
	return next_ms + (now_ms - next_ms) / interval_ms * interval_ms + interval_ms;
}

uint64_t schedule_deadline(uint64_t start_ms, uint32_t timeout_s)
{
	uint64_t limit_ms = start_ms + (uint64_t)(timeout_s > 0 ? timeout_s : 1) * 1000;

	return (limit_ms - LOOP_TICK_MS) / LOOP_TICK_MS * LOOP_TICK_MS;
}
