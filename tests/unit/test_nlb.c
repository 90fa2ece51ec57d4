/* The product nlb: load balancers, listeners, server groups, policies, tags, jobs. */
#include "support_nlb.h"

#include "control/stored_model.h"
#include "model/manifest.h"
#include "store/job.h"

static const char *text_in(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text == NULL)
		fail_msg("there is no %s in %s", name, json_dumps(object, 0));
	return text;
}

static json_int_t number_in(const json_t *object, const char *name)
{
	assert_true(json_is_integer(json_object_get(object, name)));
	return json_integer_value(json_object_get(object, name));
}

static json_t *id_of(const char *name, const char *id)
{
	return json_pack("{s:s}", name, id);
}

/* A reply that lives until the end of the program, so that tests can be short. */
static json_t *look(struct home *home, const char *name, json_t *parameters)
{
	return keep(get(home, name, parameters));
}

static json_t *balancer_of(struct home *home, const char *id)
{
	return look(home, "GetLoadBalancerAttribute", id_of("LoadBalancerId", id));
}

static json_t *listener_of(struct home *home, const char *id)
{
	return look(home, "GetListenerAttribute", id_of("ListenerId", id));
}

static json_t *group_of(struct home *home, const char *id)
{
	json_t *reply = look(home, "ListServerGroups",
			     json_pack("{s:[s]}", "ServerGroupIds", id));

	assert_int_equal(json_array_size(json_object_get(reply, "ServerGroups")), 1);
	return json_array_get(json_object_get(reply, "ServerGroups"), 0);
}

static json_t *servers_of(struct home *home, const char *group)
{
	return json_object_get(look(home, "ListServerGroupServers",
				    id_of("ServerGroupId", group)),
			       "Servers");
}

/* --- the table --- */

static void every_action_has_a_handler(void **state)
{
	(void)state;
	for (size_t i = 0; i < product_nlb.action_count; i++)
		assert_non_null(handler_of(product_nlb.actions[i].name));
}

static void what_has_no_meaning_here_is_refused_with_a_reason(void **state)
{
	struct error err = refused(*state, "LoadBalancerJoinSecurityGroup",
				   json_pack("{s:s, s:[s]}", "LoadBalancerId", "nlb-x",
					     "SecurityGroupIds", "sg-1"),
				   "OperationDenied.SecurityGroup");

	assert_non_null(strstr(err.hint, "packet filter"));
	refused(*state, "SetHdMonitorRegionConfig",
		json_pack("{s:s, s:s}", "LogProject", "a", "MetricStore", "b"),
		"OperationDenied.RegionNotSupportHDMonitor");
}

/* --- load balancers --- */

static void a_load_balancer_is_shown_in_canonical_words(void **state)
{
	char *id = text_from(get(*state, "CreateLoadBalancer",
				 json_pack("{s:s, s:s, s:s, s:[{s:s}, {s:s}], s:[{s:s, s:s}]}",
					   "LoadBalancerName", "edge", "AddressType", "intranet",
					   "AddressIpVersion", "ipv4", "ZoneMappings", "ZoneId",
					   "cn-hangzhou-h", "ZoneId", "cn-hangzhou-i", "Tag",
					   "Key", "team", "Value", "shop")),
			     "LoadbalancerId");
	json_t *shown = balancer_of(*state, id);
	char name[200];

	assert_int_equal(strncmp(id, "nlb-", 4), 0);
	assert_string_equal(text_in(shown, "LoadBalancerName"), "edge");
	assert_string_equal(text_in(shown, "AddressType"), "Intranet");
	assert_string_equal(text_in(shown, "AddressIpVersion"), "Ipv4");
	assert_string_equal(text_in(shown, "LoadBalancerType"), "Network");
	assert_string_equal(text_in(shown, "LoadBalancerStatus"), "Active");
	assert_string_equal(text_in(shown, "CreateTime"), "2027-01-15T08:00:00Z");
	assert_int_equal(json_array_size(json_object_get(shown, "ZoneMappings")), 2);
	assert_string_equal(text_in(json_array_get(json_object_get(shown, "Tags"), 0), "TagKey"),
			    "team");
	snprintf(name, sizeof(name), "%s.cn-hangzhou.nlb.", id);
	assert_int_equal(strncmp(text_in(shown, "DNSName"), name, strlen(name)), 0);
	assert_non_null(strstr(text_in(shown, "HostsLine"), text_in(shown, "DNSName")));
	assert_true(number_in(shown, "Revision") > 0);
}

static void an_ipv6_address_makes_it_dual_stack_unless_it_must_not_be(void **state)
{
	char *id = text_from(get(*state, "CreateLoadBalancer",
				 json_pack("{s:[{s:s, s:s}]}", "ZoneMappings", "ZoneId", "a",
					   "Ipv6Address", "::1")),
			     "LoadbalancerId");

	assert_string_equal(text_in(balancer_of(*state, id), "AddressIpVersion"), "DualStack");
	refused(*state, "CreateLoadBalancer",
		json_pack("{s:s, s:[{s:s, s:s}]}", "AddressIpVersion", "Ipv4", "ZoneMappings",
			  "ZoneId", "a", "Ipv6Address", "::1"),
		"OperationDenied.NonDualStackInstance");
}

static void zones_are_checked(void **state)
{
	struct home *home = *state;

	refused(home, "CreateLoadBalancer",
		json_pack("{s:[{s:s}, {s:s}]}", "ZoneMappings", "ZoneId", "a", "ZoneId", "a"),
		"OperationFailed.DuplicateZones.");
	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "ZoneAddresses",
			       "a=127.0.0.2,2001:db8::1; b=127.0.0.3", e));
	must(store_commit(home->store, e));
	refused(home, "CreateLoadBalancer",
		json_pack("{s:[{s:s}]}", "ZoneMappings", "ZoneId", "c"), "InvalidZones");
	json_t *zones = json_object_get(look(home, "DescribeZones", json_object()), "Zones");
	assert_int_equal(json_array_size(zones), 2);
	char *id = text_from(get(home, "CreateLoadBalancer",
				 json_pack("{s:[{s:s}]}", "ZoneMappings", "ZoneId", "b")),
			     "LoadbalancerId");
	json_t *zone = json_array_get(json_object_get(balancer_of(home, id), "ZoneMappings"), 0);
	assert_string_equal(
		text_in(json_array_get(json_object_get(zone, "LoadBalancerAddresses"), 0),
			"PrivateIPv4Address"),
		"127.0.0.3");
}

