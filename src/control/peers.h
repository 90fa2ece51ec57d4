/*
 * control/peers.h - the workers and the checker as control sees them: a channel and a version each.
 *
 * The guardian makes the channels. A peer whose channel closes has died; its successor comes with a new
 * channel, and is given what is being applied, if anything is; otherwise the guardian gave it the kept
 * document.
 */
#ifndef SALLYPORT_CONTROL_PEERS_H
#define SALLYPORT_CONTROL_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include "document/message.h"
#include "net/loop.h"

struct control;

/* The descriptors of one version; -1 where there is none. */
struct package {
	uint64_t version;
	int document, revocation;
};

struct peer {
	struct peer *next;
	struct control *control;
	enum message_role role;
	uint32_t index;
	int channel; /* -1: dead, or not yet there */
	struct watch watch;
	uint64_t asked;	    /* version it was sent last; 0: none */
	uint64_t answered;  /* version it serves, as it says */
	bool unsent;	    /* its channel was full */
	uint64_t behind_ms; /* since when it serves something else; 0: it does not */
};

struct peers {
	struct peer *first;
};

/* The guardian gave the channel of a new process. */
void peers_take_channel(struct control *control, enum message_role role, uint32_t index, int fd);
/* Sends to all; false: to somebody later, by peers_retry(). */
void peers_send_document(struct control *control, const struct package *package);
void peers_send_secrets(struct control *control, int secrets_fd);
/* To every worker that lives and reads; how many. */
unsigned int peers_tell_workers(struct control *control, const struct message *message,
				const int *fds, unsigned int fd_count);
void peers_retry(struct control *control, const struct package *package);
/* While nothing is being applied: sends the served document again to who serves something else. */
void peers_reconcile(struct control *control);
/* How many of the workers and the checker do not serve this version (missing ones included). */
unsigned int peers_behind(const struct control *control, uint64_t version);
/* Names of those, for the log: "worker-1 checker". */
void peers_behind_text(const struct control *control, uint64_t version, char *ret_text,
		       size_t size);
void peers_done(struct control *control);
void peer_name(enum message_role role, uint32_t index, char ret_name[24]);

#endif
