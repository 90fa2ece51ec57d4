/* A revocation list: read as such, and as a file for a CA that did not sign it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "x509/crl.h"
#include "x509/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_entry(void *arg, struct bytes serial, int64_t when)
{
	*(int64_t *)arg += when + (int64_t)serial.len;
}

static void try_table(struct bytes content)
{
	struct revocation_builder *builder = revocation_builder_new();
	struct buffer bytes = { 0 };
	struct error err = { 0 };

	if (revocation_builder_add(builder, "x", content, NULL, 0, &err) == 0 ||
	    revocation_builder_finish(builder, &bytes, &err) < 0)
		abort();
	buffer_done(&bytes);
	revocation_builder_free(builder);
}

/* The bytes as a table: what was opened can be asked. */
static void try_open(struct bytes bytes)
{
	static const uint8_t key[REVOCATION_KEY_SIZE];
	struct revocation_issuer issuer;
	struct revocation table;
	int64_t when;
	size_t i;

	if (revocation_open(bytes, &table, NULL) < 0)
		return;
	for (i = 0; revocation_issuer(&table, i, &issuer); i++)
		revocation_find(&table, issuer.key, (struct bytes){ key, 3 }, 0, &when);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes content = { data, size };
	int64_t sum = 0;
	struct crl crl;

	if (crl_parse(content, &crl, NULL) == 0 &&
	    crl_each_entry(&crl, take_entry, &sum, NULL) == 0)
		sum++;
	try_table(content);
	try_open(content);
	return 0;
}
