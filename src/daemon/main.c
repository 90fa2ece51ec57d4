/* sallyportd: the guardian, and control, which the guardian starts from the same executable. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "base/monotime.h"
#include "control/control.h"
#include "control/socket_path.h"
#include "daemon/guardian.h"
#include "daemon/options.h"
#include "daemon/privileges.h"
#include "document/child.h"

#define EXIT_USAGE 2

static int complain(const struct error *err)
{
	fprintf(stderr, "sallyportd: %s\n", err->message);
	if (err->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", err->hint);
	return EXIT_USAGE;
}

/* Keys must not reach the disk in a core file, nor another process of this user by ptrace. */
static void forbid_dumps(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef SALLYPORT_SANITIZED /* the leak checker traces its own process */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

static bool has_guardian(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(CHILD_GUARD_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

static int refuse_role(void)
{
	struct error err;

	error_set(&err, ERROR_INVALID, "control is started by sallyportd itself");
	error_hint(&err, "Run sallyportd --data-dir DIR, without --role.");
	return complain(&err);
}

static int serve_manifest(const struct options *options, struct control_options *control)
{
	control->manifest = options->manifest;
	return control_run(control);
}

/* A name of this process, short enough for an address: a successor has one of its own. */
static void name_console_socket(char *ret_name, size_t size)
{
	snprintf(ret_name, size, "sallyport%d", (int)getpid());
}

static int serve_store(const struct options *options, struct control_options *control)
{
	char socket_path[SOCKET_PATH_SIZE], console_name[64], backend[80];
	struct api_options api = {
		.address = options->api != NULL ? options->api : OPTIONS_API,
		.pki_address = options->pki,
		.socket_path = socket_path,
		.console_socket = console_name,
		.console_user = (uid_t)-1,
	};
	struct error err;

	if (socket_path_of_api(options->data_dir, options->privileged, socket_path, &err) < 0)
		return complain(&err);
	name_console_socket(console_name, sizeof(console_name));
	snprintf(backend, sizeof(backend), "unix:@%s", console_name);
	if (options->privileged)
		api.console_user = privileges_user_or(PRIVILEGES_WORKER_USER, PRIVILEGES_WORKER_ID)
					   .uid;
	control->data_dir = options->data_dir;
	control->master_key = options->master_key;
	control->console = options->console != NULL ? options->console : OPTIONS_CONSOLE;
	control->console_backend = backend;
	control->hooks = &api_hooks;
	control->hooks_arg = &api;
	control->bootstrap_fd = options->bootstrap_fd;
	return control_run(control);
}

static int run_control(const struct options *options)
{
	struct control_options control = {
		.workers = options->workers,
		.socket_path = options->socket_path,
		.socket_fd = options->socket_fd,
		.guard = CHILD_GUARD_FD,
		.privileged = options->privileged,
	};

	if (!has_guardian())
		return refuse_role();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Whoever starts Sallyport anew must not find the data folder in use by a slow end. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return options->manifest != NULL ? serve_manifest(options, &control)
					 : serve_store(options, &control);
}

int main(int argc, char **argv)
{
	struct options options;
	struct error err;

	if (options_parse(argc, argv, &options, &err) < 0)
		return complain(&err);
	if (options.help) {
		fputs(options_help(), stdout);
		return 0;
	}
	if (options.version) {
		puts("sallyportd " SALLYPORT_VERSION);
		return 0;
	}
	walltime_init();
	forbid_dumps();
	return options.role == ROLE_CONTROL ? run_control(&options) : guardian_run(&options, argv);
}
