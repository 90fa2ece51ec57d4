#include "store/body.h"

#include <string.h>

char *body_text(const json_t *body)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;

	return text != NULL ? text : memory_copy_string("{}");
}

json_t *body_read(struct statement *statement, int column, const char *what, struct error *err)
{
	const char *text = sql_row_text(statement, column);
	json_t *body = text != NULL ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;

	if (body == NULL) {
		error_set(err, ERROR_UNAVAILABLE, "could not use the store: the row \"%.64s\" is "
						  "damaged", what != NULL ? what : "");
		error_symbol(err, "ServiceUnavailable");
	}
	return body;
}
