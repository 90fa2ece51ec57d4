/* ListRefusals, GetRefusal: who was not let in, at which step, and what to do about it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/remedy.h"
#include "control/admit.h"
#include "net/address.h"
#include "store/certificate.h"
#include "x509/reason.h"

#define HANDSHAKE_STEP "TLS handshake"
#define PROOF_STEP "proof of the key"
#define FAILED_WORD "handshake_failed" /* no reason of ours: the handshake itself broke */

static const char *word_of(const struct refusal *refusal)
{
	return refusal->told.reason == REASON_ADMITTED ? FAILED_WORD
						       : reason_word(refusal->told.reason);
}

static const char *text_of(const struct refusal *refusal)
{
	return refusal->told.reason == REASON_ADMITTED ? "the TLS handshake failed"
						       : reason_text(refusal->told.reason);
}

static uint32_t alert_of(const struct refusal *refusal)
{
	if (refusal->alert != 0 || refusal->told.reason == REASON_ADMITTED)
		return refusal->alert;
	return reason_alert(refusal->told.reason);
}

static void fill(struct call *call, const struct refusal *refusal, json_t *object)
{
	const struct message_refusal *told = &refusal->told;
	char id[REFUSAL_ID_SIZE], listener[ADMIN_LISTENER_SIZE], source[ADDRESS_TEXT_SIZE];

	refusals_id(call->admin->refusals, refusal->number, id);
	listener_id(call, told->listener, listener);
	address_format(&told->client, source);
	reply_text(object, "RefusalId", id);
	reply_time(object, "Time", told->time_s);
	reply_text(object, "ListenerId", listener);
	reply_text(object, "ListenerName", told->listener);
	reply_text(object, "Reason", word_of(refusal));
	reply_text(object, "ReasonText", text_of(refusal));
	reply_text(object, "Alert",
		   alert_of(refusal) != 0 ? admit_alert_word((uint8_t)alert_of(refusal)) : "");
	reply_number(object, "AlertNumber", alert_of(refusal));
	reply_number(object, "Depth", told->depth);
	reply_text(object, "SerialNumber", told->serial);
	reply_text(object, "Subject", told->subject);
	reply_text(object, "ServerName", told->server_name);
	reply_text(object, "Source", source);
	reply_text(object, "Detail", told->detail);
}

/* --- ListRefusals --- */

struct wanted {
	char listener[ADMIN_LISTENER_SIZE]; /* "": any */
	const char *reason, *keyword;
};

/* A serial number is found with colons too. */
static bool holds_serial(const char *serial, const char *keyword)
{
	char plain[MESSAGE_SERIAL_SIZE];
	size_t used = 0;

	for (; *keyword != '\0' && used + 1 < sizeof(plain); keyword++)
		if (*keyword != ':' && *keyword != ' ')
			plain[used++] = *keyword;
	plain[used] = '\0';
	return used > 0 && strcasestr(serial, plain) != NULL;
}

static bool is_wanted(const struct wanted *wanted, const struct refusal *refusal)
{
	const struct message_refusal *told = &refusal->told;
	char source[ADDRESS_TEXT_SIZE];

	if (wanted->listener[0] != '\0' && strcmp(wanted->listener, told->listener) != 0)
		return false;
	if (wanted->reason != NULL && strcasecmp(wanted->reason, word_of(refusal)) != 0)
		return false;
	if (wanted->keyword == NULL)
		return true;
	address_format(&told->client, source);
	return strcasestr(told->subject, wanted->keyword) != NULL ||
	       strcasestr(told->server_name, wanted->keyword) != NULL ||
	       strstr(source, wanted->keyword) != NULL ||
	       holds_serial(told->serial, wanted->keyword);
}

static int64_t count_wanted(const struct refusals *refusals, const struct wanted *wanted)
{
	uint64_t number;
	int64_t count = 0;

	for (number = refusals_newest(refusals); number > 0; number--) {
		const struct refusal *refusal = refusals_get(refusals, number);

		if (refusal == NULL)
			break;
		count += is_wanted(wanted, refusal) ? 1 : 0;
	}
	return count;
}

