/*
 * Lists, objects and the parameters of an action; single values are in checker_value.c. What comes in is
 * text (RPC) or typed (JSON); what comes out is typed.
 */
#include "action/action.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "action/checker.h"
#include "action/flatten.h"
#include "base/name_index.h"
#include "model/nearest.h"

#define ITEM_MAX 1024 /* of an item of a list of texts */
#define ITEM_LINES_MAX 65536

static json_t *take_object(struct checker *checker, const struct field *field, const json_t *raw);

/* --- lists --- */

/* "a, b" as a list of its parts. */
static json_t *split_commas(const char *text)
{
	json_t *list = json_array();

	while (*text != '\0') {
		size_t len = strcspn(text, ","), from = strspn(text, " "), to = len;

		while (to > from && text[to - 1] == ' ')
			to--;
		if (from < to)
			json_array_append_new(list, json_stringn(text + from, to - from));
		text += len + (text[len] == ',');
	}
	return list;
}

/* An array or object that was sent as JSON in a text. */
static json_t *parse_inner(const char *text)
{
	json_error_t ignored;

	if (text[strspn(text, " \t\r\n")] != '[' && text[strspn(text, " \t\r\n")] != '{')
		return NULL;
	return json_loads(text, JSON_REJECT_DUPLICATES, &ignored);
}

static json_t *list_of_text(struct checker *checker, const struct field *field, const json_t *raw)
{
	const char *text = json_string_value(raw);
	json_t *list = parse_inner(text);

	if (json_is_array(list))
		return list;
	json_decref(list);
	if (checker->flags & PARAMETER_QUOTED)
		return split_commas(text);
	if (text[0] == '\0')
		return json_array();
	checker_wrong_kind(checker, field, raw, "a list");
	error_hint(checker->err, "Send %s.1=..., %s.2=...", checker->path, checker->path);
	return NULL;
}

/* The raw items, as a new reference. */
static json_t *items_of(struct checker *checker, const struct field *field, const json_t *raw)
{
	json_t *list = NULL;

	if (json_is_array(raw))
		return json_incref((json_t *)raw);
	if (json_is_string(raw) && (!checker->strict || (checker->flags & PARAMETER_QUOTED)))
		return list_of_text(checker, field, raw);
	if (json_is_object(raw) && !checker->strict)
		list = flat_items(raw);
	return list != NULL ? list : checker_wrong_kind(checker, field, raw, "a list");
}

static json_t *take_item(struct checker *checker, const struct field *field, const json_t *raw)
{
	if (field->type == FIELD_FLAGS)
		return checker_take_word(checker, field, raw);
	if (field->type == FIELD_OBJECTS)
		return take_object(checker, field, raw);
	if (!json_is_string(raw))
		return checker_wrong_kind(checker, field, raw, "a text");
	return checker_text(checker, field, json_string_value(raw), 1,
			    checker->flags & PARAMETER_MULTILINE ? ITEM_LINES_MAX : ITEM_MAX);
}

static int twice(struct checker *checker, const struct field *field, const json_t *item)
{
	char buffer[CHECKER_SHOWN_SIZE], symbol[64];

	checker_refuse(checker, field, "%s is in the list already",
		       checker_shown(checker, json_string_value(item), buffer));
	snprintf(symbol, sizeof(symbol), "DuplicatedParam.%.40s", field->name);
	return error_symbol(checker->err, symbol);
}

/* Takes item. A text that is there already is left out when it is asked for, refused when it is set. */
static int add_item(struct checker *checker, const struct field *field, json_t *list, json_t *item,
		    struct name_index *seen)
{
	int status = 0;

	if (item == NULL)
		return -1;
	if (json_is_string(item) && !name_index_add(seen, json_string_value(item), 0)) {
		if (checker->action->flags & ACTION_WRITES)
			status = twice(checker, field, item);
		json_decref(item);
		return status;
	}
	json_array_append_new(list, item);
	return 0;
}

static int take_items(struct checker *checker, const struct field *field, const json_t *items,
		      json_t *list)
{
	struct name_index *seen = name_index_new();
	int status = 0;
	size_t i;

	for (i = 0; status == 0 && i < json_array_size(items); i++) {
		size_t len = checker_enter_number(checker, i + 1);

		status = add_item(checker, field, list,
				  take_item(checker, field, json_array_get(items, i)), seen);
		if (status == 0)
			checker_leave(checker, len);
	}
	name_index_free(seen);
	return status;
}

