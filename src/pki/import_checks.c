/* What can be said about the certificates and keys of an import. */
#include <stdio.h>
#include <string.h>
#include "pki/import.h"
#include "x509/certificate_internal.h"
#include "x509/profile.h"
#include "x509/text.h"

static void name_it(size_t number, char *ret_name, size_t size)
{
	if (number == 0)
		snprintf(ret_name, size, "the certificate");
	else
		snprintf(ret_name, size, "certificate %zu", number);
}

static void note_dates(const struct certificate *certificate, const char *name, int64_t now,
		       struct import_notes *notes)
{
	char when[TEXT_TIME_SIZE];

	if (now > certificate->not_after) {
		text_time(certificate->not_after, when);
		import_note(notes, true, "%s expired at %s", name, when);
	} else if (now < certificate->not_before) {
		text_time(certificate->not_before, when);
		import_note(notes, true, "%s is not valid before %s", name, when);
	}
}

static void note_strength(const struct certificate *certificate, const char *name,
			  struct import_notes *notes)
{
	char why[64];

	if (!certificate_key_is_strong(certificate, why, sizeof(why)))
		import_note(notes, true, "the key of %s is weak or of no use here: %s", name, why);
	if (certificate->signature.weak && !certificate_is_self_issued(certificate))
		import_note(notes, true, "%s is signed with %s, which is broken", name,
			    certificate->signature.name);
	if (certificate->version != 3)
		import_note(notes, true, "%s is of X.509 version %u: it says nothing about its use",
			    name, certificate->version);
}

static void note_purpose(const struct certificate *certificate, const char *name,
			 struct import_notes *notes)
{
	if (!certificate_has(certificate, EXTENSION_ALTERNATIVE_NAME))
		import_note(notes, true,
			    "%s has no subject alternative name: browsers and current clients refuse it",
			    name);
	if (certificate_has(certificate, EXTENSION_EXTENDED_KEY_USAGE) &&
	    (certificate->extended_key_usage & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0)
		import_note(notes, true, "%s is not made for servers (extended key usage)", name);
	if (certificate->version == 3 && certificate_is_ca(certificate))
		import_note(notes, true, "%s is a CA certificate: some clients refuse it as a server's",
			    name);
}

void import_note_doubts(const struct certificate *certificate, size_t number, bool is_server,
			int64_t now, struct import_notes *notes)
{
	char name[40];

	name_it(number, name, sizeof(name));
	note_dates(certificate, name, now, notes);
	note_strength(certificate, name, notes);
	if (is_server)
		note_purpose(certificate, name, notes);
}

void import_note_profile(const struct certificate *certificate, struct import_notes *notes)
{
	enum profile_role role = !certificate_is_ca(certificate) ? PROFILE_LEAF :
				 certificate_is_self_issued(certificate) ? PROFILE_ANCHOR :
									   PROFILE_INTERMEDIATE;
	static const char *const places[] = { [PROFILE_LEAF] = "a client's certificate",
					      [PROFILE_INTERMEDIATE] = "a CA certificate",
					      [PROFILE_ANCHOR] = "a root" };
	char why[160];

	if (profile_check(certificate, role, true, why, sizeof(why)) != REASON_ADMITTED)
		import_note(notes, true, "as %s, ChainProfile Strict refuses it: %s", places[role],
			    why);
}

bool import_key_belongs(const struct import *import, size_t k,
			const struct certificate *certificate)
{
	return memcmp(import->key_hashes[k], certificate_key_hash(certificate), 32) == 0;
}

/* One that is no root comes first: of a cross-signed CA and its own root, the cross-signed one
 * completes the chain. */
static size_t find_issuer(const struct import *import, const struct certificate *of,
			  const bool *used)
{
	size_t found = import->certificate_count, i;

	for (i = 0; i < import->certificate_count; i++) {
		const struct certificate *candidate = import->certificates[i];

		if (used[i] || !certificate_could_issue(candidate, of) ||
		    !certificate_signed_by(of, candidate))
			continue;
		if (!certificate_is_self_issued(candidate))
			return i;
		if (found == import->certificate_count)
			found = i;
	}
	return found;
}

void import_order_chain(const struct import *import, size_t leaf, bool *used,
			struct buffer *ret_chain, size_t *ret_last)
{
	size_t at = leaf;

	*ret_last = leaf;
	used[leaf] = true;
	while (!certificate_is_self_issued(import->certificates[at])) {
		at = find_issuer(import, import->certificates[at], used);
		if (at == import->certificate_count)
			return;
		used[at] = true;
		*ret_last = at;
		buffer_append(ret_chain, certificate_der(import->certificates[at]).data,
			      certificate_der(import->certificates[at]).len);
	}
}
