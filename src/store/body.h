/* store/body.h - JSON in a column of text. */
#ifndef SALLYPORT_STORE_BODY_H
#define SALLYPORT_STORE_BODY_H

#include <jansson.h>
#include "store/sql.h"

/* NULL: an empty object. The caller frees it. */
char *body_text(const json_t *body);
/* A new reference. what names the row in the error. */
json_t *body_read(struct statement *statement, int column, const char *what, struct error *err);

#endif
