/* sallyportd: the guardian, and control, which the guardian starts from the same executable. */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/monotime.h"
#include "control/control.h"
#include "daemon/guardian.h"
#include "daemon/options.h"
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

static int run_control(const struct options *options)
{
	struct control_options control = {
		.manifest = options->manifest,
		.workers = options->workers,
		.socket_path = options->socket_path,
		.socket_fd = options->socket_fd,
		.guard = CHILD_GUARD_FD,
		.privileged = options->privileged,
	};
	struct error err;

	if (!has_guardian()) {
		error_set(&err, ERROR_INVALID, "control is started by sallyportd itself");
		error_hint(&err, "Run sallyportd --manifest FILE, without --role.");
		return complain(&err);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return control_run(&control);
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
