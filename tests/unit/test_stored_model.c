/* The model that is built from the store, and the checks of one resource. */
#include "support_nlb.h"

#include "control/resolve.h"
#include "control/stored_model.h"
#include "model/manifest.h"

static struct model *build(struct home *home, const struct stored_options *options)
{
	struct model *model;
	struct error err = { 0 };

	model = stored_model(home->store, options, NULL, &err);
	if (model == NULL)
		fail_msg("%s (%s)", err.message, err.place);
	return model;
}

struct fixture {
	struct made root, sub, below, server;
	char *balancer, *group, *listener;
};

/* root -> sub -> below; a server certificate of sub; a listener that trusts root. */
static void prepare(struct home *home, struct fixture *fixture)
{
	fixture->root = make_root("CN=root");
	fixture->sub = make_sub("CN=sub", &fixture->root);
	fixture->below = make_sub("CN=below", &fixture->sub);
	fixture->server = make((struct order){ .subject = "CN=web", .issuer = &fixture->sub,
					       .extended_key_usage = "serverAuth",
					       .names = "DNS:Web.Example,DNS:*.web.example" });
	store_made(home, (struct stored_order){ .id = "root", .role = STORE_ROOT_CA,
						.made = &fixture->root });
	store_made(home, (struct stored_order){ .id = "sub", .role = STORE_SUB_CA, .parent = "root",
						.made = &fixture->sub,
						.issuer = &fixture->root });
	store_made(home, (struct stored_order){ .id = "below", .role = STORE_SUB_CA, .parent = "sub",
						.made = &fixture->below,
						.issuer = &fixture->sub });
	store_made(home, (struct stored_order){ .id = "server", .role = STORE_SERVER,
						.parent = "sub", .made = &fixture->server,
						.issuer = &fixture->sub });
	fixture->balancer = new_balancer(home, "127.0.0.1");
	fixture->group = new_group(home);
	fixture->listener = text_from(
		get(home, "CreateListener",
		    json_pack("{s:s, s:s, s:s, s:i, s:[s], s:b, s:[s]}", "LoadBalancerId",
			      fixture->balancer, "ServerGroupId", fixture->group,
			      "ListenerProtocol", "TCPSSL", "ListenerPort", 443, "CertificateIds",
			      "server", "CaEnabled", 1, "CaCertificateIds", "root")),
		"ListenerId");
}

static void the_model_is_what_was_created(void **state)
{
	struct home *home = *state;
	struct fixture fixture;
	struct model *model;
	struct error err = { 0 };

	prepare(home, &fixture);
	model = build(home, NULL);
	assert_int_equal(model->listener_count, 1);
	assert_string_equal(model->listeners[0].id, fixture.listener);
	assert_string_equal(model->listeners[0].load_balancer, fixture.balancer);
	assert_string_equal(model->listeners[0].server_group, fixture.group);
	assert_int_equal(model->listeners[0].idle_timeout_s, 900);
	assert_string_equal(model->server_groups[0].servers[0].server_ip, "10.0.0.1");
	assert_string_equal(model->load_balancers[0].zones[0].private_ipv4_address, "127.0.0.1");
	assert_int_equal(model_check(model, NULL, &err), 0);
	assert_int_equal(resolve_model(model, NULL, CERTIFICATES_NOW, NULL, &err), 0);
	model_free(model);
}

static void a_server_certificate_comes_with_its_chain_and_key(void **state)
{
	struct home *home = *state;
	struct fixture fixture;
	const struct model_certificate *certificate;
	struct model *model;

	prepare(home, &fixture);
	model = build(home, NULL);
	assert_int_equal(model->certificate_count, 1);
	certificate = &model->certificates[0];
	assert_int_equal(certificate->chain_der.count, 2); /* no root */
	assert_true(bytes_equal(buffer_bytes(&certificate->chain_der.items[0]),
				fixture.server.der));
	assert_true(bytes_equal(buffer_bytes(&certificate->chain_der.items[1]), fixture.sub.der));
	assert_int_equal(certificate->key_kind, MODEL_KEY_ECDSA);
	assert_true(certificate->key_der.len > 0);
	assert_int_equal(certificate->names.count, 2);
	assert_string_equal(certificate->names.items[0], "web.example");
	assert_true(certificate->not_after > CERTIFICATES_NOW);
	model_free(model);
}

