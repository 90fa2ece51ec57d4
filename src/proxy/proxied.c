/* A PROXY header from a trusted source: who the client behind it is, before anything else is read. */
#include "net/proxy_protocol.h"
#include "proxy/conn.h"

#define PROXY_HEADER_LIMIT 4096

bool conn_is_proxied(const struct listener *listener, const struct address *source)
{
	uint32_t i;

	for (i = 0; i < listener->proxy_from_count; i++)
		if (address_block_contains(&listener->proxy_from[i], source))
			return true;
	return false;
}

static enum step proxy_header_bad(struct conn *conn, enum close_reason reason)
{
	conn_note_reason(conn, reason);
	side_reset(conn, &conn->client);
	conn_free(conn);
	return STEP_FREED;
}

/* Limits per source are about the client, who is known only now. */
static bool within_source_limits(struct conn *conn)
{
	const struct listener *listener = conn->listener;
	const struct worker *worker = conn->worker;

	if (limit_take_source(worker->child->stats, worker->env.worker, listener->slot,
			      &conn->client_address, &listener->source_rules, listener->tls != NULL,
			      worker->now_ms, &conn->source) == LIMIT_OK)
		return true;
	conn_stats(conn)->dropped_source++;
	return false;
}

static enum step proxy_header_done(struct conn *conn, const struct proxy_header *header)
{
	queue_consume(&conn->worker->chunk_pool, &conn->early, header->len);
	if (!header->local) {
		conn->client_address = header->source;
		conn->local_address = header->destination;
	}
	if (!within_source_limits(conn))
		return proxy_header_bad(conn, CLOSE_SOURCE_LIMIT);
	if (conn->listener->tls == NULL)
		return dial_begin(conn);
	conn_enter(conn, CONN_HANDSHAKE);
	return STEP_AGAIN;
}

enum step conn_proxy_header(struct conn *conn)
{
	struct worker *worker = conn->worker;
	struct proxy_header header;
	struct iovec part;
	long got = side_read(&conn->client, worker->read_buffer, PROXY_HEADER_LIMIT);
	int parsed;

	if (got == SIDE_WAIT)
		return STEP_WAIT;
	if (got <= 0)
		return proxy_header_bad(conn, CLOSE_CLIENT_GONE);
	if (queue_append(&worker->chunk_pool, &conn->early,
			 (struct bytes){ worker->read_buffer, (size_t)got }) < 0)
		return proxy_header_bad(conn, CLOSE_NO_MEMORY);
	queue_iov(&conn->early, &part, 1); /* the limit keeps it in one chunk */
	parsed = proxy_header_parse((struct bytes){ part.iov_base, part.iov_len }, &header);
	if (parsed > 0)
		return proxy_header_done(conn, &header);
	if (parsed < 0 || conn->early.used > 2 * PROXY_HEADER_LIMIT)
		return proxy_header_bad(conn, CLOSE_PROXY_HEADER);
	return STEP_AGAIN;
}
