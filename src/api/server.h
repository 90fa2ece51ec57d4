/*
 * api/server.h - HTTP inside of the loop of control: doors, connections, whole requests, answers.
 *
 *   door (listening socket) -> peer (connection) -> exchange (request, answer)
 *
 * We accept ourselves: limits by source, the time a request may take, PROXY headers and the user at the
 * other end of a local socket are ours; libmicrohttpd (0.9.7x) reads and writes HTTP. A request is handed
 * over whole. It is answered at once, or later: its connection sleeps until then. URLs may hold private
 * keys: they are never logged, and wiped.
 */
#ifndef SALLYPORT_API_SERVER_H
#define SALLYPORT_API_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/bytes.h"
#include "base/error.h"
#include "net/loop.h"

#define SERVER_CONNECTIONS_MAX 128   /* TCP and console together */
#define SERVER_LOOPBACK_MAX 96       /* of these from a loopback address over TCP */
#define SERVER_SOURCE_MAX 16         /* from one other address, or IPv6 /64 network */
#define SERVER_LOCAL_MAX 32          /* over the local socket, besides */
#define SERVER_PKI_MAX 64            /* through the door for everybody, besides */
#define SERVER_LINE_MAX 65536        /* of the request line */
#define SERVER_HEADER_MAX 16384      /* of all headers */
#define SERVER_BODY_MAX 1048576
#define SERVER_BODIES_MAX (32u << 20) /* of all requests at one time */
#define SERVER_REQUEST_MS 30000      /* for a whole request, and for its answer to be taken */

struct server;
struct peer;
struct MHD_Connection;
struct MHD_Response;

enum door_kind {
	DOOR_TCP,     /* plain HTTP */
	DOOR_LOCAL,   /* unix socket of the command line: root and our own user may speak */
	DOOR_CONSOLE, /* behind the console's HTTPS listener: each connection begins with a PROXY header */
	DOOR_PKI,     /* plain HTTP for everybody: CRLs, CA certificates, OCSP, and nothing else */
};

/* One request and its answer. */
struct exchange {
	struct server *server;
	struct MHD_Connection *connection;
	struct peer *peer;
	char method[16];
	char *target;        /* "/path?query" as it came */
	size_t target_len;
	struct buffer body;
	bool begun;          /* its headers were looked at */
	bool too_large;      /* the body: the rest of it is thrown away */
	size_t thrown_away;
	bool asleep;         /* waits for its answer */
	unsigned int status; /* of the answer */
	struct MHD_Response *response; /* NULL: not answered yet */
};

struct server_config {
	struct loop *loop;
	void *arg;
	/* A whole request. Answers it with exchange_answer(), now or later. */
	void (*handle)(void *arg, struct exchange *exchange);
	/* The request was refused before it was whole: answers it now. */
	void (*refuse)(void *arg, struct exchange *exchange, const struct error *error);
};

struct server *server_new(const struct server_config *config, struct error *err);
/* Every exchange must be answered before. Closes the doors. NULL is fine. */
void server_free(struct server *server);
/* fd listens; it is taken, also on failure. unlink_path: removed at the end, or NULL. peer_user: for the
 * console, who may connect besides root and ourselves; (uid_t)-1: anybody. */
int must_check server_add_door(struct server *server, enum door_kind kind, int fd,
			       const char *unlink_path, uid_t peer_user, struct error *err);
/* Lets the library work on what was answered meanwhile. At the end of a turn of the loop. */
void server_run(struct server *server);

/* --- the request --- */

void *exchange_arg(const struct exchange *exchange); /* of the server's configuration */

/* The value of a header, or NULL. */
const char *exchange_header(const struct exchange *exchange, const char *name);
/* How often there is a header of this name. */
unsigned int exchange_header_count(const struct exchange *exchange, const char *name);
enum door_kind exchange_door(const struct exchange *exchange);
const char *exchange_from(const struct exchange *exchange); /* address, or "unix" */
uid_t exchange_user(const struct exchange *exchange);       /* over the local socket */
/* Who sent the request has closed the connection. */
bool exchange_is_gone(const struct exchange *exchange);

/* --- the answer: once --- */

/* body is copied. headers: an object of text, or NULL. HEAD gets no body. */
void exchange_answer(struct exchange *exchange, unsigned int status, const char *content_type,
		     struct bytes body, const json_t *headers);
/* The body is a file of this size, which is taken, also on failure. */
void exchange_answer_file(struct exchange *exchange, unsigned int status, const char *content_type,
			  int fd, uint64_t size, const json_t *headers);

#endif
