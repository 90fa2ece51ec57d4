/*
 * api/form.h - "a=1&b=%20x": queries and form bodies (WHATWG URL, application/x-www-form-urlencoded).
 */
#ifndef SALLYPORT_API_FORM_H
#define SALLYPORT_API_FORM_H

#include <jansson.h>
#include "base/bytes.h"
#include "base/error.h"

#define FORM_COUNT_MAX 10000

/* Adds the pairs to an object, all values as text. A name twice must have the same value twice. Refused:
 * %XX that is none, what is not UTF-8, and NUL. Symbol "InvalidParameter" or "DuplicatedParam.X". */
int must_check form_decode(struct bytes text, json_t *into, struct error *err);
/* %XX and, with plus, "+" for a space. false: %XX that is none, or a NUL. Appends to ret_text. */
bool form_unescape(struct bytes text, bool plus, struct buffer *ret_text);
/* RFC 3986: all but letters, digits and -_.~ as %XX. Appends. */
void form_escape(const char *text, struct buffer *ret_text);

#endif
