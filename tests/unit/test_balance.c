#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "proxy/balance.h"

#define WORKERS 2
#define SERVERS 50

/* Everything a group needs: a document group and the shared memory, with nothing shared. */
struct world {
	struct stats *stats;
	struct health health;
	struct document_server servers[SERVERS];
	struct document_group from;
	struct balance_env env;
	struct group *group;
	uint64_t now_ms;
};

static void set_state(struct world *world, uint32_t slot, enum health_state state)
{
	atomic_store(&world->health.servers[slot].state, state);
	atomic_store(&world->health.servers[slot].changed_ms, world->now_ms);
}

static void good_check(struct world *world, uint32_t slot)
{
	atomic_fetch_add(&world->health.servers[slot].good_checks, 1);
}

static int setup(void **state)
{
	struct world *world = memory_new(sizeof(*world));
	uint32_t i;

	world->stats = memory_new(sizeof(struct stats) + WORKERS * sizeof(struct stats_worker));
	world->stats->workers = WORKERS;
	world->now_ms = 1000000;
	for (i = 0; i < SERVERS; i++) {
		struct document_server *server = &world->servers[i];

		server->slot = i;
		server->weight = 100;
		server->address = (struct address){ .family = 4, .port = 8080, .ip = { 10, 0, 0 } };
		server->address.ip[3] = (uint8_t)(i + 1);
		snprintf(server->name, sizeof(server->name), "ECS%02u", i + 1);
		set_state(world, i, HEALTH_HEALTHY);
	}
	world->from.scheduler = MODEL_RR;
	world->from.check.enabled = true;
	world->from.servers = world->servers;
	world->from.server_count = 2;
	world->env = (struct balance_env){ world->stats, 0, &world->health };
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	group_unref(world->group);
	free(world->stats);
	free(world);
	return 0;
}

static void begin(struct world *world, enum model_scheduler scheduler, uint32_t count)
{
	world->from.scheduler = scheduler;
	world->from.server_count = count;
	group_unref(world->group);
	world->group = group_new(&world->from, NULL, world->env, world->now_ms);
}

static void reload(struct world *world)
{
	struct group *old = world->group;

	world->group = group_new(&world->from, old, world->env, world->now_ms);
	group_unref(old);
}

static struct balance_request request_of(const struct world *world, uint32_t client)
{
	struct balance_request request = { .now_ms = world->now_ms };

	request.client = (struct address){ .family = 4, .port = (uint16_t)(client * 7 + 1) };
	request.client.ip[1] = (uint8_t)(client >> 16);
	request.client.ip[2] = (uint8_t)(client >> 8);
	request.client.ip[3] = (uint8_t)client;
	request.local = (struct address){ .family = 4, .port = 443, .ip = { 192, 0, 2, 1 } };
	return request;
}

/* The slot of the server that the next connection gets, or -1. */
static int pick_for(struct world *world, uint32_t client)
{
	struct balance_request request = request_of(world, client);
	struct server *server = group_pick(world->group, &request);
	int slot = server == NULL ? -1 : (int)server->slot;

	server_unref(server);
	return slot;
}

static int pick(struct world *world)
{
	return pick_for(world, 0);
}

static void expect_picks(struct world *world, const char *letters)
{
	for (; *letters != '\0'; letters++)
		assert_int_equal(pick(world), *letters - 'a');
}

/* Every letter comes up once in as many picks, in whatever order. */
static void expect_each_once(struct world *world, const char *letters)
{
	size_t count = strlen(letters), i;
	char seen[32] = { 0 };

	for (i = 0; i < count; i++) {
		char letter = (char)('a' + pick(world));

		assert_non_null(strchr(letters, letter));
		assert_null(strchr(seen, letter));
		seen[i] = letter;
	}
}

static struct server *server_of(struct world *world, uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < 1000; i++) {
		struct balance_request request = request_of(world, i);
		struct server *server = group_pick(world->group, &request);

		if (server != NULL && server->slot == slot)
			return server;
		server_unref(server);
	}
	fail_msg("server %u is never picked", slot);
	return NULL;
}

