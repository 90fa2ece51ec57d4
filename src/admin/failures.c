#include "admin/failures.h"

#include <stdio.h>
#include <string.h>

#include "store/audit.h"

void failures_add(struct failures *failures, const char *user, const char *from,
		  const char *request_id, int64_t now)
{
	struct failure *item = failures->items;
	size_t i;

	for (i = 0; i < failures->count; i++, item++)
		if (strcmp(item->user, user) == 0 && strcmp(item->from, from) == 0)
			break;
	if (i == FAILURES_MAX) {
		failures->more++;
		return;
	}
	if (i == failures->count) {
		failures->count++;
		memset(item, 0, sizeof(*item));
		snprintf(item->user, sizeof(item->user), "%s", user);
		snprintf(item->from, sizeof(item->from), "%s", from);
		snprintf(item->request_id, sizeof(item->request_id), "%s", request_id);
		item->time_s = now;
	}
	item->count++;
}

static int write_one(struct store *store, const struct failure *item, int64_t now,
		     struct error *err)
{
	json_t *after = json_pack("{s:i}", "Count", (int)item->count);
	const struct store_change change = {
		.kind = "session",
		.id = item->user,
		.action = "Login",
		.product = "sallyport",
		.actor = item->user,
		.from = item->from,
		.request_id = item->request_id,
		.now = item->time_s != 0 ? item->time_s : now,
		.after = item->count > 1 ? after : NULL,
	};
	int status = store_audit(store, &change, "Forbidden.LoginFailed", err);

	json_decref(after);
	return status;
}

static int write_all(const struct failures *failures, struct store *store, int64_t now,
		     struct error *err)
{
	const struct failure rest = { .from = "several", .count = failures->more };
	size_t i;

	for (i = 0; i < failures->count; i++)
		if (write_one(store, &failures->items[i], now, err) < 0)
			return -1;
	return failures->more == 0 ? 0 : write_one(store, &rest, now, err);
}

void failures_write(struct failures *failures, struct store *store, int64_t now)
{
	struct error err;

	if ((failures->count == 0 && failures->more == 0) || store_begin(store, &err) < 0)
		return;
	if (write_all(failures, store, now, &err) < 0) {
		store_rollback(store);
		return;
	}
	if (store_commit(store, &err) == 0)
		memset(failures, 0, sizeof(*failures));
}
