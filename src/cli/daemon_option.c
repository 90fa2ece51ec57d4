#include "cli/daemon_option.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "control/client.h"

int daemon_option_parse(int argc, char **argv, struct daemon_option *ret_option)
{
	static const struct option options[] = {
		{ "manifest", required_argument, NULL, 'm' },
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "data-dir", required_argument, NULL, 'd' },
		{ "endpoint", required_argument, NULL, 'e' },
		{ "token-file", required_argument, NULL, 't' },
		{ "ca-file", required_argument, NULL, 'c' },
		{ 0 },
	};
	int option;

	memset(ret_option, 0, sizeof(*ret_option));
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'm')
			ret_option->manifest = optarg;
		else if (option == 's')
			ret_option->socket_path = optarg;
		else if (option == 'j')
			ret_option->json = true;
		else if (option == 'd')
			ret_option->api.data_dir = optarg;
		else if (option == 'e')
			ret_option->api.endpoint = optarg;
		else if (option == 't')
			ret_option->api.token_file = optarg;
		else if (option == 'c')
			ret_option->api.ca_file = optarg;
		else
			return -1;
	}
	if ((ret_option->manifest != NULL || ret_option->socket_path != NULL) &&
	    (ret_option->api.data_dir != NULL || ret_option->api.endpoint != NULL))
		return -1;
	return optind == argc && (ret_option->manifest == NULL || ret_option->socket_path == NULL)
		       ? 0
		       : -1;
}

static void list_one(void *arg, const char *path)
{
	struct error ignored;
	json_t *answer = client_ask(path, "version", CLIENT_STATUS_MS, &ignored);
	const char *manifest = json_string_value(json_object_get(answer, "manifest"));

	(void)arg;
	fprintf(stderr, "  --socket %s   serves %s\n", path, manifest != NULL ? manifest : "?");
	json_decref(answer);
}

json_t *daemon_option_ask(const struct daemon_option *option, const char *what, int wait_ms)
{
	char path[SOCKET_PATH_SIZE];
	struct error err;
	json_t *answer = NULL;
	bool several = false;

	if (client_find(option->manifest, option->socket_path, path, &err) == 0)
		answer = client_ask(path, what, wait_ms, &err);
	else
		several = err.code == ERROR_CONFLICT;
	if (answer != NULL)
		return answer;
	if (option->json)
		print_json(json_pack("{s:b, s:o}", "ok", 0, "error", print_error_json(&err)));
	report_error(&err);
	if (several)
		client_each_live(list_one, NULL);
	return NULL;
}
