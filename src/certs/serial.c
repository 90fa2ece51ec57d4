#include "certs/revoke.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* At most 40 digits without leading zeros. */
static bool read_digits(const char *text, uint8_t digits[40], size_t *ret_count)
{
	size_t count = 0;
	bool any = false;

	if (strncasecmp(text, "0x", 2) == 0)
		text += 2;
	for (; *text != '\0'; text++) {
		int digit = digit_of(*text);

		if (*text == ':' || *text == ' ' || *text == '\t')
			continue;
		if (digit < 0 || count == 40)
			return false;
		any = true;
		if (digit > 0 || count > 0)
			digits[count++] = (uint8_t)digit;
	}
	*ret_count = count;
	return any;
}

bool certs_serial_parse(const char *text, uint8_t ret_octets[20], size_t *ret_len)
{
	uint8_t digits[40];
	uint8_t octets[21] = { 0 };
	size_t count, len, i;

	if (!read_digits(text, digits, &count) || count == 0)
		return false;
	len = (count + 1) / 2;
	for (i = 0; i < count; i++)
		octets[len - 1 - i / 2] |= (uint8_t)(digits[count - 1 - i] << (i % 2 == 0 ? 0 : 4));
	/* DER: a first bit would make it negative. */
	if ((octets[0] & 0x80) != 0) {
		if (len == 20)
			return false;
		memmove(octets + 1, octets, len++);
		octets[0] = 0;
	}
	memcpy(ret_octets, octets, len);
	*ret_len = len;
	return true;
}

void certs_serial_text(struct bytes serial, char ret_text[41])
{
	size_t i;

	ret_text[0] = '\0';
	for (i = 0; i < serial.len && i < 20; i++)
		snprintf(ret_text + 2 * i, 3, "%02X", serial.data[i]);
}
