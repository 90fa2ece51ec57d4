/*
 * api/peer.h - a connection to the API server: where from, through which door, until when.
 */
#ifndef SALLYPORT_API_PEER_H
#define SALLYPORT_API_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "api/server.h"
#include "net/address.h"
#include "net/loop.h"

struct peer {
	struct peer *next, *prev;
	struct server *server;
	enum door_kind door;
	int fd;
	struct watch watch;      /* while its PROXY header is awaited */
	struct timeout deadline;
	struct address source;   /* family 0: local */
	char from[64];
	uid_t user;              /* local: who is at the other end */
	unsigned int requests;   /* begun so far */
	bool handed_over;        /* to the library, which closes it */
};

struct door;

/* --- api/door.c --- */

struct door {
	struct door *next;
	struct server *server;
	enum door_kind kind;
	int fd;
	struct watch watch;
	char *unlink_path;
	dev_t device; /* of the file at unlink_path */
	ino_t inode;
	uid_t peer_user;
};

int must_check door_open(struct door *door, struct error *err);
void door_close(struct door *door); /* frees it */

/* --- api/server.c: for doors --- */

struct loop *server_loop(const struct server *server);
/* Whether one more from this source is let in. */
bool server_has_room(const struct server *server, enum door_kind kind,
		     const struct address *source);
struct peer *peer_new(struct server *server, enum door_kind kind, int fd);
void peer_set_source(struct peer *peer, const struct address *source);
/* To the library; the peer may be gone afterwards. */
void peer_hand_over(struct peer *peer);
/* One that was not handed over. */
void peer_drop(struct peer *peer);

#endif
