#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "control/cores.h"
#include "control/local_socket.h"
#include "control/socket_path.h"
#include "daemon/guardian_internal.h"

/* Counters of the guardian before this one go on, when both speak of the same tables. */
static void take_over_counters(struct guardian *guardian, int fd)
{
	struct error err;
	struct stats *old = fd < 0 ? NULL : stats_map(fd, &err);

	if (old == NULL)
		return;
	stats_inherit(guardian->stats, old);
	munmap(old, stats_size(old->workers));
}

static int make_shared_memory(struct guardian *guardian, int inherited_stats, struct error *err)
{
	struct health *health;

	guardian->stats_fd = stats_create(guardian->worker_count, err);
	if (guardian->stats_fd < 0)
		return -1;
	guardian->stats = stats_map(guardian->stats_fd, err);
	if (guardian->stats == NULL)
		return -1;
	take_over_counters(guardian, inherited_stats);
	guardian->stats->guardian_pid = (uint64_t)getpid();
	if (guardian->health_fd >= 0) {
		health = health_map(guardian->health_fd, false, err);
		if (health != NULL) {
			munmap(health, sizeof(*health));
			return 0;
		}
		close(guardian->health_fd);
	}
	guardian->health_fd = health_create(err);
	return guardian->health_fd < 0 ? -1 : 0;
}

static const char *sandbox_text(const struct guardian *guardian)
{
	if (guardian->options->no_sandbox)
		return "off";
#ifdef SALLYPORT_SANITIZED
	return "weak: a build with sanitizers only notes forbidden system calls";
#endif
	return guardian->root ? "users, chroot, seccomp" : "seccomp only: not started as root";
}

static void log_missing_user(struct guardian *guardian, const char *name,
			     const struct privileges_user *user)
{
	struct log_line line;

	if (user->exists || !guardian->drops_users)
		return;
	line = log_begin(&guardian->log, "user_missing");
	log_text(&line, "user", name);
	log_number(&line, "uid", user->uid);
	log_text(&line, "hint", "Create the user, so that no other program has this number.");
	log_end(&line);
}

static void log_started(struct guardian *guardian)
{
	struct log_line line = log_begin(&guardian->log, "started");

	log_text(&line, "version", SALLYPORT_VERSION);
	log_number(&line, "pid", (uint64_t)getpid());
	log_number(&line, "workers", guardian->worker_count);
	log_text(&line, "sandbox", sandbox_text(guardian));
	if (guardian->upgrade.report_to >= 0)
		log_text(&line, "reason", "upgrade");
	log_end(&line);
	log_missing_user(guardian, PRIVILEGES_CONTROL_USER, &guardian->control_user);
	log_missing_user(guardian, PRIVILEGES_WORKER_USER, &guardian->worker_user);
	log_missing_user(guardian, PRIVILEGES_CHECKER_USER, &guardian->checker_user);
}

static void start_children(struct guardian *guardian)
{
	uint32_t i;

	guardian->workers = memory_new(guardian->worker_count * sizeof(*guardian->workers));
	for (i = 0; i < guardian->worker_count; i++)
		process_init(&guardian->workers[i], guardian, ROLE_WORKER, i);
	process_start(&guardian->checker);
	for (i = 0; i < guardian->worker_count; i++)
		process_start(&guardian->workers[i]);
}

int guardian_setup(struct guardian *guardian, int inherited_stats)
{
	int log_fd = guardian_log_open(guardian->configure.log);
	struct error err;

	if (log_fd < 0)
		return errno;
	guardian_log_use(guardian, log_fd);
	guardian->worker_count = guardian->configure.workers;
	if (guardian->worker_count == 0 || guardian->worker_count > OPTIONS_WORKERS_MAX)
		guardian->worker_count = cores_usable();
	if (make_shared_memory(guardian, inherited_stats, &err) < 0) {
		log_event(&guardian->log, "start_failed", "error", err.message);
		return ENOMEM;
	}
	guardian->configured = true;
	log_started(guardian);
	start_children(guardian);
	return 0;
}

/* Nothing but a socket: others may be able to write to the folder that --socket names. */
static void give_socket(const char *path, const struct privileges_user *user)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;

	if (fd < 0)
		return;
	if (fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) && info.st_nlink == 1)
		(void)!fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH);
	close(fd);
}

/* A folder that only root may enter is closed to control. What cannot be had here is left to control,
 * which says so and tries again. */
static void setup_socket(struct guardian *guardian)
{
	const char *path = guardian->options->socket_path;
	struct error err;

	if (!guardian->drops_users)
		return;
	if (guardian->control_socket < 0) {
		guardian->control_socket = local_socket_listen(path, 0600, &err);
		guardian->socket_is_ours = guardian->control_socket >= 0;
	}
	if (guardian->control_socket >= 0)
		give_socket(path, &guardian->control_user);
}

int guardian_setup_folder(struct guardian *guardian, struct error *err)
{
	uid_t owner = geteuid();
	gid_t group = getegid();

	if (guardian->options->socket_path != NULL)
		setup_socket(guardian);
	/* The socket of the API is in the usual place always. */
	if (guardian->options->socket_path != NULL && guardian->options->data_dir == NULL)
		return 0;
	if (guardian->drops_users) {
		owner = guardian->control_user.uid;
		group = guardian->control_user.gid;
	}
	return socket_path_make_folder(guardian->root, owner, group, err);
}

int guardian_setup_user(struct guardian *guardian, const char *name, bool *ret_changed)
{
	struct privileges_user user;
	struct error err;

	*ret_changed = false;
	if (!guardian->drops_users || name[0] == '\0')
		return 0;
	if (!privileges_find_user(name, &user))
		return strcmp(name, PRIVILEGES_CONTROL_USER) == 0 ? 0 : ESRCH;
	*ret_changed =
		user.uid != guardian->control_user.uid || user.gid != guardian->control_user.gid;
	guardian->control_user = user;
	if (*ret_changed && guardian_setup_folder(guardian, &err) < 0) {
		log_event(&guardian->log, "socket_folder_failed", "error", err.message);
		return EACCES;
	}
	return 0;
}
