/* Certificates of listeners: found by any of their ids, added and removed for further names, listed. */
#include <stdio.h>
#include <string.h>
#include "base/bytes.h"
#include "control/certificate_ids.h"
#include "nlb/listener.h"
#include "nlb/shape.h"

#define ADDITIONAL "AdditionalCertificateIds"

/* --- ids --- */

/* A new reference to the store's own id; NULL on error. */
static json_t *resolve(struct call *call, const char *given, bool is_ca, struct error *err)
{
	struct store_certificate certificate = { 0 };
	int status = is_ca ? certs_resolve_ca(call->store, given, &certificate, err)
			   : certs_resolve_server(call->store, given, &certificate, err);
	json_t *id;

	if (status < 0)
		return NULL;
	id = json_string(certificate.id);
	store_certificate_done(&certificate);
	return id;
}

/* One that was given under two of its ids is meant once. */
static int add_resolved(struct call *call, json_t *resolved, const char *given,
			const char *property, size_t number, struct error *err)
{
	json_t *id = resolve(call, given, strcmp(property, "CaCertificateIds") == 0, err);

	if (id == NULL)
		return error_place(err, "%s.%zu", property, number);
	if (!shape_has_text(resolved, json_string_value(id)))
		json_array_append(resolved, id);
	json_decref(id);
	return 0;
}

int listener_resolve_list(struct call *call, json_t *body, const char *property, struct error *err)
{
	const json_t *given = json_object_get(body, property);
	json_t *resolved = json_array();
	size_t i;

	for (i = 0; i < json_array_size(given); i++)
		if (add_resolved(call, resolved, json_string_value(json_array_get(given, i)),
				 property, i + 1, err) < 0) {
			json_decref(resolved);
			return -1;
		}
	if (given == NULL)
		json_decref(resolved);
	else
		json_object_set_new(body, property, resolved);
	return 0;
}

int listener_resolve_ids(struct call *call, json_t *body, struct error *err)
{
	if (listener_resolve_list(call, body, "CertificateIds", err) < 0 ||
	    listener_resolve_list(call, body, ADDITIONAL, err) < 0)
		return -1;
	return listener_resolve_list(call, body, "CaCertificateIds", err);
}

/* --- the quota --- */

struct counting {
	const char *without;
	int64_t count;
};

static bool count_additional(void *arg, const struct store_resource *row)
{
	struct counting *counting = arg;

	if (strcmp(row->id, counting->without) != 0)
		counting->count += (int64_t)json_array_size(json_object_get(row->body, ADDITIONAL));
	return true;
}

int listener_check_additional(struct call *call, const struct nlb_edit *edit, struct error *err)
{
	struct store_filter filter = { .parent = edit->row.parent };
	struct counting counting = { .without = edit->row.id };
	size_t now = json_array_size(json_object_get(edit->row.body, ADDITIONAL));

	if (now <= json_array_size(json_object_get(edit->before, ADDITIONAL)))
		return 0; /* what is there may stay, also when the quota was lowered */
	if (store_resource_each(call->store, STORE_LISTENER, &filter, count_additional, &counting,
				err) < 0)
		return -1;
	return nlb_check_quota(
		call, "QuotaAdditionalCertificates", "nlb_quota_loadbalancer_certificates_num",
		counting.count + (int64_t)now, "additional certificates of one load balancer", err);
}

/* --- adding and removing --- */

static int refuse_certificate(const char *symbol, const char *id, const char *what, struct error *err)
{
	return call_refuse(err, ERROR_CONFLICT, symbol, ADDITIONAL, "certificate \"%.80s\" is %s",
			   id, what);
}

static json_t *additional_of(json_t *body)
{
	json_t *ids = json_object_get(body, ADDITIONAL);

	if (ids == NULL) {
		ids = json_array();
		json_object_set_new(body, ADDITIONAL, ids);
	}
	return ids;
}

static int check_tls(const struct nlb_edit *edit, struct error *err)
{
	if (listener_is_tls(edit->row.body))
		return 0;
	return call_refuse(err, ERROR_INVALID, "OperationDenied.Protocol", "ListenerId",
			   "listener \"%s\" is not a TCPSSL listener: it has no certificates",
			   edit->row.id);
}

static int associate(struct call *call, struct nlb_edit *edit, const char *given, struct error *err)
{
	json_t *ids = additional_of(edit->row.body);
	json_t *id = resolve(call, given, false, err);
	const char *text = json_string_value(id), *there = NULL;
	int status;

	if (id == NULL)
		return error_place(err, ADDITIONAL);
	if (shape_has_text(json_object_get(edit->row.body, "CertificateIds"), text))
		there = "the default certificate already";
	else if (shape_has_text(ids, text))
		there = "an additional certificate of the listener already";
	if (there != NULL)
		status = refuse_certificate("ResourceAlreadyAssociated.Certificate", text, there,
					    err);
	else
		status = json_array_append(ids, id);
	json_decref(id);
	return status;
}

