/* Choosing a server and connecting to it; the next one when that fails, inside ConnectBudget. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/proxy_protocol.h"
#include "net/socket.h"
#include "proxy/conn.h"

#define TRIED_MAX 16

struct dial {
	struct server *tried[TRIED_MAX]; /* references */
	unsigned int count;
};

void dial_free(struct conn *conn)
{
	unsigned int i;

	for (i = 0; conn->dial != NULL && i < conn->dial->count; i++)
		server_unref(conn->dial->tried[i]);
	free(conn->dial);
	conn->dial = NULL;
}

static struct server *pick(struct conn *conn)
{
	struct balance_request request = {
		.client = conn->client_address,
		.local = *conn_local_address(conn),
		.now_ms = conn->worker->now_ms,
	};

	if (conn->dial != NULL) {
		if (conn->dial->count == TRIED_MAX)
			return NULL;
		request.tried = (const struct server *const *)conn->dial->tried;
		request.tried_count = conn->dial->count;
	}
	return group_pick(conn->listener->group, &request);
}

static int open_socket(const struct address *address)
{
	int family = address->family == 4	       ? AF_INET
		     : address->family == ADDRESS_UNIX ? AF_UNIX
						       : AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (family != AF_UNIX)
		socket_no_delay(fd);
	return fd;
}

void dial_keep_alive(struct conn *conn)
{
	if (conn->kept_alive || conn->server.fd < 0)
		return;
	conn->kept_alive = true;
	if (conn->server_entry->address.family == ADDRESS_UNIX)
		return;
	socket_keep_alive(conn->server.fd);
}

enum dial_result { DIAL_UNDER_WAY, DIAL_SERVER_FAILED, DIAL_OUT_OF_RESOURCES };

static bool is_resource_error(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM ||
	       code == EADDRNOTAVAIL || code == EAGAIN;
}

/* Who listens there? While control is away anybody on the machine may take the name, and what clients send
 * is meant for control alone. */
static bool is_right_owner(int fd, const struct server *server)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (server->address.family != ADDRESS_UNIX)
		return true;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       peer.uid == server->owner;
}

/* A unix socket answers at once; EAGAIN: its backlog is full. */
static enum dial_result connect_failed(const struct server *server, int code)
{
	bool is_full = server->address.family == ADDRESS_UNIX && code == EAGAIN;

	return !is_full && is_resource_error(code) ? DIAL_OUT_OF_RESOURCES : DIAL_SERVER_FAILED;
}

static enum dial_result start_connect(struct conn *conn)
{
	const struct server *server = conn->server_entry;
	struct address to = server->address;
	struct sockaddr_storage target;
	socklen_t len;
	int fd;

	if (to.port == 0 && to.family != ADDRESS_UNIX)
		to.port = conn_local_address(conn)->port;
	len = address_to_sockaddr(&to, &target);
	fd = open_socket(&to);
	if (fd < 0)
		return DIAL_OUT_OF_RESOURCES;
	conn->server.fd = fd;
	if (connect(fd, (struct sockaddr *)&target, len) < 0 && errno != EINPROGRESS)
		return connect_failed(server, errno);
	if (!is_right_owner(fd, server))
		return DIAL_SERVER_FAILED;
	if (loop_add(conn->worker->loop, fd, &conn->server.watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP,
		     NULL) < 0)
		return DIAL_OUT_OF_RESOURCES;
	return DIAL_UNDER_WAY;
}

/* Closes what was begun; the server goes on the list of those that failed this connection. */
static void drop_attempt(struct conn *conn, bool servers_fault)
{
	struct worker *worker = conn->worker;

	if (conn->server.fd >= 0) {
		loop_remove(worker->loop, -1, &conn->server.watch);
		close(conn->server.fd);
		conn->server.fd = -1;
	}
	conn->server.readable = conn->server.writable = conn->server.failed = false;
	conn->server.hung_up = false;
	server_closed(conn->server_entry, worker->env);
	if (servers_fault) {
		if (server_failed(conn->server_entry, conn->listener->group, worker->env,
				  worker->now_ms))
			report_ejected(conn);
		if (conn->dial == NULL)
			conn->dial = memory_new(sizeof(*conn->dial));
		conn->dial->tried[conn->dial->count++] = server_ref(conn->server_entry);
	}
	server_unref(conn->server_entry);
	conn->server_entry = NULL;
}

static enum step dial_next(struct conn *conn)
{
	struct worker *worker = conn->worker;
	uint64_t limit = worker->now_ms + conn->listener->connect_ms;
	enum dial_result result;

	for (;;) {
		if (worker->now_ms >= conn->connect_budget_end_ms)
			return conn_abort(conn, CLOSE_CONNECT_FAILED);
		conn->server_entry = pick(conn);
		if (conn->server_entry == NULL)
			return conn_abort(conn, conn->dial == NULL ? CLOSE_NO_SERVER
								   : CLOSE_CONNECT_FAILED);
		server_opened(conn->server_entry, worker->env);
		result = start_connect(conn);
		if (result == DIAL_UNDER_WAY)
			break;
		drop_attempt(conn, result == DIAL_SERVER_FAILED);
		if (result == DIAL_OUT_OF_RESOURCES)
			return conn_abort(conn, CLOSE_NO_MEMORY);
	}
	conn_set_deadline(conn, limit < conn->connect_budget_end_ms ? limit
								    : conn->connect_budget_end_ms);
	return STEP_WAIT;
}

enum step dial_begin(struct conn *conn)
{
	conn->connect_budget_end_ms = conn->worker->now_ms + conn->listener->connect_budget_ms;
	conn_enter(conn, CONN_CONNECT);
	return dial_next(conn);
}

enum step dial_timed_out(struct conn *conn)
{
	drop_attempt(conn, true);
	return dial_next(conn);
}

static int send_proxy_header(struct conn *conn)
{
	uint8_t header[PROXY_HEADER_MAX];
	size_t len = proxy_header_v2(&conn->client_address, conn_local_address(conn),
				     (struct bytes){ NULL, 0 }, header);

	return side_send(conn, &conn->server, (struct bytes){ header, len });
}

enum step conn_connect(struct conn *conn)
{
	if (conn->server.failed) {
		drop_attempt(conn, true);
		return dial_next(conn);
	}
	if (!conn->server.writable)
		return STEP_WAIT;
	server_connected(conn->server_entry, conn->worker->env);
	dial_free(conn);
	conn->active_ms = conn->worker->now_ms;
	conn_enter(conn, CONN_RELAY);
	if (conn->listener->proxy_protocol && send_proxy_header(conn) < 0)
		return conn_abort(conn, CLOSE_NO_MEMORY);
	return STEP_AGAIN;
}
