#include "proxy/queue.h"

#include <stdint.h>
#include <string.h>

struct chunk {
	struct chunk *next;
	uint32_t start, end;
	uint8_t data[];
};

/* Blocks of a power of two lose a little to their header: an object is a bit smaller than CHUNK_SIZE
 * so that 64 of them and the header fit. */
#define CHUNK_OBJECT (CHUNK_SIZE - 64)
#define CHUNK_DATA (CHUNK_OBJECT - sizeof(struct chunk))

void queue_pool_init(struct slab *pool)
{
	slab_init(pool, CHUNK_OBJECT, CHUNK_BLOCK);
}

static struct chunk *chunk_with_room(struct slab *pool, struct queue *queue)
{
	struct chunk *chunk = queue->last;

	if (chunk != NULL && chunk->end < CHUNK_DATA)
		return chunk;
	chunk = slab_take(pool);
	if (chunk == NULL)
		return NULL;
	chunk->next = NULL;
	chunk->start = chunk->end = 0;
	*(queue->last != NULL ? &queue->last->next : &queue->first) = chunk;
	queue->last = chunk;
	return chunk;
}

int queue_append(struct slab *pool, struct queue *queue, struct bytes data)
{
	while (data.len > 0) {
		struct chunk *chunk = chunk_with_room(pool, queue);
		size_t take;

		if (chunk == NULL)
			return -1;
		take = CHUNK_DATA - chunk->end;
		if (take > data.len)
			take = data.len;
		memcpy(chunk->data + chunk->end, data.data, take);
		chunk->end += (uint32_t)take;
		queue->used += take;
		data.data += take;
		data.len -= take;
	}
	return 0;
}

int queue_iov(const struct queue *queue, struct iovec *ret_iov, int max)
{
	struct chunk *chunk;
	int count = 0;

	for (chunk = queue->first; chunk != NULL && count < max; chunk = chunk->next) {
		ret_iov[count].iov_base = chunk->data + chunk->start;
		ret_iov[count++].iov_len = chunk->end - chunk->start;
	}
	return count;
}

void queue_consume(struct slab *pool, struct queue *queue, size_t len)
{
	queue->used -= len;
	while (queue->first != NULL) {
		struct chunk *chunk = queue->first;
		size_t held = chunk->end - chunk->start;

		if (len < held) {
			chunk->start += (uint32_t)len;
			return;
		}
		len -= held;
		queue->first = chunk->next;
		slab_give(pool, chunk);
	}
	queue->last = NULL;
}

void queue_clear(struct slab *pool, struct queue *queue)
{
	queue_consume(pool, queue, queue->used);
}
