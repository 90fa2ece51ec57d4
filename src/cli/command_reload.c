/* sallyport reload: has a running daemon read its manifest again; waits until it is served or refused. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/daemon_option.h"
#include "cli/print.h"
#include "control/client.h"

int command_reload(int argc, char **argv)
{
	struct daemon_option option;
	json_t *answer;
	bool ok;

	/* A system with a data folder has nothing to read again: changes are applied as they come. */
	if (daemon_option_parse(argc, argv, &option) < 0 || option.api.data_dir != NULL ||
	    option.api.endpoint != NULL)
		return command_usage(argv[0]);
	answer = daemon_option_ask(&option, "reload", CLIENT_RELOAD_MS);
	if (answer == NULL)
		return EXIT_FAILED;
	ok = json_is_true(json_object_get(answer, "ok"));
	if (option.json) {
		print_json(answer);
		return ok ? EXIT_DONE : EXIT_FAILED;
	}
	print_json_warnings(json_object_get(answer, "warnings"));
	if (ok)
		printf("reloaded: version %lld is served\n",
		       (long long)json_integer_value(json_object_get(answer, "version")));
	else
		print_json_error(json_object_get(answer, "error"));
	if (!ok)
		fprintf(stderr, "sallyport: nothing was changed: version %lld is still served\n",
			(long long)json_integer_value(json_object_get(answer, "version")));
	json_decref(answer);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
