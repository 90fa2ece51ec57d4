#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_one(int fd, int level, int option)
{
	int one = 1;

	return setsockopt(fd, level, option, &one, sizeof(one));
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
	if (set_one(fd, SOL_SOCKET, SO_REUSEADDR) < 0 ||
	    (shared && set_one(fd, SOL_SOCKET, SO_REUSEPORT) < 0) ||
	    (name.ss_family == AF_INET6 && set_one(fd, IPPROTO_IPV6, IPV6_V6ONLY) < 0))
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

int socket_set_inherited(int fd, bool inherited, struct error *err)
{
	if (fcntl(fd, F_SETFD, inherited ? 0 : FD_CLOEXEC) < 0)
		return error_set_errno(err, "could not pass on descriptor %d", fd);
	return 0;
}
