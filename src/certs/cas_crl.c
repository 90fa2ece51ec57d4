/* UploadCRL, DeleteCRL, ListCRL */
#include "certs/cas_crl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/sha256.h"
#include "certs/cas.h"
#include "certs/facts.h"
#include "pki/oid.h"
#include "store/resource.h"
#include "x509/crl.h"
#include "x509/text.h"

#define ROLE STORE_UPLOADED_CA
#define NAME_SIZE 17

int crl_each_certificate(struct bytes chain, struct import *import, struct error *err)
{
	CBS cbs, one;
	int status = 0;

	CBS_init(&cbs, chain.data, chain.len);
	while (status == 0 && CBS_get_asn1_element(&cbs, &one, CBS_ASN1_SEQUENCE))
		status = import_add(import, cbs_bytes(&one), "Cert", NULL, err);
	return status;
}

/* --- one list --- */

/* Lists of one issuer and distribution point follow each other: they have one name. */
static void name_list(const struct crl *crl, char ret_name[NAME_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, crl->issuer.data, crl->issuer.len);
	sha256_update(&hash, crl->key_id.data, crl->key_id.len);
	sha256_update(&hash, crl->distribution_point.data, crl->distribution_point.len);
	sha256_final(&hash, digest);
	hex_encode((struct bytes){ digest, (NAME_SIZE - 1) / 2 }, ret_name);
}

static void count_entry(void *arg, struct bytes serial, int64_t when)
{
	(void)serial;
	(void)when;
	++*(int64_t *)arg;
}

static int refuse(struct error *err, const char *why)
{
	char reason[sizeof(err->message)];

	snprintf(reason, sizeof(reason), "%s", why);
	return call_refuse(err, ERROR_INVALID, "IllegalParam.Crl", "Crl", "the list is refused: %.220s",
			   reason);
}

/* The certificate that issued the list, of those of one entry. */
struct issuers {
	const struct crl *crl;
	bool named, signed_by;
	struct error why;
};

static void try_issuer(void *arg, const struct certificate *ca)
{
	struct issuers *issuers = arg;

	if (issuers->signed_by || !crl_names(issuers->crl, ca))
		return;
	issuers->named = true;
	issuers->signed_by = crl_check_signature(issuers->crl, ca, &issuers->why) == 0;
}

static struct issuers find_issuer(const struct crl *crl, const struct store_certificate *row)
{
	struct issuers issuers = { .crl = crl };

	facts_each(buffer_bytes(&row->der), try_issuer, &issuers);
	facts_each(buffer_bytes(&row->chain), try_issuer, &issuers);
	return issuers;
}

static int check_issuer(const struct crl *crl, const struct store_certificate *row,
			struct error *err)
{
	struct issuers issuers = find_issuer(crl, row);
	char *name;

	if (issuers.signed_by)
		return 0;
	if (issuers.named)
		return refuse(err, issuers.why.message);
	name = facts_common_name(crl->issuer);
	call_refuse(err, ERROR_INVALID, "IllegalParam.Crl", "Crl",
		    "the list is refused: it was issued by \"%.80s\", which is none of the certificates of "
		    "\"%.60s\"", name, row->name);
	free(name);
	return -1;
}

/* --- against the list before --- */

struct before {
	const char *name;
	bool found;
	struct buffer der;
};

static void keep_before(void *arg, const char *name, struct bytes der)
{
	struct before *before = arg;

	if (strcmp(name, before->name) != 0)
		return;
	before->found = true;
	buffer_done(&before->der);
	buffer_append(&before->der, der.data, der.len);
}

static int compare_numbers(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
}

static int check_order(const struct crl *crl, const struct before *before, struct error *err)
{
	struct crl old;

	if (!before->found || crl_parse(buffer_bytes(&before->der), &old, NULL) < 0)
		return 0;
	if (crl->this_update >= old.this_update && compare_numbers(crl->number, old.number) >= 0)
		return 0;
	call_refuse(err, ERROR_CONFLICT, "OperationDenied.OlderCrl", "Crl",
		    "the list is older than the one that is here: its %s goes back",
		    crl->this_update < old.this_update ? "thisUpdate" : "CRL number");
	return error_hint(err, "Force=true takes it all the same; what it does not name is no longer "
			  "revoked.");
}

/* RFC 5280 5.2.3 wants a number in every list. */
static int check_number(const struct crl *crl, const struct store_certificate *row,
			struct error *err)
{
	const char *profile = json_string_value(json_object_get(row->body, "ChainProfile"));

	if (crl->number.len > 0 || profile == NULL || strcasecmp(profile, "Strict") != 0)
		return 0;
	refuse(err, "it has no CRL number");
	return error_hint(err, "ChainProfile Compatible takes such lists.");
}

static int store_one(struct call *call, const struct store_certificate *row, struct bytes der,
		     bool force, json_t *ret_lists, struct error *err)
{
	struct before before = { 0 };
	char name[NAME_SIZE];
	struct error why = { 0 };
	int64_t entries = 0;
	struct crl crl;
	int status;

	if (crl_parse(der, &crl, &why) < 0 || crl_each_entry(&crl, count_entry, &entries, &why) < 0)
		return refuse(err, why.message);
	if (check_issuer(&crl, row, err) < 0 || check_number(&crl, row, err) < 0)
		return -1;
	name_list(&crl, name);
	before.name = name;
	status = store_foreign_crl_each(call->store, row->id, keep_before, &before, err);
	if (status == 0 && !force)
		status = check_order(&crl, &before, err);
	buffer_done(&before.der);
	if (status < 0 || store_foreign_crl_put(call->store, row->id, name, der, err) < 0)
		return -1;
	if (ret_lists != NULL)
		json_array_append_new(ret_lists, facts_describe_list(&crl, name));
	return 0;
}

