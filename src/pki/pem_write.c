#include "pki/pem_write.h"

#include <openssl/base64.h>
#include <openssl/bytestring.h>

#define PEM_LINE 64

void pem_write(struct buffer *out, const char *label, struct bytes der)
{
	uint8_t line[PEM_LINE + 1];
	size_t at;

	buffer_printf(out, "-----BEGIN %s-----\n", label);
	for (at = 0; at < der.len; at += PEM_LINE / 4 * 3) {
		size_t part = der.len - at < PEM_LINE / 4 * 3 ? der.len - at : PEM_LINE / 4 * 3;

		buffer_append(out, line, EVP_EncodeBlock(line, der.data + at, part));
		buffer_append(out, "\n", 1);
	}
	buffer_printf(out, "-----END %s-----\n", label);
	memory_wipe(line, sizeof(line));
}

void pem_write_chain(struct buffer *out, struct bytes chain)
{
	CBS cbs, one;

	CBS_init(&cbs, chain.data, chain.len);
	while (CBS_get_asn1_element(&cbs, &one, CBS_ASN1_SEQUENCE))
		pem_write(out, "CERTIFICATE", (struct bytes){ CBS_data(&one), CBS_len(&one) });
}
