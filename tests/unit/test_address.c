/* Addresses and blocks of them, as text, as bytes, as sockaddr. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>
#include "net/address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct address parse(const char *text)
{
	struct address address;
	struct error err = { 0 };

	if (address_parse_ip(text, &address, &err) < 0)
		fail_msg("%s", err.message);
	return address;
}

static struct address_block parse_block(const char *text)
{
	struct address_block block;
	struct error err = { 0 };

	if (address_block_parse(text, &block, &err) < 0)
		fail_msg("%s", err.message);
	return block;
}

static void addresses_come_back_in_their_short_form(void **state)
{
	static const struct { const char *text, *ip, *with_port; } table[] = {
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1:443" },
		{ "255.255.255.255", "255.255.255.255", "255.255.255.255:443" },
		{ "::", "::", "[::]:443" },
		{ "2001:DB8:0:0::1", "2001:db8::1", "[2001:db8::1]:443" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:443" } };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct address address = parse(table[i].text);
		char text[ADDRESS_TEXT_SIZE];

		address_format_ip(&address, text);
		assert_string_equal(text, table[i].ip);
		address.port = 443;
		address_format(&address, text);
		assert_string_equal(text, table[i].with_port);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const table[] = { "", " ", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1",
					     "1.2.3.4 ", "01.2.3.4", "0x7f.0.0.1", ":::", "::1%lo",
					     "[::1]", "1.2.3.4:80" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct address address;
		struct error err = { 0 };

		assert_int_equal(address_parse_ip(table[i], &address, &err), -1);
		assert_int_equal(err.code, ERROR_INVALID);
		assert_string_not_equal(err.hint, "");
	}
}

static void blocks_contain_their_own(void **state)
{
	static const struct { const char *block, *address; bool inside; } table[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },    { "10.0.0.0/8", "11.0.0.1", false },
		{ "10.0.0.0/9", "10.127.0.1", true },    { "10.0.0.0/9", "10.128.0.1", false },
		{ "10.9.9.9/8", "10.0.0.1", true },      { "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },       { "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::1", false },           { "::/0", "fd00::1", true },
		{ "::/0", "1.2.3.4", false },            { "fd00::/16", "fd00:1::", true },
		{ "fd00::/16", "fd01::", false },        { "fd00::/127", "fd00::1", true },
		{ "fd00::/127", "fd00::2", false },      { "fd00::1/128", "fd00::1", true } };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct address_block block = parse_block(table[i].block);
		struct address address = parse(table[i].address);

		if (address_block_contains(&block, &address) != table[i].inside)
			fail_msg("%s and %s", table[i].block, table[i].address);
	}
}

static void what_is_no_block_is_refused(void **state)
{
	static const char *const table[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
					     "10.0.0.0/ 8", "10.0.0.0/8x", "10.0.0.0/8/8", "fd00::/129",
					     "10/8", "example/8", "10.0.0.0/99999999999999999999" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct address_block block;
		struct error err = { 0 };

		if (address_block_parse(table[i], &block, &err) != -1)
			fail_msg("accepted: %s", table[i]);
		assert_int_equal(err.code, ERROR_INVALID);
	}
}

static void sockaddr_and_back(void **state)
{
	static const char *const table[] = { "127.0.0.1", "2001:db8::1", "::", "0.0.0.0" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct address address = parse(table[i]), back;
		struct sockaddr_storage storage;

		address.port = 65535;
		assert_int_equal(address_to_sockaddr(&address, &storage),
				 address.family == 4 ? sizeof(struct sockaddr_in)
						     : sizeof(struct sockaddr_in6));
		address_from_sockaddr(&storage, &back);
		assert_true(address_equal(&address, &back));
		assert_memory_equal(&address, &back, sizeof(address));
	}
}

static void mapped_ipv4_becomes_ipv4(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(80) };
	struct sockaddr_storage storage = { 0 };
	struct address address, expected = parse("1.2.3.4");

	(void)state;
	expected.port = 80;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:1.2.3.4", &in6.sin6_addr), 1);
	memcpy(&storage, &in6, sizeof(in6));
	address_from_sockaddr(&storage, &address);
	assert_memory_equal(&address, &expected, sizeof(address));
}

static void any_is_any_of_its_family(void **state)
{
	struct address any4 = parse("0.0.0.0"), any6 = parse("::"), one = parse("0.0.0.1");

	(void)state;
	assert_true(address_is_any(&any4));
	assert_true(address_is_any(&any6));
	assert_false(address_is_any(&one));
	assert_false(address_equal(&any4, &any6));
}

static void a_limit_is_for_an_ipv4_address_or_an_ipv6_network(void **state)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "2001:db8:1:2::", "2001:db8:1:2::" },
		{ "::1", "::" },
		{ "unix", "unix" },
		{ "", "" },
	};
	char text[ADDRESS_TEXT_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		address_limit_name(pairs[i][0], text);
		assert_string_equal(text, pairs[i][1]);
	}
}

static void no_address_is_shown_as_a_dash(void **state)
{
	struct address none = { 0 };
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	address_format_ip(&none, text);
	assert_string_equal(text, "-");
}

static void a_server_may_be_a_name_of_a_unix_socket(void **state)
{
	static const char *const names[] = { "unix:@c", "unix:@sixteen-letters!" };
	static const char *const wrong[] = { "unix:@", "unix:c", "unix:", "@c",
					     "unix:@seventeen-letters", "" };
	struct sockaddr_storage to;
	struct error err = { 0 };
	struct address address;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		char text[ADDRESS_TEXT_SIZE];
		size_t len = strlen(names[i]) - 6;

		assert_int_equal(address_parse_server(names[i], &address, &err), 0);
		assert_int_equal(address.family, ADDRESS_UNIX);
		address_format(&address, text);
		assert_string_equal(text, names[i]);
		address_format_ip(&address, text);
		assert_string_equal(text, names[i]);
		/* A zero byte, the name, and no end. */
		assert_int_equal(address_to_sockaddr(&address, &to), sizeof(sa_family_t) + 1 + len);
		assert_int_equal(to.ss_family, AF_UNIX);
		assert_memory_equal((char *)&to + sizeof(sa_family_t) + 1, names[i] + 6, len);
	}
	for (i = 0; i < COUNT(wrong); i++)
		assert_int_equal(address_parse_server(wrong[i], &address, &err), -1);
	assert_int_equal(address_parse_server("10.0.0.1", &address, &err), 0);
	assert_int_equal(address.family, 4);
	assert_int_equal(address_parse_ip("unix:@c", &address, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_back_in_their_short_form),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(blocks_contain_their_own),
		cmocka_unit_test(what_is_no_block_is_refused),
		cmocka_unit_test(sockaddr_and_back),
		cmocka_unit_test(mapped_ipv4_becomes_ipv4),
		cmocka_unit_test(any_is_any_of_its_family),
		cmocka_unit_test(no_address_is_shown_as_a_dash),
		cmocka_unit_test(a_limit_is_for_an_ipv4_address_or_an_ipv6_network),
		cmocka_unit_test(a_server_may_be_a_name_of_a_unix_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
