#include "document/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int receive_start(struct child *child, int fds[MESSAGE_FDS], struct error *err)
{
	struct pollfd poll_guard = { .fd = child->guard, .events = POLLIN };
	struct message message;

	while (poll(&poll_guard, 1, 10000) < 0 && errno == EINTR)
		;
	if (message_receive(child->guard, &message, fds) != 1 || message.type != MESSAGE_START)
		return error_set(err, ERROR_SYSTEM,
				 "could not start the %s: the guardian did not say how",
				 child->role == ROLE_CHECKER ? "checker" : "worker");
	child->start = message.value.start;
	return 0;
}

int child_start(struct child *child, enum message_role role, struct error *err)
{
	int fds[MESSAGE_FDS];

	memset(child, 0, sizeof(*child));
	child->role = role;
	child->guard = CHILD_GUARD_FD;
	child->control = -1;
	fcntl(child->guard, F_SETFD, FD_CLOEXEC);
	if (receive_start(child, fds, err) < 0)
		return -1;
	if (role == ROLE_CHECKER)
		snprintf(child->name, sizeof(child->name), "checker");
	else
		snprintf(child->name, sizeof(child->name), "worker-%u", child->start.index);
	log_init(&child->log, fds[2], child->start.log_json != 0, role == ROLE_CHECKER,
		 child->name);
	child->stats = stats_map(fds[0], err);
	child->health = health_map(fds[1], role == ROLE_CHECKER, err);
	close_fd(fds[0]);
	close_fd(fds[1]);
	return child->stats == NULL || child->health == NULL ? -1 : 0;
}

static void control_lost(struct child *child)
{
	if (child->control < 0)
		return;
	loop_remove(child->loop, child->control, &child->control_watch);
	close(child->control);
	child->control = -1;
}

static void control_ready(struct watch *watch, uint32_t events);

static void take_channel(struct child *child, int fd)
{
	struct error err;

	/* A control that died may have said something yet. */
	if (child->control >= 0)
		control_ready(&child->control_watch, 0);
	control_lost(child);
	child->channels++;
	child->control = fd;
	if (fd >= 0 && loop_add(child->loop, fd, &child->control_watch, EPOLLIN, &err) < 0)
		control_lost(child);
}

static void take_log(struct child *child, int fd)
{
	if (fd < 0)
		return;
	log_flush(&child->log);
	close(child->log.fd);
	child->log.fd = fd;
}

/* The channels have no order between them: only what was sent last may win. */
static bool is_outdated(struct child *child, bool from_control)
{
	child->told_by_control |= from_control;
	return child->told_by_control && !from_control;
}

/* Texts end, whatever the sender did. */
static void ask_connections(struct child *child, const struct message *message)
{
	struct message_filter filter = message->value.filter;

	filter.listener[sizeof(filter.listener) - 1] = '\0';
	filter.identity[sizeof(filter.identity) - 1] = '\0';
	filter.serial[sizeof(filter.serial) - 1] = '\0';
	child->connections(child, message->a, &filter);
}

static void dispatch(struct child *child, const struct message *message, int fds[MESSAGE_FDS],
		     bool from_control)
{
	int kept = 0; /* how many of the descriptors found an owner */

	switch (message->type) {
	case MESSAGE_CHANNEL:
		take_channel(child, fds[0]);
		kept = 1;
		break;
	case MESSAGE_LOG:
		take_log(child, fds[0]);
		kept = 1;
		break;
	case MESSAGE_SOCKET:
		if (child->socket != NULL) {
			child->socket(child, &message->value.address, fds[0]);
			kept = 1;
		}
		break;
	case MESSAGE_CLOSE:
		if (child->socket != NULL)
			child->socket(child, &message->value.address, -1);
		break;
	case MESSAGE_DOCUMENT:
		if (child->document != NULL && !is_outdated(child, from_control)) {
			child->document(child, message->version, fds[0], fds[1]);
			kept = 2;
		}
		break;
	case MESSAGE_SECRETS:
		if (child->secrets != NULL) {
			child->secrets(child, fds[0]);
			kept = 1;
		}
		break;
	case MESSAGE_DRAIN:
		if (child->drain != NULL)
			child->drain(child, message->a);
		break;
	case MESSAGE_REVOCATION:
		if (child->revocation != NULL && from_control && fds[0] >= 0) {
			child->revocation(child, fds[0]);
			kept = 1;
		}
		break;
	case MESSAGE_CONNECTIONS:
		if (child->connections != NULL && from_control)
			ask_connections(child, message);
		break;
	default:
		break;
	}
	for (; kept < MESSAGE_FDS; kept++)
		close_fd(fds[kept]);
}

static void guard_ready(struct watch *watch, uint32_t events)
{
	struct child *child = (struct child *)((char *)watch - offsetof(struct child, guard_watch));
	struct message message;
	int fds[MESSAGE_FDS];
	int got;

	(void)events;
	while ((got = message_receive(child->guard, &message, fds)) == 1)
		dispatch(child, &message, fds, false);
	if (got < 0 && child->orphaned != NULL)
		child->orphaned(child);
}

static void control_ready(struct watch *watch, uint32_t events)
{
	struct child *child =
		(struct child *)((char *)watch - offsetof(struct child, control_watch));
	struct message message;
	int fds[MESSAGE_FDS];
	int got = 0;

	(void)events;
	while (child->control >= 0 && (got = message_receive(child->control, &message, fds)) == 1)
		dispatch(child, &message, fds, true);
	if (got < 0)
		control_lost(child);
}

int child_listen(struct child *child, struct loop *loop, struct error *err)
{
	child->loop = loop;
	child->guard_watch.ready = guard_ready;
	child->control_watch.ready = control_ready;
	return loop_add(loop, child->guard, &child->guard_watch, EPOLLIN, err);
}

void child_answer(struct child *child, uint64_t version, const struct error *err)
{
	struct message message = { .version = version };

	if (child->control < 0)
		return;
	message.type = err == NULL ? MESSAGE_APPLIED : MESSAGE_REFUSED;
	if (err != NULL)
		message.value.error = *err;
	message_send(child->control, &message, NULL, 0);
}

/* The kernel counts a message with what it takes to keep it. */
static bool has_room(int channel)
{
	int used = 0, size = 0;
	socklen_t len = sizeof(size);

	return ioctl(channel, SIOCOUTQ, &used) == 0 &&
	       getsockopt(channel, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0 && used < size / 2;
}

int child_tell(struct child *child, const struct message *message)
{
	if (child->control < 0)
		return -1;
	return has_room(child->control) ? message_send(child->control, message, NULL, 0) : 0;
}
