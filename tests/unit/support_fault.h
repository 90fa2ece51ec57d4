/*
 * A disk that fails, and a process that dies, at the n-th call that changes a file.
 *
 * The program's own definitions of these functions come before those of the C library, for SQLite as
 * well: all that the store does to its disk goes through here. fsync itself is left out: what was
 * written survives the death of a process.
 */
#ifndef SALLYPORT_SUPPORT_FAULT_H
#define SALLYPORT_SUPPORT_FAULT_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum fault_kind {
	FAULT_NONE,       /* only count */
	FAULT_DIE,        /* before the call */
	FAULT_DIE_AFTER,  /* behind it; a write is cut in half first */
	FAULT_EIO,        /* this call fails */
	FAULT_EIO_ON,     /* it and all that follow */
	FAULT_FULL,       /* this one finds no space */
	FAULT_FULL_ON,
	FAULT_KINDS
};

static struct fault {
	bool armed;
	enum fault_kind kind;
	int at, calls;
} fault;

static inline void fault_arm(enum fault_kind kind, int at)
{
	fault = (struct fault){ .armed = true, .kind = kind, .at = at };
}

static inline void fault_disarm(void)
{
	fault.armed = false;
}

static inline void fault_die(void)
{
	syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

/* takes_space: the call may find none. true: it fails, errno is set. */
static inline bool fault_hits(bool takes_space)
{
	bool hit, now;

	if (!fault.armed)
		return false;
	hit = fault.calls == fault.at;
	now = fault.calls++ >= fault.at;
	switch (fault.kind) {
	case FAULT_DIE:
		if (hit)
			fault_die();
		return false;
	case FAULT_EIO:
	case FAULT_EIO_ON:
		errno = EIO;
		return fault.kind == FAULT_EIO ? hit : now;
	case FAULT_FULL:
	case FAULT_FULL_ON:
		errno = ENOSPC;
		/* The first call that needs space is the one. */
		if (fault.kind == FAULT_FULL && now && takes_space) {
			fault.at = INT32_MAX;
			return true;
		}
		return takes_space && now;
	default:
		return false;
	}
}

static inline bool fault_dies_now(void)
{
	return fault.armed && fault.kind == FAULT_DIE_AFTER && fault.calls == fault.at + 1;
}

static inline long fault_done(long result)
{
	if (fault_dies_now())
		fault_die();
	return result;
}

static inline size_t fault_length(size_t len)
{
	return fault_dies_now() && len > 1 ? len / 2 : len;
}

ssize_t write(int fd, const void *data, size_t len)
{
	if (fault_hits(true))
		return -1;
	return fault_done(syscall(SYS_write, fd, data, fault_length(len)));
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	if (fault_hits(true))
		return -1;
	return fault_done(syscall(SYS_pwrite64, fd, data, fault_length(len), offset));
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset)
{
	return pwrite(fd, data, len, offset);
}

int ftruncate(int fd, off_t size)
{
	struct stat status = { 0 };

	fstat(fd, &status);
	if (fault_hits(size > status.st_size))
		return -1;
	return (int)fault_done(syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off_t size)
{
	return ftruncate(fd, size);
}

int fsync(int fd)
{
	(void)fd;
	return fault_hits(false) ? -1 : (int)fault_done(0);
}

int fdatasync(int fd)
{
	return fsync(fd);
}

int rename(const char *from, const char *to)
{
	return fault_hits(true) ? -1 : (int)fault_done(syscall(SYS_rename, from, to));
}

int link(const char *from, const char *to)
{
	return fault_hits(true) ? -1 : (int)fault_done(syscall(SYS_link, from, to));
}

int unlink(const char *path)
{
	return fault_hits(false) ? -1 : (int)fault_done(syscall(SYS_unlink, path));
}

#endif
