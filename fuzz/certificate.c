/*
 * A certificate from a stranger: its facts, its texts, and the way through the path builder and the
 * profile, as a client that is its own CA where it is one.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "x509/certificate.h"
#include "x509/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_name(void *arg, const char *name)
{
	*(size_t *)arg += strlen(name);
}

static void take_result(void *arg, const struct chain_result *result)
{
	*(size_t *)arg += result->path_count;
}

static void try_chain(struct bytes der, size_t *sum)
{
	struct bytes sent[] = { der, der };
	struct trust_ca ca = { der, (der.len & 1) != 0, "fuzz" };
	struct trust *trust = trust_new(&ca, 1, NULL);
	struct trust *nobody = trust_new(NULL, 0, NULL);
	int64_t now = INT64_C(1800000000);

	chain_check(nobody, sent, 2, 4, now, take_result, sum);
	if (trust != NULL)
		chain_check(trust, sent, 1, 4, now, take_result, sum);
	trust_free(trust);
	trust_free(nobody);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes der = { data, size };
	struct certificate *certificate = certificate_parse(der, NULL);
	size_t sum = 0;
	char text[64];

	if (certificate == NULL)
		return 0;
	certificate_subject_text(certificate, text, sizeof(text));
	certificate_issuer_text(certificate, text, sizeof(text));
	certificate_identity_text(certificate, text, sizeof(text));
	certificate_each_dns_name(certificate, take_name, &sum);
	certificate_free(certificate);
	try_chain(der, &sum);
	return 0;
}