static void a_protected_load_balancer_is_not_deleted(void **state)
{
	char *id = new_balancer(*state, "127.0.0.1");

	must_do(*state, "UpdateLoadBalancerProtection",
		json_pack("{s:s, s:b, s:s}", "LoadBalancerId", id, "DeletionProtectionEnabled", 1,
			  "DeletionProtectionReason", "shop"));
	json_t *config =
		json_object_get(balancer_of(*state, id), "DeletionProtectionConfig");
	assert_true(json_is_true(json_object_get(config, "Enabled")));
	assert_string_equal(text_in(config, "EnabledTime"), "2027-01-15T08:00:00Z");
	refused(*state, "DeleteLoadBalancer", id_of("LoadBalancerId", id),
		"OperationDenied.DeletionProtectionEnabled");
	must_do(*state, "UpdateLoadBalancerProtection",
		json_pack("{s:s, s:b}", "LoadBalancerId", id, "DeletionProtectionEnabled", 0));
	must_do(*state, "DeleteLoadBalancer", id_of("LoadBalancerId", id));
	refused(*state, "DeleteLoadBalancer", id_of("LoadBalancerId", id),
		"ResourceNotFound.loadBalancer");
}

static void a_load_balancer_goes_with_its_listeners(void **state)
{
	char *id = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	char *listener = new_tcp_listener(*state, id, group, 80);

	must_do(*state, "DeleteLoadBalancer", id_of("LoadBalancerId", id));
	refused(*state, "GetListenerAttribute", id_of("ListenerId", listener),
		"ResourceNotFound.listener");
	must_do(*state, "DeleteServerGroup", id_of("ServerGroupId", group));
}

static void one_zone_stays_in_service(void **state)
{
	char *id = text_from(get(*state, "CreateLoadBalancer",
				 json_pack("{s:[{s:s}, {s:s}]}", "ZoneMappings", "ZoneId", "a",
					   "ZoneId", "b")),
			     "LoadbalancerId");

	must_do(*state, "StartShiftLoadBalancerZones",
		json_pack("{s:s, s:[{s:s}]}", "LoadBalancerId", id, "ZoneMappings", "ZoneId", "a"));
	refused(*state, "StartShiftLoadBalancerZones",
		json_pack("{s:s, s:[{s:s}]}", "LoadBalancerId", id, "ZoneMappings", "ZoneId", "b"),
		"OperationDenied.LastActiveZone");
	json_t *zone = json_array_get(json_object_get(balancer_of(*state, id), "ZoneMappings"), 0);
	assert_string_equal(text_in(zone, "Status"), "Shifted");
	must_do(*state, "CancelShiftLoadBalancerZones",
		json_pack("{s:s, s:[{s:s}]}", "LoadBalancerId", id, "ZoneMappings", "ZoneId", "a"));
}

static void a_quota_is_named(void **state)
{
	struct home *home = *state;
	struct error err;

	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "QuotaLoadBalancers", "1", e));
	must(store_commit(home->store, e));
	new_balancer(home, "127.0.0.1");
	err = refused(home, "CreateLoadBalancer",
		      json_pack("{s:[{s:s}]}", "ZoneMappings", "ZoneId", "a"),
		      "QuotaExceeded.nlb_quota_loadbalancers_num");
	assert_non_null(strstr(err.hint, "QuotaLoadBalancers"));
}

static void an_update_from_an_old_revision_is_refused(void **state)
{
	char *id = new_balancer(*state, "127.0.0.1");
	json_int_t revision = number_in(balancer_of(*state, id), "Revision");

	must_do(*state, "UpdateLoadBalancerAttribute",
		json_pack("{s:s, s:s, s:I}", "LoadBalancerId", id, "LoadBalancerName", "one",
			  "IfRevision", revision));
	refused(*state, "UpdateLoadBalancerAttribute",
		json_pack("{s:s, s:s, s:I}", "LoadBalancerId", id, "LoadBalancerName", "two",
			  "IfRevision", revision),
		"Conflict.Revision");
	assert_string_equal(text_in(balancer_of(*state, id), "LoadBalancerName"), "one");
}

static void lists_come_in_pages_and_filtered(void **state)
{
	struct home *home = *state;
	json_t *page;
	const char *token;

	for (int i = 0; i < 5; i++)
		must_do(home, "CreateLoadBalancer",
			json_pack("{s:o, s:[{s:s}], s:s}", "LoadBalancerName",
				  json_sprintf("edge-%d", i), "ZoneMappings", "ZoneId", "a",
				  "AddressType", i == 0 ? "Internet" : "Intranet"));
	page = look(home, "ListLoadBalancers", json_pack("{s:i}", "MaxResults", 2));
	assert_int_equal(number_in(page, "TotalCount"), 5);
	assert_int_equal(json_array_size(json_object_get(page, "LoadBalancers")), 2);
	token = text_in(page, "NextToken");
	page = look(home, "ListLoadBalancers",
		    json_pack("{s:i, s:s}", "MaxResults", 3, "NextToken", token));
	assert_int_equal(json_array_size(json_object_get(page, "LoadBalancers")), 3);
	assert_null(json_object_get(page, "NextToken"));
	page = look(home, "ListLoadBalancers",
		    json_pack("{s:s, s:i}", "AddressType", "Intranet", "MaxResults", 3));
	assert_int_equal(number_in(page, "TotalCount"), 4);
	assert_int_equal(json_array_size(json_object_get(page, "LoadBalancers")), 3);
	assert_non_null(json_object_get(page, "NextToken"));
	page = look(home, "ListLoadBalancers",
		    json_pack("{s:[s, s]}", "LoadBalancerNames", "edge-1", "edge-9"));
	assert_int_equal(number_in(page, "TotalCount"), 1);
	refused(home, "ListLoadBalancers", json_pack("{s:s}", "NextToken", "00ff"),
		"IllegalParam.NextToken");
}

