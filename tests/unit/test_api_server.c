/* HTTP inside of the loop: whole requests, limits, late answers, PROXY headers; over local sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "api/server.h"
#include "base/monotime.h"
#include "net/proxy_protocol.h"

#define TURNS_MAX 2000 /* of 10 ms: a test that waits in vain fails */

struct world {
	char folder[64], path[80], console[64];
	struct loop *loop;
	struct server *server;
	struct exchange *late; /* not answered yet */
	bool answer_late;
	unsigned int handled;
	char target[128], from[64], header[64];
	size_t target_len, body_len;
};
static struct world *world;

static const struct bytes ok = { (const uint8_t *)"fine", 4 };

static void handle(void *arg, struct exchange *exchange)
{
	const char *header = exchange_header(exchange, "X-Test");

	(void)arg;
	world->handled++;
	world->target_len = exchange->target_len;
	world->body_len = exchange->body.len;
	snprintf(world->target, sizeof(world->target), "%s", exchange->target);
	snprintf(world->from, sizeof(world->from), "%s", exchange_from(exchange));
	snprintf(world->header, sizeof(world->header), "%s", header == NULL ? "" : header);
	if (world->answer_late)
		world->late = exchange;
	else
		exchange_answer(exchange, 200, "text/plain", ok, NULL);
}

static void refuse(void *arg, struct exchange *exchange, const struct error *error)
{
	unsigned int status = strcmp(error->symbol, "RequestTooLarge") == 0	      ? 413
			      : strcmp(error->symbol, "InvalidRequest") == 0	      ? 400
			      : strcmp(error->symbol, "RequestTargetTooLong") == 0  ? 414
			      : strcmp(error->symbol, "RequestHeaderTooLarge") == 0 ? 431
										    : 405;

	(void)arg;
	exchange_answer(exchange, status, NULL, (struct bytes){ 0 }, NULL);
}

/* --- the world --- */

static int listen_at(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)address, len), 0);
	assert_int_equal(listen(fd, 200), 0);
	return fd;
}

static struct sockaddr_un local_address(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->path);
	return address;
}

static socklen_t console_address(struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret_address->sun_path + 1, world->console, strlen(world->console));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(world->console));
}

