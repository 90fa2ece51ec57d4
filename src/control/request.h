/* control/request.h - what can be asked over the control socket: reload, status, version. */
#ifndef SALLYPORT_CONTROL_REQUEST_H
#define SALLYPORT_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdint.h>

struct control;
struct error;

/* The answer (a new reference), or NULL: a reload was begun, and ret_ticket says which. */
json_t *request_handle(struct control *control, const char *line, uint64_t *ret_ticket);
/* The answer to reloads that are over. */
json_t *request_reload_result(const struct control *control);
json_t *request_error(const struct error *error);

#endif
