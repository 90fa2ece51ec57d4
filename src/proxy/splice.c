/* Bulk on TCP listeners: bytes go from socket to socket through a pipe without being copied. A pipe is
 * borrowed while a direction carries bulk and given back when it runs dry. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/conn.h"

#define BULK_AFTER (256u << 10) /* bytes of a direction before it is called bulk */
#define PIPE_SIZE (1u << 20)

struct pipe_pair {
	struct pipe_pair *next; /* in worker->pipes */
	int in, out;		/* write end, read end */
	size_t held;
};

bool splice_is_wanted(const struct conn *conn, const struct side *to)
{
	if (to->pipe != NULL)
		return true;
	return conn->tls.ssl == NULL && conn->listener->tls == NULL && to->moved >= BULK_AFTER &&
	       (conn->worker->pipes != NULL || conn->worker->pipes_left > 0);
}

static struct pipe_pair *pipe_borrow(struct worker *worker)
{
	struct pipe_pair *pipe = worker->pipes;
	int fds[2];

	if (pipe != NULL) {
		worker->pipes = pipe->next;
		return pipe;
	}
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return NULL;
	worker->pipes_left--;
	fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE); /* refused: the default size does as well */
	pipe = memory_new(sizeof(*pipe));
	pipe->out = fds[0];
	pipe->in = fds[1];
	return pipe;
}

/* A pipe that still holds somebody's bytes is not used again. */
void splice_release(struct conn *conn, struct side *to)
{
	struct pipe_pair *pipe = to->pipe;

	to->pipe = NULL;
	if (pipe == NULL)
		return;
	if (pipe->held == 0) {
		pipe->next = conn->worker->pipes;
		conn->worker->pipes = pipe;
		return;
	}
	close(pipe->in);
	close(pipe->out);
	free(pipe);
	conn->worker->pipes_left++;
}

/* Socket to pipe: like side_read(). */
static long fill(struct conn *conn, struct side *from, struct side *to)
{
	struct pipe_pair *pipe = to->pipe;
	ssize_t got = splice(from->fd, NULL, pipe->in, NULL, PIPE_SIZE,
			     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (got > 0) {
		pipe->held += (size_t)got;
		report_bytes(conn, from == &conn->client ? (uint64_t)got : 0,
			     from == &conn->server ? (uint64_t)got : 0);
		return got;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		/* A pipe that holds something may only be full. */
		if (pipe->held == 0)
			from->readable = false;
		return SIDE_WAIT;
	}
	from->readable = false;
	from->eof = from->fin_seen = true;
	return got == 0 ? SIDE_EOF : SIDE_ERROR;
}

/* Pipe to socket. */
static bool drain(struct side *to)
{
	struct pipe_pair *pipe = to->pipe;
	ssize_t put;

	if (pipe->held == 0 || !to->writable || to->broken)
		return false;
	put = splice(pipe->out, NULL, to->fd, NULL, pipe->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (put > 0) {
		pipe->held -= (size_t)put;
		to->moved += (uint64_t)put;
		return true;
	}
	if (put < 0 && errno == EAGAIN)
		to->writable = false;
	else if (put < 0 && errno != EINTR)
		to->broken = true;
	return false;
}

void splice_flush(struct conn *conn, struct side *to)
{
	while (drain(to))
		conn->active_ms = conn->worker->now_ms;
	if (to->broken || to->pipe->held == 0)
		splice_release(conn, to);
}

long splice_move(struct conn *conn, struct side *from, struct side *to)
{
	size_t moved = 0;
	long got = SIDE_WAIT;
	bool drained;

	if (to->pipe == NULL)
		to->pipe = pipe_borrow(conn->worker);
	if (to->pipe == NULL)
		return SIDE_NO_PIPE;
	do {
		got = from->readable ? fill(conn, from, to) : SIDE_WAIT;
		moved += got > 0 ? (size_t)got : 0;
		drained = drain(to);
	} while ((got > 0 || drained) && got != SIDE_EOF && got != SIDE_ERROR && moved < WORK_CAP);
	if (to->broken || (to->pipe->held == 0 && !from->readable))
		splice_release(conn, to);
	if (got == SIDE_EOF || got == SIDE_ERROR)
		return got;
	return moved > 0 ? (long)moved : SIDE_WAIT;
}
