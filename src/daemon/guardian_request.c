#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon/guardian_internal.h"
#include "daemon/notify.h"
#include "net/socket.h"

static void reply(struct guardian *guardian, int error_number)
{
	struct message message = { .type = MESSAGE_REPLY, .a = (uint32_t)error_number };

	channel_send(&guardian->control.channel, &message, NULL, 0);
}

/* --- CONFIGURE --- */

static void connect_control(struct guardian *guardian)
{
	struct message start = { .type = MESSAGE_START };
	int fds[] = { guardian->stats_fd, guardian->health_fd, guardian->log.fd };

	start.value.start.workers = guardian->worker_count;
	channel_send(&guardian->control.channel, &start, fds, 3);
	process_connect_all(guardian);
}

static int change_log(struct guardian *guardian, const struct message_configure *wanted)
{
	int fd;

	if (strcmp(wanted->log, guardian->configure.log) == 0)
		return 0;
	fd = guardian_log_open(wanted->log);
	if (fd < 0)
		return errno;
	memcpy(guardian->configure.log, wanted->log, sizeof(wanted->log));
	guardian_log_use(guardian, fd);
	return 0;
}

static int reconfigure(struct guardian *guardian, const struct message_configure *wanted)
{
	int result = change_log(guardian, wanted);

	if (result != 0)
		return result;
	guardian->configure.shutdown_timeout_s = wanted->shutdown_timeout_s;
	guardian->configure.log_json = wanted->log_json;
	guardian->log.json = wanted->log_json != 0;
	return 0;
}

static void configure(struct guardian *guardian, struct message_configure wanted)
{
	bool user_changed = false;
	int result;

	wanted.user[sizeof(wanted.user) - 1] = '\0';
	wanted.log[sizeof(wanted.log) - 1] = '\0';
	if (guardian->configured) {
		reply(guardian, reconfigure(guardian, &wanted));
		return;
	}
	result = guardian_setup_user(guardian, wanted.user, &user_changed);
	if (user_changed && result == 0) {
		/* Control runs as the user it was started as, so it must start again; it will ask again. */
		guardian->control.replaced = true;
		process_kill(&guardian->control, SIGKILL);
		return;
	}
	guardian->configure = wanted;
	if (result == 0)
		result = guardian_setup(guardian, -1);
	if (result == 0)
		connect_control(guardian);
	reply(guardian, result);
}

/* --- OPEN, CLOSE --- */

static void give_away(struct guardian *guardian, size_t first_row)
{
	size_t i;

	for (i = first_row; i < guardian->sockets.count; i++) {
		const struct socket_row *row = &guardian->sockets.rows[i];
		struct message message = { .type = MESSAGE_SOCKET, .value.address = row->address };

		channel_send(&guardian->workers[row->worker].channel, &message, &row->fd, 1);
	}
}

static int open_address(struct guardian *guardian, const struct address *address)
{
	size_t before = guardian->sockets.count;
	struct error err;
	uint32_t i;

	if (!guardian->configured || (address->family != 4 && address->family != 6) ||
	    address->port == 0)
		return EINVAL;
	/* Another life of control may have asked for it. */
	if (socket_table_has(&guardian->sockets, address))
		return 0;
	if (socket_probe(address, &err) < 0)
		return errno;
	for (i = 0; i < guardian->worker_count; i++) {
		int fd = socket_listen(address, &err);

		if (fd < 0) {
			int saved = errno;

			socket_table_remove(&guardian->sockets, address, socket_close_everywhere);
			return saved;
		}
		socket_table_add(&guardian->sockets, address, i, fd);
	}
	give_away(guardian, before);
	return 0;
}

static void send_close(struct process *process, void *arg)
{
	struct message message = { .type = MESSAGE_CLOSE,
				   .value.address = *(const struct address *)arg };

	if (process->role == ROLE_WORKER)
		channel_send(&process->channel, &message, NULL, 0);
}

