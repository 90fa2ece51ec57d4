/* From what is wanted and what is there to the steps between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/apply.h"
#include "cli/manifest_values.h"
#include "model/policies.h"

struct apply_step *apply_add(struct apply *apply, enum running_kind kind, enum apply_act act,
			     const char *name, const char *id)
{
	struct apply_step *step;

	apply->steps = memory_resize(apply->steps, (apply->step_count + 1) * sizeof(*apply->steps));
	step = &apply->steps[apply->step_count++];
	*step = (struct apply_step){ .kind = kind,
				     .act = act,
				     .name = memory_copy_string(name),
				     .id = memory_copy_string(id),
				     .changes = json_array() };
	return step;
}

void apply_end(struct apply *apply)
{
	size_t i;

	for (i = 0; i < apply->step_count; i++) {
		struct apply_step *step = &apply->steps[i];

		free(step->name);
		free(step->id);
		json_decref(step->values);
		json_decref(step->changes);
	}
	free(apply->steps);
	running_done(&apply->running);
	model_free(apply->model);
}

/* --- references --- */

static bool is_made_here(const struct apply *apply, enum running_kind kind, const char *name)
{
	static const enum model_kind kinds[RUNNING_KINDS] = {
		[RUNNING_POLICIES] = MODEL_POLICIES,
		[RUNNING_CERTIFICATES] = MODEL_CERTIFICATES,
		[RUNNING_CAS] = MODEL_CA_CERTIFICATES,
		[RUNNING_GROUPS] = MODEL_SERVER_GROUPS,
		[RUNNING_BALANCERS] = MODEL_LOAD_BALANCERS,
	};

	return model_find(apply->model, kinds[kind], name) != NULL;
}

/* A name of the manifest is asked for by name only: it is no id, and not of the private CA. */
static json_t *resolve_one(struct apply *apply, enum running_kind kind, const char *name,
			   struct error *err)
{
	json_t *id = NULL;

	memset(err, 0, sizeof(*err));
	if (is_made_here(apply, kind, name)) {
		id = json_object_get(apply->running.ids[kind], name);
		return json_is_string(id) ? json_incref(id) : json_string(name);
	}
	id = running_resolve(&apply->running, kind, name, err);
	if (id == NULL && err->code == ERROR_NONE)
		error_set(err, ERROR_NOT_FOUND, "there is no %s \"%s\"", running_words[kind].title,
			  name);
	return id;
}

static int resolve_list(struct apply *apply, enum running_kind kind, json_t *list,
			struct error *err)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		json_t *id =
			resolve_one(apply, kind, json_string_value(json_array_get(list, i)), err);

		if (id == NULL)
			return -1;
		json_array_set_new(list, i, id);
	}
	return 0;
}

int apply_resolve(struct apply *apply, json_t *values, struct error *err)
{
	const struct running_reference *reference;

	for (reference = running_references; reference->property != NULL; reference++) {
		json_t *value = json_object_get(values, reference->property), *id;

		if (json_is_array(value) && resolve_list(apply, reference->kind, value, err) < 0)
			return -1;
		if (!json_is_string(value))
			continue;
		id = resolve_one(apply, reference->kind, json_string_value(value), err);
		if (id == NULL)
			return -1;
		json_object_set_new(values, reference->property, id);
	}
	return 0;
}

/* --- one resource --- */

static int check_changes(const struct apply *apply, const struct apply_step *step, int line,
			 struct error *err)
{
	size_t i;
	json_t *change;

	json_array_foreach(step->changes, i, change)
	{
		const char *property = session_text(change, "Property");

		if (apply_can_change(step->kind, property))
			continue;
		error_set(err, ERROR_CONFLICT,
			  "%s of %s \"%s\" cannot change any more: it was made otherwise", property,
			  running_words[step->kind].title, step->name);
		error_hint(err, "Give it another name in the manifest, or delete the old one.");
		return model_error_place(err, apply->model->source, line);
	}
	return 0;
}

/* Nothing differs: no step. */
static int plan_update(struct apply *apply, enum running_kind kind, const char *name,
		       const char *id, json_t *values, int line, struct error *err)
{
	struct apply_step *step = apply_add(apply, kind, APPLY_UPDATE, name, id);
	json_t *present = json_object_get(running_row(&apply->running, kind, id), "Values");
	json_t *wanted = json_deep_copy(values), *shown;
	int status = kind == RUNNING_LISTENERS ? apply_resolve(apply, wanted, err) : 0;

	step->values = values;
	if (status == 0) {
		apply_compare(wanted, present, "", step->changes);
		status = check_changes(apply, step, line, err);
	}
	json_decref(wanted);
	if (status == 0 && json_array_size(step->changes) == 0) {
		free(step->name);
		free(step->id);
		json_decref(step->values);
		json_decref(step->changes);
		apply->step_count--;
	} else if (status == 0 && kind == RUNNING_LISTENERS) {
		json_t *changed = step->changes, *one;
		size_t i;

		shown = json_deep_copy(present);
		running_name_references(&apply->running, shown);
		json_array_foreach(changed, i, one)
		{
			const char *property = session_text(one, "Property");
			json_t *was = json_object_get(shown, property);
			json_t *is = json_object_get(values, property);

			if (was != NULL && is != NULL) {
				json_object_set(one, "From", was);
				json_object_set(one, "To", is);
			}
		}
		json_decref(shown);
	}
	return status;
}

