/*
 * daemon/privileges.h - who the processes are when the guardian was started by root.
 *
 *   guardian   root, with the few capabilities that starting the others takes
 *   control    user "sallyport", with CAP_DAC_READ_SEARCH alone: it reads key files and manifests that
 *              only root may read
 *   workers    user "sallyport-worker", nothing  (daemon/worker_privileges.h)
 *   checker    user "sallyport-checker", nothing
 *
 * A user that does not exist is replaced by a number that nobody else should have.
 */
#ifndef SALLYPORT_DAEMON_PRIVILEGES_H
#define SALLYPORT_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/error.h"

#define PRIVILEGES_CONTROL_USER "sallyport"
#define PRIVILEGES_WORKER_USER "sallyport-worker"
#define PRIVILEGES_CHECKER_USER "sallyport-checker"
#define PRIVILEGES_CONTROL_ID 64981
#define PRIVILEGES_WORKER_ID 64982
#define PRIVILEGES_CHECKER_ID 64983

struct privileges_user {
	uid_t uid;
	gid_t gid;
	bool exists;
};

bool privileges_find_user(const char *name, struct privileges_user *ret_user);
/* Never fails: without such a user both numbers are id. */
struct privileges_user privileges_user_or(const char *name, unsigned int id);

/* The guardian gives up what it does not need. What is missing already is not missed. */
void privileges_reduce(void);
/* Between fork and exec: becomes this user and keeps the capability to read all files. */
int must_check privileges_become_control(const struct privileges_user *user, struct error *err);

#endif
