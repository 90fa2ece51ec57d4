/* api/handlers.h - which function does what: the handlers of all products, joined with the action table. */
#ifndef SALLYPORT_API_HANDLERS_H
#define SALLYPORT_API_HANDLERS_H

#include <stddef.h>
#include "control/call.h"

/* NULL: none. */
const struct handler *handler_find(const struct product *product, const struct action *action);
/* Calls each for what does not fit: an action that nobody does, a handler of an action that there is not, or
 * one that there are two of. Returns how many. */
size_t handlers_check(void (*each)(void *arg, const char *product, const char *action), void *arg);

#endif
