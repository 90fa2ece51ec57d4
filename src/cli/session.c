#include "cli/session.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "action/action.h"
#include "base/bytes.h"
#include "base/monotime.h"
#include "cli/print.h"

#define PAGE 100	/* the most that MaxResults takes everywhere */
#define LARGE_PAGE 1000 /* the most that ShowSize takes */
#define JOB_POLL_MS 20
#define JOB_WAIT_MS 60000

const char *session_text(const json_t *object, const char *member)
{
	const char *value = json_string_value(json_object_get(object, member));

	return value != NULL ? value : "";
}

int session_report(const struct session *session, const struct error *err)
{
	if (session->json)
		print_json(json_pack("{s:b, s:o}", "ok", 0, "error", print_error_json(err)));
	fprintf(stderr, "sallyport: %s%s%s\n", err->place, err->place[0] != '\0' ? ": " : "",
		err->message);
	if (err->symbol[0] != '\0')
		fprintf(stderr, "code: %s\n", err->symbol);
	if (err->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", err->hint);
	return 1;
}

int session_open(const struct arguments *arguments, struct session *ret_session)
{
	struct error err = { 0 };

	memset(ret_session, 0, sizeof(*ret_session));
	ret_session->json = arguments->json;
	if (api_target_find(&arguments->api, &ret_session->target, &err) == 0)
		return 0;
	if (err.code == ERROR_NOT_FOUND)
		error_hint(&err,
			   "Start one with sallyportd --data-dir DIR, ask as root or as its user; "
			   "or give --endpoint URL and --token-file FILE.");
	session_report(ret_session, &err);
	api_target_done(&ret_session->target);
	return -1;
}

void session_close(struct session *session)
{
	api_target_done(&session->target);
}

/* Freed memory keeps what was in it: passwords and keys are wiped before. */
static void drop_parameters(const char *product, const char *action, json_t *body)
{
	const struct product *of = product_find(product);
	const struct action *known = of != NULL ? action_find(of, action) : NULL;
	bool last = body->refcount == 1;
	size_t i;

	for (i = 0; last && known != NULL && i < known->parameter_count; i++) {
		json_t *value = json_object_get(body, known->parameters[i].name);

		if ((known->parameters[i].flags & PARAMETER_SECRET) != 0 && json_is_string(value))
			memory_wipe((char *)(uintptr_t)json_string_value(value),
				    json_string_length(value));
	}
	json_decref(body);
}

json_t *session_try(const struct session *session, const char *product, const char *action,
		    json_t *parameters, struct error *err)
{
	json_t *body = parameters != NULL ? parameters : json_object();
	json_t *reply = api_call(&session->target, product, action, body, err);

	drop_parameters(product, action, body);
	return reply;
}

json_t *session_ask(const struct session *session, const char *product, const char *action,
		    json_t *parameters)
{
	struct error err = { 0 };
	json_t *reply = session_try(session, product, action, parameters, &err);

	if (reply == NULL)
		session_report(session, &err);
	return reply;
}

/* Sets the place of the next page; false: this was the last one. */
static bool turn_page(const json_t *reply, const json_t *all, json_t *parameters)
{
	const char *token = session_text(reply, "NextToken");

	if (json_object_get(reply, "ShowSize") != NULL) {
		json_int_t page = json_integer_value(json_object_get(reply, "CurrentPage"));

		json_object_set_new(parameters, "CurrentPage", json_integer(page + 1));
		return (json_int_t)json_array_size(all) <
		       json_integer_value(json_object_get(reply, "TotalCount"));
	}
	json_object_set_new(parameters, "NextToken", json_string(token));
	return token[0] != '\0';
}

json_t *session_list(const struct session *session, const char *product, const char *action,
		     json_t *parameters, const char *member, struct error *err)
{
	json_t *request = parameters != NULL ? parameters : json_object(), *all = json_array();
	const struct product *of = product_find(product);
	const struct action *known = of != NULL ? action_find(of, action) : NULL;
	bool more = true;
	size_t i;

	for (i = 0; known != NULL && i < known->parameter_count; i++) {
		const char *name = known->parameters[i].name;

		if (strcmp(name, "MaxResults") == 0)
			json_object_set_new(request, name, json_integer(PAGE));
		else if (strcmp(name, "ShowSize") == 0)
			json_object_set_new(request, name, json_integer(LARGE_PAGE));
	}
	while (more) {
		json_t *reply = api_call(&session->target, product, action, request, err);
		const json_t *page = json_object_get(reply, member);
		bool empty = json_array_size(page) == 0;

		if (reply == NULL) {
			json_decref(all);
			all = NULL;
		} else {
			json_array_extend(all, (json_t *)page);
		}
		more = all != NULL && !empty && turn_page(reply, all, request);
		json_decref(reply);
	}
	json_decref(request);
	return all;
}

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

int session_wait(const struct session *session, const json_t *reply, struct error *err)
{
	const char *job = session_text(reply, "JobId");
	uint64_t end_ms = monotime_ms() + JOB_WAIT_MS;

	while (job[0] != '\0') {
		json_t *status = session_try(session, "nlb", "GetJobStatus",
					     json_pack("{s:s}", "JobId", job), err);
		bool done = strcmp(session_text(status, "Status"), "Succeeded") == 0;
		bool failed = strcmp(session_text(status, "Status"), "Failed") == 0;

		if (failed)
			error_set(err, ERROR_CONFLICT, "it is saved, but cannot be served: %s",
				  session_text(status, "Reason"));
		if (status == NULL || failed) {
			json_decref(status);
			return -1;
		}
		json_decref(status);
		if (done)
			break;
		if (monotime_ms() > end_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "it is saved, but not served after %d s",
					 JOB_WAIT_MS / 1000);
		pause_ms(JOB_POLL_MS);
	}
	return 0;
}
