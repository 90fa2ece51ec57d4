/* Names, tags, states: what changes of a certificate after it was made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "certs/pca.h"
#include "certs/revoke.h"
#include "control/certificate_ids.h"
#include "pki/crl_write.h"
#include "store/resource.h"

#define ALL_OURS (STORE_PRIVATE | STORE_OWN_CAS | STORE_PENDING_CA | STORE_OCSP_SIGNER)
#define RESOURCE_TYPE "PcaCertificate"
#define TAGS_MAX 20

static int find_ours(struct call *call, const char *id, struct store_certificate *ret_row,
		     struct error *err)
{
	if (pca_find(call->store, id, ALL_OURS, ret_row, err) < 0)
		return -1;
	if (pca_check_owner(call, ret_row, err) == 0)
		return 0;
	store_certificate_done(ret_row);
	return -1;
}

/* One change of the row: log, revision, row. */
static int put_changed(struct call *call, struct store_certificate *row, const char *act,
		       bool serves, const json_t *before, const json_t *after, struct error *err)
{
	if (call_change(call, STORE_CERTIFICATE, row->id, act, serves, before, after,
			&row->revision, err) < 0)
		return -1;
	return store_certificate_put(call->store, row, err);
}

/* --- UpdateCACertificateStatus --- */

int pca_UpdateCACertificateStatus(struct call *call, struct error *err)
{
	struct store_certificate row;
	int status;

	if (strcasecmp(call_text(call, "Status"), "REVOKE") != 0)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.Status", "Status",
				   "Status \"%.20s\" is not REVOKE; nothing else can be set",
				   call_text(call, "Status"));
	if (pca_find(call->store, call_text(call, "Identifier"), STORE_OWN_CAS, &row, err) < 0)
		return error_place(err, "Identifier");
	if (row.revoked || row.disabled)
		status = call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.CaCertificate",
				     "Identifier", "CA \"%.64s\" is revoked already",
				     row.common_name);
	else
		status = certs_revoke(call, &row, REVOKED_CESSATION_OF_OPERATION, err);
	store_certificate_done(&row);
	return status;
}

/* --- UpdatePcaCertificate --- */

/* The flag is part of what the key is sealed with: it is sealed again. */
static int forbid_export(struct call *call, struct store_certificate *row, struct error *err)
{
	struct buffer pkcs8 = { 0 };
	int status = store_key_get(call->store, row->id, &pkcs8, NULL, err);

	if (status == 1)
		status = store_key_put(call->store, row->id, false, buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	row->exportable = false;
	return status;
}

static int update(struct call *call, struct store_certificate *row, struct error *err)
{
	const char *name = call_text(call, "AliasName");
	bool exportable = call_boolean(call, "KeyExportable", row->exportable);
	json_t *before, *after;
	int status = 0;

	if (exportable && !row->exportable && row->has_key)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.KeyExportable",
				   "KeyExportable", "a key that may not leave stays so");
	before = json_pack("{s:s}", "AliasName", row->name != NULL ? row->name : "");
	/* KeyExportable alone leaves the name as it is */
	if (name != NULL || !call_has(call, "KeyExportable")) {
		free(row->name);
		row->name = memory_copy_string(name != NULL ? name : "");
	}
	after = json_pack("{s:s, s:b}", "AliasName", row->name != NULL ? row->name : "",
			  "KeyExportable", exportable);
	if (!exportable && row->exportable)
		status = forbid_export(call, row, err);
	if (status >= 0)
		status = put_changed(call, row, "Update", false, before, after, err);
	json_decref(before);
	json_decref(after);
	return status;
}

int pca_UpdatePcaCertificate(struct call *call, struct error *err)
{
	struct store_certificate row;
	int status;

	if (find_ours(call, call_text(call, "Identifier"), &row, err) < 0)
		return error_place(err, "Identifier");
	status = call_check_revision(call, row.revision, err);
	if (status == 0)
		status = update(call, &row, err);
	store_certificate_done(&row);
	return status;
}

/* --- members of the body --- */

static int set_member(struct call *call, const char *id, unsigned int roles, const char *name,
		      json_t *value, struct error *err)
{
	struct store_certificate row;
	json_t *before, *after;
	int status;

	if (find_ours(call, id, &row, err) < 0)
		return -1;
	if ((row.role & roles) == 0) {
		store_certificate_done(&row);
		return pca_not_found(err, "certificate", id);
	}
	before = json_pack("{s:O?}", name, json_object_get(row.body, name));
	after = json_pack("{s:O}", name, value);
	json_object_set(row.body, name, value);
	/* A column, because lists look for it. */
	row.in_cas = (row.role & STORE_PRIVATE) != 0 &&
		     json_integer_value(json_object_get(row.body, "UploadFlag")) != 0;
	status = put_changed(call, &row, "Update", false, before, after, err);
	json_decref(before);
	json_decref(after);
	store_certificate_done(&row);
	return status;
}

static int show_in_cas(struct call *call, const char *given, struct error *err)
{
	struct store_certificate row;
	json_t *one;
	int status = certs_find(call->store, given, &row, err);

	if (status != 1)
		return status < 0 ? -1 : pca_not_found(err, "certificate", given);
	one = json_integer(1);
	status = set_member(call, row.id, STORE_PRIVATE | STORE_OWN_CAS, "UploadFlag", one, err);
	json_decref(one);
	store_certificate_done(&row);
	return status;
}

