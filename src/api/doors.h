/*
 * api/doors.h - the listening sockets of the API server: opened before anything is served, so that their
 * addresses are known; let into the server once requests may come.
 */
#ifndef SALLYPORT_API_DOORS_H
#define SALLYPORT_API_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include "api/api.h"
#include "api/server.h"

#define DOORS_COUNT 4

struct doors {
	struct {
		enum door_kind kind;
		const char *where; /* borrowed from the options; NULL: this door is not wanted */
		int fd;            /* listening, or -1: not (yet), or taken by the server */
		bool inside;       /* the server has it */
	} items[DOORS_COUNT];
	uid_t console_user;
};

/* Refuses an address that is not one, and one of others than this machine's own without leave. */
int must_check doors_init(struct doors *doors, const struct api_options *options,
			  struct error *err);
/* Listens where that is not done yet. -1: one at least could not be had. */
int must_check doors_listen(struct doors *doors, struct error *err);
/* Those that listen become doors of the server. */
int must_check doors_enter(struct doors *doors, struct server *server, struct error *err);
void doors_done(struct doors *doors);
/* "127.0.0.1:9080" as it is bound; "" when there is no such door. */
void doors_address(const struct doors *doors, char *ret_text, size_t size);

#endif
