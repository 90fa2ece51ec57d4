/* Our own revocation lists: what stands in them, and that others read them the same way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include "support_certificates.h"
#include "pki/crl_write.h"
#include "x509/certificate_internal.h"
#include "x509/crl.h"
#include "x509/revocation.h"

struct entries {
	const struct crl_entry *items;
	size_t count, given;
};

static bool give(void *arg, struct crl_entry *ret_entry)
{
	struct entries *entries = arg;

	if (entries->given == entries->count)
		return false;
	*ret_entry = entries->items[entries->given++];
	return true;
}

static const uint8_t serial_a[] = { 0x01, 0x40, 0x11, 0x12 };
static const uint8_t serial_b[] = { 0x01, 0x41, 0x21, 0x22, 0x23 };
static const uint8_t long_serial[65] = { 1 };
static const struct crl_entry two[] = {
	{ { serial_a, sizeof(serial_a) }, NOW - 3600, REVOKED_KEY_COMPROMISE },
	{ { serial_b, sizeof(serial_b) }, NOW - 60, REVOKED_UNSPECIFIED },
};

static struct crl_order order_of(const struct made *ca, struct certificate **ret_issuer)
{
	*ret_issuer = certificate_parse(ca->der, NULL);
	return (struct crl_order){ .issuer = *ret_issuer, .key = ca->key, .number = NOW,
				   .this_update = NOW - CRL_BACKDATE_S,
				   .next_update = crl_next_update(NOW - CRL_BACKDATE_S, 7) };
}

static struct buffer write_list(const struct crl_order *order, const struct crl_entry *items,
				size_t count)
{
	struct entries entries = { items, count, 0 };
	struct buffer der = { 0 };
	struct error err = { 0 };

	if (crl_write(order, give, &entries, &der, &err) < 0)
		fail_msg("%s", err.message);
	return der;
}

static X509_CRL *parse(const struct buffer *der)
{
	const uint8_t *at = der->data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der->len);

	assert_non_null(crl);
	assert_ptr_equal(at, der->data + der->len);
	return crl;
}

static int64_t time_of(const ASN1_TIME *time)
{
	int64_t when = 0;

	assert_int_equal(ASN1_TIME_to_posix(time, &when), 1);
	return when;
}

static void a_list_says_what_was_ordered(void **state)
{
	struct made ca = make_root("CN=CA");
	struct certificate *issuer;
	struct crl_order order = order_of(&ca, &issuer);
	struct buffer der = write_list(&order, two, 2);
	X509_CRL *crl = parse(&der);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	AUTHORITY_KEYID *key_id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	X509_REVOKED *revoked = NULL;
	ASN1_ENUMERATED *reason;
	uint64_t value = 0;

	(void)state;
	assert_int_equal(X509_CRL_get_version(crl), 1);
	assert_int_equal(X509_CRL_verify(crl, ca.key), 1);
	assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca.x509)), 0);
	assert_int_equal(time_of(X509_CRL_get0_lastUpdate(crl)), NOW - 60);
	assert_int_equal(time_of(X509_CRL_get0_nextUpdate(crl)), NOW - 60 + 7 * DAY);
	assert_int_equal(ASN1_INTEGER_get_uint64(&value, number), 1);
	assert_int_equal(value, NOW);
	assert_int_equal(ASN1_STRING_cmp(key_id->keyid, X509_get0_subject_key_id(ca.x509)), 0);
	assert_int_equal(X509_CRL_get_ext_count(crl), 2);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
	revoked = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
	assert_int_equal(time_of(X509_REVOKED_get0_revocationDate(revoked)), NOW - 3600);
	reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
	assert_int_equal(ASN1_ENUMERATED_get(reason), 1);
	assert_int_equal(X509_REVOKED_get_ext_count(
				 sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 1)), 0);
	ASN1_ENUMERATED_free(reason);
	ASN1_INTEGER_free(number);
	AUTHORITY_KEYID_free(key_id);
	X509_CRL_free(crl);
	buffer_done(&der);
	certificate_free(issuer);
}

static void an_empty_list_has_no_entries_at_all(void **state)
{
	struct made ca = make_root("CN=CA");
	struct certificate *issuer;
	struct crl_order order = order_of(&ca, &issuer);
	struct buffer der = write_list(&order, NULL, 0);
	X509_CRL *crl = parse(&der);

	(void)state;
	assert_null(X509_CRL_get_REVOKED(crl));
	assert_int_equal(crl_verify(buffer_bytes(&der), issuer, NULL), 0);
	X509_CRL_free(crl);
	buffer_done(&der);
	certificate_free(issuer);
}

static void every_key_of_a_ca_signs_with_its_own_hash(void **state)
{
	static const struct {
		enum key_type type;
		int nid;
	} rows[] = { { KEY_P256, NID_ecdsa_with_SHA256 }, { KEY_P384, NID_ecdsa_with_SHA384 },
		     { KEY_P521, NID_ecdsa_with_SHA512 },
		     { KEY_RSA_2048, NID_sha256WithRSAEncryption } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made ca = make((struct order){ .subject = "CN=CA", .key_type = rows[i].type,
						      .constraints = "critical,CA:TRUE" });
		struct certificate *issuer;
		struct crl_order order = order_of(&ca, &issuer);
		struct buffer der = write_list(&order, two, 2);
		X509_CRL *crl = parse(&der);

		assert_int_equal(X509_CRL_get_signature_nid(crl), rows[i].nid);
		assert_int_equal(X509_CRL_verify(crl, ca.key), 1);
		assert_int_equal(crl_verify(buffer_bytes(&der), issuer, NULL), 0);
		X509_CRL_free(crl);
		buffer_done(&der);
		certificate_free(issuer);
	}
}

static void a_key_that_signs_nothing_here_is_refused(void **state)
{
	struct made ca = make((struct order){ .subject = "CN=CA", .key_type = KEY_P224,
					      .constraints = "critical,CA:TRUE" });
	struct certificate *issuer;
	struct crl_order order = order_of(&ca, &issuer);
	struct entries entries = { two, 2, 0 };
	struct buffer der = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(crl_write(&order, give, &entries, &der, &err), -1);
	assert_int_equal(der.len, 0);
	certificate_free(issuer);
}

static void a_serial_that_cannot_be_is_refused(void **state)
{
	const struct crl_entry wrong[] = { { { serial_a, 0 }, NOW, 0 },
					   { { long_serial, sizeof(long_serial) }, NOW, 0 },
					   { { serial_a, 4 }, INT64_MAX, 0 } };
	struct made ca = make_root("CN=CA");
	struct certificate *issuer;
	struct crl_order order = order_of(&ca, &issuer);
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct entries entries = { &wrong[i], 1, 0 };
		struct buffer der = { 0 };
		struct error err = { 0 };

		assert_int_equal(crl_write(&order, give, &entries, &der, &err), -1);
	}
	certificate_free(issuer);
}

static void no_list_lives_longer_than_seven_days(void **state)
{
	struct made ca = make_root("CN=CA");
	struct certificate *issuer;
	struct crl_order order = order_of(&ca, &issuer);
	struct buffer der;
	X509_CRL *crl;

	(void)state;
	assert_int_equal(crl_next_update(NOW, 1), NOW + DAY);
	assert_int_equal(crl_next_update(NOW, 7), NOW + 7 * DAY);
	assert_int_equal(crl_next_update(NOW, 365), NOW + 7 * DAY);
	assert_int_equal(crl_next_update(NOW, 0), NOW + 7 * DAY);
	assert_true(crl_renew_at(NOW, NOW + 1000) < NOW + 500);
	assert_true(crl_renew_at(NOW, NOW + 1000) > NOW + 300);
	order.next_update = NOW + 30 * DAY;
	der = write_list(&order, NULL, 0);
	crl = parse(&der);
	assert_int_equal(time_of(X509_CRL_get0_nextUpdate(crl)), NOW - 60 + 7 * DAY);
	X509_CRL_free(crl);
	buffer_done(&der);
	certificate_free(issuer);
}

static void years_after_2049_have_four_digits(void **state)
{
	struct made ca = make((struct order){ .subject = "CN=CA", .constraints = "critical,CA:TRUE",
					      .not_after = INT64_C(2600000000) });
	struct certificate *issuer;
	struct crl_order order = order_of(&ca, &issuer);
	struct buffer der;
	X509_CRL *crl;

	(void)state;
	order.this_update = INT64_C(2524607990); /* 2049-12-31T23:59:50Z */
	order.next_update = INT64_C(2524608000);
	der = write_list(&order, NULL, 0);
	crl = parse(&der);
	assert_int_equal(ASN1_STRING_type(X509_CRL_get0_lastUpdate(crl)), V_ASN1_UTCTIME);
	assert_int_equal(ASN1_STRING_type(X509_CRL_get0_nextUpdate(crl)), V_ASN1_GENERALIZEDTIME);
	assert_int_equal(time_of(X509_CRL_get0_nextUpdate(crl)), INT64_C(2524608000));
	X509_CRL_free(crl);
	buffer_done(&der);
	certificate_free(issuer);
}