/* --- listeners --- */

static void a_listener_is_shown_with_its_defaults(void **state)
{
	char *balancer = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	char *id = new_tcp_listener(*state, balancer, group, 80);
	json_t *shown = listener_of(*state, id);

	assert_int_equal(strncmp(id, "lsn-", 4), 0);
	assert_string_equal(strchr(id, '@'), "@80");
	assert_string_equal(text_in(shown, "ListenerStatus"), "Provisioning");
	assert_string_equal(text_in(shown, "LoadBalancerId"), balancer);
	assert_int_equal(number_in(shown, "ListenerPort"), 80);
	assert_int_equal(number_in(shown, "IdleTimeout"), 900);
	assert_int_equal(number_in(shown, "Cps"), 0);
	assert_null(json_object_get(shown, "StartPort"));
	assert_true(json_is_false(json_object_get(shown, "CaEnabled")));
	assert_true(json_is_false(json_object_get(shown, "SecSensorEnabled")));
	assert_string_equal(text_in(shown, "CaMode"), "Required");
	serving.error = "address in use";
	assert_string_equal(text_in(listener_of(*state, id), "ListenerStatus"), "Abnormal");
	serving.error = NULL;
	everything_is_served(*state);
	assert_string_equal(text_in(listener_of(*state, id), "ListenerStatus"), "Running");
	serving.error = "address in use";
	shown = listener_of(*state, id);
	assert_string_equal(text_in(shown, "ListenerStatus"), "Abnormal");
	assert_string_equal(text_in(shown, "StatusReason"), "address in use");
}

static void a_listener_is_stopped_and_started(void **state)
{
	char *balancer = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	char *id = new_tcp_listener(*state, balancer, group, 80);
	json_int_t revision;

	must_do(*state, "StopListener", id_of("ListenerId", id));
	assert_string_equal(text_in(listener_of(*state, id), "ListenerStatus"), "Stopping");
	everything_is_served(*state);
	assert_string_equal(text_in(listener_of(*state, id), "ListenerStatus"), "Stopped");
	revision = number_in(listener_of(*state, id), "Revision");
	must_do(*state, "StopListener", id_of("ListenerId", id)); /* again: nothing changes */
	assert_int_equal(number_in(listener_of(*state, id), "Revision"), revision);
	must_do(*state, "StartListener", id_of("ListenerId", id));
	everything_is_served(*state);
	assert_string_equal(text_in(listener_of(*state, id), "ListenerStatus"), "Running");
}

static void a_port_is_taken_once(void **state)
{
	char *one = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	char *two = new_balancer(*state, "127.0.0.2"), *all = new_balancer(*state, "0.0.0.0");
	struct error err;

#define TCP(balancer, port) \
	json_pack("{s:s, s:s, s:s, s:i}", "LoadBalancerId", balancer, "ServerGroupId", group, \
		  "ListenerProtocol", "TCP", "ListenerPort", port)
	new_tcp_listener(*state, one, group, 80);
	refused(*state, "CreateListener", TCP(one, 80), "Conflict.Port");
	new_tcp_listener(*state, two, group, 80);
	err = refused(*state, "CreateListener", TCP(all, 80), "Conflict.Port");
	assert_string_equal(err.place, "ListenerPort");
	assert_non_null(strstr(err.hint, "ZoneMappings"));
	new_tcp_listener(*state, all, group, 81);
	refused(*state, "CreateListener", TCP(one, 81), "Conflict.Port");
	serving.console = "127.0.0.1:8443";
	refused(*state, "CreateListener", TCP(one, 8443), "Conflict.Port");
	new_tcp_listener(*state, two, group, 8443);
	refused(*state, "UpdateLoadBalancerZones",
		json_pack("{s:s, s:[{s:s, s:s}]}", "LoadBalancerId", two, "ZoneMappings", "ZoneId",
			  "a", "PrivateIPv4Address", "127.0.0.1"),
		"Conflict.Port");
}

static void a_port_range_needs_a_group_for_any_port(void **state)
{
	char *balancer = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	char *any = text_from(
		get(*state, "CreateServerGroup",
		    json_pack("{s:s, s:b, s:{s:b}}", "ServerGroupName", "any", "AnyPortEnabled", 1,
			      "HealthCheckConfig", "HealthCheckEnabled", 0)),
		"ServerGroupId");
	char *id;

#define RANGE(group_id, first, last) \
	json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "LoadBalancerId", balancer, "ServerGroupId", \
		  group_id, "ListenerProtocol", "TCP", "ListenerPort", 0, "StartPort", first, \
		  "EndPort", last)
	refused(*state, "CreateListener", RANGE(group, 1000, 1010),
		"IllegalParam.AnyPortListenerConflictWithNonAnyPortServerGroup");
	refused(*state, "CreateListener", RANGE(any, 1010, 1000), "IllegalParam.EndPort");
	refused(*state, "CreateListener", RANGE(any, 1000, 9000), "QuotaExceeded.RangePorts");
	refused(*state, "CreateListener",
		json_pack("{s:s, s:s, s:s, s:i}", "LoadBalancerId", balancer, "ServerGroupId", any,
			  "ListenerProtocol", "TCP", "ListenerPort", 0),
		"MissingParam.StartPort");
	id = text_from(get(*state, "CreateListener", RANGE(any, 1000, 1010)), "ListenerId");
	assert_string_equal(text_in(listener_of(*state, id), "StartPort"), "1000");
	assert_string_equal(text_in(listener_of(*state, id), "EndPort"), "1010");
	refused(*state, "CreateListener", RANGE(any, 2000, 2010), "DuplicatedParam.listener");
	refused(*state, "CreateListener", TCP(balancer, 1005), "Conflict.Port");
	new_tcp_listener(*state, balancer, group, 1011);
}

