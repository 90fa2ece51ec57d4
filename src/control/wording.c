#include "control/wording.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void wording_time(int64_t seconds, char ret_text[WORDING_TIME_SIZE])
{
	time_t at = (time_t)seconds;
	struct tm parts;

	if (gmtime_r(&at, &parts) == NULL || parts.tm_year > 9999 - 1900 ||
	    strftime(ret_text, WORDING_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		snprintf(ret_text, WORDING_TIME_SIZE, "%lld", (long long)seconds);
}

/* Takes exactly this many digits. */
static bool take_digits(const char **at, int count, int *ret_number)
{
	int number = 0;

	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		number = number * 10 + (**at - '0');
	}
	*ret_number = number;
	return true;
}

static bool take_one_of(const char **at, const char *characters)
{
	if (**at == '\0' || strchr(characters, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

/* The part behind the seconds: a fraction, then Z or an offset (RFC 3339 section 5.6). */
static bool parse_offset(const char *at, int64_t *ret_offset_s)
{
	int hours, minutes;
	bool west;

	if (*at == '.') {
		size_t digits = strspn(++at, "0123456789");

		if (digits == 0)
			return false;
		at += digits;
	}
	*ret_offset_s = 0;
	if (take_one_of(&at, "Zz"))
		return *at == '\0';
	west = *at == '-';
	if (!take_one_of(&at, "+-") || !take_digits(&at, 2, &hours) || !take_one_of(&at, ":") ||
	    !take_digits(&at, 2, &minutes) || *at != '\0' || hours > 23 || minutes > 59)
		return false;
	*ret_offset_s = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
	return true;
}

static bool take_date_and_time(const char **at, struct tm *parts)
{
	return take_digits(at, 4, &parts->tm_year) && take_one_of(at, "-") &&
	       take_digits(at, 2, &parts->tm_mon) && take_one_of(at, "-") &&
	       take_digits(at, 2, &parts->tm_mday) && take_one_of(at, "Tt ") &&
	       take_digits(at, 2, &parts->tm_hour) && take_one_of(at, ":") &&
	       take_digits(at, 2, &parts->tm_min) && take_one_of(at, ":") &&
	       take_digits(at, 2, &parts->tm_sec);
}

static int parse_rfc3339(const char *text, int64_t *ret_seconds)
{
	struct tm parts = { 0 }, normal;
	int64_t offset_s;
	time_t at;

	if (!take_date_and_time(&text, &parts) || !parse_offset(text, &offset_s))
		return -1;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	normal = parts;
	at = timegm(&normal);
	/* timegm() takes a 31st of February and a 25th hour; a leap second is the only one we do. */
	if (normal.tm_mday != parts.tm_mday && parts.tm_sec != 60)
		return -1;
	if (parts.tm_mon < 0 || parts.tm_mon > 11 || parts.tm_mday < 1 || parts.tm_hour > 23 ||
	    parts.tm_min > 59 || parts.tm_sec > 60)
		return -1;
	*ret_seconds = (int64_t)at - offset_s;
	return 0;
}

int wording_time_parse(const char *text, int64_t *ret_seconds, struct error *err)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0) {
		*ret_seconds = number;
		return 0;
	}
	if (parse_rfc3339(text, ret_seconds) == 0)
		return 0;
	error_set(err, ERROR_INVALID, "could not understand the time \"%s\"", text);
	return error_hint(err, "Write it like 2026-05-01T12:00:00Z, or as seconds since 1970.");
}

int wording_wrap_error(struct error *err, const char *format, ...)
{
	char prefix[256], joined[sizeof(err->message) + sizeof(prefix) + 4];
	va_list args;

	va_start(args, format);
	vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	snprintf(joined, sizeof(joined), "%s: %s", prefix, err->message);
	joined[sizeof(err->message) - 1] = '\0';
	memcpy(err->message, joined, strlen(joined) + 1);
	return -1;
}
