/* What differs between two sets of values, property by property. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/apply.h"
#include "model/text_checks.h"

#define PATH_SIZE 160

/* Addresses may be written in several ways. */
static bool same_text(const char *a, const char *b)
{
	struct text_address left = text_address_parse(a), right = text_address_parse(b);

	if (left.family != 0 && left.family == right.family)
		return memcmp(left.ip, right.ip, left.family == 4 ? 4 : 16) == 0;
	return strcmp(a, b) == 0;
}

static bool is_nothing(const json_t *value)
{
	if (json_is_string(value))
		return json_string_length(value) == 0;
	if (json_is_integer(value))
		return json_integer_value(value) == 0;
	if (json_is_array(value))
		return json_array_size(value) == 0;
	return value == NULL || json_is_null(value) || json_is_false(value);
}

static bool is_ordered(const char *property)
{
	return strcmp(property, "Ciphers") == 0;
}

static bool same(const char *property, const json_t *wanted, const json_t *present);

static bool same_items(const json_t *wanted, const json_t *present)
{
	size_t i, j;

	for (i = 0; i < json_array_size(wanted); i++) {
		for (j = 0; j < json_array_size(present); j++)
			if (same("", json_array_get(wanted, i), json_array_get(present, j)))
				break;
		if (j == json_array_size(present))
			return false;
	}
	return true;
}

static bool same_list(const char *property, const json_t *wanted, const json_t *present)
{
	size_t i;

	if (json_array_size(wanted) != json_array_size(present))
		return false;
	if (!is_ordered(property))
		return same_items(wanted, present);
	for (i = 0; i < json_array_size(wanted); i++)
		if (!same("", json_array_get(wanted, i), json_array_get(present, i)))
			return false;
	return true;
}

static bool same_object(const json_t *wanted, const json_t *present)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)wanted, name, value)
	{
		if (!same(name, value, json_object_get(present, name)))
			return false;
	}
	return true;
}

static bool same(const char *property, const json_t *wanted, const json_t *present)
{
	if (json_is_array(wanted) && json_is_array(present))
		return same_list(property, wanted, present);
	if (json_is_object(wanted) && json_is_object(present))
		return same_object(wanted, present);
	if (json_is_string(wanted) && json_is_string(present))
		return same_text(json_string_value(wanted), json_string_value(present));
	if (is_nothing(present))
		return json_is_object(wanted) ? same_object(wanted, NULL) : is_nothing(wanted);
	return json_equal(wanted, present);
}

void apply_add_change(json_t *changes, const char *property, json_t *from, json_t *to)
{
	json_array_append_new(changes, json_pack("{s:s, s:o, s:o}", "Property", property, "From",
						 from != NULL ? from : json_null(), "To",
						 to != NULL ? to : json_null()));
}

void apply_compare(const json_t *wanted, const json_t *present, const char *path, json_t *changes)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)wanted, name, value)
	{
		json_t *now = json_object_get(present, name);
		char whole[PATH_SIZE];

		if (same(name, value, now))
			continue;
		snprintf(whole, sizeof(whole), "%s%s%s", path, path[0] != '\0' ? "." : "", name);
		if (json_is_object(value))
			apply_compare(value, now, whole, changes);
		else
			apply_add_change(changes, whole, json_incref(now), json_incref(value));
	}
}
