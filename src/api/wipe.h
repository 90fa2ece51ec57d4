/* api/wipe.h - JSON that held secrets is overwritten before it is freed. */
#ifndef SALLYPORT_API_WIPE_H
#define SALLYPORT_API_WIPE_H

#include <jansson.h>

/* Overwrites every text in a value, at any depth, and drops the reference. Whoever shares it sees texts of
 * NULs from now on. NULL is fine. */
void json_wipe(json_t *value);

#endif
