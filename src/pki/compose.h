/*
 * pki/compose.h - Unicode text in one form only, so that one name is one sequence of bytes.
 *
 * Normalization Form C (UAX 15) for what people type: letters followed by combining marks become the
 * one letter they stand for, and marks get their canonical order, for the scripts that have such
 * letters (Latin, Greek, Cyrillic, Kana, Hangul). Characters of all other scripts stay as they are.
 */
#ifndef SALLYPORT_PKI_COMPOSE_H
#define SALLYPORT_PKI_COMPOSE_H

#include <stdbool.h>
#include "base/bytes.h"

/* Length of the character at the start of utf8, and its number; 0 when it is not well-formed. */
size_t utf8_read(struct bytes utf8, uint32_t *ret_code);

void utf8_append(struct buffer *out, uint32_t code);

/* Appends utf8 without blanks at its ends, composed. false: it is not well-formed UTF-8. */
bool must_check compose_append(struct buffer *out, struct bytes utf8);

#endif
