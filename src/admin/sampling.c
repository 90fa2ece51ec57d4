#include "admin/sampling.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/bytes.h"

/* Counters by slot: a listener keeps its slot, and who gets a slot after it has another name. */
struct before {
	char name[ADMIN_LISTENER_SIZE]; /* "": none yet */
	struct stats_listener sum;
};

struct history_source {
	struct before slots[STATS_LISTENERS];
	int64_t last_s; /* when it was looked at last */
};

struct history_source *sampling_new(void)
{
	return memory_new(sizeof(struct history_source));
}

void sampling_free(struct history_source *source)
{
	free(source);
}

static uint64_t since(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

void sampling_difference(const struct stats_listener *before, const struct served_figures *now,
			 struct history_point *ret_point)
{
	const struct stats_listener *sum = &now->sum;
	uint64_t *values = ret_point->values;
	uint64_t failed, finished;
	unsigned int i;

	memset(values, 0, sizeof(ret_point->values));
	values[HISTORY_ACTIVE] = sum->active;
	values[HISTORY_SERVERS] = now->servers;
	values[HISTORY_HEALTHY] = now->healthy;
	values[HISTORY_CONNECTIONS] = since(before->accepted, sum->accepted);
	values[HISTORY_RESUMED] = since(before->resumed, sum->resumed);
	finished = since(before->handshakes, sum->handshakes);
	values[HISTORY_FULL] =
		finished > values[HISTORY_RESUMED] ? finished - values[HISTORY_RESUMED] : 0;
	for (i = 1; i < STATS_REASONS; i++) {
		values[HISTORY_REASONS + i] = since(before->refusals[i], sum->refusals[i]);
		values[HISTORY_REFUSED] += values[HISTORY_REASONS + i];
	}
	failed = since(before->handshakes_failed, sum->handshakes_failed);
	values[HISTORY_ABORTED] =
		failed > values[HISTORY_REFUSED] ? failed - values[HISTORY_REFUSED] : 0;
	values[HISTORY_DROPPED] = since(before->dropped_cps, sum->dropped_cps) +
				  since(before->dropped_limit, sum->dropped_limit) +
				  since(before->dropped_source, sum->dropped_source);
	values[HISTORY_BYTES_IN] = since(before->bytes_in, sum->bytes_in);
	values[HISTORY_BYTES_OUT] = since(before->bytes_out, sum->bytes_out);
}

/* The timer of control comes a little late each time, so that now and then a second has no tick of
 * its own. What came in such a pair is spread over both; a longer silence is a gap. */
#define SPREAD_MAX 3

struct taking {
	struct history_source *source;
	struct history *history;
	int64_t now, steps;
	struct history_point total;
};

static void add_spread(const struct taking *taking, const char *name,
		       const struct history_point *whole)
{
	struct history_point part;
	int64_t step;
	unsigned int i;

	for (step = 1; step <= taking->steps; step++) {
		const uint64_t steps = (uint64_t)taking->steps, so_far = (uint64_t)step;

		part.time_s = taking->now - taking->steps + step;
		for (i = 0; i < HISTORY_FIELDS; i++)
			part.values[i] = i < HISTORY_GAUGES
						 ? whole->values[i]
						 : whole->values[i] / steps +
							   (so_far <= whole->values[i] % steps);
		history_add(taking->history, name, &part);
	}
}

/* What was counted before we began to look belongs to no second. */
static struct before *meet(struct history_source *source, const struct served_figures *figures)
{
	struct before *before = &source->slots[figures->listener->slot % STATS_LISTENERS];
	const char *name = figures->listener->name;

	if (strncmp(before->name, name, sizeof(before->name) - 1) != 0) {
		snprintf(before->name, sizeof(before->name), "%.*s",
			 (int)sizeof(before->name) - 1, name);
		before->sum = figures->sum;
	}
	return before;
}

static void meet_listener(void *arg, const struct served_figures *figures)
{
	meet(arg, figures);
}

void sampling_meet(struct history_source *source, const struct control *control)
{
	served_each(control, meet_listener, source);
}

static void take_listener(void *arg, const struct served_figures *figures)
{
	struct taking *taking = arg;
	const char *name = figures->listener->name;
	struct before *before = meet(taking->source, figures);
	struct history_point point;
	unsigned int i;

	if (listener_is_hidden(name))
		return;
	sampling_difference(&before->sum, figures, &point);
	before->sum = figures->sum;
	add_spread(taking, name, &point);
	for (i = 0; i < HISTORY_FIELDS; i++)
		taking->total.values[i] += point.values[i];
}

void sampling_take(struct history_source *source, const struct control *control,
		   struct history *history, int64_t now)
{
	struct taking taking = {
		.source = source, .history = history, .now = now, .steps = now - source->last_s
	};

	if (served_plan(control) == NULL || taking.steps <= 0)
		return;
	source->last_s = now;
	if (taking.steps > SPREAD_MAX)
		taking.steps = 1;
	served_each(control, take_listener, &taking);
	add_spread(&taking, "", &taking.total);
}
