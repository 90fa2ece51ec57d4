/* ListChanges: what the console keeps its views fresh with, a long poll that nobody else waits for.
 * */
#include "admin/admin_internal.h"
#include "base/monotime.h"
#include "control/served.h"

#define LIMIT_STANDARD 100

struct list {
	json_t *rows;
	int64_t first;
};

static void list_change(void *arg, const struct store_logged_change *change)
{
	struct list *list = arg;
	json_t *object = json_object();

	if (list->first == 0)
		list->first = change->revision;
	reply_number(object, "Revision", change->revision);
	reply_time(object, "Time", change->time_s);
	reply_text(object, "Kind", change->kind);
	reply_text(object, "ResourceId", change->id);
	reply_text(object, "Act", change->act);
	reply_text(object, "User", change->actor);
	json_array_append_new(list->rows, object);
}

static bool has_changed(const struct call *call)
{
	return store_revision(call->store) > call_integer(call, "AfterRevision", 0) ||
	       served_revision(call->control) > call_integer(call, "AfterServed", INT64_MAX);
}

static bool must_wait(const struct call *call)
{
	return call_has(call, "AfterRevision") && call->park.rounds == 0 &&
	       call_integer(call, "WaitSeconds", 0) > 0 && !has_changed(call);
}

int list_changes_run(struct call *call, struct error *err)
{
	int64_t newest = store_revision(call->store);
	int64_t after = call_integer(call, "AfterRevision", newest);
	int limit = (int)call_integer(call, "MaxResults", LIMIT_STANDARD);
	struct list list = { .first = 0 };
	int64_t told;

	if (must_wait(call)) {
		call->park.ready = has_changed;
		call->park.until_ms =
			monotime_ms() + (uint64_t)call_integer(call, "WaitSeconds", 0) * 1000;
		return 0;
	}
	list.rows = json_array();
	json_object_set_new(call->reply, "Changes", list.rows);
	if (store_each_change(call->store, after, limit, list_change, &list, err) < 0)
		return -1;
	/* A full page goes on from its own last row. */
	told = json_array_size(list.rows) == (size_t)limit
		       ? json_integer_value(json_object_get(
				 json_array_get(list.rows, (size_t)limit - 1), "Revision"))
		       : newest;
	reply_number(call->reply, "Revision", told);
	reply_number(call->reply, "RevisionServed", served_revision(call->control));
	/* Rows are kept for a day; also when the store is another one by now (restored). */
	reply_flag(call->reply, "Truncated",
		   after > newest || (list.first == 0 ? after < newest : list.first > after + 1));
	return 0;
}
