/*
 * control/own_revocations.h - what our own CAs revoked, sorted in memory: 32 bytes a certificate.
 *
 * Read from the store once, then kept in step: who revokes adds. From it come the own part of the
 * revocation table, the CRLs and the answers of OCSP. A revocation is final, so nothing is ever
 * taken out. A CA that was itself revoked, or hangs on one that was, is revoked as a whole: all
 * that it issued.
 *
 * Any thread may call any function.
 */
#ifndef SALLYPORT_CONTROL_OWN_REVOCATIONS_H
#define SALLYPORT_CONTROL_OWN_REVOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"
#include "store/certificate.h"
#include "x509/revocation.h"

struct own_revocations;

/* All revocations and CAs of the store; NULL on error. */
struct own_revocations *own_revocations_load(struct store *store, struct error *err);
void own_revocations_free(struct own_revocations *own); /* NULL is fine */

/* After store_revoke() with the same, inside its transaction: it waits for
 * own_revocations_settle(). Done twice, the earlier time stays and only the reason may become
 * keyCompromise. */
void own_revocations_add(struct own_revocations *own, const struct store_revocation *revocation);
/* A CA was made, revoked or deleted inside this transaction. */
void own_revocations_add_ca(struct own_revocations *own);
/* After a commit: what was added and is in the store counts from now on; what was undone is
 * forgotten. */
void own_revocations_settle(struct own_revocations *own, struct store *store, int64_t now);
/* The CAs as the store has them now: new ones, and those that were revoked. A store that is read as it
 * was before the last update changes nothing. */
int must_check own_revocations_update(struct own_revocations *own, struct store *store, int64_t now,
				      struct error *err);

/* --- the table --- */

/* Adds the own CAs to a builder that has what files said, with a `made` above that of every table
 * before. */
void own_revocations_fill(struct own_revocations *own, struct revocation_builder *builder);
/* A new table: what files said out of the old one (which may be empty), and the own CAs as
 * they are now. 500,000: some tens of milliseconds. */
int must_check own_revocations_refresh(struct own_revocations *own, struct bytes old_table,
				       struct buffer *ret_table, struct error *err);
/* Tables made from now on are newer than this one, which another control may have made. */
void own_revocations_follow(struct own_revocations *own, struct bytes table);

/* --- what is asked about one CA --- */

bool own_revocations_find(struct own_revocations *own,
			  const uint8_t issuer_key[REVOCATION_KEY_SIZE], struct bytes serial,
			  struct revocation_entry *ret_entry);
/* A copy of all entries of one CA, sorted; NULL when there is none. The caller frees it. */
struct revocation_entry *own_revocations_copy(struct own_revocations *own,
					      const uint8_t issuer_key[REVOCATION_KEY_SIZE],
					      size_t *ret_count);
/* Grows whenever this CA revokes something, or for another reason: has a list to be made again? */
uint64_t own_revocations_changes(struct own_revocations *own,
				 const uint8_t issuer_key[REVOCATION_KEY_SIZE]);

#endif
