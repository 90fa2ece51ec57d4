/* What the command line compares and writes: values of a manifest, differences, base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/apply.h"
#include "cli/base64.h"
#include "cli/flags.h"
#include "cli/listing.h"
#include "cli/manifest_values.h"
#include "model/fields.h"

static struct model_listener new_listener(void)
{
	struct model_listener listener = { 0 };

	resource_init(&listener_resource, &listener);
	listener.port = 443;
	listener.protocol = MODEL_TCPSSL;
	listener.load_balancer = memory_copy_string("edge");
	return listener;
}

static void a_listener_of_defaults_is_what_was_said(void **state)
{
	struct model_listener listener = new_listener();
	json_t *values = manifest_values(&listener_resource, &listener, false);

	(void)state;
	assert_int_equal(json_object_size(values), 3);
	assert_string_equal(json_string_value(json_object_get(values, "LoadBalancer")), "edge");
	assert_string_equal(json_string_value(json_object_get(values, "ListenerProtocol")), "TCPSSL");
	assert_int_equal(json_integer_value(json_object_get(values, "ListenerPort")), 443);
	json_decref(values);
	resource_done(&listener_resource, &listener);
}

static void with_defaults_everything_that_has_one_is_there(void **state)
{
	struct model_listener listener = new_listener();
	json_t *values = manifest_values(&listener_resource, &listener, true);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(values, "IdleTimeout")), 900);
	assert_true(json_is_false(json_object_get(values, "CaEnabled")));
	assert_string_equal(json_string_value(json_object_get(values, "CaMode")), "Required");
	assert_null(json_object_get(values, "AlpnPolicy"));
	assert_null(json_object_get(values, "StartPort"));
	assert_null(json_object_get(values, "ListenerDescription"));
	assert_true(json_is_object(json_object_get(values, "MaxHandshakesPerSource")));
	json_decref(values);
	resource_done(&listener_resource, &listener);
}

/* --- differences --- */

static size_t differences(const char *wanted, const char *present)
{
	json_t *left = json_loads(wanted, 0, NULL), *right = json_loads(present, 0, NULL);
	json_t *changes = json_array();
	size_t count;

	assert_non_null(left);
	assert_non_null(right);
	apply_compare(left, right, "", changes);
	count = json_array_size(changes);
	json_decref(left);
	json_decref(right);
	json_decref(changes);
	return count;
}

static void what_is_the_same_is_no_change(void **state)
{
	(void)state;
	assert_int_equal(differences("{\"A\": 1, \"B\": [\"x\", \"y\"]}",
				     "{\"A\": 1, \"B\": [\"y\", \"x\"], \"C\": 5}"), 0);
	assert_int_equal(differences("{\"Ip\": \"fd00:1::13\"}", "{\"Ip\": \"FD00:1:0::13\"}"), 0);
	assert_int_equal(differences("{\"Cps\": 0, \"On\": false, \"L\": []}", "{}"), 0);
	assert_int_equal(differences("{\"M\": {\"Open\": 0}}", "{}"), 0);
}

static void what_differs_is_a_change_each(void **state)
{
	(void)state;
	assert_int_equal(differences("{\"A\": 1, \"B\": \"x\"}", "{\"A\": 2, \"B\": \"y\"}"), 2);
	assert_int_equal(differences("{\"L\": [\"x\"]}", "{\"L\": [\"x\", \"y\"]}"), 1);
	assert_int_equal(differences("{\"Ciphers\": [\"a\", \"b\"]}", "{\"Ciphers\": [\"b\", \"a\"]}"),
			 1);
	assert_int_equal(differences("{\"H\": {\"X\": 1, \"Y\": 2}}", "{\"H\": {\"X\": 3, \"Y\": 4}}"),
			 2);
	assert_int_equal(differences("{\"On\": true}", "{}"), 1);
	assert_int_equal(differences("{\"On\": false}", "{\"On\": true}"), 1);
}

