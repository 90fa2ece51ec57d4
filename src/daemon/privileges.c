#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (1ull << (capability))

/* CHOWN, DAC_OVERRIDE: log files and the folder of the control socket. DAC_READ_SEARCH: for control.
 * SYS_CHROOT, SETUID, SETGID, SETPCAP: for what children do before they are children of nobody.
 * SYS_RESOURCE: thousands of sockets on their way to a worker. SYS_PTRACE is not among them. */
static const uint64_t guardian_needs =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_KILL) |
	BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_SETUID) |
	BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_RESOURCE);

bool privileges_find_user(const char *name, struct privileges_user *ret_user)
{
	const struct passwd *entry = getpwnam(name);

	if (entry == NULL)
		return false;
	*ret_user = (struct privileges_user){ entry->pw_uid, entry->pw_gid, true };
	return true;
}

struct privileges_user privileges_user_or(const char *name, unsigned int id)
{
	struct privileges_user user = { id, id, false };

	privileges_find_user(name, &user);
	return user;
}

static int read_permitted(uint64_t *ret_permitted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	*ret_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

static int set_all(uint64_t wanted, bool inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	int i;

	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted = data[i].effective = (uint32_t)(wanted >> (32 * i));
		data[i].inheritable = inheritable ? data[i].permitted : 0;
	}
	return (int)syscall(SYS_capset, &header, data);
}

static void limit_bounding_set(uint64_t wanted)
{
	int i;

	for (i = 0; i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if ((wanted & BIT(i)) == 0)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

void privileges_reduce(void)
{
	uint64_t permitted;

	if (read_permitted(&permitted) < 0)
		return;
	limit_bounding_set(guardian_needs);
	set_all(permitted & guardian_needs, false);
}

int privileges_become_control(const struct privileges_user *user, struct error *err)
{
	uint64_t permitted = 0;
	uint64_t keep;

	read_permitted(&permitted);
	keep = permitted & BIT(CAP_DAC_READ_SEARCH);
	limit_bounding_set(keep);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(0, NULL) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return error_set_errno(err, "could not become user %u", user->uid);
	if (set_all(keep, true) < 0)
		return error_set_errno(err, "could not give up capabilities");
	/* Ambient capabilities are those that survive the exec of a program without any of its own. */
	if (keep != 0)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0);
	return 0;
}
