/*
 * LD_PRELOAD: the disk of one folder fails at a test's word, for control alone. While the file that
 * FAULT_FILE names holds a number, calls that write below FAULT_FOLDER end with it as errno; 0 or no file:
 * nothing happens.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/syscall.h>
#include <unistd.h>

static int active;

/* The others are in a sandbox that lets nobody open a file. */
__attribute__((constructor)) static void find_role(void)
{
	char line[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, line, sizeof(line));

	if (fd >= 0)
		close(fd);
	active = length > 0 && memmem(line, (size_t)length, "--role\0control", 15) != NULL;
}

static int wanted(void)
{
	const char *path = getenv("FAULT_FILE");
	char text[16] = "";
	long fd = path == NULL ? -1 : syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	(void)!syscall(SYS_read, fd, text, sizeof(text) - 1);
	syscall(SYS_close, fd);
	return atoi(text);
}

static int is_inside(int fd)
{
	const char *folder = getenv("FAULT_FOLDER");
	char link[64], path[4096];
	ssize_t length;

	if (folder == NULL)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	return length > 0 && strncmp(path, folder, strlen(folder)) == 0;
}

/* 1: the call fails, errno is set. */
static int fails(int fd)
{
	int number = active ? wanted() : 0;

	if (number == 0 || !is_inside(fd))
		return 0;
	errno = number;
	return 1;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	return fails(fd) ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
	return fails(fd) ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	return fails(fd) ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, count);
}

int fsync(int fd)
{
	return fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
