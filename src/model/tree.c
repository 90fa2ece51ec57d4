/*
 * The tree is built from libyaml's events, not from its document type: events show anchors and
 * aliases before anything is expanded, and the depth before anything recurses.
 */
#include "model/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "model/model.h"

struct tree_reader {
	yaml_parser_t parser;
	struct bytes text;
	const char *source;
	struct error *err;
	size_t nodes; /* so far */
};

static int refuse(struct tree_reader *reader, int line, const char *message, const char *hint)
{
	error_set(reader->err, ERROR_INVALID, "could not read the manifest: %s", message);
	error_hint(reader->err, "%s", hint);
	return model_error_place(reader->err, reader->source, line);
}

static int line_at(const struct tree_reader *reader, size_t offset)
{
	int line = 1;
	size_t i;

	for (i = 0; i < offset && i < reader->text.len; i++)
		line += reader->text.data[i] == '\n';
	return line;
}

static int parser_failed(struct tree_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "it is not YAML";

	if (parser->error == YAML_READER_ERROR)
		return refuse(reader, line_at(reader, parser->problem_offset), problem,
			      "Save the file as UTF-8 text.");
	return refuse(reader, (int)parser->problem_mark.line + 1, problem,
		      "Look at indentation, brackets and quotes near this line.");
}

static int next_event(struct tree_reader *reader, yaml_event_t *ret_event)
{
	if (yaml_parser_parse(&reader->parser, ret_event))
		return 0;
	return parser_failed(reader);
}

static void node_done(struct tree_node *node)
{
	size_t i;

	for (i = 0; i < node->count; i++)
		node_done(&node->items[i]);
	free(node->items);
	free(node->text);
}

static void node_append(struct tree_node *node, const struct tree_node *item)
{
	/* doubles at each power of two */
	if ((node->count & (node->count - 1)) == 0)
		node->items = memory_resize(node->items, (node->count == 0 ? 1 : 2 * node->count) *
								 sizeof(node->items[0]));
	node->items[node->count++] = *item;
}

static int read_scalar(struct tree_reader *reader, const yaml_event_t *event,
		       struct tree_node *ret_node)
{
	size_t len = event->data.scalar.length;

	if (memchr(event->data.scalar.value, '\0', len) != NULL)
		return refuse(reader, ret_node->line, "a text holds a NUL character",
			      "Remove the \"\\0\".");
	ret_node->kind = TREE_SCALAR;
	ret_node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	ret_node->text = memory_copy_string((const char *)event->data.scalar.value);
	return 0;
}

static int refuse_extras(struct tree_reader *reader, int line, const void *anchor, const void *tag)
{
	if (anchor != NULL)
		return refuse(reader, line, "anchors (&name) are not supported",
			      "Write the value out wherever it is needed.");
	if (tag != NULL)
		return refuse(reader, line, "tags (!name) are not supported", "Remove the tag.");
	return 0;
}

static int read_node(struct tree_reader *reader, const yaml_event_t *event, unsigned int depth,
		     struct tree_node *ret_node);

static int read_items(struct tree_reader *reader, yaml_event_type_t end, unsigned int depth,
		      struct tree_node *node)
{
	for (;;) {
		struct tree_node item = { 0 };
		yaml_event_t event;
		int status;

		if (next_event(reader, &event) < 0)
			return -1;
		if (event.type == end) {
			yaml_event_delete(&event);
			return 0;
		}
		status = read_node(reader, &event, depth + 1, &item);
		yaml_event_delete(&event);
		if (status == 0 && node->kind == TREE_MAP && node->count % 2 == 0 &&
		    item.kind != TREE_SCALAR)
			status = refuse(reader, item.line, "a key is not a plain name",
					"Write \"Name: value\".");
		if (status < 0) {
			node_done(&item);
			return -1;
		}
		node_append(node, &item);
	}
}

/* On failure the caller frees what is in ret_node. */
static int read_node(struct tree_reader *reader, const yaml_event_t *event, unsigned int depth,
		     struct tree_node *ret_node)
{
	const void *anchor = NULL, *tag = NULL;

