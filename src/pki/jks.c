#include "pki/jks.h"

#include <ctype.h>
#include <string.h>
#include <openssl/mem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include "pki/oid.h"
#include "pki/pbe.h"

#define MAGIC 0xfeedfeedu
#define VERSION 2
#define KEY_ENTRY 1
#define TRUSTED_ENTRY 2
#define WHITENER "Mighty Aphrodite" /* goes into the digest that ends the file */

static const struct bytes protector_oid =
	OID(0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x11, 0x01, 0x01);

struct writer {
	const struct jks_contents *contents;
	struct buffer password; /* UTF-16 */
	struct buffer out;
};

static void put_u16(struct buffer *out, size_t value)
{
	uint8_t octets[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	buffer_append(out, octets, sizeof(octets));
}

static void put_u32(struct buffer *out, size_t value)
{
	put_u16(out, value >> 16 & 0xffff);
	put_u16(out, value & 0xffff);
}

static void put_time(struct buffer *out, int64_t time_s)
{
	uint64_t milliseconds = time_s > 0 ? (uint64_t)time_s * 1000 : 0;

	put_u32(out, milliseconds >> 32);
	put_u32(out, milliseconds & 0xffffffffu);
}

static void put_text(struct buffer *out, const char *text)
{
	put_u16(out, strlen(text));
	buffer_append(out, text, strlen(text));
}

/* number 0: the alias itself; others are counted. */
static void put_alias(struct writer *writer, size_t number)
{
	struct buffer alias = { 0 };
	const char *at;

	for (at = writer->contents->alias; *at != '\0'; at++) {
		char lower = (char)tolower((unsigned char)*at);

		buffer_append(&alias, &lower, 1);
	}
	if (number > 0)
		buffer_printf(&alias, "-%zu", number);
	put_u16(&writer->out, alias.len);
	buffer_append(&writer->out, alias.data, alias.len);
	buffer_done(&alias);
}

static void put_certificate(struct writer *writer, struct bytes der)
{
	put_text(&writer->out, "X.509");
	put_u32(&writer->out, der.len);
	buffer_append(&writer->out, der.data, der.len);
}

static void digest(const struct buffer *password, struct bytes rest, uint8_t ret_hash[20])
{
	SHA_CTX context;

	SHA1_Init(&context);
	SHA1_Update(&context, password->data, password->len);
	SHA1_Update(&context, rest.data, rest.len);
	SHA1_Final(ret_hash, &context);
	memory_wipe(&context, sizeof(context));
}

/* salt | plain XOR stream | SHA-1(password | plain); block i of the stream is SHA-1(password | block
 * i - 1), and block 0 comes from the salt. */
static void protect(const struct buffer *password, struct bytes plain, struct buffer *ret_blob)
{
	uint8_t block[SHA_DIGEST_LENGTH], octet;
	size_t i;

	RAND_bytes(block, sizeof(block));
	buffer_append(ret_blob, block, sizeof(block));
	for (i = 0; i < plain.len; i++) {
		if (i % sizeof(block) == 0)
			digest(password, (struct bytes){ block, sizeof(block) }, block);
		octet = plain.data[i] ^ block[i % sizeof(block)];
		buffer_append(ret_blob, &octet, 1);
	}
	digest(password, plain, block);
	buffer_append(ret_blob, block, sizeof(block));
}

/* EncryptedPrivateKeyInfo { { OID, NULL }, OCTET STRING } */
static int put_key(struct writer *writer, struct error *err)
{
	struct buffer blob = { 0 };
	uint8_t *der = NULL;
	size_t len = 0;
	CBB cbb, outer, algorithm, null;
	bool good;

	protect(&writer->password, writer->contents->pkcs8, &blob);
	good = CBB_init(&cbb, blob.len + 64) && CBB_add_asn1(&cbb, &outer, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&outer, &algorithm, CBS_ASN1_SEQUENCE) &&
	       oid_add(&algorithm, protector_oid) &&
	       CBB_add_asn1(&algorithm, &null, CBS_ASN1_NULL) && CBB_flush(&outer) &&
	       CBB_add_asn1_octet_string(&outer, blob.data, blob.len) &&
	       CBB_finish(&cbb, &der, &len);
	buffer_done(&blob);
	if (!good) {
		CBB_cleanup(&cbb);
		return error_set(err, ERROR_SYSTEM, "could not write the key store");
	}
	put_u32(&writer->out, len);
	buffer_append(&writer->out, der, len);
	OPENSSL_free(der);
	return 0;
}

static size_t count_certificates(struct bytes chain)
{
	size_t count = 0;
	CBS cbs;

	CBS_init(&cbs, chain.data, chain.len);
	while (CBS_get_asn1_element(&cbs, NULL, CBS_ASN1_SEQUENCE))
		count++;
	return count;
}

static int put_key_entry(struct writer *writer, struct error *err)
{
	const struct jks_contents *contents = writer->contents;
	CBS chain, one;

	put_u32(&writer->out, 1);
	put_u32(&writer->out, KEY_ENTRY);
	put_alias(writer, 0);
	put_time(&writer->out, contents->time_s);
	if (put_key(writer, err) < 0)
		return -1;
	put_u32(&writer->out, 1 + count_certificates(contents->chain));
	put_certificate(writer, contents->leaf);
	CBS_init(&chain, contents->chain.data, contents->chain.len);
	while (CBS_get_asn1_element(&chain, &one, CBS_ASN1_SEQUENCE))
		put_certificate(writer, cbs_bytes(&one));
	return 0;
}

static void put_trusted_entry(struct writer *writer, size_t number, struct bytes der)
{
	put_u32(&writer->out, TRUSTED_ENTRY);
	put_alias(writer, number);
	put_time(&writer->out, writer->contents->time_s);
	put_certificate(writer, der);
}

static void put_trusted_entries(struct writer *writer)
{
	const struct jks_contents *contents = writer->contents;
	size_t number = 1;
	CBS chain, one;

	put_u32(&writer->out, 1 + count_certificates(contents->chain));
	put_trusted_entry(writer, 0, contents->leaf);
	CBS_init(&chain, contents->chain.data, contents->chain.len);
	while (CBS_get_asn1_element(&chain, &one, CBS_ASN1_SEQUENCE))
		put_trusted_entry(writer, number++, cbs_bytes(&one));
}

/* SHA-1(password | whitener | all bytes before) */
static void put_digest(struct writer *writer)
{
	uint8_t hash[SHA_DIGEST_LENGTH];
	struct buffer text = { 0 };

	buffer_append(&text, WHITENER, strlen(WHITENER));
	buffer_append(&text, writer->out.data, writer->out.len);
	digest(&writer->password, buffer_bytes(&text), hash);
	buffer_done(&text);
	buffer_append(&writer->out, hash, sizeof(hash));
}

int jks_write(const struct jks_contents *contents, const char *password, struct buffer *ret_file,
	      struct error *err)
{
	struct writer writer = { .contents = contents };
	int status = pbe_utf16(password, false, &writer.password, err);

	put_u32(&writer.out, MAGIC);
	put_u32(&writer.out, VERSION);
	if (status == 0 && contents->pkcs8.len == 0)
		put_trusted_entries(&writer);
	else if (status == 0)
		status = put_key_entry(&writer, err);
	if (status == 0) {
		put_digest(&writer);
		buffer_done(ret_file);
		*ret_file = writer.out;
	} else {
		buffer_done(&writer.out);
	}
	buffer_done(&writer.password);
	return status;
}