static void a_listener_of_nothing_is_refused(void **state)
{
	char *balancer = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);

	refused(*state, "CreateListener", TCP("nlb-none", 80), "ResourceNotFound.loadBalancer");
	group = "sgp-none";
	refused(*state, "CreateListener", TCP(balancer, 80), "ResourceNotFound.serverGroup");
	group = new_group(*state);
	refused(*state, "CreateListener",
		json_pack("{s:s, s:s, s:s, s:i}", "LoadBalancerId", balancer, "ServerGroupId",
			  group, "ListenerProtocol", "TCPSSL", "ListenerPort", 443),
		"MissingParam.Certificate");
	refused(*state, "CreateListener",
		json_pack("{s:s, s:s, s:s, s:i}", "LoadBalancerId", balancer, "ServerGroupId",
			  group, "ListenerProtocol", "UDP", "ListenerPort", 443),
		"IllegalParam.ListenerProtocol");
	refused(*state, "CreateListener",
		json_pack("{s:s, s:s, s:s, s:i, s:i}", "LoadBalancerId", balancer, "ServerGroupId",
			  group, "ListenerProtocol", "TCP", "ListenerPort", 80, "IdleTimeout",
			  4000),
		"IllegalParam.IdleTimeout");
	refused(*state, "CreateListener",
		json_pack("{s:s, s:s, s:s, s:i, s:b}", "LoadBalancerId", balancer, "ServerGroupId",
			  group, "ListenerProtocol", "TCP", "ListenerPort", 80, "SecSensorEnabled",
			  1),
		"OperationDenied.RegionNotSupportHDMonitor");
}

/* --- certificates of listeners --- */

struct certificates {
	struct made root, one, two;
	char *balancer, *group, *listener;
};

static json_t *tls_of(const struct certificates *all, int port, const char *certificate)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:[s]}", "LoadBalancerId", all->balancer,
			 "ServerGroupId", all->group, "ListenerProtocol", "TCPSSL",
			 "ListenerPort", port, "CertificateIds", certificate);
}

static void prepare(struct home *home, struct certificates *all)
{
	all->root = make_root("CN=root");
	all->one = make((struct order){ .subject = "CN=one", .issuer = &all->root,
					.names = "DNS:one.example" });
	all->two = make((struct order){ .subject = "CN=two", .issuer = &all->root,
					.names = "DNS:two.example" });
	store_made(home, (struct stored_order){ .id = "root", .role = STORE_ROOT_CA,
						.made = &all->root });
	store_made(home, (struct stored_order){ .id = "one", .role = STORE_SERVER,
						.parent = "root", .made = &all->one,
						.issuer = &all->root });
	store_made(home, (struct stored_order){ .id = "two", .role = STORE_UPLOADED,
						.made = &all->two, .issuer = &all->root });
	all->balancer = new_balancer(home, "127.0.0.1");
	all->group = new_group(home);
	all->listener = text_from(get(home, "CreateListener", tls_of(all, 443, "one")),
				  "ListenerId");
}

static void mutual_authentication_is_switched_on_a_live_listener(void **state)
{
	struct certificates all;
	json_t *shown;

	prepare(*state, &all);
	refused(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:b}", "ListenerId", all.listener, "CaEnabled", 1),
		"MissingParam.CaCertificate");
	refused(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:b, s:[s]}", "ListenerId", all.listener, "CaEnabled", 1,
			  "CaCertificateIds", "one"),
		"ResourceNotFound.CaCertificate");
	must_do(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:b, s:[s], s:s, s:i}", "ListenerId", all.listener, "CaEnabled",
			  1, "CaCertificateIds", "root", "CaMode", "optional", "CaDepth", 2));
	shown = listener_of(*state, all.listener);
	assert_true(json_is_true(json_object_get(shown, "CaEnabled")));
	assert_string_equal(text_in(shown, "CaMode"), "Optional");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(shown, "CaCertificateIds"), 0)),
		"root");
	must_do(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:b}", "ListenerId", all.listener, "CaEnabled", 0));
	shown = listener_of(*state, all.listener);
	assert_int_equal(json_array_size(json_object_get(shown, "CaCertificateIds")), 1);
}

static void the_policy_is_the_default_or_the_one_named(void **state)
{
	struct certificates all;

	prepare(*state, &all);
	assert_string_equal(text_in(listener_of(*state, all.listener), "SecurityPolicyId"),
			    "tls_cipher_policy_1_2_strict_with_1_3");
	must_do(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:s}", "ListenerId", all.listener, "SecurityPolicyId",
			  "tls_cipher_policy_1_2"));
	assert_string_equal(text_in(listener_of(*state, all.listener), "SecurityPolicyId"),
			    "tls_cipher_policy_1_2");
	refused(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:s}", "ListenerId", all.listener, "SecurityPolicyId", "tls-none"),
		"ResourceNotFound.securitypolicy");
}

static void certificates_are_known_by_any_of_their_ids(void **state)
{
	struct home *home = *state;
	struct store_certificate row = { 0 };
	struct certificates all;
	char number[64];

	prepare(home, &all);
	assert_int_equal(store_certificate_get(home->store, "two", &row, NULL), 1);
	snprintf(number, sizeof(number), "%lld-cn-hangzhou", (long long)row.number);
	store_certificate_done(&row);
	must_do(home, "UpdateListenerAttribute",
		json_pack("{s:s, s:[s]}", "ListenerId", all.listener, "CertificateIds", number));
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(listener_of(home, all.listener),
						    "CertificateIds"),
				    0)),
			    "two");
	refused(home, "UpdateListenerAttribute",
		json_pack("{s:s, s:[s]}", "ListenerId", all.listener, "CertificateIds", "999999"),
		"ResourceNotFound.Certificate");
	refused(home, "UpdateListenerAttribute",
		json_pack("{s:s, s:[s, s]}", "ListenerId", all.listener, "CertificateIds", "one",
			  "two"),
		"IllegalParamSize.certificateIds");
}

#define ADDITIONAL(id) \
	json_pack("{s:s, s:[s]}", "ListenerId", all.listener, "AdditionalCertificateIds", id)

