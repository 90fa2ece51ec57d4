/*
 * A revocation on its way to the workers: a new table in a memfd, sent to all of them beside whatever
 * document is on its way, and kept by the guardian for those that start later. Of two tables a worker
 * keeps the one made last, so that a document that was built before cannot bring an older one back.
 */
#include <string.h>
#include <unistd.h>

#include "control/control_internal.h"
#include "control/follow_internal.h"

static int make_table(struct control *control, struct error *err)
{
	struct follow *follow = control->follow;
	struct buffer table = { 0 };

	if (own_revocations_refresh(follow->own, buffer_bytes(&control->served->revocation), &table,
				  err) < 0)
		return -1;
	buffer_done(&follow->table);
	follow->table = table;
	return message_memfd("revocation table", buffer_bytes(&table), err);
}

static struct message table_message(const struct follow *follow)
{
	struct message message = { .type = MESSAGE_REVOCATION };
	struct revocation table;
	struct error err;

	if (revocation_open(buffer_bytes(&follow->table), &table, &err) == 0)
		message.version = revocation_made(&table);
	return message;
}

static void send_table(struct control *control, int fd)
{
	struct message message = table_message(control->follow);

	peers_tell_workers(control, &message, &fd, 1);
}

void follow_worker_arrived(struct control *control, int channel)
{
	struct follow *follow = control->follow;
	struct message message;

	if (follow->table_fd < 0)
		return;
	message = table_message(follow);
	(void)!message_send(channel, &message, &follow->table_fd, 1);
}

/* From now on it is the table of what is served, for those who start, for metrics and for status. The old
 * one is let go last, so that the time this takes is not a worker's. */
static void keep_table(struct control *control, int fd)
{
	struct follow *follow = control->follow;
	struct message keep = { .type = MESSAGE_KEEP, .version = control->package.version };
	int fds[3] = { control->package.document, fd, control->secrets.fd };
	int old = control->package.revocation;

	control->package.revocation = fd;
	buffer_done(&control->served->revocation);
	buffer_append(&control->served->revocation, follow->table.data, follow->table.len);
	apply_keep_alone(control, &keep, fds);
	control_close_fd(&old);
}

static void log_failure(struct control *control, const struct error *err)
{
	struct log_line line = log_begin(&control->log, "revocation_failed");

	log_error(&line, err);
	log_end(&line);
}

void follow_revoke_turn(struct control *control)
{
	struct follow *follow = control->follow;
	struct error err;
	int fd;

	if (!follow->revokes || control->served == NULL)
		return;
	/* The guardian takes one question at a time: while it has another one, the workers are told
	 * already, and it is once that is over. */
	if (!follow->told) {
		fd = make_table(control, &err);
		if (fd < 0) {
			log_failure(control, &err);
			return;
		}
		control_close_fd(&follow->table_fd);
		follow->table_fd = fd;
		send_table(control, fd);
		follow->told = true;
	}
	if (follow->building != NULL || apply_is_busy(control))
		return;
	fd = follow->table_fd;
	follow->table_fd = -1;
	follow->told = follow->revokes = false;
	keep_table(control, fd);
}
