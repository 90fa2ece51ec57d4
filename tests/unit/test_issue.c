/* Certificates of our own CAs: what comes out, and what is refused before it is signed. */
#include "support_issue.h"
#include <openssl/mem.h>
#include "x509/certificate.h"

static struct pair pair;

static int make_pair(void **state)
{
	(void)state;
	pair_init(&pair, KEY_ALGORITHM_ECC_256);
	return 0;
}

static int free_pair(void **state)
{
	(void)state;
	pair_done(&pair);
	return 0;
}

static struct certificate *issue(struct authority *authority, struct order *order)
{
	struct issued issued = { .der = { 0 } };
	struct error err = { 0 };
	struct certificate *certificate;

	if (authority_issue(authority, &order->request, &issued, &err) < 0)
		fail_msg("%s", err.message);
	certificate = certificate_parse(buffer_bytes(&issued.der), &err);
	assert_non_null(certificate);
	issued_done(&issued);
	return certificate;
}

static void assert_refused(struct authority *authority, struct order *order, const char *symbol)
{
	struct issued issued = { .der = { 0 } };
	struct error err = { 0 };

	assert_int_equal(authority_issue(authority, &order->request, &issued, &err), -1);
	assert_string_equal(err.symbol, symbol);
	assert_null(issued.der.data);
}

static void a_client_certificate_is_issued(void **state)
{
	struct certificate *certificate;
	char text[128];
	struct order order;

	(void)state;
	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	certificate = issue(pair.sub, &order);
	assert_int_equal(certificate_not_before(certificate), NOW - 300);
	assert_int_equal(certificate_not_after(certificate), NOW - 300 + 30 * DAY - 1);
	assert_false(certificate_is_ca(certificate));
	assert_int_equal(certificate_serial(certificate).len, SERIAL_SIZE);
	assert_int_equal(certificate_serial(certificate).data[0], 1);
	certificate_identity_text(certificate, text, sizeof(text));
	assert_string_equal(text, "spiffe://shop/cart");
	certificate_subject_text(certificate, text, sizeof(text));
	assert_string_equal(text, "CN=cart,O=Alibaba,C=CN");
	certificate_free(certificate);
	order_done(&order);
}

static void every_kind_of_key_issues(void **state)
{
	static const enum key_algorithm algorithms[] = { KEY_ALGORITHM_RSA_2048,
		KEY_ALGORITHM_ECC_256, KEY_ALGORITHM_ECC_384, KEY_ALGORITHM_ECC_512 };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct pair own;
		struct order order;

		/* the shared RSA key of the tests would be its issuer's */
		order_init(&own.root_order, ISSUE_ROOT_CA, algorithms[i]);
		own.root = root_made(&own.root_order);
		order_init(&order, ISSUE_SERVER, algorithms[i]);
		if (i == 0) {
			assert_refused(own.root, &order, "LintFailed.K09");
		} else {
			certificate_free(issue(own.root, &order));
		}
		order_done(&order);
		authority_free(own.root);
		order_done(&own.root_order);
	}
}

static void serials_never_repeat(void **state)
{
	uint8_t first[SERIAL_SIZE], second[SERIAL_SIZE];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(serial_make(first, &err), 0);
	assert_int_equal(serial_make(second, &err), 0);
	assert_memory_not_equal(first, second, SERIAL_SIZE);
}

static void a_certificate_never_outlives_its_issuer(void **state)
{
	struct order order;

	(void)state;
	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	order.request.validity.not_after = authority_not_after(pair.sub) + 1;
	assert_refused(pair.sub, &order, "IllegalParam.AfterTime");
	order.request.validity.not_after = authority_not_after(pair.sub);
	certificate_free(issue(pair.sub, &order));
	order_done(&order);
}

static void a_begin_before_the_issuer_is_moved(void **state)
{
	struct certificate *certificate;
	struct order order;

	(void)state;
	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	order.request.validity.not_before -= 10;
	certificate = issue(pair.sub, &order);
	assert_int_equal(certificate_not_before(certificate), authority_not_before(pair.sub));
	certificate_free(certificate);
	order_done(&order);
}

