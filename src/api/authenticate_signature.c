/* Signed requests: who holds the secret of the access key. */
#include "api/authenticate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/signature.h"
#include "api/uses.h"
#include "store/identity.h"

/* What either kind of signature says. */
struct claim {
	const char *access_key, *timestamp, *nonce;
	bool acs3;
	struct signature_acs3 parts;
};

static int refuse(struct error *err, const char *symbol, const char *field, const char *message)
{
	return call_refuse(err, ERROR_INVALID, symbol, field, "%s", message);
}

/* --- what is claimed --- */

static const char *parameter(const struct evidence *evidence, const char *name)
{
	return json_string_value(json_object_get(evidence->parameters, name));
}

static const char *header(const struct evidence *evidence, const char *name)
{
	return evidence->header(evidence->arg, name);
}

bool evidence_is_acs3(const struct evidence *evidence)
{
	const char *authorization = header(evidence, "authorization");

	return authorization != NULL && strncmp(authorization, "ACS3-", 5) == 0;
}

bool evidence_is_v1(const struct evidence *evidence)
{
	return parameter(evidence, "AccessKeyId") != NULL ||
	       parameter(evidence, "Signature") != NULL;
}

static int need(const char *value, const char *name, struct error *err)
{
	char symbol[64];

	if (value != NULL && value[0] != '\0')
		return 0;
	snprintf(symbol, sizeof(symbol), "Missing%s", name);
	return call_refuse(err, ERROR_INVALID, symbol, name, "%s is missing", name);
}

static int claim_v1(const struct evidence *evidence, struct claim *claim, struct error *err)
{
	const char *method = parameter(evidence, "SignatureMethod");
	const char *version = parameter(evidence, "SignatureVersion");

	claim->access_key = parameter(evidence, "AccessKeyId");
	claim->timestamp = parameter(evidence, "Timestamp");
	claim->nonce = parameter(evidence, "SignatureNonce");
	if (need(claim->access_key, "AccessKeyId", err) < 0 ||
	    need(parameter(evidence, "Signature"), "Signature", err) < 0 ||
	    need(claim->timestamp, "Timestamp", err) < 0 ||
	    need(claim->nonce, "SignatureNonce", err) < 0 ||
	    need(method, "SignatureMethod", err) < 0)
		return -1;
	if (strcmp(method, "HMAC-SHA1") != 0 || (version != NULL && strcmp(version, "1.0") != 0)) {
		refuse(err, "InvalidSignatureMethod", "SignatureMethod",
		       "SignatureMethod: only HMAC-SHA1 of version 1.0 is known");
		return error_hint(err,
				  "Newer clients sign with ACS3-HMAC-SHA256, which is known too.");
	}
	return 0;
}

static int claim_acs3(const struct evidence *evidence, struct claim *claim, struct error *err)
{
	const char *hash = header(evidence, "x-acs-content-sha256");

	claim->acs3 = true;
	if (signature_acs3_parse(header(evidence, "authorization"), &claim->parts, err) < 0)
		return -1;
	claim->access_key = claim->parts.credential;
	claim->timestamp = header(evidence, "x-acs-date");
	claim->nonce = header(evidence, "x-acs-signature-nonce");
	if (need(claim->timestamp, "x-acs-date", err) < 0 ||
	    need(claim->nonce, "x-acs-signature-nonce", err) < 0 ||
	    need(hash, "x-acs-content-sha256", err) < 0)
		return -1;
	if (!signature_acs3_covers(&claim->parts)) {
		refuse(err, "IncompleteSignature", NULL,
		       "SignedHeaders does not name every header that matters");
		return error_hint(err, "Sign host and the headers x-acs-action, -version, -date, "
				       "-signature-nonce, -content-sha256.");
	}
	if (signature_body_is(evidence->body, hash))
		return 0;
	return refuse(err, "SignatureDoesNotMatch", NULL,
		      "x-acs-content-sha256 is not the hash of the body");
}

/* --- whether it is true --- */

