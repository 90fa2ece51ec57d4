/*
 * One function per field type. Messages begin with the path of the property
 * ("Listeners[0].IdleTimeout: ..."), places are FILE:LINE of its value.
 */
#include "model/reader.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/name_index.h"
#include "model/nearest.h"

#define FIELDS_MAX 64
#define SHOWN_MAX 64

/* --- errors --- */

static int refuse(struct reader *reader, const struct field *field, int line, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));

static int refuse(struct reader *reader, const struct field *field, int line, const char *format,
		  ...)
{
	char detail[200], symbol[64];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	error_set(reader->err, ERROR_INVALID, "%s%s%s", reader->path,
		  reader->path[0] != '\0' ? ": " : "", detail);
	if (field != NULL && field->symbol != NULL) {
		error_symbol(reader->err, field->symbol);
	} else if (field != NULL) {
		snprintf(symbol, sizeof(symbol), "IllegalParam.%s", field->name);
		error_symbol(reader->err, symbol);
	}
	return model_error_place(reader->err, reader->source, line);
}

/* Keys and certificates, pasted where a name or a path belongs. */
static bool looks_like_pem(const char *text)
{
	return strstr(text, "-----") != NULL;
}

/* A value as an error may show it: short, in one line, and never a pasted key. */
static const char *shown(const char *text, char ret_text[SHOWN_MAX + 8])
{
	size_t len = strlen(text), i;
	bool cut = len > SHOWN_MAX;

	if (looks_like_pem(text) || strchr(text, '\n') != NULL)
		return "(a text of several lines)";
	if (cut)
		len = SHOWN_MAX;
	while (cut && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--; /* between characters */
	snprintf(ret_text, SHOWN_MAX + 8, "\"%.*s%s\"", (int)len, text, cut ? "..." : "");
	for (i = 0; ret_text[i] != '\0'; i++) {
		if ((unsigned char)ret_text[i] < 0x20 || ret_text[i] == 0x7f)
			ret_text[i] = '?';
	}
	return ret_text;
}

static const char *kind_text(const struct tree_node *node)
{
	if (tree_is_null(node))
		return "has no value";
	if (node->kind == TREE_LIST)
		return "is a list";
	return node->kind == TREE_MAP ? "is a mapping" : "is a single value";
}

static int wrong_kind(struct reader *reader, const struct field *field,
		      const struct tree_node *node, const char *wanted)
{
	refuse(reader, field, node->line, "%s, but should be %s", kind_text(node), wanted);
	if (tree_is_null(node))
		return error_hint(reader->err, "Give it a value, or leave the key out.");
	return -1;
}

/* --- the path --- */

static size_t path_push(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns the length to go back to. */
static size_t path_push(struct reader *reader, const char *format, ...)
{
	size_t len = strlen(reader->path);
	va_list args;

	va_start(args, format);
	vsnprintf(reader->path + len, sizeof(reader->path) - len, format, args);
	va_end(args);
	return len;
}

static void path_pop(struct reader *reader, size_t len)
{
	reader->path[len] = '\0';
}

static void remember_line(struct reader *reader, const void *value, int line)
{
	if (reader->model != NULL)
		model_line_add(reader->model, value, line);
}

/* --- scalars --- */

static int need_scalar(struct reader *reader, const struct field *field,
		       const struct tree_node *node, const char *wanted)
{
	if (node->kind != TREE_SCALAR || tree_is_null(node))
		return wrong_kind(reader, field, node, wanted);
	return 0;
}

/* Characters, not bytes; SIZE_MAX when there are control characters. */
static size_t text_length(const char *text)
{
	size_t length = 0;
	const unsigned char *at;

	for (at = (const unsigned char *)text; *at != '\0'; at++) {
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			return SIZE_MAX;
		length += (*at & 0xc0) != 0x80;
	}
	return length;
}

static int check_text(struct reader *reader, const struct field *field,
		      const struct tree_node *node, int64_t minimum, int64_t maximum)
{
	size_t length = text_length(node->text);
	char buffer[SHOWN_MAX + 8];
	const char *wrong;

	if (length == SIZE_MAX)
		return refuse(reader, field, node->line, "%s holds control characters",
			      shown(node->text, buffer));
	if (length < (size_t)minimum || length > (size_t)maximum)
		return refuse(reader, field, node->line,
			      "%s has %zu characters, but should have %" PRId64 " to %" PRId64,
			      shown(node->text, buffer), length, minimum, maximum);
	wrong = field->check == NULL ? NULL : field->check(node->text);
	if (wrong == NULL)
		return 0;
	refuse(reader, field, node->line, "%s %s", shown(node->text, buffer), wrong);
	if (strstr(wrong, "not an IPv4 or IPv6 address") != NULL)
		error_hint(reader->err, "Write the address itself; host names are not looked up.");
	return -1;
}

static int read_text(struct reader *reader, const struct field *field, const struct tree_node *node,
		     char **ret_text)
{
	if (need_scalar(reader, field, node, "a text") < 0 ||
	    check_text(reader, field, node, field->minimum, field->maximum) < 0)
		return -1;
	free(*ret_text);
	*ret_text = memory_copy_string(node->text);
	return 0;
}

static int read_path(struct reader *reader, const struct field *field, const struct tree_node *node,
		     char **ret_path)
{
	struct buffer path = { 0 };

	if (need_scalar(reader, field, node, "the path of a file") < 0)
		return -1;
	if (strchr(node->text, '\n') != NULL || looks_like_pem(node->text)) {
		refuse(reader, field, node->line,
		       "is a text of several lines, not the path of a file");
		return error_hint(reader->err, "Put the content into a file and name it here.");
	}
	if (check_text(reader, field, node, 1, 4095) < 0)
		return -1;
	if (node->text[0] == '/')
		buffer_printf(&path, "%s", node->text);
	else
		buffer_printf(&path, "%s/%s", reader->folder, node->text);
	free(*ret_path);
	*ret_path = memory_copy_string((const char *)path.data);
	buffer_done(&path);
	return 0;
}

static int read_bool(struct reader *reader, const struct field *field, const struct tree_node *node,
		     void *object)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "true", true },	  { "yes", true }, { "on", true },
		      { "false", false }, { "no", false }, { "off", false } };
	char buffer[SHOWN_MAX + 8];
	size_t i;

	if (need_scalar(reader, field, node, "true or false") < 0)
		return -1;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (node->plain && strcasecmp(words[i].word, node->text) == 0)
			break;
	}
	if (i == sizeof(words) / sizeof(words[0]))
		return refuse(reader, field, node->line, "%s is neither true nor false%s",
			      shown(node->text, buffer),
			      node->plain ? "" : ": it is a text in quotes");
	if (field->words != NULL && words[i].value == field->words[0].value) {
		refuse(reader, field, node->line, "true is not supported: %s",
		       field->words[0].refused);
		return error_hint(reader->err, "%s", field->help);
	}
	field_set_number(field, object, words[i].value);
	return 0;
}

