/* Tags and resource groups. The types of the tagging actions are the kinds of the store. */
#include <stdlib.h>
#include "nlb/nlb.h"
#include "nlb/shape.h"

#define TAGS_MAX 20 /* of one resource */

static const char *kind_of(const struct call *call)
{
	return call_text(call, "ResourceType");
}

/* --- setting and removing --- */

static int check_room(struct call *call, const char *id, const json_t *before, struct error *err)
{
	json_t *after = store_tags(call->store, kind_of(call), id, err);
	size_t count = json_array_size(after);

	if (after == NULL)
		return -1;
	json_decref(after);
	if (count <= TAGS_MAX || count <= json_array_size(before))
		return 0;
	return call_refuse(err, ERROR_LIMIT, "QuotaExceeded.TagsPerResource", "Tag",
			   "\"%s\" would have %zu tags; at most %d are possible", id, count,
			   TAGS_MAX);
}

static int remove_tags(struct call *call, const char *id, struct error *err)
{
	const json_t *keys = call_value(call, "TagKey");
	size_t i;

	if (call_boolean(call, "All", false) && json_array_size(keys) == 0)
		return store_tag_delete(call->store, kind_of(call), id, NULL, err);
	for (i = 0; i < json_array_size(keys); i++)
		if (store_tag_delete(call->store, kind_of(call), id,
				     json_string_value(json_array_get(keys, i)), err) < 0)
			return -1;
	return 0;
}

static int put_tags(struct call *call, const char *id, struct error *err)
{
	return nlb_put_tags(call, kind_of(call), id, err);
}

/* One entry in the audit log, with the tags before and after; without any difference none. */
static int note(struct call *call, const char *id, json_t *before, struct error *err)
{
	json_t *after = store_tags(call->store, kind_of(call), id, err);
	int64_t revision;
	int status = 0;

	if (after == NULL)
		return -1;
	if (!json_equal(before, after)) {
		json_t *was = json_pack("{s:O}", "Tags", before);
		json_t *is = json_pack("{s:O}", "Tags", after);

		status = call_change(call, kind_of(call), id, "Update", false, was, is, &revision,
				     err);
		json_decref(was);
		json_decref(is);
	}
	json_decref(after);
	return status;
}

static int change_one(struct call *call, const char *id,
		      int (*change)(struct call *call, const char *id, struct error *err),
		      struct error *err)
{
	struct store_resource row = { 0 };
	json_t *before;
	int status;

	if (nlb_get(call, kind_of(call), id, &row, err) < 0)
		return error_place(err, "ResourceId");
	store_resource_done(&row);
	before = store_tags(call->store, kind_of(call), id, err);
	if (before == NULL)
		return -1;
	status = change(call, id, err);
	if (status == 0)
		status = check_room(call, id, before, err);
	if (status == 0)
		status = note(call, id, before, err);
	json_decref(before);
	return status;
}

static int change_all(struct call *call,
		      int (*change)(struct call *call, const char *id, struct error *err),
		      struct error *err)
{
	const json_t *ids = call_value(call, "ResourceId");
	size_t i;

	for (i = 0; i < json_array_size(ids); i++)
		if (change_one(call, json_string_value(json_array_get(ids, i)), change, err) < 0)
			return -1;
	return 0;
}

int nlb_TagResources(struct call *call, struct error *err)
{
	return change_all(call, put_tags, err);
}

int nlb_UntagResources(struct call *call, struct error *err)
{
	if (!call_has(call, "TagKey") && !call_boolean(call, "All", false)) {
		call_refuse(err, ERROR_INVALID, "MissingParam.TagKey", "TagKey",
			    "TagKey is missing");
		return error_hint(err, "Name the keys, or set All to true.");
	}
	return change_all(call, remove_tags, err);
}

/* --- listing --- */

struct listing {
	json_t *items;
	const char *kind;
	char *region;
};

static bool add_tag(void *arg, const char *id, const char *key, const char *value)
{
	struct listing *listing = arg;

	json_array_append_new(listing->items,
			      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "ResourceId", id,
					"ResourceType", listing->kind, "TagKey", key, "TagValue",
					value, "Category", "Custom", "Scope", "public", "RegionNo",
					listing->region));
	return true;
}

int nlb_ListTagResources(struct call *call, struct error *err)
{
	struct listing listing = { json_array(), kind_of(call),
				   nlb_setting(call->store, "Region") };
	int status = store_tags_each(call->store, listing.kind, nlb_list_of(call, "ResourceId"),
				     nlb_list_of(call, "Tag"), add_tag, &listing, err);

	free(listing.region);
	if (status == 0)
		return nlb_page(call, "TagResources", listing.items, err);
	json_decref(listing.items);
	return -1;
}

/* --- resource groups --- */

int nlb_MoveResourceGroup(struct call *call, struct error *err)
{
	struct store_resource row = { 0 };
	struct nlb_edit edit;
	int status;

	if (nlb_get(call, kind_of(call), call_text(call, "ResourceId"), &row, err) < 0)
		return error_place(err, "ResourceId");
	nlb_edit_row(&edit, kind_of(call), &row);
	shape_set_text(edit.row.body, "ResourceGroupId", call_text(call, "NewResourceGroupId"));
	status = nlb_edit_save(call, &edit, false, err);
	json_object_set_new(call->reply, "Data", json_pack("{s:s}", "ResourceId", edit.row.id));
	json_object_set_new(call->reply, "HttpStatusCode", json_integer(200));
	json_object_set_new(call->reply, "Success", json_true());
	nlb_edit_done(&edit);
	return status;
}
