#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/queue.h"

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

/* Takes at most step bytes from the front and checks that they are the next of the pattern. */
static size_t check_front(struct slab *pool, struct queue *queue, size_t at, size_t step)
{
	struct iovec parts[4];
	int count = queue_iov(queue, parts, 4);
	size_t seen = 0;
	int i;

	for (i = 0; i < count && seen < step; i++) {
		const uint8_t *data = parts[i].iov_base;
		size_t j;

		for (j = 0; j < parts[i].iov_len && seen < step; j++, seen++)
			assert_int_equal(data[j], pattern(at + seen));
	}
	queue_consume(pool, queue, seen);
	return seen;
}

static void bytes_come_out_in_their_order(void **state)
{
	static const size_t steps[] = { 1, 5, 16000, 16384, 40000, 65536 };
	struct slab pool;
	size_t put, taken, i;

	(void)state;
	queue_pool_init(&pool);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct queue queue = { 0 };
		uint8_t block[3000];

		for (put = taken = 0; put < 300000;) {
			size_t j;

			for (j = 0; j < sizeof(block); j++)
				block[j] = pattern(put + j);
			assert_int_equal(queue_append(&pool, &queue,
						      (struct bytes){ block, sizeof(block) }), 0);
			put += sizeof(block);
			if (put % 30000 == 0)
				taken += check_front(&pool, &queue, taken, steps[i]);
			assert_int_equal(queue.used, put - taken);
		}
		while (queue.used > 0)
			taken += check_front(&pool, &queue, taken, steps[i]);
		assert_int_equal(taken, put);
		assert_null(queue.first);
	}
	assert_int_equal(pool.taken, 0);
}

static void an_empty_queue_holds_no_memory(void **state)
{
	struct slab pool;
	struct queue queue = { 0 };
	uint8_t byte = 1;

	(void)state;
	queue_pool_init(&pool);
	assert_int_equal(queue_append(&pool, &queue, (struct bytes){ NULL, 0 }), 0);
	assert_int_equal(pool.taken, 0);
	assert_int_equal(queue_append(&pool, &queue, (struct bytes){ &byte, 1 }), 0);
	assert_int_equal(pool.taken, 1);
	queue_clear(&pool, &queue);
	assert_int_equal(pool.taken, 0);
	queue_clear(&pool, &queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_their_order),
		cmocka_unit_test(an_empty_queue_holds_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
