/* Revocation lists: which are taken, which make their issuer fail closed, and what they answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "support_certificates.h"
#include "x509/certificate.h"
#include "x509/revocation.h"

static struct made ca, other_ca, good, bad, other_bad;

static int make_family(void **state)
{
	(void)state;
	ca = make_root("CN=CA");
	other_ca = make_root("CN=Other");
	good = make_leaf("CN=good", &ca);
	bad = make_leaf("CN=bad", &ca);
	other_bad = make_leaf("CN=other bad", &other_ca);
	return 0;
}

/* One table and its bytes. */
struct table {
	struct revocation_builder *builder;
	struct buffer bytes;
	struct revocation open;
	struct error err;
};

static void table_begin(struct table *table)
{
	*table = (struct table){ .builder = revocation_builder_new() };
}

/* The file belongs to an entry with these CAs. */
static int table_add_for(struct table *table, struct bytes file, const struct made *cas, size_t count)
{
	struct bytes ders[4];
	size_t i;

	for (i = 0; i < count; i++)
		ders[i] = cas[i].der;
	return revocation_builder_add(table->builder, "ca.crl", file, ders, count, &table->err);
}

static int table_add(struct table *table, struct bytes file)
{
	return table_add_for(table, file, &ca, 1);
}

static void table_finish(struct table *table)
{
	struct error err = { 0 };

	if (revocation_builder_finish(table->builder, &table->bytes, &err) < 0 ||
	    revocation_open(buffer_bytes(&table->bytes), &table->open, &err) < 0)
		fail_msg("%s", err.message);
}

static void table_done(struct table *table)
{
	revocation_builder_free(table->builder);
	buffer_done(&table->bytes);
}

static enum revocation_answer ask_as(const struct table *table, const struct made *issuer,
				     const struct made *subject, int64_t now, bool is_ca)
{
	struct certificate *by = certificate_parse(issuer->der, NULL);
	struct certificate *about = certificate_parse(subject->der, NULL);
	enum revocation_answer answer;
	int64_t when = 0;

	answer = (is_ca ? revocation_find_ca : revocation_find)(&table->open, certificate_key_hash(by),
								 certificate_serial(about), now, &when);
	if (answer == REVOCATION_REVOKED)
		assert_int_equal(when, NOW - 1800);
	certificate_free(by);
	certificate_free(about);
	return answer;
}

static enum revocation_answer ask(const struct table *table, const struct made *subject, int64_t now)
{
	return ask_as(table, &ca, subject, now, false);
}

static void a_listed_serial_is_revoked_and_no_other(void **state)
{
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list((struct list_order){ .issuer = &ca,
									  .revoked = { &bad } })), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &bad, NOW), REVOCATION_REVOKED);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_GOOD);
	assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW, false), REVOCATION_NO_LIST);
	assert_int_equal(ask_as(&table, &ca, &bad, NOW, true), REVOCATION_REVOKED);
	table_done(&table);
}

static void an_empty_list_says_good(void **state)
{
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list((struct list_order){ .issuer = &ca })), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &bad, NOW), REVOCATION_GOOD);
	table_done(&table);
}

static void no_lists_make_an_empty_table(void **state)
{
	struct table table;
	struct revocation_issuer issuer;

	(void)state;
	table_begin(&table);
	table_finish(&table);
	assert_int_equal(ask(&table, &bad, NOW), REVOCATION_NO_LIST);
	assert_false(revocation_issuer(&table.open, 0, &issuer));
	table_done(&table);
}

static void a_list_is_stale_five_minutes_after_its_next_update(void **state)
{
	struct table table;
	struct list_order order = { .issuer = &ca, .next_update = NOW, .revoked = { &bad } };

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list(order)), 0);
	order = (struct list_order){ .issuer = &other_ca, .next_update = -1 };
	assert_int_equal(table_add_for(&table, make_list(order), &other_ca, 1), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_GOOD);
	assert_int_equal(ask(&table, &good, NOW + 300), REVOCATION_GOOD);
	assert_int_equal(ask(&table, &good, NOW + 301), REVOCATION_UNUSABLE);
	assert_int_equal(ask(&table, &bad, NOW + 301), REVOCATION_UNUSABLE);
	assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW + 9000 * DAY, false),
			 REVOCATION_GOOD);
	table_done(&table);
}

