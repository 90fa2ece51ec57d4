/* Open addressing, never more than half full. */
#include "base/name_index.h"

#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"

struct row {
	const char *name; /* NULL: free */
	uint32_t value;
};

struct name_index {
	struct row *rows;
	size_t capacity; /* a power of two */
	size_t count;
};

static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

static struct row *row_of(const struct name_index *index, const char *name)
{
	size_t at = hash_name(name) & (index->capacity - 1);

	while (index->rows[at].name != NULL && strcmp(index->rows[at].name, name) != 0)
		at = (at + 1) & (index->capacity - 1);
	return &index->rows[at];
}

static void grow(struct name_index *index)
{
	struct name_index bigger = { .capacity = index->capacity * 2, .count = index->count };
	size_t i;

	bigger.rows = memory_new(bigger.capacity * sizeof(bigger.rows[0]));
	for (i = 0; i < index->capacity; i++) {
		if (index->rows[i].name != NULL)
			*row_of(&bigger, index->rows[i].name) = index->rows[i];
	}
	free(index->rows);
	*index = bigger;
}

struct name_index *name_index_new(void)
{
	struct name_index *index = memory_new(sizeof(*index));

	index->capacity = 16;
	index->rows = memory_new(index->capacity * sizeof(index->rows[0]));
	return index;
}

void name_index_free(struct name_index *index)
{
	if (index == NULL)
		return;
	free(index->rows);
	free(index);
}

bool name_index_add(struct name_index *index, const char *name, uint32_t value)
{
	struct row *row = row_of(index, name);

	if (row->name != NULL)
		return false;
	*row = (struct row){ name, value };
	index->count++;
	if (2 * index->count > index->capacity)
		grow(index);
	return true;
}

uint32_t name_index_find(const struct name_index *index, const char *name)
{
	const struct row *row = row_of(index, name);

	return row->name == NULL ? NAME_INDEX_NONE : row->value;
}
