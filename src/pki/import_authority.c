/* CA certificates of somebody else: each must be one, and the first of them an anchor. */
#include <stdio.h>
#include <string.h>
#include "pki/import.h"
#include "x509/certificate_internal.h"
#include "x509/profile.h"
#include "x509/trust.h"

static int refuse(struct error *err)
{
	error_place(err, "Cert");
	return error_symbol(err, "IllegalParam.Cert");
}

static bool is_below_another(const struct import *import, size_t which)
{
	const struct certificate *of = import->certificates[which];
	size_t i;

	for (i = 0; i < import->certificate_count; i++)
		if (i != which && certificate_could_issue(import->certificates[i], of) &&
		    certificate_signed_by(of, import->certificates[i]))
			return true;
	return false;
}

/* What no chain may have, whatever the profile: the data plane would refuse all clients below it. The
 * signature that a root makes on itself proves nothing, and is not looked at. */
static bool is_strong(const struct certificate *ca, bool is_anchor, char *ret_why, size_t size)
{
	char why[64];

	if (!certificate_key_is_strong(ca, why, sizeof(why))) {
		snprintf(ret_why, size, "its key: %s", why);
		return false;
	}
	if (is_anchor || !ca->signature.weak)
		return true;
	snprintf(ret_why, size, "it is signed with %s", ca->signature.name);
	return false;
}

static int check_one(const struct import *import, size_t which, bool strict, struct error *err)
{
	const struct certificate *ca = import->certificates[which];
	bool is_anchor = !is_below_another(import, which);
	char subject[96], why[160];

	certificate_subject_text(ca, subject, sizeof(subject));
	if (ca->version != 3) {
		error_set(err, ERROR_INVALID, "certificate %zu (%s) is of X.509 version %u, which does not "
			  "say whether it is a CA", which + 1, subject, ca->version);
		error_hint(err, "Make it anew with basicConstraints = critical, CA:TRUE.");
		return refuse(err);
	}
	if (!certificate_is_ca(ca)) {
		error_set(err, ERROR_INVALID, "certificate %zu (%s) is no CA certificate", which + 1,
			  subject);
		error_hint(err, "Certificates of servers and clients are not uploaded here: trust is "
				"given to CAs.");
		return refuse(err);
	}
	if (is_strong(ca, is_anchor, why, sizeof(why)) &&
	    profile_check(ca, is_anchor ? PROFILE_ANCHOR : PROFILE_INTERMEDIATE, strict, why,
			  sizeof(why)) == REASON_ADMITTED)
		return 0;
	error_set(err, ERROR_INVALID, "certificate %zu (%s) cannot be trusted: %s", which + 1, subject,
		  why);
	if (strict)
		error_hint(err, "ChainProfile Compatible asks for less.");
	return refuse(err);
}

/* The very check that the data plane makes of such a set. */
static int check_set(const struct import *import, bool strict, struct error *err)
{
	struct trust_ca cas[IMPORT_CERTIFICATES_MAX];
	struct trust *trust;
	size_t i;

	for (i = 0; i < import->certificate_count; i++)
		cas[i] = (struct trust_ca){ certificate_der(import->certificates[i]), strict, "Cert" };
	trust = trust_new(cas, import->certificate_count, err);
	if (trust == NULL)
		return refuse(err);
	trust_free(trust);
	return 0;
}

static size_t find_anchor(const struct import *import)
{
	size_t i;

	for (i = 0; i < import->certificate_count; i++)
		if (!is_below_another(import, i))
			return i;
	return 0;
}

static void note_all(struct import *import, int64_t now)
{
	size_t i, valid = 0;

	for (i = 0; i < import->certificate_count; i++) {
		const struct certificate *ca = import->certificates[i];

		import_note_doubts(ca, import->certificate_count == 1 ? 0 : i + 1, false, now,
				   &import->notes);
		if (now >= certificate_not_before(ca) && now <= certificate_not_after(ca))
			valid++;
	}
	if (valid == 0)
		import_note(&import->notes, true,
			    "no certificate of it is valid now: nobody can be let in by it");
	if (import->key_count + import->sealed_keys > 0)
		import_note(&import->notes, true,
			    "there was a private key with it: it was thrown away, keep it somewhere safe");
}

int import_authorities(struct import *import, bool strict, int64_t now,
		       struct import_authorities *ret_authorities, struct error *err)
{
	struct import_authorities authorities = { .count = import->certificate_count };
	size_t anchor, i;

	if (import->certificate_count == 0) {
		error_set(err, ERROR_INVALID, "there is no CA certificate in it");
		return refuse(err);
	}
	for (i = 0; i < import->certificate_count; i++)
		if (check_one(import, i, strict, err) < 0)
			return -1;
	if (check_set(import, strict, err) < 0)
		return -1;
	anchor = find_anchor(import);
	authorities.first = import->certificates[anchor];
	for (i = 0; i < import->certificate_count; i++)
		if (i != anchor)
			buffer_append(&authorities.others,
				      certificate_der(import->certificates[i]).data,
				      certificate_der(import->certificates[i]).len);
	note_all(import, now);
	*ret_authorities = authorities;
	return 0;
}
