#include "x509/chain_checks.h"

#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "x509/profile.h"
#include "x509/text.h"

static void set(struct chain_outcome *outcome, enum chain_stage stage, enum reason reason,
		unsigned int depth, const char *detail)
{
	outcome->stage = stage;
	outcome->reason = reason;
	outcome->depth = depth;
	if (detail != outcome->detail)
		snprintf(outcome->detail, sizeof(outcome->detail), "%s", detail);
}

/* CaDepth counts intermediates: neither the leaf nor the anchor. */
static bool check_length(const struct chain_path *path, unsigned int max_depth,
			 struct chain_outcome *outcome)
{
	unsigned int intermediates = path->count - 2;

	if (path->count <= 2 || intermediates <= max_depth)
		return true;
	snprintf(outcome->detail, sizeof(outcome->detail), "%u intermediates; CaDepth is %u",
		 intermediates, max_depth);
	set(outcome, CHAIN_STAGE_LENGTH, REASON_CHAIN_TOO_LONG, path->count - 1, outcome->detail);
	return false;
}

/* Before AWS-LC sees them: it reports MD5 as a wrong signature, and takes SHA-1 and any key. The
 * anchor's own signature proves nothing and is not judged. */
static bool check_strength(const struct chain_path *path, struct chain_outcome *outcome)
{
	unsigned int i;

	for (i = 0; i < path->count; i++) {
		const struct certificate *certificate = path->certificates[i];

		if (i + 1 < path->count && certificate->signature.weak) {
			snprintf(outcome->detail, sizeof(outcome->detail), "signed with %s",
				 certificate->signature.name);
			set(outcome, CHAIN_STAGE_STRENGTH, REASON_WEAK_SIGNATURE, i, outcome->detail);
			return false;
		}
		if (!certificate_key_is_strong(certificate, outcome->detail,
					       sizeof(outcome->detail))) {
			set(outcome, CHAIN_STAGE_STRENGTH, REASON_WEAK_KEY, i, outcome->detail);
			return false;
		}
	}
	return true;
}

static bool check_roles(const struct chain_path *path, struct chain_outcome *outcome)
{
	unsigned int i;

	for (i = 0; i < path->count; i++) {
		const struct certificate *certificate = path->certificates[i];
		const char *wrong = NULL;

		if ((certificate->flags & EXFLAG_INVALID) != 0) {
			set(outcome, CHAIN_STAGE_EXTENSIONS, REASON_MALFORMED, i,
			    "an extension cannot be read");
			return false;
		}
		if (i == 0 && (certificate->flags & EXFLAG_CA) != 0) {
			set(outcome, CHAIN_STAGE_EXTENSIONS, REASON_BAD_PROFILE, 0,
			    "a CA certificate used as a client certificate");
			return false;
		}
		if (i == 0)
			continue;
		if (certificate->version != 3)
			wrong = "an issuer is not of X.509 version 3";
		else if (!certificate_is_ca(certificate))
			wrong = "an issuer is not a CA certificate";
		else if (!certificate_may_issue(certificate))
			wrong = "key usage of an issuer lacks keyCertSign";
		if (wrong != NULL) {
			set(outcome, CHAIN_STAGE_EXTENSIONS, REASON_BAD_ISSUER, i, wrong);
			return false;
		}
	}
	return true;
}

/* RFC 5280 6.1.4 (l)-(m), for the anchor too: AWS-LC leaves out the path length of a root. */
static bool check_path_lengths(const struct chain_path *path, struct chain_outcome *outcome)
{
	long below = 0; /* CAs under the one looked at that are not self-issued */
	unsigned int i;

	for (i = 1; i < path->count; i++) {
		const struct certificate *certificate = path->certificates[i];
		long limit = X509_get_pathlen(certificate->x509);

		if (limit >= 0 && below > limit) {
			set(outcome, CHAIN_STAGE_EXTENSIONS, REASON_BAD_ISSUER, i,
			    "path length constraint exceeded");
			return false;
		}
		if (!certificate_is_self_issued(certificate))
			below++;
	}
	return true;
}

static enum reason reason_of(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_CERT_REJECTED:
		return REASON_UNKNOWN_CA;
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		return REASON_CHAIN_TOO_LONG;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
	case X509_V_ERR_INVALID_NON_CA:
		return REASON_BAD_ISSUER;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
		return REASON_BAD_SIGNATURE;
	case X509_V_ERR_INVALID_PURPOSE:
		return REASON_WRONG_PURPOSE;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return REASON_UNSUPPORTED_EXTENSION;
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
		return REASON_NAME_CONSTRAINT;
	case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
		return REASON_WEAK_KEY;
	case X509_V_ERR_NO_EXPLICIT_POLICY:
		return REASON_BAD_PROFILE;
	case X509_V_ERR_OUT_OF_MEM:
	case X509_V_ERR_INVALID_CALL:
	case X509_V_ERR_STORE_LOOKUP:
		return REASON_INTERNAL;
	default:
		return REASON_MALFORMED;
	}
}