static void a_key_of_another_family_is_refused(void **state)
{
	struct order order;

	(void)state;
	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_RSA_2048);
	assert_refused(pair.sub, &order, "LintFailed.A04");
	order_done(&order);
}

static void path_length_0_makes_no_cas(void **state)
{
	struct order order;

	(void)state;
	assert_int_equal(authority_path_length(pair.sub), 0);
	order_init(&order, ISSUE_SUB_CA, KEY_ALGORITHM_ECC_256);
	order.request.validity.not_after -= DAY;
	assert_refused(pair.sub, &order, "LintFailed.X10");
	order_done(&order);
}

static void names_outside_of_constraints_are_refused(void **state)
{
	struct authority *limited;
	struct error err = { 0 };
	struct order ca, order;

	(void)state;
	order_init(&ca, ISSUE_SUB_CA, KEY_ALGORITHM_ECC_256);
	assert_int_equal(constraints_add(&ca.constraints, false, "DNS:example.com", &err), 0);
	assert_int_equal(constraints_add(&ca.constraints, true, "IP:0.0.0.0/0", &err), 0);
	limited = sub_made(pair.root, &ca);

	order_init(&order, ISSUE_SERVER, KEY_ALGORITHM_ECC_256);
	certificate_free(issue(limited, &order));
	order_san(&order, SAN_DNS, "www.example.org");
	assert_refused(limited, &order, "LintFailed.X28");
	order_done(&order);

	order_init(&order, ISSUE_SERVER, KEY_ALGORITHM_ECC_256);
	order_san(&order, SAN_IP, "10.0.0.1");
	assert_refused(limited, &order, "LintFailed.X28");
	order_done(&order);

	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	order_san(&order, SAN_DNS, "evil.test");
	assert_refused(limited, &order, "LintFailed.X28");
	order_done(&order);
	authority_free(limited);
	order_done(&ca);
}

static void purposes_of_a_ca_limit_what_it_issues(void **state)
{
	struct authority *limited;
	struct order ca, order;

	(void)state;
	order_init(&ca, ISSUE_SUB_CA, KEY_ALGORITHM_ECC_256);
	ca.request.purposes = PURPOSE_SERVER | PURPOSE_OCSP;
	limited = sub_made(pair.root, &ca);
	order_init(&order, ISSUE_SERVER, KEY_ALGORITHM_ECC_256);
	certificate_free(issue(limited, &order));
	order_done(&order);
	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	assert_refused(limited, &order, "LintFailed.X16");
	order_done(&order);
	authority_free(limited);
	order_done(&ca);
}

static void addresses_are_written(void **state)
{
	struct certificate *certificate;
	struct order order;
	struct bytes der;

	(void)state;
	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	order.request.crl_url = "http://ca.example.com/pki/ab.crl";
	order.request.ocsp_url = "http://ca.example.com/ocsp";
	order.request.issuer_url = "http://ca.example.com/pki/ab.cer";
	certificate = issue(pair.sub, &order);
	der = certificate_der(certificate);
	assert_non_null(memmem(der.data, der.len, order.request.crl_url,
			       strlen(order.request.crl_url)));
	assert_non_null(memmem(der.data, der.len, order.request.issuer_url,
			       strlen(order.request.issuer_url)));
	certificate_free(certificate);
	order.request.crl_url = "https://ca.example.com/pki/ab.crl";
	assert_refused(pair.sub, &order, "LintFailed.X29");
	order_done(&order);
}

static void an_ocsp_signer_is_issued(void **state)
{
	struct order order;

	(void)state;
	order_init(&order, ISSUE_OCSP_SIGNER, KEY_ALGORITHM_ECC_256);
	certificate_free(issue(pair.sub, &order));
	order_done(&order);
}

