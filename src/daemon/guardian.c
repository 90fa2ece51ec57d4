#include "daemon/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/monotime.h"
#include "daemon/guardian_internal.h"
#include "daemon/notify.h"

#define TICK_MS 1000
#define RELOAD_LIMIT_MS 30000 /* the service manager is not kept waiting for longer */
#define STOP_GRACE_MS 3000    /* for a process that has nothing left to finish */

void guardian_each_child(struct guardian *guardian,
			 void (*each)(struct process *process, void *arg), void *arg)
{
	uint32_t i;

	each(&guardian->checker, arg);
	for (i = 0; guardian->workers != NULL && i < guardian->worker_count; i++)
		each(&guardian->workers[i], arg);
}

/* --- the end --- */

static void kill_child(struct process *process, void *arg)
{
	(void)arg;
	process_kill(process, SIGKILL);
}

void guardian_kill_all(struct guardian *guardian)
{
	guardian_each_child(guardian, kill_child, NULL);
	process_kill(&guardian->control, SIGKILL);
}

static void count_living(struct process *process, void *arg)
{
	unsigned int *living = arg;

	if (process->pid != 0)
		(*living)++;
}

void guardian_check_finished(struct guardian *guardian)
{
	unsigned int living = 0;

	guardian_each_child(guardian, count_living, &living);
	count_living(&guardian->control, &living);
	if (guardian->stopping && living == 0)
		guardian->finished = true;
}

static void drain(struct process *process, void *arg)
{
	struct message message = { .type = MESSAGE_DRAIN, .a = *(const uint32_t *)arg };

	timeout_cancel(process->guardian->loop, &process->restart);
	channel_send(&process->channel, &message, NULL, 0);
}

static void stop_deadline(struct timeout *timeout)
{
	struct guardian *guardian =
		(struct guardian *)((char *)timeout - offsetof(struct guardian, stop_deadline));

	log_event(&guardian->log, "stop_forced", "reason", "ShutdownTimeout is over");
	guardian_kill_all(guardian);
}

static void close_own(int fd)
{
	close(fd);
}

void guardian_stop(struct guardian *guardian, int exit_status, uint32_t limit_ms)
{
	struct message stop = { .type = MESSAGE_STOP };

	if (guardian->stopping)
		return;
	guardian->stopping = true;
	guardian->exit_status = exit_status;
	channel_send(&guardian->control.channel, &stop, NULL, 0);
	timeout_cancel(guardian->loop, &guardian->control.restart);
	guardian_each_child(guardian, drain, &limit_ms);
	/* A copy kept here would make clients wait in a queue that nobody empties. After an upgrade the
	 * successor has copies of its own. */
	socket_table_done(&guardian->sockets, close_own);
	timeout_set(guardian->loop, &guardian->stop_deadline,
		    loop_now_ms(guardian->loop) + limit_ms + STOP_GRACE_MS);
	guardian_check_finished(guardian);
}

/* --- signals --- */

static void stop_by_signal(struct guardian *guardian)
{
	if (guardian->stopping) {
		guardian_kill_all(guardian);
		return;
	}
	upgrade_cancel(guardian);
	notify_send("STOPPING=1");
	if (guardian->configured)
		log_event(&guardian->log, "stopping", NULL, NULL);
	guardian_stop(guardian, 0, guardian->configure.shutdown_timeout_s * 1000);
}

static void reload_over(struct timeout *timeout)
{
	struct guardian *guardian =
		(struct guardian *)((char *)timeout - offsetof(struct guardian, reload_over));

	guardian->reloading = false;
	notify_send("READY=1");
}

static void reload(struct guardian *guardian)
{
	struct message message = { .type = MESSAGE_RELOAD };

	channel_send(&guardian->control.channel, &message, NULL, 0);
	if (!guardian->serving || guardian->stopping)
		return;
	guardian->reloading = true;
	notify_send("RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)monotime_us());
	timeout_set(guardian->loop, &guardian->reload_over,
		    loop_now_ms(guardian->loop) + RELOAD_LIMIT_MS);
}

static struct process *find_process(struct guardian *guardian, pid_t pid)
{
	uint32_t i;

	if (guardian->control.pid == pid)
		return &guardian->control;
	if (guardian->checker.pid == pid)
		return &guardian->checker;
	for (i = 0; guardian->workers != NULL && i < guardian->worker_count; i++)
		if (guardian->workers[i].pid == pid)
			return &guardian->workers[i];
	return NULL;
}

static void reap(struct guardian *guardian)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct process *process = find_process(guardian, pid);

		if (process != NULL)
			process_died(process, status);
		else if (pid == guardian->upgrade.pid)
			upgrade_died(guardian, status);
	}
}

