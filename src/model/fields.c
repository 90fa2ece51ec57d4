/* What is done with the tables: defaults, freeing, descriptions. */
#include "model/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct field *resource_field(const struct resource *resource, const char *name)
{
	size_t i;

	for (i = 0; i < resource->field_count; i++) {
		if (strcmp(resource->fields[i].name, name) == 0)
			return &resource->fields[i];
	}
	return NULL;
}

void *field_member(const struct field *field, void *object)
{
	return (char *)object + field->offset;
}

/* Enums and bools are as wide as the compiler likes: the table knows. */
void field_set_number(const struct field *field, void *object, int64_t value)
{
	void *member = field_member(field, object);

	if (field->size == sizeof(bool)) {
		bool flag = value != 0;

		memcpy(member, &flag, sizeof(flag));
	} else if (field->size == sizeof(uint32_t)) {
		uint32_t small = (uint32_t)value;

		memcpy(member, &small, sizeof(small));
	} else {
		memcpy(member, &value, sizeof(value));
	}
}

static void field_init(const struct field *field, void *object)
{
	switch (field->type) {
	case FIELD_BOOL:
	case FIELD_INTEGER:
	case FIELD_WORD:
	case FIELD_FLAGS:
		field_set_number(field, object, field->standard);
		break;
	case FIELD_TEXT:
		*(char **)field_member(field, object) = memory_copy_string(field->standard_text);
		break;
	case FIELD_OBJECT:
		resource_init(field->of, field_member(field, object));
		break;
	case FIELD_PATH:
	case FIELD_TEXTS:
	case FIELD_CRLS:
	case FIELD_OBJECTS:
	case FIELD_NOT_YET:
		break;
	}
}

void resource_init(const struct resource *resource, void *object)
{
	size_t i;

	for (i = 0; i < resource->field_count; i++)
		field_init(&resource->fields[i], object);
}

static size_t field_count_of(const struct field *field, void *object)
{
	size_t count;

	memcpy(&count, (char *)object + field->count_offset, sizeof(count));
	return count;
}

static void strings_done(struct model_strings *strings)
{
	size_t i;

	for (i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
}

static void crls_done(struct model_crl_file *crls, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(crls[i].path);
		buffer_done(&crls[i].content);
	}
	free(crls);
}

static void objects_done(const struct field *field, void *object)
{
	char *items = *(char **)field_member(field, object);
	size_t count = field_count_of(field, object);
	size_t i;

	for (i = 0; i < count; i++)
		resource_done(field->of, items + i * field->of->size);
	free(items);
}

static void field_done(const struct field *field, void *object)
{
	void *member = field_member(field, object);

	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_PATH:
		free(*(char **)member);
		break;
	case FIELD_TEXTS:
		strings_done(member);
		break;
	case FIELD_CRLS:
		crls_done(*(struct model_crl_file **)member, field_count_of(field, object));
		break;
	case FIELD_OBJECT:
		resource_done(field->of, member);
		break;
	case FIELD_OBJECTS:
		objects_done(field, object);
		break;
	case FIELD_BOOL:
	case FIELD_INTEGER:
	case FIELD_WORD:
	case FIELD_FLAGS:
	case FIELD_NOT_YET:
		break;
	}
}

void resource_done(const struct resource *resource, void *object)
{
	size_t i;

	for (i = 0; i < resource->field_count; i++)
		field_done(&resource->fields[i], object);
	if (resource->done != NULL)
		resource->done(object);
}

/* --- for people --- */

static void words_text(const struct field *field, char *ret_text, size_t size)
{
	const struct field_word *word;
	size_t used = 0;

	ret_text[0] = '\0';
	for (word = field->words; word->word != NULL && used < size; word++) {
		if (word->refused == NULL)
			used += (size_t)snprintf(ret_text + used, size - used, "%s%s",
						 used > 0 ? ", " : "", word->word);
	}
}

static void numbers_text(const struct field *field, const char *unit, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%" PRId64 " to %" PRId64 "%s%s", field->minimum, field->maximum,
		 unit != NULL ? " " : "", unit != NULL ? unit : "");
}

void field_range_text(const struct field *field, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	switch (field->type) {
	case FIELD_TEXT:
		numbers_text(field, "characters", ret_text, size);
		break;
	case FIELD_BOOL:
		snprintf(ret_text, size, "%s", field->words != NULL ? "false" : "true, false");
		break;
	case FIELD_INTEGER:
		numbers_text(field, field->unit, ret_text, size);
		break;
	case FIELD_WORD:
	case FIELD_FLAGS:
		words_text(field, ret_text, size);
		break;
	case FIELD_TEXTS:
	case FIELD_CRLS:
	case FIELD_OBJECTS:
		numbers_text(field, "items", ret_text, size);
		break;
	case FIELD_PATH:
	case FIELD_OBJECT:
	case FIELD_NOT_YET:
		break;
	}
}

static void word_default_text(const struct field *field, char *ret_text, size_t size)
{
	const struct field_word *word;

	for (word = field->words; word->word != NULL; word++) {
		if (word->refused == NULL && word->value == (unsigned int)field->standard)
			break;
	}
	snprintf(ret_text, size, "%s", word->word != NULL ? word->word : "");
}

void field_default_text(const struct field *field, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	if (field->flags & FIELD_REQUIRED)
		return;
	if (field->absent != NULL)
		snprintf(ret_text, size, "%s", field->absent);
	else if (field->type == FIELD_BOOL)
		snprintf(ret_text, size, "%s", field->standard != 0 ? "true" : "false");
	else if (field->type == FIELD_INTEGER)
		snprintf(ret_text, size, "%" PRId64 "%s%s", field->standard,
			 field->unit != NULL ? " " : "", field->unit != NULL ? field->unit : "");
	else if (field->type == FIELD_WORD || field->type == FIELD_FLAGS)
		word_default_text(field, ret_text, size);
	else if (field->standard_text != NULL)
		snprintf(ret_text, size, "%s", field->standard_text);
}
