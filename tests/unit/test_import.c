/* What people give as certificate, key and chain: any form is taken, nothing wrong is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/base64.h>
#include <openssl/pkcs7.h>
#include "pki/import.h"
#include "pki/key.h"
#include "pki/pem_write.h"
#include "pki/pkcs12.h"
#include "pki/pkcs8.h"
#include "support_certificates.h"
#include "support_encrypted.h"

struct world {
	struct made root, sub, leaf, other;
	struct buffer leaf_pem, sub_pem, root_pem, other_pem, key_pem, other_key_pem, pkcs8;
};

static void add_key_pem(struct buffer *out, const struct made *made)
{
	struct buffer pkcs8 = { 0 };

	assert_int_equal(key_to_pkcs8(made->key, &pkcs8, NULL), 0);
	pem_write(out, "PRIVATE KEY", buffer_bytes(&pkcs8));
	buffer_done(&pkcs8);
}

static int make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->root = make_root("CN=root");
	world->sub = make_sub("CN=sub", &world->root);
	world->leaf = make((struct order){ .subject = "CN=www.example.com", .issuer = &world->sub,
					   .extended_key_usage = "serverAuth",
					   .names = "DNS:www.example.com" });
	world->other = make((struct order){ .subject = "CN=other.example.com",
					    .issuer = &world->sub, .extended_key_usage = "serverAuth",
					    .names = "DNS:other.example.com" });
	pem_write(&world->leaf_pem, "CERTIFICATE", world->leaf.der);
	pem_write(&world->sub_pem, "CERTIFICATE", world->sub.der);
	pem_write(&world->root_pem, "CERTIFICATE", world->root.der);
	pem_write(&world->other_pem, "CERTIFICATE", world->other.der);
	add_key_pem(&world->key_pem, &world->leaf);
	add_key_pem(&world->other_key_pem, &world->other);
	assert_int_equal(key_to_pkcs8(world->leaf.key, &world->pkcs8, NULL), 0);
	*state = world;
	return 0;
}

static int free_world(void **state)
{
	struct world *world = *state;

	buffer_done(&world->leaf_pem);
	buffer_done(&world->sub_pem);
	buffer_done(&world->root_pem);
	buffer_done(&world->other_pem);
	buffer_done(&world->key_pem);
	buffer_done(&world->other_key_pem);
	buffer_done(&world->pkcs8);
	free(world);
	return 0;
}

/* Several pieces one after another. NULL ends them. */
static struct buffer join(const struct buffer *first, ...)
{
	struct buffer all = { 0 };
	va_list more;

	va_start(more, first);
	for (; first != NULL; first = va_arg(more, const struct buffer *))
		buffer_append(&all, first->data, first->len);
	va_end(more);
	return all;
}

/* How many certificates the chain has; -1: refused. */
static int import_all(struct bytes cert, struct bytes key, const char *password,
		      struct import *import, struct error *err)
{
	struct import_server server = { 0 };
	int count = 0;
	CBS cbs;

	memset(err, 0, sizeof(*err));
	if (import_add(import, cert, "Cert", password, err) < 0 ||
	    (key.len > 0 && import_add(import, key, "Key", password, err) < 0) ||
	    import_server(import, &server, err) < 0)
		return -1;
	import_note_doubts(server.leaf, 0, true, NOW, &import->notes);
	CBS_init(&cbs, server.chain.data, server.chain.len);
	while (CBS_get_asn1_element(&cbs, NULL, CBS_ASN1_SEQUENCE))
		count++;
	buffer_done(&server.chain);
	return count;
}

static const struct bytes nothing = { NULL, 0 };

static void expect_chain(struct bytes cert, struct bytes key, const char *password, int chain)
{
	struct import import = { 0 };
	struct error err;
	int count = import_all(cert, key, password, &import, &err);

	if (count < 0)
		fail_msg("%s", err.message);
	assert_int_equal(count, chain);
	import_done(&import);
}

