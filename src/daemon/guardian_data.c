/*
 * What --data-dir needs and control may not make itself when it is not root: the folder, the master key
 * and the file for the first credentials. The guardian reads none of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "daemon/guardian_internal.h"
#include "store/master_key.h"

#define BOOTSTRAP_NAME "bootstrap.json"

/* What root put there, a restored backup, becomes control's. Ordinary files with one name and folders
 * only: control can write there, and must not get at another file of root's through a link. */
static void give_entry(int folder, const char *name, const struct privileges_user *user,
		       unsigned int depth);

static void give_contents(int folder, const struct privileges_user *user, unsigned int depth)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;

	if (dir == NULL) {
		close(folder);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			give_entry(folder, entry->d_name, user, depth);
	closedir(dir);
}

static void give_entry(int folder, const char *name, const struct privileges_user *user,
		       unsigned int depth)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info = { 0 };

	if (fd < 0)
		return;
	if (fstat(fd, &info) == 0 && info.st_uid == 0 &&
	    (S_ISDIR(info.st_mode) || (S_ISREG(info.st_mode) && info.st_nlink == 1)))
		(void)!fchown(fd, user->uid, user->gid);
	if (depth > 0 && S_ISDIR(info.st_mode))
		give_contents(fd, user, depth - 1);
	else
		close(fd);
}

static int give_folder(const struct guardian *guardian, const char *path, struct error *err)
{
	const struct privileges_user *user = &guardian->control_user;
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || fchown(folder, user->uid, user->gid) < 0) {
		error_set_errno(err, "could not give the data folder %s to control's user", path);
		if (folder >= 0)
			close(folder);
		return -1;
	}
	give_contents(folder, user, 1);
	return 0;
}

static int make_folder(const struct guardian *guardian, struct error *err)
{
	const char *folder = guardian->options->data_dir;
	struct stat info;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		error_set_errno(err, "could not make the data folder %s", folder);
		return error_hint(err, "Make the folder above it, or name another with --data-dir.");
	}
	if (stat(folder, &info) < 0 || !S_ISDIR(info.st_mode)) {
		error_set(err, ERROR_INVALID, "could not use %s as the data folder: it is no folder",
			  folder);
		return error_hint(err, "Name another with --data-dir.");
	}
	if (!guardian->drops_users)
		return 0;
	/* A folder of root's was made for this; one of anybody else's is theirs. */
	if (info.st_uid == 0 || info.st_uid == guardian->control_user.uid)
		return give_folder(guardian, folder, err);
	error_set(err, ERROR_DENIED,
		  "could not use the data folder %s: it belongs to user %u, and control runs as user "
		  "%u",
		  folder, info.st_uid, guardian->control_user.uid);
	return error_hint(err, "Give it to that user (chown -R), or name another.");
}

static bool has_store(const struct options *options)
{
	char path[PATH_MAX];
	struct stat info;

	snprintf(path, sizeof(path), "%s/%s", options->data_dir, STORE_FILE);
	return stat(path, &info) == 0 || errno != ENOENT;
}

/* For a store that is there a new one would be of no use. */
static int make_master_key(struct guardian *guardian, struct error *err)
{
	uint8_t key[STORE_MASTER_KEY_SIZE];
	int result = master_key_load(guardian->options->master_key, !has_store(guardian->options),
				     key, guardian->master_key, sizeof(guardian->master_key), err);

	memory_wipe(key, sizeof(key));
	return result;
}

static void bootstrap_path(const struct options *options, char ret_path[PATH_MAX])
{
	if (options->bootstrap_file != NULL)
		snprintf(ret_path, PATH_MAX, "%s", options->bootstrap_file);
	else
		snprintf(ret_path, PATH_MAX, "%s/%s", options->data_dir, BOOTSTRAP_NAME);
}

/* There is no store yet, or the file that was to get its first credentials is still empty: a first start
 * that came to nothing. */
static bool is_first_start(const struct options *options)
{
	char path[PATH_MAX];
	struct stat info;

	if (!has_store(options))
		return true;
	bootstrap_path(options, path);
	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0;
}

static int open_bootstrap_file(struct guardian *guardian, struct error *err)
{
	char path[PATH_MAX];
	struct stat info;
	int fd;

	bootstrap_path(guardian->options, path);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_set_errno(err, "could not open %s for the first credentials", path);
		return error_hint(err, "Name another file with --bootstrap-file.");
	}
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || fchmod(fd, 0600) < 0) {
		close(fd);
		error_set(err, ERROR_INVALID, "could not use %s for the first credentials: it is no "
			  "ordinary file", path);
		return error_hint(err, "Name another file with --bootstrap-file.");
	}
	guardian->bootstrap_fd = fd;
	return 0;
}

int guardian_setup_data(struct guardian *guardian, struct error *err)
{
	guardian->bootstrap_fd = -1;
	if (guardian->options->data_dir == NULL)
		return 0;
	if (make_folder(guardian, err) < 0 || make_master_key(guardian, err) < 0)
		return -1;
	if (!is_first_start(guardian->options))
		return 0;
	return open_bootstrap_file(guardian, err);
}
