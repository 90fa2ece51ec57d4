/* What one look-up in a table of revoked serials costs: usage: revocation_lookup [ENTRIES]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>

#include "base/monotime.h"
#include "x509/revocation.h"

#define LOOK_UPS 1000000

static struct revocation_entry *random_entries(size_t count)
{
	struct revocation_entry *entries = calloc(count, sizeof(*entries));
	uint8_t serial[16];
	size_t i;

	if (entries == NULL)
		exit(1);
	for (i = 0; i < count; i++) {
		RAND_bytes(serial, sizeof(serial));
		serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
		if (!revocation_entry_make((struct bytes){ serial, sizeof(serial) }, 1, &entries[i]))
			exit(1);
	}
	qsort(entries, count, sizeof(*entries), revocation_entry_compare);
	return entries;
}

/* In an order that no cache can guess; every second one is not revoked. */
static double look_up(const struct revocation *table, const struct revocation_entry *entries,
		      size_t count, const uint8_t key[REVOCATION_KEY_SIZE])
{
	uint64_t start = monotime_us(), state = 88172645463325252u;
	size_t i, found = 0;

	for (i = 0; i < LOOK_UPS; i++) {
		uint8_t serial[REVOCATION_SERIAL_SIZE];
		const struct revocation_entry *entry;
		int64_t when;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		entry = &entries[state % count];
		memcpy(serial, entry->serial, sizeof(serial));
		serial[15] = (uint8_t)(serial[15] ^ (i & 1));
		found += revocation_find(table, key, (struct bytes){ serial, entry->len }, 2,
					 &when) == REVOCATION_REVOKED;
	}
	if (found < LOOK_UPS / 2)
		exit(1);
	return (double)(monotime_us() - start) / LOOK_UPS;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 500000;
	uint8_t key[REVOCATION_KEY_SIZE] = { 1 };
	struct revocation_builder *builder = revocation_builder_new();
	struct revocation_entry *entries;
	struct buffer bytes = { 0 };
	struct revocation table;
	struct error err;
	double us;

	if (count == 0)
		return 1;
	entries = random_entries(count);
	revocation_builder_add_issuer(builder, key, "bench", entries, count, 0);
	if (revocation_builder_finish(builder, &bytes, &err) < 0 ||
	    revocation_open(buffer_bytes(&bytes), &table, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	us = look_up(&table, entries, count, key);
	printf("{\"entries\": %zu, \"bytes\": %zu, \"look_up_us\": %.3f}\n", count, bytes.len, us);
	buffer_done(&bytes);
	revocation_builder_free(builder);
	free(entries);
	return 0;
}
