#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "proxy/limit.h"

#define WORKERS 2

static const uint64_t second_ns = 1000000000;

static int setup(void **state)
{
	struct stats *stats =
		memory_new(sizeof(struct stats) + WORKERS * sizeof(struct stats_worker));

	stats->workers = WORKERS;
	stats->source_key[0] = 0x0706050403020100;
	stats->source_key[1] = 0x0f0e0d0c0b0a0908;
	*state = stats;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static struct address source(const char *ip)
{
	struct address address;

	assert_int_equal(address_parse_ip(ip, &address, NULL), 0);
	return address;
}

static uint32_t take_many(struct stats *stats, uint32_t cps, uint64_t now_ns, uint32_t tries)
{
	uint32_t taken = 0;

	while (tries-- > 0)
		taken += limit_take_cps(stats, 3, cps, now_ns);
	return taken;
}

static void no_cps_limit_admits_everything(void **state)
{
	assert_int_equal(take_many(*state, 0, 5 * second_ns, 1000), 1000);
}

static void a_seconds_worth_may_come_at_once_and_no_more(void **state)
{
	static const uint32_t limits[] = { 1, 2, 10, 1000, 1000000 };
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint64_t now_ns = (i + 1) * 100 * second_ns;

		assert_int_equal(take_many(*state, limits[i], now_ns, limits[i] + 3), limits[i]);
		assert_false(limit_take_cps(*state, 3, limits[i], now_ns + second_ns));
		assert_true(limit_take_cps(*state, 3, limits[i], now_ns + second_ns * 102 / 100));
	}
}

static void no_second_holds_more_than_the_limit(void **state)
{
	uint64_t taken_ns[200];
	uint32_t count = 0;
	uint32_t first = 0;
	uint64_t at;

	for (at = 100 * second_ns; at < 110 * second_ns; at += 3 * second_ns / 1000) {
		if (!limit_take_cps(*state, 3, 7, at))
			continue;
		assert_true(count < 200);
		taken_ns[count++] = at;
		while (taken_ns[first] + second_ns <= at)
			first++;
		assert_true(count - first <= 7);
	}
	assert_in_range(count, 69, 77);
}

static void a_rate_below_the_limit_is_never_refused(void **state)
{
	uint64_t at = 100 * second_ns;
	uint32_t i;

	/* Three at once, each half second: six a second, with a pause of 510 ms between them. */
	for (i = 0; i < 60; i++, at += 510 * (second_ns / 1000))
		assert_int_equal(take_many(*state, 6, at, 3), 3);
}

static void over_a_long_time_the_rate_is_the_limit(void **state)
{
	static const uint32_t limits[] = { 1, 7, 100, 30000 };
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint64_t start_ns = (i + 1) * 100 * second_ns;
		uint32_t taken = 0;
		uint64_t at;

		for (at = 0; at < 10 * second_ns; at += 10000)
			taken += limit_take_cps(*state, 3, limits[i], start_ns + at);
		assert_in_range(taken, limits[i] * 10 * 99 / 100, limits[i] * 11);
	}
}

static void listeners_have_rates_of_their_own(void **state)
{
	assert_true(limit_take_cps(*state, 1, 1, second_ns));
	assert_false(limit_take_cps(*state, 1, 1, second_ns));
	assert_true(limit_take_cps(*state, 2, 1, second_ns));
}

static void without_rules_nothing_is_held(void **state)
{
	const struct limit_rules none = { 0 };
	const struct limit_rules handshakes_only = { 0, 1, 1 };
	struct address client = source("203.0.113.7");
	struct limit_source held;

	assert_int_equal(limit_take_source(*state, 0, 1, &client, &none, true, 0, &held), LIMIT_OK);
	assert_null(held.row);
	limit_source_handshake_done(&held);
	limit_source_release(&held);
	assert_int_equal(
		limit_take_source(*state, 0, 1, &client, &handshakes_only, false, 0, &held),
		LIMIT_OK);
	assert_null(held.row);
}

static void open_connections_are_counted_over_all_workers(void **state)
{
	const struct limit_rules rules = { .max_connections = 2 };
	struct address client = source("203.0.113.7"), other = source("203.0.113.8");
	struct limit_source first, second, third = { 0 };

	assert_int_equal(limit_take_source(*state, 0, 1, &client, &rules, false, 0, &first),
			 LIMIT_OK);
	assert_int_equal(limit_take_source(*state, 1, 1, &client, &rules, false, 0, &second),
			 LIMIT_OK);
	assert_int_equal(limit_take_source(*state, 0, 1, &client, &rules, false, 0, &third),
			 LIMIT_CONNECTIONS);
	assert_int_equal(limit_take_source(*state, 1, 1, &client, &rules, false, 0, &third),
			 LIMIT_CONNECTIONS);
	assert_null(third.row);
	/* Another source and another listener are not concerned. */
	assert_int_equal(limit_take_source(*state, 1, 1, &other, &rules, false, 0, &third),
			 LIMIT_OK);
	assert_int_equal(limit_take_source(*state, 1, 2, &client, &rules, false, 0, &third),
			 LIMIT_OK);
	/* What one worker gives back, the other may take: a refusal held nothing. */
	limit_source_release(&second);
	assert_int_equal(limit_take_source(*state, 0, 1, &client, &rules, false, 0, &third),
			 LIMIT_OK);
	assert_int_equal(limit_take_source(*state, 1, 1, &client, &rules, false, 0, &second),
			 LIMIT_CONNECTIONS);
}

