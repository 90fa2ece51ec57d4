/* A built document as bytes, each object behind its content hash. */
#include <ctype.h>
#include <string.h>
#include "base/pack.h"
#include "base/sha256.h"
#include "document/document_build.h"
#include "document/layout.h"
#include "document/slots.h"

struct writer {
	struct buffer head, body;
};

/* --- hashes --- */

struct hashing {
	struct writer *to;
	size_t hash_at, fields_at, body_at; /* offsets in head and body */
	struct sha256 sha;
};

static struct hashing object_begin(struct writer *to, char tag)
{
	static const uint8_t room[DOCUMENT_HASH_SIZE];
	struct hashing hashing = { .to = to, .hash_at = to->head.len, .body_at = to->body.len };

	pack_raw(&to->head, room, sizeof(room));
	hashing.fields_at = to->head.len;
	sha256_init(&hashing.sha);
	sha256_update(&hashing.sha, &tag, 1);
	return hashing;
}

/* All own fields are written: what follows are references. */
static void object_fields_end(struct hashing *hashing)
{
	const struct buffer *head = &hashing->to->head, *body = &hashing->to->body;

	sha256_update(&hashing->sha, head->data + hashing->fields_at,
		      head->len - hashing->fields_at);
	if (body->len > hashing->body_at)
		sha256_update(&hashing->sha, body->data + hashing->body_at,
			      body->len - hashing->body_at);
}

static void object_refers(struct hashing *hashing, uint32_t index, const uint8_t *hash)
{
	static const uint8_t none[DOCUMENT_HASH_SIZE];

	pack_u32(&hashing->to->head, index);
	sha256_update(&hashing->sha, hash == NULL ? none : hash, DOCUMENT_HASH_SIZE);
}

static void object_end(struct hashing *hashing, uint8_t ret_hash[DOCUMENT_HASH_SIZE])
{
	sha256_final(&hashing->sha, ret_hash);
	memcpy(hashing->to->head.data + hashing->hash_at, ret_hash, DOCUMENT_HASH_SIZE);
}

/* --- objects --- */

static void put_address(struct buffer *out, const struct address *address)
{
	pack_u8(out, address->family);
	pack_u16(out, address->port);
	pack_raw(out, address->ip, sizeof(address->ip));
}

static void put_lower(struct buffer *out, struct bytes name)
{
	size_t i;

	pack_u32(out, (uint32_t)name.len);
	for (i = 0; i < name.len; i++)
		pack_u8(out, (uint8_t)tolower(name.data[i]));
}

/* The length goes into the head, the bytes into the body. */
static void put_blob(struct writer *to, struct bytes blob)
{
	pack_u32(&to->head, (uint32_t)blob.len);
	pack_raw(&to->body, blob.data, blob.len);
}

static void put_certificate(struct writer *to, struct document_certificate *certificate)
{
	struct hashing hashing = object_begin(to, 'c');
	struct buffer *out = &to->head;
	uint32_t i;

	pack_string(out, certificate->name);
	pack_u8(out, (uint8_t)certificate->key_kind);
	pack_u64(out, (uint64_t)certificate->not_before);
	pack_u64(out, (uint64_t)certificate->not_after);
	put_blob(to, certificate->key);
	pack_u32(out, certificate->chain_count);
	for (i = 0; i < certificate->chain_count; i++)
		put_blob(to, certificate->chain[i]);
	object_fields_end(&hashing);
	object_end(&hashing, certificate->hash);
}

static void put_trust(struct writer *to, struct document_trust *trust)
{
	struct hashing hashing = object_begin(to, 't');
	struct buffer *out = &to->head;
	uint32_t i;

	pack_u32(out, trust->ca_count);
	for (i = 0; i < trust->ca_count; i++) {
		pack_string(out, trust->cas[i].name);
		pack_u8(out, (uint8_t)trust->cas[i].profile);
		put_blob(to, trust->cas[i].der);
	}
	object_fields_end(&hashing);
	object_end(&hashing, trust->hash);
}

