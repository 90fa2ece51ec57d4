/*
 * action/openapi.h - the JSON API as an OpenAPI 3.1 document, made from the tables.
 *
 * It says what action_validate() checks; what the tables check with functions (names, addresses) it
 * leaves to descriptions.
 */
#ifndef SALLYPORT_ACTION_OPENAPI_H
#define SALLYPORT_ACTION_OPENAPI_H

#include <jansson.h>
#include "action/action.h"

/* A new reference. */
json_t *action_openapi(void);
/* The JSON schema of a reply in the notation of struct action; NULL: it breaks the notation. A new
 * reference. */
json_t *action_reply_schema(const char *reply);
/* The JSON schema of a parameter's value, a new reference. */
json_t *action_parameter_schema(const struct action *action, const struct parameter *parameter);

#endif
