/*
 * document/child.h - the guardian's end of a worker or checker: what it is given, and what it is told.
 *
 * child_start() waits for MESSAGE_START on the guardian's channel, before the sandbox. After
 * child_listen() the messages of both channels arrive as calls. When the guardian's channel closes
 * the process has nobody left and must end; when control's closes it goes on with what it has.
 */
#ifndef SALLYPORT_DOCUMENT_CHILD_H
#define SALLYPORT_DOCUMENT_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"
#include "document/message.h"
#include "net/loop.h"
#include "stats/stats.h"

#define CHILD_GUARD_FD 3 /* the guardian's channel, in every process it starts */

struct child {
	enum message_role role;
	struct message_start start;
	int guard, control; /* channels; control is -1 while there is none */
	struct stats *stats;
	struct health *health; /* writable in the checker only */
	struct log log;
	char name[16]; /* "worker-0", "checker" */

	/* Set by the owner before child_listen(); NULL: not interested. Descriptors become the
	 * callee's. A document is answered with child_answer(). socket: fd -1 takes the sockets of this
	 * address away again. */
	void (*document)(struct child *child, uint64_t version, int document_fd, int revocation_fd);
	void (*secrets)(struct child *child, int secrets_fd);
	void (*socket)(struct child *child, const struct address *address, int fd);
	void (*drain)(struct child *child, uint32_t limit_ms);
	void (*revocation)(struct child *child, int revocation_fd);
	/* A question about connections; child->channels tells a later control from the one that asks. */
	void (*connections)(struct child *child, uint32_t question,
			    const struct message_filter *filter);
	void (*orphaned)(struct child *child); /* the guardian is gone */

	/* Control has sent a document: one that the guardian kept for a new process is older. */
	bool told_by_control;
	uint32_t channels; /* how many channels to control there have been */
	struct loop *loop;
	struct watch guard_watch, control_watch;
};

int must_check child_start(struct child *child, enum message_role role, struct error *err);
int must_check child_listen(struct child *child, struct loop *loop, struct error *err);
/* Tells control that version is served, or why not (err not NULL). No control: nothing happens. */
void child_answer(struct child *child, uint64_t version, const struct error *err);
/* Tells control something by itself. 1: told; 0: no room now, as the other half of the channel is for
 * answers; -1: no control. */
int child_tell(struct child *child, const struct message *message);

#endif
