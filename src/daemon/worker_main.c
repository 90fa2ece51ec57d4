/* sallyport-worker: workers and the checker. The guardian starts it; people do not. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/monotime.h"
#include "daemon/worker_sandbox.h"
#include "document/child.h"
#include "health/checker.h"
#include "proxy/worker.h"
#include "tls/tls.h"

static struct child child; /* has a log buffer in it: too big for the stack */

static int refuse(void)
{
	fputs("sallyport-worker: sallyportd starts this program; it is not meant to be run by hand\n"
	      "hint: Run sallyportd --manifest FILE.\n",
	      stderr);
	return 2;
}

static bool has_guardian(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(CHILD_GUARD_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

/* --role ROLE --index N; the index is there for those who read the list of processes. */
static int role_of(int argc, char **argv, enum message_role *ret_role)
{
	if (argc < 3 || strcmp(argv[1], "--role") != 0)
		return -1;
	if (strcmp(argv[2], "worker") == 0)
		*ret_role = ROLE_WORKER;
	else if (strcmp(argv[2], "checker") == 0)
		*ret_role = ROLE_CHECKER;
	else
		return -1;
	return 0;
}

static int fail(const struct error *err)
{
	struct log_line line;

	if (child.log.role == NULL) {
		fprintf(stderr, "sallyport-worker: %s\n", err->message);
		return 1;
	}
	line = log_begin(&child.log, "failed");
	log_error(&line, err);
	log_end(&line);
	log_flush(&child.log);
	return 1;
}

int main(int argc, char **argv)
{
	enum message_role role;
	struct error err;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("sallyport-worker " SALLYPORT_VERSION);
		return 0;
	}
	if (role_of(argc, argv, &role) < 0 || !has_guardian())
		return refuse();
	walltime_init();
	if (child_start(&child, role, &err) < 0 || (role == ROLE_WORKER && tls_init(&err) < 0) ||
	    sandbox_enter(&child, &err) < 0)
		return fail(&err);
	return role == ROLE_WORKER ? worker_run(&child) : checker_run(&child);
}
