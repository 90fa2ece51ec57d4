/* daemon/options.h - the command line of sallyportd. */
#ifndef SALLYPORT_DAEMON_OPTIONS_H
#define SALLYPORT_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "document/message.h"

#define OPTIONS_WORKERS_MAX 1024
#define OPTIONS_API "127.0.0.1:9080"
#define OPTIONS_CONSOLE "0.0.0.0:8443"

struct options {
	enum message_role role;	 /* ROLE_GUARDIAN or ROLE_CONTROL */
	const char *manifest;	 /* what to serve is in this file, ... */
	const char *data_dir;	 /* ... or in this folder; one of the two, without help and version */
	const char *api;	 /* HOST:PORT of the API; NULL: OPTIONS_API */
	const char *console;	 /* HOST:PORT of the console's HTTPS; NULL: OPTIONS_CONSOLE; "none" */
	const char *pki;	 /* HOST:PORT for CRLs and OCSP alone; NULL: none */
	const char *master_key;	 /* file; NULL: the usual place */
	const char *bootstrap_file; /* gets the first credentials; NULL: a file in data_dir */
	int bootstrap_fd;	 /* for control: of that file; 0: none, this is no first start */
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
