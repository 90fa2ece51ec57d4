#include "control/admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/wording.h"
#include "x509/pem.h"

#define SERVED_MAX 4

/* --- what the client sends --- */

int admit_chain_add(struct admit_chain *chain, struct bytes der, struct error *err)
{
	if (chain->count == ADMIT_CHAIN_MAX)
		return error_set(err, ERROR_LIMIT, "there are more than %d certificates in it",
				 ADMIT_CHAIN_MAX);
	buffer_append(&chain->ders[chain->count], der.data, der.len);
	chain->certificates[chain->count] = buffer_bytes(&chain->ders[chain->count]);
	chain->count++;
	return 0;
}

static int add_block(void *arg, const struct pem_block *block, struct error *err)
{
	if (!pem_label_is(block, "CERTIFICATE") && !pem_label_is(block, "X509 CERTIFICATE") &&
	    !pem_label_is(block, "TRUSTED CERTIFICATE"))
		return 0;
	return admit_chain_add(arg, block->der, err);
}

int admit_chain_read(struct admit_chain *chain, struct bytes content, const char *what,
		     struct error *err)
{
	size_t blocks;

	if (pem_each(content, what, add_block, chain, &blocks, err) < 0)
		return -1;
	if (blocks == 0 && content.len > 0 && content.data[0] == 0x30)
		return admit_chain_add(chain, content, err);
	if (chain->count > 0)
		return 0;
	error_set(err, ERROR_INVALID, "there is no certificate in it");
	return error_hint(err, "Give the client's certificate in PEM or DER.");
}

void admit_chain_done(struct admit_chain *chain)
{
	size_t i;

	for (i = 0; i < chain->count; i++)
		buffer_done(&chain->ders[i]);
	chain->count = 0;
}

/* --- the decision --- */

static struct trust *make_trust(const struct document_trust *from, struct error *err)
{
	struct trust_ca *cas = memory_new((from->ca_count + 1) * sizeof(*cas));
	struct trust *trust;
	uint32_t i;

	for (i = 0; i < from->ca_count; i++)
		cas[i] = (struct trust_ca){ from->cas[i].der,
					    from->cas[i].profile == MODEL_PROFILE_STRICT,
					    from->cas[i].name };
	trust = trust_new(cas, from->ca_count, err);
	free(cas);
	return trust;
}

int admit_decide(struct admit *admit, struct error *err)
{
	const struct document_listener *listener = admit->listener;
	struct admission_facts facts = {
		.rules = { listener->ca_mode, listener->ca_depth, listener->revocation_mode },
		.now = admit->now,
		.chain = admit->sent->certificates,
		.chain_count = admit->sent->count,
	};
	struct revocation revocation;
	struct trust *trust;

	admit->asked = listener->protocol == MODEL_TCPSSL && listener->ca_enabled;
	if (!admit->asked)
		return 0;
	trust = make_trust(&admit->plan->decoded->trusts[listener->trust], err);
	if (trust == NULL || revocation_open(admit->revocation, &revocation, err) < 0) {
		trust_free(trust);
		return -1;
	}
	facts.trust = trust;
	facts.revocation = &revocation;
	admission_decide(&facts, &admit->verdict);
	trust_free(trust);
	return 0;
}

bool admit_is_admitted(const struct admit *admit)
{
	return !admit->asked || admit->verdict.reason == REASON_ADMITTED;
}

const char *admit_alert_word(uint8_t number)
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

/* --- what the server would show: the rule of the handshake, on the same table of the document ---
 * */

struct served {
	const struct document_certificate *certificates[SERVED_MAX];
	size_t count;
	const char *why; /* "by name", "by wildcard", "default" */
};

static void find_name(const struct admit *admit, const char *name, struct served *served)
{
	const struct document_listener *listener = admit->listener;
	uint32_t i;

	for (i = 0; i < listener->sni_count && served->count < SERVED_MAX; i++)
		if (listener->sni[i].name.len == strlen(name) &&
		    strncasecmp((const char *)listener->sni[i].name.data, name, strlen(name)) == 0)
			served->certificates[served->count++] =
				&admit->plan->decoded->certificates[listener->sni[i].certificate];
}

