/*
 * ParseCertificate: what is in a file that somebody is about to use. Stores nothing, echoes no key.
 *
 * The reading, which may have to open what is encrypted, is done in a job thread.
 */
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "certs/cas.h"
#include "certs/facts.h"
#include "pki/csr.h"
#include "pki/key.h"
#include "x509/crl.h"
#include "x509/text.h"

int parse_prepare(struct call *call, struct error *err)
{
	struct import *import = cas_import(call);

	import->tolerant = true;
	return cas_add(call, import, "Content", err) < 0 ? -1 : cas_add(call, import, "Key", err);
}

static char *hash_text(struct bytes content)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, content.data, content.len);
	sha256_final(&hash, digest);
	return facts_hex((struct bytes){ digest, sizeof(digest) });
}

/* --- certificates --- */

struct stored {
	char *id;
};

static bool note_stored(void *arg, const struct store_certificate *row)
{
	struct stored *stored = arg;

	stored->id = memory_copy_string(row->id);
	return false;
}

static int set_stored_as(struct call *call, json_t *item, struct bytes der, struct error *err)
{
	struct store_certificate_filter filter = { .revoked = -1, .limit = 1 };
	struct stored stored = { NULL };
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;
	int status;

	sha256_init(&hash);
	sha256_update(&hash, der.data, der.len);
	sha256_final(&hash, digest);
	filter.sha256 = digest;
	status = store_certificate_each(call->store, &filter, note_stored, &stored, err);
	facts_set(item, "StoredAs", stored.id);
	return status;
}

static int set_certificates(struct call *call, struct error *err)
{
	struct import *import = cas_import(call);
	json_t *array = json_array();
	size_t i;

	json_object_set_new(call->reply, "Certificates", array);
	for (i = 0; i < import->certificate_count; i++) {
		const struct certificate *certificate = import->certificates[i];
		struct import_notes *notes = memory_new(sizeof(*notes));
		json_t *item = json_object();

		json_object_set_new(item, "Number", json_integer((json_int_t)i + 1));
		facts_describe_fully(certificate, call->now, item);
		import_note_doubts(certificate, 0, false, call->now, notes);
		import_note_profile(certificate, notes);
		json_object_set_new(item, "Warnings", facts_notes(notes, true));
		free(notes);
		json_array_append_new(array, item);
		if (set_stored_as(call, item, certificate_der(certificate), err) < 0)
			return -1;
	}
	return 0;
}

/* --- keys, requests, lists --- */

static size_t owner_of(const struct import *import, size_t k)
{
	size_t i;

	for (i = 0; i < import->certificate_count; i++)
		if (import_key_belongs(import, k, import->certificates[i]))
			return i + 1;
	return 0;
}

static void set_key(json_t *item, const EVP_PKEY *key)
{
	struct buffer spki = { 0 };

	json_object_set_new(item, "Algorithm", json_string(key_family(key)));
	json_object_set_new(item, "KeySize", json_integer(key_bits(key)));
	if (key_to_spki(key, &spki, NULL) == 0)
		facts_set(item, "KeySha2", hash_text(buffer_bytes(&spki)));
	buffer_done(&spki);
}

static void set_keys(struct call *call)
{
	struct import *import = cas_import(call);
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < import->key_count; i++) {
		EVP_PKEY *key = key_from_pkcs8(buffer_bytes(&import->keys[i]), NULL);
		json_t *item = json_object();
		size_t owner = owner_of(import, i);

		if (key != NULL)
			set_key(item, key);
		json_object_set_new(item, "Certificate", json_integer((json_int_t)owner));
		EVP_PKEY_free(key);
		json_array_append_new(array, item);
	}
	json_object_set_new(call->reply, "Keys", array);
}

static json_t *describe_request(struct bytes der)
{
	json_t *item = json_object(), *warnings = json_array();
	struct error why = { 0 };
	struct csr csr = { 0 };

	json_object_set_new(item, "Warnings", warnings);
	if (csr_parse(der, &csr, &why) < 0) {
		json_array_append_new(warnings, json_string(why.message));
		return item;
	}
	facts_set(item, "CommonName", facts_common_name(csr.subject));
	facts_set(item, "Sans", facts_names_of(csr.names));
	set_key(item, csr.key);
	csr_done(&csr);
	return item;
}

static void set_requests(struct call *call)
{
	struct import *import = cas_import(call);
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < import->request_count; i++)
		json_array_append_new(array, describe_request(buffer_bytes(&import->requests[i])));
	json_object_set_new(call->reply, "Requests", array);
}

static void set_lists(struct call *call)
{
	struct import *import = cas_import(call);
	json_t *array = json_array();
	struct crl crl;
	size_t i;

	for (i = 0; i < import->list_count; i++)
		if (crl_parse(buffer_bytes(&import->lists[i]), &crl, NULL) == 0)
			json_array_append_new(array, facts_describe_list(&crl, ""));
	json_object_set_new(call->reply, "Crls", array);
}

/* --- as a server certificate --- */

static void add_number(const struct import *import, struct bytes der, json_t *chain)
{
	size_t i;

	for (i = 0; i < import->certificate_count; i++)
		if (bytes_equal(certificate_der(import->certificates[i]), der))
			json_array_append_new(chain, json_sprintf("%zu", i + 1));
}

struct chain_numbers {
	const struct import *import;
	json_t *array;
};

static void add_to_chain(void *arg, const struct certificate *certificate)
{
	struct chain_numbers *numbers = arg;

	add_number(numbers->import, certificate_der(certificate), numbers->array);
}

/* What an upload of the same would say. */
static void set_verdict(struct call *call)
{
	struct import *import = cas_import(call);
	struct chain_numbers numbers = { import, json_array() };
	struct import_server server = { 0 };
	struct error why = { 0 };
	bool usable = import_server(import, &server, &why) == 0;
	size_t i, leaf = 0;

	for (i = 0; usable && i < import->certificate_count; i++)
		if (import->certificates[i] == server.leaf)
			leaf = i + 1;
	if (usable) {
		import_note_doubts(server.leaf, leaf, true, call->now, &import->notes);
		add_number(import, certificate_der(server.leaf), numbers.array);
		facts_each(buffer_bytes(&server.chain), add_to_chain, &numbers);
	}
	buffer_done(&server.chain);
	json_object_set_new(call->reply, "Chain", numbers.array);
	json_object_set_new(call->reply, "Leaf", json_integer((json_int_t)leaf));
	json_object_set_new(call->reply, "Usable", json_boolean(usable));
	json_object_set_new(call->reply, "Why", json_string(why.message));
	json_object_set_new(call->reply, "Warnings", facts_notes(&import->notes, true));
	json_object_set_new(call->reply, "Notes", facts_notes(&import->notes, false));
}

int parse_run(struct call *call, struct error *err)
{
	struct import *import = cas_import(call);
	size_t sealed = import->sealed_keys + import->sealed_files;

	if (set_certificates(call, err) < 0)
		return -1;
	set_keys(call);
	set_requests(call);
	set_lists(call);
	set_verdict(call);
	json_object_set_new(call->reply, "Encrypted", json_integer((json_int_t)sealed));
	json_object_set_new(call->reply, "PasswordNeeded", json_boolean(sealed > 0));
	return 0;
}
