/* The verdict: from a chain, from a record, and the record on its way through a ticket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "admission/admission.h"
#include "support_certificates.h"

static struct made root, sub, leaf, sub_leaf, stranger_leaf;
static struct trust *trust;

static struct trust *trust_of(const struct made *ca, bool strict)
{
	struct trust_ca given = { ca->der, strict, "clients" };
	struct error err = { 0 };
	struct trust *made = trust_new(&given, 1, &err);

	assert_non_null(made);
	return made;
}

static int make_family(void **state)
{
	struct made stranger = make_root("CN=Stranger");

	(void)state;
	root = make_root("CN=Root");
	sub = make_sub("CN=Sub", &root);
	leaf = make((struct order){ .subject = "O=shop/CN=cart", .issuer = &root, .serial = "0123ab",
				    .not_before = NOW - 100, .not_after = NOW + 100 });
	sub_leaf = make_leaf("CN=x", &sub);
	stranger_leaf = make_leaf("CN=stranger", &stranger);
	trust = trust_of(&root, false);
	return 0;
}

static int free_family(void **state)
{
	(void)state;
	trust_free(trust);
	return 0;
}

static struct admission_facts facts_of(const struct bytes *chain, size_t count)
{
	return (struct admission_facts){ .trust = trust, .now = NOW, .chain = chain,
					 .chain_count = count,
					 .rules = { MODEL_CA_REQUIRED, 4, MODEL_REVOCATION_GIVEN } };
}

static struct admission_verdict decide(const struct admission_facts *facts)
{
	struct admission_verdict verdict;

	memset(&verdict, 0xaa, sizeof(verdict));
	admission_decide(facts, &verdict);
	return verdict;
}

static enum reason reason_for(const struct admission_facts *facts)
{
	struct admission_verdict verdict = decide(facts);

	assert_true((verdict.reason == REASON_ADMITTED) == (verdict.step == ADMISSION_DONE));
	assert_true(verdict.record == NULL || verdict.reason == REASON_ADMITTED);
	admission_record_unref(verdict.record);
	return verdict.reason;
}

static struct admission_record *record_of(const struct bytes *chain, size_t count)
{
	struct admission_facts facts = facts_of(chain, count);
	struct admission_verdict verdict = decide(&facts);

	assert_int_equal(verdict.reason, REASON_ADMITTED);
	return verdict.record;
}

static void a_good_client_gets_a_record(void **state)
{
	struct admission_facts facts = facts_of(&leaf.der, 1);
	struct admission_verdict verdict = decide(&facts);

	(void)state;
	assert_int_equal(verdict.reason, REASON_ADMITTED);
	assert_int_equal(verdict.step, ADMISSION_DONE);
	assert_non_null(verdict.record);
	assert_int_equal(verdict.record->refs, 1);
	assert_int_equal(verdict.record->link_count, 2);
	assert_int_equal(verdict.record->not_after, NOW + 100);
	assert_int_equal(verdict.record->not_before, NOW - 100);
	assert_string_equal(verdict.identity, "spiffe://shop/client");
	assert_string_equal(verdict.subject, "CN=cart,O=shop");
	assert_string_equal(verdict.issuer, "CN=Root");
	assert_string_equal(verdict.serial, "0123ab");
	assert_string_equal(verdict.record->serial, "0123ab");
	assert_true(trust_has_anchor(trust, verdict.record->anchor_hash, NULL));
	admission_record_unref(verdict.record);
}

static void a_refused_client_is_named_too(void **state)
{
	struct admission_facts facts = facts_of(&stranger_leaf.der, 1);
	struct admission_verdict verdict = decide(&facts);

	(void)state;
	assert_int_equal(verdict.reason, REASON_UNKNOWN_CA);
	assert_int_equal(verdict.step, ADMISSION_CHAIN);
	assert_string_equal(verdict.subject, "CN=stranger");
	assert_string_equal(verdict.issuer, "CN=Stranger");
	assert_non_null(strstr(verdict.detail, "CN=Stranger"));
	assert_null(verdict.record);
}

static void without_a_certificate_the_mode_decides(void **state)
{
	struct admission_facts facts = facts_of(NULL, 0);

	(void)state;
	assert_int_equal(reason_for(&facts), REASON_CERTIFICATE_REQUIRED);
	facts.rules.mode = MODEL_CA_OPTIONAL;
	assert_int_equal(reason_for(&facts), REASON_ADMITTED);
	facts = facts_of(&stranger_leaf.der, 1);
	facts.rules.mode = MODEL_CA_OPTIONAL;
	assert_int_equal(reason_for(&facts), REASON_UNKNOWN_CA);
}

static void a_record_is_judged_by_the_time_of_now(void **state)
{
	struct admission_record *record = record_of(&leaf.der, 1);
	struct admission_facts facts = facts_of(NULL, 0);

	(void)state;
	facts.record = record;
	assert_int_equal(reason_for(&facts), REASON_ADMITTED);
	facts.now = NOW + 100;
	assert_int_equal(reason_for(&facts), REASON_ADMITTED);
	facts.now = NOW + 101;
	assert_int_equal(reason_for(&facts), REASON_EXPIRED);
	facts.now = NOW - 101;
	assert_int_equal(reason_for(&facts), REASON_NOT_YET_VALID);
	record->links[1].not_after = NOW;
	facts.now = NOW + 1;
	assert_int_equal(reason_for(&facts), REASON_CA_EXPIRED);
	record->links[1].not_before = NOW + 2;
	assert_int_equal(reason_for(&facts), REASON_CA_NOT_YET_VALID);
	assert_int_equal(record->refs, 1);
	admission_record_unref(record);
}

static void a_date_fails_at_its_own_step(void **state)
{
	struct admission_facts facts = facts_of(&leaf.der, 1);
	struct admission_verdict verdict;

	(void)state;
	facts.now = NOW + 101;
	verdict = decide(&facts);
	assert_int_equal(verdict.reason, REASON_EXPIRED);
	assert_int_equal(verdict.step, ADMISSION_TIME);
	assert_string_equal(admission_step_text(verdict.step), "validity dates");
}

static void a_record_falls_with_its_anchor_its_profile_and_its_depth(void **state)
{
	struct bytes chain[] = { sub_leaf.der, sub.der };
	struct admission_record *record = record_of(chain, 2);
	struct made other = make_root("CN=Other");
	struct trust *changed = trust_of(&other, false);
	struct admission_facts facts = facts_of(NULL, 0);

	(void)state;
	facts.record = record;
	facts.rules.depth = 1;
	assert_int_equal(reason_for(&facts), REASON_ADMITTED);
	facts.rules.depth = 0;
	assert_int_equal(reason_for(&facts), REASON_CHAIN_TOO_LONG);
	facts.rules.depth = 4;
	facts.trust = changed;
	assert_int_equal(reason_for(&facts), REASON_UNKNOWN_CA);
	assert_false(trust_has_anchor(changed, record->anchor_hash, NULL));
	trust_free(changed);
	changed = trust_of(&root, true);
	facts.trust = changed;
	assert_int_equal(reason_for(&facts), REASON_BAD_PROFILE);
	trust_free(changed);
	admission_record_unref(record);
}

/* --- revocation --- */

