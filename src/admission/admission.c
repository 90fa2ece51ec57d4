/*
 * The order of the questions is the same for a chain and for a record: presented, chain, time,
 * revocation, rules. What a record cannot answer it was asked when it was made.
 */
#include "admission/admission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>
#include "base/pack.h"
#include "x509/text.h"

#define RECORD_VERSION 1

const char *admission_step_text(enum admission_step step)
{
	static const char *const texts[] = {
#define X(name, text) text,
		ADMISSION_STEPS(X)
#undef X
		"decided",
	};

	return texts[step <= ADMISSION_DONE ? step : ADMISSION_DONE];
}

/* --- records --- */

struct admission_record *admission_record_ref(struct admission_record *record)
{
	record->refs++;
	return record;
}

void admission_record_unref(struct admission_record *record)
{
	if (record != NULL && --record->refs == 0)
		free(record);
}

void admission_record_pack(const struct admission_record *record, struct buffer *out)
{
	uint8_t i;

	pack_u8(out, RECORD_VERSION);
	pack_raw(out, record->chain_hash, sizeof(record->chain_hash));
	pack_raw(out, record->anchor_hash, sizeof(record->anchor_hash));
	pack_u8(out, record->strict);
	pack_u8(out, record->link_count);
	for (i = 0; i < record->link_count; i++) {
		const struct admission_link *link = &record->links[i];

		pack_raw(out, link->issuer_key, sizeof(link->issuer_key));
		pack_bytes(out, (struct bytes){ link->serial, link->serial_len });
		pack_u64(out, (uint64_t)link->not_before);
		pack_u64(out, (uint64_t)link->not_after);
	}
	pack_string(out, record->identity);
	pack_string(out, record->subject);
	pack_string(out, record->issuer);
	pack_string(out, record->serial);
}

static void unpack_array(struct unpack *in, uint8_t *ret, size_t size)
{
	const uint8_t *raw = unpack_raw(in, size);

	if (raw != NULL)
		memcpy(ret, raw, size);
}

static void unpack_link(struct unpack *in, struct admission_link *link)
{
	struct bytes serial;

	unpack_array(in, link->issuer_key, sizeof(link->issuer_key));
	serial = unpack_bytes(in);
	if (serial.len > REVOCATION_SERIAL_SIZE)
		in->failed = true;
	else if (serial.len > 0)
		memcpy(link->serial, serial.data, serial.len);
	link->serial_len = (uint8_t)(serial.len <= REVOCATION_SERIAL_SIZE ? serial.len : 0);
	link->not_before = (int64_t)unpack_u64(in);
	link->not_after = (int64_t)unpack_u64(in);
}

static void set_period(struct admission_record *record)
{
	uint8_t i;

	record->not_before = record->links[0].not_before;
	record->not_after = record->links[0].not_after;
	for (i = 1; i < record->link_count; i++) {
		if (record->links[i].not_before > record->not_before)
			record->not_before = record->links[i].not_before;
		if (record->links[i].not_after < record->not_after)
			record->not_after = record->links[i].not_after;
	}
}

static bool unpack_record(struct unpack *in, struct admission_record *record)
{
	uint8_t strict, i;

	if (unpack_u8(in) != RECORD_VERSION)
		return false;
	unpack_array(in, record->chain_hash, sizeof(record->chain_hash));
	unpack_array(in, record->anchor_hash, sizeof(record->anchor_hash));
	strict = unpack_u8(in);
	record->strict = strict == 1;
	record->link_count = unpack_u8(in);
	if (strict > 1 || record->link_count == 0 || record->link_count > ADMISSION_LINKS)
		return false;
	for (i = 0; i < record->link_count; i++)
		unpack_link(in, &record->links[i]);
	unpack_string(in, record->identity, sizeof(record->identity));
	unpack_string(in, record->subject, sizeof(record->subject));
	unpack_string(in, record->issuer, sizeof(record->issuer));
	unpack_string(in, record->serial, sizeof(record->serial));
	set_period(record);
	return unpack_is_done(in);
}

