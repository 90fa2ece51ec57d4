/* sallyport status: roles, listeners and servers of a running daemon as tables. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/daemon_option.h"
#include "cli/print.h"
#include "cli/system_status.h"
#include "control/client.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* The cell of one value: a text as it is, a number in digits, a list with commas. */
static void format_cell(const json_t *value, char *ret_cell, size_t size)
{
	size_t used = 0, i;
	json_t *item;

	ret_cell[0] = '\0';
	if (json_is_integer(value))
		snprintf(ret_cell, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		snprintf(ret_cell, size, "%s", json_string_value(value));
	json_array_foreach(value, i, item)
	{
		if (used + 2 < size)
			used += (size_t)snprintf(ret_cell + used, size - used, "%s%s",
						 i == 0 ? "" : ",", json_string_value(item));
	}
}

static void add_row(struct print_table *table, const json_t *object, const char *const *keys,
		    unsigned int columns, const char *first)
{
	char cells[PRINT_COLUMNS][256];
	const char *row[PRINT_COLUMNS] = { NULL };
	unsigned int i;

	for (i = 0; i < columns; i++) {
		format_cell(json_object_get(object, keys[i]), cells[i], sizeof(cells[i]));
		row[i] = cells[i];
	}
	if (first != NULL)
		row[0] = first;
	print_table_row(table, row);
}

static void print_list(const json_t *list, const char *const *titles, const char *const *keys,
		       unsigned int columns)
{
	struct print_table table = { .columns = columns, .titles = titles };
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	putchar('\n');
	json_array_foreach(list, i, item) add_row(&table, item, keys, columns, NULL);
	print_table_done(&table);
}

static void print_roles(const json_t *status)
{
	static const char *const titles[] = { "ROLE", "PID", "VERSION" };
	static const char *const keys[] = { "role", "pid", "version" };

	print_list(json_object_get(status, "roles"), titles, keys, 3);
}

static void print_refusals(const json_t *listeners)
{
	size_t i;
	json_t *listener, *count;
	const char *reason;

	json_array_foreach(listeners, i, listener)
	{
		json_t *refusals = json_object_get(listener, "refusals");

		if (json_object_size(refusals) == 0)
			continue;
		printf("refused at %s:", text_of(listener, "name"));
		json_object_foreach(refusals, reason, count)
			printf(" %s %lld", reason, (long long)json_integer_value(count));
		putchar('\n');
	}
}

static void print_listeners(const json_t *status)
{
	static const char *const titles[] = { "LISTENER",   "ADDRESS", "PROTOCOL", "CLIENTS",
					      "STATUS",	    "GROUP",   "OPEN",	   "TOTAL",
					      "HANDSHAKES", "RESUMED", "REFUSED" };
	static const char *const keys[] = {
		"name",	      "addresses",    "protocol",    "mutual_authentication",
		"status",     "server_group", "connections", "accepted",
		"handshakes", "resumed",      "refused"
	};
	const json_t *listeners = json_object_get(status, "listeners");

	print_list(listeners, titles, keys, 11);
	print_refusals(listeners);
}

static void print_servers(const json_t *status)
{
	static const char *const titles[] = { "GROUP", "SERVER", "ADDRESS", "WEIGHT", "STATE",
					      "OPEN",  "TOTAL",	 "FAILED",  "REASON" };
	static const char *const keys[] = {
		"",	 "name",	"address",	     "weight",
		"state", "connections", "connections_total", "connect_failures",
		"reason"
	};
	struct print_table table = { .columns = 9, .titles = titles };
	size_t g, s;
	json_t *group, *server;

	json_array_foreach(json_object_get(status, "server_groups"), g, group)
		json_array_foreach(json_object_get(group, "servers"), s, server)
			add_row(&table, server, keys, 9, text_of(group, "name"));
	if (table.rows == 0)
		return;
	putchar('\n');
	print_table_done(&table);
}

static void print_revocation_lists(const json_t *status)
{
	static const char *const titles[] = { "REVOCATION LIST OF", "ENTRIES", "NEXT UPDATE",
					      "STATE" };
	static const char *const keys[] = { "issuer", "entries", "next_update", "state" };

	print_list(json_object_get(status, "revocation_lists"), titles, keys, 4);
}

static void print_lapsed(const json_t *status)
{
	size_t i;
	json_t *certificate;

	json_array_foreach(json_object_get(status, "certificates"), i,
			   certificate) if (json_is_false(json_object_get(certificate, "valid")))
		printf("certificate %s is not valid now (it ends %s)\n",
		       text_of(certificate, "name"), text_of(certificate, "not_after"));
}

static void print_head(const json_t *status)
{
	const json_t *reload = json_object_get(status, "last_reload");

	printf("sallyport %s, serving %s, version %lld, since %s\n", text_of(status, "software"),
	       text_of(status, "manifest"), number_of(status, "version"),
	       text_of(status, "started"));
	if (json_is_true(json_object_get(status, "applying")))
		puts("a change is being applied");
	if (!json_is_false(json_object_get(reload, "ok")))
		return;
	printf("the last reload (%s) changed nothing: %s%s%s\n", text_of(reload, "at"),
	       text_of(reload, "place"), text_of(reload, "place")[0] != '\0' ? ": " : "",
	       text_of(reload, "error"));
}

/* A system with a data folder is asked through its API; so is the only one when nothing was said. */
static bool is_system(const struct daemon_option *option)
{
	struct api_target target;
	struct error ignored;
	bool found;

	if (option->manifest != NULL || option->socket_path != NULL)
		return false;
	if (option->api.data_dir != NULL || option->api.endpoint != NULL)
		return true;
	found = api_target_find(&option->api, &target, &ignored) == 0;
	api_target_done(&target);
	return found;
}

int command_status(int argc, char **argv)
{
	struct daemon_option option;
	json_t *status;

	if (daemon_option_parse(argc, argv, &option) < 0)
		return command_usage(argv[0]);
	if (is_system(&option))
		return system_status(&option.api, option.json);
	status = daemon_option_ask(&option, "status", CLIENT_STATUS_MS);
	if (status == NULL)
		return EXIT_FAILED;
	if (option.json) {
		print_json(status);
		return EXIT_DONE;
	}
	print_json_warnings(json_object_get(status, "warnings"));
	print_head(status);
	print_roles(status);
	print_listeners(status);
	print_servers(status);
	print_revocation_lists(status);
	print_lapsed(status);
	json_decref(status);
	return EXIT_DONE;
}
