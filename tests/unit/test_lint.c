/*
 * Every rule for certificates of our own: the good certificate keeps all of them, and for each rule there
 * is one that breaks it and no other that comes before.
 *
 * A TBSCertificate is taken apart, one part is replaced, and it is put together again.
 */
#include "support_issue.h"

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/rsa.h>
#include "pki/lint.h"
#include "pki/signing.h"
#include "pki/template.h"

#define TAG_EXPLICIT(number) \
	(CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (CBS_ASN1_TAG)(number))
#define PARTS_MAX 20

/* Elements with their tags; extensions as they stand in the list. */
struct parts {
	struct bytes version, serial, algorithm, issuer, validity, subject, spki, unique;
	struct bytes extensions[PARTS_MAX];
	size_t count;
	bool no_extensions;
};

static struct pair pair;
static struct order orders[ISSUE_KIND_COUNT];
static struct buffer good[ISSUE_KIND_COUNT];

static struct bytes element(CBS *from)
{
	CBS taken;

	assert_true(CBS_get_any_asn1_element(from, &taken, NULL, NULL));
	return (struct bytes){ CBS_data(&taken), CBS_len(&taken) };
}

static struct parts take_apart(struct bytes tbs)
{
	struct parts parts = { .count = 0 };
	CBS whole, fields, wrapped, list;

	CBS_init(&whole, tbs.data, tbs.len);
	assert_true(CBS_get_asn1(&whole, &fields, CBS_ASN1_SEQUENCE));
	parts.version = element(&fields);
	parts.serial = element(&fields);
	parts.algorithm = element(&fields);
	parts.issuer = element(&fields);
	parts.validity = element(&fields);
	parts.subject = element(&fields);
	parts.spki = element(&fields);
	assert_true(CBS_get_asn1(&fields, &wrapped, TAG_EXPLICIT(3)));
	assert_true(CBS_get_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE));
	while (CBS_len(&list) > 0)
		parts.extensions[parts.count++] = element(&list);
	return parts;
}

static void add(CBB *out, struct bytes bytes)
{
	assert_true(CBB_add_bytes(out, bytes.data, bytes.len));
}

static struct buffer put_together(const struct parts *parts)
{
	struct buffer tbs = { 0 };
	CBB out, fields, wrapped, list;
	size_t i;

	assert_true(CBB_init(&out, 1024) && CBB_add_asn1(&out, &fields, CBS_ASN1_SEQUENCE));
	add(&fields, parts->version);
	add(&fields, parts->serial);
	add(&fields, parts->algorithm);
	add(&fields, parts->issuer);
	add(&fields, parts->validity);
	add(&fields, parts->subject);
	add(&fields, parts->spki);
	add(&fields, parts->unique);
	if (!parts->no_extensions) {
		assert_true(CBB_add_asn1(&fields, &wrapped, TAG_EXPLICIT(3)));
		assert_true(CBB_add_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE));
		for (i = 0; i < parts->count; i++)
			add(&list, parts->extensions[i]);
	}
	assert_true(CBB_flush(&out));
	buffer_append(&tbs, CBB_data(&out), CBB_len(&out));
	CBB_cleanup(&out);
	return tbs;
}

static bool is_root(enum issue_kind kind)
{
	return kind == ISSUE_ROOT_CA;
}

static struct lint_context context_of(enum issue_kind kind)
{
	return (struct lint_context){
		issue_profile(kind), is_root(kind) ? NULL : authority_certificate(pair.root),
		is_root(kind) ? orders[kind].key : pair.root_order.key, NOW, false,
	};
}

static int make_good(void **state)
{
	struct error err = { 0 };
	uint8_t serial[SERIAL_SIZE] = { 1, 2, 3 };
	int kind;

	(void)state;
	pair_init(&pair, KEY_ALGORITHM_ECC_256);
	for (kind = 0; kind < ISSUE_KIND_COUNT; kind++) {
		struct issue_issuer issuer = { { NULL, 0 }, { NULL, 0 }, pair.root_order.key };
		uint8_t id[KEY_ID_SIZE];

		order_init(&orders[kind], (enum issue_kind)kind, KEY_ALGORITHM_ECC_256);
		issuer.name = certificate_subject_der(authority_certificate(pair.root));
		key_id(buffer_bytes(&pair.root_order.spki), id);
		issuer.key_id = (struct bytes){ id, sizeof(id) };
		if (is_root((enum issue_kind)kind))
			issuer = (struct issue_issuer){ orders[kind].request.subject, { NULL, 0 },
							orders[kind].key };
		if (template_write(&orders[kind].request, &issuer, serial, &good[kind], &err) < 0)
			fail_msg("%s", err.message);
	}
	return 0;
}

static int free_good(void **state)
{
	int kind;

	(void)state;
	for (kind = 0; kind < ISSUE_KIND_COUNT; kind++) {
		order_done(&orders[kind]);
		buffer_done(&good[kind]);
	}
	pair_done(&pair);
	return 0;
}