static json_t *take_list(struct checker *checker, const struct field *field, const json_t *raw)
{
	json_t *items = items_of(checker, field, raw), *list;
	size_t count = json_array_size(items);

	if (items == NULL)
		return NULL;
	if (count < (size_t)field->minimum ||
	    (field->maximum > 0 && count > (size_t)field->maximum)) {
		json_decref(items);
		return checker_refuse(checker, field,
				      "%zu items were given, but there must be %" PRId64
				      " to %" PRId64,
				      count, field->minimum, field->maximum);
	}
	list = json_array();
	if (take_items(checker, field, items, list) < 0) {
		json_decref(list);
		list = NULL;
	}
	json_decref(items);
	return list;
}

/* --- any value --- */

static json_t *take_value(struct checker *checker, const struct field *field, const json_t *raw)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_PATH:
		return checker_take_text(checker, field, raw);
	case FIELD_BOOL:
		return checker_take_bool(checker, field, raw);
	case FIELD_INTEGER:
		if (field->of != NULL && json_is_object(raw))
			return take_object(checker, field, raw);
		return checker_take_integer(checker, field, raw);
	case FIELD_WORD:
		return checker_take_word(checker, field, raw);
	case FIELD_FLAGS:
	case FIELD_TEXTS:
	case FIELD_CRLS:
	case FIELD_OBJECTS:
		return take_list(checker, field, raw);
	case FIELD_OBJECT:
		return take_object(checker, field, raw);
	case FIELD_NOT_YET:
		break;
	}
	checker_refuse(checker, field, "it is not supported: %s", field->help);
	error_hint(checker->err, "Leave it out.");
	return NULL;
}

/*
 * Not there, or as good as: SDKs send what was not set as an empty text. In JSON that counts only for what
 * is not supported, so that what was meant to be left out is.
 */
static bool is_absent(const struct checker *checker, const struct field *field, const json_t *raw)
{
	bool may_be_empty = field->type == FIELD_TEXT && field->minimum == 0;

	if (raw == NULL)
		return true;
	if (checker->strict && field->type != FIELD_NOT_YET)
		return false;
	return !may_be_empty && json_is_string(raw) && json_string_length(raw) == 0;
}

static int unknown_name(struct checker *checker, const char *name, struct nearest *nearest)
{
	char buffer[CHECKER_SHOWN_SIZE];

	error_set(checker->err, ERROR_INVALID, "%s%sthere is no parameter %s", checker->path,
		  checker->path[0] != '\0' ? ": " : "", checker_shown(checker, name, buffer));
	error_symbol(checker->err, "IllegalParam.Unknown");
	error_place(checker->err, "%.40s%s%.40s", checker->path,
		    checker->path[0] != '\0' ? "." : "", name);
	if (nearest->best != NULL)
		return error_hint(checker->err, "Did you mean \"%s\"?", nearest->best);
	return -1;
}

/* --- objects --- */

static int check_members(struct checker *checker, const struct resource *of, const json_t *raw)
{
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)raw, name, value)
	{
		struct nearest nearest = nearest_begin(name);

		if (resource_field(of, name) != NULL)
			continue;
		for (i = 0; i < of->field_count; i++)
			nearest_offer(&nearest, of->fields[i].name);
		return unknown_name(checker, name, &nearest);
	}
	return 0;
}

static int take_member(struct checker *checker, const struct field *field, const json_t *object,
		       json_t *into)
{
	const json_t *raw = json_object_get(object, field->name);
	json_t *value;
	size_t len;

	if (is_absent(checker, field, raw))
		return field->flags & FIELD_REQUIRED ? checker_missing(checker, field->name) : 0;
	len = checker_enter(checker, field->name);
	value = take_value(checker, field, raw);
	if (value == NULL)
		return -1;
	checker_leave(checker, len);
	return json_object_set_new(into, field->name, value);
}

