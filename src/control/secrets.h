/*
 * control/secrets.h - the keys of session tickets: made at the start, a new one every hour, three kept.
 *
 * They live in a sealed memfd that the workers map and the guardian keeps, so that tickets outlive every
 * process but the guardian. A control that restarts takes the kept ones over.
 */
#ifndef SALLYPORT_CONTROL_SECRETS_H
#define SALLYPORT_CONTROL_SECRETS_H

#include <stdint.h>
#include "document/secrets.h"

#define SECRETS_ROTATION_S 3600

struct control;

struct secrets {
	int fd; /* the memfd; -1: none yet */
	struct ticket_secrets keys;
};

/* kept_fd: from the guardian, becomes ours; -1: there is none. */
void secrets_init(struct control *control, int kept_fd);
/* Makes a new key when the newest is an hour old; sends and keeps the lot. */
void secrets_tick(struct control *control, int64_t now);
void secrets_done(struct control *control); /* wipes */

/* Puts a key in front and drops the oldest. */
void secrets_rotate(struct ticket_secrets *keys, const struct ticket_secret *newest);

#endif
