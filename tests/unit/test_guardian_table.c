/* What the guardian decides by itself: sockets by worker, when a death is one too many, its options. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/options.h"
#include "daemon/process.h"
#include "daemon/socket_table.h"

static int closed[64];
static size_t closed_count;

static void note_close(int fd)
{
	closed[closed_count++] = fd;
}

static struct address address_of(const char *ip, uint16_t port)
{
	struct address address;
	struct error err;

	assert_int_equal(address_parse_ip(ip, &address, &err), 0);
	address.port = port;
	return address;
}

/* Two addresses for three workers; descriptors 100, 101, 102 and 200, 201, 202. */
static void fill(struct socket_table *table, struct address *first, struct address *second)
{
	uint32_t worker;

	memset(table, 0, sizeof(*table));
	closed_count = 0;
	*first = address_of("127.0.0.1", 443);
	*second = address_of("127.0.0.1", 8443);
	for (worker = 0; worker < 3; worker++) {
		socket_table_add(table, first, worker, 100 + (int)worker);
		socket_table_add(table, second, worker, 200 + (int)worker);
	}
}

static void an_address_is_found_by_all_that_it_is(void **state)
{
	struct socket_table table;
	struct address first, second, other_port, other_ip, other_family;

	(void)state;
	fill(&table, &first, &second);
	other_port = address_of("127.0.0.1", 444);
	other_ip = address_of("127.0.0.2", 443);
	other_family = address_of("::1", 443);
	assert_true(socket_table_has(&table, &first));
	assert_int_equal(socket_table_rows(&table, &second), 3);
	assert_false(socket_table_has(&table, &other_port));
	assert_false(socket_table_has(&table, &other_ip));
	assert_false(socket_table_has(&table, &other_family));
	socket_table_done(&table, note_close);
}

