/* From lists to the table: what is known without a file, and the sorted bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "x509/revocation_builder.h"

/* --- what is known without a file --- */

/* Written only by way of free(), and that not when it is borrowed. */
static struct revocation_entry *borrow(const void *entries)
{
	return (struct revocation_entry *)(uintptr_t)entries;
}

void revocation_builder_add_issuer(struct revocation_builder *builder,
				   const uint8_t issuer_key[REVOCATION_KEY_SIZE], const char *name,
				   const struct revocation_entry *entries, size_t count,
				   int64_t revoked_s)
{
	struct revocation_list list = { .covers = REVOCATION_COVERS_USERS | REVOCATION_COVERS_CAS,
					.count = count,
					.own = true };
	struct revocation_issuer_lists *issuer = revocation_issuer_find(builder, issuer_key);

	if (issuer == NULL)
		issuer = revocation_issuer_new(builder, issuer_key);
	snprintf(issuer->name, sizeof(issuer->name), "%s", name);
	issuer->revoked_s = revoked_s;
	if (count > 0) {
		list.entries = memory_new(count * sizeof(*entries));
		memcpy(list.entries, entries, count * sizeof(*entries));
	}
	revocation_issuer_append_list(issuer, &list);
}

static void take_row(struct revocation_builder *builder, const struct revocation_row *row,
		     const uint8_t *entries)
{
	struct revocation_list list = { .this_update = row->this_update,
					.next_update = row->next_update,
					.covers = row->covers & ~REVOCATION_WHOLE,
					.count = row->count,
					.borrowed = true };
	struct revocation_issuer_lists *issuer = revocation_issuer_new(builder, row->key);

	list.entries = borrow(entries + row->first * sizeof(*list.entries));
	memcpy(issuer->name, row->name, sizeof(issuer->name));
	issuer->broken = row->broken != 0;
	if (row->covers != 0)
		revocation_issuer_append_list(issuer, &list);
}

int revocation_builder_add_table(struct revocation_builder *builder, const struct revocation *table,
				 struct error *err)
{
	struct revocation_header header;
	struct revocation ignored;
	const uint8_t *rows = table->bytes.data + sizeof(header);
	struct revocation_row row;
	size_t i;

	if (revocation_open(table->bytes, &ignored, err) < 0)
		return -1;
	memcpy(&header, table->bytes.data, sizeof(header));
	for (i = 0; i < header.issuer_count; i++) {
		memcpy(&row, rows + i * sizeof(row), sizeof(row));
		if ((row.covers & REVOCATION_OWN) == 0)
			take_row(builder, &row, rows + header.issuer_count * sizeof(row));
	}
	return 0;
}

/* --- files that do not say whose they were --- */

static struct revocation_issuer_lists *issuer_of_key(const struct revocation_builder *builder,
						     const uint8_t *key)
{
	size_t i = 0;

	while (memcmp(builder->issuers[i].key, key, REVOCATION_KEY_SIZE) != 0)
		i++;
	return &builder->issuers[i];
}

/* Those without a list of their own lack this one. When all have one it may be a second list
 * of any. */
static void judge_suspects(struct revocation_builder *builder,
			   const struct revocation_suspects *suspects)
{
	bool somebody_lacks = false;
	size_t i;

	for (i = 0; i < suspects->count; i++)
		somebody_lacks |= issuer_of_key(builder, suspects->keys[i])->list_count == 0;
	for (i = 0; i < suspects->count; i++) {
		struct revocation_issuer_lists *issuer = issuer_of_key(builder, suspects->keys[i]);

		issuer->broken |= !somebody_lacks || issuer->list_count == 0;
	}
}

/* --- the table --- */

static int compare_issuers(const void *a, const void *b)
{
	const struct revocation_issuer_lists *left = a, *right = b;

	return memcmp(left->key, right->key, REVOCATION_KEY_SIZE);
}

