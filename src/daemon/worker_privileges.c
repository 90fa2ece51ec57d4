#include "daemon/worker_privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SALLYPORT_SANITIZED
/* The leak checker reads /proc and traces its own process at the end. */
static const bool is_traceable = true;
#else
static const bool is_traceable = false;
#endif

/* A folder that nobody else can reach: its name is gone before it becomes the root. One that is there
 * already was left behind by a process of this number, or is not ours and stays. */
static int open_new_folder(const char *path)
{
	int fd;

	rmdir(path);
	if (mkdir(path, S_IRUSR | S_IXUSR | S_IXGRP | S_IXOTH) < 0)
		return -1;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (rmdir(path) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_empty_folder(struct error *err)
{
	static const char *const places[] = { "/run", "/tmp", "" };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "%s/sallyport-empty-%d", places[i], (int)getpid());
		fd = open_new_folder(path);
		if (fd >= 0)
			return fd;
	}
	return error_set_errno(err, "could not make an empty folder for the chroot");
}

static int enter_empty_root(struct error *err)
{
	int fd = open_empty_folder(err);
	int failed;

	if (fd < 0)
		return -1;
	failed = fchdir(fd) < 0 || chroot(".") < 0 || chdir("/") < 0;
	if (failed)
		error_set_errno(err, "could not make an empty folder the root folder");
	close(fd);
	return failed ? -1 : 0;
}

static int become(uid_t uid, gid_t gid, struct error *err)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return error_set_errno(err, "could not become user %u, group %u", uid, gid);
	/* There must be no way back. */
	if (uid != 0 && setuid(0) == 0)
		return error_set(err, ERROR_SYSTEM,
				 "could not give up being root: it can be regained");
	return 0;
}

static void drop_bounding_set(void)
{
	int i;

	for (i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static int drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof(none));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) < 0)
		return error_set_errno(err, "could not give up capabilities");
	return 0;
}

int worker_privileges_drop(const struct message_start *start, struct error *err)
{
	if (start->privileged) {
		drop_bounding_set();
		if ((!is_traceable && enter_empty_root(err) < 0) ||
		    become(start->uid, start->gid, err) < 0)
			return -1;
	}
	return drop_capabilities(err);
}

int worker_privileges_lock(struct error *err)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return error_set_errno(err, "could not forbid core files");
	if (prctl(PR_SET_DUMPABLE, is_traceable ? 1 : 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set_errno(err, "could not lock the process");
	/* The change of user has reset it. A closed channel says the same, to those that still listen. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return 0;
}
