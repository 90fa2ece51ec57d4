#include "admin/sampling.h"

#include <stdlib.h>
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

struct taking {
	struct history_source *source;
	struct history *history;
	struct history_point point, total;
};

static void take_listener(void *arg, const struct served_figures *figures)
{
	struct taking *taking = arg;
	const char *name = figures->listener->name;
	struct before *before = &taking->source->slots[figures->listener->slot % STATS_LISTENERS];
	unsigned int i;

	if (listener_is_hidden(name))
		return;
	/* What was counted before we began to look belongs to no second. */
	if (strncmp(before->name, name, sizeof(before->name) - 1) != 0) {
		strncpy(before->name, name, sizeof(before->name) - 1);
		before->sum = figures->sum;
	}
	sampling_difference(&before->sum, figures, &taking->point);
	before->sum = figures->sum;
	history_add(taking->history, name, &taking->point);
	for (i = 0; i < HISTORY_FIELDS; i++)
		taking->total.values[i] += taking->point.values[i];
}

void sampling_take(struct history_source *source, const struct control *control,
		   struct history *history, int64_t now)
{
	struct taking taking = { .source = source, .history = history };

	taking.point.time_s = now;
	taking.total.time_s = now;
	if (served_plan(control) == NULL)
		return;
	served_each(control, take_listener, &taking);
	history_add(history, "", &taking.total);
}
