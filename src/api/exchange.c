#include "api/exchange.h"

#include <microhttpd.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/peer.h"

/* So much of a body that is too large is read all the same, so that its sender sees the answer. */
#define THROW_AWAY_MAX (8u << 20)

struct exchange *exchange_new(struct server *server, struct MHD_Connection *connection,
			      struct peer *peer, const char *target)
{
	struct exchange *exchange = memory_new(sizeof(*exchange));

	exchange->server = server;
	exchange->connection = connection;
	exchange->peer = peer;
	exchange->target_len = strlen(target);
	exchange->target = memory_copy_string(target);
	return exchange;
}

void exchange_free(struct exchange *exchange)
{
	server_give_memory(exchange->server, exchange->body.len);
	memory_wipe(exchange->target, exchange->target_len);
	free(exchange->target);
	buffer_done(&exchange->body);
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	free(exchange);
}

/* --- limits --- */

static int refuse(struct error *err, const char *symbol, const char *message)
{
	error_set(err, ERROR_INVALID, "%s", message);
	return error_symbol(err, symbol);
}

static int check_head(const struct exchange *exchange, struct error *err)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	/* "POST /target HTTP/1.1" and the line's end */
	size_t line = strlen(exchange->method) + exchange->target_len + 12;

	if (line > SERVER_LINE_MAX)
		return refuse(err, "RequestTargetTooLong",
			      "the request line is longer than 64 KiB");
	if (info != NULL && info->header_size > line + SERVER_HEADER_MAX)
		return refuse(err, "RequestHeaderTooLarge", "the headers are longer than 16 KiB");
	return 0;
}

static bool is_known_method(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0 ||
	       strcmp(method, "HEAD") == 0;
}

/* How long the body says that it is; 0: it does not say. */
static unsigned long long announced(const struct exchange *exchange)
{
	const char *text = exchange_header(exchange, "Content-Length");

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

/* A name with a blank in it is another header to one server than to the next. */
static enum MHD_Result find_odd_name(void *arg, enum MHD_ValueKind kind, const char *key,
				     const char *value)
{
	bool *ret_odd = arg;

	(void)kind;
	(void)value;
	*ret_odd = *ret_odd || *key == '\0' || strpbrk(key, " \t") != NULL;
	return MHD_YES;
}

/* RFC 9112 3.2, 5.1, 6.1, 6.3: where the request ends, and whom it is for, must be the same to everybody
 * on its way; the library takes the first of two answers. */
static int check_framing(const struct exchange *exchange, struct error *err)
{
	const char *coding = exchange_header(exchange, "Transfer-Encoding");
	unsigned int codings = exchange_header_count(exchange, "Transfer-Encoding");
	unsigned int lengths = exchange_header_count(exchange, "Content-Length");
	bool odd_name = false;

	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, find_odd_name, &odd_name);
	if (odd_name)
		return refuse(err, "InvalidRequest",
			      "the name of a header is empty or holds a blank");
	if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0))
		return refuse(err, "InvalidRequest",
			      "the request says more than once how long its body is");
	if (coding != NULL && strcasecmp(coding, "chunked") != 0)
		return refuse(err, "InvalidRequest",
			      "the only Transfer-Encoding that is known here is chunked");
	if (exchange_header_count(exchange, "Host") > 1)
		return refuse(err, "InvalidRequest", "the header Host is there more than once");
	return 0;
}

static int check_request(const struct exchange *exchange, struct error *err)
{
	if (check_head(exchange, err) < 0 || check_framing(exchange, err) < 0)
		return -1;
	if (!is_known_method(exchange->method))
		return refuse(err, "UnsupportedHTTPMethod",
			      "only GET, HEAD and POST are known here");
	if (announced(exchange) > THROW_AWAY_MAX)
		return refuse(err, "RequestTooLarge", "the body is larger than 1 MiB");
	return 0;
}

/* --- arriving --- */

static bool send_answer(struct exchange *exchange)
{
	return MHD_queue_response(exchange->connection, exchange->status, exchange->response) ==
	       MHD_YES;
}

static bool begin(struct exchange *exchange, const char *method)
{
	struct error err;

	exchange->begun = true;
	snprintf(exchange->method, sizeof(exchange->method), "%s", method);
	if (check_request(exchange, &err) == 0)
		return true;
	server_request_is_bad(exchange->server, exchange, &err);
	return send_answer(exchange);
}

