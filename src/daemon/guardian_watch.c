/*
 * Once a second: who has stopped working? Looks are counted, not seconds, so that a machine that was
 * suspended, or a guardian that was stopped together with its children, kills nobody when it wakes.
 */
#include <signal.h>

#include "daemon/guardian_internal.h"

#define SILENT_LOOKS 5
#define DEAF_LOOKS 3

static uint64_t turns_of(const struct process *process)
{
	const struct stats *stats = process->guardian->stats;

	return process->role == ROLE_WORKER ? stats->worker[process->index].turns
					    : stats->checker_turns;
}

static void watch_turns(struct process *process)
{
	uint64_t turns = turns_of(process);

	if (turns != process->turns) {
		process->turns = turns;
		process->silent = 0;
		return;
	}
	if (++process->silent < SILENT_LOOKS)
		return;
	process->hung = true;
	process_kill(process, SIGKILL);
}

/* A process that has closed its channel should be gone. */
static void watch_channel(struct process *process)
{
	if (process->channel.open)
		process->deaf = 0;
	else if (++process->deaf >= DEAF_LOOKS)
		process_kill(process, SIGKILL);
}

static void watch_child(struct process *process, void *arg)
{
	(void)arg;
	if (process->pid == 0)
		return;
	watch_turns(process);
	watch_channel(process);
}

void guardian_watch_children(struct guardian *guardian)
{
	guardian_each_child(guardian, watch_child, NULL);
	if (guardian->control.pid != 0)
		watch_channel(&guardian->control);
}

static struct process *living_worker(struct guardian *guardian, uint32_t after)
{
	uint32_t i;

	for (i = 1; i < guardian->worker_count; i++) {
		struct process *process = &guardian->workers[(after + i) % guardian->worker_count];

		if (process->pid != 0)
			return process;
	}
	return NULL;
}

void guardian_lend_sockets(struct guardian *guardian, const struct process *dead)
{
	struct process *to = living_worker(guardian, dead->index);
	struct log_line line;
	uint64_t count = 0;
	size_t i;

	for (i = 0; to != NULL && i < guardian->sockets.count; i++) {
		struct socket_row *row = &guardian->sockets.rows[i];
		struct message message = { .type = MESSAGE_SOCKET, .value.address = row->address };

		if (socket_table_worker(row->worker, guardian->worker_count) != dead->index ||
		    row->lent_to == to->pid)
			continue;
		channel_send(&to->channel, &message, &row->fd, 1);
		row->lent_to = to->pid;
		count++;
	}
	if (count == 0)
		return;
	line = log_begin(&guardian->log, "sockets_lent");
	log_number(&line, "worker", dead->index);
	log_number(&line, "to", to->index);
	log_number(&line, "sockets", count);
	log_end(&line);
}
