/*
 * control/own_revocations.h - everything our own CAs revoked, sorted, in memory: 32 bytes a serial.
 *
 * Loaded from the store at the start; the state thread adds, a job that builds a plan fills a revocation
 * table from it. Safe for both at once: each call holds the lock of the object for its time.
 */
#ifndef SALLYPORT_CONTROL_OWN_REVOCATIONS_H
#define SALLYPORT_CONTROL_OWN_REVOCATIONS_H

#include "base/error.h"
#include "store/certificate.h"
#include "x509/revocation.h"

struct own_revocations;

/* All own CAs (also those that revoked nothing) and all revocations of the store. NULL on error. */
struct own_revocations *own_revocations_load(struct store *store, struct error *err);
void own_revocations_free(struct own_revocations *own); /* NULL is fine */

/* After the commit of the transaction that made the CA or revoked the serial. */
void own_revocations_add_issuer(struct own_revocations *own, const uint8_t issuer_key[32],
				const char *name);
void own_revocations_add(struct own_revocations *own, const struct store_revocation *revocation);

/* A new table: files' part of the one in served (may be empty), our own CAs as they are now, and a
 * `made` above that of every table made before. */
int must_check own_revocations_table(struct own_revocations *own, struct bytes served,
				     struct buffer *ret_bytes, struct error *err);
/* Adds our own CAs to a builder that has the files, and sets its `made`. */
void own_revocations_fill(struct own_revocations *own, struct revocation_builder *builder);
/* A control before this one made tables up to this number. */
void own_revocations_learn_made(struct own_revocations *own, uint64_t made);

#endif
