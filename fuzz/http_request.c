/*
 * Requests to the API server, as bytes on a socket: read whole, and answered. The first byte says through
 * which door they come, and whether the answer comes at once.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "api/form.h"
#include "api/server.h"
#include "net/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loop *loop;
static struct server *server;
static struct exchange *late;
static bool is_late;
static struct sockaddr_un addresses[2];
static socklen_t lengths[2];

static void handle(void *arg, struct exchange *exchange)
{
	json_t *form = json_object();
	struct error err;

	(void)arg;
	if (form_decode(buffer_bytes(&exchange->body), form, &err) < 0 && err.symbol[0] == '\0')
		abort();
	json_decref(form);
	exchange_header_count(exchange, "Cookie");
	if (is_late)
		late = exchange;
	else
		exchange_answer(exchange, 200, "text/plain", (struct bytes){ 0 }, NULL);
}

static void refuse(void *arg, struct exchange *exchange, const struct error *error)
{
	(void)arg;
	(void)error;
	exchange_answer(exchange, 400, NULL, (struct bytes){ 0 }, NULL);
}

static void open_door(int which, enum door_kind kind)
{
	struct sockaddr_un *address = &addresses[which];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct error err;

	address->sun_family = AF_UNIX;
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "sallyport-fuzz-%d-%d",
		 (int)getpid(), which);
	lengths[which] = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				     strlen(address->sun_path + 1));
	if (bind(fd, (struct sockaddr *)address, lengths[which]) < 0 || listen(fd, 8) < 0 ||
	    server_add_door(server, kind, fd, NULL, (uid_t)-1, &err) < 0)
		abort();
}

static void begin(void)
{
	struct server_config config = { .handle = handle, .refuse = refuse };
	struct error err;

	loop = loop_new(&err);
	config.loop = loop;
	server = server_new(&config, &err);
	if (server == NULL)
		abort();
	open_door(0, DOOR_LOCAL);
	open_door(1, DOOR_CONSOLE);
}

static void turn(void)
{
	loop_turn(loop, 0);
	if (late != NULL)
		exchange_answer(late, 200, "text/plain", (struct bytes){ 0 }, NULL);
	late = NULL;
	server_run(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int which, fd, i;

	if (size < 1)
		return 0;
	if (server == NULL)
		begin();
	which = data[0] & 1;
	is_late = (data[0] & 2) != 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connect(fd, (struct sockaddr *)&addresses[which], lengths[which]) < 0)
		abort();
	turn();
	(void)!send(fd, data + 1, size - 1, MSG_NOSIGNAL);
	for (i = 0; i < 4; i++)
		turn();
	shutdown(fd, SHUT_WR);
	for (i = 0; i < 3; i++)
		turn();
	close(fd);
	for (i = 0; i < 3; i++)
		turn();
	return 0;
}
