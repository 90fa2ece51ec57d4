#include "api/handlers.h"

#include <string.h>

static const struct handler *const arrays[] = { nlb_handlers, certs_handlers, admin_handlers };

#define ARRAYS (sizeof(arrays) / sizeof(arrays[0]))

static const struct handler *find(const char *product, const char *action, size_t *ret_count)
{
	const struct handler *found = NULL;
	size_t i, j;

	*ret_count = 0;
	for (i = 0; i < ARRAYS; i++) {
		for (j = 0; arrays[i][j].action != NULL; j++) {
			if (strcmp(arrays[i][j].action, action) != 0 ||
			    strcmp(arrays[i][j].product, product) != 0)
				continue;
			found = &arrays[i][j];
			++*ret_count;
		}
	}
	return found;
}

const struct handler *handler_find(const struct product *product, const struct action *action)
{
	size_t count;

	return find(product->name, action->name, &count);
}

static size_t check_actions(void (*each)(void *arg, const char *product, const char *action),
			    void *arg)
{
	size_t bad = 0, count, p, a;

	for (p = 0; products[p] != NULL; p++) {
		for (a = 0; a < products[p]->action_count; a++) {
			const struct action *action = &products[p]->actions[a];

			find(products[p]->name, action->name, &count);
			if (count == ((action->flags & ACTION_REFUSED) ? 0u : 1u) ||
			    (count == 1 && (action->flags & ACTION_REFUSED)))
				continue;
			each(arg, products[p]->name, action->name);
			bad++;
		}
	}
	return bad;
}

size_t handlers_check(void (*each)(void *arg, const char *product, const char *action), void *arg)
{
	size_t bad = check_actions(each, arg), i, j;

	for (i = 0; i < ARRAYS; i++) {
		for (j = 0; arrays[i][j].action != NULL; j++) {
			const struct handler *handler = &arrays[i][j];
			const struct product *product = product_find(handler->product);

			if (product != NULL && action_find(product, handler->action) != NULL &&
			    handler->run != NULL)
				continue;
			each(arg, handler->product, handler->action);
			bad++;
		}
	}
	return bad;
}
