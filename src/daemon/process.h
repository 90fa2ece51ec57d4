/*
 * daemon/process.h - one child of the guardian: control, the checker or a worker, through its lives.
 *
 *   start -> running -> died -> (at once, or after a pause when it dies too often) start
 */
#ifndef SALLYPORT_DAEMON_PROCESS_H
#define SALLYPORT_DAEMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/channel.h"
#include "document/message.h"
#include "net/loop.h"

#define PROCESS_DEATHS 3	/* so many ... */
#define PROCESS_DEATHS_MS 30000 /* ... in this time: it is not restarted at once any more */
#define PROCESS_RETRY_MS 10000
#define PROCESS_RETRY_ALONE_MS 1000 /* nobody else can serve meanwhile */

struct guardian;

struct process {
	struct guardian *guardian;
	enum message_role role;
	uint32_t index;
	pid_t pid; /* 0: not running */
	struct channel channel;
	struct timeout restart;
	uint64_t started_ms;
	uint64_t deaths_ms[PROCESS_DEATHS]; /* newest first; 0: none */
	uint64_t turns;			    /* as seen by the last look */
	unsigned int silent;		    /* looks without a turn */
	unsigned int deaf;		    /* looks with its channel closed */
	bool hung;			    /* killed for it */
	bool replaced;			    /* killed by us to start as another user */
	bool fresh;			    /* started since the last document was kept */
	char violation[64];		    /* the forbidden system call it died of */
};

void process_init(struct process *process, struct guardian *guardian, enum message_role role,
		  uint32_t index);
/* Starts it and gives it what it needs. When that fails it is tried again later. */
void process_start(struct process *process);
/* It was reaped. Logs it and decides what happens next. */
void process_died(struct process *process, int wait_status);
/* Control and every other child get a new channel between them. */
void process_connect_all(struct guardian *guardian);
void process_kill(struct process *process, int signal_number);
const char *process_name(const struct process *process); /* "worker", "checker", "control" */
/* "SIGKILL" or "exit status 1". */
const char *process_end_text(int wait_status, char ret_text[32]);

/* Would one more death at now_ms be too many? Pure: for the test. Notes the death. */
bool process_dies_too_often(uint64_t deaths_ms[PROCESS_DEATHS], uint64_t now_ms);

#endif
