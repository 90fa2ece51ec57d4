/*
 * pki/import.h - what somebody gave as certificate, key or chain: sorted by content, checked, in order.
 *
 * Lenient in form: PEM as people have it, DER, base64 of DER, PKCS#7, PKCS#12, encrypted keys, in any
 * order and in any field. Strict in content: what is damaged, contradicts itself or cannot be used is
 * refused by name; what is doubtful becomes a note. Keys never show in errors or notes.
 *
 * Opening what is encrypted takes time: for a job thread.
 */
#ifndef SALLYPORT_PKI_IMPORT_H
#define SALLYPORT_PKI_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "x509/certificate.h"

#define IMPORT_SIZE_MAX (256u * 1024)
#define IMPORT_LIST_SIZE_MAX (1024u * 1024) /* where revocation lists are asked for */
#define IMPORT_CERTIFICATES_MAX 30
#define IMPORT_KEYS_MAX 8
#define IMPORT_LISTS_MAX 16
#define IMPORT_REQUESTS_MAX 4
#define IMPORT_NOTES_MAX 24

struct import_note {
	bool is_warning;         /* else it is good to know */
	char text[240];
};

struct import_notes {
	struct import_note items[IMPORT_NOTES_MAX];
	size_t count;
};

void import_note(struct import_notes *notes, bool is_warning, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Everything found so far. Zeroed at first. */
struct import {
	size_t size_max;         /* of one field; 0: IMPORT_SIZE_MAX */
	bool tolerant;           /* what needs a password that was not given is counted, no error */
	struct certificate *certificates[IMPORT_CERTIFICATES_MAX];
	size_t certificate_count;
	struct buffer keys[IMPORT_KEYS_MAX];         /* PKCS#8 */
	uint8_t key_hashes[IMPORT_KEYS_MAX][32];     /* of their SubjectPublicKeyInfo */
	size_t key_count;
	struct buffer lists[IMPORT_LISTS_MAX];       /* CRLs */
	size_t list_count;
	struct buffer requests[IMPORT_REQUESTS_MAX]; /* PKCS#10 */
	size_t request_count;
	size_t sealed_keys, sealed_files;            /* tolerant: encrypted keys, PKCS#12 files */
	bool had_pkcs12;
	struct import_notes notes;
};

void import_done(struct import *import); /* wipes the keys */

/* Takes all that content holds. what: the name of the field, for errors (their place too). password: of
 * encrypted keys and of PKCS#12, or NULL. */
int must_check import_add(struct import *import, struct bytes content, const char *what,
			  const char *password, struct error *err);

/* A server certificate: the one leaf, its key, and the chain that leads up from it. */
struct import_server {
	const struct certificate *leaf; /* of the import */
	struct bytes pkcs8;             /* of the import */
	struct buffer chain;            /* DER, issuers upwards, with the root if it is there */
};
/* Notes about the chain go to the import; import_note_doubts() has more to say about the leaf.
 * "Mismatch.CertificateKey", "IllegalParam.Cert", "MissingParam.Key", ... */
int must_check import_server(struct import *import, struct import_server *ret_server,
			     struct error *err);

/* CA certificates to trust together: an anchor in front, the others in their order. */
struct import_authorities {
	const struct certificate *first; /* of the import */
	struct buffer others;            /* DER, one after another */
	size_t count;
};
/* strict: of the ChainProfile. A set without any CA that is valid now gets a warning. */
int must_check import_authorities(struct import *import, bool strict, int64_t now,
				  struct import_authorities *ret_authorities, struct error *err);

/* What is doubtful about one certificate: dates, key size, hash, version, names, purpose. number: how
 * the notes call it ("certificate 2"), 0: "the certificate". */
void import_note_doubts(const struct certificate *certificate, size_t number, bool is_server,
			int64_t now, struct import_notes *notes);
/* Would the profile Strict refuse it in its place of a chain? */
void import_note_profile(const struct certificate *certificate, struct import_notes *notes);
/* The chain upwards from leaf as far as it is there; marks what is used (of certificate_count). */
void import_order_chain(const struct import *import, size_t leaf, bool *used,
			struct buffer *ret_chain, size_t *ret_last);
/* Does private key k of the import belong to the certificate? */
bool import_key_belongs(const struct import *import, size_t k,
			const struct certificate *certificate);
/* Adds one private key that is at hand as PKCS#8. */
int must_check import_add_key(struct import *import, struct bytes pkcs8, struct error *err);

#endif
