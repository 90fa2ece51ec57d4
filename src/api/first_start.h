/*
 * api/first_start.h - what a new store needs before anybody can use it.
 *
 * The administrator with an access key and a token, the built-in CA, and the certificate of the console's
 * listener, in one transaction. The credentials go into a file that the guardian opened (0600), and
 * nowhere else; the log says where, and what the CA's fingerprint is.
 */
#ifndef SALLYPORT_API_FIRST_START_H
#define SALLYPORT_API_FIRST_START_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct control;

/* Nothing happens when the store has an administrator already. endpoint: of the API, for the file. */
int must_check first_start(struct control *control, const char *endpoint, int64_t now,
			   struct error *err);

#endif
