/* api/errand.h - one call on its way: what the files of api/dispatch.h share. */
#ifndef SALLYPORT_API_ERRAND_H
#define SALLYPORT_API_ERRAND_H

#include "api/authenticate.h"
#include "api/dispatch.h"

enum errand_state {
	ERRAND_IN_JOB,   /* in prepare or finish: another thread has the call */
	ERRAND_QUEUED,   /* waits for its batch */
	ERRAND_RUNNING,
	ERRAND_PARKED,
};

struct errand {
	struct errand *next, *prev; /* of all */
	struct errand *queued;      /* the next one in the queue */
	struct dispatch *dispatch;
	void *owner;
	enum errand_state state;
	const struct handler *handler;
	struct call call;
	char nonce[AUTHENTICATE_NONCE_MAX + 1];
	bool check_nonce;
	bool writes;
	bool failed;                /* with: */
	struct error error;
};

struct queue {
	struct errand *first, **end;
};

struct dispatch {
	struct dispatch_config config;
	struct errand *all;
	struct queue urgent, waiting;
	bool stopped;
};

/* --- api/errand.c --- */

struct errand *errand_new(struct dispatch *dispatch, const struct dispatch_order *order);
/* Answers it, and frees it. */
void errand_answer(struct errand *errand);
void errand_fail(struct errand *errand, const struct error *error);
/* run has been called again and again, and says that it waits: is it to be asked again now? */
bool errand_is_ready(const struct errand *errand, uint64_t now_ms);
void errand_unpark(struct errand *errand);

/* --- api/once.c: ClientToken, and nonces that outlive the process --- */

/* Inside the errand's savepoint, before run. 1: it was answered before, reply is set; 0: go on. */
int must_check once_begin(struct errand *errand, struct error *err);
/* After run, in the same savepoint. */
int must_check once_end(struct errand *errand, struct error *err);

/* --- api/batch.c --- */

void queue_init(struct queue *queue);
void queue_put(struct queue *queue, struct errand *errand);
/* Runs up to STORE_BATCH_MAX errands of the queues in one transaction. */
void batch_run(struct dispatch *dispatch);
/* After run, outside of any transaction: parks, finishes or answers. */
void dispatch_went_on(struct errand *errand);

#endif
