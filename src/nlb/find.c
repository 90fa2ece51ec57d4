/* Rows by id, who uses them, settings and quotas. */
#include "nlb/nlb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "nlb/shape.h"

/* What errors call a kind: the spelling of the real service's codes. */
static const char *title_of(const char *kind)
{
	static const struct {
		const char *kind, *title;
	} titles[] = { { STORE_LOAD_BALANCER, "loadBalancer" },
		       { STORE_LISTENER, "listener" },
		       { STORE_SERVER_GROUP, "serverGroup" },
		       { STORE_SECURITY_POLICY, "securitypolicy" } };
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (strcmp(titles[i].kind, kind) == 0)
			return titles[i].title;
	return kind;
}

int nlb_get(struct call *call, const char *kind, const char *id, struct store_resource *ret_row,
	    struct error *err)
{
	int found = store_resource_get(call->store, kind, id, ret_row, err);

	if (found == 0)
		return call_not_found(err, title_of(kind), id);
	return found < 0 ? -1 : 0;
}

int nlb_get_named(struct call *call, const char *kind, const char *parameter,
		  struct store_resource *ret_row, struct error *err)
{
	const char *id = call_text(call, parameter);

	if (nlb_get(call, kind, id != NULL ? id : "", ret_row, err) == 0)
		return 0;
	if (err != NULL && err->place[0] == '\0')
		error_place(err, "%s", parameter);
	return -1;
}

int nlb_show_one(struct call *call, const char *kind, const char *parameter,
		 json_t *(*show)(struct call *call, const struct store_resource *row),
		 struct error *err)
{
	struct store_resource row = { 0 };
	json_t *item, *tags;

	if (nlb_get_named(call, kind, parameter, &row, err) < 0)
		return -1;
	item = show(call, &row);
	json_object_update(call->reply, item);
	json_decref(item);
	tags = store_tags(call->store, kind, row.id, err);
	store_resource_done(&row);
	if (tags == NULL)
		return -1;
	return json_object_set_new(call->reply, "Tags", shape_long_tags(tags));
}

/* --- several rows --- */

bool nlb_rows_add(void *arg, const struct store_resource *row)
{
	struct nlb_rows *rows = arg;
	struct store_resource *kept;

	rows->items = memory_resize(rows->items, (rows->count + 1) * sizeof(*rows->items));
	kept = &rows->items[rows->count++];
	*kept = *row;
	kept->id = memory_copy_string(row->id);
	kept->name = memory_copy_string(row->name);
	kept->parent = memory_copy_string(row->parent);
	kept->body = json_incref(row->body);
	return true;
}

void nlb_rows_done(struct nlb_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		store_resource_done(&rows->items[i]);
	free(rows->items);
	*rows = (struct nlb_rows){ 0 };
}

static bool add_user(void *arg, const struct store_reference *reference)
{
	json_t *ids = arg;

	/* A listener may name a certificate more than once, but is one user. */
	if (strcmp(reference->from_kind, STORE_LISTENER) == 0 &&
	    !shape_has_text(ids, reference->from_id))
		json_array_append_new(ids, json_string(reference->from_id));
	return true;
}

int nlb_users(struct call *call, const char *kind, const char *id, struct nlb_rows *ret_rows,
	      struct error *err)
{
	json_t *ids = json_array();
	struct store_filter filter = { .ids = ids };
	struct nlb_rows rows = { 0 };
	int status = store_references_to(call->store, kind, id, add_user, ids, err);

	if (status == 0 && json_array_size(ids) > 0)
		status = store_resource_each(call->store, STORE_LISTENER, &filter, nlb_rows_add,
					     &rows, err);
	json_decref(ids);
	if (status == 0)
		*ret_rows = rows;
	else
		nlb_rows_done(&rows);
	return status;
}

bool nlb_is_used(struct call *call, const char *kind, const char *id)
{
	json_t *ids = json_array();
	bool used = store_references_to(call->store, kind, id, add_user, ids, NULL) < 0 ||
		    json_array_size(ids) > 0;

	json_decref(ids);
	return used;
}

void nlb_rows_text(const struct nlb_rows *rows, char *ret_text, size_t size)
{
	size_t i, used = 0;

	ret_text[0] = '\0';
	for (i = 0; i < rows->count && i < 3 && used < size; i++)
		used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i > 0 ? ", " : "",
					 rows->items[i].id);
	if (rows->count > 3 && used < size)
		snprintf(ret_text + used, size - used, " and %zu more", rows->count - 3);
}

/* --- settings --- */

static const struct field *setting_field(const char *name)
{
	const struct action *update = action_find(&product_sallyport, "UpdateSettings");
	size_t i;

	for (i = 0; update != NULL && i < update->parameter_count; i++)
		if (strcmp(update->parameters[i].name, name) == 0)
			return parameter_field(&update->parameters[i]);
	return NULL;
}

char *nlb_setting(struct store *store, const char *name)
{
	const struct field *field = setting_field(name);
	char *text = store_setting(store, name);
	char number[24];

	if (text != NULL)
		return text;
	if (field != NULL && field->type == FIELD_INTEGER) {
		snprintf(number, sizeof(number), "%lld", (long long)field->standard);
		return memory_copy_string(number);
	}
	return memory_copy_string(
		field != NULL && field->standard_text != NULL ? field->standard_text : "");
}

int nlb_check_quota(struct call *call, const char *setting, const char *quota, int64_t count,
		    const char *what, struct error *err)
{
	char *text = nlb_setting(call->store, setting);
	long long limit = strtoll(text, NULL, 10);
	char symbol[64];

	free(text);
	if (count <= limit)
		return 0;
	snprintf(symbol, sizeof(symbol), "QuotaExceeded.%s", quota);
	call_refuse(err, ERROR_LIMIT, symbol, NULL,
		    "there may be %lld %s, and this would make %lld", limit, what,
		    (long long)count);
	return error_hint(err, "Raise the setting %s.", setting);
}
