#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "health/http_answer.h"
#include "health/request.h"
#include "health/schedule.h"
#include "health/state.h"
#include "health/targets.h"

/* --- thresholds --- */

struct course {
	const char *name;
	uint32_t healthy, unhealthy;
	const char *checks; /* '+' good, '-' bad */
	const char *states; /* after each: '?' unknown, 'h' healthy, 'u' unhealthy */
};

static const struct course courses[] = {
	{ "the first good check is enough", 3, 3, "+", "h" },
	{ "unknown takes all bad checks", 2, 3, "---", "??u" },
	{ "unknown, then good in between", 2, 3, "--+--", "??hhh" },
	{ "healthy takes all bad checks in a row", 2, 2, "+-+--", "hhhhu" },
	{ "unhealthy takes all good checks in a row", 3, 2, "--+-+++", "?uuuuuh" },
	{ "out and back and out", 2, 2, "+--++--", "hhuuhhu" },
	{ "ten of ten", 10, 10, "+----------++++++++++", "hhhhhhhhhhuuuuuuuuuuh" },
};

static void thresholds_count_in_a_row(void **state)
{
	static const char letters[] = {
		[HEALTH_UNKNOWN] = '?', [HEALTH_HEALTHY] = 'h', [HEALTH_UNHEALTHY] = 'u'
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
		struct check_state check = { 0 };
		char before = '?';

		for (j = 0; courses[i].checks[j] != '\0'; j++) {
			enum health_reason result = courses[i].checks[j] == '+'
							    ? HEALTH_REASON_NONE
							    : HEALTH_REASON_CONNECT_FAILED;
			bool changed = check_state_note(&check, result, courses[i].healthy,
							courses[i].unhealthy);

			if (letters[check.state] != courses[i].states[j])
				fail_msg("%s: check %zu", courses[i].name, j);
			assert_int_equal(changed, before != courses[i].states[j]);
			before = courses[i].states[j];
		}
	}
}

static void the_reason_is_that_of_the_last_bad_check(void **state)
{
	struct check_state check = { 0 };

	(void)state;
	check_state_note(&check, HEALTH_REASON_CONNECT_FAILED, 2, 2);
	assert_int_equal(check.reason, HEALTH_REASON_NONE);
	check_state_note(&check, HEALTH_REASON_CONNECT_TIMEOUT, 2, 2);
	assert_int_equal(check.reason, HEALTH_REASON_CONNECT_TIMEOUT);
	check_state_note(&check, HEALTH_REASON_HTTP_CODE_NOT_MATCH, 2, 2);
	assert_int_equal(check.reason, HEALTH_REASON_HTTP_CODE_NOT_MATCH);
	check_state_note(&check, HEALTH_REASON_NONE, 2, 2);
	assert_int_equal(check.reason, HEALTH_REASON_HTTP_CODE_NOT_MATCH);
	check_state_note(&check, HEALTH_REASON_NONE, 2, 2);
	assert_int_equal(check.reason, HEALTH_REASON_NONE);
}

/* --- schedule --- */

static void the_first_check_comes_within_an_interval_and_a_second(void **state)
{
	uint64_t identity, latest = 0;

	(void)state;
	for (identity = 0; identity < 5000; identity++) {
		uint64_t at = schedule_first(100010, 5, 4000, identity);

		assert_in_range(at, 100010, 101010 + LOOP_TICK_MS);
		assert_int_equal(at % LOOP_TICK_MS, 0);
		latest = at > latest ? at : latest;
	}
	assert_in_range(latest, 100900, 101060);
	assert_int_equal(schedule_first(100010, 5, 4000, 77), schedule_first(100010, 5, 4000, 77));
	/* A few servers are all checked at once. */
	for (identity = 0; identity < 100; identity++)
		assert_in_range(schedule_first(100010, 5, 2, identity), 100010, 100050);
}

static void later_checks_keep_their_distance(void **state)
{
	(void)state;
	assert_int_equal(schedule_next(1000, 5, 1003), 6000);
	assert_int_equal(schedule_next(1000, 5, 5999), 6000);
	/* What was missed is not made up for, and the beat stays. */
	assert_int_equal(schedule_next(1000, 5, 6000), 11000);
	assert_int_equal(schedule_next(1000, 5, 33000), 36000);
}

static void a_check_ends_before_the_next_one_is_due(void **state)
{
	uint64_t late;

	(void)state;
	for (late = 0; late < LOOP_TICK_MS; late++) {
		uint64_t deadline = schedule_deadline(1000 + late, 1);

		assert_in_range(deadline, 1000 + late + 1000 - 2 * LOOP_TICK_MS, 1999);
	}
	/* Dead a moment after a good check: two more, the second one over within three seconds. */
	assert_in_range(schedule_deadline(schedule_next(schedule_next(1000, 1, 1000), 1, 2000), 1),
			3500, 4000);
	assert_in_range(schedule_deadline(1000, 300), 300900, 301000);
}

