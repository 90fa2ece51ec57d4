/*
 * Load balancers, their listeners, server groups and TLS security policies: NLB 2022-04-30.
 *
 * Names are the real service's, misspellings included. What is ours is marked so.
 */
#include "action/action.h"
#include "model/text_checks.h"

/* clang-format off */

#define LOAD_BALANCER_ID OWN("LoadBalancerId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Its id."))
#define LISTENER_ID OWN("ListenerId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Its id."))
#define SERVER_GROUP_ID OWN("ServerGroupId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Its id."))
#define POLICY_ID OWN("SecurityPolicyId", PARAMETER_REQUIRED, TEXT_OF(1, 200), HELP("Its id."))
#define RESOURCE_GROUP \
	OWN("ResourceGroupId", 0, TEXT_OF(1, 128), HELP("Kept and shown, without effect."))
#define ZONE_MAPPINGS(flags, text) \
	OWN("ZoneMappings", flags, OBJECTS_OF(1, 10, zone_resource), HELP(text))
#define IDS(parameter_name, text) \
	OWN(parameter_name, 0, TEXTS_OF(0, 100), HELP(text))
#define FILTER(parameter_name, text) OWN(parameter_name, 0, TEXT_OF(1, 200), HELP(text))
#define LANGUAGE_PARAMETERS \
	OWN("AcceptLanguage", PARAMETER_IGNORED, TEXT_OF(0, 32), \
	    HELP("Accepted, without effect: names are not translated.")), \
	OWN("ServiceCode", PARAMETER_IGNORED, TEXT_OF(0, 32), HELP("Accepted, without effect."))

static const struct field_word load_balancer_types[] = { { "Network", 0, NULL }, { NULL, 0, NULL } };
static const struct field_word address_types[] = {
	{ "Intranet", 0, NULL }, { "Internet", 1, NULL }, { NULL, 0, NULL } };
static const struct field_word protection_states[] = {
	{ "NonProtection", 0, NULL }, { "ConsoleProtection", 1, NULL }, { NULL, 0, NULL } };
static const struct field_word listener_protocols[] = {
	{ "TCPSSL", 0, NULL }, { "TCP", 1, NULL }, { "UDP", 2, NULL }, { NULL, 0, NULL } };
static const struct field_word certificate_types[] = {
	{ "Server", 0, NULL }, { "Ca", 1, NULL }, { NULL, 0, NULL } };
static const struct field_word pay_types[] = { { "PostPay", 0, NULL }, { NULL, 0, NULL } };
/* The names of types as the tagging actions have them. */
static const struct field_word resource_types[] = {
	{ "loadbalancer", 0, NULL }, { "listener", 1, NULL }, { "servergroup", 2, NULL },
	{ "securitypolicy", 3, NULL }, { NULL, 0, NULL } };

static const struct field billing_fields[] = {
	{ .name = "PayType", .type = FIELD_WORD, .words = pay_types, .help = "Nothing is billed here." },
};
static const struct resource billing_resource = {
	"LoadBalancerBillingConfig", billing_fields, ACTION_COUNT(billing_fields), 0,
	RESOURCE_NO_LINE, 0, NULL, "Accepted, without effect." };

/* --- load balancers --- */

static const struct parameter create_load_balancer_parameters[] = {
	OWN("LoadBalancerName", 0, TEXT_OF(2, 128), .check = check_resource_name,
	    HELP("For people; its id when left out.")),
	LIKE(load_balancer_resource, "AddressType", 0),
	LIKE(load_balancer_resource, "AddressIpVersion", 0),
	LIKE(load_balancer_resource, "VpcId", 0),
	ZONE_MAPPINGS(PARAMETER_REQUIRED,
		"Its zones. A zone stands for addresses of this machine (DescribeZones); "
		"PrivateIPv4Address and Ipv6Address choose others. One zone is enough, and zones may share "
		"an address."),
	OWN("LoadBalancerType", 0, WORD_OF(load_balancer_types), HELP("Network is all there is.")),
	LIKE(load_balancer_resource, "DeletionProtectionConfig", 0),
	LIKE(load_balancer_resource, "ModificationProtectionConfig", 0),
	OWN("LoadBalancerBillingConfig", PARAMETER_IGNORED, OBJECT_OF(billing_resource),
	    HELP("Accepted, without effect.")),
	LIKE(load_balancer_resource, "BandwidthPackageId", 0),
	LIKE(load_balancer_resource, "Cps", PARAMETER_OURS),
	LIKE(load_balancer_resource, "CrossZoneEnabled", PARAMETER_OURS),
	RESOURCE_GROUP,
	TAG_PARAMETER,
};

