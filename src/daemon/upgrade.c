#include "daemon/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/pack.h"
#include "daemon/guardian_internal.h"
#include "daemon/notify.h"
#include "net/socket.h"

#define STATE_MAGIC 0x53505432u /* SPT2: the order of what is packed below */
#define STATE_LIMIT (16u << 20)
#define REPORT_SERVING 'S'
#define REPORT_REFUSED 'R'
#define NO_FD UINT32_MAX

void upgrade_init(struct guardian *guardian)
{
	guardian->upgrade.report = guardian->upgrade.report_to = -1;
}

/* --- the old guardian --- */

static void fail(struct guardian *guardian, const char *why)
{
	struct upgrade *upgrade = &guardian->upgrade;

	log_event(&guardian->log, "upgrade_failed", "error", why);
	timeout_cancel(guardian->loop, &upgrade->limit);
	if (upgrade->report >= 0) {
		loop_remove(guardian->loop, upgrade->report, &upgrade->watch);
		close(upgrade->report);
	}
	upgrade->report = -1;
	upgrade->under_way = false;
	process_start(&guardian->control);
}

static void limit_expired(struct timeout *timeout)
{
	struct upgrade *upgrade =
		(struct upgrade *)((char *)timeout - offsetof(struct upgrade, limit));
	struct guardian *guardian =
		(struct guardian *)((char *)upgrade - offsetof(struct guardian, upgrade));

	if (upgrade->pid == 0) {
		process_kill(&guardian->control, SIGKILL);
		return;
	}
	kill(upgrade->pid, SIGKILL);
	upgrade->pid = 0; /* reaped as nobody's */
	fail(guardian, "the new sallyportd did not serve within 60 s");
}

void upgrade_begin(struct guardian *guardian)
{
	struct upgrade *upgrade = &guardian->upgrade;
	struct message stop = { .type = MESSAGE_STOP };

	if (!guardian->serving || guardian->stopping || upgrade->under_way) {
		log_event(&guardian->log, "upgrade_refused", "error",
			  upgrade->under_way ? "another one is under way"
					     : "nothing is served at the moment");
		return;
	}
	upgrade->under_way = true;
	upgrade->limit.expired = limit_expired;
	timeout_set(guardian->loop, &upgrade->limit,
		    loop_now_ms(guardian->loop) + UPGRADE_CONTROL_MS);
	if (guardian->control.pid == 0) {
		timeout_cancel(guardian->loop, &guardian->control.restart);
		upgrade_run(guardian);
		return;
	}
	channel_send(&guardian->control.channel, &stop, NULL, 0);
}

static void pack_state(const struct guardian *guardian, int report, struct buffer *out)
{
	size_t i;

	pack_u32(out, STATE_MAGIC);
	pack_u32(out, (uint32_t)sizeof(guardian->configure));
	pack_raw(out, &guardian->configure, sizeof(guardian->configure));
	pack_u32(out, (uint32_t)report);
	pack_u32(out, (uint32_t)guardian->stats_fd);
	pack_u32(out, (uint32_t)guardian->health_fd);
	pack_u32(out, (uint32_t)guardian->control_socket);
	pack_u64(out, guardian->kept_version);
	for (i = 0; i < MESSAGE_FDS; i++)
		pack_u32(out, (uint32_t)guardian->kept[i]);
	pack_u32(out, (uint32_t)guardian->sockets.count);
	for (i = 0; i < guardian->sockets.count; i++) {
		const struct socket_row *row = &guardian->sockets.rows[i];

		pack_raw(out, &row->address, sizeof(row->address));
		pack_u32(out, row->worker);
		pack_u32(out, (uint32_t)row->fd);
	}
}