/* The rule that these parts break: its id; "" none. Notes do not count unless they are asked for. */
static void lint_parts(const struct parts *parts, enum issue_kind kind,
		       const struct lint_context *given, struct lint_report *report, char ret_id[8])
{
	struct lint_context context = given != NULL ? *given : context_of(kind);
	struct buffer tbs = put_together(parts);
	struct error err = { 0 };

	ret_id[0] = '\0';
	report->count = 0;
	if (lint_tbs(buffer_bytes(&tbs), &context, report, &err) < 0) {
		assert_int_equal(strncmp(err.symbol, "LintFailed.", 11), 0);
		snprintf(ret_id, 8, "%.7s", err.symbol + 11);
	}
	buffer_done(&tbs);
}

static void assert_breaks(const struct parts *parts, enum issue_kind kind, const char *id, int line)
{
	struct lint_report report;
	char found[8];

	lint_parts(parts, kind, NULL, &report, found);
	if (strcmp(found, id) != 0)
		fail_msg("line %d: rule \"%s\" instead of %s", line, found, id);
}

#define BREAKS(parts, kind, id) assert_breaks(&(parts), kind, id, __LINE__)

static void assert_notes(const struct parts *parts, enum issue_kind kind, const char *id, int line)
{
	struct lint_report report;
	char found[8];
	size_t i;

	lint_parts(parts, kind, NULL, &report, found);
	if (found[0] != '\0')
		fail_msg("line %d: rule %s", line, found);
	for (i = 0; i < report.count; i++)
		if (strcmp(report.notes[i].id, id) == 0)
			return;
	fail_msg("line %d: no note %s", line, id);
}

#define NOTES(parts, kind, id) assert_notes(&(parts), kind, id, __LINE__)

static struct parts parts_of(enum issue_kind kind)
{
	return take_apart(buffer_bytes(&good[kind]));
}

/* Hex, with blanks, as bytes; lives until the end of the program's test. */
static struct bytes hex(const char *text)
{
	static uint8_t pool[65536];
	static size_t used;
	size_t from = used;
	unsigned int byte;
	int taken;

	if (used > sizeof(pool) - 2048)
		from = used = 0;
	while (sscanf(text, "%2x%n", &byte, &taken) == 1) {
		pool[used++] = (uint8_t)byte;
		text += taken;
		text += strspn(text, " ");
	}
	return (struct bytes){ pool + from, used - from };
}

/* An Extension of 2.5.29.arc. */
static struct bytes extension(uint8_t arc, bool critical, const char *value)
{
	static uint8_t pool[65536];
	static size_t used;
	struct bytes content = hex(value);
	CBB out, item, oid, octets;
	struct bytes made;
	const uint8_t id[] = { 0x55, 0x1d, arc };

	assert_true(CBB_init_fixed(&out, pool + used, sizeof(pool) - used) &&
		    CBB_add_asn1(&out, &item, CBS_ASN1_SEQUENCE) &&
		    CBB_add_asn1(&item, &oid, CBS_ASN1_OBJECT) && CBB_add_bytes(&oid, id, 3) &&
		    (!critical || CBB_add_asn1_bool(&item, 1)) &&
		    CBB_add_asn1(&item, &octets, CBS_ASN1_OCTETSTRING) &&
		    CBB_add_bytes(&octets, content.data, content.len) && CBB_flush(&out));
	made = (struct bytes){ CBB_data(&out), CBB_len(&out) };
	used += made.len;
	if (used > sizeof(pool) - 4096)
		used = 0;
	return made;
}

static size_t find(const struct parts *parts, uint8_t arc)
{
	const uint8_t oid[] = { 0x06, 0x03, 0x55, 0x1d, arc };
	size_t i;

	for (i = 0; i < parts->count; i++)
		if (memmem(parts->extensions[i].data, 9, oid, sizeof(oid)) != NULL)
			return i;
	return parts->count;
}

static void replace(struct parts *parts, uint8_t arc, struct bytes by)
{
	size_t i = find(parts, arc);

	parts->extensions[i] = by;
	if (i == parts->count)
		parts->count++;
}

static void leave_out(struct parts *parts, uint8_t arc)
{
	size_t i = find(parts, arc);

	assert_true(i < parts->count);
	parts->extensions[i] = parts->extensions[--parts->count];
}

/* "170d..." of two dates. */
static struct bytes dates(CBS_ASN1_TAG first_tag, const char *first, CBS_ASN1_TAG last_tag,
			  const char *last)
{
	static uint8_t pool[8192];
	static size_t used;
	CBB out, both, date;
	struct bytes made;

	assert_true(CBB_init_fixed(&out, pool + used, sizeof(pool) - used) &&
		    CBB_add_asn1(&out, &both, CBS_ASN1_SEQUENCE) &&
		    CBB_add_asn1(&both, &date, first_tag) &&
		    CBB_add_bytes(&date, (const uint8_t *)first, strlen(first)) &&
		    CBB_add_asn1(&both, &date, last_tag) &&
		    CBB_add_bytes(&date, (const uint8_t *)last, strlen(last)) && CBB_flush(&out));
	made = (struct bytes){ CBB_data(&out), CBB_len(&out) };
	used += made.len;
	return made;
}

#define UTC CBS_ASN1_UTCTIME
#define GENERALIZED CBS_ASN1_GENERALIZEDTIME

static void the_good_ones_keep_every_rule(void **state)
{
	struct lint_report report;
	char found[8];
	int kind;

	(void)state;
	for (kind = 0; kind < ISSUE_KIND_COUNT; kind++) {
		struct parts parts = parts_of((enum issue_kind)kind);

		lint_parts(&parts, (enum issue_kind)kind, NULL, &report, found);
		if (found[0] != '\0')
			fail_msg("kind %d breaks %s", kind, found);
	}
}

