/* The five system policies, suite by suite, and what is known of each suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "model/policies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define A "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-SHA256 " \
	  "ECDHE-ECDSA-AES256-SHA384 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 " \
	  "ECDHE-RSA-AES128-SHA256 ECDHE-RSA-AES256-SHA384 "
#define B "AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA256 AES256-SHA256 "
#define C "ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES128-SHA ECDHE-RSA-AES256-SHA "
#define D "AES128-SHA AES256-SHA DES-CBC3-SHA "
#define E "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 " \
	  "TLS_AES_128_CCM_SHA256 TLS_AES_128_CCM_8_SHA256 "

static void the_system_policies_are_those_of_the_service(void **state)
{
	static const struct { const char *id, *ciphers; uint32_t versions; size_t count; } table[] = {
		{ "tls_cipher_policy_1_0", A B C D, MODEL_TLS_1_0 | MODEL_TLS_1_1 | MODEL_TLS_1_2, 19 },
		{ "tls_cipher_policy_1_1", A B C D, MODEL_TLS_1_1 | MODEL_TLS_1_2, 19 },
		{ "tls_cipher_policy_1_2", A B C D, MODEL_TLS_1_2, 19 },
		{ "tls_cipher_policy_1_2_strict", A C, MODEL_TLS_1_2, 12 },
		{ "tls_cipher_policy_1_2_strict_with_1_3", A C E, MODEL_TLS_1_2 | MODEL_TLS_1_3, 17 } };
	struct model_security_policy policies[POLICY_SYSTEM_COUNT];
	size_t i, j;

	(void)state;
	policies_system(policies);
	for (i = 0; i < POLICY_SYSTEM_COUNT; i++) {
		struct buffer joined = { 0 };

		assert_string_equal(policies[i].id, table[i].id);
		assert_int_equal(policies[i].tls_versions, table[i].versions);
		assert_int_equal(policies[i].ciphers.count, table[i].count);
		for (j = 0; j < policies[i].ciphers.count; j++) {
			buffer_printf(&joined, "%s ", policies[i].ciphers.items[j]);
			free(policies[i].ciphers.items[j]);
		}
		assert_string_equal((char *)joined.data, table[i].ciphers);
		buffer_done(&joined);
		free(policies[i].ciphers.items);
		free(policies[i].id);
	}
}

static void suites_know_their_versions(void **state)
{
	static const struct { const char *name; uint32_t versions; } table[] = {
		{ "ECDHE-RSA-AES128-GCM-SHA256", MODEL_TLS_1_2 },
		{ "AES256-SHA256", MODEL_TLS_1_2 },
		{ "AES128-SHA", MODEL_TLS_1_0 | MODEL_TLS_1_1 | MODEL_TLS_1_2 },
		{ "ECDHE-ECDSA-AES256-SHA", MODEL_TLS_1_0 | MODEL_TLS_1_1 | MODEL_TLS_1_2 },
		{ "TLS_AES_256_GCM_SHA384", MODEL_TLS_1_3 },
		{ "RC4-MD5", 0 },
		{ "", 0 } };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		assert_int_equal(policy_cipher_versions(table[i].name), table[i].versions);
}

static void five_suites_are_only_listed(void **state)
{
	static const char *const listed[] = { "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
					      "AES256-SHA256", "TLS_AES_128_CCM_SHA256",
					      "TLS_AES_128_CCM_8_SHA256", "RC4-MD5" };
	static const char *const offered[] = { "ECDHE-RSA-AES128-SHA256", "AES128-SHA256",
					       "DES-CBC3-SHA", "TLS_CHACHA20_POLY1305_SHA256" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(listed); i++)
		assert_false(policy_cipher_is_available(listed[i]));
	for (i = 0; i < COUNT(offered); i++)
		assert_true(policy_cipher_is_available(offered[i]));
}

static void a_misspelt_suite_finds_its_neighbour(void **state)
{
	(void)state;
	assert_string_equal(policy_cipher_nearest("TLS_AES_128_GCM_SHA265"), "TLS_AES_128_GCM_SHA256");
	assert_null(policy_cipher_nearest("camellia"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_system_policies_are_those_of_the_service),
		cmocka_unit_test(suites_know_their_versions),
		cmocka_unit_test(five_suites_are_only_listed),
		cmocka_unit_test(a_misspelt_suite_finds_its_neighbour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
