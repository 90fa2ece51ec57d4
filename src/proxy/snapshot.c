#include "proxy/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/monotime.h"
#include "document/message.h"

enum phase { PHASE_CREDENTIALS, PHASE_TRUSTS, PHASE_LISTENERS, PHASE_READY };

struct snapshot_builder {
	struct document *document;
	struct bytes mapped;
	const struct snapshot *old; /* NULL at first */
	const struct tls_hooks *hooks;
	struct snapshot *snapshot;
	enum phase phase;
	uint32_t next;     /* object of the phase */
	uint32_t expected; /* row of the old snapshot where the next listener most likely is */
};

/* --- hash -> credential --- */

static uint32_t index_row(const struct snapshot *snapshot, const uint8_t *hash)
{
	uint32_t mask = snapshot->credential_index_size - 1;
	uint32_t row;

	memcpy(&row, hash, sizeof(row));
	for (row &= mask; snapshot->credential_index[row] != DOCUMENT_NONE; row = (row + 1) & mask)
		if (memcmp(snapshot->credential_hashes[snapshot->credential_index[row]], hash,
			   DOCUMENT_HASH_SIZE) == 0)
			break;
	return row;
}

static struct credential *find_credential(const struct snapshot *snapshot, const uint8_t *hash)
{
	uint32_t at;

	if (snapshot == NULL)
		return NULL;
	at = snapshot->credential_index[index_row(snapshot, hash)];
	return at == DOCUMENT_NONE ? NULL : snapshot->credentials[at];
}

static void index_new(struct snapshot *snapshot, uint32_t count)
{
	uint32_t size = 16;

	while (size < 2 * count)
		size *= 2;
	snapshot->credential_index_size = size;
	snapshot->credential_index = memory_new(size * sizeof(uint32_t));
	memset(snapshot->credential_index, 0xff, size * sizeof(uint32_t));
}

static struct trust_set *find_trust(const struct snapshot *snapshot, const uint8_t *hash)
{
	uint32_t i;

	for (i = 0; snapshot != NULL && i < snapshot->trust_count; i++)
		if (memcmp(snapshot->trusts[i]->hash, hash, DOCUMENT_HASH_SIZE) == 0)
			return snapshot->trusts[i];
	return NULL;
}

/* From the row behind the last one that was found: they hardly ever change their order, and a thousand
 * searches from the first row on would be a million comparisons. */
static struct listener *find_listener(struct snapshot_builder *builder, const uint8_t *hash)
{
	const struct snapshot *old = builder->old;
	uint32_t i, at = builder->expected;

	for (i = 0; old != NULL && i < old->listener_count; i++, at++) {
		if (at >= old->listener_count)
			at = 0;
		if (memcmp(old->listeners[at]->hash, hash, DOCUMENT_HASH_SIZE) == 0) {
			builder->expected = at + 1;
			return old->listeners[at];
		}
	}
	builder->expected++; /* most likely this one was changed, and the next one is there */
	return NULL;
}

/* --- address -> listener --- */

static uint32_t address_row(const struct snapshot *snapshot, const struct address *address)
{
	uint32_t hash = (2166136261u ^ address->port) * 16777619u; /* FNV-1a */
	size_t i;

	for (i = 0; i < sizeof(address->ip); i++)
		hash = (hash ^ address->ip[i]) * 16777619u;
	return hash & (snapshot->address_index_size - 1);
}

static void index_addresses(struct snapshot *snapshot, const struct document *document)
{
	uint32_t i, size = 16, count = 0;

	for (i = 0; i < document->listener_count; i++)
		count += document->listeners[i].address_count;
	while (size < 2 * count)
		size *= 2;
	snapshot->address_index_size = size;
	snapshot->address_index = memory_new(size * sizeof(uint32_t));
	memset(snapshot->address_index, 0xff, size * sizeof(uint32_t));
}

/* Those with one port; where many ports are one listener's there are not many listeners. */
static void index_listener(struct snapshot *snapshot, uint32_t at)
{
	const struct listener *listener = snapshot->listeners[at];
	uint32_t mask = snapshot->address_index_size - 1, i, row;

	if (listener->start_port != listener->end_port) {
		snapshot->has_ranges = true;
		return;
	}
	for (i = 0; i < listener->address_count; i++) {
		struct address address = listener->addresses[i];

		address.port = listener->start_port;
		row = address_row(snapshot, &address);
		while (snapshot->address_index[row] != DOCUMENT_NONE)
			row = (row + 1) & mask;
		snapshot->address_index[row] = at;
	}
}

/* --- building --- */