/* --- HTTP answers --- */

struct answer_sample {
	const char *text;
	enum http_answer_verdict verdict;
	uint16_t code;
};

static const struct answer_sample answers[] = {
	{ "HTTP/1.0 200 OK\r\n\r\n", HTTP_ANSWER_DONE, 200 },
	{ "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody\0", HTTP_ANSWER_DONE, 200 },
	{ "HTTP/1.1 204\r\n\r\n", HTTP_ANSWER_DONE, 204 },
	{ "HTTP/1.1 503 \r\n\r\n", HTTP_ANSWER_DONE, 503 },
	{ "HTTP/1.0 302 Found\nLocation: /\n\n", HTTP_ANSWER_DONE, 302 },
	{ "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", HTTP_ANSWER_DONE, 200 },
	{ "HTTP/1.1 200 \xc3\xa9t\xc3\xa9\r\nA:\r\n\r\n", HTTP_ANSWER_DONE, 200 },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n\r\n", HTTP_ANSWER_DONE, 404 },
	{ "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", HTTP_ANSWER_DONE, 200 },
	{ "HTTP/1.1 101 Switch\r\n\r\n", HTTP_ANSWER_DONE, 101 },
	{ "HTTP/1.1 999 Odd\r\n\r\n", HTTP_ANSWER_DONE, 999 },
	{ "", HTTP_ANSWER_MORE, 0 },
	{ "HTTP/1", HTTP_ANSWER_MORE, 0 },
	{ "HTTP/1.1 200 OK\r\nServer: x\r\n", HTTP_ANSWER_MORE, 0 },
	{ "HTTP/1.1 200 OK\r\n\r", HTTP_ANSWER_MORE, 0 },
	{ "HTTP/1.1 100 Continue\r\n\r\n", HTTP_ANSWER_MORE, 0 },
	{ "SSH-2.0-OpenSSH\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "<html>", HTTP_ANSWER_INVALID, 0 },
	{ "http/1.1 200 OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/2 200\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.x 200 OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1  200 OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 20 OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 2000 OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 020 OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200 OK\rServer: x\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200 O\x01K\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200 OK\r\n: no name\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200 OK\r\n folded too early\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200 OK\r\nA: b\x7f\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
	{ "HTTP/1.1 200 OK\r\nA: b\r\n\rx", HTTP_ANSWER_INVALID, 0 },
	{ "\r\nHTTP/1.1 200 OK\r\n\r\n", HTTP_ANSWER_INVALID, 0 },
};

static struct bytes text_bytes(const char *text, size_t len)
{
	return (struct bytes){ (const uint8_t *)text, len };
}

static void answers_are_read_whole_and_byte_by_byte(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct http_answer whole = { 0 }, slow = { 0 };
		enum http_answer_verdict verdict = HTTP_ANSWER_MORE;
		size_t len = strlen(answers[i].text);

		if (http_answer_feed(&whole, text_bytes(answers[i].text, len)) !=
		    answers[i].verdict)
			fail_msg("wrong verdict on \"%s\"", answers[i].text);
		for (j = 0; j < len; j++)
			verdict = http_answer_feed(&slow, text_bytes(answers[i].text + j, 1));
		assert_int_equal(verdict, answers[i].verdict);
		if (verdict == HTTP_ANSWER_DONE) {
			assert_int_equal(whole.code, answers[i].code);
			assert_int_equal(slow.code, answers[i].code);
		}
	}
}

static void an_endless_head_is_refused_at_8_kib(void **state)
{
	static const char start[] = "HTTP/1.1 200 OK\r\nA: ";
	static const char field[] = "A: b\r\n";
	struct http_answer one_line = { 0 }, many_lines = { 0 };
	size_t fed;

	(void)state;
	http_answer_feed(&one_line, text_bytes(start, sizeof(start) - 1));
	for (fed = sizeof(start) - 1; fed < HTTP_ANSWER_MAX - 1; fed++)
		assert_int_equal(http_answer_feed(&one_line, text_bytes("x", 1)), HTTP_ANSWER_MORE);
	assert_int_equal(http_answer_feed(&one_line, text_bytes("x", 1)), HTTP_ANSWER_INVALID);
	assert_int_equal(http_answer_feed(&one_line, text_bytes("\r\n\r\n", 4)),
			 HTTP_ANSWER_INVALID);

	http_answer_feed(&many_lines, text_bytes(start, 17));
	for (fed = 17; fed + 6 < HTTP_ANSWER_MAX; fed += 6)
		assert_int_equal(http_answer_feed(&many_lines, text_bytes(field, 6)),
				 HTTP_ANSWER_MORE);
	assert_int_equal(http_answer_feed(&many_lines, text_bytes(field, 6)), HTTP_ANSWER_INVALID);
}

static void codes_match_by_class(void **state)
{
	static const struct {
		uint16_t code;
		uint32_t codes;
		bool matches;
	} samples[] = {
		{ 200, MODEL_HTTP_2XX, true },
		{ 299, MODEL_HTTP_2XX, true },
		{ 300, MODEL_HTTP_2XX, false },
		{ 404, MODEL_HTTP_2XX, false },
		{ 404, MODEL_HTTP_4XX, true },
		{ 302, MODEL_HTTP_2XX | MODEL_HTTP_3XX, true },
		{ 503, MODEL_HTTP_5XX, true },
		{ 503, MODEL_HTTP_4XX, false },
		{ 101, 15, false },
		{ 600, 15, false },
		{ 999, 15, false },
		{ 200, 0, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct http_answer answer = { .code = samples[i].code };

		assert_int_equal(http_answer_matches(&answer, samples[i].codes),
				 samples[i].matches);
	}
}

/* --- requests --- */

static const struct {
	struct document_health_check check;
	const char *server;
	const char *first_lines;
} requests[] = {
	{ { .type = MODEL_CHECK_HTTP, .url = "/" },
	  "192.0.2.1",
	  "GET / HTTP/1.0\r\nHost: 192.0.2.1\r\n" },
	{ { .type = MODEL_CHECK_HTTP }, "192.0.2.1", "GET / HTTP/1.0\r\nHost: 192.0.2.1\r\n" },
	{ { .type = MODEL_CHECK_HTTP,
	    .url = "/a?b=c&d#e",
	    .domain = "shop.example",
	    .method = MODEL_CHECK_HEAD,
	    .http_1_1 = true },
	  "192.0.2.1",
	  "HEAD /a?b=c&d HTTP/1.1\r\nHost: shop.example\r\n" },
	{ { .type = MODEL_CHECK_HTTP, .url = "/x", .domain = "$SERVER_IP" },
	  "2001:db8::1",
	  "GET /x HTTP/1.0\r\nHost: [2001:db8::1]\r\n" },
};

static void an_http_request_says_what_is_configured(void **state)
{
	char out[REQUEST_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct address server;
		size_t len;

		assert_int_equal(address_parse_ip(requests[i].server, &server, NULL), 0);
		len = request_write(&requests[i].check, &server, out);
		out[len] = '\0';
		assert_memory_equal(out, requests[i].first_lines, strlen(requests[i].first_lines));
		assert_non_null(strstr(out, "\r\nConnection: close\r\n"));
		assert_string_equal(out + len - 4, "\r\n\r\n");
	}
}

static void the_longest_request_fits(void **state)
{
	struct document_health_check check = { .type = MODEL_CHECK_HTTP,
					       .proxy_protocol = true,
					       .method = MODEL_CHECK_HEAD };
	struct address server = { .family = 6 };
	char out[REQUEST_MAX];

	(void)state;
	memset(check.url, '/', sizeof(check.url) - 1);
	memset(check.domain, 'x', sizeof(check.domain) - 1);
	assert_in_range(request_write(&check, &server, out), 200, REQUEST_MAX);
}

static void a_tcp_check_sends_at_most_proxy_local(void **state)
{
	struct document_health_check check = { .type = MODEL_CHECK_TCP };
	struct address server = { .family = 4 };
	char out[REQUEST_MAX];

	(void)state;
	assert_int_equal(request_write(&check, &server, out), 0);
	check.proxy_protocol = true;
	assert_int_equal(request_write(&check, &server, out), 16);
	assert_memory_equal(out, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
	check.type = MODEL_CHECK_HTTP;
	assert_in_range(request_write(&check, &server, out), 50, REQUEST_MAX);
	assert_memory_equal(out + 12, "\x20\0\0\0GET ", 8);
}

/* --- targets: rows over documents and restarts --- */

struct world {
	struct health health;
	struct log log;
	int log_read;
	struct targets *targets;
	struct document_server servers[3];
	struct document_group group;
	struct document document;
};

static int setup(void **state)
{
	struct world *world = memory_new(sizeof(*world));
	int ends[2];
	uint32_t i;

	assert_int_equal(pipe(ends), 0);
	world->log_read = ends[0];
	log_init(&world->log, ends[1], false, true, "checker");
	world->targets = targets_new(NULL, &world->health, &world->log);
	for (i = 0; i < 3; i++) {
		world->servers[i].slot = i + 10;
		world->servers[i].address = (struct address){ .family = 4, .port = 80 };
		world->servers[i].address.ip[3] = (uint8_t)i;
		snprintf(world->servers[i].name, DOCUMENT_NAME_SIZE, "ECS%02u", i + 1);
	}
	snprintf(world->group.name, DOCUMENT_NAME_SIZE, "web");
	world->group.check = (struct document_health_check){ .enabled = true,
							     .interval_s = 5,
							     .connect_timeout_s = 5,
							     .healthy_threshold = 2,
							     .unhealthy_threshold = 2 };
	world->group.servers = world->servers;
	world->group.server_count = 2;
	world->document = (struct document){ .groups = &world->group, .group_count = 1 };
	targets_apply(world->targets, &world->document, 1000);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	targets_free(world->targets);
	close(world->log.fd);
	close(world->log_read);
	free(world);
	return 0;
}

static enum health_state state_of(struct world *world, uint32_t slot)
{
	return (enum health_state)atomic_load(&world->health.servers[slot].state);
}

static void note_times(struct world *world, uint32_t slot, enum health_reason result, int times)
{
	while (times-- > 0)
		targets_note(world->targets, slot, result, 2000);
}

static void restart(struct world *world)
{
	targets_free(world->targets);
	world->targets = targets_new(NULL, &world->health, &world->log);
}

static void expect_log(struct world *world, const char *const *texts)
{
	char lines[4096];
	ssize_t got;

	close(world->log.fd);
	world->log.fd = -1;
	got = read(world->log_read, lines, sizeof(lines) - 1);
	assert_true(got >= 0);
	lines[got] = '\0';
	for (; *texts != NULL; texts++) {
		char *at = strstr(lines, *texts);

		if (at == NULL)
			fail_msg("no \"%s\" in: %s", *texts, lines);
		*at = '#';
	}
	assert_null(strstr(lines, "event=server_state "));
}

static void results_reach_the_row(void **state)
{
	struct world *world = *state;
	struct health_server *row = &world->health.servers[10];

	assert_int_equal(state_of(world, 10), HEALTH_UNKNOWN);
	note_times(world, 10, HEALTH_REASON_NONE, 1);
	assert_int_equal(state_of(world, 10), HEALTH_HEALTHY);
	assert_int_equal(row->changed_ms, 2000);
	note_times(world, 10, HEALTH_REASON_CONNECT_FAILED, 3);
	assert_int_equal(state_of(world, 10), HEALTH_UNHEALTHY);
	assert_int_equal(row->reason, HEALTH_REASON_CONNECT_FAILED);
	assert_int_equal(row->checks, 4);
	assert_int_equal(row->failures, 3);
	assert_int_equal(row->good_checks, 1);
	assert_int_equal(state_of(world, 11), HEALTH_UNKNOWN);
	targets_note(world->targets, 99, HEALTH_REASON_NONE, 2000);
	assert_int_equal(state_of(world, 99), HEALTH_UNKNOWN);
}

static void each_change_is_logged_once(void **state)
{
	static const char *const texts[] = {
		"event=server_state server=ECS01 group=web address=0.0.0.0:80 state=Healthy\n",
		"event=server_state server=ECS01 group=web address=0.0.0.0:80 state=Unhealthy "
		"reason=CONNECT_TIMEOUT\n",
		NULL,
	};

	note_times(*state, 10, HEALTH_REASON_NONE, 3);
	note_times(*state, 10, HEALTH_REASON_CONNECT_TIMEOUT, 5);
	expect_log(*state, texts);
}

static void results_survive_reloads_and_restarts(void **state)
{
	struct world *world = *state;

	note_times(world, 10, HEALTH_REASON_NONE, 1);
	note_times(world, 11, HEALTH_REASON_HTTP_INVALID_HEADER, 2);
	world->group.check.interval_s = 1;
	targets_apply(world->targets, &world->document, 3000);
	assert_int_equal(state_of(world, 10), HEALTH_HEALTHY);
	assert_int_equal(state_of(world, 11), HEALTH_UNHEALTHY);
	restart(world);
	targets_apply(world->targets, &world->document, 3000);
	assert_int_equal(state_of(world, 10), HEALTH_HEALTHY);
	assert_int_equal(state_of(world, 11), HEALTH_UNHEALTHY);
	assert_int_equal(world->health.servers[11].reason, HEALTH_REASON_HTTP_INVALID_HEADER);
	/* The thresholds apply: one good check is not enough for a server that was unhealthy. */
	note_times(world, 11, HEALTH_REASON_NONE, 1);
	assert_int_equal(state_of(world, 11), HEALTH_UNHEALTHY);
	note_times(world, 11, HEALTH_REASON_NONE, 1);
	assert_int_equal(state_of(world, 11), HEALTH_HEALTHY);
}

static void a_reused_slot_starts_afresh(void **state)
{
	struct world *world = *state;
	int with_restart;

	for (with_restart = 0; with_restart < 2; with_restart++) {
		note_times(world, 10, HEALTH_REASON_NONE, 2);
		assert_int_equal(state_of(world, 10), HEALTH_HEALTHY);
		world->servers[0].address.port++;
		if (with_restart)
			restart(world);
		targets_apply(world->targets, &world->document, 3000);
		assert_int_equal(state_of(world, 10), HEALTH_UNKNOWN);
		assert_int_equal(world->health.servers[10].checks, 0);
	}
	/* The same address in another group is another server. */
	note_times(world, 10, HEALTH_REASON_NONE, 2);
	snprintf(world->group.name, DOCUMENT_NAME_SIZE, "shop");
	targets_apply(world->targets, &world->document, 3000);
	assert_int_equal(state_of(world, 10), HEALTH_UNKNOWN);
}

static void a_server_that_left_leaves_a_clean_row(void **state)
{
	struct world *world = *state;
	int with_restart;

	for (with_restart = 0; with_restart < 2; with_restart++) {
		world->group.server_count = 2;
		targets_apply(world->targets, &world->document, 3000);
		note_times(world, 11, HEALTH_REASON_NONE, 1);
		world->group.server_count = 1;
		if (with_restart)
			restart(world);
		targets_apply(world->targets, &world->document, 3000);
		assert_int_equal(state_of(world, 11), HEALTH_UNKNOWN);
		assert_int_equal(world->health.servers[11].identity, 0);
		note_times(world, 11, HEALTH_REASON_NONE, 1);
		assert_int_equal(state_of(world, 11), HEALTH_UNKNOWN);
	}
}

static void checks_can_be_switched_off_and_on(void **state)
{
	struct world *world = *state;

	note_times(world, 10, HEALTH_REASON_CONNECT_FAILED, 2);
	world->group.check.enabled = false;
	targets_apply(world->targets, &world->document, 3000);
	assert_int_equal(state_of(world, 10), HEALTH_UNCHECKED);
	assert_int_equal(world->health.servers[10].reason, HEALTH_REASON_NONE);
	restart(world);
	targets_apply(world->targets, &world->document, 3000);
	assert_int_equal(state_of(world, 10), HEALTH_UNCHECKED);
	world->group.check.enabled = true;
	targets_apply(world->targets, &world->document, 4000);
	assert_int_equal(state_of(world, 10), HEALTH_UNKNOWN);
	note_times(world, 10, HEALTH_REASON_NONE, 1);
	assert_int_equal(state_of(world, 10), HEALTH_HEALTHY);
}

static void a_slot_out_of_the_table_is_ignored(void **state)
{
	struct world *world = *state;

	world->servers[0].slot = STATS_SERVERS;
	targets_apply(world->targets, &world->document, 3000);
	targets_note(world->targets, STATS_SERVERS, HEALTH_REASON_NONE, 3000);
	note_times(world, 11, HEALTH_REASON_NONE, 1);
	assert_int_equal(state_of(world, 11), HEALTH_HEALTHY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thresholds_count_in_a_row),
		cmocka_unit_test(the_reason_is_that_of_the_last_bad_check),
		cmocka_unit_test(the_first_check_comes_within_an_interval_and_a_second),
		cmocka_unit_test(later_checks_keep_their_distance),
		cmocka_unit_test(a_check_ends_before_the_next_one_is_due),
		cmocka_unit_test(answers_are_read_whole_and_byte_by_byte),
		cmocka_unit_test(an_endless_head_is_refused_at_8_kib),
		cmocka_unit_test(codes_match_by_class),
		cmocka_unit_test(an_http_request_says_what_is_configured),
		cmocka_unit_test(the_longest_request_fits),
		cmocka_unit_test(a_tcp_check_sends_at_most_proxy_local),
		TEST(results_reach_the_row),
		TEST(each_change_is_logged_once),
		TEST(results_survive_reloads_and_restarts),
		TEST(a_reused_slot_starts_afresh),
		TEST(a_server_that_left_leaves_a_clean_row),
		TEST(checks_can_be_switched_off_and_on),
		TEST(a_slot_out_of_the_table_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
