/*
 * Whatever the API accepts can be served: calls chosen at random, from a fixed seed, over few resources,
 * so that they meet; after each that is accepted the whole store makes a document.
 */
#include "support_nlb.h"

#include "control/resolve.h"
#include "control/stored_model.h"
#include "document/document.h"
#include "document/slots.h"
#include "model/manifest.h"

#define ROUNDS 600
#define IDS_MAX 6

struct ids {
	char *items[IDS_MAX];
	size_t count;
};

struct world {
	size_t most_listeners;
	struct home *home;
	uint32_t seed;
	struct ids balancers, groups, listeners, policies;
	unsigned int accepted, refused;
};

/* xorshift: the same everywhere. */
static uint32_t draw(struct world *world, uint32_t below)
{
	world->seed ^= world->seed << 13;
	world->seed ^= world->seed >> 17;
	world->seed ^= world->seed << 5;
	return world->seed % below;
}

#define ONE_OF(world, list) ((list)[draw(world, sizeof(list) / sizeof((list)[0]))])

static const char *some_id(struct world *world, const struct ids *ids)
{
	return ids->count == 0 ? "none" : ids->items[draw(world, (uint32_t)ids->count)];
}

static void remember(struct ids *ids, const json_t *reply, const char *name)
{
	char *id = keep(strdup(json_string_value(json_object_get(reply, name))));

	if (ids->count < IDS_MAX)
		ids->items[ids->count++] = id;
}

/* --- random parameters --- */

static void maybe(struct world *world, json_t *to, const char *name, json_t *value)
{
	if (draw(world, 3) == 0)
		json_object_set_new(to, name, value);
	else
		json_decref(value);
}

static json_t *random_zones(struct world *world)
{
	static const char *const ipv4[] = { "0.0.0.0", "127.0.0.1", "127.0.0.2", "10.9.9.9" };
	static const char *const ipv6[] = { "::", "::1", "0:0:0:0:0:0:0:1", "fd00::1" };
	static const char *const names[] = { "a", "b", "c" };
	json_t *zones = json_array();
	uint32_t count = 1 + draw(world, 3);

	for (uint32_t i = 0; i < count; i++) {
		json_t *zone = json_pack("{s:s}", "ZoneId", names[i]);

		maybe(world, zone, "PrivateIPv4Address", json_string(ONE_OF(world, ipv4)));
		maybe(world, zone, "Ipv6Address", json_string(ONE_OF(world, ipv6)));
		json_array_append_new(zones, zone);
	}
	return zones;
}

static json_t *random_servers(struct world *world)
{
	static const char *const addresses[] = { "10.0.0.1", "10.0.0.2", "fd00::1", "fd00:0::1",
						 "i-1" };
	json_t *servers = json_array();
	uint32_t count = 1 + draw(world, 3);

	for (uint32_t i = 0; i < count; i++) {
		json_t *server = json_pack("{s:s}", "ServerId", ONE_OF(world, addresses));

		maybe(world, server, "ServerIp", json_string(ONE_OF(world, addresses)));
		maybe(world, server, "Port", json_integer(80 + draw(world, 2)));
		maybe(world, server, "Weight", json_integer(draw(world, 101)));
		json_array_append_new(servers, server);
	}
	return servers;
}

static json_t *random_certificates(struct world *world)
{
	static const char *const ids[] = { "one", "two", "three", "none" };
	json_t *list = json_array();
	uint32_t count = draw(world, 8) == 0 ? draw(world, 3) : 1;

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(ONE_OF(world, ids)));
	return list;
}

static json_t *random_cas(struct world *world)
{
	static const char *const ids[] = { "root", "sub", "dead", "one" };

	return json_pack("[s]", ONE_OF(world, ids));
}

static void add_settings(struct world *world, json_t *to)
{
	static const char *const alpn[] = { "HTTP1Only", "HTTP2Optional" };
	static const char *const policies[] = { "tls_cipher_policy_1_0", "tls_cipher_policy_1_2" };

	maybe(world, to, "CaEnabled", json_boolean(draw(world, 2)));
	maybe(world, to, "CaCertificateIds", random_cas(world));
	maybe(world, to, "AlpnEnabled", json_boolean(draw(world, 2)));
	maybe(world, to, "AlpnPolicy", json_string(ONE_OF(world, alpn)));
	maybe(world, to, "SecurityPolicyId",
	      json_string(draw(world, 2) ? ONE_OF(world, policies)
					 : some_id(world, &world->policies)));
	maybe(world, to, "ProxyProtocolEnabled", json_boolean(draw(world, 2)));
	maybe(world, to, "Mss", json_integer(draw(world, 1600)));
	maybe(world, to, "MaxHandshakesPerSource",
	      draw(world, 2) ? json_integer(5) : json_pack("{s:i, s:i}", "Open", 1, "PerSecond", 2));
}

/* --- random calls --- */

