/*
 * Only what a listener refers to goes into a document: a certificate, policy or group that nobody uses
 * costs the data plane nothing.
 */
#include "document/document_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/name_index.h"
#include "document/layout.h"
#include "document/slots.h"

struct builder {
	const struct model *model;
	struct slots *slots;
	struct document *document;
	struct error *err;
	struct name_index *balancers, *certificates, *cas, *policies, *groups; /* of the model */
	/* by index in the model: index in the document, or DOCUMENT_NONE */
	uint32_t *certificate_of, *policy_of, *group_of;
	const struct model_strings **trust_names; /* by index in the document */
};

/* --- names --- */

/* Cut at a character, when it is too long for a log. */
static void copy_name(char ret_text[DOCUMENT_NAME_SIZE], const char *text)
{
	size_t len = strlen(text);

	if (len >= DOCUMENT_NAME_SIZE) {
		len = DOCUMENT_NAME_SIZE - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(ret_text, text, len);
	ret_text[len] = '\0';
}

#define INDEX_NAMES(field, items, count, member) \
	do { \
		size_t at; \
		builder->field = name_index_new(); \
		for (at = 0; at < builder->model->count; at++) \
			name_index_add(builder->field, builder->model->items[at].member, \
				       (uint32_t)at); \
	} while (0)

static uint32_t *no_indexes(size_t count)
{
	uint32_t *indexes = memory_new(count * sizeof(*indexes));

	memset(indexes, 0xff, count * sizeof(*indexes)); /* DOCUMENT_NONE */
	return indexes;
}

static void builder_init(struct builder *builder)
{
	const struct model *model = builder->model;
	struct document *document = builder->document;

	INDEX_NAMES(balancers, load_balancers, load_balancer_count, name);
	INDEX_NAMES(certificates, certificates, certificate_count, name);
	INDEX_NAMES(cas, ca_certificates, ca_certificate_count, name);
	INDEX_NAMES(policies, policies, policy_count, id);
	INDEX_NAMES(groups, server_groups, server_group_count, name);
	builder->certificate_of = no_indexes(model->certificate_count);
	builder->policy_of = no_indexes(model->policy_count);
	builder->group_of = no_indexes(model->server_group_count);
	builder->trust_names = memory_new(model->listener_count * sizeof(struct model_strings *));
	document->certificates =
		memory_new(model->certificate_count * sizeof(document->certificates[0]));
	document->policies = memory_new(model->policy_count * sizeof(document->policies[0]));
	document->groups = memory_new(model->server_group_count * sizeof(document->groups[0]));
	document->trusts = memory_new(model->listener_count * sizeof(document->trusts[0]));
	document->listeners = memory_new(model->listener_count * sizeof(document->listeners[0]));
}

static void builder_done(struct builder *builder)
{
	name_index_free(builder->balancers);
	name_index_free(builder->certificates);
	name_index_free(builder->cas);
	name_index_free(builder->policies);
	name_index_free(builder->groups);
	free(builder->certificate_of);
	free(builder->policy_of);
	free(builder->group_of);
	free(builder->trust_names);
}

/* model_check() has looked at all references: this is for models that did not go through it. */
static int look_up(const struct builder *builder, const struct name_index *index, const char *name,
		   uint32_t *ret_index)
{
	uint32_t at = name == NULL ? NAME_INDEX_NONE : name_index_find(index, name);

	if (at == NAME_INDEX_NONE) {
		error_set(builder->err, ERROR_NOT_FOUND, "there is no resource \"%.80s\"",
			  name != NULL ? name : "");
		return -1;
	}
	*ret_index = at;
	return 0;
}

/* --- certificates, trust, policies --- */

static struct bytes *borrow_blobs(const struct model_blobs *blobs)
{
	struct bytes *items = memory_new(blobs->count * sizeof(*items));
	size_t i;

	for (i = 0; i < blobs->count; i++)
		items[i] = buffer_bytes(&blobs->items[i]);
	return items;
}

static int add_certificate(struct builder *builder, const char *name, uint32_t *ret_index)
{
	struct document *document = builder->document;
	const struct model_certificate *from;
	struct document_certificate *to;
	uint32_t at;

	if (look_up(builder, builder->certificates, name, &at) < 0)
		return -1;
	*ret_index = builder->certificate_of[at];
	if (*ret_index != DOCUMENT_NONE)
		return 0;
	from = &builder->model->certificates[at];
	if (from->chain_der.count == 0 || from->key_der.len == 0)
		return error_set(builder->err, ERROR_INVALID,
				 "certificate \"%.80s\" has no chain or no key", name);
	to = &document->certificates[document->certificate_count];
	copy_name(to->name, from->name);
	to->key_kind = from->key_kind;
	to->not_before = from->not_before;
	to->not_after = from->not_after;
	to->chain = borrow_blobs(&from->chain_der);
	to->chain_count = (uint32_t)from->chain_der.count;
	to->key = buffer_bytes(&from->key_der);
	*ret_index = builder->certificate_of[at] = document->certificate_count++;
	return 0;
}

static bool same_names(const struct model_strings *a, const struct model_strings *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

static int fill_trust(struct builder *builder, struct document_trust *trust,
		      const struct model_strings *names)
{
	size_t i, j;
	uint32_t at;

	for (i = 0; i < names->count; i++) {
		const struct model_ca_certificate *from;

		if (look_up(builder, builder->cas, names->items[i], &at) < 0)
			return -1;
		from = &builder->model->ca_certificates[at];
		trust->cas = memory_resize(trust->cas, (trust->ca_count + from->certs_der.count) *
							       sizeof(trust->cas[0]));
		for (j = 0; j < from->certs_der.count; j++) {
			struct document_ca *to = &trust->cas[trust->ca_count++];

			*to = (struct document_ca){ .der = buffer_bytes(&from->certs_der.items[j]),
						    .profile = from->chain_profile };
			copy_name(to->name, from->name);
		}
	}
	/* CAs that were revoked leave nothing: then no certificate is accepted, which is what is meant. */
	if (names->count == 0)
		return error_set(builder->err, ERROR_INVALID,
				 "there is no CA certificate to trust");
	return 0;
}

/* Listeners with the same list share one. */
static int add_trust(struct builder *builder, const struct model_strings *names,
		     uint32_t *ret_index)
{
	struct document *document = builder->document;
	uint32_t i;

	for (i = 0; i < document->trust_count; i++) {
		if (same_names(builder->trust_names[i], names)) {
			*ret_index = i;
			return 0;
		}
	}
	*ret_index = document->trust_count++;
	builder->trust_names[i] = names;
	return fill_trust(builder, &document->trusts[i], names);
}

static int add_policy(struct builder *builder, const char *id, uint32_t *ret_index)
{
	struct document *document = builder->document;
	const struct model_security_policy *from;
	struct document_policy *to;
	uint32_t at;
	size_t i;

	if (look_up(builder, builder->policies, id, &at) < 0)
		return -1;
	*ret_index = builder->policy_of[at];
	if (*ret_index != DOCUMENT_NONE)
		return 0;
	from = &builder->model->policies[at];
	to = &document->policies[document->policy_count];
	snprintf(to->id, sizeof(to->id), "%s", from->id);
	to->tls_versions = from->tls_versions;
	to->cipher_count = (uint32_t)from->ciphers.count;
	to->ciphers = memory_new(from->ciphers.count * sizeof(to->ciphers[0]));
	for (i = 0; i < from->ciphers.count; i++)
		to->ciphers[i] = (struct bytes){ (const uint8_t *)from->ciphers.items[i],
						 strlen(from->ciphers.items[i]) };
	*ret_index = builder->policy_of[at] = document->policy_count++;
	return 0;
}

/* --- groups --- */

static void fill_check(struct document_health_check *to, const struct model_health_check *from)
{
	to->enabled = from->enabled;
	to->type = from->type;
	to->connect_port = (uint16_t)from->connect_port;
	to->connect_timeout_s = (uint32_t)from->connect_timeout_s;
	to->interval_s = (uint32_t)from->interval_s;
	to->healthy_threshold = (uint32_t)from->healthy_threshold;
	to->unhealthy_threshold = (uint32_t)from->unhealthy_threshold;
	if (from->domain != NULL && strcmp(from->domain, "$SERVER_IP") != 0)
		snprintf(to->domain, sizeof(to->domain), "%s", from->domain);
	snprintf(to->url, sizeof(to->url), "%s", from->url != NULL ? from->url : "/");
	to->http_codes = from->http_codes;
	to->method = from->method;
	to->http_1_1 = from->http_1_1;
}

static int add_server(struct builder *builder, struct document_group *group,
		      const struct model_server *from)
{
	struct document_server *to = &group->servers[group->server_count];
	char identity[SLOT_IDENTITY_SIZE], address[ADDRESS_TEXT_SIZE];

	if (address_parse_server(from->server_ip, &to->address, builder->err) < 0)
		return -1;
	if (to->address.family == ADDRESS_UNIX) {
		to->owner = geteuid();
		group->check.enabled = false; /* a probe would be a client to it */
	} else {
		to->address.port = (uint16_t)from->port;
	}
	to->weight = (uint32_t)from->weight;
	if (to->address.port != 0)
		address_format(&to->address, address);
	else
		address_format_ip(&to->address, address);
	copy_name(to->name, from->description != NULL ? from->description
			    : from->server_id != NULL ? from->server_id
						      : address);
	slot_server_identity(group, to, identity);
	group->server_count++;
	return slots_take(builder->slots, SLOT_SERVER, identity, &to->slot, builder->err);
}

static int add_group(struct builder *builder, const char *name, uint32_t *ret_index)
{
	struct document *document = builder->document;
	const struct model_server_group *from;
	struct document_group *to;
	uint32_t at;
	size_t i;

	if (look_up(builder, builder->groups, name, &at) < 0)
		return -1;
	*ret_index = builder->group_of[at];
	if (*ret_index != DOCUMENT_NONE)
		return 0;
	from = &builder->model->server_groups[at];
	*ret_index = builder->group_of[at] = document->group_count++;
	to = &document->groups[*ret_index];
	copy_name(to->name, from->name);
	to->scheduler = from->scheduler;
	to->all_down = from->all_down;
	to->any_port = from->any_port;
	to->drain_enabled = from->drain_enabled;
	to->drain_timeout_s = (uint32_t)from->drain_timeout_s;
	to->slow_start_s = (uint32_t)from->slow_start_s;
	fill_check(&to->check, &from->check);
	to->servers = memory_new(from->server_count * sizeof(to->servers[0]));
	for (i = 0; i < from->server_count; i++) {
		if (add_server(builder, to, &from->servers[i]) < 0)
			return -1;
	}
	return 0;
}

/* --- SNI --- */

struct sni_entry {
	const char *name;
	uint32_t certificate;
	uint32_t order;
};

static int compare_entries(const void *a, const void *b)
{
	const struct sni_entry *left = a, *right = b;
	int order = strcasecmp(left->name, right->name); /* as in lower case; names are ASCII */

	if (order != 0)
		return order;
	return left->order < right->order ? -1 : left->order > right->order;
}

static const struct model_certificate *model_certificate_of(const struct builder *builder,
							    const char *name)
{
	return &builder->model->certificates[name_index_find(builder->certificates, name)];
}

static bool is_ascii(const char *name)
{
	for (; *name != '\0'; name++) {
		if ((unsigned char)*name <= ' ' || (unsigned char)*name >= 0x7f)
			return false;
	}
	return true;
}

static size_t collect_names(const struct builder *builder, const char *certificate, uint32_t index,
			    struct sni_entry *entries, size_t count)
{
	const struct model_strings *names = &model_certificate_of(builder, certificate)->names;
	size_t i;

	for (i = 0; i < names->count; i++) {
		size_t len = strlen(names->items[i]);

		/* what cannot be a server name can never be asked for */
		if (len == 0 || len > LAYOUT_SNI_MAX || !is_ascii(names->items[i]))
			continue;
		entries[count] = (struct sni_entry){ names->items[i], index, (uint32_t)count };
		count++;
	}
	return count;
}

static void keep_entries(struct document_listener *to, struct sni_entry *entries, size_t count)
{
	size_t i;

	qsort(entries, count, sizeof(entries[0]), compare_entries);
	to->sni = memory_new(count * sizeof(to->sni[0]));
	for (i = 0; i < count; i++) {
		if (i > 0 && entries[i].certificate == entries[i - 1].certificate &&
		    strcasecmp(entries[i].name, entries[i - 1].name) == 0)
			continue;
		to->sni[to->sni_count++] =
			(struct document_sni){ { (const uint8_t *)entries[i].name,
						 strlen(entries[i].name) },
					       entries[i].certificate };
	}
}

/* Additional certificates come before the default one: a client gets the default certificate for a
 * name that an additional one has too only if that is of another kind. */
static int fill_sni(struct builder *builder, const struct model_listener *from,
		    struct document_listener *to)
{
	const struct model_strings *more = &from->additional_certificates;
	size_t i, room = model_certificate_of(builder, from->certificates.items[0])->names.count;
	struct sni_entry *entries;
	size_t count = 0;
	uint32_t index;

	for (i = 0; i < more->count; i++) {
		if (add_certificate(builder, more->items[i], &index) < 0)
			return -1;
		room += model_certificate_of(builder, more->items[i])->names.count;
	}
	entries = memory_new(room * sizeof(*entries));
	for (i = 0; i < more->count; i++) {
		if (add_certificate(builder, more->items[i], &index) == 0)
			count = collect_names(builder, more->items[i], index, entries, count);
	}
	count = collect_names(builder, from->certificates.items[0], to->default_certificates[0],
			      entries, count);
	keep_entries(to, entries, count);
	free(entries);
	return 0;
}

/* --- listeners --- */

static int fill_tls(struct builder *builder, const struct model_listener *from,
		    struct document_listener *to)
{
	const char *policy = from->security_policy != NULL
				     ? from->security_policy
				     : builder->model->settings.default_security_policy_id;

	if (from->certificates.count == 0)
		return error_set(builder->err, ERROR_INVALID,
				 "listener \"%.80s\" has no certificate", to->name);
	to->default_certificates = memory_new(sizeof(to->default_certificates[0]));
	to->default_certificate_count = 1;
	if (add_policy(builder, policy, &to->policy) < 0 ||
	    add_certificate(builder, from->certificates.items[0], &to->default_certificates[0]) <
		    0 ||
	    fill_sni(builder, from, to) < 0)
		return -1;
	to->alpn_policy = from->alpn_enabled ? from->alpn_policy : MODEL_ALPN_NONE;
	to->ca_enabled = from->ca_enabled;
	if (from->ca_enabled)
		return add_trust(builder, &from->ca_certificates, &to->trust);
	return 0;
}

static int add_address(const struct builder *builder, struct document_listener *to,
		       const char *text)
{
	if (text == NULL)
		return 0;
	return address_parse_ip(text, &to->addresses[to->address_count++], builder->err);
}

static int fill_addresses(const struct builder *builder, const struct model_listener *from,
			  struct document_listener *to)
{
	const struct model_load_balancer *balancer;
	uint32_t at;
	size_t i;

	if (look_up(builder, builder->balancers, from->load_balancer, &at) < 0)
		return -1;
	balancer = &builder->model->load_balancers[at];
	to->addresses = memory_new(2 * balancer->zone_count * sizeof(to->addresses[0]));
	for (i = 0; i < balancer->zone_count; i++) {
		if (add_address(builder, to, balancer->zones[i].private_ipv4_address) < 0 ||
		    add_address(builder, to, balancer->zones[i].ipv6_address) < 0)
			return -1;
	}
	return 0;
}

static int fill_proxy_from(const struct builder *builder, const struct model_listener *from,
			   struct document_listener *to)
{
	const struct model_strings *blocks = &from->proxy_protocol_from;
	size_t i;

	to->proxy_protocol_from = memory_new(blocks->count * sizeof(to->proxy_protocol_from[0]));
	to->proxy_protocol_from_count = (uint32_t)blocks->count;
	for (i = 0; i < blocks->count; i++) {
		if (address_block_parse(blocks->items[i], &to->proxy_protocol_from[i],
					builder->err) < 0)
			return -1;
	}
	return 0;
}

static void fill_numbers(const struct model_listener *from, struct document_listener *to)
{
	to->protocol = from->protocol;
	to->start_port = (uint16_t)(from->port != 0 ? from->port : from->start_port);
	to->end_port = (uint16_t)(from->port != 0 ? from->port : from->end_port);
	to->stopped = from->stopped;
	to->idle_timeout_s = (uint32_t)from->idle_timeout_s;
	to->cps = (uint32_t)from->cps;
	to->mss = (uint32_t)from->mss;
	to->proxy_protocol = from->proxy_protocol;
	to->handshake_timeout_s = (uint32_t)from->handshake_timeout_s;
	to->connect_timeout_s = (uint32_t)from->connect_timeout_s;
	to->connect_budget_s = (uint32_t)from->connect_budget_s;
	to->half_close_timeout_s = (uint32_t)from->half_close_timeout_s;
	to->max_connections = (uint32_t)from->max_connections;
	to->max_connections_per_source = (uint32_t)from->max_connections_per_source;
	to->max_handshakes_per_source = (uint32_t)from->max_handshakes_per_source;
	to->max_handshake_rate_per_source = (uint32_t)from->max_handshake_rate_per_source;
	to->unclean_close = from->unclean_close;
	to->ca_mode = from->ca_mode;
	to->ca_depth = (uint32_t)from->ca_depth;
	to->ca_names_advertised = from->ca_names_advertised;
	to->revocation_mode = from->revocation_mode;
	to->revocation_cuts = from->revocation_cuts;
}

static void name_listener(const struct model_listener *from, struct document_listener *to)
{
	if (to->start_port == to->end_port)
		snprintf(to->name, sizeof(to->name), "%.170s:%u", from->load_balancer,
			 to->start_port);
	else
		snprintf(to->name, sizeof(to->name), "%.170s:%u-%u", from->load_balancer,
			 to->start_port, to->end_port);
}

static int add_listener(struct builder *builder, const struct model_listener *from)
{
	struct document *document = builder->document;
	struct document_listener *to = &document->listeners[document->listener_count++];
	char identity[SLOT_IDENTITY_SIZE];

	to->policy = to->trust = DOCUMENT_NONE;
	fill_numbers(from, to);
	name_listener(from, to);
	slot_listener_identity(to, identity);
	if (slots_take(builder->slots, SLOT_LISTENER, identity, &to->slot, builder->err) < 0 ||
	    fill_addresses(builder, from, to) < 0 || fill_proxy_from(builder, from, to) < 0 ||
	    add_group(builder, from->server_group, &to->group) < 0)
		return -1;
	if (from->proxy_protocol)
		document->groups[to->group].check.proxy_protocol = true;
	return from->protocol == MODEL_TCPSSL ? fill_tls(builder, from, to) : 0;
}

static int build(struct builder *builder)
{
	const struct model *model = builder->model;
	size_t i;

	builder->document->log_format = model->settings.log_format;
	for (i = 0; i < model->listener_count; i++) {
		if (add_listener(builder, &model->listeners[i]) < 0)
			return -1;
	}
	return 0;
}

struct document *document_build(const struct model *model, uint64_t version, struct slots *slots,
				struct error *err)
{
	struct document *document = memory_new(sizeof(*document));
	struct builder builder = {
		.model = model, .slots = slots, .document = document, .err = err
	};
	int status;

	document->version = version;
	builder_init(&builder);
	status = build(&builder);
	builder_done(&builder);
	if (status == 0)
		return document;
	document_build_free(document);
	return NULL;
}

void document_build_free(struct document *document)
{
	uint32_t i;

	if (document == NULL)
		return;
	for (i = 0; i < document->certificate_count; i++)
		free(document->certificates[i].chain);
	for (i = 0; i < document->trust_count; i++)
		free(document->trusts[i].cas);
	for (i = 0; i < document->policy_count; i++)
		free(document->policies[i].ciphers);
	for (i = 0; i < document->group_count; i++)
		free(document->groups[i].servers);
	for (i = 0; i < document->listener_count; i++) {
		free(document->listeners[i].addresses);
		free(document->listeners[i].proxy_protocol_from);
		free(document->listeners[i].default_certificates);
		free(document->listeners[i].sni);
	}
	free(document->certificates);
	free(document->trusts);
	free(document->policies);
	free(document->groups);
	free(document->listeners);
	free(document);
}
