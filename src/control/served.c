#include "control/served.h"

#include <string.h>

#include "control/control_internal.h"
#include "control/follow_internal.h"
#include "control/sums.h"
#include "x509/revocation.h"

const struct plan *served_plan(const struct control *control)
{
	return control->served;
}

static uint64_t made(struct bytes table)
{
	struct revocation opened;

	return table.len > 0 && revocation_open(table, &opened, NULL) == 0
		       ? revocation_made(&opened)
		       : 0;
}

struct bytes served_revocation(const struct control *control)
{
	struct bytes with_plan = { NULL, 0 }, alone = { NULL, 0 };

	if (control->served != NULL)
		with_plan = buffer_bytes(&control->served->revocation);
	if (control->follow != NULL)
		alone = buffer_bytes(&control->follow->table);
	return made(alone) > made(with_plan) ? alone : with_plan;
}

const struct document_listener *served_listener(const struct control *control, const char *name)
{
	const struct document *document;
	uint32_t i;

	if (control->served == NULL)
		return NULL;
	document = control->served->decoded;
	for (i = 0; i < document->listener_count; i++)
		if (strcmp(document->listeners[i].name, name) == 0)
			return &document->listeners[i];
	return NULL;
}

int64_t served_revision(const struct control *control)
{
	const struct follow *follow = control->follow;

	return follow->wanted > follow->served ? follow->served : store_revision(follow->store);
}

void served_each_left_out(const struct control *control,
			  void (*each)(void *arg, const char *listener_id, const char *why),
			  void *arg)
{
	const struct follow *follow = control->follow;
	size_t i;

	for (i = 0; i < follow->left_out_count; i++)
		each(arg, follow->left_out[i].listener, follow->left_out[i].why);
}

/* Without checks a server counts as healthy: connections go to it. */
static bool is_healthy(const struct control *control, const struct document_server *server)
{
	enum health_state state = HEALTH_UNKNOWN;

	if (control->health != NULL)
		state = atomic_load(&control->health->servers[server->slot].state);
	return state == HEALTH_HEALTHY || state == HEALTH_UNCHECKED;
}

void served_figures(const struct control *control, const struct document_listener *listener,
		    struct served_figures *ret_figures)
{
	const struct document_group *group = &control->served->decoded->groups[listener->group];
	uint32_t i;

	ret_figures->listener = listener;
	sums_listener(control->stats, listener->slot, &ret_figures->sum);
	ret_figures->servers = group->server_count;
	ret_figures->healthy = 0;
	for (i = 0; i < group->server_count; i++)
		if (is_healthy(control, &group->servers[i]))
			ret_figures->healthy++;
}

void served_each(const struct control *control,
		 void (*each)(void *arg, const struct served_figures *figures), void *arg)
{
	const struct document *document;
	struct served_figures figures;
	uint32_t i;

	if (control->served == NULL)
		return;
	document = control->served->decoded;
	for (i = 0; i < document->listener_count; i++) {
		served_figures(control, &document->listeners[i], &figures);
		each(arg, &figures);
	}
}
