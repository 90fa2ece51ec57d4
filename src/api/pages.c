/* What has a path of its own: health, documents, the console's page, CRLs and OCSP. */
#include "api/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "action/openapi.h"
#include "certs/http.h"

#define PKI_BODY_MAX 65536
#define HTML_TYPE "text/html; charset=utf-8"

/* The console takes its place; until then a page says so. */
static const char console_page[] =
	"<!doctype html>\n"
	"<html lang=\"en\">\n"
	"<head><meta charset=\"utf-8\"><title>Sallyport</title>\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<link rel=\"stylesheet\" href=\"/console/style.css\"></head>\n"
	"<body><main><h1>Sallyport</h1>\n"
	"<p>It runs. The console is coming; until then there are the command <code>sallyport</code>, "
	"and the API at <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p>\n"
	"</main></body></html>\n";

static const char console_style[] =
	"body { font: 16px/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 36em; padding: 0 1em; }\n"
	"@media (prefers-color-scheme: dark) { body { background: #16181c; color: #dde; } a { color: #8cf; } }\n";

static json_t *strict_headers(void)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s}", "Content-Security-Policy",
		"default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; "
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy", "no-referrer", "Cross-Origin-Opener-Policy", "same-origin",
		"Cache-Control", "no-cache");
}

static void send_text(struct visit *visit, unsigned int status, const char *type, const char *text)
{
	json_t *headers = strict_headers();

	exchange_answer(visit->exchange, status, type,
			(struct bytes){ (const uint8_t *)text, strlen(text) }, headers);
	json_decref(headers);
}

static void refuse_method(struct visit *visit)
{
	struct error err;

	call_refuse(&err, ERROR_INVALID, "UnsupportedHTTPMethod", NULL,
		    "this is read with GET or HEAD");
	reply_error(visit, &err);
}

/* --- single pages --- */

static void send_openapi(struct visit *visit)
{
	struct api *api = visit->api;
	json_t *document;

	if (api->openapi == NULL) {
		document = action_openapi();
		api->openapi = json_dumps(document, JSON_COMPACT);
		json_decref(document);
	}
	send_text(visit, 200, "application/json; charset=utf-8", api->openapi);
}

static void send_health(struct visit *visit)
{
	send_text(visit, 200, "text/plain; charset=utf-8", "ok\n");
}

static void send_console(struct visit *visit)
{
	send_text(visit, 200, HTML_TYPE, console_page);
}

static void send_style(struct visit *visit)
{
	send_text(visit, 200, "text/css; charset=utf-8", console_style);
}

static const struct {
	const char *path;
	void (*send)(struct visit *visit);
	bool for_everybody;
} pages[] = { { "/healthz", send_health, true },
	      { "/api/openapi.json", send_openapi, false },
	      { "/console/", send_console, false },
	      { "/console/style.css", send_style, false } };

static bool send_page(struct visit *visit, const char *path)
{
	bool everybody = exchange_door(visit->exchange) == DOOR_PKI;
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(path, pages[i].path) != 0 || (everybody && !pages[i].for_everybody))
			continue;
		if (strcmp(visit->exchange->method, "POST") == 0)
			refuse_method(visit);
		else
			pages[i].send(visit);
		return true;
	}
	return false;
}

/* --- CRLs, CA certificates, OCSP --- */

static bool is_pki(const char *path)
{
	return strncmp(path, "/pki/", 5) == 0 || strcmp(path, "/ocsp") == 0 ||
	       strncmp(path, "/ocsp/", 6) == 0;
}

static void set_date(json_t *headers, const char *name, int64_t seconds)
{
	char text[64];
	time_t time = seconds;
	struct tm tm;

	if (seconds == 0 || gmtime_r(&time, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm); /* RFC 9110 5.6.7 */
	json_object_set_new(headers, name, json_string(text));
}

static json_t *pki_headers(const struct certs_http_reply *reply)
{
	json_t *headers = json_object();
	char cache[64] = "no-store";

	if (reply->max_age_s > 0)
		snprintf(cache, sizeof(cache), "public, max-age=%lld", (long long)reply->max_age_s);
	json_object_set_new(headers, "Cache-Control", json_string(cache));
	set_date(headers, "Last-Modified", reply->last_modified_s);
	set_date(headers, "Expires", reply->expires_s);
	if (reply->etag[0] != '\0')
		json_object_set_new(headers, "ETag", json_string(reply->etag));
	if (reply->allow != NULL)
		json_object_set_new(headers, "Allow", json_string(reply->allow));
	return headers;
}

static bool has_it_already(const struct exchange *exchange, const struct certs_http_reply *reply)
{
	const char *known = exchange_header(exchange, "If-None-Match");

	return reply->status == 200 && reply->etag[0] != '\0' && known != NULL &&
	       strstr(known, reply->etag) != NULL;
}

static void send_pki_reply(struct visit *visit, struct certs_http_reply *reply)
{
	json_t *headers = pki_headers(reply);

	if (has_it_already(visit->exchange, reply)) {
		exchange_answer(visit->exchange, 304, NULL, (struct bytes){ 0 }, headers);
	} else if (reply->body_fd >= 0) {
		exchange_answer_file(visit->exchange, reply->status, reply->content_type,
				     reply->body_fd, reply->body_size, headers);
		reply->body_fd = -1;
	} else {
		exchange_answer(visit->exchange, reply->status, reply->content_type,
				buffer_bytes(&reply->body), headers);
	}
	json_decref(headers);
}

static void send_pki(struct visit *visit, const char *path)
{
	const struct exchange *exchange = visit->exchange;
	const char *method = strcmp(exchange->method, "POST") == 0 ? "POST" : "GET";
	struct certs_http_reply reply = { .body_fd = -1 };
	struct error err;

	if (exchange->body.len > PKI_BODY_MAX) {
		call_refuse(&err, ERROR_INVALID, "RequestTooLarge", NULL,
			    "the body is larger than 64 KiB");
		reply_error(visit, &err);
	} else if (certs_http(visit->api->control, method, path, buffer_bytes(&exchange->body),
			      exchange_from(exchange), &reply) < 0) {
		call_refuse(&err, ERROR_SYSTEM, "InternalError", NULL,
			    "the answer could not be made");
		reply_error(visit, &err);
	} else {
		send_pki_reply(visit, &reply);
	}
	if (reply.body_fd >= 0)
		close(reply.body_fd);
	buffer_done(&reply.body);
}

static void redirect(struct visit *visit, const char *to)
{
	json_t *headers = json_pack("{s:s}", "Location", to);

	exchange_answer(visit->exchange, 308, NULL, (struct bytes){ 0 }, headers);
	json_decref(headers);
}

bool pages_handle(struct visit *visit, const char *path)
{
	if (is_pki(path)) {
		send_pki(visit, path);
		return true;
	}
	if (strcmp(path, "/console") == 0 && exchange_door(visit->exchange) != DOOR_PKI) {
		redirect(visit, "/console/");
		return true;
	}
	return send_page(visit, path);
}
