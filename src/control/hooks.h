/*
 * control/hooks.h - what the layer above (the API server) adds to the control role.
 *
 * daemon/main.c joins the two. All calls come in the state thread.
 */
#ifndef SALLYPORT_CONTROL_HOOKS_H
#define SALLYPORT_CONTROL_HOOKS_H

#include <stdint.h>
#include "base/error.h"

struct control;
struct message;

struct control_hooks {
	/* The store is open; nothing is served yet. First start: makes the first administrator and CA. */
	int (*open)(struct control *control, const void *arg, void **ret_state, struct error *err);
	/* Served for the first time: now requests may come. */
	void (*start)(void *state);
	void (*tick)(void *state);                       /* once a second */
	void (*turn)(void *state);                       /* at the end of each turn of the loop */
	/* revision is served now; error: a part of it could not be. */
	void (*served)(void *state, int64_t revision);
	/* A worker tells of a refused client, or of its connections (document/message.h). */
	void (*worker_said)(void *state, uint32_t worker, const struct message *message);
	void (*close)(void *state);
};

#endif
