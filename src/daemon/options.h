/* daemon/options.h - the command line of sallyportd. */
#ifndef SALLYPORT_DAEMON_OPTIONS_H
#define SALLYPORT_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "document/message.h"

#define OPTIONS_WORKERS_MAX 1024

struct options {
	enum message_role role;	 /* ROLE_GUARDIAN or ROLE_CONTROL */
	const char *manifest;	 /* NULL only with help or version */
	const char *socket_path; /* NULL: the usual place */
	int socket_fd;		 /* for control: listens there already; 0: none */
	int64_t workers;	 /* 0: what the manifest says */
	bool no_sandbox;
	bool privileged; /* for control: the guardian was started as root */
	bool help, version;
};

/* The strings stay those of argv. */
int must_check options_parse(int argc, char **argv, struct options *ret_options, struct error *err);
const char *options_help(void);

#endif
