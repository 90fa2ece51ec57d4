/* control/control_internal.h - what the files of the control role share: one struct per process. */
#ifndef SALLYPORT_CONTROL_CONTROL_INTERNAL_H
#define SALLYPORT_CONTROL_CONTROL_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"
#include "control/apply.h"
#include "control/control.h"
#include "control/peers.h"
#include "control/plan.h"
#include "control/secrets.h"
#include "document/message.h"
#include "net/loop.h"
#include "stats/stats.h"

struct local_socket;
struct follow;
struct metrics_server;

/* The outcome of the last reload, for status and for those who wait for it. */
struct control_result {
	bool done;	    /* false: none yet */
	struct error error; /* code ERROR_NONE: it was applied */
	uint64_t version;   /* what is served now */
	int64_t at_s;
};

struct control {
	const struct control_options *options;
	char manifest[PATH_MAX]; /* absolute, for people: the manifest, or the data folder */
	struct follow *follow;	 /* NULL: a manifest is served */
	struct loop *loop;
	struct log log;
	int guard;
	struct watch guard_watch;
	struct timeout tick;
	bool ready;	/* the guardian has said READY */
	bool restarted; /* there was a kept document: somebody is being served */
	bool stopping;
	int exit_status;
	int64_t started_s;

	struct stats *stats; /* NULL until the guardian has sent START */
	const struct health *health;
	struct message_configure configured; /* what the guardian was told last */
	bool is_configured;
	uint32_t workers; /* how many there are to be */

	struct peers peers;
	struct slots *slots;
	uint64_t version;	/* the last one given to a plan */
	struct plan *served;	/* NULL: nothing yet */
	struct package package; /* its descriptors */
	struct apply apply;
	struct secrets secrets;

	uint64_t tickets; /* reloads asked for so far */
	uint64_t tickets_done;
	struct control_result result;
	struct model_warnings warnings; /* of the last plan, good or bad */

	struct local_socket *socket;	/* NULL: none */
	struct metrics_server *metrics; /* NULL: none */
};

/* Sends the guardian a message that it answers with REPLY, which comes to apply or secrets. */
void control_ask(struct control *control, const struct message *message, const int *fds,
		 unsigned int fd_count);
/* A reload is wanted; its result covers this ticket once tickets_done has reached it. */
uint64_t control_request_reload(struct control *control);
/* From apply: it is over. error NULL: the plan is served (and owned) now. */
void control_applied(struct control *control, struct plan *plan, const struct error *error);

/* A plan that was built for the reloads up to this ticket: applied, unless it cannot be. Takes it. */
void control_apply_plan(struct control *control, struct plan *plan, uint64_t ticket);
/* There is no plan, for this reason. Takes the warnings; NULL: those told last stay. */
void control_plan_failed(struct control *control, struct model_warnings *warnings,
			 const struct error *error, uint64_t ticket);

void control_close_fd(int *fd);

#endif
