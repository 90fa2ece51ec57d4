/* Bytes that were packed come back; bytes that are not there do not. Names in an index likewise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/name_index.h"
#include "base/pack.h"

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static void what_was_packed_comes_back(void **state)
{
	struct buffer out = { 0 };
	struct unpack in;
	char text[8];

	(void)state;
	pack_u8(&out, 0xfe);
	pack_u16(&out, 0xfedc);
	pack_u32(&out, 0xfedcba98);
	pack_u64(&out, 0xfedcba9876543210);
	pack_bytes(&out, text_bytes("a\nb"));
	pack_string(&out, NULL);
	pack_string(&out, "1234567");
	pack_raw(&out, "xyz", 3);
	assert_memory_equal(out.data + 1, "\xdc\xfe\x98\xba\xdc\xfe", 6); /* little-endian */
	in = unpack_begin(buffer_bytes(&out));
	assert_int_equal(unpack_u8(&in), 0xfe);
	assert_int_equal(unpack_u16(&in), 0xfedc);
	assert_int_equal(unpack_u32(&in), 0xfedcba98);
	assert_true(unpack_u64(&in) == 0xfedcba9876543210);
	assert_true(bytes_equal(unpack_bytes(&in), text_bytes("a\nb")));
	unpack_string(&in, text, sizeof(text));
	assert_string_equal(text, "");
	unpack_string(&in, text, sizeof(text));
	assert_string_equal(text, "1234567");
	assert_false(unpack_is_done(&in));
	assert_memory_equal(unpack_raw(&in, 3), "xyz", 3);
	assert_true(unpack_is_done(&in));
	buffer_done(&out);
}

static void a_reader_over_its_end_stays_failed(void **state)
{
	struct unpack in = unpack_begin(text_bytes("\1\2\3"));

	(void)state;
	assert_int_equal(unpack_u32(&in), 0);
	assert_true(in.failed);
	assert_int_equal(unpack_u8(&in), 0);
	assert_null(unpack_raw(&in, 0));
	assert_int_equal(unpack_bytes(&in).len, 0);
	assert_false(unpack_is_done(&in));
}

static void lengths_that_cannot_be_are_refused(void **state)
{
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 'x' };
	struct unpack in = unpack_begin((struct bytes){ huge, sizeof(huge) });

	(void)state;
	assert_null(unpack_bytes(&in).data);
	assert_true(in.failed);
	in = unpack_begin((struct bytes){ huge, sizeof(huge) });
	assert_int_equal(unpack_count(&in, 1), 0);
	assert_true(in.failed);
}

static void a_count_fits_what_is_left(void **state)
{
	static const uint8_t bytes[] = { 2, 0, 0, 0, 'a', 'b', 'c', 'd' };
	struct unpack in = unpack_begin((struct bytes){ bytes, sizeof(bytes) });

	(void)state;
	assert_int_equal(unpack_count(&in, 2), 2);
	assert_false(in.failed);
	in = unpack_begin((struct bytes){ bytes, sizeof(bytes) });
	assert_int_equal(unpack_count(&in, 3), 0);
	assert_true(in.failed);
}

static void strings_that_do_not_fit_or_hold_nul_are_refused(void **state)
{
	static const uint8_t with_nul[] = { 2, 0, 0, 0, 'a', 0 };
	static const uint8_t exact[] = { 3, 0, 0, 0, 'a', 'b', 'c' };
	struct unpack in = unpack_begin((struct bytes){ with_nul, sizeof(with_nul) });
	char text[3];

	(void)state;
	unpack_string(&in, text, sizeof(text));
	assert_true(in.failed);
	assert_string_equal(text, "");
	in = unpack_begin((struct bytes){ exact, sizeof(exact) });
	unpack_string(&in, text, sizeof(text)); /* no room for the end */
	assert_true(in.failed);
}

static void a_name_index_finds_each_of_many(void **state)
{
	static char names[5000][12];
	struct name_index *index = name_index_new();
	uint32_t i;

	(void)state;
	assert_int_equal(name_index_find(index, "n0"), NAME_INDEX_NONE);
	for (i = 0; i < 5000; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u", i);
		assert_true(name_index_add(index, names[i], i));
	}
	for (i = 0; i < 5000; i++)
		assert_int_equal(name_index_find(index, names[i]), i);
	assert_int_equal(name_index_find(index, "n5000"), NAME_INDEX_NONE);
	assert_int_equal(name_index_find(index, ""), NAME_INDEX_NONE);
	name_index_free(index);
}

static void a_name_index_keeps_the_first_of_two(void **state)
{
	struct name_index *index = name_index_new();

	(void)state;
	assert_true(name_index_add(index, "a", 1));
	assert_false(name_index_add(index, "a", 2));
	assert_int_equal(name_index_find(index, "a"), 1);
	name_index_free(index);
	name_index_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_packed_comes_back),
		cmocka_unit_test(a_reader_over_its_end_stays_failed),
		cmocka_unit_test(lengths_that_cannot_be_are_refused),
		cmocka_unit_test(a_count_fits_what_is_left),
		cmocka_unit_test(strings_that_do_not_fit_or_hold_nul_are_refused),
		cmocka_unit_test(a_name_index_finds_each_of_many),
		cmocka_unit_test(a_name_index_keeps_the_first_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