static void fail_times(struct world *world, struct server *server, unsigned int times)
{
	while (times-- > 0)
		server_failed(server, world->group, world->env, world->now_ms);
}

/* --- round robin --- */

static void round_robin_goes_in_the_listed_order(void **state)
{
	begin(*state, MODEL_RR, 2);
	expect_picks(*state, "ababab");
	begin(*state, MODEL_RR, 3);
	expect_picks(*state, "abcabc");
}

static void round_robin_ignores_weights_but_not_zero(void **state)
{
	struct world *world = *state;

	world->servers[0].weight = 1;
	world->servers[2].weight = 0;
	begin(world, MODEL_RR, 4);
	expect_picks(world, "abdabd");
}

/* The turn goes on from one worker to the next: two workers with every other connection each. */
static void a_rotation_goes_on_from_worker_to_worker(void **state)
{
	static const enum model_scheduler schedulers[] = { MODEL_RR, MODEL_WRR };
	struct world *world = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct balance_env other_env = { world->stats, 1, &world->health };
		struct group *first, *second;

		begin(world, schedulers[i], 3);
		first = world->group;
		second = group_new(&world->from, NULL, other_env, world->now_ms);
		expect_picks(world, "a");
		world->group = second;
		expect_picks(world, "bc");
		world->group = first;
		expect_picks(world, "ab");
		world->group = second;
		expect_picks(world, "c");
		world->group = first;
		group_unref(second);
	}
}

static void weighted_round_robin_is_smooth(void **state)
{
	struct world *world = *state;

	world->servers[0].weight = 5;
	world->servers[1].weight = 1;
	world->servers[2].weight = 1;
	begin(world, MODEL_WRR, 3);
	expect_picks(world, "aabacaaaabacaa");
}

static void a_rotation_survives_a_reload(void **state)
{
	struct world *world = *state;

	begin(world, MODEL_RR, 3);
	expect_picks(world, "a");
	reload(world);
	expect_picks(world, "b");
	/* The one whose turn it is leaves, another comes: all get their share. */
	world->servers[2] = world->servers[3];
	reload(world);
	expect_each_once(world, "abd");
	/* A swap in the list and a new one in front. */
	world->servers[3] = world->servers[2];
	world->servers[2] = world->servers[1];
	world->servers[1] = world->servers[0];
	world->servers[0] = world->servers[10];
	world->from.server_count = 4;
	reload(world);
	expect_each_once(world, "abdk");
}

static void a_weighted_rotation_survives_a_reload(void **state)
{
	struct world *world = *state;

	world->servers[0].weight = 5;
	world->servers[1].weight = 1;
	world->servers[2].weight = 1;
	begin(world, MODEL_WRR, 3);
	expect_picks(world, "aab");
	reload(world);
	expect_picks(world, "acaa");
}

/* --- least connections --- */

static void least_connections_counts_all_workers_and_weights(void **state)
{
	struct world *world = *state;

	world->servers[0].weight = 50;
	begin(world, MODEL_WLC, 2);
	/* (0+1)/50 against (0+1)/100 */
	expect_picks(world, "bb");
	world->stats->worker[0].servers[1].active = 1;
	world->stats->worker[1].servers[1].active = 2;
	expect_picks(world, "aa");
	world->stats->worker[1].servers[0].active = 2;
	expect_picks(world, "bb");
}

static void opening_and_closing_keep_the_gauge(void **state)
{
	struct world *world = *state;
	struct server *server;

	begin(world, MODEL_WLC, 2);
	server = server_of(world, 1);
	server_opened(server, world->env);
	assert_int_equal(world->stats->worker[0].servers[1].connections, 1);
	assert_int_equal(world->stats->worker[0].servers[1].active, 1);
	expect_picks(world, "aa");
	server_closed(server, world->env);
	server_closed(server, world->env);
	assert_int_equal(world->stats->worker[0].servers[1].active, 0);
	server_unref(server);
}

static void equals_among_least_connections_take_turns(void **state)
{
	begin(*state, MODEL_WLC, 3);
	expect_picks(*state, "abcabc");
}

/* --- hashing --- */

#define CLIENTS 20000u

