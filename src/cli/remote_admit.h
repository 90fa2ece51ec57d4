/* cli/remote_admit.h - sallyport admit of a running system: CheckAdmission. */
#ifndef SALLYPORT_CLI_REMOTE_ADMIT_H
#define SALLYPORT_CLI_REMOTE_ADMIT_H

#include "cli/api_client.h"

struct remote_admit {
	struct api_flags api;
	const char *listener;   /* id, "balancer:443", port or description */
	const char *cert;       /* file; "-": standard input; NULL: none */
	const char *identity;   /* a certificate of the private CA: Identifier, serial number or name */
	const char *sni, *at;
	bool json;
};

/* The exit status: EXIT_REFUSED when the client is. */
int remote_admit(const struct remote_admit *wish);

#endif
