/* cli/listing.h - a list of the API as a table with titles of ours. */
#ifndef SALLYPORT_CLI_LISTING_H
#define SALLYPORT_CLI_LISTING_H

#include <jansson.h>

enum listing_kind {
	LISTING_PLAIN,
	LISTING_MS,    /* milliseconds since 1970, shown as a date */
	LISTING_SIZE,  /* of a list: how many */
};

struct listing_column {
	const char *title, *member; /* member: "A.B" reaches into objects */
	enum listing_kind kind;
};

/* columns end with a title of NULL; at most PRINT_COLUMNS. An empty list is one line that says so. */
void listing_print(const json_t *list, const struct listing_column *columns);
/* One value as it stands in a cell. */
void listing_cell(const json_t *value, enum listing_kind kind, char *ret_cell, size_t size);

#endif
