#include "control/own_revocations_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "pki/crl_write.h"

static struct own_issuer *find_issuer(const struct own_revocations *own, const uint8_t *key)
{
	size_t i;

	/* From the end: while loading it is the last. */
	for (i = own->count; i-- > 0;)
		if (memcmp(own->issuers[i].key, key, REVOCATION_KEY_SIZE) == 0)
			return &own->issuers[i];
	return NULL;
}

struct own_issuer *own_issuer_for(struct own_revocations *own, const uint8_t *key)
{
	struct own_issuer *issuer = find_issuer(own, key);

	if (issuer != NULL)
		return issuer;
	own->issuers = memory_resize(own->issuers, (own->count + 1) * sizeof(*own->issuers));
	issuer = &own->issuers[own->count++];
	*issuer = (struct own_issuer){ 0 };
	memcpy(issuer->key, key, sizeof(issuer->key));
	return issuer;
}

/* By an eighth: half a million must not cost twice their size. */
static void make_room(struct own_issuer *issuer, size_t more)
{
	if (issuer->count + more <= issuer->capacity)
		return;
	issuer->capacity = issuer->count + more + issuer->count / 8 + 64;
	issuer->entries =
		memory_resize(issuer->entries, issuer->capacity * sizeof(*issuer->entries));
}

