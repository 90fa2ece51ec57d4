/*
 * health/probe.h - one check on its way: connect, send, read the answer, say what it was.
 *
 *   start -> CONNECTING -+-> (TCP: done) -----------------------> LINGERING -> idle
 *                        '-> WAITING (HTTP) -> done ------------'
 *
 * After a good result it reads on until the server has closed (TCP: after our FIN; HTTP: we asked
 * for it), at most until the check's own time is over: closing with unread bytes would reset the
 * server's connection, and fill its log.
 */
#ifndef SALLYPORT_HEALTH_PROBE_H
#define SALLYPORT_HEALTH_PROBE_H

#include <stdbool.h>
#include "document/document.h"
#include "health/http_answer.h"
#include "net/loop.h"
#include "stats/stats.h"

enum probe_state { PROBE_IDLE, PROBE_CONNECTING, PROBE_WAITING, PROBE_LINGERING };

/* Embedded in its owner; zeroed = idle. */
struct probe {
	enum probe_state state;
	int fd;                       /* while not idle */
	struct watch watch;
	struct timeout deadline;
	struct loop *loop;
	const struct document_health_check *check; /* borrowed until it is idle */
	struct address server;
	struct http_answer answer;
	size_t discarded;
	/* Called once a start, perhaps before probe_start() returns. NONE: the check was good. */
	void (*done)(struct probe *probe, enum health_reason result);
};

/* Ends what may still linger. -1: this machine could not make the check (descriptors, memory),
 * which says nothing about the server; done is not called then. */
int must_check probe_start(struct probe *probe, struct loop *loop,
			   const struct document_health_check *check, const struct address *server,
			   void (*done)(struct probe *, enum health_reason), struct error *err);
/* No call of done follows. */
void probe_stop(struct probe *probe);
/* A result is still to come. */
bool probe_is_running(const struct probe *probe);

#endif