static void a_removed_address_takes_its_sockets_with_it_and_no_others(void **state)
{
	struct socket_table table;
	struct address first, second;
	size_t i;

	(void)state;
	fill(&table, &first, &second);
	assert_int_equal(socket_table_remove(&table, &first, note_close), 3);
	assert_int_equal(closed_count, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(closed[i], 100 + (int)i);
	assert_false(socket_table_has(&table, &first));
	assert_int_equal(socket_table_rows(&table, &second), 3);
	for (i = 0; i < table.count; i++)
		assert_int_equal(table.rows[i].fd, 200 + (int)table.rows[i].worker);
	assert_int_equal(socket_table_remove(&table, &first, note_close), 0);
	socket_table_done(&table, note_close);
	assert_int_equal(closed_count, 6);
	assert_int_equal(table.count, 0);
}

static void a_row_is_fresh_until_its_document_is_kept(void **state)
{
	struct socket_table table;
	struct address first, second;

	(void)state;
	fill(&table, &first, &second);
	assert_true(table.rows[0].fresh);
	socket_table_settle(&table);
	assert_false(table.rows[0].fresh);
	socket_table_add(&table, &first, 3, 103);
	assert_true(table.rows[table.count - 1].fresh);
	assert_int_equal(table.rows[table.count - 1].lent_to, 0);
	socket_table_done(&table, note_close);
}

static void sockets_of_more_workers_are_shared_out_among_fewer(void **state)
{
	(void)state;
	assert_int_equal(socket_table_worker(0, 2), 0);
	assert_int_equal(socket_table_worker(3, 2), 1);
	assert_int_equal(socket_table_worker(1, 4), 1);
	assert_int_equal(socket_table_worker(7, 0), 0);
}

static void the_third_death_in_half_a_minute_is_one_too_many(void **state)
{
	uint64_t deaths[PROCESS_DEATHS] = { 0 };

	(void)state;
	assert_false(process_dies_too_often(deaths, 100000));
	assert_false(process_dies_too_often(deaths, 110000));
	assert_true(process_dies_too_often(deaths, 130000));
	/* 110000, 130000 and this one */
	assert_false(process_dies_too_often(deaths, 140001));
	assert_true(process_dies_too_often(deaths, 140002));
}

static void deaths_that_are_far_apart_are_forgotten(void **state)
{
	uint64_t deaths[PROCESS_DEATHS] = { 0 };
	uint64_t at;

	(void)state;
	for (at = 1000; at < 1000000; at += 16000)
		assert_false(process_dies_too_often(deaths, at));
}

static void an_end_is_named_by_its_signal_or_status(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(process_end_text(SIGKILL, text), "SIGKILL");
	assert_string_equal(process_end_text(SIGSYS, text), "SIGSYS");
	assert_string_equal(process_end_text(2 << 8, text), "exit status 2");
	assert_string_equal(process_end_text(0, text), "exit status 0");
}

#define ARGUMENTS 8

static int parse(const char *const *arguments, struct options *ret_options, struct error *err)
{
	char *argv[ARGUMENTS + 2] = { (char *)"sallyportd" };
	int argc = 1;

	while (argc <= ARGUMENTS && arguments[argc - 1] != NULL) {
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
		argc++;
	}
	return options_parse(argc, argv, ret_options, err);
}

static void options_say_what_to_serve_and_how(void **state)
{
	static const char *const arguments[ARGUMENTS + 1] = {
		"--manifest", "a.yaml", "--workers=4", "--socket", "/run/x.sock", "--no-sandbox",
	};
	static const char *const control[ARGUMENTS + 1] = { "--role", "control", "--manifest=b" };
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(parse(arguments, &options, &err), 0);
	assert_int_equal(options.role, ROLE_GUARDIAN);
	assert_string_equal(options.manifest, "a.yaml");
	assert_int_equal(options.workers, 4);
	assert_string_equal(options.socket_path, "/run/x.sock");
	assert_true(options.no_sandbox);
	assert_int_equal(parse(control, &options, &err), 0);
	assert_int_equal(options.role, ROLE_CONTROL);
	assert_string_equal(options.manifest, "b");
	assert_int_equal(options.workers, 0);
	assert_null(options.socket_path);
	assert_false(options.no_sandbox);
}

static void help_and_version_need_no_manifest(void **state)
{
	static const char *const help[ARGUMENTS + 1] = { "--help" };
	static const char *const version[ARGUMENTS + 1] = { "--version" };
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(parse(help, &options, &err), 0);
	assert_true(options.help);
	assert_int_equal(parse(version, &options, &err), 0);
	assert_true(options.version);
	assert_non_null(strstr(options_help(), "--manifest"));
}

static void options_that_make_no_sense_are_refused_with_a_hint(void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS + 1], *message;
	} wrong[] = {
		{ { NULL }, "--data-dir or --manifest is missing: there is nothing to serve" },
		{ { "--manifest", "x", "--data-dir", "y" },
		  "--data-dir and --manifest exclude each other: \"sallyport apply\" loads a manifest "
		  "into a running system" },
		{ { "--manifest", "x", "--api", "127.0.0.1:1" },
		  "--api, --console, --pki, --master-key and --bootstrap-file need --data-dir" },
		{ { "--data-dir=" }, "--data-dir must not be empty" },
		{ { "--manifest" }, "--manifest needs a value" },
		{ { "--manifest", "" }, "--manifest must not be empty" },
		{ { "--manifest=" }, "--manifest must not be empty" },
		{ { "--manifestation", "x" }, "unknown option \"--manifestation\"" },
		{ { "a.yaml" }, "unknown argument \"a.yaml\"" },
		{ { "--workers", "0", "--manifest", "x" },
		  "--workers must be a number from 1 to 1024, not \"0\"" },
		{ { "--workers", "1025" },
		  "--workers must be a number from 1 to 1024, not \"1025\"" },
		{ { "--workers", "2x" }, "--workers must be a number from 1 to 1024, not \"2x\"" },
		{ { "--workers", "" }, "--workers must be a number from 1 to 1024, not \"\"" },
		{ { "--workers", "99999999999999999999" },
		  "--workers must be a number from 1 to 1024, not \"99999999999999999999\"" },
		{ { "--role", "worker" }, "--role must be guardian or control, not \"worker\"" },
	};
	struct options options;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i].arguments, &options, &err), -1);
		assert_string_equal(err.message, wrong[i].message);
		assert_string_equal(err.hint, "See sallyportd --help.");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_found_by_all_that_it_is),
		cmocka_unit_test(a_removed_address_takes_its_sockets_with_it_and_no_others),
		cmocka_unit_test(a_row_is_fresh_until_its_document_is_kept),
		cmocka_unit_test(sockets_of_more_workers_are_shared_out_among_fewer),
		cmocka_unit_test(the_third_death_in_half_a_minute_is_one_too_many),
		cmocka_unit_test(deaths_that_are_far_apart_are_forgotten),
		cmocka_unit_test(an_end_is_named_by_its_signal_or_status),
		cmocka_unit_test(options_say_what_to_serve_and_how),
		cmocka_unit_test(help_and_version_need_no_manifest),
		cmocka_unit_test(options_that_make_no_sense_are_refused_with_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