struct lists {
	struct buffer bytes;
	struct revocation table;
};

static void lists_of(struct lists *lists, struct list_order *orders, size_t count)
{
	struct revocation_builder *builder = revocation_builder_new();
	struct bytes cas[] = { root.der, sub.der };
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < count; i++)
		if (revocation_builder_add(builder, "x.crl", make_list(orders[i]), cas, 2, &err) < 0)
			print_message("%s\n", err.message);
	*lists = (struct lists){ { 0 }, { { NULL, 0 } } };
	assert_int_equal(revocation_builder_finish(builder, &lists->bytes, &err), 0);
	assert_int_equal(revocation_open(buffer_bytes(&lists->bytes), &lists->table, &err), 0);
	revocation_builder_free(builder);
}

static void revocation_follows_the_mode(void **state)
{
	static const struct {
		int lists; /* bit 0: of root, bit 1: of sub; bits 2, 3: with sub, with sub_leaf revoked */
		enum reason given, leaf, all, off;
	} rows[] = {
		{ 0, REASON_ADMITTED, REASON_REVOCATION_UNKNOWN, REASON_REVOCATION_UNKNOWN,
		  REASON_ADMITTED },
		{ 1, REASON_ADMITTED, REASON_REVOCATION_UNKNOWN, REASON_REVOCATION_UNKNOWN,
		  REASON_ADMITTED },
		{ 2, REASON_ADMITTED, REASON_ADMITTED, REASON_REVOCATION_UNKNOWN, REASON_ADMITTED },
		{ 3, REASON_ADMITTED, REASON_ADMITTED, REASON_ADMITTED, REASON_ADMITTED },
		{ 5, REASON_REVOKED, REASON_REVOCATION_UNKNOWN, REASON_REVOCATION_UNKNOWN,
		  REASON_ADMITTED },
		{ 7, REASON_REVOKED, REASON_ADMITTED, REASON_REVOKED, REASON_ADMITTED },
		{ 10, REASON_REVOKED, REASON_REVOKED, REASON_REVOKED, REASON_ADMITTED },
	};
	struct bytes chain[] = { sub_leaf.der, sub.der };
	struct admission_record *record = record_of(chain, 2);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const enum reason wanted[] = { rows[i].given, rows[i].leaf, rows[i].all, rows[i].off };
		struct list_order orders[2];
		size_t count = 0;
		struct lists lists;
		int mode;

		if (rows[i].lists & 1)
			orders[count++] = (struct list_order){ .issuer = &root,
				.revoked = { rows[i].lists & 4 ? &sub : NULL } };
		if (rows[i].lists & 2)
			orders[count++] = (struct list_order){ .issuer = &sub,
				.revoked = { rows[i].lists & 8 ? &sub_leaf : NULL } };
		lists_of(&lists, orders, count);
		for (mode = MODEL_REVOCATION_GIVEN; mode <= MODEL_REVOCATION_OFF; mode++) {
			struct admission_facts facts = facts_of(chain, 2);

			facts.revocation = &lists.table;
			facts.rules.revocation_mode = (enum model_revocation_mode)mode;
			if (reason_for(&facts) != wanted[mode])
				fail_msg("row %zu, mode %d: %s", i, mode,
					 reason_word(reason_for(&facts)));
			facts.record = record;
			facts.chain_count = 0;
			assert_int_equal(reason_for(&facts), wanted[mode]);
		}
		buffer_done(&lists.bytes);
	}
	admission_record_unref(record);
}

