/*
 * model/tree.h - a YAML document as a tree whose nodes know their line.
 *
 * The small part of YAML that a manifest needs, so that a file means what it looks like: one document
 * in UTF-8, mappings with plain keys, lists and scalars. Anchors, aliases, tags, directives, more than
 * TREE_DEPTH_MAX levels and more than TREE_NODES_MAX values are refused.
 */
#ifndef SALLYPORT_MODEL_TREE_H
#define SALLYPORT_MODEL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/bytes.h"

#define TREE_DEPTH_MAX 16
#define TREE_NODES_MAX 2000000

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_node {
	enum tree_kind kind;
	int line;
	bool plain;              /* a scalar without quotes: may be a number, true or null */
	char *text;              /* of a scalar; without NUL inside */
	struct tree_node *items; /* of a list; of a map key, value, key, value, ... */
	size_t count;            /* of items: even in a map */
};

/* source names the text in errors. NULL on error. */
struct tree_node *tree_parse(struct bytes text, const char *source, struct error *err);
void tree_free(struct tree_node *root); /* NULL is fine */
bool tree_is_null(const struct tree_node *node);

#endif
