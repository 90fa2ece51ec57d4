#include "certs/ocsp_cache.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 2048
#define NOBODY UINT16_MAX

/* Slots are linked twice: in the chain of their bucket, and in the order of their use. */
struct slot {
	struct ocsp_kept kept;
	uint16_t next; /* of the bucket */
	uint16_t newer, older;
};

struct ocsp_cache {
	struct slot slots[OCSP_CACHE_SIZE];
	uint16_t buckets[BUCKETS];
	uint16_t used;
	uint16_t newest, oldest;
};

static uint16_t *bucket_of(struct ocsp_cache *cache, const uint8_t *question)
{
	return &cache->buckets[((unsigned int)question[0] << 8 | question[1]) % BUCKETS];
}

static void forget_all(struct ocsp_cache *cache)
{
	memset(cache->buckets, 0xff, sizeof(cache->buckets));
	cache->used = 0;
	cache->newest = cache->oldest = NOBODY;
}

struct ocsp_cache *ocsp_cache_new(void)
{
	struct ocsp_cache *cache = memory_new(sizeof(*cache));

	forget_all(cache);
	return cache;
}

void ocsp_cache_clear(struct ocsp_cache *cache)
{
	uint16_t i;

	for (i = 0; i < cache->used; i++)
		buffer_done(&cache->slots[i].kept.der);
	forget_all(cache);
}

void ocsp_cache_free(struct ocsp_cache *cache)
{
	if (cache == NULL)
		return;
	ocsp_cache_clear(cache);
	free(cache);
}

/* --- order of use --- */

static void leave_order(struct ocsp_cache *cache, uint16_t i)
{
	const struct slot *slot = &cache->slots[i];

	if (slot->newer == NOBODY)
		cache->newest = slot->older;
	else
		cache->slots[slot->newer].older = slot->older;
	if (slot->older == NOBODY)
		cache->oldest = slot->newer;
	else
		cache->slots[slot->older].newer = slot->newer;
}

static void become_newest(struct ocsp_cache *cache, uint16_t i)
{
	struct slot *slot = &cache->slots[i];

	slot->newer = NOBODY;
	slot->older = cache->newest;
	if (cache->newest == NOBODY)
		cache->oldest = i;
	else
		cache->slots[cache->newest].newer = i;
	cache->newest = i;
}

/* --- buckets --- */

static uint16_t find_slot(struct ocsp_cache *cache, const uint8_t *question)
{
	uint16_t i = *bucket_of(cache, question);

	while (i != NOBODY && memcmp(cache->slots[i].kept.question, question, SHA256_SIZE) != 0)
		i = cache->slots[i].next;
	return i;
}

static void leave_bucket(struct ocsp_cache *cache, uint16_t i)
{
	uint16_t *at = bucket_of(cache, cache->slots[i].kept.question);

	while (*at != i)
		at = &cache->slots[*at].next;
	*at = cache->slots[i].next;
}

static void enter_bucket(struct ocsp_cache *cache, uint16_t i)
{
	uint16_t *at = bucket_of(cache, cache->slots[i].kept.question);

	cache->slots[i].next = *at;
	*at = i;
}

const struct ocsp_kept *ocsp_cache_find(struct ocsp_cache *cache,
					const uint8_t question[SHA256_SIZE], uint64_t changes,
					int64_t now)
{
	uint16_t i = find_slot(cache, question);
	const struct ocsp_kept *kept;

	if (i == NOBODY)
		return NULL;
	kept = &cache->slots[i].kept;
	/* A clock that was set back makes an answer of the future: sign a new one. */
	if (kept->changes != changes || now >= kept->until_s || now < kept->produced_s)
		return NULL;
	leave_order(cache, i);
	become_newest(cache, i);
	return kept;
}

static uint16_t take_slot(struct ocsp_cache *cache, const uint8_t *question)
{
	uint16_t i = find_slot(cache, question);

	if (i == NOBODY && cache->used < OCSP_CACHE_SIZE)
		return cache->used++;
	if (i == NOBODY)
		i = cache->oldest;
	leave_order(cache, i);
	leave_bucket(cache, i);
	buffer_done(&cache->slots[i].kept.der);
	return i;
}

void ocsp_cache_put(struct ocsp_cache *cache, const struct ocsp_kept *kept)
{
	uint16_t i = take_slot(cache, kept->question);
	struct slot *slot = &cache->slots[i];

	slot->kept = *kept;
	slot->kept.der = (struct buffer){ 0 };
	buffer_append(&slot->kept.der, kept->der.data, kept->der.len);
	enter_bucket(cache, i);
	become_newest(cache, i);
}