/* Decimal, as YAML 1.1 and 1.2 agree on it: no sign but "-", no leading zero. */
static bool parse_integer(const char *text, int64_t *ret_value)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	char *end;
	long long value;

	if (digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && digits[1] != '\0'))
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (*end != '\0')
		return false;
	*ret_value = value; /* clamped when it does not fit: out of any range */
	return true;
}

static int read_integer(struct reader *reader, const struct field *field,
			const struct tree_node *node, void *object)
{
	char buffer[SHOWN_MAX + 8];
	int64_t value;

	if (field->of != NULL && node->kind == TREE_MAP)
		return reader_read(reader, field->of, node, object);
	if (need_scalar(reader, field, node, "a whole number") < 0)
		return -1;
	if (!node->plain || !parse_integer(node->text, &value))
		return refuse(reader, field, node->line, "%s is not a whole number%s",
			      shown(node->text, buffer),
			      node->plain ? "" : ": it is a text in quotes");
	if (value < field->minimum || value > field->maximum)
		return refuse(reader, field, node->line,
			      "%.24s is out of range (%" PRId64 " to %" PRId64 ")", node->text,
			      field->minimum, field->maximum);
	field_set_number(field, object, value);
	return 0;
}

static const struct field_word *find_word(const struct field *field, const char *text)
{
	const struct field_word *word;

	for (word = field->words; word->word != NULL; word++) {
		if (strcasecmp(word->word, text) == 0)
			return word;
	}
	return NULL;
}

static int unknown_word(struct reader *reader, const struct field *field,
			const struct tree_node *node)
{
	char buffer[SHOWN_MAX + 8], words[160];
	const struct field_word *word;
	struct nearest nearest = nearest_begin(node->text);

	for (word = field->words; word->word != NULL; word++)
		nearest_offer(&nearest, word->word);
	field_range_text(field, words, sizeof(words));
	refuse(reader, field, node->line, "%s is not one of %s", shown(node->text, buffer), words);
	if (nearest.best != NULL)
		error_hint(reader->err, "Did you mean \"%s\"?", nearest.best);
	return -1;
}

