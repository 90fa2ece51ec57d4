/*
 * certs/publisher.h - what our own CAs tell the world: each one's revocation list and its OCSP
 * signer.
 *
 *   revoked, or near half of its life, or never made
 *      -> gathered for a second -> written and verified in a job thread
 *      -> stored -> served, and a file
 *
 * Lists are made by certs_tick(). OCSP answers are signed by a key that the CA certified for
 * nothing else and that is replaced at half of its life; until there is one, by the CA itself.
 * One publisher a process, for the state thread; job threads get copies.
 */
#ifndef SALLYPORT_CERTS_PUBLISHER_H
#define SALLYPORT_CERTS_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "base/error.h"

struct control;

/* Once a second, outside of any transaction. */
void certs_tick(struct control *control);
/* A CA has given this number to a list elsewhere: the next one is above it. */
void certs_follow_number(const uint8_t *ca_key, uint64_t number);
/* After the job threads have ended: what they worked on is freed. Nothing was made: fine. */
void certs_close(void);

#endif
