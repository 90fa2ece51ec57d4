/* Forms, the two signatures of requests (the vendor's documented examples), nonces, buckets, statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/answer.h"
#include "api/form.h"
#include "api/nonces.h"
#include "api/signature.h"
#include "api/throttle.h"

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static json_t *decode(const char *text)
{
	json_t *object = json_object();
	struct error err;

	if (form_decode(bytes_of(text), object, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return object;
}

/* --- forms --- */

static void a_form_is_taken_apart(void **state)
{
	json_t *form = decode("a=1&b=%C3%BC+x%2B&c=&d&&e=a=b");

	(void)state;
	assert_int_equal(json_object_size(form), 5);
	assert_string_equal(json_string_value(json_object_get(form, "a")), "1");
	assert_string_equal(json_string_value(json_object_get(form, "b")), "\xc3\xbc x+");
	assert_string_equal(json_string_value(json_object_get(form, "c")), "");
	assert_string_equal(json_string_value(json_object_get(form, "d")), "");
	assert_string_equal(json_string_value(json_object_get(form, "e")), "a=b");
	json_decref(form);
}

static void a_form_that_means_nothing_certain_is_refused(void **state)
{
	static const struct {
		const char *text, *symbol;
	} forms[] = { { "a=%", "InvalidParameter" },	 { "a=%4", "InvalidParameter" },
		      { "a=%zz", "InvalidParameter" },	 { "a=%00", "InvalidParameter" },
		      { "a=%ff", "InvalidParameter" },	 { "%ff=a", "InvalidParameter" },
		      { "a=1&a=2", "DuplicatedParam.a" } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		json_t *object = json_object();
		struct error err = { 0 };

		assert_int_equal(form_decode(bytes_of(forms[i].text), object, &err), -1);
		assert_string_equal(err.symbol, forms[i].symbol);
		json_decref(object);
	}
}

static void the_same_value_twice_is_one_value(void **state)
{
	json_t *form = decode("a=1&a=1");

	(void)state;
	assert_int_equal(json_object_size(form), 1);
	json_decref(form);
}

static void a_form_has_an_end(void **state)
{
	struct buffer text = { 0 };
	json_t *object = json_object();
	struct error err = { 0 };
	int i;

	(void)state;
	for (i = 0; i <= FORM_COUNT_MAX; i++)
		buffer_printf(&text, "a%d=&", i);
	assert_int_equal(form_decode(buffer_bytes(&text), object, &err), -1);
	buffer_done(&text);
	json_decref(object);
}

static void all_but_a_few_characters_are_escaped(void **state)
{
	struct buffer text = { 0 };

	(void)state;
	form_escape("aZ9-_.~ *+/\xc3\xbc!'()", &text);
	buffer_append(&text, "", 1);
	assert_string_equal((const char *)text.data, "aZ9-_.~%20%2A%2B%2F%C3%BC%21%27%28%29");
	buffer_done(&text);
}

/* --- HMAC-SHA1 --- */

#define V1_EXAMPLE \
	"AccessKeyId=testid&Action=DescribeRegions&Format=XML&SignatureMethod=HMAC-SHA1&" \
	"SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&SignatureVersion=1.0&" \
	"Timestamp=2016-02-23T12%3A46%3A24Z&Version=2014-05-26"
#define V1_SIGNATURE "OLeaidS1JvxuMvnyHOwuJ+uX5qY="

static void the_documented_request_has_its_documented_signature(void **state)
{
	json_t *parameters = decode(V1_EXAMPLE "&Signature=ignored");
	struct buffer text = { 0 };

	(void)state;
	signature_v1_text("GET", parameters, &text);
	buffer_append(&text, "", 1);
	assert_non_null(strstr((const char *)text.data, "Timestamp%3D2016-02-23T12%253A46%253A24Z"));
	assert_true(signature_v1_is_good("GET", parameters, "testsecret", V1_SIGNATURE));
	buffer_done(&text);
	json_decref(parameters);
}

static void whatever_differs_makes_another_signature(void **state)
{
	json_t *parameters = decode(V1_EXAMPLE), *more = decode(V1_EXAMPLE "&X=");

	(void)state;
	assert_false(signature_v1_is_good("POST", parameters, "testsecret", V1_SIGNATURE));
	assert_false(signature_v1_is_good("GET", parameters, "testsecreT", V1_SIGNATURE));
	assert_false(signature_v1_is_good("GET", more, "testsecret", V1_SIGNATURE));
	assert_false(signature_v1_is_good("GET", parameters, "testsecret", ""));
	assert_false(signature_v1_is_good("GET", parameters, "testsecret", V1_SIGNATURE "="));
	assert_false(signature_v1_is_good("GET", parameters, "testsecret",
					  "oLeaidS1JvxuMvnyHOwuJ+uX5qY="));
	json_decref(parameters);
	json_decref(more);
}

