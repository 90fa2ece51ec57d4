/*
 * health/http_answer.h - reads the head of an HTTP/1 answer: is it one, and with which code?
 *
 * It keeps a few numbers and no bytes, so a hostile server can neither fill memory nor make it read
 * anything twice. Source: RFC 9112, 4 and 5; a bare line feed ends a line, too (2.2).
 */
#ifndef SALLYPORT_HEALTH_HTTP_ANSWER_H
#define SALLYPORT_HEALTH_HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"

#define HTTP_ANSWER_MAX 8192u /* bytes of the head, interim answers (1xx) included */

enum http_answer_verdict {
	HTTP_ANSWER_MORE,    /* not all of it is here yet */
	HTTP_ANSWER_DONE,    /* code is the final one */
	HTTP_ANSWER_INVALID, /* no HTTP/1 answer, or too long a head */
};

/* Zeroed: before the first byte. */
struct http_answer {
	uint8_t step;
	uint8_t matched;    /* bytes of "HTTP/1.", digits of the code */
	bool has_field;     /* a header line came before this one */
	uint16_t code;
	uint32_t len;
};

/* Once it says DONE or INVALID it stays so; what follows the head is not looked at. */
enum http_answer_verdict http_answer_feed(struct http_answer *answer, struct bytes more);
/* http_codes: MODEL_HTTP_* bits. */
bool http_answer_matches(const struct http_answer *answer, uint32_t http_codes);

#endif
