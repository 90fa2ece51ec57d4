#include "x509/pem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define LABEL_MAX 64

bool pem_label_is(const struct pem_block *block, const char *label)
{
	return block->label.len == strlen(label) &&
	       memcmp(block->label.data, label, block->label.len) == 0;
}

struct buffer pem_plain_text(struct bytes content)
{
	struct buffer plain = { 0 };
	bool is_big_endian = content.len >= 2 && content.data[0] == 0xfe && content.data[1] == 0xff;
	bool is_little_endian = content.len >= 2 && content.data[0] == 0xff &&
				content.data[1] == 0xfe;
	size_t i;

	if (content.len >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0) {
		buffer_append(&plain, content.data + 3, content.len - 3);
		return plain;
	}
	if (!is_big_endian && !is_little_endian)
		return plain;
	for (i = 2; i + 1 < content.len; i += 2) {
		uint8_t high = content.data[is_big_endian ? i : i + 1];
		uint8_t low = content.data[is_big_endian ? i + 1 : i];
		uint8_t octet = high == 0 ? low : '?';

		buffer_append(&plain, &octet, 1);
	}
	return plain;
}

static const uint8_t *find(struct bytes in, const char *text)
{
	return in.len == 0 ? NULL : memmem(in.data, in.len, text, strlen(text));
}

static struct bytes rest_from(struct bytes in, const uint8_t *at)
{
	return (struct bytes){ at, (size_t)(in.data + in.len - at) };
}

static size_t count_blocks(struct bytes content)
{
	const uint8_t *at;
	size_t count = 0;

	while ((at = find(content, BEGIN)) != NULL) {
		count++;
		content = rest_from(content, at + strlen(BEGIN));
	}
	return count;
}

static size_t line_of(struct bytes content, const uint8_t *at)
{
	size_t line = 1;
	const uint8_t *p;

	for (p = content.data; p < at; p++)
		if (*p == '\n' || (*p == '\r' && (p + 1 == at || p[1] != '\n')))
			line++;
	return line;
}

/* The rest of a BEGIN or END line: label and dashes. */
static bool take_label(struct bytes *in, struct bytes *ret_label)
{
	const uint8_t *end = find(*in, DASHES);
	size_t len;

	if (end == NULL)
		return false;
	len = (size_t)(end - in->data);
	if (len > LABEL_MAX)
		return false;
	*ret_label = (struct bytes){ in->data, len };
	*in = rest_from(*in, end + strlen(DASHES));
	return true;
}

/* Also where a line break is written as two characters. */
static bool is_line_end(const uint8_t *at, const uint8_t *end)
{
	return *at == '\n' || *at == '\r' ||
	       (*at == '\\' && at + 1 < end && (at[1] == 'n' || at[1] == 'r'));
}

/* RFC 1421 header lines end with a blank line; nothing in base64 holds a colon. */
static struct bytes skip_headers(struct bytes body, struct pem_block *block)
{
	const uint8_t *start = body.data, *end = body.data + body.len;
	const uint8_t *colon;
	const uint8_t *at;

	while ((colon = memchr(body.data, ':', body.len)) != NULL) {
		struct bytes line = rest_from(body, colon);

		for (at = colon; at < end && !is_line_end(at, end); at++)
			;
		line.len = (size_t)(at - line.data);
		if (find(line, "ENCRYPTED") != NULL)
			block->encrypted = true;
		body = rest_from(body, at);
		block->headers = (struct bytes){ start, (size_t)(at - start) };
		if (body.len == 0)
			break;
	}
	return body;
}

static int base64_value(uint8_t octet)
{
	if (octet >= 'A' && octet <= 'Z')
		return octet - 'A';
	if (octet >= 'a' && octet <= 'z')
		return octet - 'a' + 26;
	if (octet >= '0' && octet <= '9')
		return octet - '0' + 52;
	return octet == '+' ? 62 : octet == '/' ? 63 : -1;
}

/* White space, and "\n" and "\r" written as two characters. */
static size_t skip_space(struct bytes in, size_t at)
{
	while (at < in.len) {
		if (isspace(in.data[at]) || in.data[at] == 0)
			at++;
		else if (in.data[at] == '\\' && at + 1 < in.len &&
			 (in.data[at + 1] == 'n' || in.data[at + 1] == 'r' || in.data[at + 1] == 't'))
			at += 2;
		else
			break;
	}
	return at;
}

struct base64 {
	uint32_t bits;
	unsigned int digits; /* in bits, 0 to 3 */
	unsigned int padding;
	uint8_t block[768];
	size_t used;
};

static void base64_flush(struct base64 *state, struct buffer *out)
{
	buffer_append(out, state->block, state->used);
	state->used = 0;
}

static void base64_digit(struct base64 *state, int value, struct buffer *out)
{
	state->bits = state->bits << 6 | (uint32_t)value;
	if (++state->digits < 4)
		return;
	if (state->used + 3 > sizeof(state->block))
		base64_flush(state, out);
	state->block[state->used++] = (uint8_t)(state->bits >> 16);
	state->block[state->used++] = (uint8_t)(state->bits >> 8);
	state->block[state->used++] = (uint8_t)state->bits;
	state->bits = 0;
	state->digits = 0;
}

