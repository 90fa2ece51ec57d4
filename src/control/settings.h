/*
 * control/settings.h - what can be set for the whole of Sallyport, by the names of UpdateSettings.
 *
 * The table is the parameters of that action: type, range, default and help are said there. The
 * store holds text: numbers in decimal, "true" or "false", words as the table spells them.
 */
#ifndef SALLYPORT_CONTROL_SETTINGS_H
#define SALLYPORT_CONTROL_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "action/action.h"
#include "store/store.h"

/* The value, or its default when it is not set; NULL: neither. The caller frees it. */
char *settings_text(struct store *store, const char *name);
int64_t settings_integer(struct store *store, const char *name); /* 0: no such setting */
bool settings_boolean(struct store *store, const char *name);

/* Calls each for every setting, in the order of the table. */
void settings_each(void (*each)(void *arg, const struct field *field, bool serves), void *arg);
/* NULL: there is none. ret_serves (may be NULL): whether the data plane is told of it. */
const struct field *settings_find(const char *name, bool *ret_serves);
/* A value as action_validate() gives it, as the store keeps it; the caller frees it. */
char *settings_from_json(const json_t *value);

#endif