static const struct parameter load_balancer_id_parameters[] = { LOAD_BALANCER_ID };

static const struct parameter list_load_balancers_parameters[] = {
	IDS("LoadBalancerIds", "Only these."),
	IDS("LoadBalancerNames", "Only those with one of these names."),
	IDS("VpcIds", "Only those with one of these VpcIds."),
	LIKE(load_balancer_resource, "AddressIpVersion", 0),
	OWN("AddressType", 0, WORD_OF(address_types), HELP("Only those of this type.")),
	FILTER("DNSName", "Only the one of this DNS name."),
	FILTER("Ipv6AddressType", "Only those of this type."),
	FILTER("LoadBalancerStatus", "Only those of this status."),
	FILTER("LoadBalancerBusinessStatus", "Only those of this business status."),
	OWN("LoadBalancerType", 0, WORD_OF(load_balancer_types), HELP("Network is all there is.")),
	FILTER("ZoneId", "Only those in this zone."),
	RESOURCE_GROUP,
	TAG_PARAMETER,
	NEXT_TOKEN_PARAMETERS,
};

static const struct parameter update_load_balancer_parameters[] = {
	LOAD_BALANCER_ID,
	OWN("LoadBalancerName", 0, TEXT_OF(2, 128), .check = check_resource_name, HELP("For people.")),
	LIKE(load_balancer_resource, "Cps", 0),
	LIKE(load_balancer_resource, "CrossZoneEnabled", 0),
};

static const struct parameter update_protection_parameters[] = {
	LOAD_BALANCER_ID,
	LIKE_AS("DeletionProtectionEnabled", deletion_protection_resource, "Enabled", 0),
	LIKE_AS("DeletionProtectionReason", deletion_protection_resource, "Reason", 0),
	OWN("ModificationProtectionStatus", 0, WORD_OF(protection_states),
	    HELP("ConsoleProtection: the console does not change it; the API still does.")),
	LIKE_AS("ModificationProtectionReason", modification_protection_resource, "Reason", 0),
};

static const struct parameter update_address_type_parameters[] = {
	LOAD_BALANCER_ID,
	OWN("AddressType", PARAMETER_REQUIRED, WORD_OF(address_types), HELP("Kept, without effect.")),
	ZONE_MAPPINGS(PARAMETER_IGNORED, "Accepted, without effect: there are no elastic addresses here."),
};

static const struct parameter update_zones_parameters[] = {
	LOAD_BALANCER_ID,
	ZONE_MAPPINGS(PARAMETER_REQUIRED, "All its zones from now on."),
};

static const struct parameter shift_parameters[] = {
	LOAD_BALANCER_ID,
	ZONE_MAPPINGS(PARAMETER_REQUIRED, "The zones; one of the load balancer must stay active."),
};

static const struct parameter bandwidth_package_parameters[] = {
	LOAD_BALANCER_ID,
	OWN("BandwidthPackageId", PARAMETER_REQUIRED, TEXT_OF(1, 128), HELP("Without meaning here.")),
};

static const struct parameter security_group_parameters[] = {
	LOAD_BALANCER_ID,
	OWN("SecurityGroupIds", PARAMETER_REQUIRED, TEXTS_OF(1, 100), HELP("Without meaning here.")),
};

/* --- listeners --- */

/* A manifest refers by name, the API by id. */
#define CERTIFICATE_FORMS "CertIdentifier, CertId, or Identifier of the private CA"
#define CERTIFICATE_IDS \
	OWN("CertificateIds", 0, TEXTS_OF(0, 1), .symbol = "IllegalParamSize.certificateIds", \
	    HELP("TCPSSL: the default server certificate, exactly one: " CERTIFICATE_FORMS "."))
#define CA_CERTIFICATE_IDS \
	OWN("CaCertificateIds", 0, TEXTS_OF(0, 100), \
	    HELP("The CA certificates that client certificates are checked against, of the private CA or " \
		 "uploaded. Several are fine, where the real service takes one."))
#define SECURITY_POLICY_ID \
	OWN("SecurityPolicyId", 0, TEXT_OF(1, 200), .absent = "DefaultSecurityPolicyId", \
	    HELP("TCPSSL: the TLS security policy, a system one or one of your own."))

