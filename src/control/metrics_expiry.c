#include "control/metrics_expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/metrics_text.h"
#include "x509/certificate.h"
#include "x509/revocation.h"

void metrics_expiry_certificates(const struct document *document, int64_t now, struct buffer *out)
{
	static const char left[] = "certificate_expires_in_seconds";
	static const char at[] = "certificate_not_after_timestamp_seconds";
	uint32_t i;

	metrics_family(out, left, "gauge", "seconds until a server certificate expires");
	for (i = 0; i < document->certificate_count; i++)
		metrics_sample(out, left, (double)(document->certificates[i].not_after - now),
			       METRICS_LABELS("certificate", document->certificates[i].name));
	metrics_family(out, at, "gauge", "when a server certificate expires, since 1970");
	for (i = 0; i < document->certificate_count; i++)
		metrics_sample(out, at, (double)document->certificates[i].not_after,
			       METRICS_LABELS("certificate", document->certificates[i].name));
}

/* --- CA certificates: several listeners may have the same one --- */

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int order = memcmp(a.data, b.data, least);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_cas(const void *a, const void *b)
{
	const struct document_ca *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : compare_bytes(left->der, right->der);
}

/* Sorted, each once. */
static struct document_ca *collect_cas(const struct document *document, size_t *ret_count)
{
	struct document_ca *cas;
	size_t count = 0, kept = 0, i;
	uint32_t t, c;

	for (t = 0; t < document->trust_count; t++)
		count += document->trusts[t].ca_count;
	cas = memory_new((count + 1) * sizeof(*cas));
	count = 0;
	for (t = 0; t < document->trust_count; t++)
		for (c = 0; c < document->trusts[t].ca_count; c++)
			cas[count++] = document->trusts[t].cas[c];
	qsort(cas, count, sizeof(*cas), compare_cas);
	for (i = 0; i < count; i++)
		if (kept == 0 || compare_cas(&cas[kept - 1], &cas[i]) != 0)
			cas[kept++] = cas[i];
	*ret_count = kept;
	return cas;
}

static void ca_sample(const struct document_ca *ca, const char *name, int64_t less,
		      struct buffer *out)
{
	struct certificate *certificate = certificate_parse(ca->der, NULL);
	char subject[192], serial[2 * 32 + 1];
	struct bytes number;

	if (certificate == NULL)
		return;
	certificate_subject_text(certificate, subject, sizeof(subject));
	number = certificate_serial(certificate);
	number.len = number.len > 32 ? 32 : number.len;
	hex_encode(number, serial);
	metrics_sample(
		out, name, (double)(certificate_not_after(certificate) - less),
		METRICS_LABELS("ca_certificate", ca->name, "subject", subject, "serial", serial));
	certificate_free(certificate);
}

void metrics_expiry_cas(const struct document *document, int64_t now, struct buffer *out)
{
	static const char left[] = "ca_certificate_expires_in_seconds";
	static const char at[] = "ca_certificate_not_after_timestamp_seconds";
	size_t count, i;
	struct document_ca *cas = collect_cas(document, &count);

	metrics_family(out, left, "gauge", "seconds until a CA certificate expires");
	for (i = 0; i < count; i++)
		ca_sample(&cas[i], left, now, out);
	metrics_family(out, at, "gauge", "when a CA certificate expires, since 1970");
	for (i = 0; i < count; i++)
		ca_sample(&cas[i], at, 0, out);
	free(cas);
}

/* --- revocation lists --- */

enum list_value { LIST_LEFT, LIST_AT, LIST_USABLE, LIST_ENTRIES };

static const struct list_metric {
	enum list_value value;
	const char *name, *help;
} list_metrics[] = {
	{ LIST_USABLE, "crl_usable",
	  "0: the list is broken or stale, clients of the issuer are refused" },
	{ LIST_ENTRIES, "crl_entries", "certificates on the list" },
	{ LIST_LEFT, "crl_expires_in_seconds", "seconds until the list's nextUpdate" },
	{ LIST_AT, "crl_next_update_timestamp_seconds", "the list's nextUpdate, since 1970" },
};

static void list_sample(const struct list_metric *metric, const struct revocation_issuer *issuer,
			int64_t now, struct buffer *out)
{
	bool dated = !issuer->broken && issuer->next_update != 0;
	bool stale = dated && now > issuer->next_update + REVOCATION_GRACE_S;
	char key[2 * 8 + 1];
	const char *labels[] = { "issuer", issuer->name, "key", key, NULL };

	hex_encode((struct bytes){ issuer->key, 8 }, key);
	if (metric->value == LIST_USABLE)
		metrics_count(out, metric->name, !issuer->broken && !stale, labels);
	else if (metric->value == LIST_ENTRIES)
		metrics_count(out, metric->name, issuer->entries, labels);
	else if (dated)
		metrics_sample(
			out, metric->name,
			(double)(issuer->next_update - (metric->value == LIST_LEFT ? now : 0)),
			labels);
}

void metrics_expiry_lists(struct bytes revocation, int64_t now, struct buffer *out)
{
	struct revocation table;
	struct revocation_issuer issuer;
	size_t m, i;

	if (revocation.len == 0 || revocation_open(revocation, &table, NULL) < 0)
		return;
	for (m = 0; m < sizeof(list_metrics) / sizeof(list_metrics[0]); m++) {
		metrics_family(out, list_metrics[m].name, "gauge", list_metrics[m].help);
		for (i = 0; revocation_issuer(&table, i, &issuer); i++)
			list_sample(&list_metrics[m], &issuer, now, out);
	}
}
