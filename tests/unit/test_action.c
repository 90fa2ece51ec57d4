/* The parameters of an action: flattened or typed, checked against the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "action/action.h"
#include "action/flatten.h"

static const struct field_word colours[] = { { "Red", 0, NULL },
					     { "Green", 1, NULL },
					     { "Blue", 2, "blue is sold out" },
					     { NULL, 0, NULL } };
static const struct parameter paint_parameters[] = {
	OWN("Name", PARAMETER_REQUIRED, TEXT_OF(2, 8), HELP("A name.")),
	OWN("Colour", 0, WORD_OF(colours), HELP("A colour.")),
	OWN("Litres", 0, INTEGER_OF(1, 100), HELP("How much.")),
	OWN("Matt", 0, BOOLEAN, HELP("Not shiny.")),
	OWN("Rooms", 0, TEXTS_OF(1, 3), HELP("Where.")),
	OWN("Labels", PARAMETER_QUOTED, TEXTS_OF(1, 3), HELP("Labels.")),
	OWN("Secret", PARAMETER_SECRET, TEXT_OF(4, 8), HELP("Known to few.")),
	OWN("Letter", PARAMETER_MULTILINE, TEXT_OF(1, 400), HELP("Several lines.")),
	OWN("Note", 0, TEXT_OF(0, 20), HELP("May be empty.")),
	LIKE(server_group_resource, "PreserveClientIpEnabled", 0),
	LIKE(server_group_resource, "HealthCheckConfig", 0),
	LIKE(server_group_resource, "Servers", 0),
	LIKE(listener_resource, "ProxyProtocolV2Config", 0),
	LIKE(listener_resource, "MaxHandshakesPerSource", PARAMETER_OURS),
	LIKE_AS("Balance", server_group_resource, "Scheduler", 0),
	LIKE(load_balancer_resource, "BandwidthPackageId", PARAMETER_IGNORED),
	LIKE_AS("Bandwidth", load_balancer_resource, "BandwidthPackageId", 0),
	TAG_PARAMETER,
};
static const struct action paint = { "Paint", RIGHT_OPERATE, ACTION_WRITES,
				     PARAMETERS(paint_parameters), "JobId", "Paints." };
static const struct action look = { "Look", RIGHT_READ, 0, PARAMETERS(paint_parameters), "Jobs[]",
				    "Looks." };

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);

	if (value == NULL)
		fail_msg("%s: %s", text, error.text);
	return value;
}

static json_t *validate(const struct action *action, const char *raw, bool strict,
			struct error *err)
{
	json_t *given = parse(raw), *checked;

	memset(err, 0, sizeof(*err));
	checked = action_validate(action, given, strict, err);
	json_decref(given);
	return checked;
}

static void accepts(bool strict, const char *raw, const char *wanted)
{
	struct error err;
	json_t *checked = validate(&paint, raw, strict, &err), *expected = parse(wanted);

	if (checked == NULL)
		fail_msg("%s: %s", raw, err.message);
	if (!json_equal(checked, expected))
		fail_msg("%s: %s", raw, json_dumps(checked, JSON_SORT_KEYS));
	json_decref(checked);
	json_decref(expected);
}

static void refuses(bool strict, const char *raw, const char *symbol, const char *place)
{
	struct error err;
	json_t *checked = validate(&paint, raw, strict, &err);

	if (checked != NULL)
		fail_msg("%s was accepted", raw);
	assert_string_equal(err.symbol, symbol);
	assert_string_equal(err.place, place);
	assert_int_equal(err.code, ERROR_INVALID);
}

static void texts_become_typed_values(void **state)
{
	(void)state;
	accepts(false, "{\"Name\":\"wall\",\"Litres\":\"12\",\"Matt\":\"TRUE\",\"Colour\":\"green\"}",
		"{\"Name\":\"wall\",\"Litres\":12,\"Matt\":true,\"Colour\":\"Green\"}");
	accepts(false, "{\"Name\":\"wall\",\"Matt\":\"0\",\"Balance\":\"wlc\"}",
		"{\"Name\":\"wall\",\"Matt\":false,\"Balance\":\"Wlc\"}");
}

static void dotted_names_become_lists_and_objects(void **state)
{
	(void)state;
	accepts(false,
		"{\"Name\":\"wall\",\"Rooms.2\":\"b\",\"Rooms.1\":\"a\",\"Tag.1.Key\":\"k\","
		"\"Tag.1.Value\":\"v\",\"Servers.1.ServerId\":\"s\",\"Servers.1.Port\":\"80\","
		"\"Servers.10.ServerIp\":\"10.0.0.1\"}",
		"{\"Name\":\"wall\",\"Rooms\":[\"a\",\"b\"],\"Tag\":[{\"Key\":\"k\",\"Value\":\"v\"}],"
		"\"Servers\":[{\"ServerId\":\"s\",\"Port\":80},{\"ServerIp\":\"10.0.0.1\"}]}");
	accepts(false,
		"{\"Name\":\"wall\",\"HealthCheckConfig.HealthCheckEnabled\":\"true\","
		"\"HealthCheckConfig.HealthCheckHttpCode.1\":\"HTTP_2xx\"}",
		"{\"Name\":\"wall\",\"HealthCheckConfig\":{\"HealthCheckEnabled\":true,"
		"\"HealthCheckHttpCode\":[\"http_2xx\"]}}");
}

static void objects_and_lists_may_come_as_json_in_a_text(void **state)
{
	(void)state;
	accepts(false,
		"{\"Name\":\"wall\",\"ProxyProtocolV2Config\":\"{\\\"Ppv2VpcIdEnabled\\\":true}\","
		"\"Rooms\":\"[\\\"a\\\"]\"}",
		"{\"Name\":\"wall\",\"ProxyProtocolV2Config\":{\"Ppv2VpcIdEnabled\":true},"
		"\"Rooms\":[\"a\"]}");
	accepts(false, "{\"Name\":\"wall\",\"Labels\":\"a, b ,c\"}",
		"{\"Name\":\"wall\",\"Labels\":[\"a\",\"b\",\"c\"]}");
	refuses(false, "{\"Name\":\"wall\",\"ProxyProtocolV2Config\":\"{\"}",
		"IllegalParam.ProxyProtocolV2Config", "ProxyProtocolV2Config");
	refuses(false, "{\"Name\":\"wall\",\"Rooms\":\"a,b\"}", "IllegalParam.Rooms", "Rooms");
	refuses(true, "{\"Name\":\"wall\",\"ProxyProtocolV2Config\":\"{}\"}",
		"IllegalParam.ProxyProtocolV2Config", "ProxyProtocolV2Config");
}

static void a_number_or_an_object_may_be_meant(void **state)
{
	(void)state;
	accepts(true, "{\"Name\":\"wall\",\"MaxHandshakesPerSource\":5}",
		"{\"Name\":\"wall\",\"MaxHandshakesPerSource\":5}");
	accepts(false, "{\"Name\":\"wall\",\"MaxHandshakesPerSource.Open\":\"5\"}",
		"{\"Name\":\"wall\",\"MaxHandshakesPerSource\":{\"Open\":5}}");
	refuses(true, "{\"Name\":\"wall\",\"MaxHandshakesPerSource\":[]}",
		"IllegalParam.MaxHandshakesPerSource", "MaxHandshakesPerSource");
}

static void typed_values_must_have_their_types(void **state)
{
	(void)state;
	accepts(true, "{\"Name\":\"wall\",\"Litres\":3.0,\"Matt\":false,\"Rooms\":[\"a\"]}",
		"{\"Name\":\"wall\",\"Litres\":3,\"Matt\":false,\"Rooms\":[\"a\"]}");
	refuses(true, "{\"Name\":\"wall\",\"Litres\":null}", "IllegalParam.Litres", "Litres");
	refuses(true, "{\"Name\":\"wall\",\"Litres\":\"3\"}", "IllegalParam.Litres", "Litres");
	refuses(true, "{\"Name\":\"wall\",\"Litres\":3.5}", "IllegalParam.Litres", "Litres");
	refuses(true, "{\"Name\":\"wall\",\"Litres\":1e300}", "IllegalParam.Litres", "Litres");
	refuses(true, "{\"Name\":\"wall\",\"Matt\":\"true\"}", "IllegalParam.Matt", "Matt");
	refuses(true, "{\"Name\":7}", "IllegalParam.Name", "Name");
	refuses(true, "{\"Name\":\"wall\",\"Rooms\":{\"1\":\"a\"}}", "IllegalParam.Rooms", "Rooms");
	refuses(true, "{\"Name\":\"wall\",\"Rooms\":[1]}", "IllegalParam.Rooms", "Rooms.1");
	refuses(true, "{\"Name\":\"wall\",\"Servers\":[5]}", "IllegalParam.Servers", "Servers.1");
}

static void what_is_out_of_range_is_refused_with_its_place(void **state)
{
	(void)state;
	refuses(false, "{\"Name\":\"w\"}", "IllegalParam.Name", "Name");
	refuses(false, "{\"Name\":\"wall\",\"Litres\":\"0\"}", "IllegalParam.Litres", "Litres");
	refuses(false, "{\"Name\":\"wall\",\"Litres\":\"99999999999999999999\"}",
		"IllegalParam.Litres", "Litres");
	refuses(false, "{\"Name\":\"wall\",\"Litres\":\"012\"}", "IllegalParam.Litres", "Litres");
	refuses(false, "{\"Name\":\"wall\",\"Litres\":\" 2\"}", "IllegalParam.Litres", "Litres");
	refuses(false, "{\"Name\":\"wall\",\"Matt\":\"maybe\"}", "IllegalParam.Matt", "Matt");
	refuses(false, "{\"Name\":\"wall\",\"Colour\":\"Blue\"}", "IllegalParam.Colour", "Colour");
	refuses(false, "{\"Name\":\"wall\",\"Colour\":\"Grean\"}", "IllegalParam.Colour", "Colour");
	refuses(false, "{\"Name\":\"wa\\u0007ll\"}", "IllegalParam.Name", "Name");
	refuses(false, "{\"Name\":\"wall\",\"Rooms.1\":\"a\",\"Rooms.2\":\"b\",\"Rooms.3\":\"c\","
		       "\"Rooms.4\":\"d\"}",
		"IllegalParam.Rooms", "Rooms");
	refuses(false, "{\"Name\":\"wall\",\"Servers.2.Port\":\"70000\"}", "IllegalParam.Port",
		"Servers.1.Port");
	refuses(false, "{\"Name\":\"wall\",\"HealthCheckConfig.HealthCheckInterval\":\"51\"}",
		"IllegalParam.HealthCheckInterval", "HealthCheckConfig.HealthCheckInterval");
	refuses(false, "{\"Name\":\"wall\",\"Tag.1.Key\":\"aliyun-x\"}", "IllegalParam.Key",
		"Tag.1.Key");
}

static void what_is_needed_must_be_there(void **state)
{
	(void)state;
	refuses(false, "{}", "MissingParam.Name", "Name");
	refuses(false, "{\"Name\":\"\"}", "MissingParam.Name", "Name");
	refuses(true, "{}", "MissingParam.Name", "Name");
	refuses(true, "{\"Name\":\"wall\",\"Tag\":[{\"Value\":\"v\"}]}", "MissingParam.Key",
		"Tag.1.Key");
}

static void an_empty_text_is_as_good_as_none_unless_it_may_be_empty(void **state)
{
	(void)state;
	accepts(false, "{\"Name\":\"wall\",\"Litres\":\"\",\"Colour\":\"\",\"Rooms\":\"\"}",
		"{\"Name\":\"wall\"}");
	accepts(false, "{\"Name\":\"wall\",\"Note\":\"\"}", "{\"Name\":\"wall\",\"Note\":\"\"}");
	refuses(true, "{\"Name\":\"wall\",\"Colour\":\"\"}", "IllegalParam.Colour", "Colour");
}

static void the_model_says_what_is_refused_and_how_it_is_called(void **state)
{
	struct error err;

	(void)state;
	refuses(false, "{\"Name\":\"wall\",\"PreserveClientIpEnabled\":\"true\"}",
		"IllegalParam.PreserveClientIpSwitch", "PreserveClientIpEnabled");
	assert_null(validate(&paint, "{\"Name\":\"wall\",\"PreserveClientIpEnabled\":\"true\"}",
			     false, &err));
	assert_non_null(strstr(err.hint, "ProxyProtocolEnabled"));
	accepts(false, "{\"Name\":\"wall\",\"PreserveClientIpEnabled\":\"false\"}",
		"{\"Name\":\"wall\",\"PreserveClientIpEnabled\":false}");
	refuses(false, "{\"Name\":\"wall\",\"Bandwidth\":\"b\"}", "IllegalParam.Bandwidth",
		"Bandwidth");
	accepts(false, "{\"Name\":\"wall\",\"BandwidthPackageId\":\"b\"}", "{\"Name\":\"wall\"}");
}

static void unknown_names_are_left_out_of_rpc_and_refused_in_json(void **state)
{
	struct error err;

	(void)state;
	accepts(false, "{\"Name\":\"wall\",\"OwnerId\":\"1\",\"X.1.Y\":\"2\"}",
		"{\"Name\":\"wall\"}");
	refuses(true, "{\"Name\":\"wall\",\"Litre\":1}", "IllegalParam.Unknown", "Litre");
	refuses(true, "{\"Name\":\"wall\",\"Servers\":[{\"Prot\":1}]}", "IllegalParam.Unknown",
		"Servers.1.Prot");
	refuses(true, "{\"Name\":\"wall\",\"Servers.1.Port\":1}", "IllegalParam.Unknown",
		"Servers.1.Port");
	assert_null(validate(&paint, "{\"Name\":\"wall\",\"Litre\":1}", true, &err));
	assert_string_equal(err.hint, "Did you mean \"Litres\"?");
}

static void some_parameters_are_taken_by_every_action(void **state)
{
	(void)state;
	accepts(false,
		"{\"Name\":\"wall\",\"ClientToken\":\"t\",\"DryRun\":\"true\",\"RegionId\":\"r\","
		"\"IfRevision\":\"7\"}",
		"{\"Name\":\"wall\",\"ClientToken\":\"t\",\"DryRun\":true,\"RegionId\":\"r\","
		"\"IfRevision\":7}");
	refuses(false, "{\"Name\":\"wall\",\"IfRevision\":\"-1\"}", "IllegalParam.IfRevision",
		"IfRevision");
	refuses(false, "{\"Name\":\"wall\",\"ClientToken\":\"\\u00e4\"}",
		"IllegalParam.ClientToken", "ClientToken");
}

static void a_secret_is_not_in_the_error(void **state)
{
	struct error err;

	(void)state;
	assert_null(validate(&paint, "{\"Name\":\"wall\",\"Secret\":\"hunter2hunter2\"}", false,
			     &err));
	assert_null(strstr(err.message, "hunter"));
	assert_null(validate(&paint, "{\"Name\":\"wall\",\"Colour\":\"-----BEGIN KEY-----\"}", false,
			     &err));
	assert_null(strstr(err.message, "BEGIN"));
}

static void several_lines_are_for_those_that_may_have_them(void **state)
{
	(void)state;
	accepts(false, "{\"Name\":\"wall\",\"Letter\":\"a\\nb\\r\\n\"}",
		"{\"Name\":\"wall\",\"Letter\":\"a\\nb\\r\\n\"}");
	refuses(false, "{\"Name\":\"wall\",\"Note\":\"a\\nb\"}", "IllegalParam.Note", "Note");
}

static void a_text_twice_in_a_list_is_refused_when_it_is_set(void **state)
{
	struct error err;
	json_t *checked;

	(void)state;
	refuses(true, "{\"Name\":\"wall\",\"Rooms\":[\"a\",\"a\"]}", "DuplicatedParam.Rooms",
		"Rooms.2");
	checked = validate(&look, "{\"Name\":\"wall\",\"Rooms\":[\"a\",\"a\"]}", true, &err);
	assert_int_equal(json_array_size(json_object_get(checked, "Rooms")), 1);
	json_decref(checked);
}

static void names_that_contradict_each_other_are_refused(void **state)
{
	(void)state;
	refuses(false, "{\"Name\":\"wall\",\"Rooms\":\"a\",\"Rooms.1\":\"b\"}", "InvalidParameter",
		"Rooms.1");
	refuses(false, "{\"Name\":\"wall\",\"Rooms.1\":\"b\",\"Rooms\":\"a\"}", "InvalidParameter",
		"Rooms");
	refuses(false, "{\"Name\":\"wall\",\"Rooms..1\":\"b\"}", "InvalidParameter", "Rooms..1");
	refuses(false, "{\"Name\":\"wall\",\".\":\"b\"}", "InvalidParameter", ".");
	refuses(false, "{\"Name\":\"wall\",\"a.a.a.a.a.a.a.a.a\":\"b\"}", "InvalidParameter",
		"a.a.a.a.a.a.a.a.a");
	refuses(false, "{\"Name\":\"wall\",\"Rooms.0\":\"b\"}", "IllegalParam.Rooms", "Rooms");
	refuses(false, "{\"Name\":\"wall\",\"Rooms.x\":\"b\"}", "IllegalParam.Rooms", "Rooms");
	refuses(false, "{\"Name\":\"wall\",\"Rooms.1.x\":\"b\"}", "IllegalParam.Rooms", "Rooms.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_typed_values),
		cmocka_unit_test(dotted_names_become_lists_and_objects),
		cmocka_unit_test(objects_and_lists_may_come_as_json_in_a_text),
		cmocka_unit_test(a_number_or_an_object_may_be_meant),
		cmocka_unit_test(typed_values_must_have_their_types),
		cmocka_unit_test(what_is_out_of_range_is_refused_with_its_place),
		cmocka_unit_test(what_is_needed_must_be_there),
		cmocka_unit_test(an_empty_text_is_as_good_as_none_unless_it_may_be_empty),
		cmocka_unit_test(the_model_says_what_is_refused_and_how_it_is_called),
		cmocka_unit_test(unknown_names_are_left_out_of_rpc_and_refused_in_json),
		cmocka_unit_test(some_parameters_are_taken_by_every_action),
		cmocka_unit_test(a_secret_is_not_in_the_error),
		cmocka_unit_test(several_lines_are_for_those_that_may_have_them),
		cmocka_unit_test(a_text_twice_in_a_list_is_refused_when_it_is_set),
		cmocka_unit_test(names_that_contradict_each_other_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
