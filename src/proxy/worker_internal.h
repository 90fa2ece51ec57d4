/* proxy/worker_internal.h - what the files of the data plane share: the worker, once per process. */
#ifndef SALLYPORT_PROXY_WORKER_INTERNAL_H
#define SALLYPORT_PROXY_WORKER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/slab.h"
#include "document/child.h"
#include "net/loop.h"
#include "proxy/balance.h"
#include "proxy/chain_cache.h"
#include "proxy/revoked.h"
#include "proxy/snapshot.h"

/* One read takes this much; what comes out of TLS for it fits the plain buffer. */
#define READ_SIZE (128u << 10)
#define PLAIN_SIZE (READ_SIZE + (32u << 10))
/* A connection that moved this much gives way to the others. */
#define WORK_CAP (1u << 20)

struct conn;
struct acceptor;
struct question;

/* How many refusals control was told of in this second. */
struct refusal_news {
	uint64_t since_ms;
	uint32_t told;
};

struct worker {
	struct child *child;
	struct loop *loop;
	struct stats_worker *stats; /* this worker's block */
	struct balance_env env;
	uint64_t now_ms; /* of this turn */

	struct snapshot *snapshot;	  /* NULL until the first document */
	struct snapshot_builder *builder; /* NULL: nothing is being built */
	struct revoked next_revoked;	  /* goes with the builder */
	struct revoked revoked;
	struct chain_cache *chains;

	struct acceptor *acceptors;
	size_t acceptor_count;
	bool accept_again; /* an acceptor was cut by its cap */
	bool draining;
	uint64_t drain_end_ms;

	struct slab conn_pool, chunk_pool;
	struct conn *conns;		   /* all of them */
	struct conn *run_first, *run_last; /* to be run in the next turn */
	struct conn *sweep;		   /* next to be judged anew, NULL: no sweep under way */
	bool sweep_revocation;
	struct question *questions; /* being answered: proxy/questions.h */
	struct refusal_news refusal_news;
	uint64_t last_id;	     /* of a connection */
	size_t conn_count, conn_max; /* max: what the descriptors allow */
	size_t descriptors;	     /* RLIMIT_NOFILE less the reserve */

	uint8_t *read_buffer;	  /* READ_SIZE */
	uint8_t *plain_buffer;	  /* PLAIN_SIZE */
	struct buffer tls_output; /* ciphertext on its way out, within one call */
	struct pipe_pair *pipes;  /* idle pipes for splice */
	unsigned int pipes_left, pipes_all;
};

#endif
