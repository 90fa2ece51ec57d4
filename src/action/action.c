#include "action/action.h"

#include <string.h>
#include <strings.h>

const struct product *const products[] = { &product_nlb, &product_cas, &product_pca,
					   &product_sallyport, NULL };

/* --- shared by several tables --- */

static const char *check_tag(const char *text)
{
	if (strncasecmp(text, "aliyun", 6) == 0 || strncasecmp(text, "acs:", 4) == 0)
		return "begins with a word that is reserved: aliyun, acs:";
	if (strstr(text, "http://") != NULL || strstr(text, "https://") != NULL)
		return "holds http:// or https://";
	return NULL;
}

/* clang-format off */
static const struct field tag_fields[] = {
	{ .name = "Key", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .minimum = 1, .maximum = 64,
	  .check = check_tag, .help = "Key of the tag." },
	{ .name = "Value", .type = FIELD_TEXT, .minimum = 0, .maximum = 128, .check = check_tag,
	  .help = "Value of the tag." },
};
/* clang-format on */

const struct resource tag_resource = {
	"Tag",
	tag_fields,
	ACTION_COUNT(tag_fields),
	0,
	RESOURCE_NO_LINE,
	0,
	NULL,
	"A key and a value, to find things by.",
};

/* --- finding --- */

const struct product *product_find(const char *name)
{
	size_t i;

	for (i = 0; products[i] != NULL; i++) {
		if (strcmp(products[i]->name, name) == 0)
			return products[i];
	}
	return NULL;
}

const struct action *action_find(const struct product *product, const char *name)
{
	size_t i;

	for (i = 0; i < product->action_count; i++) {
		if (strcmp(product->actions[i].name, name) == 0)
			return &product->actions[i];
	}
	return NULL;
}

const struct product *action_find_version(const char *version, const char *name,
					  const struct action **ret_action)
{
	const struct product *found = NULL;
	size_t i;

	for (i = 0; products[i] != NULL; i++) {
		const struct action *action;

		if (strcmp(products[i]->version, version) != 0)
			continue;
		found = products[i];
		action = action_find(found, name);
		if (action != NULL) {
			*ret_action = action;
			break;
		}
	}
	return found;
}

const struct field *parameter_field(const struct parameter *parameter)
{
	if (parameter->own != NULL)
		return parameter->own;
	return resource_field(parameter->model,
			      parameter->property != NULL ? parameter->property : parameter->name);
}

bool action_fills_in(const struct action *action, const struct parameter *parameter)
{
	const struct field *field = parameter_field(parameter);

	if (parameter->own != NULL && field->of == NULL)
		return field->absent != NULL || field->standard_text != NULL ||
		       field->standard != 0;
	return strncmp(action->name, "Create", 6) == 0 || strncmp(action->name, "Add", 3) == 0;
}
