/*
 * document/secrets.h - the memfd that MESSAGE_SECRETS carries: keys of session tickets.
 *
 * Control makes and rotates them, the guardian keeps them unread for new workers. Newest first: the
 * first seals, all open. Rows past count are zero.
 */
#ifndef SALLYPORT_DOCUMENT_SECRETS_H
#define SALLYPORT_DOCUMENT_SECRETS_H

#include <stdint.h>

#define TICKET_SECRETS 3

struct ticket_secret {
	uint8_t id[16];
	uint8_t key[32];
	int64_t made_s; /* walltime */
};

struct ticket_secrets {
	uint32_t count; /* at most TICKET_SECRETS */
	uint32_t zero;
	struct ticket_secret key[TICKET_SECRETS];
};

#endif
