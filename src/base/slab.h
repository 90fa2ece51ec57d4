/*
 * base/slab.h - many objects of one size, from big aligned blocks that go back to the system.
 *
 * A block is unmapped when its last object is given back (one empty block is kept as a spare), so
 * a storm of connections leaves no memory behind. Not thread-safe. Objects are not zeroed.
 */
#ifndef SALLYPORT_BASE_SLAB_H
#define SALLYPORT_BASE_SLAB_H

#include <stddef.h>

struct slab_block;

struct slab {
	size_t object_size;
	size_t block_size;	   /* a power of two */
	struct slab_block *usable; /* blocks with a free object */
	struct slab_block *spare;  /* an empty one, or NULL */
	size_t taken;		   /* objects */
};

/* block_size: a power of two, many times object_size. */
void slab_init(struct slab *slab, size_t object_size, size_t block_size);
void *slab_take(struct slab *slab); /* NULL: out of memory */
void slab_give(struct slab *slab, void *object);

#endif
