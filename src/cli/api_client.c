#include "cli/api_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define ANSWER_MAX (64u << 20)

struct exchange {
	CURL *curl;
	struct curl_slist *headers;
	char *body;
	struct buffer answer;
	char detail[CURL_ERROR_SIZE];
	long status;
};

static size_t take_answer(char *data, size_t size, size_t count, void *arg)
{
	struct buffer *answer = arg;

	(void)size;
	if (answer->len + count > ANSWER_MAX)
		return 0;
	buffer_append(answer, data, count);
	return count;
}

/* Wiped: it may hold a token. */
static void add_token(struct exchange *exchange, const char *token)
{
	struct buffer line = { 0 };

	buffer_printf(&line, "Authorization: Bearer %s", token);
	exchange->headers = curl_slist_append(exchange->headers, (const char *)line.data);
	buffer_done(&line);
}

static void set_target(struct exchange *exchange, const struct api_target *target,
		       const char *product, const char *action)
{
	const char *base = target->socket[0] != '\0' ? "http://localhost" : target->endpoint;
	size_t length = strlen(base);
	char url[1024];

	while (length > 0 && base[length - 1] == '/')
		length--;
	snprintf(url, sizeof(url), "%.*s/api/%s/%s", (int)length, base, product, action);
	curl_easy_setopt(exchange->curl, CURLOPT_URL, url);
	if (target->socket[0] != '\0')
		curl_easy_setopt(exchange->curl, CURLOPT_UNIX_SOCKET_PATH, target->socket);
	if (target->ca_file != NULL)
		curl_easy_setopt(exchange->curl, CURLOPT_CAINFO, target->ca_file);
	if (target->token != NULL)
		add_token(exchange, target->token);
}

static void set_body(struct exchange *exchange, const json_t *parameters)
{
	exchange->headers =
		curl_slist_append(exchange->headers, "Content-Type: application/json");
	exchange->body = json_dumps(parameters, JSON_COMPACT);
	curl_easy_setopt(exchange->curl, CURLOPT_HTTPHEADER, exchange->headers);
	curl_easy_setopt(exchange->curl, CURLOPT_POSTFIELDS, exchange->body);
	curl_easy_setopt(exchange->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(exchange->curl, CURLOPT_WRITEDATA, &exchange->answer);
	curl_easy_setopt(exchange->curl, CURLOPT_ERRORBUFFER, exchange->detail);
	curl_easy_setopt(exchange->curl, CURLOPT_TIMEOUT, (long)API_TIMEOUT_S);
	curl_easy_setopt(exchange->curl, CURLOPT_NOSIGNAL, 1L);
	/* What speaks to us is never behind a proxy of the environment. */
	curl_easy_setopt(exchange->curl, CURLOPT_PROXY, "");
}

static void exchange_done(struct exchange *exchange)
{
	curl_slist_free_all(exchange->headers);
	if (exchange->body != NULL)
		memory_wipe(exchange->body, strlen(exchange->body));
	free(exchange->body);
	buffer_done(&exchange->answer);
	curl_easy_cleanup(exchange->curl);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value == NULL ? "" : value;
}

static enum error_code code_of(long status)
{
	switch (status) {
	case 401:
	case 403:
		return ERROR_DENIED;
	case 404:
		return ERROR_NOT_FOUND;
	case 409:
		return ERROR_CONFLICT;
	case 503:
		return ERROR_UNAVAILABLE;
	default:
		return ERROR_INVALID;
	}
}

static void explain_refusal(const json_t *answer, long status, struct error *err)
{
	error_set(err, code_of(status), "%s", text_of(answer, "Message"));
	error_symbol(err, text_of(answer, "Code"));
	error_hint(err, "%s", text_of(answer, "Recommend"));
	error_place(err, "%s", text_of(answer, "Field"));
}

static json_t *read_answer(const struct exchange *exchange, struct error *err)
{
	json_t *answer = json_loadb((const char *)exchange->answer.data, exchange->answer.len, 0,
				    NULL);

	if (exchange->status == 200 && json_is_object(answer))
		return answer;
	if (json_is_object(answer) && json_object_get(answer, "Code") != NULL)
		explain_refusal(answer, exchange->status, err);
	else
		error_set(err, ERROR_PEER,
			  "could not understand the answer: HTTP status %ld, not of Sallyport's API",
			  exchange->status);
	json_decref(answer);
	return NULL;
}

static int perform(struct exchange *exchange, const struct api_target *target, struct error *err)
{
	CURLcode result = curl_easy_perform(exchange->curl);
	const char *why = exchange->detail[0] != '\0' ? exchange->detail
						      : curl_easy_strerror(result);

	if (result == CURLE_OK) {
		curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &exchange->status);
		return 0;
	}
	error_set(err, ERROR_UNAVAILABLE, "could not reach sallyportd at %s: %s",
		  target->socket[0] != '\0' ? target->socket : target->endpoint, why);
	return error_hint(err, "Is it running, and may this user speak to it?");
}

json_t *api_call(const struct api_target *target, const char *product, const char *action,
		 const json_t *parameters, struct error *err)
{
	struct exchange exchange = { .curl = curl_easy_init() };
	json_t *answer = NULL;

	if (exchange.curl == NULL) {
		error_set(err, ERROR_SYSTEM, "could not prepare an HTTP request");
		return NULL;
	}
	set_target(&exchange, target, product, action);
	set_body(&exchange, parameters);
	if (perform(&exchange, target, err) == 0)
		answer = read_answer(&exchange, err);
	exchange_done(&exchange);
	return answer;
}