static void a_list_from_the_future_is_not_good_yet(void **state)
{
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list((struct list_order){ .issuer = &ca,
		.this_update = NOW })), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &good, NOW - 300), REVOCATION_GOOD);
	assert_int_equal(ask(&table, &good, NOW - 301), REVOCATION_UNUSABLE);
	table_done(&table);
}

/* IssuingDistributionPoint in DER */
#define POINT_FULL_NAME "300ba009a0078605687474703a"
#define POINT_OTHER_NAME "300ba009a0078605687474703b"
#define POINT_USERS "30038101ff"
#define POINT_CAS "30038201ff"
#define POINT_INDIRECT "30038401ff"
#define POINT_ATTRIBUTES "30038501ff"
#define POINT_REASONS "300483020640"
#define POINT_RELATIVE "3004a002a100"

static void lists_that_cannot_be_used_fail_closed_for_their_issuer_only(void **state)
{
	const struct {
		struct list_order order;
		const char *why;
	} rows[] = {
		{ { .issuer = &ca, .key = other_ca.key }, "signature" },
		{ { .issuer = &ca, .distribution_point = POINT_INDIRECT }, "indirect" },
		{ { .issuer = &ca, .distribution_point = POINT_ATTRIBUTES }, "does not cover" },
		{ { .issuer = &ca, .distribution_point = POINT_REASONS }, "reasons" },
		{ { .issuer = &ca, .distribution_point = POINT_RELATIVE }, "relative" },
		{ { .issuer = &ca, .unknown_critical = NID_delta_crl }, "delta" },
		{ { .issuer = &ca, .unknown_critical = NID_freshest_crl }, "unknown critical" },
		{ { .issuer = &ca, .revoked = { &bad }, .unknown_in_entry = true }, "an entry" },
		{ { .issuer = &ca, .hash = EVP_sha1() }, "SHA-1" },
		{ { .issuer = &other_ca }, "CN=Other" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct table table;

		table_begin(&table);
		assert_int_equal(table_add(&table, make_list(rows[i].order)), -1);
		if (strstr(table.err.message, rows[i].why) == NULL ||
		    strstr(table.err.message, "ca.crl") == NULL)
			fail_msg("row %zu: %s", i, table.err.message);
		assert_int_equal(table_add_for(&table, make_list((struct list_order){
			.issuer = &other_ca, .revoked = { &other_bad } }), &other_ca, 1), 0);
		table_finish(&table);
		assert_int_equal(ask(&table, &good, NOW), REVOCATION_UNUSABLE);
		assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW, false),
				 REVOCATION_REVOKED);
		assert_int_equal(ask_as(&table, &other_ca, &good, NOW, false), REVOCATION_GOOD);
		table_done(&table);
	}
}

static void a_good_list_does_not_mend_a_broken_one(void **state)
{
	struct list_order order = { .issuer = &ca, .revoked = { &bad } };
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list(order)), 0);
	order.key = other_ca.key;
	assert_int_equal(table_add(&table, make_list(order)), -1);
	table_finish(&table);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_UNUSABLE);
	table_done(&table);
}

static void files_that_are_no_lists_break_all_issuers_of_the_entry(void **state)
{
	static const char *const files[] = { "", "nonsense", "0\x82", "-----BEGIN X509 CRL-----\nMIIB",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" };
	struct made both[] = { ca, other_ca };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct bytes file = { (const uint8_t *)files[i], strlen(files[i]) };
		struct table table;

		table_begin(&table);
		assert_int_equal(table_add_for(&table, file, both, 2), -1);
		table_finish(&table);
		assert_int_equal(ask(&table, &good, NOW), REVOCATION_UNUSABLE);
		assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW, false),
				 REVOCATION_UNUSABLE);
		table_done(&table);
	}
}

