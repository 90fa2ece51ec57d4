#include "health/targets.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "health/probe.h"
#include "health/schedule.h"
#include "health/state.h"

#define SKIPPED_EVERY_MS 10000u

struct target {
	struct targets *owner;
	uint32_t slot;
	uint64_t identity;
	uint64_t generation; /* of the last document that named it */
	struct address address;
	char name[DOCUMENT_NAME_SIZE], group[DOCUMENT_NAME_SIZE];
	struct document_health_check check;
	struct check_state state;
	struct timeout due;
	uint64_t planned_ms; /* when the check that is or was under way should have begun */
	bool overdue;	     /* the next one became due while this one was under way */
	struct probe probe;
};

struct targets {
	struct loop *loop;
	struct health *health;
	struct log *log;
	uint64_t generation;
	uint32_t server_count; /* of the document */
	uint64_t skipped_logged_ms, skipped; /* checks that this machine could not make */
	struct target *by_slot[STATS_SERVERS];
};

/* --- rows: only this process writes them, so loads and stores need no order of their own --- */

static struct health_server *row_of(const struct targets *targets, uint32_t slot)
{
	return &targets->health->servers[slot];
}

/* The state last: who sees it sees its reason and its time. */
static void row_write(const struct target *target, uint64_t changed_ms)
{
	struct health_server *row = row_of(target->owner, target->slot);

	atomic_store(&row->changed_ms, changed_ms);
	atomic_store(&row->reason, target->state.reason);
	atomic_store(&row->state, target->state.state);
}

static void row_clear(struct health_server *row)
{
	atomic_store(&row->state, HEALTH_UNKNOWN);
	atomic_store(&row->reason, HEALTH_REASON_NONE);
	atomic_store(&row->changed_ms, 0);
	atomic_store(&row->good_checks, 0);
	atomic_store(&row->checks, 0);
	atomic_store(&row->failures, 0);
	row->identity = 0;
}

/* --- checks --- */

static void log_change(const struct target *target)
{
	char address[ADDRESS_TEXT_SIZE];
	struct log_line line = log_begin(target->owner->log, "server_state");

	address_format(&target->address, address);
	log_text(&line, "server", target->name);
	log_text(&line, "group", target->group);
	log_text(&line, "address", address);
	log_text(&line, "state", health_state_text(target->state.state));
	log_text(&line, "reason", health_reason_text(target->state.reason));
	log_end(&line);
}

static void target_note(struct target *target, enum health_reason result, uint64_t now_ms)
{
	struct health_server *row = row_of(target->owner, target->slot);

	atomic_fetch_add(&row->checks, 1);
	if (check_state_note(&target->state, result, target->check.healthy_threshold,
			     target->check.unhealthy_threshold)) {
		row_write(target, now_ms);
		log_change(target);
	} else {
		atomic_store(&row->reason, target->state.reason);
	}
	/* After the state: it ends an ejection, and the server must not be seen as it was before. */
	if (result == HEALTH_REASON_NONE)
		atomic_fetch_add(&row->good_checks, 1);
	else
		atomic_fetch_add(&row->failures, 1);
}

void targets_note(struct targets *targets, uint32_t slot, enum health_reason result,
		  uint64_t now_ms)
{
	if (slot < STATS_SERVERS && targets->by_slot[slot] != NULL)
		target_note(targets->by_slot[slot], result, now_ms);
}

/* No word about the server: the check is left out, and said so now and then. */
static void check_skipped(struct targets *targets, const struct error *err, uint64_t now_ms)
{
	struct log_line line;

	targets->skipped++;
	if (targets->skipped_logged_ms != 0 &&
	    now_ms - targets->skipped_logged_ms < SKIPPED_EVERY_MS)
		return;
	targets->skipped_logged_ms = now_ms;
	line = log_begin(targets->log, "checks_skipped");
	log_number(&line, "count", targets->skipped);
	log_error(&line, err);
	log_end(&line);
	targets->skipped = 0;
}

static void probe_done(struct probe *probe, enum health_reason result);

static void target_check(struct target *target)
{
	struct targets *targets = target->owner;
	struct error err;

	target->overdue = false;
	if (probe_start(&target->probe, targets->loop, &target->check, &target->address, probe_done,
			&err) < 0)
		check_skipped(targets, &err, loop_now_ms(targets->loop));
}

static void probe_done(struct probe *probe, enum health_reason result)
{
	struct target *target = (struct target *)((char *)probe - offsetof(struct target, probe));

	target_note(target, result, loop_now_ms(target->owner->loop));
	if (target->overdue)
		target_check(target);
}

/* Start to start. A check that is still under way is not begun twice: the next one follows it. */
static void check_due(struct timeout *timeout)
{
	struct target *target = (struct target *)((char *)timeout - offsetof(struct target, due));
	struct loop *loop = target->owner->loop;

	target->planned_ms =
		schedule_next(target->planned_ms, target->check.interval_s, loop_now_ms(loop));
	timeout_set(loop, &target->due, target->planned_ms);
	if (probe_is_running(&target->probe))
		target->overdue = true;
	else
		target_check(target);
}

/* --- documents --- */

