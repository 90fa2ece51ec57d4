/* What the product "sallyport" tells: changes, history, refusals, audit, search, settings, impact.
 * */
#include "support_admin.h"

#include "admin/sampling.h"
#include "control/settings.h"
#include "store/certificate.h"
#include "store/resource.h"
#include "x509/reason.h"

static int set_up(void **state)
{
	*state = bench_new();
	return 0;
}

static int tear_down(void **state)
{
	bench_free(*state);
	return 0;
}

/* --- what is in the store --- */

static void put(struct bench *bench, const char *kind, const char *id, const char *name,
		const char *parent, const char *body)
{
	struct store_resource resource = { .id = (char *)(uintptr_t)id,
					   .name = (char *)(uintptr_t)name,
					   .parent = (char *)(uintptr_t)parent,
					   .created_s = NOW };
	char *text = memory_copy_string(body), *at;
	struct error err = { 0 };

	for (at = text; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	resource.body = json_loads(text, 0, NULL);
	assert_non_null(resource.body);
	free(text);
	assert_int_equal(store_begin(bench->store, &err), 0);
	assert_int_equal(store_resource_put(bench->store, kind, &resource, &err), 0);
	assert_string_equal(err.message, "");
	assert_int_equal(store_commit(bench->store, &err), 0);
	json_decref(resource.body);
}

static void refer(struct bench *bench, const char *from, const char *role, const char *to_kind,
		  const char *to)
{
	const struct store_reference reference = { STORE_LISTENER, from, role, to_kind, to };
	struct error err;

	assert_int_equal(store_begin(bench->store, &err), 0);
	assert_int_equal(
		store_references_put(bench->store, STORE_LISTENER, from, &reference, 1, &err), 0);
	assert_int_equal(store_commit(bench->store, &err), 0);
}

static void put_certificate(struct bench *bench, const char *id, unsigned int role,
			    const char *parent, const char *name, const char *serial,
			    int64_t not_after)
{
	struct store_certificate certificate = {
		.id = memory_copy_string(id),
		.role = role,
		.parent = memory_copy_string(parent),
		.name = memory_copy_string(name),
		.common_name = memory_copy_string(name),
		.sans = memory_copy_string(""),
		.serial = memory_copy_string(serial),
		.not_before = NOW - 86400,
		.not_after = not_after,
		.created_s = NOW,
		.body = json_object(),
	};
	struct error err = { 0 };

	hash_secret(id, certificate.sha256);
	memset(certificate.issuer_key, parent == NULL ? 1 : 2, 32);
	hash_secret(name, certificate.subject_key);
	buffer_append(&certificate.der, id, strlen(id));
	assert_int_equal(store_begin(bench->store, &err), 0);
	assert_int_equal(store_certificate_put(bench->store, &certificate, &err), 0);
	assert_string_equal(err.message, "");
	assert_int_equal(store_commit(bench->store, &err), 0);
	store_certificate_done(&certificate);
}

static void furnish(struct bench *bench)
{
	put(bench, STORE_LOAD_BALANCER, "nlb-1", "edge", NULL,
	    "{'LoadBalancerName':'edge','ZoneMappings':[{'ZoneId':'a',"
	    "'PrivateIPv4Address':'192.0.2.10'}]}");
	put(bench, STORE_SERVER_GROUP, "sgp-1", "shop", NULL,
	    "{'Servers':[{'ServerId':'ECS01','ServerIp':'10.0.0.1'}]}");
	put(bench, STORE_LISTENER, "lsn-1@443", NULL, "nlb-1",
	    "{'ListenerPort':443,'ListenerDescription':'front door'}");
	put(bench, STORE_LISTENER, "lsn-2@0", "range", "nlb-1",
	    "{'ListenerPort':0,'StartPort':1000,'EndPort':1999}");
	refer(bench, "lsn-1@443", "ServerGroupId", STORE_SERVER_GROUP, "sgp-1");
	refer(bench, "lsn-2@0", "CaCertificateIds", STORE_CERTIFICATE, "ca-1");
	put_certificate(bench, "ca-0", STORE_ROOT_CA, NULL, "Root", "0A", NOW + 3650 * 86400LL);
	put_certificate(bench, "ca-1", STORE_SUB_CA, "ca-0", "Clients", "0B", NOW + 20 * 86400);
	put_certificate(bench, "c-1", STORE_CLIENT, "ca-1", "pump-17", "3FA10001", NOW + 86400);
	put_certificate(bench, "c-2", STORE_CLIENT, "ca-1", "pump-18", "3FA10002",
			NOW + 100 * 86400);
	put_certificate(bench, "c-3", STORE_CLIENT, "ca-1", "pump-19", "3FA10003", NOW - 3600);
}

/* --- ListChanges --- */

static void changes_come_in_order(void **state)
{
	struct bench *bench = *state;

	assert_done(bench, "CreateUser", "{'User':'ana','Role':'viewer'}");
	assert_done(bench, "CreateUser", "{'User':'ben','Role':'viewer'}");
	assert_done(bench, "ListChanges", "{'AfterRevision':0}");
	assert_int_equal(reply_rows(bench, "Changes"), 2);
	assert_string_equal(row_string(bench, "Changes", 0, "ResourceId"), "ana");
	assert_string_equal(row_string(bench, "Changes", 1, "User"), "root");
	assert_int_equal(reply_integer(bench, "Revision"), store_revision(bench->store));
	assert_false(reply_is_true(bench, "Truncated"));
	assert_done(bench, "ListChanges", "{'AfterRevision':0,'MaxResults':1}");
	assert_int_equal(reply_integer(bench, "Revision"), 1);
	assert_done(bench, "ListChanges", "{}");
	assert_int_equal(reply_rows(bench, "Changes"), 0);
}

static void a_revision_of_another_store_is_told(void **state)
{
	struct bench *bench = *state;

	assert_done(bench, "ListChanges", "{'AfterRevision':999}");
	assert_true(reply_is_true(bench, "Truncated"));
}

static void waiting_for_a_change_parks_the_call(void **state)
{
	struct bench *bench = *state;
	struct call call = { .control = &bench->control,
			     .store = bench->store,
			     .admin = bench->admin,
			     .reply = json_object(),
			     .now = NOW };

	call.parameters = json_pack("{s:i, s:i}", "AfterRevision", 0, "WaitSeconds", 30);
	assert_int_equal(list_changes_run(&call, &bench->error), 0);
	assert_non_null(call.park.ready);
	assert_false(call.park.ready(&call));
	assert_int_equal(json_object_size(call.reply), 0);
	assert_done(bench, "CreateUser", "{'User':'ana','Role':'viewer'}");
	assert_true(call.park.ready(&call));
	call.park.ready = NULL;
	call.park.rounds = 1;
	assert_int_equal(list_changes_run(&call, &bench->error), 0);
	assert_null(call.park.ready);
	assert_int_equal(json_array_size(json_object_get(call.reply, "Changes")), 1);
	json_decref(call.parameters);
	json_decref(call.reply);
}

/* --- history --- */

static void counters_become_differences(void **state)
{
	struct stats_listener before = { .accepted = 10,
					 .handshakes = 9,
					 .resumed = 4,
					 .handshakes_failed = 1,
					 .bytes_in = 100 };
	struct served_figures now = { .servers = 2, .healthy = 1 };
	struct history_point point;

	(void)state;
	now.sum = before;
	now.sum.accepted += 5;
	now.sum.handshakes += 3;
	now.sum.resumed += 1;
	now.sum.handshakes_failed += 2;
	now.sum.refusals[REASON_EXPIRED] = 1;
	now.sum.active = 7;
	now.sum.bytes_in = 40; /* began anew */
	sampling_difference(&before, &now, &point);
	assert_int_equal(point.values[HISTORY_CONNECTIONS], 5);
	assert_int_equal(point.values[HISTORY_FULL], 2);
	assert_int_equal(point.values[HISTORY_RESUMED], 1);
	assert_int_equal(point.values[HISTORY_REFUSED], 1);
	assert_int_equal(point.values[HISTORY_ABORTED], 1);
	assert_int_equal(point.values[HISTORY_REASONS + REASON_EXPIRED], 1);
	assert_int_equal(point.values[HISTORY_ACTIVE], 7);
	assert_int_equal(point.values[HISTORY_HEALTHY], 1);
	assert_int_equal(point.values[HISTORY_BYTES_IN], 40);
}

static void history_is_told_as_columns(void **state)
{
	struct bench *bench = *state;
	struct history_point point = { .time_s = NOW };
	const json_t *refused;
	int i;

	furnish(bench);
	for (i = 0; i < 10; i++) {
		point.time_s++;
		point.values[HISTORY_CONNECTIONS] = (uint64_t)i;
		point.values[HISTORY_REASONS + REASON_REVOKED] = i == 7 ? 3 : 0;
		history_add(bench->admin->history, "nlb-1:443", &point);
	}
	assert_done(bench, "GetMetricHistory", "{'ListenerId':'lsn-1@443'}");
	assert_int_equal(reply_rows(bench, "Times"), 10);
	assert_int_equal(reply_rows(bench, "Connections"), 10);
	refused = json_array_get(json_object_get(bench->reply, "RefusedBy"), 0);
	assert_string_equal(json_string_value(json_object_get(refused, "Reason")), "revoked");
	assert_int_equal(json_array_size(json_object_get(refused, "Counts")), 10);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(refused, "Counts"), 7)),
			 3);
	assert_done(bench, "GetMetricHistory",
		    "{'ListenerId':'lsn-1@443','After':1800000008,'MaxResults':1}");
	assert_int_equal(reply_rows(bench, "Times"), 1);
	assert_int_equal(reply_integer(bench, "Next"), NOW + 10);
	assert_done(bench, "GetMetricHistory", "{'Resolution':'60'}");
	assert_int_equal(reply_rows(bench, "Times"), 0);
	assert_refused(bench, "GetMetricHistory", "{'ListenerId':'none'}",
		       "ResourceNotFound.listener");
	assert_refused(bench, "GetMetricHistory", "{'Resolution':'5'}", "IllegalParam.Resolution");
}