static void plan_create(struct apply *apply, enum running_kind kind, const char *name,
			json_t *values)
{
	struct apply_step *step = apply_add(apply, kind, APPLY_CREATE, name, NULL);

	step->values = values;
	apply_compare(values, NULL, "", step->changes);
}

/* The kind of a server has no meaning, and an API default of its own. */
static void drop_server_types(const struct apply *apply, const struct model_server_group *group,
			      json_t *values)
{
	json_t *servers = json_object_get(values, "Servers");
	size_t i;

	for (i = 0; i < group->server_count; i++) {
		json_t *server = json_array_get(servers, i);

		if (model_line_of(apply->model, &group->servers[i].type, 0) == 0)
			json_object_del(server, "ServerType");
		if (model_line_of(apply->model, &group->servers[i].server_id, 0) == 0)
			json_object_del(server, "ServerId");
	}
}

static int plan_named(struct apply *apply, enum running_kind kind, const void *object, int line,
		      struct error *err)
{
	const struct running_words *words = &running_words[kind];
	json_t *values = manifest_values(words->resource, object, true);
	const char *name = session_text(values, words->name_member);
	json_t *id = json_object_get(apply->running.ids[kind], name);

	if (kind == RUNNING_GROUPS)
		drop_server_types(apply, object, values);
	if (json_is_string(id))
		return plan_update(apply, kind, name, json_string_value(id), values, line, err);
	if (id == NULL)
		plan_create(apply, kind, name, manifest_values(words->resource, object, false));
	json_decref(values);
	if (id == NULL)
		return 0;
	error_set(err, ERROR_CONFLICT, "could not choose: there are several %s of that name",
		  words->section);
	return model_error_place(err, apply->model->source, line);
}

/* --- listeners --- */

static const char *find_listener(const struct apply *apply, const json_t *wanted)
{
	static const char *const identity[] = { "LoadBalancer", "ListenerProtocol", "ListenerPort",
						"StartPort", "EndPort" };
	size_t i, j;
	json_t *row;

	json_array_foreach(apply->running.lists[RUNNING_LISTENERS], i, row)
	{
		const json_t *values = json_object_get(row, "Values");
		bool is_range = json_integer_value(json_object_get(wanted, "ListenerPort")) == 0;

		for (j = 0; j < (is_range ? 5u : 3u); j++)
			if (!json_equal(json_object_get(wanted, identity[j]),
					json_object_get(values, identity[j])))
				break;
		if (j == (is_range ? 5u : 3u))
			return session_text(row, "Id");
	}
	return NULL;
}

static void listener_name(const struct model_listener *listener, char *ret_name, size_t size)
{
	if (listener->port != 0)
		snprintf(ret_name, size, "%s:%d", listener->load_balancer, (int)listener->port);
	else
		snprintf(ret_name, size, "%s:%d-%d", listener->load_balancer,
			 (int)listener->start_port, (int)listener->end_port);
}

/* What concerns TLS is not said of a listener that has none. */
static json_t *listener_values(const struct model_listener *listener, bool defaults)
{
	static const char *const tls_only[] = {
		"CertificateIds",   "AdditionalCertificateIds",
		"SecurityPolicyId", "CaEnabled",
		"CaCertificateIds", "CaMode",
		"CaDepth",	    "CaNamesAdvertised",
		"RevocationMode",   "RevocationCutsConnections",
		"AlpnEnabled",	    "AlpnPolicy",
	};
	json_t *values = manifest_values(&listener_resource, listener, defaults);
	size_t i;

	for (i = 0; listener->protocol == MODEL_TCP && i < sizeof(tls_only) / sizeof(tls_only[0]);
	     i++)
		json_object_del(values, tls_only[i]);
	return values;
}

static int plan_listener(struct apply *apply, const struct model_listener *listener,
			 struct error *err)
{
	json_t *values = listener_values(listener, true), *wanted = json_deep_copy(values);
	int status = apply_resolve(apply, wanted, err);
	const char *id = status == 0 ? find_listener(apply, wanted) : NULL;
	char name[200];

