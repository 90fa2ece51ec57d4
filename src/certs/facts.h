/*
 * certs/facts.h - what the API says about a certificate, and what the store keeps of it.
 *
 * For those that were made elsewhere: nothing here relies on how a certificate came to be. Texts of
 * strangers are escaped where they are for people.
 */
#ifndef SALLYPORT_CERTS_FACTS_H
#define SALLYPORT_CERTS_FACTS_H

#include <jansson.h>
#include "pki/import.h"
#include "store/certificate.h"
#include "x509/certificate.h"

/* "a.example,10.0.0.1,x@a.example": a new text, "" when there are none. */
char *facts_names(const struct certificate *certificate);
/* The same of the value of a subjectAltName extension. */
char *facts_names_of(struct bytes value);
/* Upper-case hex. facts_serial: without a leading zero octet. New texts. */
char *facts_hex(struct bytes bytes);
char *facts_serial(const struct certificate *certificate);
char *facts_common_name(struct bytes name); /* of a Name in DER; "" when there is none */
const char *facts_algorithm(const struct certificate *certificate); /* "RSA", "ECC", "Ed25519" */
int64_t facts_days_left(int64_t not_after, int64_t now);            /* whole days; 0: ended */

/* Columns of a row: names, serial, hashes, dates, DER. issuer: NULL: not known. */
void facts_fill(const struct certificate *certificate, const struct certificate *issuer,
		struct store_certificate *row);

/* --- members of replies --- */

/* Takes text and frees it. */
void facts_set(json_t *object, const char *name, char *text);
/* Sha1, Sha2, dates, subject, ... under the names of CAS 2020-04-07. */
void facts_describe(const struct certificate *certificate, int64_t now, json_t *object);
/* Subject, issuer and so on under the names of our own actions. */
void facts_describe_fully(const struct certificate *certificate, int64_t now, json_t *object);
/* PEM as a text. */
json_t *facts_pem(struct bytes der, struct bytes chain);
struct crl;
json_t *facts_describe_list(const struct crl *crl, const char *name);
/* The notes of one kind: an array of texts. */
json_t *facts_notes(const struct import_notes *notes, bool warnings);
/* Who uses it: [{Kind, ResourceId, Role}]; NULL on error. */
json_t *facts_used_by(struct store *store, const char *id, struct error *err);
/* [{TagKey, TagValue}]; NULL on error. */
json_t *facts_tags(struct store *store, const char *id, struct error *err);
/* For audit rows. */
json_t *facts_summary(const struct store_certificate *row);

/* Calls each for every certificate that stands in chain. */
void facts_each(struct bytes chain, void (*each)(void *arg, const struct certificate *certificate),
		void *arg);

#endif
