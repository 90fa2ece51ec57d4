/*
 * action/flatten.h - "Servers.1.Port=80": the dotted names of the RPC protocol as a tree.
 *
 * Each part of a name between dots becomes a member of an object; what is a list is only known to who
 * reads the tree with a field table (action/validate.c), through flat_items().
 */
#ifndef SALLYPORT_ACTION_FLATTEN_H
#define SALLYPORT_ACTION_FLATTEN_H

#include <jansson.h>
#include "base/error.h"

#define FLAT_DEPTH_MAX 8

/* A new object. Values are shared with raw. NULL: a name that says two things ("A" and "A.1"), has empty
 * parts or too many. */
json_t *flat_expand(const json_t *raw, struct error *err);
/* The items of an object with the members "1", "2", ... in the order of their numbers, as a new array;
 * gaps close up. NULL when a member is no number from 1 on. */
json_t *flat_items(const json_t *object);

#endif
