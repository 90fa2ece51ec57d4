/* ListConnections and CloseConnections: the workers know, and are asked. */
#include "admin/admin_internal.h"
#include "admin/questions.h"

static void fill_rows(struct call *call, const struct question *question)
{
	json_t *row;
	size_t i;

	json_array_foreach(question->rows, i, row) {
		const char *name = json_string_value(json_object_get(row, "ListenerName"));
		char id[ADMIN_LISTENER_SIZE];

		listener_id(call, name, id);
		reply_text(row, "ListenerId", id);
	}
	json_object_set(call->reply, "Connections", question->rows);
	reply_number(call->reply, "TotalCount", (int64_t)question->matched);
	reply_flag(call->reply, "Complete", question_is_complete(question));
}

int list_connections_run(struct call *call, struct error *err)
{
	struct message_filter filter;
	bool any;

	if (call->work != NULL) {
		fill_rows(call, question_of(call));
		return 0;
	}
	if (question_filter(call, &filter, &any, err) < 0)
		return -1;
	filter.limit = (uint32_t)call_integer(call, "MaxResults", 100);
	return question_ask(call, &filter, err);
}

static json_t *audited_filter(const struct call *call)
{
	json_t *filter = json_deep_copy(call->parameters);

	json_object_del(filter, "ClientToken");
	json_object_del(filter, "DryRun");
	return filter;
}

/* Written down before it is done: a worker that has been asked cannot be called back. */
static int note_closing(struct call *call, struct error *err)
{
	json_t *filter = audited_filter(call);
	int64_t revision;
	int status =
		call_change(call, "connections", "", "Close", false, NULL, filter, &revision, err);

	json_decref(filter);
	return status;
}

int close_connections_run(struct call *call, struct error *err)
{
	struct message_filter filter;
	bool any;

	if (call->work != NULL) {
		const struct question *question = question_of(call);

		reply_number(call->reply, "Closed", (int64_t)question->matched);
		reply_flag(call->reply, "Complete", question_is_complete(question));
		return 0;
	}
	if (question_filter(call, &filter, &any, err) < 0)
		return -1;
	if (!any && !call_boolean(call, "All", false)) {
		call_refuse(err, ERROR_INVALID, "MissingParam.All", "All",
			    "there is no filter: every connection would be closed");
		return error_hint(err, "Give a filter, or All=true.");
	}
	if (note_closing(call, err) < 0 || call->dry_run)
		return call->dry_run ? 0 : -1;
	filter.close = 1;
	return question_ask(call, &filter, err);
}
