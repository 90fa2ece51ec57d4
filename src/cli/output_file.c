#include "cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int exists_already(const char *path, struct error *err)
{
	error_set(err, ERROR_CONFLICT, "could not write \"%s\": there is such a file already",
		  path);
	return error_hint(err, "Give --force to replace it, or another --out.");
}

int output_file_check(const char *path, bool force, struct error *err)
{
	struct stat info;

	return force || lstat(path, &info) < 0 ? 0 : exists_already(path, err);
}

static int write_all(int fd, struct bytes content)
{
	size_t done = 0;

	while (done < content.len) {
		ssize_t put = write(fd, content.data + done, content.len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -1;
		done += (size_t)put;
	}
	return fsync(fd);
}

static int failed(const char *path, struct error *err)
{
	if (errno == EEXIST)
		return exists_already(path, err);
	return error_set_errno(err, "could not write \"%s\"", path);
}

/* Into a file of another name that takes the place: whoever reads sees the old one or the new one. */
static int replace(const char *path, struct bytes content, struct error *err)
{
	char temporary[PATH_MAX];
	int fd, status;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
	    sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return failed(path, err);
	}
	fd = mkstemp(temporary); /* mode 0600 */
	if (fd < 0)
		return failed(path, err);
	status = write_all(fd, content);
	if (status == 0)
		status = rename(temporary, path);
	if (status < 0) {
		failed(path, err);
		unlink(temporary);
	}
	close(fd);
	return status;
}

int output_file_write(const char *path, struct bytes content, bool force, struct error *err)
{
	int fd, status;

	if (force)
		return replace(path, content, err);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(path, err);
	status = fchmod(fd, 0600) == 0 ? write_all(fd, content) : -1;
	if (status < 0) {
		failed(path, err);
		unlink(path);
	}
	close(fd);
	return status;
}
