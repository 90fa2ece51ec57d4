/*
 * Life of a head, one byte an arrow:
 *
 *   VERSION -> MINOR -> BLANK -> CODE -> AFTER_CODE -> TEXT -> LINE <-> NAME -> TEXT
 *                                                             '-> LAST_LF -> DONE
 *   TEXT is the rest of a line, CR its end before the line feed. An interim answer starts over.
 */
#include "health/http_answer.h"

#include <string.h>

enum step {
	STEP_VERSION,
	STEP_MINOR,
	STEP_BLANK,
	STEP_CODE,
	STEP_AFTER_CODE,
	STEP_TEXT,
	STEP_CR,
	STEP_LINE,
	STEP_NAME,
	STEP_LAST_LF,
	STEP_DONE,
	STEP_INVALID,
};

static const char version[] = "HTTP/1.";

/* RFC 9110, 5.6.2 */
static bool is_token(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static enum step step_version(struct http_answer *answer, uint8_t c)
{
	if (c != (uint8_t)version[answer->matched])
		return STEP_INVALID;
	answer->matched++;
	return version[answer->matched] == '\0' ? STEP_MINOR : STEP_VERSION;
}

static enum step step_code(struct http_answer *answer, uint8_t c)
{
	if (!is_digit(c))
		return STEP_INVALID;
	answer->code = (uint16_t)(answer->code * 10 + (c - '0'));
	if (++answer->matched < 3)
		return STEP_CODE;
	return answer->code < 100 ? STEP_INVALID : STEP_AFTER_CODE;
}

static enum step step_text(uint8_t c)
{
	if (c == '\n')
		return STEP_LINE;
	if (c == '\r')
		return STEP_CR;
	return (c < ' ' && c != '\t') || c == 0x7f ? STEP_INVALID : STEP_TEXT;
}

static enum step step_end(struct http_answer *answer)
{
	/* 101 is final: nobody asked for another protocol. */
	if (answer->code >= 200 || answer->code == 101)
		return STEP_DONE;
	answer->matched = 0;
	answer->has_field = false;
	return STEP_VERSION;
}

static enum step step_line(struct http_answer *answer, uint8_t c)
{
	if (c == '\n')
		return step_end(answer);
	if (c == '\r')
		return STEP_LAST_LF;
	if ((c == ' ' || c == '\t') && answer->has_field)
		return STEP_TEXT; /* a folded line, 5.2 */
	answer->has_field = true;
	return is_token(c) ? STEP_NAME : STEP_INVALID;
}

static enum step step_name(uint8_t c)
{
	if (c == ':')
		return STEP_TEXT;
	return is_token(c) ? STEP_NAME : STEP_INVALID;
}

static enum step step_byte(struct http_answer *answer, uint8_t c)
{
	switch ((enum step)answer->step) {
	case STEP_VERSION:
		return step_version(answer, c);
	case STEP_MINOR:
		return is_digit(c) ? STEP_BLANK : STEP_INVALID;
	case STEP_BLANK:
		answer->matched = 0;
		answer->code = 0;
		return c == ' ' ? STEP_CODE : STEP_INVALID;
	case STEP_CODE:
		return step_code(answer, c);
	case STEP_AFTER_CODE:
		return c == ' ' || c == '\r' || c == '\n' ? step_text(c) : STEP_INVALID;
	case STEP_TEXT:
		return step_text(c);
	case STEP_CR:
		return c == '\n' ? STEP_LINE : STEP_INVALID;
	case STEP_LINE:
		return step_line(answer, c);
	case STEP_NAME:
		return step_name(c);
	case STEP_LAST_LF:
		return c == '\n' ? step_end(answer) : STEP_INVALID;
	case STEP_DONE:
	case STEP_INVALID:
	default:
		return (enum step)answer->step;
	}
}

static bool is_decided(const struct http_answer *answer)
{
	return answer->step == STEP_DONE || answer->step == STEP_INVALID;
}

enum http_answer_verdict http_answer_feed(struct http_answer *answer, struct bytes more)
{
	size_t i;

	for (i = 0; i < more.len && !is_decided(answer); i++) {
		answer->step = (uint8_t)step_byte(answer, more.data[i]);
		if (++answer->len >= HTTP_ANSWER_MAX && answer->step != STEP_DONE)
			answer->step = STEP_INVALID;
	}
	if (!is_decided(answer))
		return HTTP_ANSWER_MORE;
	return answer->step == STEP_DONE ? HTTP_ANSWER_DONE : HTTP_ANSWER_INVALID;
}

bool http_answer_matches(const struct http_answer *answer, uint32_t http_codes)
{
	unsigned int class = answer->code / 100u;

	return class >= 2 && class <= 5 && (http_codes >> (class - 2) & 1) != 0;
}