static void a_renewed_ca_keeps_its_key_and_name(void **state)
{
	struct authority *renewed;
	struct order again = pair.sub_order;

	(void)state;
	again.request.validity = validity_days(NOW + 100 * DAY, 1825);
	again.request.now = NOW + 100 * DAY;
	renewed = sub_made(pair.root, &again);
	assert_memory_equal(certificate_key_hash(authority_certificate(renewed)),
			    certificate_key_hash(authority_certificate(pair.sub)), 32);
	assert_true(authority_not_after(renewed) > authority_not_after(pair.sub));
	authority_free(renewed);
}

static void a_ca_needs_its_own_key(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_null(authority_new(certificate_der(authority_certificate(pair.sub)),
				  authority_chain(pair.root), pair.root_order.key, &err));
	assert_string_equal(err.message, "the private key does not belong to the CA certificate");
}

static void a_leaf_is_no_authority(void **state)
{
	struct certificate *certificate;
	struct error err = { 0 };
	struct order order;

	(void)state;
	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	certificate = issue(pair.sub, &order);
	assert_null(authority_new(certificate_der(certificate), authority_chain(pair.sub),
				  order.key, &err));
	certificate_free(certificate);
	order_done(&order);
}

static void months_are_those_of_the_calendar(void **state)
{
	(void)state;
	/* 2027-01-31 + 1 month: the 28th */
	assert_int_equal(validity_add_months(INT64_C(1801353600), 1), INT64_C(1803772800));
	/* 2028-02-29 + 12 months: 2029-02-28 */
	assert_int_equal(validity_add_months(INT64_C(1835395200), 12), INT64_C(1866931200));
	assert_int_equal(validity_add_months(NOW, 12 * 9000), VALIDITY_END);
}

static void periods_are_read(void **state)
{
	struct validity validity;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(validity_parse("7d", NOW, &validity, &err), 0);
	assert_int_equal(validity.not_after, NOW - 300 + 7 * DAY - 1);
	assert_int_equal(validity_parse("3m", NOW, &validity, &err), 0);
	assert_int_equal(validity_parse("1Y", NOW, &validity, &err), 0);
	assert_int_equal(validity_parse("2027-02-15T08:00:00Z", NOW, &validity, &err), 0);
	assert_int_equal(validity.not_after, INT64_C(1802678400));
	assert_int_equal(validity_parse("2027-01-15T08:00:00Z/2027-02-15T08:00:00Z", NOW, &validity,
					&err), 0);
	assert_int_equal(validity.not_before, NOW);
}

static void what_is_no_period_is_refused(void **state)
{
	static const char *const texts[] = { "",
					     "d",
					     "0d",
					     "-1d",
					     "7w",
					     "7dd",
					     "2027-02-30T08:00:00Z",
					     "2027-02-15",
					     "2027-02-15T08:00:00Z/2027-01-15T08:00:00Z",
					     "2026-01-15T08:00:00Z", "2026-01-15T08:00:00Z/2026-02-15T08:00:00Z",
		"99999999999d",
					     "/",
					     "7d/8d" };
	struct validity validity;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(validity_parse(texts[i], NOW, &validity, &err), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_certificate_is_issued),
		cmocka_unit_test(every_kind_of_key_issues),
		cmocka_unit_test(serials_never_repeat),
		cmocka_unit_test(a_certificate_never_outlives_its_issuer),
		cmocka_unit_test(a_begin_before_the_issuer_is_moved),
		cmocka_unit_test(a_key_of_another_family_is_refused),
		cmocka_unit_test(path_length_0_makes_no_cas),
		cmocka_unit_test(names_outside_of_constraints_are_refused),
		cmocka_unit_test(purposes_of_a_ca_limit_what_it_issues),
		cmocka_unit_test(addresses_are_written),
		cmocka_unit_test(an_ocsp_signer_is_issued),
		cmocka_unit_test(a_renewed_ca_keeps_its_key_and_name),
		cmocka_unit_test(a_ca_needs_its_own_key),
		cmocka_unit_test(a_leaf_is_no_authority),
		cmocka_unit_test(months_are_those_of_the_calendar),
		cmocka_unit_test(periods_are_read),
		cmocka_unit_test(what_is_no_period_is_refused),
	};

	return cmocka_run_group_tests(tests, make_pair, free_pair);
}
