#include "daemon/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: sallyportd --data-dir DIR [options]\n"
	"       sallyportd --manifest FILE [options]\n"
	"\n"
	"A load balancer that admits only known clients. With --data-dir it is run through its API,\n"
	"its console and the sallyport command, and keeps everything in that folder; with --manifest\n"
	"it serves what one file says.\n"
	"\n"
	"  --data-dir DIR   where everything is kept (made when it is missing)\n"
	"  --manifest FILE  what to serve (sallyport.yaml(5))\n"
	"  --workers N      worker processes; without it Settings.Workers, else one per core\n"
	"  --socket PATH    the control socket, instead of the usual place\n"
	"  --no-sandbox     no seccomp, no chroot, no change of user: for debugging\n"
	"  --version        print the version\n"
	"  --help           print this\n"
	"\n"
	"With --data-dir:\n"
	"  --api HOST:PORT        the API, on a loopback address (" OPTIONS_API "); port 0: any\n"
	"  --console HOST:PORT    the console's HTTPS (" OPTIONS_CONSOLE "), or none\n"
	"  --pki HOST:PORT        revocation lists and OCSP over plain HTTP, for everybody\n"
	"  --master-key FILE      the key that seals all keys, instead of the usual place\n"
	"  --bootstrap-file FILE  gets the first credentials (DIR/bootstrap.json)\n"
	"\n"
	"Signals: HUP reads the manifest again, USR1 reopens the log, USR2 upgrades to the\n"
	"executable that is on disk now, TERM and INT finish connections and stop.\n";

const char *options_help(void)
{
	return help;
}

static int usage(struct error *err)
{
	return error_hint(err, "See sallyportd --help.");
}

static int parse_workers(const char *text, int64_t *ret_workers, struct error *err)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || number < 1 ||
	    number > OPTIONS_WORKERS_MAX) {
		error_set(err, ERROR_INVALID, "--workers must be a number from 1 to %d, not \"%s\"",
			  OPTIONS_WORKERS_MAX, text);
		return usage(err);
	}
	*ret_workers = number;
	return 0;
}

static int parse_role(const char *text, struct options *options, struct error *err)
{
	if (strcmp(text, "guardian") == 0) {
		options->role = ROLE_GUARDIAN;
		return 0;
	}
	if (strcmp(text, "control") == 0) {
		options->role = ROLE_CONTROL;
		return 0;
	}
	error_set(err, ERROR_INVALID, "--role must be guardian or control, not \"%s\"", text);
	return usage(err);
}

static bool parse_flag(const char *name, struct options *options)
{
	if (strcmp(name, "--no-sandbox") == 0)
		options->no_sandbox = true;
	else if (strcmp(name, "--privileged") == 0)
		options->privileged = true;
	else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		options->help = true;
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		options->version = true;
	else
		return false;
	return true;
}

/* Options whose value is kept as it is. */
static const struct text_option {
	const char *name;
	size_t offset;
} text_options[] = {
	{ "--manifest", offsetof(struct options, manifest) },
	{ "--data-dir", offsetof(struct options, data_dir) },
	{ "--api", offsetof(struct options, api) },
	{ "--console", offsetof(struct options, console) },
	{ "--pki", offsetof(struct options, pki) },
	{ "--master-key", offsetof(struct options, master_key) },
	{ "--bootstrap-file", offsetof(struct options, bootstrap_file) },
	{ "--socket", offsetof(struct options, socket_path) },
};

static int take_text(const char *name, const char *value, struct options *options,
		     struct error *err)
{
	size_t i;

	if (value[0] == '\0') {
		error_set(err, ERROR_INVALID, "%s must not be empty", name);
		return usage(err);
	}
	for (i = 0; i < sizeof(text_options) / sizeof(text_options[0]); i++)
		if (strcmp(name, text_options[i].name) == 0)
			memcpy((char *)options + text_options[i].offset, &value, sizeof(value));
	return 0;
}

static int take_value(const char *name, const char *value, struct options *options,
		      struct error *err)
{
	if (strcmp(name, "--workers") == 0)
		return parse_workers(value, &options->workers, err);
	if (strcmp(name, "--role") == 0)
		return parse_role(value, options, err);
	if (strcmp(name, "--socket-fd") == 0)
		options->socket_fd = (int)strtol(value, NULL, 10);
	else if (strcmp(name, "--bootstrap-fd") == 0)
		options->bootstrap_fd = (int)strtol(value, NULL, 10);
	else
		return take_text(name, value, options, err);
	return 0;
}

/* Is this argument the option, as "--name" (value is the next argument) or "--name=value"? */
static bool names_option(const char *argument, const char *name, const char **ret_value)
{
	size_t len = strlen(name);

	if (strncmp(argument, name, len) != 0 || (argument[len] != '\0' && argument[len] != '='))
		return false;
	*ret_value = argument[len] == '=' ? argument + len + 1 : NULL;
	return true;
}

static int parse_one(int argc, char **argv, int *at, struct options *options, struct error *err)
{
	static const char *const names[] = { "--manifest", "--data-dir",       "--api",
					     "--console",  "--pki",	       "--master-key",
					     "--workers",  "--bootstrap-file", "--bootstrap-fd",
					     "--socket",   "--socket-fd",      "--role" };
	const char *argument = argv[(*at)++];
	const char *value;
	size_t i;

	if (parse_flag(argument, options))
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!names_option(argument, names[i], &value))
			continue;
		if (value == NULL && *at == argc) {
			error_set(err, ERROR_INVALID, "%s needs a value", names[i]);
			return usage(err);
		}
		return take_value(names[i], value != NULL ? value : argv[(*at)++], options, err);
	}
	error_set(err, ERROR_INVALID, "unknown %s \"%s\"",
		  argument[0] == '-' ? "option" : "argument", argument);
	return usage(err);
}

static int check_together(const struct options *options, struct error *err)
{
	if (options->manifest == NULL && options->data_dir == NULL)
		error_set(err, ERROR_INVALID,
			  "--data-dir or --manifest is missing: there is nothing to serve");
	else if (options->manifest != NULL && options->data_dir != NULL)
		error_set(err, ERROR_INVALID,
			  "--data-dir and --manifest exclude each other: \"sallyport apply\" loads "
			  "a manifest into a running system");
	else if (options->manifest != NULL &&
		 (options->api != NULL || options->console != NULL || options->pki != NULL ||
		  options->master_key != NULL || options->bootstrap_file != NULL))
		error_set(err, ERROR_INVALID,
			  "--api, --console, --pki, --master-key and --bootstrap-file need --data-dir");
	else
		return 0;
	return usage(err);
}

int options_parse(int argc, char **argv, struct options *ret_options, struct error *err)
{
	struct options options = { .role = ROLE_GUARDIAN };
	int at = 1;

	while (at < argc)
		if (parse_one(argc, argv, &at, &options, err) < 0)
			return -1;
	if (!options.help && !options.version && check_together(&options, err) < 0)
		return -1;
	*ret_options = options;
	return 0;
}