static void additional_certificates_come_and_go(void **state)
{
	struct certificates all;
	json_t *list;

	prepare(*state, &all);
	refused(*state, "AssociateAdditionalCertificatesWithListener", ADDITIONAL("one"),
		"ResourceAlreadyAssociated.Certificate");
	must_do(*state, "AssociateAdditionalCertificatesWithListener", ADDITIONAL("two"));
	refused(*state, "AssociateAdditionalCertificatesWithListener", ADDITIONAL("two"),
		"ResourceAlreadyAssociated.Certificate");
	list = look(*state, "ListListenerCertificates", id_of("ListenerId", all.listener));
	assert_int_equal(number_in(list, "TotalCount"), 2);
	list = json_object_get(list, "Certificates");
	assert_true(json_is_true(json_object_get(json_array_get(list, 0), "IsDefault")));
	assert_string_equal(text_in(json_array_get(list, 1), "CertificateId"), "two");
	assert_string_equal(text_in(json_array_get(list, 1), "Status"), "Associating");
	everything_is_served(*state);
	list = json_object_get(look(*state, "ListListenerCertificates",
				    id_of("ListenerId", all.listener)),
			       "Certificates");
	assert_string_equal(text_in(json_array_get(list, 1), "Status"), "Associated");
	refused(*state, "DisassociateAdditionalCertificatesWithListener", ADDITIONAL("one"),
		"OperationDenied.DefaultCertificateUsed");
	must_do(*state, "DisassociateAdditionalCertificatesWithListener", ADDITIONAL("two"));
	refused(*state, "DisassociateAdditionalCertificatesWithListener", ADDITIONAL("two"),
		"ResourceNotAssociated.Certificate");
}

static void a_tcp_listener_has_no_certificates(void **state)
{
	struct certificates all;

	prepare(*state, &all);
	all.listener = new_tcp_listener(*state, all.balancer, all.group, 80);
	refused(*state, "AssociateAdditionalCertificatesWithListener", ADDITIONAL("two"),
		"OperationDenied.Protocol");
	refused(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:[s]}", "ListenerId", all.listener, "CertificateIds", "one"),
		"IllegalParam.ListenerProtocol");
}

static bool count_reference(void *arg, const struct store_reference *reference)
{
	(void)reference;
	++*(int *)arg;
	return true;
}

static int users_of(struct home *home, const char *kind, const char *id)
{
	int count = 0;

	must(store_references_to(home->store, kind, id, count_reference, &count, e));
	return count;
}

static void the_store_knows_who_uses_a_certificate(void **state)
{
	struct certificates all;

	prepare(*state, &all);
	must_do(*state, "AssociateAdditionalCertificatesWithListener", ADDITIONAL("two"));
	must_do(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:b, s:[s]}", "ListenerId", all.listener, "CaEnabled", 1,
			  "CaCertificateIds", "root"));
	assert_int_equal(users_of(*state, STORE_CERTIFICATE, "one"), 1);
	assert_int_equal(users_of(*state, STORE_CERTIFICATE, "two"), 1);
	assert_int_equal(users_of(*state, STORE_CERTIFICATE, "root"), 1);
	assert_int_equal(users_of(*state, STORE_SERVER_GROUP, all.group), 1);
	must_do(*state, "DeleteListener", id_of("ListenerId", all.listener));
	assert_int_equal(users_of(*state, STORE_CERTIFICATE, "one"), 0);
}

/* --- server groups --- */

static void a_group_is_shown_with_its_defaults(void **state)
{
	char *id = new_group(*state);
	json_t *shown = group_of(*state, id);
	json_t *check = json_object_get(shown, "HealthCheck");

	assert_int_equal(strncmp(id, "sgp-", 4), 0);
	assert_string_equal(text_in(shown, "Scheduler"), "Wrr");
	assert_string_equal(text_in(shown, "ServerGroupStatus"), "Available");
	assert_string_equal(text_in(shown, "ServerGroupType"), "Instance");
	assert_string_equal(text_in(shown, "AddressIPVersion"), "Ipv4");
	assert_true(json_is_false(json_object_get(shown, "PreserveClientIpEnabled")));
	assert_int_equal(number_in(shown, "ServerCount"), 1);
	assert_int_equal(number_in(check, "HealthCheckInterval"), 5);
	assert_string_equal(text_in(check, "HealthCheckDomain"), "$SERVER_IP");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(check, "HealthCheckHttpCode"), 0)),
		"http_2xx");
}

static void client_addresses_are_not_preserved(void **state)
{
	struct error err = refused(*state, "CreateServerGroup",
				   json_pack("{s:s, s:b}", "ServerGroupName", "web",
					     "PreserveClientIpEnabled", 1),
				   "IllegalParam.PreserveClientIpSwitch");

	assert_non_null(strstr(err.hint, "ProxyProtocolEnabled"));
	refused(*state, "CreateServerGroup",
		json_pack("{s:s, s:s}", "ServerGroupName", "web", "Protocol", "UDP"),
		"IllegalParam.Protocol");
	refused(*state, "CreateServerGroup",
		json_pack("{s:s, s:s}", "ServerGroupName", "web", "Scheduler", "Qch"),
		"IllegalParam.Scheduler");
}

static void only_what_is_given_of_a_health_check_changes(void **state)
{
	char *id = new_group(*state);
	json_t *check;

	must_do(*state, "UpdateServerGroupAttribute",
		json_pack("{s:s, s:{s:s, s:s}}", "ServerGroupId", id, "HealthCheckConfig",
			  "HealthCheckType", "http", "HealthCheckUrl", "/ok"));
	must_do(*state, "UpdateServerGroupAttribute",
		json_pack("{s:s, s:{s:i}, s:s}", "ServerGroupId", id, "HealthCheckConfig",
			  "HealthCheckInterval", 9, "ServerGroupName", "shop"));
	check = json_object_get(group_of(*state, id), "HealthCheck");
	assert_string_equal(text_in(check, "HealthCheckType"), "HTTP");
	assert_string_equal(text_in(check, "HealthCheckUrl"), "/ok");
	assert_int_equal(number_in(check, "HealthCheckInterval"), 9);
	assert_string_equal(text_in(group_of(*state, id), "ServerGroupName"), "shop");
	refused(*state, "UpdateServerGroupAttribute",
		json_pack("{s:s, s:{s:s}}", "ServerGroupId", id, "HealthCheckConfig",
			  "HealthCheckUrl", "ok"),
		"IlleagalParam.healthCheckUrl");
}

