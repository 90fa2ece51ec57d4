/* OCSP: which requests are understood, and that another library reads our answers as they are meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <openssl/base64.h>
#include <openssl/ocsp.h>
#include "support_certificates.h"
#include "pki/ocsp_request.h"
#include "pki/ocsp_response.h"

static struct made ca, signer, leaf, other;

static int make_family(void **state)
{
	(void)state;
	ca = make_root("CN=CA");
	leaf = make_leaf("CN=leaf", &ca);
	other = make_leaf("CN=other", &ca);
	signer = make((struct order){ .subject = "CN=signer", .issuer = &ca, .names = NONE,
				      .extended_key_usage = "OCSPSigning" });
	return 0;
}

/* --- requests --- */

static OCSP_REQUEST *ask(const EVP_MD *hash, const struct made *about, size_t times)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();

	while (times-- > 0)
		if (OCSP_request_add0_id(request, OCSP_cert_to_id(hash, about->x509, ca.x509)) == NULL)
			abort();
	return request;
}

static struct bytes request_der(OCSP_REQUEST *request)
{
	uint8_t *der = NULL;
	int len = i2d_OCSP_REQUEST(request, &der);

	OCSP_REQUEST_free(request);
	return (struct bytes){ keep(der), (size_t)len };
}

static void a_request_is_read_with_either_hash(void **state)
{
	const EVP_MD *const hashes[] = { EVP_sha1(), EVP_sha256(), EVP_sha384() };
	static const enum ocsp_hash kinds[] = { OCSP_HASH_SHA1, OCSP_HASH_SHA256, OCSP_HASH_UNKNOWN };
	static const size_t sizes[] = { 20, 32, 48 };
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf.x509);
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct ocsp_request request;

		assert_true(ocsp_request_parse(request_der(ask(hashes[i], &leaf, 1)), &request));
		assert_int_equal(request.count, 1);
		assert_int_equal(request.ids[0].hash, kinds[i]);
		assert_int_equal(request.ids[0].name_hash.len, sizes[i]);
		assert_int_equal(request.ids[0].key_hash.len, sizes[i]);
		assert_int_equal(request.ids[0].serial.len, ASN1_STRING_length(serial));
		assert_memory_equal(request.ids[0].serial.data, ASN1_STRING_get0_data(serial),
				    request.ids[0].serial.len);
		assert_int_equal(request.ids[0].der.data[0], 0x30);
		assert_int_equal(request.nonce.len, 0);
	}
}

static void eight_certificates_can_be_asked_about_and_no_more(void **state)
{
	struct ocsp_request request;

	(void)state;
	assert_true(ocsp_request_parse(request_der(ask(EVP_sha256(), &leaf, 8)), &request));
	assert_int_equal(request.count, 8);
	assert_false(ocsp_request_parse(request_der(ask(EVP_sha1(), &leaf, 9)), &request));
	assert_false(ocsp_request_parse(request_der(ask(EVP_sha1(), &leaf, 0)), &request));
}

static void a_nonce_has_1_to_128_octets(void **state)
{
	static uint8_t octets[200] = { 7, 8, 9 };
	static const struct {
		int len;
		bool good;
	} rows[] = { { 1, true }, { 16, true }, { 32, true }, { 128, true }, { 129, false }, { 200, false } };
	struct ocsp_request request;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		OCSP_REQUEST *made = ask(EVP_sha1(), &leaf, 1);

		OCSP_request_add1_nonce(made, octets, rows[i].len);
		assert_int_equal(ocsp_request_parse(request_der(made), &request), rows[i].good);
		if (rows[i].good) {
			assert_int_equal(request.nonce.len, rows[i].len);
			assert_memory_equal(request.nonce.data, octets, request.nonce.len);
		}
	}
}

static void a_signed_request_is_read_and_its_signature_ignored(void **state)
{
	OCSP_REQUEST *made = ask(EVP_sha1(), &leaf, 1);
	struct ocsp_request request;

	(void)state;
	OCSP_request_set1_name(made, X509_get_subject_name(leaf.x509));
	assert_int_equal(OCSP_request_sign(made, leaf.x509, leaf.key, EVP_sha256(), NULL, 0), 1);
	assert_true(ocsp_request_parse(request_der(made), &request));
	assert_int_equal(request.count, 1);
}

