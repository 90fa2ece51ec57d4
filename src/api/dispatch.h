/*
 * api/dispatch.h - calls on their way: prepared, run in batches, committed, finished, answered.
 *
 *   dispatch_call -> [prepare: job thread] -> write: queue -> batch -> commit --+-> [finish: job thread]
 *                                       '---> read: at once --------------------'        -> answered
 *                              ^                                   |
 *                              '------- parked, until it is ready -'
 *
 * Up to STORE_BATCH_MAX writes share a transaction, a savepoint each; they are answered after the commit.
 * What arrives while a commit waits for the disk makes the next batch. Revocations go first.
 * All of it is for the state thread; prepare and finish touch nothing but their call.
 */
#ifndef SALLYPORT_API_DISPATCH_H
#define SALLYPORT_API_DISPATCH_H

#include <stdbool.h>
#include "api/uses.h"
#include "control/call.h"
#include "control/jobs.h"

struct dispatch;
struct errand;

struct dispatch_config {
	struct control *control;
	struct store *store;
	struct admin *admin;
	struct jobs *jobs;
	struct uses *uses;  /* written along */
	const struct handler *(*find)(const struct product *product, const struct action *action);
	/* Once a call; error NULL: call->reply is the answer. owner is who called. The call is gone
	 * afterwards. */
	void (*answered)(void *owner, const struct call *call, const struct error *error);
	/* Whether owner does not wait any more; asked of calls that are parked. NULL: never. */
	bool (*is_gone)(void *owner);
	/* Committed up to this revision: the data plane has to follow. */
	void (*wants)(struct control *control, int64_t revision, bool revokes);
};

struct dispatch *dispatch_new(const struct dispatch_config *config);
/* Every call that is still on its way is answered with ServiceUnavailable. Afterwards nothing is taken any
 * more. No job may be running. */
void dispatch_stop(struct dispatch *dispatch);
void dispatch_free(struct dispatch *dispatch); /* NULL is fine */

struct dispatch_order {
	void *owner;
	const struct product *product;
	const struct action *action;
	const struct caller *caller;
	json_t *parameters;      /* checked; taken */
	const char *request_id;
	const char *nonce;       /* of a signature: remembered with a write; "" none */
	bool check_nonce;        /* ... and looked for in the store: signed before this process began */
	bool over_tls;
};
void dispatch_call(struct dispatch *dispatch, const struct dispatch_order *order);
/* At the end of a turn of the loop. */
void dispatch_turn(struct dispatch *dispatch);
/* Once a second: asks for those that went away, too. */
void dispatch_tick(struct dispatch *dispatch);
/* There is something to do in the next turn already. */
bool dispatch_is_busy(const struct dispatch *dispatch);

#endif
