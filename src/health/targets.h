/*
 * health/targets.h - every server of the served document, each with its check and its row of the
 * shared memory.
 *
 * A server keeps its state while its identity (group, address, port) stays: over reloads, and over
 * restarts of the checker, since the row remembers. A server in two groups is two targets.
 */
#ifndef SALLYPORT_HEALTH_TARGETS_H
#define SALLYPORT_HEALTH_TARGETS_H

#include <stdint.h>
#include "base/log.h"
#include "document/document.h"
#include "net/loop.h"
#include "stats/stats.h"

struct targets;

/* health and log are borrowed; loop may be NULL in tests: nothing is ever due then. */
struct targets *targets_new(struct loop *loop, struct health *health, struct log *log);
void targets_free(struct targets *targets); /* rows keep what they say; NULL is fine */

/* Takes everything it needs out of the document. Rows that no server has any longer are cleared. */
void targets_apply(struct targets *targets, const struct document *document, uint64_t now_ms);

/* The result of one check of the server in this slot (NONE: good): state, row and log line. */
void targets_note(struct targets *targets, uint32_t slot, enum health_reason result,
		  uint64_t now_ms);

#endif
