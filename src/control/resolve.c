#include "control/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "control/resolve_certificate.h"
#include "control/wording.h"
#include "x509/certificate.h"
#include "x509/revocation.h"
#include "x509/trust.h"

/* --- CA certificates --- */

struct ca_reading {
	const struct model *model;
	struct model_ca_certificate *entry;
	struct model_warnings *warnings;
	int64_t now;
};

static void warn_about_ca_dates(const struct ca_reading *reading,
				const struct certificate *certificate)
{
	char subject[128], when[WORDING_TIME_SIZE];
	int64_t not_after = certificate_not_after(certificate);
	int64_t not_before = certificate_not_before(certificate);

	if (reading->now <= not_after && reading->now >= not_before)
		return;
	certificate_subject_text(certificate, subject, sizeof(subject));
	wording_time(reading->now > not_after ? not_after : not_before, when);
	model_warn(reading->warnings, reading->model, reading->entry->line,
		   "CA certificate \"%s\" (%s) %s %s: clients that it issued are refused",
		   reading->entry->name, subject,
		   reading->now > not_after ? "expired on" : "is not valid before", when);
	model_warn_hint(reading->warnings,
			"Renew the CA certificate, or check the clock of this machine.");
}

static int add_ca(void *arg, struct bytes der, struct error *err)
{
	struct ca_reading *reading = arg;
	struct model_blobs *blobs = &reading->entry->certs_der;
	struct certificate *certificate = certificate_parse(der, err);
	char subject[128];

	if (certificate == NULL)
		return -1;
	if (!certificate_is_ca(certificate)) {
		certificate_subject_text(certificate, subject, sizeof(subject));
		certificate_free(certificate);
		error_set(err, ERROR_INVALID, "certificate %zu (%s) is no CA certificate",
			  blobs->count + 1, subject);
		return error_hint(
			err, "Give the certificate of the CA that issued the clients'; it must "
			     "be version 3 with CA:TRUE in its basic constraints.");
	}
	warn_about_ca_dates(reading, certificate);
	certificate_free(certificate);
	blobs->items = memory_resize(blobs->items, (blobs->count + 1) * sizeof(*blobs->items));
	memset(&blobs->items[blobs->count], 0, sizeof(*blobs->items));
	buffer_append(&blobs->items[blobs->count++], der.data, der.len);
	return 0;
}

static int resolve_ca(const struct model *model, struct model_ca_certificate *entry, int64_t now,
		      struct model_warnings *warnings, struct error *err)
{
	struct ca_reading reading = { model, entry, warnings, now };

	if (entry->cert_file == NULL) /* from the store, resolved already */
		return 0;
	if (certificate_each_in_file(buffer_bytes(&entry->cert_pem), "CertFile", add_ca, &reading,
				     err) == 0)
		return 0;
	wording_wrap_error(err, "could not use CA certificate \"%s\" from %s", entry->name,
			   entry->cert_file);
	return model_error_place(err, model->source,
				 model_line_of(model, &entry->cert_file, entry->line));
}

/* --- the trust of a listener --- */

static void warn_about_names(const struct model *model, const struct model_listener *listener,
			     struct model_warnings *warnings)
{
	model_warn(
		warnings, model, listener->line,
		"the names of the CA certificates are too long together to be sent to clients; none "
		"is sent");
	model_warn_hint(warnings, "Set CaNamesAdvertised: false, or use fewer CA certificates.");
}

static int try_trust(const struct model *model, const struct model_listener *listener,
		     struct model_warnings *warnings, struct error *err)
{
	struct trust_ca *cas = NULL;
	struct trust *trust;
	size_t count = 0, i, j;

	for (i = 0; i < listener->ca_certificates.count; i++) {
		const struct model_ca_certificate *entry =
			model_find_ca_certificate(model, listener->ca_certificates.items[i]);

		if (entry == NULL) /* model_check() has said so */
			continue;
		cas = memory_resize(cas, (count + entry->certs_der.count) * sizeof(*cas));
		for (j = 0; j < entry->certs_der.count; j++)
			cas[count++] = (struct trust_ca){
				.der = buffer_bytes(&entry->certs_der.items[j]),
				.strict = entry->chain_profile == MODEL_PROFILE_STRICT,
				.name = entry->name,
			};
	}
	trust = trust_new(cas, count, err);
	free(cas);
	if (trust != NULL && listener->ca_names_advertised && !trust_subjects_fit(trust))
		warn_about_names(model, listener, warnings);
	trust_free(trust);
	if (trust != NULL)
		return 0;
	return model_error_place(err, model->source, listener->line);
}

