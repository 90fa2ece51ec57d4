#include "control/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static const char *const not_settings[] = { "Reset" };

static bool is_setting(const struct parameter *parameter)
{
	size_t i;

	for (i = 0; i < sizeof(not_settings) / sizeof(not_settings[0]); i++)
		if (strcmp(parameter->name, not_settings[i]) == 0)
			return false;
	return true;
}

void settings_each(void (*each)(void *arg, const struct field *field, bool serves), void *arg)
{
	const struct action *action = action_find(&product_sallyport, "UpdateSettings");
	size_t i;

	for (i = 0; i < action->parameter_count; i++)
		if (is_setting(&action->parameters[i]))
			each(arg, parameter_field(&action->parameters[i]),
			     action->parameters[i].model != NULL);
}

const struct field *settings_find(const char *name, bool *ret_serves)
{
	const struct action *action = action_find(&product_sallyport, "UpdateSettings");
	size_t i;

	for (i = 0; i < action->parameter_count; i++) {
		const struct parameter *parameter = &action->parameters[i];

		if (strcmp(parameter->name, name) != 0 || !is_setting(parameter))
			continue;
		if (ret_serves != NULL)
			*ret_serves = parameter->model != NULL;
		return parameter_field(parameter);
	}
	return NULL;
}

static char *number_text(int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return memory_copy_string(text);
}

static char *standard_text(const struct field *field)
{
	const struct field_word *word;

	switch (field->type) {
	case FIELD_INTEGER:
		return number_text(field->standard);
	case FIELD_BOOL:
		return memory_copy_string(field->standard != 0 ? "true" : "false");
	case FIELD_WORD:
		for (word = field->words; word->word != NULL; word++)
			if (word->value == (unsigned int)field->standard)
				return memory_copy_string(word->word);
		return NULL;
	default:
		return memory_copy_string(field->standard_text);
	}
}

char *settings_text(struct store *store, const char *name)
{
	const struct field *field;
	char *value = store_setting(store, name);

	if (value != NULL)
		return value;
	field = settings_find(name, NULL);
	return field != NULL ? standard_text(field) : NULL;
}

int64_t settings_integer(struct store *store, const char *name)
{
	char *text = settings_text(store, name);
	int64_t number = text != NULL ? strtoll(text, NULL, 10) : 0;

	free(text);
	return number;
}

bool settings_boolean(struct store *store, const char *name)
{
	char *text = settings_text(store, name);
	bool on = text != NULL && strcmp(text, "true") == 0;

	free(text);
	return on;
}

char *settings_from_json(const json_t *value)
{
	if (json_is_integer(value))
		return number_text(json_integer_value(value));
	if (json_is_boolean(value))
		return memory_copy_string(json_is_true(value) ? "true" : "false");
	return memory_copy_string(json_string_value(value));
}