static struct revocation_row row_of(const struct revocation_issuer_lists *issuer, uint64_t first,
				    uint64_t count)
{
	struct revocation_row row = { .broken = issuer->broken, .first = first, .count = count };
	bool is_own = !issuer->broken && issuer->list_count > 0;
	size_t i;

	memcpy(row.key, issuer->key, sizeof(row.key));
	memcpy(row.name, issuer->name, sizeof(row.name));
	for (i = 0; i < issuer->list_count; i++) {
		const struct revocation_list *list = &issuer->lists[i];

		is_own = is_own && list->own;
		row.covers |= list->covers;
		if (i == 0 || list->this_update > row.this_update)
			row.this_update = list->this_update;
		if (list->next_update != 0 &&
		    (row.next_update == 0 || list->next_update < row.next_update))
			row.next_update = list->next_update;
	}
	if (is_own)
		row.covers |= REVOCATION_OWN;
	if (issuer->revoked_s != 0) {
		row.covers |= REVOCATION_WHOLE;
		row.this_update = issuer->revoked_s;
	}
	return row;
}

static bool is_sorted(const struct revocation_list *list)
{
	size_t i;

	for (i = 1; i < list->count; i++)
		if (revocation_entry_compare(&list->entries[i - 1], &list->entries[i]) >= 0)
			return false;
	return true;
}

/* Of one serial the first revocation counts. */
static int compare_entries(const void *a, const void *b)
{
	const struct revocation_entry *left = a, *right = b;
	int order = revocation_entry_compare(a, b);

	if (order != 0)
		return order;
	return (left->when > right->when) - (left->when < right->when);
}

static void remove_doubles(struct revocation_list *list)
{
	size_t kept = 0;
	size_t i;

	for (i = 1; i < list->count; i++)
		if (revocation_entry_compare(&list->entries[kept], &list->entries[i]) != 0)
			list->entries[++kept] = list->entries[i];
	list->count = kept + 1;
}

/* One sorted run without doubles. The run of a single good list is used where it lies. */
static struct revocation_list run_of(const struct revocation_issuer_lists *issuer)
{
	struct revocation_list run = { 0 };
	size_t i;

	if (issuer->list_count == 1 && is_sorted(&issuer->lists[0])) {
		run = issuer->lists[0];
		run.borrowed = true;
		return run;
	}
	for (i = 0; i < issuer->list_count; i++)
		run.capacity += issuer->lists[i].count;
	if (run.capacity == 0)
		return run;
	run.entries = memory_new(run.capacity * sizeof(*run.entries));
	for (i = 0; i < issuer->list_count; i++) {
		const struct revocation_list *list = &issuer->lists[i];

		if (list->count > 0)
			memcpy(run.entries + run.count, list->entries,
			       list->count * sizeof(*run.entries));
		run.count += list->count;
	}
	qsort(run.entries, run.count, sizeof(*run.entries), compare_entries);
	remove_doubles(&run);
	return run;
}

static void write_table(const struct revocation_builder *builder,
			const struct revocation_list *runs, struct buffer *out)
{
	struct revocation_header header = { .issuer_count = builder->count, .made = builder->made };
	uint64_t first = 0;
	size_t i;

	memcpy(header.magic, REVOCATION_MAGIC, sizeof(header.magic));
	for (i = 0; i < builder->count; i++)
		header.entry_count += runs[i].count;
	out->capacity = sizeof(header) + builder->count * sizeof(struct revocation_row) +
			header.entry_count * sizeof(struct revocation_entry);
	out->data = memory_resize(out->data, out->capacity);
	buffer_append(out, &header, sizeof(header));
	for (i = 0; i < builder->count; i++) {
		struct revocation_row row = row_of(&builder->issuers[i], first, runs[i].count);

		buffer_append(out, &row, sizeof(row));
		first += row.count;
	}
	for (i = 0; i < builder->count; i++)
		buffer_append(out, runs[i].entries, runs[i].count * sizeof(*runs[i].entries));
}

int revocation_builder_finish(struct revocation_builder *builder, struct buffer *ret_bytes,
			      struct error *err)
{
	struct revocation_list *runs = memory_new((builder->count + 1) * sizeof(*runs));
	struct revocation table;
	size_t i;

	for (i = 0; i < builder->suspects_count; i++)
		judge_suspects(builder, &builder->suspects[i]);
	if (builder->count > 0)
		qsort(builder->issuers, builder->count, sizeof(*builder->issuers), compare_issuers);
	for (i = 0; i < builder->count; i++)
		runs[i] = run_of(&builder->issuers[i]);
	buffer_done(ret_bytes);
	write_table(builder, runs, ret_bytes);
	for (i = 0; i < builder->count; i++)
		if (!runs[i].borrowed)
			free(runs[i].entries);
	free(runs);
	return revocation_open(buffer_bytes(ret_bytes), &table, err);
}
