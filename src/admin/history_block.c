#include "admin/history_block.h"

#include <string.h>

#define CHANGED 0x80u
#define SKIPPED 0xc0u
#define RUN_MAX 127u  /* + 1 */
#define NUMBER_MAX 10 /* bytes of a varint */
/* A change of every field behind a gap: always fits into an empty block. */
#define RECORD_MAX (2 + NUMBER_MAX + (HISTORY_FIELDS + 6) / 7 + HISTORY_FIELDS * NUMBER_MAX)

_Static_assert(RECORD_MAX <= HISTORY_BLOCK_ROOM, "a point fits into a block");
_Static_assert(HISTORY_FIELDS <= 64, "the mask is a number");

static size_t put_number(uint8_t *out, uint64_t number)
{
	size_t used = 0;

	while (number >= 0x80) {
		out[used++] = (uint8_t)(number | 0x80);
		number >>= 7;
	}
	out[used++] = (uint8_t)number;
	return used;
}

static uint64_t take_number(const uint8_t **at)
{
	uint64_t number = 0;
	unsigned int shift = 0;

	while (**at & 0x80) {
		number |= (uint64_t)(*(*at)++ & 0x7f) << shift;
		shift += 7;
	}
	return number | (uint64_t) * (*at)++ << shift;
}

static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (0 - (difference >> 63));
}

static uint64_t unzigzag(uint64_t number)
{
	return number >> 1 ^ (0 - (number & 1));
}

static size_t put_change(uint8_t *out, const uint64_t *before, const uint64_t *values)
{
	uint64_t mask = 0;
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < HISTORY_FIELDS; i++)
		if (values[i] != before[i])
			mask |= UINT64_C(1) << i;
	out[used++] = CHANGED;
	used += put_number(out + used, mask);
	for (i = 0; i < HISTORY_FIELDS; i++)
		if (mask >> i & 1)
			used += put_number(out + used, zigzag(values[i] - before[i]));
	return used;
}

static void take_change(const uint8_t **at, uint64_t *values)
{
	uint64_t mask = take_number(at);
	unsigned int i;

	for (i = 0; i < HISTORY_FIELDS; i++)
		if (mask >> i & 1)
			values[i] += unzigzag(take_number(at));
}

void history_block_begin(struct history_block *block, const struct history_point *point)
{
	static const uint64_t zero[HISTORY_FIELDS];

	block->start_s = point->time_s;
	block->end_s = point->time_s;
	block->last = 0;
	block->used = (uint16_t)put_change(block->data, zero, point->values);
}

int64_t history_block_end(const struct history_block *block)
{
	return block->end_s;
}

bool history_block_put(struct history_block *block, int64_t step_s, const uint64_t *before,
		       const struct history_point *point)
{
	int64_t ahead_s = point->time_s - block->end_s;
	uint8_t record[RECORD_MAX];
	size_t length = 0, last_at;

	if (ahead_s <= 0 || ahead_s % step_s != 0)
		return false;
	if (ahead_s > step_s) {
		record[length++] = SKIPPED;
		length += put_number(record + length, (uint64_t)(ahead_s / step_s - 1));
	}
	last_at = length;
	if (memcmp(before, point->values, sizeof(point->values)) == 0) {
		if (length == 0 && block->data[block->last] < RUN_MAX) {
			block->data[block->last]++;
			block->end_s = point->time_s;
			return true;
		}
		record[length++] = 0;
	} else {
		length += put_change(record + length, before, point->values);
	}
	if (block->used + length > HISTORY_BLOCK_ROOM)
		return false;
	memcpy(block->data + block->used, record, length);
	block->last = (uint16_t)(block->used + last_at);
	block->used = (uint16_t)(block->used + length);
	block->end_s = point->time_s;
	return true;
}

void history_block_each(const struct history_block *block, int64_t step_s, int64_t after,
			void (*each)(void *arg, const struct history_point *point), void *arg)
{
	struct history_point point = { .time_s = block->start_s - step_s };
	const uint8_t *at = block->data, *end = block->data + block->used;

	while (at < end) {
		uint8_t control = *at++;
		unsigned int count = 1;

		if (control == SKIPPED) {
			point.time_s += (int64_t)take_number(&at) * step_s;
			continue;
		}
		if (control == CHANGED)
			take_change(&at, point.values);
		else
			count = control + 1u;
		for (; count > 0; count--) {
			point.time_s += step_s;
			if (point.time_s > after)
				each(arg, &point);
		}
	}
}
