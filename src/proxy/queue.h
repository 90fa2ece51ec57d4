/*
 * proxy/queue.h - bytes that wait for a socket, in pooled chunks.
 *
 * A connection whose peers keep up has none: bytes go from one socket to the other through buffers of
 * the worker. What a socket did not take waits here, and nothing more is read for it meanwhile: a
 * queue never holds more than one read's worth.
 */
#ifndef SALLYPORT_PROXY_QUEUE_H
#define SALLYPORT_PROXY_QUEUE_H

#include <stddef.h>
#include <sys/uio.h>
#include "base/bytes.h"
#include "base/slab.h"

#define CHUNK_SIZE 16384
#define CHUNK_BLOCK (1u << 20)

struct chunk;

struct queue {
	struct chunk *first, *last;
	size_t used;
};

void queue_pool_init(struct slab *pool);
/* 0, or -1: out of memory, the queue holds a part. */
int queue_append(struct slab *pool, struct queue *queue, struct bytes data);
int queue_iov(const struct queue *queue, struct iovec *ret_iov, int max);
void queue_consume(struct slab *pool, struct queue *queue, size_t len);
void queue_clear(struct slab *pool, struct queue *queue);

#endif
