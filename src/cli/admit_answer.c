#include "cli/admit_answer.h"

#include <stdio.h>

#include "control/wording.h"

static void print_line(const char *what, const char *outcome, const char *detail)
{
	printf("%-24s %-11s%s%s\n", what, outcome, detail[0] != '\0' ? " " : "", detail);
}

static void print_steps(const struct admit *admit)
{
	char detail[ADMIT_DETAIL_SIZE];
	enum admission_step step;

	for (step = ADMISSION_PRESENT; step < ADMISSION_DONE; step++) {
		enum admit_outcome outcome = admit_step(admit, step, detail);

		print_line(admission_step_text(step), admit_outcome_word(outcome), detail);
	}
}

void admit_answer_print(const struct admit *admit)
{
	const struct admission_verdict *verdict = &admit->verdict;
	char detail[ADMIT_DETAIL_SIZE];

	snprintf(detail, sizeof(detail), "%s (%s)", admit->listener->name, admit_asked_text(admit));
	print_line("listener", admit->listener->stopped ? "stopped" : "ok", detail);
	admit_served_text(admit, detail);
	if (detail[0] != '\0')
		print_line("server certificate", "ok", detail);
	if (admit->asked)
		print_steps(admit);
	if (admit_is_admitted(admit))
		printf("admitted%s%s\n", verdict->identity[0] != '\0' ? ": " : "",
		       verdict->identity);
	else
		printf("refused: %s (alert %s, %u)\n", reason_word(verdict->reason),
		       admit_alert_word(reason_alert(verdict->reason)),
		       reason_alert(verdict->reason));
}

/* --- the same as JSON --- */

static json_t *steps_json(const struct admit *admit)
{
	json_t *list = json_array();
	char detail[ADMIT_DETAIL_SIZE];
	enum admission_step step;

	for (step = ADMISSION_PRESENT; step < ADMISSION_DONE; step++) {
		enum admit_outcome outcome = admit_step(admit, step, detail);

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "step",
						      admission_step_text(step), "outcome",
						      admit_outcome_word(outcome), "detail", detail));
	}
	return list;
}

static void add_verdict(json_t *object, const struct admit *admit)
{
	const struct admission_verdict *verdict = &admit->verdict;
	uint8_t alert = reason_alert(verdict->reason);

	json_object_set_new(object, "steps", steps_json(admit));
	json_object_set_new(object, "reason", json_string(reason_word(verdict->reason)));
	json_object_set_new(object, "reason_text", json_string(reason_text(verdict->reason)));
	json_object_set_new(object, "identity", json_string(verdict->identity));
	json_object_set_new(object, "subject", json_string(verdict->subject));
	json_object_set_new(object, "issuer", json_string(verdict->issuer));
	json_object_set_new(object, "serial", json_string(verdict->serial));
	if (verdict->reason == REASON_ADMITTED)
		return;
	json_object_set_new(object, "depth", json_integer(verdict->depth));
	json_object_set_new(
		object, "alert",
		json_pack("{s:s, s:i}", "name", admit_alert_word(alert), "number", alert));
}

json_t *admit_answer_json(const struct admit *admit)
{
	bool admitted = admit_is_admitted(admit);
	json_t *object = json_object();
	char text[ADMIT_DETAIL_SIZE], when[WORDING_TIME_SIZE];

	wording_time(admit->now, when);
	admit_served_text(admit, text);
	json_object_set_new(object, "verdict", json_string(admitted ? "admitted" : "refused"));
	json_object_set_new(object, "listener", json_string(admit->listener->name));
	json_object_set_new(object, "listener_stopped", json_boolean(admit->listener->stopped));
	json_object_set_new(object, "clients", json_string(admit_asked_text(admit)));
	json_object_set_new(object, "at", json_string(when));
	if (admit->sni != NULL)
		json_object_set_new(object, "sni", json_string(admit->sni));
	json_object_set_new(object, "server_certificate", json_string(text));
	if (admit->asked)
		add_verdict(object, admit);
	return object;
}
