/*
 * control/stored_object.h - the JSON body of a stored resource made into its struct.
 *
 * The body is turned into the tree that the manifest reader takes, so that both are read by the same
 * table and code. Members that the table does not have belong to the API alone and are left out.
 */
#ifndef SALLYPORT_CONTROL_STORED_OBJECT_H
#define SALLYPORT_CONTROL_STORED_OBJECT_H

#include <jansson.h>
#include "base/error.h"
#include "model/fields.h"

/* object: zeroed; initialised here. On failure nothing of it is left. */
int must_check stored_object(const struct resource *resource, const json_t *body, void *object,
			     struct error *err);

/* One property given as text: a setting. The object is initialised already. */
int must_check stored_property(const struct resource *resource, const char *name, const char *text,
			       void *object, struct error *err);

#endif
