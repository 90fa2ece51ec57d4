/*
 * api/first_start.h - what a store without users gets: an administrator with his credentials, the built-in
 * CA, and the console's certificate.
 */
#ifndef SALLYPORT_API_FIRST_START_H
#define SALLYPORT_API_FIRST_START_H

#include "base/error.h"
#include "control/serving.h"

/* endpoint: "127.0.0.1:9080", or "". Does nothing when there is a user already. The credentials go to the
 * bootstrap file before they are committed; the log tells where, and the CA's fingerprint. */
int must_check first_start(struct control *control, const char *endpoint, struct error *err);

#endif
