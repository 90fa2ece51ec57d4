/*
 * A whole worker, in a process of its own, between a guardian, a control, a client and a server that are
 * all this program: what control tells it about revocations and connections, and what it tells control.
 * All sockets are abstract unix sockets with names that the kernel gives.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/ssl.h>

#include "base/monotime.h"
#include "document/child.h"
#include "document/document.h"
#include "document/slots.h"
#include "model/manifest.h"
#include "proxy/worker.h"
#include "support_certificates.h"
#include "tls/tls.h"
#include "x509/reason.h"
#include "x509/revocation.h"

#define WAIT_MS 20000 /* for what must come */

static const char manifest[] =
	"LoadBalancers:\n"
	"  - LoadBalancerName: edge\n"
	"    ZoneMappings: [{ZoneId: a, PrivateIPv4Address: 127.0.0.1}]\n"
	"Certificates: [{Name: www, CertFile: a, KeyFile: b}]\n"
	"CaCertificates: [{Name: clients, CertFile: ca}]\n"
	"ServerGroups: [{ServerGroupName: web, Servers: [{ServerIp: 10.0.0.1, Port: 80}]}]\n"
	"Listeners:\n"
	"  - LoadBalancer: edge\n"
	"    ListenerProtocol: TCPSSL\n"
	"    ListenerPort: 443\n"
	"    CertificateIds: [www]\n"
	"    CaEnabled: true\n"
	"    CaCertificateIds: [clients]\n"
	"    ProxyProtocolEnabled: true\n"
	"    ServerGroupId: web\n";

static struct made root, server_identity, cart, desk, stranger;

struct bench {
	pid_t worker;
	int guard, control;	  /* our ends */
	int listener, backend;	  /* the worker's, ours */
	struct sockaddr_un address; /* of the listener */
	socklen_t address_len;
	struct model *model;
	struct slots *slots;
	uint64_t version;
};

static struct made identity(const char *names, const char *serial)
{
	return make((struct order){ .subject = "O=shop/CN=client", .issuer = &root,
				    .serial = serial, .names = names });
}

static int make_family(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	root = make_root("CN=Root");
	server_identity = make((struct order){ .subject = "CN=www", .issuer = &root,
					       .extended_key_usage = "serverAuth" });
	cart = identity("URI:spiffe://shop/Cart", "00ab01");
	desk = identity("URI:spiffe://shop/desk", "02");
	stranger = make_root("CN=Stranger");
	stranger = make((struct order){ .subject = "CN=stranger", .issuer = &stranger,
					.serial = "0c" });
	return 0;
}

/* --- what control has: model, document, table --- */

static void add_blob(struct model_blobs *blobs, struct bytes bytes)
{
	blobs->items = memory_resize(blobs->items, (blobs->count + 1) * sizeof(struct buffer));
	blobs->items[blobs->count] = (struct buffer){ 0 };
	buffer_append(&blobs->items[blobs->count++], bytes.data, bytes.len);
}

static struct model *new_model(const char *backend)
{
	struct error err = { 0 };
	struct model *model =
		manifest_read_text((struct bytes){ (const uint8_t *)manifest, strlen(manifest) },
				   "test.yaml", false, NULL, &err);
	struct model_certificate *www;
	struct model_server *server;
	uint8_t *pkcs8 = NULL;
	size_t len;
	CBB cbb;

	if (model == NULL || model_check(model, NULL, &err) < 0)
		fail_msg("%s: %s", err.place, err.message);
	www = model_find_certificate(model, "www");
	www->key_kind = MODEL_KEY_ECDSA;
	add_blob(&www->chain_der, server_identity.der);
	CBB_init(&cbb, 0);
	assert_int_equal(EVP_marshal_private_key(&cbb, server_identity.key), 1);
	assert_int_equal(CBB_finish(&cbb, &pkcs8, &len), 1);
	buffer_append(&www->key_der, pkcs8, len);
	OPENSSL_free(pkcs8);
	add_blob(&model_find_ca_certificate(model, "clients")->certs_der, root.der);
	server = &model->server_groups[0].servers[0];
	free(server->server_ip);
	server->server_ip = memory_copy_string(backend);
	return model;
}

static int table_of(const struct made *revoked, uint64_t made)
{
	struct bytes list = make_list((struct list_order){ .issuer = &root, .revoked = { revoked } });
	struct revocation_builder *builder = revocation_builder_new();
	struct buffer bytes = { 0 };
	struct error err;
	int fd;

	revocation_builder_set_made(builder, made);
	assert_int_equal(revocation_builder_add(builder, "list", list, &root.der, 1, &err), 0);
	assert_int_equal(revocation_builder_finish(builder, &bytes, &err), 0);
	revocation_builder_free(builder);
	fd = message_memfd("revocation table", buffer_bytes(&bytes), &err);
	buffer_done(&bytes);
	return fd;
}