/* A request with one extension of the request as a whole: { OID 1.2.3, critical?, OCTET STRING 05 00 }. */
static struct bytes with_extension(bool critical, bool single)
{
	struct bytes plain = request_der(ask(EVP_sha1(), &leaf, 1));
	static const uint8_t not_critical[] = { 0xa2, 0x0c, 0x30, 0x0a, 0x30, 0x08, 0x06, 0x02,
						0x2a, 0x03, 0x04, 0x02, 0x05, 0x00 };
	static const uint8_t is_critical[] = { 0xa2, 0x0f, 0x30, 0x0d, 0x30, 0x0b, 0x06, 0x02, 0x2a,
					       0x03, 0x01, 0x01, 0xff, 0x04, 0x02, 0x05, 0x00 };
	size_t len = critical ? sizeof(is_critical) : sizeof(not_critical);
	uint8_t *der = keep(malloc(plain.len + len));
	size_t i;

	memcpy(der, plain.data, plain.len);
	memcpy(der + plain.len, critical ? is_critical : not_critical, len);
	/* All lengths are short: 30 L 30 L [30 L 30 L CertID] */
	for (i = 1; i <= (single ? 7 : 3); i += 2)
		der[i] = (uint8_t)(der[i] + len);
	if (single)
		der[plain.len] = 0xa0;
	return (struct bytes){ der, plain.len + len };
}

static void an_unknown_extension_is_no_harm_unless_it_is_critical(void **state)
{
	struct ocsp_request request;

	(void)state;
	assert_true(ocsp_request_parse(with_extension(false, false), &request));
	assert_false(ocsp_request_parse(with_extension(true, false), &request));
}

static struct bytes about_serial(struct bytes serial)
{
	static const uint8_t sha1[] = { 0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a };
	static const uint8_t hash[20];
	CBB cbb, outer, tbs, list, single, id, octets;
	uint8_t *der = NULL;
	size_t len = 0;

