/*
 * x509/text.h - text for people from bytes that strangers chose.
 *
 * Control characters, and what turns or breaks a line, become \XX per UTF-8 byte (RFC 4514 2.4). A
 * text that does not fit ends with "...", never inside a character or an escape.
 */
#ifndef SALLYPORT_X509_TEXT_H
#define SALLYPORT_X509_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"

struct text {
	char *out;
	size_t size, used;
	size_t safe;   /* the longest whole prefix that leaves room for "..." */
	bool cut;
};

void text_init(struct text *text, char *out, size_t size); /* size > 0 */
void text_append(struct text *text, const char *literal);
/* UTF-8; a byte that is none is escaped. special: further characters to escape, or "". */
void text_append_escaped(struct text *text, struct bytes utf8, const char *special);
void text_append_hex(struct text *text, struct bytes bytes);

#define TEXT_TIME_SIZE 40
/* "2027-01-15T08:00:00Z" */
void text_time(int64_t when, char ret_text[TEXT_TIME_SIZE]);

#endif
