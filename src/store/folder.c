#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_fail(struct error *err, const char *what, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	error_set_errno(err, "could not %s %s", what, path);
	if (err == NULL)
		return -1;
	err->code = full ? ERROR_LIMIT : ERROR_UNAVAILABLE;
	if (full)
		error_hint(err, "Free space in the data folder and try again.");
	return error_symbol(err, full ? "InsufficientStorage" : "ServiceUnavailable");
}

int folder_prepare(const char *folder, struct error *err)
{
	struct stat status;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return folder_fail(err, "make the data folder", folder);
	if (stat(folder, &status) < 0)
		return folder_fail(err, "look at the data folder", folder);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ERROR_INVALID, "could not use %s as data folder: "
						     "it is not a folder", folder);
	if ((status.st_mode & 022) != 0 ||
	    (status.st_uid != geteuid() && status.st_uid != 0 && geteuid() != 0)) {
		error_set(err, ERROR_DENIED, "could not use the data folder %s: "
					     "others may write to it", folder);
		return error_hint(err, "Run: chmod 700 %s; it must belong to the user of "
				       "Sallyport.", folder);
	}
	return 0;
}

int folder_lock(const char *folder, int *ret_fd, struct error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return folder_fail(err, "open the data folder", folder);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		bool taken = errno == EWOULDBLOCK;

		folder_fail(err, "lock the data folder", folder);
		close(fd);
		if (!taken)
			return -1;
		error_set(err, ERROR_CONFLICT, "could not open the store in %s: "
					       "another process uses it", folder);
		error_symbol(err, "Conflict.Store");
		return error_hint(err, "Stop the daemon that uses this data folder first.");
	}
	*ret_fd = fd;
	return 0;
}

char *folder_path(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = memory_new(size);

	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

bool folder_has(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

int folder_open_file(const char *path, bool create, int *ret_fd, struct error *err)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);
	int fd = open(path, flags, 0600);

	if (fd < 0)
		return folder_fail(err, "open", path);
	*ret_fd = fd;
	return 0;
}

int folder_make_private(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno != EEXIST)
		return folder_fail(err, "make", path);
	/* By name: to open and close a database that SQLite has open would end its locks. */
	return chmod(path, 0600) < 0 ? folder_fail(err, "change the rights of", path) : 0;
}

int folder_give(const char *path, const char *folder, struct error *err)
{
	struct stat status;

	if (geteuid() != 0)
		return 0;
	if (stat(folder, &status) < 0 || chown(path, status.st_uid, status.st_gid) < 0)
		return folder_fail(err, "change the owner of", path);
	return 0;
}

int folder_write(int fd, struct bytes bytes, int64_t offset)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t written = pwrite(fd, bytes.data + done, bytes.len - done,
					 (off_t)offset + (off_t)done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			errno = written == 0 ? ENOSPC : errno;
			return -1;
		}
		done += (size_t)written;
	}
	return 0;
}

int folder_sync(const char *path, struct error *err)
{
	char *folder = memory_copy_string(path);
	char *slash = strrchr(folder, '/');
	int fd, status;

	if (slash == NULL)
		strcpy(folder, "."); /* a name has at least one character */
	else
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	status = fd < 0 || fsync(fd) < 0 ? folder_fail(err, "sync", folder) : 0;
	if (fd >= 0)
		close(fd);
	free(folder);
	return status;
}

int folder_replace(const char *path, struct bytes content, struct error *err)
{
	size_t size = strlen(path) + sizeof(".new");
	char *temporary = memory_new(size);
	int fd = -1, status = -1;

	snprintf(temporary, size, "%s.new", path);
	if (unlink(temporary) < 0 && errno != ENOENT) {
		folder_fail(err, "remove", temporary);
		goto out;
	}
	if (folder_open_file(temporary, true, &fd, err) < 0)
		goto out;
	if (folder_write(fd, content, 0) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0) {
		folder_fail(err, "write", path);
		unlink(temporary);
		goto out;
	}
	status = folder_sync(path, err);
out:
	if (fd >= 0)
		close(fd);
	free(temporary);
	return status;
}
