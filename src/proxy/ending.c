/*
 * The ends of a connection (DESIGN 5, "Ends"). Bytes received are delivered first, always.
 *
 * clean:     close_notify + FIN, in each direction by itself.
 * abnormal:  towards TLS FIN without close_notify; towards TCP, once it is delivered, RST, but to the
 *            server a FIN where UncleanClose says so.
 * the client: after our FIN what it still sends is read and thrown away, so that no reset of ours
 *            overtakes the last bytes or an alert.
 */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "proxy/conn.h"

#define DELIVERY_POLL_MS 50
#define DISCARD_MAX 65536u

static bool is_tls_side(const struct conn *conn, const struct side *side)
{
	return side == &conn->client && conn->listener->tls != NULL;
}

static bool is_delivered(const struct side *side)
{
	int waiting = 0;

	return side->broken || ioctl(side->fd, SIOCOUTQ, &waiting) < 0 || waiting == 0;
}

/* Where the peer's FIN is here already, closing sends ours and nothing can be lost by it. */
static void send_fin(struct conn *conn, struct side *side)
{
	if (side->fin_seen) {
		side_close(conn, side);
		return;
	}
	shutdown(side->fd, SHUT_WR);
	side->end = SIDE_SHUT;
}

/* A clean end: close_notify goes through the queue like any other bytes, then the FIN. */
static void advance_clean(struct conn *conn, struct side *side)
{
	if (!side_flush(conn, side))
		return;
	if (is_tls_side(conn, side) && !conn->goodbye_sent && !side->broken) {
		conn->goodbye_sent = true;
		tls_session_end(&conn->tls);
		if (side_flush_tls(conn) < 0)
			side->broken = true;
		if (!side_flush(conn, side))
			return; /* comes back here for the FIN */
	}
	send_fin(conn, side);
}

void ending_advance(struct conn *conn, struct side *side)
{
	if (side->fd >= 0 && side->end == SIDE_CLEAN)
		advance_clean(conn, side);
}

static void advance_abnormal(struct conn *conn, struct side *side)
{
	if (!side_flush(conn, side))
		return;
	if (is_tls_side(conn, side) || (side == &conn->server && !conn->listener->reset_unclean))
		send_fin(conn, side);
	else if (is_delivered(side))
		side_reset(conn, side);
	else
		conn_set_deadline(conn, conn->worker->now_ms + DELIVERY_POLL_MS);
}

/* After our FIN: reads until the client's own end, a reset, or DISCARD_MAX. */
static void discard_input(struct conn *conn, struct side *side)
{
	long got = SIDE_WAIT;

	while (side->readable && side->discarded < DISCARD_MAX) {
		got = side_read(side, conn->worker->read_buffer, READ_SIZE);
		if (got <= 0)
			break;
		side->discarded += (uint32_t)got;
	}
	if (got == SIDE_EOF || got == SIDE_ERROR || side->discarded >= DISCARD_MAX)
		side_close(conn, side);
}

static void advance_last(struct conn *conn, struct side *side)
{
	if (side->fd < 0)
		side->end = SIDE_CLOSED;
	else if (side->broken)
		side_close(conn, side);
	else if (side->end == SIDE_CLEAN)
		advance_clean(conn, side);
	else if (side->end == SIDE_ABNORMAL)
		advance_abnormal(conn, side);
	if (side->end != SIDE_SHUT)
		return;
	if (side == &conn->server)
		side_close(conn, side);
	else
		discard_input(conn, side);
}

static void give_up(struct conn *conn, struct side *side)
{
	if (side->fd >= 0 && side->end == SIDE_ABNORMAL && !is_tls_side(conn, side))
		side_reset(conn, side);
	else
		side_close(conn, side);
}

/* A slow reader that still takes bytes gets them all. */
static bool is_stuck(const struct conn *conn)
{
	uint64_t since =
		conn->active_ms > conn->ending_since_ms ? conn->active_ms : conn->ending_since_ms;

	return conn->worker->now_ms - since >= ENDING_MS;
}

enum step conn_end(struct conn *conn)
{
	if (is_stuck(conn)) {
		give_up(conn, &conn->server);
		give_up(conn, &conn->client);
	}
	if (conn->server.end != SIDE_CLOSED)
		advance_last(conn, &conn->server);
	if (conn->client.end != SIDE_CLOSED)
		advance_last(conn, &conn->client);
	if (conn->server.end != SIDE_CLOSED || conn->client.end != SIDE_CLOSED)
		return STEP_WAIT;
	conn_free(conn);
	return STEP_FREED;
}
