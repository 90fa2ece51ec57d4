/* GetSettings, UpdateSettings. What the data plane is told of is served before the job is done. */
#include "control/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/bytes.h"
#include "control/serving.h"
#include "model/policies.h"
#include "model/text_checks.h"
#include "store/resource.h"

#define REVISION_SETTING "SettingsRevision"

static int64_t current_revision(struct store *store)
{
	char *text = store_setting(store, REVISION_SETTING);
	int64_t revision = text != NULL ? strtoll(text, NULL, 10) : 0;

	free(text);
	return revision;
}

/* --- GetSettings --- */

struct list {
	struct store *store;
	json_t *rows;
};

static const char *type_word(enum field_type type)
{
	switch (type) {
	case FIELD_INTEGER:
		return "integer";
	case FIELD_BOOL:
		return "boolean";
	case FIELD_WORD:
		return "word";
	default:
		return "text";
	}
}

static void list_setting(void *arg, const struct field *field, bool serves)
{
	struct list *list = arg;
	char *set = store_setting(list->store, field->name);
	char *value = settings_text(list->store, field->name);
	char range[512], standard[256];
	json_t *object = json_object();

	(void)serves;
	field_range_text(field, range, sizeof(range));
	field_default_text(field, standard, sizeof(standard));
	reply_text(object, "Name", field->name);
	reply_text(object, "Value", value);
	reply_text(object, "Default", standard);
	reply_text(object, "Type", type_word(field->type));
	reply_text(object, "Range", range);
	reply_text(object, "Unit", field->unit);
	reply_text(object, "Help", field->help);
	reply_flag(object, "IsDefault", set == NULL);
	json_array_append_new(list->rows, object);
	free(value);
	free(set);
}

int get_settings_run(struct call *call, struct error *err)
{
	struct list list = { call->store, json_array() };

	(void)err;
	settings_each(list_setting, &list);
	json_object_set_new(call->reply, "Settings", list.rows);
	reply_number(call->reply, "Revision", current_revision(call->store));
	return 0;
}

/* --- UpdateSettings --- */

static bool is_system_policy(const char *id)
{
	struct model_security_policy policies[POLICY_SYSTEM_COUNT] = { 0 };
	bool found = false;
	size_t i;

	policies_system(policies);
	for (i = 0; i < POLICY_SYSTEM_COUNT; i++) {
		found = found || strcmp(policies[i].id, id) == 0;
		resource_done(&policy_resource, &policies[i]);
	}
	return found;
}

static int check_policy(struct call *call, const char *id, struct error *err)
{
	struct store_resource resource;
	int found;

	if (is_system_policy(id))
		return 0;
	found = store_resource_get(call->store, STORE_SECURITY_POLICY, id, &resource, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return call_not_found(err, "securitypolicy", id);
	store_resource_done(&resource);
	return 0;
}

/* The database, the keys and the journal of revocations are in the data folder, too. */
static bool is_log_of_data_folder(const char *place, const char *folder)
{
	const size_t length = folder != NULL ? strlen(folder) : 0;
	const char *name = strrchr(place, '/');
	const char *end = strrchr(place, '.');

	return length > 0 && strncmp(place, folder, length) == 0 && place[length] == '/' &&
	       end != NULL && strcmp(end, ".log") == 0 && strcmp(name + 1, STORE_JOURNAL_FILE) != 0;
}

/* The guardian opens the log, as root where it is root: an administrator of the API is not. */
static int check_log_place(struct call *call, const char *place, struct error *err)
{
	if (strcmp(place, "stdout") == 0 || strcmp(place, "stderr") == 0)
		return 0;
	if (strstr(place, "..") == NULL &&
	    (strncmp(place, "/var/log/", strlen("/var/log/")) == 0 ||
	     is_log_of_data_folder(place, serving_data_dir(call->control))))
		return 0;
	call_refuse(err, ERROR_INVALID, "IllegalParam.Log", "Log",
		    "\"%.100s\" is neither below /var/log nor a .log of its own in the data folder",
		    place);
	return error_hint(err, "Use stdout, stderr, or a file below /var/log.");
}

static int check_base_url(const char *url, struct error *err)
{
	const char *host = strncmp(url, "http://", 7) == 0 ? url + 7 : NULL;

	/* Who checks a certificate of an https server may need the list for just that (RFC 5280
	 * section 8): plain HTTP only. It becomes an IA5String, with a path behind it. */
	if (host != NULL && host[0] != '\0' && host[0] != '/' &&
	    strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			 "-._~:/[]%") == strlen(host))
		return 0;
	call_refuse(err, ERROR_INVALID, "IllegalParam.PkiBaseUrl", "PkiBaseUrl",
		    "\"%.100s\" is no http:// address", url);
	return error_hint(err, "Write it like http://pki.example.com:9080, without ? and #.");
}