static enum chain_stage stage_of(enum reason reason)
{
	switch (reason) {
	case REASON_UNKNOWN_CA:
		return CHAIN_STAGE_ISSUER;
	case REASON_CHAIN_TOO_LONG:
		return CHAIN_STAGE_LENGTH;
	case REASON_BAD_SIGNATURE:
		return CHAIN_STAGE_SIGNATURE;
	case REASON_WEAK_KEY:
		return CHAIN_STAGE_STRENGTH;
	default:
		return CHAIN_STAGE_EXTENSIONS;
	}
}

static STACK_OF(X509) *stack_intermediates(const struct chain_path *path)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	unsigned int i;

	for (i = 1; stack != NULL && i + 1 < path->count; i++) {
		if (sk_X509_push(stack, path->certificates[i]->x509) == 0) {
			sk_X509_free(stack);
			return NULL;
		}
	}
	return stack;
}

/* AWS-LC builds a path of its own out of what it is given; only ours counts. */
static bool is_our_path(X509_STORE_CTX *context, const struct chain_path *path)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
	unsigned int i;

	if (chain == NULL || sk_X509_num(chain) != path->count)
		return false;
	for (i = 0; i < path->count; i++)
		if (sk_X509_value(chain, i) != path->certificates[i]->x509)
			return false;
	return true;
}

/* Only policy constraints can make a path fail for its policies; any policy is fine with us. */
static bool prepare_policies(X509_VERIFY_PARAM *parameters, const struct chain_path *path)
{
	unsigned int i;

	for (i = 0; i < path->count; i++)
		if (certificate_has(path->certificates[i], EXTENSION_POLICY_CONSTRAINTS))
			break;
	return i == path->count ||
	       (X509_VERIFY_PARAM_add0_policy(parameters, OBJ_nid2obj(NID_any_policy)) == 1 &&
		X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_POLICY_CHECK) == 1);
}

/* TRUSTED_FIRST is a default; it would leave out intermediates that bear the anchor's name. */
static bool prepare(X509_STORE_CTX *context, const struct chain_path *path)
{
	X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);

	X509_VERIFY_PARAM_clear_flags(parameters, X509_V_FLAG_TRUSTED_FIRST);
	return X509_VERIFY_PARAM_set_flags(parameters,
					   X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME |
					   X509_V_FLAG_NO_ALT_CHAINS) == 1 &&
	       X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) == 1 &&
	       prepare_policies(parameters, path);
}

static bool check_with_library(const struct trust *trust, const struct chain_path *path,
			       struct chain_outcome *outcome)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *intermediates = stack_intermediates(path);
	enum reason reason = REASON_INTERNAL;
	int depth = 0;
	const char *detail = "out of memory";
	int error;

	if (context == NULL || intermediates == NULL ||
	    X509_STORE_CTX_init(context, trust->store, path->certificates[0]->x509,
				intermediates) != 1)
		goto out;
	X509_STORE_CTX_set0_trusted_stack(context, path->anchor->stack);
	if (!prepare(context, path))
		goto out;
	if (X509_verify_cert(context) == 1) {
		reason = is_our_path(context, path) ? REASON_ADMITTED : REASON_UNKNOWN_CA;
		detail = "no path that can be checked leads to a CA certificate";
	} else {
		error = X509_STORE_CTX_get_error(context);
		reason = reason_of(error);
		depth = X509_STORE_CTX_get_error_depth(context);
		detail = X509_verify_cert_error_string(error);
	}
out:
	set(outcome, stage_of(reason), reason,
	    depth < 0 || depth >= (int)path->count ? 0 : (unsigned int)depth, detail);
	X509_STORE_CTX_free(context);
	sk_X509_free(intermediates);
	return reason == REASON_ADMITTED;
}

/* A certificate without key ids whose subject equals its issuer looks self-signed to AWS-LC, which
 * then looks no further: a client certificate made with the CA's own name (everybody who presses
 * Enter at every question of `openssl req` has one), or the link from an old root to its successor. */
static bool looks_self_signed(const struct chain_path *path)
{
	unsigned int i;

	for (i = 0; i + 1 < path->count; i++)
		if ((path->certificates[i]->flags & EXFLAG_SS) != 0)
			return true;
	return false;
}

/* RFC 5280 6.1 for such a path. Constraints on names and policies are left to AWS-LC, so a path that
 * has them and looks like this is refused. */
