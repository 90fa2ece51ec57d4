/* UploadUserCertificate, UpdateUserCertificate: what came is read in a job thread, stored in ours. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/cas.h"
#include "certs/facts.h"
#include "control/settings.h"
#include "store/resource.h"

#define ROLE STORE_UPLOADED

int cas_upload_prepare(struct call *call, struct error *err)
{
	static const char *const sm2[] = { "SignCert", "SignPrivateKey", "EncryptCert",
					   "EncryptPrivateKey" };
	struct import *import = cas_import(call);
	size_t i;

	for (i = 0; i < sizeof(sm2) / sizeof(sm2[0]); i++)
		if (call_text(call, sm2[i]) != NULL && call_text(call, sm2[i])[0] != '\0') {
			char symbol[64];

			snprintf(symbol, sizeof(symbol), "IllegalParam.%s", sm2[i]);
			return call_refuse(err, ERROR_INVALID, symbol, sm2[i],
					   "SM2 certificates are not offered: TLS here has no suites for "
					   "them");
		}
	if (cas_add(call, import, "Cert", err) < 0 || cas_add(call, import, "Key", err) < 0)
		return -1;
	return 0;
}

static int take_server(struct call *call, struct import_server *ret_server, struct error *err)
{
	struct import *import = cas_import(call);

	if (!call_has(call, "Cert"))
		return call_refuse(err, ERROR_INVALID, "MissingParam.Cert", "Cert",
				   "Cert is missing: the certificate in PEM");
	return import_server(import, ret_server, err);
}

/* The row keeps what was said about the chain; dates and strength are looked at again when asked for. */
static void set_notes(struct call *call, struct store_certificate *row,
		      const struct certificate *leaf)
{
	struct import *import = cas_import(call);

	if (row->body == NULL)
		row->body = json_object();
	json_object_set_new(row->body, "Warnings", facts_notes(&import->notes, true));
	json_object_set_new(row->body, "Notes", facts_notes(&import->notes, false));
	import_note_doubts(leaf, 0, true, call->now, &import->notes);
	json_object_set_new(call->reply, "Warnings", facts_notes(&import->notes, true));
	json_object_set_new(call->reply, "Notes", facts_notes(&import->notes, false));
}

/* Columns that come from the certificate; the issuer is the first of the chain. */
static void fill(struct store_certificate *row, const struct import_server *server,
		 const struct import *import)
{
	const struct certificate *issuer = NULL;
	size_t i;

	for (i = 0; i < import->certificate_count; i++) {
		struct bytes der = certificate_der(import->certificates[i]);

		if (server->chain.len >= der.len &&
		    memcmp(server->chain.data, der.data, der.len) == 0)
			issuer = import->certificates[i];
	}
	facts_fill(server->leaf, issuer, row);
	buffer_done(&row->chain);
	buffer_append(&row->chain, server->chain.data, server->chain.len);
}

static void new_resource_id(char ret_id[24])
{
	char id[32];

	call_new_id("", id, sizeof(id));
	snprintf(ret_id, 24, "cas-upload-%.6s", id);
}

/* Number and the ids that are made of it. */
static int name_row(struct call *call, struct store_certificate *row, struct error *err)
{
	char *region = settings_text(call->store, "Region");
	char id[96], resource[24];

	if (store_certificate_number(call->store, &row->number, err) < 0) {
		free(region);
		return -1;
	}
	snprintf(id, sizeof(id), "%lld-%.64s", (long long)row->number, region);
	free(region);
	row->id = memory_copy_string(id);
	new_resource_id(resource);
	json_object_set_new(row->body, "ResourceId", json_string(resource));
	json_object_set_new(call->reply, "CertId", json_integer(row->number));
	json_object_set_new(call->reply, "ResourceId", json_string(resource));
	json_object_set_new(call->reply, "CertIdentifier", json_string(id));
	return 0;
}

static int put(struct call *call, struct store_certificate *row, const char *act, bool serves,
	       const json_t *before, struct error *err)
{
	json_t *after = facts_summary(row);
	int status = call_change(call, STORE_CERTIFICATE, row->id, act, serves, before, after,
				 &row->revision, err);

	json_decref(after);
	return status < 0 ? -1 : store_certificate_put(call->store, row, err);
}

