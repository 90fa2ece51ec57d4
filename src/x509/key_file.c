/* Private keys as files hold them. What they contain is never part of an error, and is wiped. */
#include <stdio.h>
#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/rsa.h>
#include "x509/certificate_internal.h"
#include "x509/pem.h"

struct key_reading {
	const char *what;
	EVP_PKEY *key;       /* owned */
	EC_GROUP *group;     /* of EC PARAMETERS before the key; static */
	size_t certificates;
};

static int refuse_encrypted(const struct key_reading *reading, struct error *err)
{
	error_set(err, ERROR_INVALID, "could not read %s: the private key is encrypted",
		  reading->what);
	return error_hint(err, "Decrypt it into a file that only Sallyport can read: "
			  "(umask 077; openssl pkey -in FILE -out FILE.plain)");
}

static EVP_PKEY *wrap_rsa(RSA *rsa)
{
	EVP_PKEY *key = rsa == NULL ? NULL : EVP_PKEY_new();

	if (key != NULL && EVP_PKEY_assign_RSA(key, rsa) == 1)
		return key;
	EVP_PKEY_free(key);
	RSA_free(rsa);
	return NULL;
}

static EVP_PKEY *wrap_ec(EC_KEY *ec)
{
	EVP_PKEY *key = ec == NULL ? NULL : EVP_PKEY_new();

	if (key != NULL && EVP_PKEY_assign_EC_KEY(key, ec) == 1)
		return key;
	EVP_PKEY_free(key);
	EC_KEY_free(ec);
	return NULL;
}

/* PKCS#8, PKCS#1 or SEC1, whichever all of the bytes are. */
static EVP_PKEY *parse_key(struct bytes der, const EC_GROUP *group)
{
	EVP_PKEY *key;
	CBS cbs;

	CBS_init(&cbs, der.data, der.len);
	key = EVP_parse_private_key(&cbs);
	if (key == NULL) {
		CBS_init(&cbs, der.data, der.len);
		key = wrap_rsa(RSA_parse_private_key(&cbs));
	}
	if (key == NULL) {
		CBS_init(&cbs, der.data, der.len);
		key = wrap_ec(EC_KEY_parse_private_key(&cbs, NULL));
	}
	if (key == NULL && group != NULL) {
		CBS_init(&cbs, der.data, der.len);
		key = wrap_ec(EC_KEY_parse_private_key(&cbs, group));
	}
	if (key != NULL && CBS_len(&cbs) > 0) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

static int keep_key(struct key_reading *reading, struct bytes der, struct error *err)
{
	EVP_PKEY *key = parse_key(der, reading->group);

	if (key == NULL) {
		error_set(err, ERROR_INVALID,
			  "could not read %s: the private key is damaged or of an unsupported kind",
			  reading->what);
		return error_hint(err, "Keys are RSA, P-256, P-384, P-521 or Ed25519, as PKCS#8, "
				  "PKCS#1 or SEC1.");
	}
	if (reading->key != NULL) {
		EVP_PKEY_free(key);
		return error_set(err, ERROR_INVALID, "could not read %s: it holds several private keys",
				 reading->what);
	}
	reading->key = key;
	return 0;
}

static int refuse_format(const struct key_reading *reading, const char *format, const char *hint,
			 struct error *err)
{
	error_set(err, ERROR_INVALID, "could not read %s: the private key is in the %s format",
		  reading->what, format);
	return error_hint(err, "%s", hint);
}

static int take_key_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct key_reading *reading = arg;
	CBS cbs;

	if (block->encrypted || pem_label_is(block, "ENCRYPTED PRIVATE KEY"))
		return refuse_encrypted(reading, err);
	if (pem_label_is(block, "PRIVATE KEY") || pem_label_is(block, "RSA PRIVATE KEY") ||
	    pem_label_is(block, "EC PRIVATE KEY"))
		return keep_key(reading, block->der, err);
	if (pem_label_is(block, "OPENSSH PRIVATE KEY"))
		return refuse_format(reading, "OpenSSH",
				     "Convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY", err);
	if (pem_label_is(block, "DSA PRIVATE KEY"))
		return refuse_format(reading, "DSA", "TLS has no use for DSA keys: make a new one.",
				     err);
	if (pem_label_is(block, "EC PARAMETERS")) {
		CBS_init(&cbs, block->der.data, block->der.len);
		reading->group = EC_KEY_parse_parameters(&cbs);
		ERR_clear_error();
	} else if (memmem(block->label.data, block->label.len, "CERTIFICATE", 11) != NULL) {
		reading->certificates++;
	}
	return 0;
}

