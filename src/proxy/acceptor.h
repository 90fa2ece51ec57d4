/*
 * proxy/acceptor.h - the listening sockets of this worker, given to it by the guardian.
 *
 * A socket belongs to whichever listener of the snapshot covers its address and port; one that none
 * covers is closed when the snapshot changes. Limits that refuse a connection answer with a reset.
 * Out of descriptors or memory: stops accepting, says so once a second, tries again.
 */
#ifndef SALLYPORT_PROXY_ACCEPTOR_H
#define SALLYPORT_PROXY_ACCEPTOR_H

#include "proxy/worker_internal.h"

/* Takes the socket. fd -1: closes the sockets of this address. */
void acceptor_add(struct worker *worker, const struct address *address, int fd);
/* After a new snapshot: finds each socket's listener, closes those without one. */
void acceptor_bind_all(struct worker *worker);
/* Goes on with what an earlier turn left. */
void acceptor_run_all(struct worker *worker);
void acceptor_close_all(struct worker *worker);

#endif