/* --- refusals --- */

static void refuse(struct bench *bench, enum reason reason, const char *serial, const char *subject)
{
	struct message message = { .type = MESSAGE_CLIENT_REFUSED };
	struct message_refusal *told = &message.value.refusal;

	told->time_s = NOW;
	told->reason = reason;
	told->client = (struct address){ .family = 4, .port = 4711, .ip = { 198, 51, 100, 7 } };
	snprintf(told->listener, sizeof(told->listener), "nlb-1:443");
	snprintf(told->serial, sizeof(told->serial), "%s", serial);
	snprintf(told->subject, sizeof(told->subject), "%s", subject);
	admin_worker_said(bench->admin, 0, &message);
}

static void refusals_are_listed_newest_first(void **state)
{
	struct bench *bench = *state;
	char raw[128];

	furnish(bench);
	refuse(bench, REASON_CERTIFICATE_REQUIRED, "", "");
	refuse(bench, REASON_EXPIRED, "3fa10003", "CN=pump-19");
	refuse(bench, REASON_REVOKED, "0abc", "CN=other");
	assert_done(bench, "ListRefusals", "{'MaxResults':2}");
	assert_int_equal(reply_rows(bench, "Refusals"), 2);
	assert_int_equal(reply_integer(bench, "TotalCount"), 3);
	assert_string_equal(row_string(bench, "Refusals", 0, "Reason"), "revoked");
	assert_string_equal(row_string(bench, "Refusals", 0, "Source"), "198.51.100.7:4711");
	assert_string_equal(row_string(bench, "Refusals", 0, "Alert"), "certificate_revoked");
	snprintf(raw, sizeof(raw), "{'MaxResults':2,'NextToken':'%s'}",
		 reply_string(bench, "NextToken"));
	assert_done(bench, "ListRefusals", raw);
	assert_int_equal(reply_rows(bench, "Refusals"), 1);
	assert_string_equal(row_string(bench, "Refusals", 0, "Reason"), "certificate_required");
	assert_done(bench, "ListRefusals", "{'Reason':'expired'}");
	assert_int_equal(reply_rows(bench, "Refusals"), 1);
	assert_done(bench, "ListRefusals", "{'Keyword':'3F:A1:00:03'}");
	assert_int_equal(reply_rows(bench, "Refusals"), 1);
	assert_done(bench, "ListRefusals", "{'Keyword':'nothing'}");
	assert_int_equal(reply_rows(bench, "Refusals"), 0);
}

