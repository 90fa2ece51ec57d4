/*
 * pki/crl_write.h - one certificate revocation list of a CA of ours, signed: RFC 5280 section 5.
 *
 * Version 2, numbered, with the key identifier of its issuer. The issuer's name is copied as the CA
 * certificate has it. 500,000 entries take a fifth of a second: for a job thread.
 */
#ifndef SALLYPORT_PKI_CRL_WRITE_H
#define SALLYPORT_PKI_CRL_WRITE_H

#include <openssl/evp.h>
#include "base/bytes.h"
#include "x509/certificate.h"

#define CRL_BACKDATE_S 60                  /* clocks differ */
#define CRL_MAX_LIFE_S (INT64_C(7) * 86400)

/* Reasons of RFC 5280 5.3.1 that are offered. A hold or its end never is: a revocation is final. */
#define CRL_REASONS(X) \
	X(UNSPECIFIED, 0, "unspecified") \
	X(KEY_COMPROMISE, 1, "keyCompromise") \
	X(CA_COMPROMISE, 2, "cACompromise") \
	X(AFFILIATION_CHANGED, 3, "affiliationChanged") \
	X(SUPERSEDED, 4, "superseded") \
	X(CESSATION_OF_OPERATION, 5, "cessationOfOperation") \
	X(PRIVILEGE_WITHDRAWN, 9, "privilegeWithdrawn")

enum revoked_reason {
#define X(name, value, word) REVOKED_##name = value,
	CRL_REASONS(X)
#undef X
};

/* NULL: not one of them. */
const char *crl_reason_word(int reason);
/* In any case of letters; -1: not one of them. */
int crl_reason_parse(const char *word);

struct crl_entry {
	struct bytes serial;       /* content octets */
	int64_t when;
	int reason;                /* 0 is left out, as RFC 5280 5.3.1 wishes */
};

struct crl_order {
	const struct certificate *issuer;
	EVP_PKEY *key;             /* of the issuer */
	uint64_t number;           /* greater than that of every list before */
	int64_t this_update;
	int64_t next_update;       /* at most CRL_MAX_LIFE_S later; what is later is cut */
};

/* next gives one entry after another, false at the end; serials must differ. */
int must_check crl_write(const struct crl_order *order,
			 bool (*next)(void *arg, struct crl_entry *ret_entry), void *arg,
			 struct buffer *ret_der, struct error *err);

/* When a list that lives for days (CrlDay of the API) ends, and when it is replaced: before half of
 * its life is over. */
int64_t crl_next_update(int64_t this_update, int64_t days);
int64_t crl_renew_at(int64_t this_update, int64_t next_update);
/* The number of the next list: grows whatever clock or store was set back. */
uint64_t crl_next_number(uint64_t last, int64_t now);
/* Is it ours, whole, and signed with the key of this CA? Asked before a list is served. */
int must_check crl_verify(struct bytes der, const struct certificate *issuer, struct error *err);

#endif
