#include "cli/apply_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/monotime.h"
#include "control/resolve.h"
#include "control/stored_object.h"
#include "model/manifest.h"

/* Where guests of one kind sit. */
struct seats {
	enum running_kind kind;
	enum model_kind model_kind;
	void **items;
	size_t *count, size;
	size_t own; /* how many were there before */
};

#define SEATS 5

static void take_seats(struct model *model, struct seats seats[SEATS])
{
	const struct seats all[SEATS] = {
		{ RUNNING_BALANCERS, MODEL_LOAD_BALANCERS, (void **)&model->load_balancers,
		  &model->load_balancer_count, sizeof(*model->load_balancers), 0 },
		{ RUNNING_GROUPS, MODEL_SERVER_GROUPS, (void **)&model->server_groups,
		  &model->server_group_count, sizeof(*model->server_groups), 0 },
		{ RUNNING_POLICIES, MODEL_POLICIES, (void **)&model->policies, &model->policy_count,
		  sizeof(*model->policies), 0 },
		{ RUNNING_CERTIFICATES, MODEL_CERTIFICATES, (void **)&model->certificates,
		  &model->certificate_count, sizeof(*model->certificates), 0 },
		{ RUNNING_CAS, MODEL_CA_CERTIFICATES, (void **)&model->ca_certificates,
		  &model->ca_certificate_count, sizeof(*model->ca_certificates), 0 },
	};
	size_t i;

	memcpy(seats, all, sizeof(all));
	for (i = 0; i < SEATS; i++)
		seats[i].own = *seats[i].count;
}

static bool sits_already(const struct model *model, const struct seats *seats, const char *name)
{
	const struct resource *resource = running_words[seats->kind].resource;
	const struct field *field =
		resource_field(resource, running_words[seats->kind].name_member);
	size_t i;

	for (i = seats->own; i < *seats->count; i++) {
		char **text = field_member(field, (char *)*seats->items + i * seats->size);

		if (strcmp(*text, name) == 0)
			return true;
	}
	return model_find(model, seats->model_kind, name) != NULL;
}

/* What the running system says of it, under the name by which the manifest refers to it. */
static void seat(const struct running *running, struct seats *seats, const char *name,
		 const char *id)
{
	const struct running_words *words = &running_words[seats->kind];
	const json_t *row = running_row(running, seats->kind, id);
	json_t *values = row != NULL ? json_copy(json_object_get(row, "Values")) : json_object();
	struct error ignored;
	char *guest;

	*seats->items = memory_resize(*seats->items, (*seats->count + 1) * seats->size);
	guest = (char *)*seats->items + *seats->count * seats->size;
	memset(guest, 0, seats->size);
	json_object_set_new(values, words->name_member, json_string(name));
	/* Of certificates only the name is known here, and files are wanted: the name is enough. */
	if (stored_object(words->resource, values, guest, &ignored) < 0) {
		char **text;

		resource_init(words->resource, guest);
		text = field_member(resource_field(words->resource, words->name_member), guest);
		free(*text);
		*text = memory_copy_string(name);
	}
	json_decref(values);
	++*seats->count;
}

static int invite(struct model *model, struct running *running, struct seats *seats,
		  const char *name, struct error *err)
{
	json_t *id;

	if (name == NULL || sits_already(model, seats, name))
		return 0;
	id = running_resolve(running, seats->kind, name, err);
	if (id == NULL) /* without an error: the check says so, with the line */
		return err->code == ERROR_NONE ? 0 : -1;
	seat(running, seats, name, json_string_value(id));
	json_decref(id);
	return 0;
}

static int invite_all(struct model *model, struct running *running, struct seats *seats,
		      const struct model_strings *names, struct error *err)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (invite(model, running, seats, names->items[i], err) < 0)
			return -1;
	return 0;
}

static int invite_for(struct model *model, struct running *running, struct seats *seats,
		      const struct model_listener *listener, struct error *err)
{
	if (invite(model, running, &seats[0], listener->load_balancer, err) < 0 ||
	    invite(model, running, &seats[1], listener->server_group, err) < 0 ||
	    invite(model, running, &seats[2], listener->security_policy, err) < 0 ||
	    invite_all(model, running, &seats[3], &listener->certificates, err) < 0 ||
	    invite_all(model, running, &seats[3], &listener->additional_certificates, err) < 0)
		return -1;
	return invite_all(model, running, &seats[4], &listener->ca_certificates, err);
}

static void send_home(struct seats seats[SEATS])
{
	size_t i;

	for (i = 0; i < SEATS; i++) {
		while (*seats[i].count > seats[i].own)
			resource_done(running_words[seats[i].kind].resource,
				      (char *)*seats[i].items + --*seats[i].count * seats[i].size);
	}
}

struct model *apply_read(const char *path, struct model_warnings *warnings, struct error *err)
{
	return manifest_read(path, warnings, err);
}

/* What needs certificates of the running system to be told is left to its own checks. */
static int resolve_files(struct model *model, struct model_warnings *warnings, struct error *err)
{
	size_t listeners = model->listener_count;
	int status;

	model->listener_count = 0;
	status = resolve_model(model, NULL, walltime_s(), warnings, err);
	model->listener_count = listeners;
	return status;
}

int apply_check(struct model *model, struct running *running, struct model_warnings *warnings,
		struct error *err)
{
	struct seats seats[SEATS];
	int status = 0;
	size_t i;

	take_seats(model, seats);
	for (i = 0; status == 0 && i < model->listener_count; i++) {
		status = invite_for(model, running, seats, &model->listeners[i], err);
		if (status < 0)
			model_error_place(err, model->source, model->listeners[i].line);
	}
	if (status == 0)
		status = invite(model, running, &seats[2],
				model->settings.default_security_policy_id, err);
	model_index(model);
	if (status == 0)
		status = model_check(model, warnings, err);
	send_home(seats);
	model_index(model);
	return status < 0 ? -1 : resolve_files(model, warnings, err);
}
