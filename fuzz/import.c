/* What somebody gives as certificate, key and chain, as a server's and as a CA's. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "pki/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1800000000)

static void try_server(struct import *import)
{
	struct import_server server = { 0 };
	struct error err = { 0 };

	if (import_server(import, &server, &err) < 0) {
		if (err.message[0] == '\0' || err.place[0] == '\0')
			abort();
		return;
	}
	/* What was taken fits together. */
	if (certificate_check_key(server.leaf, server.pkcs8, &err) < 0)
		abort();
	buffer_done(&server.chain);
}

static void try_authorities(struct import *import, bool strict)
{
	struct import_authorities authorities = { 0 };
	struct error err = { 0 };

	if (import_authorities(import, strict, NOW, &authorities, &err) == 0) {
		if (!certificate_is_ca(authorities.first))
			abort();
		buffer_done(&authorities.others);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const passwords[] = { NULL, "secret-1" };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct import import = { .tolerant = i == 0 };
		struct error err = { 0 };

		if (import_add(&import, (struct bytes){ data, size }, "Cert", passwords[i], &err) == 0) {
			try_server(&import);
			try_authorities(&import, i == 0);
		} else if (err.message[0] == '\0') {
			abort();
		}
		import_done(&import);
	}
	return 0;
}
