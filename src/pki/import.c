#include "pki/import.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <openssl/base64.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/pool.h>
#include "base/sha256.h"
#include "pki/key.h"
#include "pki/oid.h"
#include "pki/pkcs12.h"
#include "pki/pkcs8.h"
#include "x509/crl.h"
#include "x509/pem.h"

/* One field on its way in. */
struct adding {
	struct import *import;
	const char *what;
	struct pbe pbe;
	struct buffer parameters; /* of an EC PARAMETERS block */
};

void import_note(struct import_notes *notes, bool is_warning, const char *format, ...)
{
	struct import_note *note;
	va_list args;

	if (notes->count == IMPORT_NOTES_MAX)
		return;
	note = &notes->items[notes->count++];
	note->is_warning = is_warning;
	va_start(args, format);
	vsnprintf(note->text, sizeof(note->text), format, args);
	va_end(args);
}

static void done_all(struct buffer *buffers, size_t *count)
{
	while (*count > 0)
		buffer_done(&buffers[--*count]);
}

void import_done(struct import *import)
{
	while (import->certificate_count > 0)
		certificate_free(import->certificates[--import->certificate_count]);
	done_all(import->keys, &import->key_count);
	done_all(import->lists, &import->list_count);
	done_all(import->requests, &import->request_count);
}

/* --- what was found goes to its pile --- */

/* Puts the field in front of an error of pki/pbe.h; symbol and hint stay. */
static int wrap(const struct adding *adding, struct error *err)
{
	char message[sizeof(err->message)];

	if (err == NULL)
		return -1;
	snprintf(message, sizeof(message), "could not read %.40s: %.190s", adding->what,
		 err->message);
	memcpy(err->message, message, sizeof(message));
	if (strstr(err->symbol, ".Password") != NULL)
		error_place(err, "Password");
	return -1;
}

static int keep_bytes(struct adding *adding, struct buffer *pile, size_t *count, size_t most,
		      const char *name, struct bytes der, struct error *err)
{
	size_t i;

	for (i = 0; i < *count; i++)
		if (bytes_equal(buffer_bytes(&pile[i]), der))
			return 0;
	if (*count == most)
		return error_set(err, ERROR_LIMIT, "could not read %s: there are more than %zu %s in it",
				 adding->what, most, name);
	buffer_append(&pile[(*count)++], der.data, der.len);
	return 0;
}

static int keep_certificate(struct adding *adding, struct certificate *certificate,
			    struct error *err)
{
	struct import *import = adding->import;
	size_t i;

	for (i = 0; i < import->certificate_count; i++) {
		if (!bytes_equal(certificate_der(import->certificates[i]),
				 certificate_der(certificate)))
			continue;
		import_note(&import->notes, false, "%s holds certificate %zu once more",
			    adding->what, i + 1);
		certificate_free(certificate);
		return 0;
	}
	if (import->certificate_count == IMPORT_CERTIFICATES_MAX) {
		certificate_free(certificate);
		return error_set(err, ERROR_LIMIT,
				 "could not read %s: there are more than %d certificates in it",
				 adding->what, IMPORT_CERTIFICATES_MAX);
	}
	import->certificates[import->certificate_count++] = certificate;
	return 0;
}

/* Two forms of one public key are two hashes; keys and certificates are compared by them, because reading
 * a private key again and again takes long. */
static int hash_key(struct bytes pkcs8, uint8_t ret_hash[SHA256_SIZE], struct error *err)
{
	EVP_PKEY *key = key_from_pkcs8(pkcs8, err);
	struct buffer spki = { 0 };
	struct sha256 hash;
	int status = key == NULL ? -1 : key_to_spki(key, &spki, err);

	if (status == 0) {
		sha256_init(&hash);
		sha256_update(&hash, spki.data, spki.len);
		sha256_final(&hash, ret_hash);
	}
	EVP_PKEY_free(key);
	buffer_done(&spki);
	return status;
}

int import_add_key(struct import *import, struct bytes pkcs8, struct error *err)
{
	size_t i;

	for (i = 0; i < import->key_count; i++)
		if (bytes_equal(buffer_bytes(&import->keys[i]), pkcs8))
			return 0;
	if (import->key_count == IMPORT_KEYS_MAX)
		return error_set(err, ERROR_LIMIT, "there are more than %d private keys in it",
				 IMPORT_KEYS_MAX);
	if (hash_key(pkcs8, import->key_hashes[import->key_count], err) < 0)
		return -1;
	buffer_append(&import->keys[import->key_count++], pkcs8.data, pkcs8.len);
	return 0;
}