struct snapshot_builder *snapshot_builder_new(struct document *document, struct bytes mapped,
					      const struct snapshot *old,
					      const struct tls_hooks *hooks)
{
	struct snapshot_builder *builder = memory_new(sizeof(*builder));
	struct snapshot *snapshot = memory_new(sizeof(*snapshot));

	builder->document = document;
	builder->mapped = mapped;
	builder->old = old;
	builder->hooks = hooks;
	builder->snapshot = snapshot;
	snapshot->version = document->version;
	snapshot->log_json = document->log_format == MODEL_LOG_JSON;
	snapshot->credentials = memory_new(document->certificate_count * sizeof(void *));
	snapshot->credential_hashes = memory_new(document->certificate_count * DOCUMENT_HASH_SIZE);
	index_new(snapshot, document->certificate_count);
	snapshot->trusts = memory_new(document->trust_count * sizeof(void *));
	snapshot->groups = memory_new(document->group_count * sizeof(void *));
	snapshot->group_names = memory_new(document->group_count * sizeof(*snapshot->group_names));
	snapshot->group_hashes =
		memory_new(document->group_count * sizeof(*snapshot->group_hashes));
	snapshot->listeners = memory_new(document->listener_count * sizeof(void *));
	index_addresses(snapshot, document);
	return builder;
}

void snapshot_builder_free(struct snapshot_builder *builder)
{
	if (builder == NULL)
		return;
	snapshot_free(builder->snapshot);
	document_free(builder->document);
	message_unmap(builder->mapped);
	free(builder);
}

uint64_t snapshot_builder_version(const struct snapshot_builder *builder)
{
	return builder->document->version;
}

static void add_credential(struct snapshot_builder *builder)
{
	struct snapshot *snapshot = builder->snapshot;
	const struct document_certificate *from = &builder->document->certificates[builder->next];
	struct credential *shared = find_credential(builder->old, from->hash);
	uint32_t at = snapshot->credential_count;

	snapshot->credentials[at] =
		shared != NULL ? credential_ref(shared)
			       : credential_new(from->chain, from->chain_count, from->key);
	memcpy(snapshot->credential_hashes[at], from->hash, DOCUMENT_HASH_SIZE);
	snapshot->credential_index[index_row(snapshot, from->hash)] = at;
	snapshot->credential_count++;
}

static int add_trust(struct snapshot_builder *builder, struct error *err)
{
	struct snapshot *snapshot = builder->snapshot;
	const struct document_trust *from = &builder->document->trusts[builder->next];
	struct trust_set *shared = find_trust(builder->old, from->hash);
	struct trust_set *set = shared != NULL ? trust_set_ref(shared) : trust_set_new(from, err);

	if (set == NULL)
		return -1;
	snapshot->trusts[snapshot->trust_count++] = set;
	return 0;
}

static int add_listener(struct snapshot_builder *builder, struct error *err)
{
	struct snapshot *snapshot = builder->snapshot;
	const struct document_listener *from = &builder->document->listeners[builder->next];
	struct listener *shared = find_listener(builder, from->hash);
	struct listener *listener =
		shared != NULL ? listener_ref(shared)
			       : listener_new(builder->document, from, snapshot->credentials,
					      snapshot->trusts, builder->hooks, err);

	if (listener == NULL)
		return -1;
	snapshot->listeners[snapshot->listener_count] = listener;
	index_listener(snapshot, snapshot->listener_count++);
	return 0;
}

static uint32_t phase_size(const struct snapshot_builder *builder)
{
	const struct document *document = builder->document;

	switch (builder->phase) {
	case PHASE_CREDENTIALS:
		return document->certificate_count;
	case PHASE_TRUSTS:
		return document->trust_count;
	case PHASE_LISTENERS:
		return document->listener_count;
	default:
		return 0;
	}
}

static int add_one(struct snapshot_builder *builder, struct error *err)
{
	switch (builder->phase) {
	case PHASE_CREDENTIALS:
		add_credential(builder);
		return 0;
	case PHASE_TRUSTS:
		return add_trust(builder, err);
	default:
		return add_listener(builder, err);
	}
}

enum snapshot_step snapshot_builder_step(struct snapshot_builder *builder, uint64_t deadline_us,
					 struct error *err)
{
	while (builder->phase != PHASE_READY) {
		if (builder->next == phase_size(builder)) {
			builder->phase++;
			builder->next = 0;
			continue;
		}
		if (add_one(builder, err) < 0)
			return SNAPSHOT_FAILED;
		builder->next++;
		if ((builder->next % 16 == 0 || builder->phase != PHASE_CREDENTIALS) &&
		    monotime_us() >= deadline_us)
			return SNAPSHOT_AGAIN;
	}
	return SNAPSHOT_READY;
}

/* --- changing hands --- */

/* Row of the group of this name in the old snapshot, or group_count. */
static uint32_t old_group(const struct snapshot *old, const char *name)
{
	uint32_t i;

	for (i = 0; old != NULL && i < old->group_count; i++)
		if (strcmp(old->group_names[i], name) == 0)
			return i;
	return old == NULL ? 0 : old->group_count;
}

