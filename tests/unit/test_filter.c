/* Which connections somebody means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/filter.h"

static const struct address client = { .family = 4, .port = 5000, .ip = { 10, 1, 2, 3 } };
static const struct filter_facts facts = {
	.id = 77, .listener = "edge:443", .identity = "spiffe://Shop/cart", .serial = "ab01",
	.client = &client,
};
static const struct filter_facts plain = {
	.id = 78, .listener = "edge:80", .identity = "", .serial = "", .client = &client,
};

static bool matches(struct message_filter filter)
{
	return filter_matches(&filter, &facts);
}

static void what_is_empty_matches_all(void **state)
{
	const struct message_filter all = { 0 };

	(void)state;
	assert_true(filter_matches(&all, &facts));
	assert_true(filter_matches(&all, &plain));
}

static void each_part_must_match(void **state)
{
	(void)state;
	assert_true(matches((struct message_filter){ .id = 77, .listener = "edge:443",
						     .identity = "shop/", .serial = "ab01" }));
	assert_false(matches((struct message_filter){ .id = 78 }));
	assert_false(matches((struct message_filter){ .id = 77, .listener = "edge:44" }));
	assert_false(matches((struct message_filter){ .listener = "edge:4433" }));
	assert_false(matches((struct message_filter){ .id = 77, .identity = "other" }));
	assert_false(matches((struct message_filter){ .identity = "shop", .serial = "ab02" }));
}

static void an_identity_is_a_part_in_any_case(void **state)
{
	(void)state;
	assert_true(matches((struct message_filter){ .identity = "sHOP/CA" }));
	assert_true(matches((struct message_filter){ .identity = "spiffe://shop/cart" }));
	assert_false(matches((struct message_filter){ .identity = "spiffe://shop/carts" }));
	assert_false(filter_matches(&(struct message_filter){ .identity = "a" }, &plain));
}

static void a_serial_is_whole_however_it_is_written(void **state)
{
	static const char *const same[] = { "ab01", "AB01", "AB:01", "00ab01", "00:AB:01", "0:0:ab:01" };
	static const char *const others[] = { "ab0", "b01", "ab011", "ab:02", "0", "00:00", ":", "zz" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct message_filter filter = { 0 };

		message_text(filter.serial, sizeof(filter.serial), same[i]);
		assert_true(filter_matches(&filter, &facts));
		assert_false(filter_matches(&filter, &plain));
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct message_filter filter = { 0 };

		message_text(filter.serial, sizeof(filter.serial), others[i]);
		assert_false(filter_matches(&filter, &facts));
		assert_false(filter_matches(&filter, &plain));
	}
}

static void zero_is_a_serial_like_others(void **state)
{
	const struct filter_facts zero = { .listener = "edge:443", .identity = "", .serial = "00",
					   .client = &client };

	(void)state;
	assert_true(filter_matches(&(struct message_filter){ .serial = "0" }, &zero));
	assert_false(filter_matches(&(struct message_filter){ .serial = "1" }, &zero));
}

static void a_source_is_a_block(void **state)
{
	struct message_filter filter = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(address_block_parse("10.1.0.0/16", &filter.source, &err), 0);
	assert_true(filter_matches(&filter, &facts));
	assert_int_equal(address_block_parse("10.2.0.0/16", &filter.source, &err), 0);
	assert_false(filter_matches(&filter, &facts));
	assert_int_equal(address_block_parse("::/0", &filter.source, &err), 0);
	assert_false(filter_matches(&filter, &facts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_empty_matches_all),
		cmocka_unit_test(each_part_must_match),
		cmocka_unit_test(an_identity_is_a_part_in_any_case),
		cmocka_unit_test(a_serial_is_whole_however_it_is_written),
		cmocka_unit_test(zero_is_a_serial_like_others),
		cmocka_unit_test(a_source_is_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
