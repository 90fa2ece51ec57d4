#include "base/pack.h"

#include <string.h>

static void pack_number(struct buffer *out, uint64_t value, size_t size)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	buffer_append(out, bytes, size);
}

void pack_u8(struct buffer *out, uint8_t value)
{
	pack_number(out, value, 1);
}

void pack_u16(struct buffer *out, uint16_t value)
{
	pack_number(out, value, 2);
}

void pack_u32(struct buffer *out, uint32_t value)
{
	pack_number(out, value, 4);
}

void pack_u64(struct buffer *out, uint64_t value)
{
	pack_number(out, value, 8);
}

void pack_bytes(struct buffer *out, struct bytes value)
{
	pack_u32(out, (uint32_t)value.len);
	buffer_append(out, value.data, value.len);
}

void pack_string(struct buffer *out, const char *value)
{
	const char *text = value == NULL ? "" : value;

	pack_bytes(out, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

void pack_raw(struct buffer *out, const void *data, size_t len)
{
	buffer_append(out, data, len);
}

struct unpack unpack_begin(struct bytes from)
{
	return (struct unpack){ from.data, from.data + from.len, false };
}

const uint8_t *unpack_raw(struct unpack *in, size_t len)
{
	const uint8_t *start = in->at;

	if (in->failed || (size_t)(in->end - in->at) < len) {
		in->failed = true;
		return NULL;
	}
	in->at += len;
	return start;
}

static uint64_t unpack_number(struct unpack *in, size_t size)
{
	const uint8_t *bytes = unpack_raw(in, size);
	uint64_t value = 0;
	size_t i;

	if (bytes == NULL)
		return 0;
	for (i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

uint8_t unpack_u8(struct unpack *in)
{
	return (uint8_t)unpack_number(in, 1);
}

uint16_t unpack_u16(struct unpack *in)
{
	return (uint16_t)unpack_number(in, 2);
}

uint32_t unpack_u32(struct unpack *in)
{
	return (uint32_t)unpack_number(in, 4);
}

uint64_t unpack_u64(struct unpack *in)
{
	return unpack_number(in, 8);
}

struct bytes unpack_bytes(struct unpack *in)
{
	uint32_t len = unpack_u32(in);
	const uint8_t *data = unpack_raw(in, len);

	return data == NULL ? (struct bytes){ NULL, 0 } : (struct bytes){ data, len };
}

void unpack_string(struct unpack *in, char *ret_text, size_t size)
{
	struct bytes text = unpack_bytes(in);

	ret_text[0] = '\0';
	if (text.len >= size || (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)) {
		in->failed = true;
		return;
	}
	if (text.len > 0)
		memcpy(ret_text, text.data, text.len);
	ret_text[text.len] = '\0';
}

uint32_t unpack_count(struct unpack *in, size_t min_size)
{
	uint32_t count = unpack_u32(in);

	if (in->failed || count > (size_t)(in->end - in->at) / min_size) {
		in->failed = true;
		return 0;
	}
	return count;
}

bool unpack_is_done(const struct unpack *in)
{
	return !in->failed && in->at == in->end;
}
