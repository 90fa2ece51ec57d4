#include "proxy/conn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/monotime.h"
#include "proxy/questions.h"

static enum step (*const steps[])(struct conn *conn) = {
#define X(name, step, text) [CONN_##name] = step,
	CONN_STATES(X)
#undef X
};

struct stats_listener *conn_stats(const struct conn *conn)
{
	return &conn->worker->stats->listeners[conn->listener->slot];
}

/* --- running --- */

static void run_later(struct conn *conn)
{
	struct worker *worker = conn->worker;

	if (conn->in_run)
		return;
	conn->in_run = true;
	conn->run_next = NULL;
	*(worker->run_last != NULL ? &worker->run_last->run_next : &worker->run_first) = conn;
	worker->run_last = conn;
}

void conn_run(struct conn *conn)
{
	enum step step;

	do
		step = steps[conn->state](conn);
	while (step == STEP_AGAIN);
	if (step == STEP_LATER)
		run_later(conn);
}

static void take_events(struct conn *conn, struct side *side, uint32_t events)
{
	conn->worker->now_ms = loop_now_ms(conn->worker->loop);
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		side->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		side->writable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP))
		side->hung_up = true;
	if (events & (EPOLLHUP | EPOLLERR))
		side->failed = true;
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)((char *)watch - offsetof(struct conn, client.watch));

	take_events(conn, &conn->client, events);
	conn_run(conn);
}

static void server_ready(struct watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)((char *)watch - offsetof(struct conn, server.watch));

	take_events(conn, &conn->server, events);
	conn_run(conn);
}

/* --- time --- */

void conn_set_deadline(struct conn *conn, uint64_t at_ms)
{
	if (conn->kill_at_ms != 0 && conn->kill_at_ms < at_ms)
		at_ms = conn->kill_at_ms;
	timeout_set(conn->worker->loop, &conn->timeout, at_ms);
}

/* Idle and half-closed limits count from the last byte: the timer is set once and looks then. */
static enum step relay_expired(struct conn *conn)
{
	bool half = conn->client.eof || conn->server.eof;
	uint64_t limit = half ? conn->listener->half_close_ms : conn->listener->idle_ms;

	dial_keep_alive(conn);
	if (conn->worker->now_ms - conn->active_ms >= limit)
		return conn_abort(conn, half ? CLOSE_HALF_CLOSE_TIMEOUT : CLOSE_IDLE_TIMEOUT);
	conn_set_deadline(conn, conn->active_ms + limit);
	return STEP_WAIT;
}

static void conn_expired(struct timeout *timeout)
{
	struct conn *conn = (struct conn *)((char *)timeout - offsetof(struct conn, timeout));
	enum step step = STEP_AGAIN;

	conn->worker->now_ms = loop_now_ms(conn->worker->loop);
	if (conn->state == CONN_ENDING)
		conn_set_deadline(conn, conn->worker->now_ms + ENDING_MS);
	else if (conn->kill_at_ms != 0 && conn->worker->now_ms >= conn->kill_at_ms)
		step = conn_abort(conn, conn->kill_reason);
	else if (conn->state == CONN_RELAY)
		step = relay_expired(conn);
	else if (conn->state == CONN_CONNECT)
		step = dial_timed_out(conn);
	else {
		conn_note_reason(conn, CLOSE_HANDSHAKE_TIMEOUT);
		conn_free(conn);
		return;
	}
	if (step == STEP_AGAIN)
		conn_run(conn);
}

void conn_enter(struct conn *conn, enum conn_state state)
{
	struct worker *worker = conn->worker;

	conn->state = (uint8_t)state;
	if (state == CONN_RELAY) {
		conn_set_deadline(conn, worker->now_ms +
						(conn->listener->idle_ms < DIAL_KEEP_ALIVE_AFTER_MS
							 ? conn->listener->idle_ms
							 : DIAL_KEEP_ALIVE_AFTER_MS));
	} else if (state == CONN_ENDING) {
		conn->ending_since_ms = worker->now_ms;
		conn->kill_at_ms = 0;
		conn_set_deadline(conn, worker->now_ms + ENDING_MS);
	} else if (state != CONN_CONNECT) {
		conn_set_deadline(conn, conn->started_ms + conn->listener->handshake_ms);
	}
}

/* --- ends --- */

void conn_note_reason(struct conn *conn, enum close_reason reason)
{
	if (conn->has_reason)
		return;
	conn->has_reason = true;
	conn->reason = (uint8_t)reason;
}

/* An abnormal end says so, also when one direction had ended well before. */
enum step conn_abort(struct conn *conn, enum close_reason reason)
{
	conn->has_reason = true;
	conn->reason = (uint8_t)reason;
	if (conn->client.end == SIDE_OPEN || conn->client.end == SIDE_CLEAN)
		conn->client.end = SIDE_ABNORMAL;
	if (conn->server.end == SIDE_OPEN || conn->server.end == SIDE_CLEAN)
		conn->server.end = SIDE_ABNORMAL;
	conn_enter(conn, CONN_ENDING);
	return STEP_AGAIN;
}

