/* control/wording.h - small pieces of text that several files of control need. */
#ifndef SALLYPORT_CONTROL_WORDING_H
#define SALLYPORT_CONTROL_WORDING_H

#include <stdint.h>
#include "base/error.h"

#define WORDING_TIME_SIZE 32

/* "2026-05-01T12:00:00Z" */
void wording_time(int64_t seconds, char ret_text[WORDING_TIME_SIZE]);
/* RFC 3339, or seconds since 1970. */
int must_check wording_time_parse(const char *text, int64_t *ret_seconds, struct error *err);

/* Puts a prefix and ": " before the message, and keeps all else. Always -1. */
int wording_wrap_error(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
