#include "action/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ITEM_MAX 1024 /* as in validate.c */

static void set_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, json_string(text));
}

static json_t *type(const char *name)
{
	return json_pack("{s:s}", "type", name);
}

/* --- values --- */

static json_t *schema_of_resource(const struct resource *of, bool fills_in);

static json_t *words_of(const struct field *field)
{
	const struct field_word *word;
	json_t *words = json_array();

	for (word = field->words; word->word != NULL; word++) {
		if (word->refused == NULL)
			json_array_append_new(words, json_string(word->word));
	}
	return words;
}

static json_t *schema_of_word(const struct field *field)
{
	json_t *schema = type("string");

	json_object_set_new(schema, "enum", words_of(field));
	return schema;
}

static json_t *schema_of_text(const struct field *field)
{
	json_t *schema = type("string");

	if (field->minimum > 0)
		json_object_set_new(schema, "minLength", json_integer(field->minimum));
	if (field->maximum > 0)
		json_object_set_new(schema, "maxLength", json_integer(field->maximum));
	return schema;
}

static json_t *schema_of_bool(const struct field *field)
{
	json_t *schema = type("boolean");

	if (field->words != NULL)
		json_object_set_new(schema, "enum", json_pack("[b]", !(int)field->words[0].value));
	return schema;
}

static json_t *schema_of_integer(const struct field *field, bool fills_in)
{
	json_t *schema = type("integer");

	json_object_set_new(schema, "minimum", json_integer(field->minimum));
	json_object_set_new(schema, "maximum", json_integer(field->maximum));
	if (field->of == NULL)
		return schema;
	return json_pack("{s:[o, o]}", "anyOf", schema, schema_of_resource(field->of, fills_in));
}

static json_t *list_of(const struct field *field, json_t *items)
{
	json_t *schema = type("array");

	json_object_set_new(schema, "items", items);
	if (field->minimum > 0)
		json_object_set_new(schema, "minItems", json_integer(field->minimum));
	if (field->maximum > 0)
		json_object_set_new(schema, "maxItems", json_integer(field->maximum));
	return schema;
}

static json_t *schema_of(const struct field *field, bool fills_in)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_PATH:
		return schema_of_text(field);
	case FIELD_BOOL:
		return schema_of_bool(field);
	case FIELD_INTEGER:
		return schema_of_integer(field, fills_in);
	case FIELD_WORD:
		return schema_of_word(field);
	case FIELD_FLAGS:
		return list_of(field, schema_of_word(field));
	case FIELD_TEXTS:
	case FIELD_CRLS:
		return list_of(field, json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1,
						"maxLength", ITEM_MAX));
	case FIELD_OBJECT:
		return schema_of_resource(field->of, fills_in);
	case FIELD_OBJECTS:
		return list_of(field, schema_of_resource(field->of, fills_in));
	case FIELD_NOT_YET:
		break;
	}
	return json_object();
}

/* The help, the unit, what its absence means, and why some words are refused. */
static void describe(json_t *schema, const struct field *field, bool fills_in)
{
	struct buffer text = { 0 };
	const struct field_word *word;
	char absent[160];

	buffer_printf(&text, "%s", field->help);
	if (field->unit != NULL)
		buffer_printf(&text, " Unit: %s.", field->unit);
	field_default_text(field, absent, sizeof(absent));
	if (fills_in && absent[0] != '\0')
		buffer_printf(&text, " Default: %s.", absent);
	for (word = field->words; word != NULL && word->word != NULL; word++) {
		if (word->refused != NULL)
			buffer_printf(&text, " %s is refused: %s.", word->word, word->refused);
	}
	json_object_set_new(schema, "description", json_stringn((const char *)text.data, text.len));
	buffer_done(&text);
}

static json_t *schema_of_resource(const struct resource *of, bool fills_in)
{
	json_t *schema = type("object"), *properties = json_object(), *required = json_array();
	size_t i;

	for (i = 0; i < of->field_count; i++) {
		const struct field *field = &of->fields[i];
		json_t *property;

		if (field->type == FIELD_NOT_YET)
			continue;
		property = schema_of(field, fills_in);
		describe(property, field, fills_in);
		json_object_set_new(properties, field->name, property);
		if (field->flags & FIELD_REQUIRED)
			json_array_append_new(required, json_string(field->name));
	}
	json_object_set_new(schema, "properties", properties);
	json_object_set_new(schema, "additionalProperties", json_false());
	if (json_array_size(required) > 0)
		json_object_set(schema, "required", required);
	json_decref(required);
	return schema;
}

/* --- parameters --- */

