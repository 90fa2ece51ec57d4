/* Names in certificates: subjects, alternative names, constraints, requests; and their one form. */
#include "support_issue.h"

#include "pki/compose.h"
#include "pki/san_check.h"

static char *composed(const char *text)
{
	struct buffer out = { 0 };

	if (!compose_append(&out, (struct bytes){ (const uint8_t *)text, strlen(text) })) {
		buffer_done(&out);
		return NULL;
	}
	buffer_append(&out, "", 1);
	return (char *)out.data;
}

static void text_gets_its_one_form(void **state)
{
	static const char *const pairs[][2] = {
		{ "plain", "plain" },
		{ "  blanks \t", "blanks" },
		{ "Jose\xcc\x81", "Jos\xc3\xa9" },
		/* marks in the wrong order: dot below and circumflex */
		{ "e\xcc\x82\xcc\xa3", "\xe1\xbb\x87" },
		{ "\xc3\xaa\xcc\xa3", "\xe1\xbb\x87" },
		/* Hangul: lead, vowel, tail */
		{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c" },
		/* Kana with a voice mark; ANGSTROM SIGN */
		{ "\xe3\x81\x8b\xe3\x82\x99", "\xe3\x81\x8c" },
		{ "\xe2\x84\xab", "\xc3\x85" },
		{ "\xe4\xb8\xad\xe5\x9b\xbd", "\xe4\xb8\xad\xe5\x9b\xbd" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *text = composed(pairs[i][0]);

		assert_string_equal(text, pairs[i][1]);
		free(text);
	}
}

static void what_is_no_utf8_is_refused(void **state)
{
	static const char *const texts[] = { "\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "a\x80",
		"\xf4\x90\x80\x80", "\xe0\x80\x80" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(composed(texts[i]));
}

static void a_subject_is_written_in_order_and_read_back(void **state)
{
	const struct subject_names names = { .common_name = " cart ", .country = "cn",
		.organization = "Alibaba", .state = "Beijing" };
	struct buffer der = { 0 };
	struct subject_texts texts;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(subject_write(&names, &der, &err), 0);
	/* C first: 06 03 55 04 06 13 02 'C' 'N' */
	assert_memory_equal(der.data + 6, "\x06\x03\x55\x04\x06\x13\x02"
			    "CN", 9);
	subject_read(buffer_bytes(&der), &texts);
	assert_string_equal(texts.common_name, "cart");
	assert_string_equal(texts.country, "CN");
	assert_string_equal(texts.state, "Beijing");
	assert_null(texts.locality);
	subject_texts_done(&texts);
	buffer_done(&der);
}

static void assert_subject_refused(struct subject_names names, const char *place)
{
	struct buffer der = { 0 };
	struct error err = { 0 };

	assert_int_equal(subject_write(&names, &der, &err), -1);
	assert_string_equal(err.place, place);
	assert_null(der.data);
}

static void subjects_that_cannot_be_are_refused(void **state)
{
	char long_name[66];

	(void)state;
	memset(long_name, 'a', 65);
	long_name[65] = '\0';
	assert_subject_refused((struct subject_names){ .common_name = long_name }, "CommonName");
	assert_subject_refused((struct subject_names){ .country = "CHN" }, "CountryCode");
	assert_subject_refused((struct subject_names){ .country = "C1" }, "CountryCode");
	assert_subject_refused((struct subject_names){ .organization = "a\nb" }, "Organization");
	assert_subject_refused((struct subject_names){ .organization = "..-" }, "Organization");
	assert_subject_refused((struct subject_names){ .organization = "   " }, "Organization");
	assert_subject_refused((struct subject_names){ .locality = "a\xc2\x85" }, "Locality");
	assert_subject_refused((struct subject_names){ .locality = "a\xe2\x80\xae" }, "Locality");
	assert_subject_refused((struct subject_names){ .locality = "\xff" }, "Locality");
}

static void sixty_four_characters_are_more_bytes(void **state)
{
	struct subject_names names = { .common_name = NULL };
	char name[64 * 3 + 1];
	struct buffer der = { 0 };
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 64; i++)
		memcpy(name + 3 * i, "\xe4\xb8\xad", 3);
	name[64 * 3] = '\0';
	names.common_name = name;
	assert_int_equal(subject_write(&names, &der, &err), 0);
	buffer_done(&der);
}

static void dns_names(void **state)
{
	static const char *const good[] = { "a", "www.example.com", "xn--bcher-kva.example",
					    "3com.com", "a-b.c" };
	static const char *const bad[] = { "",
					   ".",
					   "a.",
					   ".a",
					   "a..b",
					   "-a.b",
					   "a-.b",
					   "a_b.c",
					   "A.b",
					   "a b",
					   "\xc3\xa4.de",
					   "xn--.de",
					   "xn--a-\xc3",
					   "ab--c.de",
					   "1.2.3.4",
					   "a.1",
					   "*",
					   "*.com",
					   "*.*.com",
					   "a.*.com",
					   "w*.example.com",
					   "xn--99999999999.de" };
	char label[65], name[300] = "";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (san_check_dns(good[i], false) != NULL)
			fail_msg("%s %s", good[i], san_check_dns(good[i], false));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (san_check_dns(bad[i], true) == NULL)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_null(san_check_dns("*.example.com", true));
	assert_non_null(san_check_dns("*.example.com", false));
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_non_null(san_check_dns(label, false));
	label[63] = '\0';
	assert_null(san_check_dns(label, false));
	for (i = 0; i < 4; i++) {
		strcat(name, label);
		strcat(name, i < 3 ? "." : "");
	}
	assert_non_null(san_check_dns(name, false)); /* 255 */
	assert_null(san_check_dns(name + 2, false)); /* 253 */
}

static void emails_and_uris(void **state)
{
	static const char *const good_emails[] = { "a@b", "first.last+tag@example.com",
		"o'neil@EXAMPLE.com" };
	static const char *const bad_emails[] = {
		"",	  "a",	   "@b",	 "a@",	  "a@b@c", ".a@b",	   "a.@b",
		"a..b@c", "a b@c", "\xc3\xa4@b", "a@b_c", "a@-b",  "a.alibaba.com"
	};
	static const char *const good_uris[] = {
		"spiffe://shop/cart", "https://a:8443/x?y#z", "urn:a:b",  "https://[::1]/",
		"https://10.0.0.1/",  "https://u@host/",      "tag:a%20b"
	};
	static const char *const bad_uris[] = { "",
						"a",
						"/a",
						":a",
						"1a:b",
						"a:",
						"spiffe://",
						"https://?a",
						"https://a b",
						"https://a_b/",
						"https://a:b/",
						"https://[::1/",
						"https://[x]/",
						"a:%zz",
						"a:\x7f" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good_emails) / sizeof(good_emails[0]); i++)
		assert_null(san_check_email(good_emails[i]));
	for (i = 0; i < sizeof(bad_emails) / sizeof(bad_emails[0]); i++)
		if (san_check_email(bad_emails[i]) == NULL)
			fail_msg("\"%s\" is taken", bad_emails[i]);
	for (i = 0; i < sizeof(good_uris) / sizeof(good_uris[0]); i++)
		if (san_check_uri(good_uris[i]) != NULL)
			fail_msg("%s %s", good_uris[i], san_check_uri(good_uris[i]));
	for (i = 0; i < sizeof(bad_uris) / sizeof(bad_uris[0]); i++)
		if (san_check_uri(bad_uris[i]) == NULL)
			fail_msg("\"%s\" is taken", bad_uris[i]);
}

static void lists_keep_each_name_once_and_go_there_and_back(void **state)
{
	struct san_list list = { 0 }, read = { 0 };
	struct error err = { 0 };
	struct bytes der;
	char *text, *again;
	CBB out;

	(void)state;
	assert_int_equal(san_list_add_all(&list, -1, "Example.com, 10.0.0.1,, a@B.com ,"
					  "spiffe://a/b,::0001,example.com", true, &err), 0);
	assert_int_equal(san_list_add(&list, SAN_UPN, "cart@corp", false, &err), 0);
	text = san_list_text(&list);
	assert_string_equal(text, "example.com,10.0.0.1,a@b.com,spiffe://a/b,::1,cart@corp");
	assert_true(CBB_init(&out, 64) && san_list_write(&list, &out));
	der = (struct bytes){ CBB_data(&out), CBB_len(&out) };
	assert_int_equal(san_list_read(der, true, &read, &err), 0);
	again = san_list_text(&read);
	assert_string_equal(text, again);
	assert_int_equal(san_list_read((struct bytes){ der.data, der.len - 1 }, true, &read, &err),
			 -1);
	CBB_cleanup(&out);
	free(text);
	free(again);
	san_list_done(&list);
	san_list_done(&read);
}

static void a_name_with_a_blank_inside_is_not_cut(void **state)
{
	struct san_list list = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(san_list_add_all(&list, -1, "a.example b.example", true, &err), -1);
	assert_non_null(strstr(err.message, "a.example b.example"));
	san_list_done(&list);
}

static void constraints_are_read_as_people_write_them(void **state)
{
	static const char *const good[] = { "DNS:example.com",	   "example.com",
					    "email:example.com",   "Email:.example.com",
					    "Email:a@example.com", "URI:.example.com",
					    "10.0.0.0/8",	   "IP:10.1.2.3",
					    "IP:2001:db8::/32",	   "0.0.0.0/0" };
	static const char *const bad[] = { "DNS:.example.com", "DNS:",		"DNS:*.example.com",
					   "IP:10.0.0.0/33",   "IP:10.0.0/8",	"IP:10.0.0.0/",
					   "IP:10.0.0.0/-1",   "IP:x/8",	"Email:a b",
					   "URI:http://a",     "2001:db8::/129" };
	struct constraints constraints = { 0 };
	struct error err = { 0 };
	CBB out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (constraints_add(&constraints, i % 2 == 0, good[i], &err) < 0)
			fail_msg("%s", err.message);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (constraints_add(&constraints, false, bad[i], &err) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_true(CBB_init(&out, 64) && constraints_write(&constraints, &out));
	assert_null(constraints_check((struct bytes){ CBB_data(&out), CBB_len(&out) }));
	/* bits outside of the mask are cleared */
	assert_int_equal(constraints.items[6].block_len, 8);
	assert_memory_equal(constraints.items[6].block, "\x0a\0\0\0\xff\0\0\0", 8);
	CBB_cleanup(&out);
	constraints_done(&constraints);
}

static void a_request_goes_there_and_back(void **state)
{
	static const enum key_algorithm algorithms[] = { KEY_ALGORITHM_RSA_2048,
							 KEY_ALGORITHM_ECC_256,
							 KEY_ALGORITHM_ECC_384,
							 KEY_ALGORITHM_ECC_512 };
	const struct subject_names names = { .common_name = "www.example.com" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		EVP_PKEY *key = key_of(algorithms[i]);
		struct buffer subject = { 0 }, der = { 0 };
		struct san_list list = { 0 };
		struct error err = { 0 };
		struct csr csr;

		assert_int_equal(subject_write(&names, &subject, &err), 0);
		assert_int_equal(san_list_add(&list, SAN_DNS, "example.com", false, &err), 0);
		assert_int_equal(csr_make(key, buffer_bytes(&subject), &list, &der, &err), 0);
		assert_int_equal(csr_parse(buffer_bytes(&der), &csr, &err), 0);
		assert_string_equal(csr.texts.common_name, "www.example.com");
		assert_int_equal(EVP_PKEY_cmp(csr.key, key), 1);
		assert_true(csr.names.len > 0);
		csr_done(&csr);
		/* any bit of what is signed */
		der.data[20] ^= 1;
		assert_int_equal(csr_parse(buffer_bytes(&der), &csr, &err), -1);
		san_list_done(&list);
		buffer_done(&subject);
		buffer_done(&der);
		EVP_PKEY_free(key);
	}
}

static void what_is_no_request_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"0",
		"hello",
		"-----BEGIN CERTIFICATE REQUEST-----\nMII=\n",
		"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	};
	struct csr csr;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(
			csr_parse((struct bytes){ (const uint8_t *)texts[i], strlen(texts[i]) },
				  &csr, &err),
			-1);
		assert_true(err.message[0] != '\0');
	}
}

