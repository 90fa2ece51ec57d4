#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"

static struct log log_under_test;

/* Runs write with a log into a pipe and gives back what came out. */
static char *written(bool json, void (*write_lines)(struct log *log))
{
	static char text[LOG_BUFFER_SIZE + 1];
	int ends[2];
	ssize_t got;

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 18);
	log_init(&log_under_test, ends[1], json, false, "worker-0");
	write_lines(&log_under_test);
	log_flush(&log_under_test);
	got = read(ends[0], text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	return text;
}

static void hostile_line(struct log *log)
{
	struct log_line line = log_begin(log, "conn_closed");

	log_text(&line, "plain", "web:443{");
	log_text(&line, "hostile", "a b\"c\\d\ne=f\x7f");
	log_text(&line, "empty", "");
	log_number(&line, "in", 9223372036854775807ull);
	log_end(&line);
}

static void values_cannot_break_a_line(void **state)
{
	char *text = written(false, hostile_line);

	(void)state;
	assert_non_null(strstr(text, " role=worker-0 event=conn_closed plain=web:443{ "
				     "hostile=\"a b\\\"c\\\\d\\u000ae=f\\u007f\" "
				     "in=9223372036854775807\n"));
	assert_null(strstr(text, "empty"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void json_lines_are_json(void **state)
{
	json_error_t error;
	json_t *line = json_loads(written(true, hostile_line), 0, &error);

	(void)state;
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "hostile")), "a b\"c\\d\ne=f\x7f");
	assert_string_equal(json_string_value(json_object_get(line, "event")), "conn_closed");
	json_decref(line);
}

static void long_lines(struct log *log)
{
	static char value[3000];
	int i;

	memset(value, 'v', sizeof(value) - 1);
	for (i = 0; i < 10; i++) {
		struct log_line line = log_begin(log, "long");

		log_text(&line, "a", value);
		log_text(&line, "b", value);
		log_text(&line, "c", value);
		log_end(&line);
	}
}

static void long_values_stay_within_whole_lines(void **state)
{
	char *text = written(false, long_lines);
	size_t lines = 0;
	char *at;

	(void)state;
	for (at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
		assert_memory_equal(at, "time=", 5);
		lines++;
	}
	assert_int_equal(lines, 10);
}

static void lines_that_would_block_are_counted(void **state)
{
	int ends[2], i;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	fcntl(ends[1], F_SETPIPE_SZ, 4096);
	log_init(&log_under_test, ends[1], false, true, "worker-0");
	for (i = 0; i < 1000; i++)
		log_event(&log_under_test, "tick", "key", "a value that takes some room in the pipe");
	assert_true(log_under_test.dropped > 900 && log_under_test.dropped < 1000);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_cannot_break_a_line),
		cmocka_unit_test(json_lines_are_json),
		cmocka_unit_test(long_values_stay_within_whole_lines),
		cmocka_unit_test(lines_that_would_block_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
