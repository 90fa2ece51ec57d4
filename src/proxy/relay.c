/*
 * Moving bytes between an admitted client and its server.
 *
 * What can run is computed, never toggled (STYLE 7): a direction runs when its source is readable and
 * its target's queue is empty. One read of up to 128 KiB goes through buffers of the worker and out with
 * one send; only what the target does not take is kept, in its queue.
 */
#include <string.h>

#include "proxy/conn.h"

static bool client_has_input(const struct conn *conn)
{
	return !conn->client.eof && (conn->client.readable || conn->early.used > 0);
}

static bool has_room(const struct side *side)
{
	return side->out.used == 0 && (side->writable || side->broken) && side->end == SIDE_OPEN;
}

/* Bytes kept from the handshake first, then the socket. Like side_read(). */
static long read_client(struct conn *conn)
{
	struct worker *worker = conn->worker;
	struct iovec parts[READ_SIZE / CHUNK_SIZE];
	size_t len = 0;
	int count, i;

	if (conn->early.used == 0)
		return side_read(&conn->client, worker->read_buffer, READ_SIZE);
	count = queue_iov(&conn->early, parts, READ_SIZE / CHUNK_SIZE);
	for (i = 0; i < count; i++) {
		memcpy(worker->read_buffer + len, parts[i].iov_base, parts[i].iov_len);
		len += parts[i].iov_len;
	}
	queue_consume(&worker->chunk_pool, &conn->early, len);
	return (long)len;
}

/* The client has ended its direction as it should: the server is told once it has everything. */
static void client_goodbye(struct conn *conn)
{
	conn->client.eof = true;
	conn->client.fin_seen |= conn->client.hung_up; /* it came right behind close_notify */
	conn->client_said_goodbye = true;
	conn_note_reason(conn, CLOSE_CLIENT_CLOSED);
	if (conn->server.end == SIDE_OPEN)
		conn->server.end = SIDE_CLEAN;
	conn_set_deadline(conn, conn->worker->now_ms + conn->listener->half_close_ms);
}

/* The client is gone. After its goodbye that is a normal end. */
static enum step client_vanished(struct conn *conn)
{
	conn->client.eof = conn->client.broken = true;
	if (!conn->client_said_goodbye)
		return conn_abort(conn, CLOSE_CLIENT_RESET);
	if (conn->server.end == SIDE_OPEN)
		conn->server.end = SIDE_CLEAN;
	conn_enter(conn, CONN_ENDING);
	return STEP_AGAIN;
}

/* TCP's end. On TLS without close_notify before it is a truncation. */
static enum step client_fin(struct conn *conn)
{
	if (conn->listener->tls != NULL && conn->listener->reset_unclean)
		return conn_abort(conn, CLOSE_CLIENT_TRUNCATED);
	client_goodbye(conn);
	return STEP_AGAIN;
}

static enum step tls_broke(struct conn *conn)
{
	struct tls_failure failure;

	tls_session_failure(&conn->tls, &failure);
	return conn_abort(conn,
			  failure.key_update_flood ? CLOSE_KEY_UPDATE_FLOOD : CLOSE_TLS_ERROR);
}

static int deliver_to_server(struct conn *conn, const uint8_t *data, size_t len)
{
	report_bytes(conn, len, 0);
	return side_send(conn, &conn->server, (struct bytes){ data, len });
}

static enum step client_decrypt(struct conn *conn, size_t len)
{
	struct worker *worker = conn->worker;
	size_t plain = 0, got = 0;
	enum tls_result result;

	tls_session_feed(&conn->tls, (struct bytes){ worker->read_buffer, len });
	do {
		result = tls_session_read(&conn->tls, worker->plain_buffer + plain,
					  PLAIN_SIZE - plain, &got);
		plain += result == TLS_DONE ? got : 0;
	} while (result == TLS_DONE && plain < PLAIN_SIZE);
	tls_session_feed(&conn->tls, (struct bytes){ NULL, 0 });
	if (side_flush_tls(conn) < 0 || deliver_to_server(conn, worker->plain_buffer, plain) < 0)
		return conn_abort(conn, CLOSE_NO_MEMORY);
	if (result == TLS_FAILED)
		return tls_broke(conn);
	if (result == TLS_CLOSED)
		client_goodbye(conn);
	return STEP_AGAIN;
}