/* der: PKCS#8, PKCS#1 or SEC1. */
static int keep_key(struct adding *adding, struct bytes der, struct error *err)
{
	struct buffer pkcs8 = { 0 };
	int status = certificate_key_from_der(der, buffer_bytes(&adding->parameters), adding->what,
					      &pkcs8, err);

	if (status == 0 && import_add_key(adding->import, buffer_bytes(&pkcs8), err) < 0)
		status = wrap(adding, err);
	buffer_done(&pkcs8);
	return status;
}

static int keep_list(struct adding *adding, struct bytes der, struct error *err)
{
	return keep_bytes(adding, adding->import->lists, &adding->import->list_count,
			  IMPORT_LISTS_MAX, "revocation lists", der, err);
}

static int keep_request(struct adding *adding, struct bytes der, struct error *err)
{
	return keep_bytes(adding, adding->import->requests, &adding->import->request_count,
			  IMPORT_REQUESTS_MAX, "certificate requests", der, err);
}

/* --- what is encrypted --- */

static bool may_stay_sealed(const struct adding *adding, const struct error *err)
{
	return adding->import->tolerant && adding->pbe.password == NULL && err != NULL &&
	       strcmp(err->symbol, "MissingParam.Password") == 0;
}

static int open_key(struct adding *adding, struct bytes der, struct error *err)
{
	struct error why = { 0 };
	struct buffer pkcs8 = { 0 };
	int status;

	if (pkcs8_decrypt(&adding->pbe, der, &pkcs8, &why) < 0) {
		if (may_stay_sealed(adding, &why)) {
			adding->import->sealed_keys++;
			return 0;
		}
		if (err != NULL)
			*err = why;
		return wrap(adding, err);
	}
	status = keep_key(adding, buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	return status;
}

static int open_old_key(struct adding *adding, const struct pem_block *block, struct error *err)
{
	struct error why = { 0 };
	struct buffer der = { 0 };
	int status;

	if (pkcs8_decrypt_old_pem(&adding->pbe, block->headers, block->der, &der, &why) < 0) {
		if (may_stay_sealed(adding, &why)) {
			adding->import->sealed_keys++;
			return 0;
		}
		if (err != NULL)
			*err = why;
		return wrap(adding, err);
	}
	status = keep_key(adding, buffer_bytes(&der), err);
	buffer_done(&der);
	return status;
}

static int take_item(void *arg, const struct pkcs12_item *item, struct error *err)
{
	struct adding *adding = arg;
	struct certificate *certificate;

	if (item->is_key)
		return keep_key(adding, item->der, err);
	certificate = certificate_parse(item->der, err);
	return certificate == NULL ? wrap(adding, err) : keep_certificate(adding, certificate, err);
}

static int open_pkcs12(struct adding *adding, struct bytes file, struct error *err)
{
	struct error why = { 0 };

	adding->import->had_pkcs12 = true;
	if (pkcs12_read(&adding->pbe, file, take_item, adding, &why) == 0)
		return 0;
	if (may_stay_sealed(adding, &why)) {
		adding->import->sealed_files++;
		return 0;
	}
	if (err == NULL)
		return -1;
	*err = why;
	return strncmp(err->message, "could not read", 14) == 0 ? -1 : wrap(adding, err);
}

/* --- DER --- */

/* 1: it is a PKCS#7 bundle, and its certificates are kept; 0: it is none. */
static int take_bundle(struct adding *adding, struct bytes der, struct error *err)
{
	STACK_OF(CRYPTO_BUFFER) *buffers = sk_CRYPTO_BUFFER_new_null();
	int status = 0;
	size_t i;
	CBS cbs;

	CBS_init(&cbs, der.data, der.len);
	if (buffers != NULL && PKCS7_get_raw_certificates(buffers, &cbs, NULL) == 1)
		status = 1;
	for (i = 0; status == 1 && i < sk_CRYPTO_BUFFER_num(buffers); i++) {
		const CRYPTO_BUFFER *one = sk_CRYPTO_BUFFER_value(buffers, i);
		struct certificate *certificate = certificate_parse(
			(struct bytes){ CRYPTO_BUFFER_data(one), CRYPTO_BUFFER_len(one) }, err);

		if (certificate == NULL)
			status = wrap(adding, err);
		else if (keep_certificate(adding, certificate, err) < 0)
			status = -1;
	}
	sk_CRYPTO_BUFFER_pop_free(buffers, CRYPTO_BUFFER_free);
	ERR_clear_error();
	return status;
}

/* 1: kept as a certificate or a bundle; 0: it is neither, and ret_why says why it is no certificate. */
static int take_certificate(struct adding *adding, struct bytes der, struct error *ret_why,
			    struct error *err)
{
	struct certificate *certificate = certificate_parse(der, ret_why);

	if (certificate == NULL)
		return take_bundle(adding, der, err);
	return keep_certificate(adding, certificate, err) < 0 ? -1 : 1;
}

/* CertificationRequest ::= SEQUENCE { SEQUENCE { version 0, Name, ... }, ... }: RFC 2986 4 */
static bool is_request(struct bytes der)
{
	CBS cbs, outer, info;
	uint64_t version;

	CBS_init(&cbs, der.data, der.len);
	return CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) && CBS_len(&cbs) == 0 &&
	       CBS_get_asn1(&outer, &info, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1_uint64(&info, &version) && version == 0 &&
	       CBS_get_asn1(&info, NULL, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&info, NULL, CBS_ASN1_SEQUENCE);
}

static int take_der(struct adding *adding, struct bytes der, struct error *err)
{
	struct error why = { 0 };
	struct crl crl;
	int taken;

	if (pkcs12_is(der))
		return open_pkcs12(adding, der, err);
	if (pkcs8_is_encrypted(der))
		return open_key(adding, der, err);
	taken = take_certificate(adding, der, &why, err);
	if (taken != 0)
		return taken < 0 ? -1 : 0;
	if (is_request(der))
		return keep_request(adding, der, err);
	if (crl_parse(der, &crl, NULL) == 0)
		return keep_list(adding, der, err);
	if (keep_key(adding, der, err) == 0)
		return 0;
	return error_set(err, ERROR_INVALID,
			 "could not read %s: it is no key, request, list or PKCS#12 file, and as a "
			 "certificate: %s", adding->what, why.message);
}

/* --- PEM --- */

/* The first of two SEQUENCEs: what OpenSSL writes as TRUSTED CERTIFICATE. */
static struct bytes without_tail(struct bytes der)
{
	CBS cbs, first;

	CBS_init(&cbs, der.data, der.len);
	return CBS_get_asn1_element(&cbs, &first, CBS_ASN1_SEQUENCE) ? cbs_bytes(&first) : der;
}

static int refuse_block(const struct adding *adding, const struct pem_block *block,
			const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "could not read %s: block %zu of %zu (%.*s): %s",
			 adding->what, block->number, block->count, (int)block->label.len,
			 (const char *)block->label.data, why);
}

