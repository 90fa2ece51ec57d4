/*
 * cli/api_client.h - the other end of the API: one action, asked over HTTP.
 *
 * Over the unix socket of a daemon on this machine, where being root or the daemon's user is enough, or
 * to an URL with a bearer token. The only file that includes libcurl is api_client.c.
 */
#ifndef SALLYPORT_CLI_API_CLIENT_H
#define SALLYPORT_CLI_API_CLIENT_H

#include <jansson.h>
#include "base/error.h"
#include "control/socket_path.h"

#define API_TIMEOUT_S 60

struct api_target {
	char socket[SOCKET_PATH_SIZE]; /* "": endpoint is used */
	const char *endpoint;          /* "http://127.0.0.1:9080", "https://host:8443" */
	char *token;                   /* owned; wiped */
	const char *ca_file;           /* for https; NULL: the system's */
};

/* What the flags and the environment say: --endpoint or SALLYPORT_ENDPOINT with --token-file or
 * SALLYPORT_TOKEN; --data-dir or SALLYPORT_DATA_DIR; else the only daemon of this user. */
struct api_flags {
	const char *endpoint, *token_file, *ca_file, *data_dir;
};
int must_check api_target_find(const struct api_flags *flags, struct api_target *ret_target,
			       struct error *err);
void api_target_done(struct api_target *target);

/* A new reference to the reply, or NULL: err then holds the API's own Code (symbol), Message, Recommend
 * (hint) and Field (place), or says why there was no answer. */
json_t *api_call(const struct api_target *target, const char *product, const char *action,
		 const json_t *parameters, struct error *err);

#endif
