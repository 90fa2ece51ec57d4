/*
 * admin/history_block.h - a run of points, packed into 512 bytes; each block can be read by itself.
 *
 *   0xxxxxxx            x + 1 points like the one before, a step apart
 *   10000000 mask diff* a step later; for each bit of the mask the difference, zigzag; all varints
 *   11000000 steps      so many steps without a point are left out in front of the next
 *
 * It begins with a point as differences from zero.
 */
#ifndef SALLYPORT_ADMIN_HISTORY_BLOCK_H
#define SALLYPORT_ADMIN_HISTORY_BLOCK_H

#include <stdbool.h>
#include "admin/history.h"

#define HISTORY_BLOCK_ROOM 490

struct history_block {
	int64_t start_s, end_s;
	uint16_t used;
	uint16_t last;  /* where the last control byte stands */
	uint8_t data[HISTORY_BLOCK_ROOM];
};

void history_block_begin(struct history_block *block, const struct history_point *point);
/* before: the values of its last point. false: it has no room, or the time does not fit (begin
 * another block). */
bool history_block_put(struct history_block *block, int64_t step_s, const uint64_t *before,
		       const struct history_point *point);
int64_t history_block_end(const struct history_block *block);
void history_block_each(const struct history_block *block, int64_t step_s, int64_t after,
			void (*each)(void *arg, const struct history_point *point), void *arg);

#endif
