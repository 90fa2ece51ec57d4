#include "admin/questions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/bytes.h"
#include "base/monotime.h"
#include "control/serving.h"
#include "net/address.h"

static void forget(void *work)
{
	struct question *question = work;
	struct question **at = &question->admin->questions;

	while (*at != NULL && *at != question)
		at = &(*at)->next;
	if (*at != NULL)
		*at = question->next;
	json_decref(question->rows);
	free(question);
}

bool question_is_complete(const struct question *question)
{
	return question->ended >= question->asked;
}

const struct question *question_of(const struct call *call)
{
	return call->work;
}

static bool is_ready(const struct call *call)
{
	return question_is_complete(question_of(call));
}

static unsigned int count_questions(const struct admin *admin)
{
	const struct question *question;
	unsigned int count = 0;

	for (question = admin->questions; question != NULL; question = question->next)
		count++;
	return count;
}

int question_ask(struct call *call, const struct message_filter *filter, struct error *err)
{
	struct admin *admin = call->admin;
	struct message message = { .type = MESSAGE_CONNECTIONS };
	struct question *question;

	if (count_questions(admin) >= QUESTIONS_MAX)
		return call_refuse(err, ERROR_UNAVAILABLE, "Throttling.User", NULL,
				   "too many questions about connections are open");
	question = memory_new(sizeof(*question));
	question->admin = admin;
	question->number = ++admin->question_number;
	question->limit = filter->limit;
	question->rows = json_array();
	question->next = admin->questions;
	admin->questions = question;
	call->work = question;
	call->work_free = forget;
	message.a = question->number;
	message.value.filter = *filter;
	question->asked = serving_ask_workers(call->control, &message);
	call->park.ready = is_ready;
	call->park.until_ms = monotime_ms() + QUESTION_WAIT_MS;
	return 0;
}

static void reply_address(json_t *object, const char *name, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE] = "";

	if (address->family != 0)
		address_format(address, text);
	reply_text(object, name, text);
}

static void reply_bounded(json_t *object, const char *name, const char *text, size_t size)
{
	char copy[MESSAGE_LISTENER_SIZE + 1];

	snprintf(copy, sizeof(copy), "%.*s", (int)strnlen(text, size), text);
	reply_text(object, name, copy);
}

static json_t *row_of(const struct message_connection *connection)
{
	json_t *row = json_object();
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)connection->id);
	reply_text(row, "ConnectionId", id);
	reply_bounded(row, "ListenerName", connection->listener, sizeof(connection->listener));
	reply_address(row, "Client", &connection->client);
	reply_address(row, "Server", &connection->server);
	reply_bounded(row, "Identity", connection->identity, sizeof(connection->identity));
	reply_bounded(row, "SerialNumber", connection->serial, sizeof(connection->serial));
	reply_time(row, "Since", connection->since_s);
	reply_number(row, "BytesIn", (int64_t)connection->bytes_in);
	reply_number(row, "BytesOut", (int64_t)connection->bytes_out);
	reply_flag(row, "Resumed", connection->resumed != 0);
	return row;
}

void question_answered(struct admin *admin, uint32_t worker, const struct message *message)
{
	struct question *question = admin->questions;

	(void)worker;
	while (question != NULL && question->number != message->a)
		question = question->next;
	if (question == NULL)
		return; /* nobody waits any more */
	if (message->type == MESSAGE_CONNECTIONS_END) {
		question->ended++;
		question->matched += message->version;
	} else if (json_array_size(question->rows) < question->limit) {
		json_array_append_new(question->rows, row_of(&message->value.connection));
	}
}

/* --- the filter --- */

static int parse_id(const char *text, uint64_t *ret_id, struct error *err)
{
	unsigned long long id;
	char *end;

	errno = 0;
	id = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || id == 0)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.ConnectionId", "ConnectionId",
				   "\"%.40s\" is no id of a connection", text);
	*ret_id = id;
	return 0;
}

static int parse_source(const char *text, struct address_block *ret_block, struct error *err)
{
	if (address_block_parse(text, ret_block, err) == 0)
		return 0;
	error_symbol(err, "IllegalParam.Source");
	return error_place(err, "Source");
}

/* Upper or lower case, with or without colons: the workers do not mind. */
static int parse_serial(const char *text, char ret_serial[MESSAGE_SERIAL_SIZE], struct error *err)
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		if (*text == ':' || *text == ' ')
			continue;
		if (strchr("0123456789abcdefABCDEF", *text) == NULL ||
		    used + 1 == MESSAGE_SERIAL_SIZE)
			return call_refuse(err, ERROR_INVALID, "IllegalParam.SerialNumber",
					   "SerialNumber",
					   "it is no serial number of up to 40 hexadecimal digits");
		ret_serial[used++] = *text;
	}
	ret_serial[used] = '\0';
	return 0;
}

int question_filter(struct call *call, struct message_filter *ret_filter, bool *ret_any,
		    struct error *err)
{
	const char *listener = call_text(call, "ListenerId"), *id = call_text(call, "ConnectionId");
	const char *serial = call_text(call, "SerialNumber"), *source = call_text(call, "Source");
	const char *identity = call_text(call, "Identity");
	char name[ADMIN_LISTENER_SIZE];

	memset(ret_filter, 0, sizeof(*ret_filter));
	*ret_any = listener != NULL || id != NULL || serial != NULL || source != NULL ||
		   identity != NULL;
	if (listener != NULL) {
		if (listener_name(call, listener, name, err) < 0)
			return -1;
		snprintf(ret_filter->listener, sizeof(ret_filter->listener), "%s", name);
	}
	if (identity != NULL)
		snprintf(ret_filter->identity, sizeof(ret_filter->identity), "%s", identity);
	if ((id != NULL && parse_id(id, &ret_filter->id, err) < 0) ||
	    (serial != NULL && parse_serial(serial, ret_filter->serial, err) < 0) ||
	    (source != NULL && parse_source(source, &ret_filter->source, err) < 0))
		return -1;
	return 0;
}
