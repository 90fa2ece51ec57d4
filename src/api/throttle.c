#include "api/throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "net/address.h"

#define SOURCES 1024

struct bucket {
	char source[64]; /* "": free */
	uint64_t at_ms;
	uint64_t milli; /* thousandths of an event that may come */
};

struct throttle {
	unsigned int per_second;
	uint64_t full;
	struct bucket buckets[SOURCES];
};

struct throttle *throttle_new(unsigned int per_second, unsigned int burst)
{
	struct throttle *throttle = memory_new(sizeof(*throttle));

	throttle->per_second = per_second;
	throttle->full = (uint64_t)burst * 1000;
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	free(throttle);
}

/* The bucket of a source, filled up to now. */
static struct bucket *find(struct throttle *throttle, const char *from, uint64_t now_ms)
{
	struct bucket *oldest = &throttle->buckets[0];
	char source[ADDRESS_TEXT_SIZE];
	size_t i;

	address_limit_name(from, source);
	for (i = 0; i < SOURCES; i++) {
		struct bucket *bucket = &throttle->buckets[i];

		if (strncmp(bucket->source, source, sizeof(bucket->source) - 1) == 0) {
			bucket->milli += (now_ms - bucket->at_ms) * throttle->per_second;
			if (bucket->milli > throttle->full)
				bucket->milli = throttle->full;
			bucket->at_ms = now_ms;
			return bucket;
		}
		if (bucket->at_ms < oldest->at_ms)
			oldest = bucket;
	}
	snprintf(oldest->source, sizeof(oldest->source), "%s", source);
	oldest->at_ms = now_ms;
	oldest->milli = throttle->full;
	return oldest;
}

bool throttle_take(struct throttle *throttle, const char *source, uint64_t now_ms)
{
	struct bucket *bucket = find(throttle, source, now_ms);

	if (bucket->milli < 1000)
		return false;
	bucket->milli -= 1000;
	return true;
}
