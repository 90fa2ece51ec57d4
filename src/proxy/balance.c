/*
 * A pick is two steps: gather the servers that may be chosen, each with its share (its weight, less
 * while it starts slowly), then let the group's scheduler choose among them. The schedulers know
 * nothing of health, ejection or retries.
 */
#include "proxy/balance.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "proxy/rendezvous.h"

#define FULL_SHARE 100u /* percent */
#define SLOW_START_SHARE 10u
#define EJECT_AFTER 3u
#define EJECT_FIRST_MS 10000u
#define EJECT_LONGEST_MS 300000u

struct candidate {
	struct server *server;
	uint32_t index; /* in the group */
	uint32_t share;
};

struct group {
	unsigned int refs;
	enum model_scheduler scheduler;
	enum model_all_down all_down;
	bool checked;
	uint64_t slow_start_ms;
	struct balance_env env;
	uint32_t next; /* index where the rotation goes on; may be server_count */
	uint32_t server_count;
	struct server **servers;
	struct candidate *candidates; /* room for all of them, used within one pick */
};

/* --- servers --- */

struct server *server_ref(struct server *server)
{
	server->refs++;
	return server;
}

void server_unref(struct server *server)
{
	if (server != NULL && --server->refs == 0)
		free(server);
}

static void server_goes(struct server *server, uint64_t now_ms)
{
	if (server->gone)
		return;
	server->gone = true;
	server->gone_ms = now_ms;
}

/* What the document may change while the server stays itself. */
static void server_update(struct server *server, const struct document_group *group,
			  const struct document_server *from, uint64_t now_ms)
{
	server->owner = from->owner;
	server->weight = from->weight;
	memcpy(server->name, from->name, sizeof(server->name));
	server->drain_enabled = group->drain_enabled;
	server->drain_timeout_s = group->drain_timeout_s;
	if (from->weight == 0) {
		server_goes(server, now_ms);
	} else {
		server->gone = false;
		server->gone_ms = 0;
	}
}

/* What round robin owed a server that had the slot before is forgotten. */
static struct server *server_new(const struct document_server *from, struct balance_env env)
{
	struct server *server = memory_new(sizeof(*server));

	server->refs = 1;
	server->slot = from->slot;
	server->address = from->address;
	server->hash = rendezvous_hash(0, &from->address, true);
	atomic_store_explicit(&env.stats->shared_servers[from->slot].owed, 0, memory_order_relaxed);
	return server;
}

/* --- ejection: what this worker learned by connecting --- */

static struct stats_server *server_stats(const struct server *server, struct balance_env env)
{
	return &env.stats->worker[env.worker].servers[server->slot];
}

static uint64_t good_checks(const struct server *server, struct balance_env env)
{
	return atomic_load_explicit(&env.health->servers[server->slot].good_checks,
				    memory_order_relaxed);
}

static void ejection_end(struct server *server, struct balance_env env)
{
	server->ejected_until_ms = 0;
	server_stats(server, env)->ejected = 0;
}

/* Ends what has run out, or what a good check has proved wrong. When only time has passed, the next
 * failure ejects again: it is still one more in a row. */
static bool server_is_ejected(struct server *server, struct balance_env env, uint64_t now_ms)
{
	if (server->ejected_until_ms == 0)
		return false;
	if (good_checks(server, env) != server->ejected_good_checks) {
		server->failures = 0;
		ejection_end(server, env);
	} else if (now_ms >= server->ejected_until_ms) {
		ejection_end(server, env);
	}
	return server->ejected_until_ms != 0;
}

static bool group_may_eject(const struct group *group, uint64_t now_ms)
{
	uint32_t ejected = 0, usable = 0;
	uint32_t i;

	for (i = 0; i < group->server_count; i++) {
		if (group->servers[i]->gone)
			continue;
		usable++;
		ejected += server_is_ejected(group->servers[i], group->env, now_ms);
	}
	return (ejected + 1) * 2 <= usable;
}

static void server_eject(struct server *server, struct balance_env env, uint64_t now_ms)
{
	uint64_t time_ms = EJECT_LONGEST_MS;

	if (server->ejections < 5)
		time_ms = (uint64_t)EJECT_FIRST_MS << server->ejections;
	server->ejections++;
	server->ejected_until_ms = now_ms + time_ms;
	server->ejected_good_checks = good_checks(server, env);
	server_stats(server, env)->ejected = 1;
}

void server_opened(struct server *server, struct balance_env env)
{
	struct stats_server *stats = server_stats(server, env);

	stats->connections++;
	stats->active++;
}

void server_closed(struct server *server, struct balance_env env)
{
	struct stats_server *stats = server_stats(server, env);

	if (stats->active > 0)
		stats->active--;
}

void server_connected(struct server *server, struct balance_env env)
{
	server->failures = 0;
	server->ejections = 0;
	if (server->ejected_until_ms != 0)
		ejection_end(server, env);
}

