#include "cli/admit_answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/wording.h"
#include "x509/certificate.h"

#define SERVED_MAX 4
#define DETAIL_SIZE 512

const char *admit_answer_alert(uint8_t number)
{
	switch (number) {
	case 42:
		return "bad_certificate";
	case 43:
		return "unsupported_certificate";
	case 44:
		return "certificate_revoked";
	case 45:
		return "certificate_expired";
	case 46:
		return "certificate_unknown";
	case 48:
		return "unknown_ca";
	case 49:
		return "access_denied";
	case 51:
		return "decrypt_error";
	case 80:
		return "internal_error";
	case 116:
		return "certificate_required";
	default:
		return "unknown";
	}
}

/* --- what the server would show: the rule of the handshake, on the same table of the document --- */

struct served {
	const struct document_certificate *certificates[SERVED_MAX];
	size_t count;
	const char *why; /* "by name", "by wildcard", "default" */
};

static void find_name(const struct admit_answer *answer, const char *name, struct served *served)
{
	const struct document_listener *listener = answer->listener;
	uint32_t i;

	for (i = 0; i < listener->sni_count && served->count < SERVED_MAX; i++)
		if (listener->sni[i].name.len == strlen(name) &&
		    strncasecmp((const char *)listener->sni[i].name.data, name, strlen(name)) == 0)
			served->certificates[served->count++] =
				&answer->plan->decoded->certificates[listener->sni[i].certificate];
}

static void find_served(const struct admit_answer *answer, struct served *served)
{
	const struct document_listener *listener = answer->listener;
	const char *sni = answer->sni != NULL ? answer->sni : "";
	const char *dot = strchr(sni, '.');
	char wildcard[300];

	memset(served, 0, sizeof(*served));
	served->why = "by name";
	if (sni[0] != '\0' && sni[0] != '*')
		find_name(answer, sni, served);
	if (served->count == 0 && dot != NULL && dot != sni && strlen(dot) < 256) {
		served->why = "by wildcard";
		snprintf(wildcard, sizeof(wildcard), "*%s", dot);
		find_name(answer, wildcard, served);
	}
	if (served->count > 0 || listener->default_certificate_count == 0)
		return;
	served->why = "the default";
	served->certificates[served->count++] =
		&answer->plan->decoded->certificates[listener->default_certificates[0]];
}

static const char *key_word(enum model_key_kind kind)
{
	switch (kind) {
	case MODEL_KEY_RSA:
		return "RSA";
	case MODEL_KEY_ECDSA:
		return "ECDSA";
	case MODEL_KEY_ED25519:
		return "Ed25519";
	default:
		return "unknown key";
	}
}

static void served_text(const struct admit_answer *answer, char ret_text[DETAIL_SIZE])
{
	struct served served;
	size_t used = 0, i;

	ret_text[0] = '\0';
	if (answer->listener->protocol != MODEL_TCPSSL)
		return;
	find_served(answer, &served);
	for (i = 0; i < served.count && used < DETAIL_SIZE / 2; i++) {
		const struct document_certificate *one = served.certificates[i];
		bool valid = answer->now >= one->not_before && answer->now <= one->not_after;
		char when[WORDING_TIME_SIZE];

		wording_time(one->not_after, when);
		used += (size_t)snprintf(ret_text + used, DETAIL_SIZE - used,
					 "%s%.100s (%s, %s, %s %s)", i == 0 ? "" : ", ", one->name,
					 key_word(one->key_kind), served.why,
					 valid ? "valid until" : "NOT VALID, ends", when);
	}
}

/* --- steps --- */

enum outcome { OUTCOME_OK, OUTCOME_REFUSED, OUTCOME_NOT_REACHED };

static enum outcome outcome_of(const struct admission_verdict *verdict, enum admission_step step)
{
	if (verdict->reason == REASON_ADMITTED || step < verdict->step)
		return OUTCOME_OK;
	return step == verdict->step ? OUTCOME_REFUSED : OUTCOME_NOT_REACHED;
}

static void time_detail(const struct admission_record *record, char ret_text[DETAIL_SIZE])
{
	char from[WORDING_TIME_SIZE], to[WORDING_TIME_SIZE];

	wording_time(record->not_before, from);
	wording_time(record->not_after, to);
	snprintf(ret_text, DETAIL_SIZE, "the whole chain is valid from %s to %s", from, to);
}

static void revocation_detail(const struct admit_answer *answer, char ret_text[DETAIL_SIZE])
{
	static const char *const modes[] = {
		[MODEL_REVOCATION_GIVEN] =
			"every certificate whose issuer has a list was looked up",
		[MODEL_REVOCATION_LEAF] = "the client's certificate was looked up",
		[MODEL_REVOCATION_ALL] = "every certificate was looked up, lists are required",
		[MODEL_REVOCATION_OFF] = "not checked (RevocationMode Off)",
	};

	snprintf(ret_text, DETAIL_SIZE, "%s", modes[answer->listener->revocation_mode]);
}