static void remove_text(json_t *texts, const char *text)
{
	size_t i;

	for (i = json_array_size(texts); i > 0; i--)
		if (strcmp(json_string_value(json_array_get(texts, i - 1)), text) == 0)
			json_array_remove(texts, i - 1);
}

/* The certificate may be gone from the store: then its id is as it was given. */
static int stored_id(struct call *call, const char *given, char *ret_id, size_t size,
		     struct error *err)
{
	struct store_certificate certificate = { 0 };
	int found = certs_find(call->store, given, &certificate, err);

	if (found < 0)
		return -1;
	snprintf(ret_id, size, "%s", found == 1 ? certificate.id : given);
	if (found == 1)
		store_certificate_done(&certificate);
	return 0;
}

static int disassociate(struct call *call, struct nlb_edit *edit, const char *given,
			struct error *err)
{
	char id[256];

	if (stored_id(call, given, id, sizeof(id), err) < 0)
		return -1;
	if (shape_has_text(json_object_get(edit->row.body, "CertificateIds"), id))
		return refuse_certificate("OperationDenied.DefaultCertificateUsed", id,
					  "the default certificate", err);
	if (shape_has_text(json_object_get(edit->row.body, "CaCertificateIds"), id))
		return refuse_certificate("OperationDenied.CaCertificateUsed", id,
					  "a CA certificate", err);
	if (!shape_has_text(additional_of(edit->row.body), id))
		return refuse_certificate("ResourceNotAssociated.Certificate", id,
					  "no additional certificate of the listener", err);
	remove_text(json_object_get(edit->row.body, ADDITIONAL), id);
	return 0;
}

static int change(struct call *call,
		  int (*apply)(struct call *call, struct nlb_edit *edit, const char *given,
			       struct error *err),
		  struct error *err)
{
	const json_t *given = call_value(call, ADDITIONAL);
	struct nlb_edit edit;
	int status;
	size_t i;

	if (nlb_edit_named(call, STORE_LISTENER, "ListenerId", &edit, err) < 0)
		return -1;
	status = check_tls(&edit, err);
	for (i = 0; i < json_array_size(given) && status == 0; i++)
		status = apply(call, &edit, json_string_value(json_array_get(given, i)), err);
	if (status == 0)
		status = listener_save(call, &edit, err);
	if (status == 0)
		status = nlb_edit_job(call, &edit, err);
	nlb_edit_done(&edit);
	return status;
}

int nlb_AssociateAdditionalCertificatesWithListener(struct call *call, struct error *err)
{
	return change(call, associate, err);
}

int nlb_DisassociateAdditionalCertificatesWithListener(struct call *call, struct error *err)
{
	return change(call, disassociate, err);
}

/* --- the list --- */

static bool is_wanted(const struct call *call, const char *id, const char *type)
{
	const char *wanted = call_text(call, "CertType");
	const json_t *ids = nlb_list_of(call, "CertificateIds");

	return (wanted == NULL || strcmp(wanted, type) == 0) &&
	       (ids == NULL || shape_has_text(ids, id));
}

static void list_certificates(const struct call *call, const json_t *body, const char *property,
			      const char *type, bool is_default, json_t *list)
{
	const json_t *ids = json_object_get(body, property);
	const char *status = nlb_is_pending(call, body) ? "Associating" : "Associated";
	size_t i;

	for (i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		if (is_wanted(call, id, type))
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:b, s:s}", "CertificateId", id,
							"CertificateType", type, "IsDefault",
							is_default, "Status", status));
	}
}

static void add_ids(struct call *call)
{
	const json_t *list = json_object_get(call->reply, "Certificates");
	json_t *ids = json_array();
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		json_array_append(ids, json_object_get(json_array_get(list, i), "CertificateId"));
	json_object_set_new(call->reply, "CertificateIds", ids);
}

int nlb_ListListenerCertificates(struct call *call, struct error *err)
{
	struct store_resource row = { 0 };
	json_t *list = json_array();
	int status;

	if (nlb_get_named(call, STORE_LISTENER, "ListenerId", &row, err) < 0) {
		json_decref(list);
		return -1;
	}
	list_certificates(call, row.body, "CertificateIds", "Server", true, list);
	list_certificates(call, row.body, ADDITIONAL, "Server", false, list);
	list_certificates(call, row.body, "CaCertificateIds", "Ca", true, list);
	store_resource_done(&row);
	status = nlb_page(call, "Certificates", list, err);
	if (status == 0)
		add_ids(call);
	return status;
}
