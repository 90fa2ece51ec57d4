/* control/own_revocations_internal.h - what control/own_revocations.c and own_authorities.c
 * share. */
#ifndef SALLYPORT_CONTROL_OWN_REVOCATIONS_INTERNAL_H
#define SALLYPORT_CONTROL_OWN_REVOCATIONS_INTERNAL_H

#include <pthread.h>
#include "control/own_revocations.h"

struct own_issuer {
	uint8_t key[REVOCATION_KEY_SIZE];
	char name[192];
	bool is_known;          /* a CA of the store has this key */
	int64_t revoked_s;      /* the CA itself; 0: it is good */
	struct revocation_entry *entries; /* owned */
	size_t count, capacity;
	uint64_t changes;
};

struct own_revocations {
	pthread_mutex_t lock;
	struct own_issuer *issuers; /* owned */
	size_t count;
	uint64_t made;          /* of the last table */
	struct store_revocation *waiting; /* owned: not known to be committed */
	size_t waiting_count, waiting_capacity;
	bool cas_wait;          /* the CAs are to be read again */
	int64_t cas_revision;   /* of the store as it was when they were read */
};

/* Made when it is missing. Under the lock. */
struct own_issuer *own_issuer_for(struct own_revocations *own, const uint8_t *key);

#endif
