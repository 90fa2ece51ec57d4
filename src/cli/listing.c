#include "cli/listing.h"

#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "control/wording.h"

#define CELL_SIZE 256

static const json_t *reach(const json_t *row, const char *path)
{
	char name[64];
	size_t length = strcspn(path, ".");

	snprintf(name, sizeof(name), "%.*s", (int)length, path);
	row = json_object_get(row, name);
	return path[length] == '\0' || row == NULL ? row : reach(row, path + length + 1);
}

static void join(const json_t *list, char *ret_cell, size_t size)
{
	size_t used = 0, i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && used + 2 < size)
			used += (size_t)snprintf(ret_cell + used, size - used, "%s%s",
						 i == 0 ? "" : ",", json_string_value(item));
	}
}

void listing_cell(const json_t *value, enum listing_kind kind, char *ret_cell, size_t size)
{
	char when[WORDING_TIME_SIZE];

	ret_cell[0] = '\0';
	if (kind == LISTING_SIZE) {
		snprintf(ret_cell, size, "%zu", json_array_size(value));
	} else if (kind == LISTING_MS && json_is_integer(value)) {
		wording_time(json_integer_value(value) / 1000, when);
		snprintf(ret_cell, size, "%s", when);
	} else if (json_is_string(value)) {
		snprintf(ret_cell, size, "%s", json_string_value(value));
	} else if (json_is_integer(value)) {
		snprintf(ret_cell, size, "%lld", (long long)json_integer_value(value));
	} else if (json_is_boolean(value)) {
		snprintf(ret_cell, size, "%s", json_is_true(value) ? "yes" : "no");
	} else {
		join(value, ret_cell, size);
	}
}

void listing_print(const json_t *list, const struct listing_column *columns)
{
	const char *titles[PRINT_COLUMNS], *row[PRINT_COLUMNS];
	char cells[PRINT_COLUMNS][CELL_SIZE];
	struct print_table table = { .titles = titles };
	size_t i;
	json_t *item;
	unsigned int c;

	for (c = 0; columns[c].title != NULL; c++) {
		titles[c] = columns[c].title;
		row[c] = cells[c];
	}
	table.columns = c;
	if (json_array_size(list) == 0) {
		puts("there are none");
		return;
	}
	json_array_foreach(list, i, item)
	{
		for (c = 0; c < table.columns; c++)
			listing_cell(reach(item, columns[c].member), columns[c].kind, cells[c],
				     sizeof(cells[c]));
		print_table_row(&table, row);
	}
	print_table_done(&table);
}
