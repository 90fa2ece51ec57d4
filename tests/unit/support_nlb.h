/*
 * A store with the handlers of the product nlb on it: calls go through the table's validation and run in
 * a savepoint, as the API server does it. What is served is what the test says.
 */
#ifndef SALLYPORT_SUPPORT_NLB_H
#define SALLYPORT_SUPPORT_NLB_H

#include "support_certificates.h"

#undef NOW
#include "support_store.h"

#include "control/call.h"
#include "control/serving.h"
#include "store/certificate.h"
#include "store/resource.h"

#define CERTIFICATES_NOW INT64_C(1800000000) /* NOW of support_certificates.h */

/* --- what the control role would say --- */

static struct {
	int64_t revision;
	const char *error;     /* of every listener */
	const char *console;
	const struct serving_server *servers;
	size_t server_count;
} serving;

int64_t serving_revision(const struct control *control)
{
	(void)control;
	return serving.revision;
}

const char *serving_listener_error(const struct control *control, const char *listener_id)
{
	(void)control;
	(void)listener_id;
	return serving.error;
}

const char *serving_console(const struct control *control)
{
	(void)control;
	return serving.console != NULL ? serving.console : "none";
}

void serving_each_server(struct control *control, const char *listener_id,
			 void (*each)(void *arg, const struct serving_server *server), void *arg)
{
	size_t i;

	(void)control;
	(void)listener_id;
	for (i = 0; i < serving.server_count; i++)
		each(arg, &serving.servers[i]);
}

/* --- calls --- */

struct answer {
	json_t *reply;      /* NULL: refused */
	struct error error;
	bool serves;
};

static inline const struct handler *handler_of(const char *name)
{
	const struct handler *handler;

	for (handler = nlb_handlers; handler->action != NULL; handler++)
		if (strcmp(handler->action, name) == 0)
			return handler;
	fail_msg("there is no handler of %s", name);
	return NULL;
}

static inline void run(struct home *home, const struct action *action, json_t *parameters,
		struct answer *answer)
{
	struct call call = {
		.store = home->store,
		.product = &product_nlb,
		.action = action,
		.caller = { .user = "ana", .from = "unix" },
		.parameters = parameters,
		.reply = json_object(),
		.request_id = "11111111-2222-4333-8444-555555555555",
		.now = CERTIFICATES_NOW,
	};

	must(store_savepoint(home->store, e));
	if (handler_of(action->name)->run(&call, &answer->error) == 0) {
		must(store_release(home->store, e));
		answer->reply = call.reply;
		answer->serves = call.serves;
		return;
	}
	store_undo(home->store);
	json_decref(call.reply);
}

/* parameters: JSON as the JSON API takes it; the reference is taken. */
static inline struct answer ask(struct home *home, const char *name, json_t *parameters)
{
	const struct action *action = action_find(&product_nlb, name);
	struct answer answer = { 0 };
	json_t *checked;

	if (parameters == NULL)
		fail_msg("%s: the test's parameters are no JSON", name);
	checked = action_validate(action, parameters, true, &answer.error);
	json_decref(parameters);
	if (checked == NULL)
		return answer;
	must(store_begin(home->store, e));
	run(home, action, checked, &answer);
	must(store_commit(home->store, e));
	json_decref(checked);
	return answer;
}

/* What must succeed: the reply, which the caller owns. */
static inline json_t *get(struct home *home, const char *name, json_t *parameters)
{
	struct answer answer = ask(home, name, parameters);

	if (answer.reply == NULL)
		fail_msg("%s: %s: %s (%s)", name, answer.error.symbol, answer.error.message,
			 answer.error.hint);
	return answer.reply;
}

static inline void must_do(struct home *home, const char *name, json_t *parameters)
{
	json_decref(get(home, name, parameters));
}

/* What must be refused: with this symbol, and the error for more. */
static inline struct error refused(struct home *home, const char *name, json_t *parameters,
			    const char *symbol)
{
	struct answer answer = ask(home, name, parameters);

	if (answer.reply != NULL)
		fail_msg("%s was not refused: %s", name, json_dumps(answer.reply, 0));
	if (strcmp(answer.error.symbol, symbol) != 0)
		fail_msg("%s: %s, not %s: %s", name, answer.error.symbol, symbol,
			 answer.error.message);
	return answer.error;
}

