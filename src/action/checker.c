#include "action/checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- errors --- */

json_t *checker_refuse(struct checker *checker, const struct field *field, const char *format, ...)
{
	char detail[200], symbol[64];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	error_set(checker->err, ERROR_INVALID, "%s: %s", checker->path, detail);
	snprintf(symbol, sizeof(symbol), "IllegalParam.%.50s", field->name);
	error_symbol(checker->err, field->symbol != NULL ? field->symbol : symbol);
	error_place(checker->err, "%.90s", checker->path);
	return NULL;
}

int checker_missing(struct checker *checker, const char *name)
{
	char symbol[64];

	error_set(checker->err, ERROR_INVALID, "%s%s%s is missing", checker->path,
		  checker->path[0] != '\0' ? "." : "", name);
	snprintf(symbol, sizeof(symbol), "MissingParam.%.50s", name);
	error_symbol(checker->err, symbol);
	error_place(checker->err, "%.45s%s%.45s", checker->path,
		    checker->path[0] != '\0' ? "." : "", name);
	return -1;
}

static bool is_secret(const struct checker *checker, const char *text)
{
	return (checker->flags & PARAMETER_SECRET) != 0 || strstr(text, "-----") != NULL;
}

/* A value as an error may show it: short, in one line, and nothing that must not be seen. */
const char *checker_shown(const struct checker *checker, const char *text,
			  char ret_text[CHECKER_SHOWN_SIZE])
{
	size_t len = strlen(text), i;
	bool cut = len > CHECKER_SHOWN_MAX;

	if (is_secret(checker, text))
		return "what was given";
	if (cut)
		len = CHECKER_SHOWN_MAX;
	while (cut && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--; /* between characters */
	snprintf(ret_text, CHECKER_SHOWN_SIZE, "\"%.*s%s\"", (int)len, text, cut ? "..." : "");
	for (i = 0; ret_text[i] != '\0'; i++) {
		if ((unsigned char)ret_text[i] < 0x20 || ret_text[i] == 0x7f)
			ret_text[i] = '?';
	}
	return ret_text;
}

static const char *kind_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		break;
	}
	return "null";
}

json_t *checker_wrong_kind(struct checker *checker, const struct field *field, const json_t *value,
			   const char *wanted)
{
	return checker_refuse(checker, field, "%s was given, but it must be %s", kind_of(value),
			      wanted);
}

/* --- the path --- */

/* Returns the length to go back to. */
size_t checker_enter(struct checker *checker, const char *name)
{
	size_t len = strlen(checker->path);

	snprintf(checker->path + len, sizeof(checker->path) - len, "%s%s", len > 0 ? "." : "",
		 name);
	return len;
}

size_t checker_enter_number(struct checker *checker, size_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", number);
	return checker_enter(checker, text);
}

void checker_leave(struct checker *checker, size_t len)
{
	checker->path[len] = '\0';
}
