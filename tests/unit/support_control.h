/*
 * support_control.h - what handlers ask of the control role, answered without one: the store and the own
 * revocations of the test, jobs done at once, log lines kept.
 */
#ifndef SALLYPORT_SUPPORT_CONTROL_H
#define SALLYPORT_SUPPORT_CONTROL_H

#include <stdio.h>
#include "control/jobs.h"
#include "control/own_revocations.h"
#include "control/serving.h"
#include "support_store.h"

static struct home *stage; /* NULL: the calls of the test have the store themselves */
static struct own_revocations *own;
static char last_log[400];

struct store *serving_store(struct control *control)
{
	(void)control;
	return stage == NULL ? NULL : stage->store;
}

struct own_revocations *serving_own_revocations(struct control *control)
{
	(void)control;
	return own;
}

struct jobs *serving_jobs(struct control *control)
{
	(void)control;
	return NULL;
}

const char *serving_data_dir(const struct control *control)
{
	(void)control;
	return stage == NULL ? "" : stage->data;
}

const char *serving_console(const struct control *control)
{
	(void)control;
	return "none";
}

void serving_log(struct control *control, const char *event, const char *key, const char *value)
{
	(void)control;
	snprintf(last_log, sizeof(last_log), "%s %s=%s", event, key, value);
}

void control_wants(struct control *control, int64_t revision, bool revokes)
{
	(void)control, (void)revision, (void)revokes;
}

void jobs_run(struct jobs *jobs, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	(void)jobs;
	work(arg);
	done(arg);
}

#endif
