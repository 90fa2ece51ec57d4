/* sallyport get: what there is, as tables, JSON, or a manifest that apply takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/apply.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/manifest_values.h"
#include "cli/print.h"
#include "cli/running.h"
#include "cli/session.h"
#include "control/stored_object.h"

struct kind {
	const char *name, *short_name;
	const char *product, *action, *member;
	enum running_kind running; /* RUNNING_KINDS: no part of a manifest */
	struct listing_column columns[10];
};

/* clang-format off */
#define C(title, member) { title, member, LISTING_PLAIN }
#define END { NULL, NULL, LISTING_PLAIN }

static const struct kind kinds[] = {
	{ "load-balancers", "lb", "nlb", "ListLoadBalancers", "LoadBalancers", RUNNING_BALANCERS,
	  { C("ID", "LoadBalancerId"), C("NAME", "LoadBalancerName"), C("STATUS", "LoadBalancerStatus"),
	    C("DNS NAME", "DNSName"), { "ZONES", "ZoneMappings", LISTING_SIZE }, END } },
	{ "listeners", "lsn", "nlb", "ListListeners", "Listeners", RUNNING_LISTENERS,
	  { C("ID", "ListenerId"), C("LOAD BALANCER", "LoadBalancerId"), C("PORT", "ListenerPort"),
	    C("PROTOCOL", "ListenerProtocol"), C("STATUS", "ListenerStatus"),
	    C("CLIENT CERTIFICATES", "CaEnabled"), C("SERVER GROUP", "ServerGroupId"), END } },
	{ "server-groups", "sg", "nlb", "ListServerGroups", "ServerGroups", RUNNING_GROUPS,
	  { C("ID", "ServerGroupId"), C("NAME", "ServerGroupName"), C("SCHEDULER", "Scheduler"),
	    C("SERVERS", "ServerCount"), C("LISTENERS", "RelatedListenerIds"), END } },
	{ "servers", "srv", "nlb", "ListServerGroupServers", "Servers", RUNNING_KINDS,
	  { C("GROUP", "ServerGroupId"), C("ADDRESS", "ServerIp"), C("PORT", "Port"),
	    C("WEIGHT", "Weight"), C("DESCRIPTION", "Description"), C("STATUS", "Status"), END } },
	{ "security-policies", "tls", "nlb", "ListSecurityPolicy", "SecurityPolicies",
	  RUNNING_POLICIES,
	  { C("ID", "SecurityPolicyId"), C("NAME", "SecurityPolicyName"), C("VERSIONS", "TlsVersion"),
	    C("CIPHERS", "Ciphers"), END } },
	{ "certificates", "cert", "pca", "ListClientCertificate", "CertificateList", RUNNING_KINDS,
	  { C("NAME", "CommonName"), C("TYPE", "CertificateType"), C("STATUS", "Status"),
	    C("KEY", "FullAlgorithm"), { "ENDS", "AfterDate", LISTING_MS },
	    C("SERIAL NUMBER", "SerialNumber"), C("ID", "Identifier"), END } },
	{ "uploaded-certificates", "upload", "cas", "ListUserCertificateOrder",
	  "CertificateOrderList", RUNNING_KINDS,
	  { C("ID", "CertIdentifier"), C("NAME", "Name"), C("COMMON NAME", "CommonName"),
	    C("STATUS", "Status"), C("ENDS", "EndDate"), { "USERS", "UsedBy", LISTING_SIZE }, END } },
	{ "ca-certificates", "cacert", "cas", "ListCert", "CertList", RUNNING_KINDS,
	  { C("ID", "Identifier"), C("NAME", "Name"), C("COMMON NAME", "CommonName"),
	    C("STATUS", "Status"), { "ENDS", "AfterDate", LISTING_MS },
	    { "USERS", "UsedBy", LISTING_SIZE }, END } },
	{ "cas", "ca", "pca", "DescribeCACertificateList", "CertificateList", RUNNING_KINDS,
	  { C("NAME", "CommonName"), C("TYPE", "CertificateType"), C("STATUS", "Status"),
	    C("KEY", "FullAlgorithm"), C("ISSUED", "CertIssuedCount"),
	    { "ENDS", "AfterDate", LISTING_MS }, C("ID", "Identifier"), END } },
	{ "users", "user", "sallyport", "ListUsers", "Users", RUNNING_KINDS,
	  { C("USER", "User"), C("ROLE", "Role"), C("DISABLED", "Disabled"),
	    C("LAST LOGIN", "LastLoginTime"), END } },
	{ "settings", "set", "sallyport", "GetSettings", "Settings", RUNNING_KINDS,
	  { C("NAME", "Name"), C("VALUE", "Value"), C("DEFAULT", "Default"), END } },
};

