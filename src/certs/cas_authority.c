/* UploadCACertificate, UploadPCACert, UpdateCACertificate, GetCACertificate: CAs of third parties. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "certs/cas.h"
#include "certs/cas_crl.h"
#include "certs/facts.h"
#include "store/resource.h"
#include "x509/trust.h"

#define ROLE STORE_UPLOADED_CA

static int take_authorities(struct call *call, const char *profile,
			    struct import_authorities *ret_authorities, struct error *err)
{
	struct import *import = cas_import(call);

	if (import_authorities(import, strcasecmp(profile, "Strict") == 0, call->now,
			       ret_authorities, err) < 0)
		return -1;
	json_object_set_new(call->reply, "Warnings", facts_notes(&import->notes, true));
	json_object_set_new(call->reply, "Notes", facts_notes(&import->notes, false));
	return 0;
}

static void fill(struct store_certificate *row, const struct import_authorities *authorities)
{
	const struct certificate *first = authorities->first;

	facts_fill(first, certificate_is_self_issued(first) ? first : NULL, row);
	buffer_done(&row->chain);
	buffer_append(&row->chain, authorities->others.data, authorities->others.len);
}

static int put(struct call *call, struct store_certificate *row, const char *act, bool serves,
	       const json_t *before, struct error *err)
{
	json_t *after = facts_summary(row);
	int status;

	json_object_set(after, "ChainProfile", json_object_get(row->body, "ChainProfile"));
	status = call_change(call, STORE_CERTIFICATE, row->id, act, serves, before, after,
			     &row->revision, err);
	json_decref(after);
	return status < 0 ? -1 : store_certificate_put(call->store, row, err);
}

static int store_new(struct call *call, const struct import_authorities *authorities,
		     const char *profile, struct error *err)
{
	struct store_certificate row = { .role = ROLE, .created_s = call->now };
	char id[37];
	int status;

	call_new_uuid(id);
	row.id = memory_copy_string(id);
	row.name = memory_copy_string(call_text(call, "Name"));
	row.body = json_pack("{s:s}", "ChainProfile", profile);
	fill(&row, authorities);
	status = put(call, &row, "Create", false, NULL, err);
	if (status == 0)
		status = cas_put_tags(call, row.id, err);
	if (status == 0)
		status = crl_store_all(call, &row, cas_import(call), false, NULL, err);
	if (status == 0) {
		json_object_set_new(call->reply, "Identifier", json_string(row.id));
		json_object_set_new(call->reply, "CertId", json_integer(row.number));
		json_object_set_new(call->reply, "Certificates",
				    json_integer((json_int_t)authorities->count));
	}
	store_certificate_done(&row);
	return status;
}

int cas_read_prepare(struct call *call, struct error *err)
{
	struct import *import = cas_import(call);

	import->size_max = IMPORT_LIST_SIZE_MAX;
	return cas_add(call, import, "Cert", err) < 0 ? -1 : cas_add(call, import, "Crl", err);
}

int cas_upload_ca_run(struct call *call, struct error *err)
{
	struct import_authorities authorities = { 0 };
	const char *profile = call_text(call, "ChainProfile");
	int status;

	if (profile == NULL)
		profile = "Compatible";
	if (cas_check_name(call, ROLE, NULL, err) < 0 ||
	    take_authorities(call, profile, &authorities, err) < 0)
		return -1;
	status = store_new(call, &authorities, profile, err);
	buffer_done(&authorities.others);
	return status;
}

/* --- in place --- */

/* The certificates that are there, for a stricter look at them. */
static int add_old_certificates(struct call *call, const struct store_certificate *row,
				struct error *err)
{
	struct import *import = cas_import(call);

	if (call_has(call, "Cert"))
		return 0;
	if (import_add(import, buffer_bytes(&row->der), "Cert", NULL, err) < 0)
		return -1;
	return row->chain.len == 0 ? 0 : crl_each_certificate(buffer_bytes(&row->chain), import, err);
}