/* A text of a reply, copied; the reply's reference is taken. */
static inline char *text_from(json_t *reply, const char *name)
{
	const char *text = json_string_value(json_object_get(reply, name));
	char *copy;

	if (text == NULL)
		fail_msg("the reply has no %s: %s", name, json_dumps(reply, 0));
	copy = strdup(text);
	keep(copy);
	json_decref(reply);
	return copy;
}

static inline void everything_is_served(struct home *home)
{
	serving.revision = store_revision(home->store);
}

/* --- what most tests start from --- */

static inline char *new_balancer(struct home *home, const char *address)
{
	return text_from(get(home, "CreateLoadBalancer",
			     json_pack("{s:[{s:s, s:s}]}", "ZoneMappings", "ZoneId", "a",
				       "PrivateIPv4Address", address)),
			 "LoadbalancerId");
}

static inline char *new_group(struct home *home)
{
	return text_from(
		get(home, "CreateServerGroup",
		    json_pack("{s:s, s:[{s:s, s:s, s:i}]}", "ServerGroupName", "web", "Servers",
			      "ServerId", "i-1", "ServerIp", "10.0.0.1", "Port", 80)),
		"ServerGroupId");
}

static inline char *new_tcp_listener(struct home *home, const char *balancer, const char *group,
			      int port)
{
	return text_from(get(home, "CreateListener",
			     json_pack("{s:s, s:s, s:s, s:i}", "LoadBalancerId", balancer,
				       "ServerGroupId", group, "ListenerProtocol", "TCP",
				       "ListenerPort", port)),
			 "ListenerId");
}

/* --- certificates, as src/certs writes them --- */

static inline struct buffer pkcs8_of(EVP_PKEY *key)
{
	struct buffer bytes = { 0 };
	CBB out;
	uint8_t *data;
	size_t size;

	if (!CBB_init(&out, 256) || !EVP_marshal_private_key(&out, key) ||
	    !CBB_finish(&out, &data, &size))
		abort();
	buffer_append(&bytes, data, size);
	OPENSSL_free(data);
	return bytes;
}

static inline void key_digest(const struct made *made, uint8_t ret_digest[32])
{
	uint8_t *data = NULL;
	int size = i2d_PUBKEY(made->key, &data);

	SHA256(data, (size_t)size, ret_digest);
	OPENSSL_free(data);
}

struct stored_order {
	const char *id;
	unsigned int role;
	const char *parent;
	const struct made *made, *issuer; /* issuer NULL: itself */
	bool disabled, without_key;
};

static inline void store_made(struct home *home, struct stored_order order)
{
	struct store_certificate row = {
		.id = strdup(order.id),
		.role = order.role,
		.parent = order.parent == NULL ? NULL : strdup(order.parent),
		.name = strdup(""),
		.common_name = strdup("somebody"),
		.sans = strdup(""),
		.serial = strdup("01"),
		.not_before = CERTIFICATES_NOW - DAY,
		.not_after = CERTIFICATES_NOW + DAY,
		.disabled = order.disabled,
		.body = json_object(),
		.created_s = CERTIFICATES_NOW,
	};
	struct buffer key = pkcs8_of(order.made->key);
	static int serials;

	free(row.serial);
	row.serial = malloc(16);
	snprintf(row.serial, 16, "%08X", ++serials);
	key_digest(order.made, row.subject_key);
	key_digest(order.issuer != NULL ? order.issuer : order.made, row.issuer_key);
	SHA256(order.made->der.data, order.made->der.len, row.sha256);
	buffer_append(&row.der, order.made->der.data, order.made->der.len);
	must(store_begin(home->store, e));
	must(store_certificate_put(home->store, &row, e));
	if (!order.without_key)
		must(store_key_put(home->store, order.id, true, buffer_bytes(&key), e));
	must(store_commit(home->store, e));
	buffer_done(&key);
	store_certificate_done(&row);
}

static inline int nlb_setup(void **state)
{
	memset(&serving, 0, sizeof(serving));
	return home_setup(state);
}

#endif
