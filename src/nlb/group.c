/* Server groups: made, changed, deleted. Their servers are in group_servers.c. */
#include "nlb/nlb.h"

#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "control/stored_model.h"
#include "nlb/group.h"
#include "nlb/shape.h"

int group_save(struct call *call, struct nlb_edit *edit, struct error *err)
{
	bool used = edit->before != NULL && nlb_is_used(call, STORE_SERVER_GROUP, edit->row.id);

	if (nlb_edit_save(call, edit, used, err) < 0)
		return -1;
	return stored_check_group(call->store, edit->row.id, err);
}

/* --- creating --- */

static int check_count(struct call *call, struct error *err)
{
	struct store_filter filter = { 0 };
	int64_t count = store_resource_count(call->store, STORE_SERVER_GROUP, &filter, err);

	if (count < 0)
		return -1;
	return nlb_check_quota(call, "QuotaServerGroups", "nlb_quota_servergroups_num", count + 1,
			       "server groups", err);
}

static void take_extras(const struct call *call, json_t *body)
{
	shape_copy(body, "ResourceGroupId", call->parameters, "ResourceGroupId");
	shape_copy(body, "IpVersionAffinityMode", call->parameters, "IpVersionAffinityMode");
}

static void follow_name(struct nlb_edit *edit)
{
	free(edit->row.name);
	edit->row.name = memory_copy_string(
		json_string_value(json_object_get(edit->row.body, "ServerGroupName")));
}

static int create(struct call *call, struct nlb_edit *edit, struct error *err)
{
	nlb_edit_take(call, edit, &server_group_resource);
	take_extras(call, edit->row.body);
	json_object_set_new(edit->row.body, "Servers", json_array());
	if (nlb_add_servers(call, edit->row.body, call_value(call, "Servers"), err) < 0)
		return -1;
	follow_name(edit);
	if (group_save(call, edit, err) < 0 ||
	    nlb_put_tags(call, STORE_SERVER_GROUP, edit->row.id, err) < 0)
		return -1;
	shape_set_text(call->reply, "ServerGroupId", edit->row.id);
	return nlb_edit_job(call, edit, err);
}

int nlb_CreateServerGroup(struct call *call, struct error *err)
{
	struct nlb_edit edit;
	char id[64];
	int status;

	if (check_count(call, err) < 0)
		return -1;
	call_new_id("sgp-", id, sizeof(id));
	nlb_edit_new(&edit, STORE_SERVER_GROUP, id);
	status = create(call, &edit, err);
	nlb_edit_done(&edit);
	return status;
}

/* --- changing --- */

int group_change(struct call *call,
		 int (*apply)(struct call *call, json_t *body, struct error *err),
		 struct error *err)
{
	struct nlb_edit edit;
	int status;

	if (nlb_edit_named(call, STORE_SERVER_GROUP, "ServerGroupId", &edit, err) < 0)
		return -1;
	shape_set_text(call->reply, "ServerGroupId", edit.row.id);
	status = apply(call, edit.row.body, err);
	if (status == 0) {
		follow_name(&edit);
		status = group_save(call, &edit, err);
	}
	if (status == 0)
		status = nlb_edit_job(call, &edit, err);
	nlb_edit_done(&edit);
	return status;
}

/* Of the health check only what is given changes. */
static void merge_check(const struct call *call, json_t *body)
{
	const json_t *given = call_value(call, "HealthCheckConfig");
	json_t *check = json_object_get(body, "HealthCheckConfig");

	if (given == NULL)
		return;
	if (check == NULL) {
		check = json_object();
		json_object_set_new(body, "HealthCheckConfig", check);
	}
	json_object_update(check, (json_t *)given);
}

static int apply_attributes(struct call *call, json_t *body, struct error *err)
{
	static const char *const names[] = { "ServerGroupName",
					     "Scheduler",
					     "ConnectionDrainEnabled",
					     "ConnectionDrainTimeout",
					     "PreserveClientIpEnabled",
					     "AllDown",
					     "SlowStart" };
	size_t i;

	(void)err;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		shape_copy(body, names[i], call->parameters, names[i]);
	take_extras(call, body);
	merge_check(call, body);
	return 0;
}

int nlb_UpdateServerGroupAttribute(struct call *call, struct error *err)
{
	return group_change(call, apply_attributes, err);
}

/* --- deleting --- */

static int check_unused(struct call *call, const char *id, struct error *err)
{
	struct nlb_rows users = { 0 };
	char text[160];

	if (nlb_users(call, STORE_SERVER_GROUP, id, &users, err) < 0)
		return -1;
	if (users.count == 0) {
		nlb_rows_done(&users);
		return 0;
	}
	nlb_rows_text(&users, text, sizeof(text));
	nlb_rows_done(&users);
	call_refuse(err, ERROR_CONFLICT, "ResourceInUse.ServerGroup", "ServerGroupId",
		    "server group \"%s\" is in use by listener %s", id, text);
	return error_hint(err, "Give them another server group, or delete them first.");
}

int nlb_DeleteServerGroup(struct call *call, struct error *err)
{
	struct store_resource row = { 0 };
	int status;

	if (nlb_get_named(call, STORE_SERVER_GROUP, "ServerGroupId", &row, err) < 0)
		return -1;
	status = call_check_revision(call, row.revision, err);
	if (status == 0)
		status = check_unused(call, row.id, err);
	if (status == 0)
		status = nlb_delete(call, STORE_SERVER_GROUP, &row, false, true, err);
	store_resource_done(&row);
	return status;
}