static void only_some_properties_can_change_later(void **state)
{
	(void)state;
	assert_true(apply_can_change(RUNNING_GROUPS, "Scheduler"));
	assert_true(apply_can_change(RUNNING_GROUPS, "HealthCheckConfig.HealthCheckUrl"));
	assert_true(apply_can_change(RUNNING_BALANCERS, "ZoneMappings"));
	assert_true(apply_can_change(RUNNING_LISTENERS, "ListenerStatus"));
	assert_false(apply_can_change(RUNNING_GROUPS, "AnyPortEnabled"));
	assert_false(apply_can_change(RUNNING_LISTENERS, "ListenerProtocol"));
}

static void members_that_no_manifest_has_are_left_out(void **state)
{
	json_t *row = json_loads("{\"ServerIp\": \"192.0.2.1\", \"Port\": 80, \"Status\": \"Available\","
				 " \"Revision\": 7, \"Description\": null}", 0, NULL);
	json_t *values = manifest_filter(&server_resource, row);

	(void)state;
	assert_int_equal(json_object_size(values), 2);
	json_decref(values);
	json_decref(row);
}

/* --- small things --- */

static void base64_of_any_length_is_read(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg==", "foob" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct buffer bytes = { 0 };

		assert_true(base64_decode(pairs[i][0], &bytes));
		assert_int_equal(bytes.len, strlen(pairs[i][1]));
		if (bytes.len > 0)
			assert_memory_equal(bytes.data, pairs[i][1], bytes.len);
		buffer_done(&bytes);
	}
}

static void what_is_no_base64_is_refused(void **state)
{
	static const char *const wrong[] = { "Z", "Zg=", "Zg===", "Z===", "Zm9v!", "Zm 9", "=Zm9" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buffer bytes = { 0 };

		assert_false(base64_decode(wrong[i], &bytes));
		buffer_done(&bytes);
	}
}

static void options_are_read_in_all_their_forms(void **state)
{
	const char *file = NULL;
	bool dry = false;
	struct argument_list crls = { .count = 0 };
	const struct argument_option known[] = { { .name = "f", .text = &file },
						 { .name = "dry-run", .given = &dry },
						 { .name = "crl", .list = &crls },
						 { .name = NULL } };
	char *words[] = { (char *)"apply", (char *)"-f", (char *)"x", (char *)"--dry-run",
			  (char *)"--crl=a", (char *)"--crl", (char *)"b", (char *)"--json",
			  (char *)"--", (char *)"-word", NULL };
	struct arguments arguments;

	(void)state;
	assert_int_equal(arguments_parse(10, words, known, &arguments), 0);
	assert_string_equal(file, "x");
	assert_true(dry && arguments.json && !arguments.help);
	assert_int_equal(crls.count, 2);
	assert_string_equal(crls.items[1], "b");
	assert_int_equal(arguments.word_count, 1);
	assert_string_equal(arguments.words[0], "-word");
}

static void unknown_options_and_missing_values_are_refused(void **state)
{
	static const char *const wrong[] = { "--frob", "-x", "--data-dir", "--json=yes", "--f" };
	const char *file = NULL;
	const struct argument_option known[] = { { .name = "f", .text = &file }, { .name = NULL } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *words[] = { (char *)"apply", (char *)(uintptr_t)wrong[i], NULL };
		struct arguments arguments;

		assert_int_equal(arguments_parse(2, words, known, &arguments), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_of_defaults_is_what_was_said),
		cmocka_unit_test(with_defaults_everything_that_has_one_is_there),
		cmocka_unit_test(what_is_the_same_is_no_change),
		cmocka_unit_test(what_differs_is_a_change_each),
		cmocka_unit_test(only_some_properties_can_change_later),
		cmocka_unit_test(members_that_no_manifest_has_are_left_out),
		cmocka_unit_test(base64_of_any_length_is_read),
		cmocka_unit_test(what_is_no_base64_is_refused),
		cmocka_unit_test(options_are_read_in_all_their_forms),
		cmocka_unit_test(unknown_options_and_missing_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
