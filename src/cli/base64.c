#include "cli/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_decode(const char *text, struct buffer *ret_bytes)
{
	size_t length = strspn(text, digits), i;
	uint32_t group = 0;

	if (strlen(text) % 4 != 0 || strlen(text) - length > 2 ||
	    text[length + strspn(text + length, "=")] != '\0')
		return false;
	for (i = 0; i < length; i++) {
		const char *digit = strchr(digits, text[i]);
		uint8_t octet;

		group = (group << 6 | (uint32_t)(digit - digits)) & 0xffffff;
		if (i % 4 == 0)
			continue;
		octet = (uint8_t)(group >> (6 - 2 * (i % 4)));
		buffer_append(ret_bytes, &octet, 1);
	}
	return true;
}
