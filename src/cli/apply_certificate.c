/*
 * Certificates and CA certificates: compared by what is in the files, replaced in place.
 *
 * A certificate whose files changed keeps its name and id, so that listeners that use it go on, with the new
 * one from the next handshake. Self-issued certificates in a chain do not count: nobody sends them.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/apply.h"
#include "control/wording.h"
#include "pki/pem_write.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/pem.h"

#define BLOBS_MAX 64

struct blobs {
	struct buffer items[BLOBS_MAX];
	size_t count;
	bool without_roots;
};

static bool is_self_issued(struct bytes der)
{
	struct error ignored;
	struct certificate *certificate = certificate_parse(der, &ignored);
	bool is = certificate != NULL && certificate_is_self_issued(certificate);

	certificate_free(certificate);
	return is;
}

/* The first one always counts: it is the server's own, or the only CA. */
static int blobs_add(void *arg, struct bytes der, struct error *err)
{
	struct blobs *blobs = arg;

	(void)err;
	if (blobs->count == BLOBS_MAX ||
	    (blobs->without_roots && blobs->count > 0 && is_self_issued(der)))
		return 0;
	buffer_append(&blobs->items[blobs->count++], der.data, der.len);
	return 0;
}

static void blobs_done(struct blobs *blobs)
{
	while (blobs->count > 0)
		buffer_done(&blobs->items[--blobs->count]);
}

static bool blobs_have(const struct blobs *blobs, const struct buffer *der)
{
	size_t i;

	for (i = 0; i < blobs->count; i++)
		if (bytes_equal(buffer_bytes(&blobs->items[i]), buffer_bytes(der)))
			return true;
	return false;
}

static bool same_blobs(const struct blobs *a, const struct blobs *b)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (!blobs_have(b, &a->items[i]))
			return false;
	for (i = 0; i < b->count; i++)
		if (!blobs_have(a, &b->items[i]))
			return false;
	return a->count > 0 && b->count > 0 &&
	       (!a->without_roots ||
		bytes_equal(buffer_bytes(&a->items[0]), buffer_bytes(&b->items[0])));
}

static void wanted_blobs(const struct model_blobs *from, struct blobs *blobs)
{
	struct error ignored;
	size_t i;

	for (i = 0; i < from->count; i++)
		(void)blobs_add(blobs, buffer_bytes(&from->items[i]), &ignored);
}

static int present_blobs(const json_t *detail, struct blobs *blobs, struct error *err)
{
	const char *pem = session_text(detail, "Cert");
	struct bytes content = { (const uint8_t *)pem, strlen(pem) };

	return certificate_each_in_file(content, "Cert", blobs_add, blobs, err);
}

/* "CN=www,O=shop, ends 2027-01-15T08:00:00Z" */
static json_t *describe(const struct blobs *blobs)
{
	struct error ignored;
	struct certificate *first =
		blobs->count == 0 ? NULL
				  : certificate_parse(buffer_bytes(&blobs->items[0]), &ignored);
	char subject[256], when[WORDING_TIME_SIZE], text[400];

	if (first == NULL)
		return json_null();
	certificate_subject_text(first, subject, sizeof(subject));
	wording_time(certificate_not_after(first), when);
	snprintf(text, sizeof(text), "%s, ends %s, %zu in the chain", subject, when, blobs->count);
	certificate_free(first);
	return json_string(text);
}

/* --- the plan --- */

static json_t *fetch(const struct apply *apply, enum running_kind kind, const char *id,
		     struct error *err)
{
	const json_t *row = running_row(&apply->running, kind, id);
	json_t *number = json_object_get(json_object_get(row, "Values"), "CertId");

	if (kind == RUNNING_CERTIFICATES)
		return session_try(apply->session, "cas", "GetUserCertificateDetail",
				   json_pack("{s:O}", "CertId", number), err);
	return session_try(apply->session, "cas", "GetCACertificate",
			   json_pack("{s:s}", "Identifier", id), err);
}

static struct apply_step *plan_content(struct apply *apply, enum running_kind kind,
				       const char *name, const char *id, const struct blobs *wanted,
				       const struct blobs *present)
{
	struct apply_step *step =
		apply_add(apply, kind, id == NULL ? APPLY_CREATE : APPLY_UPDATE, name, id);

	if (!same_blobs(wanted, present))
		apply_add_change(step->changes, "Content", describe(present), describe(wanted));
	return step;
}

static void drop_last(struct apply *apply)
{
	struct apply_step *step = &apply->steps[apply->step_count - 1];

	if (step->act != APPLY_UPDATE || json_array_size(step->changes) > 0)
		return;
	free(step->name);
	free(step->id);
	json_decref(step->changes);
	apply->step_count--;
}

