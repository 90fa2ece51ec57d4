/*
 * stats/stats.h - the shared memory of all roles: counters, gauges, limits, health.
 *
 * One memfd made by the guardian for counters (everybody maps it writable) and one for health
 * (the checker writes, workers map it read-only). Both outlive every other role, reloads included.
 * Rows are slots that control gives out (document/slots.h). A worker writes only its own block, so
 * plain stores suffice; readers add the blocks up. The guardian zeroes a dead worker's gauges.
 * What all workers must agree on at once (CPS) is atomic, in the shared part.
 */
#ifndef SALLYPORT_STATS_STATS_H
#define SALLYPORT_STATS_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

#define STATS_LAYOUT_VERSION 3u
#define STATS_LISTENERS 1024u
#define STATS_SERVERS 4096u
#define STATS_REASONS 32u    /* >= REASON_COUNT */
#define STATS_CLOSES 32u     /* >= rows of the close-reason table in proxy/close.h */
#define STATS_SOURCES 16384u /* open-addressed rows per worker; a power of two */

/* Counters of one listener in one worker: name, Prometheus name without prefix, help. */
#define STATS_LISTENER_COUNTERS(X) \
	X(accepted, "connections_total", "connections accepted") \
	X(dropped_cps, "dropped_cps_total", "connections reset by the Cps limit") \
	X(dropped_limit, "dropped_limit_total", "connections reset by MaxConnections") \
	X(dropped_source, "dropped_source_total", "connections reset by a per-source limit") \
	X(bytes_in, "client_bytes_in_total", "bytes received from clients, after TLS") \
	X(bytes_out, "client_bytes_out_total", "bytes sent to clients, before TLS") \
	X(handshakes, "handshakes_total", "handshakes finished") \
	X(handshakes_failed, "handshakes_failed_total", "handshakes that did not finish") \
	X(resumed, "handshakes_resumed_total", "handshakes that resumed a session") \
	X(tls12, "handshakes_tls12_total", "handshakes with TLS 1.2 or older") \
	X(tls13, "handshakes_tls13_total", "handshakes with TLS 1.3")

struct stats_listener {
#define X(name, metric, help) uint64_t name;
	STATS_LISTENER_COUNTERS(X)
#undef X
	uint64_t refusals[STATS_REASONS];
	uint64_t closes[STATS_CLOSES];
	uint64_t ciphers[16]; /* by the table in tls/names.h */
	uint64_t groups[8];
	/* gauges */
	uint64_t active; /* open connections, handshaking ones included */
	uint64_t handshaking;
};

struct stats_server {
	uint64_t connections;	      /* opened */
	uint64_t failures;	      /* connects refused or timed out */
	uint64_t bytes_in, bytes_out; /* from and to the server */
	/* gauges */
	uint64_t active;
	uint64_t ejected; /* 1 while this worker keeps it out */
};

/* One source address (IPv6: its /64) at one listener, for the per-source limits. */
struct stats_source {
	_Atomic uint64_t key; /* 0: free; keyed hash of listener slot and address */
	_Atomic uint32_t connections;
	_Atomic uint32_t handshakes;
	_Atomic uint32_t second, count,
		count_before; /* handshakes begun in this second and the last */
};

struct stats_worker {
	uint64_t turns; /* event-loop turns: the guardian watches them */
	uint64_t pid;
	uint64_t version_served;
	uint64_t longest_turn_us; /* since the start */
	uint64_t log_dropped;
	uint64_t memory_full, descriptors_full; /* times accepting stopped */
	uint64_t chain_cache_hits, chain_cache_misses;
	uint64_t tickets_ignored;
	uint64_t refusals_untold; /* control was not told of them: too many, or no room */
	struct stats_listener listeners[STATS_LISTENERS];
	struct stats_server servers[STATS_SERVERS];
	struct stats_source sources[STATS_SOURCES];
};

/* What all workers share per listener: the connections of each of the last hundredths of a second, for
 * the Cps limit. A word is the number of its hundredth and, in the low 24 bits, the count. */
#define STATS_CPS_TICKS 128u /* more than the 101 that are looked at; a power of two */

struct stats_shared_listener {
	_Atomic uint64_t cps_ticks[STATS_CPS_TICKS];
};

/* And per server: what round robin owes it (proxy/balance.c), so that the turn goes on from one worker
 * to the next. */
struct stats_shared_server {
	_Atomic int64_t owed;
};

struct stats {
	uint32_t layout_version;
	uint32_t workers;
	uint64_t source_key[2]; /* random key of the source hash */
	uint64_t checker_turns, checker_pid, checker_version;
	uint64_t control_pid, guardian_pid, started_s;
	struct stats_shared_listener shared[STATS_LISTENERS];
	struct stats_shared_server shared_servers[STATS_SERVERS];
	struct stats_worker worker[]; /* workers of them */
};

/* --- health --- */

enum health_state { HEALTH_UNKNOWN, HEALTH_HEALTHY, HEALTH_UNHEALTHY, HEALTH_UNCHECKED };

/* Names of the spec file, 1.5. */
#define HEALTH_REASONS(X) \
	X(NONE, "") \
	X(CONNECT_TIMEOUT, "CONNECT_TIMEOUT") \
	X(CONNECT_FAILED, "CONNECT_FAILED") \
	X(RECV_RESPONSE_TIMEOUT, "RECV_RESPONSE_TIMEOUT") \
	X(CONNECT_INTERRUPT, "CONNECT_INTERRUPT") \
	X(HTTP_CODE_NOT_MATCH, "HTTP_CODE_NOT_MATCH") \
	X(HTTP_INVALID_HEADER, "HTTP_INVALID_HEADER")

enum health_reason {
#define X(name, text) HEALTH_REASON_##name,
	HEALTH_REASONS(X)
#undef X
		HEALTH_REASON_COUNT
};

struct health_server {
	_Atomic uint32_t state; /* enum health_state; UNCHECKED: checks are off */
	_Atomic uint32_t reason;
	_Atomic uint64_t good_checks; /* counts good checks: a change ends an ejection */
	_Atomic uint64_t
		changed_ms; /* monotonic time of the last change: slow start counts from it */
	_Atomic uint64_t checks, failures;
	uint64_t identity; /* hash of the server's identity: a reused slot starts afresh */
};

struct health {
	uint32_t layout_version;
	struct health_server servers[STATS_SERVERS];
};

const char *health_reason_text(enum health_reason reason);
const char *
health_state_text(enum health_state state); /* Initial, Healthy, Unhealthy, Unavailable */

size_t stats_size(uint32_t workers);
/* New, zeroed memfds with the versions set. */
int must_check stats_create(uint32_t workers, struct error *err);
int must_check health_create(struct error *err);
/* Map a memfd; NULL when size or version do not fit. */
struct stats *stats_map(int fd, struct error *err);
struct health *health_map(int fd, bool writable, struct error *err);

/* Readers' sums over all workers. */
uint64_t stats_server_active(const struct stats *stats, uint32_t slot);
uint64_t stats_listener_active(const struct stats *stats, uint32_t slot);
/* The guardian calls it for a worker that died: gauges and source rows to zero. */
void stats_clear_gauges(struct stats *stats, uint32_t worker);
/* New statistics go on counting where those of an earlier guardian stood, whatever the number of
 * workers was; gauges stay zero. */
void stats_inherit(struct stats *stats, const struct stats *from);

#endif