static void an_unusable_list_refuses_the_clients_of_its_issuer_only(void **state)
{
	struct list_order stale = { .issuer = &sub, .next_update = NOW - 301 };
	struct bytes chain[] = { sub_leaf.der, sub.der };
	struct admission_facts facts = facts_of(chain, 2);
	struct lists lists;

	(void)state;
	lists_of(&lists, &stale, 1);
	facts.revocation = &lists.table;
	assert_int_equal(reason_for(&facts), REASON_REVOCATION_UNKNOWN);
	facts.now--;
	assert_int_equal(reason_for(&facts), REASON_ADMITTED);
	facts = facts_of(&leaf.der, 1);
	facts.revocation = &lists.table;
	assert_int_equal(reason_for(&facts), REASON_ADMITTED);
	buffer_done(&lists.bytes);
}

static void an_open_connection_ends_by_a_list_and_nothing_else(void **state)
{
	struct made old = make((struct order){ .subject = "CN=old", .issuer = &sub,
					       .not_before = NOW - 90 * DAY, .not_after = NOW - 1 });
	struct list_order lists_made[] = { { .issuer = &sub, .revoked = { &sub_leaf, &old } },
					   { .issuer = &root, .revoked = { NULL } } };
	struct bytes chain[] = { sub_leaf.der, sub.der }, old_chain[] = { old.der, sub.der };
	struct admission_facts facts = facts_of(chain, 2), old_facts = facts_of(old_chain, 2);
	struct admission_verdict verdict, old_verdict;
	struct lists lists;

	(void)state;
	verdict = decide(&facts);
	assert_int_equal(verdict.reason, REASON_ADMITTED);
	old_facts.now = NOW - 10 * DAY; /* while both the CA and the client were good */
	old_verdict = decide(&old_facts);
	assert_int_equal(old_verdict.reason, REASON_ADMITTED);
	lists_of(&lists, lists_made, 2);
	facts.record = verdict.record;
	assert_false(admission_is_revoked(&facts)); /* there is no list */
	facts.revocation = &lists.table;
	assert_true(admission_is_revoked(&facts));
	facts.now = NOW + 20 * DAY; /* stale */
	assert_false(admission_is_revoked(&facts));
	facts.now = NOW;
	facts.rules.revocation_mode = MODEL_REVOCATION_OFF;
	assert_false(admission_is_revoked(&facts));
	/* The certificate began before the list was made, and has ended since: revoked all the same. */
	old_facts.record = old_verdict.record;
	old_facts.revocation = &lists.table;
	old_facts.now = NOW;
	assert_true(admission_is_revoked(&old_facts));
	buffer_done(&lists.bytes);
	lists_made[0] = (struct list_order){ .issuer = &root, .revoked = { &sub } };
	lists_of(&lists, lists_made, 1);
	facts = (struct admission_facts){ .now = NOW, .record = verdict.record,
					  .revocation = &lists.table };
	assert_true(admission_is_revoked(&facts)); /* a CA above it */
	facts.rules.revocation_mode = MODEL_REVOCATION_LEAF;
	assert_false(admission_is_revoked(&facts));
	facts.rules.revocation_mode = MODEL_REVOCATION_ALL; /* the leaf's own list is missing */
	assert_true(admission_is_revoked(&facts));
	buffer_done(&lists.bytes);
	admission_record_unref(verdict.record);
	admission_record_unref(old_verdict.record);
}

/* --- records as bytes --- */

