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

/* No delay of small writes; a listening socket hands it on to those it accepts. */
void socket_no_delay(int fd);
/* A peer that is silently gone is noticed: probes after 60 s, every 10 s, three of them; unacknowledged
 * bytes after 30 s. Handed on likewise. */
void socket_keep_alive(int fd);
/* close() will reset the connection instead of ending it. */
void socket_reset_on_close(int fd);

#endif
