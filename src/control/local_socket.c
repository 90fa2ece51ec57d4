#include "control/local_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "control/control_internal.h"
#include "control/request.h"
#include "control/socket_path.h"

#define IDLE_MS 10000 /* for a request to come whole, and for an answer to be taken */

struct client {
	struct client *next;
	struct local_socket *server;
	int fd;
	struct watch watch;
	struct timeout idle;
	char line[SOCKET_LINE_MAX];
	size_t used;
	uint64_t ticket; /* of the reload it waits for; 0: none */
	char *answer;	 /* malloc'ed; NULL: none yet */
	size_t answer_len, sent;
};

struct local_socket {
	struct control *control;
	char path[SOCKET_PATH_SIZE];
	int fd;	      /* -1: not listening yet */
	dev_t device; /* of our socket file: */
	ino_t inode;
	struct watch watch;
	struct client *clients;
	unsigned int count;
	bool is_guardians; /* bound by it, and removed by it */
	bool complained;
};

/* --- listening --- */

static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes =
		fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
			    errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return yes;
}

/* Never by the path afterwards: by then it may be something else. */
static int bind_with_mode(int fd, const struct sockaddr_un *address, unsigned int mode)
{
	mode_t before = umask(~mode & 0777);
	int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	umask(before);
	return result;
}

static int bind_path(int fd, const struct sockaddr_un *address, unsigned int mode,
		     struct error *err)
{
	struct stat info;

	if (bind_with_mode(fd, address, mode) < 0) {
		if (errno != EADDRINUSE)
			return error_set_errno(err, "could not listen on %s", address->sun_path);
		if (somebody_listens(address))
			return error_set(err, ERROR_CONFLICT,
					 "could not listen on %s: another daemon does",
					 address->sun_path);
		if (lstat(address->sun_path, &info) == 0 && !S_ISSOCK(info.st_mode))
			return error_set(
				err, ERROR_CONFLICT,
				"could not listen on %s: a file that is no socket is there",
				address->sun_path);
		unlink(address->sun_path);
		if (bind_with_mode(fd, address, mode) < 0)
			return error_set_errno(err, "could not listen on %s", address->sun_path);
	}
	if (listen(fd, 16) < 0)
		return error_set_errno(err, "could not listen on %s", address->sun_path);
	return 0;
}

