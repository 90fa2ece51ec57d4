/* Settings of a manifest that a running system can take; what only a start can is told. */
#include <stdio.h>
#include <string.h>

#include "cli/apply.h"
#include "cli/manifest_values.h"

static const char *const changeable[] = { "DefaultSecurityPolicyId", "Log", "LogFormat",
					  "MetricsAddress", "ShutdownTimeout" };

static bool is_changeable(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(changeable) / sizeof(changeable[0]); i++)
		if (strcmp(changeable[i], name) == 0)
			return true;
	return false;
}

/* Only what the manifest says: the settings of a system are more than those of a manifest. */
static json_t *given_settings(const struct apply *apply)
{
	const struct model_settings *settings = &apply->model->settings;
	json_t *values = manifest_values(&settings_resource, settings, true);
	size_t i;

	for (i = 0; i < settings_resource.field_count; i++) {
		const struct field *field = &settings_resource.fields[i];
		const char *member = (const char *)settings + field->offset;

		if (model_line_of(apply->model, member, 0) == 0) {
			json_object_del(values, field->name);
		} else if (!is_changeable(field->name)) {
			fprintf(stderr,
				"sallyport: note: Settings.%s is an option of sallyportd's start: it is "
				"left alone\n",
				field->name);
			json_object_del(values, field->name);
		}
	}
	return values;
}

/* Values come as texts. */
static json_t *present_settings(const json_t *reply)
{
	json_t *values = json_object(), *row;
	size_t i;

	json_array_foreach(json_object_get(reply, "Settings"), i, row)
		json_object_set(values, session_text(row, "Name"), json_object_get(row, "Value"));
	return values;
}

static bool same_as_text(const json_t *wanted, const json_t *present)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(wanted));
	if (json_is_integer(wanted) && json_is_string(present))
		return strcmp(digits, json_string_value(present)) == 0;
	return json_equal(wanted, present);
}

static void compare(const json_t *wanted, const json_t *present, json_t *changes)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)wanted, name, value)
	{
		json_t *now = json_object_get(present, name);

		if (!same_as_text(value, now))
			apply_add_change(changes, name, json_incref(now), json_incref(value));
	}
}

/* A policy of one's own is named by its id. */
static int resolve_policy(struct apply *apply, json_t *values, struct error *err)
{
	const char *name = json_string_value(json_object_get(values, "DefaultSecurityPolicyId"));
	json_t *id;

	if (name == NULL)
		return 0;
	id = running_resolve(&apply->running, RUNNING_POLICIES, name, err);
	if (id == NULL && err->code != ERROR_NONE)
		return -1;
	if (id != NULL)
		json_object_set_new(values, "DefaultSecurityPolicyId", id);
	return 0;
}

int apply_plan_settings(struct apply *apply, struct error *err)
{
	json_t *values = given_settings(apply), *reply, *present, *changes;
	int status = resolve_policy(apply, values, err);

	if (status < 0 || json_object_size(values) == 0) {
		json_decref(values);
		return status;
	}
	reply = session_try(apply->session, "sallyport", "GetSettings", NULL, err);
	present = present_settings(reply);
	changes = json_array();
	compare(values, present, changes);
	if (reply != NULL && json_array_size(changes) > 0) {
		struct apply_step *step = apply_add(apply, RUNNING_KINDS, APPLY_UPDATE, "", "");

		step->values = json_incref(values);
		json_decref(step->changes);
		step->changes = json_incref(changes);
	}
	status = reply == NULL ? -1 : 0;
	json_decref(changes);
	json_decref(present);
	json_decref(reply);
	json_decref(values);
	return status;
}