static void a_record_survives_packing(void **state)
{
	struct bytes chain[] = { sub_leaf.der, sub.der };
	struct admission_record *record = record_of(chain, 2);
	struct buffer packed = { 0 };
	struct admission_record *again;

	(void)state;
	admission_record_pack(record, &packed);
	again = admission_record_unpack(buffer_bytes(&packed));
	assert_non_null(again);
	assert_int_equal(again->refs, 1);
	assert_int_equal(again->link_count, 3);
	assert_memory_equal(again->links, record->links, sizeof(record->links));
	assert_memory_equal(again->chain_hash, record->chain_hash, 32);
	assert_memory_equal(again->anchor_hash, record->anchor_hash, 32);
	assert_int_equal(again->not_before, record->not_before);
	assert_int_equal(again->not_after, record->not_after);
	assert_string_equal(again->identity, record->identity);
	assert_string_equal(again->subject, record->subject);
	assert_string_equal(again->issuer, record->issuer);
	assert_string_equal(again->serial, record->serial);
	assert_ptr_equal(admission_record_ref(again), again);
	admission_record_unref(again);
	admission_record_unref(again);
	admission_record_unref(record);
	admission_record_unref(NULL);
	buffer_done(&packed);
}

static void half_a_record_is_none(void **state)
{
	struct admission_record *record = record_of(&leaf.der, 1);
	struct buffer packed = { 0 };
	size_t len;

	(void)state;
	admission_record_pack(record, &packed);
	for (len = 0; len < packed.len; len++)
		assert_null(admission_record_unpack((struct bytes){ packed.data, len }));
	buffer_append(&packed, "", 1);
	assert_null(admission_record_unpack(buffer_bytes(&packed)));
	packed.data[0] = 99;
	assert_null(admission_record_unpack((struct bytes){ packed.data, packed.len - 1 }));
	admission_record_unref(record);
	buffer_done(&packed);
}

static void the_hash_of_a_chain_covers_where_its_certificates_begin(void **state)
{
	const uint8_t octets[] = "abcdef";
	struct bytes one[] = { { octets, 3 }, { octets + 3, 3 } };
	struct bytes two[] = { { octets, 2 }, { octets + 2, 4 } };
	uint8_t a[32], b[32];

	(void)state;
	admission_chain_hash(one, 2, a);
	admission_chain_hash(two, 2, b);
	assert_memory_not_equal(a, b, 32);
	admission_chain_hash(one, 1, b);
	assert_memory_not_equal(a, b, 32);
	admission_chain_hash(one, 2, b);
	assert_memory_equal(a, b, 32);
}

static void serials_are_written_as_openssl_prints_them(void **state)
{
	static const char *const rows[][2] = { { "0123ab", "0123ab" }, { "00fe01", "fe01" },
					       { "05", "05" } };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct made made = make((struct order){ .subject = "CN=x", .issuer = &root,
							.serial = rows[i][0] });
		struct admission_record *record = record_of(&made.der, 1);

		assert_string_equal(record->serial, rows[i][1]);
		assert_int_equal(record->links[0].serial_len, strlen(rows[i][0]) / 2);
		admission_record_unref(record);
	}
}

static void texts_hold_no_control_characters(void **state)
{
	struct made odd = make((struct order){ .subject = "CN=a\nb\x1b[31m\xe2\x80\xae", .issuer = &root,
					       .names = NONE });
	struct admission_facts facts = facts_of(&odd.der, 1);
	struct admission_verdict verdict = decide(&facts);

	(void)state;
	assert_int_equal(verdict.reason, REASON_ADMITTED);
	assert_string_equal(verdict.identity, "a\\0Ab\\1B[31m\\E2\\80\\AE");
	assert_string_equal(verdict.subject, "CN=a\\0Ab\\1B[31m\\E2\\80\\AE");
	admission_record_unref(verdict.record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_client_gets_a_record),
		cmocka_unit_test(a_refused_client_is_named_too),
		cmocka_unit_test(without_a_certificate_the_mode_decides),
		cmocka_unit_test(a_record_is_judged_by_the_time_of_now),
		cmocka_unit_test(a_date_fails_at_its_own_step),
		cmocka_unit_test(a_record_falls_with_its_anchor_its_profile_and_its_depth),
		cmocka_unit_test(revocation_follows_the_mode),
		cmocka_unit_test(an_unusable_list_refuses_the_clients_of_its_issuer_only),
		cmocka_unit_test(an_open_connection_ends_by_a_list_and_nothing_else),
		cmocka_unit_test(a_record_survives_packing),
		cmocka_unit_test(half_a_record_is_none),
		cmocka_unit_test(the_hash_of_a_chain_covers_where_its_certificates_begin),
		cmocka_unit_test(serials_are_written_as_openssl_prints_them),
		cmocka_unit_test(texts_hold_no_control_characters),
	};

	return cmocka_run_group_tests(tests, make_family, free_family);
}