static void a_refusal_tells_its_steps_and_what_to_do(void **state)
{
	struct bench *bench = *state;
	char raw[128];

	furnish(bench);
	refuse(bench, REASON_EXPIRED, "3fa10003", "CN=pump-19");
	assert_done(bench, "ListRefusals", "{}");
	snprintf(raw, sizeof(raw), "{'RefusalId':'%s'}",
		 row_string(bench, "Refusals", 0, "RefusalId"));
	assert_done(bench, "GetRefusal", raw);
	assert_string_equal(reply_string(bench, "Identifier"), "c-3");
	assert_string_equal(row_string(bench, "Steps", 3, "Step"), "validity dates");
	assert_string_equal(row_string(bench, "Steps", 2, "Outcome"), "ok");
	assert_string_equal(row_string(bench, "Steps", 3, "Outcome"), "refused");
	assert_string_equal(row_string(bench, "Steps", 4, "Outcome"), "not reached");
	assert_true(strlen(reply_string(bench, "Remedy")) > 20);
	assert_refused(bench, "GetRefusal", "{'RefusalId':'rf-0-1'}", "ResourceNotFound.refusal");
	assert_refused(bench, "GetRefusal", "{'RefusalId':'x'}", "ResourceNotFound.refusal");
}

static void only_the_last_ten_thousand_are_kept(void **state)
{
	struct refusals *refusals = refusals_new(NOW);
	struct message_refusal told = { .time_s = NOW };
	char id[REFUSAL_ID_SIZE];
	unsigned int i;

	(void)state;
	assert_null(refusals_get(refusals, 0));
	assert_null(refusals_get(refusals, 1));
	for (i = 0; i < REFUSALS_KEPT + 5; i++) {
		told.depth = i;
		refusals_add(refusals, 42, &told);
	}
	assert_int_equal(refusals_oldest(refusals), 6);
	assert_null(refusals_get(refusals, 5));
	assert_int_equal(refusals_get(refusals, 6)->told.depth, 5);
	refusals_id(refusals, 10005, id);
	assert_int_equal(refusals_find(refusals, id)->told.depth, REFUSALS_KEPT + 4);
	assert_null(refusals_find(refusals, "rf-6b49d200-10006"));
	refusals_free(refusals);
}

