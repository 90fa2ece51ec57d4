/*
 * admin/background.h - slow work of a call in a job thread, between two rounds of its run.
 *
 *   run: background_start() -> job thread -> run again: background_finished() gives the work back
 *
 * A client that goes away leaves the work to end by itself.
 */
#ifndef SALLYPORT_ADMIN_BACKGROUND_H
#define SALLYPORT_ADMIN_BACKGROUND_H

#include <stdbool.h>
#include "control/call.h"

/* One of each kind at a time: there are two job threads, and what is to be served is built in them.
 * */
enum background_kind { BACKGROUND_PASSWORD, BACKGROUND_READING, BACKGROUND_KINDS };

/* Before background_start(). 1: it is not its turn yet, run returns 0 and is called again; 0: go
 * on; -1: it waited too long. */
int must_check background_wait(struct call *call, enum background_kind kind, struct error *err);
/* work touches nothing but arg; free is called at last, in the state thread, whatever happens. Sets
 * park and work of the call: run returns 0 after it. */
void background_start(struct call *call, enum background_kind kind, void (*work)(void *arg),
		      void (*free)(void *arg), void *arg);
/* When no job can run any more: what was left. */
void background_end_all(struct admin *admin);
/* In the next round: arg, borrowed, whose work is done; NULL: it takes too long (err says so). */
void *background_finished(struct call *call, struct error *err);
static inline bool background_is_begun(const struct call *call)
{
	return call->work != NULL;
}

/* The whole of a run that only reads much: step gets a copy of the call with a reader of its own,
 * and may use its store, parameters, now and reply, nothing else. Called in each round. */
int must_check background_read(struct call *call, call_step *step, struct error *err);

#endif
