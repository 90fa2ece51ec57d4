/*
 * proxy/chain_cache.h - chains that were verified already, by what was presented and against what.
 *
 * A hit saves parsing and signatures, nothing else: time, revocation and rules are asked again by
 * admission on every hit. Bounded; a full set forgets its oldest entry.
 */
#ifndef SALLYPORT_PROXY_CHAIN_CACHE_H
#define SALLYPORT_PROXY_CHAIN_CACHE_H

#include <stdint.h>
#include "admission/admission.h"

#define CHAIN_CACHE_SETS 2048u /* a power of two */
#define CHAIN_CACHE_WAYS 4u

struct chain_key {
	uint8_t chain[32]; /* admission_chain_hash() */
	uint8_t trust[32]; /* content hash of the listener's CA certificates */
	uint32_t depth;	   /* CaDepth: another limit, another verdict */
};

struct chain_cache;

struct chain_cache *chain_cache_new(void);
/* Borrowed; NULL when it is not there. */
struct admission_record *chain_cache_find(struct chain_cache *cache, const struct chain_key *key);
/* Takes a reference of its own. */
void chain_cache_put(struct chain_cache *cache, const struct chain_key *key,
		     struct admission_record *record);
void chain_cache_clear(struct chain_cache *cache);

#endif