static int store_new(struct call *call, const struct import_server *server, struct error *err)
{
	const char *group = call_text(call, "ResourceGroupId");
	struct store_certificate row = { .role = ROLE, .created_s = call->now };
	int status = -1;

	row.name = memory_copy_string(call_text(call, "Name"));
	fill(&row, server, cas_import(call));
	set_notes(call, &row, server->leaf);
	if (group != NULL)
		json_object_set_new(row.body, "ResourceGroupId", json_string(group));
	if (name_row(call, &row, err) == 0 && put(call, &row, "Create", false, NULL, err) == 0 &&
	    store_key_put(call->store, row.id, call_boolean(call, "Exportable", true),
			  server->pkcs8, err) == 0)
		status = cas_put_tags(call, row.id, err);
	store_certificate_done(&row);
	return status;
}

int cas_upload_run(struct call *call, struct error *err)
{
	struct import_server server = { 0 };
	int status;

	if (cas_check_name(call, ROLE, NULL, err) < 0 || take_server(call, &server, err) < 0)
		return -1;
	status = store_new(call, &server, err);
	buffer_done(&server.chain);
	return status;
}

/* --- in place --- */

/* The key that is here, for a new certificate that was made for it. */
static int add_old_key(struct call *call, const struct store_certificate *row, struct error *err)
{
	struct import *import = cas_import(call);
	struct buffer pkcs8 = { 0 };
	int found;

	if (import->key_count > 0)
		return 0;
	found = store_key_get(call->store, row->id, &pkcs8, NULL, err);
	if (found == 1)
		found = import_add_key(import, buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	return found < 0 ? -1 : 0;
}

/* The store looks whether a key belongs to the row: the row comes first. */
static int replace(struct call *call, struct store_certificate *row, const json_t *before,
		   struct error *err)
{
	bool exportable = row->exportable && call_boolean(call, "Exportable", true);
	struct import_server server = { 0 };
	int status;

	if (add_old_key(call, row, err) < 0 || take_server(call, &server, err) < 0)
		return -1;
	fill(row, &server, cas_import(call));
	set_notes(call, row, server.leaf);
	status = put(call, row, "Update", true, before, err);
	if (status == 0)
		status = store_key_put(call->store, row->id, exportable, server.pkcs8, err);
	buffer_done(&server.chain);
	return status;
}

/* Without a new certificate: another name, or a key that must not leave any more. */
static int change(struct call *call, struct store_certificate *row, const json_t *before,
		  struct error *err)
{
	struct buffer pkcs8 = { 0 };
	int status = 0;

	if (row->exportable && !call_boolean(call, "Exportable", true)) {
		status = store_key_get(call->store, row->id, &pkcs8, NULL, err);
		if (status == 1)
			status = store_key_put(call->store, row->id, false, buffer_bytes(&pkcs8), err);
		buffer_done(&pkcs8);
	}
	return status < 0 ? -1 : put(call, row, "Update", false, before, err);
}

static int check_update(const struct call *call, const struct store_certificate *row,
			struct error *err)
{
	if (call_boolean(call, "Exportable", false) && !row->exportable)
		return call_refuse(err, ERROR_DENIED, "OperationDenied.KeyNotExportable", "Exportable",
				   "the key of certificate \"%s\" was made not exportable, and stays so",
				   row->id);
	if (call_has(call, "Key") && !call_has(call, "Cert"))
		return call_refuse(err, ERROR_INVALID, "MissingParam.Cert", "Cert",
				   "a new key needs its certificate: Cert is missing");
	return 0;
}

static int update_row(struct call *call, struct store_certificate *row, struct error *err)
{
	json_t *before = facts_summary(row);
	int status;

	if (call_has(call, "Name")) {
		free(row->name);
		row->name = memory_copy_string(call_text(call, "Name"));
	}
	status = call_has(call, "Cert") ? replace(call, row, before, err) :
					  change(call, row, before, err);
	json_decref(before);
	return status;
}

int cas_update_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_number(call, "CertId", ROLE, &row, err) < 0)
		return -1;
	status = call_check_revision(call, row.revision, err);
	if (status == 0)
		status = cas_check_name(call, ROLE, row.id, err);
	if (status == 0)
		status = check_update(call, &row, err);
	if (status == 0)
		status = update_row(call, &row, err);
	if (status == 0) {
		json_object_set_new(call->reply, "CertId", json_integer(row.number));
		status = call_job(call, STORE_CERTIFICATE, row.id, row.revision, err);
	}
	store_certificate_done(&row);
	return status;
}
