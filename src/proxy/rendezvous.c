#include "proxy/rendezvous.h"

#include <string.h>

/* The finalizer of SplitMix64: every bit of the input changes half of the output. */
static uint64_t mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15;
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return value ^ value >> 31;
}

uint64_t rendezvous_hash(uint64_t seed, const struct address *address, bool with_port)
{
	uint64_t parts[2];

	memcpy(parts, address->ip, sizeof(parts));
	seed = mix(seed ^ ((uint64_t)address->family << 16 | (with_port ? address->port : 0)));
	return mix(mix(seed ^ parts[0]) ^ parts[1]);
}

/*
 * -ln of the hash seen as a number between 0 and 1. Written out because libm's log() is three times
 * as dear and a library more: ln x = exponent * ln 2 + 2 artanh((m - 1) / (m + 1)), m within
 * [sqrt 1/2, sqrt 2], where five terms are exact to 1e-9.
 */
static double minus_log(uint64_t hash)
{
	const double ln2 = 0.69314718055994530942;
	uint64_t bits;
	double m = (double)(hash >> 12) + 0.5;
	double z, z2;
	int exponent;

	memcpy(&bits, &m, sizeof(bits));
	exponent = (int)(bits >> 52) - 1023;
	bits = (bits & 0xfffffffffffff) | (uint64_t)1023 << 52;
	memcpy(&m, &bits, sizeof(m));
	if (m > 1.41421356237309504880) {
		m /= 2;
		exponent++;
	}
	z = (m - 1) / (m + 1);
	z2 = z * z;
	return (52 - exponent) * ln2 -
	       2 * z * (1 + z2 * (1.0 / 3 + z2 * (1.0 / 5 + z2 * (1.0 / 7 + z2 / 9))));
}

double rendezvous_cost(uint64_t client_hash, uint64_t server_hash, uint32_t weight)
{
	return minus_log(mix(client_hash ^ server_hash)) / weight;
}
