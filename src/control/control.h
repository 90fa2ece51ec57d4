/*
 * control/control.h - the control role: makes what is wanted into documents and has them served.
 *
 * What is wanted stands in a manifest, or in the store of a data folder (control/follow.h).
 *
 * It owns what is wanted; the guardian owns what is kept while control is down. It answers on a local
 * socket (control/local_socket.h) and with metrics (control/metrics.h).
 */
#ifndef SALLYPORT_CONTROL_CONTROL_H
#define SALLYPORT_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

struct control_hooks;

struct control_options {
	const char *manifest;	 /* NULL: */
	const char *data_dir;
	const char *master_key;	 /* its file, with data_dir */
	const char *console;	 /* HOST:PORT of the console's HTTPS, or "none" */
	const char *console_backend; /* name of the abstract socket it relays to */
	const struct control_hooks *hooks; /* NULL with a manifest */
	void *hooks_arg;	 /* for hooks->open */
	int bootstrap_fd;	 /* for the first credentials; 0: this is no first start */
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
