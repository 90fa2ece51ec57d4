#include "daemon/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: sallyportd --manifest FILE [--workers N] [--socket PATH] [--no-sandbox]\n"
	"\n"
	"Serves the listeners of a manifest: a load balancer that admits only known clients.\n"
	"\n"
	"  --manifest FILE  what to serve (sallyport.yaml(5))\n"
	"  --workers N      worker processes; without it Settings.Workers, else one per core\n"
	"  --socket PATH    the control socket, instead of the usual place\n"
	"  --no-sandbox     no seccomp, no chroot, no change of user: for debugging\n"
	"  --version        print the version\n"
	"  --help           print this\n"
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

static int take_value(const char *name, const char *value, struct options *options,
		      struct error *err)
{
	if (strcmp(name, "--workers") == 0)
		return parse_workers(value, &options->workers, err);
	if (strcmp(name, "--socket-fd") == 0) {
		options->socket_fd = (int)strtol(value, NULL, 10);
		return 0;
	}
	if (strcmp(name, "--role") == 0)
		return parse_role(value, options, err);
	if (value[0] == '\0') {
		error_set(err, ERROR_INVALID, "%s must not be empty", name);
		return usage(err);
	}
	if (strcmp(name, "--manifest") == 0)
		options->manifest = value;
	else
		options->socket_path = value;
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
	static const char *const names[] = { "--manifest", "--workers", "--socket-fd", "--socket",
					     "--role" };
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

int options_parse(int argc, char **argv, struct options *ret_options, struct error *err)
{
	struct options options = { .role = ROLE_GUARDIAN };
	int at = 1;

	while (at < argc)
		if (parse_one(argc, argv, &at, &options, err) < 0)
			return -1;
	if (options.manifest == NULL && !options.help && !options.version) {
		error_set(err, ERROR_INVALID, "--manifest is missing: there is nothing to serve");
		return usage(err);
	}
	*ret_options = options;
	return 0;
}