static void the_consoles_own_clients_are_not_told(void **state)
{
	struct bench *bench = *state;
	struct message message = { .type = MESSAGE_CLIENT_REFUSED };

	snprintf(message.value.refusal.listener, MESSAGE_LISTENER_SIZE, "console:8443");
	admin_worker_said(bench->admin, 0, &message);
	assert_done(bench, "ListRefusals", "{}");
	assert_int_equal(reply_rows(bench, "Refusals"), 0);
}

/* --- connections --- */

static void without_workers_there_are_no_connections(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_done(bench, "ListConnections", "{'ListenerId':'lsn-1@443','SerialNumber':'3f:a1'}");
	assert_int_equal(reply_rows(bench, "Connections"), 0);
	assert_true(reply_is_true(bench, "Complete"));
	assert_refused(bench, "ListConnections", "{'SerialNumber':'xyz'}",
		       "IllegalParam.SerialNumber");
	assert_refused(bench, "ListConnections", "{'ConnectionId':'-1'}",
		       "IllegalParam.ConnectionId");
	assert_refused(bench, "ListConnections", "{'ListenerId':'none'}",
		       "ResourceNotFound.listener");
}

static void closing_everything_must_be_meant(void **state)
{
	struct bench *bench = *state;

	assert_refused(bench, "CloseConnections", "{}", "MissingParam.All");
	assert_done(bench, "CloseConnections", "{'All':true}");
	assert_done(bench, "ListAuditEvents", "{'EventAction':'CloseConnections'}");
	assert_int_equal(reply_rows(bench, "Events"), 1);
}

/* --- impact --- */

static void a_group_in_use_cannot_be_deleted(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_done(bench, "CheckImpact",
		    "{'Act':'Delete','Kind':'servergroup','ResourceId':'sgp-1'}");
	assert_false(reply_is_true(bench, "Allowed"));
	assert_string_equal(row_string(bench, "Users", 0, "ResourceId"), "lsn-1@443");
	assert_string_equal(row_string(bench, "Listeners", 0, "ListenerName"), "front door");
	assert_string_equal(reply_string(bench, "Name"), "shop");
}

