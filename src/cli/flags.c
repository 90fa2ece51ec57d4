#include "cli/flags.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action/flatten.h"
#include "base/bytes.h"

#define FILE_MAX (1u << 20)
#define NAME_SIZE 256

/* --- names --- */

static char next_letter(const char **text)
{
	while (**text == '-' || **text == '_')
		(*text)++;
	return **text == '\0' ? '\0' : (char)tolower((unsigned char)*(*text)++);
}

bool flags_names_match(const char *a, const char *b)
{
	char left, right;

	do {
		left = next_letter(&a);
		right = next_letter(&b);
	} while (left == right && left != '\0');
	return left == right;
}

void flags_kebab(const char *name, char *ret_text, size_t size)
{
	size_t used = 0, i;

	for (i = 0; name[i] != '\0' && used + 2 < size; i++) {
		bool starts = i > 0 && isupper((unsigned char)name[i]) &&
			      (!isupper((unsigned char)name[i - 1]) ||
			       islower((unsigned char)name[i + 1]));

		if (starts)
			ret_text[used++] = '-';
		ret_text[used++] = (char)tolower((unsigned char)name[i]);
	}
	ret_text[used] = '\0';
}

static const struct parameter *find_parameter(const struct action *action, const char *name)
{
	size_t count, i;
	const struct parameter *common = action_common_parameters(&count);

	for (i = 0; i < action->parameter_count; i++)
		if (flags_names_match(action->parameters[i].name, name))
			return &action->parameters[i];
	for (i = 0; i < count; i++)
		if (flags_names_match(common[i].name, name))
			return &common[i];
	return NULL;
}

/* The rest of a dotted name, each part in the table's spelling; numbers stay. false: no such part. */
static bool spell_rest(const struct field *field, char *rest, char *ret_name, size_t size)
{
	char *part, *saved = NULL;
	size_t i;

	for (part = strtok_r(rest, ".", &saved); part != NULL; part = strtok_r(NULL, ".", &saved)) {
		const char *spelling = part;

		if (!isdigit((unsigned char)part[0])) {
			const struct resource *of = field == NULL ? NULL : field->of;

			for (i = 0; of != NULL && i < of->field_count; i++)
				if (flags_names_match(of->fields[i].name, part))
					break;
			if (of == NULL || i == of->field_count)
				return false;
			field = &of->fields[i];
			spelling = field->name;
		}
		if (strlen(ret_name) + strlen(spelling) + 2 > size)
			return false;
		strcat(strcat(ret_name, "."), spelling);
	}
	return true;
}

/* --- values --- */

