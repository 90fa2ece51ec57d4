#include "control/resolve_certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/wording.h"
#include "x509/certificate.h"

#define PILE_MAX 64 /* certificates in CertFile and ChainFile together */

/* Everything the files hold, in their order. */
struct pile {
	struct certificate *items[PILE_MAX];
	bool used[PILE_MAX];
	size_t count;
};

static void pile_done(struct pile *pile)
{
	size_t i;

	for (i = 0; i < pile->count; i++)
		certificate_free(pile->items[i]);
}

static int add_to_pile(void *arg, struct bytes der, struct error *err)
{
	struct pile *pile = arg;
	size_t i;

	for (i = 0; i < pile->count; i++)
		if (bytes_equal(certificate_der(pile->items[i]), der))
			return 0;
	if (pile->count == PILE_MAX)
		return error_set(err, ERROR_LIMIT, "there are more than %d certificates in it",
				 PILE_MAX);
	pile->items[pile->count] = certificate_parse(der, err);
	if (pile->items[pile->count] == NULL)
		return -1;
	pile->count++;
	return 0;
}

/* The error of one of the certificate's files, with its property, the file and the line. */
static int file_error(const struct model *model, const struct model_certificate *certificate,
		      char *const *path, struct error *err)
{
	const char *property = path == &certificate->cert_file	? "CertFile"
			       : path == &certificate->key_file ? "KeyFile"
								: "ChainFile";

	if (err->hint[0] == '\0')
		error_hint(err, "Name a file with %s in PEM or DER.",
			   path == &certificate->key_file ? "the private key" : "certificates");
	wording_wrap_error(err, "Certificates[%zu].%s: could not use certificate \"%s\" from %s",
			   (size_t)(certificate - model->certificates), property, certificate->name,
			   *path);
	return model_error_place(err, model->source, model_line_of(model, path, certificate->line));
}

static int read_files(const struct model *model, struct model_certificate *certificate,
		      struct pile *pile, struct error *err)
{
	if (certificate_each_in_file(buffer_bytes(&certificate->cert_pem), "CertFile", add_to_pile,
				     pile, err) < 0)
		return file_error(model, certificate, &certificate->cert_file, err);
	if (certificate->chain_file != NULL &&
	    certificate_each_in_file(buffer_bytes(&certificate->chain_pem), "ChainFile",
				     add_to_pile, pile, err) < 0)
		return file_error(model, certificate, &certificate->chain_file, err);
	if (certificate_key_from_file(buffer_bytes(&certificate->key_pem), "KeyFile",
				      &certificate->key_der, err) < 0)
		return file_error(model, certificate, &certificate->key_file, err);
	return 0;
}

/* The first certificate that the key belongs to. Some people's files begin with the root. */
static int find_leaf(const struct pile *pile, struct bytes key, size_t *ret_leaf, struct error *err)
{
	struct error other;
	size_t i;

	if (certificate_check_key(pile->items[0], key, err) == 0) {
		*ret_leaf = 0;
		return 0;
	}
	for (i = 1; i < pile->count; i++)
		if (certificate_check_key(pile->items[i], key, &other) == 0) {
			*ret_leaf = i;
			return 0;
		}
	return -1;
}

/* The issuer of a certificate among those not used yet, or pile->count. One that is no root comes
 * first: of a cross-signed CA and its own root, the cross-signed one completes the chain. */
static size_t find_issuer(const struct pile *pile, const struct certificate *of)
{
	size_t found = pile->count, i;

	for (i = 0; i < pile->count; i++) {
		const struct certificate *candidate = pile->items[i];

		if (pile->used[i] ||
		    !bytes_equal(certificate_subject_der(candidate), certificate_issuer_der(of)))
			continue;
		if (!certificate_is_self_issued(candidate))
			return i;
		if (found == pile->count)
			found = i;
	}
	return found;
}

static void append_der(struct model_blobs *blobs, struct bytes der)
{
	blobs->items = memory_resize(blobs->items, (blobs->count + 1) * sizeof(*blobs->items));
	memset(&blobs->items[blobs->count], 0, sizeof(*blobs->items));
	buffer_append(&blobs->items[blobs->count++], der.data, der.len);
}

static void order_chain(struct pile *pile, size_t leaf, struct model_blobs *ret_chain)
{
	size_t at = leaf;

	while (at < pile->count) {
		pile->used[at] = true;
		/* The client has the root or it does not trust it: sending it is of no use. */
		if (at != leaf && certificate_is_self_issued(pile->items[at]))
			return;
		append_der(ret_chain, certificate_der(pile->items[at]));
		if (certificate_is_self_issued(pile->items[at]))
			return;
		at = find_issuer(pile, pile->items[at]);
	}
}

static void note_leftovers(const struct model *model, const struct model_certificate *certificate,
			   const struct pile *pile, struct model_warnings *warnings)
{
	char subject[128];
	size_t i;

	for (i = 0; i < pile->count; i++) {
		if (pile->used[i] || certificate_is_self_issued(pile->items[i]))
			continue;
		certificate_subject_text(pile->items[i], subject, sizeof(subject));
		model_note(warnings, model, certificate->line,
			   "certificate \"%s\": %s is not part of its chain and is left out",
			   certificate->name, subject);
	}
}

static void warn_about_period(const struct model *model,
			      const struct model_certificate *certificate, int64_t not_before,
			      int64_t not_after, const char *which, int64_t now,
			      struct model_warnings *warnings)
{
	bool expired = now > not_after;
	char when[WORDING_TIME_SIZE];