static void a_root_brings_the_cas_below_it(void **state)
{
	struct home *home = *state;
	struct fixture fixture;
	struct model *model;

	prepare(home, &fixture);
	model = build(home, NULL);
	assert_int_equal(model->ca_certificate_count, 1);
	assert_int_equal(model->ca_certificates[0].chain_profile, MODEL_PROFILE_STRICT);
	assert_int_equal(model->ca_certificates[0].certs_der.count, 3);
	model_free(model);
}

static void a_disabled_ca_is_no_anchor_and_the_listener_goes_on(void **state)
{
	struct home *home = *state;
	struct fixture fixture;
	struct model *model;

	prepare(home, &fixture);
	store_made(home, (struct stored_order){ .id = "root", .role = STORE_ROOT_CA,
						.made = &fixture.root, .disabled = true });
	model = build(home, NULL);
	assert_int_equal(model->listener_count, 1);
	assert_int_equal(model->ca_certificates[0].certs_der.count, 0);
	model_free(model);
	must(stored_check_listener(home->store, fixture.listener, CERTIFICATES_NOW, e));
}

static void certificates_that_did_not_change_are_copied(void **state)
{
	struct home *home = *state;
	struct stored_options options = { 0 };
	struct fixture fixture;
	struct model *first, *second;

	prepare(home, &fixture);
	first = build(home, NULL);
	options.old = first;
	second = build(home, &options);
	assert_true(bytes_equal(buffer_bytes(&first->certificates[0].key_der),
				buffer_bytes(&second->certificates[0].key_der)));
	assert_int_equal(second->certificates[0].names.count, 2);
	assert_int_equal(second->certificates[0].key_kind, MODEL_KEY_ECDSA);
	model_free(first);
	model_free(second);
}

/* --- faults --- */

struct faults {
	unsigned int count;
	char id[100];
	struct error why;
};

static void note_fault(void *arg, const char *listener_id, const struct error *why)
{
	struct faults *faults = arg;

	faults->count++;
	snprintf(faults->id, sizeof(faults->id), "%s", listener_id);
	faults->why = *why;
}

static void a_listener_without_its_certificate_is_left_out_alone(void **state)
{
	struct home *home = *state;
	struct faults faults = { 0 };
	struct stored_options options = { .fault = note_fault, .arg = &faults };
	struct fixture fixture;
	struct error err = { 0 };
	struct model *model;

	prepare(home, &fixture);
	new_tcp_listener(home, fixture.balancer, fixture.group, 80);
	must(store_begin(home->store, e));
	must(store_certificate_delete(home->store, "server", e));
	must(store_commit(home->store, e));
	model = build(home, &options);
	assert_int_equal(model->listener_count, 1);
	assert_int_equal(model->listeners[0].port, 80);
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.id, fixture.listener);
	assert_string_equal(faults.why.symbol, "ResourceNotFound.Certificate");
	model_free(model);
	assert_null(stored_model(home->store, NULL, NULL, &err));
	assert_string_equal(err.symbol, "ResourceNotFound.Certificate");
}

static bool leave_out(void *arg, const char *listener_id)
{
	return strcmp(arg, listener_id) == 0;
}

static void who_cannot_be_served_is_left_out(void **state)
{
	struct home *home = *state;
	struct stored_options options = { .left_out = leave_out };
	struct fixture fixture;
	struct model *model;

	prepare(home, &fixture);
	options.arg = fixture.listener;
	model = build(home, &options);
	assert_int_equal(model->listener_count, 0);
	model_free(model);
}