static void a_group_in_use_is_not_deleted(void **state)
{
	char *balancer = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	char *listener = new_tcp_listener(*state, balancer, group, 80);
	struct error err = refused(*state, "DeleteServerGroup", id_of("ServerGroupId", group),
				   "ResourceInUse.ServerGroup");

	assert_non_null(strstr(err.message, listener));
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(group_of(*state, group),
						    "RelatedLoadBalancerIds"),
				    0)),
			    balancer);
	must_do(*state, "DeleteListener", id_of("ListenerId", listener));
	must_do(*state, "DeleteServerGroup", id_of("ServerGroupId", group));
	refused(*state, "DeleteServerGroup", id_of("ServerGroupId", group),
		"ResourceNotFound.serverGroup");
}

/* --- servers --- */

#define SERVER(id, ip, port) \
	json_pack("{s:s, s:[{s:s, s:s, s:i, s:s}]}", "ServerGroupId", group, "Servers", \
		  "ServerId", id, "ServerIp", ip, "Port", port, "ServerType", "Ecs")

static void a_server_may_be_there_on_several_ports(void **state)
{
	char *group = new_group(*state);

	must_do(*state, "AddServersToServerGroup", SERVER("i-1", "10.0.0.1", 81));
	must_do(*state, "AddServersToServerGroup", SERVER("i-2", "10.0.0.2", 80));
	must_do(*state, "AddServersToServerGroup", SERVER("i-2", "10.0.0.2", 80)); /* again */
	assert_int_equal(json_array_size(servers_of(*state, group)), 3);
	refused(*state, "AddServersToServerGroup", SERVER("i-3", "10.0.0.2", 80),
		"DuplicatedParam.Server");
	refused(*state, "AddServersToServerGroup", SERVER("i-2", "10.0.0.9", 80),
		"DuplicatedParam.Server");
	must_do(*state, "RemoveServersFromServerGroup", SERVER("i-1", "10.0.0.1", 81));
	must_do(*state, "RemoveServersFromServerGroup", SERVER("i-1", "10.0.0.1", 81));
	assert_int_equal(json_array_size(servers_of(*state, group)), 2);
}

static void one_request_names_a_server_once(void **state)
{
	char *group = new_group(*state);
	struct error err = refused(
		*state, "AddServersToServerGroup",
		json_pack("{s:s, s:[{s:s, s:s, s:i}, {s:s, s:s, s:i}]}", "ServerGroupId", group,
			  "Servers", "ServerId", "i-8", "ServerIp", "10.0.0.8", "Port", 80,
			  "ServerId", "i-8", "ServerIp", "10.0.0.8", "Port", 80),
		"DuplicatedParam.Server");

	assert_string_equal(err.place, "Servers.2.ServerId");
	assert_int_equal(json_array_size(servers_of(*state, group)), 1);
}

static void weight_and_description_change(void **state)
{
	char *group = new_group(*state);
	json_t *server;

	must_do(*state, "UpdateServerGroupServersAttribute",
		json_pack("{s:s, s:[{s:s, s:i, s:i, s:s}]}", "ServerGroupId", group, "Servers",
			  "ServerId", "i-1", "Port", 80, "Weight", 0, "Description", "old one"));
	server = json_array_get(servers_of(*state, group), 0);
	assert_int_equal(number_in(server, "Weight"), 0);
	assert_string_equal(text_in(server, "Description"), "old one");
	refused(*state, "UpdateServerGroupServersAttribute", SERVER("i-1", "10.0.0.1", 99),
		"ResourceNotFound.BackendServer");
}

static void an_ip_group_knows_servers_by_their_address(void **state)
{
	char *group = text_from(get(*state, "CreateServerGroup",
				    json_pack("{s:s, s:s}", "ServerGroupName", "web",
					      "ServerGroupType", "ip")),
				"ServerGroupId");
	json_t *server;

#define BY_ID(id) \
	json_pack("{s:s, s:[{s:s, s:i}]}", "ServerGroupId", group, "Servers", "ServerId", id, \
		  "Port", 80)
	must_do(*state, "AddServersToServerGroup", BY_ID("10.0.0.7"));
	server = json_array_get(servers_of(*state, group), 0);
	assert_string_equal(text_in(server, "ServerIp"), "10.0.0.7");
	assert_string_equal(text_in(server, "ServerType"), "Ip");
	assert_int_equal(number_in(server, "Weight"), 100);
	refused(*state, "AddServersToServerGroup", SERVER("i-1", "10.0.0.1", 80),
		"Mismatch.ServerType");
	refused(*state, "AddServersToServerGroup", BY_ID("i-1"), "IllegalParam.IP");
	refused(*state, "AddServersToServerGroup", BY_ID("0.0.0.0"), "IllegalParam.IP");
	must_do(*state, "AddServersToServerGroup", BY_ID("2001:DB8:0:0::1"));
	refused(*state, "AddServersToServerGroup", BY_ID("2001:db8::1"), "DuplicatedParam.Server");
}

static void ports_go_with_the_group(void **state)
{
	char *group = text_from(
		get(*state, "CreateServerGroup",
		    json_pack("{s:s, s:b, s:{s:i}}", "ServerGroupName", "any", "AnyPortEnabled", 1,
			      "HealthCheckConfig", "HealthCheckConnectPort", 80)),
		"ServerGroupId");

	refused(*state, "AddServersToServerGroup", SERVER("i-1", "10.0.0.1", 80),
		"IllegalParam.RSPortConflictWithServerGroup");
	must_do(*state, "AddServersToServerGroup", SERVER("i-1", "10.0.0.1", 0));
	group = new_group(*state);
	refused(*state, "AddServersToServerGroup", SERVER("i-9", "10.0.0.9", 0),
		"MissingParam.Port");
	refused(*state, "CreateServerGroup",
		json_pack("{s:s, s:b}", "ServerGroupName", "any", "AnyPortEnabled", 1),
		"IllegalParam.AnyPortServerGroupConflictWithHealthCheckConfig");
}