/* --- ACS3-HMAC-SHA256 --- */

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ACS3_HEADERS \
	"host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
#define ACS3_EXAMPLE \
	"ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=" ACS3_HEADERS \
	",Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"

static const char *header(void *arg, const char *name)
{
	static const char *const headers[][2] = {
		{ "host", "ecs.cn-shanghai.aliyuncs.com" },
		{ "x-acs-action", " RunInstances " },
		{ "x-acs-content-sha256", EMPTY_HASH },
		{ "x-acs-date", "2023-10-26T10:22:32Z" },
		{ "x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d" },
		{ "x-acs-version", "2014-05-26" },
	};
	const char *other_host = arg;
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (strcmp(headers[i][0], name) == 0)
			return i == 0 && other_host != NULL ? other_host : headers[i][1];
	}
	return NULL;
}

static bool is_good(const char *authorization, const char *query_text, const char *method,
		    const char *host)
{
	json_t *query = decode(query_text);
	struct signature_request request = { method, "/", query, header, (void *)(uintptr_t)host };
	struct signature_acs3 parts;
	struct error err;
	bool good = signature_acs3_parse(authorization, &parts, &err) == 0 &&
		    signature_acs3_is_good(&parts, &request, "YourAccessKeySecret");

	json_decref(query);
	return good;
}

#define ACS3_QUERY \
	"RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"

static void the_documented_acs3_request_has_its_documented_signature(void **state)
{
	(void)state;
	assert_true(is_good(ACS3_EXAMPLE, ACS3_QUERY, "POST", NULL));
	assert_false(is_good(ACS3_EXAMPLE, ACS3_QUERY, "GET", NULL));
	assert_false(is_good(ACS3_EXAMPLE, ACS3_QUERY "&A=b", "POST", NULL));
	assert_false(is_good(ACS3_EXAMPLE, "RegionId=cn-shanghai", "POST", NULL));
	assert_false(is_good(ACS3_EXAMPLE, ACS3_QUERY, "POST", "evil.example"));
}