static void list_page(struct call *call, const struct wanted *wanted, uint64_t from, int limit)
{
	const struct refusals *refusals = call->admin->refusals;
	const struct refusal *refusal;
	json_t *rows = json_array();
	uint64_t number, last = 0;
	char next[24];

	json_object_set_new(call->reply, "Refusals", rows);
	for (number = from; (refusal = refusals_get(refusals, number)) != NULL; number--) {
		json_t *object;

		if (!is_wanted(wanted, refusal))
			continue;
		if ((int)json_array_size(rows) == limit) {
			snprintf(next, sizeof(next), "%" PRIu64, last);
			call_set_next_token(call, next);
			return;
		}
		object = json_object();
		fill(call, refusal, object);
		reply_number(object, "Count", 1);
		json_array_append_new(rows, object);
		last = number;
	}
}

int list_refusals_run(struct call *call, struct error *err)
{
	const struct refusals *refusals = call->admin->refusals;
	struct wanted wanted = { .reason = call_text(call, "Reason"),
				 .keyword = call_text(call, "Keyword") };
	const char *id = call_text(call, "ListenerId");
	int limit = call_max_results(call, 20);
	uint64_t from = refusals_newest(refusals), oldest = refusals_oldest(refusals);
	char after[64];

	if (call_next_token(call, after, sizeof(after), err) < 0 ||
	    (id != NULL && listener_name(call, id, wanted.listener, err) < 0))
		return -1;
	if (after[0] != '\0')
		from = strtoull(after, NULL, 10) - 1;
	list_page(call, &wanted, from, limit);
	reply_number(call->reply, "TotalCount", count_wanted(refusals, &wanted));
	reply_number(call->reply, "MaxResults", limit);
	reply_number(call->reply, "Lost", oldest > 0 ? (int64_t)oldest - 1 : 0);
	return 0;
}

/* --- GetRefusal --- */

static const char *outcome(enum admission_step step, enum admission_step end)
{
	return admit_outcome_word(step < end	? ADMIT_OK
				  : step == end ? ADMIT_REFUSED
						: ADMIT_NOT_REACHED);
}

/* The proof is checked by the handshake, after the certificate; a handshake that broke comes first.
 * */
static json_t *steps_of(const struct refusal *refusal)
{
	const enum reason reason = refusal->told.reason;
	const bool broke = reason == REASON_ADMITTED;
	enum admission_step end = broke ? ADMISSION_PRESENT : remedy_step(reason), step;
	json_t *steps = json_array();
	char detail[256];

	snprintf(detail, sizeof(detail), "%s%s%s", text_of(refusal),
		 refusal->told.detail[0] != '\0' ? ": " : "", refusal->told.detail);
	json_array_append_new(
		steps, remedy_row(HANDSHAKE_STEP, broke ? "refused" : "ok", broke ? detail : ""));
	for (step = ADMISSION_PRESENT; step < ADMISSION_DONE; step++)
		json_array_append_new(steps,
				      remedy_row(admission_step_text(step),
						 broke ? admit_outcome_word(ADMIT_NOT_REACHED)
						       : outcome(step, end),
						 !broke && step == end ? detail : ""));
	if (!broke && end == ADMISSION_DONE)
		json_array_append_new(
			steps, remedy_row(reason == REASON_BAD_PROOF ? PROOF_STEP : "decision",
					  "refused", detail));
	return steps;
}

/* A certificate of ours: the console offers to renew it. */
static int find_certificate(struct call *call, const struct refusal *refusal, struct error *err)
{
	struct store_certificate certificate;
	int found;

	reply_text(call->reply, "Identifier", "");
	if (refusal->told.serial[0] == '\0')
		return 0;
	found = find_by_serial(call->store, refusal->told.serial, &certificate, err);
	if (found <= 0)
		return found;
	reply_text(call->reply, "Identifier", certificate.id);
	store_certificate_done(&certificate);
	return 0;
}

int get_refusal_run(struct call *call, struct error *err)
{
	const char *id = call_text(call, "RefusalId");
	const struct refusal *refusal = refusals_find(call->admin->refusals, id);

	if (refusal == NULL)
		return call_not_found(err, "refusal", id);
	fill(call, refusal, call->reply);
	reply_number(call->reply, "Count", 1);
	reply_text(call->reply, "Remedy",
		   refusal->told.reason == REASON_ADMITTED
			   ? "Compare the versions and cipher suites of client and security policy."
			   : remedy_text(refusal->told.reason));
	json_object_set_new(call->reply, "Steps", steps_of(refusal));
	return find_certificate(call, refusal, err);
}
