/*
 * control/follow.h - serving what the store wants: plans are built in a job thread, one at a time.
 *
 *   wanted > served --> build (job thread, own connection) --> apply --> served
 *                          ^                                     |
 *                          '-- without the listener whose address cannot be had; again after 10 s
 *
 * Changes that come while one is under way are folded into the next. A revocation goes on its own way:
 * the new table is sent to the guardian and the workers before it is answered, whatever a document is
 * waiting for.
 */
#ifndef SALLYPORT_CONTROL_FOLLOW_H
#define SALLYPORT_CONTROL_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct control;
struct message;
struct follow;

/* Opens the store of options->data_dir, and the layer above. */
int must_check follow_open(struct control *control, struct error *err);
void follow_close(struct control *control);

/* The guardian is ready: from now on there is something to serve. */
void follow_start(struct control *control);
/* At the end of each turn of the loop. */
void follow_turn(struct control *control);
void follow_tick(struct control *control);
/* An apply is over. error NULL: what was built is served. */
void follow_applied(struct control *control, const struct error *error);
/* A worker that has just started, on this channel: its table may be older than the newest. */
void follow_worker_arrived(struct control *control, int channel);
void follow_worker_said(struct control *control, uint32_t worker, const struct message *message);

#endif