static int refuse_zones(const char *what, struct error *err)
{
	call_refuse(err, ERROR_INVALID, "IllegalParam.ZoneAddresses", "ZoneAddresses",
		    "\"%.100s\" is no zone with its addresses", what);
	return error_hint(err, "Write it like a=192.0.2.1,2001:db8::1; b=192.0.2.2");
}

static int check_zone(char *zone, struct error *err)
{
	char *addresses = strchr(zone, '='), *address, *rest;

	if (addresses == NULL || addresses == zone || addresses[1] == '\0')
		return refuse_zones(zone, err);
	*addresses++ = '\0';
	if (check_policy_name(zone) != NULL)
		return refuse_zones(zone, err);
	for (address = strtok_r(addresses, ",", &rest); address != NULL;
	     address = strtok_r(NULL, ",", &rest))
		if (text_address_parse(address).family == 0)
			return refuse_zones(address, err);
	return 0;
}

static int check_zones(const char *text, struct error *err)
{
	char *copy = memory_copy_string(text), *zone, *rest;
	int status = 0;

	for (zone = strtok_r(copy, "; ", &rest); zone != NULL && status == 0;
	     zone = strtok_r(NULL, "; ", &rest))
		status = check_zone(zone, err);
	free(copy);
	return status;
}

/* Nobody who asks for metrics proves who he is. */
static int check_metrics(const char *text, struct error *err)
{
	struct text_address address;
	int port;

	if (!text_address_port_parse(text, &address, &port) || text_address_is_loopback(&address))
		return 0;
	call_refuse(err, ERROR_INVALID, "IllegalParam.MetricsAddress", "MetricsAddress",
		    "\"%.100s\" is no loopback address", text);
	return error_hint(err, "Use 127.0.0.1:%d or unix:PATH, and a listener in front of it.", port);
}

static int check_value(struct call *call, const char *name, const char *text, struct error *err)
{
	if (strcmp(name, "DefaultSecurityPolicyId") == 0)
		return check_policy(call, text, err);
	if (strcmp(name, "Log") == 0)
		return check_log_place(call, text, err);
	if (strcmp(name, "PkiBaseUrl") == 0)
		return check_base_url(text, err);
	if (strcmp(name, "MetricsAddress") == 0)
		return check_metrics(text, err);
	if (strcmp(name, "ZoneAddresses") == 0)
		return check_zones(text, err);
	return 0;
}

struct changes {
	json_t *before, *after;
	bool serves;
};

/* value NULL: back to the default. */
static int put(struct call *call, const char *name, const char *value, bool serves,
	       struct changes *changes, struct error *err)
{
	char *old = store_setting(call->store, name);
	bool same = value == NULL ? old == NULL : old != NULL && strcmp(old, value) == 0;
	int status = 0;

	if (!same) {
		json_object_set_new(changes->before, name,
				    old != NULL ? json_string(old) : json_null());
		json_object_set_new(changes->after, name,
				    value != NULL ? json_string(value) : json_null());
		changes->serves |= serves;
		status = store_setting_put(call->store, name, value, err);
	}
	free(old);
	return status;
}

static int put_given(struct call *call, struct changes *changes, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(call->parameters, name, value) {
		bool serves;
		char *text;
		int status;

		if (settings_find(name, &serves) == NULL)
			continue;
		text = settings_from_json(value);
		status = check_value(call, name, text, err);
		if (status == 0)
			status = put(call, name, text, serves, changes, err);
		free(text);
		if (status < 0)
			return -1;
	}
	return 0;
}

static int reset_named(struct call *call, struct changes *changes, struct error *err)
{
	const json_t *names = call_value(call, "Reset");
	size_t i;

	for (i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		bool serves;

		if (settings_find(name, &serves) == NULL)
			return call_refuse(err, ERROR_INVALID, "IllegalParam.Reset", "Reset",
					   "there is no setting \"%.64s\"", name);
		if (put(call, name, NULL, serves, changes, err) < 0)
			return -1;
	}
	return 0;
}

static int note_changes(struct call *call, const struct changes *changes, struct error *err)
{
	int64_t revision;
	char text[24];

	if (json_object_size(changes->after) == 0)
		return 0;
	if (call_change(call, "settings", "settings", "Update", changes->serves, changes->before,
			changes->after, &revision, err) < 0)
		return -1;
	snprintf(text, sizeof(text), "%lld", (long long)revision);
	if (store_setting_put(call->store, REVISION_SETTING, text, err) < 0)
		return -1;
	return changes->serves ? call_job(call, "settings", "settings", revision, err) : 0;
}

int update_settings_run(struct call *call, struct error *err)
{
	struct changes changes = { json_object(), json_object(), false };
	int status = call_check_revision(call, current_revision(call->store), err);

	if (status == 0)
		status = put_given(call, &changes, err);
	if (status == 0)
		status = reset_named(call, &changes, err);
	if (status == 0)
		status = note_changes(call, &changes, err);
	json_decref(changes.before);
	json_decref(changes.after);
	return status;
}
