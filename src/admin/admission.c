/* CheckAdmission: the question of `sallyport admit`, asked of what is served now. */
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/remedy.h"
#include "control/admit.h"
#include "control/served.h"
#include "control/certificate_ids.h"
#include "store/certificate.h"
#include "x509/reason.h"

/* --- the certificate --- */

static int add_chain(struct admit_chain *chain, struct bytes ders, struct error *err)
{
	while (ders.len > 4) {
		/* A DER SEQUENCE of more than 127 bytes, as every certificate is. */
		size_t octets = ders.data[1] & 0x7f, length = 0, i;

		if (!(ders.data[1] & 0x80) || octets == 0 || octets > 3 || ders.len < 2 + octets)
			break;
		for (i = 0; i < octets; i++)
			length = length << 8 | ders.data[2 + i];
		length += 2 + octets;
		if (length > ders.len)
			break;
		if (admit_chain_add(chain, (struct bytes){ ders.data, length }, err) < 0)
			return -1;
		ders.data += length;
		ders.len -= length;
	}
	return 0;
}

/* As the client has it, if it was installed with its chain. */
static int take_stored(struct admit_chain *chain, struct store_certificate *certificate,
		       struct error *err)
{
	int status = admit_chain_add(chain, buffer_bytes(&certificate->der), err);

	if (status == 0)
		status = add_chain(chain, buffer_bytes(&certificate->chain), err);
	store_certificate_done(certificate);
	return status;
}

static int take_by_id(struct call *call, const char *id, struct admit_chain *chain,
		      struct error *err)
{
	struct store_certificate certificate;
	int found = certs_find(call->store, id, &certificate, err);

	if (found <= 0)
		return found < 0 ? -1 : call_not_found(err, "certificate", id);
	return take_stored(chain, &certificate, err);
}

static int take_by_serial(struct call *call, const char *serial, struct admit_chain *chain,
			  struct error *err)
{
	struct store_certificate certificate;
	int found = find_by_serial(call->store, serial, &certificate, err);

	if (found <= 0)
		return found < 0 ? -1 : call_not_found(err, "certificate", serial);
	return take_stored(chain, &certificate, err);
}

static int take_by_refusal(struct call *call, const char *id, struct admit_chain *chain,
			   struct error *err)
{
	const struct refusal *refusal = refusals_find(call->admin->refusals, id);

	if (refusal == NULL)
		return call_not_found(err, "refusal", id);
	if (refusal->told.serial[0] == '\0')
		return 0; /* it showed none, and shows none now */
	return take_by_serial(call, refusal->told.serial, chain, err);
}

static int take_pem(const char *pem, struct admit_chain *chain, struct error *err)
{
	const struct bytes content = { (const uint8_t *)pem, strlen(pem) };

	if (admit_chain_read(chain, content, "Certificate", err) == 0)
		return 0;
	error_symbol(err, "IllegalParam.Certificate");
	return error_place(err, "Certificate");
}

static int take_certificate(struct call *call, struct admit_chain *chain, struct error *err)
{
	const char *pem = call_text(call, "Certificate"), *id = call_text(call, "Identifier");
	const char *serial = call_text(call, "SerialNumber");
	const char *refusal = call_text(call, "RefusalId");

	if ((pem != NULL) + (id != NULL) + (serial != NULL) + (refusal != NULL) > 1)
		return call_refuse(
			err, ERROR_INVALID, "IllegalParam.Certificate", "Certificate",
			"there must be only one of Certificate, Identifier, SerialNumber "
			"and RefusalId");
	if (pem != NULL)
		return take_pem(pem, chain, err);
	if (id != NULL)
		return take_by_id(call, id, chain, err);
	if (serial != NULL)
		return take_by_serial(call, serial, chain, err);
	return refusal != NULL ? take_by_refusal(call, refusal, chain, err) : 0;
}

/* --- the answer --- */

static void fill_verdict(json_t *reply, const struct admit *admit)
{
	const struct admission_verdict *verdict = &admit->verdict;
	const uint8_t alert = reason_alert(verdict->reason);
	const bool refused = verdict->reason != REASON_ADMITTED;

	reply_text(reply, "Reason", reason_word(verdict->reason));
	reply_text(reply, "ReasonText", reason_text(verdict->reason));
	reply_text(reply, "Alert", refused ? admit_alert_word(alert) : "");
	reply_number(reply, "AlertNumber", refused ? alert : 0);
	reply_number(reply, "Depth", verdict->depth);
	reply_text(reply, "Identity", verdict->identity);
	reply_text(reply, "Subject", verdict->subject);
	reply_text(reply, "Issuer", verdict->issuer);
	reply_text(reply, "SerialNumber", verdict->serial);
	reply_text(reply, "Remedy", remedy_text(verdict->reason));
}

static json_t *steps_of(const struct admit *admit)
{
	json_t *steps = json_array();
	enum admission_step step;
	char detail[ADMIT_DETAIL_SIZE];

	for (step = ADMISSION_PRESENT; step < ADMISSION_DONE; step++) {
		enum admit_outcome outcome = admit_step(admit, step, detail);

		json_array_append_new(steps, remedy_row(admission_step_text(step),
							admit_outcome_word(outcome), detail));
	}
	return steps;
}

static void fill(struct call *call, const struct admit *admit)
{
	json_t *reply = call->reply;
	char text[ADMIT_DETAIL_SIZE];

	admit_served_text(admit, text);
	reply_flag(reply, "Admitted", admit_is_admitted(admit));
	reply_text(reply, "ListenerId", call_text(call, "ListenerId"));
	reply_text(reply, "ListenerName", admit->listener->name);
	reply_flag(reply, "Stopped", admit->listener->stopped);
	reply_text(reply, "Clients", admit_asked_text(admit));
	reply_time(reply, "Time", admit->now);
	reply_text(reply, "ServerCertificate", text);
	json_object_set_new(reply, "Steps", admit->asked ? steps_of(admit) : json_array());
	if (admit->asked)
		fill_verdict(reply, admit);
}

static const struct document_listener *find_listener(struct call *call, struct error *err)
{
	const char *id = call_text(call, "ListenerId");
	const struct document_listener *listener;
	char name[ADMIN_LISTENER_SIZE];

	if (listener_name(call, id, name, err) < 0)
		return NULL;
	listener = served_listener(call->control, name);
	if (listener == NULL) {
		call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.listener", "ListenerId",
			    "the listener \"%.100s\" is not served", id);
		error_hint(err, "GetStatus says why, or wait until its job is done.");
	}
	return listener;
}

int check_admission_run(struct call *call, struct error *err)
{
	struct admit_chain sent = { .count = 0 };
	struct admit admit = { .sent = &sent, .sni = call_text(call, "ServerName") };
	int status = -1;

	admit.listener = find_listener(call, err);
	if (admit.listener == NULL || call_time(call, "Time", call->now, &admit.now, err) < 0)
		return -1;
	admit.plan = served_plan(call->control);
	admit.revocation = served_revocation(call->control);
	if (take_certificate(call, &sent, err) == 0 && admit_decide(&admit, err) == 0) {
		fill(call, &admit);
		admission_record_unref(admit.verdict.record);
		status = 0;
	}
	admit_chain_done(&sent);
	return status;
}