static bool label_has(const struct pem_block *block, const char *word)
{
	return memmem(block->label.data, block->label.len, word, strlen(word)) != NULL;
}

static int take_certificate_block(struct adding *adding, const struct pem_block *block,
				  struct error *err)
{
	struct bytes der = label_has(block, "TRUSTED") ? without_tail(block->der) : block->der;
	struct error why = { 0 };
	int taken = take_certificate(adding, der, &why, err);

	if (taken == 0)
		return refuse_block(adding, block, why.message, err);
	return taken < 0 ? -1 : 0;
}

static int take_key_block(struct adding *adding, const struct pem_block *block, struct error *err)
{
	if (block->encrypted)
		return open_old_key(adding, block, err);
	if (pem_label_is(block, "ENCRYPTED PRIVATE KEY"))
		return open_key(adding, block->der, err);
	if (pem_label_is(block, "OPENSSH PRIVATE KEY")) {
		refuse_block(adding, block, "the key is in the OpenSSH format", err);
		return error_hint(err, "Convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY");
	}
	if (pem_label_is(block, "DSA PRIVATE KEY"))
		return refuse_block(adding, block, "TLS has no use for DSA keys", err);
	return keep_key(adding, block->der, err);
}

static int take_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct adding *adding = arg;
	struct crl crl;

	if (label_has(block, "PRIVATE KEY"))
		return take_key_block(adding, block, err);
	if (label_has(block, "REQUEST"))
		return keep_request(adding, block->der, err);
	if (label_has(block, "CERTIFICATE") || pem_label_is(block, "PKCS7") ||
	    pem_label_is(block, "PKCS #7 SIGNED DATA") || pem_label_is(block, "CMS"))
		return take_certificate_block(adding, block, err);
	if (pem_label_is(block, "X509 CRL")) {
		struct error why = { 0 };

		return crl_parse(block->der, &crl, &why) < 0 ?
		       refuse_block(adding, block, why.message, err) :
		       keep_list(adding, block->der, err);
	}
	if (pem_label_is(block, "PKCS12"))
		return open_pkcs12(adding, block->der, err);
	if (pem_label_is(block, "EC PARAMETERS")) {
		buffer_done(&adding->parameters);
		buffer_append(&adding->parameters, block->der.data, block->der.len);
	}
	return 0;
}

