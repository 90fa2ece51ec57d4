/* The client's TLS handshake. No TLS object before its first byte; no server before its last. */
#include <string.h>

#include "proxy/conn.h"

#define HANDSHAKE_READ 16384u /* at a time: what follows the client's Finished is kept */

static enum step handshake_ended(struct conn *conn, enum close_reason reason)
{
	conn_note_reason(conn, reason);
	conn->client.end = SIDE_ABNORMAL; /* the alert is in its queue: FIN follows it */
	conn_enter(conn, CONN_ENDING);
	return STEP_AGAIN;
}

static enum step handshake_failed(struct conn *conn)
{
	struct tls_failure failure;

	tls_session_failure(&conn->tls, &failure);
	report_handshake_failed(conn, &failure);
	return handshake_ended(conn, conn->refused ? CLOSE_CLIENT_REFUSED : CLOSE_HANDSHAKE_FAILED);
}

static enum step handshake_done(struct conn *conn)
{
	struct bytes rest = conn->tls.input;

	tls_session_feed(&conn->tls, (struct bytes){ NULL, 0 });
	if (queue_append(&conn->worker->chunk_pool, &conn->early, rest) < 0)
		return handshake_ended(conn, CLOSE_NO_MEMORY);
	report_handshake(conn);
	return dial_begin(conn);
}

/* Input that a PROXY header brought along comes first. */
static long handshake_read(struct conn *conn)
{
	struct worker *worker = conn->worker;
	struct iovec part;
	size_t len;

	if (conn->early.used == 0)
		return side_read(&conn->client, worker->read_buffer, HANDSHAKE_READ);
	queue_iov(&conn->early, &part, 1);
	len = part.iov_len;
	memcpy(worker->read_buffer, part.iov_base, len);
	queue_consume(&worker->chunk_pool, &conn->early, len);
	return (long)len;
}

enum step conn_handshake(struct conn *conn)
{
	long got;
	enum tls_result result;

	if (!conn->client.readable && conn->early.used == 0)
		return STEP_WAIT;
	got = handshake_read(conn);
	if (got == SIDE_WAIT)
		return STEP_WAIT;
	if (got == SIDE_EOF || got == SIDE_ERROR)
		return handshake_ended(conn, CLOSE_CLIENT_GONE);
	if (conn->tls.ssl == NULL && tls_session_open(&conn->tls, conn->listener->tls, conn) < 0)
		return handshake_ended(conn, CLOSE_NO_MEMORY);
	tls_session_feed(&conn->tls, (struct bytes){ conn->worker->read_buffer, (size_t)got });
	result = tls_session_handshake(&conn->tls);
	if (side_flush_tls(conn) < 0)
		return handshake_ended(conn, CLOSE_NO_MEMORY);
	if (result == TLS_DONE)
		return handshake_done(conn);
	tls_session_feed(&conn->tls, (struct bytes){ NULL, 0 });
	return result == TLS_WANT_READ ? STEP_AGAIN : handshake_failed(conn);
}
