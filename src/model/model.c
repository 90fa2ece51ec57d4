/* Life of a model, look-ups by name, lines, warnings. */
#include "model/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/name_index.h"
#include "model/fields.h"
#include "model/nearest.h"
#include "model/warnings.h"

/* Where the names of each kind are. */
static const struct {
	size_t items, count, stride, name; /* offsets: in struct model, and in the resource */
} kinds[MODEL_KINDS] = {
#define KIND(list, counter, type, member) \
	{ \
		offsetof(struct model, list), offsetof(struct model, counter), \
			sizeof(struct type), offsetof(struct type, member) \
	}
	[MODEL_LOAD_BALANCERS] =
		KIND(load_balancers, load_balancer_count, model_load_balancer, name),
	[MODEL_CERTIFICATES] = KIND(certificates, certificate_count, model_certificate, name),
	[MODEL_CA_CERTIFICATES] =
		KIND(ca_certificates, ca_certificate_count, model_ca_certificate, name),
	[MODEL_POLICIES] = KIND(policies, policy_count, model_security_policy, id),
	[MODEL_SERVER_GROUPS] = KIND(server_groups, server_group_count, model_server_group, name),
#undef KIND
};

struct model *model_new(void)
{
	struct model *model = memory_new(sizeof(*model));

	resource_init(&manifest_resource, model);
	return model;
}

static void drop_indexes(struct model *model)
{
	size_t i;

	for (i = 0; i < MODEL_KINDS; i++) {
		name_index_free(model->indexes[i]);
		model->indexes[i] = NULL;
	}
}

void model_free(struct model *model)
{
	if (model == NULL)
		return;
	drop_indexes(model);
	resource_done(&manifest_resource, model);
	free(model->source);
	free(model->lines);
	free(model);
}

static size_t count_of(const struct model *model, enum model_kind kind)
{
	size_t count;

	memcpy(&count, (const char *)model + kinds[kind].count, sizeof(count));
	return count;
}

static void *item_of(const struct model *model, enum model_kind kind, size_t i)
{
	char *items;

	memcpy(&items, (const char *)model + kinds[kind].items, sizeof(items));
	return items + i * kinds[kind].stride;
}

static const char *name_of(const struct model *model, enum model_kind kind, size_t i)
{
	const char *name;

	memcpy(&name, (char *)item_of(model, kind, i) + kinds[kind].name, sizeof(name));
	return name;
}

void model_index(struct model *model)
{
	enum model_kind kind;
	size_t i;

	drop_indexes(model);
	for (kind = 0; kind < MODEL_KINDS; kind++) {
		model->indexes[kind] = name_index_new();
		for (i = 0; i < count_of(model, kind); i++) {
			if (name_of(model, kind, i) != NULL)
				name_index_add(model->indexes[kind], name_of(model, kind, i),
					       (uint32_t)i);
		}
	}
}

void *model_find(const struct model *model, enum model_kind kind, const char *name)
{
	size_t i, count = count_of(model, kind);

	if (name == NULL)
		return NULL;
	if (model->indexes[kind] != NULL) {
		i = name_index_find(model->indexes[kind], name);
		return i == NAME_INDEX_NONE ? NULL : item_of(model, kind, i);
	}
	for (i = 0; i < count; i++) {
		if (name_of(model, kind, i) != NULL && strcmp(name_of(model, kind, i), name) == 0)
			return item_of(model, kind, i);
	}
	return NULL;
}

struct model_load_balancer *model_find_load_balancer(const struct model *model, const char *name)
{
	return model_find(model, MODEL_LOAD_BALANCERS, name);
}

struct model_certificate *model_find_certificate(const struct model *model, const char *name)
{
	return model_find(model, MODEL_CERTIFICATES, name);
}

struct model_ca_certificate *model_find_ca_certificate(const struct model *model, const char *name)
{
	return model_find(model, MODEL_CA_CERTIFICATES, name);
}

struct model_security_policy *model_find_policy(const struct model *model, const char *id)
{
	return model_find(model, MODEL_POLICIES, id);
}

struct model_server_group *model_find_server_group(const struct model *model, const char *name)
{
	return model_find(model, MODEL_SERVER_GROUPS, name);
}

const char *model_nearest(const struct model *model, enum model_kind kind, const char *name)
{
	struct nearest nearest = nearest_begin(name);
	size_t i;

	for (i = 0; i < count_of(model, kind); i++) {
		if (name_of(model, kind, i) != NULL)
			nearest_offer(&nearest, name_of(model, kind, i));
	}
	return nearest.best;
}

/* --- lines --- */

void model_line_add(struct model *model, const void *value, int line)
{
	size_t count = model->line_count;

	if ((count & (count - 1)) == 0)
		model->lines = memory_resize(model->lines, (count == 0 ? 1 : 2 * count) *
								   sizeof(model->lines[0]));
	model->lines[model->line_count++] = (struct model_line){ value, line };
}

int model_line_of(const struct model *model, const void *value, int otherwise)
{
	size_t i;

	for (i = 0; i < model->line_count; i++) {
		if (model->lines[i].value == value)
			return model->lines[i].line;
	}
	return otherwise;
}

int model_error_place(struct error *err, const char *source, int line)
{
	char number[16] = "";
	size_t len, room;

	if (err == NULL || source == NULL)
		return -1;
	if (line > 0)
		snprintf(number, sizeof(number), ":%d", line);
	len = strlen(source);
	room = sizeof(err->place) - 1 - strlen(number);
	if (len <= room)
		return error_place(err, "%s%s", source, number);
	return error_place(err, "...%s%s", source + len - room + 3, number);
}

/* --- warnings --- */

static void add_warning(struct model_warnings *warnings, const struct model *model, int line,
			enum warning_kind kind, const char *message)
{
	size_t count = warnings->count;
	struct model_warning *warning;

	if ((count & (count - 1)) == 0)
		warnings->items = memory_resize(warnings->items,
						(count == 0 ? 1 : 2 * count) * sizeof(*warning));
	warning = &warnings->items[warnings->count++];
	*warning = (struct model_warning){ .kind = kind };
	error_set(&warning->error, ERROR_INVALID, "%s", message);
	model_error_place(&warning->error, model->source, line);
}

static void add_formatted(struct model_warnings *warnings, const struct model *model, int line,
			  enum warning_kind kind, const char *format, va_list args)
{
	char message[256];

	if (warnings == NULL)
		return;
	vsnprintf(message, sizeof(message), format, args);
	add_warning(warnings, model, line, kind, message);
}

void model_warn(struct model_warnings *warnings, const struct model *model, int line,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_formatted(warnings, model, line, WARNING_PROBLEM, format, args);
	va_end(args);
}

void model_note(struct model_warnings *warnings, const struct model *model, int line,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_formatted(warnings, model, line, WARNING_NOTE, format, args);
	va_end(args);
}

void model_warn_hint(struct model_warnings *warnings, const char *hint)
{
	if (warnings != NULL && warnings->count > 0)
		error_hint(&warnings->items[warnings->count - 1].error, "%s", hint);
}

void model_warnings_done(struct model_warnings *warnings)
{
	free(warnings->items);
	*warnings = (struct model_warnings){ 0 };
}
