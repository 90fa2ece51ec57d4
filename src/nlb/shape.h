/* nlb/shape.h - a stored body as replies show it: every property there is, defaults filled in. */
#ifndef SALLYPORT_NLB_SHAPE_H
#define SALLYPORT_NLB_SHAPE_H

#include <jansson.h>
#include "model/fields.h"

/* A new reference. body may lack anything, or be NULL. Properties that have no default and are not set
 * are left out; what the table does not know is, too. */
json_t *shape_complete(const struct resource *resource, const json_t *body);

/* Tags [{Key, Value}] as {TagKey, TagValue}; takes the reference. */
json_t *shape_long_tags(json_t *tags);

/* "a,b,c" of an array of texts; a new reference. */
json_t *shape_joined(const json_t *texts);

/* Copies a member under a name, when it is there. */
void shape_copy(json_t *to, const char *name, const json_t *from, const char *from_name);
void shape_set_text(json_t *to, const char *name, const char *text); /* NULL: nothing */

bool shape_has_text(const json_t *texts, const char *text); /* in an array */

#endif
