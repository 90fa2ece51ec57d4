/* control/follow_internal.h - what the files that serve the store share. */
#ifndef SALLYPORT_CONTROL_FOLLOW_INTERNAL_H
#define SALLYPORT_CONTROL_FOLLOW_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "control/follow.h"
#include "control/jobs.h"
#include "control/own_revocations.h"
#include "control/stored_model.h"
#include "store/store.h"

/* A listener that is wanted and cannot be served. */
struct left_out {
	char listener[65];
	char why[256];
	bool again; /* the next plan has it: the time has come, or something has changed */
};

struct building;

struct follow {
	struct store *store;   /* of the state thread */
	struct store *reader;  /* of the job that builds */
	struct jobs *jobs;
	struct own_revocations *own;
	void *hooks_state;
	bool started;          /* something has been served: requests are taken */
	bool replaced;         /* a plan made way for another since the last tick: memory is free */
	int64_t wanted, served; /* revisions of the store */
	int64_t applying;      /* of the plan that is being applied */
	int64_t tried;         /* of the last plan, good or bad */
	bool again;            /* build although nothing changed: who was left out is tried again */
	struct building *building; /* NULL: no job is under way */
	struct left_out *left_out;
	size_t left_out_count;
	uint64_t retry_ms;     /* when those are tried again; 0: there are none */
	bool revokes;          /* the revocation table has changed */
	bool told;             /* the workers have it */
	bool kept;             /* the guardian has it */
	struct buffer table;   /* the newest, also newer than the served plan's */
	int table_fd;          /* of it, until it is the served plan's; -1 */
};

/* follow_revoke.c: sends the newest revocation table to the guardian and to the workers: at once, and what
 * could not be done then at the end of a turn. */
void follow_revoke_now(struct control *control);
void follow_revoke_turn(struct control *control);

#endif
