/* ListAuditEvents and VerifyAuditLog. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_internal.h"
#include "admin/background.h"
#include "base/bytes.h"
#include "store/audit.h"

struct page {
	json_t *rows;
	int limit;
	int64_t last;
	bool more;
};

static void fill_row(json_t *row, const struct store_audit_row *event)
{
	char hash[65];

	hex_encode((struct bytes){ event->hash, sizeof(event->hash) }, hash);
	reply_number(row, "Number", event->number);
	reply_time(row, "Time", event->time_s);
	reply_text(row, "User", event->actor);
	reply_text(row, "From", event->from);
	reply_text(row, "Product", event->product);
	reply_text(row, "EventAction", event->action);
	reply_text(row, "Kind", event->kind);
	reply_text(row, "ResourceId", event->id);
	reply_text(row, "Outcome", event->outcome);
	reply_text(row, "EventRequestId", event->request_id);
	reply_text(row, "Before", event->before);
	reply_text(row, "After", event->after);
	reply_text(row, "Hash", hash);
}

static bool list_row(void *arg, const struct store_audit_row *event)
{
	struct page *page = arg;
	json_t *row;

	if ((int)json_array_size(page->rows) == page->limit) {
		page->more = true;
		return false;
	}
	row = json_object();
	fill_row(row, event);
	json_array_append_new(page->rows, row);
	page->last = event->number;
	return true;
}

static int list_audit_events(struct call *call, struct error *err)
{
	struct page page = { .limit = call_max_results(call, 20) };
	struct store_audit_filter filter = {
		.actor = call_text(call, "User"),
		.action = call_text(call, "EventAction"),
		.kind = call_text(call, "Kind"),
		.id = call_text(call, "ResourceId"),
		.limit = page.limit + 1,
	};
	char after[64];
	int64_t total;

	if (call_next_token(call, after, sizeof(after), err) < 0 ||
	    call_time(call, "StartTime", 0, &filter.from_s, err) < 0 ||
	    call_time(call, "EndTime", 0, &filter.to_s, err) < 0)
		return -1;
	total = store_audit_count(call->store, &filter, err);
	if (total < 0)
		return -1;
	filter.below_number = strtoll(after, NULL, 10);
	page.rows = json_array();
	json_object_set_new(call->reply, "Events", page.rows);
	if (store_audit_each(call->store, &filter, list_row, &page, err) < 0)
		return -1;
	reply_number(call->reply, "TotalCount", total);
	reply_number(call->reply, "MaxResults", page.limit);
	if (page.more) {
		char next[24];

		snprintf(next, sizeof(next), "%" PRId64, page.last);
		call_set_next_token(call, next);
	}
	return 0;
}

int list_audit_events_run(struct call *call, struct error *err)
{
	return background_read(call, list_audit_events, err);
}

static int verify_audit_log(struct call *call, struct error *err)
{
	struct error broken = { 0 };
	int64_t rows = 0;
	int status = store_audit_verify(call->store, &rows, &broken);

	/* A store that cannot be read says nothing about the chain. */
	if (status < 0 && broken.code == ERROR_UNAVAILABLE) {
		*err = broken;
		return -1;
	}
	reply_flag(call->reply, "Sound", status == 0);
	reply_number(call->reply, "Rows", rows);
	reply_text(call->reply, "Error", status == 0 ? "" : broken.message);
	return 0;
}

int verify_audit_log_run(struct call *call, struct error *err)
{
	return background_read(call, verify_audit_log, err);
}
