#include "control/metrics_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/monotime.h"
#include "control/control_internal.h"
#include "control/metrics.h"
#include "control/local_socket.h"
#include "model/text_checks.h"

#define CONNECTIONS_MAX 32
#define IDLE_S 10
#define RUNS_MAX 64 /* in a row, before other work gets its turn */

struct metrics_server {
	struct control *control;
	char *address; /* being served; NULL: none */
	struct MHD_Daemon *http;
	int watched_fd; /* its epoll */
	struct watch watch;
	struct timeout again; /* when MHD wants to be called next */
	/* prepared, not yet in charge */
	bool prepared;
	char *next_address;
	int next_fd;
	bool must_retry; /* next_address could not be had */
};

/* --- the answer --- */

static struct MHD_Response *make_response(const struct control *control)
{
	struct metrics_source source = {
		.stats = control->stats,
		.health = control->health,
		.now = walltime_s(),
		.reload_ok = control->result.done && control->result.error.code == ERROR_NONE,
		.reload_s = control->result.at_s,
	};
	struct buffer text = { 0 };
	struct MHD_Response *response;

	if (control->served != NULL) {
		source.document = control->served->decoded;
		source.revocation = buffer_bytes(&control->served->revocation);
	}
	metrics_render(&source, &text);
	response = MHD_create_response_from_buffer(text.len, text.data, MHD_RESPMEM_MUST_COPY);
	buffer_done(&text);
	if (response != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
					"text/plain; version=0.0.4; charset=utf-8");
	return response;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned int status, const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_NO;

	if (response != NULL)
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	static int seen;
	struct metrics_server *server = arg;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)version;
	(void)upload;
	if (*state == NULL) { /* only the headers are here */
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_size != 0) { /* a body that nobody asked for */
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
	if (strcmp(url, "/metrics") != 0)
		return say(connection, MHD_HTTP_NOT_FOUND, "Metrics are at /metrics.\n");
	response = make_response(server->control);
	if (response == NULL)
		return MHD_NO;
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

/* --- the library's event loop inside of ours --- */

static bool has_events(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, 0) == 1;
}

static void run(struct metrics_server *server)
{
	struct loop *loop = server->control->loop;
	MHD_UNSIGNED_LONG_LONG wait_ms;
	unsigned int runs = 0;

	/* Our watch is edge-triggered: run until nothing is left. */
	do
		MHD_run(server->http);
	while (++runs < RUNS_MAX &&
	       (has_events(server->watched_fd) ||
		(MHD_get_timeout(server->http, &wait_ms) == MHD_YES && wait_ms == 0)));
	timeout_cancel(loop, &server->again);
	if (runs == RUNS_MAX)
		timeout_set(loop, &server->again, loop_now_ms(loop));
	else if (MHD_get_timeout(server->http, &wait_ms) == MHD_YES)
		timeout_set(loop, &server->again, loop_now_ms(loop) + wait_ms);
}

static void http_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	run((struct metrics_server *)((char *)watch - offsetof(struct metrics_server, watch)));
}

static void http_again(struct timeout *timeout)
{
	run((struct metrics_server *)((char *)timeout - offsetof(struct metrics_server, again)));
}

/* --- opening and closing --- */

static int listen_tcp(const char *text, struct error *err)
{
	struct text_address parsed;
	struct address address = { 0 };
	struct sockaddr_storage to;
	int port, fd, on = 1;

	if (!text_address_port_parse(text, &parsed, &port))
		return error_set(err, ERROR_INVALID, "could not use MetricsAddress \"%s\"", text);
	address.family = parsed.family;
	address.port = (uint16_t)port;
	memcpy(address.ip, parsed.ip, sizeof(address.ip));
	fd = socket(parsed.family == 4 ? AF_INET : AF_INET6,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set_errno(err, "could not create a socket for MetricsAddress %s",
				       text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&to, address_to_sockaddr(&address, &to)) == 0 &&
	    listen(fd, 64) == 0)
		return fd;
	error_set_errno(err, "could not listen on MetricsAddress %s", text);
	if (errno == EADDRINUSE)
		error_hint(err, "Stop the program that holds port %d, or choose another one.",
			   port);
	close(fd);
	return -1;
}

