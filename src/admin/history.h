/*
 * admin/history.h - figures of the past: a point a second for an hour, a point a minute for 7 days.
 *
 * Series have names: a listener of the document, or "" for all together. Points are packed: a byte
 * for up to 128 points that are all like the one before, else a mask of what changed and the
 * differences. So a quiet listener takes two blocks, and a busy one about 15 bytes a point. Blocks
 * come from one pool with a limit; when it is full the oldest block of all seconds goes, and of all
 * minutes once seconds have less than a quarter of the pool. Nothing else grows: with 1,000
 * listeners it stays under 16 MB, whatever they do, and busy ones reach less far back. It is in
 * memory only: a restart of control begins anew. Time is a parameter.
 */
#ifndef SALLYPORT_ADMIN_HISTORY_H
#define SALLYPORT_ADMIN_HISTORY_H

#include <stddef.h>
#include <stdint.h>
#include "stats/stats.h"

#define HISTORY_POOL_BYTES ((size_t)14 << 20)
#define HISTORY_SECONDS_KEPT 3600
#define HISTORY_MINUTES_KEPT (7 * 24 * 3600)

enum history_field {
	HISTORY_ACTIVE, /* gauges: the value at the end of the second or minute */
	HISTORY_SERVERS,
	HISTORY_HEALTHY,
	HISTORY_GAUGES, /* counts: how many in it */
	HISTORY_CONNECTIONS = HISTORY_GAUGES,
	HISTORY_FULL,
	HISTORY_RESUMED,
	HISTORY_REFUSED,
	HISTORY_ABORTED,
	HISTORY_DROPPED,
	HISTORY_BYTES_IN,
	HISTORY_BYTES_OUT,
	HISTORY_REASONS, /* by enum reason */
	HISTORY_FIELDS = HISTORY_REASONS + STATS_REASONS
};

struct history_point {
	int64_t time_s; /* its end */
	uint64_t values[HISTORY_FIELDS];
};

struct history;

struct history *history_new(size_t pool_bytes);
void history_free(struct history *history); /* NULL is fine */

/* One second of a series. A time that is not later than the last one is left out. */
void history_add(struct history *history, const char *name, const struct history_point *point);
/* Drops series that had no point for longer than minutes are kept. */
void history_expire(struct history *history, int64_t now);

/* Points of one resolution (1 or 60) with a time above after, oldest first. */
void history_each(const struct history *history, const char *name, unsigned int resolution,
		  int64_t after, void (*each)(void *arg, const struct history_point *point),
		  void *arg);
size_t history_bytes(const struct history *history); /* of memory, in all */

#endif