	ret_node->line = (int)event->start_mark.line + 1;
	if (depth > TREE_DEPTH_MAX)
		return refuse(reader, ret_node->line, "lists and mappings are nested too deeply",
			      "A manifest needs no more than a handful of levels.");
	if (++reader->nodes > TREE_NODES_MAX)
		return refuse(reader, ret_node->line, "it holds more than 2,000,000 values",
			      "Spread the services over several machines.");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		return refuse(reader, ret_node->line, "aliases (*name) are not supported",
			      "Write the value out wherever it is needed.");
	}
	if (refuse_extras(reader, ret_node->line, anchor, tag) < 0)
		return -1;
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(reader, event, ret_node);
	ret_node->kind = event->type == YAML_MAPPING_START_EVENT ? TREE_MAP : TREE_LIST;
	return read_items(reader,
			  ret_node->kind == TREE_MAP ? YAML_MAPPING_END_EVENT
						     : YAML_SEQUENCE_END_EVENT,
			  depth, ret_node);
}

/* Skips events of one type; -1 on a parse error. */
static int expect(struct tree_reader *reader, yaml_event_type_t type, bool *ret_found)
{
	yaml_event_t event;

	if (next_event(reader, &event) < 0)
		return -1;
	*ret_found = event.type == type;
	yaml_event_delete(&event);
	return 0;
}

/* Before libyaml sees them: its time for many %TAG lines grows with their square. */
static int refuse_directives(struct tree_reader *reader)
{
	const uint8_t *at = reader->text.data;
	const uint8_t *end = at + reader->text.len;

	while (at < end && (*at != '%')) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL)
			return 0;
		at++;
	}
	if (at == end)
		return 0;
	return refuse(reader, line_at(reader, (size_t)(at - reader->text.data)),
		      "directives (% at the start of a line) are not supported",
		      "Remove the line.");
}

static int read_document(struct tree_reader *reader, struct tree_node *ret_root)
{
	yaml_event_t event;
	bool found;
	int status;

	if (refuse_directives(reader) < 0)
		return -1;
	if (expect(reader, YAML_STREAM_START_EVENT, &found) < 0 ||
	    expect(reader, YAML_DOCUMENT_START_EVENT, &found) < 0)
		return -1;
	if (!found)
		return refuse(reader, 0, "it is empty", "Describe at least one listener in it.");
	if (next_event(reader, &event) < 0)
		return -1;
	status = read_node(reader, &event, 1, ret_root);
	yaml_event_delete(&event);
	if (status < 0 || expect(reader, YAML_DOCUMENT_END_EVENT, &found) < 0)
		return -1;
	if (next_event(reader, &event) < 0)
		return -1;
	found = event.type == YAML_STREAM_END_EVENT;
	status = found ? 0
		       : refuse(reader, (int)event.start_mark.line + 1,
				"it holds more than one document", "Remove the \"---\" line.");
	yaml_event_delete(&event);
	return status;
}

/* The byte order mark that some editors write. */
static bool starts_with_mark(struct bytes text)
{
	return text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0;
}

struct tree_node *tree_parse(struct bytes text, const char *source, struct error *err)
{
	struct tree_reader reader = { .source = source, .err = err };
	struct tree_node *root = memory_new(sizeof(*root));
	size_t mark = starts_with_mark(text) ? 3 : 0;
	int status;

	reader.text = text.len > 0 ? (struct bytes){ text.data + mark, text.len - mark }
				   : (struct bytes){ (const uint8_t *)"", 0 };

	if (!yaml_parser_initialize(&reader.parser)) {
		free(root);
		error_set(err, ERROR_SYSTEM, "could not read the manifest: out of memory");
		return NULL;
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING); /* never guess UTF-16 */
	yaml_parser_set_input_string(&reader.parser, reader.text.data, reader.text.len);
	status = read_document(&reader, root);
	yaml_parser_delete(&reader.parser);
	if (status == 0)
		return root;
	tree_free(root);
	return NULL;
}

void tree_free(struct tree_node *root)
{
	if (root == NULL)
		return;
	node_done(root);
	free(root);
}

bool tree_is_null(const struct tree_node *node)
{
	return node->kind == TREE_SCALAR && node->plain &&
	       (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
		strcmp(node->text, "null") == 0 || strcmp(node->text, "Null") == 0 ||
		strcmp(node->text, "NULL") == 0);
}
