/*
 * tls/ticket.h - session tickets: sealed under secrets that all workers share.
 *
 * Layout: key id (16) | nonce (12) | AES-256-GCM of { record length (2) | record | session }.
 * The record is the caller's; it decides at every resumption whether the ticket still stands
 * (tls/context.h, ticket_admit). A ticket under an unknown key is ignored: a full handshake follows.
 */
#ifndef SALLYPORT_TLS_TICKET_H
#define SALLYPORT_TLS_TICKET_H

#include <stddef.h>
#include <stdint.h>

#define TICKET_KEYS 3
#define TICKET_LIFE_S 7200u

struct ticket_key {
	uint8_t id[16];
	uint8_t key[32];
};

/* The first seals, all open. Replaces what was there. Until the first call tickets are sealed under a
 * key that only this process knows; an empty list changes nothing. */
void ticket_keys_set(const struct ticket_key *keys, size_t count);

/* Makes that key; part of tls_init(). 0, or -1 without entropy. */
int ticket_keys_init(void);

#endif
