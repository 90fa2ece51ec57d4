#include "store/query.h"

#include <stdlib.h>
#include <string.h>

void query_add(struct query *query, const char *text)
{
	buffer_append(&query->text, text, strlen(text));
}

static struct query_value *add_value(struct query *query, const char *text)
{
	query_add(query, text);
	/* Room is made in steps of 16. */
	if (query->count % 16 == 0)
		query->values = memory_resize(query->values,
					      (query->count + 16) * sizeof(*query->values));
	memset(&query->values[query->count], 0, sizeof(*query->values));
	return &query->values[query->count++];
}

void query_text(struct query *query, const char *text, const char *value)
{
	struct query_value *added = add_value(query, text);

	added->type = QUERY_TEXT;
	added->text = value;
}

void query_bytes(struct query *query, const char *text, struct bytes value)
{
	struct query_value *added = add_value(query, text);

	added->type = QUERY_BYTES;
	added->bytes = value;
}

void query_number(struct query *query, const char *text, int64_t value)
{
	struct query_value *added = add_value(query, text);

	added->type = QUERY_NUMBER;
	added->number = value;
}

void query_among(struct query *query, const char *column, const json_t *values)
{
	const json_t *value;
	size_t i;

	if (values == NULL)
		return;
	if (json_array_size(values) == 0) {
		query_add(query, " AND 1 = 0");
		return;
	}
	query_add(query, " AND ");
	query_add(query, column);
	json_array_foreach(values, i, value)
		query_text(query, i == 0 ? " IN (?" : ", ?", json_string_value(value));
	query_add(query, ")");
}

void query_tags(struct query *query, const char *kind, const char *id_column, const json_t *tags)
{
	const json_t *tag;
	size_t i;

	json_array_foreach(tags, i, tag) {
		const char *value = json_string_value(json_object_get(tag, "Value"));

		query_text(query, " AND EXISTS (SELECT 1 FROM tags t WHERE t.kind = ?", kind);
		query_add(query, " AND t.id = ");
		query_add(query, id_column);
		query_text(query, " AND t.key = ?",
			   json_string_value(json_object_get(tag, "Key")));
		if (value != NULL)
			query_text(query, " AND t.value = ?", value);
		query_add(query, ")");
	}
}

struct statement *query_start(struct sql *sql, const struct query *query, struct error *err)
{
	struct buffer text = { 0 };
	struct statement *statement;

	buffer_append(&text, query->text.data, query->text.len);
	buffer_append(&text, "", 1);
	statement = sql_start(sql, (const char *)text.data, err);
	buffer_done(&text);
	for (size_t i = 0; i < query->count; i++) {
		const struct query_value *value = &query->values[i];

		if (value->type == QUERY_TEXT)
			sql_text(statement, value->text);
		else if (value->type == QUERY_BYTES)
			sql_bytes(statement, value->bytes);
		else
			sql_number(statement, value->number);
	}
	return statement;
}

void query_done(struct query *query)
{
	buffer_done(&query->text);
	free(query->values);
	query->values = NULL;
	query->count = 0;
}
