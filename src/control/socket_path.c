#include "control/socket_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/sha256.h"

#define ROOT_FOLDER "/run/sallyport"
#define NAME_HEX 16

int socket_path_name(const char *manifest, char ret_name[32], struct error *err)
{
	char absolute[PATH_MAX];
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;

	if (realpath(manifest, absolute) == NULL)
		return error_set_errno(err, "could not find \"%s\"", manifest);
	sha256_init(&hash);
	sha256_update(&hash, absolute, strlen(absolute));
	sha256_final(&hash, digest);
	hex_encode((struct bytes){ digest, NAME_HEX / 2 }, ret_name);
	memcpy(ret_name + NAME_HEX, ".sock", sizeof(".sock"));
	return 0;
}

static bool runtime_folder(char ret_folder[SOCKET_PATH_SIZE])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	/* Longer than any socket path may be: as if it were not set. */
	if (runtime == NULL || runtime[0] != '/' || strlen(runtime) > 60)
		return false;
	snprintf(ret_folder, SOCKET_PATH_SIZE, "%.60s/sallyport", runtime);
	return true;
}

static void temporary_folder(char ret_folder[SOCKET_PATH_SIZE])
{
	snprintf(ret_folder, SOCKET_PATH_SIZE, "/tmp/sallyport-%u", (unsigned int)geteuid());
}

static void folder_of(bool as_root, char ret_folder[SOCKET_PATH_SIZE])
{
	if (as_root)
		snprintf(ret_folder, SOCKET_PATH_SIZE, ROOT_FOLDER);
	else if (!runtime_folder(ret_folder))
		temporary_folder(ret_folder);
}

int socket_path_of(const char *manifest, bool as_root, char ret_path[SOCKET_PATH_SIZE],
		   struct error *err)
{
	char folder[SOCKET_PATH_SIZE], name[32];

	if (socket_path_name(manifest, name, err) < 0)
		return -1;
	folder_of(as_root, folder);
	snprintf(ret_path, SOCKET_PATH_SIZE, "%.70s/%s", folder, name);
	return 0;
}

int socket_path_of_api(const char *data_dir, bool as_root, char ret_path[SOCKET_PATH_SIZE],
		       struct error *err)
{
	if (socket_path_of(data_dir, as_root, ret_path, err) < 0)
		return -1;
	memcpy(strrchr(ret_path, '.'), ".api", sizeof(".api"));
	return 0;
}

size_t socket_path_folders(char ret_folders[SOCKET_PATH_FOLDERS][SOCKET_PATH_SIZE])
{
	size_t count = 0;

	if (geteuid() != 0) {
		if (runtime_folder(ret_folders[count]))
			count++;
		temporary_folder(ret_folders[count++]);
	}
	snprintf(ret_folders[count++], SOCKET_PATH_SIZE, ROOT_FOLDER);
	return count;
}

/* In /tmp anybody can make a folder of this name first; below /run only root can. */
static int check_folder(const char *folder, bool as_root, uid_t owner, struct error *err)
{
	struct stat info;

	if (lstat(folder, &info) < 0)
		return error_set_errno(err, "could not look at the folder %s", folder);
	if (S_ISDIR(info.st_mode) && (as_root || info.st_uid == owner || info.st_uid == 0) &&
	    (info.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	error_set(err, ERROR_DENIED, "could not use the folder %s: somebody else can write there",
		  folder);
	return error_hint(err, "Remove it, or choose a place for the socket with --socket.");
}

static int give_folder(const char *folder, uid_t owner, gid_t group, struct error *err)
{
	/* Root can write everywhere, and the folder may be that of another daemon's control. */
	if (owner == 0 || geteuid() != 0 || lchown(folder, owner, group) == 0)
		return 0;
	return error_set_errno(err, "could not give the folder %s to its user", folder);
}

int socket_path_make_folder(bool as_root, uid_t owner, gid_t group, struct error *err)
{
	char folder[SOCKET_PATH_SIZE];

	folder_of(as_root, folder);
	if (mkdir(folder, as_root ? 0755 : 0700) < 0 && errno != EEXIST)
		return error_set_errno(err, "could not make the folder %s for the control socket",
				       folder);
	if (check_folder(folder, as_root, owner, err) < 0)
		return -1;
	return as_root ? give_folder(folder, owner, group, err) : 0;
}