static void expect_refused(struct bytes cert, struct bytes key, const char *password,
			   const char *symbol, const char *place, const char *part)
{
	struct import import = { 0 };
	struct error err;

	assert_int_equal(import_all(cert, key, password, &import, &err), -1);
	if (strstr(err.message, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.message, part);
	assert_string_equal(err.symbol, symbol);
	assert_string_equal(err.place, place);
	import_done(&import);
}

static bool has_note(const struct import *import, bool is_warning, const char *part)
{
	size_t i;

	for (i = 0; i < import->notes.count; i++)
		if (import->notes.items[i].is_warning == is_warning &&
		    strstr(import->notes.items[i].text, part) != NULL)
			return true;
	return false;
}

static void any_order_and_any_field_will_do(void **state)
{
	const struct world *w = *state;
	struct buffer all[] = {
		join(&w->leaf_pem, &w->sub_pem, &w->root_pem, &w->key_pem, NULL),
		join(&w->key_pem, &w->root_pem, &w->leaf_pem, &w->sub_pem, NULL),
		join(&w->sub_pem, &w->key_pem, &w->root_pem, &w->leaf_pem, &w->sub_pem, NULL),
	};
	size_t i;

	for (i = 0; i < 3; i++) {
		expect_chain(buffer_bytes(&all[i]), nothing, NULL, 2);
		buffer_done(&all[i]);
	}
	expect_chain(buffer_bytes(&w->leaf_pem), buffer_bytes(&w->key_pem), NULL, 0);
	expect_chain(buffer_bytes(&w->key_pem), buffer_bytes(&w->leaf_pem), NULL, 0);
}

static void der_and_bare_base64_are_taken(void **state)
{
	const struct world *w = *state;
	uint8_t text[2048];
	size_t len = EVP_EncodeBlock(text, w->leaf.der.data, w->leaf.der.len);

	expect_chain(w->leaf.der, buffer_bytes(&w->pkcs8), NULL, 0);
	expect_chain((struct bytes){ text, len }, buffer_bytes(&w->key_pem), NULL, 0);
}

static void pkcs7_bundles_are_taken(void **state)
{
	const struct world *w = *state;
	STACK_OF(X509) *certificates = sk_X509_new_null();
	struct buffer pem = { 0 };
	uint8_t *der = NULL;
	size_t len = 0;
	CBB cbb;

	sk_X509_push(certificates, w->root.x509);
	sk_X509_push(certificates, w->leaf.x509);
	sk_X509_push(certificates, w->sub.x509);
	assert_true(CBB_init(&cbb, 4096) && PKCS7_bundle_certificates(&cbb, certificates) &&
		    CBB_finish(&cbb, &der, &len));
	expect_chain((struct bytes){ der, len }, buffer_bytes(&w->key_pem), NULL, 2);
	pem_write(&pem, "PKCS7", (struct bytes){ der, len });
	expect_chain(buffer_bytes(&pem), buffer_bytes(&w->key_pem), NULL, 2);
	buffer_done(&pem);
	pem_write(&pem, "CERTIFICATE", (struct bytes){ der, len });
	expect_chain(buffer_bytes(&pem), buffer_bytes(&w->key_pem), NULL, 2);
	buffer_done(&pem);
	OPENSSL_free(der);
	sk_X509_free(certificates);
}

static void pkcs12_is_taken_with_its_password(void **state)
{
	const struct world *w = *state;
	struct buffer chain = { 0 }, file = { 0 };
	struct pkcs12_contents contents = { .name = "x", .leaf = w->leaf.der,
					    .pkcs8 = buffer_bytes(&w->pkcs8) };
	struct error err = { 0 };

	buffer_append(&chain, w->sub.der.data, w->sub.der.len);
	contents.chain = buffer_bytes(&chain);
	assert_int_equal(pkcs12_write(&contents, PKCS12_MODERN, "secret-1", &file, &err), 0);
	expect_chain(buffer_bytes(&file), nothing, "secret-1", 1);
	expect_refused(buffer_bytes(&file), nothing, NULL, "MissingParam.Password", "Password",
		       "PKCS#12 file: its password is needed");
	expect_refused(buffer_bytes(&file), nothing, "secret-2", "IllegalParam.Password", "Password",
		       "does not open");
	buffer_done(&file);
	buffer_done(&chain);
}

static void encrypted_keys_are_opened(void **state)
{
	const struct world *w = *state;
	struct buffer der = { 0 }, pem = { 0 };
	struct error err = { 0 };

	assert_int_equal(pkcs8_encrypt(buffer_bytes(&w->pkcs8), "secret-1", &der, &err), 0);
	pem_write(&pem, "ENCRYPTED PRIVATE KEY", buffer_bytes(&der));
	expect_chain(buffer_bytes(&w->leaf_pem), buffer_bytes(&pem), "secret-1", 0);
	expect_chain(buffer_bytes(&w->leaf_pem), buffer_bytes(&der), "secret-1", 0);
	expect_refused(buffer_bytes(&w->leaf_pem), buffer_bytes(&pem), "secret-2",
		       "IllegalParam.Password", "Password", "could not read Key");
	expect_refused(buffer_bytes(&w->leaf_pem), buffer_bytes(&pem), NULL,
		       "MissingParam.Password", "Password", "password is needed");
	buffer_done(&der);
	buffer_done(&pem);
}

static void pem_is_taken_as_people_have_it(void **state)
{
	const struct world *w = *state;
	struct buffer text = { 0 }, wide = { 0 }, flat = { 0 };
	size_t i;

	buffer_append(&text, "\xef\xbb\xbf  some text\r\n\r\n", 18);
	buffer_append(&text, w->leaf_pem.data, w->leaf_pem.len);
	expect_chain(buffer_bytes(&text), buffer_bytes(&w->key_pem), NULL, 0);
	buffer_append(&wide, "\xff\xfe", 2);
	for (i = 0; i < w->leaf_pem.len; i++) {
		buffer_append(&wide, &w->leaf_pem.data[i], 1);
		buffer_append(&wide, "", 1);
		if (w->leaf_pem.data[i] == '\n')
			buffer_append(&flat, "\\n", 2);
		else
			buffer_append(&flat, &w->leaf_pem.data[i], 1);
	}
	expect_chain(buffer_bytes(&wide), buffer_bytes(&w->key_pem), NULL, 0);
	expect_chain(buffer_bytes(&flat), buffer_bytes(&w->key_pem), NULL, 0);
	buffer_done(&text);
	buffer_done(&wide);
	buffer_done(&flat);
}

static void an_old_encrypted_key_may_come_with_quoted_line_breaks(void **state)
{
	struct buffer flat = { 0 };
	struct import import = { 0 };
	struct error err = { 0 };
	const char *at;

	(void)state;
	for (at = key_dek_aes; *at != '\0'; at++)
		if (*at == '\n')
			buffer_append(&flat, "\\n", 2);
		else
			buffer_append(&flat, at, 1);
	assert_int_equal(import_add(&import, buffer_bytes(&flat), "Key", "secret-1", &err), 0);
	assert_int_equal(import.key_count, 1);
	import_done(&import);
	buffer_done(&flat);
}

static void damaged_and_foreign_content_is_refused_by_name(void **state)
{
	const struct world *w = *state;
	struct bytes key = buffer_bytes(&w->key_pem), cut = buffer_bytes(&w->leaf_pem);
	static const char nonsense[] = "hello, this is no certificate";
	static const char openssh[] = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
				      "-----END OPENSSH PRIVATE KEY-----\n";
	uint8_t *big = calloc(1, IMPORT_SIZE_MAX + 1);

	cut.len -= 30;
	expect_refused(cut, key, NULL, "", "Cert", "block 1 of 1 (CERTIFICATE) is cut off");
	expect_refused((struct bytes){ (const uint8_t *)nonsense, sizeof(nonsense) - 1 }, key, NULL, "",
		       "Cert", "no BEGIN CERTIFICATE line found in Cert; it starts with \"hello, this is "
		       "n\"");
	expect_refused((struct bytes){ (const uint8_t *)openssh, sizeof(openssh) - 1 }, key, NULL, "",
		       "Cert", "OpenSSH");
	expect_refused((struct bytes){ big, IMPORT_SIZE_MAX + 1 }, key, NULL, "", "Cert", "the limit is");
	expect_refused(nothing, key, NULL, "", "Cert", "is empty");
	expect_refused((struct bytes){ w->leaf.der.data, w->leaf.der.len - 1 }, key, NULL, "", "Cert",
		       "as a certificate");
	free(big);
}

static void two_leaves_are_refused_by_name(void **state)
{
	const struct world *w = *state;
	struct buffer both = join(&w->leaf_pem, &w->other_pem, NULL);

	expect_refused(buffer_bytes(&both), buffer_bytes(&w->key_pem), NULL, "IllegalParam.Cert",
		       "Cert", "two end-entity certificates: CN=www.example.com, and "
		       "CN=other.example.com");
	buffer_done(&both);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
	const struct world *w = *state;
	struct buffer chain = join(&w->leaf_pem, &w->sub_pem, NULL), key = { 0 };

	expect_refused(buffer_bytes(&w->leaf_pem), buffer_bytes(&w->other_key_pem), NULL,
		       "Mismatch.CertificateKey", "Key", "belongs to another certificate");
	add_key_pem(&key, &w->sub);
	expect_refused(buffer_bytes(&chain), buffer_bytes(&key), NULL, "Mismatch.CertificateKey", "Key",
		       "the private key belongs to CN=sub, not to the end-entity certificate "
		       "CN=www.example.com");
	expect_refused(buffer_bytes(&w->leaf_pem), nothing, NULL, "MissingParam.Key", "Key",
		       "no private key");
	expect_refused(buffer_bytes(&w->key_pem), nothing, NULL, "IllegalParam.Cert", "Cert",
		       "only a private key");
	buffer_done(&chain);
	buffer_done(&key);
}

static void what_is_doubtful_is_told(void **state)
{
	const struct world *w = *state;
	struct made stranger = make_root("CN=stranger");
	struct made bad = make((struct order){ .subject = "CN=old", .issuer = &w->sub,
					       .names = NONE, .extended_key_usage = "clientAuth",
					       .not_after = NOW - DAY });
	struct buffer pem = { 0 }, key = { 0 };
	struct import import = { 0 };
	struct error err;

	pem_write(&pem, "CERTIFICATE", bad.der);
	pem_write(&pem, "CERTIFICATE", stranger.der);
	pem_write(&pem, "CERTIFICATE", bad.der);
	add_key_pem(&key, &bad);
	assert_int_equal(import_all(buffer_bytes(&pem), buffer_bytes(&key), NULL, &import, &err), 0);
	assert_true(has_note(&import, true, "expired at 2027-01-14T08:00:00Z"));
	assert_true(has_note(&import, true, "no subject alternative name"));
	assert_true(has_note(&import, true, "not made for servers"));
	assert_true(has_note(&import, true, "issuer CN=sub of certificate 1 is missing"));
	assert_true(has_note(&import, true, "CN=stranger is not part of the chain"));
	assert_true(has_note(&import, false, "certificate 1 once more"));
	import_done(&import);
	buffer_done(&pem);
	buffer_done(&key);
}

static void a_sound_certificate_raises_no_warning(void **state)
{
	const struct world *w = *state;
	struct buffer all = join(&w->leaf_pem, &w->sub_pem, &w->root_pem, NULL);
	struct import import = { 0 };
	struct error err;

	assert_int_equal(import_all(buffer_bytes(&all), buffer_bytes(&w->key_pem), NULL, &import, &err),
			 2);
	assert_int_equal(import.notes.count, 0);
	import_done(&import);
	buffer_done(&all);
}

static void short_rsa_keys_are_refused(void **state)
{
	const struct world *w = *state;
	struct made weak = make((struct order){ .subject = "CN=weak", .issuer = &w->sub,
						.key_type = KEY_RSA_1024 });
	struct buffer key = { 0 };

	add_key_pem(&key, &weak);
	expect_refused(weak.der, buffer_bytes(&key), NULL, "IllegalParam.Cert", "Cert",
		       "cannot be used");
	buffer_done(&key);
}

static void a_self_signed_ca_can_be_a_servers_certificate(void **state)
{
	const struct world *w = *state;
	struct buffer key = { 0 };

	add_key_pem(&key, &w->root);
	expect_chain(w->root.der, buffer_bytes(&key), NULL, 0);
	buffer_done(&key);
}

/* Two CAs of one name: the signature decides, not the order. */
static void the_chain_follows_signatures_not_names(void **state)
{
	const struct world *w = *state;
	struct made twin = make((struct order){ .subject = "CN=sub", .issuer = &w->root,
						.constraints = "critical,CA:TRUE" });
	struct buffer pem = { 0 };
	struct import import = { 0 };
	struct error err;

	pem_write(&pem, "CERTIFICATE", twin.der);
	buffer_append(&pem, w->leaf_pem.data, w->leaf_pem.len);
	buffer_append(&pem, w->sub_pem.data, w->sub_pem.len);
	assert_int_equal(import_all(buffer_bytes(&pem), buffer_bytes(&w->key_pem), NULL, &import, &err),
			 1);
	assert_true(has_note(&import, true, "CN=sub is not part of the chain"));
	import_done(&import);
	buffer_done(&pem);
}

/* --- CA certificates --- */

static int import_cas(struct bytes content, bool strict, size_t *ret_count, struct error *err)
{
	struct import_authorities authorities = { 0 };
	struct import import = { 0 };
	int status = import_add(&import, content, "Cert", NULL, err);

	if (status == 0)
		status = import_authorities(&import, strict, NOW, &authorities, err);
	if (status == 0) {
		*ret_count = authorities.count;
		assert_true(certificate_is_self_issued(authorities.first));
	}
	buffer_done(&authorities.others);
	import_done(&import);
	return status;
}

static void ca_certificates_are_taken_together(void **state)
{
	const struct world *w = *state;
	struct buffer both = join(&w->sub_pem, &w->root_pem, NULL);
	struct error err = { 0 };
	size_t count = 0;

	assert_int_equal(import_cas(buffer_bytes(&both), true, &count, &err), 0);
	assert_int_equal(count, 2);
	buffer_done(&both);
}

static void what_is_no_ca_is_not_trusted(void **state)
{
	const struct world *w = *state;
	struct buffer mixed = join(&w->root_pem, &w->leaf_pem, NULL);
	struct made weak = make((struct order){ .subject = "CN=weak", .key_type = KEY_RSA_1024,
						.constraints = "critical,CA:TRUE" });
	struct error err = { 0 };
	size_t count;

	assert_int_equal(import_cas(buffer_bytes(&mixed), false, &count, &err), -1);
	assert_non_null(strstr(err.message, "certificate 2 (CN=www.example.com) is no CA certificate"));
	assert_string_equal(err.symbol, "IllegalParam.Cert");
	assert_int_equal(import_cas(buffer_bytes(&w->key_pem), false, &count, &err), -1);
	assert_int_equal(import_cas(weak.der, true, &count, &err), -1);
	buffer_done(&mixed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_and_any_field_will_do),
		cmocka_unit_test(der_and_bare_base64_are_taken),
		cmocka_unit_test(pkcs7_bundles_are_taken),
		cmocka_unit_test(pkcs12_is_taken_with_its_password),
		cmocka_unit_test(encrypted_keys_are_opened),
		cmocka_unit_test(pem_is_taken_as_people_have_it),
		cmocka_unit_test(an_old_encrypted_key_may_come_with_quoted_line_breaks),
		cmocka_unit_test(damaged_and_foreign_content_is_refused_by_name),
		cmocka_unit_test(two_leaves_are_refused_by_name),
		cmocka_unit_test(a_key_of_another_certificate_is_refused),
		cmocka_unit_test(what_is_doubtful_is_told),
		cmocka_unit_test(a_sound_certificate_raises_no_warning),
		cmocka_unit_test(short_rsa_keys_are_refused),
		cmocka_unit_test(a_self_signed_ca_can_be_a_servers_certificate),
		cmocka_unit_test(the_chain_follows_signatures_not_names),
		cmocka_unit_test(ca_certificates_are_taken_together),
		cmocka_unit_test(what_is_no_ca_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}