	if (!CBB_init(&cbb, 128) || !CBB_add_asn1(&cbb, &outer, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_asn1(&outer, &tbs, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_asn1(&tbs, &list, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_asn1(&list, &single, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_asn1(&single, &id, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_bytes(&id, sha1, sizeof(sha1)) ||
	    !CBB_add_asn1_octet_string(&id, hash, sizeof(hash)) ||
	    !CBB_add_asn1_octet_string(&id, hash, sizeof(hash)) ||
	    !CBB_add_asn1(&id, &octets, CBS_ASN1_INTEGER) ||
	    !CBB_add_bytes(&octets, serial.data, serial.len) || !CBB_finish(&cbb, &der, &len))
		abort();
	return (struct bytes){ keep(der), len };
}

static void a_serial_has_one_form(void **state)
{
	static const struct {
		const char *serial;
		size_t len;
		bool good;
	} rows[] = {
		{ "\x05", 1, true },	      { "\x00\x85", 2, true }, { "\x85", 1, true },
		{ "\x00", 1, true },	      { "", 0, false },		{ "\x00\x05", 2, false },
		{ "\x00\x00\x85", 3, false }, { "\xff\x85", 2, false },
	};
	struct ocsp_request request;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ocsp_request_parse(about_serial((struct bytes){
								    (const uint8_t *)rows[i].serial,
								    rows[i].len }),
						    &request),
				 rows[i].good);
}

static void no_damaged_request_is_taken(void **state)
{
	OCSP_REQUEST *made = ask(EVP_sha1(), &leaf, 2);
	struct ocsp_request request;
	struct bytes der;
	uint8_t *longer;
	size_t i;

	(void)state;
	OCSP_request_add1_nonce(made, NULL, 32);
	der = request_der(made);
	for (i = 0; i < der.len; i++)
		assert_false(ocsp_request_parse((struct bytes){ der.data, i }, &request));
	longer = keep(calloc(1, der.len + 1));
	memcpy(longer, der.data, der.len);
	assert_false(ocsp_request_parse((struct bytes){ longer, der.len + 1 }, &request));
	longer = keep(calloc(1, OCSP_REQUEST_MAX_SIZE + 1));
	assert_false(ocsp_request_parse((struct bytes){ longer, OCSP_REQUEST_MAX_SIZE + 1 }, &request));
}

static void a_path_carries_base64_in_any_dress(void **state)
{
	static const struct {
		const char *text;
		const char *octets;
		size_t len;
	} rows[] = {
		{ "+/8=", "\xfb\xff", 2 },	{ "-_8=", "\xfb\xff", 2 },
		{ "%2B%2F8%3D", "\xfb\xff", 2 }, { "%2b%2f8%3d", "\xfb\xff", 2 },
		{ "+/8", "\xfb\xff", 2 },	{ " /8=", "\xfb\xff", 2 },
		{ "AAEC", "\x00\x01\x02", 3 },	{ "AAEC%41%41%3D%3D", "\x00\x01\x02\x00", 4 },
	};
	static const char *const wrong[] = { "", "=", "%", "%2", "%zz", "AA*A", "AAEC%00", "AA==AA",
					     "AA===", "A" };
	struct buffer der = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ocsp_request_from_path(rows[i].text, &der));
		assert_int_equal(der.len, rows[i].len);
		assert_memory_equal(der.data, rows[i].octets, der.len);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ocsp_request_from_path(wrong[i], &der))
			fail_msg("\"%s\" was taken", wrong[i]);
	buffer_done(&der);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	size_t most = OCSP_REQUEST_MAX_SIZE / 3 * 4;
	char *text = keep(calloc(1, most + 16));
	struct buffer der = { 0 };

	(void)state;
	memset(text, 'A', most + 2);
	assert_true(ocsp_request_from_path(text, &der));
	assert_int_equal(der.len, OCSP_REQUEST_MAX_SIZE);
	memset(text, 'A', most + 4);
	assert_false(ocsp_request_from_path(text, &der));
	buffer_done(&der);
}

/* --- answers --- */

struct world {
	struct certificate *by;
	struct ocsp_request request;
	struct ocsp_answer answers[3];
	struct ocsp_response response;
	OCSP_REQUEST *asked;
	OCSP_BASICRESP *basic;
};

static void world_ask(struct world *world, const EVP_MD *hash)
{
	const uint8_t *at;
	struct bytes der;

	world->asked = ask(hash, &leaf, 1);
	OCSP_request_add0_id(world->asked, OCSP_cert_to_id(hash, other.x509, ca.x509));
	OCSP_request_add0_id(world->asked, OCSP_cert_to_id(hash, signer.x509, ca.x509));
	OCSP_request_add1_nonce(world->asked, NULL, 32);
	der = request_der(world->asked);
	at = der.data;
	world->asked = d2i_OCSP_REQUEST(NULL, &at, (long)der.len);
	assert_true(ocsp_request_parse(der, &world->request));
	assert_int_equal(world->request.count, 3);
}

static void world_answer(struct world *world, const struct made *by, bool is_delegated)
{
	struct buffer der = { 0 };
	OCSP_RESPONSE *response;
	const uint8_t *at;
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < 3; i++)
		world->answers[i].id = world->request.ids[i].der;
	world->answers[1].status = OCSP_REVOKED;
	world->answers[1].revoked_s = NOW - 3600;
	world->answers[1].reason = 1;
	world->answers[2].status = OCSP_UNKNOWN;
	world->by = certificate_parse(by->der, NULL);
	world->response = (struct ocsp_response){
		.signer = world->by, .is_delegated = is_delegated, .key = by->key,
		.produced_at = NOW, .this_update = NOW - 60, .next_update = NOW - 60 + DAY,
		.nonce = world->request.nonce, .answers = world->answers, .count = 3 };
	if (ocsp_response_write(&world->response, &der, &err) < 0)
		fail_msg("%s", err.message);
	at = der.data;
	response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
	assert_non_null(response);
	assert_ptr_equal(at, der.data + der.len);
	assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	world->basic = OCSP_response_get1_basic(response);
	assert_non_null(world->basic);
	OCSP_RESPONSE_free(response);
	buffer_done(&der);
}

static void world_done(struct world *world)
{
	OCSP_REQUEST_free(world->asked);
	OCSP_BASICRESP_free(world->basic);
	certificate_free(world->by);
}

static int status_of(struct world *world, int i, int *ret_reason, int64_t *ret_when)
{
	ASN1_GENERALIZEDTIME *when = NULL, *this_update, *next_update;
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(world->asked, i));
	int64_t read = 0;
	int status;

