/* Parameters of the RPC and JSON doors: forms, flattened names, JSON in texts, the checks of the tables. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "action/action.h"
#include "api/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct action *action, const json_t *raw, bool strict)
{
	struct error err;
	json_t *checked = action_validate(action, raw, strict, &err), *again;

	if (checked == NULL)
		return;
	/* What is canonical is so in the stricter form too, and stays what it is. */
	again = action_validate(action, checked, true, &err);
	if (!json_equal(checked, again))
		abort();
	json_decref(again);
	json_decref(checked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct product *product;
	const struct action *action;
	json_t *raw = json_object(), *typed;
	struct error err;

	if (size < 2) {
		json_decref(raw);
		return 0;
	}
	product = products[data[0] % 4];
	action = &product->actions[data[1] % product->action_count];
	if (form_decode((struct bytes){ data + 2, size - 2 }, raw, &err) == 0)
		check(action, raw, false);
	json_decref(raw);
	typed = json_loadb((const char *)data + 2, size - 2, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(typed))
		check(action, typed, true);
	json_decref(typed);
	return 0;
}