static void numbers_only_grow(void **state)
{
	(void)state;
	assert_int_equal(crl_next_number(0, NOW), NOW);
	assert_int_equal(crl_next_number(NOW - 5, NOW), NOW);
	assert_int_equal(crl_next_number(NOW, NOW), NOW + 1);
	assert_int_equal(crl_next_number(NOW + 1000, NOW), NOW + 1001);
	assert_int_equal(crl_next_number(7, -1), 8);
}

static void the_data_plane_reads_what_we_write(void **state)
{
	struct made ca = make_root("CN=CA");
	struct certificate *issuer;
	struct crl_order order = order_of(&ca, &issuer);
	struct buffer der = write_list(&order, two, 2), table = { 0 };
	struct revocation_builder *builder = revocation_builder_new();
	struct revocation open;
	int64_t when = 0;

	(void)state;
	assert_int_equal(revocation_builder_add(builder, "ca.crl", buffer_bytes(&der), &ca.der, 1, NULL), 0);
	assert_int_equal(revocation_builder_finish(builder, &table, NULL), 0);
	assert_int_equal(revocation_open(buffer_bytes(&table), &open, NULL), 0);
	assert_int_equal(revocation_find(&open, certificate_key_hash(issuer),
					 (struct bytes){ serial_a, 4 }, NOW, &when), REVOCATION_REVOKED);
	assert_int_equal(when, NOW - 3600);
	assert_int_equal(revocation_find(&open, certificate_key_hash(issuer),
					 (struct bytes){ serial_a, 3 }, NOW, &when), REVOCATION_GOOD);
	revocation_builder_free(builder);
	buffer_done(&table);
	buffer_done(&der);
	certificate_free(issuer);
}

