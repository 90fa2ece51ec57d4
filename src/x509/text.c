#include "x509/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void text_init(struct text *text, char *out, size_t size)
{
	*text = (struct text){ .out = out, .size = size };
	out[0] = '\0';
}

/* Adds something that must not be split. */
static void append_unit(struct text *text, const char *unit, size_t len)
{
	if (text->cut)
		return;
	if (text->used + len >= text->size) {
		text->cut = true;
		text->used = text->safe;
		if (text->size >= 4)
			memcpy(text->out + text->used, "...", 4);
		else
			text->out[text->used] = '\0';
		return;
	}
	memcpy(text->out + text->used, unit, len);
	text->used += len;
	text->out[text->used] = '\0';
	if (text->used + 4 <= text->size)
		text->safe = text->used;
}

void text_append(struct text *text, const char *literal)
{
	for (; *literal != '\0'; literal++)
		append_unit(text, literal, 1);
}

static size_t utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* The length of the character at data, 0 when there is none; ret_code is its number. */
static size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t need = utf8_length(data[0]);
	uint32_t code;
	size_t i;

	if (need == 0 || need > len)
		return 0;
	code = need == 1 ? data[0] : data[0] & (0xffu >> (need + 1));
	for (i = 1; i < need; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (data[i] & 0x3fu);
	}
	if (code < smallest[need] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return need;
}

static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff0 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff) ||
	       (code & 0xfffe) == 0xfffe;
}

static void append_byte_escaped(struct text *text, uint8_t byte)
{
	char escape[4];

	snprintf(escape, sizeof(escape), "\\%02X", byte);
	append_unit(text, escape, 3);
}

void text_append_escaped(struct text *text, struct bytes utf8, const char *special)
{
	size_t at = 0;

	while (at < utf8.len && !text->cut) {
		uint32_t code = 0;
		size_t len = utf8_decode(utf8.data + at, utf8.len - at, &code);
		size_t i;

		if (len == 0 || is_unsafe(code)) {
			for (i = 0; i < (len == 0 ? 1 : len); i++)
				append_byte_escaped(text, utf8.data[at + i]);
			at += len == 0 ? 1 : len;
			continue;
		}
		if (code == '\\' || (code < 0x80 && strchr(special, (int)code) != NULL)) {
			char pair[2] = { '\\', (char)code };

			append_unit(text, pair, 2);
		} else {
			append_unit(text, (const char *)utf8.data + at, len);
		}
		at += len;
	}
}

void text_append_hex(struct text *text, struct bytes bytes)
{
	size_t i;
	char digits[3];

	for (i = 0; i < bytes.len && !text->cut; i++) {
		snprintf(digits, sizeof(digits), "%02x", bytes.data[i]);
		append_unit(text, digits, 2);
	}
}

void text_time(int64_t when, char ret_text[TEXT_TIME_SIZE])
{
	time_t seconds = (time_t)when;
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL ||
	    strftime(ret_text, TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		snprintf(ret_text, TEXT_TIME_SIZE, "?");
}