static void fields(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	parts.version = hex("a003020101");
	BREAKS(parts, ISSUE_CLIENT, "F01");
	parts = parts_of(ISSUE_CLIENT);
	parts.serial = hex("020100");
	BREAKS(parts, ISSUE_CLIENT, "F02");
	parts.serial = hex("0211ff0102030405060708090a0b0c0d0e0f10");
	BREAKS(parts, ISSUE_CLIENT, "F02");
	parts.serial = hex("02021122");
	BREAKS(parts, ISSUE_CLIENT, "F04");
	parts.serial = hex("0215010102030405060708090a0b0c0d0e0f1011121314");
	BREAKS(parts, ISSUE_CLIENT, "F03");
	parts = parts_of(ISSUE_CLIENT);
	parts.unique = hex("81020001");
	BREAKS(parts, ISSUE_CLIENT, "F07");
	parts = parts_of(ISSUE_CLIENT);
	parts.spki = hex("0500");
	BREAKS(parts, ISSUE_CLIENT, "F08");
}

static void a_large_one(void **state)
{
	static uint8_t large[40000];
	struct parts parts = parts_of(ISSUE_CLIENT);
	CBB out, name;

	(void)state;
	assert_true(CBB_init_fixed(&out, large, sizeof(large)) &&
		    CBB_add_asn1(&out, &name, CBS_ASN1_SEQUENCE));
	while (CBB_len(&name) < 33000)
		assert_true(CBB_add_bytes(&name, (const uint8_t *)"\x05\x00", 2));
	assert_true(CBB_flush(&out));
	parts.issuer = (struct bytes){ CBB_data(&out), CBB_len(&out) };
	BREAKS(parts, ISSUE_CLIENT, "F09");
}

static void periods(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	parts.validity = dates(UTC, "270115075500Z", UTC, "270115075459Z");
	BREAKS(parts, ISSUE_CLIENT, "V01");
	parts.validity = dates(GENERALIZED, "20270115075500Z", UTC, "270215075500Z");
	BREAKS(parts, ISSUE_CLIENT, "V02");
	parts.validity = dates(UTC, "2701150755Z", UTC, "270215075500Z");
	BREAKS(parts, ISSUE_CLIENT, "V03");
	parts.validity = dates(UTC, "270115075500+0000", UTC, "270215075500Z");
	BREAKS(parts, ISSUE_CLIENT, "V03");
	parts.validity = dates(UTC, "270115075500Z", UTC, "270230075500Z");
	BREAKS(parts, ISSUE_CLIENT, "V03");
	parts.validity = dates(UTC, "270115075500Z", GENERALIZED, "20600115075500Z");
	BREAKS(parts, ISSUE_CLIENT, "V04");
	parts.validity = dates(UTC, "270115075459Z", UTC, "270215075500Z");
	BREAKS(parts, ISSUE_CLIENT, "V04");
	parts.validity = dates(UTC, "270115080001Z", UTC, "270215075500Z");
	BREAKS(parts, ISSUE_CLIENT, "V05");
	parts = parts_of(ISSUE_ROOT_CA);
	parts.validity = dates(UTC, "270114075959Z", UTC, "360215075500Z");
	BREAKS(parts, ISSUE_ROOT_CA, "V05");
	parts.validity = dates(UTC, "270115075500Z", UTC, "270215075500Z");
	NOTES(parts, ISSUE_ROOT_CA, "V08");
	parts = parts_of(ISSUE_SERVER);
	parts.validity = dates(UTC, "270115075500Z", UTC, "290419075500Z");
	BREAKS(parts, ISSUE_SERVER, "V06");
	parts.validity = dates(UTC, "270115075500Z", UTC, "290418075459Z");
	NOTES(parts, ISSUE_SERVER, "V07");
	parts = parts_of(ISSUE_CLIENT);
	parts.validity = dates(UTC, "270115075500Z", UTC, "350415075500Z");
	NOTES(parts, ISSUE_CLIENT, "V09");
}

static void a_begin_that_was_asked_for(void **state)
{
	struct lint_context context = context_of(ISSUE_CLIENT);
	struct parts parts = parts_of(ISSUE_CLIENT);
	struct lint_report report;
	char found[8];

	(void)state;
	context.later = true;
	parts.validity = dates(UTC, "280115080001Z", UTC, "280215075500Z");
	lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
	assert_string_equal(found, "");
}

static void algorithms(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	parts.algorithm = hex("300906072a8648ce3d0401"); /* ecdsa-with-SHA1 */
	BREAKS(parts, ISSUE_CLIENT, "A01");
	parts.algorithm = hex("300c06082a8648ce3d0403020500"); /* NULL behind ecdsa-with-SHA256 */
	BREAKS(parts, ISSUE_CLIENT, "A02");
	parts.algorithm = hex("300a06082a8648ce3d040303"); /* SHA-384 for P-256 */
	BREAKS(parts, ISSUE_CLIENT, "A03");
}

