#include "cli/arguments.h"

#include <stdio.h>
#include <string.h>

struct parsing {
	int argc, at;
	char **argv;
	const struct argument_option *own, *common;
	struct arguments *into;
};

static int complain(const char *format, const char *what)
{
	fputs("sallyport: ", stderr);
	fprintf(stderr, format, what);
	fputc('\n', stderr);
	return -1;
}

/* The name ends at end: "--out" of "--out=FILE". */
static const struct argument_option *find(const struct argument_option *options, const char *name,
					  size_t length)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (strlen(options->name) == length && strncmp(options->name, name, length) == 0)
			return options;
	}
	return NULL;
}

static int take(struct parsing *parsing, const struct argument_option *option, const char *behind)
{
	if (option->given != NULL) {
		*option->given = true;
		return behind == NULL ? 0 : complain("--%s takes no value", option->name);
	}
	if (behind == NULL) {
		if (parsing->at == parsing->argc)
			return complain("--%s needs a value", option->name);
		behind = parsing->argv[parsing->at++];
	}
	if (option->text != NULL) {
		*option->text = behind;
		return 0;
	}
	if (option->list->count == ARGUMENTS_LIST)
		return complain("--%s is there too often", option->name);
	option->list->items[option->list->count++] = behind;
	return 0;
}

static int parse_option(struct parsing *parsing, const char *argument)
{
	const char *name = argument + (argument[1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');
	size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct argument_option *option = find(parsing->own, name, length);

	if (option == NULL)
		option = find(parsing->common, name, length);
	if (option == NULL || (length == 1) != (argument[1] != '-'))
		return complain("unknown option \"%s\"", argument);
	return take(parsing, option, equals != NULL ? equals + 1 : NULL);
}

static int parse_word(struct parsing *parsing, const char *word)
{
	if (parsing->into->word_count == ARGUMENTS_WORDS)
		return complain("unexpected argument \"%s\"", word);
	parsing->into->words[parsing->into->word_count++] = word;
	return 0;
}

int arguments_parse(int argc, char **argv, const struct argument_option *options,
		    struct arguments *ret_arguments)
{
	struct arguments *into = ret_arguments;
	const struct argument_option common[] = {
		{ .name = "endpoint", .text = &into->api.endpoint },
		{ .name = "token-file", .text = &into->api.token_file },
		{ .name = "ca-file", .text = &into->api.ca_file },
		{ .name = "data-dir", .text = &into->api.data_dir },
		{ .name = "json", .given = &into->json },
		{ .name = "help", .given = &into->help },
		{ .name = "h", .given = &into->help },
		{ .name = NULL },
	};
	struct parsing parsing = {
		.argc = argc, .at = 1, .argv = argv, .own = options, .common = common, .into = into
	};
	bool options_end = false;

	memset(into, 0, sizeof(*into));
	while (parsing.at < argc) {
		const char *argument = argv[parsing.at++];
		bool is_option = !options_end && argument[0] == '-' && argument[1] != '\0';

		if (is_option && strcmp(argument, "--") == 0)
			options_end = true;
		else if ((is_option ? parse_option(&parsing, argument)
				    : parse_word(&parsing, argument)) < 0)
			return -1;
	}
	return 0;
}
