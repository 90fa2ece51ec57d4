#include "certs/publisher_internal.h"

#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/monotime.h"
#include "certs/pca.h"
#include "control/serving.h"
#include "pki/key.h"
#include "x509/certificate_internal.h"

/* One a process, as there is one control. */
static struct publisher *the_publisher;

/* --- finding --- */

struct published_ca *publisher_find(struct publisher *publisher, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < publisher->count; i++)
		if (memcmp(publisher->cas[i]->key, key, REVOCATION_KEY_SIZE) == 0)
			return publisher->cas[i];
	return NULL;
}

struct published_ca *publisher_find_key_id(struct publisher *publisher, const char *key_id)
{
	size_t i;

	for (i = 0; i < publisher->count; i++)
		if (publisher->cas[i]->is_seen && strcmp(publisher->cas[i]->key_id, key_id) == 0)
			return publisher->cas[i];
	return NULL;
}

static bool is_meant(const struct published_ca *ca, const struct ocsp_id *id)
{
	struct bytes sha1[] = { { ca->name_sha1, 20 }, { ca->key_sha1, 20 } };
	struct bytes sha256[] = { { ca->name_sha256, 32 }, { ca->key_sha256, 32 } };
	const struct bytes *hashes = id->hash == OCSP_HASH_SHA1 ? sha1 : sha256;

	return ca->is_seen && bytes_equal(hashes[0], id->name_hash) &&
	       bytes_equal(hashes[1], id->key_hash);
}

struct published_ca *publisher_find_issuer(struct publisher *publisher, const struct ocsp_id *id)
{
	size_t i;

	for (i = 0; id->hash != OCSP_HASH_UNKNOWN && i < publisher->count; i++)
		if (is_meant(publisher->cas[i], id))
			return publisher->cas[i];
	return NULL;
}

/* --- reading the CAs --- */

static void find_key_id(struct published_ca *ca)
{
	const ASN1_OCTET_STRING *found = X509_get0_subject_key_id(ca->certificate->x509);
	uint8_t computed[KEY_ID_SIZE] = { 0 };
	struct bytes id = { computed, sizeof(computed) };

	if (found != NULL && ASN1_STRING_length(found) > 0)
		id = (struct bytes){ ASN1_STRING_get0_data(found),
				     (size_t)ASN1_STRING_length(found) };
	else
		(void)!key_id(ca->certificate->key, computed);
	if (id.len > PUBLISHED_KEY_ID_SIZE / 2)
		id.len = PUBLISHED_KEY_ID_SIZE / 2;
	hex_encode(id, ca->key_id);
}

static void find_hashes(struct published_ca *ca)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(ca->certificate->x509);
	struct bytes name = certificate_subject_der(ca->certificate);
	const uint8_t *key = ASN1_STRING_get0_data(bits);
	size_t len = (size_t)ASN1_STRING_length(bits);

	SHA1(name.data, name.len, ca->name_sha1);
	SHA1(key, len, ca->key_sha1);
	SHA256(name.data, name.len, ca->name_sha256);
	SHA256(key, len, ca->key_sha256);
}

static struct published_ca *new_ca(struct publisher *publisher, const uint8_t *key)
{
	struct published_ca *ca = memory_new(sizeof(*ca));

	memcpy(ca->key, key, sizeof(ca->key));
	ca->list.fd = -1;
	ca->is_new = true;
	publisher->cas =
		memory_resize(publisher->cas, (publisher->count + 1) * sizeof(*publisher->cas));
	publisher->cas[publisher->count++] = ca;
	return ca;
}

/* Of several certificates for one key - a CA that was renewed - the one that begins last, and rather one
 * whose key is here. */
static bool is_better(const struct published_ca *ca, const struct store_certificate *row)
{
	if (!ca->is_seen || row->has_key != ca->has_key)
		return !ca->is_seen || row->has_key;
	return row->not_before > certificate_not_before(ca->certificate);
}