static void an_authorization_header_must_be_whole(void **state)
{
	static const struct {
		const char *text, *symbol;
	} headers[] = {
		{ "ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=c", "InvalidSignatureMethod" },
		{ "ACS3-HMAC-SHA256 ", "IncompleteSignature" },
		{ "ACS3-HMAC-SHA256 Credential=a", "IncompleteSignature" },
		{ "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00", "IncompleteSignature" },
		{ "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=00", "IncompleteSignature" },
		{ "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=zz" EMPTY_HASH,
		  "IncompleteSignature" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct signature_acs3 parts;
		struct error err = { 0 };

		assert_int_equal(signature_acs3_parse(headers[i].text, &parts, &err), -1);
		assert_string_equal(err.symbol, headers[i].symbol);
	}
}

static void what_is_acted_upon_must_be_signed(void **state)
{
	struct signature_acs3 parts = { .headers = ACS3_HEADERS };

	(void)state;
	assert_true(signature_acs3_covers(&parts));
	snprintf(parts.headers, sizeof(parts.headers), "%s",
		 "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce");
	assert_false(signature_acs3_covers(&parts));
	snprintf(parts.headers, sizeof(parts.headers), "%s",
		 "x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version");
	assert_false(signature_acs3_covers(&parts));
}

static void a_body_is_held_against_its_hash(void **state)
{
	(void)state;
	assert_true(signature_body_is((struct bytes){ 0 }, EMPTY_HASH));
	assert_false(signature_body_is(bytes_of("x"), EMPTY_HASH));
	assert_false(signature_body_is((struct bytes){ 0 }, "e3b0"));
	assert_false(signature_body_is((struct bytes){ 0 }, ""));
}

static void time_stamps_have_one_form(void **state)
{
	static const char *const bad[] = { "",
					   "2016-02-23T12:46:24",
					   "2016-02-23 12:46:24Z",
					   "2016-13-23T12:46:24Z",
					   "2016-02-23T24:46:24Z",
					   "2016-02-23T12:46:24+",
					   "20160-2-23T12:46:24Z",
					   "2016-02-23T12:46:24ZZ" };
	int64_t time = 0;
	size_t i;

	(void)state;
	assert_true(signature_parse_time("2016-02-23T12:46:24Z", &time));
	assert_int_equal(time, 1456231584);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(signature_parse_time(bad[i], &time));
}

/* --- nonces --- */

static void a_nonce_is_good_once(void **state)
{
	struct nonces *nonces = nonces_new(10);

	(void)state;
	assert_int_equal(nonces_take(nonces, "a", "n", 1000, 1900), NONCE_NEW);
	assert_int_equal(nonces_take(nonces, "a", "n", 1000, 1900), NONCE_SEEN);
	assert_int_equal(nonces_take(nonces, "a", "n", 1899, 2799), NONCE_SEEN);
	assert_int_equal(nonces_take(nonces, "b", "n", 1000, 1900), NONCE_NEW);
	assert_int_equal(nonces_take(nonces, "a", "m", 1000, 1900), NONCE_NEW);
	nonces_free(nonces);
}

static void nonces_that_no_time_stamp_fits_any_more_make_room(void **state)
{
	struct nonces *nonces = nonces_new(3);

	(void)state;
	assert_int_equal(nonces_take(nonces, "a", "1", 1000, 1100), NONCE_NEW);
	assert_int_equal(nonces_take(nonces, "a", "2", 1000, 1900), NONCE_NEW);
	assert_int_equal(nonces_take(nonces, "a", "3", 1000, 2800), NONCE_NEW);
	assert_int_equal(nonces_take(nonces, "a", "4", 1000, 1900), NONCE_FULL);
	assert_int_equal(nonces_take(nonces, "a", "2", 1000, 1900), NONCE_SEEN);
	assert_int_equal(nonces_take(nonces, "a", "4", 1200, 2100), NONCE_NEW);
	assert_int_equal(nonces_take(nonces, "a", "5", 1200, 2100), NONCE_FULL);
	assert_int_equal(nonces_take(nonces, "a", "5", 5000, 5900), NONCE_NEW);
	assert_int_equal(nonces_take(nonces, "a", "6", 5000, 5900), NONCE_NEW);
	nonces_free(nonces);
}

static void many_nonces_come_and_go(void **state)
{
	struct nonces *nonces = nonces_new(1000);
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		int64_t now = 1000 + i * 3;

		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(nonces_take(nonces, "a", name, now, now + 900), NONCE_NEW);
		assert_int_equal(nonces_take(nonces, "a", name, now, now + 900), NONCE_SEEN);
	}
	nonces_free(nonces);
}

/* --- buckets --- */

static void a_source_that_comes_too_often_waits(void **state)
{
	struct throttle *throttle = throttle_new(2, 3);

	(void)state;
	assert_true(throttle_take(throttle, "a", 1000));
	assert_true(throttle_take(throttle, "a", 1000));
	assert_true(throttle_take(throttle, "a", 1000));
	assert_false(throttle_take(throttle, "a", 1000));
	assert_true(throttle_take(throttle, "b", 1000));
	assert_false(throttle_take(throttle, "a", 1499));
	assert_true(throttle_take(throttle, "a", 1500));
	assert_false(throttle_take(throttle, "a", 1500));
	throttle_free(throttle);
}

static void an_ipv6_network_has_one_bucket(void **state)
{
	struct throttle *throttle = throttle_new(1, 1);

	(void)state;
	assert_true(throttle_take(throttle, "2001:db8::1", 1000));
	assert_false(throttle_take(throttle, "2001:db8::2", 1000));
	assert_true(throttle_take(throttle, "2001:db8:0:1::1", 1000));
	throttle_free(throttle);
}

static void a_bucket_never_holds_more_than_its_burst(void **state)
{
	struct throttle *throttle = throttle_new(100, 2);

	(void)state;
	assert_true(throttle_take(throttle, "a", 0));
	assert_true(throttle_take(throttle, "a", 100000));
	assert_true(throttle_take(throttle, "a", 100000));
	assert_false(throttle_take(throttle, "a", 100000));
	throttle_free(throttle);
}

/* --- statuses --- */

static unsigned int status_of(enum error_code code, const char *symbol)
{
	struct error err = { .code = code };

	error_symbol(&err, symbol);
	return answer_status(&err);
}

