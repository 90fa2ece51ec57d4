#include "nlb/shape.h"

#include <string.h>
#include "base/bytes.h"

static json_t *default_word(const struct field *field)
{
	const struct field_word *word;

	for (word = field->words; word->word != NULL; word++)
		if (word->refused == NULL && word->value == (unsigned int)field->standard)
			return json_string(word->word);
	return NULL;
}

static json_t *default_flags(const struct field *field)
{
	const struct field_word *word;
	json_t *list = json_array();

	for (word = field->words; word->word != NULL; word++)
		if ((word->value & (unsigned int)field->standard) != 0)
			json_array_append_new(list, json_string(word->word));
	return list;
}

/* NULL: it has none. */
static json_t *default_of(const struct field *field)
{
	switch (field->type) {
	case FIELD_BOOL:
		return json_boolean(field->standard != 0);
	case FIELD_INTEGER:
		return json_integer(field->standard);
	case FIELD_WORD:
		return default_word(field);
	case FIELD_FLAGS:
		return default_flags(field);
	case FIELD_TEXT:
		return field->standard_text == NULL ? NULL : json_string(field->standard_text);
	case FIELD_TEXTS:
		return json_array();
	case FIELD_OBJECT:
		return shape_complete(field->of, NULL);
	case FIELD_PATH:
	case FIELD_CRLS:
	case FIELD_OBJECTS:
	case FIELD_NOT_YET:
		break;
	}
	return NULL;
}

json_t *shape_complete(const struct resource *resource, const json_t *body)
{
	json_t *shape = json_object();
	size_t i;

	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];
		json_t *given = json_object_get(body, field->name);
		json_t *value;

		if (given == NULL)
			value = default_of(field);
		else if (field->type == FIELD_OBJECT)
			value = shape_complete(field->of, given);
		else
			value = json_incref(given);
		if (value != NULL)
			json_object_set_new(shape, field->name, value);
	}
	return shape;
}

json_t *shape_long_tags(json_t *tags)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < json_array_size(tags); i++) {
		json_t *tag = json_object();

		shape_copy(tag, "TagKey", json_array_get(tags, i), "Key");
		shape_copy(tag, "TagValue", json_array_get(tags, i), "Value");
		json_array_append_new(list, tag);
	}
	json_decref(tags);
	return list;
}

json_t *shape_joined(const json_t *texts)
{
	struct buffer joined = { 0 };
	json_t *text;
	size_t i;

	for (i = 0; i < json_array_size(texts); i++)
		buffer_printf(&joined, "%s%s", i > 0 ? "," : "",
			      json_string_value(json_array_get(texts, i)));
	text = json_stringn(joined.data == NULL ? "" : (const char *)joined.data, joined.len);
	buffer_done(&joined);
	return text;
}

void shape_copy(json_t *to, const char *name, const json_t *from, const char *from_name)
{
	json_t *value = json_object_get(from, from_name);

	if (value != NULL)
		json_object_set(to, name, value);
}

void shape_set_text(json_t *to, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(to, name, json_string(text));
}

bool shape_has_text(const json_t *texts, const char *text)
{
	size_t i;

	for (i = 0; text != NULL && i < json_array_size(texts); i++)
		if (strcmp(json_string_value(json_array_get(texts, i)), text) == 0)
			return true;
	return false;
}
