/*
 * x509/certificate_internal.h - the facts of a certificate, for the other files of this folder.
 *
 * All of it is filled by certificate_parse() and never changes; the byte runs point into der.
 */
#ifndef SALLYPORT_X509_CERTIFICATE_INTERNAL_H
#define SALLYPORT_X509_CERTIFICATE_INTERNAL_H

#include <openssl/bytestring.h>
#include <openssl/pool.h>
#include <openssl/x509.h>
#include "x509/certificate.h"
#include "x509/signature.h"

#define CERTIFICATE_MAX_EXTENSIONS 64

/* Last octet of the OID 2.5.29.n */
#define CERTIFICATE_EXTENSIONS(X) \
	X(SUBJECT_KEY_ID, 14) \
	X(KEY_USAGE, 15) \
	X(ALTERNATIVE_NAME, 17) \
	X(BASIC_CONSTRAINTS, 19) \
	X(NAME_CONSTRAINTS, 30) \
	X(AUTHORITY_KEY_ID, 35) \
	X(POLICY_CONSTRAINTS, 36) \
	X(EXTENDED_KEY_USAGE, 37)

enum certificate_extension {
#define X(name, arc) EXTENSION_##name,
	CERTIFICATE_EXTENSIONS(X)
#undef X
	EXTENSION_COUNT
};

struct extension {
	bool present;
	bool critical;
	struct bytes value; /* content of extnValue */
};

struct certificate {
	X509 *x509;
	CRYPTO_BUFFER *buffer;
	struct bytes der;
	struct bytes serial, issuer, subject, key;
	struct signature_algorithm signature;
	struct extension extensions[EXTENSION_COUNT];
	unsigned int version;               /* 1 to 3 */
	int64_t not_before, not_after;
	uint8_t key_hash[32];
	uint32_t flags;                     /* EXFLAG_... */
	uint32_t key_usage;                 /* all ones when the extension is absent */
	uint32_t extended_key_usage;        /* likewise */
	enum certificate_key key_kind;
	unsigned int key_bits;
};

static inline bool certificate_has(const struct certificate *certificate,
				   enum certificate_extension extension)
{
	return certificate->extensions[extension].present;
}

/* Takes one Extension off a list of them (RFC 5280 4.1): of certificates and of revocation lists. */
bool extension_read(CBS *list, CBS *ret_oid, struct extension *ret_extension);

/* Made so that it could issue: subject is the issuer's name of child and the key ids, as far as both
 * have them, agree (RFC 5280 6.1.3 (a)(4), 4.2.1.1). Says nothing about signatures. */
bool certificate_could_issue(const struct certificate *issuer, const struct certificate *child);
/* Does the signature on child verify under the key of issuer? */
bool certificate_signed_by(const struct certificate *child, const struct certificate *issuer);
/* v3 with cA, and a key usage, if any, that allows signing certificates. */
bool certificate_may_issue(const struct certificate *certificate);
/* Is the key of a kind and size that is accepted here? Otherwise ret_why says what it is. */
bool certificate_key_is_strong(const struct certificate *certificate, char *ret_why, size_t size);
/* Name and certificate as parsed for an X509_NAME in DER. */
void name_text(const X509_NAME *name, char *ret_text, size_t size);

#endif
