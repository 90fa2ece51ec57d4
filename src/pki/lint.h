/*
 * pki/lint.h - the rules that every certificate of ours keeps; run on its bytes before they are signed.
 *
 * The bytes are read back by a parser of their own, so that a fault of the writer is found too. A
 * broken rule of severity ERROR ends it: nothing is signed. The others are kept as notes.
 */
#ifndef SALLYPORT_PKI_LINT_H
#define SALLYPORT_PKI_LINT_H

#include <openssl/evp.h>
#include "pki/issue_profile.h"
#include "x509/certificate.h"

enum lint_severity { LINT_ERROR, LINT_WARNING, LINT_INFORMATION };

struct lint_note {
	const char *id;            /* "V07" */
	enum lint_severity severity;
	char text[160];
};

#define LINT_NOTES_MAX 16

struct lint_report {
	struct lint_note notes[LINT_NOTES_MAX];
	size_t count;
};

struct lint_context {
	const struct issue_profile *profile;
	const struct certificate *issuer; /* NULL: it signs itself */
	const EVP_PKEY *issuer_key;       /* public part is enough */
	int64_t now;
	bool later;                       /* V05 does not apply: it was asked for */
};

/* 0, or -1: a rule of severity ERROR is broken. The error's symbol is "LintFailed.<id>". */
int must_check lint_tbs(struct bytes tbs, const struct lint_context *context,
			struct lint_report *ret_report, struct error *err);
void lint_note(struct lint_report *report, const char *id, enum lint_severity severity,
	       const char *text);
const char *lint_severity_text(enum lint_severity severity); /* "W", ... */

#endif
