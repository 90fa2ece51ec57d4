/* The tables of all actions hold together: each is done by somebody, described, and of one notation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "action/openapi.h"
#include "api/handlers.h"

static void complain(void *arg, const char *product, const char *action)
{
	(void)arg;
	print_error("%s %s: the table and the handlers do not fit\n", product, action);
}

static void every_action_is_done_by_one_handler(void **state)
{
	(void)state;
	assert_int_equal(handlers_check(complain, NULL), 0);
}

static void each_action(void (*each)(const struct product *product, const struct action *action))
{
	size_t p, a;

	for (p = 0; products[p] != NULL; p++) {
		for (a = 0; a < products[p]->action_count; a++)
			each(products[p], &products[p]->actions[a]);
	}
}

static void check_names(const struct product *product, const struct action *action)
{
	if (action_find(product, action->name) != action)
		fail_msg("%s %s is there twice", product->name, action->name);
	if (action->help == NULL || strlen(action->help) < 6)
		fail_msg("%s %s has no help", product->name, action->name);
}

static void names_are_unique_and_explained(void **state)
{
	(void)state;
	each_action(check_names);
}

static void check_parameters(const struct product *product, const struct action *action)
{
	static const char *const public[] = { "Action", "Version", "AccessKeyId", "Signature",
					      "Timestamp", "SignatureNonce", "SignatureMethod",
					      "SignatureVersion" };
	size_t i, j;

	for (i = 0; i < action->parameter_count; i++) {
		const struct parameter *parameter = &action->parameters[i];

		if (parameter_field(parameter) == NULL)
			fail_msg("%s %s: %s has no property in the model", product->name, action->name,
				 parameter->name);
		if (parameter_field(parameter)->help == NULL)
			fail_msg("%s %s: %s has no help", product->name, action->name, parameter->name);
		for (j = 0; j < sizeof(public) / sizeof(public[0]); j++) {
			if (strcmp(parameter->name, public[j]) == 0)
				fail_msg("%s %s: %s belongs to signatures", product->name,
					 action->name, parameter->name);
		}
		for (j = 0; j < i; j++) {
			if (strcmp(parameter->name, action->parameters[j].name) == 0)
				fail_msg("%s %s: %s is there twice", product->name, action->name,
					 parameter->name);
		}
	}
}

static void every_parameter_is_described(void **state)
{
	(void)state;
	each_action(check_parameters);
}

static void check_reply(const struct product *product, const struct action *action)
{
	json_t *schema = action_reply_schema(action->reply == NULL ? "" : action->reply);

	if (schema == NULL)
		fail_msg("%s %s: \"%s\"", product->name, action->name, action->reply);
	/* Terraform takes a success with a Code for a failure. */
	assert_null(json_object_get(json_object_get(schema, "properties"), "Code"));
	json_decref(schema);
}

static void every_reply_is_in_the_notation(void **state)
{
	(void)state;
	each_action(check_reply);
}

static void a_reply_out_of_the_notation_is_refused(void **state)
{
	static const char *const replies[] = { "A{", "A}", "A#?", "A B", "#", "A[", "A[]{B", "A{B}}" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		json_t *schema = action_reply_schema(replies[i]);

		if (schema != NULL)
			fail_msg("%s", replies[i]);
	}
}

static const char *text_at(const json_t *document, const char *a, const char *b, const char *c)
{
	return json_string_value(
		json_object_get(json_object_get(json_object_get(document, a), b), c));
}

static void the_document_has_every_action(void **state)
{
	json_t *document = action_openapi();
	size_t count = 0, i;

	(void)state;
	assert_non_null(document);
	assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.1.0");
	for (i = 0; products[i] != NULL; i++)
		count += products[i]->action_count;
	assert_int_equal(json_object_size(json_object_get(document, "paths")), count);
	assert_non_null(json_object_get(json_object_get(json_object_get(document, "components"),
							"schemas"),
					"Error"));
	assert_string_equal(text_at(json_object_get(document, "components"), "securitySchemes",
				    "token", "scheme"),
			    "bearer");
	json_decref(document);
}

static void versions_and_names_lead_to_actions(void **state)
{
	const struct action *action = NULL;

	(void)state;
	assert_ptr_equal(action_find_version("2020-06-30", "ListCert", &action), &product_pca);
	assert_non_null(action);
	action = NULL;
	assert_ptr_equal(action_find_version("2020-04-07", "CreateRootCACertificate", &action),
			 &product_cas);
	assert_null(action);
	assert_null(action_find_version("1999-01-01", "ListCert", &action));
	assert_null(product_find("ecs"));
	assert_ptr_equal(product_find("nlb"), &product_nlb);
	assert_null(action_find(&product_nlb, "listlisteners"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_is_done_by_one_handler),
		cmocka_unit_test(names_are_unique_and_explained),
		cmocka_unit_test(every_parameter_is_described),
		cmocka_unit_test(every_reply_is_in_the_notation),
		cmocka_unit_test(a_reply_out_of_the_notation_is_refused),
		cmocka_unit_test(the_document_has_every_action),
		cmocka_unit_test(versions_and_names_lead_to_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