	if (!expired && now >= not_before)
		return;
	wording_time(expired ? not_after : not_before, when);
	model_warn(warnings, model, certificate->line, "%s %s %s", which,
		   expired ? "expired on" : "is not valid before", when);
	model_warn_hint(warnings,
			expired ? "Renew it and reload; until then it is served as it is."
				: "Check the clock of this machine; it is served as it is.");
}

static void warn_about_dates(const struct model *model, const struct model_certificate *certificate,
			     const struct certificate *one, bool is_leaf, int64_t now,
			     struct model_warnings *warnings)
{
	char subject[128], which[384];

	certificate_subject_text(one, subject, sizeof(subject));
	snprintf(which, sizeof(which), "%s \"%s\" (%s)",
		 is_leaf ? "certificate" : "an issuer in the chain of certificate",
		 certificate->name, subject);
	warn_about_period(model, certificate, certificate_not_before(one),
			  certificate_not_after(one), which, now, warnings);
}

/* One that came from the store, where the leaf's dates are known. */
static void warn_about_stored(const struct model *model,
			      const struct model_certificate *certificate, int64_t now,
			      struct model_warnings *warnings)
{
	char which[160];

	snprintf(which, sizeof(which), "certificate \"%.128s\"", certificate->name);
	warn_about_period(model, certificate, certificate->not_before, certificate->not_after,
			  which, now, warnings);
}

static void add_name(void *arg, const char *name)
{
	struct model_strings *names = arg;
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	names->items = memory_resize(names->items, (names->count + 1) * sizeof(*names->items));
	names->items[names->count++] = memory_copy_string(name);
}

static enum model_key_kind key_kind_of(const struct certificate *leaf)
{
	switch (certificate_key_kind(leaf)) {
	case CERTIFICATE_KEY_RSA:
		return MODEL_KEY_RSA;
	case CERTIFICATE_KEY_ECDSA:
		return MODEL_KEY_ECDSA;
	case CERTIFICATE_KEY_ED25519:
		return MODEL_KEY_ED25519;
	default:
		return MODEL_KEY_NONE;
	}
}

void resolve_take_facts(struct model_certificate *certificate, const struct certificate *leaf)
{
	certificate->key_kind = key_kind_of(leaf);
	certificate->not_before = certificate_not_before(leaf);
	certificate->not_after = certificate_not_after(leaf);
	certificate_each_dns_name(leaf, add_name, &certificate->names);
}

static int resolve_anew(const struct model *model, struct model_certificate *certificate,
			int64_t now, struct model_warnings *warnings, struct error *err)
{
	struct pile pile = { .count = 0 };
	size_t leaf, i;
	int result = -1;

	if (read_files(model, certificate, &pile, err) < 0)
		goto out;
	if (find_leaf(&pile, buffer_bytes(&certificate->key_der), &leaf, err) < 0) {
		if (err->hint[0] == '\0')
			error_hint(err, "Give the key that %.100s was issued for.",
				   certificate->cert_file);
		file_error(model, certificate, &certificate->key_file, err);
		goto out;
	}
	order_chain(&pile, leaf, &certificate->chain_der);
	resolve_take_facts(certificate, pile.items[leaf]);
	for (i = 0; i < pile.count; i++)
		if (pile.used[i] && (i == leaf || !certificate_is_self_issued(pile.items[i])))
			warn_about_dates(model, certificate, pile.items[i], i == leaf, now,
					 warnings);
	note_leftovers(model, certificate, &pile, warnings);
	result = 0;
out:
	pile_done(&pile);
	return result;
}

static bool same_files(const struct model_certificate *a, const struct model_certificate *b)
{
	return b->chain_der.count > 0 &&
	       bytes_equal(buffer_bytes(&a->cert_pem), buffer_bytes(&b->cert_pem)) &&
	       bytes_equal(buffer_bytes(&a->key_pem), buffer_bytes(&b->key_pem)) &&
	       bytes_equal(buffer_bytes(&a->chain_pem), buffer_bytes(&b->chain_pem));
}

/* The files are what they were: so is all that was read from them, except what the clock makes of it. */
static int copy_resolved(const struct model *model, struct model_certificate *to,
			 const struct model_certificate *from, int64_t now,
			 struct model_warnings *warnings, struct error *err)
{
	size_t i;

	for (i = 0; i < from->chain_der.count; i++) {
		struct certificate *one =
			certificate_parse(buffer_bytes(&from->chain_der.items[i]), err);

		if (one == NULL)
			return -1;
		warn_about_dates(model, to, one, i == 0, now, warnings);
		certificate_free(one);
		append_der(&to->chain_der, buffer_bytes(&from->chain_der.items[i]));
	}
	for (i = 0; i < from->names.count; i++)
		add_name(&to->names, from->names.items[i]);
	buffer_append(&to->key_der, from->key_der.data, from->key_der.len);
	to->key_kind = from->key_kind;
	to->not_before = from->not_before;
	to->not_after = from->not_after;
	return 0;
}

int resolve_certificate(const struct model *model, struct model_certificate *certificate,
			const struct model *old, int64_t now, struct model_warnings *warnings,
			struct error *err)
{
	const struct model_certificate *before =
		old == NULL ? NULL : model_find_certificate(old, certificate->name);

	if (certificate->chain_der.count > 0) {
		warn_about_stored(model, certificate, now, warnings);
		return 0;
	}
	if (before != NULL && same_files(certificate, before))
		return copy_resolved(model, certificate, before, now, warnings, err);
	return resolve_anew(model, certificate, now, warnings, err);
}