/* What CreateListener and UpdateListenerAttribute both take. */
#define LISTENER_SETTINGS \
	LIKE(listener_resource, "ListenerDescription", 0), \
	LIKE(listener_resource, "IdleTimeout", 0), \
	LIKE(listener_resource, "Cps", 0), \
	LIKE(listener_resource, "Mss", 0), \
	LIKE(listener_resource, "ProxyProtocolEnabled", 0), \
	LIKE(listener_resource, "ProxyProtocolV2Config", 0), \
	CERTIFICATE_IDS, \
	LIKE(listener_resource, "CaEnabled", 0), \
	CA_CERTIFICATE_IDS, \
	SECURITY_POLICY_ID, \
	LIKE(listener_resource, "AlpnEnabled", 0), \
	LIKE(listener_resource, "AlpnPolicy", 0), \
	LIKE(listener_resource, "SecSensorEnabled", 0), \
	LIKE(listener_resource, "CaMode", PARAMETER_OURS), \
	LIKE(listener_resource, "CaDepth", PARAMETER_OURS), \
	LIKE(listener_resource, "CaNamesAdvertised", PARAMETER_OURS), \
	LIKE(listener_resource, "RevocationMode", PARAMETER_OURS), \
	LIKE(listener_resource, "RevocationCutsConnections", PARAMETER_OURS), \
	LIKE(listener_resource, "ProxyProtocolFrom", PARAMETER_OURS), \
	LIKE(listener_resource, "HandshakeTimeout", PARAMETER_OURS), \
	LIKE(listener_resource, "ConnectTimeout", PARAMETER_OURS), \
	LIKE(listener_resource, "ConnectBudget", PARAMETER_OURS), \
	LIKE(listener_resource, "HalfCloseTimeout", PARAMETER_OURS), \
	LIKE(listener_resource, "UncleanClose", PARAMETER_OURS), \
	LIKE(listener_resource, "MaxConnections", PARAMETER_OURS), \
	LIKE(listener_resource, "MaxConnectionsPerSource", PARAMETER_OURS), \
	LIKE(listener_resource, "MaxHandshakesPerSource", PARAMETER_OURS)

static const struct parameter create_listener_parameters[] = {
	LOAD_BALANCER_ID,
	LIKE(listener_resource, "ListenerProtocol", PARAMETER_REQUIRED),
	LIKE(listener_resource, "ListenerPort", PARAMETER_REQUIRED),
	LIKE(listener_resource, "StartPort", 0),
	LIKE(listener_resource, "EndPort", 0),
	OWN("ServerGroupId", PARAMETER_REQUIRED, TEXT_OF(1, 64),
	    HELP("Id of the server group that gets the connections.")),
	OWN("AdditionalCertificateIds", PARAMETER_OURS, TEXTS_OF(0, 1000),
	    HELP("TCPSSL: further server certificates, chosen by the server name that the client asks for: "
		 "an exact name first, then a wildcard for one label.")),
	LIKE(listener_resource, "ListenerStatus", PARAMETER_OURS),
	LISTENER_SETTINGS,
	TAG_PARAMETER,
};

static const struct parameter update_listener_parameters[] = {
	LISTENER_ID,
	OWN("ServerGroupId", 0, TEXT_OF(1, 64),
	    HELP("Id of the server group that gets the next connections.")),
	LISTENER_SETTINGS,
};

static const struct parameter listener_id_parameters[] = { LISTENER_ID };

static const struct parameter list_listeners_parameters[] = {
	IDS("ListenerIds", "Only these."),
	IDS("LoadBalancerIds", "Only those of these load balancers."),
	OWN("ListenerProtocol", 0, WORD_OF(listener_protocols), HELP("Only those of this protocol.")),
	OWN("SecSensorEnabled", 0, BOOLEAN, HELP("true: none, there is no such monitoring.")),
	TAG_PARAMETER,
	NEXT_TOKEN_PARAMETERS,
};

static const struct parameter listener_health_parameters[] = { LISTENER_ID, NEXT_TOKEN_PARAMETERS };

static const struct parameter additional_certificates_parameters[] = {
	LISTENER_ID,
	OWN("AdditionalCertificateIds", PARAMETER_REQUIRED, TEXTS_OF(1, 15),
	    HELP("Server certificates: " CERTIFICATE_FORMS ".")),
};

