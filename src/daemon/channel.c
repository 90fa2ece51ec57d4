#include "daemon/channel.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"

struct channel_item {
	struct channel_item *next;
	struct message message;
	int fds[MESSAGE_FDS];
	unsigned int fd_count;
};

static void item_free(struct channel_item *item)
{
	unsigned int i;

	for (i = 0; i < item->fd_count; i++)
		if (item->fds[i] >= 0)
			close(item->fds[i]);
	free(item);
}

static struct channel_item *take_first(struct channel *channel)
{
	struct channel_item *item = channel->first;

	channel->first = item->next;
	if (channel->first == NULL)
		channel->last = NULL;
	return item;
}

static void send_waiting(struct channel *channel)
{
	while (channel->first != NULL) {
		struct channel_item *item = channel->first;
		int sent = message_send(channel->fd, &item->message, item->fds, item->fd_count);

		if (sent == 0)
			return;
		item_free(take_first(channel));
	}
}

void channel_drain(struct channel *channel)
{
	struct message message;
	int fds[MESSAGE_FDS];
	int got = 0;

	while (channel->open && (got = message_receive(channel->fd, &message, fds)) == 1)
		channel->received(channel, &message, fds);
	if (got < 0)
		channel_close(channel);
}

static void channel_ready(struct watch *watch, uint32_t events)
{
	struct channel *channel =
		(struct channel *)((char *)watch - offsetof(struct channel, watch));

	if ((events & EPOLLOUT) != 0)
		send_waiting(channel);
	channel_drain(channel);
}

int channel_open(struct channel *channel, struct loop *loop, int fd, struct error *err)
{
	channel->loop = loop;
	channel->watch.ready = channel_ready;
	if (loop_add(loop, fd, &channel->watch, EPOLLIN | EPOLLOUT, err) < 0) {
		close(fd);
		return -1;
	}
	channel->fd = fd;
	channel->open = true;
	return 0;
}

void channel_close(struct channel *channel)
{
	if (!channel->open)
		return;
	channel->open = false;
	loop_remove(channel->loop, channel->fd, &channel->watch);
	close(channel->fd);
	while (channel->first != NULL)
		item_free(take_first(channel));
}

static void wait_in_line(struct channel *channel, const struct message *message, const int *fds,
			 unsigned int fd_count)
{
	struct channel_item *item = memory_new(sizeof(*item));

	item->message = *message;
	for (item->fd_count = 0; item->fd_count < fd_count; item->fd_count++)
		item->fds[item->fd_count] = fcntl(fds[item->fd_count], F_DUPFD_CLOEXEC, 0);
	if (channel->last != NULL)
		channel->last->next = item;
	else
		channel->first = item;
	channel->last = item;
}

void channel_send(struct channel *channel, const struct message *message, const int *fds,
		  unsigned int fd_count)
{
	if (!channel->open)
		return;
	if (channel->first == NULL && message_send(channel->fd, message, fds, fd_count) != 0)
		return;
	wait_in_line(channel, message, fds, fd_count);
}

int channel_pair(int ret_ends[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_ends) < 0)
		return error_set_errno(err, "could not make a channel between two processes");
	return 0;
}
