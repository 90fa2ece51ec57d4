#include "certs/sign_budget.h"

#include <stddef.h>
#include "net/address.h"

#define PLACES 1024

/* What was spent and is not earned back yet. */
static struct place {
	uint64_t spent_us, at_us;
} places[PLACES];

/* FNV-1a */
static struct place *place_of(const char *from)
{
	char source[ADDRESS_TEXT_SIZE];
	uint32_t hash = 2166136261u;
	const char *at;

	address_limit_name(from, source);
	for (at = source; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	return &places[(hash ^ hash >> 16) % PLACES];
}

static void earn_back(struct place *place, uint64_t now_us)
{
	uint64_t passed = now_us > place->at_us ? now_us - place->at_us : 0;
	uint64_t earned = passed / (1000000 / SIGN_BUDGET_US_PER_S);

	place->spent_us -= earned < place->spent_us ? earned : place->spent_us;
	place->at_us = now_us;
}

bool sign_budget_has(const char *source, uint64_t now_us)
{
	struct place *place = place_of(source);

	earn_back(place, now_us);
	return place->spent_us < SIGN_BUDGET_BURST_US;
}

void sign_budget_spend(const char *source, uint64_t now_us, uint64_t us)
{
	struct place *place = place_of(source);

	earn_back(place, now_us);
	place->spent_us += us;
}
