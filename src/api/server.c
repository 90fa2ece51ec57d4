/* Connections and the library's own event loop inside of ours. */
#include "api/server.h"

#include <microhttpd.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/exchange.h"
#include "api/peer.h"
#include "net/socket.h"

#define RUNS_MAX 64		/* in a row, before other work gets its turn */
#define MEMORY_MAX (256u << 10) /* a connection: request line and headers, and what is sent */

struct server {
	struct server_config config;
	struct MHD_Daemon *http;
	int watched_fd; /* its epoll */
	struct watch watch;
	struct timeout again; /* when it wants to be called next */
	struct door *doors;
	struct peer *peers;
	struct peer *arriving; /* being handed over */
	size_t bodies;	       /* bytes */
	bool running, must_run;
};

/* --- peers --- */

struct loop *server_loop(const struct server *server)
{
	return server->config.loop;
}

static bool is_loopback(const struct address *source)
{
	static const uint8_t one[16] = { [15] = 1 };

	return source->family == 4 ? source->ip[0] == 127
				   : source->family == 6 && memcmp(source->ip, one, 16) == 0;
}

static bool is_same_source(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, a->family == 6 ? 8 : 4) == 0;
}

/* Which of the peers share a limit. */
static bool is_of_group(const struct peer *peer, enum door_kind kind)
{
	if (kind == DOOR_TCP || kind == DOOR_CONSOLE)
		return peer->door == DOOR_TCP || peer->door == DOOR_CONSOLE;
	return peer->door == kind;
}

bool server_has_room(const struct server *server, enum door_kind kind, const struct address *source)
{
	static const unsigned int limits[] = { [DOOR_TCP] = SERVER_CONNECTIONS_MAX,
					       [DOOR_CONSOLE] = SERVER_CONNECTIONS_MAX,
					       [DOOR_LOCAL] = SERVER_LOCAL_MAX,
					       [DOOR_PKI] = SERVER_PKI_MAX };
	unsigned int loopback = 0, same = 0, all = 0;
	const struct peer *peer;

	for (peer = server->peers; peer != NULL; peer = peer->next) {
		if (!is_of_group(peer, kind))
			continue;
		all++;
		loopback += peer->door == DOOR_TCP && is_loopback(&peer->source);
		same += peer->source.family != 0 && is_same_source(&peer->source, source);
	}
	if (all >= limits[kind])
		return false;
	if (source->family == 0)
		return true;
	if (is_loopback(source))
		return kind != DOOR_TCP || loopback < SERVER_LOOPBACK_MAX;
	return same < SERVER_SOURCE_MAX;
}

static void deadline_expired(struct timeout *timeout)
{
	struct peer *peer = (struct peer *)((char *)timeout - offsetof(struct peer, deadline));

	if (!peer->handed_over) {
		peer_drop(peer);
		return;
	}
	/* The library sees the end of the connection, and closes it. */
	shutdown(peer->fd, SHUT_RDWR);
	peer->server->must_run = true;
	server_run(peer->server);
}

static void set_deadline(struct peer *peer)
{
	struct loop *loop = peer->server->config.loop;

	timeout_set(loop, &peer->deadline, loop_now_ms(loop) + SERVER_REQUEST_MS);
}

struct peer *peer_new(struct server *server, enum door_kind kind, int fd)
{
	struct peer *peer = memory_new(sizeof(*peer));

	peer->server = server;
	peer->door = kind;
	peer->fd = fd;
	peer->deadline.expired = deadline_expired;
	snprintf(peer->from, sizeof(peer->from), "%s", kind == DOOR_LOCAL ? "unix" : "console");
	peer->next = server->peers;
	if (peer->next != NULL)
		peer->next->prev = peer;
	server->peers = peer;
	set_deadline(peer);
	return peer;
}

void peer_set_source(struct peer *peer, const struct address *source)
{
	peer->source = *source;
	address_format_ip(source, peer->from);
}

static void peer_free(struct peer *peer)
{
	if (peer->prev != NULL)
		peer->prev->next = peer->next;
	else
		peer->server->peers = peer->next;
	if (peer->next != NULL)
		peer->next->prev = peer->prev;
	timeout_cancel(peer->server->config.loop, &peer->deadline);
	free(peer);
}

void peer_drop(struct peer *peer)
{
	loop_remove(peer->server->config.loop, peer->fd, &peer->watch);
	close(peer->fd);
	peer_free(peer);
}

void peer_hand_over(struct peer *peer)
{
	struct server *server = peer->server;
	struct sockaddr_storage from = { .ss_family = AF_UNIX };
	socklen_t len = sizeof(from);

	if (peer->source.family != 0)
		len = address_to_sockaddr(&peer->source, &from);
	if (peer->door == DOOR_TCP || peer->door == DOOR_PKI)
		socket_no_delay(peer->fd);
	server->arriving = peer;
	peer->handed_over = true;
	/* Closes the socket when it fails. */
	if (MHD_add_connection(server->http, peer->fd, (struct sockaddr *)&from, len) != MHD_YES &&
	    server->arriving != NULL)
		peer_free(peer);
	server->arriving = NULL;
	server->must_run = true;
	server_run(server);
}

/* The library tells of connections that begin and end. */
static void connection_changed(void *arg, struct MHD_Connection *connection, void **state,
			       enum MHD_ConnectionNotificationCode code)
{
	struct server *server = arg;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*state = server->arriving;
		server->arriving = NULL;
	} else if (*state != NULL) {
		peer_free(*state);
		*state = NULL;
	}
}

/* --- exchanges --- */

static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

