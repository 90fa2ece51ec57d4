/*
 * A turn of the loop: wait; events of sockets and messages; what was left over (connections on the
 * run list, acceptors); at most 2 ms each of building a snapshot, of judging connections anew, and of
 * answering questions about them; the log.
 */
#include "proxy/worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/monotime.h"
#include "document/secrets.h"
#include "proxy/acceptor.h"
#include "proxy/conn.h"
#include "proxy/questions.h"
#include "tls/session.h"
#include "tls/ticket.h"

#define SLICE_US 2000
#define SWEEP_STEP 8  /* connections between two looks at the clock */
#define WAKE_MS 1000  /* the guardian wants to see turns */
#define RESERVED_DESCRIPTORS 64
#define CONN_BLOCK (1u << 18)
#define PIPES_OF_ALL 48u

static struct worker worker; /* the process has one */

/* --- documents --- */

static void builder_drop(void)
{
	snapshot_builder_free(worker.builder);
	worker.builder = NULL;
	revoked_done(&worker.next_revoked);
}

static int begin_document(int document_fd, int revocation_fd, struct error *err)
{
	struct bytes mapped = { NULL, 0 };
	struct document *document;

	builder_drop();
	if (message_map(document_fd, &mapped, err) < 0)
		return -1;
	document = document_decode(mapped, err);
	if (document == NULL) {
		message_unmap(mapped);
		return -1;
	}
	worker.builder = snapshot_builder_new(document, mapped, worker.snapshot, &gate_hooks);
	return revocation_fd < 0 ? 0 : revoked_map(revocation_fd, &worker.next_revoked, err);
}

static void document_failed(uint64_t version, const struct error *err)
{
	struct log_line line = log_begin(&worker.child->log, "document_refused");

	log_number(&line, "version", version);
	log_error(&line, err);
	log_end(&line);
	builder_drop();
	child_answer(worker.child, version, err);
}

static void on_document(struct child *child, uint64_t version, int document_fd, int revocation_fd)
{
	struct error err;

	(void)child;
	if (begin_document(document_fd, revocation_fd, &err) < 0)
		document_failed(version, &err);
	close(document_fd);
	if (revocation_fd >= 0)
		close(revocation_fd);
}

/* The moment a change takes effect. */
static void commit(void)
{
	struct snapshot *old = worker.snapshot;

	worker.snapshot = snapshot_builder_finish(worker.builder, old, worker.env, worker.now_ms);
	worker.sweep_revocation |= revoked_take(&worker.revoked, &worker.next_revoked) ||
				   snapshot_cuts_more(worker.snapshot, old);
	builder_drop();
	snapshot_free(old);
	chain_cache_clear(worker.chains);
	acceptor_bind_all(&worker);
	worker.sweep = worker.conns;
	worker.stats->version_served = worker.snapshot->version;
	worker.child->log.json = worker.snapshot->log_json;
	child_answer(worker.child, worker.snapshot->version, NULL);
}

static void build(uint64_t deadline_us)
{
	struct error err;
	uint64_t version;

	switch (snapshot_builder_step(worker.builder, deadline_us, &err)) {
	case SNAPSHOT_READY:
		commit();
		break;
	case SNAPSHOT_FAILED:
		version = snapshot_builder_version(worker.builder);
		document_failed(version, &err);
		break;
	default:
		break;
	}
}

/* Every connection is looked at once after a change, a few at a time. */
static void sweep(uint64_t deadline_us)
{
	unsigned int done = 0;

	while (worker.sweep != NULL) {
		struct conn *conn = worker.sweep;

		worker.sweep = conn->next;
		conn_review(conn, worker.sweep_revocation);
		if (++done % SWEEP_STEP == 0 && monotime_us() >= deadline_us)
			return;
	}
	worker.sweep_revocation = false;
}

/* --- other messages --- */

/* At once, whatever is being built: chains, tickets and live connections are all judged by it. */
static void on_revocation(struct child *child, int fd)
{
	struct revoked next;
	struct error err;

	if (revoked_map(fd, &next, &err) < 0) {
		log_event(&child->log, "revocation_refused", "error", err.message);
	} else if (revoked_take(&worker.revoked, &next)) {
		worker.sweep_revocation = true;
		worker.sweep = worker.conns;
	}
	close(fd);
}

static void on_secrets(struct child *child, int fd)
{
	struct ticket_key keys[TICKET_KEYS];
	struct ticket_secrets secrets;
	uint32_t i, count = 0;

	(void)child;
	if (pread(fd, &secrets, sizeof(secrets), 0) == (ssize_t)sizeof(secrets))
		count = secrets.count < TICKET_KEYS ? secrets.count : TICKET_KEYS;
	close(fd);
	for (i = 0; i < count; i++) {
		memcpy(keys[i].id, secrets.key[i].id, sizeof(keys[i].id));
		memcpy(keys[i].key, secrets.key[i].key, sizeof(keys[i].key));
	}
	ticket_keys_set(keys, count);
	memory_wipe(keys, sizeof(keys));
	memory_wipe(&secrets, sizeof(secrets));
}

