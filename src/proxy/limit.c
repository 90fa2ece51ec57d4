/*
 * The source table is open addressed with a window: a key lives in one of WINDOW rows behind its
 * hash, and a look-up reads all of them. So a row that counts nothing is free without a tombstone, and
 * other workers may read while the owner writes. A reader looks at the key again after the counters:
 * a row that was given to another source meanwhile does not count.
 */
#include "proxy/limit.h"

#include <string.h>

#define WINDOW 16u

/* --- new connections a second --- */

#define CPS_TICKS 100u /* a second */
#define CPS_COUNT_MASK 0xffffffu

static uint64_t cps_count(uint64_t word, uint64_t tick)
{
	return word >> 24 == tick ? word & CPS_COUNT_MASK : 0;
}

/* Those of the whole second before this tick. */
static uint64_t cps_before(_Atomic uint64_t *ticks, uint64_t tick)
{
	uint64_t sum = 0;
	uint64_t age;

	for (age = 1; age <= CPS_TICKS && age <= tick; age++) {
		_Atomic uint64_t *word = &ticks[(tick - age) & (STATS_CPS_TICKS - 1)];

		sum += cps_count(atomic_load_explicit(word, memory_order_relaxed), tick - age);
	}
	return sum;
}

bool limit_take_cps(struct stats *stats, uint32_t listener, uint32_t cps, uint64_t now_ns)
{
	_Atomic uint64_t *ticks = stats->shared[listener].cps_ticks;
	uint64_t tick = now_ns / (1000000000u / CPS_TICKS);
	_Atomic uint64_t *current = &ticks[tick & (STATS_CPS_TICKS - 1)];
	uint64_t before, count, word;

	if (cps == 0)
		return true;
	before = cps_before(ticks, tick);
	word = atomic_load_explicit(current, memory_order_relaxed);
	do {
		count = cps_count(word, tick);
		if (before + count >= cps)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(current, &word, tick << 24 | (count + 1),
							memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

/* --- sources --- */

static uint64_t rotate(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 of two words (Aumasson and Bernstein, 2012). Keyed, so that nobody can aim many sources
 * at one window. */
static uint64_t sip_hash(const uint64_t key[2], const uint64_t words[2])
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			  key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	const uint64_t last = (uint64_t)16 << 56;
	int i;

	for (i = 0; i < 3; i++) {
		uint64_t word = i < 2 ? words[i] : last;

		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Never 0, which marks a row that was never used. */
static uint64_t source_key(const struct stats *stats, uint32_t listener,
			   const struct address *client)
{
	uint64_t words[2] = { (uint64_t)listener << 8 | client->family, 0 };
	uint64_t key;

	memcpy(&words[1], client->ip, client->family == 4 ? 4 : 8);
	key = sip_hash(stats->source_key, words);
	return key != 0 ? key : 1;
}

static struct stats_source *row_at(struct stats *stats, uint32_t worker, uint64_t key,
				   uint32_t step)
{
	return &stats->worker[worker].sources[(key + step) & (STATS_SOURCES - 1)];
}

static struct stats_source *find_row(struct stats *stats, uint32_t worker, uint64_t key)
{
	uint32_t step;

	for (step = 0; step < WINDOW; step++) {
		struct stats_source *row = row_at(stats, worker, key, step);

		if (atomic_load(&row->key) == key)
			return row;
	}
	return NULL;
}

/* Thousandths of handshakes that began within the last 1000 ms, as far as two counts can tell. */
static uint64_t row_rate(struct stats_source *row, uint64_t now_ms)
{
	uint32_t second = (uint32_t)(now_ms / 1000);
	uint32_t passed_ms = (uint32_t)(now_ms % 1000);
	uint32_t age = second - atomic_load(&row->second);
	uint64_t now, before;

	if (age == UINT32_MAX) /* the owner's clock is already in the next second */
		return ((uint64_t)atomic_load(&row->count) + atomic_load(&row->count_before)) *
		       1000;
	if (age > 1)
		return 0;
	before = atomic_load(age == 0 ? &row->count_before : &row->count);
	now = age == 0 ? atomic_load(&row->count) : 0;
	return now * 1000 + before * (1000 - passed_ms);
}

static bool row_is_idle(struct stats_source *row)
{
	return atomic_load(&row->connections) == 0 && atomic_load(&row->handshakes) == 0;
}

/* Owner only. A row that only remembers a rate is taken when there is no better one. */
static struct stats_source *claim_row(struct stats *stats, uint32_t worker, uint64_t key,
				      uint64_t now_ms)
{
	struct stats_source *row, *idle = NULL;
	uint32_t step;

	for (step = 0; step < WINDOW; step++) {
		row = row_at(stats, worker, key, step);
		if (!row_is_idle(row))
			continue;
		if (atomic_load(&row->key) == 0 || row_rate(row, now_ms) == 0)
			break;
		if (idle == NULL)
			idle = row;
	}
	row = step < WINDOW ? row : idle;
	if (row == NULL)
		return NULL;
	atomic_store(&row->key, 0);
	atomic_store(&row->second, 0);
	atomic_store(&row->count, 0);
	atomic_store(&row->count_before, 0);
	atomic_store(&row->key, key);
	return row;
}

/* Owner only: begins a new second where one has begun. */
static void row_turn(struct stats_source *row, uint64_t now_ms)
{
	uint32_t second = (uint32_t)(now_ms / 1000);
	uint32_t age = second - atomic_load(&row->second);

	if (age == 0)
		return;
	atomic_store(&row->count_before, age == 1 ? atomic_load(&row->count) : 0);
	atomic_store(&row->count, 0);
	atomic_store(&row->second, second);
}

static void row_add(struct stats_source *row, bool handshake, uint64_t now_ms)
{
	atomic_fetch_add(&row->connections, 1);
	if (!handshake)
		return;
	row_turn(row, now_ms);
	atomic_fetch_add(&row->handshakes, 1);
	atomic_fetch_add(&row->count, 1);
}

struct source_sum {
	uint32_t connections, handshakes;
	uint64_t rate; /* in thousandths */
};

static struct source_sum sum_rows(struct stats *stats, uint64_t key, uint64_t now_ms)
{
	struct source_sum sum = { 0 };
	uint32_t worker;

	for (worker = 0; worker < stats->workers; worker++) {
		struct stats_source *row = find_row(stats, worker, key);
		struct source_sum one;

		if (row == NULL)
			continue;
		one.connections = atomic_load(&row->connections);
		one.handshakes = atomic_load(&row->handshakes);
		one.rate = row_rate(row, now_ms);
		if (atomic_load(&row->key) != key)
			continue;
		sum.connections += one.connections;
		sum.handshakes += one.handshakes;
		sum.rate += one.rate;
	}
	return sum;
}

static enum limit_answer judge(const struct source_sum *sum, const struct limit_rules *rules,
			       bool handshake)
{
	if (rules->max_connections > 0 && sum->connections > rules->max_connections)
		return LIMIT_CONNECTIONS;
	if (!handshake)
		return LIMIT_OK;
	if (rules->max_handshakes > 0 && sum->handshakes > rules->max_handshakes)
		return LIMIT_HANDSHAKES;
	if (rules->max_handshake_rate > 0 && sum->rate / 1000 > rules->max_handshake_rate)
		return LIMIT_HANDSHAKE_RATE;
	return LIMIT_OK;
}

static bool rules_are_set(const struct limit_rules *rules, bool handshake)
{
	return rules->max_connections > 0 ||
	       (handshake && (rules->max_handshakes > 0 || rules->max_handshake_rate > 0));
}

enum limit_answer limit_take_source(struct stats *stats, uint32_t worker, uint32_t listener,
				    const struct address *client, const struct limit_rules *rules,
				    bool handshake, uint64_t now_ms,
				    struct limit_source *ret_source)
{
	struct limit_source source = { 0 };
	struct source_sum sum;
	enum limit_answer answer;
	uint64_t key = 0;

	if (rules_are_set(rules, handshake) && client->family != 0) {
		key = source_key(stats, listener, client);
		source.row = find_row(stats, worker, key);
		if (source.row == NULL)
			source.row = claim_row(stats, worker, key, now_ms);
	}
	if (source.row != NULL) {
		source.handshaking = handshake;
		row_add(source.row, handshake, now_ms);
		sum = sum_rows(stats, key, now_ms);
		answer = judge(&sum, rules, handshake);
		if (answer != LIMIT_OK) {
			if (handshake) /* a refused one does not count: the rate recovers */
				atomic_fetch_sub(&source.row->count, 1);
			limit_source_release(&source);
			return answer;
		}
	}
	*ret_source = source;
	return LIMIT_OK;
}

static void give_back(_Atomic uint32_t *counter)
{
	/* A row of ours is never cleared under us, but a wrapped gauge would lock a source out. */
	if (atomic_load(counter) > 0)
		atomic_fetch_sub(counter, 1);
}

void limit_source_handshake_done(struct limit_source *source)
{
	if (source->row != NULL && source->handshaking)
		give_back(&source->row->handshakes);
	source->handshaking = false;
}

void limit_source_release(struct limit_source *source)
{
	limit_source_handshake_done(source);
	if (source->row != NULL)
		give_back(&source->row->connections);
	source->row = NULL;
}
