/*
 * control/jobs.h - two threads for slow work, so that the state thread never waits for it.
 *
 * Work must touch nothing that the state thread may touch at the same time. done is called in the state
 * thread afterwards, in a turn of its loop.
 */
#ifndef SALLYPORT_CONTROL_JOBS_H
#define SALLYPORT_CONTROL_JOBS_H

#include "base/error.h"
#include "net/loop.h"

struct jobs;

struct jobs *jobs_new(struct loop *loop, struct error *err);
/* Waits for what is running; what has not begun is dropped without a call of done. */
void jobs_free(struct jobs *jobs);
void jobs_run(struct jobs *jobs, void (*work)(void *arg), void (*done)(void *arg), void *arg);

#endif
