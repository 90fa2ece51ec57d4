#include "api/errand.h"

#include <stddef.h>

void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

void queue_put(struct queue *queue, struct errand *errand)
{
	errand->queued = NULL;
	*queue->end = errand;
	queue->end = &errand->queued;
}

static struct errand *queue_take(struct queue *queue)
{
	struct errand *errand = queue->first;

	if (errand == NULL)
		return NULL;
	queue->first = errand->queued;
	if (queue->first == NULL)
		queue->end = &queue->first;
	return errand;
}

/* --- one errand in its savepoint --- */

static int dry_run(struct error *err)
{
	return call_refuse(err, ERROR_INVALID, "DryRunOperation", NULL,
			   "the request is valid and would be carried out, but DryRun is set");
}

static int do_it(struct errand *errand, struct error *err)
{
	int status = once_begin(errand, err);

	if (status != 0)
		return status < 0 ? -1 : 0;
	if (errand->handler->run(&errand->call, err) < 0)
		return -1;
	if (errand->call.dry_run && errand->call.park.ready == NULL)
		return dry_run(err);
	return once_end(errand, err);
}

/* -1: the transaction itself is no longer good. */
static int run_in_savepoint(struct errand *errand, struct error *err)
{
	struct store *store = errand->call.store;
	struct error why = { 0 };

	errand->state = ERRAND_RUNNING;
	if (store_savepoint(store, err) < 0)
		return -1;
	if (do_it(errand, &why) == 0)
		return store_release(store, err);
	errand_fail(errand, &why);
	errand->call.park.ready = NULL;
	errand->call.serves = errand->call.revokes = false;
	store_undo(store);
	return 0;
}

/* --- all of them --- */

static int run_all(struct errand *const *errands, size_t count, struct error *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (run_in_savepoint(errands[i], err) < 0)
			return -1;
	}
	return 0;
}

static int write_uses(struct dispatch *dispatch, struct error *err)
{
	struct store *store = dispatch->config.store;

	if (!uses_are_waiting(dispatch->config.uses))
		return 0;
	if (store_savepoint(store, err) < 0)
		return -1;
	if (uses_write(dispatch->config.uses, store, err) == 0)
		return store_release(store, err);
	store_undo(store); /* they are noted again at their next use */
	return 0;
}

static int transact(struct dispatch *dispatch, struct errand *const *errands, size_t count,
		    struct error *err)
{
	struct store *store = dispatch->config.store;

	if (store_begin(store, err) < 0)
		return -1;
	if (run_all(errands, count, err) == 0 && write_uses(dispatch, err) == 0 &&
	    store_commit(store, err) == 0)
		return 0;
	store_rollback(store);
	return -1;
}

static void tell_control(struct dispatch *dispatch, struct errand *const *errands, size_t count)
{
	bool serves = false, revokes = false;
	size_t i;

	for (i = 0; i < count; i++) {
		serves |= errands[i]->call.serves;
		revokes |= errands[i]->call.revokes;
		errands[i]->call.serves = errands[i]->call.revokes = false;
	}
	if (serves || revokes)
		dispatch->config.wants(dispatch->config.control,
				       store_revision(dispatch->config.store), revokes);
}

/* Nothing may be answered as done. */
static void fail_all(struct errand *const *errands, size_t count, const struct error *error)
{
	size_t i;

	for (i = 0; i < count; i++) {
		errand_fail(errands[i], error);
		errands[i]->call.park.ready = NULL;
	}
}

static size_t take_batch(struct dispatch *dispatch, struct errand *errands[STORE_BATCH_MAX])
{
	struct errand *errand;
	size_t count = 0;

	while (count < STORE_BATCH_MAX && ((errand = queue_take(&dispatch->urgent)) != NULL ||
					   (errand = queue_take(&dispatch->waiting)) != NULL))
		errands[count++] = errand;
	return count;
}

void batch_run(struct dispatch *dispatch)
{
	struct errand *errands[STORE_BATCH_MAX];
	size_t count = take_batch(dispatch, errands), i;
	struct error err = { 0 };

	if (count == 0 && !uses_are_waiting(dispatch->config.uses))
		return;
	if (transact(dispatch, errands, count, &err) < 0)
		fail_all(errands, count, &err);
	else
		tell_control(dispatch, errands, count);
	for (i = 0; i < count; i++)
		dispatch_went_on(errands[i]);
}