static bool take_ca(void *arg, const struct store_certificate *row)
{
	struct publisher *publisher = arg;
	struct published_ca *ca = publisher_find(publisher, row->subject_key);
	struct certificate *certificate = certificate_parse(buffer_bytes(&row->der), NULL);

	if (certificate == NULL)
		return true;
	if (ca == NULL)
		ca = new_ca(publisher, row->subject_key);
	if (!is_better(ca, row)) {
		certificate_free(certificate);
		return true;
	}
	certificate_free(ca->certificate);
	ca->certificate = certificate;
	ca->is_seen = true;
	ca->has_key = row->has_key;
	snprintf(ca->id, sizeof(ca->id), "%s", row->id);
	ca->crl_days = json_integer_value(json_object_get(row->body, "CrlDay"));
	buffer_done(&ca->chain);
	buffer_append(&ca->chain, row->chain.data, row->chain.len);
	find_key_id(ca);
	find_hashes(ca);
	return true;
}

static void read_cas(struct publisher *publisher)
{
	struct store_certificate_filter filter = { .roles = STORE_OWN_CAS, .revoked = -1 };
	struct store *store = serving_store(publisher->control);
	int64_t revision = store_revision(store);
	size_t i;

	if (revision == publisher->revision)
		return;
	for (i = 0; i < publisher->count; i++)
		publisher->cas[i]->is_seen = false;
	if (store_certificate_each(store, &filter, take_ca, publisher, NULL) == 0)
		publisher->revision = revision;
	for (i = 0; i < publisher->count; i++) {
		struct published_ca *ca = publisher->cas[i];

		if (!ca->is_new)
			continue;
		ca->is_new = false;
		publish_list_load(publisher, ca);
		publish_signer_load(publisher, ca, walltime_s());
	}
}

int published_open_key(struct publisher *publisher, const struct published_ca *ca,
		       struct buffer *ret_pkcs8, struct error *err)
{
	int found = store_key_get(serving_store(publisher->control), ca->id, ret_pkcs8, NULL, err);

	return found == 1  ? 0
	       : found < 0 ? -1
			   : error_set(err, ERROR_NOT_FOUND, "the key of the CA is not here");
}

void published_log(struct publisher *publisher, const char *event, const struct published_ca *ca,
		   const struct error *err)
{
	char text[sizeof(ca->id) + sizeof(err->message) + 2];

	snprintf(text, sizeof(text), "%s: %s", ca->id, err->message);
	serving_log(publisher->control, event, "error", text);
}

/* --- life --- */

struct publisher *publisher_of(struct control *control)
{
	if (the_publisher == NULL) {
		the_publisher = memory_new(sizeof(*the_publisher));
		the_publisher->control = control;
		the_publisher->revision = -1;
		the_publisher->cache = ocsp_cache_new();
	}
	read_cas(the_publisher);
	return the_publisher;
}

void certs_tick(struct control *control)
{
	struct publisher *publisher = publisher_of(control);
	int64_t now = walltime_s();
	size_t i;

	publish_list_store(publisher, now);
	publish_signer_store(publisher, now);
	for (i = 0; i < publisher->count; i++) {
		if (!publisher->cas[i]->is_seen || !publisher->cas[i]->has_key)
			continue;
		publish_list_tick(publisher, publisher->cas[i], now);
		publish_signer_tick(publisher, publisher->cas[i], now);
	}
}

/* A CA that was not looked up yet finds the number in the store. */
void certs_follow_number(const uint8_t *ca_key, uint64_t number)
{
	struct published_ca *ca =
		the_publisher == NULL ? NULL : publisher_find(the_publisher, ca_key);

	if (ca != NULL)
		publish_list_follow_number(ca, number);
}

static void ca_free(struct published_ca *ca)
{
	certificate_free(ca->certificate);
	certificate_free(ca->signer.certificate);
	EVP_PKEY_free(ca->signer.key);
	buffer_done(&ca->chain);
	if (ca->list.fd >= 0)
		close(ca->list.fd);
	free(ca);
}

void certs_close(void)
{
	struct publisher *publisher = the_publisher;
	size_t i;

	pca_authorities_clear();
	if (publisher == NULL)
		return;
	the_publisher = NULL;
	publish_list_close(publisher);
	publish_signer_close(publisher);
	for (i = 0; i < publisher->count; i++)
		ca_free(publisher->cas[i]);
	free(publisher->cas);
	ocsp_cache_free(publisher->cache);
	free(publisher);
}