/* A file that does not say whose list it was is missed by the issuer that has no other. */
static void a_file_that_says_nothing_breaks_those_without_a_list(void **state)
{
	static const struct bytes nothing = { (const uint8_t *)"nonsense", 8 };
	struct made both[] = { ca, other_ca };
	struct list_order order = { .issuer = &ca, .revoked = { &bad } };
	struct list_order other_order = { .issuer = &other_ca, .revoked = { &other_bad } };
	int nothing_first;

	(void)state;
	for (nothing_first = 0; nothing_first < 2; nothing_first++) {
		struct table table;

		table_begin(&table);
		if (nothing_first)
			assert_int_equal(table_add_for(&table, nothing, both, 2), -1);
		assert_int_equal(table_add_for(&table, make_list(order), both, 2), 0);
		if (!nothing_first)
			assert_int_equal(table_add_for(&table, nothing, both, 2), -1);
		table_finish(&table);
		assert_int_equal(ask(&table, &good, NOW), REVOCATION_GOOD);
		assert_int_equal(ask(&table, &bad, NOW), REVOCATION_REVOKED);
		assert_int_equal(ask_as(&table, &other_ca, &good, NOW, false),
				 REVOCATION_UNUSABLE);
		table_done(&table);

		/* Both have one: it may have been a second list of either. */
		table_begin(&table);
		assert_int_equal(table_add_for(&table, make_list(order), both, 2), 0);
		assert_int_equal(table_add_for(&table, nothing, both, 2), -1);
		assert_int_equal(table_add_for(&table, make_list(other_order), both, 2), 0);
		table_finish(&table);
		assert_int_equal(ask(&table, &good, NOW), REVOCATION_UNUSABLE);
		assert_int_equal(ask_as(&table, &other_ca, &good, NOW, false),
				 REVOCATION_UNUSABLE);
		table_done(&table);
	}
}

static void an_unreadable_file_breaks_its_issuers(void **state)
{
	struct revocation_issuer issuer;
	struct table table;

	(void)state;
	table_begin(&table);
	revocation_builder_add_unreadable(table.builder, &ca.der, 1);
	table_finish(&table);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_UNUSABLE);
	assert_true(revocation_issuer(&table.open, 0, &issuer));
	assert_true(issuer.broken);
	assert_string_equal(issuer.name, "CN=CA");
	table_done(&table);
}

static void a_broken_list_is_told_apart_by_its_issuer(void **state)
{
	struct made both[] = { ca, other_ca };
	struct list_order order = { .issuer = &ca, .key = other_ca.key };
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add_for(&table, make_list(order), both, 2), -1);
	table_finish(&table);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_UNUSABLE);
	assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW, false), REVOCATION_NO_LIST);
	table_done(&table);
}

static void the_later_of_two_lists_wins_in_either_order(void **state)
{
	struct list_order old = { .issuer = &ca, .this_update = NOW - 7200 };
	struct list_order new = { .issuer = &ca, .revoked = { &bad } };
	struct list_order same_second = { .issuer = &ca, .number = 1, .revoked = { &good } };
	struct table table;
	int order;

	(void)state;
	for (order = 0; order < 2; order++) {
		table_begin(&table);
		assert_int_equal(table_add(&table, make_list(order ? new : old)), 0);
		assert_int_equal(table_add(&table, make_list(order ? old : new)), 0);
		table_finish(&table);
		assert_int_equal(ask(&table, &bad, NOW), REVOCATION_REVOKED);
		table_done(&table);
		table_begin(&table);
		assert_int_equal(table_add(&table, make_list(order ? new : same_second)), 0);
		assert_int_equal(table_add(&table, make_list(order ? same_second : new)), 0);
		table_finish(&table);
		assert_int_equal(ask(&table, &good, NOW), REVOCATION_REVOKED);
		table_done(&table);
	}
}

static void lists_of_several_distribution_points_are_united(void **state)
{
	struct list_order first = { .issuer = &ca, .revoked = { &bad },
				    .distribution_point = POINT_FULL_NAME };
	struct list_order second = { .issuer = &ca, .revoked = { &good }, .next_update = NOW,
				     .distribution_point = POINT_OTHER_NAME };
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list(first)), 0);
	assert_int_equal(table_add(&table, make_list(second)), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &bad, NOW), REVOCATION_REVOKED);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_REVOKED);
	/* the first to end decides */
	assert_int_equal(ask(&table, &bad, NOW + 301), REVOCATION_UNUSABLE);
	table_done(&table);
}

