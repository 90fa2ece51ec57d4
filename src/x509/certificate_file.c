/* Certificates as files hold them: sorted by content, not by the field they were given in. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/pool.h>
#include "x509/certificate.h"
#include "x509/pem.h"

struct reading {
	const char *what;
	int (*each)(void *arg, struct bytes der, struct error *err);
	void *arg;
	size_t found;
	size_t keys, lists, requests; /* what else was there, for the error */
};

static int give(struct reading *reading, struct bytes der, struct error *err)
{
	reading->found++;
	return reading->each(reading->arg, der, err);
}

static bool is_certificate(struct bytes der)
{
	struct certificate *certificate = certificate_parse(der, NULL);

	certificate_free(certificate);
	return certificate != NULL;
}

/* The first of two SEQUENCEs: what OpenSSL writes as TRUSTED CERTIFICATE. */
static struct bytes without_tail(struct bytes der)
{
	CBS cbs, first;

	CBS_init(&cbs, der.data, der.len);
	if (!CBS_get_asn1_element(&cbs, &first, CBS_ASN1_SEQUENCE))
		return der;
	return (struct bytes){ CBS_data(&first), CBS_len(&first) };
}

/* ret_is: whether it is a PKCS#7 bundle at all. */
static int give_bundle(struct reading *reading, struct bytes der, bool *ret_is, struct error *err)
{
	STACK_OF(CRYPTO_BUFFER) *buffers = sk_CRYPTO_BUFFER_new_null();
	int status = 0;
	size_t i;
	CBS cbs;

	CBS_init(&cbs, der.data, der.len);
	*ret_is = buffers != NULL && PKCS7_get_raw_certificates(buffers, &cbs, NULL) == 1;
	for (i = 0; *ret_is && status == 0 && i < sk_CRYPTO_BUFFER_num(buffers); i++) {
		const CRYPTO_BUFFER *one = sk_CRYPTO_BUFFER_value(buffers, i);

		status = give(reading, (struct bytes){ CRYPTO_BUFFER_data(one),
						       CRYPTO_BUFFER_len(one) }, err);
	}
	sk_CRYPTO_BUFFER_pop_free(buffers, CRYPTO_BUFFER_free);
	ERR_clear_error();
	return status;
}

static int refuse_block(const struct reading *reading, const struct pem_block *block,
			struct error *err)
{
	struct error why = { 0 };

	certificate_free(certificate_parse(block->der, &why));
	return error_set(err, ERROR_INVALID, "could not read %s: block %zu of %zu (%.*s): %s",
			 reading->what, block->number, block->count, (int)block->label.len,
			 (const char *)block->label.data, why.message);
}

static int take_certificate_block(struct reading *reading, const struct pem_block *block,
				  struct error *err)
{
	bool is_bundle = false;
	int status;

	if (is_certificate(block->der))
		return give(reading, block->der, err);
	status = give_bundle(reading, block->der, &is_bundle, err);
	return is_bundle ? status : refuse_block(reading, block, err);
}

static bool label_contains(const struct pem_block *block, const char *word)
{
	return memmem(block->label.data, block->label.len, word, strlen(word)) != NULL;
}

static int take_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct reading *reading = arg;
	struct pem_block trusted = *block;

	if (pem_label_is(block, "CERTIFICATE") || pem_label_is(block, "X509 CERTIFICATE") ||
	    pem_label_is(block, "PKCS7") || pem_label_is(block, "PKCS #7 SIGNED DATA") ||
	    pem_label_is(block, "CMS"))
		return take_certificate_block(reading, block, err);
	if (pem_label_is(block, "TRUSTED CERTIFICATE")) {
		trusted.der = without_tail(block->der);
		return take_certificate_block(reading, &trusted, err);
	}
	if (label_contains(block, "PRIVATE KEY"))
		reading->keys++;
	else if (label_contains(block, "CRL"))
		reading->lists++;
	else if (label_contains(block, "REQUEST"))
		reading->requests++;
	return 0;
}

/* PFX ::= SEQUENCE { version 3, authSafe ContentInfo, ... } (RFC 7292 4) */
static bool is_pkcs12(struct bytes der)
{
	CBS cbs, outer;
	uint64_t version;

	CBS_init(&cbs, der.data, der.len);
	return CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1_uint64(&outer, &version) && version == 3 &&
	       CBS_peek_asn1_tag(&outer, CBS_ASN1_SEQUENCE);
}

static int take_der(struct reading *reading, struct bytes der, struct error *err)
{
	struct error why = { 0 };
	bool is_bundle = false;
	int status;

	if (is_certificate(der))
		return give(reading, der, err);
	if (is_pkcs12(der)) {
		error_set(err, ERROR_INVALID,
			  "could not read %s: it looks like a PKCS#12 file, not a certificate",
			  reading->what);
		return error_hint(err, "Convert it: openssl pkcs12 -in FILE -nokeys -out chain.pem");
	}
	status = give_bundle(reading, der, &is_bundle, err);
	if (is_bundle)
		return status;
	certificate_free(certificate_parse(der, &why));
	return error_set(err, ERROR_INVALID, "could not read %s: %s", reading->what, why.message);
}

static int say_nothing_found(const struct reading *reading, struct bytes content, struct error *err)
{
	char start[17];
	size_t i;

	if (content.len == 0)
		return error_set(err, ERROR_INVALID, "could not read %s: it is empty", reading->what);
	if (reading->keys + reading->lists + reading->requests > 0)
		return error_set(err, ERROR_INVALID,
				 "no certificate found in %s: it holds a %s", reading->what,
				 reading->keys > 0 ? "private key" : reading->lists > 0 ?
				 "revocation list" : "certificate request");
	for (i = 0; i < sizeof(start) - 1 && i < content.len; i++)
		start[i] = isprint(content.data[i]) ? (char)content.data[i] : '.';
	start[i] = '\0';
	return error_set(err, ERROR_INVALID,
			 "no BEGIN CERTIFICATE line found in %s; it starts with \"%s\"", reading->what,
			 start);
}

int certificate_each_in_file(struct bytes content, const char *what,
			     int (*each)(void *arg, struct bytes der, struct error *err), void *arg,
			     struct error *err)
{
	struct reading reading = { .what = what, .each = each, .arg = arg };
	size_t blocks = 0;

	if (pem_each(content, what, take_block, &reading, &blocks, err) < 0)
		return -1;
	if (blocks == 0 && content.len > 0 && content.data[0] == 0x30)
		if (take_der(&reading, content, err) < 0)
			return -1;
	return reading.found > 0 ? 0 : say_nothing_found(&reading, content, err);
}
