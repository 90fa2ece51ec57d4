/* GetUserCertificateDetail */
#include <stdlib.h>
#include <string.h>
#include "certs/cas.h"
#include "certs/facts.h"
#include "store/resource.h"

struct chain_list {
	json_t *array;
	int64_t now;
};

static void add_to_chain(void *arg, const struct certificate *certificate)
{
	struct chain_list *list = arg;
	json_t *item = json_object();

	facts_set(item, "CommonName", facts_common_name(certificate_subject_der(certificate)));
	facts_set(item, "IssuerCommonName", facts_common_name(certificate_issuer_der(certificate)));
	json_object_set_new(item, "NotBefore",
			    json_integer(certificate_not_before(certificate) * 1000));
	json_object_set_new(item, "NotAfter",
			    json_integer(certificate_not_after(certificate) * 1000));
	json_object_set_new(item, "RemainDay",
			    json_integer(facts_days_left(certificate_not_after(certificate),
							 list->now)));
	json_array_append_new(list->array, item);
}

static void set_chain(struct call *call, const struct store_certificate *row)
{
	struct chain_list list = { json_array(), call->now };

	facts_each(buffer_bytes(&row->der), add_to_chain, &list);
	facts_each(buffer_bytes(&row->chain), add_to_chain, &list);
	json_object_set_new(call->reply, "CertChain", list.array);
}

static void set_from_body(json_t *reply, const struct store_certificate *row, const char *name)
{
	json_t *value = json_object_get(row->body, name);

	json_object_set(reply, name, value);
}

static void set_plain(struct call *call, const struct store_certificate *row)
{
	static const char *const empty[] = { "EncryptCert", "EncryptPrivateKey", "SignCert",
					     "SignPrivateKey" };
	json_t *reply = call->reply;
	size_t i;

	json_object_set_new(reply, "Id", json_integer(row->number));
	json_object_set_new(reply, "Name", json_string(row->name));
	json_object_set_new(reply, "CertIdentifier", json_string(row->id));
	json_object_set_new(reply, "Common", json_string(row->common_name));
	json_object_set_new(reply, "NotBefore", json_integer(row->not_before * 1000));
	json_object_set_new(reply, "NotAfter", json_integer(row->not_after * 1000));
	json_object_set_new(reply, "BuyInAliyun", json_false());
	json_object_set_new(reply, "OrderId", json_integer(0));
	json_object_set_new(reply, "Exportable", json_boolean(row->exportable));
	json_object_set_new(reply, "Revision", json_integer(row->revision));
	json_object_set_new(reply, "InstanceId", json_string(""));
	json_object_set_new(reply, "ResourceGroupId", json_string(""));
	set_from_body(reply, row, "ResourceGroupId");
	if (json_object_get(row->body, "ResourceId") != NULL)
		json_object_set(reply, "InstanceId", json_object_get(row->body, "ResourceId"));
	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		json_object_set_new(reply, empty[i], json_string(""));
}

/* What was said about the chain when it came, and about the certificate as of today. */
static void set_notes(struct call *call, const struct store_certificate *row,
		      const struct certificate *certificate)
{
	struct import_notes *notes = memory_new(sizeof(*notes));
	json_t *warnings = json_array(), *today;

	json_array_extend(warnings, json_object_get(row->body, "Warnings"));
	import_note_doubts(certificate, 0, true, call->now, notes);
	today = facts_notes(notes, true);
	json_array_extend(warnings, today);
	json_decref(today);
	free(notes);
	json_object_set_new(call->reply, "Warnings", warnings);
	json_object_set_new(call->reply, "Notes", json_array());
	set_from_body(call->reply, row, "Notes");
}

static int fill_reply(struct call *call, const struct store_certificate *row, struct error *err)
{
	struct certificate *certificate = certificate_parse(buffer_bytes(&row->der), err);
	json_t *tags = facts_tags(call->store, row->id, err);
	json_t *users = facts_used_by(call->store, row->id, err);

	if (certificate != NULL) {
		facts_describe(certificate, call->now, call->reply);
		set_plain(call, row);
		set_chain(call, row);
		set_notes(call, row, certificate);
	}
	json_object_set_new(call->reply, "Tags", tags);
	json_object_set_new(call->reply, "UsedBy", users);
	if (certificate == NULL || tags == NULL || users == NULL) {
		certificate_free(certificate);
		return -1;
	}
	certificate_free(certificate);
	json_object_set_new(call->reply, "Cert", json_string(""));
	json_object_set_new(call->reply, "Key", json_string(""));
	if (call_boolean(call, "CertFilter", false))
		return 0;
	json_object_set_new(call->reply, "Cert",
			    facts_pem(buffer_bytes(&row->der), buffer_bytes(&row->chain)));
	return cas_set_key(call, row, "Key", err);
}

int cas_detail_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_number(call, "CertId", STORE_UPLOADED | STORE_SERVER, &row, err) < 0)
		return -1;
	status = fill_reply(call, &row, err);
	store_certificate_done(&row);
	return status;
}
