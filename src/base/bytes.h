/* base/bytes.h - a run of bytes somebody else owns, and a buffer that owns its bytes. */
#ifndef SALLYPORT_BASE_BYTES_H
#define SALLYPORT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct bytes {
	const uint8_t *data; /* borrowed */
	size_t len;
};

struct buffer {
	uint8_t *data; /* owned; NULL when empty */
	size_t len;
	size_t capacity;
};

static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
	return (struct bytes){ buffer->data, buffer->len };
}

bool bytes_equal(struct bytes a, struct bytes b);

/* Out of memory in control code is fatal and said so on stderr: there is no state to save there.
 * The data plane calls these only while it builds a snapshot. */
void *memory_new(size_t size); /* zeroed */
void *memory_resize(void *old, size_t size);
char *memory_copy_string(const char *string); /* NULL stays NULL */

void buffer_append(struct buffer *buffer, const void *data, size_t len);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Frees the bytes after wiping them; the buffer is empty and usable again. */
void buffer_done(struct buffer *buffer);

/* Reads a whole file of at most limit bytes, replacing what ret_buffer held. */
int must_check buffer_read_file(const char *path, size_t limit, struct buffer *ret_buffer,
				struct error *err);

/* ret_text holds 2 * len + 1 characters, lower case. */
void hex_encode(struct bytes bytes, char *ret_text);

/* Wipes memory in a way the compiler may not remove. */
void memory_wipe(void *data, size_t len);

#endif
