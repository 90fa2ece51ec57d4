#include "cli/show.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/print.h"

#define CELL_MAX 48

static void format_scalar(const json_t *value, char *ret_text, size_t size)
{
	if (json_is_string(value))
		snprintf(ret_text, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(ret_text, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(ret_text, size, "%s", json_is_true(value) ? "true" : "false");
	else if (json_is_real(value))
		snprintf(ret_text, size, "%g", json_real_value(value));
	else
		ret_text[0] = '\0';
}

static bool is_structure(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

/* Several lines make no cell: of a PEM the first one, and that there is more. */
static void format_cell(const json_t *value, char ret_cell[CELL_MAX + 4])
{
	size_t end, i;
	json_t *item;
	size_t used = 0;

	format_scalar(value, ret_cell, CELL_MAX);
	ret_cell[CELL_MAX] = '\0';
	json_array_foreach(value, i, item)
	{
		if (json_is_string(item) && used + 2 < CELL_MAX)
			used += (size_t)snprintf(ret_cell + used, CELL_MAX - used, "%s%s",
						 i == 0 ? "" : ",", json_string_value(item));
	}
	end = strcspn(ret_cell, "\r\n");
	if (ret_cell[end] != '\0')
		memcpy(ret_cell + end, "...", 4);
}

static bool is_column(const json_t *value)
{
	return !is_structure(value) ||
	       (json_is_array(value) && json_is_string(json_array_get(value, 0)));
}

static unsigned int choose_columns(const json_t *row, const char **ret_members)
{
	unsigned int count = 0;
	const char *member;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)row, member, value)
	{
		if (count < PRINT_COLUMNS && is_column(value))
			ret_members[count++] = member;
	}
	return count;
}

static void fill_table(const json_t *list, const char *const *members, unsigned int count)
{
	struct print_table table = { .columns = count, .titles = members };
	char cells[PRINT_COLUMNS][CELL_MAX + 4];
	const char *row[PRINT_COLUMNS];
	unsigned int c;
	size_t i;
	json_t *item;

	for (c = 0; c < count; c++)
		row[c] = cells[c];
	json_array_foreach(list, i, item)
	{
		for (c = 0; c < count; c++)
			format_cell(json_object_get(item, members[c]), cells[c]);
		print_table_row(&table, row);
	}
	print_table_done(&table);
}

void show_list(const json_t *list, const char *const *members, unsigned int count)
{
	const char *chosen[PRINT_COLUMNS];

	if (json_array_size(list) == 0)
		return;
	if (members == NULL) {
		count = choose_columns(json_array_get(list, 0), chosen);
		members = chosen;
	}
	fill_table(list, members, count);
}

static void show_value(const char *name, const json_t *value, int indent);

static void show_members(const json_t *object, int indent)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		if (indent > 0 || strcmp(name, "RequestId") != 0)
			show_value(name, value, indent);
	}
}

static void show_array(const char *name, const json_t *list, int indent)
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	if (json_is_object(json_array_get(list, 0))) {
		printf("%*s%s:\n", indent, "", name);
		show_list(list, NULL, 0);
		return;
	}
	printf("%*s%s:", indent, "", name);
	json_array_foreach(list, i, item)
	{
		char text[512];

		format_scalar(item, text, sizeof(text));
		printf(" %s", text);
	}
	putchar('\n');
}

static void show_value(const char *name, const json_t *value, int indent)
{
	char text[65536];

	if (json_is_object(value)) {
		printf("%*s%s:\n", indent, "", name);
		show_members(value, indent + 2);
	} else if (json_is_array(value)) {
		show_array(name, value, indent);
	} else if (!json_is_null(value)) {
		format_scalar(value, text, sizeof(text));
		printf("%*s%s: %s%s\n", indent, "", name, strchr(text, '\n') != NULL ? "\n" : "",
		       text);
	}
}

void show_reply(const json_t *reply)
{
	show_members(reply, 0);
}