static bool strings_equal(const struct model_strings *a, const struct model_strings *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool uses_trust(const struct model_listener *listener)
{
	return listener->protocol == MODEL_TCPSSL && listener->ca_enabled;
}

static int try_trusts(const struct model *model, struct model_warnings *warnings, struct error *err)
{
	const struct model_listener *before = NULL;
	size_t i;

	for (i = 0; i < model->listener_count; i++) {
		const struct model_listener *listener = &model->listeners[i];

		if (!uses_trust(listener))
			continue;
		/* Many listeners in a row with the same CAs are common; once is enough. */
		if (before != NULL &&
		    strings_equal(&before->ca_certificates, &listener->ca_certificates))
			continue;
		if (try_trust(model, listener, warnings, err) < 0)
			return -1;
		before = listener;
	}
	return 0;
}

/* An additional certificate is chosen by its names alone. */
static void warn_about_nameless(const struct model *model, struct model_warnings *warnings)
{
	size_t i, j;

	for (i = 0; i < model->listener_count; i++) {
		const struct model_strings *ids = &model->listeners[i].additional_certificates;

		for (j = 0; j < ids->count; j++) {
			const struct model_certificate *certificate =
				model_find_certificate(model, ids->items[j]);

			if (certificate == NULL || certificate->names.count > 0)
				continue;
			model_warn(
				warnings, model, model->listeners[i].line,
				"additional certificate \"%s\" has no DNS name, so no client is ever "
				"served with it",
				ids->items[j]);
			model_warn_hint(warnings,
					"Issue it with a DNS name in its subjectAltName.");
		}
	}
}

int resolve_model(struct model *model, const struct model *old, int64_t now,
		  struct model_warnings *warnings, struct error *err)
{
	size_t i;

	for (i = 0; i < model->certificate_count; i++)
		if (resolve_certificate(model, &model->certificates[i], old, now, warnings, err) <
		    0)
			return -1;
	for (i = 0; i < model->ca_certificate_count; i++)
		if (resolve_ca(model, &model->ca_certificates[i], now, warnings, err) < 0)
			return -1;
	if (try_trusts(model, warnings, err) < 0)
		return -1;
	warn_about_nameless(model, warnings);
	return 0;
}

/* --- revocation --- */

static struct bytes *ders_of(const struct model_ca_certificate *entry)
{
	struct bytes *ders = memory_new((entry->certs_der.count + 1) * sizeof(*ders));
	size_t i;

	for (i = 0; i < entry->certs_der.count; i++)
		ders[i] = buffer_bytes(&entry->certs_der.items[i]);
	return ders;
}

static void warn_broken(const struct model *model, const struct model_ca_certificate *entry,
			const struct model_crl_file *crl, const struct error *why,
			struct model_warnings *warnings)
{
	model_warn(warnings, model, model_line_of(model, &crl->path, entry->line),
		   "CA certificate \"%s\": %s", entry->name, why->message);
	model_warn_hint(warnings,
			why->hint[0] != '\0'
				? why->hint
				: "Clients of its issuer are refused until a good list is there.");
}

static void add_lists(struct revocation_builder *builder, const struct model *model,
		      const struct model_ca_certificate *entry, struct model_warnings *warnings)
{
	struct bytes *ders = ders_of(entry);
	size_t i;

	for (i = 0; i < entry->crl_count; i++) {
		const struct model_crl_file *crl = &entry->crls[i];
		struct error why = { 0 };

		/* An unreadable file has been warned about when it was read. */
		if (crl->why.code != ERROR_NONE)
			revocation_builder_add_unreadable(builder, ders, entry->certs_der.count);
		else if (revocation_builder_add(builder, crl->path, buffer_bytes(&crl->content),
						ders, entry->certs_der.count, &why) < 0)
			warn_broken(model, entry, crl, &why, warnings);
	}
	free(ders);
}

static void warn_stale(const struct model *model, struct bytes table_bytes, int64_t now,
		       struct model_warnings *warnings)
{
	struct revocation table;
	struct revocation_issuer issuer;
	struct error ignored;
	char when[WORDING_TIME_SIZE];
	size_t i;

	if (revocation_open(table_bytes, &table, &ignored) < 0)
		return;
	for (i = 0; revocation_issuer(&table, i, &issuer); i++) {
		if (issuer.broken || issuer.next_update == 0 ||
		    now <= issuer.next_update + REVOCATION_GRACE_S)
			continue;
		wording_time(issuer.next_update, when);
		model_warn(
			warnings, model, 0,
			"the revocation list of %s should have been replaced by %s, so clients of this "
			"issuer are refused",
			issuer.name, when);
		model_warn_hint(warnings, "Fetch the current list and reload.");
	}
}

int resolve_revocation(const struct model *model, int64_t now, struct model_warnings *warnings,
		       struct buffer *ret_bytes, struct error *err)
{
	struct revocation_builder *builder = revocation_builder_new();
	size_t i;
	int result;

	for (i = 0; i < model->ca_certificate_count; i++)
		if (model->ca_certificates[i].crl_count > 0)
			add_lists(builder, model, &model->ca_certificates[i], warnings);
	result = revocation_builder_finish(builder, ret_bytes, err);
	revocation_builder_free(builder);
	if (result == 0)
		warn_stale(model, buffer_bytes(ret_bytes), now, warnings);
	return result;
}

static bool same_ders(const struct model_blobs *a, const struct model_blobs *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!bytes_equal(buffer_bytes(&a->items[i]), buffer_bytes(&b->items[i])))
			return false;
	return true;
}

static bool same_lists(const struct model_ca_certificate *a, const struct model_ca_certificate *b)
{
	size_t i;

	if (a->crl_count != b->crl_count)
		return false;
	if (a->crl_count == 0)
		return true;
	if (!bytes_equal(buffer_bytes(&a->cert_pem), buffer_bytes(&b->cert_pem)) ||
	    !same_ders(&a->certs_der, &b->certs_der))
		return false;
	for (i = 0; i < a->crl_count; i++)
		/* A broken list is built again, so that its warning is given again. */
		if (a->crls[i].why.code != ERROR_NONE || b->crls[i].why.code != ERROR_NONE ||
		    !bytes_equal(buffer_bytes(&a->crls[i].content),
				 buffer_bytes(&b->crls[i].content)))
			return false;
	return true;
}

bool resolve_same_revocation(const struct model *a, const struct model *b)
{
	size_t i;

	if (a->ca_certificate_count != b->ca_certificate_count)
		return false;
	for (i = 0; i < a->ca_certificate_count; i++)
		if (!same_lists(&a->ca_certificates[i], &b->ca_certificates[i]))
			return false;
	return true;
}
