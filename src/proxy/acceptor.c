#include "proxy/acceptor.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/monotime.h"
#include "net/socket.h"
#include "proxy/conn.h"

#define ACCEPT_CAP 64 /* in one turn, of one socket */
#define RETRY_MS 100
#define DESCRIPTORS_PER_CONN 2

struct acceptor {
	struct acceptor *next;
	struct worker *worker;
	struct watch watch;
	int fd;
	struct address address;
	struct listener *listener; /* NULL: none yet */
	bool ready;		   /* there may be more to accept */
	struct timeout retry;
};

/* Options that accepted sockets inherit: set once here instead of on each connection. */
static void set_inherited(int fd, const struct listener *listener)
{
	int mss = (int)listener->mss; /* 0 takes an earlier one back */

	socket_no_delay(fd);
	socket_keep_alive(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &mss, sizeof(mss));
}

static void pause_accepting(struct acceptor *acceptor, const char *why)
{
	static uint64_t last_said_ms;
	struct worker *worker = acceptor->worker;
	struct log_line line;

	timeout_set(worker->loop, &acceptor->retry, worker->now_ms + RETRY_MS);
	if (last_said_ms != 0 && worker->now_ms - last_said_ms < 1000)
		return;
	last_said_ms = worker->now_ms;
	line = log_begin(&worker->child->log, "accept_paused");
	log_text(&line, "listener", acceptor->listener->name);
	log_text(&line, "error", why);
	log_number(&line, "connections", worker->conn_count);
	log_end(&line);
}

static void refuse(int fd)
{
	socket_reset_on_close(fd);
	close(fd);
}

/* Counts the connection first and looks afterwards: two workers can never both take the last place. */
static bool take_place(struct stats *stats, struct stats_listener *counters,
		       const struct listener *listener)
{
	counters->active++;
	if (listener->max_connections == 0)
		return true;
	atomic_thread_fence(memory_order_seq_cst);
	if (stats_listener_active(stats, listener->slot) <= listener->max_connections)
		return true;
	counters->active--;
	counters->dropped_limit++;
	return false;
}

/* All limits of the listener. On false nothing is held and the drop is counted. */
static bool within_limits(struct acceptor *acceptor, const struct address *client,
			  struct limit_source *ret_source)
{
	struct worker *worker = acceptor->worker;
	const struct listener *listener = acceptor->listener;
	struct stats *stats = worker->child->stats;
	struct stats_listener *counters = &worker->stats->listeners[listener->slot];

	if (!limit_take_cps(stats, listener->slot, listener->cps, monotime_us() * 1000)) {
		counters->dropped_cps++;
		return false;
	}
	if (!take_place(stats, counters, listener))
		return false;
	if (conn_is_proxied(listener, client))
		return true; /* the client behind it is counted when its header has been read */
	if (limit_take_source(stats, worker->env.worker, listener->slot, client,
			      &listener->source_rules, listener->tls != NULL, worker->now_ms,
			      ret_source) != LIMIT_OK) {
		counters->active--;
		counters->dropped_source++;
		return false;
	}
	return true;
}

static void welcome(struct acceptor *acceptor, int fd, const struct sockaddr_storage *from)
{
	struct address client, local = acceptor->address;
	struct limit_source source = { 0 };

	address_from_sockaddr(from, &client);
	if (address_is_any(&local))
		local.family = 0; /* asked for when somebody wants to know */
	if (!within_limits(acceptor, &client, &source)) {
		refuse(fd);
		return;
	}
	conn_new(acceptor->worker, fd, &client, &local, acceptor->listener, source);
}

static const char *accept_error(struct worker *worker, int code)
{
	if (code == EMFILE || code == ENFILE) {
		worker->stats->descriptors_full++;
		return "no descriptors are left";
	}
	worker->stats->memory_full++;
	return "no memory is left";
}

/* false: nothing more to accept, or not now. */
static bool accept_one(struct acceptor *acceptor)
{
	struct worker *worker = acceptor->worker;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd;

	if (worker->conn_count >= worker->conn_max) {
		pause_accepting(acceptor, accept_error(worker, EMFILE));
		return false;
	}
	fd = accept4(acceptor->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		welcome(acceptor, fd, &from);
		return true;
	}
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(acceptor, accept_error(worker, errno));
	else
		acceptor->ready = false;
	return false;
}

