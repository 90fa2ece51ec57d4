/* control/client.h - the other end of the control socket, for the command line. */
#ifndef SALLYPORT_CONTROL_CLIENT_H
#define SALLYPORT_CONTROL_CLIENT_H

#include <jansson.h>
#include "base/error.h"
#include "control/socket_path.h"

/* How long an answer may take: a reload waits for up to 30 s for a worker that hangs. */
#define CLIENT_STATUS_MS 10000
#define CLIENT_RELOAD_MS 120000

/* Calls each with the path of every control socket that a daemon answers on. */
void client_each_live(void (*each)(void *arg, const char *path), void *arg);

/* The socket to speak to: path if given, that of the manifest if given, else the only one there is.
 * ERROR_CONFLICT: there are several; ERROR_NOT_FOUND: none. */
int must_check client_find(const char *manifest, const char *path, char ret_path[SOCKET_PATH_SIZE],
			   struct error *err);

/* The socket of the API to speak to: that of the data folder if given, else the only one there is. */
int must_check client_find_api(const char *data_dir, char ret_path[SOCKET_PATH_SIZE],
			       struct error *err);

/* Asks {"do": what} and waits; a new reference, or NULL. An answer with "ok": false is an answer. */
json_t *client_ask(const char *path, const char *what, int wait_ms, struct error *err);

#endif
