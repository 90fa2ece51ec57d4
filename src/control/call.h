/*
 * control/call.h - one request of the API on its way through: what handlers get, and how they answer.
 *
 *   received -> checked -> prepare (job thread) -> run (state thread, savepoint) -> commit
 *                                                   -> finish (job thread) -> answered
 *
 * run does the work: reads and writes the store, fills reply. prepare and finish are for what takes long
 * (RSA keys, password hashes, PKCS#12) and touch nothing but the call itself. Errors: error.symbol is the
 * API's Code, error.place the parameter (Field), error.hint the Recommend. After an error in run the
 * savepoint is undone, so a handler may fail at any point.
 */
#ifndef SALLYPORT_CONTROL_CALL_H
#define SALLYPORT_CONTROL_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "action/action.h"
#include "base/error.h"
#include "store/store.h"

struct admin;
struct call;
struct control;

enum caller_role { CALLER_NOBODY, CALLER_VIEWER, CALLER_ISSUER, CALLER_OPERATOR,
	CALLER_ADMINISTRATOR };

/* How it was proved who is calling. */
enum caller_proof { PROOF_NONE, PROOF_SIGNATURE, PROOF_TOKEN, PROOF_SESSION, PROOF_SOCKET };

struct caller {
	enum caller_role role;
	enum caller_proof proof;
	char user[65];
	char ca[65];          /* the one CA of an issuer, else "" */
	char from[64];        /* address, or "unix" */
	char credential[65];  /* AccessKeyId, or the id of the token or session */
};

/*
 * For run only: to answer later without keeping anybody waiting. run sets ready and until_ms and returns
 * 0; what it wrote is committed as usual, nothing is answered. The dispatcher (src/api) then asks ready at
 * the end of each turn of the loop, when nothing is in a transaction, and once a second. When it says yes,
 * or the time is over, the dispatcher clears ready, empties reply, sets now, and calls run again, which may
 * wait once more. A client that goes away in between: work_free is called, ready never again.
 */
struct call_park {
	bool (*ready)(const struct call *call); /* NULL: does not wait */
	uint64_t until_ms;    /* monotime_ms(); at most 35 s ahead */
	unsigned int rounds;  /* counted by the dispatcher: how often run was called before */
	bool over;            /* set by the dispatcher: the time was over before ready said yes */
};

struct call {
	struct control *control;
	struct store *store;
	struct admin *admin;  /* of admin_init() (admin/admin.h): set by the dispatcher */
	const struct product *product;
	const struct action *action;
	struct caller caller;
	json_t *parameters;   /* checked and canonical (action_validate); lives as long as the call */
	json_t *reply;        /* an object; handlers set members */
	json_t *headers;      /* of the HTTP reply: an object of text, or NULL (Set-Cookie of Login) */
	char request_id[37];  /* upper-case UUID */
	bool over_tls;        /* it came through the console's HTTPS: cookies get "Secure" */
	int64_t now;
	bool dry_run;         /* run everything; it will be undone and answered DryRunOperation */
	bool serves;          /* set by call_change(): the data plane must follow */
	bool revokes;         /* set by who revokes: the revocation table must follow */
	bool keeps_secret;    /* set by handlers whose reply holds a secret: the reply is not kept for
			       * ClientToken; the same token again answers 409 Conflict.ClientToken */
	struct call_park park;
	void *work;           /* from prepare to finish; freed by work_free */
	void (*work_free)(void *work);
};

typedef int call_step(struct call *call, struct error *err);

struct handler {
	const char *product, *action;
	call_step *prepare, *run, *finish; /* prepare and finish may be NULL */
};

/* NULL-terminated, one array a folder. The API server joins them and finds each action in them. */
extern const struct handler nlb_handlers[];   /* src/nlb */
extern const struct handler certs_handlers[]; /* src/certs: cas and pca */
extern const struct handler admin_handlers[]; /* src/admin: sallyport */

/* --- parameters --- */

bool call_has(const struct call *call, const char *name);
const char *call_text(const struct call *call, const char *name); /* NULL: not given */
int64_t call_integer(const struct call *call, const char *name, int64_t otherwise);
bool call_boolean(const struct call *call, const char *name, bool otherwise);
json_t *call_value(const struct call *call, const char *name); /* borrowed; NULL: not given */

/* --- errors: each returns -1 --- */

/* 404 "ResourceNotFound.listener": "the specified resource of listener "lsn-x" is not found" */
int call_not_found(struct error *err, const char *what, const char *id);
/* Any symbol; field may be NULL. HTTP status by code and symbol. */
int call_refuse(struct error *err, enum error_code code, const char *symbol, const char *field,
		const char *format, ...) __attribute__((format(printf, 5, 6)));

/* --- what a write does --- */

/* Compares IfRevision, if given, with what the row has: 409 Conflict.Revision. */
int must_check call_check_revision(const struct call *call, int64_t revision, struct error *err);
/* change_log and audit with the caller filled in; ret_revision is what the row is to be written with.
 * serves: the change concerns what the data plane is told. before, after: may be NULL. */
int must_check call_change(struct call *call, const char *kind, const char *id, const char *act,
			   bool serves, const json_t *before, const json_t *after,
			   int64_t *ret_revision, struct error *err);
/* A job about this resource, done when revision is served; sets JobId in the reply. */
int must_check call_job(struct call *call, const char *kind, const char *id, int64_t revision,
			struct error *err);
/* An audit entry for something that changes nothing: an export. */
int must_check call_audit(struct call *call, const char *kind, const char *id, struct error *err);
/* An issuer may only touch what its CA issued. ca: id of the CA concerned. */
int must_check call_check_issuer(const struct call *call, const char *ca, struct error *err);

/* A new id: prefix and 18 random lower-case letters and digits ("nlb-" -> "nlb-8f2k..."). */
void call_new_id(const char *prefix, char *ret_id, size_t size);
void call_new_uuid(char ret_uuid[37]);

/* --- pages --- */

/* NLB: MaxResults, NextToken. Handlers read one row more than max to know whether a page follows. */
int call_max_results(const struct call *call, int otherwise);
/* The id behind NextToken, or NULL; a token that we did not make is IllegalParam.NextToken. */
int must_check call_next_token(const struct call *call, char *ret_after, size_t size,
			       struct error *err);
void call_set_next_token(struct call *call, const char *last_id);

#endif
