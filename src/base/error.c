/* Errors are fixed arrays: reporting "out of memory" must not need memory. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_begin(struct error *err, enum error_code code)
{
	err->code = code;
	err->symbol[0] = err->hint[0] = err->place[0] = '\0';
}

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	error_begin(err, code);
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return -1;
}

int error_set_errno(struct error *err, const char *format, ...)
{
	int saved = errno;
	size_t used;
	va_list args;

	if (err == NULL)
		return -1;
	error_begin(err, ERROR_SYSTEM);
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int error_hint(struct error *err, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return -1;
}

int error_place(struct error *err, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	va_start(args, format);
	vsnprintf(err->place, sizeof(err->place), format, args);
	va_end(args);
	return -1;
}

int error_symbol(struct error *err, const char *symbol)
{
	if (err != NULL)
		snprintf(err->symbol, sizeof(err->symbol), "%s", symbol);
	return -1;
}