static int listen_on(const char *address, struct error *err)
{
	static const char prefix[] = "unix:";

	if (strncmp(address, prefix, sizeof(prefix) - 1) == 0)
		/* As readable as a loopback port is; the folder may say otherwise. */
		return local_socket_listen(address + sizeof(prefix) - 1, 0666, err);
	return listen_tcp(address, err);
}

static void close_current(struct metrics_server *server)
{
	if (server->http != NULL) {
		loop_remove(server->control->loop, server->watched_fd, &server->watch);
		timeout_cancel(server->control->loop, &server->again);
		MHD_stop_daemon(server->http); /* closes its listening socket too */
		if (server->address != NULL && strncmp(server->address, "unix:", 5) == 0)
			unlink(server->address + 5);
	}
	server->http = NULL;
	free(server->address);
	server->address = NULL;
}

/* Takes fd. */
static int start_http(struct metrics_server *server, int fd, struct error *err)
{
	const union MHD_DaemonInfo *info;

	server->http = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_NO_FLAG, 0, NULL, NULL, answer, server,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
	if (server->http == NULL) {
		close(fd);
		return error_set(err, ERROR_SYSTEM, "could not start to answer with metrics");
	}
	info = MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD);
	server->watched_fd = info->epoll_fd;
	server->watch.ready = http_ready;
	server->again.expired = http_again;
	if (loop_add(server->control->loop, server->watched_fd, &server->watch, EPOLLIN, err) < 0)
		return -1;
	run(server);
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int metrics_server_prepare(struct control *control, const char *address, struct error *err)
{
	struct metrics_server *server = control->metrics;

	if (server == NULL) {
		server = control->metrics = memory_new(sizeof(*server));
		server->control = control;
		server->next_fd = -1;
	}
	metrics_server_abandon(control);
	if (is_same(address, server->address))
		return 0;
	server->prepared = true;
	server->next_address = memory_copy_string(address);
	server->must_retry = false;
	if (address == NULL)
		return 0;
	server->next_fd = listen_on(address, err);
	server->must_retry = server->next_fd < 0;
	return server->next_fd < 0 ? -1 : 0;
}

/* The new address is there: it replaces the old one. */
static void take_over(struct metrics_server *server)
{
	int fd = server->next_fd;
	struct error err;

	close_current(server);
	server->address = server->next_address;
	server->next_address = NULL;
	server->next_fd = -1;
	server->prepared = server->must_retry = false;
	if (fd >= 0 && start_http(server, fd, &err) < 0) {
		log_event(&server->control->log, "metrics_failed", "error", err.message);
		close_current(server);
	}
}

void metrics_server_commit(struct control *control)
{
	struct metrics_server *server = control->metrics;

	if (server != NULL && server->prepared && !server->must_retry)
		take_over(server);
}

void metrics_server_abandon(struct control *control)
{
	struct metrics_server *server = control->metrics;

	if (server == NULL)
		return;
	if (server->next_fd >= 0) {
		close(server->next_fd);
		if (server->next_address != NULL && strncmp(server->next_address, "unix:", 5) == 0)
			unlink(server->next_address + 5);
	}
	server->next_fd = -1;
	free(server->next_address);
	server->next_address = NULL;
	server->prepared = server->must_retry = false;
}

void metrics_server_tick(struct control *control)
{
	struct metrics_server *server = control->metrics;
	struct error err;

	if (server == NULL)
		return;
	/* At its limit of connections MHD stops to watch its socket, and only notices in its next run
	 * that there is room again. */
	if (server->http != NULL)
		run(server);
	if (!server->must_retry || apply_is_busy(control))
		return;
	server->next_fd = listen_on(server->next_address, &err);
	if (server->next_fd >= 0)
		take_over(server);
}

void metrics_server_stop(struct control *control)
{
	struct metrics_server *server = control->metrics;

	if (server == NULL)
		return;
	metrics_server_abandon(control);
	close_current(server);
	free(server);
	control->metrics = NULL;
}