static void a_list_for_users_says_nothing_about_cas(void **state)
{
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list((struct list_order){ .issuer = &ca,
		.revoked = { &bad }, .distribution_point = POINT_USERS })), 0);
	assert_int_equal(table_add_for(&table, make_list((struct list_order){ .issuer = &other_ca,
		.distribution_point = POINT_CAS }), &other_ca, 1), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_GOOD);
	assert_int_equal(ask_as(&table, &ca, &good, NOW, true), REVOCATION_NO_LIST);
	assert_int_equal(ask_as(&table, &ca, &bad, NOW, true), REVOCATION_REVOKED);
	assert_int_equal(ask_as(&table, &other_ca, &good, NOW, false), REVOCATION_NO_LIST);
	assert_int_equal(ask_as(&table, &other_ca, &good, NOW, true), REVOCATION_GOOD);
	table_done(&table);
}

static void version_1_lists_and_pem_with_several_lists_are_read(void **state)
{
	struct made both[] = { ca, other_ca };
	struct buffer pem = to_pem("X509 CRL", make_list((struct list_order){ .issuer = &ca,
		.version = 1, .revoked = { &bad } }));
	struct buffer more = to_pem("X509 CRL", make_list((struct list_order){ .issuer = &other_ca,
		.revoked = { &other_bad } }));
	struct table table;

	(void)state;
	buffer_append(&pem, more.data, more.len);
	table_begin(&table);
	assert_int_equal(table_add_for(&table, buffer_bytes(&pem), both, 2), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &bad, NOW), REVOCATION_REVOKED);
	assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW, false), REVOCATION_REVOKED);
	table_done(&table);
	buffer_done(&pem);
	buffer_done(&more);
}

static void cas_of_one_name_are_told_apart_by_the_signature(void **state)
{
	struct order bare = { .subject = "CN=Same", .constraints = "critical,CA:TRUE", .key_id = NONE };
	struct made both[] = { make(bare), make(bare) };
	struct made client = make_leaf("CN=x", &both[1]);
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add_for(&table, make_list((struct list_order){ .issuer = &both[1],
		.revoked = { &client } }), both, 2), 0);
	table_finish(&table);
	assert_int_equal(ask_as(&table, &both[1], &client, NOW, false), REVOCATION_REVOKED);
	assert_int_equal(ask_as(&table, &both[0], &client, NOW, false), REVOCATION_NO_LIST);
	table_done(&table);
}

static void a_renewed_ca_may_have_another_key_id(void **state)
{
	struct made renewed = make((struct order){ .subject = "CN=CA", .key = ca.key,
		.constraints = "critical,CA:TRUE", .key_id = "0102030405" });
	struct list_order order = { .issuer = &ca, .revoked = { &bad }, .key_id = "3006800461626364" };
	struct made both[] = { renewed, other_ca };
	struct table table;

	(void)state;
	EVP_PKEY_up_ref(ca.key);
	table_begin(&table);
	assert_int_equal(table_add_for(&table, make_list(order), both, 2), 0);
	table_finish(&table);
	assert_int_equal(ask(&table, &bad, NOW), REVOCATION_REVOKED);
	table_done(&table);
	order.key = other_ca.key;
	table_begin(&table);
	assert_int_equal(table_add_for(&table, make_list(order), both, 2), -1);
	table_finish(&table);
	assert_int_equal(ask(&table, &good, NOW), REVOCATION_UNUSABLE);
	assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW, false), REVOCATION_NO_LIST);
	table_done(&table);
}

static void a_ca_without_the_right_to_sign_lists_signs_none(void **state)
{
	struct made no_sign = make((struct order){ .subject = "CN=N", .key_usage = "keyCertSign",
						   .constraints = "critical,CA:TRUE" });
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add_for(&table, make_list((struct list_order){ .issuer = &no_sign }),
				       &no_sign, 1), -1);
	assert_non_null(strstr(table.err.message, "cRLSign"));
	table_done(&table);
}

