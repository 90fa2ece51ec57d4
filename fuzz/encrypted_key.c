/* An EncryptedPrivateKeyInfo, or a PEM block with RFC 1421 headers in front of its first empty line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "pki/pkcs8.h"
#include "x509/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pbe little_work(void)
{
	struct pbe pbe = pbe_begin("secret-1");

	pbe.work_left = 20000;
	return pbe;
}

/* What was opened is a key, and can be encrypted and opened again. */
static void try_der(struct bytes content)
{
	struct buffer pkcs8 = { 0 }, again = { 0 };
	struct pbe pbe = little_work();
	struct error err = { 0 };

	if (pkcs8_decrypt(&pbe, content, &pkcs8, &err) == 0) {
		if (certificate_key_from_der(buffer_bytes(&pkcs8), (struct bytes){ NULL, 0 }, "the key",
					     &again, &err) < 0)
			abort();
	} else if (err.message[0] == '\0') {
		abort();
	}
	buffer_done(&pkcs8);
	buffer_done(&again);
}

static void try_old_pem(struct bytes content)
{
	const uint8_t *end = memmem(content.data, content.len, "\n\n", 2);
	struct buffer der = { 0 };
	struct pbe pbe = little_work();
	struct bytes headers, body;

	if (end == NULL)
		return;
	headers = (struct bytes){ content.data, (size_t)(end - content.data) };
	body = (struct bytes){ end + 2, content.len - headers.len - 2 };
	if (pkcs8_decrypt_old_pem(&pbe, headers, body, &der, NULL) == 0)
		buffer_done(&der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes content = { data, size };

	if (size == 0)
		return 0;
	try_der(content);
	try_old_pem(content);
	return 0;
}