static void map_clients(struct world *world, int ret_map[CLIENTS])
{
	uint32_t i;

	for (i = 0; i < CLIENTS; i++)
		ret_map[i] = pick_for(world, i);
}

static uint32_t clients_of(const int map[CLIENTS], int slot)
{
	uint32_t i, count = 0;

	for (i = 0; i < CLIENTS; i++)
		count += map[i] == slot;
	return count;
}

static void expect_share(uint32_t count, double share)
{
	assert_in_range(count, (uint32_t)(CLIENTS * share * 0.9),
			(uint32_t)(CLIENTS * share * 1.1));
}

static void hashing_shares_by_weight_and_is_the_same_everywhere(void **state)
{
	static int map[CLIENTS], again[CLIENTS];
	struct world *world = *state;

	world->servers[0].weight = 20;
	world->servers[1].weight = 30;
	world->servers[2].weight = 50;
	begin(world, MODEL_SCH, 3);
	map_clients(world, map);
	expect_share(clients_of(map, 0), 0.2);
	expect_share(clients_of(map, 1), 0.3);
	expect_share(clients_of(map, 2), 0.5);
	world->env.worker = 1;
	begin(world, MODEL_SCH, 3);
	map_clients(world, again);
	assert_memory_equal(map, again, sizeof(map));
}

static void removing_a_server_moves_only_its_own_clients(void **state)
{
	static int before[CLIENTS], after[CLIENTS];
	struct world *world = *state;
	uint32_t i, moved = 0;

	begin(world, MODEL_TCH, 10);
	map_clients(world, before);
	set_state(world, 4, HEALTH_UNHEALTHY);
	map_clients(world, after);
	for (i = 0; i < CLIENTS; i++) {
		assert_true(before[i] == 4 || before[i] == after[i]);
		assert_int_not_equal(after[i], 4);
		moved += before[i] != after[i];
	}
	expect_share(moved, 0.1);
	/* It comes back to the same clients. */
	set_state(world, 4, HEALTH_HEALTHY);
	map_clients(world, after);
	assert_memory_equal(before, after, sizeof(before));
}

static void a_weight_change_moves_clients_in_proportion(void **state)
{
	static int before[CLIENTS], after[CLIENTS];
	struct world *world = *state;
	uint32_t i, moved = 0;

	begin(world, MODEL_SCH, 2);
	map_clients(world, before);
	world->servers[0].weight = 50;
	reload(world);
	map_clients(world, after);
	for (i = 0; i < CLIENTS; i++) {
		assert_true(before[i] == after[i] || before[i] == 0);
		moved += before[i] != after[i];
	}
	/* from a half to a third */
	expect_share(moved, 1.0 / 2 - 1.0 / 3);
}

static void source_hashing_ignores_ports_and_tuple_hashing_does_not(void **state)
{
	struct world *world = *state;
	bool seen[SERVERS] = { false };
	struct balance_request request = request_of(world, 77);
	int first = -1;
	uint32_t port, spread = 0;

	begin(world, MODEL_SCH, 10);
	for (port = 1; port < 100; port++) {
		struct server *server;

		request.client.port = (uint16_t)port;
		server = group_pick(world->group, &request);
		if (first < 0)
			first = (int)server->slot;
		assert_int_equal(server->slot, first);
		server_unref(server);
	}
	begin(world, MODEL_TCH, 10);
	for (port = 1; port < 200; port++) {
		struct server *server;

		request.client.port = (uint16_t)port;
		server = group_pick(world->group, &request);
		spread += !seen[server->slot];
		seen[server->slot] = true;
		server_unref(server);
	}
	assert_int_equal(spread, 10);
}

/* --- who may be chosen --- */

struct rule {
	const char *name;
	bool checked;
	enum model_all_down all_down;
	enum health_state states[3];
	const char *picks; /* letters, or "-" for nobody */
};

#define H HEALTH_HEALTHY
#define U HEALTH_UNHEALTHY
#define N HEALTH_UNKNOWN
#define C HEALTH_UNCHECKED

