/*
 * cli/arguments.h - the options of a command that is typed by hand: a table, and what was given.
 *
 * "--name VALUE", "--name=VALUE", "-f VALUE"; what is no option goes into words, in order. The options
 * that say which daemon is asked, --json and --help are known to all commands.
 */
#ifndef SALLYPORT_CLI_ARGUMENTS_H
#define SALLYPORT_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include "cli/api_client.h"

#define ARGUMENTS_WORDS 8
#define ARGUMENTS_LIST 64

struct argument_list {
	const char *items[ARGUMENTS_LIST];
	size_t count;
};

/* Exactly one of the pointers is set. */
struct argument_option {
	const char *name;            /* of one letter: "-f" */
	const char **text;
	bool *given;                 /* a switch */
	struct argument_list *list;  /* may come several times */
};

struct arguments {
	struct api_flags api;
	bool json, help;
	const char *words[ARGUMENTS_WORDS];
	size_t word_count;
};

/* options end with a name of NULL; NULL: there are none. 0, or -1 after a complaint on stderr. */
int must_check arguments_parse(int argc, char **argv, const struct argument_option *options,
			       struct arguments *ret_arguments);

#define ARGUMENTS_GO_ON (-1)

/* The start of most commands: parses, answers --help, and wants so many words. ARGUMENTS_GO_ON, or the exit
 * status. */
int must_check arguments_start(int argc, char **argv, const struct argument_option *options,
			       size_t fewest, size_t most, struct arguments *ret_arguments);

#endif