	assert_int_equal(OCSP_resp_find_status(world->basic, id, &status, ret_reason, &when,
					       &this_update, &next_update), 1);
	assert_int_equal(ASN1_TIME_to_posix(this_update, &read), 1);
	assert_int_equal(read, NOW - 60);
	assert_int_equal(ASN1_TIME_to_posix(next_update, &read), 1);
	assert_int_equal(read, NOW - 60 + DAY);
	if (when != NULL)
		assert_int_equal(ASN1_TIME_to_posix(when, ret_when), 1);
	return status;
}

static void check_answer(const EVP_MD *hash, const struct made *by, bool is_delegated)
{
	STACK_OF(X509) *known = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	struct world world = { 0 };
	int64_t when = 0;
	int reason = -1;

	world_ask(&world, hash);
	world_answer(&world, by, is_delegated);
	if (!is_delegated)
		sk_X509_push(known, by->x509);
	assert_int_equal(OCSP_check_nonce(world.asked, world.basic), 1);
	assert_int_equal(OCSP_basic_verify(world.basic, known, store, OCSP_NOVERIFY), 1);
	assert_int_equal(status_of(&world, 0, &reason, &when), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(status_of(&world, 1, &reason, &when), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 1);
	assert_int_equal(when, NOW - 3600);
	assert_int_equal(status_of(&world, 2, &reason, &when), V_OCSP_CERTSTATUS_UNKNOWN);
	sk_X509_free(known);
	X509_STORE_free(store);
	world_done(&world);
}

static void answers_are_read_as_they_were_meant(void **state)
{
	struct made rsa = make((struct order){ .subject = "CN=CA", .key_type = KEY_RSA_2048,
					       .constraints = "critical,CA:TRUE" });

	(void)state;
	check_answer(EVP_sha1(), &ca, false);
	check_answer(EVP_sha256(), &ca, false);
	check_answer(EVP_sha1(), &signer, true);
	check_answer(EVP_sha256(), &signer, true);
	check_answer(EVP_sha1(), &rsa, false);
}

static void an_answer_without_nonce_has_none(void **state)
{
	struct world world = { 0 };

	(void)state;
	world_ask(&world, EVP_sha1());
	world.request.nonce = (struct bytes){ NULL, 0 };
	world_answer(&world, &ca, false);
	/* -1: in the request only */
	assert_int_equal(OCSP_check_nonce(world.asked, world.basic), -1);
	world_done(&world);
}

static void a_refusal_is_five_octets(void **state)
{
	static const struct {
		enum ocsp_refusal refusal;
		uint8_t der[5];
	} rows[] = { { OCSP_MALFORMED_REQUEST, { 0x30, 3, 0x0a, 1, 1 } },
		     { OCSP_INTERNAL_ERROR, { 0x30, 3, 0x0a, 1, 2 } },
		     { OCSP_TRY_LATER, { 0x30, 3, 0x0a, 1, 3 } },
		     { OCSP_UNAUTHORIZED, { 0x30, 3, 0x0a, 1, 6 } } };
	struct buffer der = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ocsp_response_refuse(rows[i].refusal, &der);
		assert_int_equal(der.len, 5);
		assert_memory_equal(der.data, rows[i].der, 5);
	}
	buffer_done(&der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_with_either_hash),
		cmocka_unit_test(eight_certificates_can_be_asked_about_and_no_more),
		cmocka_unit_test(a_nonce_has_1_to_128_octets),
		cmocka_unit_test(a_signed_request_is_read_and_its_signature_ignored),
		cmocka_unit_test(an_unknown_extension_is_no_harm_unless_it_is_critical),
		cmocka_unit_test(a_serial_has_one_form),
		cmocka_unit_test(no_damaged_request_is_taken),
		cmocka_unit_test(a_path_carries_base64_in_any_dress),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test(answers_are_read_as_they_were_meant),
		cmocka_unit_test(an_answer_without_nonce_has_none),
		cmocka_unit_test(a_refusal_is_five_octets),
	};

	return cmocka_run_group_tests(tests, make_family, NULL);
}
