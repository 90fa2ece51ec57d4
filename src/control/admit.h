/*
 * control/admit.h - would this client be let in at this listener? The question of `sallyport admit`
 * and of CheckAdmission, asked of the function that a handshake asks (admission/admission.h).
 */
#ifndef SALLYPORT_CONTROL_ADMIT_H
#define SALLYPORT_CONTROL_ADMIT_H

#include "admission/admission.h"
#include "base/bytes.h"
#include "control/plan.h"

#define ADMIT_CHAIN_MAX 64
#define ADMIT_DETAIL_SIZE 512

/* The chain as the client would send it. Zeroed: none. */
struct admit_chain {
	struct buffer ders[ADMIT_CHAIN_MAX];
	struct bytes certificates[ADMIT_CHAIN_MAX];
	size_t count;
};

int must_check admit_chain_add(struct admit_chain *chain, struct bytes der, struct error *err);
/* PEM (keys beside the certificates are left out: nobody sends them) or DER. Only the wrapping is
 * taken off: what is wrong with a certificate is for the decision to say. what names the input in
 * errors. */
int must_check admit_chain_read(struct admit_chain *chain, struct bytes content, const char *what,
				struct error *err);
void admit_chain_done(struct admit_chain *chain);

struct admit {
	const struct plan *plan;
	struct bytes revocation; /* the table to look into: the plan's, or a newer one */
	const struct document_listener *listener;
	const struct admit_chain *sent;
	const char *sni; /* NULL: none */
	int64_t now;
	/* answered: */
	bool asked; /* the listener asks for certificates: there is a verdict */
	struct admission_verdict verdict;
};

/* Fills asked and verdict. The caller gives verdict.record back (admission_record_unref). */
int must_check admit_decide(struct admit *admit, struct error *err);
bool admit_is_admitted(const struct admit *admit);

enum admit_outcome { ADMIT_OK, ADMIT_REFUSED, ADMIT_NOT_REACHED };
const char *admit_outcome_word(enum admit_outcome outcome); /* "ok", "refused", "not reached" */
/* How one step went, and what a person wants to know about it. */
enum admit_outcome admit_step(const struct admit *admit, enum admission_step step,
			      char ret_detail[ADMIT_DETAIL_SIZE]);
/* What the listener asks of clients, as a sentence. */
const char *admit_asked_text(const struct admit *admit);
/* The certificates that the server would show; "" for plain TCP. */
void admit_served_text(const struct admit *admit, char ret_text[ADMIT_DETAIL_SIZE]);

/* The name of a TLS alert: RFC 8446 section 6. */
const char *admit_alert_word(uint8_t number);

#endif
