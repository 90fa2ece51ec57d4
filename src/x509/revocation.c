/* Look-ups. The table was checked as a whole when it was opened; nothing here allocates. */
#include "x509/revocation_internal.h"

#include <string.h>

struct layout {
	struct revocation_header header;
	const uint8_t *rows;
	const uint8_t *entries;
};

static bool read_layout(struct bytes bytes, struct layout *ret)
{
	uint64_t rest;

	if (bytes.len < sizeof(ret->header))
		return false;
	memcpy(&ret->header, bytes.data, sizeof(ret->header));
	rest = bytes.len - sizeof(ret->header);
	if (memcmp(ret->header.magic, REVOCATION_MAGIC, sizeof(ret->header.magic)) != 0 ||
	    ret->header.issuer_count > rest / sizeof(struct revocation_row))
		return false;
	ret->rows = bytes.data + sizeof(ret->header);
	rest -= ret->header.issuer_count * sizeof(struct revocation_row);
	ret->entries = ret->rows + ret->header.issuer_count * sizeof(struct revocation_row);
	return rest % sizeof(struct revocation_entry) == 0 &&
	       ret->header.entry_count == rest / sizeof(struct revocation_entry);
}

static struct revocation_row row_at(const struct layout *layout, size_t i)
{
	struct revocation_row row;

	memcpy(&row, layout->rows + i * sizeof(row), sizeof(row));
	return row;
}

static bool row_is_sound(const struct layout *layout, size_t i)
{
	struct revocation_row row = row_at(layout, i);

	if (row.first > layout->header.entry_count ||
	    row.count > layout->header.entry_count - row.first ||
	    memchr(row.name, '\0', sizeof(row.name)) == NULL)
		return false;
	return i == 0 || memcmp(layout->rows + (i - 1) * sizeof(row), row.key, sizeof(row.key)) < 0;
}

int revocation_open(struct bytes bytes, struct revocation *ret_table, struct error *err)
{
	struct layout layout;
	size_t i;

	if (!read_layout(bytes, &layout))
		return error_set(err, ERROR_INVALID, "the revocation table is damaged");
	for (i = 0; i < layout.header.issuer_count; i++)
		if (!row_is_sound(&layout, i))
			return error_set(err, ERROR_INVALID,
					 "the revocation table is damaged in row %zu", i);
	ret_table->bytes = bytes;
	return 0;
}

static bool find_row(const struct layout *layout, const uint8_t key[REVOCATION_KEY_SIZE],
		     struct revocation_row *ret_row)
{
	size_t low = 0;
	size_t high = layout->header.issuer_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(layout->rows + middle * sizeof(struct revocation_row), key,
				   REVOCATION_KEY_SIZE);

		if (order == 0) {
			*ret_row = row_at(layout, middle);
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool find_entry(const struct layout *layout, const struct revocation_row *row,
		       struct bytes serial, int64_t *ret_when)
{
	uint8_t wanted[1 + REVOCATION_SERIAL_SIZE] = { (uint8_t)serial.len };
	uint64_t low = row->first;
	uint64_t high = row->first + row->count;
	struct revocation_entry entry;

	memcpy(wanted + 1, serial.data, serial.len);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const uint8_t *at = layout->entries + middle * sizeof(entry);
		int order = memcmp(at, wanted, sizeof(wanted));

		if (order == 0) {
			memcpy(&entry, at, sizeof(entry));
			*ret_when = entry.when;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* RFC 5280 6.3.3 (a): a list counts from this_update to next_update; clocks may differ a little. */
static bool row_is_usable(const struct revocation_row *row, int64_t now)
{
	/* The sums are on the side of the clock: the times of a table may be anything. */
	if (row->broken != 0 || row->this_update > now + REVOCATION_GRACE_S)
		return false;
	return row->next_update == 0 || row->next_update >= now - REVOCATION_GRACE_S;
}

static enum revocation_answer find(const struct revocation *table,
				   const uint8_t issuer_key[REVOCATION_KEY_SIZE],
				   struct bytes serial, uint32_t covers, int64_t now,
				   int64_t *ret_when)
{
	struct revocation_row row;
	struct layout layout;

	if (!read_layout(table->bytes, &layout) || !find_row(&layout, issuer_key, &row))
		return REVOCATION_NO_LIST;
	if ((row.covers & REVOCATION_WHOLE) != 0) {
		*ret_when = row.this_update;
		return REVOCATION_REVOKED;
	}
	if (!row_is_usable(&row, now))
		return REVOCATION_UNUSABLE;
	if (serial.len > 0 && serial.len <= REVOCATION_SERIAL_SIZE &&
	    find_entry(&layout, &row, serial, ret_when))
		return REVOCATION_REVOKED;
	return (row.covers & covers) != 0 ? REVOCATION_GOOD : REVOCATION_NO_LIST;
}

enum revocation_answer revocation_find(const struct revocation *table,
				       const uint8_t issuer_key[REVOCATION_KEY_SIZE],
				       struct bytes serial, int64_t now, int64_t *ret_when)
{
	return find(table, issuer_key, serial, REVOCATION_COVERS_USERS, now, ret_when);
}

enum revocation_answer revocation_find_ca(const struct revocation *table,
					  const uint8_t issuer_key[REVOCATION_KEY_SIZE],
					  struct bytes serial, int64_t now, int64_t *ret_when)
{
	return find(table, issuer_key, serial, REVOCATION_COVERS_CAS, now, ret_when);
}

bool revocation_issuer(const struct revocation *table, size_t i, struct revocation_issuer *ret)
{
	struct revocation_row row;
	struct layout layout;

	if (!read_layout(table->bytes, &layout) || i >= layout.header.issuer_count)
		return false;
	row = row_at(&layout, i);
	memcpy(ret->key, row.key, sizeof(ret->key));
	memcpy(ret->name, row.name, sizeof(ret->name));
	ret->broken = row.broken != 0;
	ret->own = (row.covers & REVOCATION_OWN) != 0;
	ret->this_update = row.this_update;
	ret->next_update = row.next_update;
	ret->entries = row.count;
	return true;
}

uint64_t revocation_made(const struct revocation *table)
{
	struct layout layout;

	return read_layout(table->bytes, &layout) ? layout.header.made : 0;
}