static void pass_on(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

/* In the child: by the path, so that a file that was replaced is the one that runs. */
static void run_new(const struct guardian *guardian, int state, int report)
{
	char number[16];
	sigset_t none;
	size_t i;
	int kept;

	pass_on(state);
	pass_on(report);
	pass_on(guardian->stats_fd);
	pass_on(guardian->health_fd);
	pass_on(guardian->control_socket);
	for (kept = 0; kept < MESSAGE_FDS; kept++)
		pass_on(guardian->kept[kept]);
	for (i = 0; i < guardian->sockets.count; i++)
		pass_on(guardian->sockets.rows[i].fd);
	snprintf(number, sizeof(number), "%d", state);
	setenv(UPGRADE_ENVIRONMENT, number, 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(guardian->executables.path, guardian->argv);
	fprintf(stderr, "sallyportd: could not run %s: %s\n", guardian->executables.path,
		strerror(errno));
	_exit(127);
}

static void leave(struct guardian *guardian)
{
	struct upgrade *upgrade = &guardian->upgrade;
	struct log_line line = log_begin(&guardian->log, "handed_over");

	log_number(&line, "to", (uint64_t)upgrade->pid);
	log_end(&line);
	timeout_cancel(guardian->loop, &upgrade->limit);
	loop_remove(guardian->loop, upgrade->report, &upgrade->watch);
	close(upgrade->report);
	upgrade->report = -1;
	upgrade->handed_over = true;
	notify_send("MAINPID=%d\nREADY=1", (int)upgrade->pid);
	guardian_stop(guardian, 0, guardian->configure.shutdown_timeout_s * 1000);
}

static void report_ready(struct watch *watch, uint32_t events)
{
	struct upgrade *upgrade =
		(struct upgrade *)((char *)watch - offsetof(struct upgrade, watch));
	struct guardian *guardian =
		(struct guardian *)((char *)upgrade - offsetof(struct guardian, upgrade));
	char word;

	(void)events;
	/* The end of it without a word: the death that caused it is reaped in a moment. */
	if (read(upgrade->report, &word, 1) != 1)
		return;
	if (word == REPORT_SERVING) {
		leave(guardian);
		return;
	}
	/* It ends by itself, when the connections that it has accepted are finished. */
	upgrade->pid = 0;
	fail(guardian, "the new sallyportd could not serve the manifest: see reload_failed");
}

static int start_new(struct guardian *guardian, struct error *err)
{
	struct upgrade *upgrade = &guardian->upgrade;
	struct buffer state = { 0 };
	int ends[2], fd;

	if (channel_pair(ends, err) < 0)
		return -1;
	pack_state(guardian, ends[1], &state);
	fd = message_memfd("upgrade", buffer_bytes(&state), err);
	buffer_done(&state);
	upgrade->pid = fd < 0 ? 0 : fork();
	if (upgrade->pid == 0 && fd >= 0)
		run_new(guardian, fd, ends[1]);
	if (fd >= 0)
		close(fd);
	close(ends[1]);
	upgrade->report = ends[0];
	upgrade->watch.ready = report_ready;
	if (fd < 0)
		return -1;
	if (upgrade->pid < 0) {
		upgrade->pid = 0;
		return error_set_errno(err, "could not start the new sallyportd");
	}
	return loop_add(guardian->loop, upgrade->report, &upgrade->watch, EPOLLIN, err);
}

void upgrade_run(struct guardian *guardian)
{
	struct upgrade *upgrade = &guardian->upgrade;
	struct log_line line;
	struct error err;

	if (upgrade->pid != 0)
		return;
	if (start_new(guardian, &err) < 0) {
		fail(guardian, err.message);
		return;
	}
	timeout_set(guardian->loop, &upgrade->limit,
		    loop_now_ms(guardian->loop) + UPGRADE_LIMIT_MS);
	line = log_begin(&guardian->log, "upgrade_started");
	log_text(&line, "executable", guardian->executables.path);
	log_number(&line, "pid", (uint64_t)upgrade->pid);
	log_end(&line);
}

void upgrade_died(struct guardian *guardian, int wait_status)
{
	struct upgrade *upgrade = &guardian->upgrade;
	char why[96], end[32];

	upgrade->pid = 0;
	if (upgrade->handed_over || !upgrade->under_way)
		return;
	snprintf(why, sizeof(why), "the new sallyportd ended before it served: %s",
		 process_end_text(wait_status, end));
	fail(guardian, why);
}

void upgrade_cancel(struct guardian *guardian)
{
	struct upgrade *upgrade = &guardian->upgrade;

	timeout_cancel(guardian->loop, &upgrade->limit);
	if (upgrade->pid > 0 && !upgrade->handed_over)
		kill(upgrade->pid, SIGKILL);
	upgrade->under_way = false;
}

/* --- the new guardian --- */

static int take_fd(struct unpack *in)
{
	uint32_t number = unpack_u32(in);

	if (number == NO_FD)
		return -1;
	if (number > INT32_MAX || fcntl((int)number, F_SETFD, FD_CLOEXEC) < 0) {
		in->failed = true;
		return -1;
	}
	return (int)number;
}

static void unpack_sockets(struct unpack *in, struct socket_table *table)
{
	uint32_t count = unpack_count(in, sizeof(struct address) + 2 * sizeof(uint32_t));

	while (count-- > 0) {
		const uint8_t *raw = unpack_raw(in, sizeof(struct address));
		uint32_t worker = unpack_u32(in);
		int fd = take_fd(in);
		struct address address;

		if (raw == NULL || fd < 0)
			return;
		memcpy(&address, raw, sizeof(address));
		socket_table_add(table, &address, worker, fd);
	}
	socket_table_settle(table);
}

static int unpack_state(struct guardian *guardian, struct bytes state, int *ret_stats)
{
	struct unpack in = unpack_begin(state);
	const uint8_t *configure;
	int i;

	if (unpack_u32(&in) != STATE_MAGIC || unpack_u32(&in) != sizeof(guardian->configure))
		return -1;
	configure = unpack_raw(&in, sizeof(guardian->configure));
	if (configure == NULL)
		return -1;
	memcpy(&guardian->configure, configure, sizeof(guardian->configure));
	guardian->upgrade.report_to = take_fd(&in);
	*ret_stats = take_fd(&in);
	guardian->health_fd = take_fd(&in);
	guardian->control_socket = take_fd(&in);
	guardian->kept_version = unpack_u64(&in);
	for (i = 0; i < MESSAGE_FDS; i++)
		guardian->kept[i] = take_fd(&in);
	unpack_sockets(&in, &guardian->sockets);
	return unpack_is_done(&in) ? 0 : -1;
}

static int read_state(struct guardian *guardian, int fd, int *ret_stats, struct error *err)
{
	struct bytes state;
	int failed;

	if (message_map(fd, &state, err) < 0)
		return -1;
	failed = state.len > STATE_LIMIT || unpack_state(guardian, state, ret_stats) < 0;
	message_unmap(state);
	if (!failed)
		return 0;
	error_set(err, ERROR_CONFLICT,
		  "could not take over from the running sallyportd: it speaks another version");
	return error_hint(err, "Restart it instead of upgrading it in place.");
}

/* An address has a socket for each worker; a worker more than before gets sockets of its own. */
static int open_missing_sockets(struct guardian *guardian, struct error *err)
{
	size_t i, count = guardian->sockets.count;

	for (i = 0; i < count; i++) {
		struct address address = guardian->sockets.rows[i].address;
		uint32_t worker;

		if (guardian->sockets.rows[i].worker != 0)
			continue;
		for (worker = (uint32_t)socket_table_rows(&guardian->sockets, &address);
		     worker < guardian->configure.workers; worker++) {
			int fd = socket_listen(&address, err);

			if (fd < 0)
				return -1;
			socket_table_add(&guardian->sockets, &address, worker, fd);
		}
	}
	return 0;
}

int upgrade_inherit(struct guardian *guardian, struct error *err)
{
	const char *number = getenv(UPGRADE_ENVIRONMENT);
	int fd = number == NULL ? -1 : (int)strtol(number, NULL, 10);
	int stats = -1, result;
	bool changed;

	unsetenv(UPGRADE_ENVIRONMENT);
	if (fd <= STDERR_FILENO)
		return 0;
	result = read_state(guardian, fd, &stats, err);
	close(fd);
	if (result < 0)
		return -1;
	if (guardian->options->workers > 0)
		guardian->configure.workers = (uint32_t)guardian->options->workers;
	guardian_setup_user(guardian, guardian->configure.user, &changed);
	if (open_missing_sockets(guardian, err) < 0)
		return -1;
	result = guardian_setup(guardian, stats);
	if (stats >= 0)
		close(stats);
	if (result == 0)
		return 1;
	errno = result;
	return error_set_errno(err, "could not take over from the running sallyportd");
}

static void report(struct guardian *guardian, char word)
{
	guardian->socket_is_ours = word == REPORT_SERVING && guardian->control_socket >= 0;
	(void)!write(guardian->upgrade.report_to, &word, 1);
	close(guardian->upgrade.report_to);
	guardian->upgrade.report_to = -1;
}

void upgrade_report(struct guardian *guardian)
{
	if (guardian->upgrade.report_to >= 0)
		report(guardian, REPORT_SERVING);
}

void upgrade_give_up(struct guardian *guardian)
{
	if (guardian->upgrade.report_to < 0)
		return;
	report(guardian, REPORT_REFUSED);
	guardian_stop(guardian, 1, guardian->configure.shutdown_timeout_s * 1000);
}
