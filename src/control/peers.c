#include "control/peers.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "control/control_internal.h"
#include "control/follow.h"

#define RECONCILE_MS 10000 /* longer than a document takes to be built */

void peer_name(enum message_role role, uint32_t index, char ret_name[24])
{
	if (role == ROLE_CHECKER)
		memcpy(ret_name, "checker", sizeof("checker"));
	else
		snprintf(ret_name, 24, "worker-%u", index);
}

static struct peer *find(const struct control *control, enum message_role role, uint32_t index)
{
	struct peer *peer;

	for (peer = control->peers.first; peer != NULL; peer = peer->next)
		if (peer->role == role && (role == ROLE_CHECKER || peer->index == index))
			return peer;
	return NULL;
}

static void lose_channel(struct peer *peer)
{
	if (peer->channel < 0)
		return;
	loop_remove(peer->control->loop, peer->channel, &peer->watch);
	close(peer->channel);
	peer->channel = -1;
	peer->asked = peer->answered = 0;
	peer->unsent = false;
}

/* Its end of the channel closed by itself. */
static void die(struct peer *peer)
{
	uint64_t asked = peer->asked;
	char name[24];

	lose_channel(peer);
	peer_name(peer->role, peer->index, name);
	apply_peer_died(peer->control, name, asked);
}

static void take_message(struct peer *peer, const struct message *message)
{
	char name[24];

	if (message->type == MESSAGE_APPLIED) {
		peer->answered = message->version;
		apply_peer_answered(peer->control);
	} else if (message->type == MESSAGE_REFUSED) {
		struct error error = message->value.error;

		error.message[sizeof(error.message) - 1] = error.hint[sizeof(error.hint) - 1] =
			'\0';
		error.place[sizeof(error.place) - 1] = error.symbol[sizeof(error.symbol) - 1] =
			'\0';
		peer_name(peer->role, peer->index, name);
		apply_peer_refused(peer->control, name, message->version, &error);
	} else if (peer->control->follow != NULL) {
		follow_worker_said(peer->control, peer->index, message);
	}
}

static void peer_ready(struct watch *watch, uint32_t events)
{
	struct peer *peer = (struct peer *)((char *)watch - offsetof(struct peer, watch));
	struct message message;
	int fds[MESSAGE_FDS], i;
	int got = 0;

	(void)events;
	while (peer->channel >= 0 && (got = message_receive(peer->channel, &message, fds)) == 1) {
		for (i = 0; i < MESSAGE_FDS; i++)
			control_close_fd(&fds[i]);
		take_message(peer, &message);
	}
	if (got < 0)
		die(peer);
}

static void send_document(struct peer *peer, const struct package *package)
{
	struct message message = { .type = MESSAGE_DOCUMENT, .version = package->version };
	int fds[2] = { package->document, package->revocation };
	int sent;

	if (peer->channel < 0)
		return;
	peer->asked = package->version;
	sent = message_send(peer->channel, &message, fds, package->revocation < 0 ? 1 : 2);
	peer->unsent = sent == 0;
	if (sent < 0)
		lose_channel(peer);
}

static void send_secrets(struct peer *peer, int secrets_fd)
{
	struct message message = { .type = MESSAGE_SECRETS };

	/* A full channel belongs to a process that hangs: its successor gets the kept ones. */
	if (peer->channel >= 0 && message_send(peer->channel, &message, &secrets_fd, 1) < 0)
		lose_channel(peer);
}

