#include "api/form.h"

#include <string.h>

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The length of what stands for itself. */
static size_t plain_run(struct bytes text, bool plus)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '%' || text.data[i] == '\0' || (plus && text.data[i] == '+'))
			break;
	}
	return i;
}

/* "%XX"; -1: it is none, or a NUL. */
static int escaped(struct bytes text)
{
	int high = text.len >= 3 ? hex_digit(text.data[1]) : -1;
	int low = text.len >= 3 ? hex_digit(text.data[2]) : -1;

	return high < 0 || low < 0 || (high == 0 && low == 0) ? -1 : high << 4 | low;
}

bool form_unescape(struct bytes text, bool plus, struct buffer *ret_text)
{
	while (text.len > 0) {
		size_t run = plain_run(text, plus);
		int c;

		buffer_append(ret_text, text.data, run);
		text.data += run;
		text.len -= run;
		if (text.len == 0)
			break;
		c = text.data[0] == '+' ? ' ' : text.data[0] == '%' ? escaped(text) : -1;
		if (c < 0)
			return false;
		buffer_append(ret_text, &(uint8_t){ (uint8_t)c }, 1);
		run = text.data[0] == '%' ? 3 : 1;
		text.data += run;
		text.len -= run;
	}
	return true;
}

void form_escape(const char *text, struct buffer *ret_text)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_.~";

	while (*text != '\0') {
		size_t len = strspn(text, plain);
		uint8_t c;
		char escaped[3];

		buffer_append(ret_text, text, len);
		text += len;
		if (*text == '\0')
			break;
		c = (uint8_t)*text++;
		escaped[0] = '%';
		escaped[1] = hex[c >> 4];
		escaped[2] = hex[c & 15];
		buffer_append(ret_text, escaped, sizeof(escaped));
	}
}

static int bad(struct error *err, const char *symbol, const char *name, const char *format)
{
	char place[64];

	snprintf(place, sizeof(place), "%.60s", name);
	error_set(err, ERROR_INVALID, format, place);
	error_symbol(err, symbol);
	return error_place(err, "%s", place);
}

static int add(json_t *into, const char *name, json_t *value, struct error *err)
{
	const json_t *before = json_object_get(into, name);
	char symbol[64];

	if (value == NULL)
		return bad(err, "InvalidParameter", name, "the value of \"%s\" is not UTF-8");
	if (before != NULL && !json_equal(before, value)) {
		json_decref(value);
		snprintf(symbol, sizeof(symbol), "DuplicatedParam.%.40s", name);
		return bad(err, symbol, name, "parameter \"%s\" has two different values");
	}
	if (json_object_set_new(into, name, value) < 0)
		return bad(err, "InvalidParameter", "", "the name of a parameter is not UTF-8%s");
	if (json_object_size(into) > FORM_COUNT_MAX)
		return bad(err, "InvalidParameter", "", "there are too many parameters%s");
	return 0;
}

static int decode_pair(struct bytes pair, json_t *into, struct error *err)
{
	const uint8_t *equals = memchr(pair.data, '=', pair.len);
	size_t name_len = equals == NULL ? pair.len : (size_t)(equals - pair.data);
	struct bytes value = { pair.data + name_len, pair.len - name_len };
	struct buffer name = { 0 }, text = { 0 };
	int status = -1;

	if (equals != NULL) {
		value.data++;
		value.len--;
	}
	if (!form_unescape((struct bytes){ pair.data, name_len }, true, &name) ||
	    !form_unescape(value, true, &text)) {
		error_set(err, ERROR_INVALID, "a parameter holds %%XX that is none, or a NUL");
		error_symbol(err, "InvalidParameter");
	} else {
		buffer_append(&name, "", 1);
		status = add(into, (const char *)name.data,
			     json_stringn(text.len > 0 ? (const char *)text.data : "", text.len),
			     err);
	}
	buffer_done(&name);
	buffer_done(&text);
	return status;
}

int form_decode(struct bytes text, json_t *into, struct error *err)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '&', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);

		if (len > 0 && decode_pair((struct bytes){ text.data, len }, into, err) < 0)
			return -1;
		len += end != NULL;
		text.data += len;
		text.len -= len;
	}
	return 0;
}
