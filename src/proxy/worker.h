/* proxy/worker.h - the data plane: one process per core, one thread, one event loop. */
#ifndef SALLYPORT_PROXY_WORKER_H
#define SALLYPORT_PROXY_WORKER_H

#include "document/child.h"

/* Serves until it is drained or the guardian is gone. The exit status. */
int worker_run(struct child *child);

#endif