static int plan_certificate(struct apply *apply, const struct model_certificate *certificate,
			    struct error *err)
{
	const char *id = json_string_value(
		json_object_get(apply->running.ids[RUNNING_CERTIFICATES], certificate->name));
	struct blobs wanted = { .without_roots = true }, present = { .without_roots = true };
	json_t *detail = id == NULL ? NULL : fetch(apply, RUNNING_CERTIFICATES, id, err);
	int status = id != NULL && detail == NULL ? -1 : 0;

	wanted_blobs(&certificate->chain_der, &wanted);
	if (detail != NULL)
		status = present_blobs(detail, &present, err);
	if (status == 0) {
		plan_content(apply, RUNNING_CERTIFICATES, certificate->name, id, &wanted, &present)
			->from = certificate;
		drop_last(apply);
	}
	blobs_done(&wanted);
	blobs_done(&present);
	json_decref(detail);
	return status;
}

/* --- lists of a CA --- */

struct list_search {
	const json_t *known; /* Crls[] of the API */
	size_t missing;
};

/* A list is known by its dates: the API tells nothing else of it that a file has too. */
static int look_for_list(struct list_search *search, struct bytes der, struct error *err)
{
	char this_update[WORDING_TIME_SIZE];
	struct crl crl;
	size_t i;
	json_t *row;

	if (crl_parse(der, &crl, err) < 0)
		return -1;
	wording_time(crl.this_update, this_update);
	json_array_foreach(search->known, i, row)
	{
		if (strcmp(session_text(row, "ThisUpdate"), this_update) == 0)
			return 0;
	}
	search->missing++;
	return 0;
}

static int look_for_block(void *arg, const struct pem_block *block, struct error *err)
{
	if (!pem_label_is(block, "X509 CRL"))
		return 0;
	return look_for_list(arg, block->der, err);
}

/* How many lists of the files the CA does not have yet. */
static int count_missing(const struct model_ca_certificate *ca, const json_t *known,
			 size_t *ret_missing, struct error *err)
{
	struct list_search search = { .known = known };
	size_t i, blocks = 0;

	for (i = 0; i < ca->crl_count; i++) {
		const struct model_crl_file *file = &ca->crls[i];

		if (file->content.len == 0)
			continue; /* a warning said so */
		if (pem_each(buffer_bytes(&file->content), file->path, look_for_block, &search,
			     &blocks, err) < 0 ||
		    (blocks == 0 && look_for_list(&search, buffer_bytes(&file->content), err) < 0))
			return -1;
	}
	*ret_missing = search.missing;
	return 0;
}

static const char *profile_of(const struct model_ca_certificate *ca)
{
	return ca->chain_profile == MODEL_PROFILE_STRICT ? "Strict" : "Compatible";
}

static int plan_ca_details(struct apply_step *step, const struct model_ca_certificate *ca,
			   const json_t *detail, struct error *err)
{
	const char *profile = session_text(detail, "ChainProfile");
	size_t missing = 0;

	if (detail != NULL && strcmp(profile, profile_of(ca)) != 0)
		apply_add_change(step->changes, "ChainProfile", json_string(profile),
				 json_string(profile_of(ca)));
	if (count_missing(ca, json_object_get(detail, "Crls"), &missing, err) < 0)
		return -1;
	if (missing > 0)
		apply_add_change(step->changes, "CrlFiles", json_null(),
				 json_sprintf("%zu newer", missing));
	return 0;
}

static int plan_ca(struct apply *apply, const struct model_ca_certificate *ca, struct error *err)
{
	const char *id =
		json_string_value(json_object_get(apply->running.ids[RUNNING_CAS], ca->name));
	struct blobs wanted = { 0 }, present = { 0 };
	json_t *detail = id == NULL ? NULL : fetch(apply, RUNNING_CAS, id, err);
	struct apply_step *step;
	int status = id != NULL && detail == NULL ? -1 : 0;

	wanted_blobs(&ca->certs_der, &wanted);
	if (detail != NULL)
		status = present_blobs(detail, &present, err);
	if (status == 0) {
		step = plan_content(apply, RUNNING_CAS, ca->name, id, &wanted, &present);
		step->from = ca;
		status = plan_ca_details(step, ca, detail, err);
		drop_last(apply);
	}
	blobs_done(&wanted);
	blobs_done(&present);
	json_decref(detail);
	return status;
}

