/* Accepting, and what is asked of a connection before HTTP begins. */
#include "api/peer.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/proxy_protocol.h"

#define HEADER_SIZE 4112 /* the largest PROXY header that is read */

/* --- the PROXY header --- */

/* 1: read and taken off; 0: more must come; -1: it is none. */
static int take_header(struct peer *peer)
{
	uint8_t bytes[HEADER_SIZE];
	struct proxy_header header;
	ssize_t got = recv(peer->fd, bytes, sizeof(bytes), MSG_PEEK);
	int parsed;

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0)
		return -1;
	parsed = proxy_header_parse((struct bytes){ bytes, (size_t)got }, &header);
	if (parsed != 1)
		return parsed;
	if (recv(peer->fd, bytes, header.len, 0) != (ssize_t)header.len)
		return -1;
	if (!header.local)
		peer_set_source(peer, &header.source);
	return 1;
}

static void header_ready(struct watch *watch, uint32_t events)
{
	struct peer *peer = (struct peer *)((char *)watch - offsetof(struct peer, watch));
	int taken = take_header(peer);

	if (taken == 0 && (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) == 0)
		return;
	if (taken != 1 || !server_has_room(peer->server, peer->door, &peer->source)) {
		peer_drop(peer);
		return;
	}
	loop_remove(server_loop(peer->server), peer->fd, &peer->watch);
	peer_hand_over(peer);
}

static void await_header(struct peer *peer)
{
	peer->watch.ready = header_ready;
	if (loop_add(server_loop(peer->server), peer->fd, &peer->watch, EPOLLIN | EPOLLRDHUP,
		     NULL) < 0)
		peer_drop(peer);
}

/* --- accepting --- */

static bool may_speak(const struct door *door, int fd, uid_t *ret_user)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	*ret_user = peer.uid;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return door->kind == DOOR_CONSOLE &&
	       (door->peer_user == (uid_t)-1 || door->peer_user == peer.uid);
}

static void take_connection(struct door *door, int fd, const struct sockaddr_storage *from)
{
	bool is_tcp = door->kind == DOOR_TCP || door->kind == DOOR_PKI;
	struct address source = { 0 };
	uid_t user = (uid_t)-1;
	struct peer *peer;

	if (is_tcp)
		address_from_sockaddr(from, &source);
	if ((!is_tcp && !may_speak(door, fd, &user)) ||
	    !server_has_room(door->server, door->kind, &source)) {
		close(fd);
		return;
	}
	peer = peer_new(door->server, door->kind, fd);
	peer->user = user;
	if (is_tcp)
		peer_set_source(peer, &source);
	if (door->kind == DOOR_CONSOLE)
		await_header(peer);
	else
		peer_hand_over(peer);
}

static void door_ready(struct watch *watch, uint32_t events)
{
	struct door *door = (struct door *)((char *)watch - offsetof(struct door, watch));
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd;

	(void)events;
	while ((fd = accept4(door->fd, (struct sockaddr *)&from, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0 ||
	       errno == ECONNABORTED || errno == EINTR) {
		if (fd >= 0)
			take_connection(door, fd, &from);
		len = sizeof(from);
	}
}

int door_open(struct door *door, struct error *err)
{
	struct stat info;

	if (door->unlink_path != NULL && lstat(door->unlink_path, &info) == 0) {
		door->device = info.st_dev;
		door->inode = info.st_ino;
	}
	door->watch.ready = door_ready;
	return loop_add(server_loop(door->server), door->fd, &door->watch, EPOLLIN, err);
}

void door_close(struct door *door)
{
	struct stat info;

	loop_remove(server_loop(door->server), door->fd, &door->watch);
	/* By now it may be the one of a successor. */
	if (door->unlink_path != NULL && lstat(door->unlink_path, &info) == 0 &&
	    info.st_dev == door->device && info.st_ino == door->inode)
		unlink(door->unlink_path);
	close(door->fd);
	free(door->unlink_path);
	free(door);
}