static void leave_lists(struct conn *conn)
{
	struct worker *worker = conn->worker;
	struct conn **at;

	if (worker->sweep == conn)
		worker->sweep = conn->next;
	questions_forget(worker, conn);
	*(conn->prev != NULL ? &conn->prev->next : &worker->conns) = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	if (!conn->in_run)
		return;
	worker->run_last = NULL;
	for (at = &worker->run_first; *at != NULL;) {
		if (*at == conn) {
			*at = conn->run_next;
			continue;
		}
		worker->run_last = *at;
		at = &(*at)->run_next;
	}
}

void conn_free(struct conn *conn)
{
	struct worker *worker = conn->worker;
	struct stats_listener *stats = conn_stats(conn);

	side_close(conn, &conn->server);
	side_close(conn, &conn->client);
	report_closed(conn);
	timeout_cancel(worker->loop, &conn->timeout);
	leave_lists(conn);
	tls_session_close(&conn->tls);
	queue_clear(&worker->chunk_pool, &conn->early);
	dial_free(conn);
	if (conn->server_entry != NULL) {
		server_closed(conn->server_entry, worker->env);
		server_unref(conn->server_entry);
	}
	if (conn->counted_handshake) {
		stats->handshaking--;
		limit_source_handshake_done(&conn->source);
	}
	limit_source_release(&conn->source);
	stats->active--;
	admission_record_unref(conn->record);
	free(conn->server_name);
	listener_unref(conn->listener);
	worker->conn_count--;
	slab_give(&worker->conn_pool, conn);
}

/* --- birth --- */

static void begin(struct conn *conn)
{
	if (conn->listener->tls != NULL) {
		conn_enter(conn, CONN_HANDSHAKE);
		return;
	}
	if (dial_begin(conn) == STEP_AGAIN)
		conn_run(conn);
}

/* Its worker above, a count below: by the clock at first, so that a worker that was restarted does not use
 * the ids of the one before. JSON can carry 53 bits. */
#define ID_BITS 43

static uint64_t next_id(struct worker *worker)
{
	uint64_t mask = (UINT64_C(1) << ID_BITS) - 1;

	if (worker->last_id == 0)
		worker->last_id = monotime_us();
	return (uint64_t)(worker->env.worker + 1) << ID_BITS | (++worker->last_id & mask);
}

static struct conn *conn_make(struct worker *worker, int fd, const struct address *client,
			      const struct address *local, struct listener *listener)
{
	struct conn *conn = slab_take(&worker->conn_pool);

	if (conn == NULL)
		return NULL;
	memset(conn, 0, sizeof(*conn));
	conn->worker = worker;
	conn->id = next_id(worker);
	conn->listener = listener_ref(listener);
	conn->client.fd = fd;
	conn->client.watch.ready = client_ready;
	conn->client.writable = true;
	conn->server.fd = -1;
	conn->server.watch.ready = server_ready;
	conn->timeout.expired = conn_expired;
	conn->started_ms = conn->active_ms = worker->now_ms;
	conn->client_address = *client;
	conn->local_address = *local;
	conn->next = worker->conns;
	if (conn->next != NULL)
		conn->next->prev = conn;
	worker->conns = conn;
	worker->conn_count++;
	return conn;
}

void conn_new(struct worker *worker, int fd, const struct address *client,
	      const struct address *local, struct listener *listener, struct limit_source source)
{
	struct conn *conn = conn_make(worker, fd, client, local, listener);
	struct stats_listener *stats = &worker->stats->listeners[listener->slot];

	if (conn == NULL) {
		close(fd);
		stats->active--;
		limit_source_release(&source);
		return;
	}
	conn->source = source;
	stats->accepted++;
	conn->counted_handshake = listener->tls != NULL;
	stats->handshaking += conn->counted_handshake ? 1 : 0;
	if (loop_add(worker->loop, fd, &conn->client.watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP, NULL) <
	    0) {
		conn_note_reason(conn, CLOSE_NO_MEMORY);
		conn_free(conn);
	} else if (conn_is_proxied(listener, client)) {
		conn_enter(conn, CONN_PROXY_HEADER);
	} else {
		begin(conn);
	}
}

const struct address *conn_local_address(struct conn *conn)
{
	struct sockaddr_storage local;
	socklen_t len = sizeof(local);

	if (conn->local_address.family == 0 &&
	    getsockname(conn->client.fd, (struct sockaddr *)&local, &len) == 0)
		address_from_sockaddr(&local, &conn->local_address);
	return &conn->local_address;
}
