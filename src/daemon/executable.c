#include "daemon/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Above the descriptors that a child is given by number. */
#define LOWEST_FD 10

static int open_program(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	int moved;

	if (fd < 0)
		return -1;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD);
	close(fd);
	return moved;
}

/* Beside sallyportd (a build folder), or where it is installed for programs only. */
static int open_worker(const char *daemon_path)
{
	static const char *const places[] = { "sallyport-worker",
					      "../libexec/sallyport/sallyport-worker",
					      "../lib/sallyport/sallyport-worker",
					      "../libexec/sallyport-worker" };
	const char *slash = strrchr(daemon_path, '/');
	int folder = slash == NULL ? 0 : (int)(slash - daemon_path);
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[PATH_MAX];
		int fd;

		snprintf(path, sizeof(path), "%.*s/%s", folder, daemon_path, places[i]);
		fd = access(path, X_OK) == 0 ? open_program(path) : -1;
		if (fd >= 0)
			return fd;
	}
	return -1;
}

int executables_open(struct executables *executables, struct error *err)
{
	ssize_t len = readlink("/proc/self/exe", executables->path, sizeof(executables->path) - 1);

	if (len < 0)
		return error_set_errno(err, "could not find the program itself: is /proc mounted?");
	executables->path[len] = '\0';
	executables->daemon = open_program("/proc/self/exe");
	if (executables->daemon < 0)
		return error_set_errno(err, "could not open %s", executables->path);
	executables->worker = open_worker(executables->path);
	if (executables->worker < 0) {
		error_set(err, ERROR_NOT_FOUND, "could not find sallyport-worker");
		return error_hint(err, "It belongs beside sallyportd, in the same folder.");
	}
	return 0;
}

void executable_run(int fd, char *const argv[])
{
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
}
