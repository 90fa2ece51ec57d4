/*
 * x509/revocation.h - who was revoked: one sorted table, built by control, mapped by every worker.
 *
 * The table is position-free bytes for a sealed memfd. An issuer is the SHA-256 of its
 * SubjectPublicKeyInfo. An issuer that has a list configured but none that can be used (unreadable,
 * badly signed) is in the table as broken; one past next_update + 5 minutes is stale, one whose
 * this_update is more than 5 minutes ahead not yet good. All answer UNUSABLE: fail closed, for that
 * issuer only.
 */
#ifndef SALLYPORT_X509_REVOCATION_H
#define SALLYPORT_X509_REVOCATION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"

#define REVOCATION_GRACE_S 300
#define REVOCATION_KEY_SIZE 32
#define REVOCATION_SERIAL_SIZE 20 /* larger serials never match a list: RFC 5280 4.1.2.2 */

enum revocation_answer {
	REVOCATION_NO_LIST,  /* nothing configured for this issuer */
	REVOCATION_GOOD,
	REVOCATION_REVOKED,
	REVOCATION_UNUSABLE,
};

/* A mapped table. */
struct revocation {
	struct bytes bytes; /* borrowed */
};

/* Checks everything a look-up relies on. */
int must_check revocation_open(struct bytes bytes, struct revocation *ret_table, struct error *err);
enum revocation_answer revocation_find(const struct revocation *table,
				       const uint8_t issuer_key[REVOCATION_KEY_SIZE],
				       struct bytes serial, int64_t now, int64_t *ret_when);

/* The same for a CA certificate: a list that its issuer made for end entities only says
 * nothing about it (and the other way round): NO_LIST. */
enum revocation_answer revocation_find_ca(const struct revocation *table,
					  const uint8_t issuer_key[REVOCATION_KEY_SIZE],
					  struct bytes serial, int64_t now, int64_t *ret_when);

/* One line per issuer, for status and metrics. false past the end. */
struct revocation_issuer {
	uint8_t key[REVOCATION_KEY_SIZE];
	char name[192];       /* subject, for people */
	bool broken;
	bool own;             /* a CA of ours: all that is known comes from the store */
	int64_t this_update, next_update; /* this_update 0: own; next_update 0: never stale */
	uint64_t entries;
};
bool revocation_issuer(const struct revocation *table, size_t i, struct revocation_issuer *ret);

/* Of two tables of one control the newer has the greater number; 0: it has none. */
uint64_t revocation_made(const struct revocation *table);

/* --- building --- */

/* One revoked serial, as the table holds it: 32 bytes. len and serial are what is compared: shorter
 * serials first. */
struct revocation_entry {
	uint8_t len;
	uint8_t serial[REVOCATION_SERIAL_SIZE];
	uint8_t reason;       /* CRLReason (RFC 5280 5.3.1) of our own; 0 in lists of others */
	uint8_t zero[2];
	int64_t when;
};

/* false: the serial is empty or too long to be on any list. */
bool revocation_entry_make(struct bytes serial, int64_t when, struct revocation_entry *ret_entry);
int revocation_entry_compare(const void *a, const void *b); /* as qsort wants it */

struct revocation_builder;
struct revocation_builder *revocation_builder_new(void);
void revocation_builder_free(struct revocation_builder *builder);

/* Adds one CRL file (PEM or DER; several PEM lists in one file are fine) for the CA
 * certificates of one CaCertificates entry. Every list must be issued and signed by one of
 * them (name, key), be v2 or v1 with legal content: RFC 5280 5.1-5.2; unknown critical
 * extensions, indirect, delta and reason-partitioned lists are refused. On error the issuer it
 * can be told for becomes broken, and the error says why: the caller logs it and goes on. When
 * it cannot be told, that is decided once all files are there: the CAs of the entry that have
 * no other list are broken; when all have one, all are. Two lists of one issuer: the later
 * thisUpdate wins. */
int must_check revocation_builder_add(struct revocation_builder *builder, const char *path,
				      struct bytes content, const struct bytes *ca_ders,
				      size_t ca_count, struct error *err);
/* The same for a file that could not be read. */
void revocation_builder_add_unreadable(struct revocation_builder *builder,
				       const struct bytes *ca_ders, size_t ca_count);
/* A CA of our own: whatever it revoked is in entries, so that every other serial is good, and
 * nothing gets stale. Sorted; copied. Lists from files are united with them. revoked_s: since
 * when the CA itself is revoked, and with it all that it issued; 0: it is good. */
void revocation_builder_add_issuer(struct revocation_builder *builder,
				   const uint8_t issuer_key[REVOCATION_KEY_SIZE], const char *name,
				   const struct revocation_entry *entries, size_t count,
				   int64_t revoked_s);
/* What files said, out of a table that was finished before: everything but the own CAs, which
 * are to be added again. Only for an empty builder. Borrowed until the builder is freed. */
int must_check revocation_builder_add_table(struct revocation_builder *builder,
					    const struct revocation *table, struct error *err);
void revocation_builder_set_made(struct revocation_builder *builder, uint64_t made);
/* 500,000 entries: 32 bytes each, sorted. */
int must_check revocation_builder_finish(struct revocation_builder *builder,
					 struct buffer *ret_bytes, struct error *err);

#endif