static void close_address(struct guardian *guardian, struct address address)
{
	if (socket_table_remove(&guardian->sockets, &address, socket_close_everywhere) > 0)
		guardian_each_child(guardian, send_close, &address);
}

/* --- KEEP, SERVING --- */

/*
 * A worker that was started while a document was on its way got the sockets that were opened for it
 * together with the document before, which knows nothing of them: it may have let them go.
 */
static void give_fresh_sockets_again(struct process *process, void *arg)
{
	struct guardian *guardian = process->guardian;
	size_t i;

	(void)arg;
	if (process->role != ROLE_WORKER || !process->fresh)
		return;
	process->fresh = false;
	for (i = 0; i < guardian->sockets.count; i++) {
		const struct socket_row *row = &guardian->sockets.rows[i];
		struct message message = { .type = MESSAGE_CLOSE, .value.address = row->address };

		if (!row->fresh || row->worker != process->index || guardian->kept_version == 0)
			continue;
		channel_send(&process->channel, &message, NULL, 0);
		message.type = MESSAGE_SOCKET;
		channel_send(&process->channel, &message, &row->fd, 1);
	}
}

static void keep_descriptor(struct guardian *guardian, enum kept which, int *fd)
{
	if (*fd < 0)
		return;
	if (guardian->kept[which] >= 0)
		close(guardian->kept[which]);
	guardian->kept[which] = *fd;
	*fd = -1;
}

/* Of two tables the one made last, as the workers do: a document may have been built before. */
static void keep_revocation(struct guardian *guardian, uint64_t made, int *fd)
{
	if (*fd < 0 || made < guardian->kept_made)
		return;
	guardian->kept_made = made;
	keep_descriptor(guardian, KEPT_REVOCATION, fd);
}

/* Takes the descriptors that came; what did not come stays as it was. */
static int keep(struct guardian *guardian, const struct message *message, int fds[MESSAGE_FDS])
{
	if (fds[KEPT_DOCUMENT] < 0)
		return EINVAL;
	guardian_each_child(guardian, give_fresh_sockets_again, NULL);
	socket_table_settle(&guardian->sockets);
	keep_descriptor(guardian, KEPT_DOCUMENT, &fds[KEPT_DOCUMENT]);
	keep_revocation(guardian, message->value.made, &fds[KEPT_REVOCATION]);
	keep_descriptor(guardian, KEPT_SECRETS, &fds[KEPT_SECRETS]);
	guardian->kept_version = message->version;
	return 0;
}

static void serving(struct guardian *guardian, uint64_t version)
{
	struct log_line line;

	if (guardian->reloading || !guardian->serving)
		notify_send("READY=1\nSTATUS=Serving version %llu of the manifest",
			    (unsigned long long)version);
	guardian->reloading = false;
	timeout_cancel(guardian->loop, &guardian->reload_over);
	if (guardian->serving)
		return;
	guardian->serving = true;
	line = log_begin(&guardian->log, "serving");
	log_number(&line, "version", version);
	log_end(&line);
	upgrade_report(guardian);
}

void guardian_request(struct guardian *guardian, const struct message *message,
		      int fds[MESSAGE_FDS])
{
	switch (message->type) {
	case MESSAGE_CONFIGURE:
		configure(guardian, message->value.configure);
		break;
	case MESSAGE_OPEN:
		reply(guardian, open_address(guardian, &message->value.address));
		break;
	case MESSAGE_CLOSE:
		close_address(guardian, message->value.address);
		reply(guardian, 0);
		break;
	case MESSAGE_KEEP:
		reply(guardian, keep(guardian, message, fds));
		break;
	case MESSAGE_REVOCATION:
		keep_revocation(guardian, message->value.made, &fds[0]);
		break;
	case MESSAGE_SERVING:
		serving(guardian, message->version);
		break;
	case MESSAGE_REFUSED:
		upgrade_give_up(guardian);
		break;
	default:
		break;
	}
}
