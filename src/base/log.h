/*
 * base/log.h - one event per line, key=value (logfmt) or JSON, never blocking.
 *
 * Lines gather in a buffer; log_flush() writes them (a worker once per event-loop turn, the others
 * with log_end when `immediate` is set). A write that would block drops the buffer and counts the
 * lines. Values are escaped: raw client bytes cannot break a line.
 */
#ifndef SALLYPORT_BASE_LOG_H
#define SALLYPORT_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

#define LOG_BUFFER_SIZE 65536
#define LOG_LINE_SIZE 4096

struct log {
	int fd;
	bool json;
	bool immediate;
	uint64_t dropped; /* lines */
	const char *role; /* "guardian", "control", "checker", "worker-0" */
	size_t used;
	size_t lines; /* in the buffer */
	char buffer[LOG_BUFFER_SIZE];
};

/* A line being written. Keys are literals of ours. */
struct log_line {
	struct log *log;
	size_t start; /* where it begins in the buffer */
	bool has_keys;
};

void log_init(struct log *log, int fd, bool json, bool immediate, const char *role);
struct log_line log_begin(struct log *log, const char *event);
void log_text(struct log_line *line, const char *key, const char *value); /* NULL, "": left out */
void log_number(struct log_line *line, const char *key, uint64_t value);
void log_error(struct log_line *line, const struct error *err); /* error=, hint=, place= */
void log_end(struct log_line *line);
/* A whole line with one text: log_event(log, "reload_failed", "error", message). */
void log_event(struct log *log, const char *event, const char *key, const char *value);
void log_flush(struct log *log);

#endif