static const struct rule rules[] = {
	{ "an unhealthy one gets nothing", true, MODEL_TRY_ALL, { H, U, H }, "acac" },
	{ "an unknown one gets nothing beside a healthy one",
	  true,
	  MODEL_TRY_ALL,
	  { N, H, N },
	  "bb" },
	{ "all unknown: everybody", true, MODEL_TRY_ALL, { N, N, N }, "abc" },
	{ "all unknown, refuse: everybody", true, MODEL_REFUSE, { N, N, N }, "abc" },
	{ "unknown beside unhealthy: all down", true, MODEL_TRY_ALL, { N, U, N }, "abc" },
	{ "unknown beside unhealthy, refuse", true, MODEL_REFUSE, { N, U, N }, "--" },
	{ "all down", true, MODEL_TRY_ALL, { U, U, U }, "abc" },
	{ "all down, refuse", true, MODEL_REFUSE, { U, U, U }, "--" },
	{ "checks off: everybody", false, MODEL_REFUSE, { C, C, C }, "abc" },
	{ "checks off, old results: everybody", false, MODEL_REFUSE, { U, N, H }, "abc" },
	{ "checks just turned on", true, MODEL_REFUSE, { C, C, C }, "abc" },
};

static void health_decides_who_may_be_chosen(void **state)
{
	struct world *world = *state;
	size_t i, j;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		world->from.check.enabled = rules[i].checked;
		world->from.all_down = rules[i].all_down;
		for (j = 0; j < 3; j++)
			set_state(world, (uint32_t)j, rules[i].states[j]);
		begin(world, MODEL_RR, 3);
		for (j = 0; rules[i].picks[j] != '\0'; j++) {
			int expected = rules[i].picks[j] == '-' ? -1 : rules[i].picks[j] - 'a';

			if (pick(world) != expected)
				fail_msg("%s: pick %zu", rules[i].name, j);
		}
	}
}

static void weight_zero_gets_nothing_even_when_all_are_down(void **state)
{
	struct world *world = *state;

	world->servers[0].weight = 0;
	begin(world, MODEL_RR, 2);
	expect_picks(world, "bb");
	set_state(world, 1, HEALTH_UNHEALTHY);
	expect_picks(world, "bb");
	world->servers[1].weight = 0;
	reload(world);
	assert_int_equal(pick(world), -1);
}

static void an_unknown_server_counts_when_all_others_weigh_nothing(void **state)
{
	struct world *world = *state;

	world->servers[0].weight = 0;
	world->from.all_down = MODEL_REFUSE;
	set_state(world, 1, HEALTH_UNKNOWN);
	begin(world, MODEL_RR, 2);
	expect_picks(world, "bb");
}

static void an_empty_group_offers_nobody(void **state)
{
	begin(*state, MODEL_WRR, 0);
	assert_int_equal(pick(*state), -1);
	reload(*state);
	assert_int_equal(pick(*state), -1);
}

static void what_failed_before_is_not_tried_again(void **state)
{
	struct world *world = *state;
	struct balance_request request = request_of(world, 0);
	const struct server *tried[4] = { NULL };
	static const uint32_t expected[] = { 0, 1, 3, 2 };
	uint32_t i;

	/* The unhealthy one comes last, and only because AllDown is TryAll. */
	set_state(world, 2, HEALTH_UNHEALTHY);
	begin(world, MODEL_RR, 4);
	request.tried = tried;
	for (i = 0; i < 4; i++) {
		struct server *server = group_pick(world->group, &request);

		assert_int_equal(server->slot, expected[i]);
		tried[request.tried_count++] = server;
		server_unref(server);
	}
	assert_null(group_pick(world->group, &request));
	world->from.all_down = MODEL_REFUSE;
	reload(world);
	request.tried_count = 3;
	assert_null(group_pick(world->group, &request));
}

/* --- slow start --- */

