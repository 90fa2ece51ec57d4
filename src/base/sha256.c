/* FIPS 180-4, sections 4.1.2, 5 and 6.2, on bytes. */
#include "base/sha256.h"

#include <string.h>

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t value, unsigned int by)
{
	return value >> by | value << (32 - by);
}

static uint32_t load_big_endian(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void store_big_endian(uint8_t *to, uint64_t value, size_t size)
{
	while (size > 0) {
		to[--size] = (uint8_t)value;
		value >>= 8;
	}
}

static void expand(const uint8_t *block, uint32_t schedule[64])
{
	size_t i;

	for (i = 0; i < 16; i++)
		schedule[i] = load_big_endian(block + 4 * i);
	for (; i < 64; i++) {
		uint32_t a = schedule[i - 15], b = schedule[i - 2];

		schedule[i] = schedule[i - 16] + schedule[i - 7] +
			      (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
			      (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t schedule[64], a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	size_t i;

	expand(block, schedule);
	for (i = 0; i < 64; i++) {
		uint32_t one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			       ((e & f) ^ (~e & g)) + constants[i] + schedule[i];
		uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			       ((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + one;
		d = c;
		c = b;
		b = a;
		a = one + two;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256_init(struct sha256 *hash)
{
	static const struct sha256 start = { .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
							0xa54ff53a, 0x510e527f, 0x9b05688c,
							0x1f83d9ab, 0x5be0cd19 } };

	*hash = start;
}

void sha256_update(struct sha256 *hash, const void *data, size_t len)
{
	const uint8_t *at = data;

	if (len == 0)
		return;
	hash->total += len;
	if (hash->used > 0) {
		size_t take = sizeof(hash->block) - hash->used;

		if (take > len)
			take = len;
		memcpy(hash->block + hash->used, at, take);
		hash->used += take;
		at += take;
		len -= take;
		if (hash->used < sizeof(hash->block))
			return;
		compress(hash->state, hash->block);
		hash->used = 0;
	}
	for (; len >= sizeof(hash->block); at += sizeof(hash->block), len -= sizeof(hash->block))
		compress(hash->state, at);
	memcpy(hash->block, at, len);
	hash->used = len;
}

void sha256_final(struct sha256 *hash, uint8_t ret_digest[SHA256_SIZE])
{
	static const uint8_t padding[64] = { 0x80 };
	uint64_t bits = hash->total * 8;
	size_t pad = hash->used < 56 ? 56 - hash->used : 120 - hash->used;
	uint8_t length[8];
	size_t i;

	store_big_endian(length, bits, sizeof(length));
	sha256_update(hash, padding, pad);
	sha256_update(hash, length, sizeof(length));
	for (i = 0; i < 8; i++)
		store_big_endian(ret_digest + 4 * i, hash->state[i], 4);
}