struct admission_record *admission_record_unpack(struct bytes bytes)
{
	struct admission_record *record = calloc(1, sizeof(*record));
	struct unpack in = unpack_begin(bytes);

	if (record == NULL)
		return NULL;
	record->refs = 1;
	if (unpack_record(&in, record))
		return record;
	free(record);
	return NULL;
}

/* The anchor's link names its own key and may have a serial of any length: nobody looks it up. */
static void fill_link(struct admission_link *link, const struct certificate *certificate,
		      const struct certificate *issuer)
{
	struct bytes serial = certificate_serial(certificate);

	memcpy(link->issuer_key, certificate_key_hash(issuer), sizeof(link->issuer_key));
	if (serial.len <= REVOCATION_SERIAL_SIZE) {
		memcpy(link->serial, serial.data, serial.len);
		link->serial_len = (uint8_t)serial.len;
	}
	link->not_before = certificate_not_before(certificate);
	link->not_after = certificate_not_after(certificate);
}

static struct admission_record *record_new(const struct chain_result *result,
					   const struct admission_facts *facts)
{
	struct admission_record *record = calloc(1, sizeof(*record));
	unsigned int last = result->path_count - 1;
	struct bytes anchor = certificate_der(result->path[last]);
	unsigned int i;

	if (record == NULL)
		return NULL;
	record->refs = 1;
	admission_chain_hash(facts->chain, facts->chain_count, record->chain_hash);
	SHA256(anchor.data, anchor.len, record->anchor_hash);
	trust_has_anchor(facts->trust, record->anchor_hash, &record->strict);
	record->link_count = (uint8_t)result->path_count;
	for (i = 0; i <= last; i++)
		fill_link(&record->links[i], result->path[i], result->path[i < last ? i + 1 : last]);
	set_period(record);
	return record;
}

/* --- who it is about --- */

/* Without the zero octet that DER puts before a high bit: as openssl and others print it. */
static void describe_serial(struct bytes serial, char ret_text[2 * REVOCATION_SERIAL_SIZE + 1])
{
	if (serial.len > 1 && serial.data[0] == 0) {
		serial.data++;
		serial.len--;
	}
	if (serial.len > REVOCATION_SERIAL_SIZE)
		serial.len = REVOCATION_SERIAL_SIZE;
	hex_encode(serial, ret_text);
}

static void describe_leaf(struct admission_verdict *verdict, const struct certificate *leaf)
{
	certificate_identity_text(leaf, verdict->identity, sizeof(verdict->identity));
	certificate_subject_text(leaf, verdict->subject, sizeof(verdict->subject));
	certificate_issuer_text(leaf, verdict->issuer, sizeof(verdict->issuer));
	describe_serial(certificate_serial(leaf), verdict->serial);
}

static void describe_from_record(struct admission_verdict *verdict,
				 const struct admission_record *record)
{
	memcpy(verdict->identity, record->identity, sizeof(verdict->identity));
	memcpy(verdict->subject, record->subject, sizeof(verdict->subject));
	memcpy(verdict->issuer, record->issuer, sizeof(verdict->issuer));
	memcpy(verdict->serial, record->serial, sizeof(verdict->serial));
}

static void describe_in_record(const struct admission_verdict *verdict,
			       struct admission_record *record)
{
	memcpy(record->identity, verdict->identity, sizeof(verdict->identity));
	memcpy(record->subject, verdict->subject, sizeof(verdict->subject));
	memcpy(record->issuer, verdict->issuer, sizeof(verdict->issuer));
	memcpy(record->serial, verdict->serial, sizeof(verdict->serial));
}

/* --- the questions --- */

static bool refuse(struct admission_verdict *verdict, enum reason reason, unsigned int depth,
		   const char *detail)
{
	verdict->reason = reason;
	verdict->depth = depth;
	snprintf(verdict->detail, sizeof(verdict->detail), "%s", detail);
	return false;
}

