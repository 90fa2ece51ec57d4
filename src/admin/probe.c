/* TestServer: one TCP connection, tried by the loop itself so that no thread waits for it. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/admin_internal.h"
#include "base/bytes.h"
#include "base/monotime.h"
#include "net/address.h"
#include "net/loop.h"

#define PROBES_MAX 64 /* at once */

struct probe {
	struct watch watch;
	struct admin *admin;
	int fd;
	uint64_t begun_us;
	bool done;
	int error; /* errno, 0: it is there */
	uint64_t took_us;
};

static void finish(struct probe *probe, int error)
{
	probe->done = true;
	probe->error = error;
	probe->took_us = monotime_us() - probe->begun_us;
}

static void ready(struct watch *watch, uint32_t events)
{
	struct probe *probe = (struct probe *)((char *)watch - offsetof(struct probe, watch));
	socklen_t length = sizeof(int);
	int error = 0;

	(void)events;
	if (probe->done)
		return;
	if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		error = errno;
	finish(probe, error);
}

static void probe_free(void *work)
{
	struct probe *probe = work;

	loop_remove(probe->admin->config.loop, probe->fd, &probe->watch);
	if (probe->fd >= 0)
		close(probe->fd);
	probe->admin->probes--;
	free(probe);
}

static bool is_done(const struct call *call)
{
	return ((const struct probe *)call->work)->done;
}

static int connect_to(struct probe *probe, const struct address *address, struct error *err)
{
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(address, &to);

	probe->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe->fd < 0)
		return error_set_errno(err, "could not make a socket");
	if (loop_add(probe->admin->config.loop, probe->fd, &probe->watch, EPOLLOUT, err) < 0)
		return -1;
	if (connect(probe->fd, (const struct sockaddr *)&to, length) == 0)
		finish(probe, 0);
	else if (errno != EINPROGRESS)
		finish(probe, errno);
	return 0;
}

static const char *word_of(int error)
{
	switch (error) {
	case 0:
		return "";
	case ECONNREFUSED:
	case ECONNRESET:
		return "CONNECT_FAILED";
	case ETIMEDOUT:
		return "CONNECT_TIMEOUT";
	default:
		return strerror(error);
	}
}

static void answer(struct call *call, const struct probe *probe)
{
	bool reachable = probe->done && probe->error == 0;

	reply_flag(call->reply, "Reachable", reachable);
	reply_text(call->reply, "Reason", probe->done ? word_of(probe->error) : "CONNECT_TIMEOUT");
	reply_number(
		call->reply, "Milliseconds",
		(int64_t)((probe->done ? probe->took_us : monotime_us() - probe->begun_us) / 1000));
}

static int begin(struct call *call, struct error *err)
{
	uint64_t limit_ms = (uint64_t)call_integer(call, "TimeoutSeconds", 3) * 1000;
	struct probe *probe;
	struct address address;

	if (address_parse_ip(call_text(call, "Address"), &address, err) < 0) {
		error_symbol(err, "IllegalParam.Address");
		return error_place(err, "Address");
	}
	if (call->admin->probes >= PROBES_MAX)
		return call_refuse(err, ERROR_UNAVAILABLE, "Throttling.User", NULL,
				   "too many servers are being tried at this moment");
	address.port = (uint16_t)call_integer(call, "Port", 0);
	probe = memory_new(sizeof(*probe));
	*probe = (struct probe){ .watch = { ready },
				 .admin = call->admin,
				 .begun_us = monotime_us() };
	call->admin->probes++;
	call->work = probe;
	call->work_free = probe_free;
	if (connect_to(probe, &address, err) < 0)
		return -1;
	call->park.ready = is_done;
	call->park.until_ms = monotime_ms() + limit_ms;
	return 0;
}

int test_server_run(struct call *call, struct error *err)
{
	if (call->work == NULL)
		return begin(call, err);
	answer(call, call->work);
	return 0;
}
