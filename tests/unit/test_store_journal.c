/* The journal of revocations, and that it and the database always agree. */
#include "support_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include "store/audit.h"
#include "store/journal.h"

static struct store_revocation revocation(uint8_t last, int reason)
{
	return (struct store_revocation){ .issuer_key = { 1, 2 }, .serial = { 1, last },
					  .serial_len = 2, .time_s = NOW, .reason = reason };
}

static void put_revoked(struct store *store, uint8_t last)
{
	struct store_revocation made = revocation(last, 4);

	must(store_revoke(store, &made, e));
}

static void note(void *arg, const struct store_revocation *found)
{
	char *text = arg;

	assert_int_equal(found->time_s, NOW);
	sprintf(text + strlen(text), "%d ", found->serial[1]);
}

static void check_rows(struct store *store, const char *wanted)
{
	char text[400] = "";

	must(store_revocation_each(store, NULL, note, text, e));
	assert_string_equal(text, wanted);
}

static char *journal_path(const struct home *home)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/" STORE_JOURNAL_FILE, home->data);
	return path;
}

static struct buffer read_journal(const struct home *home)
{
	struct buffer content = { 0 };

	must(buffer_read_file(journal_path(home), 1 << 20, &content, e));
	return content;
}

static void write_journal(const struct home *home, const void *data, size_t len)
{
	int fd = open(journal_path(home), O_WRONLY | O_TRUNC | O_CREAT, 0600);

	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

/* The whole chain is sound, and has these lines. */
static void check_journal(const struct home *home, const char *wanted)
{
	struct journal_end start = journal_start(), end;
	enum journal_rest rest;
	char text[400] = "";
	int fd = open(journal_path(home), O_RDONLY);

	must(journal_read(fd, &start, note, text, &end, &rest, e));
	assert_int_equal(rest, JOURNAL_REST_NONE);
	assert_string_equal(text, wanted);
	close(fd);
}

static void a_line_is_what_the_header_says(void **state)
{
	struct home *home = *state;
	struct buffer content;

	put_revoked(home->store, 10);
	content = read_journal(home);
	assert_memory_equal(content.data, "1 1700000000 0102000000", 22);
	assert_non_null(memmem(content.data, content.len, " 010a 4 ", 8));
	assert_int_equal(content.data[content.len - 1], '\n');
	buffer_done(&content);
}

static void a_line_whose_row_is_missing_is_made_good(void **state)
{
	struct home *home = *state;
	struct journal_end start = journal_start(), end;
	struct buffer more = { 0 };
	struct store_revocation late = revocation(3, 4);
	enum journal_rest rest;
	int fd;

	put_revoked(home->store, 1);
	put_revoked(home->store, 2);
	store_close(home->store);
	/* As if the process had died between journal and commit. */
	fd = open(journal_path(home), O_RDWR);
	must(journal_read(fd, &start, NULL, NULL, &end, &rest, e));
	assert_int_equal(end.count, 2);
	journal_line(&late, &end, &more);
	assert_int_equal(lseek(fd, 0, SEEK_END) + (off_t)more.len, end.bytes);
	assert_int_equal(write(fd, more.data, more.len), more.len);
	close(fd);
	home_open(home);
	check_rows(home->store, "1 2 3 ");
	assert_null(store_notice(home->store));
	put_revoked(home->store, 4);
	home_reopen(home);
	check_rows(home->store, "1 2 3 4 ");
	check_journal(home, "1 2 3 4 ");
	buffer_done(&more);
}

static void half_a_line_is_cut_off(void **state)
{
	static const char *const tails[] = { "3", "3 1700000000 01", "\0\0\0\0", "garbage\n" };
	struct home *home = *state;
	struct buffer whole;

	put_revoked(home->store, 1);
	put_revoked(home->store, 2);
	whole = read_journal(home);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		struct buffer longer = { 0 };

		store_close(home->store);
		buffer_append(&longer, whole.data, whole.len);
		buffer_append(&longer, tails[i], i == 2 ? 4 : strlen(tails[i]));
		write_journal(home, longer.data, longer.len);
		home_open(home);
		assert_null(store_notice(home->store));
		check_journal(home, "1 2 ");
		buffer_done(&longer);
	}
	put_revoked(home->store, 3);
	check_journal(home, "1 2 3 ");
	buffer_done(&whole);
}

