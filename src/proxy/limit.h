/*
 * proxy/limit.h - limits that all workers share: new connections a second, open ones, per source.
 *
 * Gauges live in per-worker blocks of the shared memory and are added up on reading; each take adds
 * first and looks afterwards, so that two workers can never both take the last place (both may be
 * refused it). A limit of 0 is no limit. A source is an IPv4 address or an IPv6 /64. A full source
 * table admits (and counts).
 */
#ifndef SALLYPORT_PROXY_LIMIT_H
#define SALLYPORT_PROXY_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include "net/address.h"
#include "stats/stats.h"

/* A sliding second over all workers: a connection is refused when, and only when, cps were taken within
 * the last second (to 10 ms); they may have come all at once. now_ns: CLOCK_MONOTONIC. */
bool limit_take_cps(struct stats *stats, uint32_t listener, uint32_t cps, uint64_t now_ns);

/* What one connection holds: a row of the source table of this worker, or nothing when none of the
 * limits is set or the table is full. */
struct limit_source {
	struct stats_source *row; /* NULL: not counted */
	bool handshaking;
};

struct limit_rules {
	uint32_t max_connections, max_handshakes, max_handshake_rate; /* per source */
};

enum limit_answer { LIMIT_OK, LIMIT_CONNECTIONS, LIMIT_HANDSHAKES, LIMIT_HANDSHAKE_RATE };

/* A new connection that begins with a handshake (or not, on TCP listeners). On anything but OK nothing
 * is held. now_ms: any monotonic clock, the same for all workers; the rate is that of the last 1000 ms,
 * where what began in the second before counts by the part of it that still lies within. */
enum limit_answer limit_take_source(struct stats *stats, uint32_t worker, uint32_t listener,
				    const struct address *client, const struct limit_rules *rules,
				    bool handshake, uint64_t now_ms,
				    struct limit_source *ret_source);
/* Both do nothing when there is nothing to give back. */
void limit_source_handshake_done(struct limit_source *source);
void limit_source_release(struct limit_source *source); /* the handshake too, if it is still held */

#endif
