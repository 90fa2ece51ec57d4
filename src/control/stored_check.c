/*
 * One listener, group or policy with all that it needs, through the checks of the workers: so that one
 * bad resource never gets into a document.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/resolve.h"
#include "control/stored_internal.h"
#include "document/document.h"
#include "document/slots.h"
#include "model/manifest.h"
#include "stats/stats.h"
#include "x509/certificate.h"

/* "Listeners[0].IdleTimeout: is ..." -> place "IdleTimeout", message "IdleTimeout: is ...". The lists
 * of this small model mean nothing to anybody. */
static int reword(struct error *err)
{
	char message[sizeof(err->message)], place[sizeof(err->place)];
	const char *start = err->message, *end;

	while (isalpha((unsigned char)*start))
		start++;
	if (start == err->message || *start != '[')
		return -1;
	start = strchr(start, ']');
	if (start == NULL || (start[1] != '.' && start[1] != ':'))
		return -1;
	start += start[1] == '.' ? 2 : 3; /* "]." or "]: " */
	snprintf(message, sizeof(message), "%s", start);
	end = strstr(message, ": ");
	if (end != NULL && memchr(message, ' ', (size_t)(end - message)) == NULL) {
		snprintf(place, sizeof(place), "%.*s", (int)(end - message), message);
		error_place(err, "%s", place);
	}
	memcpy(err->message, message, sizeof(message));
	return -1;
}

static int check_keys(const struct model *model, struct error *err)
{
	size_t i;

	for (i = 0; i < model->certificate_count; i++) {
		const struct model_certificate *at = &model->certificates[i];
		struct certificate *leaf =
			certificate_parse(buffer_bytes(&at->chain_der.items[0]), err);
		int status = leaf == NULL
				     ? -1
				     : certificate_check_key(leaf, buffer_bytes(&at->key_der), err);

		certificate_free(leaf);
		if (status < 0) {
			error_symbol(err, "IllegalParam.CertificateIds");
			return error_place(err, "CertificateIds");
		}
	}
	return 0;
}

static int check_document(const struct model *model, struct error *err)
{
	struct slots *slots = slots_new(STATS_LISTENERS, STATS_SERVERS);
	struct buffer bytes = { 0 };
	struct document *document = NULL;
	int status = document_encode(model, 1, slots, &bytes, err);

	if (status == 0)
		document = document_decode(buffer_bytes(&bytes), err);
	if (document == NULL)
		status = -1;
	document_free(document);
	buffer_done(&bytes);
	slots_free(slots);
	return status;
}

static int check_all(struct model *model, int64_t now, struct error *err)
{
	model_index(model);
	if (model_check(model, NULL, err) < 0)
		return reword(err);
	if (check_keys(model, err) < 0 || resolve_model(model, NULL, now, NULL, err) < 0)
		return -1;
	return check_document(model, err);
}

/* --- what a listener needs --- */

static int add_one(struct stored_builder *builder, const char *kind, const char *id,
		   int (*add)(struct stored_builder *builder, const struct store_resource *row,
			      struct error *err),
		   const char *symbol, const char *property, struct error *err)
{
	struct store_resource row = { 0 };
	int found = store_resource_get(builder->store, kind, id, &row, err);
	int status;

	if (found < 0)
		return -1;
	if (found == 0) {
		error_set(err, ERROR_NOT_FOUND, "there is no %s \"%.80s\"", kind, id);
		error_symbol(err, symbol);
		return error_place(err, "%s", property);
	}
	status = add(builder, &row, err);
	store_resource_done(&row);
	return status;
}

static const char *text_of(const struct store_resource *row, const char *name)
{
	return json_string_value(json_object_get(row->body, name));
}

static int add_policy(struct stored_builder *builder, const char *id, struct error *err)
{
	if (id == NULL || model_find_policy(builder->model, id) != NULL)
		return 0;
	return add_one(builder, STORE_SECURITY_POLICY, id, stored_add_policy,
		       "ResourceNotFound.securitypolicy", "SecurityPolicyId", err);
}

static int add_needs(struct stored_builder *builder, const struct store_resource *row,
		     struct error *err)
{
	const char *group = text_of(row, "ServerGroupId");

	if (stored_add_settings(builder, err) < 0 ||
	    add_policy(builder, builder->model->settings.default_security_policy_id, err) < 0 ||
	    add_policy(builder, text_of(row, "SecurityPolicyId"), err) < 0 ||
	    add_one(builder, STORE_LOAD_BALANCER, row->parent, stored_add_balancer,
		    "ResourceNotFound.loadBalancer", "LoadBalancerId", err) < 0)
		return -1;
	return add_one(builder, STORE_SERVER_GROUP, group != NULL ? group : "", stored_add_group,
		       "ResourceNotFound.serverGroup", "ServerGroupId", err);
}

static int check_row(struct store *store, const struct store_resource *row, int64_t now,
		     struct error *err)
{
	struct stored_builder builder;
	int status;

	stored_builder_init(&builder, store);
	status = add_needs(&builder, row, err);
	if (status == 0)
		status = stored_add_listener(&builder, row, err);
	if (status == 0)
		status = check_all(builder.model, now, err);
	stored_builder_done(&builder);
	model_free(builder.model);
	return status;
}

int stored_check_listener(struct store *store, const char *id, int64_t now, struct error *err)
{
	struct store_resource row = { 0 };
	int found = store_resource_get(store, STORE_LISTENER, id, &row, err);
	int status;

	if (found == 0) {
		error_set(err, ERROR_NOT_FOUND, "there is no listener \"%.80s\"", id);
		return error_symbol(err, "ResourceNotFound.listener");
	}
	if (found < 0)
		return -1;
	status = check_row(store, &row, now, err);
	store_resource_done(&row);
	return status;
}

/* --- alone --- */

static int check_alone(struct store *store, const char *kind, const char *id,
		       int (*add)(struct stored_builder *builder, const struct store_resource *row,
				  struct error *err),
		       struct error *err)
{
	struct stored_builder builder;
	int status;

	stored_builder_init(&builder, store);
	status = add_one(&builder, kind, id, add, "ResourceNotFound", "", err);
	if (status == 0)
		status = check_all(builder.model, 0, err);
	stored_builder_done(&builder);
	model_free(builder.model);
	return status;
}

int stored_check_group(struct store *store, const char *id, struct error *err)
{
	return check_alone(store, STORE_SERVER_GROUP, id, stored_add_group, err);
}

int stored_check_balancer(struct store *store, const char *id, struct error *err)
{
	return check_alone(store, STORE_LOAD_BALANCER, id, stored_add_balancer, err);
}

int stored_check_policy(struct store *store, const char *id, struct error *err)
{
	return check_alone(store, STORE_SECURITY_POLICY, id, stored_add_policy, err);
}
