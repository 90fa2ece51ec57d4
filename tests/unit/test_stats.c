/* The shared memory: who may map it, what is added up, what a death clears and an upgrade keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "stats/stats.h"

#define WORKERS 3

static struct stats *new_stats(uint32_t workers)
{
	struct error err;
	int fd = stats_create(workers, &err);
	struct stats *stats;

	assert_true(fd >= 0);
	stats = stats_map(fd, &err);
	close(fd);
	assert_non_null(stats);
	return stats;
}

static void free_stats(struct stats *stats)
{
	munmap(stats, stats_size(stats->workers));
}

static void new_statistics_are_zero_and_say_how_many_workers_there_are(void **state)
{
	struct stats *stats = new_stats(WORKERS);

	(void)state;
	assert_int_equal(stats->layout_version, STATS_LAYOUT_VERSION);
	assert_int_equal(stats->workers, WORKERS);
	assert_int_equal(stats->worker[WORKERS - 1].turns, 0);
	assert_true(stats->source_key[0] != 0 || stats->source_key[1] != 0);
	free_stats(stats);
}

static void what_one_process_writes_the_other_reads(void **state)
{
	struct error err;
	int fd = stats_create(1, &err);
	struct stats *one = stats_map(fd, &err);
	struct stats *other = stats_map(fd, &err);

	(void)state;
	one->worker[0].turns = 7;
	assert_int_equal(other->worker[0].turns, 7);
	free_stats(one);
	free_stats(other);
	close(fd);
}

static void statistics_for_no_worker_or_too_many_are_refused(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(stats_create(0, &err), -1);
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(stats_create(UINT32_MAX, &err), -1);
}

static void statistics_cannot_be_cut_short_by_another_process(void **state)
{
	struct error err;
	int fd = stats_create(1, &err);

	(void)state;
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 30), -1);
	close(fd);
}

static int memory_of(size_t size, uint32_t layout, uint32_t workers)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	uint32_t head[2] = { layout, workers };

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	if (size >= sizeof(head))
		assert_int_equal(pwrite(fd, head, sizeof(head), 0), sizeof(head));
	return fd;
}

static void memory_that_is_not_ours_is_refused(void **state)
{
	const struct {
		size_t size;
		uint32_t layout, workers;
	} wrong[] = {
		{ 0, STATS_LAYOUT_VERSION, 1 },
		{ 16, STATS_LAYOUT_VERSION, 1 },
		{ stats_size(1), STATS_LAYOUT_VERSION + 1, 1 },
		{ stats_size(1), STATS_LAYOUT_VERSION, 2 },
		{ stats_size(2), STATS_LAYOUT_VERSION, 1 },
		{ stats_size(1), STATS_LAYOUT_VERSION, UINT32_MAX },
	};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int fd = memory_of(wrong[i].size, wrong[i].layout, wrong[i].workers);

		assert_null(stats_map(fd, &err));
		assert_int_equal(err.code, ERROR_INVALID);
		close(fd);
	}
	assert_null(stats_map(-1, &err));
}

static void health_is_mapped_by_its_layout_only(void **state)
{
	struct error err;
	int good = health_create(&err);
	int short_one = memory_of(100, STATS_LAYOUT_VERSION, 0);
	int old = memory_of(sizeof(struct health), STATS_LAYOUT_VERSION + 1, 0);
	struct health *writable = health_map(good, true, &err);
	struct health *readable = health_map(good, false, &err);

	(void)state;
	assert_non_null(writable);
	assert_non_null(readable);
	atomic_store(&writable->servers[5].state, HEALTH_HEALTHY);
	assert_int_equal(atomic_load(&readable->servers[5].state), HEALTH_HEALTHY);
	assert_null(health_map(short_one, true, &err));
	assert_null(health_map(old, true, &err));
	assert_null(health_map(-1, true, &err));
	munmap(writable, sizeof(*writable));
	munmap(readable, sizeof(*readable));
	close(good);
	close(short_one);
	close(old);
}

static void readers_add_the_workers_up(void **state)
{
	struct stats *stats = new_stats(WORKERS);
	uint32_t i;

	(void)state;
	for (i = 0; i < WORKERS; i++) {
		stats->worker[i].servers[9].active = i + 1;
		stats->worker[i].listeners[4].active = 10 * (i + 1);
	}
	assert_int_equal(stats_server_active(stats, 9), 6);
	assert_int_equal(stats_listener_active(stats, 4), 60);
	assert_int_equal(stats_server_active(stats, 8), 0);
	assert_int_equal(stats_server_active(stats, STATS_SERVERS), 0);
	assert_int_equal(stats_listener_active(stats, STATS_LISTENERS), 0);
	free_stats(stats);
}

static void a_dead_worker_leaves_its_counters_but_no_gauge(void **state)
{
	struct stats *stats = new_stats(2);
	struct stats_worker *dead = &stats->worker[1];

	(void)state;
	dead->listeners[3].accepted = 100;
	dead->listeners[3].active = 5;
	dead->listeners[3].handshaking = 2;
	dead->servers[7].connections = 50;
	dead->servers[7].active = 4;
	dead->servers[7].ejected = 1;
	dead->version_served = 12;
	dead->pid = 4711;
	atomic_store(&dead->sources[11].key, 99);
	atomic_store(&dead->sources[11].connections, 3);
	stats->worker[0].listeners[3].active = 1;
	stats_clear_gauges(stats, 1);
	assert_int_equal(dead->listeners[3].accepted, 100);
	assert_int_equal(dead->servers[7].connections, 50);
	assert_int_equal(stats_listener_active(stats, 3), 1);
	assert_int_equal(dead->listeners[3].handshaking, 0);
	assert_int_equal(stats_server_active(stats, 7), 0);
	assert_int_equal(dead->servers[7].ejected, 0);
	assert_int_equal(dead->version_served, 0);
	assert_int_equal(dead->pid, 0);
	assert_int_equal(atomic_load(&dead->sources[11].key), 0);
	assert_int_equal(atomic_load(&dead->sources[11].connections), 0);
	stats_clear_gauges(stats, 2); /* there is no such worker */
	free_stats(stats);
}

