#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "net/proxy_protocol.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define PORTS "\xc6\x5e\x01\xbb" /* 50782, 443 */
#define V4_PAIR "\xcb\x00\x71\x07\xc0\x00\x02\x01" PORTS

struct sample {
	const char *name;
	const char *bytes;
	size_t len;
	int answer;
	const char *source, *destination; /* NULL: local, when the answer is 1 */
};

#define SAMPLE(name, bytes, answer, source, destination) \
	{ \
		name, bytes, sizeof(bytes) - 1, answer, source, destination \
	}

static const struct sample v1_samples[] = {
	SAMPLE("TCP4", "PROXY TCP4 203.0.113.7 192.0.2.1 50782 443\r\n", 1, "203.0.113.7:50782",
	       "192.0.2.1:443"),
	SAMPLE("TCP6", "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", 1, "[2001:db8::1]:0",
	       "[::1]:65535"),
	SAMPLE("TCP6, mapped", "PROXY TCP6 ::ffff:203.0.113.7 ::ffff:192.0.2.1 1 2\r\n", 1,
	       "203.0.113.7:1", "192.0.2.1:2"),
	SAMPLE("unknown", "PROXY UNKNOWN\r\n", 1, NULL, NULL),
	SAMPLE("unknown with more", "PROXY UNKNOWN ffff:: ::1 1 2\r\nGET /", 1, NULL, NULL),
	SAMPLE("nothing yet", "", 0, NULL, NULL),
	SAMPLE("one letter", "P", 0, NULL, NULL),
	SAMPLE("no line end yet", "PROXY TCP4 203.0.113.7 192.0.2.1 50782 443\r", 0, NULL, NULL),
	SAMPLE("another protocol", "GET / HTTP/1.1\r\n", -1, NULL, NULL),
	SAMPLE("TLS", "\x16\x03\x01", -1, NULL, NULL),
	SAMPLE("almost PROXY", "PROXX", -1, NULL, NULL),
	SAMPLE("bare line feed", "PROXY UNKNOWN\n", -1, NULL, NULL),
	SAMPLE("bare carriage return", "PROXY UNKNOWN\rx", -1, NULL, NULL),
	SAMPLE("UNKNOWN run on", "PROXY UNKNOWNS\r\n", -1, NULL, NULL),
	SAMPLE("another family", "PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n", -1, NULL, NULL),
	SAMPLE("wrong family", "PROXY TCP6 203.0.113.7 192.0.2.1 1 2\r\n", -1, NULL, NULL),
	SAMPLE("wrong family of one", "PROXY TCP4 203.0.113.7 ::1 1 2\r\n", -1, NULL, NULL),
	SAMPLE("two blanks", "PROXY TCP4  203.0.113.7 192.0.2.1 1 2\r\n", -1, NULL, NULL),
	SAMPLE("blank at the end", "PROXY TCP4 203.0.113.7 192.0.2.1 1 2 \r\n", -1, NULL, NULL),
	SAMPLE("tab", "PROXY TCP4\t203.0.113.7 192.0.2.1 1 2\r\n", -1, NULL, NULL),
	SAMPLE("port missing", "PROXY TCP4 203.0.113.7 192.0.2.1 1\r\n", -1, NULL, NULL),
	SAMPLE("one word too many", "PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n", -1, NULL, NULL),
	SAMPLE("port too large", "PROXY TCP4 203.0.113.7 192.0.2.1 65536 2\r\n", -1, NULL, NULL),
	SAMPLE("port with a zero", "PROXY TCP4 203.0.113.7 192.0.2.1 01 2\r\n", -1, NULL, NULL),
	SAMPLE("port with a sign", "PROXY TCP4 203.0.113.7 192.0.2.1 +1 2\r\n", -1, NULL, NULL),
	SAMPLE("short address", "PROXY TCP4 203.0.113 192.0.2.1 1 2\r\n", -1, NULL, NULL),
	SAMPLE("octal address", "PROXY TCP4 203.0.0113.7 192.0.2.1 1 2\r\n", -1, NULL, NULL),
	SAMPLE("NUL inside", "PROXY UNKNOWN \0 x\r\n", -1, NULL, NULL),
	SAMPLE("empty", "PROXY \r\n", -1, NULL, NULL),
};

