/*
 * control/served.h - the document that is served and its figures, for those who look into it.
 *
 * For the state thread. What is given out is borrowed and lives until the next turn of the loop.
 */
#ifndef SALLYPORT_CONTROL_SERVED_H
#define SALLYPORT_CONTROL_SERVED_H

#include "control/plan.h"
#include "stats/stats.h"

struct control;

const struct plan *served_plan(const struct control *control); /* NULL: nothing is served yet */
/* The newest revocation table that the workers have: a revocation may be ahead of the plan's own.
 * */
struct bytes served_revocation(const struct control *control);
/* By the name in the document ("nlb-x:443", "nlb-x:1000-1999"); NULL: it is not served. */
const struct document_listener *served_listener(const struct control *control, const char *name);

/* What is served by every worker, as a revision of the store: its newest when nothing waits to be
 * served, for most changes do not concern the data plane. */
int64_t served_revision(const struct control *control);

/* Calls each for every listener that is wanted and cannot be served, by its id in the store. */
void served_each_left_out(const struct control *control,
			  void (*each)(void *arg, const char *listener_id, const char *why),
			  void *arg);

struct served_figures {
	const struct document_listener *listener;
	struct stats_listener sum;          /* of all workers, since the start */
	unsigned int servers, healthy;      /* not checked counts as healthy */
};
void served_figures(const struct control *control, const struct document_listener *listener,
		    struct served_figures *ret_figures);
void served_each(const struct control *control,
		 void (*each)(void *arg, const struct served_figures *figures), void *arg);

#endif
