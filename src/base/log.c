#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void log_init(struct log *log, int fd, bool json, bool immediate, const char *role)
{
	log->fd = fd;
	log->json = json;
	log->immediate = immediate;
	log->dropped = 0;
	log->role = role;
	log->used = log->lines = 0;
}

static void put_raw(struct log *log, const char *text, size_t len)
{
	/* A line that is too long is cut; log_end() still closes it: 8 bytes are kept free. */
	if (log->used + len + 8 > LOG_BUFFER_SIZE)
		len = log->used + 8 > LOG_BUFFER_SIZE ? 0 : LOG_BUFFER_SIZE - 8 - log->used;
	memcpy(log->buffer + log->used, text, len);
	log->used += len;
}

static void put(struct log *log, const char *text)
{
	put_raw(log, text, strlen(text));
}

/* Both formats escape alike; only JSON has no \x, so a control character becomes \u00XX. */
static void put_escaped(struct log *log, const char *value)
{
	char escape[8];

	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\') {
			escape[0] = '\\';
			escape[1] = (char)c;
			put_raw(log, escape, 2);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			put(log, escape);
		} else {
			put_raw(log, value, 1);
		}
	}
}

static bool is_plain(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value <= ' ' || *value == '"' || *value == '\\' || *value == '=' ||
		    *value == 0x7f)
			return false;
	return true;
}

static void put_key(struct log_line *line, const char *key)
{
	struct log *log = line->log;
	bool first = !line->has_keys;

	line->has_keys = true;
	if (log->json) {
		put(log, first ? "\"" : ",\"");
		put(log, key);
		put(log, "\":");
		return;
	}
	if (!first)
		put(log, " ");
	put(log, key);
	put(log, "=");
}

static void format_now(char *ret_text, size_t size)
{
	static time_t cached_second;
	static char cached[32];
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != cached_second || cached[0] == '\0') {
		cached_second = now.tv_sec;
		gmtime_r(&now.tv_sec, &parts);
		strftime(cached, sizeof(cached), "%Y-%m-%dT%H:%M:%S", &parts);
	}
	snprintf(ret_text, size, "%s.%03uZ", cached, (unsigned int)(now.tv_nsec / 1000000) % 1000);
}

struct log_line log_begin(struct log *log, const char *event)
{
	struct log_line line = { .log = log };
	char now[40];

	if (log->used + LOG_LINE_SIZE > LOG_BUFFER_SIZE)
		log_flush(log);
	line.start = log->used;
	if (log->json)
		put(log, "{");
	format_now(now, sizeof(now));
	log_text(&line, "time", now);
	log_text(&line, "role", log->role);
	log_text(&line, "event", event);
	return line;
}

void log_text(struct log_line *line, const char *key, const char *value)
{
	struct log *log = line->log;
	bool quoted;

	if (value == NULL || value[0] == '\0' || log->used - line->start > LOG_LINE_SIZE - 600)
		return;
	put_key(line, key);
	quoted = log->json || !is_plain(value);
	if (quoted)
		put(log, "\"");
	put_escaped(log, value);
	if (quoted)
		put(log, "\"");
}

void log_number(struct log_line *line, const char *key, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	put_key(line, key);
	put(line->log, digits);
}

void log_error(struct log_line *line, const struct error *err)
{
	log_text(line, "place", err->place);
	log_text(line, "error", err->message);
	log_text(line, "hint", err->hint);
}

void log_end(struct log_line *line)
{
	put(line->log, line->log->json ? "}\n" : "\n");
	line->log->lines++;
	if (line->log->immediate)
		log_flush(line->log);
}

void log_event(struct log *log, const char *event, const char *key, const char *value)
{
	struct log_line line = log_begin(log, event);

	log_text(&line, key, value);
	log_end(&line);
}

void log_flush(struct log *log)
{
	size_t done = 0;

	while (done < log->used) {
		ssize_t put_now = write(log->fd, log->buffer + done, log->used - done);

		if (put_now < 0 && errno == EINTR)
			continue;
		if (put_now <= 0)
			break;
		done += (size_t)put_now;
	}
	if (done < log->used)
		log->dropped += log->lines;
	log->used = log->lines = 0;
}
