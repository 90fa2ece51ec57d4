#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void *must_have(void *memory)
{
	if (memory == NULL) {
		fputs("sallyport: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *memory_new(size_t size)
{
	return must_have(calloc(1, size > 0 ? size : 1));
}

void *memory_resize(void *old, size_t size)
{
	return must_have(realloc(old, size > 0 ? size : 1));
}

char *memory_copy_string(const char *string)
{
	return string == NULL ? NULL : must_have(strdup(string));
}

/* Grows by copying and wiping, never by realloc: buffers hold keys. */
static void buffer_reserve(struct buffer *buffer, size_t extra)
{
	size_t need = buffer->len + extra;
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : 64;
	uint8_t *data;

	if (need <= buffer->capacity)
		return;
	while (capacity < need)
		capacity *= 2;
	data = memory_new(capacity);
	if (buffer->len > 0)
		memcpy(data, buffer->data, buffer->len);
	memory_wipe(buffer->data, buffer->capacity);
	free(buffer->data);
	buffer->data = data;
	buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
	if (len == 0)
		return;
	buffer_reserve(buffer, len);
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len <= 0)
		return;
	buffer_reserve(buffer, (size_t)len + 1);
	va_start(args, format);
	vsnprintf((char *)buffer->data + buffer->len, (size_t)len + 1, format, args);
	va_end(args);
	buffer->len += (size_t)len;
}

void buffer_done(struct buffer *buffer)
{
	memory_wipe(buffer->data, buffer->capacity);
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

static int read_all(int fd, const char *path, size_t limit, struct buffer *buffer,
		    struct error *err)
{
	uint8_t block[16384];
	ssize_t got;

	while ((got = read(fd, block, sizeof(block))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "could not read \"%s\"", path);
		if (buffer->len + (size_t)got > limit)
			return error_set(err, ERROR_LIMIT,
					 "could not read \"%s\": it is larger than %zu bytes", path,
					 limit);
		buffer_append(buffer, block, (size_t)got);
	}
	memory_wipe(block, sizeof(block));
	return 0;
}

int buffer_read_file(const char *path, size_t limit, struct buffer *ret_buffer, struct error *err)
{
	struct buffer content = { 0 };
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int status = -1;

	if (fd < 0)
		return error_set_errno(err, "could not open \"%s\"", path);
	if (fstat(fd, &info) < 0)
		error_set_errno(err, "could not read \"%s\"", path);
	else if (S_ISDIR(info.st_mode))
		error_set(err, ERROR_INVALID, "could not read \"%s\": it is a folder", path);
	else
		status = read_all(fd, path, limit, &content, err);
	close(fd);
	if (status < 0) {
		buffer_done(&content);
		return -1;
	}
	buffer_done(ret_buffer);
	*ret_buffer = content;
	return 0;
}

void hex_encode(struct bytes bytes, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < bytes.len; i++) {
		ret_text[2 * i] = digits[bytes.data[i] >> 4];
		ret_text[2 * i + 1] = digits[bytes.data[i] & 15];
	}
	ret_text[2 * bytes.len] = '\0';
}

void memory_wipe(void *data, size_t len)
{
	if (data != NULL && len > 0)
		explicit_bzero(data, len);
}
