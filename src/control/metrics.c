#include "control/metrics.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/metrics_expiry.h"
#include "control/metrics_text.h"
#include "control/sums.h"
#include "stats/words.h"
#include "x509/reason.h"

/* --- listeners --- */

struct listeners {
	const struct document *document;
	struct stats_listener *sums; /* one for each of the document's */
	struct buffer *out;
};

/* How a row of the sums becomes one sample. */
typedef uint64_t listener_field(const struct stats_listener *sum);

static void each_listener(const struct listeners *listeners, const char *name,
			  listener_field *field)
{
	uint32_t i;

	for (i = 0; i < listeners->document->listener_count; i++)
		metrics_count(listeners->out, name, field(&listeners->sums[i]),
			      METRICS_LABELS("listener", listeners->document->listeners[i].name));
}

#define X(name, metric, help) \
	static uint64_t field_##name(const struct stats_listener *sum) \
	{ \
		return sum->name; \
	}
STATS_LISTENER_COUNTERS(X)
#undef X

static uint64_t field_active(const struct stats_listener *sum)
{
	return sum->active;
}

static uint64_t field_handshaking(const struct stats_listener *sum)
{
	return sum->handshaking;
}

static void listener_totals(const struct listeners *listeners)
{
#define X(name, metric, help) \
	metrics_family(listeners->out, metric, "counter", help); \
	each_listener(listeners, metric, field_##name);
	STATS_LISTENER_COUNTERS(X)
#undef X
	metrics_family(listeners->out, "connections_active", "gauge", "open connections");
	each_listener(listeners, "connections_active", field_active);
	metrics_family(listeners->out, "handshakes_active", "gauge",
		       "connections in their handshake");
	each_listener(listeners, "handshakes_active", field_handshaking);
}

/* A family with one sample for each word of a table; words end with NULL. tls: only TLS listeners. */
static void by_word(const struct listeners *listeners, const char *name, const char *help,
		    const char *label, size_t row_offset, unsigned int first, unsigned int count,
		    const char *(*word)(unsigned int), bool tls)
{
	uint32_t i;
	unsigned int row;

	metrics_family(listeners->out, name, "counter", help);
	for (i = 0; i < listeners->document->listener_count; i++) {
		const struct document_listener *listener = &listeners->document->listeners[i];
		const uint64_t *rows =
			(const uint64_t *)((const char *)&listeners->sums[i] + row_offset);

		if (tls && listener->protocol != MODEL_TCPSSL)
			continue;
		for (row = first; row < count && word(row) != NULL; row++)
			metrics_count(listeners->out, name, rows[row],
				      METRICS_LABELS("listener", listener->name, label, word(row)));
	}
}

static const char *refusal_word(unsigned int row)
{
	return row < REASON_COUNT ? reason_word(row) : NULL;
}

/* The order of the fields tls12 and tls13. */
static const char *version_word(unsigned int row)
{
	return row == 0 ? "1.2" : row == 1 ? "1.3" : NULL;
}

static void handshakes_by_version(const struct listeners *listeners)
{
	static const char name[] = "handshakes_by_version_total";
	uint32_t i;

	metrics_family(listeners->out, name, "counter",
		       "handshakes finished, by TLS version (1.2: or older)");
	for (i = 0; i < listeners->document->listener_count; i++) {
		const struct document_listener *listener = &listeners->document->listeners[i];

		if (listener->protocol != MODEL_TCPSSL)
			continue;
		metrics_count(
			listeners->out, name, listeners->sums[i].tls12,
			METRICS_LABELS("listener", listener->name, "version", version_word(0)));
		metrics_count(
			listeners->out, name, listeners->sums[i].tls13,
			METRICS_LABELS("listener", listener->name, "version", version_word(1)));
	}
}

static void listener_words(const struct listeners *listeners)
{
	handshakes_by_version(listeners);
	by_word(listeners, "handshakes_by_cipher_total", "handshakes finished, by cipher suite",
		"cipher", offsetof(struct stats_listener, ciphers), 0, 16, stats_cipher_word, true);
	by_word(listeners, "handshakes_by_group_total",
		"handshakes finished, by key exchange group", "group",
		offsetof(struct stats_listener, groups), 0, 8, stats_group_word, true);
	by_word(listeners, "refusals_total", "clients refused, by reason", "reason",
		offsetof(struct stats_listener, refusals), 1, STATS_REASONS, refusal_word, true);
	by_word(listeners, "closes_total", "connections ended, by reason", "reason",
		offsetof(struct stats_listener, closes), 0, STATS_CLOSES, stats_close_word, false);
}

static void render_listeners(const struct metrics_source *source, struct buffer *out)
{
	const struct document *document = source->document;
	struct listeners listeners = { .document = document, .out = out };
	uint32_t i;

	listeners.sums = memory_new((document->listener_count + 1) * sizeof(*listeners.sums));
	for (i = 0; i < document->listener_count; i++)
		sums_listener(source->stats, document->listeners[i].slot, &listeners.sums[i]);
	listener_totals(&listeners);
	listener_words(&listeners);
	free(listeners.sums);
}

/* --- servers --- */

struct server_row {
	struct stats_server sum;
	enum health_state state;
	uint64_t checks, check_failures;
};

static void fill_row(const struct metrics_source *source, uint32_t slot, struct server_row *ret_row)
{
	const struct health_server *health;

	memset(ret_row, 0, sizeof(*ret_row));
	sums_server(source->stats, slot, &ret_row->sum);
	if (source->health == NULL || slot >= STATS_SERVERS)
		return;
	health = &source->health->servers[slot];
	ret_row->state = atomic_load(&health->state);
	ret_row->checks = atomic_load(&health->checks);
	ret_row->check_failures = atomic_load(&health->failures);
}

/* clang-format off */
/* member, metric, type, help, value of a row */
#define SERVER_METRICS(X) \
	X(connections, "server_connections_total", "counter", "connections opened to the server", \
	  row->sum.connections) \
	X(failures, "server_connect_failures_total", "counter", "connects refused or timed out", \
	  row->sum.failures) \
	X(bytes_in, "server_bytes_in_total", "counter", "bytes received from the server", \
	  row->sum.bytes_in) \
	X(bytes_out, "server_bytes_out_total", "counter", "bytes sent to the server", \
	  row->sum.bytes_out) \
	X(active, "server_connections_active", "gauge", "open connections to the server", \
	  row->sum.active) \
	X(ejected, "server_ejected", "gauge", \
	  "workers that keep the server out after failed connects", row->sum.ejected) \
	X(checks, "server_checks_total", "counter", "health checks made", row->checks) \
	X(check_failures, "server_check_failures_total", "counter", "health checks that failed", \
	  row->check_failures) \
	X(up, "server_up", "gauge", "1: the server is healthy, or not checked at all", \
	  row->state == HEALTH_HEALTHY || row->state == HEALTH_UNCHECKED)

/* clang-format on */

#define X(member, metric, type, help, value) \
	static uint64_t server_##member(const struct server_row *row) \
	{ \
		return value; \
	}
SERVER_METRICS(X)
#undef X

#define X(member, metric, type, help, value) { metric, type, help, server_##member },
static const struct server_metric {
	const char *name, *type, *help;
	uint64_t (*value)(const struct server_row *row);
} server_metrics[] = { SERVER_METRICS(X) };
#undef X

struct servers {
	const struct document *document;
	struct server_row *rows; /* in the order of the document */
	struct buffer *out;
};

/* Calls each for every server of the document with its labels: group, server, address. */
static void each_server(const struct servers *servers, const struct server_metric *metric,
			void (*each)(struct buffer *out, const struct server_metric *metric,
				     const struct server_row *row, const char *const *labels))
{
	const struct server_row *row = servers->rows;
	char address[ADDRESS_TEXT_SIZE];
	uint32_t g, s;

	for (g = 0; g < servers->document->group_count; g++) {
		const struct document_group *group = &servers->document->groups[g];

		for (s = 0; s < group->server_count; s++, row++) {
			address_format(&group->servers[s].address, address);
			each(servers->out, metric, row,
			     METRICS_LABELS("group", group->name, "server", group->servers[s].name,
					    "address", address));
		}
	}
}

static void one_metric(struct buffer *out, const struct server_metric *metric,
		       const struct server_row *row, const char *const *labels)
{
	metrics_count(out, metric->name, metric->value(row), labels);
}

static void one_state(struct buffer *out, const struct server_metric *metric,
		      const struct server_row *row, const char *const *labels)
{
	enum health_state state;

	(void)metric;
	for (state = HEALTH_UNKNOWN; state <= HEALTH_UNCHECKED; state++)
		metrics_count(out, "server_state", row->state == state,
			      METRICS_LABELS(labels[0], labels[1], labels[2], labels[3], labels[4],
					     labels[5], "state", health_state_text(state)));
}

static void fill_rows(const struct metrics_source *source, struct servers *servers)
{
	const struct document *document = source->document;
	size_t count = 0;
	uint32_t g, s;

	for (g = 0; g < document->group_count; g++)
		count += document->groups[g].server_count;
	servers->rows = memory_new((count + 1) * sizeof(*servers->rows));
	count = 0;
	for (g = 0; g < document->group_count; g++)
		for (s = 0; s < document->groups[g].server_count; s++)
			fill_row(source, document->groups[g].servers[s].slot,
				 &servers->rows[count++]);
}

static void render_servers(const struct metrics_source *source, struct buffer *out)
{
	struct servers servers = { source->document, NULL, out };
	size_t i;

	fill_rows(source, &servers);
	for (i = 0; i < sizeof(server_metrics) / sizeof(server_metrics[0]); i++) {
		const struct server_metric *metric = &server_metrics[i];

		metrics_family(out, metric->name, metric->type, metric->help);
		each_server(&servers, metric, one_metric);
	}
	metrics_family(out, "server_state", "gauge", "1 for the state that the health check found");
	each_server(&servers, NULL, one_state);
	free(servers.rows);
}

/* --- processes --- */

/* clang-format off */
/* member of struct stats_worker, metric, type, help */
#define WORKER_METRICS(X) \
	X(version_served, "worker_served_version", "gauge", "version of the document it serves") \
	X(turns, "worker_turns_total", "counter", "event-loop turns") \
	X(log_dropped, "worker_log_lines_dropped_total", "counter", \
	  "log lines dropped because the log was not read") \
	X(refusals_untold, "worker_refusals_untold_total", "counter", \
	  "refused clients that are counted and logged, but not in ListRefusals: too many at once") \
	X(memory_full, "worker_memory_full_total", "counter", \
	  "times accepting stopped for want of memory") \
	X(descriptors_full, "worker_descriptors_full_total", "counter", \
	  "times accepting stopped for want of descriptors") \
	X(chain_cache_hits, "worker_chain_cache_hits_total", "counter", \
	  "client chains found in the cache of verified ones") \
	X(chain_cache_misses, "worker_chain_cache_misses_total", "counter", \
	  "client chains verified anew") \
	X(tickets_ignored, "worker_tickets_ignored_total", "counter", \
	  "session tickets that no longer let anybody in")

/* clang-format on */

static void worker_label(uint32_t worker, char ret_text[16])
{
	snprintf(ret_text, 16, "%u", worker);
}

static void render_workers(const struct stats *stats, struct buffer *out)
{
	char label[16];
	uint32_t w;

#define X(member, metric, type, help) \
	metrics_family(out, metric, type, help); \
	for (w = 0; w < stats->workers; w++) { \
		worker_label(w, label); \
		metrics_count(out, metric, stats->worker[w].member, \
			      METRICS_LABELS("worker", label)); \
	}
	WORKER_METRICS(X)
#undef X
	metrics_family(out, "worker_longest_turn_seconds", "gauge",
		       "longest event-loop turn since the start");
	for (w = 0; w < stats->workers; w++) {
		worker_label(w, label);
		metrics_sample(out, "worker_longest_turn_seconds",
			       (double)stats->worker[w].longest_turn_us / 1e6,
			       METRICS_LABELS("worker", label));
	}
	metrics_family(out, "checker_served_version", "gauge",
		       "version of the document it checks by");
	metrics_count(out, "checker_served_version", stats->checker_version, METRICS_NO_LABELS);
	metrics_family(out, "start_time_seconds", "gauge", "when Sallyport started, since 1970");
	metrics_count(out, "start_time_seconds", stats->started_s, METRICS_NO_LABELS);
}

static void render_control(const struct metrics_source *source, struct buffer *out)
{
	metrics_family(out, "build_info", "gauge", "always 1; the version is its label");
	metrics_count(out, "build_info", 1, METRICS_LABELS("version", SALLYPORT_VERSION));
	metrics_family(out, "served_version", "gauge",
		       "version of the document that is to be served");
	metrics_count(out, "served_version",
		      source->document == NULL ? 0 : source->document->version, METRICS_NO_LABELS);
	metrics_family(out, "last_reload_success", "gauge", "1: the last reload was applied");
	metrics_count(out, "last_reload_success", source->reload_ok, METRICS_NO_LABELS);
	metrics_family(out, "last_reload_timestamp_seconds", "gauge", "when it was, since 1970");
	metrics_count(out, "last_reload_timestamp_seconds", (uint64_t)source->reload_s,
		      METRICS_NO_LABELS);
}

void metrics_render(const struct metrics_source *source, struct buffer *out)
{
	render_control(source, out);
	if (source->stats != NULL)
		render_workers(source->stats, out);
	if (source->document == NULL)
		return;
	render_listeners(source, out);
	render_servers(source, out);
	metrics_expiry_certificates(source->document, source->now, out);
	metrics_expiry_cas(source->document, source->now, out);
	metrics_expiry_lists(source->revocation, source->now, out);
}