/* --- messages --- */

static void send_with(int channel, struct message message, const int *fds, unsigned int count)
{
	unsigned int i;

	assert_int_equal(message_send(channel, &message, fds, count), 1);
	for (i = 0; i < count; i++)
		close(fds[i]);
}

static struct message await_message(struct bench *bench, enum message_type type)
{
	struct pollfd ready = { .fd = bench->control, .events = POLLIN };
	struct message message;
	int fds[MESSAGE_FDS];

	do {
		if (poll(&ready, 1, WAIT_MS) != 1)
			fail_msg("the worker does not say %d", type);
		assert_int_equal(message_receive(bench->control, &message, fds), 1);
	} while (message.type != type);
	return message;
}

static void send_document(struct bench *bench, int table)
{
	struct message message = { .type = MESSAGE_DOCUMENT, .version = ++bench->version };
	struct buffer bytes = { 0 };
	struct error err = { 0 };
	int fds[2] = { -1, table };

	if (document_encode(bench->model, bench->version, bench->slots, &bytes, &err) < 0)
		fail_msg("%s", err.message);
	fds[0] = message_memfd("document", buffer_bytes(&bytes), &err);
	buffer_done(&bytes);
	send_with(bench->control, message, fds, table < 0 ? 1 : 2);
	message = await_message(bench, MESSAGE_APPLIED);
	assert_int_equal(message.version, bench->version);
}

static void send_table(struct bench *bench, int table)
{
	send_with(bench->control, (struct message){ .type = MESSAGE_REVOCATION }, &table, 1);
}

/* --- the worker and its surroundings --- */

static int listen_somewhere(struct sockaddr_un *ret_address, socklen_t *ret_len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*ret_len = sizeof(address);
	/* Without a name the kernel gives one of five characters. */
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, ret_len), 0);
	*ret_address = address;
	return fd;
}

static void run_worker(int guard)
{
	static struct child child;
	struct error err;
	char offset[24];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(offset, sizeof(offset), "%lld", (long long)(NOW - time(NULL)));
	setenv("SALLYPORT_FAKE_TIME_OFFSET", offset, 1);
	walltime_init();
	if (dup2(guard, CHILD_GUARD_FD) < 0 || tls_init(&err) < 0 ||
	    child_start(&child, ROLE_WORKER, &err) < 0)
		_exit(99);
	_exit(worker_run(&child));
}

static void start_worker(struct bench *bench)
{
	struct message message = { .type = MESSAGE_START, .value.start.workers = 1 };
	int guard_ends[2], control_ends[2], fds[3];
	struct error err;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, guard_ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control_ends), 0);
	bench->worker = fork();
	assert_true(bench->worker >= 0);
	if (bench->worker == 0)
		run_worker(guard_ends[1]);
	close(guard_ends[1]);
	bench->guard = guard_ends[0];
	bench->control = control_ends[0];
	fds[0] = stats_create(1, &err);
	fds[1] = health_create(&err);
	fds[2] = open("/dev/null", O_WRONLY | O_CLOEXEC); /* its log */
	send_with(bench->guard, message, fds, 3);
	send_with(bench->guard, (struct message){ .type = MESSAGE_CHANNEL }, &control_ends[1], 1);
}

static int begin(void **state)
{
	struct bench *bench = memory_new(sizeof(*bench));
	struct message message = { .type = MESSAGE_SOCKET,
				   .value.address = { .family = 4, .port = 443,
						      .ip = { 127, 0, 0, 1 } } };
	struct sockaddr_un address;
	char backend[64];
	socklen_t len;

	bench->backend = listen_somewhere(&address, &len);
	snprintf(backend, sizeof(backend), "unix:@%.5s", address.sun_path + 1);
	bench->listener = listen_somewhere(&bench->address, &bench->address_len);
	bench->model = new_model(backend);
	bench->slots = slots_new(16, 16);
	start_worker(bench);
	send_with(bench->guard, message, &bench->listener, 1);
	*state = bench;
	return 0;
}

/* A worker that is told to drain ends when its last connection does. */
static int end(void **state)
{
	struct bench *bench = *state;
	struct message message = { .type = MESSAGE_DRAIN, .a = 0 };
	int status = 0;

	send_with(bench->guard, message, NULL, 0);
	assert_int_equal(waitpid(bench->worker, &status, 0), bench->worker);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(bench->guard);
	close(bench->control);
	close(bench->backend);
	slots_free(bench->slots);
	model_free(bench->model);
	free(bench);
	return 0;
}

