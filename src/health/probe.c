#include "health/probe.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/request.h"
#include "health/schedule.h"

#define READ_SIZE 4096
#define DISCARD_MAX 65536u

bool probe_is_running(const struct probe *probe)
{
	return probe->state == PROBE_CONNECTING || probe->state == PROBE_WAITING;
}

void probe_stop(struct probe *probe)
{
	if (probe->state == PROBE_IDLE)
		return;
	timeout_cancel(probe->loop, &probe->deadline);
	loop_remove(probe->loop, probe->fd, &probe->watch);
	close(probe->fd);
	probe->state = PROBE_IDLE;
}

static void fail(struct probe *probe, enum health_reason reason)
{
	probe_stop(probe);
	probe->done(probe, reason);
}

/* Reads on until the server has closed as well. */
static void discard(struct probe *probe)
{
	uint8_t block[READ_SIZE];
	ssize_t got;

	while ((got = recv(probe->fd, block, sizeof(block), 0)) > 0) {
		probe->discarded += (size_t)got;
		if (probe->discarded > DISCARD_MAX)
			break;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	probe_stop(probe);
}

static void succeed(struct probe *probe)
{
	probe->state = PROBE_LINGERING;
	/* An HTTP server might take half a close for a client that went away. */
	if (probe->check->type == MODEL_CHECK_TCP)
		shutdown(probe->fd, SHUT_WR);
	discard(probe);
	probe->done(probe, HEALTH_REASON_NONE);
}

static void judge(struct probe *probe, enum http_answer_verdict verdict)
{
	if (verdict == HTTP_ANSWER_INVALID)
		fail(probe, HEALTH_REASON_HTTP_INVALID_HEADER);
	else if (!http_answer_matches(&probe->answer, probe->check->http_codes))
		fail(probe, HEALTH_REASON_HTTP_CODE_NOT_MATCH);
	else
		succeed(probe);
}

static void read_answer(struct probe *probe)
{
	uint8_t block[READ_SIZE];
	enum http_answer_verdict verdict;
	ssize_t got;

	/* Bounded: the parser decides within HTTP_ANSWER_MAX bytes. */
	while ((got = recv(probe->fd, block, sizeof(block), 0)) > 0) {
		verdict = http_answer_feed(&probe->answer, (struct bytes){ block, (size_t)got });
		if (verdict != HTTP_ANSWER_MORE) {
			judge(probe, verdict);
			return;
		}
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	fail(probe, HEALTH_REASON_CONNECT_INTERRUPT);
}

/* On loopback a connect to a dead port may meet itself: both ends take the same number. */
static bool is_connected_to_itself(int fd)
{
	struct sockaddr_storage own, peer;
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);
	struct address own_address, peer_address;

	if (getsockname(fd, (struct sockaddr *)&own, &own_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0)
		return false;
	address_from_sockaddr(&own, &own_address);
	address_from_sockaddr(&peer, &peer_address);
	return address_equal(&own_address, &peer_address);
}

static void connected(struct probe *probe)
{
	char request[REQUEST_MAX];
	size_t len = request_write(probe->check, &probe->server, request);

	if (is_connected_to_itself(probe->fd)) {
		fail(probe, HEALTH_REASON_CONNECT_FAILED);
		return;
	}
	/* A fresh socket has room for it: a short write is a lost connection. */
	if (len > 0 && send(probe->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
		fail(probe, HEALTH_REASON_CONNECT_INTERRUPT);
		return;
	}
	if (probe->check->type == MODEL_CHECK_TCP) {
		succeed(probe);
		return;
	}
	probe->state = PROBE_WAITING;
	read_answer(probe);
}

static void connect_failed(struct probe *probe, int error)
{
	fail(probe,
	     error == ETIMEDOUT ? HEALTH_REASON_CONNECT_TIMEOUT : HEALTH_REASON_CONNECT_FAILED);
}

static void connect_ready(struct probe *probe, uint32_t events)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0)
		return;
	if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	/* Reset means that it stood before; a refusal is ECONNREFUSED. */
	if (error == 0 || error == ECONNRESET || error == EPIPE)
		connected(probe);
	else
		connect_failed(probe, error);
}

static void ready(struct watch *watch, uint32_t events)
{
	struct probe *probe = (struct probe *)((char *)watch - offsetof(struct probe, watch));

	switch (probe->state) {
	case PROBE_CONNECTING:
		connect_ready(probe, events);
		break;
	case PROBE_WAITING:
		read_answer(probe);
		break;
	case PROBE_LINGERING:
		discard(probe);
		break;
	case PROBE_IDLE:
		break;
	}
}

static void deadline_passed(struct timeout *timeout)
{
	struct probe *probe = (struct probe *)((char *)timeout - offsetof(struct probe, deadline));

	if (probe->state == PROBE_CONNECTING)
		fail(probe, HEALTH_REASON_CONNECT_TIMEOUT);
	else if (probe->state == PROBE_WAITING)
		fail(probe, HEALTH_REASON_RECV_RESPONSE_TIMEOUT);
	else
		probe_stop(probe);
}

static bool is_our_own_lack(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* 1: on its way, 0: it was refused at once, with the error; -1: we lack something. */
static int open_socket(struct probe *probe, const struct sockaddr_storage *to, socklen_t to_len,
		       int *ret_error, struct error *err)
{
	probe->fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd >= 0) {
		*ret_error = 0;
		if (connect(probe->fd, (const struct sockaddr *)to, to_len) == 0 ||
		    errno == EINPROGRESS)
			return 1;
	}
	*ret_error = errno;
	if (probe->fd >= 0)
		close(probe->fd);
	if (!is_our_own_lack(*ret_error))
		return 0;
	errno = *ret_error;
	return error_set_errno(err, "could not make a health check");
}

int probe_start(struct probe *probe, struct loop *loop, const struct document_health_check *check,
		const struct address *server, void (*done)(struct probe *, enum health_reason),
		struct error *err)
{
	struct address address = *server;
	struct sockaddr_storage to;
	socklen_t to_len;
	int error = 0, status;

	probe_stop(probe);
	if (check->connect_port != 0)
		address.port = check->connect_port;
	to_len = address_to_sockaddr(&address, &to);
	*probe = (struct probe){ .loop = loop,
				 .check = check,
				 .server = address,
				 .done = done,
				 .watch.ready = ready,
				 .deadline.expired = deadline_passed };
	status = open_socket(probe, &to, to_len, &error, err);
	if (status < 0)
		return -1;
	if (status == 0) {
		connect_failed(probe, error);
		return 0;
	}
	if (loop_add(loop, probe->fd, &probe->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP, err) < 0) {
		close(probe->fd);
		return -1;
	}
	probe->state = PROBE_CONNECTING;
	timeout_set(loop, &probe->deadline,
		    schedule_deadline(loop_now_ms(loop), check->connect_timeout_s));
	return 0;
}
