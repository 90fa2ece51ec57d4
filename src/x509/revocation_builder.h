/*
 * x509/revocation_builder.h - a table on its way: what each issuer's lists said, for the two
 * files that build one.
 */
#ifndef SALLYPORT_X509_REVOCATION_BUILDER_H
#define SALLYPORT_X509_REVOCATION_BUILDER_H

#include "x509/revocation_internal.h"

/* What one list said. */
struct revocation_list {
	uint8_t point[32];                 /* SHA-256 of the issuing distribution point */
	int64_t this_update, next_update;
	uint8_t number[REVOCATION_SERIAL_SIZE + 1]; /* length first, so that they compare */
	uint32_t covers;
	struct revocation_entry *entries;  /* owned, unless borrowed */
	size_t count, capacity;
	bool borrowed;
	bool own;                          /* of revocation_builder_add_issuer() */
};

struct revocation_issuer_lists {
	uint8_t key[REVOCATION_KEY_SIZE];
	char name[192];
	bool broken;
	int64_t revoked_s;                 /* itself: revocation_builder_add_issuer() */
	struct revocation_list *lists;         /* owned */
	size_t list_count;
};

/* A file that does not say whose list it was: one of these issuers'. */
struct revocation_suspects {
	uint8_t (*keys)[REVOCATION_KEY_SIZE]; /* owned */
	size_t count;
};

struct revocation_builder {
	struct revocation_issuer_lists *issuers;
	size_t count;
	struct revocation_suspects *suspects;         /* owned */
	size_t suspects_count;
	uint64_t made;
};

struct revocation_issuer_lists *revocation_issuer_find(struct revocation_builder *builder,
						       const uint8_t *key); /* NULL: none yet */
struct revocation_issuer_lists *revocation_issuer_new(struct revocation_builder *builder,
						      const uint8_t *key);
void revocation_issuer_append_list(struct revocation_issuer_lists *issuer,
				   const struct revocation_list *list);

#endif