/* --- clients --- */

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	int server; /* the other end of the relay; -1: it never came to that */
};

static SSL_SESSION *last_session;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(last_session);
	last_session = session;
	return 1;
}

static int free_session(void **state)
{
	(void)state;
	SSL_SESSION_free(last_session);
	return 0;
}

static void connect_client(struct bench *bench, struct client *client, const struct made *as,
			   SSL_SESSION *session)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };

	client->server = -1;
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(client->fd, (struct sockaddr *)&bench->address,
				 bench->address_len), 0);
	client->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(client->ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(client->ctx, keep_session);
	if (as != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(client->ctx, as->x509), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(client->ctx, as->key), 1);
	}
	client->ssl = SSL_new(client->ctx);
	SSL_set_tlsext_host_name(client->ssl, "www.example.com");
	SSL_set_fd(client->ssl, client->fd);
	if (session != NULL)
		assert_int_equal(SSL_set_session(client->ssl, session), 1);
}

static void close_client(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	close(client->fd);
	if (client->server >= 0)
		close(client->server);
}

/* Its bytes reach the server behind a PROXY header, and the server's reach it. */
static void open_client(struct bench *bench, struct client *client, const struct made *as,
			SSL_SESSION *session)
{
	static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
	struct pollfd ready = { .fd = bench->backend, .events = POLLIN };
	uint8_t bytes[64];
	size_t got = 0, expected = 0;

	connect_client(bench, client, as, session);
	assert_int_equal(SSL_connect(client->ssl), 1);
	assert_int_equal(SSL_write(client->ssl, "ping", 4), 4);
	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	client->server = accept(bench->backend, NULL, NULL);
	while (got < 16 || got < expected) {
		ssize_t part = read(client->server, bytes + got, sizeof(bytes) - got);

		assert_true(part > 0);
		got += (size_t)part;
		if (got >= 16)
			expected = 16u + (unsigned int)(bytes[14] << 8 | bytes[15]) + 4;
	}
	assert_memory_equal(bytes, signature, 12);
	assert_memory_equal(bytes + expected - 4, "ping", 4);
	assert_int_equal(write(client->server, "pong", 4), 4);
	assert_int_equal(SSL_read(client->ssl, bytes, sizeof(bytes)), 4);
}

/* The alert that a client gets instead; 0: it is admitted. */
static int refused_with(struct bench *bench, const struct made *as, SSL_SESSION *session)
{
	struct client client;
	uint8_t byte;
	int code, reason;

	connect_client(bench, &client, as, session);
	code = SSL_connect(client.ssl);
	if (code == 1)
		code = SSL_read(client.ssl, &byte, 1);
	assert_true(code <= 0);
	reason = ERR_GET_REASON(ERR_peek_last_error());
	ERR_clear_error();
	close_client(&client);
	return reason >= SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : 0;
}

/* Cut: the client's connection ends without close_notify, and the server's too. */
static void await_cut(struct client *client)
{
	uint8_t byte;
	int code = SSL_read(client->ssl, &byte, 1);

	assert_true(code <= 0);
	assert_int_not_equal(SSL_get_error(client->ssl, code), SSL_ERROR_ZERO_RETURN);
	ERR_clear_error();
	assert_true(read(client->server, &byte, 1) <= 0);
}

static void assert_alive(struct client *client)
{
	uint8_t bytes[8];

	assert_int_equal(SSL_write(client->ssl, "more", 4), 4);
	assert_int_equal(read(client->server, bytes, sizeof(bytes)), 4);
}

/* --- revocations --- */

static void a_revocation_cuts_the_client_and_refuses_its_ticket(void **state)
{
	struct bench *bench = *state;
	struct client first, second;

	send_document(bench, table_of(NULL, 10));
	open_client(bench, &first, &desk, NULL);
	open_client(bench, &second, &cart, NULL);
	assert_non_null(last_session);
	send_table(bench, table_of(&cart, 11));
	await_cut(&second);
	assert_alive(&first);
	assert_int_equal(refused_with(bench, &cart, NULL), SSL_AD_CERTIFICATE_REVOKED);
	assert_int_equal(refused_with(bench, &cart, last_session), SSL_AD_CERTIFICATE_REVOKED);
	close_client(&first);
	close_client(&second);
	open_client(bench, &first, &desk, NULL);
	close_client(&first);
}