static void a_server_that_became_healthy_starts_slowly(void **state)
{
	static const enum model_scheduler schedulers[] = { MODEL_RR, MODEL_WRR, MODEL_TCH };
	struct world *world = *state;
	size_t i;

	world->from.slow_start_s = 90;
	set_state(world, 1, HEALTH_HEALTHY);
	for (i = 0; i < 3; i++) {
		static const uint32_t expected[][2] = { { 0, 10 }, { 30, 40 }, { 90, 100 } };
		size_t step;

		atomic_store(&world->health.servers[0].changed_ms, 1);
		begin(world, schedulers[i], 2);
		for (step = 0; step < 3; step++) {
			uint32_t count = 0, client;
			uint32_t share = expected[step][1];

			world->now_ms = 1000000 + expected[step][0] * 1000;
			for (client = 0; client < 11000; client++)
				count += pick_for(world, client) == 1;
			assert_in_range(count, 11000 * share / (100 + share) * 90 / 100,
					11000 * share / (100 + share) * 110 / 100);
		}
		world->now_ms = 1000000;
	}
}

static void a_group_that_starts_slowly_together_serves(void **state)
{
	struct world *world = *state;

	world->from.slow_start_s = 30;
	begin(world, MODEL_RR, 3);
	expect_picks(world, "abcabc");
}

/* --- ejection --- */

static void three_failures_in_a_row_eject_for_a_while(void **state)
{
	struct world *world = *state;
	struct server *server;

	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	fail_times(world, server, 2);
	server_connected(server, world->env);
	fail_times(world, server, 2);
	expect_picks(world, "abab");
	assert_true(server_failed(server, world->group, world->env, world->now_ms));
	assert_int_equal(world->stats->worker[0].servers[1].failures, 5);
	assert_int_equal(world->stats->worker[0].servers[1].ejected, 1);
	expect_picks(world, "aaa");
	world->now_ms += 9999;
	expect_picks(world, "aaa");
	world->now_ms += 1;
	expect_picks(world, "abab");
	assert_int_equal(world->stats->worker[0].servers[1].ejected, 0);
	server_unref(server);
}

static void an_ejection_doubles_up_to_five_minutes(void **state)
{
	static const uint64_t times_ms[] = { 10000, 20000, 40000, 80000, 160000, 300000, 300000 };
	struct world *world = *state;
	struct server *server;
	size_t i;

	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	fail_times(world, server, 2);
	for (i = 0; i < sizeof(times_ms) / sizeof(times_ms[0]); i++) {
		assert_true(server_failed(server, world->group, world->env, world->now_ms));
		assert_int_equal(server->ejected_until_ms, world->now_ms + times_ms[i]);
		world->now_ms += times_ms[i];
		expect_picks(world, "ab");
	}
	server_connected(server, world->env);
	fail_times(world, server, 3);
	assert_int_equal(server->ejected_until_ms, world->now_ms + 10000);
	server_unref(server);
}

static void a_good_check_ends_an_ejection(void **state)
{
	struct world *world = *state;
	struct server *server;

	good_check(world, 1);
	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	fail_times(world, server, 3);
	expect_picks(world, "aa");
	good_check(world, 1);
	expect_picks(world, "abab");
	/* Failures count from the start again. */
	fail_times(world, server, 2);
	expect_picks(world, "abab");
	server_unref(server);
}

static void at_most_half_of_a_group_is_ejected(void **state)
{
	static const uint32_t expected[] = { 0, 0, 1, 1, 2, 2 };
	struct world *world = *state;
	uint32_t count, i;

	for (count = 1; count <= 5; count++) {
		struct server *servers[SERVERS];
		uint32_t ejected = 0;

		begin(world, MODEL_RR, count);
		for (i = 0; i < count; i++)
			servers[i] = server_of(world, i);
		for (i = 0; i < count; i++) {
			fail_times(world, servers[i], 5);
			ejected += servers[i]->ejected_until_ms != 0;
			server_unref(servers[i]);
		}
		assert_int_equal(ejected, expected[count]);
		assert_int_not_equal(pick(world), -1);
	}
}

static void an_ejection_survives_a_reload(void **state)
{
	struct world *world = *state;
	struct server *server;

	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	fail_times(world, server, 3);
	reload(world);
	expect_picks(world, "aaa");
	world->now_ms += 10000;
	expect_picks(world, "ab");
	server_unref(server);
}

