/* health/state.h - what a server's checks say together: the thresholds, as a pure function. */
#ifndef SALLYPORT_HEALTH_STATE_H
#define SALLYPORT_HEALTH_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "stats/stats.h"

/* Zeroed: nothing is known yet. */
struct check_state {
	enum health_state state;
	enum health_reason reason; /* of the last bad check while UNHEALTHY, else NONE */
	uint32_t good, bad;        /* checks in a row that speak against the state */
};

/* Takes the result of one check (NONE: it was good). True when the state changed.
 *
 * A server nobody knows yet is healthy with its first good check, so that a start is quick, and
 * unhealthy after unhealthy_threshold bad ones. From then on the thresholds count both ways. */
bool check_state_note(struct check_state *state, enum health_reason result,
		      uint32_t healthy_threshold, uint32_t unhealthy_threshold);

#endif
