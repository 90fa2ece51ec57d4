/* Edit distance with swapped neighbours (optimal string alignment), letters of either case alike. */
#include "model/nearest.h"

#include <ctype.h>
#include <string.h>

#define LENGTH_MAX 64 /* longer names are never close to anything */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

static unsigned int edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][LENGTH_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2], *recycled;
	size_t i, j;

	for (j = 0; j <= b_len; j++)
		last[j] = (unsigned int)j;
	for (i = 1; i <= a_len; i++) {
		now[0] = (unsigned int)i;
		for (j = 1; j <= b_len; j++) {
			unsigned int cost = lower(a[i - 1]) != lower(b[j - 1]);

			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + cost);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		recycled = before;
		before = last;
		last = now;
		now = recycled;
	}
	return last[b_len];
}

/* A third of the letters may differ: one at least, three at most; a single letter must be right. */
struct nearest nearest_begin(const char *wanted)
{
	size_t len = strlen(wanted);
	unsigned int allowed = len < 2 ? 0 : len < 6 ? 1 : least((unsigned int)(len / 3), 3);

	return (struct nearest){ wanted, NULL, allowed + 1 };
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	size_t wanted_len = strlen(nearest->wanted), len = strlen(name);
	unsigned int distance;

	if (wanted_len > LENGTH_MAX || len > LENGTH_MAX)
		return;
	distance = edit_distance(nearest->wanted, wanted_len, name, len);
	if (distance < nearest->distance) {
		nearest->distance = distance;
		nearest->best = name;
	}
}