static void every_kind_of_signature_is_checked(void **state)
{
	static const struct {
		enum key_type type;
		const EVP_MD *(*hash)(void), *(*pss)(void);
		int wanted;
	} rows[] = {
		{ KEY_P256, EVP_sha256, NULL, 0 },      { KEY_P384, EVP_sha384, NULL, 0 },
		{ KEY_P521, EVP_sha512, NULL, 0 },      { KEY_ED25519, NULL, NULL, 0 },
		{ KEY_RSA_2048, EVP_sha256, NULL, 0 },  { KEY_RSA_2048, EVP_sha512, NULL, 0 },
		{ KEY_RSA_2048, NULL, EVP_sha256, 0 },  { KEY_RSA_2048, NULL, EVP_sha384, 0 },
		{ KEY_RSA_2048, EVP_sha1, NULL, -1 },   { KEY_RSA_2048, NULL, EVP_sha1, -1 },
		{ KEY_RSA_2048, EVP_sha224, NULL, -1 }, { KEY_RSA_1024, EVP_sha256, NULL, -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made signer = make((struct order){ .subject = "CN=K", .key_type = rows[i].type,
							  .constraints = "critical,CA:TRUE" });
		struct list_order order = { .issuer = &signer };
		uint8_t damaged[2048];
		struct table table;
		struct bytes list;

		order.hash = rows[i].hash != NULL ? rows[i].hash() : NULL;
		order.pss = rows[i].pss != NULL ? rows[i].pss() : NULL;
		list = make_list(order);
		table_begin(&table);
		if (table_add_for(&table, list, &signer, 1) != rows[i].wanted)
			fail_msg("row %zu: %s", i, table.err.message);
		memcpy(damaged, list.data, list.len);
		damaged[list.len - 1] ^= 1;
		assert_int_equal(table_add_for(&table, (struct bytes){ damaged, list.len }, &signer, 1),
				 -1);
		table_done(&table);
	}
}

/* Whatever octet is another one, the list is not taken, and nothing falls over. */
static void no_damaged_list_is_taken(void **state)
{
	struct bytes list = make_list((struct list_order){ .issuer = &ca, .revoked = { &bad },
		.distribution_point = POINT_FULL_NAME });
	uint8_t damaged[2048];
	size_t i;

	(void)state;
	for (i = 0; i < list.len; i++) {
		struct table table;

		memcpy(damaged, list.data, list.len);
		damaged[i] ^= (uint8_t)(1u << (i % 8));
		table_begin(&table);
		assert_int_equal(table_add(&table, (struct bytes){ damaged, list.len }), -1);
		assert_int_equal(table_add(&table, (struct bytes){ list.data, i }), -1);
		table_done(&table);
	}
}

static void a_damaged_table_is_not_opened(void **state)
{
	struct revocation open;
	struct error err = { 0 };
	struct table table;
	size_t len;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list((struct list_order){ .issuer = &ca,
									  .revoked = { &bad } })), 0);
	table_finish(&table);
	for (len = 0; len < table.bytes.len; len++)
		assert_int_equal(revocation_open((struct bytes){ table.bytes.data, len }, &open, &err),
				 -1);
	table.bytes.data[8] = 200;
	assert_int_equal(revocation_open(buffer_bytes(&table.bytes), &open, &err), -1);
	table_done(&table);
}

static void long_serials_never_match(void **state)
{
	uint8_t serial[REVOCATION_SERIAL_SIZE + 1] = { 1 };
	struct certificate *by = certificate_parse(ca.der, NULL);
	int64_t when = 0;
	struct table table;

	(void)state;
	table_begin(&table);
	assert_int_equal(table_add(&table, make_list((struct list_order){ .issuer = &ca,
									  .revoked = { &bad } })), 0);
	table_finish(&table);
	assert_int_equal(revocation_find(&table.open, certificate_key_hash(by),
					 (struct bytes){ serial, sizeof(serial) }, NOW, &when),
			 REVOCATION_GOOD);
	assert_int_equal(revocation_find(&table.open, certificate_key_hash(by),
					 (struct bytes){ serial, 0 }, NOW, &when), REVOCATION_GOOD);
	certificate_free(by);
	table_done(&table);
}

/* --- our own CAs: no file, nothing gets stale --- */

static struct revocation_entry entry_of(const struct made *made, int64_t when)
{
	struct certificate *certificate = certificate_parse(made->der, NULL);
	struct revocation_entry entry;

	assert_true(revocation_entry_make(certificate_serial(certificate), when, &entry));
	certificate_free(certificate);
	return entry;
}

static void add_own(struct table *table, const struct made *own, const struct revocation_entry *entries,
		    size_t count)
{
	struct certificate *certificate = certificate_parse(own->der, NULL);

	revocation_builder_add_issuer(table->builder, certificate_key_hash(certificate), "own",
				      entries, count, 0);
	certificate_free(certificate);
}

