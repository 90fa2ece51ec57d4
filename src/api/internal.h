/* api/internal.h - what the files of the API server share: one struct a process. */
#ifndef SALLYPORT_API_INTERNAL_H
#define SALLYPORT_API_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "api/api.h"
#include "api/authenticate.h"
#include "api/dispatch.h"
#include "api/doors.h"
#include "api/server.h"
#include "api/throttle.h"

struct api {
	struct api_options options;
	struct control *control;
	struct store *store;
	struct loop *loop;
	struct admin *admin;
	struct server *server;     /* NULL: not begun yet */
	struct dispatch *dispatch;
	struct gate gate;
	struct throttle *requests; /* of sources that are not of this machine */
	struct throttle *failures; /* of proofs */
	struct timeout soon;       /* there is something to do that no event tells of */
	int64_t started_s;
	struct doors doors;
	bool complained;           /* about doors that could not be opened */
	char host[256];            /* of options.address: a Host that is always right */
	char *openapi;             /* the document, once it was asked for */
	int64_t failure_said_s;    /* when the log was last told of a failure */
};

/* --- a request on its way to the dispatcher --- */

struct visit {
	struct api *api;
	struct exchange *exchange;
	char request_id[37];
	char *path;            /* as it came, without the query */
	struct bytes query;    /* borrowed from the exchange */
	struct caller caller;
	char nonce[AUTHENTICATE_NONCE_MAX + 1];
};

/* api/route.c */
void route_handle(void *arg, struct exchange *exchange);
void route_refuse(void *arg, struct exchange *exchange, const struct error *error);

/* api/rpc.c: "/"; api/json.c: "/api/<product>/<Action>" */
void rpc_handle(struct visit *visit);
void json_handle(struct visit *visit, const char *product, const char *action);
/* api/pages.c: all other paths. false: there is none. */
bool pages_handle(struct visit *visit, const char *path);

/* api/reply.c */
void reply_error(struct visit *visit, const struct error *error);
/* An error of a proof: beyond so many a second, only that there are too many. */
void reply_denied(struct visit *visit, const struct error *error);
void reply_call(void *owner, const struct call *call, const struct error *error);
bool reply_is_gone(void *owner);
/* To the log, once in ten seconds: a full disk fails every call. */
void reply_log_failure(struct api *api, const struct error *error);

/* api/rights.c */
int must_check rights_check(const struct caller *caller, const struct action *action,
			    struct error *err);
/* Against pages of other origins that make a browser speak to us with its cookie, or as if it were one of
 * ours (DNS rebinding). */
int must_check rights_check_origin(const struct visit *visit, struct error *err);

/* Over the local socket without another proof. */
void caller_of_socket(const struct visit *visit, struct caller *ret_caller);
struct evidence visit_evidence(const struct visit *visit, const json_t *query,
			       const json_t *parameters);
/* Checked parameters go to the dispatcher; parameters is taken. */
void visit_dispatch(struct visit *visit, const struct product *product,
		    const struct action *action, json_t *parameters);

#endif
