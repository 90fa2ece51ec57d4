/* PEM as people have it: what is read, and what is said about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "x509/pem.h"

struct seen {
	char text[256]; /* "LABEL:content;..." */
	int fail_at;
};

static int keep_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%.*s%s:%.*s;", (int)block->label.len,
		 (const char *)block->label.data, block->encrypted ? "!" : "", (int)block->der.len,
		 (const char *)block->der.data);
	if (seen->fail_at == (int)block->number)
		return error_set(err, ERROR_INVALID, "enough");
	return 0;
}

static int split(const char *content, size_t len, struct seen *seen, struct error *err)
{
	size_t count = 0;
	int status = pem_each((struct bytes){ (const uint8_t *)content, len }, "CertFile", keep_block,
			      seen, &count, err);

	return status < 0 ? -1 : (int)count;
}

/* "hello" is aGVsbG8=, "hello!" is aGVsbG8h */
#define B "-----BEGIN X-----"
#define E "-----END X-----"

static void what_people_have_is_read(void **state)
{
	static const struct {
		const char *content, *wanted;
	} rows[] = {
		{ B "\naGVsbG8=\n" E "\n", "X:hello;" },
		{ B "\r\naGVs\r\nbG8=\r\n" E "\r\n", "X:hello;" },
		{ B "\raGVs\rbG8=\r" E "\r", "X:hello;" },
		{ "  " B "\n\t aGVs\n  bG8= \n  " E, "X:hello;" },
		{ B "\n\naGVs\n\n\nbG8=\n\n" E "\n\n", "X:hello;" },
		{ B "aGVsbG8=" E, "X:hello;" },
		{ B " aGVs bG8= " E, "X:hello;" },
		{ "\"" B "\\naGVs\\nbG8=\\n" E "\\n\"", "X:hello;" },
		{ B "\\r\\naGVsbG8=\\r\\n" E, "X:hello;" },
		{ "\xef\xbb\xbf" B "\naGVsbG8=\n" E "\n", "X:hello;" },
		{ "subject=CN = x\n" B "\naGVsbG8=\n" E "\nmore text\n", "X:hello;" },
		{ B "\naGVsbG8=\n" E B "\naGVsbG8h\n" E, "X:hello;X:hello!;" },
		{ B "\naGVsbG8\n" E, "X:hello;" },
		{ B "\nName: value\nOther: more\n\naGVsbG8=\n" E, "X:hello;" },
		{ B "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVsbG8=\n" E, "X!:hello;" },
		{ B "\n" E, "X:;" },
		{ "no block at all", "" },
		{ "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = { .text = "" };
		struct error err = { 0 };

		if (split(rows[i].content, strlen(rows[i].content), &seen, &err) < 0)
			fail_msg("row %zu: %s", i, err.message);
		assert_string_equal(seen.text, rows[i].wanted);
	}
}

static void utf16_is_read_in_both_orders(void **state)
{
	static const char text[] = B "\naGVsbG8=\n" E "\n";
	int order;

	(void)state;
	for (order = 0; order < 2; order++) {
		char wide[2 * sizeof(text) + 2] = { 0 };
		struct seen seen = { .text = "" };
		struct error err = { 0 };
		size_t i;

		wide[order] = (char)0xfe;
		wide[1 - order] = (char)0xff;
		for (i = 0; i < sizeof(text) - 1; i++)
			wide[2 + 2 * i + (order == 0)] = text[i];
		assert_int_equal(split(wide, 2 * sizeof(text), &seen, &err), 1);
		assert_string_equal(seen.text, "X:hello;");
	}
}

static void damage_is_named_with_its_place(void **state)
{
	static const struct {
		const char *content, *message;
	} rows[] = {
		{ B "\naGVs\n", "could not read CertFile: block 1 of 1 (X) is cut off after line 2" },
		{ B "\naGVs\n" B "\naGVs\n" E,
		  "could not read CertFile: block 1 of 2 (X) is cut off after line 2" },
		{ B "\naGVs\n" E "\n" B "\naGVs\naG",
		  "could not read CertFile: block 2 of 2 (X) is cut off after line 6" },
		{ B "\naG.s\n" E, "could not read CertFile: block 1 of 1 (X) has bad base64 in line 2" },
		{ B "\naGVsb\n" E, "bad base64" },
		{ B "\naG==Vs\n" E, "bad base64" },
		{ B "\naGVs=\n" E, "bad base64" },
		{ B "\naGVs\n-----END Y-----\n", "has a damaged END line, line 3" },
		{ B "\naGVs\n-----END X--\n", "damaged END line" },
		{ "-----BEGIN X\naGVs\n", "damaged BEGIN line" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = { .text = "" };
		struct error err = { 0 };

		assert_int_equal(split(rows[i].content, strlen(rows[i].content), &seen, &err), -1);
		if (strstr(err.message, rows[i].message) == NULL)
			fail_msg("row %zu: %s", i, err.message);
	}
}

static void a_refusal_of_the_caller_ends_the_walk(void **state)
{
	struct seen seen = { .text = "", .fail_at = 1 };
	struct error err = { 0 };
	const char *content = B "\naGVs\n" E "\n" B "\naGVs\n" E;

	(void)state;
	assert_int_equal(split(content, strlen(content), &seen, &err), -1);
	assert_string_equal(err.message, "enough");
	assert_string_equal(seen.text, "X:hel;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_have_is_read),
		cmocka_unit_test(utf16_is_read_in_both_orders),
		cmocka_unit_test(damage_is_named_with_its_place),
		cmocka_unit_test(a_refusal_of_the_caller_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