static const struct parameter list_listener_certificates_parameters[] = {
	LISTENER_ID,
	OWN("CertType", 0, WORD_OF(certificate_types), HELP("Server or Ca; both when left out.")),
	IDS("CertificateIds", "Only these."),
	NEXT_TOKEN_PARAMETERS,
};

/* --- server groups --- */

#define GROUP_SETTINGS \
	LIKE(server_group_resource, "Scheduler", 0), \
	LIKE(server_group_resource, "ConnectionDrainEnabled", 0), \
	LIKE(server_group_resource, "ConnectionDrainTimeout", 0), \
	LIKE(server_group_resource, "HealthCheckConfig", 0), \
	LIKE(server_group_resource, "PreserveClientIpEnabled", 0), \
	OWN("IpVersionAffinityMode", 0, TEXT_OF(1, 32), HELP("Kept and shown, without effect.")), \
	LIKE(server_group_resource, "AllDown", PARAMETER_OURS), \
	LIKE(server_group_resource, "SlowStart", PARAMETER_OURS)

static const struct parameter create_server_group_parameters[] = {
	LIKE(server_group_resource, "ServerGroupName", PARAMETER_REQUIRED),
	LIKE(server_group_resource, "ServerGroupType", 0),
	LIKE(server_group_resource, "Protocol", 0),
	LIKE(server_group_resource, "AddressIPVersion", 0),
	LIKE(server_group_resource, "AnyPortEnabled", 0),
	LIKE(server_group_resource, "VpcId", 0),
	GROUP_SETTINGS,
	OWN("Servers", PARAMETER_OURS, OBJECTS_OF(0, 200, server_resource),
	    HELP("Its first servers; AddServersToServerGroup adds more.")),
	RESOURCE_GROUP,
	TAG_PARAMETER,
};

static const struct parameter update_server_group_parameters[] = {
	SERVER_GROUP_ID,
	LIKE(server_group_resource, "ServerGroupName", 0),
	GROUP_SETTINGS,
};

static const struct parameter server_group_id_parameters[] = { SERVER_GROUP_ID };

static const struct parameter list_server_groups_parameters[] = {
	IDS("ServerGroupIds", "Only these."),
	IDS("ServerGroupNames", "Only those with one of these names."),
	LIKE(server_group_resource, "ServerGroupType", 0),
	LIKE(server_group_resource, "VpcId", 0),
	RESOURCE_GROUP,
	TAG_PARAMETER,
	NEXT_TOKEN_PARAMETERS,
};

#define SERVERS(text) \
	SERVER_GROUP_ID, \
	OWN("Servers", PARAMETER_REQUIRED, OBJECTS_OF(1, 200, server_resource), HELP(text))

static const struct parameter add_servers_parameters[] = {
	SERVERS("The servers: ServerId (the address, in groups of type Ip) or ServerIp, and Port. A server may "
		"be in the group on several ports."),
};
static const struct parameter remove_servers_parameters[] = {
	SERVERS("The servers, by ServerId or ServerIp, and Port; without Port, on all their ports."),
};
static const struct parameter update_servers_parameters[] = {
	SERVERS("The servers, by ServerId or ServerIp, and Port, with their new Weight and Description; "
		"without Port, on all their ports."),
};

static const struct parameter list_servers_parameters[] = {
	OWN("ServerGroupId", 0, TEXT_OF(1, 64), HELP("Of this group; of all groups when left out.")),
	IDS("ServerIds", "Only these."),
	IDS("ServerIps", "Only those with one of these addresses."),
	NEXT_TOKEN_PARAMETERS,
};

/* --- security policies --- */

static const struct parameter create_policy_parameters[] = {
	OWN("SecurityPolicyName", 0, TEXT_OF(1, 200), .check = check_policy_name,
	    HELP("For people; its id when left out.")),
	LIKE(policy_resource, "TlsVersions", PARAMETER_REQUIRED),
	LIKE(policy_resource, "Ciphers", PARAMETER_REQUIRED),
	RESOURCE_GROUP,
	TAG_PARAMETER,
};

static const struct parameter update_policy_parameters[] = {
	POLICY_ID,
	OWN("SecurityPolicyName", 0, TEXT_OF(1, 200), .check = check_policy_name, HELP("For people.")),
	LIKE(policy_resource, "TlsVersions", 0),
	LIKE(policy_resource, "Ciphers", 0),
};