json_t *action_parameter_schema(const struct action *action, const struct parameter *parameter)
{
	const struct field *field = parameter_field(parameter);
	bool fills_in = action_fills_in(action, parameter);
	json_t *schema = schema_of(field, fills_in);

	if (parameter->flags & PARAMETER_QUOTED)
		schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "string");
	describe(schema, field, fills_in);
	if (parameter->flags & PARAMETER_SECRET)
		json_object_set_new(schema, "writeOnly", json_true());
	if ((parameter->flags & PARAMETER_OURS) || (field->flags & FIELD_OURS))
		json_object_set_new(schema, "x-sallyport-ours", json_true());
	return schema;
}

static bool is_refused(const struct parameter *parameter)
{
	return parameter_field(parameter)->type == FIELD_NOT_YET &&
	       !(parameter->flags & PARAMETER_IGNORED);
}

static void add_parameters(const struct action *action, json_t *properties, json_t *required,
			   const struct parameter *parameters, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (is_refused(&parameters[i]) ||
		    json_object_get(properties, parameters[i].name) != NULL)
			continue;
		json_object_set_new(properties, parameters[i].name,
				    action_parameter_schema(action, &parameters[i]));
		if (parameters[i].flags & PARAMETER_REQUIRED)
			json_array_append_new(required, json_string(parameters[i].name));
	}
}

static json_t *request_schema(const struct action *action)
{
	json_t *schema = type("object"), *properties = json_object(), *required = json_array();
	size_t count;
	const struct parameter *common = action_common_parameters(&count);

	add_parameters(action, properties, required, action->parameters, action->parameter_count);
	add_parameters(action, properties, required, common, count);
	json_object_set_new(schema, "properties", properties);
	json_object_set_new(schema, "additionalProperties", json_false());
	if (json_array_size(required) > 0)
		json_object_set(schema, "required", required);
	json_decref(required);
	return schema;
}

/* --- replies --- */

static json_t *take_members(const char **at);

static void skip_spaces(const char **at)
{
	while (**at == ' ')
		++*at;
}

/* "Name", "Name#", "Name?", "Name[]", "Name{...}", "Name[]{...}" */
static bool take_reply_member(const char **at, json_t *properties)
{
	const char *begin = *at;
	char name[64];
	json_t *schema;
	bool list;

	while (isalnum((unsigned char)**at))
		++*at;
	if (*at == begin || *at - begin >= (ptrdiff_t)sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(*at - begin), begin);
	list = strncmp(*at, "[]", 2) == 0;
	*at += list ? 2 : 0;
	if (**at == '{') {
		++*at;
		schema = take_members(at);
		if (schema == NULL || *(*at)++ != '}') {
			json_decref(schema);
			return false;
		}
	} else {
		schema = **at == '#'   ? type("integer")
			 : **at == '?' ? type("boolean")
			 : list	       ? json_object()
				       : type("string");
		*at += **at == '#' || **at == '?';
	}
	if (list)
		schema = json_pack("{s:s, s:o}", "type", "array", "items", schema);
	json_object_set_new(properties, name, schema);
	return true;
}

/* Up to the end, or a closing brace. */
static json_t *take_members(const char **at)
{
	json_t *properties = json_object();

	skip_spaces(at);
	while (**at != '\0' && **at != '}') {
		if (!take_reply_member(at, properties)) {
			json_decref(properties);
			return NULL;
		}
		skip_spaces(at);
		if (**at == ',')
			++*at;
		else if (**at != '\0' && **at != '}')
			break; /* the caller sees that something is left */
		skip_spaces(at);
	}
	return json_pack("{s:s, s:o}", "type", "object", "properties", properties);
}

json_t *action_reply_schema(const char *reply)
{
	const char *at = reply;
	json_t *schema = take_members(&at);

	if (schema != NULL && *at != '\0') {
		json_decref(schema);
		return NULL;
	}
	return schema;
}

static json_t *success_schema(const struct action *action)
{
	json_t *schema = action_reply_schema(action->reply == NULL ? "" : action->reply);
	json_t *properties = json_object_get(schema, "properties");

	json_object_set_new(properties, "RequestId", type("string"));
	json_object_set_new(schema, "required", json_pack("[s]", "RequestId"));
	return schema;
}

/* --- the document --- */

static json_t *content_of(json_t *schema)
{
	return json_pack("{s:{s:o}}", "application/json", "schema", schema);
}