void peers_take_channel(struct control *control, enum message_role role, uint32_t index, int fd)
{
	struct peer *peer = find(control, role, index);
	struct error err;

	if (peer == NULL) {
		peer = memory_new(sizeof(*peer));
		peer->control = control;
		peer->role = role;
		peer->index = index;
		peer->channel = -1;
		peer->watch.ready = peer_ready;
		peer->next = control->peers.first;
		control->peers.first = peer;
	}
	/* Its last words, and that it is dead, may still wait to be read. */
	if (peer->channel >= 0)
		peer_ready(&peer->watch, 0);
	lose_channel(peer);
	if (fd < 0)
		return;
	peer->channel = fd;
	if (loop_add(control->loop, fd, &peer->watch, EPOLLIN | EPOLLOUT, &err) < 0) {
		log_event(&control->log, "peer_lost", "error", err.message);
		close(fd);
		peer->channel = -1;
		return;
	}
	if (control->secrets.fd >= 0)
		send_secrets(peer, control->secrets.fd);
	if (apply_package(control) != NULL)
		send_document(peer, apply_package(control));
	if (control->follow != NULL && role == ROLE_WORKER)
		follow_worker_arrived(control, fd);
}

void peers_send_document(struct control *control, const struct package *package)
{
	struct peer *peer;

	for (peer = control->peers.first; peer != NULL; peer = peer->next)
		send_document(peer, package);
}

void peers_send_secrets(struct control *control, int secrets_fd)
{
	struct peer *peer;

	for (peer = control->peers.first; peer != NULL; peer = peer->next)
		send_secrets(peer, secrets_fd);
}

unsigned int peers_tell_workers(struct control *control, const struct message *message,
				const int *fds, unsigned int fd_count)
{
	unsigned int told = 0;
	struct peer *peer;

	for (peer = control->peers.first; peer != NULL; peer = peer->next)
		if (peer->role == ROLE_WORKER && peer->channel >= 0 &&
		    message_send(peer->channel, message, fds, fd_count) == 1)
			told++;
	return told;
}

void peers_retry(struct control *control, const struct package *package)
{
	struct peer *peer;

	for (peer = control->peers.first; peer != NULL; peer = peer->next)
		if (peer->unsent)
			send_document(peer, package);
}

static uint64_t version_of(const struct peer *peer)
{
	const struct stats *stats = peer->control->stats;

	if (stats == NULL)
		return peer->answered;
	if (peer->role == ROLE_CHECKER)
		return stats->checker_version;
	return peer->index < stats->workers ? stats->worker[peer->index].version_served : 0;
}

void peers_reconcile(struct control *control)
{
	uint64_t now_ms = loop_now_ms(control->loop);
	struct peer *peer;

	for (peer = control->peers.first; peer != NULL; peer = peer->next) {
		if (peer->channel < 0 || version_of(peer) == control->package.version) {
			peer->behind_ms = 0;
		} else if (peer->behind_ms == 0) {
			peer->behind_ms = now_ms;
		} else if (now_ms - peer->behind_ms > RECONCILE_MS) {
			peer->behind_ms = 0;
			send_document(peer, &control->package);
		}
	}
}

static bool is_behind(const struct control *control, enum message_role role, uint32_t index,
		      uint64_t version)
{
	const struct peer *peer = find(control, role, index);

	return peer == NULL || peer->channel < 0 || peer->answered != version;
}

unsigned int peers_behind(const struct control *control, uint64_t version)
{
	unsigned int behind = is_behind(control, ROLE_CHECKER, 0, version) ? 1 : 0;
	uint32_t i;

	for (i = 0; i < control->workers; i++)
		if (is_behind(control, ROLE_WORKER, i, version))
			behind++;
	return behind;
}

void peers_behind_text(const struct control *control, uint64_t version, char *ret_text, size_t size)
{
	size_t used = 0;
	char name[24];
	uint32_t i;

	ret_text[0] = '\0';
	for (i = 0; i <= control->workers && used + sizeof(name) < size; i++) {
		enum message_role role = i == control->workers ? ROLE_CHECKER : ROLE_WORKER;

		if (!is_behind(control, role, i, version))
			continue;
		peer_name(role, i, name);
		used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used == 0 ? "" : " ",
					 name);
	}
}

void peers_done(struct control *control)
{
	while (control->peers.first != NULL) {
		struct peer *peer = control->peers.first;

		control->peers.first = peer->next;
		lose_channel(peer);
		free(peer);
	}
}
