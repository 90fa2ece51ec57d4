/*
 * daemon/guardian.h - the process that starts, watches and restarts all others.
 *
 * It parses nothing from outside. It holds what must outlive everybody else: listening sockets, shared
 * memory, the log, and, unread, the document, revocation table and ticket secrets being served.
 */
#ifndef SALLYPORT_DAEMON_GUARDIAN_H
#define SALLYPORT_DAEMON_GUARDIAN_H

#include "daemon/options.h"

/* Returns the exit status of the program. argv is what an upgrade starts again. */
int guardian_run(const struct options *options, char **argv);

#endif
