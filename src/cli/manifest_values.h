/*
 * cli/manifest_values.h - resources as JSON under the names of the manifest, which are the API's.
 *
 * Both ways over the field tables: from the struct of a model to JSON, and from the JSON of the API to what
 * of it a manifest can hold. What is compared when a manifest is applied comes from here.
 */
#ifndef SALLYPORT_CLI_MANIFEST_VALUES_H
#define SALLYPORT_CLI_MANIFEST_VALUES_H

#include <jansson.h>
#include "model/fields.h"

/* What has neither value nor default is left out; files are. defaults: with what has its default value. */
json_t *manifest_values(const struct resource *resource, const void *object, bool defaults);

/* Members that the resource has, as deep as its tables go; a new reference. */
json_t *manifest_filter(const struct resource *resource, const json_t *object);

/* The same as YAML: "  - Name: x" and so on under a heading; nothing for an empty list. */
void manifest_print(const char *section, const json_t *list);

#endif