/* EncryptedPrivateKeyInfo ::= SEQUENCE { SEQUENCE { OID, ... }, OCTET STRING } (RFC 5958 3) */
static bool is_encrypted_der(struct bytes der)
{
	CBS cbs, outer;

	CBS_init(&cbs, der.data, der.len);
	return CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&outer, NULL, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&outer, NULL, CBS_ASN1_OCTETSTRING) && CBS_len(&outer) == 0;
}

static int take_key_der(struct key_reading *reading, struct bytes der, struct error *err)
{
	struct certificate *certificate;

	if (is_encrypted_der(der))
		return refuse_encrypted(reading, err);
	certificate = certificate_parse(der, NULL);
	if (certificate != NULL) {
		certificate_free(certificate);
		reading->certificates++;
		return 0;
	}
	return keep_key(reading, der, err);
}

static int write_pkcs8(const EVP_PKEY *key, struct buffer *ret_pkcs8, struct error *err)
{
	uint8_t *der = NULL;
	size_t len = 0;
	CBB cbb;

	if (!CBB_init(&cbb, 2048) || !EVP_marshal_private_key(&cbb, key) ||
	    !CBB_finish(&cbb, &der, &len)) {
		CBB_cleanup(&cbb);
		ERR_clear_error();
		return error_set(err, ERROR_INVALID, "could not encode the private key");
	}
	buffer_done(ret_pkcs8);
	buffer_append(ret_pkcs8, der, len);
	OPENSSL_cleanse(der, len);
	OPENSSL_free(der);
	return 0;
}

int certificate_key_from_file(struct bytes content, const char *what, struct buffer *ret_pkcs8,
			      struct error *err)
{
	struct key_reading reading = { .what = what };
	size_t blocks = 0;
	int status = pem_each(content, what, take_key_block, &reading, &blocks, err);

	if (status == 0 && blocks == 0 && content.len > 0 && content.data[0] == 0x30)
		status = take_key_der(&reading, content, err);
	if (status == 0 && reading.key == NULL) {
		status = error_set(err, ERROR_INVALID, "no private key found in %s%s", what,
				   content.len == 0 ? ": it is empty" :
				   reading.certificates > 0 ? ": it holds a certificate" : "");
	} else if (status == 0) {
		status = write_pkcs8(reading.key, ret_pkcs8, err);
	}
	EVP_PKEY_free(reading.key);
	return status;
}

int certificate_key_from_der(struct bytes der, struct bytes parameters, const char *what,
			     struct buffer *ret_pkcs8, struct error *err)
{
	struct key_reading reading = { .what = what };
	int status;
	CBS cbs;

	CBS_init(&cbs, parameters.data, parameters.len);
	if (parameters.len > 0)
		reading.group = EC_KEY_parse_parameters(&cbs);
	status = keep_key(&reading, der, err);
	if (status == 0)
		status = write_pkcs8(reading.key, ret_pkcs8, err);
	EVP_PKEY_free(reading.key);
	ERR_clear_error();
	return status;
}

int certificate_check_key(const struct certificate *certificate, struct bytes pkcs8,
			  struct error *err)
{
	EVP_PKEY *key = parse_key(pkcs8, NULL);
	EVP_PKEY *public_key = X509_get0_pubkey(certificate->x509);
	char why[64];
	int status = -1;

	if (key == NULL)
		error_set(err, ERROR_INVALID, "the private key cannot be read");
	else if (public_key == NULL || EVP_PKEY_cmp(key, public_key) != 1)
		error_set(err, ERROR_INVALID, "the private key does not belong to the certificate");
	else if (!certificate_key_is_strong(certificate, why, sizeof(why))) {
		error_set(err, ERROR_INVALID, "the certificate's key cannot be used: %s", why);
		error_hint(err, "Keys are RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519.");
	} else {
		status = 0;
	}
	EVP_PKEY_free(key);
	ERR_clear_error();
	return status;
}