static void an_inactive_balancer_serves_nothing(void **state)
{
	struct home *home = *state;
	struct store_resource row = { 0 };
	struct fixture fixture;
	struct model *model;

	prepare(home, &fixture);
	must(store_begin(home->store, e));
	assert_int_equal(store_resource_get(home->store, STORE_LOAD_BALANCER, fixture.balancer,
					    &row, NULL),
			 1);
	json_object_set_new(row.body, "LoadBalancerStatus", json_string("Inactive"));
	must(store_resource_put(home->store, STORE_LOAD_BALANCER, &row, e));
	must(store_commit(home->store, e));
	store_resource_done(&row);
	model = build(home, NULL);
	assert_int_equal(model->listener_count, 0);
	model_free(model);
}

/* --- zones --- */

static void zones_that_share_an_address_bind_it_once(void **state)
{
	struct home *home = *state;
	struct model *model;

	must_do(home, "CreateLoadBalancer",
		json_pack("{s:[{s:s},{s:s}]}", "ZoneMappings", "ZoneId", "cn-hangzhou-h", "ZoneId",
			  "cn-hangzhou-i"));
	model = build(home, NULL);
	assert_int_equal(model->load_balancers[0].zone_count, 1);
	assert_string_equal(model->load_balancers[0].zones[0].private_ipv4_address, "0.0.0.0");
	model_free(model);
}

static void a_shifted_zone_binds_nothing(void **state)
{
	struct home *home = *state;
	struct model *model;
	char *id = text_from(get(home, "CreateLoadBalancer",
				 json_pack("{s:[{s:s,s:s},{s:s,s:s}]}", "ZoneMappings", "ZoneId",
					   "a", "PrivateIPv4Address", "127.0.0.1", "ZoneId", "b",
					   "PrivateIPv4Address", "127.0.0.2")),
			     "LoadbalancerId");

	must_do(home, "StartShiftLoadBalancerZones",
		json_pack("{s:s, s:[{s:s}]}", "LoadBalancerId", id, "ZoneMappings", "ZoneId", "a"));
	model = build(home, NULL);
	assert_int_equal(model->load_balancers[0].zone_count, 1);
	assert_string_equal(model->load_balancers[0].zones[0].private_ipv4_address, "127.0.0.2");
	model_free(model);
}

/* --- the console --- */

static const struct stored_console console = { .ipv4 = "127.0.0.1", .port = 8443,
					       .certificate_id = "server",
					       .backend = "unix:@sallyport" };

static void the_console_has_a_listener_of_its_own(void **state)
{
	struct home *home = *state;
	struct stored_options options = { .console = &console };
	struct fixture fixture;
	struct error err = { 0 };
	struct model *model;

	prepare(home, &fixture);
	model = build(home, &options);
	assert_int_equal(model->listener_count, 2);
	assert_string_equal(model->listeners[1].load_balancer, STORED_CONSOLE_NAME);
	assert_int_equal(model->listeners[1].port, 8443);
	assert_true(model->listeners[1].proxy_protocol);
	if (model_check(model, NULL, &err) < 0)
		fail_msg("%s", err.message);
	model_free(model);
}

static void nobody_takes_the_port_of_the_console(void **state)
{
	struct home *home = *state;
	struct faults faults = { 0 };
	struct stored_options options = { .fault = note_fault, .arg = &faults,
					  .console = &console };
	struct fixture fixture;
	struct model *model;

	prepare(home, &fixture);
	new_tcp_listener(home, fixture.balancer, fixture.group, 8443);
	model = build(home, &options);
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.why.symbol, "Conflict.Port");
	assert_int_equal(model->listener_count, 2);
	model_free(model);
}

/* --- what goes alone and not together --- */