int pca_UploadPcaCertToCas(struct call *call, struct error *err)
{
	char *copy = memory_copy_string(call_text(call, "Ids"));
	char *rest = copy;
	char *id;
	int status = 0;

	while (status == 0 && (id = strsep(&rest, ",")) != NULL) {
		id += strspn(id, " ");
		id[strcspn(id, " ")] = '\0';
		if (*id != '\0')
			status = show_in_cas(call, id, err);
	}
	free(copy);
	return status < 0 ? pca_blame(err, "Ids") : 0;
}

/* --- tags and groups --- */

static int check_type(struct call *call, struct error *err)
{
	const char *type = call_text(call, "ResourceType");

	if (type == NULL || type[0] == '\0' || strcasecmp(type, RESOURCE_TYPE) == 0)
		return 0;
	return call_refuse(err, ERROR_INVALID, "IllegalParam.ResourceType", "ResourceType",
			   "ResourceType \"%.40s\" is not " RESOURCE_TYPE, type);
}

int pca_MoveResourceGroup(struct call *call, struct error *err)
{
	if (check_type(call, err) < 0)
		return -1;
	if (set_member(call, call_text(call, "ResourceId"), ALL_OURS, "ResourceGroupId",
		       call_value(call, "ResourceGroupId"), err) < 0)
		return pca_blame(err, "ResourceId");
	return 0;
}

static int tag(struct call *call, const struct store_certificate *row, struct error *err)
{
	const json_t *tags = call_value(call, "Tag");
	json_t *all;
	size_t i, count;

	for (i = 0; i < json_array_size(tags); i++) {
		const json_t *item = json_array_get(tags, i);
		const char *value = json_string_value(json_object_get(item, "Value"));

		if (store_tag_put(call->store, STORE_CERTIFICATE, row->id,
				  json_string_value(json_object_get(item, "Key")),
				  value != NULL ? value : "", err) < 0)
			return -1;
	}
	all = store_tags(call->store, STORE_CERTIFICATE, row->id, err);
	if (all == NULL)
		return -1;
	count = json_array_size(all);
	json_decref(all);
	if (count > TAGS_MAX)
		return call_refuse(err, ERROR_LIMIT, "QuotaExceeded.Tag", "Tag",
				   "certificate %s would have %zu tags; %d are allowed", row->id,
				   count, TAGS_MAX);
	return 0;
}

static int untag(struct call *call, const struct store_certificate *row, struct error *err)
{
	const json_t *keys = call_value(call, "TagKey");
	size_t i;

	if (call_boolean(call, "All", false))
		return store_tag_delete(call->store, STORE_CERTIFICATE, row->id, NULL, err);
	for (i = 0; i < json_array_size(keys); i++)
		if (store_tag_delete(call->store, STORE_CERTIFICATE, row->id,
				     json_string_value(json_array_get(keys, i)), err) < 0)
			return -1;
	return 0;
}

static int each_resource(struct call *call, const char *act,
			 int (*change)(struct call *call, const struct store_certificate *row,
				       struct error *err),
			 struct error *err)
{
	const json_t *ids = call_value(call, "ResourceId");
	struct store_certificate row;
	int64_t ignored;
	int status = check_type(call, err);
	size_t i;

	for (i = 0; status == 0 && i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		if (find_ours(call, id, &row, err) < 0)
			return pca_blame(err, "ResourceId");
		status = change(call, &row, err);
		if (status == 0)
			status = call_change(call, STORE_CERTIFICATE, row.id, act, false, NULL,
					     NULL, &ignored, err);
		store_certificate_done(&row);
	}
	return status;
}

int pca_TagResources(struct call *call, struct error *err)
{
	return each_resource(call, "Tag", tag, err);
}

int pca_UntagResources(struct call *call, struct error *err)
{
	if (!call_has(call, "TagKey") && !call_boolean(call, "All", false))
		return call_refuse(err, ERROR_INVALID, "MissingParam.TagKey", "TagKey",
				   "neither TagKey nor All was given");
	return each_resource(call, "Untag", untag, err);
}

struct tag_list {
	json_t *list;
	int64_t skip, limit, seen;
};

static bool add_tag(void *arg, const char *id, const char *key, const char *value)
{
	struct tag_list *tags = arg;

	if (tags->seen++ >= tags->skip && json_array_size(tags->list) < (size_t)tags->limit)
		json_array_append_new(tags->list, json_pack("{s:s, s:s, s:s, s:s}", "ResourceId",
							    id, "ResourceType", RESOURCE_TYPE,
							    "TagKey", key, "TagValue", value));
	return true;
}

int pca_ListTagResources(struct call *call, struct error *err)
{
	struct tag_list tags = { .limit = call_max_results(call, 20) };
	char shown[32];

	if (check_type(call, err) < 0 || call_next_token(call, shown, sizeof(shown), err) < 0)
		return -1;
	tags.skip = strtoll(shown, NULL, 10);
	tags.list = json_array();
	json_object_set_new(call->reply, "TagResources", tags.list);
	if (store_tags_each(call->store, STORE_CERTIFICATE, call_value(call, "ResourceId"),
			    call_value(call, "Tag"), add_tag, &tags, err) < 0)
		return -1;
	json_object_set_new(call->reply, "TotalCount", json_integer(tags.seen));
	json_object_set_new(call->reply, "MaxResults", json_integer(tags.limit));
	if (tags.seen > tags.skip + tags.limit) {
		snprintf(shown, sizeof(shown), "%lld", (long long)(tags.skip + tags.limit));
		call_set_next_token(call, shown);
	}
	return 0;
}

int pca_AssignCertificateCount(struct call *call, struct error *err)
{
	(void)call;
	return call_refuse(
		err, ERROR_INVALID, "OperationDenied.CertificateCount", NULL,
		"certificates are not bought here: a CA issues as many as it is asked for");
}