static void take_signal(struct guardian *guardian, uint32_t number)
{
	switch (number) {
	case SIGCHLD:
		reap(guardian);
		break;
	case SIGHUP:
		reload(guardian);
		break;
	case SIGUSR1:
		guardian_log_reopen(guardian);
		break;
	case SIGUSR2:
		upgrade_begin(guardian);
		break;
	default:
		stop_by_signal(guardian);
		break;
	}
}

static void signal_ready(struct watch *watch, uint32_t events)
{
	struct guardian *guardian =
		(struct guardian *)((char *)watch - offsetof(struct guardian, signal_watch));
	struct signalfd_siginfo info;

	(void)events;
	while (read(guardian->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		take_signal(guardian, info.ssi_signo);
}

static int catch_signals(struct guardian *guardian, struct error *err)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	guardian->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (guardian->signal_fd < 0)
		return error_set_errno(err, "could not receive signals");
	guardian->signal_watch.ready = signal_ready;
	return loop_add(guardian->loop, guardian->signal_fd, &guardian->signal_watch, EPOLLIN, err);
}

/* --- life --- */

static void tick(struct timeout *timeout)
{
	struct guardian *guardian =
		(struct guardian *)((char *)timeout - offsetof(struct guardian, tick));

	timeout_set(guardian->loop, &guardian->tick, loop_now_ms(guardian->loop) + TICK_MS);
	guardian_watch_children(guardian);
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* When a listening socket closes, connections that wait in it move to another one of its port. */
static void ask_for_migration(void)
{
	int fd = open("/proc/sys/net/ipv4/tcp_migrate_req", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "1", 1);
	close(fd);
}

static void init(struct guardian *guardian, const struct options *options, char **argv)
{
	int i;

	guardian->options = options;
	guardian->argv = argv;
	guardian->root = geteuid() == 0;
	guardian->drops_users = guardian->root && !options->no_sandbox;
	guardian->stats_fd = guardian->health_fd = guardian->signal_fd = -1;
	guardian->control_socket = -1;
	for (i = 0; i < MESSAGE_FDS; i++)
		guardian->kept[i] = -1;
	guardian->configure.shutdown_timeout_s = 30;
	guardian->control_user = privileges_user_or(PRIVILEGES_CONTROL_USER, PRIVILEGES_CONTROL_ID);
	guardian->worker_user = privileges_user_or(PRIVILEGES_WORKER_USER, PRIVILEGES_WORKER_ID);
	guardian->checker_user = privileges_user_or(PRIVILEGES_CHECKER_USER, PRIVILEGES_CHECKER_ID);
	process_init(&guardian->control, guardian, ROLE_CONTROL, 0);
	process_init(&guardian->checker, guardian, ROLE_CHECKER, 0);
	guardian->stop_deadline.expired = stop_deadline;
	guardian->reload_over.expired = reload_over;
	guardian->tick.expired = tick;
	upgrade_init(guardian);
}

static int begin(struct guardian *guardian, struct error *err)
{
	guardian_log_prepare();
	log_init(&guardian->log, STDOUT_FILENO, false, true, "guardian");
	raise_descriptor_limit();
	if (guardian->drops_users) {
		ask_for_migration();
		privileges_reduce();
	}
	guardian->loop = loop_new(err);
	if (guardian->loop == NULL || executables_open(&guardian->executables, err) < 0 ||
	    catch_signals(guardian, err) < 0 || upgrade_inherit(guardian, err) < 0 ||
	    guardian_setup_folder(guardian, err) < 0 || guardian_setup_data(guardian, err) < 0)
		return -1;
	timeout_set(guardian->loop, &guardian->tick, loop_now_ms(guardian->loop) + TICK_MS);
	process_start(&guardian->control);
	return 0;
}

static void done(struct guardian *guardian)
{
	if (guardian->stats != NULL)
		munmap(guardian->stats, stats_size(guardian->worker_count));
	if (guardian->socket_is_ours && !guardian->upgrade.handed_over)
		unlink(guardian->options->socket_path);
	channel_close(&guardian->control.channel);
	channel_close(&guardian->checker.channel);
	free(guardian->workers);
	free(guardian->sockets.rows); /* the sockets may be another guardian's by now */
	loop_free(guardian->loop);
}

int guardian_run(const struct options *options, char **argv)
{
	struct guardian *guardian = memory_new(sizeof(*guardian));
	struct error err;
	int status = 1;

	init(guardian, options, argv);
	if (begin(guardian, &err) < 0) {
		fprintf(stderr, "sallyportd: %s\n", err.message);
		if (err.hint[0] != '\0')
			fprintf(stderr, "hint: %s\n", err.hint);
	} else {
		while (!guardian->finished)
			loop_turn(guardian->loop, -1);
		if (guardian->configured)
			log_event(&guardian->log, "stopped", NULL, NULL);
		status = guardian->exit_status;
	}
	done(guardian);
	free(guardian);
	return status;
}
