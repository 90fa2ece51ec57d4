/*
 * What is stored was checked one by one; that all of it goes together is checked here once more: two
 * listeners on one port, say, after a setting was changed. Listeners are taken out one at a time, the
 * first that is in the way of those before it.
 */
#include <string.h>
#include "control/stored_internal.h"
#include "model/fields.h"
#include "model/manifest.h"

/* Whether the first count listeners go together. */
static bool goes(struct model *model, size_t count, struct error *ret_why)
{
	size_t all = model->listener_count;
	int status;

	model->listener_count = count;
	status = model_check(model, NULL, ret_why);
	model->listener_count = all;
	return status == 0;
}

/* The smallest count that does not go; more listeners never mend what a few break. */
static size_t first_bad(struct model *model)
{
	size_t good = 0, bad = model->listener_count;
	struct error ignored;

	while (bad - good > 1) {
		size_t middle = good + (bad - good) / 2;

		if (goes(model, middle, &ignored))
			good = middle;
		else
			bad = middle;
	}
	return bad;
}

static void take_out(struct model *model, size_t i)
{
	resource_done(&listener_resource, &model->listeners[i]);
	model->listener_count--;
	memmove(&model->listeners[i], &model->listeners[i + 1],
		(model->listener_count - i) * sizeof(model->listeners[0]));
}

void stored_weed(struct model *model, const struct stored_options *options)
{
	struct error why = { 0 }, ignored;

	if (goes(model, model->listener_count, &ignored) || !goes(model, 0, &ignored))
		return;
	while (!goes(model, model->listener_count, &why)) {
		size_t bad = first_bad(model);

		goes(model, bad, &why);
		options->fault(options->arg, model->listeners[bad - 1].id, &why);
		take_out(model, bad - 1);
	}
}
