/* TLS security policies: the five system ones, and those of one's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "control/stored_model.h"
#include "model/policies.h"
#include "nlb/nlb.h"
#include "nlb/shape.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* --- system policies --- */

static const char system_prefix[] = "tls_cipher_policy_";

/* No id that call_new_id() makes begins so. */
bool nlb_is_system_policy(const char *id)
{
	struct model_security_policy policies[POLICY_SYSTEM_COUNT];
	bool found = false;
	size_t i;

	if (strncmp(id, system_prefix, sizeof(system_prefix) - 1) != 0)
		return false;
	policies_system(policies);
	for (i = 0; i < POLICY_SYSTEM_COUNT; i++) {
		found |= strcmp(policies[i].id, id) == 0;
		resource_done(&policy_resource, &policies[i]);
	}
	return found;
}

static json_t *versions_text(uint32_t versions)
{
	const struct field_word *word = resource_field(&policy_resource, "TlsVersions")->words;
	json_t *list = json_array(), *text;

	for (; word->word != NULL; word++)
		if ((versions & word->value) != 0)
			json_array_append_new(list, json_string(word->word));
	text = shape_joined(list);
	json_decref(list);
	return text;
}

static json_t *ciphers_text(const struct model_strings *ciphers)
{
	json_t *list = json_array(), *text;
	size_t i;

	for (i = 0; i < ciphers->count; i++)
		json_array_append_new(list, json_string(ciphers->items[i]));
	text = shape_joined(list);
	json_decref(list);
	return text;
}

int nlb_ListSystemSecurityPolicy(struct call *call, struct error *err)
{
	struct model_security_policy policies[POLICY_SYSTEM_COUNT];
	json_t *list = json_array();
	size_t i;

	(void)err;
	policies_system(policies);
	for (i = 0; i < POLICY_SYSTEM_COUNT; i++) {
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:o, s:o}", "SecurityPolicyId", policies[i].id,
					"SecurityPolicyName", policies[i].id, "TlsVersion",
					versions_text(policies[i].tls_versions), "Ciphers",
					ciphers_text(&policies[i].ciphers)));
		resource_done(&policy_resource, &policies[i]);
	}
	json_object_set_new(call->reply, "SecurityPolicies", list);
	return 0;
}

/* --- in use --- */

static bool is_default(struct call *call, const char *id)
{
	char *standard = nlb_setting(call->store, "DefaultSecurityPolicyId");
	bool answer = strcmp(standard, id) == 0;

	free(standard);
	return answer;
}

static bool is_served(struct call *call, const char *id)
{
	return is_default(call, id) || nlb_is_used(call, STORE_SECURITY_POLICY, id);
}

static int check_unused(struct call *call, const char *id, struct error *err)
{
	struct nlb_rows users = { 0 };
	char text[160];

	if (nlb_users(call, STORE_SECURITY_POLICY, id, &users, err) < 0)
		return -1;
	nlb_rows_text(&users, text, sizeof(text));
	nlb_rows_done(&users);
	if (text[0] != '\0') {
		call_refuse(err, ERROR_CONFLICT, "ResourceInUse.SecurityPolicy", "SecurityPolicyId",
			    "security policy \"%.80s\" is in use by listener %s", id, text);
		return error_hint(err, "Give them another policy first.");
	}
	if (!is_default(call, id))
		return 0;
	call_refuse(err, ERROR_CONFLICT, "ResourceInUse.SecurityPolicy", "SecurityPolicyId",
		    "security policy \"%.80s\" is the default of listeners that name none", id);
	return error_hint(err, "Change the setting DefaultSecurityPolicyId first.");
}

/* --- creating and changing --- */

static void follow_name(struct nlb_edit *edit)
{
	free(edit->row.name);
	edit->row.name = memory_copy_string(text_of(edit->row.body, "SecurityPolicyName"));
}

static int save(struct call *call, struct nlb_edit *edit, struct error *err)
{
	bool serves = edit->before != NULL && is_served(call, edit->row.id);

	follow_name(edit);
	if (nlb_edit_save(call, edit, serves, err) < 0 ||
	    stored_check_policy(call->store, edit->row.id, err) < 0)
		return -1;
	shape_set_text(call->reply, "SecurityPolicyId", edit->row.id);
	return nlb_edit_job(call, edit, err);
}

int nlb_CreateSecurityPolicy(struct call *call, struct error *err)
{
	struct nlb_edit edit;
	char id[64];
	int status;

	call_new_id("tls-", id, sizeof(id));
	nlb_edit_new(&edit, STORE_SECURITY_POLICY, id);
	nlb_edit_take(call, &edit, &policy_resource);
	shape_copy(edit.row.body, "ResourceGroupId", call->parameters, "ResourceGroupId");
	if (text_of(edit.row.body, "SecurityPolicyName") == NULL)
		shape_set_text(edit.row.body, "SecurityPolicyName", id);
	status = save(call, &edit, err);
	if (status == 0)
		status = nlb_put_tags(call, STORE_SECURITY_POLICY, id, err);
	nlb_edit_done(&edit);
	return status;
}

