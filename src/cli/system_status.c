#include "cli/system_status.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/session.h"

static void print_part(const json_t *status, const char *member,
		       const struct listing_column *columns)
{
	const json_t *list = json_object_get(status, member);

	if (json_array_size(list) == 0)
		return;
	putchar('\n');
	listing_print(list, columns);
}

static void print_roles(const json_t *status)
{
	static const struct listing_column columns[] = {
		{ "ROLE", "Role", LISTING_PLAIN },
		{ "PID", "ProcessId", LISTING_PLAIN },
		{ "VERSION", "DocumentVersion", LISTING_PLAIN },
		{ NULL, NULL, LISTING_PLAIN },
	};

	print_part(status, "Roles", columns);
}

static void print_listeners(const json_t *status)
{
	static const struct listing_column columns[] = {
		{ "LISTENER", "ListenerId", LISTING_PLAIN },
		{ "ADDRESS", "Addresses", LISTING_PLAIN },
		{ "PROTOCOL", "Protocol", LISTING_PLAIN },
		{ "CLIENTS", "MutualAuthentication", LISTING_PLAIN },
		{ "STATUS", "Status", LISTING_PLAIN },
		{ "HEALTHY", "HealthyServers", LISTING_PLAIN },
		{ "SERVERS", "Servers", LISTING_PLAIN },
		{ "OPEN", "Connections", LISTING_PLAIN },
		{ "TOTAL", "Accepted", LISTING_PLAIN },
		{ "REFUSED", "Refused", LISTING_PLAIN },
		{ "ERROR", "Error", LISTING_PLAIN },
		{ NULL, NULL, LISTING_PLAIN },
	};

	print_part(status, "Listeners", columns);
}

/* One table of the servers of all groups. */
static void print_servers(const json_t *status)
{
	static const struct listing_column columns[] = {
		{ "GROUP", "Group", LISTING_PLAIN },	 { "SERVER", "ServerName", LISTING_PLAIN },
		{ "ADDRESS", "Address", LISTING_PLAIN }, { "WEIGHT", "Weight", LISTING_PLAIN },
		{ "STATE", "Status", LISTING_PLAIN },	 { "OPEN", "Connections", LISTING_PLAIN },
		{ "REASON", "Reason", LISTING_PLAIN },	 { NULL, NULL, LISTING_PLAIN },
	};
	json_t *all = json_object(), *list = json_array(), *group, *server;
	size_t i, j;

	json_array_foreach(json_object_get(status, "ServerGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "Servers"), j, server)
		{
			json_t *row = json_copy(server);

			json_object_set(row, "Group", json_object_get(group, "ServerGroupId"));
			json_array_append_new(list, row);
		}
	}
	json_object_set_new(all, "Servers", list);
	print_part(all, "Servers", columns);
	json_decref(all);
}

static void print_expiring(const json_t *status)
{
	static const struct listing_column columns[] = {
		{ "ENDS SOON", "Name", LISTING_PLAIN },	       { "KIND", "Kind", LISTING_PLAIN },
		{ "ENDS", "ExpiredTime", LISTING_PLAIN },      { "DAYS", "Days", LISTING_PLAIN },
		{ "IDENTIFIER", "Identifier", LISTING_PLAIN }, { NULL, NULL, LISTING_PLAIN },
	};

	print_part(status, "Expiring", columns);
}

static void print_head(const json_t *status)
{
	const char *error = session_text(status, "LastError");
	json_int_t wanted = json_integer_value(json_object_get(status, "Revision"));
	json_int_t served = json_integer_value(json_object_get(status, "RevisionServed"));
	json_t *warning;
	size_t i;

	printf("sallyport %s, revision %lld, since %s\n", session_text(status, "Version"),
	       (long long)wanted, session_text(status, "StartedTime"));
	if (served < wanted)
		printf("a change is being applied: revision %lld is served\n", (long long)served);
	if (error[0] != '\0')
		printf("the last change cannot be served: %s\n", error);
	json_array_foreach(json_object_get(status, "Warnings"), i, warning)
	{
		fprintf(stderr, "sallyport: warning: %s\n", session_text(warning, "Message"));
		if (session_text(warning, "Hint")[0] != '\0')
			fprintf(stderr, "hint: %s\n", session_text(warning, "Hint"));
	}
}

int system_status(const struct api_flags *flags, bool json)
{
	const struct arguments arguments = { .api = *flags, .json = json };
	struct session session;
	json_t *status;

	if (session_open(&arguments, &session) < 0)
		return EXIT_FAILED;
	status = session_ask(&session, "sallyport", "GetStatus", NULL);
	session_close(&session);
	if (status == NULL)
		return EXIT_FAILED;
	if (json) {
		print_json(status);
		return EXIT_DONE;
	}
	print_head(status);
	print_roles(status);
	print_listeners(status);
	print_servers(status);
	print_expiring(status);
	json_decref(status);
	return EXIT_DONE;
}
