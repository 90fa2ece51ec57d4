/* Resources made, changed and removed: each once, with its entry in change_log and audit. */
#include "nlb/nlb.h"

#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "control/serving.h"

#define WANTED "WantedRevision"

int64_t nlb_wanted_revision(const json_t *body)
{
	return json_integer_value(json_object_get(body, WANTED));
}

bool nlb_is_pending(const struct call *call, const json_t *body)
{
	return nlb_wanted_revision(body) > serving_revision(call->control);
}

void nlb_edit_new(struct nlb_edit *edit, const char *kind, const char *id)
{
	*edit = (struct nlb_edit){ .kind = kind };
	edit->row.id = memory_copy_string(id);
	edit->row.body = json_object();
}

void nlb_edit_row(struct nlb_edit *edit, const char *kind, struct store_resource *row)
{
	*edit = (struct nlb_edit){ .kind = kind, .row = *row };
	edit->before = row->body;
	edit->row.body = json_deep_copy(row->body);
	*row = (struct store_resource){ 0 };
}

int nlb_edit_named(struct call *call, const char *kind, const char *parameter,
		   struct nlb_edit *ret_edit, struct error *err)
{
	struct store_resource row = { 0 };

	if (nlb_get_named(call, kind, parameter, &row, err) < 0)
		return -1;
	if (call_check_revision(call, row.revision, err) < 0) {
		store_resource_done(&row);
		return -1;
	}
	nlb_edit_row(ret_edit, kind, &row);
	return 0;
}

void nlb_edit_take(struct call *call, struct nlb_edit *edit, const struct resource *resource)
{
	size_t i;

	for (i = 0; i < resource->field_count; i++) {
		const char *name = resource->fields[i].name;
		json_t *value = call_value(call, name);

		if (value != NULL)
			json_object_set_new(edit->row.body, name, json_deep_copy(value));
	}
}

/* As the audit log shows it. */
static json_t *without_revision(const json_t *body)
{
	json_t *copy = json_copy((json_t *)body);

	json_object_del(copy, WANTED);
	return copy;
}

static int note_change(struct call *call, struct nlb_edit *edit, bool serves, struct error *err)
{
	json_t *before = edit->before == NULL ? NULL : without_revision(edit->before);
	json_t *after = without_revision(edit->row.body);
	int status =
		call_change(call, edit->kind, edit->row.id, before == NULL ? "Create" : "Update",
			    serves, before, after, &edit->row.revision, err);

	json_decref(before);
	json_decref(after);
	return status;
}

int nlb_edit_save(struct call *call, struct nlb_edit *edit, bool serves, struct error *err)
{
	if (edit->before != NULL && json_equal(edit->before, edit->row.body))
		return 0;
	if (note_change(call, edit, serves, err) < 0)
		return -1;
	if (serves)
		json_object_set_new(edit->row.body, WANTED, json_integer(edit->row.revision));
	edit->row.updated_s = call->now;
	if (edit->before == NULL)
		edit->row.created_s = call->now;
	return store_resource_put(call->store, edit->kind, &edit->row, err);
}

void nlb_edit_done(struct nlb_edit *edit)
{
	store_resource_done(&edit->row);
	json_decref(edit->before);
	*edit = (struct nlb_edit){ 0 };
}

int nlb_edit_job(struct call *call, const struct nlb_edit *edit, struct error *err)
{
	return call_job(call, edit->kind, edit->row.id, nlb_wanted_revision(edit->row.body), err);
}

int nlb_put_tags(struct call *call, const char *kind, const char *id, struct error *err)
{
	const json_t *tags = call_value(call, "Tag");
	size_t i;

	for (i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);
		const char *value = json_string_value(json_object_get(tag, "Value"));

		if (store_tag_put(call->store, kind, id,
				  json_string_value(json_object_get(tag, "Key")),
				  value != NULL ? value : "", err) < 0)
			return -1;
	}
	return 0;
}

int nlb_delete(struct call *call, const char *kind, const struct store_resource *row, bool serves,
	       bool job, struct error *err)
{
	json_t *before = without_revision(row->body);
	int64_t revision;
	int status =
		call_change(call, kind, row->id, "Delete", serves, before, NULL, &revision, err);

	json_decref(before);
	if (status < 0 || store_resource_delete(call->store, kind, row->id, err) < 0)
		return -1;
	return job ? call_job(call, kind, row->id, serves ? revision : 0, err) : 0;
}