static void answer_done(struct world *world, struct answer *answer)
{
	if (answer->reply == NULL && answer->error.symbol[0] == '\0')
		fail_msg("refused without a code: %s", answer->error.message);
	world->accepted += answer->reply != NULL;
	world->refused += answer->reply == NULL;
	json_decref(answer->reply);
}

static void create(struct world *world, const char *action, json_t *parameters, struct ids *ids,
		   const char *member)
{
	struct answer answer = ask(world->home, action, parameters);

	if (answer.reply != NULL)
		remember(ids, answer.reply, member);
	answer_done(world, &answer);
}

static void change(struct world *world, const char *action, json_t *parameters)
{
	struct answer answer = ask(world->home, action, parameters);

	answer_done(world, &answer);
}

static void forget(struct world *world, const char *action, const char *parameter, struct ids *ids)
{
	size_t i = ids->count == 0 ? 0 : draw(world, (uint32_t)ids->count);
	struct answer answer;

	if (ids->count == 0)
		return;
	answer = ask(world->home, action, json_pack("{s:s}", parameter, ids->items[i]));
	if (answer.reply != NULL)
		ids->items[i] = ids->items[--ids->count];
	answer_done(world, &answer);
}

static void make_balancer(struct world *world)
{
	static const char *const versions[] = { "Ipv4", "DualStack" };
	json_t *parameters = json_pack("{s:o}", "ZoneMappings", random_zones(world));

	maybe(world, parameters, "AddressIpVersion", json_string(ONE_OF(world, versions)));
	if (world->balancers.count < IDS_MAX)
		create(world, "CreateLoadBalancer", parameters, &world->balancers,
		       "LoadbalancerId");
	else
		json_decref(parameters);
}

static void make_group(struct world *world)
{
	static const char *const types[] = { "Instance", "Ip" };
	static const char *const versions[] = { "Ipv4", "DualStack" };
	json_t *parameters = json_pack("{s:s}", "ServerGroupName", "web");

	maybe(world, parameters, "ServerGroupType", json_string(ONE_OF(world, types)));
	maybe(world, parameters, "AddressIPVersion", json_string(ONE_OF(world, versions)));
	maybe(world, parameters, "AnyPortEnabled", json_boolean(draw(world, 2)));
	if (draw(world, 4) == 0)
		json_object_set_new(parameters, "Servers", random_servers(world));
	maybe(world, parameters, "HealthCheckConfig",
	      json_pack("{s:b, s:i}", "HealthCheckEnabled", (int)draw(world, 2),
			"HealthCheckConnectPort", (int)draw(world, 100)));
	if (world->groups.count < IDS_MAX)
		create(world, "CreateServerGroup", parameters, &world->groups, "ServerGroupId");
	else
		json_decref(parameters);
}

static void make_policy(struct world *world)
{
	static const char *const ciphers[] = { "TLS_AES_128_GCM_SHA256", "AES128-SHA",
					       "ECDHE-RSA-AES128-GCM-SHA256",
					       "TLS_AES_128_CCM_SHA256" };
	static const char *const versions[] = { "TLSv1.0", "TLSv1.2", "TLSv1.3" };

	if (world->policies.count < IDS_MAX)
		create(world, "CreateSecurityPolicy",
		       json_pack("{s:[s], s:[s]}", "TlsVersions", ONE_OF(world, versions),
				 "Ciphers", ONE_OF(world, ciphers)),
		       &world->policies, "SecurityPolicyId");
}

static void make_listener(struct world *world)
{
	json_t *parameters = json_pack("{s:s, s:s, s:s, s:i}", "LoadBalancerId",
				       some_id(world, &world->balancers), "ServerGroupId",
				       some_id(world, &world->groups), "ListenerProtocol",
				       draw(world, 4) == 0 ? "TCP" : "TCPSSL", "ListenerPort",
				       (int)(draw(world, 4) == 0 ? 0 : 440 + draw(world, 8)));

	json_object_set_new(parameters, "CertificateIds", random_certificates(world));
	if (draw(world, 2) == 0)
		add_settings(world, parameters);
	maybe(world, parameters, "StartPort", json_integer(438 + draw(world, 6)));
	maybe(world, parameters, "EndPort", json_integer(440 + draw(world, 6)));
	if (world->listeners.count < IDS_MAX)
		create(world, "CreateListener", parameters, &world->listeners, "ListenerId");
	else
		json_decref(parameters);
}

static void update_listener(struct world *world)
{
	json_t *parameters =
		json_pack("{s:s}", "ListenerId", some_id(world, &world->listeners));

	add_settings(world, parameters);
	maybe(world, parameters, "CertificateIds", random_certificates(world));
	maybe(world, parameters, "ServerGroupId", json_string(some_id(world, &world->groups)));
	change(world, "UpdateListenerAttribute", parameters);
}

