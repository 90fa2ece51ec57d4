/* PKCS#12: what we write we read, and so are the files of other programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/base64.h>
#include <openssl/pkcs8.h>
#include "pki/ber.h"
#include "pki/pkcs12.h"
#include "support_certificates.h"
#include "support_pkcs12.h"

#define PASSWORD "secret-1"

struct found {
	size_t keys, certificates;
	struct buffer key, first;
	bool stop;
};

static int note(void *arg, const struct pkcs12_item *item, struct error *err)
{
	struct found *found = arg;

	if (item->is_key) {
		found->keys++;
		buffer_append(&found->key, item->der.data, item->der.len);
	} else if (found->certificates++ == 0) {
		buffer_append(&found->first, item->der.data, item->der.len);
	}
	return found->stop ? error_set(err, ERROR_INVALID, "enough") : 0;
}

static void found_done(struct found *found)
{
	buffer_done(&found->key);
	buffer_done(&found->first);
	*found = (struct found){ 0 };
}

static struct buffer decode(const char *base64)
{
	struct buffer der = { 0 };

	der.capacity = strlen(base64);
	der.data = memory_new(der.capacity);
	assert_true(EVP_DecodeBase64(der.data, &der.len, der.capacity, (const uint8_t *)base64,
				     strlen(base64)));
	return der;
}

static int read_file(const char *base64, const char *password, struct found *found,
		     struct error *err)
{
	struct buffer file = decode(base64);
	struct pbe pbe = pbe_begin(password);
	int status;

	assert_true(pkcs12_is(buffer_bytes(&file)));
	status = pkcs12_read(&pbe, buffer_bytes(&file), note, found, err);
	buffer_done(&file);
	return status;
}

static void files_of_other_programs_are_read(void **state)
{
	const char *const files[] = { file_openssl, file_rc2, file_sha512, file_pbmac1, file_nss,
				      file_gnutls, file_java };
	struct found wanted = { 0 }, found = { 0 };
	struct error err = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(read_file(file_sha512, PASSWORD, &wanted, &err), 0);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (read_file(files[i], PASSWORD, &found, &err) < 0)
			fail_msg("file %zu: %s", i, err.message);
		assert_int_equal(found.keys, 1);
		assert_int_equal(found.certificates, 1);
		assert_true(bytes_equal(buffer_bytes(&found.first), buffer_bytes(&wanted.first)));
		found_done(&found);
	}
	found_done(&wanted);
}

static void the_empty_password_is_known_in_both_encodings(void **state)
{
	const char *const files[] = { file_empty, file_null };
	struct found found = { 0 };
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(read_file(files[i], "", &found, &err), 0);
		assert_int_equal(found.keys, 1);
		found_done(&found);
		assert_int_equal(read_file(files[i], NULL, &found, &err), 0);
		found_done(&found);
		assert_int_equal(read_file(files[i], PASSWORD, &found, &err), -1);
		assert_string_equal(err.symbol, "IllegalParam.Password");
	}
}

static void a_wrong_or_missing_password_is_told_apart(void **state)
{
	const char *const files[] = { file_openssl, file_rc2, file_nss, file_pbmac1 };
	struct found found = { 0 };
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(read_file(files[i], "secret-2", &found, &err), -1);
		assert_string_equal(err.symbol, "IllegalParam.Password");
		assert_int_equal(read_file(files[i], NULL, &found, &err), -1);
		assert_string_equal(err.symbol, "MissingParam.Password");
		assert_int_equal(found.keys + found.certificates, 0);
	}
}

static void a_file_without_mac_is_refused(void **state)
{
	struct found found = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_file(file_nomac, PASSWORD, &found, &err), -1);
	assert_non_null(strstr(err.message, "has no MAC"));
	assert_int_equal(found.keys + found.certificates, 0);
}

static void iterations_are_limited_before_any_is_made(void **state)
{
	struct found found = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_file(file_iterations, PASSWORD, &found, &err), -1);
	assert_non_null(strstr(err.message, "100000000 iterations; the limit is 2000000"));
}

/* --- our own --- */

