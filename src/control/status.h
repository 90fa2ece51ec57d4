/* control/status.h - what `sallyport status` shows, as JSON: roles, listeners, servers, certificates. */
#ifndef SALLYPORT_CONTROL_STATUS_H
#define SALLYPORT_CONTROL_STATUS_H

#include <jansson.h>
#include "model/warnings.h"

struct control;

json_t *status_json(const struct control *control);		/* a new reference */
json_t *status_warnings(const struct model_warnings *warnings); /* problems only */

#endif
