#include "api/answer.h"

#include <stdbool.h>
#include <string.h>

/* First match counts; "*" at the end: whatever follows. Statuses of the specification's 2.2. */
static const struct {
	const char *symbol;
	unsigned int status;
} statuses[] = {
	{ "ResourceNotFound.Certificate", 400 }, /* as the real service does */
	{ "ResourceNotFound.*", 404 },
	{ "NotFound*", 404 },
	{ "InvalidAccessKeyId.NotFound", 404 },
	{ "InvalidAction.NotFound", 404 },
	{ "InvalidApi.NotFound", 404 },
	{ "InvalidAccessKeyId.Inactive", 400 },
	{ "Conflict.Revision", 409 },
	{ "Conflict.ClientToken", 409 },
	{ "Forbidden*", 403 },
	{ "UnauthorizedRegion", 403 },
	{ "UnauthorizedZone", 403 },
	{ "Unauthorized*", 401 },
	{ "InvalidCredentials*", 401 },
	{ "Throttling.User", 400 }, /* NLB's own, which clients retry by its name */
	{ "Throttling*", 429 },
	{ "InsufficientStorage", 507 },
	{ "ServiceUnavailable", 503 },
	{ "InternalError", 500 },
	{ "RequestTooLarge", 413 },
	{ "RequestTargetTooLong", 414 },
	{ "RequestHeaderTooLarge", 431 },
	{ "UnsupportedMediaType", 415 },
	{ "UnsupportedHTTPMethod", 405 },
};

static const struct {
	const char *symbol;
	unsigned int status;
} by_code[] = {
	[ERROR_NONE] = { "InternalError", 500 },
	[ERROR_INVALID] = { "InvalidParameter", 400 },
	[ERROR_NOT_FOUND] = { "NotFound", 404 },
	[ERROR_CONFLICT] = { "Conflict", 400 },
	[ERROR_DENIED] = { "Forbidden", 403 },
	[ERROR_LIMIT] = { "QuotaExceeded", 400 },
	[ERROR_UNAVAILABLE] = { "ServiceUnavailable", 503 },
	[ERROR_PEER] = { "OperationFailed", 400 },
	[ERROR_SYSTEM] = { "InternalError", 500 },
};

static bool matches(const char *pattern, const char *symbol)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return strncmp(pattern, symbol, len - 1) == 0;
	return strcmp(pattern, symbol) == 0;
}

unsigned int answer_status(const struct error *error)
{
	size_t i;

	for (i = 0; error->symbol[0] != '\0' && i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (matches(statuses[i].symbol, error->symbol))
			return statuses[i].status;
	}
	/* A symbol that is in no row is an error of the caller's: 400, as the real service answers, unless
	 * it is clearly ours. */
	if (error->symbol[0] != '\0' && error->code != ERROR_UNAVAILABLE &&
	    error->code != ERROR_SYSTEM && error->code != ERROR_NOT_FOUND)
		return 400;
	return by_code[error->code].status;
}

const char *answer_code(const struct error *error)
{
	return error->symbol[0] != '\0' ? error->symbol : by_code[error->code].symbol;
}

/* A text of ours may have been cut in the middle of a character. */
static json_t *text_of(const char *text)
{
	size_t len = strlen(text);
	json_t *value = json_string(text);

	while (value == NULL && len > 0)
		value = json_stringn(text, --len);
	return value != NULL ? value : json_string("");
}

json_t *answer_error(const struct error *error, const char *request_id, const char *host)
{
	json_t *body = json_object();

	json_object_set_new(body, "RequestId", json_string(request_id));
	json_object_set_new(body, "HostId", text_of(host != NULL ? host : "sallyport"));
	json_object_set_new(body, "Code", json_string(answer_code(error)));
	json_object_set_new(body, "Message", text_of(error->message));
	if (error->hint[0] != '\0')
		json_object_set_new(body, "Recommend", text_of(error->hint));
	if (error->place[0] != '\0')
		json_object_set_new(body, "Field", text_of(error->place));
	return body;
}