static void an_older_table_takes_no_revocation_back(void **state)
{
	struct bench *bench = *state;
	struct client client;

	send_document(bench, table_of(NULL, 10));
	send_table(bench, table_of(&cart, 12));
	send_document(bench, table_of(NULL, 11)); /* it was on its way */
	assert_int_equal(refused_with(bench, &cart, NULL), SSL_AD_CERTIFICATE_REVOKED);
	send_table(bench, table_of(NULL, 11));
	send_document(bench, -1);
	assert_int_equal(refused_with(bench, &cart, NULL), SSL_AD_CERTIFICATE_REVOKED);
	send_document(bench, table_of(NULL, 13)); /* a hold that was lifted */
	open_client(bench, &client, &cart, NULL);
	close_client(&client);
}

static void tables_without_a_number_replace_each_other(void **state)
{
	struct bench *bench = *state;
	struct client client;

	send_document(bench, table_of(&cart, 0));
	assert_int_equal(refused_with(bench, &cart, NULL), SSL_AD_CERTIFICATE_REVOKED);
	send_document(bench, table_of(NULL, 0));
	open_client(bench, &client, &cart, NULL);
	send_document(bench, table_of(&cart, 0));
	await_cut(&client);
	close_client(&client);
}

static void a_damaged_table_changes_nothing(void **state)
{
	struct bench *bench = *state;
	struct error err;

	send_document(bench, table_of(&cart, 10));
	send_table(bench, message_memfd("revocation table",
					(struct bytes){ (const uint8_t *)"SPREVOC9", 8 }, &err));
	assert_int_equal(refused_with(bench, &cart, NULL), SSL_AD_CERTIFICATE_REVOKED);
}

static void a_listener_may_leave_open_connections_alone(void **state)
{
	struct bench *bench = *state;
	struct client client;

	bench->model->listeners[0].revocation_cuts = false;
	send_document(bench, table_of(NULL, 10));
	open_client(bench, &client, &cart, NULL);
	send_table(bench, table_of(&cart, 11));
	assert_int_equal(refused_with(bench, &cart, NULL), SSL_AD_CERTIFICATE_REVOKED);
	assert_alive(&client);
	/* Whoever turns it on means those that are open as well. */
	bench->model->listeners[0].revocation_cuts = true;
	send_document(bench, table_of(&cart, 11));
	await_cut(&client);
	close_client(&client);
}

/* --- refused clients --- */

static struct message await_refusal(struct bench *bench, enum reason reason)
{
	struct message message = await_message(bench, MESSAGE_CLIENT_REFUSED);
	const struct message_refusal *refusal = &message.value.refusal;

	assert_int_equal(refusal->reason, reason);
	assert_string_equal(refusal->listener, "edge:443");
	assert_string_equal(refusal->server_name, "www.example.com");
	assert_true(refusal->time_s >= NOW && refusal->time_s < NOW + 1000);
	assert_true(refusal->detail[0] != '\0');
	return message;
}

static void control_hears_of_refused_clients(void **state)
{
	struct bench *bench = *state;
	struct message message;

	send_document(bench, table_of(&cart, 10));
	refused_with(bench, &stranger, NULL);
	message = await_refusal(bench, REASON_UNKNOWN_CA);
	assert_int_equal(message.a, SSL_AD_UNKNOWN_CA);
	assert_string_equal(message.value.refusal.serial, "0c");
	assert_non_null(strstr(message.value.refusal.subject, "stranger"));
	refused_with(bench, NULL, NULL);
	message = await_refusal(bench, REASON_CERTIFICATE_REQUIRED);
	assert_string_equal(message.value.refusal.subject, "");
	refused_with(bench, &cart, NULL);
	message = await_refusal(bench, REASON_REVOKED);
	assert_int_equal(message.a, SSL_AD_CERTIFICATE_REVOKED);
	assert_int_equal(message.value.refusal.depth, 0);
}

static void a_failure_of_tls_is_told_as_well(void **state)
{
	struct bench *bench = *state;
	struct client client;
	struct message message;

	send_document(bench, -1);
	connect_client(bench, &client, &cart, NULL);
	SSL_set_max_proto_version(client.ssl, TLS1_1_VERSION);
	assert_true(SSL_connect(client.ssl) <= 0);
	ERR_clear_error();
	close_client(&client);
	message = await_message(bench, MESSAGE_CLIENT_REFUSED);
	assert_int_equal(message.value.refusal.reason, REASON_ADMITTED);
	assert_int_equal(message.a, SSL_AD_PROTOCOL_VERSION);
	assert_true(message.value.refusal.detail[0] != '\0');
}

