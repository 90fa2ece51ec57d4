/*
 * admission/admission.h - who may come in: one pure function from facts to a verdict.
 *
 * A full handshake gives the presented chain; a resumption and a verified-chain cache hit give the
 * record that an earlier full check made. Time, revocation and rules are checked on every call.
 * `sallyport admit` calls the same function. No I/O, no clock, no logging.
 */
#ifndef SALLYPORT_ADMISSION_ADMISSION_H
#define SALLYPORT_ADMISSION_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "model/model.h"
#include "x509/chain.h"
#include "x509/reason.h"
#include "x509/revocation.h"
#include "x509/trust.h"

#define ADMISSION_TEXT_SIZE 192
#define ADMISSION_LINKS CHAIN_MAX_DEPTH

/* One certificate of the accepted path as later checks need it. */
struct admission_link {
	uint8_t issuer_key[REVOCATION_KEY_SIZE]; /* SHA-256 of the issuer's SPKI; of its own for the anchor */
	uint8_t serial[REVOCATION_SERIAL_SIZE];
	uint8_t serial_len;                      /* > SIZE is refused as malformed earlier */
	int64_t not_before, not_after;
};

/*
 * What a successful chain check established: everything that can be asked again without the chain.
 * Plain data, refcounted; goes into tickets through admission_record_pack().
 */
struct admission_record {
	unsigned int refs;
	uint8_t chain_hash[32];     /* SHA-256 over the presented chain, lengths included */
	uint8_t anchor_hash[32];    /* SHA-256 of the anchor's DER */
	struct admission_link links[ADMISSION_LINKS]; /* leaf first, anchor last */
	uint8_t link_count;
	bool strict;                   /* the chain was checked against the strict profile */
	int64_t not_before, not_after; /* latest and earliest of all links */
	char identity[ADMISSION_TEXT_SIZE];
	char subject[ADMISSION_TEXT_SIZE];
	char issuer[ADMISSION_TEXT_SIZE];
	char serial[2 * REVOCATION_SERIAL_SIZE + 1]; /* lower-case hex */
};

struct admission_record *admission_record_ref(struct admission_record *record);
void admission_record_unref(struct admission_record *record); /* NULL is fine */
void admission_record_pack(const struct admission_record *record, struct buffer *out);
/* NULL when the bytes are not a whole record. */
struct admission_record *admission_record_unpack(struct bytes bytes);

struct admission_rules {
	enum model_ca_mode mode;
	unsigned int depth;                       /* CaDepth */
	enum model_revocation_mode revocation_mode;
};

struct admission_facts {
	const struct trust *trust;
	const struct revocation *revocation;      /* NULL: no list is configured anywhere */
	struct admission_rules rules;
	int64_t now;
	/* Exactly one of the two; chain_count 0 with record NULL: the client sent no certificate. */
	const struct bytes *chain;
	size_t chain_count;
	struct admission_record *record;          /* borrowed */
};

/* Step words for `sallyport admit` and logs, in the order they are taken. */
#define ADMISSION_STEPS(X) \
	X(PRESENT, "certificate presented") \
	X(CHAIN, "chain to a trusted CA") \
	X(TIME, "validity dates") \
	X(REVOCATION, "revocation") \
	X(RULES, "listener rules")

enum admission_step {
#define X(name, text) ADMISSION_##name,
	ADMISSION_STEPS(X)
#undef X
	ADMISSION_DONE
};
const char *admission_step_text(enum admission_step step);

struct admission_verdict {
	enum reason reason;         /* ADMITTED or why not */
	enum admission_step step;   /* where it ended */
	unsigned int depth;         /* which certificate: 0 = leaf */
	char detail[160];
	struct admission_record *record; /* a new reference when admitted with a certificate, else NULL */
	/* Who it was about, also when refused; empty when nothing could be read. */
	char identity[ADMISSION_TEXT_SIZE];
	char subject[ADMISSION_TEXT_SIZE];
	char issuer[ADMISSION_TEXT_SIZE];
	char serial[2 * REVOCATION_SERIAL_SIZE + 1];
};

void admission_decide(const struct admission_facts *facts, struct admission_verdict *ret_verdict);

/* Is a certificate of facts->record on a usable list? Asked for connections that are open already: that a
 * list cannot be used, or that a certificate has expired since, ends none of them. */
bool admission_is_revoked(const struct admission_facts *facts);

/* The cache key of a presented chain: SHA-256 over count, lengths and bytes. */
void admission_chain_hash(const struct bytes *chain, size_t count, uint8_t ret_hash[32]);

#endif