static int read_word(struct reader *reader, const struct field *field, const struct tree_node *node,
		     unsigned int *ret_value)
{
	const struct field_word *word;
	char words[120];

	if (need_scalar(reader, field, node, "one of its words") < 0)
		return -1;
	word = find_word(field, node->text);
	if (word == NULL)
		return unknown_word(reader, field, node);
	if (word->refused != NULL) {
		field_range_text(field, words, sizeof(words));
		refuse(reader, field, node->line, "%s", word->refused);
		return error_hint(reader->err, "Use one of %s.", words);
	}
	*ret_value = word->value;
	return 0;
}

/* --- lists --- */

static int not_a_list(struct reader *reader, const struct field *field,
		      const struct tree_node *node)
{
	char buffer[SHOWN_MAX + 8];

	wrong_kind(reader, field, node, "a list");
	if (node->kind != TREE_SCALAR)
		return -1;
	return error_hint(reader->err, "Write [%s], or one item per line behind \"- \".",
			  shown(node->text, buffer));
}

static int check_list(struct reader *reader, const struct field *field,
		      const struct tree_node *node)
{
	if (tree_is_null(node))
		return 0; /* "Key:" with nothing behind it is an empty list */
	if (node->kind != TREE_LIST)
		return not_a_list(reader, field, node);
	if (node->count < (size_t)field->minimum || node->count > (size_t)field->maximum)
		return refuse(reader, field, node->line,
			      "has %zu items, but should have %" PRId64 " to %" PRId64, node->count,
			      field->minimum, field->maximum);
	return 0;
}

static int read_flags(struct reader *reader, const struct field *field,
		      const struct tree_node *node, void *object)
{
	uint32_t flags = 0;
	unsigned int flag = 0;
	size_t i;

	if (check_list(reader, field, node) < 0)
		return -1;
	for (i = 0; i < node->count; i++) {
		if (read_word(reader, field, &node->items[i], &flag) < 0)
			return -1;
		flags |= flag;
	}
	if (flags == 0)
		return refuse(reader, field, node->line, "is empty");
	field_set_number(field, object, flags);
	return 0;
}

static int read_text_items(struct reader *reader, const struct field *field,
			   const struct tree_node *node, struct model_strings *strings,
			   struct name_index *seen)
{
	char buffer[SHOWN_MAX + 8];
	size_t i;

	for (i = 0; i < node->count; i++) {
		const struct tree_node *item = &node->items[i];
		size_t len = path_push(reader, "[%zu]", i);

		if (need_scalar(reader, field, item, "a text") < 0 ||
		    check_text(reader, field, item, 1, 255) < 0)
			return -1;
		if (!name_index_add(seen, item->text, 0))
			return refuse(reader, field, item->line, "%s is in the list already",
				      shown(item->text, buffer));
		strings->items[strings->count] = memory_copy_string(item->text);
		remember_line(reader, &strings->items[strings->count++], item->line);
		path_pop(reader, len);
	}
	return 0;
}

static int read_texts(struct reader *reader, const struct field *field,
		      const struct tree_node *node, struct model_strings *strings)
{
	struct name_index *seen;
	int status;

	if (check_list(reader, field, node) < 0)
		return -1;
	strings->items = memory_new(node->count * sizeof(char *));
	seen = name_index_new();
	status = read_text_items(reader, field, node, strings, seen);
	name_index_free(seen);
	return status;
}

static void set_count(const struct field *field, void *object, size_t count)
{
	memcpy((char *)object + field->count_offset, &count, sizeof(count));
}

static int read_crls(struct reader *reader, const struct field *field, const struct tree_node *node,
		     void *object)
{
	struct model_crl_file *crls;
	size_t i;

	if (check_list(reader, field, node) < 0)
		return -1;
	crls = memory_new(node->count * sizeof(*crls));
	*(struct model_crl_file **)field_member(field, object) = crls;
	set_count(field, object, node->count);
	for (i = 0; i < node->count; i++) {
		size_t len = path_push(reader, "[%zu]", i);

		if (read_path(reader, field, &node->items[i], &crls[i].path) < 0)
			return -1;
		remember_line(reader, &crls[i].path, node->items[i].line);
		path_pop(reader, len);
	}
	return 0;
}

static int read_objects(struct reader *reader, const struct field *field,
			const struct tree_node *node, void *object)
{
	size_t stride = field->of->size, reserved = field->of->reserved;
	char *items;
	size_t i;

	if (check_list(reader, field, node) < 0)
		return -1;
	items = memory_new((reserved + node->count) * stride);
	*(char **)field_member(field, object) = items;
	set_count(field, object, reserved + node->count);
	for (i = 0; i < node->count; i++) {
		char *item = items + (reserved + i) * stride;
		size_t len = path_push(reader, "[%zu]", i);

		resource_init(field->of, item);
		if (reader_read(reader, field->of, &node->items[i], item) < 0)
			return -1;
		path_pop(reader, len);
	}
	return 0;
}

