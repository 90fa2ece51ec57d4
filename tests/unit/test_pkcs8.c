/* Private keys under a password: our own, and those of other programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "pki/import.h"
#include "pki/pem_write.h"
#include "pki/pkcs8.h"
#include "support_encrypted.h"

static struct bytes text(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, strlen(string) };
}

/* The one key of a text, as PKCS#8. */
static int read_key(const char *pem, const char *password, struct buffer *ret_pkcs8,
		    struct error *err)
{
	struct import import = { 0 };
	int status = import_add(&import, text(pem), "Key", password, err);

	if (status == 0) {
		assert_int_equal(import.key_count, 1);
		buffer_append(ret_pkcs8, import.keys[0].data, import.keys[0].len);
	}
	import_done(&import);
	return status;
}

static void expect_same_key(const char *pem)
{
	struct buffer plain = { 0 }, opened = { 0 };
	struct error err = { 0 };

	assert_int_equal(read_key(plain_key, NULL, &plain, &err), 0);
	assert_int_equal(read_key(pem, PASSWORD, &opened, &err), 0);
	assert_true(bytes_equal(buffer_bytes(&plain), buffer_bytes(&opened)));
	buffer_done(&plain);
	buffer_done(&opened);
}

static void expect_refused(const char *pem, const char *password, const char *symbol,
			   const char *part)
{
	struct buffer opened = { 0 };
	struct error err = { 0 };

	assert_int_equal(read_key(pem, password, &opened, &err), -1);
	assert_string_equal(err.symbol, symbol);
	if (strstr(err.message, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.message, part);
	assert_null(opened.data);
}

static void keys_of_other_programs_are_opened(void **state)
{
	const char *const pems[] = { key_sha1_aes128, key_sha224, key_sha384, key_sha512_3des,
				     key_scrypt, key_pbe3des, key_rc2, key_rc2128, key_gnutls,
				     key_dek_aes, key_dek_3des };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pems) / sizeof(pems[0]); i++)
		expect_same_key(pems[i]);
}

static void a_wrong_password_opens_nothing_and_says_so(void **state)
{
	const char *const pems[] = { key_sha1_aes128, key_sha512_3des, key_scrypt, key_pbe3des,
				     key_dek_aes, key_dek_3des };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pems) / sizeof(pems[0]); i++) {
		expect_refused(pems[i], "secret-2", "IllegalParam.Password", "does not open");
		expect_refused(pems[i], "", "IllegalParam.Password", "does not open");
		expect_refused(pems[i], NULL, "MissingParam.Password", "password is needed");
	}
}

static void work_without_bounds_is_refused_before_it_begins(void **state)
{
	(void)state;
	expect_refused(key_iterations, PASSWORD, "", "2000001 iterations; the limit is 2000000");
	expect_refused(key_scryptbig, PASSWORD, "", "more than 256 MiB");
}

static void weak_and_unknown_encryption_is_refused_by_name(void **state)
{
	(void)state;
	expect_refused(key_md5des, PASSWORD, "", "MD5 and DES");
	expect_refused(key_dek_camellia, PASSWORD, "", "cipher that is not supported");
}

static void what_we_encrypt_opens_with_its_password_only(void **state)
{
	struct buffer plain = { 0 }, encrypted = { 0 }, again = { 0 }, opened = { 0 };
	struct error err = { 0 };
	struct pbe right = pbe_begin("correct horse"), wrong = pbe_begin("correct horsf");

	(void)state;
	assert_int_equal(read_key(plain_key, NULL, &plain, &err), 0);
	assert_int_equal(pkcs8_encrypt(buffer_bytes(&plain), "correct horse", &encrypted, &err), 0);
	assert_int_equal(pkcs8_encrypt(buffer_bytes(&plain), "correct horse", &again, &err), 0);
	assert_false(bytes_equal(buffer_bytes(&encrypted), buffer_bytes(&again)));
	assert_true(pkcs8_is_encrypted(buffer_bytes(&encrypted)));
	assert_false(pkcs8_is_encrypted(buffer_bytes(&plain)));
	assert_null(memmem(encrypted.data, encrypted.len, plain.data + 36, 32));
	assert_int_equal(pkcs8_decrypt(&wrong, buffer_bytes(&encrypted), &opened, &err), -1);
	assert_int_equal(pkcs8_decrypt(&right, buffer_bytes(&encrypted), &opened, &err), 0);
	assert_true(bytes_equal(buffer_bytes(&plain), buffer_bytes(&opened)));
	buffer_done(&plain);
	buffer_done(&encrypted);
	buffer_done(&again);
	buffer_done(&opened);
}