static void an_upgrade_keeps_sums_whatever_the_number_of_workers(void **state)
{
	struct stats *old = new_stats(3);
	struct stats *fewer = new_stats(2);
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		old->worker[i].listeners[0].accepted = 10 + i;
		old->worker[i].listeners[0].active = 4;
		old->worker[i].servers[0].bytes_in = 1000;
		old->worker[i].chain_cache_hits = 2;
		old->worker[i].turns = 77;
	}
	old->started_s = 12345;
	stats_inherit(fewer, old);
	assert_int_equal(fewer->worker[0].listeners[0].accepted, 10 + 12);
	assert_int_equal(fewer->worker[1].listeners[0].accepted, 11);
	assert_int_equal(stats_listener_active(fewer, 0), 0);
	assert_int_equal(fewer->worker[0].servers[0].bytes_in, 2000);
	assert_int_equal(fewer->worker[0].chain_cache_hits, 4);
	assert_int_equal(fewer->worker[0].turns, 0);
	assert_int_equal(fewer->started_s, 12345);
	assert_memory_equal(fewer->source_key, old->source_key, sizeof(old->source_key));
	free_stats(old);
	free_stats(fewer);
}

static void every_state_and_reason_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(health_state_text(HEALTH_UNKNOWN), "Initial");
	assert_string_equal(health_state_text(HEALTH_HEALTHY), "Healthy");
	assert_string_equal(health_state_text(HEALTH_UNHEALTHY), "Unhealthy");
	assert_string_equal(health_state_text(HEALTH_UNCHECKED), "Unavailable");
	assert_string_equal(health_reason_text(HEALTH_REASON_NONE), "");
	assert_string_equal(health_reason_text(HEALTH_REASON_CONNECT_TIMEOUT), "CONNECT_TIMEOUT");
	assert_string_equal(health_reason_text(HEALTH_REASON_COUNT), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_statistics_are_zero_and_say_how_many_workers_there_are),
		cmocka_unit_test(what_one_process_writes_the_other_reads),
		cmocka_unit_test(statistics_for_no_worker_or_too_many_are_refused),
		cmocka_unit_test(statistics_cannot_be_cut_short_by_another_process),
		cmocka_unit_test(memory_that_is_not_ours_is_refused),
		cmocka_unit_test(health_is_mapped_by_its_layout_only),
		cmocka_unit_test(readers_add_the_workers_up),
		cmocka_unit_test(a_dead_worker_leaves_its_counters_but_no_gauge),
		cmocka_unit_test(an_upgrade_keeps_sums_whatever_the_number_of_workers),
		cmocka_unit_test(every_state_and_reason_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
