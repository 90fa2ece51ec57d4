/* cli/daemon_option.h - which running daemon a command speaks to. */
#ifndef SALLYPORT_CLI_DAEMON_OPTION_H
#define SALLYPORT_CLI_DAEMON_OPTION_H

#include <jansson.h>
#include <stdbool.h>
#include "cli/api_client.h"

struct daemon_option {
	const char *manifest, *socket_path;
	struct api_flags api; /* of a system with a data folder */
	bool json;
};

/* Of --manifest, --socket, --json and those of struct api_flags, and nothing else; -1: wrong. */
int daemon_option_parse(int argc, char **argv, struct daemon_option *ret_option);
/* Asks it; complains itself and gives NULL when there is no answer, or more than one daemon. */
json_t *daemon_option_ask(const struct daemon_option *option, const char *what, int wait_ms);

#endif