struct ours {
	struct made root, sub, leaf;
	struct buffer chain, pkcs8;
	struct pkcs12_contents contents;
};

static void make_ours(struct ours *ours)
{
	CBB cbb;
	uint8_t *der = NULL;
	size_t len = 0;

	*ours = (struct ours){ .root = make_root("CN=root") };
	ours->sub = make_sub("CN=sub", &ours->root);
	ours->leaf = make_leaf("CN=caf\xc3\xa9", &ours->sub);
	buffer_append(&ours->chain, ours->sub.der.data, ours->sub.der.len);
	buffer_append(&ours->chain, ours->root.der.data, ours->root.der.len);
	assert_true(CBB_init(&cbb, 256) && EVP_marshal_private_key(&cbb, ours->leaf.key) &&
		    CBB_finish(&cbb, &der, &len));
	buffer_append(&ours->pkcs8, der, len);
	OPENSSL_free(der);
	ours->contents = (struct pkcs12_contents){ "caf\xc3\xa9", ours->leaf.der,
						   buffer_bytes(&ours->chain),
						   buffer_bytes(&ours->pkcs8) };
}

static void free_ours(struct ours *ours)
{
	buffer_done(&ours->chain);
	buffer_done(&ours->pkcs8);
}

static void what_we_write_is_read_back_whole(void **state)
{
	struct buffer file = { 0 };
	struct found found = { 0 };
	struct error err = { 0 };
	struct ours ours;
	int profile;

	(void)state;
	make_ours(&ours);
	for (profile = PKCS12_MODERN; profile <= PKCS12_COMPATIBLE; profile++) {
		struct pbe pbe = pbe_begin("geheim \xc3\xbc"), wrong = pbe_begin("geheim u");

		assert_int_equal(pkcs12_write(&ours.contents, (enum pkcs12_profile)profile,
					      "geheim \xc3\xbc", &file, &err), 0);
		assert_int_equal(pkcs12_read(&pbe, buffer_bytes(&file), note, &found, &err), 0);
		assert_int_equal(found.certificates, 3);
		assert_true(bytes_equal(buffer_bytes(&found.first), ours.leaf.der));
		assert_true(bytes_equal(buffer_bytes(&found.key), buffer_bytes(&ours.pkcs8)));
		found_done(&found);
		assert_int_equal(pkcs12_read(&wrong, buffer_bytes(&file), note, &found, &err), -1);
		assert_null(memmem(file.data, file.len, ours.leaf.der.data + 20, 40));
	}
	buffer_done(&file);
	free_ours(&ours);
}

/* The TLS library's reader knows nothing of ours. */
static void what_we_write_is_read_by_the_library(void **state)
{
	struct buffer file = { 0 };
	struct error err = { 0 };
	struct ours ours;
	int profile;

	(void)state;
	make_ours(&ours);
	for (profile = PKCS12_MODERN; profile <= PKCS12_COMPATIBLE; profile++) {
		STACK_OF(X509) *certificates = sk_X509_new_null();
		EVP_PKEY *key = NULL;
		CBS cbs;

		assert_int_equal(pkcs12_write(&ours.contents, (enum pkcs12_profile)profile,
					      PASSWORD, &file, &err), 0);
		CBS_init(&cbs, file.data, file.len);
		assert_int_equal(PKCS12_get_key_and_certs(&key, certificates, &cbs, PASSWORD), 1);
		assert_int_equal(EVP_PKEY_cmp(key, ours.leaf.key), 1);
		assert_int_equal(sk_X509_num(certificates), 3);
		sk_X509_pop_free(certificates, X509_free);
		EVP_PKEY_free(key);
	}
	buffer_done(&file);
	free_ours(&ours);
}

