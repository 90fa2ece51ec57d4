#include "store/master_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder.h"

#define CREDENTIAL "sallyport-master-key"

/* --- where it is --- */

static char *credential_path(void)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (folder == NULL || *folder == '\0')
		return NULL;
	path = folder_path(folder, CREDENTIAL);
	if (folder_has(path))
		return path;
	free(path);
	return NULL;
}

static char *home_path(struct error *err)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config != NULL && *config == '/')
		return folder_path(config, "sallyport/master.key");
	if (home != NULL && *home == '/')
		return folder_path(home, ".config/sallyport/master.key");
	error_set(err, ERROR_INVALID, "could not tell where the master key is: HOME is not set");
	error_hint(err, "Give its path with --master-key.");
	return NULL;
}

char *master_key_usual_path(struct error *err)
{
	char *path = credential_path();

	if (path != NULL)
		return path;
	if (geteuid() == 0)
		return memory_copy_string("/etc/sallyport/master.key");
	return home_path(err);
}

/* --- reading --- */

/* systemd lets the service's user in by an access list, which shows as a right of the group. */
static bool is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	return folder != NULL && *folder != '\0' && strncmp(path, folder, strlen(folder)) == 0;
}

static int check_rights(int fd, const char *path, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return folder_fail(err, "look at the master key", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_INVALID, "the master key %s is not a file", path);
	if ((status.st_mode & (is_credential(path) ? 007 : 077)) != 0) {
		error_set(err, ERROR_DENIED, "the master key %s can be read by others", path);
		return error_hint(err, "Run: chmod 600 %s", path);
	}
	return 0;
}

/* One byte more than there may be, to know a file that is too long. */
static int read_key(int fd, const char *path, uint8_t ret_key[STORE_MASTER_KEY_SIZE],
		    struct error *err)
{
	uint8_t content[STORE_MASTER_KEY_SIZE + 1];
	size_t used = 0;
	ssize_t count = 1;

	while (used < sizeof(content) && count > 0) {
		count = read(fd, content + used, sizeof(content) - used);
		if (count > 0)
			used += (size_t)count;
	}
	if (count == 0 && used == STORE_MASTER_KEY_SIZE)
		memcpy(ret_key, content, STORE_MASTER_KEY_SIZE);
	memory_wipe(content, sizeof(content));
	if (count < 0)
		return folder_fail(err, "read the master key", path);
	if (used != STORE_MASTER_KEY_SIZE)
		return error_set(err, ERROR_INVALID, "the master key %s is not %d bytes long", path,
				 STORE_MASTER_KEY_SIZE);
	return 0;
}

/* --- making --- */

/* The last two folders, as /etc/sallyport and ~/.config/sallyport may be missing. */
static void make_folders(const char *path)
{
	char *folder = memory_copy_string(path);
	char *last = strrchr(folder, '/');
	char *before;

	if (last != NULL && last != folder) {
		*last = '\0';
		before = strrchr(folder, '/');
		if (before != NULL && before != folder) {
			*before = '\0';
			(void)!mkdir(folder, 0700);
			*before = '/';
		}
		/* If it cannot be made, making the file will say why. */
		(void)!mkdir(folder, 0700);
	}
	free(folder);
}

int master_key_save(const char *path, const uint8_t key[STORE_MASTER_KEY_SIZE], struct error *err)
{
	make_folders(path);
	return folder_replace(path, (struct bytes){ key, STORE_MASTER_KEY_SIZE }, err);
}

static int make_key(const char *path, uint8_t ret_key[STORE_MASTER_KEY_SIZE], struct error *err)
{
	uint8_t key[STORE_MASTER_KEY_SIZE];

	if (RAND_bytes(key, sizeof(key)) != 1)
		return error_set(err, ERROR_SYSTEM, "the system gave no random bytes");
	if (master_key_save(path, key, err) < 0) {
		memory_wipe(key, sizeof(key));
		return -1;
	}
	memcpy(ret_key, key, sizeof(key));
	memory_wipe(key, sizeof(key));
	return 0;
}

static int load(const char *path, bool may_create, uint8_t ret_key[STORE_MASTER_KEY_SIZE],
		struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int status;

	if (fd < 0 && errno == ENOENT && may_create)
		return make_key(path, ret_key, err);
	if (fd < 0 && errno == ENOENT) {
		error_set(err, ERROR_NOT_FOUND, "there is no master key at %s", path);
		error_symbol(err, "MasterKey.Missing");
		return error_hint(err, "Without it no private key of the store can be opened: "
				       "put it back, or restore a backup.");
	}
	if (fd < 0)
		return folder_fail(err, "open the master key", path);
	status = check_rights(fd, path, err);
	if (status == 0)
		status = read_key(fd, path, ret_key, err);
	close(fd);
	return status;
}

int master_key_load(const char *path, bool may_create, uint8_t ret_key[STORE_MASTER_KEY_SIZE],
		    char *ret_path, size_t size, struct error *err)
{
	char *used = path != NULL ? memory_copy_string(path) : master_key_usual_path(err);
	int status;

	if (used == NULL)
		return -1;
	status = load(used, may_create, ret_key, err);
	if (status == 0)
		snprintf(ret_path, size, "%s", used);
	free(used);
	return status;
}