/* What a person wants to know about a step that went well. */
static void good_detail(const struct admit_answer *answer, enum admission_step step,
			char ret_text[DETAIL_SIZE])
{
	const struct admission_verdict *verdict = &answer->verdict;
	const struct admission_record *record = verdict->record;

	ret_text[0] = '\0';
	if (answer->sent_count == 0) {
		if (step == ADMISSION_PRESENT)
			snprintf(ret_text, DETAIL_SIZE, "none, and CaMode Optional lets that in");
		return;
	}
	if (step == ADMISSION_PRESENT && verdict->serial[0] != '\0')
		snprintf(ret_text, DETAIL_SIZE, "%s, serial %s",
			 verdict->subject[0] != '\0' ? verdict->subject : verdict->identity,
			 verdict->serial);
	else if (step == ADMISSION_CHAIN && verdict->issuer[0] != '\0')
		snprintf(ret_text, DETAIL_SIZE, "issued by %s", verdict->issuer);
	else if (step == ADMISSION_TIME && record != NULL)
		time_detail(record, ret_text);
	else if (step == ADMISSION_REVOCATION)
		revocation_detail(answer, ret_text);
}

static void step_detail(const struct admit_answer *answer, enum admission_step step,
			enum outcome outcome, char ret_text[DETAIL_SIZE])
{
	const struct admission_verdict *verdict = &answer->verdict;

	ret_text[0] = '\0';
	if (outcome == OUTCOME_OK)
		good_detail(answer, step, ret_text);
	if (outcome != OUTCOME_REFUSED)
		return;
	snprintf(ret_text, DETAIL_SIZE, "%s%s%s", reason_text(verdict->reason),
		 verdict->detail[0] != '\0' ? ": " : "", verdict->detail);
	if (answer->sent_count > 0)
		snprintf(ret_text + strlen(ret_text), DETAIL_SIZE - strlen(ret_text),
			 " (certificate %u of the chain)", verdict->depth + 1);
}

static const char *outcome_word(enum outcome outcome)
{
	return outcome == OUTCOME_OK	    ? "ok"
	       : outcome == OUTCOME_REFUSED ? "refused"
					    : "not reached";
}

static const char *asked_text(const struct admit_answer *answer)
{
	if (answer->listener->protocol != MODEL_TCPSSL)
		return "TCP: clients are not asked who they are";
	if (!answer->asked)
		return "TCPSSL, clients are not asked for a certificate";
	return answer->listener->ca_mode == MODEL_CA_OPTIONAL
		       ? "TCPSSL, a client certificate is optional"
		       : "TCPSSL, a client certificate is required";
}

static void print_line(const char *what, const char *outcome, const char *detail)
{
	printf("%-24s %-11s%s%s\n", what, outcome, detail[0] != '\0' ? " " : "", detail);
}

static void print_steps(const struct admit_answer *answer)
{
	char detail[DETAIL_SIZE];
	enum admission_step step;

	for (step = ADMISSION_PRESENT; step < ADMISSION_DONE; step++) {
		enum outcome outcome = outcome_of(&answer->verdict, step);

		step_detail(answer, step, outcome, detail);
		print_line(admission_step_text(step), outcome_word(outcome), detail);
	}
}

void admit_answer_print(const struct admit_answer *answer)
{
	const struct admission_verdict *verdict = &answer->verdict;
	char detail[DETAIL_SIZE];

	snprintf(detail, sizeof(detail), "%s (%s)", answer->listener->name, asked_text(answer));
	print_line("listener", answer->listener->stopped ? "stopped" : "ok", detail);
	served_text(answer, detail);
	if (detail[0] != '\0')
		print_line("server certificate", "ok", detail);
	if (answer->asked)
		print_steps(answer);
	if (!answer->asked || verdict->reason == REASON_ADMITTED)
		printf("admitted%s%s\n", verdict->identity[0] != '\0' ? ": " : "",
		       verdict->identity);
	else
		printf("refused: %s (alert %s, %u)\n", reason_word(verdict->reason),
		       admit_answer_alert(reason_alert(verdict->reason)),
		       reason_alert(verdict->reason));
}

/* --- the same as JSON --- */

static json_t *steps_json(const struct admit_answer *answer)
{
	json_t *list = json_array();
	char detail[DETAIL_SIZE];
	enum admission_step step;

	for (step = ADMISSION_PRESENT; step < ADMISSION_DONE; step++) {
		enum outcome outcome = outcome_of(&answer->verdict, step);

		step_detail(answer, step, outcome, detail);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "step",
						      admission_step_text(step), "outcome",
						      outcome_word(outcome), "detail", detail));
	}
	return list;
}

static void add_verdict(json_t *object, const struct admit_answer *answer)
{
	const struct admission_verdict *verdict = &answer->verdict;
	uint8_t alert = reason_alert(verdict->reason);

	json_object_set_new(object, "steps", steps_json(answer));
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
		json_pack("{s:s, s:i}", "name", admit_answer_alert(alert), "number", alert));
}

json_t *admit_answer_json(const struct admit_answer *answer)
{
	bool admitted = !answer->asked || answer->verdict.reason == REASON_ADMITTED;
	json_t *object = json_object();
	char text[DETAIL_SIZE], when[WORDING_TIME_SIZE];

	wording_time(answer->now, when);
	served_text(answer, text);
	json_object_set_new(object, "verdict", json_string(admitted ? "admitted" : "refused"));
	json_object_set_new(object, "listener", json_string(answer->listener->name));
	json_object_set_new(object, "listener_stopped", json_boolean(answer->listener->stopped));
	json_object_set_new(object, "clients", json_string(asked_text(answer)));
	json_object_set_new(object, "at", json_string(when));
	if (answer->sni != NULL)
		json_object_set_new(object, "sni", json_string(answer->sni));
	json_object_set_new(object, "server_certificate", json_string(text));
	if (answer->asked)
		add_verdict(object, answer);
	return object;
}
