/*
 * pki/authority.h - a CA of ours with its key, ready to issue.
 *
 * Nothing leaves authority_issue() that has not passed every lint (pki/lint.h), does not verify under
 * the CA certificate's key, or that our own chain check would refuse at its first or its last second.
 * A certificate never outlives its issuers: the error names the date. For one thread at a time.
 */
#ifndef SALLYPORT_PKI_AUTHORITY_H
#define SALLYPORT_PKI_AUTHORITY_H

#include <openssl/evp.h>
#include "pki/lint.h"
#include "pki/template.h"
#include "x509/certificate.h"

struct authority;

/* certificate: the CA's own, DER. chain: its issuers upwards, concatenated DER, as far as they are
 * known; may be empty. The key must belong to the certificate; a reference is taken. NULL on error. */
struct authority *authority_new(struct bytes certificate, struct bytes chain, EVP_PKEY *key,
				struct error *err);
void authority_free(struct authority *authority); /* NULL is fine */

const struct certificate *authority_certificate(const struct authority *authority);
EVP_PKEY *authority_key(const struct authority *authority); /* borrowed */
/* The earliest end of the CA certificate and of those above it. */
int64_t authority_not_after(const struct authority *authority);
int64_t authority_not_before(const struct authority *authority);
/* How many CAs may stand below; -1: no limit. */
int authority_path_length(const struct authority *authority);
/* Certificate of the CA and those above it, concatenated DER: the chain of what it issues. */
struct bytes authority_chain(const struct authority *authority);
/* Its key id as lower-case hex, for URLs. */
#define AUTHORITY_KEY_ID_TEXT 65
void authority_key_id_text(const struct authority *authority, char ret_text[AUTHORITY_KEY_ID_TEXT]);

struct issued {
	struct buffer der;
	struct certificate *certificate; /* the same, parsed */
	uint8_t serial[SERIAL_SIZE];
	struct lint_report report;
};
void issued_done(struct issued *issued);

/* On error: symbol "IllegalParam.AfterTime" when it would outlive its issuer, "LintFailed.X28" when
 * names are outside of a constraint, "LintFailed.<id>" for all other rules. */
int must_check authority_issue(struct authority *authority, const struct issue_request *request,
			       struct issued *ret_issued, struct error *err);
/* A root: signs itself. */
int must_check authority_issue_root(EVP_PKEY *key, const struct issue_request *request,
				    struct issued *ret_issued, struct error *err);

#endif
