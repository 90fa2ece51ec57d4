/* daemon/guardian_internal.h - what the files of the guardian share: one struct per process. */
#ifndef SALLYPORT_DAEMON_GUARDIAN_INTERNAL_H
#define SALLYPORT_DAEMON_GUARDIAN_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "daemon/channel.h"
#include "daemon/executable.h"
#include "daemon/guardian.h"
#include "daemon/privileges.h"
#include "daemon/process.h"
#include "daemon/socket_table.h"
#include "daemon/upgrade.h"
#include "document/message.h"
#include "net/loop.h"
#include "stats/stats.h"

enum kept { KEPT_DOCUMENT, KEPT_REVOCATION, KEPT_SECRETS };

struct guardian {
	const struct options *options;
	char **argv;
	struct loop *loop;
	struct log log;
	struct executables executables;
	bool root;	  /* started as root */
	bool drops_users; /* root, and not --no-sandbox */
	struct privileges_user control_user, worker_user, checker_user;

	struct process control, checker;
	struct process *workers; /* worker_count of them, from CONFIGURE on */
	uint32_t worker_count;

	struct message_configure configure;
	bool configured; /* control has said CONFIGURE: there are workers, a log, shared memory */
	int stats_fd, health_fd;
	struct stats *stats;
	struct socket_table sockets;
	uint64_t kept_version;
	uint64_t kept_made; /* of the revocation table */
	int kept[MESSAGE_FDS]; /* by enum kept; -1: nothing */

	bool serving;	/* control has said SERVING */
	bool reloading; /* the service manager was told so */
	struct timeout reload_over;
	bool stopping;
	struct timeout stop_deadline;
	bool finished;
	int exit_status;

	char master_key[PATH_MAX]; /* file of the master key; "" with --manifest */
	int bootstrap_fd;	   /* for the first credentials; -1: no first start */

	/* --socket, where control may not bind it itself; -1: control does */
	int control_socket;
	bool socket_is_ours; /* to remove at the end */

	struct upgrade upgrade;
	int signal_fd;
	struct watch signal_watch;
	struct timeout tick;
};

/* guardian.c */
void guardian_each_child(struct guardian *guardian,
			 void (*each)(struct process *process, void *arg),
			 void *arg); /* workers and the checker */
/* Connections are finished within the limit, then everybody ends, and the guardian with this status. */
void guardian_stop(struct guardian *guardian, int exit_status, uint32_t limit_ms);
void guardian_kill_all(struct guardian *guardian);
/* After every death: is there anybody left to wait for? */
void guardian_check_finished(struct guardian *guardian);

/* guardian_log.c */
/* Standard streams exist, and stdout never blocks the guardian or those who share it with us. */
void guardian_log_prepare(void);
/* A descriptor for "stdout", "stderr" or a file; -1: errno says why. */
int guardian_log_open(const char *path);
/* Replaces the log of every process; takes fd. */
void guardian_log_use(struct guardian *guardian, int fd);
void guardian_log_reopen(struct guardian *guardian);

/* guardian_setup.c */
/* Log, shared memory, workers and checker as configured. 0 or errno. inherited_stats: of the guardian
 * before this one, or -1; not closed. */
int guardian_setup(struct guardian *guardian, int inherited_stats);
/* The user of Settings.User from now on; 0 or errno. ret_changed: control runs as somebody else. */
int guardian_setup_user(struct guardian *guardian, const char *name, bool *ret_changed);
/* Where the control socket is, or, in a place that only root may enter, the socket itself. */
int must_check guardian_setup_folder(struct guardian *guardian, struct error *err);

/* guardian_data.c: data folder, master key, file for the first credentials. */
int must_check guardian_setup_data(struct guardian *guardian, struct error *err);

/* guardian_request.c: what control asks for. */
void guardian_request(struct guardian *guardian, const struct message *message,
		      int fds[MESSAGE_FDS]);

/* guardian_watch.c: once a second. */
void guardian_watch_children(struct guardian *guardian);
/* Gives the sockets of a worker that keeps dying to one that lives. */
void guardian_lend_sockets(struct guardian *guardian, const struct process *dead);

#endif
