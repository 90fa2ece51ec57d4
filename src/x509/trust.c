/* Everything that does not depend on the client is done here once: parsing, who issued whom. */
#include "x509/trust_internal.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

/* TLS 1.3 has 65535 bytes for all extensions of a CertificateRequest; the others want less than 512. */
#define SUBJECTS_MAX 65024u

static int refuse(struct error *err, const char *name, const char *why)
{
	return error_set(err, ERROR_INVALID, "could not use CA certificate \"%s\": %s", name, why);
}

static int check_member(const struct certificate *certificate, const char *name, struct error *err)
{
	char subject[128];

	if (certificate_may_issue(certificate) && (certificate->flags & EXFLAG_INVALID) == 0)
		return 0;
	certificate_subject_text(certificate, subject, sizeof(subject));
	if ((certificate->flags & EXFLAG_INVALID) != 0)
		return error_set(err, ERROR_INVALID,
				 "could not use CA certificate \"%s\": an extension of \"%s\" cannot be read",
				 name, subject);
	error_set(err, ERROR_INVALID, "could not use CA certificate \"%s\": \"%s\" is %s", name, subject,
		  certificate->version < 3 ? "of X.509 version 1" :
		  certificate_is_ca(certificate) ? "not allowed to sign certificates (key usage)" :
		  "not a CA certificate");
	return error_hint(err, "A CA certificate is of version 3 with basicConstraints CA:TRUE, as "
			  "\"openssl req -x509\" makes it; with a key usage, keyCertSign is in it.");
}

static struct trust_member *find_member(const struct trust *trust, struct bytes der)
{
	size_t i;

	for (i = 0; i < trust->count; i++)
		if (bytes_equal(certificate_der(trust->members[i].certificate), der))
			return &trust->members[i];
	return NULL;
}

static int prepare_member(struct trust_member *member)
{
	struct bytes der = certificate_der(member->certificate);

	SHA256(der.data, der.len, member->hash);
	member->stack = sk_X509_new_null();
	return member->stack != NULL && sk_X509_push(member->stack, member->certificate->x509) > 0 ?
	       0 : -1;
}

static int add_member(struct trust *trust, const struct trust_ca *ca, struct error *err)
{
	struct trust_member *member = find_member(trust, ca->der);
	struct error why = { 0 };

	if (member != NULL) {
		/* In two entries: the stricter one decides. */
		member->strict = member->strict || ca->strict;
		return 0;
	}
	member = &trust->members[trust->count];
	member->certificate = certificate_parse(ca->der, &why);
	if (member->certificate == NULL)
		return refuse(err, ca->name, why.message);
	trust->count++;
	member->name = memory_copy_string(ca->name);
	member->strict = ca->strict;
	if (check_member(member->certificate, ca->name, err) < 0)
		return -1;
	return prepare_member(member) < 0 ? refuse(err, ca->name, "out of memory") : 0;
}

static bool issued(const struct certificate *issuer, const struct certificate *child)
{
	return certificate_could_issue(issuer, child) && certificate_signed_by(child, issuer);
}

/* Follows issuers inside the set until an anchor. Two CAs that only certify each other reach none. */
static bool reaches_anchor(const struct trust *trust, size_t from, bool *visited)
{
	size_t i;

	if (trust->members[from].anchor)
		return true;
	visited[from] = true;
	for (i = 0; i < trust->count; i++)
		if (!visited[i] && issued(trust->members[i].certificate,
					  trust->members[from].certificate) &&
		    reaches_anchor(trust, i, visited))
			return true;
	return false;
}

static bool has_issuer_in_set(const struct trust *trust, size_t child)
{
	size_t i;

	for (i = 0; i < trust->count; i++)
		if (i != child && issued(trust->members[i].certificate,
					 trust->members[child].certificate))
			return true;
	return false;
}

static void find_anchors(struct trust *trust)
{
	bool *visited = memory_new(trust->count * sizeof(*visited));
	size_t i;

	for (i = 0; i < trust->count; i++) {
		const struct certificate *certificate = trust->members[i].certificate;

		trust->members[i].anchor = issued(certificate, certificate) ||
					   !has_issuer_in_set(trust, i);
	}
	for (i = 0; i < trust->count; i++) {
		memset(visited, 0, trust->count * sizeof(*visited));
		if (!reaches_anchor(trust, i, visited))
			trust->members[i].anchor = true;
	}
	free(visited);
}

static void collect_subjects(struct trust *trust)
{
	size_t i, k;

	trust->subjects = memory_new(trust->count * sizeof(*trust->subjects));
	for (i = 0; i < trust->count; i++) {
		struct bytes subject = certificate_subject_der(trust->members[i].certificate);

		for (k = 0; k < trust->subject_count; k++)
			if (bytes_equal(trust->subjects[k], subject))
				break;
		if (k == trust->subject_count)
			trust->subjects[trust->subject_count++] = subject;
	}
}

struct trust *trust_new(const struct trust_ca *cas, size_t count, struct error *err)
{
	struct trust *trust = memory_new(sizeof(*trust));
	size_t i;

	trust->members = memory_new(count * sizeof(*trust->members));
	trust->store = X509_STORE_new();
	if (trust->store == NULL) {
		error_set(err, ERROR_SYSTEM, "out of memory");
		goto fail;
	}
	for (i = 0; i < count; i++)
		if (add_member(trust, &cas[i], err) < 0)
			goto fail;
	find_anchors(trust);
	collect_subjects(trust);
	ERR_clear_error();
	return trust;
fail:
	trust_free(trust);
	ERR_clear_error();
	return NULL;
}

void trust_free(struct trust *trust)
{
	size_t i;

	if (trust == NULL)
		return;
	for (i = 0; i < trust->count; i++) {
		sk_X509_free(trust->members[i].stack);
		certificate_free(trust->members[i].certificate);
		free(trust->members[i].name);
	}
	X509_STORE_free(trust->store);
	free(trust->members);
	free(trust->subjects);
	free(trust);
}

size_t trust_subject_count(const struct trust *trust)
{
	return trust->subject_count;
}

struct bytes trust_subject(const struct trust *trust, size_t i)
{
	return trust->subjects[i];
}

bool trust_subjects_fit(const struct trust *trust)
{
	size_t size = 0;
	size_t i;

	for (i = 0; i < trust->subject_count; i++)
		size += 2 + trust->subjects[i].len;
	return size <= SUBJECTS_MAX;
}

bool trust_has_anchor(const struct trust *trust, const uint8_t hash[32], bool *ret_strict)
{
	size_t i;

	for (i = 0; i < trust->count; i++) {
		if (!trust->members[i].anchor || memcmp(trust->members[i].hash, hash, 32) != 0)
			continue;
		if (ret_strict != NULL)
			*ret_strict = trust->members[i].strict;
		return true;
	}
	return false;
}