static void run(struct acceptor *acceptor)
{
	int i;

	if (acceptor->listener == NULL || timeout_is_set(&acceptor->retry))
		return;
	for (i = 0; i < ACCEPT_CAP; i++)
		if (!accept_one(acceptor))
			return;
	acceptor->worker->accept_again = true;
}

static void acceptor_ready(struct watch *watch, uint32_t events)
{
	struct acceptor *acceptor =
		(struct acceptor *)((char *)watch - offsetof(struct acceptor, watch));

	(void)events;
	acceptor->worker->now_ms = loop_now_ms(acceptor->worker->loop);
	acceptor->ready = true;
	run(acceptor);
}

static void retry_expired(struct timeout *timeout)
{
	struct acceptor *acceptor =
		(struct acceptor *)((char *)timeout - offsetof(struct acceptor, retry));

	acceptor->worker->now_ms = loop_now_ms(acceptor->worker->loop);
	run(acceptor);
}

static void acceptor_free(struct acceptor *acceptor)
{
	struct worker *worker = acceptor->worker;

	timeout_cancel(worker->loop, &acceptor->retry);
	loop_remove(worker->loop, acceptor->fd, &acceptor->watch);
	close(acceptor->fd);
	listener_unref(acceptor->listener);
	worker->acceptor_count--;
	free(acceptor);
}

static void acceptor_bind(struct acceptor *acceptor)
{
	struct listener *before = acceptor->listener;
	struct listener *listener =
		snapshot_listener(acceptor->worker->snapshot, &acceptor->address);

	if (listener != NULL)
		listener_ref(listener);
	acceptor->listener = listener;
	/* A change of one of a thousand listeners is no reason for thousands of system calls. */
	if (listener != NULL && (before == NULL || before->mss != listener->mss))
		set_inherited(acceptor->fd, listener);
	listener_unref(before);
}

static void close_address(struct worker *worker, const struct address *address)
{
	struct acceptor **at = &worker->acceptors;

	while (*at != NULL) {
		struct acceptor *acceptor = *at;

		if (!address_equal(&acceptor->address, address)) {
			at = &acceptor->next;
			continue;
		}
		*at = acceptor->next;
		acceptor_free(acceptor);
	}
}

/* Two descriptors a connection, out of those that sockets and pipes leave. */
static void count_descriptors(struct worker *worker)
{
	size_t used = 2 * (size_t)worker->pipes_all + worker->acceptor_count;

	worker->conn_max = used + DESCRIPTORS_PER_CONN < worker->descriptors
				   ? (worker->descriptors - used) / DESCRIPTORS_PER_CONN
				   : 1;
}

void acceptor_add(struct worker *worker, const struct address *address, int fd)
{
	struct acceptor *acceptor;

	if (fd < 0 || worker->draining) {
		if (fd >= 0)
			close(fd);
		close_address(worker, address);
		return;
	}
	acceptor = memory_new(sizeof(*acceptor));
	acceptor->worker = worker;
	acceptor->watch.ready = acceptor_ready;
	acceptor->retry.expired = retry_expired;
	acceptor->fd = fd;
	acceptor->address = *address;
	acceptor->ready = true;
	acceptor->next = worker->acceptors;
	worker->acceptors = acceptor;
	worker->acceptor_count++;
	acceptor_bind(acceptor);
	if (loop_add(worker->loop, fd, &acceptor->watch, EPOLLIN, NULL) < 0)
		close_address(worker, address);
	count_descriptors(worker);
	worker->accept_again = true;
}

void acceptor_bind_all(struct worker *worker)
{
	struct acceptor **at = &worker->acceptors;

	while (*at != NULL) {
		struct acceptor *acceptor = *at;

		acceptor_bind(acceptor);
		if (acceptor->listener == NULL) {
			*at = acceptor->next;
			acceptor_free(acceptor);
			continue;
		}
		at = &acceptor->next;
	}
	count_descriptors(worker);
	worker->accept_again = true;
}

void acceptor_run_all(struct worker *worker)
{
	struct acceptor *acceptor;

	for (acceptor = worker->acceptors; acceptor != NULL; acceptor = acceptor->next)
		if (acceptor->ready)
			run(acceptor);
}

void acceptor_close_all(struct worker *worker)
{
	while (worker->acceptors != NULL) {
		struct acceptor *acceptor = worker->acceptors;

		worker->acceptors = acceptor->next;
		acceptor_free(acceptor);
	}
}