static int setup(void **state)
{
	struct server_config config = { .handle = handle, .refuse = refuse };
	struct sockaddr_un address;
	struct error err;
	socklen_t len;

	world = memory_new(sizeof(*world));
	*state = world;
	snprintf(world->folder, sizeof(world->folder), "/tmp/sallyport-server-" "XX" "XX" "XX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->path, sizeof(world->path), "%s/api", world->folder);
	snprintf(world->console, sizeof(world->console), "sallyport-test-%d", (int)getpid());
	world->loop = loop_new(&err);
	config.loop = world->loop;
	world->server = server_new(&config, &err);
	assert_non_null(world->server);
	address = local_address();
	assert_int_equal(server_add_door(world->server, DOOR_LOCAL,
					 listen_at(&address, sizeof(address)), world->path, 0, &err),
			 0);
	len = console_address(&address);
	assert_int_equal(server_add_door(world->server, DOOR_CONSOLE, listen_at(&address, len),
					 NULL, (uid_t)-1, &err),
			 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_free(world->server);
	loop_free(world->loop);
	assert_int_equal(access(world->path, F_OK), -1);
	rmdir(world->folder);
	free(world);
	return 0;
}

/* --- a client --- */

static int dial(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)address, len), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int dial_local(void)
{
	struct sockaddr_un address = local_address();

	return dial(&address, sizeof(address));
}

static int dial_console(void)
{
	struct sockaddr_un address;
	socklen_t len = console_address(&address);

	return dial(&address, len);
}

static void turn(void)
{
	loop_turn(world->loop, 10);
	server_run(world->server);
}

static void put(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;
	int turns = 0;

	while (len > 0 && turns++ < TURNS_MAX) {
		ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return; /* refused already */
		at += sent > 0 ? sent : 0;
		len -= sent > 0 ? (size_t)sent : 0;
		turn();
	}
}

static void put_text(int fd, const char *text)
{
	put(fd, text, strlen(text));
}

/* The status of the next answer, 0 when the connection ends without one. */
static int status_of(int fd)
{
	char text[4096];
	size_t used = 0;
	int turns = 0;

	while (turns++ < TURNS_MAX && used < sizeof(text) - 1) {
		ssize_t got = recv(fd, text + used, sizeof(text) - 1 - used, 0);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		used += got > 0 ? (size_t)got : 0;
		text[used] = '\0';
		if (used > 0 && strstr(text, "\r\n\r\n") != NULL)
			return atoi(text + strlen("HTTP/1.1 "));
		turn();
	}
	return 0;
}

static int ask(const char *request)
{
	int fd = dial_local(), status;

	put_text(fd, request);
	status = status_of(fd);
	close(fd);
	turn();
	return status;
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: here\r\n\r\n"

/* --- requests --- */

static void a_request_is_handed_over_whole(void **state)
{
	(void)state;
	assert_int_equal(ask("POST /a?b=%20c HTTP/1.1\r\nHost: here\r\nX-Test: yes\r\n"
			     "Content-Length: 5\r\n\r\nhello"),
			 200);
	assert_string_equal(world->target, "/a?b=%20c");
	assert_string_equal(world->header, "yes");
	assert_string_equal(world->from, "unix");
	assert_int_equal(world->body_len, 5);
}

static void a_body_in_chunks_is_one_body(void **state)
{
	(void)state;
	assert_int_equal(ask("POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"),
			 200);
	assert_int_equal(world->body_len, 7);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	const char *at = GET("/slow");
	int fd = dial_local();

	(void)state;
	for (; *at != '\0'; at++)
		put(fd, at, 1);
	assert_int_equal(status_of(fd), 200);
	close(fd);
}

static void a_connection_serves_several_requests(void **state)
{
	int fd = dial_local(), i;

	(void)state;
	for (i = 0; i < 5; i++) {
		put_text(fd, GET("/again"));
		assert_int_equal(status_of(fd), 200);
	}
	close(fd);
	assert_int_equal(world->handled, 5);
}

static void an_answer_may_come_later(void **state)
{
	int fd = dial_local(), i;
	char byte;

	(void)state;
	world->answer_late = true;
	put_text(fd, GET("/later"));
	for (i = 0; i < 5; i++)
		turn();
	assert_non_null(world->late);
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	exchange_answer(world->late, 202, "text/plain", ok, NULL);
	assert_int_equal(status_of(fd), 202);
	close(fd);
}

static void who_goes_away_meanwhile_is_noticed(void **state)
{
	int fd = dial_local(), i;

	(void)state;
	world->answer_late = true;
	put_text(fd, GET("/later"));
	for (i = 0; i < 5; i++)
		turn();
	assert_false(exchange_is_gone(world->late));
	close(fd);
	assert_true(exchange_is_gone(world->late));
	exchange_answer(world->late, 200, "text/plain", ok, NULL);
	for (i = 0; i < 5; i++)
		turn();
}

static void an_answer_that_waits_at_the_end_is_no_trouble(void **state)
{
	int fd = dial_local(), i;

	(void)state;
	world->answer_late = true;
	put_text(fd, GET("/later"));
	for (i = 0; i < 5; i++)
		turn();
	exchange_answer(world->late, 503, "text/plain", ok, NULL);
	server_free(world->server);
	world->server = NULL;
	close(fd);
}

/* --- limits --- */

static int ask_long(const char *before, char filler, size_t count, const char *after)
{
	struct buffer request = { 0 };
	int fd = dial_local(), status;
	size_t i;

	buffer_printf(&request, "%s", before);
	for (i = 0; i < count; i++)
		buffer_append(&request, &filler, 1);
	buffer_printf(&request, "%s", after);
	put(fd, request.data, request.len);
	status = status_of(fd);
	buffer_done(&request);
	close(fd);
	turn();
	return status;
}

static void a_long_request_line_is_fine_up_to_64_kib(void **state)
{
	(void)state;
	assert_int_equal(ask_long("GET /?Cert=", 'a', 64000, " HTTP/1.1\r\nHost: here\r\n\r\n"), 200);
	assert_int_equal(world->target_len, 64007);
	assert_int_equal(ask_long("GET /?Cert=", 'a', 66000, " HTTP/1.1\r\nHost: here\r\n\r\n"), 414);
	assert_int_equal(world->handled, 1);
}

static void headers_may_have_16_kib(void **state)
{
	(void)state;
	assert_int_equal(ask_long("GET / HTTP/1.1\r\nHost: here\r\nX-A: ", 'a', 15000, "\r\n\r\n"), 200);
	assert_int_equal(ask_long("GET / HTTP/1.1\r\nHost: here\r\nX-A: ", 'a', 17000, "\r\n\r\n"), 431);
	assert_int_equal(world->handled, 1);
}

static void a_long_line_leaves_room_for_headers(void **state)
{
	(void)state;
	assert_int_equal(ask_long("GET /?Cert=", 'a', 60000,
				  " HTTP/1.1\r\nHost: here\r\nX-Test: yes\r\n\r\n"),
			 200);
}

static void a_body_may_have_1_mib(void **state)
{
	(void)state;
	assert_int_equal(ask_long("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1048576\r\n\r\n",
				  'a', 1048576, ""),
			 200);
	assert_int_equal(world->body_len, 1048576);
	assert_int_equal(ask_long("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1048577\r\n\r\n",
				  'a', 1048577, ""),
			 413);
	assert_int_equal(ask("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 99999999999\r\n\r\n"),
			 413);
	assert_int_equal(world->handled, 1);
}

static void a_body_in_chunks_may_have_1_mib_too(void **state)
{
	(void)state;
	assert_int_equal(ask_long("POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
				  "110000\r\n",
				  'a', 0x110000, "\r\n0\r\n\r\n"),
			 413);
	assert_int_equal(world->handled, 0);
}

static void unknown_methods_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ask("DELETE / HTTP/1.1\r\nHost: here\r\n\r\n"), 405);
	assert_int_equal(ask("OPTIONS / HTTP/1.1\r\nHost: here\r\n\r\n"), 405);
	assert_int_equal(ask("BREW / HTTP/1.1\r\nHost: here\r\n\r\n"), 405);
	assert_int_equal(ask("HEAD / HTTP/1.1\r\nHost: here\r\n\r\n"), 200);
}