/* The SubjectPublicKeyInfo of an RSA key with this modulus and exponent. */
static struct bytes rsa_spki(BIGNUM *modulus, const char *exponent)
{
	static uint8_t pool[16][1200];
	static size_t used;
	CBB out, spki, algorithm, oid, null, bits, key;
	BIGNUM *e = NULL;

	used = (used + 1) % 16;
	assert_true(BN_dec2bn(&e, exponent) > 0);
	assert_true(CBB_init_fixed(&out, pool[used], sizeof(pool[used])) &&
		    CBB_add_asn1(&out, &spki, CBS_ASN1_SEQUENCE) &&
		    CBB_add_asn1(&spki, &algorithm, CBS_ASN1_SEQUENCE) &&
		    CBB_add_asn1(&algorithm, &oid, CBS_ASN1_OBJECT) &&
		    CBB_add_bytes(&oid, (const uint8_t *)"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9) &&
		    CBB_add_asn1(&algorithm, &null, CBS_ASN1_NULL) &&
		    CBB_add_asn1(&spki, &bits, CBS_ASN1_BITSTRING) && CBB_add_u8(&bits, 0) &&
		    CBB_add_asn1(&bits, &key, CBS_ASN1_SEQUENCE) && BN_marshal_asn1(&key, modulus) &&
		    BN_marshal_asn1(&key, e) && CBB_flush(&out));
	BN_free(e);
	return (struct bytes){ CBB_data(&out), CBB_len(&out) };
}

static void rsa_keys(void **state)
{
	struct lint_context context = context_of(ISSUE_CLIENT);
	EVP_PKEY *rsa = key_of(KEY_ALGORITHM_RSA_2048);
	struct parts parts = parts_of(ISSUE_CLIENT);
	BN_CTX *numbers = BN_CTX_new();
	BIGNUM *modulus = BN_new(), *p = BN_new(), *q = BN_new();
	const BIGNUM *n;
	struct lint_report report;
	char found[8];

	(void)state;
	/* an issuer with an RSA key: the family is right then */
	context.issuer_key = rsa;
	parts.algorithm = signing_algorithm(rsa);
	RSA_get0_key(EVP_PKEY_get0_RSA(rsa), &n, NULL, NULL);

	assert_true(BN_rshift(modulus, n, 1024) && BN_set_bit(modulus, 0));
	parts.spki = rsa_spki(modulus, "65537");
	lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
	assert_string_equal(found, "K01");

	assert_non_null(BN_copy(modulus, n));
	parts.spki = rsa_spki(modulus, "3");
	lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
	assert_string_equal(found, "K02");

	/* the next odd multiple of 3 */
	while (BN_mod_word(modulus, 3) != 0)
		assert_true(BN_add_word(modulus, 2));
	parts.spki = rsa_spki(modulus, "65537");
	lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
	assert_string_equal(found, "K03");

	/* p, and the next prime above it */
	assert_true(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL) && BN_copy(q, p) != NULL);
	do
		assert_true(BN_add_word(q, 2));
	while (BN_is_prime_ex(q, 20, numbers, NULL) != 1);
	assert_true(BN_mul(modulus, p, q, numbers));
	parts.spki = rsa_spki(modulus, "65537");
	lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
	assert_string_equal(found, "K04");

	BN_free(modulus);
	BN_free(p);
	BN_free(q);
	BN_CTX_free(numbers);
	EVP_PKEY_free(rsa);
}

/* 65537^k mod the product of the primes up to 167 keeps to the powers of 65537 for each of them. */
static void a_key_with_the_roca_fault(void **state)
{
	static const int primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61,
		67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157,
		163, 167 };
	struct lint_context context = context_of(ISSUE_CLIENT);
	EVP_PKEY *rsa = key_of(KEY_ALGORITHM_RSA_2048);
	struct parts parts = parts_of(ISSUE_CLIENT);
	BN_CTX *numbers = BN_CTX_new();
	BIGNUM *product = BN_new(), *modulus = BN_new();
	struct lint_report report;
	char found[8];
	unsigned int i;

	(void)state;
	context.issuer_key = rsa;
	parts.algorithm = signing_algorithm(rsa);
	assert_true(BN_one(product));
	for (i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
		assert_true(BN_mul_word(product, (BN_ULONG)primes[i]));
	/* a multiple of it of 2048 bits, + 65537; odd, and without a small factor */
	assert_true(BN_set_bit(modulus, 2047) && BN_div(modulus, NULL, modulus, product, numbers) &&
		    BN_add_word(modulus, 5));
	do {
		BIGNUM *candidate = BN_new();

		assert_true(BN_add_word(modulus, 1) && BN_mul(candidate, modulus, product, numbers) &&
			    BN_add_word(candidate, 65537));
		parts.spki = rsa_spki(candidate, "65537");
		lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
		BN_free(candidate);
	} while (strcmp(found, "K03") == 0 || strcmp(found, "K01") == 0);
	assert_string_equal(found, "K04");
	BN_free(product);
	BN_free(modulus);
	BN_CTX_free(numbers);
	EVP_PKEY_free(rsa);
}

static void spki_of(const EVP_PKEY *key, struct buffer *ret_spki)
{
	struct error err = { 0 };

	assert_int_equal(key_to_spki(key, ret_spki, &err), 0);
}

