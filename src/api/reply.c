#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "base/monotime.h"
#include "control/serving.h"

#define JSON_TYPE "application/json; charset=utf-8"
#define LOG_EVERY_S 10

/* --- bodies --- */

/* Of a path whose method was wrong. */
static const char *allowed(const char *target)
{
	if (strncmp(target, "/api/", 5) == 0 && strncmp(target, "/api/openapi.json", 17) != 0)
		return "POST";
	return target[0] == '/' && (target[1] == '\0' || target[1] == '?') ? "GET, HEAD, POST"
									   : "GET, HEAD";
}

static void add_common(json_t *headers, const struct exchange *exchange, const char *request_id,
		       unsigned int status)
{
	json_object_set_new(headers, "Cache-Control", json_string("no-store"));
	json_object_set_new(headers, "x-acs-request-id", json_string(request_id));
	if (status == 401)
		json_object_set_new(headers, "WWW-Authenticate", json_string("Bearer"));
	if (status == 405)
		json_object_set_new(headers, "Allow", json_string(allowed(exchange->target)));
	if (status == 429 || status == 503)
		json_object_set_new(headers, "Retry-After", json_string("1"));
}

/* headers may be NULL. */
static void send_json(struct exchange *exchange, unsigned int status, const json_t *body,
		      const json_t *headers, const char *request_id)
{
	char *text = json_dumps(body, JSON_COMPACT);
	size_t len = strlen(text);
	json_t *all = json_object();

	if (headers != NULL)
		json_object_update(all, (json_t *)(uintptr_t)headers);
	add_common(all, exchange, request_id, status);
	exchange_answer(exchange, status, JSON_TYPE, (struct bytes){ (uint8_t *)text, len }, all);
	memory_wipe(text, len);
	free(text);
	json_decref(all);
}

static void send_error(struct exchange *exchange, const struct error *error, const char *request_id)
{
	json_t *body = answer_error(error, request_id, exchange_header(exchange, "Host"));

	send_json(exchange, answer_status(error), body, NULL, request_id);
	json_decref(body);
}

void reply_log_failure(struct api *api, const struct error *error)
{
	int64_t now = walltime_s();

	if (now >= api->failure_said_s && now < api->failure_said_s + LOG_EVERY_S)
		return;
	api->failure_said_s = now;
	serving_log(api->control, "api_call_failed", "error", error->message);
}

/* What is our fault, or the disk's, is for the log as well. */
static void log_if_ours(struct api *api, const struct error *error)
{
	if (answer_status(error) >= 500)
		reply_log_failure(api, error);
}

void reply_error(struct visit *visit, const struct error *error)
{
	log_if_ours(visit->api, error);
	send_error(visit->exchange, error, visit->request_id);
}

void reply_denied(struct visit *visit, const struct error *error)
{
	struct error instead;

	if (throttle_take(visit->api->failures, exchange_from(visit->exchange), monotime_ms())) {
		reply_error(visit, error);
		return;
	}
	call_refuse(&instead, ERROR_LIMIT, "Throttling", NULL,
		    "too many requests from here failed to prove who sends them");
	error_hint(&instead, "Wait a second, and check the credentials.");
	reply_error(visit, &instead);
}

/* --- of the dispatcher --- */

void reply_call(void *owner, const struct call *call, const struct error *error)
{
	struct exchange *exchange = owner;

	if (error != NULL) {
		log_if_ours(exchange_arg(exchange), error);
		send_error(exchange, error, call->request_id);
		return;
	}
	json_object_set_new(call->reply, "RequestId", json_string(call->request_id));
	send_json(exchange, 200, call->reply, call->headers, call->request_id);
}

bool reply_is_gone(void *owner)
{
	return exchange_is_gone(owner);
}
