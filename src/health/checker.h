/* health/checker.h - the checker: the role that finds out which servers answer. */
#ifndef SALLYPORT_HEALTH_CHECKER_H
#define SALLYPORT_HEALTH_CHECKER_H

#include "document/child.h"

/* Runs until the guardian is gone or says drain. child: after child_start() and the sandbox; one
 * call a process. Returns the exit status. Opens no file and looks up no name. */
int checker_run(struct child *child);

#endif
