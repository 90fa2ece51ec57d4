/* A server certificate out of what was given: which one is the leaf, whose is the key. */
#include <stdio.h>
#include <string.h>
#include "pki/import.h"

static int refuse(struct error *err, const char *symbol, const char *place)
{
	error_place(err, "%s", place);
	return error_symbol(err, symbol);
}

static bool issued_another(const struct import *import, size_t which)
{
	const struct certificate *ca = import->certificates[which];
	size_t i;

	for (i = 0; i < import->certificate_count; i++)
		if (i != which && bytes_equal(certificate_subject_der(ca),
					      certificate_issuer_der(import->certificates[i])))
			return true;
	return false;
}

/* No CA, and nobody's issuer: old roots of version 1 do not say that they are CAs. */
static bool is_end_entity(const struct import *import, size_t which)
{
	return !certificate_is_ca(import->certificates[which]) && !issued_another(import, which);
}

static int refuse_two_leaves(const struct import *import, size_t first, size_t second,
			     struct error *err)
{
	char one[64], other[64];

	certificate_subject_text(import->certificates[first], one, sizeof(one));
	certificate_subject_text(import->certificates[second], other, sizeof(other));
	error_set(err, ERROR_INVALID, "there are two end-entity certificates: %s, and %s", one, other);
	error_hint(err, "Upload each of them with its own key.");
	return refuse(err, "IllegalParam.Cert", "Cert");
}

/* The one end-entity certificate; without any, the one that a key belongs to (self-signed ones often
 * are CAs too), else the first. */
static int find_leaf(const struct import *import, size_t *ret_leaf, struct error *err)
{
	size_t found = import->certificate_count, i, k;

	for (i = 0; i < import->certificate_count; i++) {
		if (!is_end_entity(import, i))
			continue;
		if (found < import->certificate_count)
			return refuse_two_leaves(import, found, i, err);
		found = i;
	}
	for (k = 0; k < import->key_count; k++)
		for (i = 0; i < import->certificate_count && found == import->certificate_count; i++)
			if (import_key_belongs(import, k, import->certificates[i]))
				found = i;
	*ret_leaf = found < import->certificate_count ? found : 0;
	return 0;
}

/* "3f:a1:0b:77": enough of the hash of a public key to tell it from others. */
static void key_mark(const struct certificate *certificate, char ret_mark[12])
{
	const uint8_t *hash = certificate_key_hash(certificate);

	snprintf(ret_mark, 12, "%02x:%02x:%02x:%02x", hash[0], hash[1], hash[2], hash[3]);
}

static int refuse_key(const struct import *import, size_t leaf, struct error *err)
{
	char subject[64], owner[64], mark[12];
	size_t i, k;

	certificate_subject_text(import->certificates[leaf], subject, sizeof(subject));
	key_mark(import->certificates[leaf], mark);
	for (k = 0; k < import->key_count; k++)
		for (i = 0; i < import->certificate_count; i++)
			if (import_key_belongs(import, k, import->certificates[i])) {
				certificate_subject_text(import->certificates[i], owner,
							 sizeof(owner));
				error_set(err, ERROR_INVALID,
					  "the private key belongs to %s, not to the end-entity "
					  "certificate %s", owner, subject);
				return refuse(err, "Mismatch.CertificateKey", "Key");
			}
	error_set(err, ERROR_INVALID,
		  "the private key belongs to another certificate: it does not fit %s, whose public key "
		  "has the SHA-256 %s...", subject, mark);
	return refuse(err, "Mismatch.CertificateKey", "Key");
}

static int find_key(const struct import *import, size_t leaf, struct bytes *ret_pkcs8,
		    struct error *err)
{
	size_t k;

	if (import->key_count == 0) {
		error_set(err, ERROR_INVALID, "there is no private key: a server certificate needs its own");
		return refuse(err, "MissingParam.Key", "Key");
	}
	for (k = 0; k < import->key_count; k++)
		if (import_key_belongs(import, k, import->certificates[leaf])) {
			*ret_pkcs8 = buffer_bytes(&import->keys[k]);
			return 0;
		}
	return refuse_key(import, leaf, err);
}

static void note_chain(struct import *import, size_t leaf, size_t last, const bool *used)
{
	char text[160];
	size_t i;

	if (!certificate_is_self_issued(import->certificates[last])) {
		certificate_issuer_text(import->certificates[last], text, sizeof(text));
		import_note(&import->notes, last == leaf, "issuer %s of certificate %zu is missing%s",
			    text, last + 1, last == leaf ?
			    ": clients that know only a root above it find no way" : "");
	}
	for (i = 0; i < import->certificate_count; i++) {
		if (used[i])
			continue;
		certificate_subject_text(import->certificates[i], text, sizeof(text));
		import_note(&import->notes, true, "%s is not part of the chain and is left out", text);
	}
	if (import->key_count > 1)
		import_note(&import->notes, false, "of %zu private keys one was taken",
			    import->key_count);
}

int import_server(struct import *import, struct import_server *ret_server, struct error *err)
{
	struct import_server server = { 0 };
	bool used[IMPORT_CERTIFICATES_MAX] = { false };
	size_t leaf = 0, last;

	if (import->certificate_count == 0) {
		error_set(err, ERROR_INVALID, "there is no certificate in it%s", import->key_count > 0 ?
			  ", only a private key" : import->request_count > 0 ?
			  ", only a certificate request" : "");
		return refuse(err, "IllegalParam.Cert", "Cert");
	}
	if (find_leaf(import, &leaf, err) < 0 ||
	    find_key(import, leaf, &server.pkcs8, err) < 0)
		return -1;
	server.leaf = import->certificates[leaf];
	if (certificate_check_key(server.leaf, server.pkcs8, err) < 0)
		return refuse(err, "IllegalParam.Cert", "Cert");
	import_order_chain(import, leaf, used, &server.chain, &last);
	note_chain(import, leaf, last, used);
	*ret_server = server;
	return 0;
}
