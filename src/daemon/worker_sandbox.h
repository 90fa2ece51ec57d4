/*
 * daemon/worker_sandbox.h - what a worker or checker gives up before it sees a byte from outside.
 *
 * Started by root's guardian: an empty root folder, another user, no capabilities. Always: no new
 * privileges, no core, no ptrace, and a list of system calls (seccomp). A call that is not on it ends
 * the process; the guardian is told its name first.
 */
#ifndef SALLYPORT_DAEMON_WORKER_SANDBOX_H
#define SALLYPORT_DAEMON_WORKER_SANDBOX_H

#include "document/child.h"

/* After this nothing can be opened. On error the process must end. */
int must_check sandbox_enter(struct child *child, struct error *err);

#endif