static int refuse_system(struct call *call, struct error *err)
{
	const char *id = call_text(call, "SecurityPolicyId");

	if (!nlb_is_system_policy(id))
		return 0;
	call_refuse(err, ERROR_DENIED, "OperationDenied.SystemSecurityPolicy", "SecurityPolicyId",
		    "\"%s\" is a system policy", id);
	return error_hint(err, "System policies stay as they are; create one of your own.");
}

int nlb_UpdateSecurityPolicyAttribute(struct call *call, struct error *err)
{
	struct nlb_edit edit;
	int status;

	if (refuse_system(call, err) < 0 ||
	    nlb_edit_named(call, STORE_SECURITY_POLICY, "SecurityPolicyId", &edit, err) < 0)
		return -1;
	nlb_edit_take(call, &edit, &policy_resource);
	if (json_equal(edit.before, edit.row.body))
		status = call_refuse(err, ERROR_INVALID, "UpdateSecurityPolicyFailed", NULL,
				     "nothing would change in security policy \"%s\"", edit.row.id);
	else
		status = save(call, &edit, err);
	nlb_edit_done(&edit);
	return status;
}

int nlb_DeleteSecurityPolicy(struct call *call, struct error *err)
{
	struct store_resource row = { 0 };
	int status;

	if (refuse_system(call, err) < 0 ||
	    nlb_get_named(call, STORE_SECURITY_POLICY, "SecurityPolicyId", &row, err) < 0)
		return -1;
	status = call_check_revision(call, row.revision, err);
	if (status == 0)
		status = check_unused(call, row.id, err);
	if (status == 0)
		status = nlb_delete(call, STORE_SECURITY_POLICY, &row, false, true, err);
	store_resource_done(&row);
	return status;
}

/* --- the list --- */

static json_t *show_users(const struct nlb_rows *users)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < users->count; i++) {
		const struct store_resource *row = &users->items[i];
		json_t *user = json_pack("{s:s, s:s}", "ListenerId", row->id, "LoadBalancerId",
					 row->parent);

		shape_copy(user, "ListenerPort", row->body, "ListenerPort");
		shape_copy(user, "ListenerProtocol", row->body, "ListenerProtocol");
		json_array_append_new(list, user);
	}
	return list;
}

static json_t *show(struct call *call, const struct store_resource *row)
{
	char *region = nlb_setting(call->store, "Region");
	json_t *item = json_object();

	shape_set_text(item, "SecurityPolicyId", row->id);
	shape_copy(item, "SecurityPolicyName", row->body, "SecurityPolicyName");
	shape_set_text(item, "SecurityPolicyStatus",
		       nlb_is_pending(call, row->body) ? "Configuring" : "Available");
	json_object_set_new(item, "Ciphers", shape_joined(json_object_get(row->body, "Ciphers")));
	json_object_set_new(item, "TlsVersion",
			    shape_joined(json_object_get(row->body, "TlsVersions")));
	shape_set_text(item, "RegionId", region);
	shape_set_text(item, "ResourceGroupId", "default");
	shape_copy(item, "ResourceGroupId", row->body, "ResourceGroupId");
	json_object_set_new(item, "Revision", json_integer(row->revision));
	free(region);
	return item;
}

static json_t *item_of(struct call *call, const struct store_resource *row, struct error *err)
{
	struct nlb_rows users = { 0 };
	json_t *item, *tags;

	if (nlb_users(call, STORE_SECURITY_POLICY, row->id, &users, err) < 0)
		return NULL;
	item = show(call, row);
	json_object_set_new(item, "RelatedListeners", show_users(&users));
	nlb_rows_done(&users);
	tags = store_tags(call->store, STORE_SECURITY_POLICY, row->id, err);
	if (tags != NULL && json_object_set_new(item, "Tags", tags) == 0)
		return item;
	json_decref(item);
	return NULL;
}

static bool matches(struct call *call, const struct store_resource *row)
{
	const char *group = text_of(row->body, "ResourceGroupId");

	return strcmp(call_text(call, "ResourceGroupId"), group != NULL ? group : "default") == 0;
}

int nlb_ListSecurityPolicy(struct call *call, struct error *err)
{
	const struct nlb_list list = {
		.kind = STORE_SECURITY_POLICY,
		.member = "SecurityPolicies",
		.filter = { .ids = nlb_list_of(call, "SecurityPolicyIds"),
			    .names = nlb_list_of(call, "SecurityPolicyNames") },
		.matches = call_has(call, "ResourceGroupId") ? matches : NULL,
		.item = item_of,
	};

	return nlb_list(call, &list, err);
}
