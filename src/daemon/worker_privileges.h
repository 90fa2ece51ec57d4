/* daemon/worker_privileges.h - root no longer: an empty root folder, another user, no capabilities. */
#ifndef SALLYPORT_DAEMON_WORKER_PRIVILEGES_H
#define SALLYPORT_DAEMON_WORKER_PRIVILEGES_H

#include "base/error.h"
#include "document/message.h"

/* Everything that start asks for. As a user there is nothing to change but the capabilities. */
int must_check worker_privileges_drop(const struct message_start *start, struct error *err);
/* No core file, no ptrace by others of this user, no setuid programs, no life without the guardian.
 * After the change of user. */
int must_check worker_privileges_lock(struct error *err);

#endif
