#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/guardian_internal.h"
#include "document/child.h"

#define EXIT_NOT_STARTED 127
#define EXIT_BAD_MANIFEST 2

const char *process_name(const struct process *process)
{
	switch (process->role) {
	case ROLE_CONTROL:
		return "control";
	case ROLE_CHECKER:
		return "checker";
	default:
		return "worker";
	}
}

/* What control has told already, a revocation above all, is kept before another process is given it. */
static void hear_control(struct process *process)
{
	if (process->role != ROLE_CONTROL)
		channel_drain(&process->guardian->control.channel);
}

static void restart_expired(struct timeout *timeout)
{
	struct process *process =
		(struct process *)((char *)timeout - offsetof(struct process, restart));

	hear_control(process);
	process_start(process);
}

static void received(struct channel *channel, const struct message *message, int fds[MESSAGE_FDS])
{
	struct process *process =
		(struct process *)((char *)channel - offsetof(struct process, channel));
	int i;

	if (process->role == ROLE_CONTROL) {
		guardian_request(process->guardian, message, fds);
	} else if (message->type == MESSAGE_VIOLATION) {
		int len = (int)strnlen(message->value.error.message, 32);

		snprintf(process->violation, sizeof(process->violation), "%.*s%s(%u)", len,
			 message->value.error.message, len > 0 ? " " : "call ", message->a);
	}
	for (i = 0; i < MESSAGE_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

void process_init(struct process *process, struct guardian *guardian, enum message_role role,
		  uint32_t index)
{
	memset(process, 0, sizeof(*process));
	process->guardian = guardian;
	process->role = role;
	process->index = index;
	process->channel.received = received;
	process->restart.expired = restart_expired;
}

/* --- in the child, between fork and exec --- */

/* What a terminal or a service manager sends to the whole group is the guardian's business: it tells
 * the others in its own words. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A core for each worker, when there are as many: cores that are left over are the scheduler's choice. */
static void bind_to_core(const struct process *process)
{
	cpu_set_t usable, own;
	uint32_t left = process->index;
	int core;

	if (sched_getaffinity(0, sizeof(usable), &usable) < 0 ||
	    (uint32_t)CPU_COUNT(&usable) != process->guardian->worker_count)
		return;
	for (core = 0; core < CPU_SETSIZE; core++)
		if (CPU_ISSET(core, &usable) && left-- == 0)
			break;
	CPU_ZERO(&own);
	CPU_SET(core, &own);
	sched_setaffinity(0, sizeof(own), &own);
}

static void take_channel(int fd)
{
	if (fd == CHILD_GUARD_FD)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, CHILD_GUARD_FD);
}

/* The command line of control: what the guardian was given, and what it opened. */
struct arguments {
	const char *items[32];
	int count;
	char numbers[3][24];
	int number_count;
};

static void add_text(struct arguments *arguments, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	arguments->items[arguments->count++] = name;
	arguments->items[arguments->count++] = value;
}

static void add_number(struct arguments *arguments, const char *name, long long value)
{
	char *text = arguments->numbers[arguments->number_count++];

	snprintf(text, sizeof(arguments->numbers[0]), "%lld", value);
	add_text(arguments, name, text);
}

static void add_descriptor(struct arguments *arguments, const char *name, int fd)
{
	if (fd < 0)
		return;
	fcntl(fd, F_SETFD, 0);
	add_number(arguments, name, fd);
}

static void add_options(struct arguments *arguments, const struct guardian *guardian)
{
	const struct options *options = guardian->options;

	add_text(arguments, "--manifest", options->manifest);
	add_text(arguments, "--data-dir", options->data_dir);
	add_text(arguments, "--api", options->api);
	add_text(arguments, "--console", options->console);
	add_text(arguments, "--pki", options->pki);
	add_text(arguments, "--master-key", guardian->master_key);
	add_text(arguments, "--socket", options->socket_path);
	if (options->workers > 0)
		add_number(arguments, "--workers", options->workers);
	add_descriptor(arguments, "--socket-fd", guardian->control_socket);
	if (options->data_dir != NULL) {
		add_text(arguments, "--bootstrap-file", options->bootstrap_file);
		add_descriptor(arguments, "--bootstrap-fd", guardian->bootstrap_fd);
	}
}

static void run_control(const struct guardian *guardian)
{
	struct arguments arguments = { .items = { "sallyportd", "--role", "control" }, .count = 3 };
	struct error err;

	add_options(&arguments, guardian);
	if (guardian->root)
		arguments.items[arguments.count++] = "--privileged";
	if (guardian->drops_users && privileges_become_control(&guardian->control_user, &err) < 0) {
		fprintf(stderr, "sallyportd: %s\n", err.message);
		return;
	}
	executable_run(guardian->executables.daemon, (char *const *)(uintptr_t)arguments.items);
}

static void run_worker(const struct process *process)
{
	char index[16];
	const char *argv[] = { "sallyport-worker", "--role", process_name(process),
			       "--index",	   index,    NULL };

	snprintf(index, sizeof(index), "%u", process->index);
	if (process->role == ROLE_WORKER)
		bind_to_core(process);
	executable_run(process->guardian->executables.worker, (char *const *)(uintptr_t)argv);
}

static void run_child(const struct process *process, int channel)
{
	ignore_signals();
	take_channel(channel);
	if (process->role == ROLE_CONTROL)
		run_control(process->guardian);
	else
		run_worker(process);
	_exit(EXIT_NOT_STARTED);
}

/* --- what a new process is given --- */

static void say_start(struct process *process)
{
	struct guardian *guardian = process->guardian;
	const struct privileges_user *user =
		process->role == ROLE_CHECKER ? &guardian->checker_user : &guardian->worker_user;
	struct message message = { .type = MESSAGE_START };
	int fds[] = { guardian->stats_fd, guardian->health_fd, guardian->log.fd };

	message.value.start = (struct message_start){
		.index = process->index,
		.workers = guardian->worker_count,
		.uid = guardian->drops_users ? user->uid : 0,
		.gid = guardian->drops_users ? user->gid : 0,
		.sandbox = !guardian->options->no_sandbox,
		.privileged = guardian->drops_users,
		.log_json = guardian->configure.log_json,
	};
	channel_send(&process->channel, &message, fds, 3);
}

/* A new channel between control and this child, if both live. */
static void connect_to_control(struct process *process, void *arg)
{
	struct guardian *guardian = process->guardian;
	struct message message = { .type = MESSAGE_CHANNEL };
	struct error err;
	int ends[2];

	(void)arg;
	if (!process->channel.open || !guardian->control.channel.open)
		return;
	if (channel_pair(ends, &err) < 0) {
		log_event(&guardian->log, "channel_failed", "error", err.message);
		return;
	}
	message.value.channel.index = process->index;
	message.value.channel.role = process->role;
	channel_send(&process->channel, &message, &ends[0], 1);
	channel_send(&guardian->control.channel, &message, &ends[1], 1);
	close(ends[0]);
	close(ends[1]);
}

void process_connect_all(struct guardian *guardian)
{
	guardian_each_child(guardian, connect_to_control, NULL);
}

/* Its own, and those of a worker that keeps dying. */
static void give_sockets(struct process *process)
{
	struct guardian *guardian = process->guardian;
	size_t i;

	for (i = 0; i < guardian->sockets.count; i++) {
		struct socket_row *row = &guardian->sockets.rows[i];
		uint32_t owner = socket_table_worker(row->worker, guardian->worker_count);
		struct message message = { .type = MESSAGE_SOCKET, .value.address = row->address };

		if (owner != process->index) {
			if (!timeout_is_set(&guardian->workers[owner].restart))
				continue;
			row->lent_to = process->pid;
		}
		channel_send(&process->channel, &message, &row->fd, 1);
	}
}

static void give_kept(struct process *process)
{
	const struct guardian *guardian = process->guardian;
	struct message secrets = { .type = MESSAGE_SECRETS };
	struct message document = { .type = MESSAGE_DOCUMENT, .version = guardian->kept_version };

	if (guardian->kept[KEPT_SECRETS] >= 0 && process->role == ROLE_WORKER)
		channel_send(&process->channel, &secrets, &guardian->kept[KEPT_SECRETS], 1);
	if (guardian->kept[KEPT_DOCUMENT] >= 0)
		channel_send(&process->channel, &document, &guardian->kept[KEPT_DOCUMENT],
			     guardian->kept[KEPT_REVOCATION] >= 0 ? 2 : 1);
}

static void give_control(struct process *process)
{
	struct guardian *guardian = process->guardian;
	struct message ready = { .type = MESSAGE_READY };
	unsigned int count = 0;

	if (guardian->configured)
		say_start(process);
	if (guardian->kept[KEPT_DOCUMENT] >= 0)
		while (count < MESSAGE_FDS && guardian->kept[count] >= 0)
			count++;
	channel_send(&process->channel, &ready, guardian->kept, count);
	process_connect_all(guardian);
}

static void give_all(struct process *process)
{
	if (process->role == ROLE_CONTROL) {
		give_control(process);
		return;
	}
	say_start(process);
	connect_to_control(process, NULL);
	if (process->role == ROLE_WORKER)
		give_sockets(process);
	give_kept(process);
}

/* --- life and death --- */

static int fork_child(struct process *process, struct error *err)
{
	int ends[2];

	if (channel_pair(ends, err) < 0)
		return -1;
	process->pid = fork();
	if (process->pid == 0)
		run_child(process, ends[1]);
	close(ends[1]);
	if (process->pid < 0) {
		process->pid = 0;
		close(ends[0]);
		return error_set_errno(err, "could not start a process");
	}
	/* Without its channel it ends by itself. */
	return channel_open(&process->channel, process->guardian->loop, ends[0], err);
}

void process_start(struct process *process)
{
	struct guardian *guardian = process->guardian;
	struct error err;

	if (process->pid != 0 || guardian->stopping)
		return;
	process->started_ms = loop_now_ms(guardian->loop);
	process->turns = 0;
	process->silent = process->deaf = 0;
	process->hung = process->replaced = false;
	process->violation[0] = '\0';
	process->fresh = true;
	if (fork_child(process, &err) < 0) {
		struct log_line line = log_begin(&guardian->log, "start_failed");

		log_text(&line, "role", process_name(process));
		log_error(&line, &err);
		log_end(&line);
		if (process->pid == 0)
			timeout_set(guardian->loop, &process->restart,
				    loop_now_ms(guardian->loop) + PROCESS_RETRY_ALONE_MS);
		return;
	}
	give_all(process);
}

void process_kill(struct process *process, int signal_number)
{
	if (process->pid > 0)
		kill(process->pid, signal_number);
}

const char *process_end_text(int wait_status, char ret_text[32])
{
	const char *name = WIFSIGNALED(wait_status) ? sigabbrev_np(WTERMSIG(wait_status)) : NULL;

	if (name != NULL)
		snprintf(ret_text, 32, "SIG%s", name);
	else if (WIFSIGNALED(wait_status))
		snprintf(ret_text, 32, "signal %d", WTERMSIG(wait_status));
	else
		snprintf(ret_text, 32, "exit status %d", WEXITSTATUS(wait_status));
	return ret_text;
}

bool process_dies_too_often(uint64_t deaths_ms[PROCESS_DEATHS], uint64_t now_ms)
{
	memmove(&deaths_ms[1], &deaths_ms[0], (PROCESS_DEATHS - 1) * sizeof(deaths_ms[0]));
	deaths_ms[0] = now_ms;
	return deaths_ms[PROCESS_DEATHS - 1] != 0 &&
	       now_ms - deaths_ms[PROCESS_DEATHS - 1] <= PROCESS_DEATHS_MS;
}

static void log_death(struct process *process, pid_t pid, int wait_status, uint64_t retry_ms)
{
	struct guardian *guardian = process->guardian;
	char event[24], end[32];
	struct log_line line;

	snprintf(event, sizeof(event), "%s_%s", process_name(process),
		 process->hung ? "hung" : "died");
	line = log_begin(&guardian->log, event);
	if (process->role == ROLE_WORKER)
		log_number(&line, "worker", process->index);
	log_number(&line, "pid", (uint64_t)pid);
	log_text(&line, "end", process_end_text(wait_status, end));
	log_text(&line, "forbidden_call", process->violation);
	log_number(&line, "lived_ms", loop_now_ms(guardian->loop) - process->started_ms);
	if (retry_ms > 0)
		log_number(&line, "restart_in_ms", retry_ms);
	log_end(&line);
}

static bool another_worker_lives(const struct process *process)
{
	const struct guardian *guardian = process->guardian;
	uint32_t i;

	for (i = 0; process->role == ROLE_WORKER && i < guardian->worker_count; i++)
		if (i != process->index && guardian->workers[i].pid != 0)
			return true;
	return false;
}

/* Before anything was served there is nothing to save: the person at the terminal is told. */
static bool ends_the_start(struct process *process, int wait_status, bool too_often)
{
	struct guardian *guardian = process->guardian;
	char end[32];

	if (guardian->serving || guardian->kept[KEPT_DOCUMENT] >= 0)
		return false;
	if (process->role == ROLE_CONTROL && WIFEXITED(wait_status) &&
	    WEXITSTATUS(wait_status) == EXIT_BAD_MANIFEST) {
		guardian_stop(guardian, EXIT_BAD_MANIFEST, 0);
		return true;
	}
	if (!too_often)
		return false;
	fprintf(stderr, "sallyportd: could not start: the %s ended %d times (%s)\n",
		process_name(process), PROCESS_DEATHS, process_end_text(wait_status, end));
	guardian_stop(guardian, 1, 0);
	return true;
}

static void restart(struct process *process, pid_t pid, int wait_status)
{
	struct guardian *guardian = process->guardian;
	uint64_t now_ms = loop_now_ms(guardian->loop);
	bool too_often = process_dies_too_often(process->deaths_ms, now_ms);
	uint64_t retry_ms = 0;

	if (ends_the_start(process, wait_status, too_often))
		return;
	if (too_often)
		retry_ms = process->role == ROLE_WORKER && !another_worker_lives(process)
				   ? PROCESS_RETRY_ALONE_MS
				   : PROCESS_RETRY_MS;
	log_death(process, pid, wait_status, retry_ms);
	if (!too_often) {
		process_start(process);
		return;
	}
	timeout_set(guardian->loop, &process->restart, now_ms + retry_ms);
	if (process->role == ROLE_WORKER)
		guardian_lend_sockets(guardian, process);
}

void process_died(struct process *process, int wait_status)
{
	struct guardian *guardian = process->guardian;
	pid_t pid = process->pid;

	channel_drain(&process->channel); /* its last words */
	channel_close(&process->channel);
	hear_control(process);
	process->pid = 0;
	if (process->role == ROLE_WORKER)
		stats_clear_gauges(guardian->stats, process->index);
	if (guardian->stopping)
		guardian_check_finished(guardian);
	else if (process->role == ROLE_CONTROL && guardian->upgrade.under_way)
		upgrade_run(guardian);
	else if (process->replaced)
		process_start(process);
	else
		restart(process, pid, wait_status);
}