int local_socket_listen(const char *path, unsigned int mode, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_INVALID,
				 "could not listen on \"%s\": the path is too long", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set_errno(err, "could not create a socket for %s", path);
	if (bind_path(fd, &address, mode, err) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* --- a client --- */

static void client_close(struct client *client)
{
	struct local_socket *server = client->server;
	struct client **link = &server->clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	server->count--;
	loop_remove(server->control->loop, client->fd, &client->watch);
	timeout_cancel(server->control->loop, &client->idle);
	close(client->fd);
	free(client->answer);
	free(client);
}

static void client_expired(struct timeout *timeout)
{
	client_close((struct client *)((char *)timeout - offsetof(struct client, idle)));
}

static void client_write(struct client *client)
{
	while (client->sent < client->answer_len) {
		ssize_t put = send(client->fd, client->answer + client->sent,
				   client->answer_len - client->sent, MSG_NOSIGNAL);

		if (put < 0 && errno == EAGAIN)
			return;
		if (put <= 0)
			break;
		client->sent += (size_t)put;
	}
	client_close(client);
}

/* Takes the answer. The client may be gone afterwards. */
static void client_answer(struct client *client, json_t *answer)
{
	struct loop *loop = client->server->control->loop;
	char *text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(answer);
	if (text == NULL) {
		client_close(client);
		return;
	}
	client->answer_len = strlen(text);
	client->answer = memory_resize(text, client->answer_len + 2);
	client->answer[client->answer_len++] = '\n';
	timeout_set(loop, &client->idle, loop_now_ms(loop) + IDLE_MS);
	client_write(client);
}

static void client_line(struct client *client)
{
	struct control *control = client->server->control;
	json_t *answer = request_handle(control, client->line, &client->ticket);

	if (answer != NULL)
		client_answer(client, answer);
	else
		timeout_cancel(control->loop, &client->idle); /* as long as the reload takes */
}

/* false: the client is gone. */
static bool client_read(struct client *client)
{
	while (client->answer == NULL && client->ticket == 0) {
		ssize_t got = recv(client->fd, client->line + client->used,
				   sizeof(client->line) - 1 - client->used, 0);
		char *end;

		if (got < 0 && errno == EAGAIN)
			return true;
		if (got <= 0)
			break;
		client->used += (size_t)got;
		end = memchr(client->line, '\n', client->used);
		if (end != NULL) {
			*end = '\0';
			client_line(client);
			return false; /* it may be */
		}
	}
	/* Closed, or a line that is too long (recv with no room gives 0). */
	if (client->answer != NULL || client->ticket != 0)
		return true;
	client_close(client);
	return false;
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct client *client = (struct client *)((char *)watch - offsetof(struct client, watch));

	if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
		client_close(client);
		return;
	}
	if ((events & EPOLLIN) != 0 && !client_read(client))
		return;
	if ((events & EPOLLOUT) != 0 && client->answer != NULL)
		client_write(client);
}

static bool may_speak(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void client_new(struct local_socket *server, int fd)
{
	struct loop *loop = server->control->loop;
	struct client *client = memory_new(sizeof(*client));

	client->server = server;
	client->fd = fd;
	client->watch.ready = client_ready;
	client->idle.expired = client_expired;
	client->next = server->clients;
	server->clients = client;
	server->count++;
	timeout_set(loop, &client->idle, loop_now_ms(loop) + IDLE_MS);
	if (loop_add(loop, fd, &client->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP, NULL) < 0)
		client_close(client);
}

static void server_ready(struct watch *watch, uint32_t events)
{
	struct local_socket *server =
		(struct local_socket *)((char *)watch - offsetof(struct local_socket, watch));
	int fd;

	(void)events;
	while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (server->count >= SOCKET_CLIENTS_MAX || !may_speak(fd))
			close(fd);
		else
			client_new(server, fd);
	}
}

/* --- life --- */

static void complain(struct local_socket *server, const struct error *err)
{
	struct log_line line;

	if (server->complained)
		return;
	server->complained = true;
	line = log_begin(&server->control->log, "control_socket_failed");
	log_error(&line, err);
	log_text(&line, "consequence",
		 "\"sallyport reload\" and \"sallyport status\" do not reach this "
		 "daemon; SIGHUP does");
	log_end(&line);
}

static void try_to_listen(struct local_socket *server)
{
	struct error err;
	struct stat info;

	server->is_guardians = server->control->options->socket_fd > 0;
	server->fd = server->is_guardians ? server->control->options->socket_fd
					  : local_socket_listen(server->path, 0600, &err);
	if (server->fd < 0) {
		complain(server, &err);
		return;
	}
	if (lstat(server->path, &info) == 0) {
		server->device = info.st_dev;
		server->inode = info.st_ino;
	}
	server->watch.ready = server_ready;
	if (loop_add(server->control->loop, server->fd, &server->watch, EPOLLIN, &err) < 0)
		complain(server, &err);
	else
		log_event(&server->control->log, "control_socket", "path", server->path);
}

void local_socket_start(struct control *control)
{
	const struct control_options *options = control->options;
	struct local_socket *server = memory_new(sizeof(*server));
	struct error err = { 0 };

	server->control = control;
	server->fd = -1;
	control->socket = server;
	if (options->socket_path != NULL && strlen(options->socket_path) < sizeof(server->path)) {
		memcpy(server->path, options->socket_path, strlen(options->socket_path) + 1);
	} else if (options->socket_path != NULL) {
		error_set(&err, ERROR_INVALID, "could not listen on \"%s\": the path is too long",
			  options->socket_path);
		complain(server, &err);
		return;
	} else if (socket_path_of(options->manifest != NULL ? options->manifest : options->data_dir,
				  options->privileged, server->path, &err) < 0) {
		server->path[0] = '\0';
		complain(server, &err);
		return;
	}
	try_to_listen(server);
}

void local_socket_tick(struct control *control)
{
	struct local_socket *server = control->socket;

	if (server != NULL && server->fd < 0 && server->path[0] != '\0')
		try_to_listen(server);
}

static void remove_file(const struct local_socket *server)
{
	struct stat info;

	/* By now it may be the one of a successor. */
	if (lstat(server->path, &info) == 0 && info.st_dev == server->device &&
	    info.st_ino == server->inode)
		unlink(server->path);
}

void local_socket_stop(struct control *control)
{
	struct local_socket *server = control->socket;

	if (server == NULL)
		return;
	while (server->clients != NULL)
		client_close(server->clients);
	if (server->fd >= 0) {
		loop_remove(control->loop, server->fd, &server->watch);
		if (!server->is_guardians)
			remove_file(server);
		close(server->fd);
	}
	free(server);
	control->socket = NULL;
}

void local_socket_answer_reloads(struct control *control)
{
	struct client *client, *next;

	if (control->socket == NULL)
		return;
	for (client = control->socket->clients; client != NULL; client = next) {
		next = client->next;
		if (client->ticket == 0 || client->ticket > control->tickets_done)
			continue;
		client->ticket = 0;
		client_answer(client, request_reload_result(control));
	}
}
