/*
 * daemon/executable.h - the two programs, held open so that a restart runs what the guardian runs.
 *
 * A file that is replaced on disk meanwhile belongs to the next guardian, not to this one: it may
 * speak another version of the messages. An upgrade goes by the path.
 */
#ifndef SALLYPORT_DAEMON_EXECUTABLE_H
#define SALLYPORT_DAEMON_EXECUTABLE_H

#include <limits.h>
#include "base/error.h"

struct executables {
	char path[PATH_MAX]; /* of sallyportd, as it was at the start */
	int daemon, worker;  /* O_PATH, close-on-exec */
};

int must_check executables_open(struct executables *executables, struct error *err);
/* Replaces the process; returns only when that failed. */
void executable_run(int fd, char *const argv[]);

#endif