/* clang-format on */

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Plural or singular, or the short name. */
static const struct kind *find_kind(const char *name)
{
	size_t i, length = strlen(name);

	for (i = 0; i < KINDS; i++) {
		size_t whole = strlen(kinds[i].name);
		bool one = length + 1 == whole && strncmp(kinds[i].name, name, length) == 0;
		bool policy = strcmp(name, "security-policy") == 0 &&
			      kinds[i].running == RUNNING_POLICIES;

		if (one || policy || strcmp(kinds[i].name, name) == 0 ||
		    strcmp(kinds[i].short_name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

/* --- as a table --- */

/* Is one of the columns this text? */
static bool is_meant(const struct kind *kind, const json_t *row, const char *name)
{
	size_t i;

	for (i = 0; kind->columns[i].title != NULL; i++)
		if (strcmp(session_text(row, kind->columns[i].member), name) == 0)
			return true;
	return false;
}

static json_t *only(const struct kind *kind, json_t *list, const char *name)
{
	json_t *some = json_array(), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (is_meant(kind, row, name))
			json_array_append(some, row);
	}
	json_decref(list);
	return some;
}

/* There may be a hundred thousand certificates: those of a name are asked for by it. */
static json_t *narrow(const struct kind *kind, const char *name)
{
	if (strcmp(kind->action, "ListCert") == 0)
		return json_pack("{s:s, s:s}", "CertType", "CA", "SourceType", "upload");
	if (name != NULL && strcmp(kind->action, "ListClientCertificate") == 0)
		return json_pack("{s:s}", "KeyWord", name);
	return NULL;
}

static int print_one(const struct session *session, const struct kind *kind, const char *name)
{
	struct error err = { 0 };
	json_t *list = session_list(session, kind->product, kind->action, narrow(kind, name),
				    kind->member, &err);

	if (list != NULL && name != NULL)
		list = only(kind, list, name);
	if (list != NULL && name != NULL && json_array_size(list) == 0) {
		error_set(&err, ERROR_NOT_FOUND, "there is nothing called \"%s\" among the %s",
			  name, kind->name);
		json_decref(list);
		list = NULL;
	}
	if (list == NULL)
		return session_report(session, &err);
	if (session->json) {
		print_json(list);
		return EXIT_DONE;
	}
	listing_print(list, kind->columns);
	json_decref(list);
	return EXIT_DONE;
}

/* --- as a manifest --- */

/* The API shows Ipv4 also where nothing was said, and then takes IPv6 all the same. */
static void drop_version(json_t *values, const char *member)
{
	if (strcmp(session_text(values, member), "Ipv4") == 0)
		json_object_del(values, member);
}

/* Through the struct of the model, which knows what is a default. */
static json_t *without_defaults(enum running_kind kind, json_t *values, struct error *err)
{
	const struct resource *resource = running_words[kind].resource;
	void *object = memory_new(resource->size);
	json_t *result = NULL;

	drop_version(values, "AddressIpVersion");
	drop_version(values, "AddressIPVersion");
	if (stored_object(resource, values, object, err) == 0) {
		result = manifest_values(resource, object, false);
		resource_done(resource, object);
	}
	free(object);
	return result;
}

static json_t *section(const struct running *running, enum running_kind kind, const char *name,
		       struct error *err)
{
	json_t *list = json_array(), *row;
	size_t i;

	json_array_foreach(running->lists[kind], i, row)
	{
		json_t *values;

		if (name != NULL && strcmp(session_text(row, "Id"), name) != 0 &&
		    strcmp(session_text(row, "Name"), name) != 0)
			continue;
		values = json_deep_copy(json_object_get(row, "Values"));
		if (kind == RUNNING_LISTENERS)
			running_name_references(running, values);
		json_array_append_new(list, without_defaults(kind, values, err));
		json_decref(values);
	}
	return list;
}

static int print_sections(const struct session *session, const struct running *running,
			  const struct kind *kind, const char *name)
{
	static const enum running_kind order[] = { RUNNING_BALANCERS, RUNNING_POLICIES,
						   RUNNING_GROUPS, RUNNING_LISTENERS };
	json_t *whole = json_object(), *list;
	struct error err = { 0 };
	const char *member;
	size_t i, count = 0;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (kind != NULL && kind->running != order[i])
			continue;
		list = section(running, order[i], name, &err);
		count += json_array_size(list);
		json_object_set_new(whole, running_words[order[i]].section, list);
	}
	if (err.code == ERROR_NONE && name != NULL && count == 0)
		error_set(&err, ERROR_NOT_FOUND, "there is nothing called \"%s\" among the %s",
			  name, kind->name);
	if (err.code == ERROR_NONE && session->json) {
		print_json(whole);
		return EXIT_DONE;
	}
	if (err.code == ERROR_NONE) {
		puts("# Certificates and CA certificates are in the running system: listeners name them.\n");
		json_object_foreach(whole, member, list) manifest_print(member, list);
	}
	json_decref(whole);
	return err.code == ERROR_NONE ? EXIT_DONE : session_report(session, &err);
}

static int print_manifest(const struct session *session, const struct kind *kind, const char *name)
{
	struct running running;
	struct error err = { 0 };
	int status;

	if (kind != NULL && kind->running == RUNNING_KINDS) {
		error_set(&err, ERROR_INVALID, "%s do not stand in a manifest", kind->name);
		error_hint(&err,
			   "Load balancers, listeners, server groups and security policies do; "
			   "\"get all --manifest\" gives all of them.");
		return session_report(session, &err);
	}
	if (running_load(session, APPLY_TAG, false, &running, &err) < 0)
		return session_report(session, &err);
	status = print_sections(session, &running, kind, name);
	running_done(&running);
	return status;
}

/* --- the command --- */

static int explain_kinds(FILE *to, int status)
{
	size_t i;

	fputs("kinds:", to);
	for (i = 0; i < KINDS; i++)
		fprintf(to, " %s", kinds[i].name);
	fputs("; \"all\" with --manifest\n", to);
	return status;
}

static int run(const struct session *session, const struct arguments *arguments,
	       const struct kind *kind, bool manifest)
{
	const char *name = arguments->word_count > 1 ? arguments->words[1] : NULL;

	return manifest ? print_manifest(session, kind, name) : print_one(session, kind, name);
}

int command_get(int argc, char **argv)
{
	bool manifest = false, all;
	struct arguments arguments;
	const struct kind *kind;
	struct session session;
	const struct argument_option known[] = {
		{ .name = "manifest", .given = &manifest },
		{ .name = NULL },
	};
	int status;

	if (arguments_parse(argc, argv, known, &arguments) < 0)
		return command_usage(argv[0]);
	if (arguments.help)
		return explain_kinds(stdout, command_explain(argv[0]));
	all = manifest && (arguments.word_count == 0 ||
			   (arguments.word_count == 1 && strcmp(arguments.words[0], "all") == 0));
	kind = arguments.word_count > 0 ? find_kind(arguments.words[0]) : NULL;
	if ((kind == NULL && !all) || arguments.word_count > 2)
		return explain_kinds(stderr, command_usage(argv[0]));
	if (session_open(&arguments, &session) < 0)
		return EXIT_FAILED;
	status = run(&session, &arguments, kind, manifest);
	session_close(&session);
	return status;
}