static void revoking_a_ca_names_what_hangs_on_it(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_done(bench, "CheckImpact",
		    "{'Act':'Revoke','Kind':'certificate','ResourceId':'ca-0'}");
	assert_true(reply_is_true(bench, "Allowed"));
	assert_int_equal(reply_integer(bench, "CertificateCount"), 2); /* the valid ones */
	assert_string_equal(row_string(bench, "Listeners", 0, "ListenerId"), "lsn-2@0");
	assert_done(bench, "CheckImpact",
		    "{'Act':'Delete','Kind':'certificate','ResourceId':'ca-0'}");
	assert_false(reply_is_true(bench, "Allowed"));
}

static void one_clients_certificate_can_be_revoked(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_done(bench, "CheckImpact",
		    "{'Act':'Revoke','Kind':'certificate','ResourceId':'c-1'}");
	assert_true(reply_is_true(bench, "Allowed"));
	assert_int_equal(reply_integer(bench, "Connections"), 0);
	assert_true(reply_is_true(bench, "Complete"));
	assert_done(bench, "CheckImpact",
		    "{'Act':'Delete','Kind':'certificate','ResourceId':'c-1'}");
	assert_false(reply_is_true(bench, "Allowed"));
	assert_refused(bench, "CheckImpact",
		       "{'Act':'Delete','Kind':'certificate','ResourceId':'none'}",
		       "ResourceNotFound.certificate");
	assert_refused(bench, "CheckImpact", "{'Act':'Eat','Kind':'listener','ResourceId':'x'}",
		       "IllegalParam.Act");
}

static void a_balancers_listeners_are_counted(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_done(bench, "CheckImpact",
		    "{'Act':'Delete','Kind':'loadbalancer','ResourceId':'nlb-1'}");
	assert_int_equal(reply_rows(bench, "Listeners"), 2);
	assert_true(reply_is_true(bench, "Allowed"));
}

/* --- admission --- */

static void a_listener_that_is_not_served_cannot_be_asked(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_refused(bench, "CheckAdmission", "{'ListenerId':'lsn-1@443'}",
		       "IncorrectStatus.listener");
	assert_refused(bench, "CheckAdmission", "{'ListenerId':'none'}",
		       "ResourceNotFound.listener");
}

/* --- audit --- */

static void audit_events_are_filtered_and_paged(void **state)
{
	struct bench *bench = *state;
	char raw[128];

	assert_done(bench, "CreateUser", "{'User':'ana','Role':'viewer'}");
	assert_done(bench, "CreateUser", "{'User':'ben','Role':'viewer'}");
	assert_done(bench, "UpdateUser", "{'User':'ana','Role':'operator'}");
	assert_done(bench, "ListAuditEvents", "{'ResourceId':'ana'}");
	assert_int_equal(reply_rows(bench, "Events"), 2);
	assert_string_equal(row_string(bench, "Events", 0, "EventAction"), "UpdateUser");
	assert_non_null(strstr(row_string(bench, "Events", 0, "Before"), "viewer"));
	assert_non_null(strstr(row_string(bench, "Events", 0, "After"), "operator"));
	assert_done(bench, "ListAuditEvents", "{'MaxResults':2}");
	assert_int_equal(reply_integer(bench, "TotalCount"), 3);
	snprintf(raw, sizeof(raw), "{'MaxResults':2,'NextToken':'%s'}",
		 reply_string(bench, "NextToken"));
	assert_done(bench, "ListAuditEvents", raw);
	assert_int_equal(reply_rows(bench, "Events"), 1);
	assert_string_equal(reply_string(bench, "NextToken"), "(missing)");
	assert_refused(bench, "ListAuditEvents", "{'StartTime':'yesterday'}",
		       "IllegalParam.StartTime");
	assert_done(bench, "VerifyAuditLog", "{}");
	assert_true(reply_is_true(bench, "Sound"));
	assert_int_equal(reply_integer(bench, "Rows"), 3);
}

/* --- search --- */

