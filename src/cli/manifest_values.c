#include "cli/manifest_values.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* --- from a struct --- */

static int64_t number_at(const struct field *field, const void *member)
{
	uint32_t flags;
	unsigned char octet;

	switch (field->size) {
	case sizeof(octet):
		memcpy(&octet, member, sizeof(octet));
		return octet;
	case sizeof(flags):
		memcpy(&flags, member, sizeof(flags));
		return flags;
	default:
		return *(const int64_t *)member;
	}
}

static json_t *word_value(const struct field *field, int64_t value)
{
	const struct field_word *word;

	for (word = field->words; word != NULL && word->word != NULL; word++)
		if (word->value == (unsigned int)value && word->refused == NULL)
			return json_string(word->word);
	return NULL;
}

static json_t *flag_values(const struct field *field, int64_t value)
{
	json_t *list = json_array();
	const struct field_word *word;

	for (word = field->words; word != NULL && word->word != NULL; word++)
		if (((unsigned int)value & word->value) != 0)
			json_array_append_new(list, json_string(word->word));
	return list;
}

static json_t *text_values(const struct model_strings *strings)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < strings->count; i++)
		json_array_append_new(list, json_string(strings->items[i]));
	return list;
}

static json_t *object_values(const struct field *field, const void *object, const void *member,
			     bool defaults)
{
	const char *items = *(const char *const *)member;
	const size_t *count = (const size_t *)((const char *)object + field->count_offset);
	json_t *list = json_array();
	size_t i;

	for (i = field->of->reserved; i < *count; i++)
		json_array_append_new(
			list, manifest_values(field->of, items + i * field->of->size, defaults));
	return list;
}

static json_t *number_value(const struct field *field, const void *object, const void *member,
			    bool defaults)
{
	int64_t value = number_at(field, member);

	if (field->of != NULL) /* a mapping of two limits, the first of which is this number */
		return manifest_values(field->of, object, defaults);
	return value < field->minimum ? NULL : json_integer(value);
}

static json_t *value_of(const struct field *field, const void *object, bool defaults)
{
	const void *member = (const char *)object + field->offset;
	const char *text;

	switch (field->type) {
	case FIELD_TEXT:
		text = *(const char *const *)member;
		return text == NULL ? NULL : json_string(text);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)member);
	case FIELD_INTEGER:
		return number_value(field, object, member, defaults);
	case FIELD_WORD:
		return word_value(field, number_at(field, member));
	case FIELD_FLAGS:
		return flag_values(field, number_at(field, member));
	case FIELD_TEXTS:
		return text_values(member);
	case FIELD_OBJECT:
		return manifest_values(field->of, member, defaults);
	case FIELD_OBJECTS:
		return object_values(field, object, member, defaults);
	default:
		return NULL;
	}
}

static bool is_default(const struct field *field, const json_t *value)
{
	if ((field->flags & FIELD_REQUIRED) != 0)
		return false;
	switch (field->type) {
	case FIELD_TEXT:
		return field->standard_text != NULL &&
		       strcmp(json_string_value(value), field->standard_text) == 0;
	case FIELD_BOOL:
		return json_is_true(value) == (field->standard != 0);
	case FIELD_INTEGER:
		return json_is_object(value) ? json_object_size(value) == 0
					     : json_integer_value(value) == field->standard;
	case FIELD_WORD: {
		json_t *standard = word_value(field, field->standard);
		bool same = json_equal(value, standard);

		json_decref(standard);
		return same;
	}
	case FIELD_FLAGS: {
		json_t *standard = flag_values(field, field->standard);
		bool same = json_equal(value, standard);

		json_decref(standard);
		return same;
	}
	case FIELD_OBJECT:
		return json_object_size(value) == 0;
	default:
		return json_array_size(value) == 0;
	}
}

json_t *manifest_values(const struct resource *resource, const void *object, bool defaults)
{
	json_t *values = json_object();
	size_t i;

	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];
		json_t *value = value_of(field, object, defaults);

		if (value != NULL && !defaults && is_default(field, value)) {
			json_decref(value);
			continue;
		}
		if (value != NULL)
			json_object_set_new(values, field->name, value);
	}
	return values;
}

/* --- from the API --- */

static json_t *filter_list(const struct resource *resource, const json_t *list)
{
	json_t *filtered = json_array(), *item;
	size_t i;

	json_array_foreach(list, i, item)
		json_array_append_new(filtered, manifest_filter(resource, item));
	return filtered;
}

json_t *manifest_filter(const struct resource *resource, const json_t *object)
{
	json_t *filtered = json_object();
	size_t i;

	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];
		json_t *value = json_object_get(object, field->name);

		if (value == NULL || field->type == FIELD_NOT_YET || json_is_null(value))
			continue;
		if (field->of != NULL && json_is_array(value))
			json_object_set_new(filtered, field->name, filter_list(field->of, value));
		else if (field->of != NULL && json_is_object(value))
			json_object_set_new(filtered, field->name,
					    manifest_filter(field->of, value));
		else
			json_object_set(filtered, field->name, value);
	}
	return filtered;
}

/* --- as YAML --- */

static void print_value(const json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		const char *before = "{";

		json_object_foreach((json_t *)(uintptr_t)value, name, member)
		{
			printf("%s%s: ", before, name); /* names are plain words */
			print_value(member);
			before = ", ";
		}
		putchar('}');
	} else if (json_is_array(value)) {
		putchar('[');
		json_array_foreach(value, i, member)
		{
			fputs(i > 0 ? ", " : "", stdout);
			print_value(member);
		}
		putchar(']');
	} else {
		json_dumpf(value, stdout, JSON_ENCODE_ANY);
	}
}

/* Lists of objects one a line: servers. */
static void print_member(const char *before, const char *name, const json_t *value)
{
	size_t i;
	json_t *item;

	printf("%s%s:", before, name);
	if (!json_is_object(json_array_get(value, 0))) {
		putchar(' ');
		print_value(value);
		putchar('\n');
		return;
	}
	putchar('\n');
	json_array_foreach(value, i, item)
	{
		fputs("      - ", stdout);
		print_value(item);
		putchar('\n');
	}
}

void manifest_print(const char *section, const json_t *list)
{
	size_t i;
	json_t *object;

	if (json_array_size(list) == 0)
		return;
	printf("%s:\n", section);
	json_array_foreach(list, i, object)
	{
		const char *name, *before = "  - ";
		json_t *value;

		json_object_foreach(object, name, value)
		{
			print_member(before, name, value);
			before = "    ";
		}
	}
	putchar('\n');
}
