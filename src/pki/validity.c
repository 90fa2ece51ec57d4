#include "pki/validity.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 1 && leap ? 29 : days[month];
}

int64_t validity_add_months(int64_t start, int64_t months)
{
	time_t seconds = (time_t)start;
	struct tm parts;
	int64_t month;

	if (gmtime_r(&seconds, &parts) == NULL)
		return VALIDITY_END;
	month = (int64_t)parts.tm_year * 12 + parts.tm_mon + months;
	if (month / 12 > 9999 - 1900)
		return VALIDITY_END;
	parts.tm_year = (int)(month / 12);
	parts.tm_mon = (int)(month % 12);
	if (parts.tm_mday > days_of_month(parts.tm_year + 1900, parts.tm_mon))
		parts.tm_mday = days_of_month(parts.tm_year + 1900, parts.tm_mon);
	return (int64_t)timegm(&parts);
}

struct validity validity_days(int64_t now, int64_t days)
{
	int64_t start = now - VALIDITY_SKEW_S;

	return (struct validity){ start, start + days * 86400 - 1 };
}

struct validity validity_months(int64_t now, int64_t months)
{
	int64_t start = now - VALIDITY_SKEW_S;

	return (struct validity){ start, validity_add_months(start, months) - 1 };
}

/* "2027-01-15T08:00:00Z" and nothing else. */
static bool parse_time(const char *text, size_t len, int64_t *ret_time)
{
	char copy[32], again[32];
	struct tm parts = { 0 };
	const char *end;
	time_t seconds;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (end == NULL || *end != '\0')
		return false;
	seconds = timegm(&parts);
	if (gmtime_r(&seconds, &parts) == NULL ||
	    strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0 ||
	    strcmp(again, copy) != 0)
		return false;
	*ret_time = (int64_t)seconds;
	return true;
}

static bool parse_duration(const char *text, int64_t now, struct validity *ret_validity)
{
	char *end = NULL;
	long count;

	if (!isdigit((unsigned char)text[0]) || strlen(text) > 8)
		return false;
	count = strtol(text, &end, 10);
	if (count < 1 || end[0] == '\0' || end[1] != '\0' || count > 99999)
		return false;
	switch (tolower((unsigned char)end[0])) {
	case 'y':
		*ret_validity = validity_months(now, count * 12);
		return true;
	case 'm':
		*ret_validity = validity_months(now, count);
		return true;
	case 'd':
		*ret_validity = validity_days(now, count);
		return true;
	default:
		return false;
	}
}

int validity_parse(const char *text, int64_t now, struct validity *ret_validity, struct error *err)
{
	struct validity validity = { now - VALIDITY_SKEW_S, 0 };
	const char *slash = strchr(text, '/');
	bool sound;

	if (parse_duration(text, now, ret_validity))
		return 0;
	if (slash == NULL)
		sound = parse_time(text, strlen(text), &validity.not_after);
	else
		sound = parse_time(text, (size_t)(slash - text), &validity.not_before) &&
			parse_time(slash + 1, strlen(slash + 1), &validity.not_after);
	if (sound && validity.not_before < validity.not_after && validity.not_after <= now)
		return error_set(err, ERROR_INVALID, "Validity \"%.60s\" has passed already", text);
	if (sound && validity.not_before < validity.not_after) {
		*ret_validity = validity;
		return 0;
	}
	error_set(err, ERROR_INVALID, "Validity \"%.60s\" is no period of time", text);
	return error_hint(err, "Write 1y, 3m, 7d, 2027-01-15T08:00:00Z or BEGIN/END.");
}
