/*
 * pki/pbe.h - what is encrypted under a password: PBES2 (RFC 8018) and the PBES1 of RFC 7292.
 *
 * Read: PBES2 with PBKDF2 (SHA-1 to SHA-512) or scrypt and AES-CBC or 3DES; PBES1 with SHA-1 and 3DES
 * or RC2. Written: PBES2 with PBKDF2, SHA-256, AES-256-CBC, or PBES1 with 3DES. AWS-LC writes SHA-1 only
 * and reads neither SHA-384 nor a missing NULL, so none of its PKCS#8 functions are used.
 *
 * Who made the bytes decides how much work they cost: every derivation is paid for out of a struct pbe
 * before it begins. Still, all of it belongs into a job thread.
 *
 * Errors: symbol "MissingParam.Password" when there is none, "IllegalParam.Password" when it does not
 * open what it should, otherwise none.
 */
#ifndef SALLYPORT_PKI_PBE_H
#define SALLYPORT_PKI_PBE_H

#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"

#define PBE_ITERATIONS_MAX 2000000         /* of one derivation */
#define PBE_WORK_MAX 8000000               /* of one file: iterations times blocks made */
#define PBE_SCRYPT_MEMORY_MAX (256u << 20)
#define PBE_PASSWORD_MAX 1024

/* One password, and the work that may still be done with it. */
struct pbe {
	const char *password; /* UTF-8, borrowed; NULL: none was given */
	bool bare;            /* PKCS#12 only: the empty password is nothing at all, not one NUL */
	uint64_t work_left;
};

struct pbe pbe_begin(const char *password);

/* algorithm: content of the AlgorithmIdentifier. A wrong password is found by the padding, or not at
 * all: the caller looks at what comes out. ret_plain is replaced. */
int must_check pbe_decrypt(struct pbe *pbe, struct bytes algorithm, struct bytes encrypted,
			   struct buffer *ret_plain, struct error *err);

enum pbe_scheme {
	PBE_MODERN,     /* PBES2: PBKDF2 with SHA-256, AES-256-CBC */
	PBE_COMPATIBLE, /* PBES1 of PKCS#12: SHA-1, 3DES. For devices that know nothing better */
};
/* Adds the AlgorithmIdentifier and the encrypted bytes under tag. */
int must_check pbe_encrypt(enum pbe_scheme scheme, const char *password, uint32_t iterations,
			   struct bytes plain, CBB *out, CBS_ASN1_TAG tag, struct error *err);

/* --- what PKCS#12 needs besides --- */

/* A PBKDF2 or scrypt AlgorithmIdentifier (with its tag) at the front of in. */
int must_check pbe_derive(struct pbe *pbe, CBS *in, uint8_t *ret_key, size_t len,
			  struct error *err);
/* RFC 7292 B.2; purpose 1: key, 2: initial value, 3: MAC. */
int must_check pbe_derive_pkcs12(struct pbe *pbe, const EVP_MD *digest, uint8_t purpose,
				 struct bytes salt, uint64_t iterations, uint8_t *ret_key,
				 size_t len, struct error *err);
/* By the OID of the hash, or of the HMAC with it; NULL: not one of SHA-1 to SHA-512. */
const EVP_MD *pbe_digest(struct bytes oid);
const EVP_MD *pbe_hmac_digest(struct bytes oid);

/* Appends UTF-16, most significant octet first (BMPString). Refuses what is no UTF-8, and empties the
 * buffer then. */
int must_check pbe_utf16(const char *utf8, bool terminated, struct buffer *ret_utf16,
			 struct error *err);

#endif
