#include "admin/history.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "admin/history_block.h"
#include "base/bytes.h"

#define BUCKETS 2048u
#define NONE UINT32_MAX
#define NAME_SIZE 160
#define SLAB 128u /* blocks that are allocated together */

/* A block in two lists: of its track, and of all blocks of that resolution by age. */
struct links {
	struct track *track;
	uint32_t before, after;	 /* in the track */
	uint32_t older, younger; /* of all; free blocks: younger is the next free one */
};

struct ages {
	uint32_t oldest, youngest;
	uint32_t count;
};

enum which { SECONDS, MINUTES, RESOLUTIONS };

struct track {
	enum which which;
	uint32_t first, last;		 /* blocks */
	int64_t last_s;			 /* of the last point */
	uint64_t values[HISTORY_FIELDS]; /* and what it was */
};

struct series {
	struct series *next; /* in its bucket */
	char name[NAME_SIZE];
	struct track tracks[RESOLUTIONS];
	struct history_point minute; /* being gathered; time_s 0: nothing yet */
};

struct history {
	struct series *buckets[BUCKETS];
	size_t series_count;
	struct history_block **slabs;
	struct links *links;		 /* of all blocks that there may be */
	uint32_t block_max, block_count; /* allowed, allocated */
	uint32_t free;			 /* the first free one */
	struct ages ages[RESOLUTIONS];
};

static const int64_t kept_s[RESOLUTIONS] = { HISTORY_SECONDS_KEPT, HISTORY_MINUTES_KEPT };
static const int64_t step_s[RESOLUTIONS] = { 1, 60 };

static struct history_block *block_at(const struct history *history, uint32_t index)
{
	return &history->slabs[index / SLAB][index % SLAB];
}

struct history *history_new(size_t pool_bytes)
{
	struct history *history = memory_new(sizeof(*history));
	enum which which;

	history->block_max = (uint32_t)(pool_bytes / sizeof(struct history_block) / SLAB * SLAB);
	if (history->block_max == 0)
		history->block_max = SLAB;
	history->slabs = memory_new(history->block_max / SLAB * sizeof(struct history_block *));
	history->links = memory_new(history->block_max * sizeof(*history->links));
	history->free = NONE;
	for (which = SECONDS; which < RESOLUTIONS; which++)
		history->ages[which] = (struct ages){ NONE, NONE, 0 };
	return history;
}

void history_free(struct history *history)
{
	uint32_t i;

	if (history == NULL)
		return;
	for (i = 0; i < BUCKETS; i++) {
		while (history->buckets[i] != NULL) {
			struct series *series = history->buckets[i];

			history->buckets[i] = series->next;
			free(series);
		}
	}
	for (i = 0; i < history->block_count / SLAB; i++)
		free(history->slabs[i]);
	free(history->slabs);
	free(history->links);
	free(history);
}

/* --- blocks --- */

static void release(struct history *history, uint32_t index)
{
	struct links *links = &history->links[index];
	struct track *track = links->track;
	struct ages *ages = &history->ages[track->which];

	*(links->before == NONE ? &track->first : &history->links[links->before].after) =
		links->after;
	*(links->after == NONE ? &track->last : &history->links[links->after].before) =
		links->before;
	*(links->older == NONE ? &ages->oldest : &history->links[links->older].younger) =
		links->younger;
	*(links->younger == NONE ? &ages->youngest : &history->links[links->younger].older) =
		links->older;
	ages->count--;
	links->younger = history->free;
	history->free = index;
}

static void add_slab(struct history *history)
{
	uint32_t i;

	history->slabs[history->block_count / SLAB] =
		memory_new(SLAB * sizeof(struct history_block));
	for (i = 0; i < SLAB; i++) {
		history->links[history->block_count + i].younger = history->free;
		history->free = history->block_count + i;
	}
	history->block_count += SLAB;
}

static void evict(struct history *history)
{
	const struct ages *seconds = &history->ages[SECONDS], *minutes = &history->ages[MINUTES];

	if (minutes->count == 0 || seconds->count > history->block_max / 4)
		release(history, seconds->oldest);
	else
		release(history, minutes->oldest);
}

static struct history_block *append_block(struct history *history, struct track *track)
{
	struct ages *ages = &history->ages[track->which];
	struct links *links;
	uint32_t index;