static void put_policy(struct writer *to, struct document_policy *policy)
{
	struct hashing hashing = object_begin(to, 'p');
	struct buffer *out = &to->head;
	uint32_t i;

	pack_string(out, policy->id);
	pack_u32(out, policy->tls_versions);
	pack_u32(out, policy->cipher_count);
	for (i = 0; i < policy->cipher_count; i++)
		pack_bytes(out, policy->ciphers[i]);
	object_fields_end(&hashing);
	object_end(&hashing, policy->hash);
}

static void put_check(struct buffer *out, const struct document_health_check *check)
{
	pack_u8(out, check->enabled);
	pack_u8(out, (uint8_t)check->type);
	pack_u16(out, check->connect_port);
	pack_u32(out, check->connect_timeout_s);
	pack_u32(out, check->interval_s);
	pack_u32(out, check->healthy_threshold);
	pack_u32(out, check->unhealthy_threshold);
	pack_string(out, check->domain);
	pack_string(out, check->url);
	pack_u32(out, check->http_codes);
	pack_u8(out, (uint8_t)check->method);
	pack_u8(out, check->http_1_1);
	pack_u8(out, check->proxy_protocol);
}

static void put_group(struct writer *to, struct document_group *group)
{
	struct hashing hashing = object_begin(to, 'g');
	struct buffer *out = &to->head;
	uint32_t i;

	pack_string(out, group->name);
	pack_u8(out, (uint8_t)group->scheduler);
	pack_u8(out, (uint8_t)group->all_down);
	pack_u8(out, group->any_port);
	pack_u8(out, group->drain_enabled);
	pack_u32(out, group->drain_timeout_s);
	pack_u32(out, group->slow_start_s);
	put_check(out, &group->check);
	pack_u32(out, group->server_count);
	for (i = 0; i < group->server_count; i++) {
		pack_u32(out, group->servers[i].slot);
		put_address(out, &group->servers[i].address);
		pack_u32(out, group->servers[i].owner);
		pack_u32(out, group->servers[i].weight);
		pack_string(out, group->servers[i].name);
	}
	object_fields_end(&hashing);
	object_end(&hashing, group->hash);
}

static void put_listener_numbers(struct buffer *out, const struct document_listener *listener)
{
	pack_u8(out, (uint8_t)listener->protocol);
	pack_u16(out, listener->start_port);
	pack_u16(out, listener->end_port);
	pack_u8(out, listener->stopped);
	pack_u32(out, listener->idle_timeout_s);
	pack_u32(out, listener->cps);
	pack_u32(out, listener->mss);
	pack_u8(out, listener->proxy_protocol);
	pack_u32(out, listener->handshake_timeout_s);
	pack_u32(out, listener->connect_timeout_s);
	pack_u32(out, listener->connect_budget_s);
	pack_u32(out, listener->half_close_timeout_s);
	pack_u32(out, listener->max_connections);
	pack_u32(out, listener->max_connections_per_source);
	pack_u32(out, listener->max_handshakes_per_source);
	pack_u32(out, listener->max_handshake_rate_per_source);
	pack_u8(out, (uint8_t)listener->unclean_close);
	pack_u8(out, listener->ca_enabled);
	pack_u8(out, (uint8_t)listener->ca_mode);
	pack_u32(out, listener->ca_depth);
	pack_u8(out, listener->ca_names_advertised);
	pack_u8(out, (uint8_t)listener->revocation_mode);
	pack_u8(out, listener->revocation_cuts);
	pack_u8(out, (uint8_t)listener->alpn_policy);
}

static void put_listener_lists(struct buffer *out, const struct document_listener *listener)
{
	uint32_t i;

	pack_u32(out, listener->address_count);
	for (i = 0; i < listener->address_count; i++)
		put_address(out, &listener->addresses[i]);
	pack_u32(out, listener->proxy_protocol_from_count);
	for (i = 0; i < listener->proxy_protocol_from_count; i++) {
		put_address(out, &listener->proxy_protocol_from[i].base);
		pack_u8(out, listener->proxy_protocol_from[i].prefix_bits);
	}
	pack_u32(out, listener->default_certificate_count);
	pack_u32(out, listener->sni_count);
	for (i = 0; i < listener->sni_count; i++)
		put_lower(out, listener->sni[i].name);
}

static void put_listener(struct writer *to, const struct document *document,
			 struct document_listener *listener)
{
	struct hashing hashing = object_begin(to, 'l');
	struct buffer *out = &to->head;
	uint32_t i;

