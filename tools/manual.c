/*
 * Writes the manual page of the manifest: copies a template from standard input and puts the field
 * tables, the security policies and example files where the template says
 *
 *   @resources@    @policies@    @example FILE@
 *
 * each on a line of its own. See mk/manual.mk.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/fields.h"
#include "model/policies.h"

/* Text that roff shall not take for its own. */
static void put_text(const char *text)
{
	const char *at;

	for (at = text; *at != '\0'; at++) {
		if (*at == '\\')
			fputs("\\e", stdout);
		else if (*at == '-')
			fputs("\\-", stdout);
		else if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n'))
			printf("\\&%c", *at);
		else
			putchar(*at);
	}
}

/* A sentence per line, as man pages are kept. */
static void put_sentences(const char *text)
{
	char *copy = memory_copy_string(text);
	char *at;

	for (at = copy; *at != '\0'; at++) {
		if (at[0] == '.' && at[1] == ' ' && isupper((unsigned char)at[2]))
			at[1] = '\n';
	}
	put_text(copy);
	putchar('\n');
	free(copy);
}

static const char *type_text(const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		return "text";
	case FIELD_PATH:
		return "path of a file";
	case FIELD_BOOL:
		return "switch";
	case FIELD_INTEGER:
		return field->of != NULL ? "number or mapping" : "number";
	case FIELD_WORD:
		return "one word";
	case FIELD_FLAGS:
		return "list of words";
	case FIELD_TEXTS:
		return "list of texts";
	case FIELD_CRLS:
		return "list of paths";
	case FIELD_OBJECT:
		return "mapping";
	case FIELD_OBJECTS:
		return "list of mappings";
	case FIELD_NOT_YET:
		break;
	}
	return "";
}

static void put_field(const struct field *field)
{
	char text[256];

	printf(".TP\n.B %s%s\n", field->name, field->flags & FIELD_OURS ? " +" : "");
	put_text(type_text(field));
	field_range_text(field, text, sizeof(text));
	if (text[0] != '\0' && field->type != FIELD_PATH) {
		fputs(": ", stdout);
		put_text(text);
	}
	field_default_text(field, text, sizeof(text));
	if (field->flags & FIELD_REQUIRED) {
		fputs("; required.\n.br\n", stdout);
	} else {
		fputs("; default: ", stdout);
		put_text(text);
		fputs(".\n.br\n", stdout);
	}
	put_sentences(field->help);
}

static void put_refused(const struct resource *resource)
{
	size_t i;

	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];

		if (field->type != FIELD_NOT_YET)
			continue;
		printf(".TP\n.B %s\nNot supported: ", field->name);
		put_sentences(field->help);
	}
}

static void put_resource(const struct resource *resource, const char *path)
{
	size_t i;

	printf(".SS %s\n", path[0] != '\0' ? path : "The file");
	put_sentences(resource->help);
	for (i = 0; i < resource->field_count; i++) {
		if (resource->fields[i].type != FIELD_NOT_YET)
			put_field(&resource->fields[i]);
	}
	put_refused(resource);
	for (i = 0; i < resource->field_count; i++) {
		const struct field *field = &resource->fields[i];
		char below[128];

		if (field->of == NULL)
			continue;
		snprintf(below, sizeof(below), "%s%s%s%s", path, path[0] != '\0' ? "." : "",
			 field->name, field->type == FIELD_OBJECTS ? "[]" : "");
		put_resource(field->of, below);
	}
}

static void put_policies(void)
{
	static const struct { uint32_t bit; const char *name; } versions[] = {
		{ MODEL_TLS_1_0, "TLSv1.0" }, { MODEL_TLS_1_1, "TLSv1.1" },
		{ MODEL_TLS_1_2, "TLSv1.2" }, { MODEL_TLS_1_3, "TLSv1.3" } };
	struct model_security_policy policies[POLICY_SYSTEM_COUNT];
	size_t i, j;

	policies_system(policies);
	for (i = 0; i < POLICY_SYSTEM_COUNT; i++) {
		printf(".TP\n.B %s\n", policies[i].id);
		for (j = 0; j < 4; j++) {
			if (policies[i].tls_versions & versions[j].bit)
				printf("%s ", versions[j].name);
		}
		fputs("\n.br\n", stdout);
		for (j = 0; j < policies[i].ciphers.count; j++) {
			const char *cipher = policies[i].ciphers.items[j];

			fputs(policy_cipher_is_available(cipher) ? "" : ".I ", stdout);
			put_text(cipher);
			putchar('\n');
			free(policies[i].ciphers.items[j]);
		}
		free(policies[i].ciphers.items);
		free(policies[i].id);
	}
}

static int put_example(const char *path)
{
	struct buffer content = { 0 };
	struct error err = { 0 };

	if (buffer_read_file(path, 1 << 20, &content, &err) < 0) {
		fprintf(stderr, "manual: %s\n", err.message);
		return -1;
	}
	buffer_append(&content, "", 1);
	put_text((const char *)content.data);
	buffer_done(&content);
	return 0;
}

static int put_line(char *line)
{
	static const char example[] = "@example ";
	size_t len = strlen(line);

	if (strcmp(line, "@resources@\n") == 0)
		put_resource(&manifest_resource, "");
	else if (strcmp(line, "@policies@\n") == 0)
		put_policies();
	else if (strncmp(line, example, strlen(example)) != 0 || len < strlen(example) + 3)
		fputs(line, stdout);
	else {
		line[len - 2] = '\0'; /* the "@" and the line's end */
		return put_example(line + strlen(example));
	}
	return 0;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	int status = 0;

	while (status == 0 && getline(&line, &size, stdin) > 0)
		status = put_line(line);
	free(line);
	return status == 0 && fflush(stdout) == 0 ? 0 : 1;
}
