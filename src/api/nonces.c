/*
 * A hash table whose entries also hang in one list for each minute of their end: forgetting is cutting
 * off whole minutes.
 */
#include "api/nonces.h"

#include <openssl/rand.h>
#include <openssl/siphash.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define SLOT_S 60
#define SLOTS (NONCE_KEEP_MAX_S / SLOT_S + 2)
#define NONE UINT32_MAX

struct entry {
	uint64_t hash[2]; /* 128 bits of a keyed hash stand for key and nonce */
	uint32_t next_in_bucket, next_in_slot;
};

struct slot {
	int64_t minute; /* which it stands for */
	uint32_t first;
};

struct nonces {
	uint64_t keys[2][2];
	struct entry *entries;
	uint32_t *buckets;
	uint32_t limit, mask, free, used;
	struct slot slots[SLOTS];
};

struct nonces *nonces_new(uint32_t limit)
{
	struct nonces *nonces = memory_new(sizeof(*nonces));
	uint32_t size = 1, i;

	while (size < limit)
		size *= 2;
	RAND_bytes((uint8_t *)nonces->keys, sizeof(nonces->keys));
	nonces->limit = limit;
	nonces->mask = size - 1;
	nonces->entries = memory_new(limit * sizeof(*nonces->entries));
	nonces->buckets = memory_new(size * sizeof(*nonces->buckets));
	memset(nonces->buckets, 0xff, size * sizeof(*nonces->buckets));
	for (i = 0; i < SLOTS; i++)
		nonces->slots[i] = (struct slot){ 0, NONE };
	nonces->free = NONE;
	return nonces;
}

void nonces_free(struct nonces *nonces)
{
	if (nonces == NULL)
		return;
	free(nonces->entries);
	free(nonces->buckets);
	free(nonces);
}

static void hash_of(const struct nonces *nonces, const char *access_key, const char *nonce,
		    uint64_t ret_hash[2])
{
	struct buffer text = { 0 };

	buffer_append(&text, access_key, strlen(access_key) + 1);
	buffer_append(&text, nonce, strlen(nonce));
	ret_hash[0] = SIPHASH_24(nonces->keys[0], text.data, text.len);
	ret_hash[1] = SIPHASH_24(nonces->keys[1], text.data, text.len);
	buffer_done(&text);
}

static void unlink_from_bucket(struct nonces *nonces, uint32_t which)
{
	uint32_t *link = &nonces->buckets[nonces->entries[which].hash[0] & nonces->mask];

	while (*link != which)
		link = &nonces->entries[*link].next_in_bucket;
	*link = nonces->entries[which].next_in_bucket;
}

static void empty_slot(struct nonces *nonces, struct slot *slot)
{
	while (slot->first != NONE) {
		uint32_t which = slot->first;

		slot->first = nonces->entries[which].next_in_slot;
		unlink_from_bucket(nonces, which);
		nonces->entries[which].next_in_slot = nonces->free;
		nonces->free = which;
	}
}

static void forget(struct nonces *nonces, int64_t now)
{
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		if (nonces->slots[i].minute < now / SLOT_S)
			empty_slot(nonces, &nonces->slots[i]);
	}
}

static bool is_known(const struct nonces *nonces, const uint64_t hash[2])
{
	uint32_t which = nonces->buckets[hash[0] & nonces->mask];

	for (; which != NONE; which = nonces->entries[which].next_in_bucket) {
		if (memcmp(nonces->entries[which].hash, hash, sizeof(uint64_t[2])) == 0)
			return true;
	}
	return false;
}

static uint32_t take_entry(struct nonces *nonces)
{
	uint32_t which = nonces->free;

	if (which != NONE)
		nonces->free = nonces->entries[which].next_in_slot;
	else if (nonces->used < nonces->limit)
		which = nonces->used++;
	return which;
}

static void link_entry(struct nonces *nonces, uint32_t which, const uint64_t hash[2],
		       int64_t minute)
{
	struct entry *entry = &nonces->entries[which];
	uint32_t *bucket = &nonces->buckets[hash[0] & nonces->mask];
	struct slot *slot = &nonces->slots[(uint64_t)minute % SLOTS];

	if (slot->minute != minute)
		empty_slot(nonces, slot);
	slot->minute = minute;
	memcpy(entry->hash, hash, sizeof(entry->hash));
	entry->next_in_bucket = *bucket;
	*bucket = which;
	entry->next_in_slot = slot->first;
	slot->first = which;
}

enum nonce_answer nonces_take(struct nonces *nonces, const char *access_key, const char *nonce,
			      int64_t now, int64_t keep_until)
{
	uint64_t hash[2];
	uint32_t which;

	if (keep_until > now + NONCE_KEEP_MAX_S)
		keep_until = now + NONCE_KEEP_MAX_S;
	hash_of(nonces, access_key, nonce, hash);
	forget(nonces, now);
	if (is_known(nonces, hash))
		return NONCE_SEEN;
	which = take_entry(nonces);
	if (which == NONE)
		return NONCE_FULL;
	link_entry(nonces, which, hash, keep_until / SLOT_S);
	return NONCE_NEW;
}
