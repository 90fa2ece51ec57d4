#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/guardian_internal.h"

static void fill_missing_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	while (fd >= 0 && fd <= STDERR_FILENO) {
		fcntl(fd, F_SETFD, 0);
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	}
	if (fd >= 0)
		close(fd);
}

/*
 * O_NONBLOCK belongs to the open file, which a shell and its other children may share with us: a pipe
 * or a terminal is opened once more for ourselves. A socket cannot be; the service manager's stream to
 * its journal is ours alone. A file never blocks, and shares its position with stderr.
 */
static void unblock_stdout(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);
	struct stat info;
	int own;

	if (flags < 0 || fstat(STDOUT_FILENO, &info) < 0 || S_ISREG(info.st_mode))
		return;
	own = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0) {
		dup2(own, STDOUT_FILENO);
		close(own);
		return;
	}
	fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
}

void guardian_log_prepare(void)
{
	fill_missing_streams();
	unblock_stdout();
}

int guardian_log_open(const char *path)
{
	if (path[0] == '\0' || strcmp(path, "stdout") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (strcmp(path, "stderr") == 0)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		    S_IRUSR | S_IWUSR | S_IRGRP);
}

static void send_log(struct process *process, void *arg)
{
	struct message message = { .type = MESSAGE_LOG };
	const int *fd = arg;

	channel_send(&process->channel, &message, fd, 1);
}

void guardian_log_use(struct guardian *guardian, int fd)
{
	log_flush(&guardian->log);
	if (guardian->log.fd > STDERR_FILENO)
		close(guardian->log.fd);
	guardian->log.fd = fd;
	guardian->log.json = guardian->configure.log_json != 0;
	guardian_each_child(guardian, send_log, &fd);
	send_log(&guardian->control, &fd);
}

void guardian_log_reopen(struct guardian *guardian)
{
	int fd = guardian_log_open(guardian->configure.log);
	struct error err;

	if (fd < 0) {
		error_set_errno(&err, "could not reopen the log \"%s\"", guardian->configure.log);
		log_event(&guardian->log, "log_not_reopened", "error", err.message);
		return;
	}
	guardian_log_use(guardian, fd);
	log_event(&guardian->log, "reopened_logs", "log", guardian->configure.log);
}