	if (history->free == NONE && history->block_count < history->block_max)
		add_slab(history);
	if (history->free == NONE)
		evict(history);
	index = history->free;
	links = &history->links[index];
	history->free = links->younger;
	*links = (struct links){ track, track->last, NONE, ages->youngest, NONE };
	*(track->last == NONE ? &track->first : &history->links[track->last].after) = index;
	track->last = index;
	*(ages->youngest == NONE ? &ages->oldest : &history->links[ages->youngest].younger) = index;
	ages->youngest = index;
	ages->count++;
	return block_at(history, index);
}

/* --- series --- */

static uint32_t bucket_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash % BUCKETS;
}

static struct series *find(const struct history *history, const char *name)
{
	struct series *series = history->buckets[bucket_of(name)];

	while (series != NULL && strncmp(series->name, name, NAME_SIZE - 1) != 0)
		series = series->next;
	return series;
}

static struct series *find_or_make(struct history *history, const char *name)
{
	struct series *series = find(history, name);
	uint32_t bucket = bucket_of(name);
	enum which which;

	if (series != NULL)
		return series;
	series = memory_new(sizeof(*series));
	strncpy(series->name, name, NAME_SIZE - 1);
	for (which = SECONDS; which < RESOLUTIONS; which++)
		series->tracks[which] =
			(struct track){ .which = which, .first = NONE, .last = NONE };
	series->next = history->buckets[bucket];
	history->buckets[bucket] = series;
	history->series_count++;
	return series;
}

static void drop_old(struct history *history, struct track *track, int64_t now)
{
	int64_t oldest_s = now - kept_s[track->which];

	while (track->first != NONE &&
	       history_block_end(block_at(history, track->first)) <= oldest_s)
		release(history, track->first);
}

static void track_add(struct history *history, struct track *track,
		      const struct history_point *point)
{
	drop_old(history, track, point->time_s);
	if (track->last == NONE || !history_block_put(block_at(history, track->last),
						      step_s[track->which], track->values, point))
		history_block_begin(append_block(history, track), point);
	track->last_s = point->time_s;
	memcpy(track->values, point->values, sizeof(track->values));
}

/* Minutes end at whole minutes. */
static void gather(struct history *history, struct series *series,
		   const struct history_point *second)
{
	struct history_point *minute = &series->minute;
	int64_t end_s = (second->time_s + 59) / 60 * 60;
	unsigned int i;

	if (minute->time_s != 0 && minute->time_s != end_s) {
		track_add(history, &series->tracks[MINUTES], minute);
		memset(minute, 0, sizeof(*minute));
	}
	minute->time_s = end_s;
	for (i = 0; i < HISTORY_FIELDS; i++)
		minute->values[i] =
			second->values[i] + (i < HISTORY_GAUGES ? 0 : minute->values[i]);
	if (second->time_s == end_s) {
		track_add(history, &series->tracks[MINUTES], minute);
		memset(minute, 0, sizeof(*minute));
	}
}

void history_add(struct history *history, const char *name, const struct history_point *point)
{
	struct series *series = find_or_make(history, name);

	if (point->time_s <= series->tracks[SECONDS].last_s)
		return;
	track_add(history, &series->tracks[SECONDS], point);
	gather(history, series, point);
}

static bool is_over(struct history *history, struct series *series, int64_t now)
{
	drop_old(history, &series->tracks[SECONDS], now);
	drop_old(history, &series->tracks[MINUTES], now);
	return series->tracks[SECONDS].first == NONE && series->tracks[MINUTES].first == NONE &&
	       series->tracks[SECONDS].last_s < now - HISTORY_MINUTES_KEPT;
}

void history_expire(struct history *history, int64_t now)
{
	uint32_t i;

	for (i = 0; i < BUCKETS; i++) {
		struct series **at = &history->buckets[i];

		while (*at != NULL) {
			struct series *series = *at;

			if (!is_over(history, series, now)) {
				at = &series->next;
				continue;
			}
			*at = series->next;
			free(series);
			history->series_count--;
		}
	}
}

void history_each(const struct history *history, const char *name, unsigned int resolution,
		  int64_t after, void (*each)(void *arg, const struct history_point *point),
		  void *arg)
{
	enum which which = resolution == 60 ? MINUTES : SECONDS;
	const struct series *series = find(history, name);
	uint32_t index;

	if (series == NULL)
		return;
	for (index = series->tracks[which].first; index != NONE;
	     index = history->links[index].after) {
		const struct history_block *block = block_at(history, index);

		if (history_block_end(block) > after)
			history_block_each(block, step_s[which], after, each, arg);
	}
}

size_t history_bytes(const struct history *history)
{
	return sizeof(*history) + history->block_max * sizeof(struct links) +
	       history->block_count * sizeof(struct history_block) +
	       history->series_count * sizeof(struct series);
}
