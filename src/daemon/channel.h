/*
 * daemon/channel.h - the guardian's end of a socketpair: messages that wait rather than get lost.
 *
 * The guardian never blocks: what a full socketpair does not take waits in a queue, with copies of its
 * descriptors, and is sent in order when there is room.
 */
#ifndef SALLYPORT_DAEMON_CHANNEL_H
#define SALLYPORT_DAEMON_CHANNEL_H

#include <stdbool.h>
#include "document/message.h"
#include "net/loop.h"

struct channel_item;

/* Zeroed: closed. Embedded in its owner. */
struct channel {
	struct loop *loop;
	int fd; /* valid while open */
	bool open;
	struct watch watch;
	struct channel_item *first, *last;
	/* Descriptors are the callee's. */
	void (*received)(struct channel *channel, const struct message *message,
			 int fds[MESSAGE_FDS]);
};

/* Takes fd. On error it is closed. */
int must_check channel_open(struct channel *channel, struct loop *loop, int fd, struct error *err);
void channel_close(struct channel *channel); /* drops what waits */
/* Receives what the other side had sent before it ended. */
void channel_drain(struct channel *channel);
/* The descriptors stay the caller's. A closed channel takes nothing. */
void channel_send(struct channel *channel, const struct message *message, const int *fds,
		  unsigned int fd_count);

/* Two ends, close-on-exec, not blocking. */
int must_check channel_pair(int ret_ends[2], struct error *err);

#endif