static void ec_keys(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);
	struct buffer compressed = { 0 };
	EVP_PKEY *rsa = key_of(KEY_ALGORITHM_RSA_2048);
	struct buffer spki = { 0 };

	(void)state;
	/* Ed25519 */
	parts.spki = hex("302a300506032b6570032100 d75a980182b10ab7d54bfed3c964073a"
			 "0ee172f3daa62325af021a68f707511a");
	BREAKS(parts, ISSUE_CLIENT, "K05");
	/* the same point, compressed */
	parts = parts_of(ISSUE_CLIENT);
	buffer_append(&compressed, "\x30\x39\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a"
		      "\x86\x48\xce\x3d\x03\x01\x07\x03\x22\x00", 26);
	buffer_append(&compressed, parts.spki.data[parts.spki.len - 1] & 1 ? "\x03" : "\x02", 1);
	buffer_append(&compressed, parts.spki.data + 27, 32);
	parts.spki = buffer_bytes(&compressed);
	BREAKS(parts, ISSUE_CLIENT, "K05");
	buffer_done(&compressed);
	/* of another family than its issuer */
	parts = parts_of(ISSUE_CLIENT);
	spki_of(rsa, &spki);
	parts.spki = buffer_bytes(&spki);
	BREAKS(parts, ISSUE_CLIENT, "A04");
	buffer_done(&spki);
	EVP_PKEY_free(rsa);
	/* the issuer's own */
	parts = parts_of(ISSUE_CLIENT);
	parts.spki = buffer_bytes(&pair.root_order.spki);
	BREAKS(parts, ISSUE_CLIENT, "K09");
}

static void rsa_parameters_that_are_not_null(void **state)
{
	struct lint_context context = context_of(ISSUE_CLIENT);
	EVP_PKEY *rsa = key_of(KEY_ALGORITHM_RSA_2048);
	struct parts parts = parts_of(ISSUE_CLIENT);
	struct buffer spki = { 0 }, other = { 0 };
	struct lint_report report;
	char found[8];

	(void)state;
	context.issuer_key = rsa;
	parts.algorithm = signing_algorithm(rsa);
	spki_of(rsa, &spki);
	/* 30 82 LL LL 30 0d 06 09 (9) 05 00 03 ...: without the NULL */
	buffer_append(&other, spki.data, spki.len);
	memmove(other.data + 17, other.data + 19, other.len - 19);
	other.len -= 2;
	other.data[3] = (uint8_t)(other.data[3] - 2);
	other.data[5] = 0x0b;
	parts.spki = buffer_bytes(&other);
	lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
	/* the library does not read it at all, or the rule finds it */
	assert_true(strcmp(found, "K06") == 0 || strcmp(found, "K05") == 0);
	buffer_done(&spki);
	buffer_done(&other);
	EVP_PKEY_free(rsa);
}

static void subjects(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);
	struct parts ca = parts_of(ISSUE_SUB_CA);

	(void)state;
	parts.issuer = parts.subject;
	BREAKS(parts, ISSUE_CLIENT, "N01");
	ca.subject = hex("3000");
	BREAKS(ca, ISSUE_SUB_CA, "N02");
	ca.subject = hex("300d 310b 3009 060355040a 0c026162"); /* O=ab */
	BREAKS(ca, ISSUE_SUB_CA, "N03");
	parts = parts_of(ISSUE_CLIENT);
	/* O and CN in one RDN */
	parts.subject = hex("3018 3116 3009 060355040a 0c026162 3009 0603550403 0c026162");
	BREAKS(parts, ISSUE_CLIENT, "N04");
	parts.subject = hex("301a 310b 3009 0603550403 0c026162 310b 3009 0603550403 0c026163");
	BREAKS(parts, ISSUE_CLIENT, "N05");
	parts.subject = hex("301a 310b 3009 0603550403 0c026162 310b 3009 060355040a 0c026162");
	NOTES(parts, ISSUE_CLIENT, "N06");
	parts.subject = hex("300d 310b 3009 0603550406 1302636e"); /* cn in lower case */
	BREAKS(parts, ISSUE_CLIENT, "N07");
	parts.subject = hex("300d 310b 3009 0603550403 14026162"); /* T61String */
	BREAKS(parts, ISSUE_CLIENT, "N08");
	parts.subject = hex("300d 310b 3009 0603550403 13024062"); /* @ in a PrintableString */
	BREAKS(parts, ISSUE_CLIENT, "N10");
	parts.subject = hex("300d 310b 3009 0603550403 0c026120"); /* blank at the end */
	BREAKS(parts, ISSUE_CLIENT, "N11");
	parts.subject = hex("300d 310b 3009 0603550403 0c022d2e"); /* "-." */
	BREAKS(parts, ISSUE_CLIENT, "N11");
	parts.subject = hex("300d 310b 3009 0603550403 0c026100"); /* NUL */
	BREAKS(parts, ISSUE_CLIENT, "N12");
	parts.subject = hex("300d 310b 3009 0603550403 0c02c285"); /* C1 */
	BREAKS(parts, ISSUE_CLIENT, "N12");
	parts.subject = hex("301a 3118 3016 06092a864886f70d010901 1609 6140622e6578616d70");
	NOTES(parts, ISSUE_CLIENT, "N15");
}

