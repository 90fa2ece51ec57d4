/* base/pack.h - numbers and byte strings one after another, little-endian, checked on reading. */
#ifndef SALLYPORT_BASE_PACK_H
#define SALLYPORT_BASE_PACK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"

void pack_u8(struct buffer *out, uint8_t value);
void pack_u16(struct buffer *out, uint16_t value);
void pack_u32(struct buffer *out, uint32_t value);
void pack_u64(struct buffer *out, uint64_t value);
void pack_bytes(struct buffer *out, struct bytes value); /* u32 length, then the bytes */
void pack_string(struct buffer *out, const char *value); /* as bytes; NULL as "" */
void pack_raw(struct buffer *out, const void *data, size_t len);

/* A reader that has run over its end stays failed and gives zeros and empty strings. */
struct unpack {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

struct unpack unpack_begin(struct bytes from);
uint8_t unpack_u8(struct unpack *in);
uint16_t unpack_u16(struct unpack *in);
uint32_t unpack_u32(struct unpack *in);
uint64_t unpack_u64(struct unpack *in);
struct bytes unpack_bytes(struct unpack *in);		  /* borrowed from the input */
const uint8_t *unpack_raw(struct unpack *in, size_t len); /* NULL when failed */
/* A string without NUL inside, copied and terminated; fails when it does not fit. */
void unpack_string(struct unpack *in, char *ret_text, size_t size);
/* A count of items that each take at least min_size bytes; fails when they cannot be there. */
uint32_t unpack_count(struct unpack *in, size_t min_size);
bool unpack_is_done(const struct unpack *in); /* everything read, nothing failed */

#endif