	pack_u32(out, listener->slot);
	pack_string(out, listener->name);
	put_listener_numbers(out, listener);
	put_listener_lists(out, listener);
	object_fields_end(&hashing);
	object_refers(&hashing, listener->group, document->groups[listener->group].hash);
	object_refers(&hashing, listener->policy,
		      listener->policy == DOCUMENT_NONE
			      ? NULL
			      : document->policies[listener->policy].hash);
	object_refers(&hashing, listener->trust,
		      listener->trust == DOCUMENT_NONE ? NULL
						       : document->trusts[listener->trust].hash);
	for (i = 0; i < listener->default_certificate_count; i++)
		object_refers(&hashing, listener->default_certificates[i],
			      document->certificates[listener->default_certificates[i]].hash);
	for (i = 0; i < listener->sni_count; i++)
		object_refers(&hashing, listener->sni[i].certificate,
			      document->certificates[listener->sni[i].certificate].hash);
	object_end(&hashing, listener->hash);
}

/* --- the whole --- */

static struct layout_totals count_all(const struct document *document)
{
	struct layout_totals totals = { .certificates = document->certificate_count,
					.trusts = document->trust_count,
					.policies = document->policy_count,
					.groups = document->group_count,
					.listeners = document->listener_count };
	uint32_t i;

	for (i = 0; i < document->certificate_count; i++)
		totals.chains += document->certificates[i].chain_count;
	for (i = 0; i < document->trust_count; i++)
		totals.cas += document->trusts[i].ca_count;
	for (i = 0; i < document->policy_count; i++)
		totals.ciphers += document->policies[i].cipher_count;
	for (i = 0; i < document->group_count; i++)
		totals.servers += document->groups[i].server_count;
	for (i = 0; i < document->listener_count; i++) {
		totals.addresses += document->listeners[i].address_count;
		totals.blocks += document->listeners[i].proxy_protocol_from_count;
		totals.defaults += document->listeners[i].default_certificate_count;
		totals.sni += document->listeners[i].sni_count;
	}
	return totals;
}

static void put_document(struct writer *to, struct document *document)
{
	struct layout_totals totals = count_all(document);
	struct buffer *out = &to->head;
	uint32_t i;

	pack_u64(out, document->version);
	pack_u8(out, (uint8_t)document->log_format);
#define X(name, size) pack_u32(out, totals.name);
	LAYOUT_ARRAYS(X)
#undef X
	for (i = 0; i < document->certificate_count; i++)
		put_certificate(to, &document->certificates[i]);
	for (i = 0; i < document->trust_count; i++)
		put_trust(to, &document->trusts[i]);
	for (i = 0; i < document->policy_count; i++)
		put_policy(to, &document->policies[i]);
	for (i = 0; i < document->group_count; i++)
		put_group(to, &document->groups[i]);
	for (i = 0; i < document->listener_count; i++)
		put_listener(to, document, &document->listeners[i]);
}

/* The head goes behind the body: it is the smaller one to copy. */
static void join(struct writer *writer)
{
	size_t start = 2 * sizeof(uint32_t);
	uint64_t length = writer->body.len - LAYOUT_BODY_AT;
	size_t i;

	for (i = 0; i < sizeof(length); i++)
		writer->body.data[start + i] = (uint8_t)(length >> (8 * i));
	pack_raw(&writer->body, writer->head.data, writer->head.len);
	buffer_done(&writer->head);
}

int document_encode(const struct model *model, uint64_t version, struct slots *slots,
		    struct buffer *ret_bytes, struct error *err)
{
	static const uint8_t length[sizeof(uint64_t)];
	struct writer writer = { 0 };
	struct document *document;

	slots_begin(slots);
	document = document_build(model, version, slots, err);
	if (document == NULL) {
		slots_abort(slots);
		return -1;
	}
	pack_u32(&writer.body, LAYOUT_MAGIC);
	pack_u32(&writer.body, LAYOUT_VERSION);
	pack_raw(&writer.body, length, sizeof(length)); /* known at the end */
	put_document(&writer, document);
	join(&writer);
	document_build_free(document);
	slots_end(slots);
	buffer_done(ret_bytes);
	*ret_bytes = writer.body;
	return 0;
}