static bool take_body(struct exchange *exchange, const char *upload, size_t size)
{
	if (exchange->too_large || exchange->body.len + size > SERVER_BODY_MAX) {
		exchange->too_large = true;
		exchange->thrown_away += size;
		return exchange->thrown_away <= THROW_AWAY_MAX;
	}
	if (!server_take_memory(exchange->server, size))
		return false;
	buffer_append(&exchange->body, upload, size);
	return true;
}

static bool finish(struct exchange *exchange)
{
	struct error err;

	if (exchange->too_large) {
		refuse(&err, "RequestTooLarge", "the body is larger than 1 MiB");
		server_request_is_bad(exchange->server, exchange, &err);
	} else {
		server_request_is_whole(exchange->server, exchange);
	}
	if (exchange->response != NULL)
		return send_answer(exchange);
	exchange->asleep = true;
	MHD_suspend_connection(exchange->connection);
	return true;
}

bool exchange_arrived(struct exchange *exchange, const char *method, const char *upload,
		      size_t *upload_size)
{
	if (!exchange->begun)
		return begin(exchange, method);
	if (*upload_size > 0) {
		size_t size = *upload_size;

		*upload_size = 0;
		return take_body(exchange, upload, size);
	}
	return exchange->response != NULL ? send_answer(exchange) : finish(exchange);
}

/* --- asking --- */

const char *exchange_header(const struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

struct counting {
	const char *name;
	unsigned int count;
};

static enum MHD_Result count_one(void *arg, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	struct counting *counting = arg;

	(void)kind;
	(void)value;
	counting->count += strcasecmp(key, counting->name) == 0;
	return MHD_YES;
}

unsigned int exchange_header_count(const struct exchange *exchange, const char *name)
{
	struct counting counting = { name, 0 };

	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_one, &counting);
	return counting.count;
}

enum door_kind exchange_door(const struct exchange *exchange)
{
	return exchange->peer->door;
}

const char *exchange_from(const struct exchange *exchange)
{
	return exchange->peer->from;
}

uid_t exchange_user(const struct exchange *exchange)
{
	return exchange->peer->user;
}

bool exchange_is_gone(const struct exchange *exchange)
{
	struct pollfd one = { .fd = exchange->peer->fd, .events = POLLRDHUP };

	return poll(&one, 1, 0) == 1 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* --- answering --- */

static void add_headers(struct MHD_Response *response, const json_t *headers)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)headers, name, value)
		MHD_add_response_header(response, name, json_string_value(value));
}

/* A copy of the body that knows its length, so that it can be wiped. */
struct copy {
	size_t len;
	uint8_t bytes[];
};

static void copy_free(void *bytes)
{
	struct copy *copy = (struct copy *)((uint8_t *)bytes - offsetof(struct copy, bytes));

	memory_wipe(copy, sizeof(*copy) + copy->len);
	free(copy);
}

static struct MHD_Response *make_response(struct bytes body)
{
	struct copy *copy = memory_new(sizeof(*copy) + body.len);

	copy->len = body.len;
	if (body.len > 0)
		memcpy(copy->bytes, body.data, body.len);
	return MHD_create_response_from_buffer_with_free_callback(body.len, copy->bytes, copy_free);
}

/* Takes response. */
static void answer(struct exchange *exchange, unsigned int status, const char *content_type,
		   struct MHD_Response *response, const json_t *headers)
{
	if (response == NULL)
		abort(); /* out of memory, as in base/bytes.h */
	exchange->status = status;
	exchange->response = response;
	if (content_type != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (headers != NULL)
		add_headers(response, headers);
	server_is_answered(exchange->server, exchange);
}

void exchange_answer(struct exchange *exchange, unsigned int status, const char *content_type,
		     struct bytes body, const json_t *headers)
{
	answer(exchange, status, content_type, make_response(body), headers);
}

void exchange_answer_file(struct exchange *exchange, unsigned int status, const char *content_type,
			  int fd, uint64_t size, const json_t *headers)
{
	answer(exchange, status, content_type, MHD_create_response_from_fd64(size, fd), headers);
}