int crl_store_all(struct call *call, const struct store_certificate *row,
		  const struct import *import, bool force, json_t *ret_lists, struct error *err)
{
	size_t i;

	for (i = 0; i < import->list_count; i++)
		if (store_one(call, row, buffer_bytes(&import->lists[i]), force, ret_lists, err) < 0)
			return -1;
	return 0;
}

struct strangers {
	const struct store_certificate *row;
	json_t *names;
};

static void note_stranger(void *arg, const char *name, struct bytes der)
{
	struct strangers *strangers = arg;
	struct crl crl;

	if (crl_parse(der, &crl, NULL) < 0 || !find_issuer(&crl, strangers->row).signed_by)
		json_array_append_new(strangers->names, json_string(name));
}

int crl_drop_strangers(struct call *call, const struct store_certificate *row, json_t *warnings,
		       struct error *err)
{
	struct strangers strangers = { row, json_array() };
	int status = store_foreign_crl_each(call->store, row->id, note_stranger, &strangers, err);
	json_t *name;
	size_t i;

	json_array_foreach(strangers.names, i, name) {
		if (status == 0)
			status = store_foreign_crl_delete(call->store, row->id,
							  json_string_value(name), err);
		json_array_append_new(warnings, json_sprintf("list %s was removed: none of the "
			"certificates issued it", json_string_value(name)));
	}
	json_decref(strangers.names);
	return status;
}

static void add_described(void *arg, const char *name, struct bytes der)
{
	struct crl crl;

	if (crl_parse(der, &crl, NULL) == 0)
		json_array_append_new(arg, facts_describe_list(&crl, name));
}

json_t *crl_list(struct store *store, const struct store_certificate *row, struct error *err)
{
	json_t *lists = json_array();

	if (store_foreign_crl_each(store, row->id, add_described, lists, err) == 0)
		return lists;
	json_decref(lists);
	return NULL;
}

/* --- the actions --- */

static int note_change(struct call *call, const struct store_certificate *row, const char *act,
		       const json_t *before, const json_t *after, struct error *err)
{
	int64_t revision;

	if (call_change(call, STORE_CERTIFICATE, row->id, act, true, before, after, &revision,
			err) < 0)
		return -1;
	return call_job(call, STORE_CERTIFICATE, row->id, revision, err);
}

static json_t *warn_of_age(const json_t *lists, int64_t now)
{
	json_t *warnings = json_array(), *list;
	char today[TEXT_TIME_SIZE];
	size_t i;

	text_time(now, today);
	json_array_foreach(lists, i, list) {
		const char *next = json_string_value(json_object_get(list, "NextUpdate"));

		if (next[0] != '\0' && strcmp(next, today) < 0)
			json_array_append_new(warnings, json_sprintf("list %s ended at %s: until a newer "
				"one comes, nobody of this CA is let in",
				json_string_value(json_object_get(list, "Name")), next));
	}
	return warnings;
}

static int upload_lists(struct call *call, const struct store_certificate *row, struct error *err)
{
	struct import *import = cas_import(call);
	json_t *lists = json_array();

	json_object_set_new(call->reply, "Crls", lists);
	if (import->list_count == 0)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.Crl", "Crl",
				   "there is no revocation list in Crl");
	if (crl_store_all(call, row, import, call_boolean(call, "Force", false), lists, err) < 0)
		return -1;
	json_object_set_new(call->reply, "Warnings", warn_of_age(lists, call->now));
	return note_change(call, row, "UploadCRL", NULL, lists, err);
}

int cas_upload_crl_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_id(call, "Identifier", ROLE, &row, err) < 0)
		return -1;
	status = upload_lists(call, &row, err);
	store_certificate_done(&row);
	return status;
}

static int delete_list(struct call *call, const struct store_certificate *row, struct error *err)
{
	const char *name = call_text(call, "Name");
	struct before before = { .name = name };
	json_t *old;
	int status;

	if (store_foreign_crl_each(call->store, row->id, keep_before, &before, err) < 0)
		return -1;
	buffer_done(&before.der);
	if (!before.found)
		return call_refuse(err, ERROR_NOT_FOUND, "NotFound", "Name",
				   "CA certificate \"%s\" has no list \"%s\"", row->id, name);
	if (store_foreign_crl_delete(call->store, row->id, name, err) < 0)
		return -1;
	old = json_pack("{s:s}", "Name", name);
	status = note_change(call, row, "DeleteCRL", old, NULL, err);
	json_decref(old);
	return status;
}

int cas_delete_crl_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_id(call, "Identifier", ROLE, &row, err) < 0)
		return -1;
	status = delete_list(call, &row, err);
	store_certificate_done(&row);
	return status;
}

int cas_list_crl_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	json_t *lists;

	if (cas_get_id(call, "Identifier", ROLE, &row, err) < 0)
		return -1;
	lists = crl_list(call->store, &row, err);
	store_certificate_done(&row);
	json_object_set_new(call->reply, "Crls", lists);
	return lists == NULL ? -1 : 0;
}