static void one_password_pays_for_all_derivations_of_a_file(void **state)
{
	struct buffer plain = { 0 }, encrypted = { 0 }, opened = { 0 };
	struct error err = { 0 };
	struct pbe pbe = pbe_begin(PASSWORD);

	(void)state;
	assert_int_equal(read_key(plain_key, NULL, &plain, &err), 0);
	assert_int_equal(pkcs8_encrypt(buffer_bytes(&plain), PASSWORD, &encrypted, &err), 0);
	pbe.work_left = 150000;
	assert_int_equal(pkcs8_decrypt(&pbe, buffer_bytes(&encrypted), &opened, &err), 0);
	assert_int_equal(pkcs8_decrypt(&pbe, buffer_bytes(&encrypted), &opened, &err), -1);
	assert_non_null(strstr(err.message, "more work"));
	buffer_done(&plain);
	buffer_done(&encrypted);
	buffer_done(&opened);
}

static void a_damaged_encrypted_key_is_refused_at_every_byte(void **state)
{
	struct buffer plain = { 0 }, encrypted = { 0 }, opened = { 0 };
	struct error err = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(read_key(key_sha1_aes128, PASSWORD, &plain, &err), 0);
	assert_int_equal(pkcs8_encrypt(buffer_bytes(&plain), PASSWORD, &encrypted, &err), 0);
	for (i = 0; i < encrypted.len; i++) {
		struct pbe pbe = { .password = PASSWORD, .work_left = 1000 };

		assert_int_equal(pkcs8_decrypt(&pbe, (struct bytes){ encrypted.data, i }, &opened,
					       &err), -1);
	}
	buffer_done(&plain);
	buffer_done(&encrypted);
	buffer_done(&opened);
}

static void the_old_form_of_a_key_is_read_back_as_the_same(void **state)
{
	struct buffer plain = { 0 }, pem = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_key(plain_key, NULL, &plain, &err), 0);
	assert_int_equal(pkcs8_write_old_pem(buffer_bytes(&plain), &pem, &err), 0);
	buffer_append(&pem, "", 1);
	assert_memory_equal(pem.data, "-----BEGIN EC PRIVATE KEY-----\n", 31);
	expect_same_key((const char *)pem.data);
	buffer_done(&plain);
	buffer_done(&pem);
}

static void passwords_are_utf_8_and_nothing_else(void **state)
{
	struct buffer utf16 = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(pbe_utf16("a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x94\x91", true, &utf16, &err), 0);
	assert_int_equal(utf16.len, 12);
	assert_memory_equal(utf16.data, "\0a\0\xe9\x4e\x2d\xd8\x3d\xdd\x11\0\0", 12);
	buffer_done(&utf16);
	assert_int_equal(pbe_utf16("\xc3", false, &utf16, &err), -1);
	assert_int_equal(pbe_utf16("\xed\xa0\x80", false, &utf16, &err), -1);
	assert_int_equal(pbe_utf16("\xf4\x90\x80\x80", false, &utf16, &err), -1);
	assert_int_equal(pbe_utf16("\xc0\x80", false, &utf16, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_other_programs_are_opened),
		cmocka_unit_test(a_wrong_password_opens_nothing_and_says_so),
		cmocka_unit_test(work_without_bounds_is_refused_before_it_begins),
		cmocka_unit_test(weak_and_unknown_encryption_is_refused_by_name),
		cmocka_unit_test(what_we_encrypt_opens_with_its_password_only),
		cmocka_unit_test(one_password_pays_for_all_derivations_of_a_file),
		cmocka_unit_test(a_damaged_encrypted_key_is_refused_at_every_byte),
		cmocka_unit_test(the_old_form_of_a_key_is_read_back_as_the_same),
		cmocka_unit_test(passwords_are_utf_8_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
