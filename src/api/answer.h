/*
 * api/answer.h - errors as HTTP: which status, and the body that SDKs read.
 */
#ifndef SALLYPORT_API_ANSWER_H
#define SALLYPORT_API_ANSWER_H

#include <jansson.h>
#include "base/error.h"

/* By symbol first, then by code. */
unsigned int answer_status(const struct error *error);
/* The Code of the answer: the symbol, or one for the error's code where it has none. */
const char *answer_code(const struct error *error);
/* {"RequestId", "HostId", "Code", "Message", "Recommend"?, "Field"?}: a new object. host may be NULL. */
json_t *answer_error(const struct error *error, const char *request_id, const char *host);

#endif