/* Nothing of what follows may be taken for a request. */
static void assert_refused_and_closed(const char *head)
{
	int fd = dial_local();

	put_text(fd, head);
	put_text(fd, GET("/smuggled"));
	assert_int_equal(status_of(fd), 400);
	assert_int_equal(world->handled, 0);
	assert_int_equal(status_of(fd), 0);
	close(fd);
}

static void a_request_that_ends_in_two_places_is_refused(void **state)
{
	(void)state;
	assert_refused_and_closed("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
				  "Content-Length: 4\r\n\r\n0\r\n\r\n");
	assert_refused_and_closed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
				  "Content-Length: 44\r\n\r\n");
	assert_refused_and_closed("POST / HTTP/1.1\r\nHost: x\r\n"
				  "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
	assert_refused_and_closed("POST / HTTP/1.1\r\nHost: x\r\n"
				  "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n");
}

static void a_request_for_two_hosts_is_refused(void **state)
{
	(void)state;
	assert_refused_and_closed("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n");
}

static void nonsense_is_refused(void **state)
{
	static const char *const requests[] = {
		"\r\n\r\nnonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int status = ask(requests[i]);

		assert_true(status == 0 || status >= 400);
	}
	assert_int_equal(world->handled, 0);
}

static void one_door_has_so_many_connections(void **state)
{
	int fds[SERVER_LOCAL_MAX + 1], i;
	char byte;

	(void)state;
	for (i = 0; i <= SERVER_LOCAL_MAX; i++) {
		fds[i] = dial_local();
		turn();
	}
	assert_int_equal(recv(fds[SERVER_LOCAL_MAX], &byte, 1, 0), 0);
	put_text(fds[0], GET("/"));
	assert_int_equal(status_of(fds[0]), 200);
	close(fds[0]);
	turn();
	turn();
	close(fds[SERVER_LOCAL_MAX]);
	fds[SERVER_LOCAL_MAX] = dial_local();
	put_text(fds[SERVER_LOCAL_MAX], GET("/"));
	assert_int_equal(status_of(fds[SERVER_LOCAL_MAX]), 200);
	for (i = 1; i <= SERVER_LOCAL_MAX; i++)
		close(fds[i]);
}

