/* Suites and system policies in the order in which the real service lists them. */
#include "model/policies.h"

#include <string.h>
#include "model/nearest.h"

#define OLD (MODEL_TLS_1_0 | MODEL_TLS_1_1 | MODEL_TLS_1_2)

enum suite_group { A, B, C, D, E };

static const struct suite {
	const char *name;
	enum suite_group group;
	bool available; /* in AWS-LC */
} suites[] = {
	{ "ECDHE-ECDSA-AES128-GCM-SHA256", A, true },
	{ "ECDHE-ECDSA-AES256-GCM-SHA384", A, true },
	{ "ECDHE-ECDSA-AES128-SHA256", A, false },
	{ "ECDHE-ECDSA-AES256-SHA384", A, false },
	{ "ECDHE-RSA-AES128-GCM-SHA256", A, true },
	{ "ECDHE-RSA-AES256-GCM-SHA384", A, true },
	{ "ECDHE-RSA-AES128-SHA256", A, true },
	{ "ECDHE-RSA-AES256-SHA384", A, true },
	{ "AES128-GCM-SHA256", B, true },
	{ "AES256-GCM-SHA384", B, true },
	{ "AES128-SHA256", B, true },
	{ "AES256-SHA256", B, false },
	{ "ECDHE-ECDSA-AES128-SHA", C, true },
	{ "ECDHE-ECDSA-AES256-SHA", C, true },
	{ "ECDHE-RSA-AES128-SHA", C, true },
	{ "ECDHE-RSA-AES256-SHA", C, true },
	{ "AES128-SHA", D, true },
	{ "AES256-SHA", D, true },
	{ "DES-CBC3-SHA", D, true },
	{ "TLS_AES_128_GCM_SHA256", E, true },
	{ "TLS_AES_256_GCM_SHA384", E, true },
	{ "TLS_CHACHA20_POLY1305_SHA256", E, true },
	{ "TLS_AES_128_CCM_SHA256", E, false },
	{ "TLS_AES_128_CCM_8_SHA256", E, false },
};

#define SUITE_COUNT (sizeof(suites) / sizeof(suites[0]))

static const uint32_t versions_of_group[] = {
	[A] = MODEL_TLS_1_2, [B] = MODEL_TLS_1_2, [C] = OLD, [D] = OLD, [E] = MODEL_TLS_1_3 };

static const struct {
	const char *id;
	uint32_t versions;
	bool groups[5]; /* A to E */
} system_policies[POLICY_SYSTEM_COUNT] = {
	{ "tls_cipher_policy_1_0", OLD, { 1, 1, 1, 1, 0 } },
	{ "tls_cipher_policy_1_1", MODEL_TLS_1_1 | MODEL_TLS_1_2, { 1, 1, 1, 1, 0 } },
	{ "tls_cipher_policy_1_2", MODEL_TLS_1_2, { 1, 1, 1, 1, 0 } },
	{ "tls_cipher_policy_1_2_strict", MODEL_TLS_1_2, { 1, 0, 1, 0, 0 } },
	{ "tls_cipher_policy_1_2_strict_with_1_3", MODEL_TLS_1_2 | MODEL_TLS_1_3, { 1, 0, 1, 0, 1 } },
};

void policies_system(struct model_security_policy *ret_policies)
{
	size_t i, j;

	for (i = 0; i < POLICY_SYSTEM_COUNT; i++) {
		struct model_security_policy *policy = &ret_policies[i];

		*policy = (struct model_security_policy){ 0 };
		policy->id = memory_copy_string(system_policies[i].id);
		policy->tls_versions = system_policies[i].versions;
		policy->ciphers.items = memory_new(SUITE_COUNT * sizeof(char *));
		for (j = 0; j < SUITE_COUNT; j++) {
			if (system_policies[i].groups[suites[j].group])
				policy->ciphers.items[policy->ciphers.count++] =
					memory_copy_string(suites[j].name);
		}
	}
}

static const struct suite *find_suite(const char *name)
{
	size_t i;

	for (i = 0; i < SUITE_COUNT; i++) {
		if (strcmp(suites[i].name, name) == 0)
			return &suites[i];
	}
	return NULL;
}

uint32_t policy_cipher_versions(const char *name)
{
	const struct suite *suite = find_suite(name);

	return suite == NULL ? 0 : versions_of_group[suite->group];
}

bool policy_cipher_is_available(const char *name)
{
	const struct suite *suite = find_suite(name);

	return suite != NULL && suite->available;
}

const char *policy_cipher_nearest(const char *name)
{
	struct nearest nearest = nearest_begin(name);
	size_t i;

	for (i = 0; i < SUITE_COUNT; i++)
		nearest_offer(&nearest, suites[i].name);
	return nearest.best;
}