static void check_rebuilt(struct home *home, const char *wanted)
{
	struct store_audit_filter filter = { .action = "JournalRebuilt" };

	home_open(home);
	assert_non_null(store_notice(home->store));
	check_rows(home->store, wanted);
	check_journal(home, wanted);
	assert_int_equal(store_audit_count(home->store, &filter, NULL), 1);
	home_reopen(home);
	assert_null(store_notice(home->store));
	check_rows(home->store, wanted);
}

static void a_journal_that_is_gone_is_written_anew(void **state)
{
	struct home *home = *state;

	put_revoked(home->store, 1);
	put_revoked(home->store, 2);
	store_close(home->store);
	assert_int_equal(unlink(journal_path(home)), 0);
	check_rebuilt(home, "1 2 ");
}

static void a_journal_that_is_shorter_is_written_anew(void **state)
{
	struct home *home = *state;

	put_revoked(home->store, 1);
	put_revoked(home->store, 2);
	store_close(home->store);
	assert_int_equal(truncate(journal_path(home), 170), 0);
	check_rebuilt(home, "1 2 ");
}

/* The rows of a database that went back in time come from the journal, even from a damaged one. */
static void what_a_damaged_journal_still_tells_is_not_lost(void **state)
{
	struct home *home = *state;
	char saved[128], path[128], command[300];
	struct buffer content;

	put_revoked(home->store, 1);
	store_close(home->store);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	snprintf(saved, sizeof(saved), "%s/saved", home->folder);
	snprintf(command, sizeof(command), "cp %s %s", path, saved);
	assert_int_equal(system(command), 0);
	home_open(home);
	for (uint8_t i = 2; i <= 5; i++)
		put_revoked(home->store, i);
	store_close(home->store);
	assert_int_equal(rename(saved, path), 0);
	content = read_journal(home);
	/* The third line is damaged. */
	content.data[2 * content.len / 5 + 30] ^= 1;
	write_journal(home, content.data, content.len);
	buffer_done(&content);
	home_open(home);
	assert_non_null(store_notice(home->store));
	{
		char text[400] = "";

		must(store_revocation_each(home->store, NULL, note, text, e));
		assert_non_null(strstr(text, "1 2 4 5 "));
	}
}

static void the_same_revocation_is_written_once(void **state)
{
	struct home *home = *state;
	struct store_revocation worse = revocation(1, 1);

	put_revoked(home->store, 1);
	put_revoked(home->store, 1);
	check_journal(home, "1 ");
	must(store_revoke(home->store, &worse, e));
	check_journal(home, "1 1 ");
}

static void lines_that_cannot_be_are_not_read(void **state)
{
	static const char *const lines[] = {
		"",
		"1",
		"x 1700000000 %s 01 4 %s",
		"1 1700000000 %s  4 %s",
		"1 1700000000 %s 011 4 %s",
		"1 1700000000 %s 01 11 %s",
		"1 1700000000 %s 01 -1 %s",
		"1 1700000000 %s0 01 4 %s",
		"1 1700000000 %s 010101010101010101010101010101010101010101 4 %s",
		"1 99999999999999999999 %s 01 4 %s",
		"1 1700000000 %s 01 4 %s0",
		"1 1700000000 %s 01 4 %s more",
	};
	static const char hex[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct home *home = *state;
	char text[1000];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct journal_end start = journal_start(), end;
		enum journal_rest rest;
		char seen[400] = "";
		int fd;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), lines[i], hex, hex);
#pragma GCC diagnostic pop
		strcat(text, "\n");
		write_journal(home, text, strlen(text));
		fd = open(journal_path(home), O_RDONLY);
		must(journal_read(fd, &start, note, seen, &end, &rest, e));
		must(journal_salvage(fd, note, seen, e));
		assert_string_equal(seen, "");
		assert_int_equal(end.bytes, 0);
		assert_int_equal(rest, JOURNAL_REST_TORN);
		close(fd);
	}
	write_journal(home, "", 0);
}

int main(void)
{
#define row(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		row(a_line_is_what_the_header_says),
		row(a_line_whose_row_is_missing_is_made_good),
		row(half_a_line_is_cut_off),
		row(a_journal_that_is_gone_is_written_anew),
		row(a_journal_that_is_shorter_is_written_anew),
		row(what_a_damaged_journal_still_tells_is_not_lost),
		row(the_same_revocation_is_written_once),
		row(lines_that_cannot_be_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