/* FNV-1a; never 0, which means that a row belongs to nobody. */
static uint64_t identity_of(const char *group, const struct address *address)
{
	const uint8_t port[3] = { address->family, (uint8_t)(address->port >> 8),
				  (uint8_t)address->port };
	const struct bytes parts[] = { { (const uint8_t *)group, strlen(group) + 1 },
				       { address->ip, sizeof(address->ip) },
				       { port, sizeof(port) } };
	uint64_t hash = 0xcbf29ce484222325;
	size_t i, j;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (j = 0; j < parts[i].len; j++)
			hash = (hash ^ parts[i].data[j]) * 0x100000001b3;
	return hash != 0 ? hash : 1;
}

/* Field by field: padding may differ between two documents that say the same. */
static bool checks_equal(const struct document_health_check *a,
			 const struct document_health_check *b)
{
	return a->enabled == b->enabled && a->type == b->type &&
	       a->connect_port == b->connect_port && a->connect_timeout_s == b->connect_timeout_s &&
	       a->interval_s == b->interval_s && a->healthy_threshold == b->healthy_threshold &&
	       a->unhealthy_threshold == b->unhealthy_threshold &&
	       strcmp(a->domain, b->domain) == 0 && strcmp(a->url, b->url) == 0 &&
	       a->http_codes == b->http_codes && a->method == b->method &&
	       a->http_1_1 == b->http_1_1 && a->proxy_protocol == b->proxy_protocol;
}

static void target_stop(struct target *target)
{
	target->overdue = false;
	if (target->owner->loop == NULL)
		return;
	probe_stop(&target->probe);
	timeout_cancel(target->owner->loop, &target->due);
}

static void target_schedule(struct target *target, uint64_t now_ms)
{
	if (target->owner->loop == NULL)
		return;
	target->planned_ms = schedule_first(now_ms, target->check.interval_s,
					    target->owner->server_count, target->identity);
	timeout_set(target->owner->loop, &target->due, target->planned_ms);
}

static void target_free(struct target *target)
{
	target_stop(target);
	free(target);
}

/* Goes on where an earlier checker stopped, or afresh when the slot was somebody else's. */
static struct target *target_new(struct targets *targets, uint32_t slot, uint64_t identity)
{
	struct target *target = memory_new(sizeof(*target));
	struct health_server *row = row_of(targets, slot);

	target->owner = targets;
	target->slot = slot;
	target->identity = identity;
	target->due.expired = check_due;
	if (row->identity != identity)
		row_clear(row);
	row->identity = identity;
	target->state.state = (enum health_state)atomic_load(&row->state);
	target->state.reason = (enum health_reason)atomic_load(&row->reason);
	return target;
}

/* Switching checks off or on forgets what they found. */
static void target_configure(struct target *target, const struct document_health_check *check,
			     uint64_t now_ms)
{
	bool was_checked = target->state.state != HEALTH_UNCHECKED;

	target_stop(target);
	target->check = *check;
	if (!check->enabled) {
		target->state = (struct check_state){ .state = HEALTH_UNCHECKED };
		if (was_checked)
			row_write(target, now_ms);
		return;
	}
	if (!was_checked) {
		target->state = (struct check_state){ .state = HEALTH_UNKNOWN };
		row_write(target, now_ms);
	}
	target_schedule(target, now_ms);
}

static void apply_server(struct targets *targets, const struct document_group *group,
			 const struct document_server *server, uint64_t now_ms)
{
	uint64_t identity = identity_of(group->name, &server->address);
	struct target *target;

	if (server->slot >= STATS_SERVERS)
		return;
	target = targets->by_slot[server->slot];
	if (target != NULL && target->identity != identity) {
		target_free(target);
		target = NULL;
	}
	if (target == NULL) {
		target = target_new(targets, server->slot, identity);
		targets->by_slot[server->slot] = target;
	}
	target->generation = targets->generation;
	target->address = server->address;
	memcpy(target->name, server->name, sizeof(target->name));
	memcpy(target->group, group->name, sizeof(target->group));
	if (!checks_equal(&target->check, &group->check) ||
	    (!group->check.enabled && target->state.state != HEALTH_UNCHECKED))
		target_configure(target, &group->check, now_ms);
}

static void drop_others(struct targets *targets)
{
	uint32_t slot;

	for (slot = 0; slot < STATS_SERVERS; slot++) {
		struct target *target = targets->by_slot[slot];

		if (target != NULL && target->generation == targets->generation)
			continue;
		if (target != NULL)
			target_free(target);
		targets->by_slot[slot] = NULL;
		if (row_of(targets, slot)->identity != 0)
			row_clear(row_of(targets, slot));
	}
}

void targets_apply(struct targets *targets, const struct document *document, uint64_t now_ms)
{
	uint32_t i, j;

	targets->generation++;
	targets->server_count = 0;
	for (i = 0; i < document->group_count; i++)
		targets->server_count += document->groups[i].server_count;
	for (i = 0; i < document->group_count; i++)
		for (j = 0; j < document->groups[i].server_count; j++)
			apply_server(targets, &document->groups[i], &document->groups[i].servers[j],
				     now_ms);
	drop_others(targets);
}

struct targets *targets_new(struct loop *loop, struct health *health, struct log *log)
{
	struct targets *targets = memory_new(sizeof(*targets));

	targets->loop = loop;
	targets->health = health;
	targets->log = log;
	return targets;
}

void targets_free(struct targets *targets)
{
	uint32_t slot;

	if (targets == NULL)
		return;
	for (slot = 0; slot < STATS_SERVERS; slot++)
		if (targets->by_slot[slot] != NULL)
			target_free(targets->by_slot[slot]);
	free(targets);
}