static void an_ejected_server_is_tried_when_all_others_are_down(void **state)
{
	struct world *world = *state;
	struct server *server;

	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	fail_times(world, server, 3);
	set_state(world, 0, HEALTH_UNHEALTHY);
	expect_picks(world, "abab");
	/* It answers: nothing speaks against it any more. */
	server_connected(server, world->env);
	expect_picks(world, "bbb");
	server_unref(server);
}

/* --- coming and going --- */

static void a_server_that_leaves_is_marked_gone(void **state)
{
	struct world *world = *state;
	struct server *first, *second;

	begin(world, MODEL_RR, 2);
	first = server_of(world, 0);
	second = server_of(world, 1);
	world->now_ms += 500;
	world->from.server_count = 1;
	world->from.drain_enabled = true;
	world->from.drain_timeout_s = 7;
	reload(world);
	assert_false(first->gone);
	assert_true(second->gone);
	assert_true(second->drain_enabled);
	assert_int_equal(second->drain_timeout_s, 7);
	assert_int_equal(second->gone_ms, 1000500);
	group_retire(world->group, world->now_ms + 1);
	assert_true(first->gone);
	assert_int_equal(first->gone_ms, 1000501);
	assert_int_equal(second->gone_ms, 1000500);
	server_unref(first);
	server_unref(second);
}

static void weight_zero_and_back_is_gone_and_back(void **state)
{
	struct world *world = *state;
	struct server *server;

	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	world->servers[1].weight = 0;
	reload(world);
	assert_true(server->gone);
	world->now_ms += 1000;
	reload(world);
	assert_int_equal(server->gone_ms, 1000000);
	world->servers[1].weight = 10;
	reload(world);
	assert_false(server->gone);
	expect_picks(world, "abab");
	server_unref(server);
}

static void a_reused_slot_is_another_server(void **state)
{
	struct world *world = *state;
	struct server *server;

	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	fail_times(world, server, 3);
	world->servers[1].address.port = 9090;
	reload(world);
	assert_true(server->gone);
	expect_picks(world, "abab");
	server_unref(server);
}

static void a_name_may_change(void **state)
{
	struct world *world = *state;
	struct server *server;

	begin(world, MODEL_RR, 2);
	server = server_of(world, 1);
	snprintf(world->servers[1].name, sizeof(world->servers[1].name), "renamed");
	reload(world);
	assert_string_equal(server->name, "renamed");
	assert_false(server->gone);
	server_unref(server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(round_robin_goes_in_the_listed_order),
		TEST(round_robin_ignores_weights_but_not_zero),
		TEST(a_rotation_goes_on_from_worker_to_worker),
		TEST(weighted_round_robin_is_smooth),
		TEST(a_rotation_survives_a_reload),
		TEST(a_weighted_rotation_survives_a_reload),
		TEST(least_connections_counts_all_workers_and_weights),
		TEST(opening_and_closing_keep_the_gauge),
		TEST(equals_among_least_connections_take_turns),
		TEST(hashing_shares_by_weight_and_is_the_same_everywhere),
		TEST(removing_a_server_moves_only_its_own_clients),
		TEST(a_weight_change_moves_clients_in_proportion),
		TEST(source_hashing_ignores_ports_and_tuple_hashing_does_not),
		TEST(health_decides_who_may_be_chosen),
		TEST(weight_zero_gets_nothing_even_when_all_are_down),
		TEST(an_unknown_server_counts_when_all_others_weigh_nothing),
		TEST(an_empty_group_offers_nobody),
		TEST(what_failed_before_is_not_tried_again),
		TEST(a_server_that_became_healthy_starts_slowly),
		TEST(a_group_that_starts_slowly_together_serves),
		TEST(three_failures_in_a_row_eject_for_a_while),
		TEST(an_ejection_doubles_up_to_five_minutes),
		TEST(a_good_check_ends_an_ejection),
		TEST(at_most_half_of_a_group_is_ejected),
		TEST(an_ejection_survives_a_reload),
		TEST(an_ejected_server_is_tried_when_all_others_are_down),
		TEST(a_server_that_leaves_is_marked_gone),
		TEST(weight_zero_and_back_is_gone_and_back),
		TEST(a_reused_slot_is_another_server),
		TEST(a_name_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