static void algorithms_have_names(void **state)
{
	enum key_algorithm algorithm;
	struct error err = { 0 };
	char text[32];
	EVP_PKEY *key;

	(void)state;
	assert_int_equal(key_algorithm_parse("ecc_512", &algorithm, &err), 0);
	key = key_of(algorithm);
	key_text(key, text, sizeof(text));
	assert_string_equal(text, "ECC_512");
	EVP_PKEY_free(key);
	assert_int_equal(key_algorithm_parse("RSA_1024", &algorithm, &err), -1);
	assert_non_null(strstr(err.message, "can be broken"));
	assert_int_equal(key_algorithm_parse("SM2", &algorithm, &err), -1);
	assert_non_null(strstr(err.message, "SM2"));
	assert_int_equal(key_algorithm_parse("RSA", &algorithm, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_gets_its_one_form),
		cmocka_unit_test(what_is_no_utf8_is_refused),
		cmocka_unit_test(a_subject_is_written_in_order_and_read_back),
		cmocka_unit_test(subjects_that_cannot_be_are_refused),
		cmocka_unit_test(sixty_four_characters_are_more_bytes),
		cmocka_unit_test(dns_names),
		cmocka_unit_test(emails_and_uris),
		cmocka_unit_test(lists_keep_each_name_once_and_go_there_and_back),
		cmocka_unit_test(a_name_with_a_blank_inside_is_not_cut),
		cmocka_unit_test(constraints_are_read_as_people_write_them),
		cmocka_unit_test(a_request_goes_there_and_back),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(algorithms_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