static int read_input(struct buffer *ret_text, struct error *err)
{
	char chunk[4096];
	ssize_t got;

	while ((got = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0 && ret_text->len <= FILE_MAX)
		buffer_append(ret_text, chunk, (size_t)got);
	if (got == 0)
		return 0;
	return error_set_errno(err, "could not read standard input");
}

static json_t *file_value(const char *path, struct error *err)
{
	struct buffer text = { 0 };
	json_t *value = NULL;
	int result = strcmp(path, "-") == 0 ? read_input(&text, err)
					    : buffer_read_file(path, FILE_MAX, &text, err);

	if (result == 0) {
		value = json_stringn((const char *)text.data, text.len);
		if (value == NULL)
			error_set(err, ERROR_INVALID, "could not use \"%s\": it is no text (UTF-8)",
				  path);
	}
	buffer_done(&text);
	return value;
}

static json_t *make_value(const struct parameter *parameter, const char *text, bool is_whole,
			  struct error *err)
{
	const struct field *field = parameter_field(parameter);
	bool is_structure = field->type == FIELD_OBJECT || field->type == FIELD_OBJECTS ||
			    field->type == FIELD_TEXTS;
	json_t *value;

	if (text[0] == '@' && (parameter->flags & (PARAMETER_MULTILINE | PARAMETER_SECRET)) != 0)
		return file_value(text + 1, err);
	if (is_whole && is_structure && (text[0] == '{' || text[0] == '[')) {
		value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		if (value == NULL)
			error_set(err, ERROR_INVALID, "--%s: the value is no good JSON",
				  parameter->name);
		return value;
	}
	value = json_string(text);
	if (value == NULL)
		error_set(err, ERROR_INVALID, "--%s: the value is no text (UTF-8)",
			  parameter->name);
	return value;
}

/* A list takes its flag several times: Name.1, Name.2, ... */
static void add_value(json_t *raw, const struct parameter *parameter, const char *name,
		      json_t *value)
{
	const struct field *field = parameter_field(parameter);
	char numbered[NAME_SIZE + 16];
	unsigned int i = 1;

	if (strchr(name, '.') != NULL || !json_is_string(value) ||
	    (field->type != FIELD_TEXTS && field->type != FIELD_FLAGS)) {
		json_object_set_new(raw, name, value);
		return;
	}
	do
		snprintf(numbered, sizeof(numbered), "%s.%u", name, i++);
	while (json_object_get(raw, numbered) != NULL);
	json_object_set_new(raw, numbered, value);
}

/* --- one flag --- */

struct parsing {
	const struct action *action;
	int argc, at;
	char **argv;
	struct flags *flags;
	json_t *raw;
	struct error *err;
};

static int wrong(struct parsing *parsing, const char *format, const char *what)
{
	error_set(parsing->err, ERROR_INVALID, format, what);
	return error_hint(parsing->err, "--help lists the flags of %s.", parsing->action->name);
}

static const char **api_flag(struct api_flags *api, const char *name)
{
	if (strcmp(name, "endpoint") == 0)
		return &api->endpoint;
	if (strcmp(name, "token-file") == 0)
		return &api->token_file;
	if (strcmp(name, "ca-file") == 0)
		return &api->ca_file;
	return strcmp(name, "data-dir") == 0 ? &api->data_dir : NULL;
}

/* The value behind "=", or the next argument; NULL: there is none. */
static const char *take_value(struct parsing *parsing, const char *behind)
{
	if (behind != NULL)
		return behind;
	if (parsing->at == parsing->argc)
		return NULL;
	return parsing->argv[parsing->at++];
}

static bool is_switch(const struct parsing *parsing, const struct parameter *parameter,
		      const char *behind)
{
	const char *next = parsing->at < parsing->argc ? parsing->argv[parsing->at] : "--";

	return parameter_field(parameter)->type == FIELD_BOOL && behind == NULL &&
	       strncmp(next, "--", 2) == 0;
}

static int parse_parameter(struct parsing *parsing, char *name, const char *behind)
{
	char *rest = strchr(name, '.'), spelt[NAME_SIZE];
	const struct parameter *parameter;
	const char *text;
	json_t *value;

	if (rest != NULL)
		*rest++ = '\0';
	parameter = find_parameter(parsing->action, name);
	if (parameter == NULL)
		return wrong(parsing, "unknown flag \"--%s\"", name);
	snprintf(spelt, sizeof(spelt), "%s", parameter->name);
	if (rest != NULL && !spell_rest(parameter_field(parameter), rest, spelt, sizeof(spelt)))
		return wrong(parsing, "unknown part in a flag of \"--%s\"", parameter->name);
	text = is_switch(parsing, parameter, behind) ? "true" : take_value(parsing, behind);
	if (text == NULL)
		return wrong(parsing, "--%s needs a value", parameter->name);
	value = make_value(parameter, text, rest == NULL, parsing->err);
	if (value == NULL)
		return -1;
	add_value(parsing->raw, parameter, spelt, value);
	return 0;
}

static int parse_one(struct parsing *parsing)
{
	const char *argument = parsing->argv[parsing->at++];
	char name[NAME_SIZE], *equals;
	const char *behind = NULL, **api;

	if (strncmp(argument, "--", 2) != 0 || strlen(argument) < 3)
		return wrong(parsing, "unexpected argument \"%s\"", argument);
	snprintf(name, sizeof(name), "%s", argument + 2);
	equals = strchr(name, '=');
	if (equals != NULL) {
		*equals = '\0';
		behind = strchr(argument, '=') + 1;
	}
	if (strcmp(name, "json") == 0) {
		parsing->flags->json = true;
		return 0;
	}
	if (strcmp(name, "help") == 0) {
		parsing->flags->help = true;
		return 0;
	}
	api = api_flag(&parsing->flags->api, name);
	if (api == NULL)
		return parse_parameter(parsing, name, behind);
	*api = take_value(parsing, behind);
	return *api != NULL ? 0 : wrong(parsing, "--%s needs a value", name);
}

/* Texts become numbers and switches, and what the API would refuse is refused here. */
static int check_values(struct parsing *parsing)
{
	json_t *whole = flat_expand(parsing->raw, parsing->err);

	if (whole != NULL)
		parsing->flags->parameters =
			action_validate(parsing->action, whole, false, parsing->err);
	json_decref(whole);
	return parsing->flags->parameters == NULL ? -1 : 0;
}

int flags_parse(const struct action *action, int argc, char **argv, struct flags *ret_flags,
		struct error *err)
{
	struct parsing parsing = { .action = action, .argc = argc, .at = 1, .argv = argv,
				   .flags = ret_flags, .err = err };
	int result = 0;

	memset(ret_flags, 0, sizeof(*ret_flags));
	parsing.raw = json_object();
	while (result == 0 && parsing.at < argc)
		result = parse_one(&parsing);
	if (result == 0 && !ret_flags->help)
		result = check_values(&parsing);
	json_decref(parsing.raw);
	return result;
}

void flags_done(struct flags *flags)
{
	json_decref(flags->parameters);
	flags->parameters = NULL;
}
