/*
 * pki/pkcs8.h - private keys under a password: EncryptedPrivateKeyInfo (RFC 5958), and the older PEM
 * encryption of RFC 1421 headers, which is only read.
 *
 * Errors have the symbols of pki/pbe.h. They never say which byte of a password or key was wrong.
 */
#ifndef SALLYPORT_PKI_PKCS8_H
#define SALLYPORT_PKI_PKCS8_H

#include <stdbool.h>
#include "base/bytes.h"
#include "pki/pbe.h"

/* Takes some tens of milliseconds: 100,000 iterations of PBKDF2 with SHA-256, then AES-256-CBC.
 * pkcs8: PrivateKeyInfo in DER. ret_der is replaced. */
int must_check pkcs8_encrypt(struct bytes pkcs8, const char *password, struct buffer *ret_der,
			     struct error *err);

bool pkcs8_is_encrypted(struct bytes der);
/* What comes out is a private key of a kind that AWS-LC knows, or it fails. */
int must_check pkcs8_decrypt(struct pbe *pbe, struct bytes der, struct buffer *ret_pkcs8,
			     struct error *err);
/* headers: "Proc-Type: 4,ENCRYPTED" and "DEK-Info: AES-256-CBC,0011..." of a PEM block; encrypted: its
 * content. ret_der is PKCS#1, SEC1 or PKCS#8. */
int must_check pkcs8_decrypt_old_pem(struct pbe *pbe, struct bytes headers,
				     struct bytes encrypted, struct buffer *ret_der,
				     struct error *err);

/* --- keys as text --- */

/* The key as older programs want it: "RSA PRIVATE KEY" (PKCS#1) or "EC PRIVATE KEY" (SEC1); kinds that
 * have no such form stay "PRIVATE KEY". */
int must_check pkcs8_write_old_pem(struct bytes pkcs8, struct buffer *out, struct error *err);

#endif