/* --- fields --- */

/* Base64 without BEGIN and END lines, as those send it who put DER into a text. */
static bool decode_bare_base64(struct bytes text, struct buffer *ret_der)
{
	struct buffer packed = { 0 }, der = { 0 };
	size_t i, used = 0;
	bool good;

	for (i = 0; i < text.len; i++)
		if (!isspace(text.data[i]))
			buffer_append(&packed, &text.data[i], 1);
	der.data = memory_new(packed.len + 1);
	der.capacity = packed.len + 1;
	good = packed.len >= 8 && packed.data[0] == 'M' &&
	       EVP_DecodeBase64(der.data, &used, der.capacity, packed.data, packed.len);
	der.len = good ? used : 0;
	buffer_done(&packed);
	if (good) {
		buffer_done(ret_der);
		*ret_der = der;
	} else {
		buffer_done(&der);
	}
	ERR_clear_error();
	return good;
}

static int say_nothing_found(const struct adding *adding, struct bytes content, struct error *err)
{
	char start[17];
	size_t i;

	for (i = 0; i < sizeof(start) - 1 && i < content.len; i++)
		start[i] = isprint(content.data[i]) ? (char)content.data[i] : '.';
	start[i] = '\0';
	error_set(err, ERROR_INVALID, "no BEGIN CERTIFICATE line found in %s; it starts with \"%s\"",
		  adding->what, start);
	return error_hint(err, "PEM, DER, base64 of DER, PKCS#7 and PKCS#12 are taken.");
}

/* DER of a SEQUENCE, or BER of one; a text that begins with a "0" is neither. */
static bool is_binary(struct bytes content)
{
	return content.len >= 2 && content.data[0] == 0x30 &&
	       (content.data[1] >= 0x80 || content.len == 2 + (size_t)content.data[1]);
}

static int take_content(struct adding *adding, struct bytes content, struct error *err)
{
	struct buffer der = { 0 };
	size_t blocks = 0;
	int status;

	if (is_binary(content))
		return take_der(adding, content, err);
	if (pem_each(content, adding->what, take_block, adding, &blocks, err) < 0)
		return -1;
	if (blocks > 0)
		return 0;
	if (!decode_bare_base64(content, &der))
		return say_nothing_found(adding, content, err);
	status = take_der(adding, buffer_bytes(&der), err);
	buffer_done(&der);
	return status;
}

/* All that was found, to know whether a field brought anything. */
static size_t total(const struct import *import)
{
	return import->certificate_count + import->key_count + import->list_count +
	       import->request_count + import->sealed_keys + import->sealed_files +
	       import->notes.count;
}

int import_add(struct import *import, struct bytes content, const char *what,
	       const char *password, struct error *err)
{
	struct adding adding = { .import = import, .what = what, .pbe = pbe_begin(password) };
	size_t limit = import->size_max > 0 ? import->size_max : IMPORT_SIZE_MAX;
	size_t before = total(import);
	int status;

	if (content.len == 0)
		status = error_set(err, ERROR_INVALID, "%s is empty", what);
	else if (content.len > limit)
		status = error_set(err, ERROR_LIMIT, "%s has %zu bytes; the limit is %zu", what,
				   content.len, limit);
	else
		status = take_content(&adding, content, err);
	if (status == 0 && total(import) == before && !import->had_pkcs12)
		status = error_set(err, ERROR_INVALID,
				   "no certificate, key or list was found in %s", what);
	buffer_done(&adding.parameters);
	if (status < 0 && err != NULL && err->place[0] == '\0')
		error_place(err, "%s", what);
	return status;
}
