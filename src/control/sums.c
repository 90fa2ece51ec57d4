#include "control/sums.h"

#include <string.h>

/* Both structs hold nothing but uint64_t. */
static void add(uint64_t *sum, const uint64_t *one, size_t size)
{
	size_t i;

	for (i = 0; i < size / sizeof(*sum); i++)
		sum[i] += one[i];
}

void sums_listener(const struct stats *stats, uint32_t slot, struct stats_listener *ret_sum)
{
	uint32_t w;

	memset(ret_sum, 0, sizeof(*ret_sum));
	for (w = 0; stats != NULL && slot < STATS_LISTENERS && w < stats->workers; w++)
		add((uint64_t *)ret_sum, (const uint64_t *)&stats->worker[w].listeners[slot],
		    sizeof(*ret_sum));
}

void sums_server(const struct stats *stats, uint32_t slot, struct stats_server *ret_sum)
{
	uint32_t w;

	memset(ret_sum, 0, sizeof(*ret_sum));
	for (w = 0; stats != NULL && slot < STATS_SERVERS && w < stats->workers; w++)
		add((uint64_t *)ret_sum, (const uint64_t *)&stats->worker[w].servers[slot],
		    sizeof(*ret_sum));
}