/* --- connections --- */

static void ask(struct bench *bench, uint32_t question, struct message_filter filter)
{
	struct message message = { .type = MESSAGE_CONNECTIONS, .a = question,
				   .value.filter = filter };

	assert_int_equal(message_send(bench->control, &message, NULL, 0), 1);
}

/* How many were told; ret_last: the last of them. */
static unsigned int await_end(struct bench *bench, uint32_t question, uint64_t expected,
			      struct message_connection *ret_last)
{
	struct pollfd ready = { .fd = bench->control, .events = POLLIN };
	unsigned int told = 0;
	struct message message;
	int fds[MESSAGE_FDS];

	for (;;) {
		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		assert_int_equal(message_receive(bench->control, &message, fds), 1);
		assert_int_equal(message.a, question);
		if (message.type == MESSAGE_CONNECTIONS_END)
			break;
		assert_int_equal(message.type, MESSAGE_CONNECTION);
		if (ret_last != NULL)
			*ret_last = message.value.connection;
		told++;
	}
	assert_int_equal(message.version, expected);
	return told;
}

static void connections_are_listed_and_ended_by_what_they_are(void **state)
{
	struct bench *bench = *state;
	struct message_connection found = { 0 };
	struct client first, second, third;

	send_document(bench, -1);
	open_client(bench, &first, &desk, NULL);
	open_client(bench, &second, &cart, NULL);
	open_client(bench, &third, &cart, NULL);
	ask(bench, 1, (struct message_filter){ 0 });
	assert_int_equal(await_end(bench, 1, 3, NULL), 3);
	ask(bench, 2, (struct message_filter){ .limit = 1 });
	assert_int_equal(await_end(bench, 2, 3, NULL), 1);
	ask(bench, 3, (struct message_filter){ .identity = "cArT", .serial = "AB:01" });
	assert_int_equal(await_end(bench, 3, 2, &found), 2);
	assert_string_equal(found.listener, "edge:443");
	assert_string_equal(found.serial, "ab01");
	assert_non_null(strstr(found.identity, "Cart"));
	assert_int_equal(found.server.family, ADDRESS_UNIX);
	assert_int_equal(found.bytes_in, 4);
	assert_int_equal(found.bytes_out, 4);
	assert_true(found.since_s >= NOW && found.since_s < NOW + 1000);
	ask(bench, 4, (struct message_filter){ .id = found.id, .close = 1 });
	assert_int_equal(await_end(bench, 4, 1, NULL), 0);
	await_cut(&second);
	ask(bench, 5, (struct message_filter){ .close = 1, .limit = 1, .listener = "edge:444" });
	await_end(bench, 5, 0, NULL);
	ask(bench, 6, (struct message_filter){ .close = 1, .listener = "edge:443" });
	await_end(bench, 6, 2, NULL);
	await_cut(&first);
	await_cut(&third);
	close_client(&first);
	close_client(&second);
	close_client(&third);
}

/* --- the server --- */

static void a_stranger_who_took_the_name_gets_nothing(void **state)
{
	struct bench *bench = *state;
	struct client client;
	struct pollfd ready = { .fd = bench->backend, .events = POLLIN };
	uint8_t byte;

	if (geteuid() != 0)
		skip();
	/* The document says that another user listens. */
	assert_int_equal(seteuid(12345), 0);
	send_document(bench, -1);
	assert_int_equal(seteuid(0), 0);
	connect_client(bench, &client, &cart, NULL);
	assert_int_equal(SSL_connect(client.ssl), 1);
	assert_int_equal(SSL_write(client.ssl, "secret", 6), 6);
	assert_true(SSL_read(client.ssl, &byte, 1) <= 0);
	ERR_clear_error();
	if (poll(&ready, 1, 0) == 1) {
		client.server = accept(bench->backend, NULL, NULL);
		assert_true(read(client.server, &byte, 1) <= 0);
	}
	close_client(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_revocation_cuts_the_client_and_refuses_its_ticket),
		TEST(an_older_table_takes_no_revocation_back),
		TEST(tables_without_a_number_replace_each_other),
		TEST(a_damaged_table_changes_nothing),
		TEST(a_listener_may_leave_open_connections_alone),
		TEST(control_hears_of_refused_clients),
		TEST(a_failure_of_tls_is_told_as_well),
		TEST(connections_are_listed_and_ended_by_what_they_are),
		TEST(a_stranger_who_took_the_name_gets_nothing),
	};

	return cmocka_run_group_tests(tests, make_family, free_session);
}
