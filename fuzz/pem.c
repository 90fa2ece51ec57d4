/* A file somebody calls a certificate or a key. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "x509/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take_certificate(void *arg, struct bytes der, struct error *err)
{
	struct certificate *certificate = certificate_parse(der, err);

	(void)arg;
	if (certificate == NULL)
		return -1;
	certificate_free(certificate);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes content = { data, size };
	struct buffer pkcs8 = { 0 };
	struct buffer again = { 0 };
	struct error err = { 0 };

	if (certificate_each_in_file(content, "the file", take_certificate, NULL, &err) < 0 &&
	    err.code == ERROR_NONE)
		abort();
	/* What was read as a key is one. */
	if (certificate_key_from_file(content, "the file", &pkcs8, &err) == 0 &&
	    certificate_key_from_file(buffer_bytes(&pkcs8), "the key", &again, &err) < 0)
		abort();
	buffer_done(&pkcs8);
	buffer_done(&again);
	return 0;
}
