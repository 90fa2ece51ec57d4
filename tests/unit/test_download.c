/* Certificates as files: what they are called and what is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/sha.h>
#include "pki/download.h"
#include "pki/import.h"
#include "pki/jks.h"
#include "pki/key.h"
#include "pki/pkcs12.h"
#include "pki/zip.h"
#include "support_certificates.h"

#define PASSWORD "twelve-chars"

struct world {
	struct made root, sub, leaf;
	struct buffer chain, pkcs8;
	struct download_source source;
};

static int make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->root = make_root("CN=root & <co>");
	world->sub = make_sub("CN=sub", &world->root);
	world->leaf = make_leaf("CN=*.Example.com", &world->sub);
	buffer_append(&world->chain, world->sub.der.data, world->sub.der.len);
	buffer_append(&world->chain, world->root.der.data, world->root.der.len);
	assert_int_equal(key_to_pkcs8(world->leaf.key, &world->pkcs8, NULL), 0);
	world->source = (struct download_source){
		.id = "1001-cn-hangzhou", .common_name = "*.Example.com/x", .leaf = world->leaf.der,
		.chain = buffer_bytes(&world->chain), .pkcs8 = buffer_bytes(&world->pkcs8), .now = NOW };
	*state = world;
	return 0;
}

static int free_world(void **state)
{
	struct world *world = *state;

	buffer_done(&world->chain);
	buffer_done(&world->pkcs8);
	free(world);
	return 0;
}

static struct download make_files(const struct world *world, enum download_format format,
				  const char *password)
{
	struct download_options options = { .format = format, .password = password,
					    .include_chain = true };
	struct download download = { 0 };
	struct error err = { 0 };

	if (download_make(&world->source, &options, &download, &err) < 0)
		fail_msg("%s", err.message);
	return download;
}

static bool has(const struct buffer *content, const char *text)
{
	return memmem(content->data, content->len, text, strlen(text)) != NULL;
}

static size_t count(const struct buffer *content, const char *text)
{
	const uint8_t *at = content->data, *end = content->data + content->len;
	size_t found = 0;

	while ((at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
		at += strlen(text);
		found++;
	}
	return found;
}

static void files_have_the_names_that_the_cloud_gives(void **state)
{
	static const struct {
		enum download_format format;
		const char *password;
		const char *names[3];
	} cases[] = {
		{ DOWNLOAD_CRT, NULL, { "_public.crt", "_chain.crt", ".key" } },
		{ DOWNLOAD_PEM, NULL, { ".pem", ".key", NULL } },
		{ DOWNLOAD_PFX, PASSWORD, { ".pfx", NULL, NULL } },
		{ DOWNLOAD_JKS, PASSWORD, { ".jks", NULL, NULL } },
		{ DOWNLOAD_PKCS8, NULL, { ".pem", ".key", NULL } },
		{ DOWNLOAD_MOBILECONFIG, PASSWORD, { ".mobileconfig", NULL, NULL } },
	};
	char name[128];
	size_t i, f;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct download download = make_files(*state, cases[i].format, cases[i].password);

		for (f = 0; f < 3 && cases[i].names[f] != NULL; f++) {
			snprintf(name, sizeof(name), "1001-cn-hangzhou__.Example.com_x%s",
				 cases[i].names[f]);
			assert_string_equal(download.files[f].name, name);
		}
		assert_int_equal(download.count, f);
		download_done(&download);
	}
}

static void pem_files_hold_certificate_chain_and_key(void **state)
{
	struct download crt = make_files(*state, DOWNLOAD_CRT, NULL);
	struct download pem = make_files(*state, DOWNLOAD_PEM, NULL);

	assert_int_equal(count(&crt.files[0].content, "-----BEGIN CERTIFICATE-----\n"), 1);
	assert_int_equal(count(&crt.files[1].content, "-----BEGIN CERTIFICATE-----\n"), 2);
	assert_true(has(&crt.files[2].content, "-----BEGIN EC PRIVATE KEY-----\n"));
	assert_int_equal(count(&pem.files[0].content, "-----BEGIN CERTIFICATE-----\n"), 3);
	assert_true(has(&pem.files[1].content, "-----BEGIN PRIVATE KEY-----\n"));
	download_done(&crt);
	download_done(&pem);
}

static void a_password_encrypts_the_key_of_every_format(void **state)
{
	static const enum download_format formats[] = { DOWNLOAD_CRT, DOWNLOAD_PEM, DOWNLOAD_PKCS8 };
	size_t i;

	for (i = 0; i < 3; i++) {
		struct download download = make_files(*state, formats[i], PASSWORD);
		const struct buffer *key = &download.files[download.count - 1].content;

		assert_int_equal(count(key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), 1);
		assert_int_equal(count(key, "-----BEGIN"), 1);
		download_done(&download);
	}
}

static void what_was_downloaded_can_be_uploaded_again(void **state)
{
	static const enum download_format formats[] = { DOWNLOAD_CRT, DOWNLOAD_PEM, DOWNLOAD_PFX,
							DOWNLOAD_PKCS8 };
	const struct world *world = *state;
	struct error err = { 0 };
	size_t i, f;

	for (i = 0; i < 4; i++) {
		struct download download = make_files(world, formats[i], PASSWORD);
		struct import_server server = { 0 };
		struct import import = { 0 };

		for (f = 0; f < download.count; f++)
			assert_int_equal(import_add(&import, buffer_bytes(&download.files[f].content),
						    "Cert", PASSWORD, &err), 0);
		assert_int_equal(import_server(&import, &server, &err), 0);
		assert_true(bytes_equal(certificate_der(server.leaf), world->leaf.der));
		assert_true(bytes_equal(buffer_bytes(&server.chain), buffer_bytes(&world->chain)));
		buffer_done(&server.chain);
		import_done(&import);
		download_done(&download);
	}
}

static void without_key_there_is_none_in_the_files(void **state)
{
	struct world world = *(struct world *)*state;
	struct download download;
	int format;

	world.source.pkcs8 = (struct bytes){ NULL, 0 };
	for (format = 0; format < DOWNLOAD_FORMAT_COUNT; format++) {
		size_t f;

		download = make_files(&world, (enum download_format)format,
				      download_needs_password((enum download_format)format) ?
				      PASSWORD : NULL);
		for (f = 0; f < download.count; f++) {
			assert_null(strstr(download.files[f].name, ".key"));
			assert_false(has(&download.files[f].content, "PRIVATE KEY"));
		}
		download_done(&download);
	}
}

static void passwords_are_checked_where_they_matter(void **state)
{
	static const struct {
		enum download_format format;
		const char *password, *symbol;
	} cases[] = {
		{ DOWNLOAD_PEM, NULL, NULL },
		{ DOWNLOAD_PEM, "secret", NULL },
		{ DOWNLOAD_PEM, "short", "IllegalParam.Password" },
		{ DOWNLOAD_PFX, NULL, "MissingParam.Password" },
		{ DOWNLOAD_PFX, "sixsix", NULL },
		{ DOWNLOAD_PFX, "caf\xc3\xa9 au lait", "IllegalParam.Password" },
		{ DOWNLOAD_PFX, "tab\there", "IllegalParam.Password" },
		{ DOWNLOAD_PFX, "123456789012345678901234567890123", "IllegalParam.Password" },
		{ DOWNLOAD_JKS, "eleven-char", "IllegalParam.Password" },
		{ DOWNLOAD_JKS, PASSWORD, NULL },
		{ DOWNLOAD_MOBILECONFIG, NULL, "MissingParam.Password" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		int status = download_check_password(cases[i].format, true, cases[i].password, &err);

		assert_int_equal(status, cases[i].symbol == NULL ? 0 : -1);
		if (cases[i].symbol != NULL)
			assert_string_equal(err.symbol, cases[i].symbol);
	}
}

static uint32_t u32(const struct buffer *buffer, size_t at)
{
	return (uint32_t)buffer->data[at] << 24 | (uint32_t)buffer->data[at + 1] << 16 |
	       (uint32_t)buffer->data[at + 2] << 8 | buffer->data[at + 3];
}

static void utf16(const char *text, struct buffer *out)
{
	for (; *text != '\0'; text++) {
		buffer_append(out, "", 1);
		buffer_append(out, text, 1);
	}
}

/* The key as Java takes it out again: the stream is undone, and its digest is right. */
static void a_java_key_store_gives_the_key_back(void **state)
{
	const struct world *world = *state;
	struct download download = make_files(world, DOWNLOAD_JKS, PASSWORD);
	const struct buffer *file = &download.files[0].content;
	size_t alias_len = ((size_t)file->data[16] << 8) + file->data[17];
	size_t at = 18 + alias_len + 8, blob_len, i;
	struct buffer text = { 0 }, plain = { 0 };
	uint8_t block[20], hash[20];
	CBS cbs, outer, blob;

	assert_int_equal(u32(file, 0), 0xfeedfeed);
	assert_int_equal(u32(file, 4), 2);
	assert_int_equal(u32(file, 8), 1);
	assert_int_equal(u32(file, 12), 1);
	assert_memory_equal(file->data + 18, "_.example.com_x", alias_len);
	CBS_init(&cbs, file->data + at + 4, u32(file, at));
	assert_true(CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) &&
		    CBS_get_asn1(&outer, NULL, CBS_ASN1_SEQUENCE) &&
		    CBS_get_asn1(&outer, &blob, CBS_ASN1_OCTETSTRING));
	blob_len = CBS_len(&blob);
	memcpy(block, CBS_data(&blob), 20);
	for (i = 20; i < blob_len - 20; i++) {
		uint8_t octet;

		if ((i - 20) % 20 == 0) {
			utf16(PASSWORD, &text);
			buffer_append(&text, block, 20);
			SHA1(text.data, text.len, block);
			buffer_done(&text);
		}
		octet = CBS_data(&blob)[i] ^ block[(i - 20) % 20];
		buffer_append(&plain, &octet, 1);
	}
	assert_true(bytes_equal(buffer_bytes(&plain), world->source.pkcs8));
	utf16(PASSWORD, &text);
	buffer_append(&text, "Mighty Aphrodite", 16);
	buffer_append(&text, file->data, file->len - 20);
	SHA1(text.data, text.len, hash);
	assert_memory_equal(hash, file->data + file->len - 20, 20);
	buffer_done(&text);
	buffer_done(&plain);
	download_done(&download);
}

