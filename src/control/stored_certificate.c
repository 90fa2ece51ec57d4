#include "control/stored_certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/bytestring.h>
#include "control/resolve_certificate.h"
#include "model/fields.h"
#include "store/certificate.h"
#include "x509/certificate.h"

#define LEVELS_MAX 10 /* of CAs above or below one */
#define TAG_VERSION (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0)

/* --- server certificates --- */

static void add_blob(struct model_blobs *blobs, struct bytes der)
{
	blobs->items = memory_resize(blobs->items, (blobs->count + 1) * sizeof(*blobs->items));
	memset(&blobs->items[blobs->count], 0, sizeof(*blobs->items));
	buffer_append(&blobs->items[blobs->count++], der.data, der.len);
}

/* RFC 5280 4.1: the names alone, since a chain is mostly of certificates that many share. */
static bool is_self_issued(struct bytes der)
{
	CBS all, certificate, tbs, issuer, subject;

	CBS_init(&all, der.data, der.len);
	return CBS_get_asn1(&all, &certificate, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&certificate, &tbs, CBS_ASN1_SEQUENCE) &&
	       CBS_get_optional_asn1(&tbs, NULL, NULL, TAG_VERSION) &&
	       CBS_get_asn1(&tbs, NULL, CBS_ASN1_INTEGER) &&
	       CBS_get_asn1(&tbs, NULL, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&tbs, &issuer, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&tbs, NULL, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&tbs, &subject, CBS_ASN1_SEQUENCE) &&
	       CBS_mem_equal(&issuer, CBS_data(&subject), CBS_len(&subject));
}

/* The next certificate of several, one behind the other. */
static bool next_der(CBS *chain, struct bytes *ret_der)
{
	CBS element;

	if (CBS_len(chain) == 0 || !CBS_get_asn1_element(chain, &element, CBS_ASN1_SEQUENCE))
		return false;
	*ret_der = (struct bytes){ CBS_data(&element), CBS_len(&element) };
	return true;
}

/* Up to the root, which is of no use to clients. */
static void add_chain(struct model_blobs *blobs, const struct buffer *chain)
{
	struct bytes der;
	CBS rest;

	CBS_init(&rest, chain->data, chain->len);
	while (next_der(&rest, &der) && !is_self_issued(der))
		add_blob(blobs, der);
}

/* For what one of our CAs issued and was kept without its chain. */
static int add_parents(struct store *store, struct model_blobs *blobs, const char *parent,
		       struct error *err)
{
	char *id = memory_copy_string(parent);
	int level, found = 1;

	for (level = 0; level < LEVELS_MAX && id != NULL && found == 1; level++) {
		struct store_certificate ca = { 0 };

		found = store_certificate_get_served(store, id, &ca, err);
		free(id);
		id = NULL;
		if (found != 1)
			break;
		if (!is_self_issued(buffer_bytes(&ca.der))) {
			add_blob(blobs, buffer_bytes(&ca.der));
			id = memory_copy_string(ca.parent);
		}
		store_certificate_done(&ca);
	}
	free(id);
	return found < 0 ? -1 : 0;
}

void stored_chain_done(struct stored_chain *chain)
{
	size_t i;

	for (i = 0; i < chain->ders.count; i++)
		buffer_done(&chain->ders.items[i]);
	free(chain->ders.items);
	free(chain->parent);
	memset(chain, 0, sizeof(*chain));
}

static int take_parents(struct store *store, struct model_blobs *blobs, const char *parent,
			struct stored_chain *last, struct error *err)
{
	size_t i;

	if (parent == NULL)
		return 0;
	if (last->parent == NULL || strcmp(last->parent, parent) != 0) {
		stored_chain_done(last);
		if (add_parents(store, &last->ders, parent, err) < 0)
			return -1;
		last->parent = memory_copy_string(parent);
	}
	for (i = 0; i < last->ders.count; i++)
		add_blob(blobs, buffer_bytes(&last->ders.items[i]));
	return 0;
}

/* Whether it belongs to the leaf was checked when the two came; sealed, it cannot have changed. */
static int take_key(struct store *store, struct model_certificate *certificate, struct error *err)
{
	int found = store_key_get_served(store, certificate->name, &certificate->key_der, err);

	if (found != 0)
		return found < 0 ? -1 : 0;
	error_set(err, ERROR_NOT_FOUND, "certificate \"%.80s\" has no private key here",
		  certificate->name);
	error_symbol(err, "IllegalParam.CertificateIds");
	return error_hint(err, "Upload it again together with its key.");
}

static int read_anew(struct store *store, struct model_certificate *certificate,
		     const struct store_certificate *row, struct error *err)
{
	struct certificate *leaf = certificate_parse(buffer_bytes(&row->der), err);

	if (leaf == NULL)
		return -1;
	resolve_take_facts(certificate, leaf);
	certificate_free(leaf);
	return take_key(store, certificate, err);
}

