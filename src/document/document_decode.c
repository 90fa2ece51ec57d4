/*
 * Every number is checked before anything relies on it: the totals against the bytes that are there,
 * each list against its total, each index against its array, each enum and range. All arrays of one
 * kind are one allocation; what an object has is a slice of it.
 */
#include <stdlib.h>
#include <string.h>
#include "base/pack.h"
#include "document/document.h"
#include "document/layout.h"
#include "stats/stats.h"

/* A document and all its arrays. */
struct decoded {
	struct document document; /* first: document_free() gets its address */
	struct bytes *chains, *ciphers;
	struct document_ca *cas;
	struct document_server *servers;
	struct address *addresses;
	struct address_block *blocks;
	uint32_t *defaults;
	struct document_sni *sni;
	struct layout_totals totals, used;
	struct unpack body;
	bool listener_slots[STATS_LISTENERS], server_slots[STATS_SERVERS];
};

static void require(struct unpack *in, bool condition)
{
	if (!condition)
		in->failed = true;
}

static bool take_bool(struct unpack *in)
{
	uint8_t value = unpack_u8(in);

	require(in, value <= 1);
	return value == 1;
}

/* A number between the two; least when it is not. */
static uint32_t take_u32(struct unpack *in, uint32_t least, uint32_t most)
{
	uint32_t value = unpack_u32(in);

	if (value >= least && value <= most)
		return value;
	in->failed = true;
	return least;
}

static unsigned int take_enum(struct unpack *in, unsigned int last)
{
	uint8_t value = unpack_u8(in);

	if (value <= last)
		return value;
	in->failed = true;
	return 0;
}

static struct bytes take_bytes(struct unpack *in, size_t least, size_t most)
{
	struct bytes value = unpack_bytes(in);

	require(in, value.len >= least && value.len <= most);
	return value;
}

/* Its length is in the head; its bytes are pointed to, not looked at. */
static struct bytes take_blob(struct unpack *in, struct decoded *all, uint32_t most)
{
	uint32_t len = take_u32(in, 1, most);
	const uint8_t *data = in->failed ? NULL : unpack_raw(&all->body, len);

	require(in, data != NULL);
	return data == NULL ? (struct bytes){ NULL, 0 } : (struct bytes){ data, len };
}

/* The next `count` of an array of `total`: where they begin. */
static uint32_t take_slice(struct unpack *in, uint32_t count, uint32_t total, uint32_t *used)
{
	uint32_t start = *used;

	if (count > total - start) {
		in->failed = true;
		return 0;
	}
	*used += count;
	return start;
}

static struct address take_address(struct unpack *in, bool with_port)
{
	static const uint8_t zeros[12];
	struct address address = { .family = unpack_u8(in), .port = unpack_u16(in) };
	const uint8_t *ip = unpack_raw(in, sizeof(address.ip));

	if (ip == NULL)
		return address;
	memcpy(address.ip, ip, sizeof(address.ip));
	require(in, address.family == 6 ||
			    (address.family == 4 && memcmp(ip + 4, zeros, sizeof(zeros)) == 0));
	require(in, with_port || address.port == 0);
	return address;
}

static void take_hash(struct unpack *in, uint8_t ret_hash[DOCUMENT_HASH_SIZE])
{
	const uint8_t *hash = unpack_raw(in, DOCUMENT_HASH_SIZE);

	if (hash != NULL)
		memcpy(ret_hash, hash, DOCUMENT_HASH_SIZE);
}

/* A name of a person's choice; never empty. */
static void take_name(struct unpack *in, char *ret_text, size_t size)
{
	unpack_string(in, ret_text, size);
	require(in, ret_text[0] != '\0');
}

/* --- objects --- */

static void take_certificate(struct unpack *in, struct decoded *all, uint32_t i)
{
	struct document_certificate *to = &all->document.certificates[i];
	uint32_t j, start;

	take_hash(in, to->hash);
	take_name(in, to->name, sizeof(to->name));
	to->key_kind = take_enum(in, MODEL_KEY_ED25519);
	to->not_before = (int64_t)unpack_u64(in);
	to->not_after = (int64_t)unpack_u64(in);
	to->key = take_blob(in, all, LAYOUT_KEY_MAX);
	to->chain_count = take_u32(in, 1, UINT32_MAX);
	start = take_slice(in, to->chain_count, all->totals.chains, &all->used.chains);
	if (in->failed)
		return;
	to->chain = all->chains + start;
	for (j = 0; j < to->chain_count && !in->failed; j++)
		to->chain[j] = take_blob(in, all, LAYOUT_DER_MAX);
}