/* Where an entry with this serial is, or would have to be. */
static size_t place_of(const struct own_issuer *issuer, const struct revocation_entry *wanted)
{
	size_t low = 0, high = issuer->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (revocation_entry_compare(&issuer->entries[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct own_issuer *issuer, size_t place,
		  const struct revocation_entry *wanted)
{
	return place < issuer->count &&
	       revocation_entry_compare(&issuer->entries[place], wanted) == 0;
}

/* false: nothing new. */
static bool merge_entry(struct revocation_entry *entry, const struct revocation_entry *again)
{
	const struct revocation_entry before = *entry;

	if (again->when < entry->when)
		entry->when = again->when;
	if (again->reason == REVOKED_KEY_COMPROMISE)
		entry->reason = again->reason;
	return memcmp(&before, entry, sizeof(before)) != 0;
}

/* --- adding --- */

static int compare_revocations(const void *a, const void *b)
{
	const struct store_revocation *left = a, *right = b;
	int order = memcmp(left->issuer_key, right->issuer_key, sizeof(left->issuer_key));

	if (order != 0)
		return order;
	if (left->serial_len != right->serial_len)
		return left->serial_len < right->serial_len ? -1 : 1;
	return memcmp(left->serial, right->serial, left->serial_len);
}

/* What an issuer has already is merged; the others stay in revocations, sorted. How many they
 * are. */
static size_t keep_new(struct own_issuer *issuer, const struct store_revocation *revocations,
		       size_t count, struct revocation_entry *ret_entries)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		struct bytes serial = { revocations[i].serial, revocations[i].serial_len };
		struct revocation_entry entry;
		size_t place;

		if (!revocation_entry_make(serial, revocations[i].time_s, &entry))
			continue;
		entry.reason = (uint8_t)revocations[i].reason;
		place = place_of(issuer, &entry);
		if (is_at(issuer, place, &entry))
			issuer->changes += merge_entry(&issuer->entries[place], &entry);
		else if (kept > 0 && revocation_entry_compare(&ret_entries[kept - 1], &entry) == 0)
			merge_entry(&ret_entries[kept - 1], &entry);
		else
			ret_entries[kept++] = entry;
	}
	return kept;
}

/* From the end, so that each entry moves once at most, however many are added. */
static void insert_sorted(struct own_issuer *issuer, const struct revocation_entry *entries,
			  size_t count)
{
	size_t end, place;

	make_room(issuer, count);
	end = issuer->count;
	issuer->count += count;
	issuer->changes += count;
	while (count > 0) {
		const struct revocation_entry *entry = &entries[count - 1];
		struct own_issuer before = { .entries = issuer->entries, .count = end };

		place = place_of(&before, entry);
		memmove(&issuer->entries[place + count], &issuer->entries[place],
			(end - place) * sizeof(*entry));
		issuer->entries[place + count - 1] = *entry;
		end = place;
		count--;
	}
}

static void add_run(struct own_revocations *own, const struct store_revocation *revocations,
		    size_t count)
{
	struct own_issuer *issuer = own_issuer_for(own, revocations->issuer_key);
	struct revocation_entry *entries = memory_new(count * sizeof(*entries));
	size_t kept = keep_new(issuer, revocations, count, entries);

	if (kept > 0)
		insert_sorted(issuer, entries, kept);
	free(entries);
}

/* Sorts what it is given. */
static void add_all(struct own_revocations *own, struct store_revocation *revocations, size_t count)
{
	size_t first = 0, i;

	if (count > 0)
		qsort(revocations, count, sizeof(*revocations), compare_revocations);
	for (i = 1; i <= count; i++) {
		if (i < count && memcmp(revocations[i].issuer_key, revocations[first].issuer_key,
					sizeof(revocations[i].issuer_key)) == 0)
			continue;
		add_run(own, revocations + first, i - first);
		first = i;
	}
}

/* --- from a transaction to what counts --- */

void own_revocations_add(struct own_revocations *own, const struct store_revocation *revocation)
{
	pthread_mutex_lock(&own->lock);
	if (own->waiting_count == own->waiting_capacity) {
		own->waiting_capacity = 2 * own->waiting_capacity + 4;
		own->waiting =
			memory_resize(own->waiting, own->waiting_capacity * sizeof(*own->waiting));
	}
	own->waiting[own->waiting_count++] = *revocation;
	pthread_mutex_unlock(&own->lock);
}

void own_revocations_add_ca(struct own_revocations *own)
{
	pthread_mutex_lock(&own->lock);
	own->cas_wait = true;
	pthread_mutex_unlock(&own->lock);
}

/* false: it was undone. When the store cannot be asked, what was to be revoked is better
 * revoked. */
static bool is_committed(struct store *store, struct store_revocation *revocation)
{
	struct bytes serial = { revocation->serial, revocation->serial_len };
	struct store_revocation stored;
	int found = store_revocation_get(store, revocation->issuer_key, serial, &stored, NULL);

	if (found == 1)
		*revocation = stored;
	return found != 0;
}

void own_revocations_settle(struct own_revocations *own, struct store *store, int64_t now)
{
	struct store_revocation *waiting;
	bool cas_wait;
	size_t count, kept = 0, i;

	pthread_mutex_lock(&own->lock);
	waiting = own->waiting;
	count = own->waiting_count;
	cas_wait = own->cas_wait;
	own->waiting = NULL;
	own->waiting_count = own->waiting_capacity = 0;
	own->cas_wait = false;
	pthread_mutex_unlock(&own->lock);
	for (i = 0; i < count; i++)
		if (is_committed(store, &waiting[i]))
			waiting[kept++] = waiting[i];
	pthread_mutex_lock(&own->lock);
	add_all(own, waiting, kept);
	pthread_mutex_unlock(&own->lock);
	free(waiting);
	if (cas_wait && own_revocations_update(own, store, now, NULL) < 0)
		own_revocations_add_ca(own);
}

/* --- life --- */

/* In the order of the store, which is ours only among serials of one length. */
static void load_one(void *arg, const struct store_revocation *revocation)
{
	struct bytes serial = { revocation->serial, revocation->serial_len };
	struct own_issuer *issuer = own_issuer_for(arg, revocation->issuer_key);

	make_room(issuer, 1);
	if (!revocation_entry_make(serial, revocation->time_s, &issuer->entries[issuer->count]))
		return;
	issuer->entries[issuer->count++].reason = (uint8_t)revocation->reason;
	issuer->changes++;
}

static void sort_entries(struct own_issuer *issuer)
{
	size_t i;

	for (i = 1; i < issuer->count; i++)
		if (revocation_entry_compare(&issuer->entries[i - 1], &issuer->entries[i]) > 0)
			break;
	if (i < issuer->count)
		qsort(issuer->entries, issuer->count, sizeof(*issuer->entries),
		      revocation_entry_compare);
}

static int load_all(struct own_revocations *own, struct store *store, struct error *err)
{
	size_t i;

	if (store_revocation_each(store, NULL, load_one, own, err) < 0)
		return -1;
	for (i = 0; i < own->count; i++)
		sort_entries(&own->issuers[i]);
	return 0;
}

struct own_revocations *own_revocations_load(struct store *store, struct error *err)
{
	struct own_revocations *own = memory_new(sizeof(*own));
	struct timespec clock;

	pthread_mutex_init(&own->lock, NULL);
	clock_gettime(CLOCK_REALTIME, &clock);
	own->made = (uint64_t)clock.tv_sec * 1000000 + (uint64_t)clock.tv_nsec / 1000;
	if (load_all(own, store, err) == 0 &&
	    own_revocations_update(own, store, (int64_t)clock.tv_sec, err) == 0)
		return own;
	own_revocations_free(own);
	return NULL;
}

void own_revocations_free(struct own_revocations *own)
{
	size_t i;

	if (own == NULL)
		return;
	for (i = 0; i < own->count; i++)
		free(own->issuers[i].entries);
	free(own->issuers);
	free(own->waiting);
	pthread_mutex_destroy(&own->lock);
	free(own);
}

/* --- the table --- */

void own_revocations_follow(struct own_revocations *own, struct bytes table)
{
	struct revocation open;
	uint64_t made = 0;

	if (table.len > 0 && revocation_open(table, &open, NULL) == 0)
		made = revocation_made(&open);
	pthread_mutex_lock(&own->lock);
	if (made > own->made)
		own->made = made;
	pthread_mutex_unlock(&own->lock);
}

void own_revocations_fill(struct own_revocations *own, struct revocation_builder *builder)
{
	size_t i;

	pthread_mutex_lock(&own->lock);
	for (i = 0; i < own->count; i++) {
		const struct own_issuer *issuer = &own->issuers[i];

		if (issuer->is_known || issuer->count > 0)
			revocation_builder_add_issuer(builder, issuer->key, issuer->name,
						      issuer->entries, issuer->count,
						      issuer->revoked_s);
	}
	revocation_builder_set_made(builder, ++own->made);
	pthread_mutex_unlock(&own->lock);
}

int own_revocations_refresh(struct own_revocations *own, struct bytes old_table,
			    struct buffer *ret_table, struct error *err)
{
	struct revocation_builder *builder = revocation_builder_new();
	struct revocation old = { old_table };
	struct buffer table = { 0 };
	int result = -1;

	if (old_table.len > 0 && revocation_builder_add_table(builder, &old, err) < 0)
		goto out;
	own_revocations_fill(own, builder);
	if (revocation_builder_finish(builder, &table, err) < 0)
		goto out;
	/* Only now: ret_table may be where the old one lies. */
	buffer_done(ret_table);
	*ret_table = table;
	table = (struct buffer){ 0 };
	result = 0;
out:
	buffer_done(&table);
	revocation_builder_free(builder);
	return result;
}

/* --- questions --- */

bool own_revocations_find(struct own_revocations *own,
			  const uint8_t issuer_key[REVOCATION_KEY_SIZE], struct bytes serial,
			  struct revocation_entry *ret_entry)
{
	const struct own_issuer *issuer;
	struct revocation_entry wanted;
	bool found = false;
	size_t place;

	if (!revocation_entry_make(serial, 0, &wanted))
		return false;
	pthread_mutex_lock(&own->lock);
	issuer = find_issuer(own, issuer_key);
	if (issuer != NULL) {
		place = place_of(issuer, &wanted);
		found = is_at(issuer, place, &wanted);
		if (found)
			*ret_entry = issuer->entries[place];
	}
	pthread_mutex_unlock(&own->lock);
	return found;
}

struct revocation_entry *own_revocations_copy(struct own_revocations *own,
					      const uint8_t issuer_key[REVOCATION_KEY_SIZE],
					      size_t *ret_count)
{
	struct revocation_entry *copy = NULL;
	const struct own_issuer *issuer;

	*ret_count = 0;
	pthread_mutex_lock(&own->lock);
	issuer = find_issuer(own, issuer_key);
	if (issuer != NULL && issuer->count > 0) {
		copy = memory_new(issuer->count * sizeof(*copy));
		memcpy(copy, issuer->entries, issuer->count * sizeof(*copy));
		*ret_count = issuer->count;
	}
	pthread_mutex_unlock(&own->lock);
	return copy;
}

uint64_t own_revocations_changes(struct own_revocations *own,
				 const uint8_t issuer_key[REVOCATION_KEY_SIZE])
{
	const struct own_issuer *issuer;
	uint64_t changes;

	pthread_mutex_lock(&own->lock);
	issuer = find_issuer(own, issuer_key);
	changes = issuer == NULL ? 0 : issuer->changes;
	pthread_mutex_unlock(&own->lock);
	return changes;
}