static void an_own_ca_is_complete_and_never_stale(void **state)
{
	struct revocation_entry entry = entry_of(&bad, NOW - 1800);
	struct revocation_issuer issuer;
	struct table table;

	(void)state;
	table_begin(&table);
	add_own(&table, &ca, &entry, 1);
	add_own(&table, &other_ca, NULL, 0);
	revocation_builder_set_made(table.builder, 7);
	table_finish(&table);
	assert_int_equal(revocation_made(&table.open), 7);
	assert_int_equal(ask(&table, &bad, 0), REVOCATION_REVOKED);
	assert_int_equal(ask(&table, &bad, NOW + 9000 * DAY), REVOCATION_REVOKED);
	assert_int_equal(ask(&table, &good, NOW + 9000 * DAY), REVOCATION_GOOD);
	assert_int_equal(ask_as(&table, &ca, &good, NOW, true), REVOCATION_GOOD);
	assert_int_equal(ask_as(&table, &other_ca, &other_bad, NOW, false), REVOCATION_GOOD);
	assert_true(revocation_issuer(&table.open, 0, &issuer));
	assert_true(issuer.own);
	assert_string_equal(issuer.name, "own");
	table_done(&table);
}

static void the_own_part_of_a_table_is_replaced_and_the_rest_stays(void **state)
{
	struct revocation_entry entry = entry_of(&bad, NOW - 1800);
	struct table first, second;

	(void)state;
	table_begin(&first);
	assert_int_equal(table_add_for(&first, make_list((struct list_order){ .issuer = &other_ca,
		.next_update = NOW, .revoked = { &other_bad } }), &other_ca, 1), 0);
	add_own(&first, &ca, NULL, 0);
	table_finish(&first);
	assert_int_equal(ask(&first, &bad, NOW), REVOCATION_GOOD);
	table_begin(&second);
	assert_int_equal(revocation_builder_add_table(second.builder, &first.open, NULL), 0);
	add_own(&second, &ca, &entry, 1);
	table_finish(&second);
	assert_int_equal(ask(&second, &bad, NOW), REVOCATION_REVOKED);
	assert_int_equal(ask(&second, &good, NOW), REVOCATION_GOOD);
	assert_int_equal(ask_as(&second, &other_ca, &other_bad, NOW, false), REVOCATION_REVOKED);
	assert_int_equal(ask_as(&second, &other_ca, &good, NOW, false), REVOCATION_GOOD);
	assert_int_equal(ask_as(&second, &other_ca, &good, NOW + 301, false), REVOCATION_UNUSABLE);
	table_done(&second);
	table_done(&first);
}

/* A CA that was imported with its last list: list and own revocations are united, once each. */
static void a_file_about_an_own_ca_is_united_with_what_we_know(void **state)
{
	struct revocation_entry entries[2] = { entry_of(&good, NOW - 1800), entry_of(&bad, NOW) };
	struct revocation_issuer issuer;
	struct table tables[3];
	size_t i;

	(void)state;
	if (revocation_entry_compare(&entries[0], &entries[1]) > 0) {
		struct revocation_entry other = entries[0];

		entries[0] = entries[1];
		entries[1] = other;
	}
	for (i = 0; i < 3; i++) {
		table_begin(&tables[i]);
		if (i == 0)
			assert_int_equal(table_add(&tables[i], make_list((struct list_order){
				.issuer = &ca, .next_update = -1, .revoked = { &bad } })), 0);
		else
			assert_int_equal(revocation_builder_add_table(tables[i].builder,
								      &tables[i - 1].open, NULL), 0);
		add_own(&tables[i], &ca, entries, 2);
		table_finish(&tables[i]);
		assert_int_equal(ask(&tables[i], &bad, NOW), REVOCATION_REVOKED);
		assert_int_equal(ask(&tables[i], &good, NOW), REVOCATION_REVOKED);
		assert_true(revocation_issuer(&tables[i].open, 0, &issuer));
		assert_int_equal(issuer.entries, 2);
		assert_false(issuer.own);
	}
	for (i = 0; i < 3; i++)
		table_done(&tables[i]);
}

static void a_broken_file_about_an_own_ca_still_fails_closed(void **state)
{
	struct table first, second;

	(void)state;
	table_begin(&first);
	assert_int_equal(table_add(&first, (struct bytes){ (const uint8_t *)"nonsense", 8 }), -1);
	table_finish(&first);
	table_begin(&second);
	assert_int_equal(revocation_builder_add_table(second.builder, &first.open, NULL), 0);
	add_own(&second, &ca, NULL, 0);
	table_finish(&second);
	assert_int_equal(ask(&second, &good, NOW), REVOCATION_UNUSABLE);
	table_done(&second);
	table_done(&first);
}

