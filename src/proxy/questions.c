#include "proxy/questions.h"

#include <stdlib.h>
#include <string.h>

#include "base/monotime.h"
#include "proxy/conn.h"
#include "proxy/filter.h"

#define STEP 8 /* connections between two looks at the clock */

struct question {
	struct question *next;
	uint32_t number;
	uint32_t channel; /* child->channels when it was asked: whose it is */
	struct message_filter filter;
	struct conn *at; /* the next to be looked at */
	uint64_t found;	 /* matched, or ended */
	bool waits;	 /* for room in the channel */
};

void questions_ask(struct worker *worker, uint32_t number, const struct message_filter *filter)
{
	struct question *question = memory_new(sizeof(*question));
	struct question **end = &worker->questions;

	question->number = number;
	question->channel = worker->child->channels;
	question->filter = *filter;
	question->at = worker->conns;
	while (*end != NULL)
		end = &(*end)->next;
	*end = question;
}

bool questions_can_go_on(const struct worker *worker)
{
	return worker->questions != NULL && !worker->questions->waits;
}

void questions_forget(struct worker *worker, const struct conn *conn)
{
	struct question *question;

	for (question = worker->questions; question != NULL; question = question->next)
		if (question->at == conn)
			question->at = conn->next;
}

/* --- one connection --- */

static bool is_meant(const struct question *question, const struct conn *conn)
{
	const struct filter_facts facts = {
		.id = conn->id,
		.listener = conn->listener->name,
		.identity = conn->record != NULL ? conn->record->identity : "",
		.serial = conn->record != NULL ? conn->record->serial : "",
		.client = &conn->client_address,
	};

	return conn->state != CONN_ENDING && filter_matches(&question->filter, &facts);
}

static struct address server_address(struct conn *conn)
{
	struct address address = { 0 };

	if (conn->server_entry == NULL)
		return address;
	address = conn->server_entry->address;
	if (address.port == 0 && address.family != ADDRESS_UNIX)
		address.port = conn_local_address(conn)->port;
	return address;
}

static void describe(struct conn *conn, struct message_connection *ret)
{
	struct tls_info info = { 0 };

	ret->id = conn->id;
	ret->since_s = walltime_s() - (int64_t)((conn->worker->now_ms - conn->started_ms) / 1000);
	ret->client = conn->client_address;
	ret->server = server_address(conn);
	message_text(ret->listener, sizeof(ret->listener), conn->listener->name);
	if (conn->record != NULL) {
		message_text(ret->identity, sizeof(ret->identity), conn->record->identity);
		message_text(ret->serial, sizeof(ret->serial), conn->record->serial);
	}
	ret->bytes_in = conn->bytes_in;
	ret->bytes_out = conn->bytes_out;
	if (conn->established)
		tls_session_info(&conn->tls, &info);
	ret->resumed = info.resumed;
}

/* As child_tell(). */
static int tell(struct worker *worker, const struct question *question, struct conn *conn)
{
	struct message message = { .type = MESSAGE_CONNECTION, .a = question->number };

	describe(conn, &message.value.connection);
	return child_tell(worker->child, &message);
}

static bool limit_reached(const struct question *question)
{
	return question->filter.limit != 0 && question->found >= question->filter.limit;
}

/* false: it has to wait, and the connection is to be looked at again. */
static bool take(struct worker *worker, struct question *question, struct conn *conn)
{
	if (!is_meant(question, conn))
		return true;
	if (question->filter.close) {
		question->found++;
		conn_abort(conn, CLOSE_CLOSED_BY_OPERATOR);
		conn_run(conn);
		return true;
	}
	if (!limit_reached(question) && tell(worker, question, conn) == 0)
		return false;
	question->found++;
	return true;
}

/* --- the whole answer --- */

static bool is_looked_through(const struct question *question)
{
	return question->at == NULL || (question->filter.close && limit_reached(question));
}

/* true: all have been looked at. */
static bool look(struct worker *worker, struct question *question, uint64_t deadline_us)
{
	unsigned int done = 0;

	while (!is_looked_through(question)) {
		struct conn *conn = question->at;

		question->at = conn->next;
		if (!take(worker, question, conn)) {
			question->at = conn;
			question->waits = true;
			return false;
		}
		if (++done % STEP == 0 && monotime_us() >= deadline_us)
			return false;
	}
	return true;
}

/* false: no room for it now. */
static bool tell_end(struct worker *worker, struct question *question)
{
	struct message message = { .type = MESSAGE_CONNECTIONS_END,
				   .a = question->number,
				   .version = question->found };

	question->waits = child_tell(worker->child, &message) == 0;
	return !question->waits;
}

void questions_answer(struct worker *worker, uint64_t deadline_us)
{
	struct question *question;

	while ((question = worker->questions) != NULL) {
		bool orphan = worker->child->control < 0 ||
			      question->channel != worker->child->channels;

		question->waits = false;
		if (!orphan && (!look(worker, question, deadline_us) ||
				!tell_end(worker, question)))
			return;
		worker->questions = question->next;
		free(question);
	}
}
