/* sallyport: the command line. Each command has a file of its own; cli/commands.h lists them. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/monotime.h"
#include "cli/commands.h"

struct command {
	const char *name, *arguments, *help;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
#define X(name, arguments, help) { #name, arguments, help, command_##name },
	COMMANDS(X)
#undef X
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int command_usage(const char *name)
{
	const struct command *command = find(name);

	fprintf(stderr, "usage: sallyport %s %s\n", command->name, command->arguments);
	return EXIT_USAGE;
}

int command_explain(const char *name)
{
	const struct command *command = find(name);

	printf("usage: sallyport %s %s\n\n%s\n", command->name, command->arguments, command->help);
	return EXIT_DONE;
}

static void print_help(FILE *to)
{
	size_t i;

	fputs("usage: sallyport COMMAND [ARGUMENTS]\n\n", to);
	for (i = 0; i < COUNT; i++)
		fprintf(to, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
			commands[i].help);
	fputs("\nAll that ask a running system take --data-dir DIR, or --endpoint URL with --token-file "
	      "FILE\nand --ca-file FILE, and --json. A client would be refused: exit status 3 of admit.\n"
	      "More in sallyport(1).\n",
	      to);
}

int command_help(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;

	if (argc > 1 && command == NULL) {
		fprintf(stderr, "sallyport: there is no command \"%s\"\n", argv[1]);
		return EXIT_USAGE;
	}
	if (command != NULL)
		return command_explain(command->name);
	print_help(stdout);
	return EXIT_DONE;
}

int command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("sallyport " SALLYPORT_VERSION);
	return EXIT_DONE;
}

/* Products have more to say on each action; get tells its kinds. */
static bool explains_itself(const char *name)
{
	static const char *const names[] = { "nlb", "pca", "cas", "own", "get" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

	if (help && !explains_itself(command->name))
		return command_explain(command->name);
	return command->run(argc, argv);
}

/* An answer that nobody got is no success: the disk may be full. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	fprintf(stderr, "sallyport: could not write the answer to standard output\n");
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct command *command;

	walltime_init();
	if (name == NULL) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	command = find(name);
	if (command == NULL) {
		fprintf(stderr,
			"sallyport: there is no command \"%s\"\nhint: \"sallyport help\" lists them.\n",
			name);
		return EXIT_USAGE;
	}
	return finish(run(command, argc - 1, argv + 1));
}