static const char *found(const struct bench *bench, const char *kind)
{
	json_t *group;
	size_t i;

	json_array_foreach(json_object_get(bench->reply, "Groups"), i, group) if (
		strcmp(json_string_value(json_object_get(group, "Kind")), kind) ==
		0) return json_string_value(json_object_get(json_array_get(json_object_get(group,
											   "Results"),
									   0),
							    "ResourceId"));
	return "(none)";
}

static void things_of_all_kinds_are_found(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_done(bench, "Search", "{'Keyword':'EDGE'}");
	assert_string_equal(found(bench, "loadbalancer"), "nlb-1");
	assert_done(bench, "Search", "{'Keyword':'10.0.0.1'}");
	assert_string_equal(found(bench, "servergroup"), "sgp-1");
	assert_done(bench, "Search", "{'Keyword':'192.0.2.10'}");
	assert_string_equal(found(bench, "loadbalancer"), "nlb-1");
	assert_done(bench, "Search", "{'Keyword':'pump-18'}");
	assert_string_equal(found(bench, "certificate"), "c-2");
	assert_done(bench, "Search", "{'Keyword':'3f:a1:00:02'}");
	assert_string_equal(found(bench, "certificate"), "c-2");
	assert_done(bench, "Search", "{'Keyword':'front'}");
	assert_string_equal(found(bench, "listener"), "lsn-1@443");
	assert_done(bench, "Search", "{'Keyword':'%'}");
	assert_int_equal(reply_rows(bench, "Groups"), 0);
}

static void a_search_is_bounded(void **state)
{
	struct bench *bench = *state;
	const json_t *group;

	furnish(bench);
	assert_done(bench, "Search", "{'Keyword':'pump','MaxResults':2}");
	group = json_array_get(json_object_get(bench->reply, "Groups"), 0);
	assert_int_equal(json_array_size(json_object_get(group, "Results")), 2);
	assert_true(json_is_true(json_object_get(group, "More")));
}

/* --- what ends --- */

static void certificates_are_listed_by_their_end(void **state)
{
	struct bench *bench = *state;
	char raw[128];

	furnish(bench);
	assert_done(bench, "ListExpiring", "{'Days':30,'MaxResults':2}");
	assert_int_equal(reply_integer(bench, "TotalCount"), 3);
	assert_string_equal(row_string(bench, "Certificates", 0, "Identifier"), "c-3");
	assert_string_equal(row_string(bench, "Certificates", 1, "Identifier"), "c-1");
	snprintf(raw, sizeof(raw), "{'Days':30,'MaxResults':2,'NextToken':'%s'}",
		 reply_string(bench, "NextToken"));
	assert_done(bench, "ListExpiring", raw);
	assert_string_equal(row_string(bench, "Certificates", 0, "Identifier"), "ca-1");
	assert_string_equal(row_string(bench, "Certificates", 0, "Kind"), "sub_ca");
	assert_done(bench, "ListExpiring", "{'Days':30,'IncludeExpired':false}");
	assert_int_equal(reply_integer(bench, "TotalCount"), 2);
}

/* --- settings --- */

static void settings_have_defaults_until_they_are_set(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(settings_integer(bench->store, "SessionHours"), 12);
	assert_false(settings_boolean(bench->store, "AllowKeyRead"));
	assert_done(bench, "UpdateSettings",
		    "{'SessionHours':1,'AllowKeyRead':true,"
		    "'PkiBaseUrl':'http://pki.example.com:9080'}");
	assert_string_equal(reply_string(bench, "JobId"), "(missing)");
	assert_int_equal(settings_integer(bench->store, "SessionHours"), 1);
	assert_true(settings_boolean(bench->store, "AllowKeyRead"));
	assert_done(bench, "UpdateSettings", "{'Reset':['SessionHours']}");
	assert_int_equal(settings_integer(bench->store, "SessionHours"), 12);
	assert_done(bench, "GetSettings", "{}");
	assert_true(reply_rows(bench, "Settings") > 10);
	assert_int_equal(reply_integer(bench, "Revision"), 2);
}