static bool check_alone(const struct chain_path *path, struct chain_outcome *outcome)
{
	unsigned int i;

	for (i = path->count; i-- > 0;) {
		const struct certificate *certificate = path->certificates[i];
		enum reason reason = REASON_ADMITTED;

		if (i + 1 < path->count &&
		    !certificate_signed_by(certificate, path->certificates[i + 1]))
			reason = REASON_BAD_SIGNATURE;
		else if ((certificate->flags & EXFLAG_CRITICAL) != 0)
			reason = REASON_UNSUPPORTED_EXTENSION;
		else if (X509_check_purpose(certificate->x509, X509_PURPOSE_SSL_CLIENT, i > 0) != 1)
			reason = REASON_WRONG_PURPOSE;
		else if (certificate_has(certificate, EXTENSION_NAME_CONSTRAINTS) ||
			 certificate_has(certificate, EXTENSION_POLICY_CONSTRAINTS))
			reason = REASON_NAME_CONSTRAINT;
		if (reason == REASON_ADMITTED)
			continue;
		set(outcome, stage_of(reason), reason, i,
		    reason == REASON_NAME_CONSTRAINT ?
		    "constraints above a certificate that bears its issuer's name" : "");
		return false;
	}
	return true;
}

/* A forged certificate may claim anything: before a fault in its content is named, see that the
 * issuer really signed it. Only refused clients cost this. */
static bool find_forgery(const struct chain_path *path, struct chain_outcome *outcome)
{
	unsigned int i;

	for (i = path->count - 1; i > 0; i--) {
		const struct certificate *issuer = path->certificates[i];

		if (issuer->key_kind == CERTIFICATE_KEY_OTHER || issuer->key_bits > 8192 ||
		    certificate_signed_by(path->certificates[i - 1], issuer))
			continue;
		set(outcome, CHAIN_STAGE_SIGNATURE, REASON_BAD_SIGNATURE, i - 1,
		    "certificate signature failure");
		return true;
	}
	return false;
}

static void describe_date(struct chain_outcome *outcome, const char *what, int64_t when)
{
	char date[TEXT_TIME_SIZE];

	text_time(when, date);
	snprintf(outcome->detail, sizeof(outcome->detail), "%s %s", what, date);
}

/* RFC 5280 4.1.2.5: both ends are part of the period. The leaf first: it is the client's own. */
static bool check_dates(const struct chain_path *path, int64_t now, struct chain_outcome *outcome)
{
	unsigned int i;

	for (i = 0; i < path->count; i++) {
		const struct certificate *certificate = path->certificates[i];

		if (now < certificate->not_before) {
			describe_date(outcome, "valid from", certificate->not_before);
			set(outcome, CHAIN_STAGE_DATES, i == 0 ? REASON_NOT_YET_VALID :
			    REASON_CA_NOT_YET_VALID, i, outcome->detail);
			return false;
		}
		if (now > certificate->not_after) {
			describe_date(outcome, "valid until", certificate->not_after);
			set(outcome, CHAIN_STAGE_DATES, i == 0 ? REASON_EXPIRED : REASON_CA_EXPIRED, i,
			    outcome->detail);
			return false;
		}
	}
	return true;
}

static bool check_profile(const struct chain_path *path, struct chain_outcome *outcome)
{
	unsigned int i;

	for (i = 0; i < path->count; i++) {
		enum profile_role role = i == 0 ? PROFILE_LEAF : i + 1 == path->count ?
					 PROFILE_ANCHOR : PROFILE_INTERMEDIATE;
		enum reason reason = profile_check(path->certificates[i], role, path->anchor->strict,
						   outcome->detail, sizeof(outcome->detail));

		if (reason == REASON_ADMITTED)
			continue;
		set(outcome, CHAIN_STAGE_PROFILE, reason, i, outcome->detail);
		return false;
	}
	return true;
}

void chain_check_path(const struct trust *trust, const struct chain_path *path,
		      unsigned int max_depth, int64_t now, struct chain_outcome *ret_outcome)
{
	*ret_outcome = (struct chain_outcome){ 0 };
	if (!check_length(path, max_depth, ret_outcome))
		return;
	if (!check_strength(path, ret_outcome) || !check_roles(path, ret_outcome) ||
	    !check_path_lengths(path, ret_outcome) ||
	    !(looks_self_signed(path) ? check_alone(path, ret_outcome) :
				       check_with_library(trust, path, ret_outcome))) {
		if (ret_outcome->reason != REASON_BAD_SIGNATURE &&
		    ret_outcome->reason != REASON_WEAK_SIGNATURE &&
		    ret_outcome->reason != REASON_INTERNAL)
			find_forgery(path, ret_outcome);
		return;
	}
	if (!check_dates(path, now, ret_outcome) || !check_profile(path, ret_outcome))
		return;
	set(ret_outcome, CHAIN_STAGE_DONE, REASON_ADMITTED, 0, "");
}
