/*
 * Writes the reference of the API in Markdown from the action tables: docs/api.md between its template's
 * lines. Copies standard input, and puts the reference where the template says "@actions@". See
 * mk/reference.mk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "action/action.h"

/* --- words for people --- */

static const char *type_text(const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_PATH:
		return "text";
	case FIELD_BOOL:
		return "true, false";
	case FIELD_INTEGER:
		return field->of != NULL ? "number or object" : "number";
	case FIELD_WORD:
		return "word";
	case FIELD_FLAGS:
		return "list of words";
	case FIELD_TEXTS:
	case FIELD_CRLS:
		return "list of texts";
	case FIELD_OBJECT:
		return "object";
	case FIELD_OBJECTS:
		return "list of objects";
	case FIELD_NOT_YET:
		break;
	}
	return "anything";
}

static const char *right_text(enum action_right right)
{
	switch (right) {
	case RIGHT_PUBLIC:
		return "anybody";
	case RIGHT_ANY:
		return "whoever has logged in";
	case RIGHT_READ:
		return "viewers and up";
	case RIGHT_OPERATE:
		return "operators and up";
	case RIGHT_ISSUE:
	case RIGHT_EXPORT:
		return "issuers (of their CA), operators and up";
	case RIGHT_ADMINISTER:
		break;
	}
	return "administrators";
}

/* Text in the cell of a table. */
static void put_cell(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|' || *text == '<')
			putchar('\\');
		putchar(*text == '\n' ? ' ' : *text);
	}
}

/* --- parameters --- */

static void put_range(const struct field *field)
{
	char text[512];

	field_range_text(field, text, sizeof(text));
	if (text[0] == '\0' || field->type == FIELD_BOOL)
		return;
	if ((field->type == FIELD_TEXT || field->type == FIELD_TEXTS) && field->maximum == 0)
		return;
	fputs(": ", stdout);
	put_cell(text);
}

static void put_row(const char *name, const struct field *field, bool required, bool ours,
		    bool fills_in, const char *more)
{
	char standard[256];

	printf("| `%s`%s%s | ", name, required ? " *" : "", ours ? " +" : "");
	put_cell(type_text(field));
	put_range(field);
	fputs(" | ", stdout);
	if (field->type == FIELD_NOT_YET)
		fputs("Without effect: ", stdout);
	put_cell(field->help);
	field_default_text(field, standard, sizeof(standard));
	if (standard[0] != '\0' && !required && fills_in) {
		fputs(" Default: ", stdout);
		put_cell(standard);
		putchar('.');
	}
	printf("%s |\n", more);
}

static void put_members(const char *path, const struct resource *of, bool fills_in)
{
	char below[256];
	size_t i;

	for (i = 0; i < of->field_count; i++) {
		const struct field *field = &of->fields[i];

		if (field->type == FIELD_NOT_YET)
			continue;
		snprintf(below, sizeof(below), "%s%s", path, field->name);
		put_row(below, field, (field->flags & FIELD_REQUIRED) != 0,
			(field->flags & FIELD_OURS) != 0, fills_in, "");
	}
}

static void put_parameter(const struct action *action, const struct parameter *parameter)
{
	const struct field *field = parameter_field(parameter);
	bool fills_in = action_fills_in(action, parameter);
	char path[160];

	if (field->type == FIELD_NOT_YET && !(parameter->flags & PARAMETER_IGNORED))
		return;
	put_row(parameter->name, field, (parameter->flags & PARAMETER_REQUIRED) != 0,
		(parameter->flags & PARAMETER_OURS) || (field->flags & FIELD_OURS), fills_in,
		parameter->flags & PARAMETER_SECRET ? " Never logged." : "");
	if (field->of == NULL)
		return;
	snprintf(path, sizeof(path), "%s%s.", parameter->name,
		 field->type == FIELD_OBJECTS ? ".N" : "");
	put_members(path, field->of, fills_in);
}

/* --- actions --- */

static void put_action(const struct action *action)
{
	size_t i;

	printf("\n### %s%s\n\n%s\n\n", action->name, action->flags & ACTION_OURS ? " +" : "",
	       action->help);
	if (action->flags & ACTION_REFUSED) {
		puts("Refused.");
		return;
	}
	printf("For %s.", right_text(action->right));
	puts(action->flags & ACTION_WRITES ? " Takes ClientToken and DryRun.\n" : "\n");
	if (action->parameter_count > 0)
		puts("| parameter | value | meaning |\n|---|---|---|");
	for (i = 0; i < action->parameter_count; i++)
		put_parameter(action, &action->parameters[i]);
	if (action->parameter_count > 0)
		putchar('\n');
	if (action->reply != NULL && action->reply[0] != '\0')
		printf("Answers `%s`.\n", action->reply);
}

static void put_actions(void)
{
	size_t p, a;

	for (p = 0; products[p] != NULL; p++) {
		printf("## %s, version %s\n\n%s\n", products[p]->name, products[p]->version,
		       products[p]->help);
		for (a = 0; a < products[p]->action_count; a++)
			put_action(&products[p]->actions[a]);
		putchar('\n');
	}
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		if (strcmp(line, "@actions@\n") == 0)
			put_actions();
		else
			fputs(line, stdout);
	}
	free(line);
	return fflush(stdout) == 0 ? 0 : 1;
}