static void a_profile_for_apple_is_well_formed(void **state)
{
	struct download download = make_files(*state, DOWNLOAD_MOBILECONFIG, PASSWORD);
	const struct buffer *file = &download.files[0].content;

	assert_true(has(file, "<string>root &amp; &lt;co&gt;</string>"));
	assert_true(has(file, "com.apple.security.root"));
	assert_true(has(file, "com.apple.security.pkcs1"));
	assert_true(has(file, "com.apple.security.pkcs12"));
	assert_false(has(file, PASSWORD));
	assert_int_equal(count(file, "<dict>"), count(file, "</dict>"));
	assert_int_equal(count(file, "PayloadUUID"), 4);
	download_done(&download);
}

static void a_zip_holds_its_files_as_they_are(void **state)
{
	const struct zip_file files[] = { { "a.txt", { (const uint8_t *)"123456789", 9 } },
					  { "b", { (const uint8_t *)"", 0 } } };
	static const uint8_t crc[] = { 0x26, 0x39, 0xf4, 0xcb }; /* of "123456789", everywhere */
	struct buffer zip = { 0 };

	(void)state;
	zip_write(files, 2, NOW, &zip);
	assert_memory_equal(zip.data, "PK\3\4", 4);
	assert_memory_equal(zip.data + 14, crc, 4);
	assert_memory_equal(zip.data + 30, "a.txt123456789PK\3\4", 18);
	assert_memory_equal(zip.data + zip.len - 22, "PK\5\6\0\0\0\0\2\0\2\0", 12);
	buffer_done(&zip);
	zip_write(files, 0, 0, &zip);
	assert_int_equal(zip.len, 22);
	buffer_done(&zip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_have_the_names_that_the_cloud_gives),
		cmocka_unit_test(pem_files_hold_certificate_chain_and_key),
		cmocka_unit_test(a_password_encrypts_the_key_of_every_format),
		cmocka_unit_test(what_was_downloaded_can_be_uploaded_again),
		cmocka_unit_test(without_key_there_is_none_in_the_files),
		cmocka_unit_test(passwords_are_checked_where_they_matter),
		cmocka_unit_test(a_java_key_store_gives_the_key_back),
		cmocka_unit_test(a_profile_for_apple_is_well_formed),
		cmocka_unit_test(a_zip_holds_its_files_as_they_are),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}
