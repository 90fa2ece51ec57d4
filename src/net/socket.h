/* net/socket.h - listening sockets, opened so that a taken port is noticed and workers share the rest. */
#ifndef SALLYPORT_NET_SOCKET_H
#define SALLYPORT_NET_SOCKET_H

#include "base/error.h"
#include "net/address.h"

#define SOCKET_BACKLOG 4096

/* Could this address be listened on? A bind without SO_REUSEPORT, undone at once: with it, a second
 * daemon of the same user would share the port and nobody would know. -1: no, errno says why. */
int must_check socket_probe(const struct address *address, struct error *err);

/* A listening TCP socket that shares its port with others of ours (SO_REUSEPORT); IPv6 never answers
 * for IPv4 (IPV6_V6ONLY). Not blocking, close-on-exec. -1: errno says why. */
int must_check socket_listen(const struct address *address, struct error *err);

/* Stops listening in every process that has a copy of it, so that the port is free at once, and
 * closes the caller's. Connections that nobody has accepted are reset. */
void socket_close_everywhere(int fd);

/* The close-on-exec flag. */
int must_check socket_set_inherited(int fd, bool inherited, struct error *err);

#endif
