/* Which certificate a server name gets, and which sockets a listener covers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/listener.h"

/* Credentials are only compared here: any distinct addresses do. */
static char marks[8];
#define CREDENTIAL(i) ((struct credential *)(void *)&marks[i])

static struct listener_name names[] = {
	{ "*.example.com", CREDENTIAL(1) },
	{ "a.example.com", CREDENTIAL(2) },
	{ "a.example.com", CREDENTIAL(3) },
	{ "example.com", CREDENTIAL(4) },
	{ "example.com.evil.test", CREDENTIAL(5) },
};

static const struct listener listener = {
	.names = names, .name_count = 5, .default_credential = CREDENTIAL(0),
};

static void a_name_gets_its_certificate_or_the_default(void **state)
{
	static const struct {
		const char *name;
		size_t count;
		int first;
	} cases[] = {
		{ "example.com", 1, 4 },
		{ "a.example.com", 2, 2 },         /* RSA and ECDSA side by side */
		{ "b.example.com", 1, 1 },         /* one label */
		{ "a.b.example.com", 1, 0 },       /* two labels: no */
		{ ".example.com", 1, 0 },          /* an empty label never matches */
		{ "*.example.com", 1, 0 },         /* a wildcard is no name to ask for */
		{ "example.com.evil.test", 1, 5 },
		{ "com", 1, 0 },
		{ "", 1, 0 },
		{ "zzz", 1, 0 },
		{ "aexample.com", 1, 0 },
	};
	struct credential *chosen[TLS_CREDENTIALS];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = listener_choose(&listener, cases[i].name, chosen);

		if (count != cases[i].count || chosen[0] != CREDENTIAL(cases[i].first))
			fail_msg("\"%s\" got certificate %td", cases[i].name,
				 (char *)chosen[0] - marks);
	}
}

static void a_very_long_name_gets_the_default(void **state)
{
	struct credential *chosen[TLS_CREDENTIALS];
	char name[256];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[1] = '.';
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(listener_choose(&listener, name, chosen), 1);
	assert_ptr_equal(chosen[0], CREDENTIAL(0));
}

static struct address at(const char *ip, uint16_t port)
{
	struct address address;
	struct error err;

	assert_int_equal(address_parse_ip(ip, &address, &err), 0);
	address.port = port;
	return address;
}

static void a_listener_covers_its_addresses_and_ports_only(void **state)
{
	struct address addresses[] = { at("127.0.0.1", 0), at("::1", 0) };
	struct listener ranged = { .addresses = addresses, .address_count = 2,
				   .start_port = 1000, .end_port = 1009 };
	static const struct { const char *ip; uint16_t port; bool covered; } cases[] = {
		{ "127.0.0.1", 1000, true }, { "127.0.0.1", 1009, true }, { "::1", 1005, true },
		{ "127.0.0.1", 999, false }, { "127.0.0.1", 1010, false }, { "127.0.0.2", 1000, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address address = at(cases[i].ip, cases[i].port);

		assert_int_equal(listener_covers(&ranged, &address), cases[i].covered);
	}
	ranged.stopped = true;
	assert_false(listener_covers(&ranged, &addresses[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_gets_its_certificate_or_the_default),
		cmocka_unit_test(a_very_long_name_gets_the_default),
		cmocka_unit_test(a_listener_covers_its_addresses_and_ports_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
