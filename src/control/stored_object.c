#include "control/stored_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/reader.h"
#include "model/tree.h"

/* There are no lines here, but the reader takes 0 for "not there". */
#define ANY_LINE 1

static void fill_map(struct tree_node *node, const struct resource *resource, const json_t *json);

static void fill_scalar(struct tree_node *node, const char *text, bool plain)
{
	*node = (struct tree_node){ .kind = TREE_SCALAR,
				    .line = ANY_LINE,
				    .plain = plain,
				    .text = memory_copy_string(text) };
}

static void fill_integer(struct tree_node *node, json_int_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, value);
	fill_scalar(node, text, true);
}

static void fill_node(struct tree_node *node, const struct field *field, const json_t *json)
{
	size_t i;

	if (json_is_string(json)) {
		fill_scalar(node, json_string_value(json), false);
	} else if (json_is_integer(json)) {
		fill_integer(node, json_integer_value(json));
	} else if (json_is_boolean(json)) {
		fill_scalar(node, json_is_true(json) ? "true" : "false", true);
	} else if (json_is_object(json) && field->of != NULL) {
		fill_map(node, field->of, json);
	} else if (json_is_array(json)) {
		*node = (struct tree_node){ .kind = TREE_LIST, .line = ANY_LINE };
		node->items = memory_new(json_array_size(json) * sizeof(*node->items));
		for (i = 0; i < json_array_size(json); i++)
			fill_node(&node->items[node->count++], field, json_array_get(json, i));
	} else {
		fill_scalar(node, "", true); /* which no field takes */
	}
}

static void fill_map(struct tree_node *node, const struct resource *resource, const json_t *json)
{
	const char *name;
	json_t *value;

	*node = (struct tree_node){ .kind = TREE_MAP, .line = ANY_LINE };
	node->items = memory_new(2 * json_object_size(json) * sizeof(*node->items));
	json_object_foreach((json_t *)json, name, value)
	{
		const struct field *field = resource_field(resource, name);

		if (field == NULL || field->type == FIELD_NOT_YET || json_is_null(value))
			continue;
		fill_scalar(&node->items[node->count++], name, true);
		fill_node(&node->items[node->count++], field, value);
	}
}

int stored_object(const struct resource *resource, const json_t *body, void *object,
		  struct error *err)
{
	struct error ignored;
	struct reader reader = { .folder = "", .err = err != NULL ? err : &ignored };
	struct tree_node *root = memory_new(sizeof(*root));
	int status;

	resource_init(resource, object);
	fill_map(root, resource, body);
	status = reader_read(&reader, resource, root, object);
	tree_free(root);
	if (status < 0) {
		resource_done(resource, object);
		memset(object, 0, resource->size);
	}
	return status;
}

int stored_property(const struct resource *resource, const char *name, const char *text,
		    void *object, struct error *err)
{
	struct reader reader = { .folder = "", .err = err };
	struct tree_node *root = memory_new(sizeof(*root));
	int status;

	*root = (struct tree_node){ .kind = TREE_MAP, .line = ANY_LINE };
	root->items = memory_new(2 * sizeof(*root->items));
	root->count = 2;
	fill_scalar(&root->items[0], name, true);
	fill_scalar(&root->items[1], text, true);
	status = reader_read(&reader, resource, root, object);
	tree_free(root);
	return status;
}