static void only_a_group_in_use_is_served(void **state)
{
	char *balancer = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	struct answer answer =
		ask(*state, "AddServersToServerGroup", SERVER("i-2", "10.0.0.2", 80));

	assert_false(answer.serves);
	json_decref(answer.reply);
	everything_is_served(*state);
	new_tcp_listener(*state, balancer, group, 80);
	answer = ask(*state, "AddServersToServerGroup", SERVER("i-3", "10.0.0.3", 80));
	assert_true(answer.serves);
	json_decref(answer.reply);
	assert_string_equal(text_in(group_of(*state, group), "ServerGroupStatus"), "Configuring");
	everything_is_served(*state);
	assert_string_equal(text_in(group_of(*state, group), "ServerGroupStatus"), "Available");
}

/* --- health --- */

static json_t *health_of(struct home *home, const char *listener)
{
	json_t *reply = look(home, "GetListenerHealthStatus", id_of("ListenerId", listener));
	json_t *status = json_array_get(json_object_get(reply, "ListenerHealthStatus"), 0);

	return json_array_get(json_object_get(status, "ServerGroupInfos"), 0);
}

static void only_servers_that_are_not_healthy_are_listed(void **state)
{
	static const struct serving_server servers[] = {
		{ "sgp", "10.0.0.1:80", "i-1", SERVING_UNHEALTHY, "CONNECT_FAILED" },
		{ "sgp", "[2001:db8::1]:80", "b", SERVING_HEALTHY, "" },
	};
	char *balancer = new_balancer(*state, "127.0.0.1"), *group = new_group(*state);
	char *id = new_tcp_listener(*state, balancer, group, 80);
	json_t *info = health_of(*state, id), *server;

	assert_true(json_is_true(json_object_get(info, "HeathCheckEnabled")));
	server = json_array_get(json_object_get(info, "NonNormalServers"), 0);
	assert_string_equal(text_in(server, "Status"), "Initial"); /* not served yet */
	serving.servers = servers;
	serving.server_count = 2;
	info = health_of(*state, id);
	assert_int_equal(json_array_size(json_object_get(info, "NonNormalServers")), 1);
	server = json_array_get(json_object_get(info, "NonNormalServers"), 0);
	assert_string_equal(text_in(server, "ServerId"), "i-1");
	assert_string_equal(text_in(server, "ServerIp"), "10.0.0.1");
	assert_int_equal(number_in(server, "Port"), 80);
	assert_string_equal(text_in(server, "Status"), "Unhealthy");
	assert_string_equal(text_in(json_object_get(server, "Reason"), "ReasonCode"),
			    "CONNECT_FAILED");
}

/* --- policies --- */

static char *new_policy(struct home *home)
{
	return text_from(
		get(home, "CreateSecurityPolicy",
		    json_pack("{s:s, s:[s, s], s:[s, s]}", "SecurityPolicyName", "mine",
			      "TlsVersions", "tlsv1.2", "TLSv1.3", "Ciphers",
			      "ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256")),
		"SecurityPolicyId");
}

static void a_policy_in_use_names_its_listeners(void **state)
{
	struct certificates all;
	char *policy = new_policy(*state);
	json_t *shown;
	struct error err;

	prepare(*state, &all);
	must_do(*state, "UpdateListenerAttribute",
		json_pack("{s:s, s:s}", "ListenerId", all.listener, "SecurityPolicyId", policy));
	shown = json_array_get(json_object_get(look(*state, "ListSecurityPolicy",
						    json_pack("{s:[s]}", "SecurityPolicyIds",
							      policy)),
					       "SecurityPolicies"),
			       0);
	assert_string_equal(text_in(shown, "TlsVersion"), "TLSv1.2,TLSv1.3");
	assert_string_equal(text_in(shown, "Ciphers"),
			    "ECDHE-RSA-AES128-GCM-SHA256,TLS_AES_128_GCM_SHA256");
	assert_string_equal(text_in(shown, "SecurityPolicyStatus"), "Available");
	assert_string_equal(
		text_in(json_array_get(json_object_get(shown, "RelatedListeners"), 0),
			"ListenerId"),
		all.listener);
	err = refused(*state, "DeleteSecurityPolicy", id_of("SecurityPolicyId", policy),
		      "ResourceInUse.SecurityPolicy");
	assert_non_null(strstr(err.message, all.listener));
	must_do(*state, "DeleteListener", id_of("ListenerId", all.listener));
	must_do(*state, "DeleteSecurityPolicy", id_of("SecurityPolicyId", policy));
}

static void policies_are_checked(void **state)
{
	char *policy = new_policy(*state);

	refused(*state, "CreateSecurityPolicy",
		json_pack("{s:[s], s:[s]}", "TlsVersions", "TLSv1.3", "Ciphers",
			  "ECDHE-RSA-AES128-GCM-SHA256"),
		"IllegalParam.Ciphers");
	refused(*state, "UpdateSecurityPolicyAttribute",
		json_pack("{s:s, s:s}", "SecurityPolicyId", policy, "SecurityPolicyName", "mine"),
		"UpdateSecurityPolicyFailed");
	must_do(*state, "UpdateSecurityPolicyAttribute",
		json_pack("{s:s, s:s}", "SecurityPolicyId", policy, "SecurityPolicyName", "other"));
	refused(*state, "DeleteSecurityPolicy", id_of("SecurityPolicyId", "tls_cipher_policy_1_2"),
		"OperationDenied.SystemSecurityPolicy");
	assert_int_equal(json_array_size(json_object_get(
				 look(*state, "ListSystemSecurityPolicy", json_object()),
				 "SecurityPolicies")),
			 5);
}