static void what_the_data_plane_is_told_has_a_job(void **state)
{
	struct bench *bench = *state;

	assert_done(bench, "UpdateSettings", "{'ShutdownTimeout':5}");
	assert_string_not_equal(reply_string(bench, "JobId"), "(missing)");
	assert_done(bench, "UpdateSettings", "{'ShutdownTimeout':5}"); /* nothing new */
	assert_string_equal(reply_string(bench, "JobId"), "(missing)");
}

static const char *log_setting(const struct bench *bench, const char *name, char text[256])
{
	snprintf(text, 256, "{'Log':'%s/%s'}", bench->folder, name);
	return text;
}

static void a_log_never_goes_into_files_that_are_needed(void **state)
{
	static const char *const needed[] = { "sallyport.db", "sallyport.db-wal", "revocations.log",
					      "/revocations.log", "./revocations.log", "master.key",
					      "publish/x.crl", "backups/x.log/y", ".logs" };
	struct bench *bench = *state;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		assert_refused(bench, "UpdateSettings", log_setting(bench, needed[i], text),
			       "IllegalParam.Log");
	assert_done(bench, "UpdateSettings", log_setting(bench, "sallyport.log", text));
}

static void wrong_settings_are_refused(void **state)
{
	struct bench *bench = *state;

	assert_refused(bench, "UpdateSettings", "{'SessionHours':0}", "IllegalParam.SessionHours");
	assert_refused(bench, "UpdateSettings", "{'PkiBaseUrl':'ftp://x'}",
		       "IllegalParam.PkiBaseUrl");
	assert_refused(bench, "UpdateSettings", "{'PkiBaseUrl':'http://x/?a'}",
		       "IllegalParam.PkiBaseUrl");
	assert_refused(bench, "UpdateSettings", "{'Log':'/etc/passwd'}", "IllegalParam.Log");
	assert_refused(bench, "UpdateSettings", "{'Log':'/var/log/../../etc/passwd'}",
		       "IllegalParam.Log");
	assert_refused(bench, "UpdateSettings", "{'DefaultSecurityPolicyId':'none'}",
		       "ResourceNotFound.securitypolicy");
	assert_refused(bench, "UpdateSettings", "{'Reset':['Nothing']}", "IllegalParam.Reset");
	assert_refused(bench, "UpdateSettings", "{'SessionHours':1,'IfRevision':77}",
		       "Conflict.Revision");
	assert_refused(bench, "UpdateSettings", "{'ZoneAddresses':'a'}",
		       "IllegalParam.ZoneAddresses");
	assert_refused(bench, "UpdateSettings", "{'ZoneAddresses':'a=host'}",
		       "IllegalParam.ZoneAddresses");
	assert_done(bench, "UpdateSettings", "{'ZoneAddresses':'a=192.0.2.1,::1; b=192.0.2.2'}");
	assert_done(bench, "UpdateSettings",
		    "{'DefaultSecurityPolicyId':'tls_cipher_policy_1_2','Log':'stderr'}");
	/* SDKs send it with every call: it sets nothing */
	assert_done(bench, "UpdateSettings", "{'RegionId':'eu-1'}");
	assert_int_equal(settings_integer(bench->store, "SessionHours"), 12);
}

/* --- the rest --- */

static void status_and_about_are_answered_while_nothing_is_served(void **state)
{
	struct bench *bench = *state;

	furnish(bench);
	assert_done(bench, "GetStatus", "{}");
	assert_int_equal(reply_rows(bench, "Listeners"), 0);
	assert_string_equal(row_string(bench, "Expiring", 0, "Identifier"), "ca-1");
	assert_true(json_integer_value(json_object_get(json_object_get(bench->reply, "Disk"),
						       "TotalBytes")) > 0);
	assert_done(bench, "GetAbout", "{}");
	assert_string_equal(reply_string(bench, "Product"), "Sallyport");
	assert_string_equal(reply_string(bench, "StoreId"), store_id(bench->store));
}