int apply_plan_certificates(struct apply *apply, struct error *err)
{
	const struct model *model = apply->model;
	size_t i;

	for (i = 0; i < model->certificate_count; i++)
		if (plan_certificate(apply, &model->certificates[i], err) < 0)
			return model_error_place(err, model->source, model->certificates[i].line);
	for (i = 0; i < model->ca_certificate_count; i++)
		if (plan_ca(apply, &model->ca_certificates[i], err) < 0)
			return model_error_place(err, model->source,
						 model->ca_certificates[i].line);
	return 0;
}

/* --- doing it --- */

static json_t *pem_of(const struct model_blobs *blobs)
{
	struct buffer text = { 0 };
	json_t *value;
	size_t i;

	for (i = 0; i < blobs->count; i++)
		pem_write(&text, "CERTIFICATE", buffer_bytes(&blobs->items[i]));
	value = json_stringn((const char *)text.data, text.len);
	buffer_done(&text);
	return value;
}

/* The text is wiped with the buffer; the value by its caller (session_try keeps none). */
static json_t *key_of(const struct model_certificate *certificate)
{
	struct buffer text = { 0 };
	json_t *value;

	pem_write(&text, "PRIVATE KEY", buffer_bytes(&certificate->key_der));
	value = json_stringn((const char *)text.data, text.len);
	buffer_done(&text);
	return value;
}

static json_t *tags(const struct apply *apply)
{
	return json_pack("[{s:s, s:s}]", "Key", APPLY_TAG, "Value", apply->owner);
}

static json_t *send_certificate(struct apply *apply, const struct apply_step *step,
				struct error *err)
{
	const struct model_certificate *certificate = step->from;
	json_t *key = key_of(certificate), *reply;
	json_t *parameters =
		json_pack("{s:o, s:O}", "Cert", pem_of(&certificate->chain_der), "Key", key);

	if (step->act == APPLY_CREATE) {
		json_object_set_new(parameters, "Name", json_string(step->name));
		json_object_set_new(parameters, "Tags", tags(apply));
		reply = session_try(apply->session, "cas", "UploadUserCertificate", parameters,
				    err);
	} else {
		const json_t *row = running_row(&apply->running, RUNNING_CERTIFICATES, step->id);

		json_object_set(parameters, "CertId",
				json_object_get(json_object_get(row, "Values"), "CertId"));
		reply = session_try(apply->session, "cas", "UpdateUserCertificate", parameters,
				    err);
	}
	memory_wipe((char *)(uintptr_t)json_string_value(key), json_string_length(key));
	json_decref(key);
	return reply;
}

static json_t *send_ca(struct apply *apply, const struct apply_step *step, struct error *err)
{
	const struct model_ca_certificate *ca = step->from;
	json_t *parameters = json_pack("{s:o, s:s}", "Cert", pem_of(&ca->certs_der), "ChainProfile",
				       profile_of(ca));

	if (step->act == APPLY_CREATE) {
		json_object_set_new(parameters, "Name", json_string(step->name));
		json_object_set_new(parameters, "Tags", tags(apply));
		return session_try(apply->session, "cas", "UploadCACertificate", parameters, err);
	}
	json_object_set_new(parameters, "Identifier", json_string(step->id));
	return session_try(apply->session, "cas", "UpdateCACertificate", parameters, err);
}

int apply_certificate(struct apply *apply, const struct apply_step *step, json_t **ret_reply,
		      struct error *err)
{
	json_t *reply = step->kind == RUNNING_CAS ? send_ca(apply, step, err)
						  : send_certificate(apply, step, err);

	if (reply == NULL)
		return -1;
	*ret_reply = reply;
	return 0;
}

static json_t *list_text(const struct buffer *content)
{
	struct buffer text = { 0 };
	json_t *value = json_stringn((const char *)content->data, content->len);

	if (value != NULL && content->len > 0 && memchr(content->data, '-', content->len) != NULL &&
	    content->data[0] != 0x30)
		return value;
	json_decref(value);
	pem_write(&text, "X509 CRL", buffer_bytes(content));
	value = json_stringn((const char *)text.data, text.len);
	buffer_done(&text);
	return value;
}

int apply_lists(struct apply *apply, const struct apply_step *step, struct error *err)
{
	const struct model_ca_certificate *ca = step->from;
	const char *id =
		json_string_value(json_object_get(apply->running.ids[RUNNING_CAS], step->name));
	size_t i;

	for (i = 0; i < ca->crl_count; i++) {
		json_t *reply;
		int status;

		if (ca->crls[i].content.len == 0)
			continue;
		reply = session_try(apply->session, "cas", "UploadCRL",
				    json_pack("{s:s, s:o}", "Identifier", id, "Crl",
					      list_text(&ca->crls[i].content)),
				    err);
		status = reply == NULL ? -1 : session_wait(apply->session, reply, err);
		json_decref(reply);
		if (status < 0)
			return -1;
	}
	return 0;
}
