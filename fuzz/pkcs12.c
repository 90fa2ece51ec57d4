/* A file that somebody calls PKCS#12, with a password or without. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "pki/pkcs12.h"
#include "x509/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take_item(void *arg, const struct pkcs12_item *item, struct error *err)
{
	struct certificate *certificate;
	struct buffer pkcs8 = { 0 };

	(void)arg;
	(void)err;
	if (item->is_key) {
		if (certificate_key_from_der(item->der, (struct bytes){ NULL, 0 }, "the key", &pkcs8,
					     NULL) == 0)
			buffer_done(&pkcs8);
		return 0;
	}
	certificate = certificate_parse(item->der, NULL);
	certificate_free(certificate);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const passwords[] = { NULL, "", "secret-1" };
	struct error err = { 0 };
	size_t i;

	/* Whatever the file asks for, no more than this is done for it. */
	for (i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		struct pbe pbe = pbe_begin(passwords[i]);

		pbe.work_left = 5000;
		if (pkcs12_read(&pbe, (struct bytes){ data, size }, take_item, NULL, &err) < 0 &&
		    err.message[0] == '\0')
			abort();
		if (pbe.work_left > 5000)
			abort();
	}
	return 0;
}