static void take_trust(struct unpack *in, struct decoded *all, uint32_t i)
{
	struct document_trust *to = &all->document.trusts[i];
	uint32_t j, start;

	take_hash(in, to->hash);
	to->ca_count = take_u32(in, 0, UINT32_MAX); /* 0: all were revoked, so nobody is let in */
	start = take_slice(in, to->ca_count, all->totals.cas, &all->used.cas);
	if (in->failed)
		return;
	to->cas = all->cas + start;
	for (j = 0; j < to->ca_count && !in->failed; j++) {
		take_name(in, to->cas[j].name, sizeof(to->cas[j].name));
		to->cas[j].profile = take_enum(in, MODEL_PROFILE_STRICT);
		to->cas[j].der = take_blob(in, all, LAYOUT_DER_MAX);
	}
}

static void take_policy(struct unpack *in, struct decoded *all, uint32_t i)
{
	struct document_policy *to = &all->document.policies[i];
	uint32_t j, start;

	take_hash(in, to->hash);
	take_name(in, to->id, sizeof(to->id));
	to->tls_versions =
		take_u32(in, 1, MODEL_TLS_1_0 | MODEL_TLS_1_1 | MODEL_TLS_1_2 | MODEL_TLS_1_3);
	to->cipher_count = take_u32(in, 1, UINT32_MAX);
	start = take_slice(in, to->cipher_count, all->totals.ciphers, &all->used.ciphers);
	if (in->failed)
		return;
	to->ciphers = all->ciphers + start;
	for (j = 0; j < to->cipher_count && !in->failed; j++) {
		to->ciphers[j] = take_bytes(in, 1, LAYOUT_CIPHER_MAX);
		require(in, to->ciphers[j].len > 0 &&
				    memchr(to->ciphers[j].data, '\0', to->ciphers[j].len) == NULL);
	}
}

static void take_check(struct unpack *in, struct document_health_check *to)
{
	to->enabled = take_bool(in);
	to->type = take_enum(in, MODEL_CHECK_HTTP);
	to->connect_port = unpack_u16(in);
	to->connect_timeout_s = take_u32(in, 1, LAYOUT_SECONDS_MAX);
	to->interval_s = take_u32(in, 1, LAYOUT_SECONDS_MAX);
	to->healthy_threshold = take_u32(in, 1, 1000);
	to->unhealthy_threshold = take_u32(in, 1, 1000);
	unpack_string(in, to->domain, sizeof(to->domain));
	unpack_string(in, to->url, sizeof(to->url));
	require(in, to->url[0] == '/');
	to->http_codes =
		take_u32(in, 1, MODEL_HTTP_2XX | MODEL_HTTP_3XX | MODEL_HTTP_4XX | MODEL_HTTP_5XX);
	to->method = take_enum(in, MODEL_CHECK_HEAD);
	to->http_1_1 = take_bool(in);
	to->proxy_protocol = take_bool(in);
}

/* Each slot once: two servers must not share a row. */
static uint32_t take_slot(struct unpack *in, bool *taken, uint32_t count)
{
	uint32_t slot = take_u32(in, 0, count - 1);

	require(in, !taken[slot]);
	taken[slot] = true;
	return slot;
}

/* The name has at least one byte, and nothing but zeros behind its end. */
static bool is_unix_name(const uint8_t name[ADDRESS_UNIX_NAME])
{
	static const uint8_t zeros[ADDRESS_UNIX_NAME];
	size_t len = strnlen((const char *)name, ADDRESS_UNIX_NAME);

	return len > 0 && memcmp(name + len, zeros, ADDRESS_UNIX_NAME - len) == 0;
}

/* Of all addresses only a server's may be a unix socket. */
static struct address take_server_address(struct unpack *in, const struct document_group *group)
{
	struct unpack ahead = *in;
	struct address address = { .family = unpack_u8(&ahead), .port = unpack_u16(&ahead) };
	const uint8_t *name = unpack_raw(&ahead, sizeof(address.ip));