bool server_failed(struct server *server, struct group *group, struct balance_env env,
		   uint64_t now_ms)
{
	server_stats(server, env)->failures++;
	server->failures++;
	if (group == NULL || server->gone || server->failures < EJECT_AFTER ||
	    server_is_ejected(server, env, now_ms) || !group_may_eject(group, now_ms))
		return false;
	server_eject(server, env, now_ms);
	return true;
}

/* --- who may be chosen --- */

static enum health_state health_state(const struct group *group, const struct server *server)
{
	return (enum health_state)atomic_load_explicit(
		&group->env.health->servers[server->slot].state, memory_order_relaxed);
}

/* Not one server that could get traffic has a result yet. */
static bool group_is_unchecked(const struct group *group)
{
	uint32_t i;

	for (i = 0; i < group->server_count; i++)
		if (!group->servers[i]->gone &&
		    health_state(group, group->servers[i]) != HEALTH_UNKNOWN)
			return false;
	return true;
}

static bool server_counts(const struct group *group, const struct server *server, bool unchecked)
{
	enum health_state state;

	if (!group->checked)
		return true;
	state = health_state(group, server);
	return state == HEALTH_HEALTHY || state == HEALTH_UNCHECKED ||
	       (state == HEALTH_UNKNOWN && unchecked);
}

static bool was_tried(const struct balance_request *request, const struct server *server)
{
	unsigned int i;

	for (i = 0; i < request->tried_count; i++)
		if (request->tried[i] == server)
			return true;
	return false;
}

/* Percent of its weight: less than all while it starts slowly. */
static uint32_t slow_start_percent(const struct group *group, const struct server *server,
				   uint64_t now_ms)
{
	uint64_t changed_ms, since_ms;

	if (group->slow_start_ms == 0 || health_state(group, server) != HEALTH_HEALTHY)
		return FULL_SHARE;
	changed_ms = atomic_load_explicit(&group->env.health->servers[server->slot].changed_ms,
					  memory_order_relaxed);
	since_ms = now_ms > changed_ms ? now_ms - changed_ms : 0;
	if (since_ms >= group->slow_start_ms)
		return FULL_SHARE;
	return SLOW_START_SHARE +
	       (uint32_t)((FULL_SHARE - SLOW_START_SHARE) * since_ms / group->slow_start_ms);
}

static uint32_t gather(struct group *group, const struct balance_request *request, bool everybody)
{
	bool unchecked = !everybody && group->checked && group_is_unchecked(group);
	uint32_t count = 0;
	uint32_t i;

	for (i = 0; i < group->server_count; i++) {
		struct server *server = group->servers[i];
		uint32_t share;

		if (server->gone || was_tried(request, server))
			continue;
		if (!everybody && (!server_counts(group, server, unchecked) ||
				   server_is_ejected(server, group->env, request->now_ms)))
			continue;
		share = slow_start_percent(group, server, request->now_ms);
		if (group->scheduler != MODEL_RR)
			share *= server->weight;
		group->candidates[count++] = (struct candidate){ server, i, share };
	}
	return count;
}

/* --- the schedulers: each chooses one of the first count candidates, count > 0 --- */

/* The first candidate at or after the place where the rotation goes on. */
static uint32_t rotation_start(const struct group *group, uint32_t count)
{
	uint32_t first = 0;

	while (first < count && group->candidates[first].index < group->next)
		first++;
	return first < count ? first : 0;
}

/*
 * nginx's smooth weighted round robin: 5, 1, 1 gives a a b a c a a; equal shares go in the listed order.
 * All workers add to the same sums: two that choose at the same moment may choose alike, nothing worse.
 */
static struct candidate *choose_wrr(struct group *group, uint32_t count)
{
	struct stats_shared_server *shared = group->env.stats->shared_servers;
	struct candidate *best = NULL;
	int64_t most = 0, total = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct candidate *candidate = &group->candidates[i];
		int64_t share = (int64_t)candidate->share;
		int64_t owed = atomic_fetch_add_explicit(&shared[candidate->server->slot].owed,
							 share, memory_order_relaxed) +
			       share;

		total += share;
		if (best == NULL || owed > most) {
			best = candidate;
			most = owed;
		}
	}
	atomic_fetch_sub_explicit(&shared[best->server->slot].owed, total, memory_order_relaxed);
	return best;
}

/* Least (active + 1) / share; among equals the rotation decides. */
static struct candidate *choose_wlc(struct group *group, uint32_t count)
{
	struct candidate *best = NULL;
	uint64_t best_load = 0;
	uint32_t at = rotation_start(group, count);
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct candidate *candidate = &group->candidates[at];
		uint64_t load = stats_server_active(group->env.stats, candidate->server->slot) + 1;

		if (best == NULL || load * best->share < best_load * candidate->share) {
			best = candidate;
			best_load = load;
		}
		at = at + 1 < count ? at + 1 : 0;
	}
	group->next = best->index + 1;
	return best;
}