static const struct parameter policy_id_parameters[] = { POLICY_ID };

static const struct parameter list_policies_parameters[] = {
	IDS("SecurityPolicyIds", "Only these."),
	IDS("SecurityPolicyNames", "Only those with one of these names."),
	RESOURCE_GROUP,
	TAG_PARAMETER,
	NEXT_TOKEN_PARAMETERS,
};

/* --- tags, jobs, places --- */

#define RESOURCE_TYPE \
	OWN("ResourceType", PARAMETER_REQUIRED, WORD_OF(resource_types), HELP("What the ids are of."))
#define RESOURCE_IDS(flags) \
	OWN("ResourceId", flags, TEXTS_OF(1, 50), HELP("Ids of what is tagged."))

static const struct parameter tag_resources_parameters[] = {
	RESOURCE_TYPE,
	RESOURCE_IDS(PARAMETER_REQUIRED),
	OWN("Tag", PARAMETER_REQUIRED, OBJECTS_OF(1, 20, tag_resource), HELP("Tags to set.")),
};

static const struct parameter untag_resources_parameters[] = {
	RESOURCE_TYPE,
	RESOURCE_IDS(PARAMETER_REQUIRED),
	OWN("TagKey", 0, TEXTS_OF(1, 20), HELP("Keys of the tags to remove.")),
	OWN("All", 0, BOOLEAN, HELP("Removes all tags; TagKey must be left out.")),
};

static const struct parameter list_tags_parameters[] = {
	RESOURCE_TYPE,
	RESOURCE_IDS(0),
	TAG_PARAMETER,
	NEXT_TOKEN_PARAMETERS,
};

static const struct parameter move_parameters[] = {
	RESOURCE_TYPE,
	OWN("ResourceId", PARAMETER_REQUIRED, TEXT_OF(1, 200), HELP("Id of what is moved.")),
	OWN("NewResourceGroupId", PARAMETER_REQUIRED, TEXT_OF(1, 128),
	    HELP("Kept and shown, without effect.")),
};