static json_t *responses_of(const struct action *action)
{
	static const struct {
		const char *status, *help;
	} errors[] = { { "400", "What was sent is wrong, or cannot be done as things are." },
		       { "401", "Nobody has proved who is calling." },
		       { "403", "The caller may not do this." },
		       { "404", "What the request names is not there." },
		       { "409",
			 "It was changed meanwhile (Conflict.Revision), or was done before." },
		       { "413", "The body is too large." },
		       { "415", "The body is not application/json." },
		       { "429", "Too many requests." },
		       { "503", "Not now; try again." },
		       { "507", "The disk is full; nothing was changed." } };
	json_t *responses = json_object();
	size_t i;

	if (!(action->flags & ACTION_REFUSED))
		json_object_set_new(responses, "200",
				    json_pack("{s:s, s:o}", "description", "Done.", "content",
					      content_of(success_schema(action))));
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		json_object_set_new(responses, errors[i].status,
				    json_pack("{s:s, s:o}", "description", errors[i].help,
					      "content",
					      content_of(json_pack("{s:s}", "$ref",
								   "#/components/schemas/Error"))));
	return responses;
}

static const char *right_text(enum action_right right)
{
	switch (right) {
	case RIGHT_PUBLIC:
		return "public";
	case RIGHT_ANY:
		return "any";
	case RIGHT_READ:
		return "read";
	case RIGHT_OPERATE:
		return "operate";
	case RIGHT_ISSUE:
		return "issue";
	case RIGHT_EXPORT:
		return "export";
	case RIGHT_ADMINISTER:
		break;
	}
	return "administer";
}

static json_t *operation_of(const struct product *product, const struct action *action)
{
	char id[160];
	json_t *operation = json_object();

	snprintf(id, sizeof(id), "%s_%s", product->name, action->name);
	set_text(operation, "operationId", id);
	json_object_set_new(operation, "tags", json_pack("[s]", product->name));
	set_text(operation, "summary", action->name);
	set_text(operation, "description", action->help);
	set_text(operation, "x-sallyport-right", right_text(action->right));
	if (action->flags & ACTION_OURS)
		json_object_set_new(operation, "x-sallyport-ours", json_true());
	if (action->flags & ACTION_WRITES)
		json_object_set_new(operation, "x-sallyport-writes", json_true());
	if (action->flags & ACTION_REFUSED)
		json_object_set_new(operation, "deprecated", json_true());
	if (action->right == RIGHT_PUBLIC)
		json_object_set_new(operation, "security", json_array());
	json_object_set_new(operation, "requestBody",
			    json_pack("{s:b, s:o}", "required", 1, "content",
				      content_of(request_schema(action))));
	json_object_set_new(operation, "responses", responses_of(action));
	return operation;
}

static json_t *paths(void)
{
	json_t *all = json_object();
	char path[200];
	size_t p, a;

	for (p = 0; products[p] != NULL; p++) {
		for (a = 0; a < products[p]->action_count; a++) {
			const struct action *action = &products[p]->actions[a];

			snprintf(path, sizeof(path), "/api/%s/%s", products[p]->name, action->name);
			json_object_set_new(
				all, path,
				json_pack("{s:o}", "post", operation_of(products[p], action)));
		}
	}
	return all;
}

static const char components_text[] =
	"{\"schemas\": {\"Error\": {\"type\": \"object\","
	"  \"required\": [\"RequestId\", \"Code\", \"Message\"], \"properties\": {"
	"    \"RequestId\": {\"type\": \"string\"}, \"HostId\": {\"type\": \"string\"},"
	"    \"Code\": {\"type\": \"string\", \"description\": \"What programs decide on.\"},"
	"    \"Message\": {\"type\": \"string\", \"description\": \"For people.\"},"
	"    \"Recommend\": {\"type\": \"string\", \"description\": \"What to do about it.\"},"
	"    \"Field\": {\"type\": \"string\", \"description\": \"The parameter to blame.\"}}}},"
	" \"securitySchemes\": {\"token\": {\"type\": \"http\", \"scheme\": \"bearer\"},"
	"  \"session\": {\"type\": \"apiKey\", \"in\": \"cookie\", \"name\": \"sallyport-session\"}}}";

static json_t *components(void)
{
	return json_loads(components_text, 0, NULL);
}

static json_t *tags(void)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; products[i] != NULL; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", products[i]->name,
						      "description", products[i]->help));
	return list;
}

json_t *action_openapi(void)
{
	return json_pack(
		"{s:s, s:{s:s, s:s, s:s}, s:[{s:[]}, {s:[]}], s:o, s:o, s:o}", "openapi", "3.1.0",
		"info", "title", "Sallyport", "version", SALLYPORT_VERSION, "description",
		"Every action of Sallyport: POST its parameters as one JSON object. The same actions "
		"answer at / in the RPC style of Alibaba Cloud, with HMAC-SHA1 or ACS3-HMAC-SHA256 "
		"signatures. Words are taken in any case.",
		"security", "token", "session", "tags", tags(), "paths", paths(), "components",
		components());
}