static void each_error_has_the_status_that_clients_expect(void **state)
{
	(void)state;
	assert_int_equal(status_of(ERROR_NOT_FOUND, "ResourceNotFound.listener"), 404);
	assert_int_equal(status_of(ERROR_NOT_FOUND, "ResourceNotFound.Certificate"), 400);
	assert_int_equal(status_of(ERROR_CONFLICT, "Conflict.Revision"), 409);
	assert_int_equal(status_of(ERROR_CONFLICT, "Conflict.Port"), 400);
	assert_int_equal(status_of(ERROR_LIMIT, "InsufficientStorage"), 507);
	assert_int_equal(status_of(ERROR_UNAVAILABLE, "ServiceUnavailable"), 503);
	assert_int_equal(status_of(ERROR_LIMIT, "QuotaExceeded.servers"), 400);
	assert_int_equal(status_of(ERROR_DENIED, "Forbidden.NoPermission"), 403);
	assert_int_equal(status_of(ERROR_DENIED, "OperationDenied.DeletionProtectionEnabled"), 400);
	assert_int_equal(status_of(ERROR_LIMIT, "Throttling"), 429);
	assert_int_equal(status_of(ERROR_INVALID, "InvalidAccessKeyId.NotFound"), 404);
	assert_int_equal(status_of(ERROR_INVALID, "InvalidAccessKeyId.Inactive"), 400);
	assert_int_equal(status_of(ERROR_INVALID, "DryRunOperation"), 400);
	assert_int_equal(status_of(ERROR_INVALID, "IllegalParam.Port"), 400);
	assert_int_equal(status_of(ERROR_SYSTEM, ""), 500);
	assert_int_equal(status_of(ERROR_UNAVAILABLE, ""), 503);
	assert_int_equal(status_of(ERROR_NOT_FOUND, ""), 404);
}

static void an_error_has_a_body_that_sdks_read(void **state)
{
	struct error err;
	json_t *body;

	(void)state;
	error_set(&err, ERROR_INVALID, "Port: 0 is out of range");
	error_symbol(&err, "IllegalParam.Port");
	error_hint(&err, "Use another.");
	error_place(&err, "Servers.1.Port");
	body = answer_error(&err, "ID", NULL);
	assert_string_equal(json_string_value(json_object_get(body, "RequestId")), "ID");
	assert_string_equal(json_string_value(json_object_get(body, "Code")), "IllegalParam.Port");
	assert_string_equal(json_string_value(json_object_get(body, "Message")),
			    "Port: 0 is out of range");
	assert_string_equal(json_string_value(json_object_get(body, "Recommend")), "Use another.");
	assert_string_equal(json_string_value(json_object_get(body, "Field")), "Servers.1.Port");
	assert_string_equal(json_string_value(json_object_get(body, "HostId")), "sallyport");
	json_decref(body);
}

static void a_message_cut_within_a_character_is_still_said(void **state)
{
	struct error err = { .code = ERROR_INVALID, .message = "f\xc3\xbcr \xc3" };
	json_t *body;

	(void)state;
	body = answer_error(&err, "ID", "h\xff");
	assert_string_equal(json_string_value(json_object_get(body, "Message")), "f\xc3\xbcr ");
	assert_string_equal(json_string_value(json_object_get(body, "HostId")), "h");
	json_decref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_is_taken_apart),
		cmocka_unit_test(a_form_that_means_nothing_certain_is_refused),
		cmocka_unit_test(the_same_value_twice_is_one_value),
		cmocka_unit_test(a_form_has_an_end),
		cmocka_unit_test(all_but_a_few_characters_are_escaped),
		cmocka_unit_test(the_documented_request_has_its_documented_signature),
		cmocka_unit_test(whatever_differs_makes_another_signature),
		cmocka_unit_test(the_documented_acs3_request_has_its_documented_signature),
		cmocka_unit_test(an_authorization_header_must_be_whole),
		cmocka_unit_test(what_is_acted_upon_must_be_signed),
		cmocka_unit_test(a_body_is_held_against_its_hash),
		cmocka_unit_test(time_stamps_have_one_form),
		cmocka_unit_test(a_nonce_is_good_once),
		cmocka_unit_test(nonces_that_no_time_stamp_fits_any_more_make_room),
		cmocka_unit_test(many_nonces_come_and_go),
		cmocka_unit_test(a_source_that_comes_too_often_waits),
		cmocka_unit_test(an_ipv6_network_has_one_bucket),
		cmocka_unit_test(a_bucket_never_holds_more_than_its_burst),
		cmocka_unit_test(each_error_has_the_status_that_clients_expect),
		cmocka_unit_test(an_error_has_a_body_that_sdks_read),
		cmocka_unit_test(a_message_cut_within_a_character_is_still_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
