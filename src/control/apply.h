/*
 * control/apply.h - makes a plan the served one, step by step, or leaves everything as it was.
 *
 *   CONFIGURE -> CLOSE_FIRST -> OPEN -> SEND -> WAIT -> KEEP -> CLOSE -> served
 *       |                        |                |
 *       '------------------------+-- an error ----'-> ROLL_BACK -> UNDO -> REOPEN -> RECONFIGURE
 *
 * Each step asks the guardian for one thing at a time and goes on when it has answered; WAIT goes on
 * when all workers and the checker serve the document, or after 30 s without those that are silent:
 * the guardian kills what hangs, and its successor gets the kept document.
 */
#ifndef SALLYPORT_CONTROL_APPLY_H
#define SALLYPORT_CONTROL_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "control/peers.h"
#include "control/plan.h"
#include "net/loop.h"

#define APPLY_WAIT_MS 30000
#define APPLY_DEATHS_MAX 3 /* of processes that took one document: then it is to blame */

struct control;
struct message;

enum apply_step {
	APPLY_IDLE,
	APPLY_CONFIGURE,
	APPLY_CLOSE_FIRST,
	APPLY_OPEN,
	APPLY_SEND,
	APPLY_WAIT,
	APPLY_KEEP,
	APPLY_CLOSE,
	APPLY_FINISH,
	APPLY_ROLL_BACK,
	APPLY_UNDO,
	APPLY_REOPEN,
	APPLY_RECONFIGURE,
	APPLY_FAIL,
	APPLY_KEEP_ALONE,
};

struct apply_list {
	struct plan_socket *items;
	size_t count, done;
};

struct apply {
	enum apply_step step;
	bool asked;	   /* the guardian owes an answer */
	struct plan *plan; /* owned until it is over */
	struct package package;
	unsigned int deaths; /* of processes that had been given the new document */
	bool sent;	     /* somebody has the new document */
	/* Ports that are open as a part of a wider or narrower address must close first. */
	struct apply_list close_first, open, close;
	struct message_configure
		*configure;		  /* what the guardian is being told; NULL: nothing new */
	struct message_configure *before; /* and what it had been told, once it knows the new */
	struct error error;
	char failed_listener[192]; /* document name of the one whose address could not be had, or "" */
	struct timeout deadline;
	uint64_t ticket; /* reloads up to this one are answered by it */
};

void apply_init(struct control *control);
bool apply_is_busy(const struct control *control);
/* Takes the plan. Ends in control_applied(). */
void apply_begin(struct control *control, struct plan *plan, uint64_t ticket);
/* What a new process is to be given now, or NULL. */
const struct package *apply_package(const struct control *control);

/* Events. */
void apply_replied(struct control *control, int error_number);
void apply_peer_answered(struct control *control);
void apply_peer_refused(struct control *control, const char *name, uint64_t version,
			const struct error *error);
/* A process that had been given this version has died. */
void apply_peer_died(struct control *control, const char *name, uint64_t version);
/* Sends KEEP outside of an apply, while it is idle. */
void apply_keep_alone(struct control *control, const struct message *message, const int fds[3]);
void apply_done(struct control *control);

#endif