static void slow_work_waits_for_its_turn(void **state)
{
	struct bench *bench = *state;
	struct call call = { .control = &bench->control,
			     .store = bench->store,
			     .admin = bench->admin,
			     .reply = json_object(),
			     .now = NOW };

	call.parameters = json_pack("{s:s}", "Keyword", "x");
	bench->admin->running[BACKGROUND_READING] = 1;
	assert_int_equal(search_run(&call, &bench->error), 0);
	assert_null(call.work);
	assert_non_null(call.park.ready);
	assert_false(call.park.ready(&call));
	bench->admin->running[BACKGROUND_READING] = 0;
	assert_true(call.park.ready(&call));
	bench->admin->running[BACKGROUND_READING] = 1;
	call.park.over = true;
	assert_int_equal(search_run(&call, &bench->error), -1);
	assert_string_equal(bench->error.symbol, "ServiceUnavailable");
	/* but nobody who logs in waits for a search */
	assert_refused(bench, "Login", "{'User':'ana','Password':'x'}", "Forbidden.LoginFailed");
	bench->admin->running[BACKGROUND_READING] = 0;
	json_decref(call.parameters);
	json_decref(call.reply);
}

static void who_goes_away_leaves_nothing_behind(void **state)
{
	struct bench *bench = *state;
	struct call call = { .control = &bench->control,
			     .store = bench->store,
			     .admin = bench->admin,
			     .reply = json_object(),
			     .now = NOW };

	call.parameters = json_pack("{s:s}", "Keyword", "x");
	assert_int_equal(search_run(&call, &bench->error), 0);
	assert_non_null(call.work);
	call.work_free(call.work);
	while (bench->admin->backgrounds != NULL)
		loop_turn(bench->loop, 20);
	assert_int_equal(bench->admin->running[BACKGROUND_READING], 0);
	json_decref(call.parameters);
	json_decref(call.reply);
}

static void a_listener_that_cannot_be_served_says_why(void **state)
{
	struct bench *bench = *state;
	struct left_out left_out = { .listener = "lsn-1@443",
				     .why = "address 192.0.2.10:443 is not of this machine" };

	furnish(bench);
	bench->follow.left_out = &left_out;
	bench->follow.left_out_count = 1;
	assert_done(bench, "GetStatus", "{}");
	assert_string_equal(row_string(bench, "Listeners", 0, "ListenerId"), "lsn-1@443");
	assert_string_equal(row_string(bench, "Listeners", 0, "Status"), "Abnormal");
	assert_string_equal(row_string(bench, "Listeners", 0, "Error"), left_out.why);
	bench->follow.left_out_count = 0;
}

static void every_action_has_a_handler(void **state)
{
	size_t i, handlers = 0;

	(void)state;
	while (admin_handlers[handlers].action != NULL)
		handlers++;
	for (i = 0; i < handlers; i++)
		assert_non_null(action_find(&product_sallyport, admin_handlers[i].action));
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_bench(changes_come_in_order),
		with_bench(a_revision_of_another_store_is_told),
		with_bench(waiting_for_a_change_parks_the_call),
		cmocka_unit_test(counters_become_differences),
		with_bench(history_is_told_as_columns),
		with_bench(refusals_are_listed_newest_first),
		with_bench(a_refusal_tells_its_steps_and_what_to_do),
		cmocka_unit_test(only_the_last_ten_thousand_are_kept),
		with_bench(the_consoles_own_clients_are_not_told),
		with_bench(without_workers_there_are_no_connections),
		with_bench(closing_everything_must_be_meant),
		with_bench(a_group_in_use_cannot_be_deleted),
		with_bench(revoking_a_ca_names_what_hangs_on_it),
		with_bench(one_clients_certificate_can_be_revoked),
		with_bench(a_balancers_listeners_are_counted),
		with_bench(a_listener_that_is_not_served_cannot_be_asked),
		with_bench(audit_events_are_filtered_and_paged),
		with_bench(things_of_all_kinds_are_found),
		with_bench(a_search_is_bounded),
		with_bench(certificates_are_listed_by_their_end),
		with_bench(settings_have_defaults_until_they_are_set),
		with_bench(what_the_data_plane_is_told_has_a_job),
		with_bench(a_log_never_goes_into_files_that_are_needed),
		with_bench(wrong_settings_are_refused),
		with_bench(status_and_about_are_answered_while_nothing_is_served),
		with_bench(slow_work_waits_for_its_turn),
		with_bench(who_goes_away_leaves_nothing_behind),
		with_bench(a_listener_that_cannot_be_served_says_why),
		cmocka_unit_test(every_action_has_a_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