	if (name == NULL || address.family != ADDRESS_UNIX) {
		address = take_address(in, !group->any_port);
		require(in, group->any_port || address.port != 0);
		return address;
	}
	*in = ahead;
	memcpy(address.ip, name, sizeof(address.ip));
	require(in, is_unix_name(name) && address.port == 0 && !group->check.enabled);
	return address;
}

static void take_server(struct unpack *in, struct decoded *all, const struct document_group *group,
			struct document_server *to)
{
	to->slot = take_slot(in, all->server_slots, STATS_SERVERS);
	to->address = take_server_address(in, group);
	to->owner = unpack_u32(in);
	require(in, to->owner == 0 || to->address.family == ADDRESS_UNIX);
	to->weight = take_u32(in, 0, LAYOUT_WEIGHT_MAX);
	take_name(in, to->name, sizeof(to->name));
}

static void take_group(struct unpack *in, struct decoded *all, uint32_t i)
{
	struct document_group *to = &all->document.groups[i];
	uint32_t j, start;

	take_hash(in, to->hash);
	take_name(in, to->name, sizeof(to->name));
	to->scheduler = take_enum(in, MODEL_TCH);
	to->all_down = take_enum(in, MODEL_REFUSE);
	to->any_port = take_bool(in);
	to->drain_enabled = take_bool(in);
	to->drain_timeout_s = take_u32(in, 0, LAYOUT_SECONDS_MAX);
	to->slow_start_s = take_u32(in, 0, LAYOUT_SECONDS_MAX);
	take_check(in, &to->check);
	require(in, !to->any_port || !to->check.enabled || to->check.connect_port != 0);
	to->server_count = unpack_u32(in);
	start = take_slice(in, to->server_count, all->totals.servers, &all->used.servers);
	if (in->failed)
		return;
	to->servers = all->servers + start;
	for (j = 0; j < to->server_count && !in->failed; j++)
		take_server(in, all, to, &to->servers[j]);
}

static void take_listener_numbers(struct unpack *in, struct document_listener *to)
{
	to->protocol = take_enum(in, MODEL_TCPSSL);
	to->start_port = unpack_u16(in);
	to->end_port = unpack_u16(in);
	require(in, to->start_port != 0 && to->start_port <= to->end_port);
	to->stopped = take_bool(in);
	to->idle_timeout_s = take_u32(in, 1, LAYOUT_SECONDS_MAX);
	to->cps = unpack_u32(in);
	to->mss = take_u32(in, 0, UINT16_MAX);
	to->proxy_protocol = take_bool(in);
	to->handshake_timeout_s = take_u32(in, 1, LAYOUT_SECONDS_MAX);
	to->connect_timeout_s = take_u32(in, 1, LAYOUT_SECONDS_MAX);
	to->connect_budget_s = take_u32(in, 1, LAYOUT_SECONDS_MAX);
	to->half_close_timeout_s = take_u32(in, 1, LAYOUT_SECONDS_MAX);
	to->max_connections = unpack_u32(in);
	to->max_connections_per_source = unpack_u32(in);
	to->max_handshakes_per_source = unpack_u32(in);
	to->max_handshake_rate_per_source = unpack_u32(in);
	to->unclean_close = take_enum(in, MODEL_UNCLEAN_FIN);
	to->ca_enabled = take_bool(in);
	to->ca_mode = take_enum(in, MODEL_CA_OPTIONAL);
	to->ca_depth = take_u32(in, 1, LAYOUT_DEPTH_MAX);
	to->ca_names_advertised = take_bool(in);
	to->revocation_mode = take_enum(in, MODEL_REVOCATION_OFF);
	to->revocation_cuts = take_bool(in);
	to->alpn_policy = take_enum(in, MODEL_ALPN_HTTP2_PREFERRED);
}

static void take_addresses(struct unpack *in, struct decoded *all, struct document_listener *to)
{
	uint32_t i, start;

	to->address_count = take_u32(in, 1, UINT32_MAX);
	start = take_slice(in, to->address_count, all->totals.addresses, &all->used.addresses);
	if (in->failed)
		return;
	to->addresses = all->addresses + start;
	for (i = 0; i < to->address_count && !in->failed; i++)
		to->addresses[i] = take_address(in, false);
}

