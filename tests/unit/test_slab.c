#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/slab.h"

#define MANY 5000

static void objects_never_overlap(void **state)
{
	struct slab slab;
	uint8_t *objects[MANY];
	size_t i, j;

	(void)state;
	slab_init(&slab, 100, 1u << 16);
	for (i = 0; i < MANY; i++) {
		objects[i] = slab_take(&slab);
		assert_non_null(objects[i]);
		memset(objects[i], (int)(i & 0xff), 100);
	}
	for (i = 0; i < MANY; i++)
		for (j = 0; j < 100; j++)
			assert_int_equal(objects[i][j], i & 0xff);
	for (i = 0; i < MANY; i++)
		slab_give(&slab, objects[i]);
	assert_int_equal(slab.taken, 0);
}

static void an_object_given_back_is_taken_again(void **state)
{
	struct slab slab;
	void *first, *second;

	(void)state;
	slab_init(&slab, 64, 1u << 16);
	first = slab_take(&slab);
	second = slab_take(&slab);
	slab_give(&slab, first);
	assert_ptr_equal(slab_take(&slab), first);
	slab_give(&slab, first);
	slab_give(&slab, second);
}

static void empty_blocks_go_back_but_for_one(void **state)
{
	struct slab slab;
	void *objects[MANY];
	size_t i;

	(void)state;
	slab_init(&slab, 1000, 1u << 16);
	for (i = 0; i < MANY; i++)
		objects[i] = slab_take(&slab);
	for (i = MANY; i > 0; i--)
		slab_give(&slab, objects[i - 1]);
	assert_null(slab.usable);
	assert_non_null(slab.spare);
	objects[0] = slab_take(&slab);
	assert_null(slab.spare);
	slab_give(&slab, objects[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_never_overlap),
		cmocka_unit_test(an_object_given_back_is_taken_again),
		cmocka_unit_test(empty_blocks_go_back_but_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