static void long_subjects(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);
	static uint8_t subject[80] = { 0x30, 76, 0x31, 74, 0x30, 72, 6, 3, 0x55, 4, 3, 0x0c, 65 };

	(void)state;
	memset(subject + 13, 'a', 65);
	parts.subject = (struct bytes){ subject, 78 };
	BREAKS(parts, ISSUE_CLIENT, "N09");
}

static void servers(void **state)
{
	struct parts parts = parts_of(ISSUE_SERVER);

	(void)state;
	parts.subject = hex("300d 310b 3009 0603550403 0c026162");
	BREAKS(parts, ISSUE_SERVER, "N13");
	parts.subject = hex("300d 310b 3009 060355040b 0c026162");
	NOTES(parts, ISSUE_SERVER, "N14");
	parts = parts_of(ISSUE_SERVER);
	leave_out(&parts, 17);
	parts.subject = hex("300d 310b 3009 060355040a 0c026162");
	BREAKS(parts, ISSUE_SERVER, "X17");
	replace(&parts, 17, extension(17, false, "3006 8204 676174 65")); /* "gate" */
	NOTES(parts, ISSUE_SERVER, "X24");
	replace(&parts, 17, extension(17, false, "3006 8704 0a000001"));
	NOTES(parts, ISSUE_SERVER, "X24");
	replace(&parts, 17, extension(17, false, "3006 8204 612a2e62")); /* "a*.b" */
	BREAKS(parts, ISSUE_SERVER, "X23");
	replace(&parts, 17, extension(17, false, "3006 8204 2a2e6262")); /* "*.bb" */
	BREAKS(parts, ISSUE_SERVER, "X19");
}

static void which_extensions(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	NOTES(parts, ISSUE_CLIENT, "X01");
	parts.extensions[parts.count++] = parts.extensions[0];
	BREAKS(parts, ISSUE_CLIENT, "X02");
	parts = parts_of(ISSUE_CLIENT);
	parts.no_extensions = true;
	BREAKS(parts, ISSUE_CLIENT, "X03");
	parts = parts_of(ISSUE_CLIENT);
	replace(&parts, 37, hex("3016 0603551d25 010100 040c 300a06082b06010505070302"));
	BREAKS(parts, ISSUE_CLIENT, "X03");
	parts = parts_of(ISSUE_CLIENT);
	parts.extensions[parts.count++] = extension(36, true, "3003 800100"); /* policy constraints */
	BREAKS(parts, ISSUE_CLIENT, "X04");
	parts = parts_of(ISSUE_ROOT_CA);
	parts.extensions[parts.count++] = extension(37, false, "300a06082b06010505070302");
	BREAKS(parts, ISSUE_ROOT_CA, "X04");
	parts = parts_of(ISSUE_CLIENT);
	/* the precertificate poison, and subject information access */
	parts.extensions[parts.count++] = hex("3013 060a2b06010401d679020403 0101ff 04020500");
	BREAKS(parts, ISSUE_CLIENT, "X33");
	parts = parts_of(ISSUE_CLIENT);
	parts.extensions[parts.count++] = hex("300e 06082b0601050507010b 04023000");
	BREAKS(parts, ISSUE_CLIENT, "X33");
}

static void key_ids(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	leave_out(&parts, 14);
	BREAKS(parts, ISSUE_CLIENT, "X05");
	replace(&parts, 14, extension(14, true, "0402 0102"));
	BREAKS(parts, ISSUE_CLIENT, "X05");
	parts = parts_of(ISSUE_CLIENT);
	leave_out(&parts, 35);
	BREAKS(parts, ISSUE_CLIENT, "X06");
	replace(&parts, 35, extension(35, false, "3004 80020102"));
	BREAKS(parts, ISSUE_CLIENT, "X06");
	parts = parts_of(ISSUE_ROOT_CA);
	replace(&parts, 35, extension(35, false, "3004 80020102"));
	BREAKS(parts, ISSUE_ROOT_CA, "X07");
}

static void basic_constraints(void **state)
{
	struct parts parts = parts_of(ISSUE_SUB_CA);

	(void)state;
	replace(&parts, 19, extension(19, false, "30030101ff"));
	BREAKS(parts, ISSUE_SUB_CA, "X08");
	replace(&parts, 19, extension(19, true, "3000"));
	BREAKS(parts, ISSUE_SUB_CA, "X08");
	parts = parts_of(ISSUE_CLIENT);
	replace(&parts, 19, extension(19, true, "30030101ff"));
	BREAKS(parts, ISSUE_CLIENT, "X09");
	replace(&parts, 19, extension(19, true, "3003 020100"));
	BREAKS(parts, ISSUE_CLIENT, "X09");
	leave_out(&parts, 19);
	BREAKS(parts, ISSUE_CLIENT, "X09");
}

static void path_lengths(void **state)
{
	struct lint_context context = context_of(ISSUE_SUB_CA);
	struct parts parts = parts_of(ISSUE_SUB_CA);
	struct lint_report report;
	char found[8];
	uint8_t id[KEY_ID_SIZE];
	char text[80] = "3016 8014 ";
	size_t i;

	(void)state;
	/* the subordinate, which has path length 0, as the issuer */
	context.issuer = authority_certificate(pair.sub);
	context.issuer_key = pair.sub_order.key;
	parts.issuer = certificate_subject_der(context.issuer);
	key_id(buffer_bytes(&pair.sub_order.spki), id);
	for (i = 0; i < sizeof(id); i++)
		snprintf(text + 10 + 2 * i, 3, "%02x", id[i]);
	replace(&parts, 35, extension(35, false, text));
	lint_parts(&parts, ISSUE_SUB_CA, &context, &report, found);
	assert_string_equal(found, "X10");
}

