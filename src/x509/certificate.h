/*
 * x509/certificate.h - one certificate, parsed strictly, with the facts that others ask for.
 *
 * Parsing refuses trailing bytes and anything over CERTIFICATE_MAX_SIZE. Times are int64 seconds.
 */
#ifndef SALLYPORT_X509_CERTIFICATE_H
#define SALLYPORT_X509_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"

#define CERTIFICATE_MAX_SIZE 32768

struct certificate;

struct certificate *certificate_parse(struct bytes der, struct error *err);
void certificate_free(struct certificate *certificate);

struct bytes certificate_der(const struct certificate *certificate);
struct bytes certificate_subject_der(const struct certificate *certificate);
struct bytes certificate_issuer_der(const struct certificate *certificate);
struct bytes certificate_serial(const struct certificate *certificate); /* content octets */
int64_t certificate_not_before(const struct certificate *certificate);
int64_t certificate_not_after(const struct certificate *certificate);
bool certificate_is_ca(const struct certificate *certificate); /* v3, basicConstraints cA */
bool certificate_is_self_issued(const struct certificate *certificate);
const uint8_t *certificate_key_hash(const struct certificate *certificate); /* SHA-256 of the SPKI */

enum certificate_key { CERTIFICATE_KEY_OTHER, CERTIFICATE_KEY_RSA, CERTIFICATE_KEY_ECDSA,
	CERTIFICATE_KEY_ED25519 };
enum certificate_key certificate_key_kind(const struct certificate *certificate);
unsigned int certificate_key_bits(const struct certificate *certificate);

/* RFC 4514 text, most specific first as RFC 4514 wants ("CN=cart,O=shop"), control characters
 * escaped, cut with "..." when it does not fit. */
void certificate_subject_text(const struct certificate *certificate, char *ret_text, size_t size);
void certificate_issuer_text(const struct certificate *certificate, char *ret_text, size_t size);
/* In front of the URI SAN that our CA gives a client with nothing but a common name. */
#define CERTIFICATE_PLACEHOLDER_URN "urn:sallyport:client:"
/* What the holder is called: first URI SAN that is no placeholder, else first e-mail SAN, else the CN, else
 * the first DNS SAN, else the subject. Escaped like the subject. */
void certificate_identity_text(const struct certificate *certificate, char *ret_text, size_t size);
/* Calls each for every dNSName SAN, lower-cased; when there is no SAN at all, for the CN if it looks
 * like a host name. For SNI. */
void certificate_each_dns_name(const struct certificate *certificate,
			       void (*each)(void *arg, const char *name), void *arg);

/* --- files: PEM as people have it (pki notes 5), or DER --- */

/* Calls each for every certificate of the file, in its order; 0, or -1 with what is wrong. At least
 * one must be there. what names the field in errors ("CertFile"). */
int must_check certificate_each_in_file(struct bytes content, const char *what,
					int (*each)(void *arg, struct bytes der, struct error *err),
					void *arg, struct error *err);
/* The one unencrypted private key of the file (PKCS#1, SEC1, PKCS#8; PEM or DER) as PKCS#8 DER. */
int must_check certificate_key_from_file(struct bytes content, const char *what,
					 struct buffer *ret_pkcs8, struct error *err);
/* The same for one key in DER. parameters: of an EC PARAMETERS block in front of it, or empty. */
int must_check certificate_key_from_der(struct bytes der, struct bytes parameters, const char *what,
					struct buffer *ret_pkcs8, struct error *err);
/* Does the private key belong to the certificate? And is it one TLS can use here: RSA >= 2048,
 * P-256, P-384, P-521, Ed25519. */
int must_check certificate_check_key(const struct certificate *certificate, struct bytes pkcs8,
				     struct error *err);

#endif
