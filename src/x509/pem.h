/*
 * x509/pem.h - PEM (RFC 7468) as people have it, split into blocks of DER.
 *
 * Taken: a UTF-8 or UTF-16 byte order mark, CR, LF and CRLF, indentation, blank lines, lines of any
 * length, lost line breaks, "\n" as two characters (pasted JSON), text around the blocks. Refused: a
 * block that is cut off, or whose base64 is damaged.
 */
#ifndef SALLYPORT_X509_PEM_H
#define SALLYPORT_X509_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include "base/bytes.h"

struct pem_block {
	struct bytes label;      /* "CERTIFICATE" */
	struct bytes der;
	struct bytes headers;    /* lines in front of the base64, or empty */
	bool encrypted;          /* Proc-Type: 4,ENCRYPTED: der is not DER */
	size_t number, count;    /* 1 of count */
};

/* Calls each for every block in order, until it fails. ret_count gets the number of blocks; 0 is no
 * error. what names the input in errors. The block lives during the call, and is wiped after. */
int must_check pem_each(struct bytes content, const char *what,
			int (*each)(void *arg, const struct pem_block *block, struct error *err),
			void *arg, size_t *ret_count, struct error *err);

bool pem_label_is(const struct pem_block *block, const char *label);

/* UTF-16 with a byte order mark becomes bytes, a UTF-8 mark goes; NULL data when nothing had to be
 * done. */
struct buffer pem_plain_text(struct bytes content);

#endif
