/*
 * cli/flags.h - the flags of a command that asks the API, from the table of actions.
 *
 * "--load-balancer-id X" and "--LoadBalancerId X" are the same flag; "--servers.1.port 80" reaches into a
 * list, "--servers '[{...}]'" gives all of it; a flag of a list may come several times; a switch without a
 * value is true; "@FILE" is what the file holds, for PEM and the like, "@-" what standard input holds.
 */
#ifndef SALLYPORT_CLI_FLAGS_H
#define SALLYPORT_CLI_FLAGS_H

#include <jansson.h>
#include "action/action.h"
#include "cli/api_client.h"

struct flags {
	struct api_flags api;
	bool json, help;
	json_t *parameters; /* owned: the body of the request */
};

/* argv[0] is not looked at. 0, or -1 with what is wrong. */
int must_check flags_parse(const struct action *action, int argc, char **argv,
			   struct flags *ret_flags, struct error *err);
void flags_done(struct flags *flags);

/* Loosely the same: case and "-" do not count. */
bool flags_names_match(const char *a, const char *b);
/* "LoadBalancerId" -> "load-balancer-id". */
void flags_kebab(const char *name, char *ret_text, size_t size);

#endif
