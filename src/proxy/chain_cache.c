#include "proxy/chain_cache.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct chain_key key;
	struct admission_record *record;
};

struct chain_cache {
	struct entry sets[CHAIN_CACHE_SETS][CHAIN_CACHE_WAYS]; /* newest first in each */
};

struct chain_cache *chain_cache_new(void)
{
	return memory_new(sizeof(struct chain_cache));
}

void chain_cache_clear(struct chain_cache *cache)
{
	unsigned int set, way;

	for (set = 0; set < CHAIN_CACHE_SETS; set++)
		for (way = 0; way < CHAIN_CACHE_WAYS; way++) {
			admission_record_unref(cache->sets[set][way].record);
			cache->sets[set][way].record = NULL;
		}
}

/* The chain hash is a SHA-256: its first bytes spread well, and a client cannot choose them. */
static struct entry *set_of(struct chain_cache *cache, const struct chain_key *key)
{
	uint32_t start;

	memcpy(&start, key->chain, sizeof(start));
	return cache->sets[start & (CHAIN_CACHE_SETS - 1)];
}

static bool key_equal(const struct chain_key *a, const struct chain_key *b)
{
	return memcmp(a->chain, b->chain, 32) == 0 && memcmp(a->trust, b->trust, 32) == 0 &&
	       a->depth == b->depth;
}

struct admission_record *chain_cache_find(struct chain_cache *cache, const struct chain_key *key)
{
	struct entry *set = set_of(cache, key);
	unsigned int way;

	for (way = 0; way < CHAIN_CACHE_WAYS; way++)
		if (set[way].record != NULL && key_equal(&set[way].key, key))
			return set[way].record;
	return NULL;
}

void chain_cache_put(struct chain_cache *cache, const struct chain_key *key,
		     struct admission_record *record)
{
	struct entry *set = set_of(cache, key);

	admission_record_unref(set[CHAIN_CACHE_WAYS - 1].record);
	memmove(&set[1], &set[0], (CHAIN_CACHE_WAYS - 1) * sizeof(*set));
	set[0].key = *key;
	set[0].record = admission_record_ref(record);
}