static void key_usages(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	replace(&parts, 15, extension(15, false, "03020780"));
	BREAKS(parts, ISSUE_CLIENT, "X11");
	replace(&parts, 15, extension(15, true, "03020080")); /* zeros not cut */
	BREAKS(parts, ISSUE_CLIENT, "X11");
	replace(&parts, 15, extension(15, true, "030100"));
	BREAKS(parts, ISSUE_CLIENT, "X11");
	replace(&parts, 15, extension(15, true, "03020284")); /* keyCertSign */
	BREAKS(parts, ISSUE_CLIENT, "X13");
	replace(&parts, 15, extension(15, true, "030205a0")); /* keyEncipherment, EC */
	BREAKS(parts, ISSUE_CLIENT, "X13");
	replace(&parts, 15, extension(15, true, "03020640"));
	BREAKS(parts, ISSUE_CLIENT, "X13");
	parts = parts_of(ISSUE_SUB_CA);
	replace(&parts, 15, extension(15, true, "03020186"));
	BREAKS(parts, ISSUE_SUB_CA, "X12");
}

static void purposes(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	replace(&parts, 37, extension(37, true, "300a06082b06010505070302"));
	BREAKS(parts, ISSUE_CLIENT, "X15");
	replace(&parts, 37, extension(37, false, "3000"));
	BREAKS(parts, ISSUE_CLIENT, "X15");
	replace(&parts, 37, extension(37, false, "3014 06082b06010505070302 06082b06010505070302"));
	BREAKS(parts, ISSUE_CLIENT, "X15");
	replace(&parts, 37, extension(37, false, "3014 06082b06010505070302 06082b06010505070301"));
	BREAKS(parts, ISSUE_CLIENT, "X14");
	replace(&parts, 37, extension(37, false, "3006 0604551d2500")); /* any */
	BREAKS(parts, ISSUE_CLIENT, "X14");
	leave_out(&parts, 37);
	BREAKS(parts, ISSUE_CLIENT, "X14");
}

static void purposes_of_the_issuer(void **state)
{
	struct lint_context context = context_of(ISSUE_CLIENT);
	struct order ca;
	struct authority *limited;
	struct parts parts = parts_of(ISSUE_CLIENT);
	struct lint_report report;
	uint8_t id[KEY_ID_SIZE];
	char found[8], text[80] = "3016 8014 ";
	size_t i;

	(void)state;
	order_init(&ca, ISSUE_SUB_CA, KEY_ALGORITHM_ECC_256);
	ca.request.purposes = PURPOSE_SERVER;
	limited = sub_made(pair.root, &ca);
	context.issuer = authority_certificate(limited);
	context.issuer_key = ca.key;
	parts.issuer = certificate_subject_der(context.issuer);
	key_id(buffer_bytes(&ca.spki), id);
	for (i = 0; i < sizeof(id); i++)
		snprintf(text + 10 + 2 * i, 3, "%02x", id[i]);
	replace(&parts, 35, extension(35, false, text));
	lint_parts(&parts, ISSUE_CLIENT, &context, &report, found);
	assert_string_equal(found, "X16");
	authority_free(limited);
	order_done(&ca);
}

static void alternative_names(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	replace(&parts, 17, extension(17, false, "3000"));
	BREAKS(parts, ISSUE_CLIENT, "X17");
	replace(&parts, 17, extension(17, false, "300a 8203 612e62 8203 612e62"));
	BREAKS(parts, ISSUE_CLIENT, "X17");
	replace(&parts, 17, extension(17, true, "3005 8203 612e62"));
	BREAKS(parts, ISSUE_CLIENT, "X18");
	replace(&parts, 17, extension(17, false, "3005 8203 5f2e62")); /* "_.b" */
	BREAKS(parts, ISSUE_CLIENT, "X19");
	replace(&parts, 17, extension(17, false, "3005 8203 612eff"));
	BREAKS(parts, ISSUE_CLIENT, "X19");
	replace(&parts, 17, extension(17, false, "3005 8203 610062"));
	BREAKS(parts, ISSUE_CLIENT, "X19");
	replace(&parts, 17, extension(17, false, "3007 8205 2a2e622e63")); /* "*.b.c" of a client */
	BREAKS(parts, ISSUE_CLIENT, "X23");
	replace(&parts, 17, extension(17, false, "3007 8705 0a00000100"));
	BREAKS(parts, ISSUE_CLIENT, "X20");
	replace(&parts, 17, extension(17, false, "3006 8704 e0000001"));
	BREAKS(parts, ISSUE_CLIENT, "X20");
	replace(&parts, 17, extension(17, false, "3005 8103 614062")); /* a@b is fine */
	BREAKS(parts, ISSUE_CLIENT, "");
	replace(&parts, 17, extension(17, false, "3005 8103 614040"));
	BREAKS(parts, ISSUE_CLIENT, "X21");
	replace(&parts, 17, extension(17, false, "3005 8603 612f62"));
	BREAKS(parts, ISSUE_CLIENT, "X22");
	parts.subject = hex("3000");
	replace(&parts, 17, extension(17, false, "3005 8203 612e62"));
	BREAKS(parts, ISSUE_CLIENT, "X18");
	replace(&parts, 17, extension(17, true, "3005 8203 612e62"));
	BREAKS(parts, ISSUE_CLIENT, "");
}

