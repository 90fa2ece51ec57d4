/* Figures of the past: what is put in comes out, within a bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "admin/history.h"

#define START 1000000020 /* a whole minute */

struct seen {
	size_t count;
	struct history_point points[12000];
};

static struct seen *seen;

static void see(void *arg, const struct history_point *point)
{
	(void)arg;
	assert_true(seen->count < 12000);
	seen->points[seen->count++] = *point;
}

static void look(const struct history *history, const char *name, unsigned int resolution,
		 int64_t after)
{
	seen->count = 0;
	history_each(history, name, resolution, after, see, NULL);
}

static int set_up(void **state)
{
	(void)state;
	seen = calloc(1, sizeof(*seen));
	return seen == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	free(seen);
	return 0;
}

static struct history_point point_at(int64_t time_s, uint64_t connections)
{
	struct history_point point = { .time_s = time_s };

	point.values[HISTORY_CONNECTIONS] = connections;
	point.values[HISTORY_ACTIVE] = connections * 3;
	return point;
}

static void points_come_out_as_they_went_in(void **state)
{
	struct history *history = history_new(HISTORY_POOL_BYTES);
	struct history_point put[600];
	unsigned int i, f;

	(void)state;
	srand(7);
	for (i = 0; i < 600; i++) {
		put[i] = (struct history_point){ .time_s = START + 1 + (int64_t)i };
		for (f = 0; f < HISTORY_FIELDS; f++)
			if (rand() % 3 == 0)
				put[i].values[f] = (uint64_t)rand() << (rand() % 40);
		history_add(history, "web", &put[i]);
	}
	look(history, "web", 1, 0);
	assert_int_equal(seen->count, 600);
	assert_memory_equal(seen->points, put, sizeof(put));
	look(history, "web", 1, START + 590);
	assert_int_equal(seen->count, 10);
	assert_int_equal(seen->points[0].time_s, START + 591);
	look(history, "other", 1, 0);
	assert_int_equal(seen->count, 0);
	history_free(history);
}

static void the_largest_values_fit(void **state)
{
	struct history *history = history_new(HISTORY_POOL_BYTES);
	struct history_point point = { .time_s = START };
	unsigned int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		memset(point.values, i % 2 == 0 ? 0xff : 0x55, sizeof(point.values));
		point.time_s += 1 + i % 3;
		history_add(history, "web", &point);
	}
	look(history, "web", 1, 0);
	assert_int_equal(seen->count, 10);
	assert_true(seen->points[0].values[HISTORY_BYTES_IN] == UINT64_MAX);
	assert_true(seen->points[9].values[HISTORY_FIELDS - 1] == UINT64_C(0x5555555555555555));
	history_free(history);
}

static void minutes_add_counts_up_and_keep_the_last_gauge(void **state)
{
	struct history *history = history_new(HISTORY_POOL_BYTES);
	int64_t i;

	(void)state;
	for (i = 1; i <= 150; i++) {
		struct history_point point = point_at(START + i, (uint64_t)(i <= 60 ? 1 : 2));

		history_add(history, "web", &point);
	}
	look(history, "web", 60, 0);
	assert_int_equal(seen->count, 2);
	assert_int_equal(seen->points[0].time_s, START + 60);
	assert_int_equal(seen->points[0].values[HISTORY_CONNECTIONS], 60);
	assert_int_equal(seen->points[0].values[HISTORY_ACTIVE], 3);
	assert_int_equal(seen->points[1].values[HISTORY_CONNECTIONS], 120);
	history_free(history);
}

static void a_gap_stays_a_gap(void **state)
{
	struct history *history = history_new(HISTORY_POOL_BYTES);
	struct history_point point = point_at(START + 1, 5);

	(void)state;
	history_add(history, "web", &point);
	point.time_s = START + 100;
	history_add(history, "web", &point);
	point.time_s = START + 100; /* a clock that stands still, or goes back */
	history_add(history, "web", &point);
	point.time_s = START + 50;
	history_add(history, "web", &point);
	point.time_s = START + 101;
	history_add(history, "web", &point);
	look(history, "web", 1, 0);
	assert_int_equal(seen->count, 3);
	assert_int_equal(seen->points[1].time_s, START + 100);
	assert_int_equal(seen->points[2].time_s, START + 101);
	assert_int_equal(seen->points[2].values[HISTORY_CONNECTIONS], 5);
	history_free(history);
}

static void what_is_too_old_goes(void **state)
{
	struct history *history = history_new(HISTORY_POOL_BYTES);
	int64_t i;

	(void)state;
	for (i = 1; i <= 2 * HISTORY_SECONDS_KEPT; i++) {
		struct history_point point = point_at(START + i, (uint64_t)i);

		history_add(history, "web", &point);
	}
	look(history, "web", 1, 0);
	/* Whole blocks go: a little more than an hour may be there. */
	assert_in_range(seen->count, HISTORY_SECONDS_KEPT, HISTORY_SECONDS_KEPT + 200);
	look(history, "web", 60, 0);
	assert_int_equal(seen->count, 120);
	history_expire(history, START + i + HISTORY_MINUTES_KEPT);
	look(history, "web", 60, 0);
	assert_int_equal(seen->count, 0);
	history_free(history);
}

static void busy_listeners_do_not_take_more_than_the_limit(void **state)
{
	struct history *history = history_new(HISTORY_POOL_BYTES);
	char name[32];
	int64_t i;
	unsigned int l;

	(void)state;
	for (i = 1; i <= 900; i++) {
		for (l = 0; l < 1000; l++) {
			struct history_point point =
				point_at(START + i, (uint64_t)(i * 7919 * (l + 1)) % 100003);

			point.values[HISTORY_BYTES_IN] = (uint64_t)(i * i * 1234567) % 99999999;
			point.values[HISTORY_BYTES_OUT] = (uint64_t)(i * 7654321) % 99999999;
			snprintf(name, sizeof(name), "nlb-%u:443", l);
			history_add(history, name, &point);
		}
	}
	assert_true(history_bytes(history) <= (size_t)16 << 20);
	look(history, "nlb-500:443", 1, 0);
	assert_in_range(seen->count, 300, 900); /* reaches less far back */
	assert_int_equal(seen->points[seen->count - 1].time_s, START + 900);
	look(history, "nlb-500:443", 60, 0);
	assert_int_equal(seen->count, 15); /* minutes are all there */
	history_free(history);
}

static void a_tiny_pool_goes_on_working(void **state)
{
	struct history *history = history_new(1);
	int64_t i;
	unsigned int l;
	char name[32];

	(void)state;
	for (i = 1; i <= 3000; i++)
		for (l = 0; l < 40; l++) {
			struct history_point point = point_at(START + i, (uint64_t)(i * 31) % 977);

			snprintf(name, sizeof(name), "%u", l);
			history_add(history, name, &point);
		}
	look(history, "7", 1, 0);
	assert_true(seen->count > 0);
	assert_int_equal(seen->points[seen->count - 1].time_s, START + 3000);
	history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_come_out_as_they_went_in),
		cmocka_unit_test(the_largest_values_fit),
		cmocka_unit_test(minutes_add_counts_up_and_keep_the_last_gauge),
		cmocka_unit_test(a_gap_stays_a_gap),
		cmocka_unit_test(what_is_too_old_goes),
		cmocka_unit_test(busy_listeners_do_not_take_more_than_the_limit),
		cmocka_unit_test(a_tiny_pool_goes_on_working),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