static int check_time(const struct claim *claim, int64_t now, int64_t *ret_time, struct error *err)
{
	if (!signature_parse_time(claim->timestamp, ret_time)) {
		refuse(err, "InvalidTimeStamp.Format", claim->acs3 ? "x-acs-date" : "Timestamp",
		       "the time stamp is not of the form 2026-01-31T23:59:59Z");
		return -1;
	}
	if (*ret_time >= now - AUTHENTICATE_WINDOW_S && *ret_time <= now + AUTHENTICATE_WINDOW_S)
		return 0;
	refuse(err, "InvalidTimeStamp.Expired", claim->acs3 ? "x-acs-date" : "Timestamp",
	       "the time stamp is more than 15 minutes off");
	return error_hint(err, "Compare the clocks of client and server.");
}

static bool is_good(const struct evidence *evidence, const struct claim *claim, const char *secret)
{
	const struct signature_request request = {
		.method = evidence->method,
		.path = evidence->path,
		.query = evidence->query,
		.header = evidence->header,
		.arg = evidence->arg,
	};

	if (claim->acs3)
		return signature_acs3_is_good(&claim->parts, &request, secret);
	return signature_v1_is_good(evidence->method, evidence->parameters, secret,
				    parameter(evidence, "Signature"));
}

static int check_nonce(struct gate *gate, const struct claim *claim, int64_t now, int64_t signed_at,
		       struct error *err)
{
	switch (nonces_take(gate->nonces, claim->access_key, claim->nonce, now,
			    signed_at + AUTHENTICATE_WINDOW_S + 1)) {
	case NONCE_NEW:
		return 0;
	case NONCE_SEEN:
		return refuse(err, "SignatureNonceUsed", NULL,
			      "this signed request was made before: its nonce is used up");
	case NONCE_FULL:
		break;
	}
	call_refuse(err, ERROR_LIMIT, "Throttling", NULL,
		    "too many signed requests in the last quarter of an hour");
	return error_hint(err, "Wait a little, or use a bearer token.");
}

static int check_with_key(struct gate *gate, const struct evidence *evidence,
			  const struct claim *claim, const struct store_access_key *key,
			  struct caller *caller, struct error *err)
{
	int64_t signed_at;

	if (key->inactive)
		return refuse(err, "InvalidAccessKeyId.Inactive", "AccessKeyId",
			      "the access key is inactive");
	if (!is_good(evidence, claim, key->secret)) {
		refuse(err, "SignatureDoesNotMatch", NULL,
		       "the signature is not the one of this request with this access key");
		return error_hint(err, "Check the AccessKeySecret, and that nothing changes the "
				       "request on its way.");
	}
	if (check_time(claim, evidence->now, &signed_at, err) < 0 ||
	    authenticate_user(gate, key->user, "InvalidAccessKeyId.Inactive", caller, err) < 0 ||
	    check_nonce(gate, claim, evidence->now, signed_at, err) < 0)
		return -1;
	uses_note_key(gate->uses, key, evidence->now);
	return 0;
}

static int check_claim(struct gate *gate, const struct evidence *evidence,
		       const struct claim *claim, struct caller *caller, struct error *err)
{
	struct store_access_key key;
	int64_t ignored;
	int status;

	if (strlen(claim->nonce) > AUTHENTICATE_NONCE_MAX)
		return refuse(err, "IncompleteSignature", NULL,
			      "the nonce has more than 128 characters");
	if (check_time(claim, evidence->now, &ignored, err) < 0)
		return -1;
	status = store_access_key_get(gate->store, claim->access_key, &key, err);
	if (status < 0)
		return -1;
	if (status == 0)
		return refuse(err, "InvalidAccessKeyId.NotFound", "AccessKeyId",
			      "there is no such access key");
	caller->proof = PROOF_SIGNATURE;
	snprintf(caller->credential, sizeof(caller->credential), "%s", key.id);
	status = check_with_key(gate, evidence, claim, &key, caller, err);
	store_access_key_done(&key);
	return status;
}

int authenticate_signature(struct gate *gate, const struct evidence *evidence,
			   struct caller *ret_caller, char ret_nonce[AUTHENTICATE_NONCE_MAX + 1],
			   struct error *err)
{
	struct claim claim = { 0 };
	struct caller caller = *ret_caller;

	if ((evidence_is_acs3(evidence) ? claim_acs3 : claim_v1)(evidence, &claim, err) < 0 ||
	    check_claim(gate, evidence, &claim, &caller, err) < 0)
		return -1;
	snprintf(ret_nonce, AUTHENTICATE_NONCE_MAX + 1, "%s", claim.nonce);
	*ret_caller = caller;
	return 0;
}