static const struct sample v2_samples[] = {
	SAMPLE("TCP4", SIGNATURE "\x21\x11\x00\x0c" V4_PAIR, 1, "203.0.113.7:50782",
	       "192.0.2.1:443"),
	SAMPLE("TCP4 with data behind", SIGNATURE "\x21\x11\x00\x0c" V4_PAIR "\x16\x03\x01", 1,
	       "203.0.113.7:50782", "192.0.2.1:443"),
	SAMPLE("TCP4 with a TLV", SIGNATURE "\x21\x11\x00\x11" V4_PAIR "\x04\x00\x02xy", 1,
	       "203.0.113.7:50782", "192.0.2.1:443"),
	SAMPLE("TCP6",
	       SIGNATURE "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"
			 "\0\0\0\0\0\0\0\0\x01" PORTS,
	       1, "[2001:db8::1]:50782", "[::1]:443"),
	SAMPLE("local", SIGNATURE "\x20\x00\x00\x00", 1, NULL, NULL),
	SAMPLE("local with junk", SIGNATURE "\x20\x11\x00\x03xyz", 1, NULL, NULL),
	SAMPLE("family unspecified", SIGNATURE "\x21\x00\x00\x00", 1, NULL, NULL),
	SAMPLE("datagrams", SIGNATURE "\x21\x12\x00\x0c" V4_PAIR, 1, NULL, NULL),
	SAMPLE("unix family", SIGNATURE "\x21\x31\x00\x01x", 1, NULL, NULL),
	SAMPLE("half a signature", "\r\n\r\n\0\r", 0, NULL, NULL),
	SAMPLE("no length yet", SIGNATURE "\x21\x11\x00", 0, NULL, NULL),
	SAMPLE("one byte short", SIGNATURE "\x21\x11\x00\x0d" V4_PAIR, 0, NULL, NULL),
	SAMPLE("wrong signature", "\r\n\r\n\0\r\nQUIX", -1, NULL, NULL),
	SAMPLE("version 1 in binary", SIGNATURE "\x11", -1, NULL, NULL),
	SAMPLE("unknown command", SIGNATURE "\x22", -1, NULL, NULL),
	SAMPLE("unassigned family", SIGNATURE "\x21\x41", -1, NULL, NULL),
	SAMPLE("unassigned transport", SIGNATURE "\x21\x13", -1, NULL, NULL),
	SAMPLE("too long", SIGNATURE "\x21\x11\x10\x00", -1, NULL, NULL),
	SAMPLE("addresses cut", SIGNATURE "\x21\x11\x00\x0bxxxxxxxxxxx", -1, NULL, NULL),
	SAMPLE("TCP6 addresses cut", SIGNATURE "\x21\x21\x00\x0c" V4_PAIR, -1, NULL, NULL),
	SAMPLE("TLV cut", SIGNATURE "\x21\x11\x00\x10" V4_PAIR "\x04\x00\x02x", -1, NULL, NULL),
	SAMPLE("TLV head cut", SIGNATURE "\x21\x11\x00\x0e" V4_PAIR "\x04\x00", -1, NULL, NULL),
	SAMPLE("wrong checksum", SIGNATURE "\x21\x11\x00\x13" V4_PAIR "\x03\x00\x04\0\0\0\0", -1,
	       NULL, NULL),
	SAMPLE("checksum of a wrong size", SIGNATURE "\x21\x11\x00\x11" V4_PAIR "\x03\x00\x02\0\0",
	       -1, NULL, NULL),
};

static void check_address(const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	assert_string_equal(text, expected);
}

