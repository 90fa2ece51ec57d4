#include "control/wording.h"

#include <errno.h>
#include <stdarg.h>
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

/* The part behind the seconds: a fraction, then Z or an offset (RFC 3339 section 5.6). */
static int parse_offset(const char *text, int64_t *ret_offset_s)
{
	int hours, minutes, used = 0;

	if (*text == '.') {
		text += 1 + strspn(text + 1, "0123456789");
		if (text[-1] == '.')
			return -1;
	}
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*ret_offset_s = 0;
		return 0;
	}
	if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
	    used != 5 || text[6] != '\0' || hours > 23 || minutes > 59 || hours < 0 || minutes < 0)
		return -1;
	*ret_offset_s = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
	return 0;
}

static int parse_rfc3339(const char *text, int64_t *ret_seconds)
{
	struct tm parts = { 0 }, normal;
	char separator;
	int used = 0;
	int64_t offset_s;
	time_t at;

	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &separator, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used) != 7 || used != 19)
		return -1;
	if ((separator != 'T' && separator != 't' && separator != ' ') ||
	    parse_offset(text + used, &offset_s) < 0)
		return -1;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	normal = parts;
	at = timegm(&normal);
	/* timegm() takes a 31st of February and a 25th hour; a leap second is the only one we do. */
	if (normal.tm_mday != parts.tm_mday && parts.tm_sec != 60)
		return -1;
	if (parts.tm_mon < 0 || parts.tm_mon > 11 || parts.tm_hour < 0 || parts.tm_hour > 23 ||
	    parts.tm_min < 0 || parts.tm_min > 59 || parts.tm_sec < 0 || parts.tm_sec > 60)
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