static struct candidate *choose_hash(struct group *group, uint32_t count,
				     const struct balance_request *request)
{
	bool tuple = group->scheduler == MODEL_TCH;
	uint64_t hash = rendezvous_hash(1, &request->client, tuple);
	struct candidate *best = NULL;
	double best_cost = 0;
	uint32_t i;

	if (tuple)
		hash = rendezvous_hash(hash, &request->local, true);
	for (i = 0; i < count; i++) {
		struct candidate *candidate = &group->candidates[i];
		double cost = rendezvous_cost(hash, candidate->server->hash, candidate->share);

		if (best == NULL || cost < best_cost) {
			best = candidate;
			best_cost = cost;
		}
	}
	return best;
}

struct server *group_pick(struct group *group, const struct balance_request *request)
{
	uint32_t count = gather(group, request, false);

	if (count == 0 && group->all_down == MODEL_TRY_ALL)
		count = gather(group, request, true);
	if (count == 0)
		return NULL;
	switch (group->scheduler) {
	case MODEL_WLC:
		return server_ref(choose_wlc(group, count)->server);
	case MODEL_SCH:
	case MODEL_TCH:
		return server_ref(choose_hash(group, count, request)->server);
	case MODEL_RR: /* all weights alike: see the shares */
	case MODEL_WRR:
	default:
		return server_ref(choose_wrr(group, count)->server);
	}
}

/* --- groups --- */

static bool group_has(const struct group *group, const struct server *server, uint32_t *ret_index)
{
	uint32_t i;

	for (i = 0; i < group->server_count; i++) {
		if (group->servers[i] == server) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* The rotation goes on with the server whose turn it was, or the next one that stayed. */
static void continue_rotation(struct group *group, const struct group *old)
{
	uint32_t i;

	for (i = 0; i < old->server_count; i++)
		if (group_has(group, old->servers[(old->next + i) % old->server_count],
			      &group->next))
			return;
}

/* Both lists are mostly alike: the search begins where the last one ended. */
static struct server *find_server(const struct group *old, const struct document_server *from,
				  uint32_t *hint)
{
	uint32_t i;

	for (i = 0; old != NULL && i < old->server_count; i++) {
		uint32_t at = (*hint + i) % old->server_count;
		struct server *server = old->servers[at];

		if (server->slot == from->slot && address_equal(&server->address, &from->address)) {
			*hint = at + 1;
			return server;
		}
	}
	return NULL;
}

static void add_servers(struct group *group, const struct document_group *from,
			const struct group *old, uint64_t now_ms)
{
	uint32_t hint = 0;
	uint32_t i;

	group->servers = memory_new(from->server_count * sizeof(void *));
	group->candidates = memory_new(from->server_count * sizeof(*group->candidates));
	for (i = 0; i < from->server_count; i++) {
		struct server *server = find_server(old, &from->servers[i], &hint);

		server = server != NULL ? server_ref(server)
					: server_new(&from->servers[i], group->env);
		server_update(server, from, &from->servers[i], now_ms);
		group->servers[group->server_count++] = server;
	}
}

/* Those that did not come along, with the drain rules of the group they have left. */
static void retire_others(const struct group *group, const struct group *old,
			  const struct document_group *from, uint64_t now_ms)
{
	uint32_t i, index;

	for (i = 0; i < old->server_count; i++) {
		struct server *server = old->servers[i];

		/* Mostly alike here as well: the same place first. */
		if ((i < group->server_count && group->servers[i] == server) ||
		    group_has(group, server, &index))
			continue;
		server->drain_enabled = from->drain_enabled;
		server->drain_timeout_s = from->drain_timeout_s;
		server_goes(server, now_ms);
	}
}

struct group *group_new(const struct document_group *from, struct group *old,
			struct balance_env env, uint64_t now_ms)
{
	struct group *group = memory_new(sizeof(*group));

	group->refs = 1;
	group->scheduler = from->scheduler;
	group->all_down = from->all_down;
	group->checked = from->check.enabled;
	group->slow_start_ms = (uint64_t)from->slow_start_s * 1000;
	group->env = env;
	add_servers(group, from, old, now_ms);
	if (old != NULL && old->server_count > 0) {
		continue_rotation(group, old);
		retire_others(group, old, from, now_ms);
	}
	return group;
}

struct group *group_ref(struct group *group)
{
	group->refs++;
	return group;
}

void group_unref(struct group *group)
{
	uint32_t i;

	if (group == NULL || --group->refs > 0)
		return;
	for (i = 0; i < group->server_count; i++)
		server_unref(group->servers[i]);
	free(group->servers);
	free(group->candidates);
	free(group);
}

void group_retire(struct group *group, uint64_t now_ms)
{
	uint32_t i;

	for (i = 0; i < group->server_count; i++)
		server_goes(group->servers[i], now_ms);
}