static void no_changed_or_cut_file_is_believed(void **state)
{
	struct buffer file = { 0 };
	struct found found = { 0 };
	struct error err = { 0 };
	struct ours ours;
	size_t i;

	(void)state;
	make_ours(&ours);
	assert_int_equal(pkcs12_write(&ours.contents, PKCS12_COMPATIBLE, PASSWORD, &file, &err), 0);
	for (i = 0; i < file.len; i += 7) {
		struct pbe pbe = { .password = PASSWORD, .work_left = 20000 };

		assert_int_equal(pkcs12_read(&pbe, (struct bytes){ file.data, i }, note, &found, &err),
				 -1);
		file.data[i] ^= 0x10;
		pbe.work_left = 20000;
		if (pkcs12_read(&pbe, buffer_bytes(&file), note, &found, &err) == 0)
			fail_msg("byte %zu may be changed", i);
		file.data[i] ^= 0x10;
	}
	assert_int_equal(found.keys + found.certificates, 0);
	buffer_append(&file, "x", 1);
	assert_int_equal(pkcs12_read(&(struct pbe){ .password = PASSWORD, .work_left = 20000 },
				     buffer_bytes(&file), note, &found, &err), -1);
	buffer_done(&file);
	free_ours(&ours);
}

static void the_caller_may_stop(void **state)
{
	struct found found = { .stop = true };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_file(file_openssl, PASSWORD, &found, &err), -1);
	assert_string_equal(err.message, "enough");
	assert_int_equal(found.keys + found.certificates, 1);
	found_done(&found);
}

/* --- BER --- */

static void expect_der(const char *ber, size_t ber_len, const char *der, size_t der_len)
{
	struct buffer out = { 0 };
	struct error err = { 0 };

	assert_int_equal(ber_to_der((struct bytes){ (const uint8_t *)ber, ber_len }, &out, &err), 0);
	assert_int_equal(out.len, der_len);
	assert_memory_equal(out.data, der, der_len);
	buffer_done(&out);
}

#define BYTES(text) (text), sizeof(text) - 1

static void lengths_become_definite_and_minimal(void **state)
{
	(void)state;
	expect_der(BYTES("\x30\x80\x02\x01\x05\x00\x00"), BYTES("\x30\x03\x02\x01\x05"));
	expect_der(BYTES("\x30\x82\x00\x03\x02\x01\x05"), BYTES("\x30\x03\x02\x01\x05"));
	expect_der(BYTES("\x24\x80\x04\x01" "a\x24\x80\x04\x01" "b\x00\x00\x00\x00"),
		   BYTES("\x04\x02" "ab"));
	expect_der(BYTES("\x04\x00"), BYTES("\x04\x00"));
}

static void broken_ber_is_refused(void **state)
{
	static const struct {
		const char *ber;
		size_t len;
	} cases[] = {
		{ BYTES("") },
		{ BYTES("\x30") },
		{ BYTES("\x30\x80") },
		{ BYTES("\x30\x80\x00") },
		{ BYTES("\x04\x80\x00\x00") },
		{ BYTES("\x30\x03\x02\x01") },
		{ BYTES("\x30\x85\x00\x00\x00\x00\x01\x00") },
		{ BYTES("\x24\x03\x02\x01\x05") },
		{ BYTES("\x30\x00\x00") },
		{ BYTES("\x3f\xff\xff\xff\xff\xff\x01\x00") },
	};
	uint8_t deep[200];
	struct buffer out = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (ber_to_der((struct bytes){ (const uint8_t *)cases[i].ber, cases[i].len }, &out,
			       NULL) == 0)
			fail_msg("case %zu was taken", i);
	for (i = 0; i < sizeof(deep); i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = 0x80;
	}
	assert_int_equal(ber_to_der((struct bytes){ deep, sizeof(deep) }, &out, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_other_programs_are_read),
		cmocka_unit_test(the_empty_password_is_known_in_both_encodings),
		cmocka_unit_test(a_wrong_or_missing_password_is_told_apart),
		cmocka_unit_test(a_file_without_mac_is_refused),
		cmocka_unit_test(iterations_are_limited_before_any_is_made),
		cmocka_unit_test(what_we_write_is_read_back_whole),
		cmocka_unit_test(what_we_write_is_read_by_the_library),
		cmocka_unit_test(no_changed_or_cut_file_is_believed),
		cmocka_unit_test(the_caller_may_stop),
		cmocka_unit_test(lengths_become_definite_and_minimal),
		cmocka_unit_test(broken_ber_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