/* What is left after the last whole group of four: padding may be right or left out. */
static bool base64_finish(struct base64 *state, struct buffer *out)
{
	base64_flush(state, out);
	if (state->digits == 1 || state->padding > 2 ||
	    (state->padding > 0 && state->digits + state->padding != 4))
		return false;
	if (state->digits == 2) {
		state->block[0] = (uint8_t)(state->bits >> 4);
		buffer_append(out, state->block, 1);
	} else if (state->digits == 3) {
		state->block[0] = (uint8_t)(state->bits >> 10);
		state->block[1] = (uint8_t)(state->bits >> 2);
		buffer_append(out, state->block, 2);
	}
	return true;
}

/* NULL when all of it is base64; otherwise where it is not. */
static const uint8_t *decode_base64(struct bytes body, struct buffer *out)
{
	struct base64 state = { 0 };
	const uint8_t *wrong = NULL;
	size_t at = 0;

	while (wrong == NULL && (at = skip_space(body, at)) < body.len) {
		int value = base64_value(body.data[at]);

		if (body.data[at] == '=')
			state.padding++;
		else if (value < 0 || state.padding > 0)
			wrong = body.data + at;
		else
			base64_digit(&state, value, out);
		at++;
	}
	if (wrong == NULL && !base64_finish(&state, out))
		wrong = body.len > 0 ? body.data + body.len - 1 : body.data;
	memory_wipe(&state, sizeof(state));
	return wrong;
}

struct splitter {
	struct bytes content;
	struct bytes rest;
	const char *what;
	struct pem_block block;
};

static int fail_at(const struct splitter *splitter, const uint8_t *at, const char *how,
		   struct error *err)
{
	char label[LABEL_MAX + 1];
	size_t i;

	for (i = 0; i < splitter->block.label.len && i < LABEL_MAX; i++)
		label[i] = isprint(splitter->block.label.data[i]) ?
			   (char)splitter->block.label.data[i] : '?';
	label[i] = '\0';
	return error_set(err, ERROR_INVALID, "could not read %s: block %zu of %zu (%s) %s line %zu",
			 splitter->what, splitter->block.number, splitter->block.count, label, how,
			 line_of(splitter->content, at));
}

/* Finds the body between BEGIN (already passed) and its END. */
static int take_body(struct splitter *splitter, struct bytes *ret_body, struct error *err)
{
	const uint8_t *end_line = find(splitter->rest, END);
	const uint8_t *next = find(splitter->rest, BEGIN);
	struct bytes label;

	if (end_line == NULL || (next != NULL && next < end_line)) {
		const uint8_t *last = next != NULL ? next : splitter->rest.data + splitter->rest.len;

		while (last > splitter->rest.data && isspace(last[-1]))
			last--;
		return fail_at(splitter, last, "is cut off after", err);
	}
	*ret_body = (struct bytes){ splitter->rest.data, (size_t)(end_line - splitter->rest.data) };
	splitter->rest = rest_from(splitter->rest, end_line + strlen(END));
	if (!take_label(&splitter->rest, &label) || !bytes_equal(label, splitter->block.label))
		return fail_at(splitter, end_line, "has a damaged END line,", err);
	return 0;
}

static int split_one(struct splitter *splitter,
		     int (*each)(void *arg, const struct pem_block *block, struct error *err),
		     void *arg, struct error *err)
{
	struct buffer der = { 0 };
	struct bytes body = splitter->rest;
	const uint8_t *wrong;
	int status;

	splitter->block.encrypted = false;
	splitter->block.headers = (struct bytes){ NULL, 0 };
	splitter->block.label = (struct bytes){ NULL, 0 };
	if (!take_label(&splitter->rest, &splitter->block.label))
		return fail_at(splitter, splitter->rest.data, "has a damaged BEGIN line,", err);
	if (take_body(splitter, &body, err) < 0)
		return -1;
	body = skip_headers(body, &splitter->block);
	wrong = decode_base64(body, &der);
	splitter->block.der = buffer_bytes(&der);
	status = wrong != NULL ? fail_at(splitter, wrong, "has bad base64 in", err) :
				 each(arg, &splitter->block, err);
	buffer_done(&der);
	return status;
}

int pem_each(struct bytes content, const char *what,
	     int (*each)(void *arg, const struct pem_block *block, struct error *err), void *arg,
	     size_t *ret_count, struct error *err)
{
	struct buffer plain = pem_plain_text(content);
	struct bytes text = plain.data != NULL ? buffer_bytes(&plain) : content;
	struct splitter splitter = { .content = text, .rest = text, .what = what };
	size_t count = count_blocks(text);
	const uint8_t *begin;
	int status = 0;

	splitter.block.count = count;
	while (status == 0 && (begin = find(splitter.rest, BEGIN)) != NULL) {
		splitter.rest = rest_from(splitter.rest, begin + strlen(BEGIN));
		splitter.block.number++;
		status = split_one(&splitter, each, arg, err);
	}
	buffer_done(&plain);
	if (status == 0)
		*ret_count = count;
	return status;
}
