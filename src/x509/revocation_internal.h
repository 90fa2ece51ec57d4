/*
 * x509/revocation_internal.h - the bytes of a revocation table.
 *
 *   header | issuers, sorted by key | entries: the issuers' runs, each sorted by serial
 *
 * An entry is 32 bytes. Numbers are in the machine's own order: a table never leaves it.
 */
#ifndef SALLYPORT_X509_REVOCATION_INTERNAL_H
#define SALLYPORT_X509_REVOCATION_INTERNAL_H

#include <stdint.h>
#include "x509/revocation.h"

#define REVOCATION_MAGIC "SPREVOC2"
#define REVOCATION_COVERS_USERS 1u
#define REVOCATION_COVERS_CAS 2u
#define REVOCATION_OWN 4u        /* beside covers: nothing of it came from a file */
#define REVOCATION_WHOLE 8u      /* the CA itself is revoked, since this_update */

struct revocation_header {
	char magic[8];
	uint64_t issuer_count;
	uint64_t entry_count;
	uint64_t made;             /* a later table has a greater number */
};

struct revocation_row {
	uint8_t key[REVOCATION_KEY_SIZE];
	char name[192];
	uint32_t broken;
	uint32_t covers;           /* REVOCATION_COVERS_..., _OWN, _WHOLE */
	int64_t this_update, next_update;
	uint64_t first, count;     /* its run of entries */
};

_Static_assert(sizeof(struct revocation_header) == 32, "layout of the table");
_Static_assert(sizeof(struct revocation_row) == 264, "layout of the table");
_Static_assert(sizeof(struct revocation_entry) == 32, "layout of the table");

#endif
