/* One side of a connection: its socket, and what waits for it. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket.h"
#include "proxy/conn.h"

#define FLUSH_PARTS 16

long side_read(struct side *side, uint8_t *data, size_t size)
{
	ssize_t got;

	do
		got = read(side->fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		/* A short read has emptied the socket: the next bytes make a new edge. A FIN that is
		 * already there does not, so then only EOF ends the reading. */
		if ((size_t)got < size && !side->hung_up && !side->failed)
			side->readable = false;
		return got;
	}
	side->readable = false;
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return SIDE_WAIT;
	side->eof = side->fin_seen = true;
	return got == 0 ? SIDE_EOF : SIDE_ERROR;
}

static void side_break(struct conn *conn, struct side *side)
{
	side->broken = true;
	queue_clear(&conn->worker->chunk_pool, &side->out);
	splice_release(conn, side);
}

/* What a send call said: bytes the socket took. A failure breaks the side and counts as all taken. */
static size_t side_took(struct conn *conn, struct side *side, ssize_t put, size_t total)
{
	if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) /* no EINTR: nothing here sleeps */
		put = 0;
	if (put < 0) {
		side_break(conn, side);
		return total;
	}
	if ((size_t)put < total)
		side->writable = false;
	side->moved += (size_t)put;
	return (size_t)put;
}

int side_send(struct conn *conn, struct side *side, struct bytes data)
{
	size_t put;

	if (side->broken || data.len == 0)
		return 0;
	if (side->out.used == 0 && side->writable) {
		put = side_took(conn, side, send(side->fd, data.data, data.len, MSG_NOSIGNAL),
				data.len);
		data.data += put;
		data.len -= put;
	}
	return queue_append(&conn->worker->chunk_pool, &side->out, data);
}

bool side_flush(struct conn *conn, struct side *side)
{
	struct iovec parts[FLUSH_PARTS];

	while (side->out.used > 0 && side->writable && !side->broken) {
		int count = queue_iov(&side->out, parts, FLUSH_PARTS);
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)count };
		size_t total = 0;
		int i;

		for (i = 0; i < count; i++)
			total += parts[i].iov_len;
		total = side_took(conn, side, sendmsg(side->fd, &message, MSG_NOSIGNAL), total);
		if (!side->broken)
			queue_consume(&conn->worker->chunk_pool, &side->out, total);
		conn->active_ms = conn->worker->now_ms;
	}
	/* While bytes still come in, those in the pipe go out as the relay moves more. */
	if (side->pipe != NULL && (conn->state != CONN_RELAY || side->end != SIDE_OPEN))
		splice_flush(conn, side);
	return side->out.used == 0 && side->pipe == NULL;
}

int side_flush_tls(struct conn *conn)
{
	struct buffer *output = &conn->worker->tls_output;
	int status = 0;

	if (output->len > 0)
		status = side_send(conn, &conn->client, buffer_bytes(output));
	output->len = 0;
	return status;
}

void side_close(struct conn *conn, struct side *side)
{
	if (side->fd >= 0) {
		loop_remove(conn->worker->loop, -1, &side->watch);
		close(side->fd);
	}
	side->fd = -1;
	side->end = SIDE_CLOSED;
	side->readable = side->writable = false;
	queue_clear(&conn->worker->chunk_pool, &side->out);
	splice_release(conn, side);
}

void side_reset(struct conn *conn, struct side *side)
{
	if (side->fd >= 0)
		socket_reset_on_close(side->fd);
	side_close(conn, side);
}
