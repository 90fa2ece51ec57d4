/* cli/print.h - how commands say what they have to say: errors, warnings, tables. */
#ifndef SALLYPORT_CLI_PRINT_H
#define SALLYPORT_CLI_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include "base/error.h"
#include "model/warnings.h"

/* On stderr, "sallyport: PLACE: message" and "hint: ...". Always 1, the exit status. */
int report_error(const struct error *err);
/* An error that came as JSON, {"message", "place", "hint"}. */
int print_json_error(const json_t *error);
void print_json_warnings(const json_t *warnings);
/* notes: those of kind WARNING_NOTE too. */
void print_warnings(const struct model_warnings *warnings, bool notes);

json_t *print_error_json(const struct error *err); /* a new reference */
json_t *print_warnings_json(const struct model_warnings *warnings, bool notes);
/* On stdout, indented; takes the reference. */
void print_json(json_t *json);

/* A table: cells are copied, columns as wide as their widest cell, numbers to the right. */
#define PRINT_COLUMNS 12
struct print_table {
	unsigned int columns;
	const char *const *titles;
	char **cells; /* rows of columns */
	size_t rows;
};
void print_table_row(struct print_table *table, const char *const *cells);
void print_table_done(struct print_table *table); /* prints and frees */

#endif