static void on_socket(struct child *child, const struct address *address, int fd)
{
	(void)child;
	acceptor_add(&worker, address, fd);
}

static void on_drain(struct child *child, uint32_t limit_ms)
{
	(void)child;
	worker.draining = true;
	worker.drain_end_ms = loop_now_ms(worker.loop) + limit_ms;
	acceptor_close_all(&worker);
}

static void on_connections(struct child *child, uint32_t question,
			   const struct message_filter *filter)
{
	(void)child;
	questions_ask(&worker, question, filter);
}

static void on_orphaned(struct child *child)
{
	log_event(&child->log, "stopped", "reason", "the guardian is gone");
	log_flush(&child->log);
	_exit(1);
}

/* --- the loop --- */

static bool has_work(void)
{
	return worker.run_first != NULL || worker.accept_again || worker.builder != NULL ||
	       worker.sweep != NULL || questions_can_go_on(&worker);
}

static int wait_ms(void)
{
	if (has_work())
		return 0;
	if (worker.questions != NULL)
		return QUESTIONS_WAIT_MS;
	return worker.draining ? 100 : WAKE_MS;
}

static void run_leftovers(void)
{
	struct conn *conn = worker.run_first;
	struct conn *last = worker.run_last;

	if (worker.accept_again) {
		worker.accept_again = false;
		acceptor_run_all(&worker);
	}
	/* Only those that waited when the turn began: a run may put its conn there again. */
	while (conn != NULL) {
		bool was_last = conn == last;

		worker.run_first = conn->run_next;
		if (worker.run_first == NULL)
			worker.run_last = NULL;
		conn->in_run = false;
		conn_run(conn);
		conn = was_last ? NULL : worker.run_first;
	}
}

static void abort_all(enum close_reason reason)
{
	struct conn *conn = worker.conns;

	while (conn != NULL) {
		struct conn *next = conn->next;

		if (conn->state != CONN_ENDING && conn_abort(conn, reason) == STEP_AGAIN)
			conn_run(conn);
		conn = next;
	}
}

/* true: everything has ended. */
static bool drained(void)
{
	if (!worker.draining)
		return false;
	if (worker.now_ms >= worker.drain_end_ms)
		abort_all(CLOSE_SHUTDOWN);
	return worker.conns == NULL;
}

static void turn(void)
{
	uint64_t spent_us;

	loop_turn(worker.loop, wait_ms());
	worker.now_ms = loop_now_ms(worker.loop);
	run_leftovers();
	if (worker.builder != NULL)
		build(monotime_us() + SLICE_US);
	/* A revoked client does not stay for as long as a snapshot takes. */
	if (worker.sweep != NULL && (worker.builder == NULL || worker.sweep_revocation))
		sweep(monotime_us() + SLICE_US);
	questions_answer(&worker, monotime_us() + SLICE_US);
	log_flush(&worker.child->log);
	worker.stats->log_dropped = worker.child->log.dropped;
	worker.stats->turns++;
	spent_us = monotime_us() - loop_now_us(worker.loop);
	if (spent_us > worker.stats->longest_turn_us)
		worker.stats->longest_turn_us = spent_us;
}

/* Less a reserve for checks, control and logs. */
static size_t usable_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 4 * RESERVED_DESCRIPTORS)
		return 64;
	return limit.rlim_cur - RESERVED_DESCRIPTORS;
}

static int start(struct child *child)
{
	struct error err;

	worker.child = child;
	worker.stats = &child->stats->worker[child->start.index];
	worker.env = (struct balance_env){ child->stats, child->start.index, child->health };
	worker.loop = loop_new(&err);
	worker.chains = chain_cache_new();
	worker.read_buffer = memory_new(READ_SIZE);
	worker.plain_buffer = memory_new(PLAIN_SIZE);
	worker.pipes_all = PIPES_OF_ALL / (child->start.workers > 0 ? child->start.workers : 1);
	worker.pipes_left = worker.pipes_all;
	worker.descriptors = usable_descriptors();
	slab_init(&worker.conn_pool, sizeof(struct conn), CONN_BLOCK);
	queue_pool_init(&worker.chunk_pool);
	worker.stats->pid = (uint64_t)getpid();
	child->document = on_document;
	child->secrets = on_secrets;
	child->socket = on_socket;
	child->drain = on_drain;
	child->revocation = on_revocation;
	child->connections = on_connections;
	child->orphaned = on_orphaned;
	if (worker.loop != NULL && child_listen(child, worker.loop, &err) == 0) {
		tls_session_set_environment(&worker.tls_output, loop_clock(worker.loop));
		return 0;
	}
	log_event(&child->log, "failed", "error", err.message);
	log_flush(&child->log);
	return -1;
}

int worker_run(struct child *child)
{
	if (start(child) < 0)
		return 1;
	log_event(&child->log, "started", "version", SALLYPORT_VERSION);
	while (!drained())
		turn();
	log_event(&child->log, "stopped", "reason", "drained");
	log_flush(&child->log);
	return 0;
}
