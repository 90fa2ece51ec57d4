/*
 * Free slots wait in a queue: taken from its head, freed to its tail. So a freed slot comes back
 * after every other free one. What a failed run took goes back to the head, as if never taken.
 */
#include "document/slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/name_index.h"
#include "document/document.h"

enum slot_use {
	SLOT_IDLE, /* free, or not named in this run yet */
	SLOT_KEPT, /* named in this run, held before */
	SLOT_NEW,  /* named in this run, free before */
};

struct slot_table {
	char **identities; /* by slot; NULL: free */
	enum slot_use *uses;
	uint32_t *queue; /* a ring of the free slots */
	uint32_t head, free_count;
	uint32_t *taken; /* the new ones of this run, in order */
	uint32_t taken_count;
	uint32_t capacity;
	struct name_index *index; /* identity -> slot */
};

struct slots {
	struct slot_table tables[SLOT_KINDS];
};

static void table_init(struct slot_table *table, uint32_t capacity)
{
	uint32_t i;

	table->capacity = capacity;
	table->identities = memory_new(capacity * sizeof(char *));
	table->uses = memory_new(capacity * sizeof(table->uses[0]));
	table->queue = memory_new(capacity * sizeof(table->queue[0]));
	table->taken = memory_new(capacity * sizeof(table->taken[0]));
	for (i = 0; i < capacity; i++)
		table->queue[i] = i;
	table->free_count = capacity;
	table->index = name_index_new();
}

static void table_done(struct slot_table *table)
{
	uint32_t i;

	for (i = 0; i < table->capacity; i++)
		free(table->identities[i]);
	free(table->identities);
	free(table->uses);
	free(table->queue);
	free(table->taken);
	name_index_free(table->index);
}

struct slots *slots_new(uint32_t listener_capacity, uint32_t server_capacity)
{
	struct slots *slots = memory_new(sizeof(*slots));

	table_init(&slots->tables[SLOT_LISTENER], listener_capacity);
	table_init(&slots->tables[SLOT_SERVER], server_capacity);
	return slots;
}

void slots_free(struct slots *slots)
{
	if (slots == NULL)
		return;
	table_done(&slots->tables[SLOT_LISTENER]);
	table_done(&slots->tables[SLOT_SERVER]);
	free(slots);
}

/* An index forgets nothing: it is made anew when names have gone. */
static void reindex(struct slot_table *table)
{
	uint32_t i;

	name_index_free(table->index);
	table->index = name_index_new();
	for (i = 0; i < table->capacity; i++) {
		if (table->identities[i] != NULL)
			name_index_add(table->index, table->identities[i], i);
	}
}

static void release(struct slot_table *table, uint32_t slot)
{
	free(table->identities[slot]);
	table->identities[slot] = NULL;
}

void slots_begin(struct slots *slots)
{
	size_t kind;

	for (kind = 0; kind < SLOT_KINDS; kind++) {
		struct slot_table *table = &slots->tables[kind];

		memset(table->uses, 0, table->capacity * sizeof(table->uses[0]));
		table->taken_count = 0;
	}
}

static int take_new(struct slot_table *table, const char *identity, uint32_t *ret_slot,
		    struct error *err)
{
	uint32_t slot;

	if (table->free_count == 0) {
		error_set(err, ERROR_LIMIT, "could not serve \"%.160s\": all %u places are taken",
			  identity, table->capacity);
		return error_hint(err, "Remove listeners or servers that are no longer needed.");
	}
	slot = table->queue[table->head];
	table->head = (table->head + 1) % table->capacity;
	table->free_count--;
	table->identities[slot] = memory_copy_string(identity);
	table->uses[slot] = SLOT_NEW;
	table->taken[table->taken_count++] = slot;
	name_index_add(table->index, table->identities[slot], slot);
	*ret_slot = slot;
	return 0;
}

int slots_take(struct slots *slots, enum slot_kind kind, const char *identity, uint32_t *ret_slot,
	       struct error *err)
{
	struct slot_table *table = &slots->tables[kind];
	uint32_t slot = name_index_find(table->index, identity);

	if (slot == NAME_INDEX_NONE)
		return take_new(table, identity, ret_slot, err);
	if (table->uses[slot] != SLOT_IDLE)
		return error_set(err, ERROR_CONFLICT, "could not serve \"%.160s\" twice", identity);
	table->uses[slot] = SLOT_KEPT;
	*ret_slot = slot;
	return 0;
}

void slots_end(struct slots *slots)
{
	size_t kind;
	uint32_t i;

	for (kind = 0; kind < SLOT_KINDS; kind++) {
		struct slot_table *table = &slots->tables[kind];

		for (i = 0; i < table->capacity; i++) {
			if (table->identities[i] == NULL || table->uses[i] != SLOT_IDLE)
				continue;
			release(table, i);
			table->queue[(table->head + table->free_count++) % table->capacity] = i;
		}
		reindex(table);
	}
}

void slots_abort(struct slots *slots)
{
	size_t kind;

	for (kind = 0; kind < SLOT_KINDS; kind++) {
		struct slot_table *table = &slots->tables[kind];

		while (table->taken_count > 0) {
			uint32_t slot = table->taken[--table->taken_count];

			release(table, slot);
			table->head = (table->head + table->capacity - 1) % table->capacity;
			table->queue[table->head] = slot;
			table->free_count++;
		}
		reindex(table);
	}
}

/* --- recovery --- */

static void hold(struct slot_table *table, uint32_t slot, const char *identity)
{
	if (slot >= table->capacity || table->identities[slot] != NULL)
		return;
	table->identities[slot] = memory_copy_string(identity);
}

static void queue_free_ones(struct slot_table *table)
{
	uint32_t i;

	table->head = 0;
	table->free_count = 0;
	for (i = 0; i < table->capacity; i++) {
		if (table->identities[i] == NULL)
			table->queue[table->free_count++] = i;
	}
	reindex(table);
}

void slots_recover(struct slots *slots, const struct document *document)
{
	char identity[SLOT_IDENTITY_SIZE];
	uint32_t i, j;

	for (i = 0; i < document->listener_count; i++) {
		slot_listener_identity(&document->listeners[i], identity);
		hold(&slots->tables[SLOT_LISTENER], document->listeners[i].slot, identity);
	}
	for (i = 0; i < document->group_count; i++) {
		const struct document_group *group = &document->groups[i];

		for (j = 0; j < group->server_count; j++) {
			slot_server_identity(group, &group->servers[j], identity);
			hold(&slots->tables[SLOT_SERVER], group->servers[j].slot, identity);
		}
	}
	queue_free_ones(&slots->tables[SLOT_LISTENER]);
	queue_free_ones(&slots->tables[SLOT_SERVER]);
}

void slot_listener_identity(const struct document_listener *listener,
			    char ret_text[SLOT_IDENTITY_SIZE])
{
	snprintf(ret_text, SLOT_IDENTITY_SIZE, "%s/%s", listener->name,
		 listener->protocol == MODEL_TCPSSL ? "TCPSSL" : "TCP");
}

void slot_server_identity(const struct document_group *group, const struct document_server *server,
			  char ret_text[SLOT_IDENTITY_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];

	address_format(&server->address, address);
	snprintf(ret_text, SLOT_IDENTITY_SIZE, "%s/%s", group->name, address);
}