static enum step pull_client(struct conn *conn)
{
	long got = splice_is_wanted(conn, &conn->server)
			   ? splice_move(conn, &conn->client, &conn->server)
			   : SIDE_NO_PIPE;
	bool spliced = got != SIDE_NO_PIPE;

	if (!spliced)
		got = read_client(conn);
	if (got == SIDE_WAIT)
		return STEP_WAIT;
	if (got == SIDE_EOF)
		return client_fin(conn);
	if (got == SIDE_ERROR)
		return client_vanished(conn);
	conn->active_ms = conn->worker->now_ms;
	if (spliced)
		return STEP_AGAIN;
	if (conn->tls.ssl != NULL)
		return client_decrypt(conn, (size_t)got);
	if (deliver_to_server(conn, conn->worker->read_buffer, (size_t)got) < 0)
		return conn_abort(conn, CLOSE_NO_MEMORY);
	return STEP_AGAIN;
}

static void server_goodbye(struct conn *conn)
{
	conn_note_reason(conn, CLOSE_SERVER_CLOSED);
	if (conn->client.end == SIDE_OPEN)
		conn->client.end = SIDE_CLEAN;
	conn_set_deadline(conn, conn->worker->now_ms + conn->listener->half_close_ms);
}

static int deliver_to_client(struct conn *conn, const uint8_t *data, size_t len)
{
	struct bytes plain = { data, len };

	report_bytes(conn, 0, len);
	if (conn->tls.ssl == NULL)
		return side_send(conn, &conn->client, plain);
	if (conn->client.broken)
		return 0;
	if (tls_session_write(&conn->tls, plain) != TLS_DONE)
		return -1;
	return side_flush_tls(conn);
}

static enum step pull_server(struct conn *conn)
{
	long got = splice_is_wanted(conn, &conn->client)
			   ? splice_move(conn, &conn->server, &conn->client)
			   : SIDE_NO_PIPE;
	bool spliced = got != SIDE_NO_PIPE;

	if (!spliced)
		got = side_read(&conn->server, conn->worker->plain_buffer, READ_SIZE);
	if (got == SIDE_WAIT)
		return STEP_WAIT;
	if (got == SIDE_EOF) {
		server_goodbye(conn);
		return STEP_AGAIN;
	}
	if (got == SIDE_ERROR)
		return conn_abort(conn, CLOSE_SERVER_RESET);
	conn->active_ms = conn->worker->now_ms;
	if (!spliced && deliver_to_client(conn, conn->worker->plain_buffer, (size_t)got) < 0)
		return conn_abort(conn, CLOSE_NO_MEMORY);
	return STEP_AGAIN;
}

/* A side that takes nothing more may still have something to say: only when that has been read is it
 * judged. */
static enum step judge_broken(struct conn *conn)
{
	if (conn->client.broken && !client_has_input(conn))
		return client_vanished(conn);
	if (!conn->server.broken || (conn->server.readable && !conn->server.eof))
		return STEP_WAIT;
	if (!conn->server.eof)
		return conn_abort(conn, CLOSE_SERVER_RESET);
	if (conn->server.end < SIDE_SHUT)
		conn->server.end = SIDE_SHUT;
	return STEP_WAIT;
}

static enum step finish_directions(struct conn *conn)
{
	ending_advance(conn, &conn->server);
	ending_advance(conn, &conn->client);
	if (conn->server.end < SIDE_SHUT || conn->client.end < SIDE_SHUT)
		return STEP_WAIT;
	conn_enter(conn, CONN_ENDING);
	return STEP_AGAIN;
}

enum step conn_relay(struct conn *conn)
{
	uint64_t start = conn->bytes_in + conn->bytes_out;
	bool progress;

	do {
		progress = false;
		side_flush(conn, &conn->server);
		side_flush(conn, &conn->client);
		if (client_has_input(conn) && has_room(&conn->server))
			progress |= pull_client(conn) == STEP_AGAIN;
		if (conn->state == CONN_RELAY && conn->server.readable && !conn->server.eof &&
		    has_room(&conn->client))
			progress |= pull_server(conn) == STEP_AGAIN;
		if (conn->state == CONN_RELAY && judge_broken(conn) == STEP_WAIT)
			finish_directions(conn);
		if (conn->state != CONN_RELAY)
			return STEP_AGAIN;
		if (conn->bytes_in + conn->bytes_out - start >= WORK_CAP)
			return STEP_LATER;
	} while (progress);
	return STEP_WAIT;
}
