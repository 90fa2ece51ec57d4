#include "api/doors.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/local_socket.h"
#include "model/text_checks.h"
#include "net/address.h"

#define BACKLOG 128

/* --- addresses --- */

/* "ADDRESS:PORT", "[ADDRESS]:PORT", "localhost:PORT"; port 0 is any. */
static bool parse_address(const char *text, struct address *ret_address)
{
	const char *colon = strrchr(text, ':');
	struct text_address parsed;
	char ip[64], *end;
	bool bracket;
	size_t len;
	long port;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(ip) || colon[1] < '0' ||
	    colon[1] > '9')
		return false;
	port = strtol(colon + 1, &end, 10);
	len = (size_t)(colon - text);
	bracket = len > 2 && text[0] == '[' && text[len - 1] == ']';
	snprintf(ip, sizeof(ip), "%.*s", (int)(len - (bracket ? 2 : 0)), text + bracket);
	if (strcasecmp(ip, "localhost") == 0)
		snprintf(ip, sizeof(ip), "127.0.0.1");
	parsed = text_address_parse(ip);
	if (parsed.family == 0 || (parsed.family == 6) != bracket || *end != '\0' || port > 65535)
		return false;
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->family = parsed.family;
	ret_address->port = (uint16_t)port;
	memcpy(ret_address->ip, parsed.ip, sizeof(ret_address->ip));
	return true;
}

static bool is_loopback(const struct address *address)
{
	struct text_address text = { .family = address->family };

	memcpy(text.ip, address->ip, sizeof(text.ip));
	return text_address_is_loopback(&text);
}

static int check_address(const char *option, const char *text, bool may_be_public,
			 struct error *err)
{
	struct address address;

	if (text == NULL)
		return 0;
	if (!parse_address(text, &address)) {
		error_set(err, ERROR_INVALID, "%s %.100s is not an address with a port", option,
			  text);
		return error_hint(err, "Write it as 127.0.0.1:9080 or [::1]:9080.");
	}
	if (may_be_public || is_loopback(&address))
		return 0;
	error_set(err, ERROR_INVALID, "%s %.100s is not a loopback address", option, text);
	return error_hint(err, "The API speaks plain HTTP there; others reach it through the "
			       "console's HTTPS, under /api/ and /.");
}

/* --- listening --- */

static int listen_tcp(const char *text, struct error *err)
{
	struct address address;
	struct sockaddr_storage to;
	int fd, on = 1;

	if (!parse_address(text, &address))
		return error_set(err, ERROR_INVALID, "could not listen on %.100s", text);
	fd = socket(address.family == 4 ? AF_INET : AF_INET6,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set_errno(err, "could not create a socket for %.100s", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&to, address_to_sockaddr(&address, &to)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error_set_errno(err, "could not listen on %.100s for the API", text);
	if (errno == EADDRINUSE)
		error_hint(err, "Stop the program that holds port %u, or choose another one.",
			   address.port);
	close(fd);
	return -1;
}

static int listen_abstract(const char *name, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd;

	if (len >= sizeof(address.sun_path))
		return error_set(err, ERROR_INVALID,
				 "the name of the console's socket is too long");
	memcpy(address.sun_path + 1, name, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 &&
	    bind(fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error_set_errno(err, "could not listen on the console's socket");
	if (fd >= 0)
		close(fd);
	return -1;
}

static int listen_for(enum door_kind kind, const char *where, struct error *err)
{
	switch (kind) {
	case DOOR_TCP:
	case DOOR_PKI:
		return listen_tcp(where, err);
	case DOOR_LOCAL:
		return local_socket_listen(where, 0600, err);
	case DOOR_CONSOLE:
		break;
	}
	return listen_abstract(where, err);
}

/* --- all of them --- */

int doors_init(struct doors *doors, const struct api_options *options, struct error *err)
{
	*doors = (struct doors){
		.items = { { DOOR_TCP, options->address, -1, false },
			   { DOOR_PKI, options->pki_address, -1, false },
			   { DOOR_LOCAL, options->socket_path, -1, false },
			   { DOOR_CONSOLE, options->console_socket, -1, false } },
		.console_user = options->console_user,
	};
	if (check_address("--api", options->address, options->address_may_be_public, err) < 0)
		return -1;
	return check_address("--pki", options->pki_address, true, err);
}

int doors_listen(struct doors *doors, struct error *err)
{
	int status = 0;
	size_t i;

	for (i = 0; i < DOORS_COUNT; i++) {
		if (doors->items[i].where == NULL || doors->items[i].fd >= 0 ||
		    doors->items[i].inside)
			continue;
		doors->items[i].fd = listen_for(doors->items[i].kind, doors->items[i].where, err);
		if (doors->items[i].fd < 0)
			status = -1;
	}
	return status;
}

static int enter(struct doors *doors, size_t which, struct server *server, struct error *err)
{
	enum door_kind kind = doors->items[which].kind;
	const char *path = kind == DOOR_LOCAL ? doors->items[which].where : NULL;
	int fd = doors->items[which].fd;

	doors->items[which].fd = -1;
	if (server_add_door(server, kind, fd, path, doors->console_user, err) < 0)
		return -1;
	doors->items[which].inside = true;
	return 0;
}

int doors_enter(struct doors *doors, struct server *server, struct error *err)
{
	int status = 0;
	size_t i;

	for (i = 0; i < DOORS_COUNT; i++) {
		if (doors->items[i].fd >= 0 && enter(doors, i, server, err) < 0)
			status = -1;
	}
	return status;
}

void doors_done(struct doors *doors)
{
	size_t i;

	for (i = 0; i < DOORS_COUNT; i++) {
		if (doors->items[i].fd < 0)
			continue;
		close(doors->items[i].fd);
		if (doors->items[i].kind == DOOR_LOCAL)
			unlink(doors->items[i].where);
		doors->items[i].fd = -1;
	}
}

void doors_address(const struct doors *doors, char *ret_text, size_t size)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	ret_text[0] = '\0';
	if (doors->items[0].fd < 0 ||
	    getsockname(doors->items[0].fd, (struct sockaddr *)&bound, &len) < 0)
		return;
	address_from_sockaddr(&bound, &address);
	address_format(&address, text);
	snprintf(ret_text, size, "%s", text);
}