static const struct parameter job_parameters[] = {
	OWN("JobId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("What an action answered.")),
};

static const struct parameter jobs_parameters[] = { IDS("JobIds", "The jobs asked for.") };

static const struct parameter language_parameters[] = { LANGUAGE_PARAMETERS };

static const struct parameter monitor_parameters[] = {
	OWN("LogProject", PARAMETER_REQUIRED, TEXT_OF(1, 128), HELP("Without meaning here.")),
	OWN("MetricStore", PARAMETER_REQUIRED, TEXT_OF(1, 128), HELP("Without meaning here.")),
};

/* --- the table --- */

#define WRITES RIGHT_OPERATE, ACTION_WRITES
#define READS RIGHT_READ, 0
#define REFUSED RIGHT_OPERATE, ACTION_REFUSED
#define NO_PARAMETERS .parameters = NULL, .parameter_count = 0

#define PAGE ", TotalCount#, MaxResults#, NextToken"
#define ZONES_REPLY \
	"ZoneMappings[]{ZoneId, VSwitchId, Status, LoadBalancerAddresses[]{PrivateIPv4Address, " \
	"Ipv6Address, PrivateIPv4HcStatus, PrivateIPv6HcStatus}}"
#define BALANCER_REPLY \
	"LoadBalancerId, LoadBalancerName, LoadBalancerType, LoadBalancerStatus, " \
	"LoadBalancerBusinessStatus, AddressType, AddressIpVersion, Ipv6AddressType, VpcId, RegionId, " \
	"ResourceGroupId, DNSName, CreateTime, CrossZoneEnabled?, Cps#, " \
	"LoadBalancerBillingConfig{PayType}, DeletionProtectionConfig{Enabled?, EnabledTime, Reason}, " \
	"ModificationProtectionConfig{Status, EnabledTime, Reason}, OperationLocks[]{LockReason, LockType}, " \
	"SecurityGroupIds[], " ZONES_REPLY ", HostsLine, Revision#, "
#define LISTENER_REPLY \
	"ListenerId, ListenerDescription, ListenerPort#, StartPort, EndPort, ListenerProtocol, " \
	"ListenerStatus, StatusReason, LoadBalancerId, ServerGroupId, RegionId, IdleTimeout#, Cps#, Mss#, " \
	"ProxyProtocolEnabled?, ProxyProtocolV2Config{Ppv2VpcIdEnabled?, Ppv2PrivateLinkEpIdEnabled?, " \
	"Ppv2PrivateLinkEpsIdEnabled?}, CertificateIds[], AdditionalCertificateIds[], CaEnabled?, " \
	"CaCertificateIds[], SecurityPolicyId, AlpnEnabled?, AlpnPolicy, SecSensorEnabled?, CaMode, " \
	"CaDepth#, CaNamesAdvertised?, RevocationMode, RevocationCutsConnections?, ProxyProtocolFrom[], " \
	"HandshakeTimeout#, ConnectTimeout#, ConnectBudget#, HalfCloseTimeout#, UncleanClose, " \
	"MaxConnections#, MaxConnectionsPerSource#, " \
	"MaxHandshakesPerSource{Open#, PerSecond#}, Revision#, "
#define GROUP_REPLY \
	"ServerGroupId, ServerGroupName, ServerGroupType, ServerGroupStatus, Protocol, Scheduler, " \
	"AddressIPVersion, IpVersionAffinityMode, AnyPortEnabled?, ConnectionDrainEnabled?, " \
	"ConnectionDrainTimeout#, PreserveClientIpEnabled?, HealthCheck{HealthCheckEnabled?, " \
	"HealthCheckType, HealthCheckConnectPort#, HealthCheckConnectTimeout#, HealthCheckInterval#, " \
	"HealthyThreshold#, UnhealthyThreshold#, HealthCheckDomain, HealthCheckUrl, HealthCheckHttpCode[], " \
	"HttpCheckMethod, HealthCheckHttpVersion}, VpcId, RegionId, ResourceGroupId, ServerCount#, " \
	"RelatedLoadBalancerIds[], RelatedListenerIds[], AllDown, SlowStart#, Revision#, "

#define NO_BANDWIDTH "Refused with OperationDenied.BandwidthPackage: bandwidth is not limited here, " \
	"use the machine's traffic control."
#define NO_SECURITY_GROUPS "Refused with OperationDenied.SecurityGroup: there are no security groups " \
	"here, use the machine's packet filter."
#define NO_IPV6_INTERNET "Refused with OperationDenied.Ipv6Internet: whether an IPv6 address is " \
	"reached from the internet is decided by the network; name one in ZoneMappings."
#define NO_MONITOR "Refused with OperationDenied.RegionNotSupportHDMonitor: second-level metrics are " \
	"always there, see GetMetricHistory and the Prometheus metrics."

static const struct action actions[] = {
	{ "CreateLoadBalancer", WRITES, PARAMETERS(create_load_balancer_parameters),
	  "LoadbalancerId, OrderId, JobId", "Creates a load balancer: addresses that listeners bind." },
	{ "GetLoadBalancerAttribute", READS, PARAMETERS(load_balancer_id_parameters),
	  BALANCER_REPLY "Tags[]{TagKey, TagValue}", "All about one load balancer. HostsLine is a line for "
	  "/etc/hosts that makes its DNSName known." },
	{ "ListLoadBalancers", READS, PARAMETERS(list_load_balancers_parameters),
	  "LoadBalancers[]{" BALANCER_REPLY "Tags[]{Key, Value}}" PAGE, "Load balancers, oldest first." },
	{ "UpdateLoadBalancerAttribute", WRITES, PARAMETERS(update_load_balancer_parameters), "JobId",
	  "Changes a load balancer." },
	{ "UpdateLoadBalancerProtection", WRITES, PARAMETERS(update_protection_parameters), "JobId",
	  "Switches the protection against deletion, or against changes in the console, on or off." },
	{ "UpdateLoadBalancerAddressTypeConfig", WRITES, PARAMETERS(update_address_type_parameters),
	  "JobId", "Changes AddressType." },
	{ "UpdateLoadBalancerZones", WRITES, PARAMETERS(update_zones_parameters), "JobId",
	  "Gives a load balancer other zones. Its listeners move to the new addresses; open connections "
	  "go on." },
	{ "StartShiftLoadBalancerZones", WRITES, PARAMETERS(shift_parameters), "JobId",
	  "Takes zones out of service: their addresses accept no new connections, open ones go on." },
	{ "CancelShiftLoadBalancerZones", WRITES, PARAMETERS(shift_parameters), "JobId",
	  "Puts zones back into service." },
	{ "DeleteLoadBalancer", WRITES, PARAMETERS(load_balancer_id_parameters), "JobId",
	  "Deletes a load balancer with its listeners. Refused while it is protected." },

	{ "CreateListener", WRITES, PARAMETERS(create_listener_parameters), "ListenerId, JobId",
	  "Creates a listener." },
	{ "GetListenerAttribute", READS, PARAMETERS(listener_id_parameters),
	  LISTENER_REPLY "Tags[]{TagKey, TagValue}", "All about one listener. StatusReason says why one "
	  "that is Abnormal is not served." },
	{ "ListListeners", READS, PARAMETERS(list_listeners_parameters),
	  "Listeners[]{" LISTENER_REPLY "Tags[]{Key, Value}}" PAGE, "Listeners, oldest first." },
	{ "UpdateListenerAttribute", WRITES, PARAMETERS(update_listener_parameters), "JobId",
	  "Changes a listener; what it changes takes effect with the next connection." },
	{ "StartListener", WRITES, PARAMETERS(listener_id_parameters), "JobId",
	  "Starts a listener that was stopped." },
	{ "StopListener", WRITES, PARAMETERS(listener_id_parameters), "JobId",
	  "Stops a listener: it accepts nothing, its open connections end." },
	{ "DeleteListener", WRITES, PARAMETERS(listener_id_parameters), "JobId", "Deletes a listener." },
	{ "GetListenerHealthStatus", READS, PARAMETERS(listener_health_parameters),
	  "ListenerHealthStatus[]{ListenerId, ListenerPort#, ListenerProtocol, ServerGroupInfos[]{"
	  "ServerGroupId, HeathCheckEnabled?, NonNormalServers[]{ServerId, ServerIp, Port#, Status, "
	  "Reason{ReasonCode}}}}" PAGE, "The servers of a listener that are not healthy; none is listed "
	  "when all are." },
	{ "AssociateAdditionalCertificatesWithListener", WRITES,
	  PARAMETERS(additional_certificates_parameters), "JobId",
	  "Adds server certificates that are chosen by the name a client asks for." },
	{ "DisassociateAdditionalCertificatesWithListener", WRITES,
	  PARAMETERS(additional_certificates_parameters), "JobId",
	  "Removes additional certificates." },
	{ "ListListenerCertificates", READS, PARAMETERS(list_listener_certificates_parameters),
	  "CertificateIds[], Certificates[]{CertificateId, CertificateType, IsDefault?, Status}" PAGE,
	  "Certificates of a listener." },

	{ "CreateServerGroup", WRITES, PARAMETERS(create_server_group_parameters),
	  "ServerGroupId, JobId", "Creates a server group." },
	{ "ListServerGroups", READS, PARAMETERS(list_server_groups_parameters),
	  "ServerGroups[]{" GROUP_REPLY "Tags[]{Key, Value}}" PAGE, "Server groups, oldest first." },
	{ "UpdateServerGroupAttribute", WRITES, PARAMETERS(update_server_group_parameters),
	  "ServerGroupId, JobId", "Changes a server group. Of HealthCheckConfig only what is given changes." },
	{ "DeleteServerGroup", WRITES, PARAMETERS(server_group_id_parameters), "JobId",
	  "Deletes a server group. Refused while a listener uses it." },
	{ "AddServersToServerGroup", WRITES, PARAMETERS(add_servers_parameters),
	  "ServerGroupId, JobId", "Adds servers to a group." },
	{ "RemoveServersFromServerGroup", WRITES, PARAMETERS(remove_servers_parameters),
	  "ServerGroupId, JobId", "Removes servers from a group; those that are not there are passed over." },
	{ "UpdateServerGroupServersAttribute", WRITES, PARAMETERS(update_servers_parameters),
	  "ServerGroupId, JobId", "Changes weights and descriptions of servers." },
	{ "ListServerGroupServers", READS, PARAMETERS(list_servers_parameters),
	  "Servers[]{ServerGroupId, ServerId, ServerIp, ServerType, Port#, Weight#, Description, Status, "
	  "ZoneId, Revision#}" PAGE, "Servers of a group, in the order in which they were added." },

	{ "CreateSecurityPolicy", WRITES, PARAMETERS(create_policy_parameters),
	  "SecurityPolicyId, JobId", "Creates a TLS security policy." },
	{ "ListSecurityPolicy", READS, PARAMETERS(list_policies_parameters),
	  "SecurityPolicies[]{SecurityPolicyId, SecurityPolicyName, SecurityPolicyStatus, Ciphers, "
	  "TlsVersion, RegionId, ResourceGroupId, RelatedListeners[]{ListenerId, ListenerPort#, "
	  "ListenerProtocol, LoadBalancerId}, Revision#, Tags[]{Key, Value}}" PAGE,
	  "Security policies of your own; Ciphers and TlsVersion are comma lists." },
	{ "ListSystemSecurityPolicy", READS, NO_PARAMETERS,
	  "SecurityPolicies[]{SecurityPolicyId, SecurityPolicyName, Ciphers, TlsVersion}",
	  "The five system policies." },
	{ "UpdateSecurityPolicyAttribute", WRITES, PARAMETERS(update_policy_parameters),
	  "SecurityPolicyId, JobId", "Changes a security policy of your own." },
	{ "DeleteSecurityPolicy", WRITES, PARAMETERS(policy_id_parameters), "JobId",
	  "Deletes a security policy. Refused while a listener uses it." },

	{ "TagResources", WRITES, PARAMETERS(tag_resources_parameters), "", "Sets tags." },
	{ "UntagResources", WRITES, PARAMETERS(untag_resources_parameters), "", "Removes tags." },
	{ "ListTagResources", READS, PARAMETERS(list_tags_parameters),
	  "TagResources[]{ResourceId, ResourceType, TagKey, TagValue, Category, Scope, RegionNo}" PAGE,
	  "Tags and what they are on." },
	{ "MoveResourceGroup", WRITES, PARAMETERS(move_parameters),
	  "Data{ResourceId}, HttpStatusCode#, Success?", "Sets ResourceGroupId." },

	{ "GetJobStatus", READS, PARAMETERS(job_parameters), "Status, Reason",
	  "Succeeded when every worker serves what the job's action wanted, Processing before, Failed with "
	  "a Reason when it cannot be served." },
	{ "ListAsynJobs", READS, PARAMETERS(jobs_parameters), "Jobs[]{Id, Status}, TotalCount#",
	  "The status of several jobs." },
	{ "DescribeRegions", READS, PARAMETERS(language_parameters),
	  "Regions[]{RegionId, LocalName, RegionEndpoint}", "The one region: this machine." },
	{ "DescribeZones", READS, PARAMETERS(language_parameters),
	  "Zones[]{ZoneId, LocalName, Addresses[]}", "The zones: those of the setting ZoneAddresses, or the "
	  "network interfaces of this machine, each with its addresses." },

	{ "AttachCommonBandwidthPackageToLoadBalancer", REFUSED,
	  PARAMETERS(bandwidth_package_parameters), "JobId", NO_BANDWIDTH },
	{ "DetachCommonBandwidthPackageFromLoadBalancer", REFUSED,
	  PARAMETERS(bandwidth_package_parameters), "JobId", NO_BANDWIDTH },
	{ "LoadBalancerJoinSecurityGroup", REFUSED, PARAMETERS(security_group_parameters), "JobId",
	  NO_SECURITY_GROUPS },
	{ "LoadBalancerLeaveSecurityGroup", REFUSED, PARAMETERS(security_group_parameters), "JobId",
	  NO_SECURITY_GROUPS },
	{ "EnableLoadBalancerIpv6Internet", REFUSED, PARAMETERS(load_balancer_id_parameters), "",
	  NO_IPV6_INTERNET },
	{ "DisableLoadBalancerIpv6Internet", REFUSED, PARAMETERS(load_balancer_id_parameters), "",
	  NO_IPV6_INTERNET },
	{ "SetHdMonitorRegionConfig", REFUSED, PARAMETERS(monitor_parameters),
	  "LogProject, MetricStore, RegionId", NO_MONITOR },
	{ "DescribeHdMonitorRegionConfig", RIGHT_READ, ACTION_REFUSED, NO_PARAMETERS,
	  "LogProject, MetricStore, RegionId", NO_MONITOR },
	{ "DeleteHdMonitorRegionConfig", REFUSED, NO_PARAMETERS, "", NO_MONITOR },
};

const struct product product_nlb = {
	"nlb", "2022-04-30", "Load balancers, listeners, server groups, TLS security policies.", actions,
	ACTION_COUNT(actions)
};
