/*
 * control/local_socket.h - the local control socket: one line of JSON in, one line of JSON out.
 *
 * Only root and the user that control runs as may speak to it (SO_PEERCRED). A living daemon that holds
 * the path already is left alone; the path is taken once it is free, so that an upgrade hands it over.
 */
#ifndef SALLYPORT_CONTROL_LOCAL_SOCKET_H
#define SALLYPORT_CONTROL_LOCAL_SOCKET_H

#include "base/error.h"

#define SOCKET_LINE_MAX 4096
#define SOCKET_CLIENTS_MAX 32

struct control;

/* What cannot be had is logged, and tried again on each tick. */
void local_socket_start(struct control *control);
void local_socket_tick(struct control *control);
void local_socket_stop(struct control *control);
/* The reloads up to control->tickets_done are over: tells those who wait. */
void local_socket_answer_reloads(struct control *control);

/* A listening unix socket at this path; a dead one in its place is removed. ERROR_CONFLICT: somebody
 * listens there. */
int must_check local_socket_listen(const char *path, unsigned int mode, struct error *err);

#endif
