/* Where TLS meets admission: what a handshake asks, answered for one connection. */
#include <stdlib.h>
#include <string.h>

#include "base/monotime.h"
#include "base/pack.h"
#include "proxy/conn.h"
#include "tls/ticket.h"

#define TICKET_FORMAT 1

static size_t gate_choose(void *owner, const char *server_name,
			  struct credential *ret_credentials[TLS_CREDENTIALS])
{
	struct conn *conn = owner;

	free(conn->server_name);
	conn->server_name = server_name[0] == '\0' ? NULL : memory_copy_string(server_name);
	return listener_choose(conn->listener, server_name, ret_credentials);
}

static struct admission_facts facts_of(const struct conn *conn)
{
	return (struct admission_facts){
		.trust = conn->listener->trust->trust,
		.revocation = revoked_table(&conn->worker->revoked),
		.rules = conn->listener->rules,
		.now = walltime_s(),
	};
}

static void chain_key_of(const struct conn *conn, const uint8_t chain_hash[32],
			 struct chain_key *ret_key)
{
	memcpy(ret_key->chain, chain_hash, 32);
	memcpy(ret_key->trust, conn->listener->trust->hash, 32);
	ret_key->depth = conn->listener->rules.depth;
}

/* Takes the verdict's record. */
static void admit(struct conn *conn, struct admission_record *record)
{
	admission_record_unref(conn->record);
	conn->record = record;
}

static uint8_t gate_admit(void *owner, const struct bytes *chain, size_t count,
			  uint32_t *ret_life_s)
{
	struct conn *conn = owner;
	struct worker *worker = conn->worker;
	struct admission_facts facts = facts_of(conn);
	struct admission_verdict verdict;
	struct chain_key key;
	uint8_t hash[32];

	admission_chain_hash(chain, count, hash);
	chain_key_of(conn, hash, &key);
	facts.record = chain_cache_find(worker->chains, &key);
	if (facts.record != NULL) {
		worker->stats->chain_cache_hits++;
	} else {
		worker->stats->chain_cache_misses++;
		facts.chain = chain;
		facts.chain_count = count;
	}
	admission_decide(&facts, &verdict);
	if (verdict.reason != REASON_ADMITTED) {
		admission_record_unref(verdict.record);
		report_refused(conn, &verdict);
		return reason_alert(verdict.reason);
	}
	if (verdict.record == NULL)
		return 0;
	if (facts.record == NULL)
		chain_cache_put(worker->chains, &key, verdict.record);
	admit(conn, verdict.record);
	*ret_life_s = verdict.record->not_after - facts.now < TICKET_LIFE_S
			      ? (uint32_t)(verdict.record->not_after - facts.now)
			      : TICKET_LIFE_S;
	return 0;
}

/* --- tickets: {format, client mode, listener, policy, SNI, record} --- */

static void gate_ticket_record(void *owner, struct buffer *out)
{
	struct conn *conn = owner;
	struct buffer record = { 0 };

	if (conn->record != NULL)
		admission_record_pack(conn->record, &record);
	pack_u8(out, TICKET_FORMAT);
	pack_u8(out, (uint8_t)conn->listener->client_mode);
	pack_string(out, conn->listener->name);
	pack_raw(out, conn->listener->policy_hash, DOCUMENT_HASH_SIZE);
	pack_string(out, conn->server_name);
	pack_bytes(out, buffer_bytes(&record));
	buffer_done(&record);
}

static bool equals_string(struct bytes bytes, const char *string)
{
	const char *text = string == NULL ? "" : string;

	return bytes_equal(bytes, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

/* Does the ticket speak of this listener as it is now, and of this server name? */
static bool same_door(struct unpack *in, const struct conn *conn)
{
	bool same = unpack_u8(in) == TICKET_FORMAT;
	const uint8_t *policy;

	same &= unpack_u8(in) == (uint8_t)conn->listener->client_mode;
	same &= equals_string(unpack_bytes(in), conn->listener->name);
	policy = unpack_raw(in, DOCUMENT_HASH_SIZE);
	same &= policy != NULL &&
		memcmp(policy, conn->listener->policy_hash, DOCUMENT_HASH_SIZE) == 0;
	same &= equals_string(unpack_bytes(in), conn->server_name);
	return same;
}

/* The same record as everybody else's with this chain: one copy per chain, not per connection. */
static struct admission_record *shared_record(struct conn *conn, struct admission_record *record)
{
	struct chain_key key;
	struct admission_record *known;

	chain_key_of(conn, record->chain_hash, &key);
	known = chain_cache_find(conn->worker->chains, &key);
	if (known == NULL)
		return record;
	admission_record_unref(record);
	return admission_record_ref(known);
}

static bool gate_ticket_admit(void *owner, struct bytes ticket)
{
	struct conn *conn = owner;
	struct unpack in = unpack_begin(ticket);
	struct admission_verdict verdict;
	struct admission_facts facts;
	struct admission_record *record;
	struct bytes packed;
	bool same = same_door(&in, conn);

	packed = unpack_bytes(&in);
	if (!same || !unpack_is_done(&in))
		return false;
	if (packed.len == 0)
		return conn->listener->client_mode != TLS_CLIENT_REQUIRED;
	record = conn->listener->trust == NULL ? NULL : admission_record_unpack(packed);
	if (record == NULL)
		return false;
	record = shared_record(conn, record);
	facts = facts_of(conn);
	facts.record = record;
	admission_decide(&facts, &verdict);
	admission_record_unref(verdict.record);
	if (verdict.reason != REASON_ADMITTED) {
		conn->worker->stats->tickets_ignored++;
		admission_record_unref(record);
		return false;
	}
	admit(conn, record);
	return true;
}

const struct tls_hooks gate_hooks = { gate_choose, gate_admit, gate_ticket_record,
				      gate_ticket_admit };
