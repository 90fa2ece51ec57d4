/* How most commands begin. Apart from the parser, which knows nothing of commands. */
#include "cli/arguments.h"
#include "cli/commands.h"

int arguments_start(int argc, char **argv, const struct argument_option *options, size_t fewest,
		    size_t most, struct arguments *ret_arguments)
{
	if (arguments_parse(argc, argv, options, ret_arguments) < 0)
		return command_usage(argv[0]);
	if (ret_arguments->help)
		return command_explain(argv[0]);
	if (ret_arguments->word_count < fewest || ret_arguments->word_count > most)
		return command_usage(argv[0]);
	return ARGUMENTS_GO_ON;
}