static void a_listener_in_the_way_of_another_is_left_out(void **state)
{
	struct home *home = *state;
	struct faults faults = { 0 };
	struct stored_options options = { .fault = note_fault, .arg = &faults };
	struct fixture fixture;
	struct error err = { 0 };
	struct model *model;
	char *last = NULL;

	prepare(home, &fixture);
	for (int port = 9000; port < 9010; port++) {
		char *id = new_tcp_listener(home, fixture.balancer, fixture.group, port);

		if (port == 9003)
			last = id;
	}
	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "MetricsAddress", "127.0.0.1:9003", e));
	must(store_commit(home->store, e));
	model = build(home, &options);
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.id, last);
	assert_string_equal(faults.why.symbol, "Conflict.Port");
	assert_int_equal(model->listener_count, 10);
	assert_int_equal(model_check(model, NULL, &err), 0);
	model_free(model);
	refused(home, "CreateListener",
		json_pack("{s:s, s:s, s:s, s:i}", "LoadBalancerId", fixture.balancer,
			  "ServerGroupId", fixture.group, "ListenerProtocol", "TCP",
			  "ListenerPort", 9003),
		"Conflict.Port");
}

static void one_address_has_many_spellings(void **state)
{
	struct home *home = *state;
	struct fixture fixture;
	struct model *model;
	char *id;

	prepare(home, &fixture);
	id = text_from(get(home, "CreateLoadBalancer",
			   json_pack("{s:[{s:s,s:s},{s:s,s:s}]}", "ZoneMappings", "ZoneId", "a",
				     "Ipv6Address", "::1", "ZoneId", "b", "Ipv6Address",
				     "0:0:0:0:0:0:0:1")),
		       "LoadbalancerId");
	new_tcp_listener(home, id, fixture.group, 80);
	model = build(home, NULL);
	assert_int_equal(model->load_balancers[1].zone_count, 1);
	model_free(model);
}

/* --- checks of one resource --- */

static void the_error_of_a_check_names_the_parameter(void **state)
{
	struct home *home = *state;
	struct fixture fixture;
	struct error err;

	prepare(home, &fixture);
	err = refused(home, "UpdateListenerAttribute",
		      json_pack("{s:s, s:b, s:[]}", "ListenerId", fixture.listener, "CaEnabled", 1,
				"CaCertificateIds"),
		      "MissingParam.CaCertificate");
	assert_string_equal(err.place, "CaCertificateIds");
	assert_non_null(strstr(err.message, "CaCertificateIds: is missing"));
	assert_null(strstr(err.message, "Listeners["));
}

static void settings_of_the_store_are_used(void **state)
{
	struct home *home = *state;
	struct stored_options options = { 0 };
	struct model *model;
	struct error err = { 0 };

	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "DefaultSecurityPolicyId", "tls_cipher_policy_1_2", e));
	must(store_setting_put(home->store, "ShutdownTimeout", "5", e));
	must(store_commit(home->store, e));
	model = build(home, NULL);
	assert_string_equal(model->settings.default_security_policy_id, "tls_cipher_policy_1_2");
	assert_int_equal(model->settings.shutdown_timeout_s, 5);
	model_free(model);
	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "ShutdownTimeout", "soon", e));
	must(store_commit(home->store, e));
	assert_null(stored_model(home->store, NULL, NULL, &err));
	assert_string_equal(err.place, "ShutdownTimeout");
	options.fault = note_fault; /* with it, everything else goes on */
	model = build(home, &options);
	assert_int_equal(model->settings.shutdown_timeout_s, 30);
	model_free(model);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, nlb_setup, home_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_model_is_what_was_created),
		TEST(a_server_certificate_comes_with_its_chain_and_key),
		TEST(a_root_brings_the_cas_below_it),
		TEST(a_disabled_ca_is_no_anchor_and_the_listener_goes_on),
		TEST(certificates_that_did_not_change_are_copied),
		TEST(a_listener_without_its_certificate_is_left_out_alone),
		TEST(who_cannot_be_served_is_left_out),
		TEST(an_inactive_balancer_serves_nothing),
		TEST(zones_that_share_an_address_bind_it_once),
		TEST(a_shifted_zone_binds_nothing),
		TEST(the_console_has_a_listener_of_its_own),
		TEST(nobody_takes_the_port_of_the_console),
		TEST(a_listener_in_the_way_of_another_is_left_out),
		TEST(one_address_has_many_spellings),
		TEST(the_error_of_a_check_names_the_parameter),
		TEST(settings_of_the_store_are_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