struct chain_call {
	const struct admission_facts *facts;
	struct admission_verdict *verdict;
	struct admission_record *record;
};

static void take_chain_result(void *arg, const struct chain_result *result)
{
	struct chain_call *call = arg;

	if (result->path_count > 0)
		describe_leaf(call->verdict, result->path[0]);
	if (result->reason != REASON_ADMITTED) {
		refuse(call->verdict, result->reason, result->depth, result->detail);
		return;
	}
	call->record = record_new(result, call->facts);
	if (call->record == NULL)
		refuse(call->verdict, REASON_INTERNAL, 0, "out of memory");
	else
		describe_in_record(call->verdict, call->record);
}

/* A reference to the record of the chain, or NULL when it is refused. */
static struct admission_record *check_chain(const struct admission_facts *facts,
					    struct admission_verdict *verdict)
{
	struct chain_call call = { facts, verdict, NULL };

	chain_check(facts->trust, facts->chain, facts->chain_count, facts->rules.depth, facts->now,
		    take_chain_result, &call);
	/* A date is a fault of its own step, wherever it is found. */
	switch (verdict->reason) {
	case REASON_EXPIRED:
	case REASON_NOT_YET_VALID:
	case REASON_CA_EXPIRED:
	case REASON_CA_NOT_YET_VALID:
		verdict->step = ADMISSION_TIME;
		break;
	default:
		break;
	}
	return call.record;
}

/* What a full check would now say otherwise: the anchor left, or became strict, or CaDepth shrank. */
static bool check_record(const struct admission_facts *facts,
			 const struct admission_record *record, struct admission_verdict *verdict)
{
	unsigned int last = record->link_count - 1u;
	bool strict = false;

	if (!trust_has_anchor(facts->trust, record->anchor_hash, &strict))
		return refuse(verdict, REASON_UNKNOWN_CA, last, "its CA is no longer trusted here");
	if (strict && !record->strict)
		return refuse(verdict, REASON_BAD_PROFILE, 0,
			      "admitted before the strict profile was required");
	if (last > facts->rules.depth + 1)
		return refuse(verdict, REASON_CHAIN_TOO_LONG, last,
			      "more intermediates than CaDepth now allows");
	return true;
}

static bool check_time(const struct admission_facts *facts, const struct admission_record *record,
		       struct admission_verdict *verdict)
{
	unsigned int i;

	for (i = 0; i < record->link_count; i++) {
		const struct admission_link *link = &record->links[i];

		if (facts->now < link->not_before)
			return refuse(verdict, i == 0 ? REASON_NOT_YET_VALID :
				      REASON_CA_NOT_YET_VALID, i, "");
		if (facts->now > link->not_after)
			return refuse(verdict, i == 0 ? REASON_EXPIRED : REASON_CA_EXPIRED, i, "");
	}
	return true;
}

static bool refuse_revoked(struct admission_verdict *verdict, unsigned int depth, int64_t when)
{
	char date[TEXT_TIME_SIZE];
	char detail[96];

	text_time(when, date);
	snprintf(detail, sizeof(detail), "%s was revoked on %s",
		 depth == 0 ? "the client's certificate" : "a CA certificate of the chain", date);
	return refuse(verdict, REASON_REVOKED, depth, detail);
}

static bool check_link_revocation(const struct admission_facts *facts,
				  const struct admission_link *link, unsigned int depth,
				  struct admission_verdict *verdict)
{
	struct bytes serial = { link->serial, link->serial_len };
	enum revocation_answer answer = REVOCATION_NO_LIST;
	int64_t when = 0;