static void find_served(const struct admit *admit, struct served *served)
{
	const struct document_listener *listener = admit->listener;
	const char *sni = admit->sni != NULL ? admit->sni : "";
	const char *dot = strchr(sni, '.');
	char wildcard[300];

	memset(served, 0, sizeof(*served));
	served->why = "by name";
	if (sni[0] != '\0' && sni[0] != '*')
		find_name(admit, sni, served);
	if (served->count == 0 && dot != NULL && dot != sni && strlen(dot) < 256) {
		served->why = "by wildcard";
		snprintf(wildcard, sizeof(wildcard), "*%s", dot);
		find_name(admit, wildcard, served);
	}
	if (served->count > 0 || listener->default_certificate_count == 0)
		return;
	served->why = "the default";
	served->certificates[served->count++] =
		&admit->plan->decoded->certificates[listener->default_certificates[0]];
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

void admit_served_text(const struct admit *admit, char ret_text[ADMIT_DETAIL_SIZE])
{
	struct served served;
	size_t used = 0, i;

	ret_text[0] = '\0';
	if (admit->listener->protocol != MODEL_TCPSSL)
		return;
	find_served(admit, &served);
	for (i = 0; i < served.count && used < ADMIT_DETAIL_SIZE / 2; i++) {
		const struct document_certificate *one = served.certificates[i];
		bool valid = admit->now >= one->not_before && admit->now <= one->not_after;
		char when[WORDING_TIME_SIZE];

		wording_time(one->not_after, when);
		used += (size_t)snprintf(ret_text + used, ADMIT_DETAIL_SIZE - used,
					 "%s%.100s (%s, %s, %s %s)", i == 0 ? "" : ", ", one->name,
					 key_word(one->key_kind), served.why,
					 valid ? "valid until" : "NOT VALID, ends", when);
	}
}

/* --- steps --- */

static enum admit_outcome outcome_of(const struct admission_verdict *verdict,
				     enum admission_step step)
{
	if (verdict->reason == REASON_ADMITTED || step < verdict->step)
		return ADMIT_OK;
	return step == verdict->step ? ADMIT_REFUSED : ADMIT_NOT_REACHED;
}

static void time_detail(const struct admission_record *record, char ret_text[ADMIT_DETAIL_SIZE])
{
	char from[WORDING_TIME_SIZE], to[WORDING_TIME_SIZE];

	wording_time(record->not_before, from);
	wording_time(record->not_after, to);
	snprintf(ret_text, ADMIT_DETAIL_SIZE, "the whole chain is valid from %s to %s", from, to);
}

static void revocation_detail(const struct admit *admit, char ret_text[ADMIT_DETAIL_SIZE])
{
	static const char *const modes[] = {
		[MODEL_REVOCATION_GIVEN] =
			"every certificate whose issuer has a list was looked up",
		[MODEL_REVOCATION_LEAF] = "the client's certificate was looked up",
		[MODEL_REVOCATION_ALL] = "every certificate was looked up, lists are required",
		[MODEL_REVOCATION_OFF] = "not checked (RevocationMode Off)",
	};

	snprintf(ret_text, ADMIT_DETAIL_SIZE, "%s", modes[admit->listener->revocation_mode]);
}

/* What a person wants to know about a step that went well. */
static void good_detail(const struct admit *admit, enum admission_step step,
			char ret_text[ADMIT_DETAIL_SIZE])
{
	const struct admission_verdict *verdict = &admit->verdict;
	const struct admission_record *record = verdict->record;

	ret_text[0] = '\0';
	if (admit->sent->count == 0) {
		if (step == ADMISSION_PRESENT)
			snprintf(ret_text, ADMIT_DETAIL_SIZE,
				 "none, and CaMode Optional lets that in");
		return;
	}
	if (step == ADMISSION_PRESENT && verdict->serial[0] != '\0')
		snprintf(ret_text, ADMIT_DETAIL_SIZE, "%s, serial %s",
			 verdict->subject[0] != '\0' ? verdict->subject : verdict->identity,
			 verdict->serial);
	else if (step == ADMISSION_CHAIN && verdict->issuer[0] != '\0')
		snprintf(ret_text, ADMIT_DETAIL_SIZE, "issued by %s", verdict->issuer);
	else if (step == ADMISSION_TIME && record != NULL)
		time_detail(record, ret_text);
	else if (step == ADMISSION_REVOCATION)
		revocation_detail(admit, ret_text);
}

enum admit_outcome admit_step(const struct admit *admit, enum admission_step step,
			      char ret_detail[ADMIT_DETAIL_SIZE])
{
	const struct admission_verdict *verdict = &admit->verdict;
	enum admit_outcome outcome = outcome_of(verdict, step);

	ret_detail[0] = '\0';
	if (outcome == ADMIT_OK)
		good_detail(admit, step, ret_detail);
	if (outcome != ADMIT_REFUSED)
		return outcome;
	snprintf(ret_detail, ADMIT_DETAIL_SIZE, "%s%s%s", reason_text(verdict->reason),
		 verdict->detail[0] != '\0' ? ": " : "", verdict->detail);
	if (admit->sent->count > 0)
		snprintf(ret_detail + strlen(ret_detail), ADMIT_DETAIL_SIZE - strlen(ret_detail),
			 " (certificate %u of the chain)", verdict->depth + 1);
	return outcome;
}

const char *admit_outcome_word(enum admit_outcome outcome)
{
	return outcome == ADMIT_OK ? "ok" : outcome == ADMIT_REFUSED ? "refused" : "not reached";
}

const char *admit_asked_text(const struct admit *admit)
{
	if (admit->listener->protocol != MODEL_TCPSSL)
		return "TCP: clients are not asked who they are";
	if (!admit->asked)
		return "TCPSSL, clients are not asked for a certificate";
	return admit->listener->ca_mode == MODEL_CA_OPTIONAL
		       ? "TCPSSL, a client certificate is optional"
		       : "TCPSSL, a client certificate is required";
}