static int update_row(struct call *call, struct store_certificate *row, struct error *err)
{
	struct import_authorities authorities = { 0 };
	const char *profile = call_text(call, "ChainProfile");
	json_t *before = facts_summary(row);
	int status;

	json_object_set(before, "ChainProfile", json_object_get(row->body, "ChainProfile"));
	if (profile != NULL)
		json_object_set_new(row->body, "ChainProfile", json_string(profile));
	profile = json_string_value(json_object_get(row->body, "ChainProfile"));
	status = add_old_certificates(call, row, err);
	if (status == 0)
		status = take_authorities(call, profile == NULL ? "Compatible" : profile, &authorities,
					  err);
	if (status == 0) {
		fill(row, &authorities);
		buffer_done(&authorities.others);
		if (call_has(call, "Name")) {
			free(row->name);
			row->name = memory_copy_string(call_text(call, "Name"));
		}
		status = put(call, row, "Update", true, before, err);
	}
	if (status == 0)
		status = crl_drop_strangers(call, row, json_object_get(call->reply, "Warnings"), err);
	if (status == 0)
		status = crl_store_all(call, row, cas_import(call), false, NULL, err);
	json_decref(before);
	return status;
}

int cas_update_ca_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_id(call, "Identifier", ROLE, &row, err) < 0)
		return -1;
	status = call_check_revision(call, row.revision, err);
	if (status == 0)
		status = cas_check_name(call, ROLE, row.id, err);
	if (status == 0)
		status = update_row(call, &row, err);
	if (status == 0) {
		json_object_set_new(call->reply, "Identifier", json_string(row.id));
		status = call_job(call, STORE_CERTIFICATE, row.id, row.revision, err);
	}
	store_certificate_done(&row);
	return status;
}

/* --- GetCACertificate --- */

struct members {
	json_t *array;
	const struct trust *trust;
	int64_t now;
};

static void add_member(void *arg, const struct certificate *certificate)
{
	struct members *members = arg;
	json_t *item = json_object();
	struct store_certificate row = { 0 };

	facts_describe_fully(certificate, members->now, item);
	facts_fill(certificate, NULL, &row);
	json_object_set_new(item, "IsAnchor",
			    json_boolean(trust_has_anchor(members->trust, row.sha256, NULL)));
	store_certificate_done(&row);
	json_array_append_new(members->array, item);
}

static int set_members(struct call *call, const struct store_certificate *row, struct error *err)
{
	struct import *import = cas_import(call);
	struct trust_ca cas[IMPORT_CERTIFICATES_MAX];
	struct members members = { .now = call->now };
	struct trust *trust;
	size_t i;

	if (add_old_certificates(call, row, err) < 0)
		return -1;
	for (i = 0; i < import->certificate_count; i++)
		cas[i] = (struct trust_ca){ certificate_der(import->certificates[i]), false, row->name };
	trust = trust_new(cas, import->certificate_count, err);
	if (trust == NULL)
		return -1;
	members.array = json_array();
	members.trust = trust;
	for (i = 0; i < import->certificate_count; i++) {
		add_member(&members, import->certificates[i]);
		import_note_doubts(import->certificates[i], i + 1, false, call->now, &import->notes);
	}
	trust_free(trust);
	json_object_set_new(call->reply, "Certificates", members.array);
	json_object_set_new(call->reply, "Warnings", facts_notes(&import->notes, true));
	return 0;
}

static int set_all(struct call *call, const struct store_certificate *row, struct error *err)
{
	json_t *tags = facts_tags(call->store, row->id, err);
	json_t *users = facts_used_by(call->store, row->id, err);
	json_t *lists = crl_list(call->store, row, err);

	json_object_set_new(call->reply, "Tags", tags);
	json_object_set_new(call->reply, "UsedBy", users);
	json_object_set_new(call->reply, "Crls", lists);
	if (tags == NULL || users == NULL || lists == NULL)
		return -1;
	json_object_set_new(call->reply, "Identifier", json_string(row->id));
	json_object_set_new(call->reply, "CertId", json_integer(row->number));
	json_object_set_new(call->reply, "Name", json_string(row->name));
	json_object_set_new(call->reply, "Revision", json_integer(row->revision));
	json_object_set(call->reply, "ChainProfile", json_object_get(row->body, "ChainProfile"));
	json_object_set_new(call->reply, "Cert",
			    facts_pem(buffer_bytes(&row->der), buffer_bytes(&row->chain)));
	return set_members(call, row, err);
}

int cas_get_ca_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_id(call, "Identifier", ROLE, &row, err) < 0)
		return -1;
	status = set_all(call, &row, err);
	store_certificate_done(&row);
	return status;
}
