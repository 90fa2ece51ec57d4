/*
 * pki/subject.h - the distinguished name of a certificate: written with care, and read for people.
 *
 * RFC 5280 4.1.2.4 and A.1, BR 7.1.4.2: one attribute in each RDN, each type once, in the order C, ST,
 * L, O, OU, CN. Text is UTF-8; it is trimmed and composed (NFC, pki/compose.h) first.
 */
#ifndef SALLYPORT_PKI_SUBJECT_H
#define SALLYPORT_PKI_SUBJECT_H

#include "base/bytes.h"

#define SUBJECT_NAMES(X) \
	/* member, attribute type 2.5.4.n, most characters, name in the API, in RFC 4514 */ \
	X(country, 6, 2, "CountryCode", "C") \
	X(state, 8, 128, "State", "ST") \
	X(locality, 7, 128, "Locality", "L") \
	X(organization, 10, 64, "Organization", "O") \
	X(organization_unit, 11, 64, "OrganizationUnit", "OU") \
	X(common_name, 3, 64, "CommonName", "CN")

/* NULL or "": left out. */
struct subject_names {
#define X(member, arc, most, name, short_name) const char *member;
	SUBJECT_NAMES(X)
#undef X
};

/* Writes the Name. The error's place is the API's name of the attribute. */
int must_check subject_write(const struct subject_names *names, struct buffer *ret_der,
			     struct error *err);

/* What is wrong with one text, or NULL. most: in characters; 0: no limit. */
const char *subject_check_text(struct bytes utf8, size_t most);

/* The texts of a Name, whatever string types it uses; free with subject_texts_done(). What is not there,
 * or cannot be read, stays NULL; of a repeated attribute the first counts. */
struct subject_texts {
#define X(member, arc, most, name, short_name) char *member;
	SUBJECT_NAMES(X)
#undef X
};
void subject_read(struct bytes name, struct subject_texts *ret_texts);
void subject_texts_done(struct subject_texts *texts);

#endif