static void a_list_of_another_ca_or_a_damaged_one_is_not_ours(void **state)
{
	struct made ca = make_root("CN=CA"), other = make_root("CN=CA"), third = make_root("CN=Third");
	struct certificate *issuer, *other_issuer, *third_issuer;
	struct crl_order order = order_of(&ca, &issuer);
	struct buffer der = write_list(&order, two, 2);
	size_t i;

	(void)state;
	other_issuer = certificate_parse(other.der, NULL);
	third_issuer = certificate_parse(third.der, NULL);
	assert_int_equal(crl_verify(buffer_bytes(&der), other_issuer, NULL), -1);
	assert_int_equal(crl_verify(buffer_bytes(&der), third_issuer, NULL), -1);
	for (i = 0; i < der.len; i++) {
		der.data[i] ^= 1;
		assert_int_equal(crl_verify(buffer_bytes(&der), issuer, NULL), -1);
		der.data[i] ^= 1;
		assert_int_equal(crl_verify((struct bytes){ der.data, i }, issuer, NULL), -1);
	}
	assert_int_equal(crl_verify(buffer_bytes(&der), issuer, NULL), 0);
	buffer_done(&der);
	certificate_free(issuer);
	certificate_free(other_issuer);
	certificate_free(third_issuer);
}

static void reasons_have_words(void **state)
{
	(void)state;
	assert_int_equal(crl_reason_parse("keyCompromise"), 1);
	assert_int_equal(crl_reason_parse("KEYCOMPROMISE"), 1);
	assert_int_equal(crl_reason_parse("privilegeWithdrawn"), 9);
	assert_int_equal(crl_reason_parse("certificateHold"), -1);
	assert_int_equal(crl_reason_parse("removeFromCRL"), -1);
	assert_int_equal(crl_reason_parse(""), -1);
	assert_string_equal(crl_reason_word(4), "superseded");
	assert_null(crl_reason_word(6));
	assert_null(crl_reason_word(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_says_what_was_ordered),
		cmocka_unit_test(an_empty_list_has_no_entries_at_all),
		cmocka_unit_test(every_key_of_a_ca_signs_with_its_own_hash),
		cmocka_unit_test(a_key_that_signs_nothing_here_is_refused),
		cmocka_unit_test(a_serial_that_cannot_be_is_refused),
		cmocka_unit_test(no_list_lives_longer_than_seven_days),
		cmocka_unit_test(years_after_2049_have_four_digits),
		cmocka_unit_test(numbers_only_grow),
		cmocka_unit_test(the_data_plane_reads_what_we_write),
		cmocka_unit_test(a_list_of_another_ca_or_a_damaged_one_is_not_ours),
		cmocka_unit_test(reasons_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