static void what_a_revoked_ca_issued_is_revoked(void **state)
{
	struct certificate *by = certificate_parse(ca.der, NULL);
	struct table first, second;

	(void)state;
	table_begin(&first);
	revocation_builder_add_issuer(first.builder, certificate_key_hash(by), "own", NULL, 0,
				      NOW - 1800);
	add_own(&first, &other_ca, NULL, 0);
	table_finish(&first);
	assert_int_equal(ask(&first, &good, 0), REVOCATION_REVOKED);
	assert_int_equal(ask_as(&first, &ca, &good, NOW, true), REVOCATION_REVOKED);
	assert_int_equal(ask_as(&first, &other_ca, &other_bad, NOW, false), REVOCATION_GOOD);
	table_begin(&second);
	assert_int_equal(revocation_builder_add_table(second.builder, &first.open, NULL), 0);
	add_own(&second, &ca, NULL, 0);
	table_finish(&second);
	assert_int_equal(ask(&second, &good, NOW), REVOCATION_GOOD);
	assert_int_equal(ask_as(&second, &other_ca, &good, NOW, false), REVOCATION_NO_LIST);
	table_done(&second);
	table_done(&first);
	certificate_free(by);
}

static void an_entry_has_a_serial_of_1_to_20_octets(void **state)
{
	static const uint8_t octets[21] = { 1 };
	struct revocation_entry entry;

	(void)state;
	assert_false(revocation_entry_make((struct bytes){ octets, 0 }, NOW, &entry));
	assert_true(revocation_entry_make((struct bytes){ octets, 1 }, NOW, &entry));
	assert_true(revocation_entry_make((struct bytes){ octets, 20 }, NOW, &entry));
	assert_false(revocation_entry_make((struct bytes){ octets, 21 }, NOW, &entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listed_serial_is_revoked_and_no_other),
		cmocka_unit_test(an_empty_list_says_good),
		cmocka_unit_test(no_lists_make_an_empty_table),
		cmocka_unit_test(a_list_is_stale_five_minutes_after_its_next_update),
		cmocka_unit_test(a_list_from_the_future_is_not_good_yet),
		cmocka_unit_test(lists_that_cannot_be_used_fail_closed_for_their_issuer_only),
		cmocka_unit_test(a_good_list_does_not_mend_a_broken_one),
		cmocka_unit_test(files_that_are_no_lists_break_all_issuers_of_the_entry),
		cmocka_unit_test(a_file_that_says_nothing_breaks_those_without_a_list),
		cmocka_unit_test(an_unreadable_file_breaks_its_issuers),
		cmocka_unit_test(a_broken_list_is_told_apart_by_its_issuer),
		cmocka_unit_test(the_later_of_two_lists_wins_in_either_order),
		cmocka_unit_test(lists_of_several_distribution_points_are_united),
		cmocka_unit_test(a_list_for_users_says_nothing_about_cas),
		cmocka_unit_test(version_1_lists_and_pem_with_several_lists_are_read),
		cmocka_unit_test(cas_of_one_name_are_told_apart_by_the_signature),
		cmocka_unit_test(a_renewed_ca_may_have_another_key_id),
		cmocka_unit_test(a_ca_without_the_right_to_sign_lists_signs_none),
		cmocka_unit_test(every_kind_of_signature_is_checked),
		cmocka_unit_test(no_damaged_list_is_taken),
		cmocka_unit_test(a_damaged_table_is_not_opened),
		cmocka_unit_test(long_serials_never_match),
		cmocka_unit_test(an_own_ca_is_complete_and_never_stale),
		cmocka_unit_test(the_own_part_of_a_table_is_replaced_and_the_rest_stays),
		cmocka_unit_test(a_file_about_an_own_ca_is_united_with_what_we_know),
		cmocka_unit_test(a_broken_file_about_an_own_ca_still_fails_closed),
		cmocka_unit_test(what_a_revoked_ca_issued_is_revoked),
		cmocka_unit_test(an_entry_has_a_serial_of_1_to_20_octets),
	};

	return cmocka_run_group_tests(tests, make_family, NULL);
}
