/*
 * control/control.h - the control role: makes the manifest into documents and has them served.
 *
 * It owns what is wanted; the guardian owns what is kept while control is down. It answers on a local
 * socket (control/local_socket.h) and with metrics (control/metrics.h).
 */
#ifndef SALLYPORT_CONTROL_CONTROL_H
#define SALLYPORT_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

struct control_options {
	const char *manifest;
	int64_t workers;	 /* of --workers; 0: what the manifest says */
	const char *socket_path; /* of --socket; NULL: by control/socket_path.h */
	int socket_fd;		 /* listens there already; 0: it is to be bound */
	int guard;		 /* channel of the guardian */
	bool privileged;	 /* the guardian was started as root */
};

/* The role's main loop. Returns its exit status: 0 when told to stop, 2 when the manifest could not be
 * served at the start (said on stderr), 1 when the guardian is gone. */
int control_run(const struct control_options *options);

#endif
