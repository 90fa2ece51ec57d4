/*
 * api/api.h - the API server, as daemon/main.c joins it to the control role.
 *
 * hooks->open takes a struct api_options.
 */
#ifndef SALLYPORT_API_API_H
#define SALLYPORT_API_API_H

#include <stdbool.h>
#include <sys/types.h>
#include "control/hooks.h"

struct api_options {
	const char *address;        /* HOST:PORT of the API in plain HTTP; NULL: none */
	bool address_may_be_public; /* it may be another than a loopback address */
	const char *pki_address;    /* HOST:PORT for everybody: CRLs and OCSP only; NULL: none */
	const char *socket_path;    /* for the command line; NULL: none */
	const char *console_socket; /* abstract name, without the NUL in front; NULL: none */
	uid_t console_user;         /* who connects to it, besides root and ourselves; -1: anybody */
};

extern const struct control_hooks api_hooks;

#endif