static void a_finished_handshake_makes_room_for_another(void **state)
{
	const struct limit_rules rules = { .max_handshakes = 1 };
	struct address client = source("2001:db8::1");
	struct limit_source first, second;

	assert_int_equal(limit_take_source(*state, 0, 1, &client, &rules, true, 0, &first),
			 LIMIT_OK);
	assert_int_equal(limit_take_source(*state, 1, 1, &client, &rules, true, 0, &second),
			 LIMIT_HANDSHAKES);
	limit_source_handshake_done(&first);
	limit_source_handshake_done(&first);
	assert_int_equal(limit_take_source(*state, 1, 1, &client, &rules, true, 0, &second),
			 LIMIT_OK);
	assert_int_equal(limit_take_source(*state, 0, 1, &client, &rules, true, 0, &first),
			 LIMIT_HANDSHAKES);
	/* A connection that ends while it shakes hands gives back both. */
	limit_source_release(&second);
	assert_int_equal(limit_take_source(*state, 0, 1, &client, &rules, true, 0, &second),
			 LIMIT_OK);
}

static void an_ipv6_source_is_its_64(void **state)
{
	const struct limit_rules rules = { .max_connections = 1 };
	struct address client = source("2001:db8:0:1::1"), near = source("2001:db8:0:1:ffff::2"),
		       far = source("2001:db8:0:2::1");
	struct limit_source held;

	assert_int_equal(limit_take_source(*state, 0, 1, &client, &rules, false, 0, &held),
			 LIMIT_OK);
	assert_int_equal(limit_take_source(*state, 0, 1, &near, &rules, false, 0, &held),
			 LIMIT_CONNECTIONS);
	assert_int_equal(limit_take_source(*state, 0, 1, &far, &rules, false, 0, &held), LIMIT_OK);
}

static uint32_t handshakes_begun(struct stats *stats, uint32_t rate, uint64_t now_ms,
				 uint32_t tries)
{
	const struct limit_rules rules = { .max_handshake_rate = rate };
	struct address client = source("203.0.113.7");
	uint32_t begun = 0;

	while (tries-- > 0) {
		struct limit_source held;

		if (limit_take_source(stats, tries % WORKERS, 1, &client, &rules, true, now_ms,
				      &held) == LIMIT_OK) {
			begun++;
			limit_source_release(&held);
		}
	}
	return begun;
}

static void a_burst_of_handshakes_is_cut_at_the_rate(void **state)
{
	/* 900 ms into a second: a new second does not mean a new burst. */
	assert_int_equal(handshakes_begun(*state, 5, 10900, 20), 5);
	assert_int_equal(handshakes_begun(*state, 5, 11000, 20), 0);
	assert_int_equal(handshakes_begun(*state, 5, 11400, 20), 2);
	assert_int_equal(handshakes_begun(*state, 5, 13000, 20), 5);
}

static void a_steady_rate_at_the_limit_is_admitted(void **state)
{
	uint32_t begun = 0;
	uint64_t at_ms;

	for (at_ms = 5000; at_ms < 25000; at_ms += 100)
		begun += handshakes_begun(*state, 10, at_ms, 1);
	assert_in_range(begun, 190, 200);
}

static void a_full_table_admits_and_recovers(void **state)
{
	const struct limit_rules rules = { .max_connections = 1 };
	static struct limit_source held[40000];
	uint32_t i, counted = 0;
	struct limit_source late;
	struct address client = source("10.0.0.0");

	for (i = 0; i < 40000; i++) {
		client.ip[2] = (uint8_t)(i >> 8);
		client.ip[3] = (uint8_t)i;
		assert_int_equal(
			limit_take_source(*state, 0, 1, &client, &rules, false, 0, &held[i]),
			LIMIT_OK);
		counted += held[i].row != NULL;
	}
	assert_in_range(counted, STATS_SOURCES * 9 / 10, STATS_SOURCES);
	for (i = 0; i < 40000; i++)
		limit_source_release(&held[i]);
	/* Every row is free again, and the limit works for those that had no row. */
	client.ip[1] = 1;
	for (i = 0; i < STATS_SOURCES / 4; i++) {
		client.ip[2] = (uint8_t)(i >> 8);
		client.ip[3] = (uint8_t)i;
		assert_int_equal(
			limit_take_source(*state, 0, 1, &client, &rules, false, 0, &held[i]),
			LIMIT_OK);
		assert_non_null(held[i].row);
		assert_int_equal(limit_take_source(*state, 1, 1, &client, &rules, false, 0, &late),
				 LIMIT_CONNECTIONS);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(no_cps_limit_admits_everything),
		TEST(a_seconds_worth_may_come_at_once_and_no_more),
		TEST(no_second_holds_more_than_the_limit),
		TEST(a_rate_below_the_limit_is_never_refused),
		TEST(over_a_long_time_the_rate_is_the_limit),
		TEST(listeners_have_rates_of_their_own),
		TEST(without_rules_nothing_is_held),
		TEST(open_connections_are_counted_over_all_workers),
		TEST(a_finished_handshake_makes_room_for_another),
		TEST(an_ipv6_source_is_its_64),
		TEST(a_burst_of_handshakes_is_cut_at_the_rate),
		TEST(a_steady_rate_at_the_limit_is_admitted),
		TEST(a_full_table_admits_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
