/* A block begins with its header; an object finds it by clearing the low bits of its address. */
#include "base/slab.h"

#include <stdalign.h>
#include <stdint.h>
#include <sys/mman.h>

struct free_object {
	struct free_object *next;
};

struct slab_block {
	struct slab_block *next, *prev; /* in slab->usable, when it is there */
	struct free_object *free;	/* given back */
	size_t fresh;			/* offset of the first object never taken */
	size_t taken;
};

#define HEADER_SIZE \
	((sizeof(struct slab_block) + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1))

void slab_init(struct slab *slab, size_t object_size, size_t block_size)
{
	size_t align = alignof(max_align_t);

	*slab = (struct slab){ .object_size = (object_size + align - 1) & ~(align - 1),
			       .block_size = block_size };
}

/* Twice the size is mapped and what is not aligned is given back. */
static struct slab_block *map_block(size_t size)
{
	uint8_t *raw =
		mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *aligned;

	if (raw == MAP_FAILED)
		return NULL;
	aligned = (uint8_t *)(((uintptr_t)raw + size - 1) & ~(uintptr_t)(size - 1));
	if (aligned > raw)
		munmap(raw, (size_t)(aligned - raw));
	munmap(aligned + size, (size_t)(raw + size - aligned));
	return (struct slab_block *)(void *)aligned;
}

static void link_usable(struct slab *slab, struct slab_block *block)
{
	block->prev = NULL;
	block->next = slab->usable;
	if (slab->usable != NULL)
		slab->usable->prev = block;
	slab->usable = block;
}

static void unlink_usable(struct slab *slab, struct slab_block *block)
{
	*(block->prev != NULL ? &block->prev->next : &slab->usable) = block->next;
	if (block->next != NULL)
		block->next->prev = block->prev;
}

static int has_free(const struct slab *slab, const struct slab_block *block)
{
	return block->free != NULL || block->fresh + slab->object_size <= slab->block_size;
}

static struct slab_block *usable_block(struct slab *slab)
{
	struct slab_block *block = slab->usable;

	if (block != NULL)
		return block;
	block = slab->spare != NULL ? slab->spare : map_block(slab->block_size);
	slab->spare = NULL;
	if (block == NULL)
		return NULL;
	block->free = NULL;
	block->fresh = HEADER_SIZE;
	block->taken = 0;
	link_usable(slab, block);
	return block;
}

void *slab_take(struct slab *slab)
{
	struct slab_block *block = usable_block(slab);
	void *object;

	if (block == NULL)
		return NULL;
	if (block->free != NULL) {
		object = block->free;
		block->free = block->free->next;
	} else {
		object = (uint8_t *)block + block->fresh;
		block->fresh += slab->object_size;
	}
	block->taken++;
	slab->taken++;
	if (!has_free(slab, block))
		unlink_usable(slab, block);
	return object;
}

static void drop_block(struct slab *slab, struct slab_block *block)
{
	unlink_usable(slab, block);
	if (slab->spare == NULL)
		slab->spare = block;
	else
		munmap(block, slab->block_size);
}

void slab_give(struct slab *slab, void *object)
{
	struct slab_block *block =
		(struct slab_block *)((uintptr_t)object & ~(uintptr_t)(slab->block_size - 1));
	struct free_object *free_object = object;
	int was_full = !has_free(slab, block);

	free_object->next = block->free;
	block->free = free_object;
	block->taken--;
	slab->taken--;
	if (was_full)
		link_usable(slab, block);
	if (block->taken == 0)
		drop_block(slab, block);
}
