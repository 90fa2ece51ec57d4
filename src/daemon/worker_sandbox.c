#include "daemon/worker_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/worker_privileges.h"

/* What serving connections takes. No open, no exec, no fork, no ptrace, no change of signal handlers.
 * Calls that an architecture does not have are left out by libseccomp. */
/* clang-format off */
static const char *const allowed[] = {
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "poll", "ppoll",
	"accept4", "shutdown", "close",
	"setsockopt", "getsockopt", "getsockname", "getpeername",
	"read", "readv", "pread64", "write", "writev", "recvmsg", "sendmsg", "recvfrom", "sendto",
	"splice", "pipe2", "fcntl", "fstat", "lseek",
	"clock_gettime", "clock_getres", "gettimeofday", "time", "clock_nanosleep", "nanosleep",
	"getrandom", "munmap", "madvise", "mremap", "brk", "futex", "sched_yield",
	"rt_sigreturn", "rt_sigprocmask", "sigaltstack", "restart_syscall",
	"getpid", "gettid", "tgkill", "exit", "exit_group",
};
/* clang-format on */

#define UNIX_ADDRESS_MAX (offsetof(struct sockaddr_un, sun_path) + 1 + ADDRESS_UNIX_NAME)

/* Calls that are allowed for some arguments only. */
struct condition {
	const char *name;
	struct scmp_arg_cmp compare;
};

static int add_conditions(scmp_filter_ctx filter)
{
	const struct condition conditions[] = {
		/* Memory is never both fresh and executable. */
		{ "mmap", SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ "mprotect", SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ "socket", SCMP_A0_64(SCMP_CMP_EQ, AF_INET, 0) },
		{ "socket", SCMP_A0_64(SCMP_CMP_EQ, AF_INET6, 0) },
		/* Of unix sockets only those with a short name: the console's (proxy/dial.c), but none of
		 * the paths where daemons listen, this one's control included. */
		{ "connect", SCMP_A2_32(SCMP_CMP_LE, UNIX_ADDRESS_MAX, 0) },
		{ "connect", SCMP_A2_32(SCMP_CMP_EQ, sizeof(struct sockaddr_in6), 0) },
		/* fstat() of newer C libraries. */
		{ "newfstatat", SCMP_A3_64(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH) },
		/* getrlimit(), not setrlimit(). */
		{ "prlimit64", SCMP_A2_64(SCMP_CMP_EQ, 0, 0) },
		/* How much is unread, how much unsent. The kernel looks at 32 bits of it. */
		{ "ioctl", SCMP_A1_32(SCMP_CMP_EQ, SIOCINQ, 0) },
		{ "ioctl", SCMP_A1_32(SCMP_CMP_EQ, SIOCOUTQ, 0) },
	};
	size_t i;

	for (i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		int number = seccomp_syscall_resolve_name(conditions[i].name);
		int result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1,
						    &conditions[i].compare);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Streams only: datagrams could be sent to any path. */
static int allow_unix_streams(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
				SCMP_A0_64(SCMP_CMP_EQ, AF_UNIX, 0),
				SCMP_A1_64(SCMP_CMP_EQ, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
					   0));
}

static int add_rules(scmp_filter_ctx filter)
{
	size_t i;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		int number = seccomp_syscall_resolve_name(allowed[i]);
		int result = number == __NR_SCMP_ERROR
				     ? 0
				     : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);

		if (result < 0)
			return result;
	}
	if (allow_unix_streams(filter) < 0)
		return -EINVAL;
	return add_conditions(filter);
}

#ifndef SALLYPORT_SANITIZED

/* --- telling the guardian which call it was --- */

#define NAMED_CALLS 512
#define NAME_SIZE 24

static char call_names[NAMED_CALLS][NAME_SIZE]; /* a handler cannot ask libseccomp: it allocates */
static int guard;

static void read_call_names(void)
{
	int i;

	for (i = 0; i < NAMED_CALLS; i++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);

		if (name != NULL)
			snprintf(call_names[i], NAME_SIZE, "%s", name);
		free(name);
	}
}

/* Runs between any two instructions: only what is safe in a signal handler. */
static void on_violation(int signal_number, siginfo_t *info, void *context)
{
	static struct message message;
	int number = info->si_syscall;

	(void)signal_number;
	(void)context;
	message.type = MESSAGE_VIOLATION;
	message.a = (uint32_t)number;
	if (number >= 0 && number < NAMED_CALLS)
		memcpy(message.value.error.message, call_names[number], NAME_SIZE);
	message_send(guard, &message, NULL, 0);
	/* Another forbidden call: SIGSYS is blocked in here, so the kernel ends the process with it. */
	for (;;)
		syscall(SYS_getppid);
}

static int catch_violations(int guard_fd, struct error *err)
{
	struct sigaction action;

	guard = guard_fd;
	read_call_names();
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_violation;
	action.sa_flags = SA_SIGINFO;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSYS, &action, NULL) < 0)
		return error_set_errno(err, "could not catch forbidden system calls");
	return 0;
}

#define VIOLATION_ACTION SCMP_ACT_TRAP

#else

/* Sanitizers make calls of their own: those are only logged by the kernel. */
static int catch_violations(int guard_fd, struct error *err)
{
	(void)guard_fd;
	(void)err;
	return 0;
}

#define VIOLATION_ACTION SCMP_ACT_LOG

#endif

static int load_filter(struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(VIOLATION_ACTION);
	int result;

	if (filter == NULL)
		return error_set(err, ERROR_SYSTEM, "could not set up seccomp");
	result = add_rules(filter);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result == 0)
		return 0;
	errno = -result;
	error_set_errno(err, "could not lock down system calls with seccomp");
	return error_hint(err, "Run with --no-sandbox if this kernel has no seccomp.");
}

int sandbox_enter(struct child *child, struct error *err)
{
	if (!child->start.sandbox)
		return 0;
	tzset(); /* the C library reads a file the first time it prints a date, even in UTC */
	if (worker_privileges_drop(&child->start, err) < 0 || worker_privileges_lock(err) < 0 ||
	    catch_violations(child->guard, err) < 0)
		return -1;
	return load_filter(err);
}
