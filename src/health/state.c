#include "health/state.h"

static bool enter(struct check_state *state, enum health_state next)
{
	state->state = next;
	state->good = state->bad = 0;
	return true;
}

static bool note_good(struct check_state *state, uint32_t threshold)
{
	state->bad = 0;
	if (state->state == HEALTH_HEALTHY)
		return false;
	state->good++;
	if (state->state == HEALTH_UNHEALTHY && state->good < threshold)
		return false;
	state->reason = HEALTH_REASON_NONE;
	return enter(state, HEALTH_HEALTHY);
}

static bool note_bad(struct check_state *state, enum health_reason reason, uint32_t threshold)
{
	state->good = 0;
	if (state->state == HEALTH_UNHEALTHY) {
		state->reason = reason;
		return false;
	}
	state->bad++;
	if (state->bad < threshold)
		return false;
	state->reason = reason;
	return enter(state, HEALTH_UNHEALTHY);
}

bool check_state_note(struct check_state *state, enum health_reason result,
		      uint32_t healthy_threshold, uint32_t unhealthy_threshold)
{
	if (result == HEALTH_REASON_NONE)
		return note_good(state, healthy_threshold);
	return note_bad(state, result, unhealthy_threshold);
}