static void name_constraints(void **state)
{
	struct parts parts = parts_of(ISSUE_SUB_CA);

	(void)state;
	replace(&parts, 30, extension(30, true, "3009 a007 3005 8203 612e62"));
	BREAKS(parts, ISSUE_SUB_CA, "");
	replace(&parts, 30, extension(30, false, "3009 a007 3005 8203 612e62"));
	BREAKS(parts, ISSUE_SUB_CA, "X25");
	replace(&parts, 30, extension(30, true, "3000"));
	BREAKS(parts, ISSUE_SUB_CA, "X26");
	replace(&parts, 30, extension(30, true, "3009 a007 3005 8203 2e2e62"));
	BREAKS(parts, ISSUE_SUB_CA, "X26");
	replace(&parts, 30, extension(30, true, "300e a00c 300a 8708 0a000000 ff00ff00"));
	BREAKS(parts, ISSUE_SUB_CA, "X26");
	replace(&parts, 30, extension(30, true, "300c a00a 3008 8203 612e62 800101"));
	BREAKS(parts, ISSUE_SUB_CA, "X26");
	replace(&parts, 30, extension(30, true, "3008 a006 3004 8802 2a03")); /* registeredID */
	BREAKS(parts, ISSUE_SUB_CA, "X27");
	parts = parts_of(ISSUE_CLIENT);
	replace(&parts, 30, extension(30, true, "3009 a007 3005 8203 612e62"));
	BREAKS(parts, ISSUE_CLIENT, "X25");
}

static void addresses_of_the_ca(void **state)
{
	struct parts parts = parts_of(ISSUE_CLIENT);

	(void)state;
	/* http://a */
	replace(&parts, 31, extension(31, false, "3010 300e a00c a00a 8608 687474703a2f2f61"));
	BREAKS(parts, ISSUE_CLIENT, "");
	replace(&parts, 31, extension(31, true, "3010 300e a00c a00a 8608 687474703a2f2f61"));
	BREAKS(parts, ISSUE_CLIENT, "X29");
	replace(&parts, 31, extension(31, false, "3011 300f a00d a00b 8609 6c6461703a2f2f6161"));
	BREAKS(parts, ISSUE_CLIENT, "X29");
	parts = parts_of(ISSUE_CLIENT);
	parts.extensions[parts.count++] =
		hex("3024 06082b06010505070101 0418 3016 3014 06082b06010505073001 8608 687474703a2f2f61");
	BREAKS(parts, ISSUE_CLIENT, "");
	parts.extensions[parts.count - 1] =
		hex("3024 06082b06010505070101 0418 3016 3014 06082b06010505073003 8608 687474703a2f2f61");
	BREAKS(parts, ISSUE_CLIENT, "X30");
	parts.extensions[parts.count - 1] = hex("300e 06082b06010505070101 04023000");
	BREAKS(parts, ISSUE_CLIENT, "X30");
}

static void ocsp_signers(void **state)
{
	struct parts parts = parts_of(ISSUE_OCSP_SIGNER);

	(void)state;
	parts.count--; /* id-pkix-ocsp-nocheck is the last */
	BREAKS(parts, ISSUE_OCSP_SIGNER, "X31");
	parts = parts_of(ISSUE_OCSP_SIGNER);
	replace(&parts, 37, extension(37, false, "300a06082b06010505070302"));
	BREAKS(parts, ISSUE_OCSP_SIGNER, "X31");
}

static void policies(void **state)
{
	struct parts parts = parts_of(ISSUE_SUB_CA);

	(void)state;
	replace(&parts, 32, extension(32, false, "300e 3006 0604551d2000 3004 06022a03"));
	NOTES(parts, ISSUE_SUB_CA, "X32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_ones_keep_every_rule),
		cmocka_unit_test(fields),
		cmocka_unit_test(a_large_one),
		cmocka_unit_test(periods),
		cmocka_unit_test(a_begin_that_was_asked_for),
		cmocka_unit_test(algorithms),
		cmocka_unit_test(rsa_keys),
		cmocka_unit_test(a_key_with_the_roca_fault),
		cmocka_unit_test(ec_keys),
		cmocka_unit_test(rsa_parameters_that_are_not_null),
		cmocka_unit_test(subjects),
		cmocka_unit_test(long_subjects),
		cmocka_unit_test(servers),
		cmocka_unit_test(which_extensions),
		cmocka_unit_test(key_ids),
		cmocka_unit_test(basic_constraints),
		cmocka_unit_test(path_lengths),
		cmocka_unit_test(key_usages),
		cmocka_unit_test(purposes),
		cmocka_unit_test(purposes_of_the_issuer),
		cmocka_unit_test(alternative_names),
		cmocka_unit_test(name_constraints),
		cmocka_unit_test(addresses_of_the_ca),
		cmocka_unit_test(ocsp_signers),
		cmocka_unit_test(policies),
	};

	return cmocka_run_group_tests(tests, make_good, free_good);
}
