/*
 * store/query.h - a SELECT whose conditions depend on a filter, with the values beside the text.
 *
 * The text ends in the cache of prepared statements like any other; values are borrowed.
 */
#ifndef SALLYPORT_STORE_QUERY_H
#define SALLYPORT_STORE_QUERY_H

#include <jansson.h>
#include "store/sql.h"

struct query_value {
	const char *text;
	struct bytes bytes;
	int64_t number;
	enum { QUERY_TEXT, QUERY_BYTES, QUERY_NUMBER } type;
};

struct query {
	struct buffer text;
	struct query_value *values;
	size_t count;
};

void query_add(struct query *query, const char *text);
/* The same, with one parameter in the text. */
void query_text(struct query *query, const char *text, const char *value);
void query_bytes(struct query *query, const char *text, struct bytes value);
void query_number(struct query *query, const char *text, int64_t value);

/* " AND column IN (...)" for an array of text; nothing when values is NULL; an empty array finds
 * nothing. */
void query_among(struct query *query, const char *column, const json_t *values);
/* Each {Key, Value} of tags must be with (kind, id column); Value may be missing. */
void query_tags(struct query *query, const char *kind, const char *id_column, const json_t *tags);

struct statement *query_start(struct sql *sql, const struct query *query, struct error *err);
void query_done(struct query *query); /* fine while the statement still runs */

#endif