/* The request line is there. What this returns is the state of the exchange. */
static void *line_arrived(void *arg, const char *target, struct MHD_Connection *connection)
{
	struct server *server = arg;
	struct peer *peer = peer_of(connection);

	/* The first request has its time from the connection on. */
	if (peer->requests++ > 0)
		set_deadline(peer);
	return exchange_new(server, connection, peer, target);
}

static void exchange_over(void *arg, struct MHD_Connection *connection, void **state,
			  enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (exchange == NULL)
		return;
	set_deadline(exchange->peer);
	exchange_free(exchange);
	*state = NULL;
}

static enum MHD_Result arrived(void *arg, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_size, void **state)
{
	(void)arg;
	(void)connection;
	(void)url;
	(void)version;
	return exchange_arrived(*state, method, upload, upload_size) ? MHD_YES : MHD_NO;
}

/* We take URLs and forms apart ourselves. */
static size_t unescape_nothing(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

void *exchange_arg(const struct exchange *exchange)
{
	return exchange->server->config.arg;
}

void server_request_is_whole(struct server *server, struct exchange *exchange)
{
	timeout_cancel(server->config.loop, &exchange->peer->deadline);
	server->config.handle(server->config.arg, exchange);
}

void server_request_is_bad(struct server *server, struct exchange *exchange,
			   const struct error *error)
{
	server->config.refuse(server->config.arg, exchange, error);
}

void server_is_answered(struct server *server, struct exchange *exchange)
{
	set_deadline(exchange->peer);
	if (exchange->asleep) {
		exchange->asleep = false;
		MHD_resume_connection(exchange->connection);
		server->must_run = true;
	}
}

bool server_take_memory(struct server *server, size_t size)
{
	if (server->bodies + size > SERVER_BODIES_MAX)
		return false;
	server->bodies += size;
	return true;
}

void server_give_memory(struct server *server, size_t size)
{
	server->bodies -= size;
}

/* --- the library's event loop inside of ours --- */

static bool has_events(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, 0) == 1;
}

static void run(struct server *server)
{
	struct loop *loop = server->config.loop;
	MHD_UNSIGNED_LONG_LONG wait_ms;
	unsigned int runs = 0;

	/* Our watch is edge-triggered: run until nothing is left. */
	do {
		server->must_run = false;
		MHD_run(server->http);
	} while (++runs < RUNS_MAX &&
		 (server->must_run || has_events(server->watched_fd) ||
		  (MHD_get_timeout(server->http, &wait_ms) == MHD_YES && wait_ms == 0)));
	timeout_cancel(loop, &server->again);
	if (runs == RUNS_MAX)
		timeout_set(loop, &server->again, loop_now_ms(loop));
	else if (MHD_get_timeout(server->http, &wait_ms) == MHD_YES)
		timeout_set(loop, &server->again, loop_now_ms(loop) + wait_ms);
}

/* Never from within itself: what is answered while the library runs is seen in its next round. */
static void run_once(struct server *server)
{
	if (server->running)
		return;
	server->running = true;
	run(server);
	server->running = false;
}

void server_run(struct server *server)
{
	if (server->must_run)
		run_once(server);
}

static void http_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	run_once((struct server *)((char *)watch - offsetof(struct server, watch)));
}

static void http_again(struct timeout *timeout)
{
	run_once((struct server *)((char *)timeout - offsetof(struct server, again)));
}

/* --- life --- */

struct server *server_new(const struct server_config *config, struct error *err)
{
	struct server *server = memory_new(sizeof(*server));
	const union MHD_DaemonInfo *info;

	server->config = *config;
	server->watch.ready = http_ready;
	server->again.expired = http_again;
	server->http = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		arrived, server, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)(SERVER_CONNECTIONS_MAX + SERVER_LOCAL_MAX + SERVER_PKI_MAX + 8),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server,
		MHD_OPTION_URI_LOG_CALLBACK, line_arrived, server, MHD_OPTION_UNESCAPE_CALLBACK,
		unescape_nothing, server, MHD_OPTION_NOTIFY_COMPLETED, exchange_over, server,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (server->http == NULL) {
		free(server);
		error_set(err, ERROR_SYSTEM, "could not start the API server");
		return NULL;
	}
	info = MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD);
	server->watched_fd = info->epoll_fd;
	if (loop_add(config->loop, server->watched_fd, &server->watch, EPOLLIN, err) < 0) {
		server_free(server);
		return NULL;
	}
	run_once(server);
	return server;
}

int server_add_door(struct server *server, enum door_kind kind, int fd, const char *unlink_path,
		    uid_t peer_user, struct error *err)
{
	struct door *door = memory_new(sizeof(*door));

	*door = (struct door){
		.next = server->doors,
		.server = server,
		.kind = kind,
		.fd = fd,
		.unlink_path = memory_copy_string(unlink_path),
		.peer_user = peer_user,
	};
	if (door_open(door, err) < 0) {
		door_close(door);
		return -1;
	}
	server->doors = door;
	return 0;
}

static void close_doors(struct server *server)
{
	struct door *door, *next;

	for (door = server->doors; door != NULL; door = next) {
		next = door->next;
		door_close(door);
	}
	server->doors = NULL;
}

static void drop_those_not_handed_over(struct server *server)
{
	struct peer *peer, *next;

	for (peer = server->peers; peer != NULL; peer = next) {
		next = peer->next;
		if (!peer->handed_over)
			peer_drop(peer);
	}
}

void server_free(struct server *server)
{
	if (server == NULL)
		return;
	close_doors(server);
	drop_those_not_handed_over(server);
	server->running = true; /* nobody is heard any more */
	MHD_run(server->http);	/* what was answered last goes out */
	loop_remove(server->config.loop, server->watched_fd, &server->watch);
	timeout_cancel(server->config.loop, &server->again);
	MHD_stop_daemon(server->http); /* ends every exchange and peer */
	free(server);
}