/* Whatever is changed about a certificate gives its row a new revision. */
static void copy_known(struct model_certificate *to, const struct model_certificate *from)
{
	size_t i;

	to->name = memory_copy_string(from->name);
	to->chain_der.items = memory_new(from->chain_der.count * sizeof(*to->chain_der.items));
	for (i = 0; i < from->chain_der.count; i++)
		buffer_append(&to->chain_der.items[to->chain_der.count++],
			      from->chain_der.items[i].data, from->chain_der.items[i].len);
	to->names.items = memory_new(from->names.count * sizeof(char *));
	for (i = 0; i < from->names.count; i++)
		to->names.items[to->names.count++] = memory_copy_string(from->names.items[i]);
	buffer_append(&to->key_der, from->key_der.data, from->key_der.len);
	to->key_kind = from->key_kind;
	to->not_before = from->not_before;
	to->not_after = from->not_after;
	to->revision = from->revision;
}

/* 1: it is as it was, and was copied; 0: it is to be read; -1: error. */
static int take_known(struct store *store, struct model_certificate *certificate, const char *id,
		      const struct model *old, struct error *err)
{
	const struct model_certificate *known =
		old == NULL ? NULL : model_find_certificate(old, id);
	int64_t revision;
	int found;

	if (known == NULL || known->revision == 0 || known->key_der.len == 0)
		return 0;
	found = store_certificate_revision(store, id, &revision, err);
	if (found != 1 || revision != known->revision)
		return found < 0 ? -1 : 0;
	copy_known(certificate, known);
	return 1;
}

static int take_certificate(struct store *store, struct model_certificate *certificate,
			    const struct store_certificate *row, struct stored_chain *last,
			    struct error *err)
{
	if (!(row->role & (STORE_SERVER | STORE_UPLOADED)) || row->der.len == 0) {
		error_set(err, ERROR_INVALID, "\"%.80s\" is not a server certificate", row->id);
		return error_symbol(err, "IllegalParam.CertificateIds");
	}
	certificate->name = memory_copy_string(row->id);
	certificate->revision = row->revision;
	add_blob(&certificate->chain_der, buffer_bytes(&row->der));
	if (row->chain.len > 0)
		add_chain(&certificate->chain_der, &row->chain);
	else if (take_parents(store, &certificate->chain_der, row->parent, last, err) < 0)
		return -1;
	return read_anew(store, certificate, row, err);
}

static int read_certificate(struct store *store, struct model_certificate *certificate,
			    const char *id, struct stored_chain *last, struct error *err)
{
	struct store_certificate row = { 0 };
	int found = store_certificate_get_served(store, id, &row, err);
	int status;

	if (found == 0) {
		error_set(err, ERROR_NOT_FOUND, "there is no certificate \"%.80s\"", id);
		return error_symbol(err, "ResourceNotFound.Certificate");
	}
	if (found < 0)
		return -1;
	status = take_certificate(store, certificate, &row, last, err);
	store_certificate_done(&row);
	return status;
}

int stored_certificate(struct store *store, const char *id, const struct model *old,
		       struct stored_chain *last, struct model_certificate *ret_certificate, struct error *err)
{
	struct model_certificate certificate = { 0 };
	int known = take_known(store, &certificate, id, old, err);

	if (known < 0)
		return -1;
	if (known == 0 && read_certificate(store, &certificate, id, last, err) < 0) {
		resource_done(&certificate_resource, &certificate);
		return -1;
	}
	*ret_certificate = certificate;
	return 0;
}

/* --- CA certificates --- */

struct helper {
	char *id, *parent;
	uint8_t subject_key[32], issuer_key[32];
	struct buffer der;
};

struct stored_helpers {
	struct helper *items;
	size_t count;
};

static bool add_helper(void *arg, const struct store_certificate *row)
{
	struct stored_helpers *helpers = arg;
	struct helper *helper;

	if (row->revoked || row->disabled || row->der.len == 0)
		return true;
	helpers->items =
		memory_resize(helpers->items, (helpers->count + 1) * sizeof(*helpers->items));
	helper = &helpers->items[helpers->count++];
	*helper = (struct helper){ .id = memory_copy_string(row->id),
				   .parent = memory_copy_string(row->parent) };
	memcpy(helper->subject_key, row->subject_key, sizeof(helper->subject_key));
	memcpy(helper->issuer_key, row->issuer_key, sizeof(helper->issuer_key));
	buffer_append(&helper->der, row->der.data, row->der.len);
	return true;
}

struct stored_helpers *stored_helpers_new(struct store *store, struct error *err)
{
	struct store_certificate_filter filter = { .roles = STORE_SUB_CA, .revoked = 0 };
	struct stored_helpers *helpers = memory_new(sizeof(*helpers));

