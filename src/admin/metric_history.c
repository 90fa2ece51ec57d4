/* GetMetricHistory: the points of one series as columns, which is what plots take. */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/bytes.h"
#include "x509/reason.h"

static const struct {
	const char *name;
	enum history_field field;
} columns[] = {
	{ "Connections", HISTORY_CONNECTIONS },	  { "Active", HISTORY_ACTIVE },
	{ "HandshakesFull", HISTORY_FULL },	  { "HandshakesResumed", HISTORY_RESUMED },
	{ "HandshakesRefused", HISTORY_REFUSED }, { "HandshakesAborted", HISTORY_ABORTED },
	{ "BytesIn", HISTORY_BYTES_IN },	  { "BytesOut", HISTORY_BYTES_OUT },
	{ "HealthyServers", HISTORY_HEALTHY },	  { "Servers", HISTORY_SERVERS },
	{ "Dropped", HISTORY_DROPPED },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct table {
	size_t skip; /* points in front that are not wanted */
	size_t count;
	int64_t last_s, oldest_s;
	json_t *times, *lists[COLUMNS], *reasons[STATS_REASONS];
};

static void count_point(void *arg, const struct history_point *point)
{
	struct table *table = arg;

	(void)point;
	table->count++;
}

/* A column of a reason begins when it is first seen: zeros in front. */
static void add_reason(struct table *table, unsigned int reason, uint64_t value)
{
	size_t before = json_array_size(table->times) - 1;

	if (table->reasons[reason] == NULL) {
		if (value == 0)
			return;
		table->reasons[reason] = json_array();
		while (before-- > 0)
			json_array_append_new(table->reasons[reason], json_integer(0));
	}
	json_array_append_new(table->reasons[reason], json_integer((json_int_t)value));
}

static void add_point(void *arg, const struct history_point *point)
{
	struct table *table = arg;
	unsigned int i;

	if (table->skip > 0) {
		table->skip--;
		return;
	}
	if (table->oldest_s == 0)
		table->oldest_s = point->time_s;
	table->last_s = point->time_s;
	json_array_append_new(table->times, json_integer(point->time_s));
	for (i = 0; i < COLUMNS; i++)
		json_array_append_new(table->lists[i],
				      json_integer((json_int_t)point->values[columns[i].field]));
	for (i = 1; i < REASON_COUNT; i++)
		add_reason(table, i, point->values[HISTORY_REASONS + i]);
}

static void fill_reply(json_t *reply, struct table *table)
{
	json_t *refused = json_array();
	unsigned int i;

	json_object_set_new(reply, "Times", table->times);
	for (i = 0; i < COLUMNS; i++)
		json_object_set_new(reply, columns[i].name, table->lists[i]);
	for (i = 1; i < REASON_COUNT; i++)
		if (table->reasons[i] != NULL)
			json_array_append_new(refused,
					      json_pack("{s:s, s:o}", "Reason", reason_word(i),
							"Counts", table->reasons[i]));
	json_object_set_new(reply, "RefusedBy", refused);
}

int get_metric_history_run(struct call *call, struct error *err)
{
	const char *id = call_text(call, "ListenerId"), *word = call_text(call, "Resolution");
	unsigned int resolution = word != NULL && strcmp(word, "60") == 0 ? 60 : 1;
	int64_t after = call_integer(call, "After", 0);
	size_t most = (size_t)call_integer(call, "MaxResults", 3600);
	const struct history *history = call->admin->history;
	char name[ADMIN_LISTENER_SIZE] = "";
	struct table table = { .last_s = after };
	unsigned int i;

	if (id != NULL && listener_name(call, id, name, err) < 0)
		return -1;
	history_each(history, name, resolution, after, count_point, &table);
	table.skip = table.count > most ? table.count - most : 0;
	table.times = json_array();
	for (i = 0; i < COLUMNS; i++)
		table.lists[i] = json_array();
	history_each(history, name, resolution, after, add_point, &table);
	reply_text(call->reply, "ListenerId", id);
	reply_number(call->reply, "Resolution", resolution);
	reply_number(call->reply, "Next", table.last_s);
	reply_number(call->reply, "OldestTime", table.oldest_s);
	fill_reply(call->reply, &table);
	return 0;
}