/* --- behind the console --- */

static size_t proxy_header(uint8_t header[PROXY_HEADER_MAX], uint8_t last)
{
	const struct address client = { .family = 4, .port = 1234, .ip = { 192, 0, 2, last } };
	const struct address us = { .family = 4, .port = 8443, .ip = { 192, 0, 2, 1 } };

	return proxy_header_v2(&client, &us, (struct bytes){ 0 }, header);
}

static void the_console_tells_who_the_client_is(void **state)
{
	uint8_t header[PROXY_HEADER_MAX];
	size_t len = proxy_header(header, 7), i;
	int fd = dial_console();

	(void)state;
	for (i = 0; i < len; i++)
		put(fd, header + i, 1);
	put_text(fd, GET("/"));
	assert_int_equal(status_of(fd), 200);
	assert_string_equal(world->from, "192.0.2.7");
	close(fd);
}

static void a_header_and_a_request_may_come_at_once(void **state)
{
	uint8_t header[PROXY_HEADER_MAX];
	struct buffer both = { 0 };
	int fd = dial_console();

	(void)state;
	buffer_append(&both, header, proxy_header(header, 8));
	buffer_printf(&both, "%s", GET("/"));
	put(fd, both.data, both.len);
	assert_int_equal(status_of(fd), 200);
	assert_string_equal(world->from, "192.0.2.8");
	buffer_done(&both);
	close(fd);
}

static void nobody_speaks_there_without_the_header(void **state)
{
	int fd = dial_console();

	(void)state;
	put_text(fd, GET("/"));
	assert_int_equal(status_of(fd), 0);
	close(fd);
	fd = dial_console();
	close(fd);
	turn();
	turn();
	assert_int_equal(world->handled, 0);
}

static void one_source_has_so_many_connections(void **state)
{
	uint8_t header[PROXY_HEADER_MAX];
	int fds[SERVER_SOURCE_MAX + 2], i;
	char byte;

	(void)state;
	for (i = 0; i < SERVER_SOURCE_MAX + 2; i++) {
		/* The last one comes from elsewhere. */
		size_t len = proxy_header(header, i <= SERVER_SOURCE_MAX ? 9 : 10);

		fds[i] = dial_console();
		put(fds[i], header, len);
		turn();
	}
	assert_int_equal(recv(fds[SERVER_SOURCE_MAX], &byte, 1, 0), 0);
	put_text(fds[SERVER_SOURCE_MAX + 1], GET("/"));
	assert_int_equal(status_of(fds[SERVER_SOURCE_MAX + 1]), 200);
	for (i = 0; i < SERVER_SOURCE_MAX + 2; i++)
		close(fds[i]);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(a_request_is_handed_over_whole),
		IN_A_WORLD(a_body_in_chunks_is_one_body),
		IN_A_WORLD(a_request_may_come_byte_by_byte),
		IN_A_WORLD(a_connection_serves_several_requests),
		IN_A_WORLD(an_answer_may_come_later),
		IN_A_WORLD(who_goes_away_meanwhile_is_noticed),
		IN_A_WORLD(an_answer_that_waits_at_the_end_is_no_trouble),
		IN_A_WORLD(a_long_request_line_is_fine_up_to_64_kib),
		IN_A_WORLD(headers_may_have_16_kib),
		IN_A_WORLD(a_long_line_leaves_room_for_headers),
		IN_A_WORLD(a_body_may_have_1_mib),
		IN_A_WORLD(a_body_in_chunks_may_have_1_mib_too),
		IN_A_WORLD(unknown_methods_are_refused),
		IN_A_WORLD(a_request_that_ends_in_two_places_is_refused),
		IN_A_WORLD(a_request_for_two_hosts_is_refused),
		IN_A_WORLD(nonsense_is_refused),
		IN_A_WORLD(one_door_has_so_many_connections),
		IN_A_WORLD(the_console_tells_who_the_client_is),
		IN_A_WORLD(a_header_and_a_request_may_come_at_once),
		IN_A_WORLD(nobody_speaks_there_without_the_header),
		IN_A_WORLD(one_source_has_so_many_connections),
	};

	walltime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