	if (store_certificate_each(store, &filter, add_helper, helpers, err) == 0)
		return helpers;
	stored_helpers_free(helpers);
	return NULL;
}

void stored_helpers_free(struct stored_helpers *helpers)
{
	size_t i;

	if (helpers == NULL)
		return;
	for (i = 0; i < helpers->count; i++) {
		free(helpers->items[i].id);
		free(helpers->items[i].parent);
		buffer_done(&helpers->items[i].der);
	}
	free(helpers->items);
	free(helpers);
}

static bool has_blob(const struct model_blobs *blobs, struct bytes der)
{
	size_t i;

	for (i = 0; i < blobs->count; i++)
		if (bytes_equal(buffer_bytes(&blobs->items[i]), der))
			return true;
	return false;
}

static bool is_below(const struct helper *helper, const char *id, const uint8_t key[32])
{
	static const uint8_t unknown[32];

	if (helper->parent != NULL && strcmp(helper->parent, id) == 0)
		return true;
	return memcmp(key, unknown, sizeof(unknown)) != 0 &&
	       memcmp(helper->issuer_key, key, sizeof(helper->issuer_key)) == 0;
}

static void add_below(const struct stored_helpers *helpers, struct model_blobs *blobs,
		      const char *id, const uint8_t key[32], int levels)
{
	size_t i;

	for (i = 0; i < helpers->count && levels > 0; i++) {
		const struct helper *helper = &helpers->items[i];

		if (!is_below(helper, id, key) || has_blob(blobs, buffer_bytes(&helper->der)))
			continue;
		add_blob(blobs, buffer_bytes(&helper->der));
		add_below(helpers, blobs, helper->id, helper->subject_key, levels - 1);
	}
}

static void add_list(void *arg, const char *name, struct bytes der)
{
	struct model_ca_certificate *ca = arg;
	struct model_crl_file *crl;

	ca->crls = memory_resize(ca->crls, (ca->crl_count + 1) * sizeof(*ca->crls));
	crl = &ca->crls[ca->crl_count++];
	*crl = (struct model_crl_file){ .path = memory_copy_string(name) };
	buffer_append(&crl->content, der.data, der.len);
}

static enum model_chain_profile profile_of(const struct store_certificate *row)
{
	const char *word = json_string_value(json_object_get(row->body, "ChainProfile"));

	if (word != NULL)
		return strcasecmp(word, "Strict") == 0 ? MODEL_PROFILE_STRICT
						       : MODEL_PROFILE_COMPATIBLE;
	return row->role & STORE_OWN_CAS ? MODEL_PROFILE_STRICT : MODEL_PROFILE_COMPATIBLE;
}

static int take_ca(struct store *store, struct model_ca_certificate *ca,
		   const struct store_certificate *row, const struct stored_helpers *helpers,
		   struct error *err)
{
	struct bytes der;
	CBS more;

	if (!(row->role & (STORE_OWN_CAS | STORE_UPLOADED_CA)) || row->der.len == 0) {
		error_set(err, ERROR_INVALID, "\"%.80s\" is not a CA certificate", row->id);
		return error_symbol(err, "IllegalParam.CaCertificateIds");
	}
	ca->name = memory_copy_string(row->id);
	ca->chain_profile = profile_of(row);
	if (row->revoked || row->disabled)
		return 0;
	add_blob(&ca->certs_der, buffer_bytes(&row->der));
	add_below(helpers, &ca->certs_der, row->id, row->subject_key, LEVELS_MAX);
	if (!(row->role & STORE_UPLOADED_CA))
		return 0;
	/* A bundle that was uploaded as one: the others are trusted, or help, as in a file. */
	CBS_init(&more, row->chain.data, row->chain.len);
	while (next_der(&more, &der))
		if (!has_blob(&ca->certs_der, der))
			add_blob(&ca->certs_der, der);
	return store_foreign_crl_each(store, row->id, add_list, ca, err);
}

int stored_ca(struct store *store, const char *id, const struct stored_helpers *helpers,
	      struct model_ca_certificate *ret_ca, struct error *err)
{
	struct model_ca_certificate ca = { 0 };
	struct store_certificate row = { 0 };
	int found = store_certificate_get(store, id, &row, err);
	int status;

	if (found == 0) {
		error_set(err, ERROR_NOT_FOUND, "there is no CA certificate \"%.80s\"", id);
		return error_symbol(err, "ResourceNotFound.CaCertificate");
	}
	if (found < 0)
		return -1;
	status = take_ca(store, &ca, &row, helpers, err);
	store_certificate_done(&row);
	if (status == 0)
		*ret_ca = ca;
	else
		resource_done(&ca_certificate_resource, &ca);
	return status;
}
