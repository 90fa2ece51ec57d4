/* Which part answers a request, and what they share. */
#include "api/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/form.h"
#include "base/monotime.h"

/* --- a visit --- */

static void upper_uuid(char ret_uuid[37])
{
	char *at;

	call_new_uuid(ret_uuid);
	for (at = ret_uuid; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
}

static void visit_init(struct visit *visit, struct api *api, struct exchange *exchange)
{
	size_t path_len = strcspn(exchange->target, "?");
	const char *query = exchange->target + path_len;

	memset(visit, 0, sizeof(*visit));
	visit->api = api;
	visit->exchange = exchange;
	upper_uuid(visit->request_id);
	visit->path = memory_new(path_len + 1);
	memcpy(visit->path, exchange->target, path_len);
	if (*query == '?')
		visit->query = (struct bytes){ (const uint8_t *)query + 1, strlen(query + 1) };
	snprintf(visit->caller.from, sizeof(visit->caller.from), "%s", exchange_from(exchange));
}

static const char *single_header(void *arg, const char *name)
{
	return exchange_header_count(arg, name) == 1 ? exchange_header(arg, name) : NULL;
}

struct evidence visit_evidence(const struct visit *visit, const json_t *query,
			       const json_t *parameters)
{
	return (struct evidence){
		.method = visit->exchange->method,
		.path = visit->path,
		.query = query,
		.parameters = parameters,
		.body = buffer_bytes(&visit->exchange->body),
		.header = single_header,
		.arg = visit->exchange,
		.now = walltime_s(),
	};
}

void visit_dispatch(struct visit *visit, const struct product *product, const struct action *action,
		    json_t *parameters)
{
	const struct dispatch_order order = {
		.owner = visit->exchange,
		.product = product,
		.action = action,
		.caller = &visit->caller,
		.parameters = parameters,
		.request_id = visit->request_id,
		.nonce = visit->nonce,
		/* Longer than a signature made before the start would be accepted. */
		.check_nonce = walltime_s() < visit->api->started_s + 3 * AUTHENTICATE_WINDOW_S,
		.over_tls = exchange_door(visit->exchange) == DOOR_CONSOLE,
	};

	dispatch_call(visit->api->dispatch, &order);
}

/* --- routes --- */

/* "product/Action" into two. */
static bool split_call(const char *text, char ret_product[32], char ret_action[128])
{
	size_t product = strcspn(text, "/"), action;

	if (product == 0 || product >= 32 || text[product] != '/')
		return false;
	action = strlen(text + product + 1);
	if (action == 0 || action >= 128 || strchr(text + product + 1, '/') != NULL)
		return false;
	memcpy(ret_product, text, product);
	ret_product[product] = '\0';
	memcpy(ret_action, text + product + 1, action + 1);
	return true;
}

static void not_found(struct visit *visit)
{
	struct error err;

	call_refuse(&err, ERROR_NOT_FOUND, "NotFound", NULL, "there is nothing at this path");
	error_hint(&err, "The API is at / and /api/<product>/<Action>; see /api/openapi.json.");
	reply_error(visit, &err);
}

static void route(struct visit *visit, const char *path)
{
	static const char api[] = "/api/";
	bool everybody = exchange_door(visit->exchange) == DOOR_PKI;
	char product[32], action[128];

	if (pages_handle(visit, path))
		return;
	if (!everybody && strcmp(path, "/") == 0)
		rpc_handle(visit);
	else if (!everybody && strncmp(path, api, sizeof(api) - 1) == 0 &&
		 split_call(path + sizeof(api) - 1, product, action))
		json_handle(visit, product, action);
	else
		not_found(visit);
}

/* Sources of other machines only: those of this one would stand in each other's way. */
static bool is_throttled(const struct visit *visit)
{
	enum door_kind door = exchange_door(visit->exchange);
	const char *from = exchange_from(visit->exchange);

	if (door == DOOR_LOCAL || strncmp(from, "127.", 4) == 0 || strcmp(from, "::1") == 0)
		return false;
	return !throttle_take(visit->api->requests, from, monotime_ms());
}

static void answer(struct visit *visit)
{
	struct buffer path = { 0 };
	struct error err;

	if (is_throttled(visit)) {
		call_refuse(&err, ERROR_LIMIT, "Throttling", NULL, "too many requests from here");
		reply_error(visit, &err);
	} else if (!form_unescape(
			   (struct bytes){ (const uint8_t *)visit->path, strlen(visit->path) },
			   false, &path)) {
		call_refuse(&err, ERROR_INVALID, "InvalidParameter", NULL,
			    "the path holds %%XX that is none, or a NUL");
		reply_error(visit, &err);
	} else {
		buffer_append(&path, "", 1);
		route(visit, (const char *)path.data);
	}
	buffer_done(&path);
}

void route_handle(void *arg, struct exchange *exchange)
{
	struct visit visit;

	visit_init(&visit, arg, exchange);
	answer(&visit);
	free(visit.path);
}

void route_refuse(void *arg, struct exchange *exchange, const struct error *error)
{
	struct visit visit;

	visit_init(&visit, arg, exchange);
	reply_error(&visit, error);
	free(visit.path);
}
