/*
 * proxy/balance.h - a server group made ready: which server gets the next connection.
 *
 * Rules (DESIGN 5): healthy servers with weight > 0 that are not ejected; a server not yet checked
 * counts only while its whole group is unchecked; with checks off everybody counts; when nobody is
 * left, AllDown decides: TRY_ALL offers every server with weight > 0, REFUSE none. Slow start ramps a
 * server that just became healthy from 10 % of its weight. Ejection: 3 connect failures in a row, 10 s
 * doubling to 300 s, at most half of the group, ended by a good check. "Nobody is left" is asked for
 * each connection: with TRY_ALL one that failed with all good servers tries the others as well.
 *
 * Round robin is smooth and goes on from worker to worker: what it owes each server lies in the shared
 * memory. The rest lives in one worker: no locks. Connections hold a server, never the group of an old snapshot.
 */
#ifndef SALLYPORT_PROXY_BALANCE_H
#define SALLYPORT_PROXY_BALANCE_H

#include <stdbool.h>
#include <stdint.h>
#include "document/document.h"
#include "stats/stats.h"

struct group;

/* Refcounted: one for its group, one for each connection to it. */
struct server {
	unsigned int refs;
	uint32_t slot;
	struct address address; /* port 0: AnyPort */
	uint32_t owner;		/* of a unix socket: the user who must listen there */
	char name[DOCUMENT_NAME_SIZE];
	uint32_t weight;
	bool gone;	    /* no longer in the served document, or its weight is 0 */
	bool drain_enabled; /* then its connections end drain_timeout_s after it is gone */
	uint32_t drain_timeout_s;
	uint64_t gone_ms; /* loop time when it went */
	/* ejection, of this worker */
	unsigned int failures;	      /* in a row */
	unsigned int ejections;	      /* in a row: doubles the time */
	uint64_t ejected_until_ms;    /* 0: not ejected */
	uint64_t ejected_good_checks; /* health->good_checks when it was ejected */
	uint64_t hash; /* of its address: Sch and Tch choose alike in every process */
};

struct balance_env {
	struct stats *stats;
	uint32_t worker;
	const struct health *health;
};

/* What a choice may depend on. tried: servers this connection already failed with. */
struct balance_request {
	struct address client, local; /* the 4-tuple's two ends as the client sees them */
	const struct server *const *tried;
	unsigned int tried_count;
	uint64_t now_ms;
};

/* old: the group of the same name that this one replaces, or NULL: servers that stay (same slot) are
 * the same objects, with their round-robin and ejection state; those that go are marked gone. The
 * servers change at once: call it when the new snapshot takes over, not while it is being built. */
struct group *group_new(const struct document_group *from, struct group *old,
			struct balance_env env, uint64_t now_ms);
struct group *group_ref(struct group *group);
void group_unref(struct group *group); /* NULL is fine */
/* Marks all its servers gone: the group itself has left the document. */
void group_retire(struct group *group, uint64_t now_ms);

/* A new reference, or NULL: nobody is left for this connection. */
struct server *group_pick(struct group *group, const struct balance_request *request);
struct server *server_ref(struct server *server);
void server_unref(struct server *server);

/* The connection to it: opened and closed keep the shared gauges, failed and connected the ejection. */
void server_opened(struct server *server, struct balance_env env);
void server_closed(struct server *server, struct balance_env env);
void server_connected(struct server *server, struct balance_env env);
/* True: this failure ejected it. group NULL: it only counts. */
bool server_failed(struct server *server, struct group *group, struct balance_env env,
		   uint64_t now_ms);

#endif
