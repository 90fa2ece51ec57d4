/*
 * daemon/upgrade.h - SIGUSR2: the executables on disk take over without a connection being refused.
 *
 *   old guardian                              new guardian
 *   stops control (one at a time)
 *   fork + exec, sockets and all  ----------> workers and checker start with the kept document,
 *                                             control reads the manifest
 *   drains its workers, ends      <---------- SERVING
 *
 * Both accept connections in between. When the new one dies, cannot serve the manifest, or says nothing
 * for UPGRADE_LIMIT_MS, the old one starts its control again and goes on.
 */
#ifndef SALLYPORT_DAEMON_UPGRADE_H
#define SALLYPORT_DAEMON_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/error.h"
#include "net/loop.h"

#define UPGRADE_ENVIRONMENT "SALLYPORT_UPGRADE"
#define UPGRADE_LIMIT_MS 60000
#define UPGRADE_CONTROL_MS 3000

struct guardian;

struct upgrade {
	/* of the old one */
	bool under_way;
	bool handed_over;
	pid_t pid;  /* of the new guardian; 0: control has not ended yet */
	int report; /* our end, while pid is set */
	struct watch watch;
	struct timeout limit;
	/* of the new one */
	int report_to; /* -1: nobody waits */
};

void upgrade_init(struct guardian *guardian);
void upgrade_begin(struct guardian *guardian);
/* Control has ended, as it was asked to. */
void upgrade_run(struct guardian *guardian);
/* The new guardian ended. */
void upgrade_died(struct guardian *guardian, int wait_status);
/* We are told to stop: the new one must not go on either. */
void upgrade_cancel(struct guardian *guardian);

/* In the new one. 1: there was an old one, and all it had is ours; 0: an ordinary start. */
int must_check upgrade_inherit(struct guardian *guardian, struct error *err);
void upgrade_report(struct guardian *guardian);
/* Control cannot serve the manifest: the old one goes on, this one finishes what it has accepted. */
void upgrade_give_up(struct guardian *guardian);

#endif