static void take_blocks(struct unpack *in, struct decoded *all, struct document_listener *to)
{
	uint32_t i, start;

	to->proxy_protocol_from_count = unpack_u32(in);
	start = take_slice(in, to->proxy_protocol_from_count, all->totals.blocks,
			   &all->used.blocks);
	if (in->failed)
		return;
	to->proxy_protocol_from = all->blocks + start;
	for (i = 0; i < to->proxy_protocol_from_count && !in->failed; i++) {
		struct address_block *block = &to->proxy_protocol_from[i];

		block->base = take_address(in, false);
		block->prefix_bits = unpack_u8(in);
		require(in, block->prefix_bits <= (block->base.family == 4 ? 32 : 128));
	}
}

static bool is_lower(struct bytes name)
{
	size_t i;

	for (i = 0; i < name.len; i++) {
		if (name.data[i] <= ' ' || name.data[i] >= 0x7f ||
		    (name.data[i] >= 'A' && name.data[i] <= 'Z'))
			return false;
	}
	return true;
}

/* Bytewise; a name comes before those that it begins. */
static int compare_names(struct bytes a, struct bytes b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static void take_sni_names(struct unpack *in, struct decoded *all, struct document_listener *to)
{
	uint32_t i, start;

	to->default_certificate_count = unpack_u32(in);
	start = take_slice(in, to->default_certificate_count, all->totals.defaults,
			   &all->used.defaults);
	to->default_certificates = all->defaults + start;
	to->sni_count = unpack_u32(in);
	start = take_slice(in, to->sni_count, all->totals.sni, &all->used.sni);
	to->sni = all->sni + start;
	for (i = 0; i < to->sni_count && !in->failed; i++) {
		to->sni[i].name = take_bytes(in, 1, LAYOUT_SNI_MAX);
		if (in->failed)
			return;
		require(in, is_lower(to->sni[i].name));
		require(in, i == 0 || compare_names(to->sni[i - 1].name, to->sni[i].name) <= 0);
	}
}

static uint32_t take_index(struct unpack *in, uint32_t count)
{
	uint32_t index = unpack_u32(in);

	require(in, index < count);
	return index;
}

static uint32_t take_index_or_none(struct unpack *in, uint32_t count)
{
	uint32_t index = unpack_u32(in);

	require(in, index < count || index == DOCUMENT_NONE);
	return index;
}

static void take_references(struct unpack *in, const struct decoded *all,
			    struct document_listener *to)
{
	const struct document *document = &all->document;
	uint32_t i;

	to->group = take_index(in, document->group_count);
	to->policy = take_index_or_none(in, document->policy_count);
	to->trust = take_index_or_none(in, document->trust_count);
	for (i = 0; i < to->default_certificate_count && !in->failed; i++)
		to->default_certificates[i] = take_index(in, document->certificate_count);
	for (i = 0; i < to->sni_count && !in->failed; i++)
		to->sni[i].certificate = take_index(in, document->certificate_count);
}

/* What a protocol needs and cannot have. */
static bool is_consistent(const struct document *document, const struct document_listener *listener)
{
	bool range = listener->start_port != listener->end_port;

	if (range && !document->groups[listener->group].any_port)
		return false;
	if (listener->protocol == MODEL_TCPSSL)
		return listener->policy != DOCUMENT_NONE &&
		       listener->default_certificate_count > 0 &&
		       listener->ca_enabled == (listener->trust != DOCUMENT_NONE);
	return listener->policy == DOCUMENT_NONE && listener->trust == DOCUMENT_NONE &&
	       !listener->ca_enabled && listener->default_certificate_count == 0 &&
	       listener->sni_count == 0 && listener->alpn_policy == MODEL_ALPN_NONE;
}

static void take_listener(struct unpack *in, struct decoded *all, uint32_t i)
{
	struct document_listener *to = &all->document.listeners[i];

	take_hash(in, to->hash);
	to->slot = take_slot(in, all->listener_slots, STATS_LISTENERS);
	take_name(in, to->name, sizeof(to->name));
	take_listener_numbers(in, to);
	take_addresses(in, all, to);
	take_blocks(in, all, to);
	take_sni_names(in, all, to);
	if (in->failed)
		return;
	take_references(in, all, to);
	require(in, !in->failed && is_consistent(&all->document, to));
}

/* --- the whole --- */

static int damaged(struct error *err, const char *what)
{
	return error_set(err, ERROR_INVALID, "could not read the document: %s", what);
}

/* Parts body and head; in is at the head then. */
static int take_body(struct unpack *in, struct decoded *all, struct error *err)
{
	uint64_t len;
	const uint8_t *body;

	if (unpack_u32(in) != LAYOUT_MAGIC || in->failed)
		return damaged(err, "it is none");
	if (unpack_u32(in) != LAYOUT_VERSION)
		return damaged(err, "it has another layout version");
	len = unpack_u64(in);
	body = unpack_raw(in, len);
	if (body == NULL)
		return damaged(err, "its body is cut");
	all->body = unpack_begin((struct bytes){ body, len });
	return 0;
}

static int take_head(struct unpack *in, struct decoded *all, struct error *err)
{
	struct layout_totals *totals = &all->totals;

	if (take_body(in, all, err) < 0)
		return -1;
	all->document.version = unpack_u64(in);
	all->document.log_format = take_enum(in, MODEL_LOG_JSON);
#define X(name, size) totals->name = unpack_count(in, size);
	LAYOUT_ARRAYS(X)
#undef X
	if (in->failed || totals->listeners > STATS_LISTENERS || totals->servers > STATS_SERVERS)
		return damaged(err, "its totals are wrong");
	return 0;
}

static void make_arrays(struct decoded *all)
{
	const struct layout_totals *totals = &all->totals;
	struct document *document = &all->document;

#define ARRAY(where, total) where = memory_new((size_t)(total) * sizeof((where)[0]))
	ARRAY(document->certificates, totals->certificates);
	ARRAY(document->trusts, totals->trusts);
	ARRAY(document->policies, totals->policies);
	ARRAY(document->groups, totals->groups);
	ARRAY(document->listeners, totals->listeners);
	ARRAY(all->chains, totals->chains);
	ARRAY(all->ciphers, totals->ciphers);
	ARRAY(all->cas, totals->cas);
	ARRAY(all->servers, totals->servers);
	ARRAY(all->addresses, totals->addresses);
	ARRAY(all->blocks, totals->blocks);
	ARRAY(all->defaults, totals->defaults);
	ARRAY(all->sni, totals->sni);
#undef ARRAY
	document->certificate_count = totals->certificates;
	document->trust_count = totals->trusts;
	document->policy_count = totals->policies;
	document->group_count = totals->groups;
	document->listener_count = totals->listeners;
}

static int take_all(struct unpack *in, struct decoded *all, uint32_t count, const char *what,
		    void (*take)(struct unpack *in, struct decoded *all, uint32_t i),
		    struct error *err)
{
	uint32_t i;

	for (i = 0; i < count && !in->failed; i++)
		take(in, all, i);
	if (!in->failed)
		return 0;
	return error_set(err, ERROR_INVALID, "could not read the document: %s %u is damaged", what,
			 i);
}

static int take_objects(struct unpack *in, struct decoded *all, struct error *err)
{
	const struct layout_totals *totals = &all->totals;

	if (take_all(in, all, totals->certificates, "certificate", take_certificate, err) < 0 ||
	    take_all(in, all, totals->trusts, "trust", take_trust, err) < 0 ||
	    take_all(in, all, totals->policies, "policy", take_policy, err) < 0 ||
	    take_all(in, all, totals->groups, "group", take_group, err) < 0 ||
	    take_all(in, all, totals->listeners, "listener", take_listener, err) < 0)
		return -1;
	if (!unpack_is_done(in) || !unpack_is_done(&all->body))
		return damaged(err, "there are bytes behind its end");
	return 0;
}

struct document *document_decode(struct bytes bytes, struct error *err)
{
	struct decoded *all;
	struct unpack in;

	if (bytes.len == 0) {
		damaged(err, "it is empty");
		return NULL;
	}
	all = memory_new(sizeof(*all));
	in = unpack_begin(bytes);
	if (take_head(&in, all, err) < 0) {
		free(all);
		return NULL;
	}
	make_arrays(all);
	if (take_objects(&in, all, err) == 0)
		return &all->document;
	document_free(&all->document);
	return NULL;
}

void document_free(struct document *document)
{
	struct decoded *all = (struct decoded *)document;

	if (all == NULL)
		return;
	free(document->certificates);
	free(document->trusts);
	free(document->policies);
	free(document->groups);
	free(document->listeners);
	free(all->chains);
	free(all->ciphers);
	free(all->cas);
	free(all->servers);
	free(all->addresses);
	free(all->blocks);
	free(all->defaults);
	free(all->sni);
	free(all);
}
