/*
 * A revocation on its way to the workers: a new table in a memfd, sent to all of them beside whatever
 * document is on its way, and kept by the guardian for those that start later. Of two tables a worker
 * and the guardian keep the one made last, so that a document that was built before cannot bring an
 * older one back.
 *
 *   COMMIT -> table -> guardian -> workers -> answered: whoever dies then, the others have it
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

	if (revocation_open(buffer_bytes(&follow->table), &table, NULL) == 0)
		message.value.made = revocation_made(&table);
	return message;
}

/* It may be busy: then again at the end of the next turn. */
static void tell_guardian(struct control *control)
{
	struct follow *follow = control->follow;
	struct message message = table_message(follow);

	follow->kept = message_send(control->guard, &message, &follow->table_fd, 1) == 1;
}

static void tell_workers(struct control *control)
{
	struct message message = table_message(control->follow);

	peers_tell_workers(control, &message, &control->follow->table_fd, 1);
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

/* From now on it is the table of what is served, for metrics and for status. The old one is let go last,
 * so that the time this takes is not a worker's. */
static void serve_table(struct control *control)
{
	struct follow *follow = control->follow;
	int old = control->package.revocation;

	control->package.revocation = follow->table_fd;
	follow->table_fd = -1;
	buffer_done(&control->served->revocation);
	buffer_append(&control->served->revocation, follow->table.data, follow->table.len);
	control_close_fd(&old);
}

static void log_failure(struct control *control, const struct error *err)
{
	struct log_line line = log_begin(&control->log, "revocation_failed");

	log_error(&line, err);
	log_end(&line);
}

void follow_revoke_now(struct control *control)
{
	struct follow *follow = control->follow;
	struct error err;
	int fd;

	if (!follow->revokes || follow->told || control->served == NULL)
		return;
	fd = make_table(control, &err);
	if (fd < 0) {
		log_failure(control, &err);
		return;
	}
	control_close_fd(&follow->table_fd);
	follow->table_fd = fd;
	tell_guardian(control);
	tell_workers(control);
	follow->told = true;
}

void follow_revoke_turn(struct control *control)
{
	struct follow *follow = control->follow;

	follow_revoke_now(control);
	if (!follow->told)
		return;
	if (!follow->kept)
		tell_guardian(control);
	/* A plan that is on its way was built over other lists: once it is served, again. */
	if (!follow->kept || follow->building != NULL || apply_is_busy(control))
		return;
	follow->told = follow->revokes = false;
	serve_table(control);
}