static void add_groups(struct snapshot *snapshot, const struct document *document,
		       struct snapshot *old, struct balance_env env, uint64_t now_ms)
{
	uint32_t i;

	for (i = 0; i < document->group_count; i++) {
		const struct document_group *from = &document->groups[i];
		uint32_t at = old_group(old, from->name);
		struct group *before =
			old != NULL && at < old->group_count ? old->groups[at] : NULL;

		if (before != NULL &&
		    memcmp(old->group_hashes[at], from->hash, DOCUMENT_HASH_SIZE) == 0)
			snapshot->groups[i] = group_ref(before);
		else
			snapshot->groups[i] = group_new(from, before, env, now_ms);
		memcpy(snapshot->group_names[i], from->name, DOCUMENT_NAME_SIZE);
		memcpy(snapshot->group_hashes[i], from->hash, DOCUMENT_HASH_SIZE);
		snapshot->group_count++;
	}
}

static void retire_groups(const struct snapshot *snapshot, const struct snapshot *old,
			  uint64_t now_ms)
{
	uint32_t i;

	for (i = 0; old != NULL && i < old->group_count; i++)
		if (old_group(snapshot, old->group_names[i]) == snapshot->group_count)
			group_retire(old->groups[i], now_ms);
}

static void bind_listeners(struct snapshot *snapshot, const struct document *document)
{
	uint32_t i;

	for (i = 0; i < snapshot->listener_count; i++) {
		struct listener *listener = snapshot->listeners[i];
		struct group *group = snapshot->groups[document->listeners[i].group];

		if (listener->group == group)
			continue;
		group_unref(listener->group);
		listener->group = group_ref(group);
	}
}

struct snapshot *snapshot_builder_finish(struct snapshot_builder *builder, struct snapshot *old,
					 struct balance_env env, uint64_t now_ms)
{
	struct snapshot *snapshot = builder->snapshot;

	add_groups(snapshot, builder->document, old, env, now_ms);
	bind_listeners(snapshot, builder->document);
	retire_groups(snapshot, old, now_ms);
	builder->snapshot = NULL;
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	uint32_t i;

	if (snapshot == NULL)
		return;
	for (i = 0; i < snapshot->listener_count; i++)
		listener_unref(snapshot->listeners[i]);
	for (i = 0; i < snapshot->group_count; i++)
		group_unref(snapshot->groups[i]);
	for (i = 0; i < snapshot->trust_count; i++)
		trust_set_unref(snapshot->trusts[i]);
	for (i = 0; i < snapshot->credential_count; i++)
		credential_unref(snapshot->credentials[i]);
	free(snapshot->listeners);
	free(snapshot->groups);
	free(snapshot->group_names);
	free(snapshot->group_hashes);
	free(snapshot->trusts);
	free(snapshot->credentials);
	free(snapshot->credential_hashes);
	free(snapshot->credential_index);
	free(snapshot->address_index);
	free(snapshot);
}

static struct listener *find_in_ranges(const struct snapshot *snapshot, const struct address *address)
{
	uint32_t i;

	for (i = 0; i < snapshot->listener_count; i++)
		if (listener_covers(snapshot->listeners[i], address))
			return snapshot->listeners[i];
	return NULL;
}

struct listener *snapshot_listener(const struct snapshot *snapshot, const struct address *address)
{
	uint32_t row, at;

	if (snapshot == NULL)
		return NULL;
	row = address_row(snapshot, address);
	while ((at = snapshot->address_index[row]) != DOCUMENT_NONE) {
		if (listener_covers(snapshot->listeners[at], address))
			return snapshot->listeners[at];
		row = (row + 1) & (snapshot->address_index_size - 1);
	}
	return snapshot->has_ranges ? find_in_ranges(snapshot, address) : NULL;
}

const struct listener *snapshot_successor(const struct snapshot *snapshot,
					  const struct listener *listener)
{
	uint32_t i;

	for (i = 0; i < snapshot->listener_count; i++)
		if (snapshot->listeners[i]->slot == listener->slot &&
		    strcmp(snapshot->listeners[i]->name, listener->name) == 0)
			return snapshot->listeners[i];
	return NULL;
}

bool snapshot_serves(const struct snapshot *snapshot, const struct listener *listener)
{
	const struct listener *successor = snapshot_successor(snapshot, listener);

	return successor != NULL && !successor->stopped;
}

bool snapshot_cuts_more(const struct snapshot *snapshot, const struct snapshot *old)
{
	uint32_t i;

	for (i = 0; old != NULL && i < old->listener_count; i++) {
		const struct listener *before = old->listeners[i];
		const struct listener *after;

		if (i < snapshot->listener_count && snapshot->listeners[i] == before)
			continue;
		after = before->revocation_cuts ? NULL : snapshot_successor(snapshot, before);
		if (after != NULL && after->revocation_cuts)
			return true;
	}
	return false;
}