	if (facts->revocation != NULL)
		answer = depth == 0 ?
			revocation_find(facts->revocation, link->issuer_key, serial, facts->now,
					&when) :
			revocation_find_ca(facts->revocation, link->issuer_key, serial, facts->now,
					   &when);
	switch (answer) {
	case REVOCATION_GOOD:
		return true;
	case REVOCATION_NO_LIST:
		if (facts->rules.revocation_mode == MODEL_REVOCATION_GIVEN)
			return true;
		return refuse(verdict, REASON_REVOCATION_UNKNOWN, depth,
			      "no revocation list is configured for its issuer");
	case REVOCATION_REVOKED:
		return refuse_revoked(verdict, depth, when);
	default:
		return refuse(verdict, REASON_REVOCATION_UNKNOWN, depth,
			      "the revocation list of its issuer cannot be used");
	}
}

/* How many links of the chain are asked about, from the leaf up; never the anchor. */
static unsigned int links_asked(const struct admission_facts *facts,
				const struct admission_record *record)
{
	unsigned int count = record->link_count - 1u;

	switch (facts->rules.revocation_mode) {
	case MODEL_REVOCATION_OFF:
		return 0;
	case MODEL_REVOCATION_LEAF:
		return count > 1 ? 1 : count;
	default:
		return count;
	}
}

static bool check_revocation(const struct admission_facts *facts,
			     const struct admission_record *record,
			     struct admission_verdict *verdict)
{
	unsigned int count = links_asked(facts, record);
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!check_link_revocation(facts, &record->links[i], i, verdict))
			return false;
	return true;
}

static void judge(const struct admission_facts *facts, struct admission_record *record,
		  struct admission_verdict *verdict)
{
	verdict->step = ADMISSION_CHAIN;
	if (!check_record(facts, record, verdict))
		return;
	verdict->step = ADMISSION_TIME;
	if (!check_time(facts, record, verdict))
		return;
	verdict->step = ADMISSION_REVOCATION;
	if (!check_revocation(facts, record, verdict))
		return;
	verdict->step = ADMISSION_DONE;
	verdict->reason = REASON_ADMITTED;
	verdict->record = admission_record_ref(record);
}

static void decide_without_certificate(const struct admission_facts *facts,
				       struct admission_verdict *verdict)
{
	verdict->step = ADMISSION_PRESENT;
	verdict->reason = REASON_CERTIFICATE_REQUIRED;
	if (facts->rules.mode != MODEL_CA_OPTIONAL)
		return;
	verdict->step = ADMISSION_DONE;
	verdict->reason = REASON_ADMITTED;
}

void admission_decide(const struct admission_facts *facts, struct admission_verdict *ret_verdict)
{
	struct admission_record *record;

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	ret_verdict->reason = REASON_INTERNAL;
	if (facts->record == NULL && facts->chain_count == 0) {
		decide_without_certificate(facts, ret_verdict);
		return;
	}
	if (facts->record != NULL) {
		describe_from_record(ret_verdict, facts->record);
		judge(facts, facts->record, ret_verdict);
		return;
	}
	ret_verdict->step = ADMISSION_CHAIN;
	record = check_chain(facts, ret_verdict);
	if (record != NULL)
		judge(facts, record, ret_verdict);
	admission_record_unref(record);
}

bool admission_is_revoked(const struct admission_facts *facts)
{
	unsigned int count = links_asked(facts, facts->record);
	struct admission_verdict verdict;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!check_link_revocation(facts, &facts->record->links[i], i, &verdict) &&
		    verdict.reason == REASON_REVOKED)
			return true;
	return false;
}

void admission_chain_hash(const struct bytes *chain, size_t count, uint8_t ret_hash[32])
{
	SHA256_CTX context;
	uint64_t number = count;
	size_t i;

	SHA256_Init(&context);
	SHA256_Update(&context, &number, sizeof(number));
	for (i = 0; i < count; i++) {
		number = chain[i].len;
		SHA256_Update(&context, &number, sizeof(number));
		SHA256_Update(&context, chain[i].data, chain[i].len);
	}
	SHA256_Final(ret_hash, &context);
}