static void check_sample(const struct sample *sample)
{
	struct proxy_header header = { .len = 12345 };
	int answer = proxy_header_parse(
		(struct bytes){ (const uint8_t *)sample->bytes, sample->len }, &header);

	if (answer != sample->answer)
		fail_msg("\"%s\" gives %d", sample->name, answer);
	if (answer != 1) {
		assert_int_equal(header.len, 12345);
		return;
	}
	assert_in_range(header.len, 1, sample->len);
	assert_int_equal(header.local, sample->source == NULL);
	if (sample->source != NULL) {
		check_address(&header.source, sample->source);
		check_address(&header.destination, sample->destination);
	}
}

static void version_1_lines_are_read_strictly(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v1_samples) / sizeof(v1_samples[0]); i++)
		check_sample(&v1_samples[i]);
}

static void version_2_headers_are_read_strictly(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v2_samples) / sizeof(v2_samples[0]); i++)
		check_sample(&v2_samples[i]);
}

static void a_version_1_line_may_have_107_bytes_and_no_more(void **state)
{
	uint8_t line[128];
	struct proxy_header header;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	memcpy(line + 105, "\r\n", 2);
	assert_int_equal(proxy_header_parse((struct bytes){ line, 106 }, &header), 0);
	assert_int_equal(proxy_header_parse((struct bytes){ line, 128 }, &header), 1);
	assert_int_equal(header.len, 107);
	memcpy(line + 105, "x\r\n", 3);
	assert_int_equal(proxy_header_parse((struct bytes){ line, 106 }, &header), 0);
	assert_int_equal(proxy_header_parse((struct bytes){ line, 107 }, &header), -1);
}

static void a_right_checksum_is_accepted(void **state)
{
	/* The checksum was made by another program (CRC-32C of RFC 9260). */
	uint8_t header_bytes[] =
		SIGNATURE "\x21\x11\x00\x13" V4_PAIR "\x03\x00\x04\x67\x89\xc8\x89";
	struct bytes bytes = { header_bytes, sizeof(header_bytes) - 1 };
	struct proxy_header header;

	(void)state;
	assert_int_equal(proxy_header_parse(bytes, &header), 1);
	header_bytes[16]++;
	assert_int_equal(proxy_header_parse(bytes, &header), -1);
}

static void what_is_written_is_read_again(void **state)
{
	static const char *const pairs[][2] = { { "203.0.113.7", "192.0.2.1" },
						{ "2001:db8::1", "2001:db8::2" },
						{ "203.0.113.7", "2001:db8::2" } };
	static const uint8_t tlv[] = { 0xea, 0, 1, 'x' };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct address source, destination;
		struct proxy_header header;
		uint8_t out[PROXY_HEADER_MAX];
		size_t len;

		assert_int_equal(address_parse_ip(pairs[i][0], &source, NULL), 0);
		assert_int_equal(address_parse_ip(pairs[i][1], &destination, NULL), 0);
		source.port = 50782;
		destination.port = 443;
		len = proxy_header_v2(&source, &destination, (struct bytes){ tlv, 4 }, out);
		assert_int_equal(len, 16 + (i == 0 ? 12 : 36) + 4);
		assert_int_equal(proxy_header_parse((struct bytes){ out, len }, &header), 1);
		assert_int_equal(header.len, len);
		assert_false(header.local);
		assert_true(address_equal(&header.source, &source));
		assert_true(address_equal(&header.destination, &destination));
	}
}

static void unknown_addresses_are_written_as_local(void **state)
{
	struct address none = { 0 }, some = { .family = 4 };
	uint8_t out[PROXY_HEADER_MAX];

	(void)state;
	assert_int_equal(proxy_header_v2(&none, &some, (struct bytes){ NULL, 0 }, out), 16);
	assert_memory_equal(out, SIGNATURE "\x20\x00\x00\x00", 16);
	assert_int_equal(proxy_header_v2_local(out), 16);
	assert_memory_equal(out, SIGNATURE "\x20\x00\x00\x00", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_lines_are_read_strictly),
		cmocka_unit_test(version_2_headers_are_read_strictly),
		cmocka_unit_test(a_version_1_line_may_have_107_bytes_and_no_more),
		cmocka_unit_test(a_right_checksum_is_accepted),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(unknown_addresses_are_written_as_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
