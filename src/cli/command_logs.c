/*
 * sallyport logs: who was refused and who changed what, from the running system itself.
 *
 * With -f it goes on: the API's long poll wakes it at each change, and at least once a second.
 */
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/session.h"

#define LINES 20
#define LINES_AT_ONCE 100
#define WAIT_S 1

struct logs {
	struct session session;
	json_t *seen;	       /* RefusalId -> Count of those that were shown */
	json_int_t last_event; /* number of the newest audit event shown */
	json_int_t revision;
	bool follow, refusals, changes, began;
};

static void print_refusal(const struct logs *logs, const json_t *row)
{
	json_int_t count = json_integer_value(json_object_get(row, "Count"));

	if (logs->session.json) {
		json_dumpf(row, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	printf("%s refused %s at %s: %s", session_text(row, "Time"), session_text(row, "Source"),
	       session_text(row, "ListenerName"), session_text(row, "ReasonText"));
	if (session_text(row, "Subject")[0] != '\0')
		printf(" (%s, serial number %s)", session_text(row, "Subject"),
		       session_text(row, "SerialNumber"));
	if (count > 1)
		printf(", %lld times", (long long)count);
	printf("; id %s\n", session_text(row, "RefusalId"));
}

static void print_event(const struct logs *logs, const json_t *row)
{
	const char *outcome = session_text(row, "Outcome");

	if (logs->session.json) {
		json_dumpf(row, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	printf("%s %s %s %s from %s by %s%s%s\n", session_text(row, "Time"),
	       session_text(row, "EventAction"), session_text(row, "Kind"),
	       session_text(row, "ResourceId"), session_text(row, "From"),
	       session_text(row, "User"), strcmp(outcome, "ok") != 0 ? ": " : "",
	       strcmp(outcome, "ok") != 0 ? outcome : "");
}

/* --- what is new, oldest first --- */

static bool is_new_refusal(const struct logs *logs, const json_t *row)
{
	const json_t *seen = json_object_get(logs->seen, session_text(row, "RefusalId"));

	return seen == NULL || !json_equal(seen, json_object_get(row, "Count"));
}

static int64_t limit_of(const struct logs *logs)
{
	return logs->began ? LINES_AT_ONCE : LINES;
}

static int show_refusals(struct logs *logs, json_t *into, struct error *err)
{
	json_t *reply =
		session_try(&logs->session, "sallyport", "ListRefusals",
			    json_pack("{s:I}", "MaxResults", (json_int_t)limit_of(logs)), err);
	json_t *seen = json_object(), *row;
	size_t i;

	if (reply == NULL) {
		json_decref(seen);
		return -1;
	}
	json_array_foreach(json_object_get(reply, "Refusals"), i, row)
	{
		if (is_new_refusal(logs, row))
			json_array_append(into, row);
		json_object_set(seen, session_text(row, "RefusalId"),
				json_object_get(row, "Count"));
	}
	json_decref(logs->seen);
	logs->seen = seen;
	json_decref(reply);
	return 0;
}

static int show_events(struct logs *logs, json_t *into, struct error *err)
{
	json_t *reply =
		session_try(&logs->session, "sallyport", "ListAuditEvents",
			    json_pack("{s:I}", "MaxResults", (json_int_t)limit_of(logs)), err);
	json_int_t newest = logs->last_event;
	json_t *row;
	size_t i;

	if (reply == NULL)
		return -1;
	json_array_foreach(json_object_get(reply, "Events"), i, row)
	{
		json_int_t number = json_integer_value(json_object_get(row, "Number"));

		if (number > logs->last_event)
			json_array_append(into, row);
		newest = number > newest ? number : newest;
	}
	logs->last_event = newest;
	json_decref(reply);
	return 0;
}

/* Both lists come newest first; they are shown by time, oldest first. */
static void print_merged(const struct logs *logs, const json_t *refusals, const json_t *events)
{
	size_t r = json_array_size(refusals), e = json_array_size(events);

	while (r > 0 || e > 0) {
		const json_t *refusal = r > 0 ? json_array_get(refusals, r - 1) : NULL;
		const json_t *event = e > 0 ? json_array_get(events, e - 1) : NULL;
		bool refusal_first = event == NULL ||
				     (refusal != NULL && strcmp(session_text(refusal, "Time"),
								session_text(event, "Time")) < 0);

		if (refusal_first) {
			print_refusal(logs, refusal);
			r--;
		} else {
			print_event(logs, event);
			e--;
		}
	}
	fflush(stdout);
}

static int show(struct logs *logs, struct error *err)
{
	json_t *refusals = json_array(), *events = json_array();
	int status = 0;

	if (logs->refusals)
		status = show_refusals(logs, refusals, err);
	if (status == 0 && logs->changes)
		status = show_events(logs, events, err);
	if (status == 0)
		print_merged(logs, refusals, events);
	json_decref(refusals);
	json_decref(events);
	logs->began = true;
	return status;
}

static int wait_for_change(struct logs *logs, struct error *err)
{
	json_t *parameters = json_object(), *reply;

	if (logs->revision > 0) {
		json_object_set_new(parameters, "AfterRevision", json_integer(logs->revision));
		json_object_set_new(parameters, "WaitSeconds", json_integer(WAIT_S));
	}
	reply = session_try(&logs->session, "sallyport", "ListChanges", parameters, err);
	if (reply == NULL)
		return -1;
	logs->revision = json_integer_value(json_object_get(reply, "Revision"));
	json_decref(reply);
	return 0;
}

static int run(struct logs *logs)
{
	struct error err = { 0 };
	int status;

	do
		status = show(logs, &err);
	while (status == 0 && logs->follow && ferror(stdout) == 0 &&
	       (status = wait_for_change(logs, &err)) == 0);
	return status == 0 ? EXIT_DONE : session_report(&logs->session, &err);
}

int command_logs(int argc, char **argv)
{
	struct logs logs = { .refusals = true, .changes = true };
	struct arguments arguments;
	bool only_refusals = false, only_changes = false;
	const struct argument_option known[] = {
		{ .name = "f", .given = &logs.follow },
		{ .name = "follow", .given = &logs.follow },
		{ .name = "refusals", .given = &only_refusals },
		{ .name = "changes", .given = &only_changes },
		{ .name = NULL },
	};
	int status;

	status = arguments_start(argc, argv, known, 0, 0, &arguments);
	if (status != ARGUMENTS_GO_ON)
		return status;
	logs.refusals = only_refusals || !only_changes;
	logs.changes = only_changes || !only_refusals;
	if (session_open(&arguments, &logs.session) < 0)
		return EXIT_FAILED;
	logs.seen = json_object();
	status = run(&logs);
	json_decref(logs.seen);
	session_close(&logs.session);
	return status;
}
