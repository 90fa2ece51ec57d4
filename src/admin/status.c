/* GetStatus: what runs, what is served by whom, and what needs a person. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "admin/admin_internal.h"
#include "admin/expiring.h"
#include "control/served.h"
#include "control/serving.h"
#include "store/certificate.h"

#define EXPIRING_DAYS 30
#define EXPIRING_ROWS 20

/* Words of `sallyport status --json` and ours for the same. */
struct rename {
	const char *from, *to;
};

static void move(const json_t *from, json_t *to, const struct rename *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		json_t *value = json_object_get(from, names[i].from);

		if (value != NULL)
			json_object_set(to, names[i].to, value);
	}
}

#define MOVE(from, to, names) move(from, to, names, sizeof(names) / sizeof((names)[0]))

static json_t *roles_of(const json_t *status)
{
	static const struct rename names[] = {
		{ "role", "Role" },
		{ "pid", "ProcessId" },
		{ "version", "DocumentVersion" },
		{ "longest_turn_us", "LongestTurnMicroseconds" },
		{ "log_dropped", "LogLinesDropped" },
	};
	json_t *rows = json_array(), *role, *row;
	size_t i;

	json_array_foreach(json_object_get(status, "roles"), i, role) {
		row = json_object();
		MOVE(role, row, names);
		json_array_append_new(rows, row);
	}
	return rows;
}

static void add_health(const struct control *control, json_t *row,
		       const struct document_listener *listener)
{
	struct served_figures figures;

	served_figures(control, listener, &figures);
	reply_number(row, "HealthyServers", figures.healthy);
	reply_number(row, "Servers", figures.servers);
}

static void add_left_out(void *arg, const char *id, const char *why)
{
	json_t *row = json_object();

	reply_text(row, "ListenerId", id);
	reply_text(row, "Status", "Abnormal");
	reply_text(row, "Error", why);
	json_array_append_new(arg, row);
}

static json_t *listeners_of(struct call *call, const json_t *status)
{
	static const struct rename names[] = {
		{ "name", "ListenerName" },
		{ "protocol", "Protocol" },
		{ "addresses", "Addresses" },
		{ "status", "Status" },
		{ "mutual_authentication", "MutualAuthentication" },
		{ "server_group", "ServerGroupId" },
		{ "connections", "Connections" },
		{ "accepted", "Accepted" },
		{ "handshakes", "Handshakes" },
		{ "resumed", "Resumed" },
		{ "refused", "Refused" },
		{ "bytes_in", "BytesIn" },
		{ "bytes_out", "BytesOut" },
	};
	json_t *rows = json_array(), *listener, *row;
	size_t i;

	json_array_foreach(json_object_get(status, "listeners"), i, listener) {
		const char *name = json_string_value(json_object_get(listener, "name"));
		char id[ADMIN_LISTENER_SIZE];

		if (listener_is_hidden(name))
			continue;
		row = json_object();
		listener_id(call, name, id);
		reply_text(row, "ListenerId", id);
		MOVE(listener, row, names);
		/* They come in the order of the document. */
		add_health(call->control, row,
			   &served_plan(call->control)->decoded->listeners[i]);
		reply_text(row, "Error", "");
		json_array_append_new(rows, row);
	}
	served_each_left_out(call->control, add_left_out, rows);
	return rows;
}

static json_t *servers_of(const json_t *group)
{
	static const struct rename names[] = {
		{ "name", "ServerName" }, { "address", "Address" },
		{ "weight", "Weight" },	  { "state", "Status" },
		{ "reason", "Reason" },	  { "connections", "Connections" },
	};
	json_t *rows = json_array(), *server, *row;
	size_t i;

	json_array_foreach(json_object_get(group, "servers"), i, server) {
		row = json_object();
		MOVE(server, row, names);
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *groups_of(const json_t *status)
{
	static const struct rename names[] = {
		{ "name", "ServerGroupId" },
		{ "scheduler", "Scheduler" },
		{ "health_checks", "HealthCheckEnabled" },
	};
	json_t *rows = json_array(), *group, *row;
	size_t i;

	json_array_foreach(json_object_get(status, "server_groups"), i, group) {
		if (strcmp(json_string_value(json_object_get(group, "name")), ADMIN_HIDDEN_NAME) ==
		    0)
			continue;
		row = json_object();
		MOVE(group, row, names);
		json_object_set_new(row, "Servers", servers_of(group));
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *renamed_rows(const json_t *rows, const struct rename *names, size_t count)
{
	json_t *made = json_array(), *from, *row;
	size_t i;

	json_array_foreach(rows, i, from) {
		row = json_object();
		move(from, row, names, count);
		json_array_append_new(made, row);
	}
	return made;
}

static json_t *disk_of(struct store *store)
{
	const char *folder = store_folder(store);
	json_t *disk = json_object();
	struct statvfs space;
	struct stat file;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, STORE_FILE);
	if (statvfs(folder, &space) == 0) {
		reply_number(disk, "FreeBytes", (int64_t)(space.f_bavail * space.f_frsize));
		reply_number(disk, "TotalBytes", (int64_t)(space.f_blocks * space.f_frsize));
	}
	if (stat(path, &file) == 0)
		reply_number(disk, "StoreBytes", file.st_size);
	return disk;
}

static json_t *expiring_of(struct call *call, struct error *err)
{
	static const struct rename names[] = {
		{ "Identifier", "Identifier" },	  { "Name", "Name" }, { "Kind", "Kind" },
		{ "ExpiredTime", "ExpiredTime" }, { "Days", "Days" },
	};
	json_t *found, *rows;

	found = expiring_soon(call->store, call->now, call->now + EXPIRING_DAYS * 86400,
			      EXPIRING_ROWS, err);
	if (found == NULL)
		return NULL;
	rows = renamed_rows(found, names, sizeof(names) / sizeof(names[0]));
	json_decref(found);
	return rows;
}

static void fill(struct call *call, const json_t *status)
{
	static const struct rename top[] = {
		{ "software", "Version" },
		{ "started", "StartedTime" },
		{ "version", "DocumentVersion" },
		{ "applying", "Applying" },
	};
	static const struct rename certificate[] = {
		{ "name", "CertificateId" },
		{ "not_after", "ExpiredTime" },
		{ "valid", "Valid" },
	};
	static const struct rename warning[] = { { "message", "Message" }, { "hint", "Hint" } };
	const json_t *reload = json_object_get(status, "last_reload");
	json_t *reply = call->reply;

	MOVE(status, reply, top);
	reply_text(reply, "LastError", json_string_value(json_object_get(reload, "error")));
	json_object_set_new(reply, "Roles", roles_of(status));
	json_object_set_new(reply, "Listeners", listeners_of(call, status));
	json_object_set_new(reply, "ServerGroups", groups_of(status));
	json_object_set_new(reply, "Certificates",
			    renamed_rows(json_object_get(status, "certificates"), certificate, 3));
	json_object_set_new(reply, "Warnings",
			    renamed_rows(json_object_get(status, "warnings"), warning, 2));
}

int get_status_run(struct call *call, struct error *err)
{
	json_t *status = serving_status(call->control), *expiring;

	fill(call, status);
	json_decref(status);
	reply_number(call->reply, "Revision", store_revision(call->store));
	reply_number(call->reply, "RevisionServed", served_revision(call->control));
	reply_time(call->reply, "ServedTime", call->admin->served_s);
	json_object_set_new(call->reply, "Disk", disk_of(call->store));
	expiring = expiring_of(call, err);
	if (expiring == NULL)
		return -1;
	json_object_set_new(call->reply, "Expiring", expiring);
	return 0;
}
