#include "cli/print.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* The API's messages begin with the parameter that they are about. */
static void say(const char *kind, const char *place, const char *message, const char *hint)
{
	if (strncmp(message, place, strlen(place)) == 0)
		place = "";
	fprintf(stderr, "sallyport: %s%s%s%s\n", kind, place, place[0] != '\0' ? ": " : "",
		message);
	if (hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", hint);
}

int report_error(const struct error *err)
{
	say("", err->place, err->message, err->hint);
	return 1;
}

static const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

int print_json_error(const json_t *error)
{
	say("", member(error, "place"), member(error, "message"), member(error, "hint"));
	return 1;
}

void print_json_warnings(const json_t *warnings)
{
	size_t i;
	json_t *warning;

	json_array_foreach(warnings, i, warning)
		say("warning: ", member(warning, "place"), member(warning, "message"),
		    member(warning, "hint"));
}

void print_warnings(const struct model_warnings *warnings, bool notes)
{
	size_t i;

	for (i = 0; i < warnings->count; i++) {
		const struct model_warning *warning = &warnings->items[i];

		if (warning->kind == WARNING_NOTE && !notes)
			continue;
		say(warning->kind == WARNING_NOTE ? "note: " : "warning: ", warning->error.place,
		    warning->error.message, warning->error.hint);
	}
}

json_t *print_error_json(const struct error *err)
{
	json_t *object = json_object();

	json_object_set_new(object, "message", json_string(err->message));
	json_object_set_new(object, "place", json_string(err->place));
	json_object_set_new(object, "hint", json_string(err->hint));
	json_object_set_new(object, "symbol", json_string(err->symbol));
	return object;
}

json_t *print_warnings_json(const struct model_warnings *warnings, bool notes)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < warnings->count; i++) {
		const struct model_warning *warning = &warnings->items[i];
		json_t *object;

		if (warning->kind == WARNING_NOTE && !notes)
			continue;
		object = print_error_json(&warning->error);
		json_object_set_new(
			object, "kind",
			json_string(warning->kind == WARNING_NOTE ? "note" : "warning"));
		json_array_append_new(list, object);
	}
	return list;
}

void print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

/* --- tables --- */

void print_table_row(struct print_table *table, const char *const *cells)
{
	unsigned int i;

	table->cells = memory_resize(table->cells,
				     (table->rows + 1) * table->columns * sizeof(*table->cells));
	for (i = 0; i < table->columns; i++)
		table->cells[table->rows * table->columns + i] = memory_copy_string(cells[i]);
	table->rows++;
}

static size_t width_of(const struct print_table *table, unsigned int column)
{
	size_t width = strlen(table->titles[column]), row;

	for (row = 0; row < table->rows; row++) {
		size_t length = strlen(table->cells[row * table->columns + column]);

		width = length > width ? length : width;
	}
	return width;
}

static bool is_numeric(const struct print_table *table, unsigned int column)
{
	size_t row;

	for (row = 0; row < table->rows; row++) {
		const char *cell = table->cells[row * table->columns + column];

		if (cell[strspn(cell, "0123456789")] != '\0')
			return false;
	}
	return table->rows > 0;
}

static void print_cells(const struct print_table *table, const char *const *cells)
{
	unsigned int i;

	for (i = 0; i < table->columns; i++) {
		int width = (int)width_of(table, i);
		bool last = i + 1 == table->columns;

		if (is_numeric(table, i))
			printf("%*s", width, cells[i]);
		else
			printf("%-*s", last ? 0 : width, cells[i]);
		fputs(last ? "\n" : "  ", stdout);
	}
}

void print_table_done(struct print_table *table)
{
	size_t i;

	print_cells(table, table->titles);
	for (i = 0; i < table->rows; i++)
		print_cells(table, (const char *const *)&table->cells[i * table->columns]);
	for (i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->rows = 0;
}
