/*
 * control/plan.h - a model made into everything that applying it needs, or an error.
 *
 * `sallyport check`, the start and every reload come through plan_load(): read, check, resolve,
 * encode, and decode of the very bytes the workers will get. One wrong resource and there is no plan.
 */
#ifndef SALLYPORT_CONTROL_PLAN_H
#define SALLYPORT_CONTROL_PLAN_H

#include <stdint.h>
#include "base/bytes.h"
#include "document/document.h"
#include "document/slots.h"
#include "model/model.h"
#include "model/warnings.h"
#include "net/address.h"

/* One address and port that is listened on. */
struct plan_socket {
	struct address address;
	int line; /* of the listener in the manifest; 0: not known */
};

struct plan {
	uint64_t version;
	struct model *model; /* NULL in a plan made from a kept document */
	struct buffer document;
	struct buffer revocation;
	struct document *decoded;    /* borrows document */
	struct plan_socket *sockets; /* sorted by address, without duplicates */
	size_t socket_count;
	struct model_warnings warnings;
};

struct own_revocations;

struct plan_sources {
	const char *manifest;	/* for plan_load() */
	struct own_revocations *own; /* what our own CAs revoked; NULL: there are none */
	uint64_t version; /* of the document to make */
	int64_t now;
	struct slots *slots;	/* changed, also when it fails: see plan_recover_slots() */
	const struct plan *old; /* what is served, to copy unchanged things from; NULL: nothing */
};

/* NULL on error; what was found up to there is in ret_warnings, if it is not NULL. Warnings of a
 * plan are its own. */
struct plan *plan_load(const struct plan_sources *sources, struct model_warnings *ret_warnings,
		       struct error *err);
/* The same for a model that was read already, whatever from; the model becomes the plan's. ret_warnings
 * may hold warnings from reading it: they become the plan's too. */
struct plan *plan_make(struct model *model, const struct plan_sources *sources,
		       struct model_warnings *ret_warnings, struct error *err);
/* What a control that died had applied: its documents, copied. */
struct plan *plan_from_kept(struct bytes document, struct bytes revocation, struct error *err);
void plan_free(struct plan *plan); /* NULL is fine */

/* Where a listener of the document came from; NULL in a plan made from a kept document. */
const struct model_listener *plan_model_listener(const struct plan *plan,
						 const struct document_listener *listener);

/* Slots as the plan uses them: after a plan that came to nothing. plan NULL: none are used. */
struct slots *plan_recover_slots(const struct plan *plan);

/* Calls each for every socket that a has and b (may be NULL) has not. */
void plan_each_socket_missing(const struct plan *a, const struct plan *b,
			      void (*each)(void *arg, const struct plan_socket *socket), void *arg);

/* When its revocation table was made, by revocation_made(); 0: a manifest's, or none. */
uint64_t plan_revocation_made(const struct plan *plan);

#endif