/* --- mappings --- */

static int read_field(struct reader *reader, const struct field *field,
		      const struct tree_node *node, void *object)
{
	void *member = field_member(field, object);
	unsigned int value = 0;

	switch (field->type) {
	case FIELD_TEXT:
		return read_text(reader, field, node, member);
	case FIELD_PATH:
		return read_path(reader, field, node, member);
	case FIELD_BOOL:
		return read_bool(reader, field, node, object);
	case FIELD_INTEGER:
		return read_integer(reader, field, node, object);
	case FIELD_WORD:
		if (read_word(reader, field, node, &value) < 0)
			return -1;
		field_set_number(field, object, value);
		return 0;
	case FIELD_FLAGS:
		return read_flags(reader, field, node, object);
	case FIELD_TEXTS:
		return read_texts(reader, field, node, member);
	case FIELD_CRLS:
		return read_crls(reader, field, node, object);
	case FIELD_OBJECT:
		return reader_read(reader, field->of, node, member);
	case FIELD_OBJECTS:
		return read_objects(reader, field, node, object);
	case FIELD_NOT_YET:
		break;
	}
	refuse(reader, field, node->line, "is not supported: %s", field->help);
	return error_hint(reader->err, "Remove it.");
}

static int unknown_key(struct reader *reader, const struct resource *resource,
		       const struct tree_node *key)
{
	struct nearest nearest = nearest_begin(key->text);
	char buffer[SHOWN_MAX + 8];
	size_t i;

	for (i = 0; i < resource->field_count; i++)
		nearest_offer(&nearest, resource->fields[i].name);
	refuse(reader, NULL, key->line, "there is no property %s", shown(key->text, buffer));
	error_symbol(reader->err, "IllegalParam.Unknown");
	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];

		if (field->type == FIELD_OBJECT && resource_field(field->of, key->text) != NULL)
			return error_hint(reader->err, "It belongs into %s.", field->name);
	}
	if (nearest.best != NULL)
		return error_hint(reader->err, "Did you mean \"%s\"?", nearest.best);
	return error_hint(reader->err, "sallyport.yaml(5) lists the properties.");
}

static int check_required(struct reader *reader, const struct resource *resource,
			  const struct tree_node *node, const int *seen)
{
	char symbol[64];
	size_t i;

	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];

		if (!(field->flags & FIELD_REQUIRED) || seen[i] != 0)
			continue;
		refuse(reader, field, node->line, "%s is missing", field->name);
		snprintf(symbol, sizeof(symbol), "MissingParam.%s", field->name);
		error_symbol(reader->err, symbol);
		return error_hint(reader->err, "Add \"%s: ...\".", field->name);
	}
	return 0;
}

static int read_pair(struct reader *reader, const struct resource *resource,
		     const struct tree_node *key, const struct tree_node *value, void *object,
		     int *seen)
{
	const struct field *field = resource_field(resource, key->text);
	size_t len;

	if (field == NULL)
		return unknown_key(reader, resource, key);
	len = path_push(reader, "%s%s", reader->path[0] != '\0' ? "." : "", field->name);
	if (seen[field - resource->fields] != 0) {
		refuse(reader, field, key->line, "is given twice, first on line %d",
		       seen[field - resource->fields]);
		return error_hint(reader->err, "Remove one of the two.");
	}
	seen[field - resource->fields] = key->line;
	if (read_field(reader, field, value, object) < 0)
		return -1;
	if (field->size > 0)
		remember_line(reader, field_member(field, object), value->line);
	path_pop(reader, len);
	return 0;
}

int reader_read(struct reader *reader, const struct resource *resource,
		const struct tree_node *node, void *object)
{
	int seen[FIELDS_MAX] = { 0 };
	size_t i;

	assert(resource->field_count <= FIELDS_MAX);
	if (node->kind != TREE_MAP)
		return wrong_kind(reader, NULL, node, "a mapping of \"Name: value\" lines");
	if (resource->line_offset != RESOURCE_NO_LINE)
		memcpy((char *)object + resource->line_offset, &node->line, sizeof(node->line));
	for (i = 0; i < node->count; i += 2) {
		if (read_pair(reader, resource, &node->items[i], &node->items[i + 1], object,
			      seen) < 0)
			return -1;
	}
	return check_required(reader, resource, node, seen);
}
