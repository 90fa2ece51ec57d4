/*
 * Pages. Rows are collected first and shown afterwards, since showing one reads the store again. Where
 * the store can filter, it also counts; otherwise all rows of the kind are looked at.
 */
#include "nlb/nlb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/wording.h"

#define PAGE_STANDARD 20
#define TOKEN_SIZE 256

struct collecting {
	struct call *call;
	const struct nlb_list *list;
	struct nlb_rows rows; /* of this page, and one more to see whether there is another */
	size_t limit;
	int64_t matching;
};

static bool matches(const struct collecting *collecting, const struct store_resource *row)
{
	const struct nlb_list *list = collecting->list;

	return list->matches == NULL || list->matches(collecting->call, row);
}

static bool collect(void *arg, const struct store_resource *row)
{
	struct collecting *collecting = arg;

	if (matches(collecting, row))
		nlb_rows_add(&collecting->rows, row);
	return collecting->rows.count < collecting->limit;
}

static bool count(void *arg, const struct store_resource *row)
{
	struct collecting *collecting = arg;

	collecting->matching += matches(collecting, row);
	return true;
}

static int count_all(struct collecting *collecting, const struct store_filter *filter,
		     struct error *err)
{
	struct store *store = collecting->call->store;

	if (collecting->list->matches != NULL)
		return store_resource_each(store, collecting->list->kind, filter, count, collecting,
					   err);
	collecting->matching = store_resource_count(store, collecting->list->kind, filter, err);
	return collecting->matching < 0 ? -1 : 0;
}

static int collect_page(struct collecting *collecting, struct error *err)
{
	struct store_filter filter = collecting->list->filter;
	char after[TOKEN_SIZE] = "";

	if (call_next_token(collecting->call, after, sizeof(after), err) < 0)
		return -1;
	if (filter.tags == NULL)
		filter.tags = call_value(collecting->call, "Tag");
	if (count_all(collecting, &filter, err) < 0)
		return -1;
	filter.after = after[0] != '\0' ? after : NULL;
	filter.limit = collecting->list->matches == NULL ? (int)collecting->limit : 0;
	return store_resource_each(collecting->call->store, collecting->list->kind, &filter,
				   collect, collecting, err);
}

static int show_page(struct collecting *collecting, struct error *err)
{
	struct call *call = collecting->call;
	size_t max = collecting->limit - 1, i;
	json_t *items = json_array();

	json_object_set_new(call->reply, collecting->list->member, items);
	for (i = 0; i < collecting->rows.count && i < max; i++) {
		json_t *item = collecting->list->item(call, &collecting->rows.items[i], err);

		if (item == NULL)
			return -1;
		json_array_append_new(items, item);
	}
	json_object_set_new(call->reply, "TotalCount", json_integer(collecting->matching));
	json_object_set_new(call->reply, "MaxResults", json_integer((json_int_t)max));
	if (collecting->rows.count > max)
		call_set_next_token(call, collecting->rows.items[max - 1].id);
	return 0;
}

json_t *nlb_list_of(const struct call *call, const char *parameter)
{
	json_t *list = call_value(call, parameter);

	return json_array_size(list) > 0 ? list : NULL;
}

int nlb_list(struct call *call, const struct nlb_list *list, struct error *err)
{
	struct collecting collecting = {
		.call = call,
		.list = list,
		.limit = (size_t)call_max_results(call, PAGE_STANDARD) + 1,
	};
	int status = collect_page(&collecting, err);

	if (status == 0)
		status = show_page(&collecting, err);
	nlb_rows_done(&collecting.rows);
	return status;
}

/* Takes nothing: items stays the caller's. */
static int page_of(struct call *call, const char *member, const json_t *items, struct error *err)
{
	size_t max = (size_t)call_max_results(call, PAGE_STANDARD), at = 0, i;
	char after[TOKEN_SIZE] = "", next[24];
	json_t *page = json_array();

	json_object_set_new(call->reply, member, page);
	if (call_next_token(call, after, sizeof(after), err) < 0)
		return -1;
	if (after[0] != '\0')
		at = strtoul(after, NULL, 10);
	for (i = at; i < json_array_size(items) && i < at + max; i++)
		json_array_append(page, json_array_get(items, i));
	json_object_set_new(call->reply, "TotalCount",
			    json_integer((json_int_t)json_array_size(items)));
	json_object_set_new(call->reply, "MaxResults", json_integer((json_int_t)max));
	if (i < json_array_size(items)) {
		snprintf(next, sizeof(next), "%zu", i);
		call_set_next_token(call, next);
	}
	return 0;
}

int nlb_page(struct call *call, const char *member, json_t *items, struct error *err)
{
	int status = page_of(call, member, items, err);

	json_decref(items);
	return status;
}

json_t *nlb_time(int64_t seconds)
{
	char text[WORDING_TIME_SIZE];

	wording_time(seconds, text);
	return json_string(text);
}
