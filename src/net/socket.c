#include "net/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int fail(int fd, struct error *err, const char *what, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];
	int saved = errno;

	if (fd >= 0)
		close(fd);
	address_format(address, text);
	errno = saved;
	error_set_errno(err, "could not %s %s", what, text);
	if (err != NULL && saved == EADDRINUSE)
		err->code = ERROR_CONFLICT;
	errno = saved;
	return -1;
}

/* SO_REUSEADDR: connections of an earlier life in TIME_WAIT are no reason to refuse. */
static int open_bound(const struct address *address, bool shared, struct error *err)
{
	struct sockaddr_storage name;
	socklen_t len = address_to_sockaddr(address, &name);
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail(fd, err, "open a socket for", address);
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
	    (shared && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0) ||
	    (name.ss_family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0))
		return fail(fd, err, "set up a socket for", address);
	if (bind(fd, (struct sockaddr *)&name, len) < 0)
		return fail(fd, err, "bind to", address);
	return fd;
}

int socket_probe(const struct address *address, struct error *err)
{
	int fd = open_bound(address, false, err);

	if (fd < 0)
		return -1;
	/* Two sockets that are only bound may share a port; of two that listen, one is refused. */
	if (listen(fd, 1) < 0)
		return fail(fd, err, "listen on", address);
	close(fd);
	return 0;
}

int socket_listen(const struct address *address, struct error *err)
{
	int fd = open_bound(address, true, err);

	if (fd >= 0 && listen(fd, SOCKET_BACKLOG) < 0)
		return fail(fd, err, "listen on", address);
	return fd;
}

void socket_close_everywhere(int fd)
{
	shutdown(fd, SHUT_RDWR);
	close(fd);
}

void socket_no_delay(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

void socket_keep_alive(int fd)
{
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30000);
}

void socket_reset_on_close(int fd)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}