static json_t *take_members(struct checker *checker, const struct resource *of, const json_t *raw)
{
	json_t *object;
	size_t i;

	if (checker->strict && check_members(checker, of, raw) < 0)
		return NULL;
	object = json_object();
	for (i = 0; i < of->field_count; i++) {
		if (take_member(checker, &of->fields[i], raw, object) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *take_object(struct checker *checker, const struct field *field, const json_t *raw)
{
	json_t *inner = NULL, *object;

	if (json_is_string(raw) && !checker->strict) {
		inner = parse_inner(json_string_value(raw));
		raw = inner != NULL ? inner : raw;
	}
	object = json_is_object(raw) ? take_members(checker, field->of, raw)
				     : checker_wrong_kind(checker, field, raw, "an object");
	json_decref(inner);
	return object;
}

/* --- parameters --- */

static const char *check_client_token(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			return "holds other characters than ASCII";
	}
	return NULL;
}

/* clang-format off */
static const struct parameter common_parameters[] = {
	OWN("ClientToken", 0, TEXT_OF(1, 64), .check = check_client_token,
	    HELP("Repeated with the same parameters within 24 hours, a request is answered as the first "
		 "time, and done once.")),
	OWN("DryRun", 0, BOOLEAN, HELP("Only checks: what would have been done answers DryRunOperation.")),
	OWN("RegionId", PARAMETER_IGNORED, TEXT_OF(0, 64), HELP("Accepted, without effect.")),
	OWN("IfRevision", PARAMETER_OURS, INTEGER_OF(0, INT64_MAX),
	    HELP("Only when the thing still has this Revision; else Conflict.Revision.")),
};
/* clang-format on */

const struct parameter *action_common_parameters(size_t *ret_count)
{
	*ret_count = ACTION_COUNT(common_parameters);
	return common_parameters;
}

static const struct parameter *find_parameter(const struct parameter *parameters, size_t count,
					      const char *name)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(parameters[i].name, name) == 0)
			return &parameters[i];
	}
	return NULL;
}

static int check_names(struct checker *checker, const json_t *raw)
{
	const struct action *action = checker->action;
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)raw, name, value)
	{
		struct nearest nearest = nearest_begin(name);

		if (find_parameter(action->parameters, action->parameter_count, name) != NULL ||
		    find_parameter(common_parameters, ACTION_COUNT(common_parameters), name) !=
			    NULL)
			continue;
		for (i = 0; i < action->parameter_count; i++)
			nearest_offer(&nearest, action->parameters[i].name);
		return unknown_name(checker, name, &nearest);
	}
	return 0;
}

/* The parameter's own name stands in errors, whatever the model calls the property. */
static int take_parameter(struct checker *checker, const struct parameter *parameter,
			  const json_t *raw, json_t *into)
{
	struct field field = *parameter_field(parameter);
	const json_t *given = json_object_get(raw, parameter->name);
	json_t *value;
	size_t len;

	field.name = parameter->name;
	checker->flags = parameter->flags;
	if (is_absent(checker, &field, given))
		return parameter->flags & PARAMETER_REQUIRED ? checker_missing(checker, field.name)
							     : 0;
	if ((parameter->flags & PARAMETER_IGNORED) && field.type == FIELD_NOT_YET)
		return 0;
	len = checker_enter(checker, field.name);
	value = take_value(checker, &field, given);
	if (value == NULL)
		return -1;
	checker_leave(checker, len);
	return json_object_set_new(into, field.name, value);
}

static int take_parameters(struct checker *checker, const struct parameter *parameters,
			   size_t count, const json_t *raw, json_t *into)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (json_object_get(into, parameters[i].name) == NULL &&
		    take_parameter(checker, &parameters[i], raw, into) < 0)
			return -1;
	}
	return 0;
}

json_t *action_validate(const struct action *action, const json_t *raw, bool strict,
			struct error *err)
{
	struct checker checker = { .action = action, .strict = strict, .err = err };
	json_t *tree = strict ? json_incref((json_t *)raw) : flat_expand(raw, err);
	json_t *into = json_object();

	if (tree == NULL || (strict && check_names(&checker, tree) < 0) ||
	    take_parameters(&checker, action->parameters, action->parameter_count, tree, into) <
		    0 ||
	    take_parameters(&checker, common_parameters, ACTION_COUNT(common_parameters), tree,
			    into) < 0) {
		json_decref(into);
		into = NULL;
	}
	json_decref(tree);
	return into;
}