/* --- tags, resource groups, jobs --- */

static void things_are_found_by_their_tags(void **state)
{
	char *one = new_balancer(*state, "127.0.0.1"), *two = new_balancer(*state, "127.0.0.2");
	json_t *list;

	must_do(*state, "TagResources",
		json_pack("{s:s, s:[s, s], s:[{s:s, s:s}]}", "ResourceType", "LoadBalancer",
			  "ResourceId", one, two, "Tag", "Key", "team", "Value", "shop"));
	list = look(*state, "ListTagResources",
		    json_pack("{s:s, s:[s]}", "ResourceType", "loadbalancer", "ResourceId", two));
	assert_string_equal(
		text_in(json_array_get(json_object_get(list, "TagResources"), 0), "TagValue"),
		"shop");
	must_do(*state, "UntagResources",
		json_pack("{s:s, s:[s], s:b}", "ResourceType", "loadbalancer", "ResourceId", one,
			  "All", 1));
	list = look(*state, "ListLoadBalancers", json_pack("{s:[{s:s}]}", "Tag", "Key", "team"));
	assert_int_equal(number_in(list, "TotalCount"), 1);
	refused(*state, "TagResources",
		json_pack("{s:s, s:[s], s:[{s:s}]}", "ResourceType", "listener", "ResourceId",
			  "lsn-none", "Tag", "Key", "a"),
		"ResourceNotFound.listener");
	refused(*state, "UntagResources",
		json_pack("{s:s, s:[s]}", "ResourceType", "loadbalancer", "ResourceId", one),
		"MissingParam.TagKey");
}

static void a_resource_group_is_kept(void **state)
{
	char *id = new_balancer(*state, "127.0.0.1");

	must_do(*state, "MoveResourceGroup",
		json_pack("{s:s, s:s, s:s}", "ResourceType", "loadbalancer", "ResourceId", id,
			  "NewResourceGroupId", "rg-1"));
	assert_string_equal(text_in(balancer_of(*state, id), "ResourceGroupId"), "rg-1");
}

static void a_job_succeeds_when_its_revision_is_served(void **state)
{
	struct home *home = *state;
	char *balancer = new_balancer(home, "127.0.0.1"), *group = new_group(home);
	char *job = text_from(get(home, "CreateListener", TCP(balancer, 80)), "JobId");
	json_t *list;

#define STATUS() text_in(look(home, "GetJobStatus", id_of("JobId", job)), "Status")
	assert_string_equal(STATUS(), "Processing");
	everything_is_served(home);
	assert_string_equal(STATUS(), "Succeeded");
	refused(home, "GetJobStatus", id_of("JobId", "none"), "ResourceNotFound.JobId");
	list = look(home, "ListAsynJobs", json_pack("{s:[s, s]}", "JobIds", job, "none"));
	assert_int_equal(number_in(list, "TotalCount"), 1);
}

static void a_job_about_what_is_not_served_is_done_at_once(void **state)
{
	struct home *home = *state;
	char *job = text_from(get(home, "CreateServerGroup",
				  json_pack("{s:s}", "ServerGroupName", "web")),
			      "JobId");

	assert_string_equal(STATUS(), "Succeeded");
}

/* --- all of it --- */

static void what_was_accepted_can_be_served(void **state)
{
	struct home *home = *state;
	struct certificates all;
	struct model *model;
	struct error err = { 0 };

	prepare(home, &all);
	new_tcp_listener(home, all.balancer, all.group, 80);
	must_do(home, "AssociateAdditionalCertificatesWithListener", ADDITIONAL("two"));
	model = stored_model(home->store, NULL, NULL, &err);
	assert_non_null(model);
	if (model_check(model, NULL, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(model->listener_count, 2);
	assert_int_equal(model->certificate_count, 2);
	model_free(model);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, nlb_setup, home_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_action_has_a_handler),
		TEST(what_has_no_meaning_here_is_refused_with_a_reason),
		TEST(a_load_balancer_is_shown_in_canonical_words),
		TEST(an_ipv6_address_makes_it_dual_stack_unless_it_must_not_be),
		TEST(zones_are_checked),
		TEST(a_protected_load_balancer_is_not_deleted),
		TEST(a_load_balancer_goes_with_its_listeners),
		TEST(one_zone_stays_in_service),
		TEST(a_quota_is_named),
		TEST(an_update_from_an_old_revision_is_refused),
		TEST(lists_come_in_pages_and_filtered),
		TEST(a_listener_is_shown_with_its_defaults),
		TEST(a_listener_is_stopped_and_started),
		TEST(a_port_is_taken_once),
		TEST(a_port_range_needs_a_group_for_any_port),
		TEST(a_listener_of_nothing_is_refused),
		TEST(mutual_authentication_is_switched_on_a_live_listener),
		TEST(the_policy_is_the_default_or_the_one_named),
		TEST(certificates_are_known_by_any_of_their_ids),
		TEST(additional_certificates_come_and_go),
		TEST(a_tcp_listener_has_no_certificates),
		TEST(the_store_knows_who_uses_a_certificate),
		TEST(a_group_is_shown_with_its_defaults),
		TEST(client_addresses_are_not_preserved),
		TEST(only_what_is_given_of_a_health_check_changes),
		TEST(a_group_in_use_is_not_deleted),
		TEST(a_server_may_be_there_on_several_ports),
		TEST(one_request_names_a_server_once),
		TEST(weight_and_description_change),
		TEST(an_ip_group_knows_servers_by_their_address),
		TEST(ports_go_with_the_group),
		TEST(only_a_group_in_use_is_served),
		TEST(only_servers_that_are_not_healthy_are_listed),
		TEST(a_policy_in_use_names_its_listeners),
		TEST(policies_are_checked),
		TEST(things_are_found_by_their_tags),
		TEST(a_resource_group_is_kept),
		TEST(a_job_succeeds_when_its_revision_is_served),
		TEST(a_job_about_what_is_not_served_is_done_at_once),
		TEST(what_was_accepted_can_be_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