	listener_name(listener, name, sizeof(name));
	json_decref(wanted);
	if (status < 0) {
		json_decref(values);
		return model_error_place(err, apply->model->source, listener->line);
	}
	if (id != NULL)
		return plan_update(apply, RUNNING_LISTENERS, name, id, values, listener->line, err);
	json_decref(values);
	plan_create(apply, RUNNING_LISTENERS, name, listener_values(listener, false));
	return 0;
}

/* --- what goes --- */

/* The ids of all listeners that the manifest has, as keys; NULL on error. */
static json_t *wanted_listeners(struct apply *apply, struct error *err)
{
	json_t *ids = json_object();
	size_t i;

	for (i = 0; i < apply->model->listener_count; i++) {
		const struct model_listener *listener = &apply->model->listeners[i];
		json_t *wanted = manifest_values(&listener_resource, listener, true);
		json_t *balancer =
			resolve_one(apply, RUNNING_BALANCERS, listener->load_balancer, err);
		const char *id;

		if (balancer == NULL) {
			json_decref(wanted);
			json_decref(ids);
			return NULL;
		}
		json_object_set_new(wanted, "LoadBalancer", balancer);
		id = find_listener(apply, wanted);
		if (id != NULL)
			json_object_set_new(ids, id, json_true());
		json_decref(wanted);
	}
	return ids;
}

static void listener_row_name(const struct apply *apply, const json_t *row, char *ret_name,
			      size_t size)
{
	const json_t *values = json_object_get(row, "Values");

	snprintf(ret_name, size, "%s:%lld",
		 running_name(&apply->running, RUNNING_BALANCERS,
			      session_text(values, "LoadBalancer")),
		 (long long)json_integer_value(json_object_get(values, "ListenerPort")));
}

/* wanted: of wanted_listeners(), when it is about those. */
static void plan_deletes(struct apply *apply, enum running_kind kind, const json_t *wanted)
{
	size_t i;
	json_t *row;

	json_array_foreach(apply->running.lists[kind], i, row)
	{
		const char *id = session_text(row, "Id"), *bare = session_text(row, "Name");
		bool stays = wanted != NULL ? json_object_get(wanted, id) != NULL
					    : is_made_here(apply, kind, bare);
		char name[200];

		if (strcmp(session_text(row, "Owner"), apply->owner) != 0 || stays)
			continue;
		if (kind == RUNNING_LISTENERS)
			listener_row_name(apply, row, name, sizeof(name));
		else
			snprintf(name, sizeof(name), "%s", bare);
		apply_add(apply, kind, APPLY_DELETE, name, id)->values =
			json_incref(json_object_get(row, "Values"));
	}
}

static int plan_listener_deletes(struct apply *apply, struct error *err)
{
	json_t *wanted = wanted_listeners(apply, err);

	if (wanted == NULL)
		return -1;
	plan_deletes(apply, RUNNING_LISTENERS, wanted);
	json_decref(wanted);
	return 0;
}

/* --- all --- */

static int plan_policies(struct apply *apply, struct error *err)
{
	const struct model *model = apply->model;
	size_t i;

	for (i = POLICY_SYSTEM_COUNT; i < model->policy_count; i++)
		if (plan_named(apply, RUNNING_POLICIES, &model->policies[i],
			       model->policies[i].line, err) < 0)
			return -1;
	return 0;
}

static int plan_groups(struct apply *apply, struct error *err)
{
	const struct model *model = apply->model;
	size_t i;

	for (i = 0; i < model->server_group_count; i++)
		if (plan_named(apply, RUNNING_GROUPS, &model->server_groups[i],
			       model->server_groups[i].line, err) < 0)
			return -1;
	return 0;
}

static int plan_balancers(struct apply *apply, struct error *err)
{
	const struct model *model = apply->model;
	size_t i;

	for (i = 0; i < model->load_balancer_count; i++)
		if (plan_named(apply, RUNNING_BALANCERS, &model->load_balancers[i],
			       model->load_balancers[i].line, err) < 0)
			return -1;
	return 0;
}

/* Listeners go first: they hold ports and refer to everything else, which goes last. */
int apply_plan(struct apply *apply, bool prune, struct error *err)
{
	int kind;
	size_t i;

	if (prune && plan_listener_deletes(apply, err) < 0)
		return -1;
	if (plan_policies(apply, err) < 0 || apply_plan_settings(apply, err) < 0 ||
	    apply_plan_certificates(apply, err) < 0 || plan_groups(apply, err) < 0 ||
	    plan_balancers(apply, err) < 0)
		return -1;
	for (i = 0; i < apply->model->listener_count; i++)
		if (plan_listener(apply, &apply->model->listeners[i], err) < 0)
			return -1;
	for (kind = RUNNING_LISTENERS - 1; prune && kind >= 0; kind--)
		plan_deletes(apply, (enum running_kind)kind, NULL);
	return 0;
}