static void update_certificates(struct world *world)
{
	static const char *const actions[] = { "AssociateAdditionalCertificatesWithListener",
					       "DisassociateAdditionalCertificatesWithListener" };

	change(world, ONE_OF(world, actions),
	       json_pack("{s:s, s:o}", "ListenerId", some_id(world, &world->listeners),
			 "AdditionalCertificateIds", random_certificates(world)));
}

static void update_servers(struct world *world)
{
	static const char *const actions[] = { "AddServersToServerGroup",
					       "RemoveServersFromServerGroup",
					       "UpdateServerGroupServersAttribute" };

	change(world, ONE_OF(world, actions),
	       json_pack("{s:s, s:o}", "ServerGroupId", some_id(world, &world->groups), "Servers",
			 random_servers(world)));
}

static void update_zones(struct world *world)
{
	static const char *const actions[] = { "UpdateLoadBalancerZones",
					       "StartShiftLoadBalancerZones",
					       "CancelShiftLoadBalancerZones" };

	change(world, ONE_OF(world, actions),
	       json_pack("{s:s, s:o}", "LoadBalancerId", some_id(world, &world->balancers),
			 "ZoneMappings", random_zones(world)));
}

static void start_or_stop(struct world *world)
{
	static const char *const actions[] = { "StartListener", "StopListener" };

	change(world, ONE_OF(world, actions),
	       json_pack("{s:s}", "ListenerId", some_id(world, &world->listeners)));
}

static void delete_one(struct world *world)
{
	switch (draw(world, 8)) {
	case 0:
		forget(world, "DeleteLoadBalancer", "LoadBalancerId", &world->balancers);
		break;
	case 1:
		forget(world, "DeleteServerGroup", "ServerGroupId", &world->groups);
		break;
	case 2:
		forget(world, "DeleteSecurityPolicy", "SecurityPolicyId", &world->policies);
		break;
	case 3:
		forget(world, "DeleteListener", "ListenerId", &world->listeners);
		break;
	default:
		break;
	}
}

/* --- the proof --- */

static void no_fault(void *arg, const char *listener_id, const struct error *why)
{
	(void)arg;
	fail_msg("listener %s cannot be served: %s", listener_id, why->message);
}

static void all_can_be_served(struct world *world)
{
	const struct stored_options options = { .fault = no_fault };
	struct slots *slots = slots_new(64, 256);
	struct buffer bytes = { 0 };
	struct error err = { 0 };
	struct model *model = stored_model(world->home->store, &options, NULL, &err);
	struct document *document = NULL;

	if (model != NULL && model_check(model, NULL, &err) == 0 &&
	    resolve_model(model, NULL, CERTIFICATES_NOW, NULL, &err) == 0 &&
	    document_encode(model, 1, slots, &bytes, &err) == 0)
		document = document_decode(buffer_bytes(&bytes), &err);
	if (document == NULL)
		fail_msg("after %u accepted calls: %s", world->accepted, err.message);
	if (document->listener_count > world->most_listeners)
		world->most_listeners = document->listener_count;
	document_free(document);
	buffer_done(&bytes);
	slots_free(slots);
	model_free(model);
}

static void make_certificates(struct home *home)
{
	struct made root = make_root("CN=root"), sub = make_sub("CN=sub", &root);
	struct made dead = make_root("CN=dead");
	static const char *const ids[] = { "one", "two", "three" };

	store_made(home, (struct stored_order){ .id = "root", .role = STORE_ROOT_CA,
						.made = &root });
	store_made(home, (struct stored_order){ .id = "sub", .role = STORE_SUB_CA,
						.parent = "root", .made = &sub, .issuer = &root });
	store_made(home, (struct stored_order){ .id = "dead", .role = STORE_ROOT_CA,
						.made = &dead, .disabled = true });
	for (size_t i = 0; i < 3; i++) {
		struct made leaf = make((struct order){ .subject = "CN=leaf", .issuer = &sub,
							.names = "DNS:leaf.example" });

		store_made(home, (struct stored_order){ .id = ids[i], .role = STORE_SERVER,
							.parent = "sub", .made = &leaf,
							.issuer = &sub });
	}
}

static void whatever_is_accepted_can_be_served(void **state)
{
	static void (*const moves[])(struct world *world) = {
		make_balancer, make_group, make_policy, make_listener, make_listener,
		make_listener, update_listener, update_listener, update_certificates,
		update_servers, update_servers, update_zones, start_or_stop, delete_one
	};
	struct world world = { .home = *state, .seed = 20261124 };

	make_certificates(world.home);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int before = world.accepted;

		ONE_OF(&world, moves)(&world);
		if (world.accepted > before)
			all_can_be_served(&world);
	}
	/* Otherwise it proves little. */
	assert_true(world.accepted > ROUNDS / 5);
	assert_true(world.refused > ROUNDS / 10);
	assert_true(world.most_listeners >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whatever_is_accepted_can_be_served, nlb_setup,
						home_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
