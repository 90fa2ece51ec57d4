#include "certs/publisher_internal.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include "base/monotime.h"
#include "certs/sign_budget.h"
#include "control/own_revocations.h"
#include "control/serving.h"
#include "pki/key.h"
#include "pki/ocsp_response.h"

#define ANSWER_LIFE_S (12 * 3600)
#define MAX_AGE_S 3600

/* --- what is known of a certificate --- */

static bool was_issued(struct store *store, const struct published_ca *ca, struct bytes serial)
{
	struct store_certificate row;
	char hex[2 * REVOCATION_SERIAL_SIZE + 1];
	size_t i;

	/* The store has serials as positive numbers: a negative one is another, whatever its octets. */
	if (serial.len > REVOCATION_SERIAL_SIZE || (serial.data[0] & 0x80) != 0)
		return false;
	for (i = 0; i < serial.len; i++)
		snprintf(hex + 2 * i, sizeof(hex) - 2 * i, "%02X", serial.data[i]);
	if (store_certificate_get_serial(store, ca->key, hex, &row, NULL) != 1)
		return false;
	store_certificate_done(&row);
	return true;
}

/* Never "good" for what was never issued: BR 4.9.10. */
static struct ocsp_answer answer_about(struct publisher *publisher, const struct published_ca *ca,
				       const struct ocsp_id *id)
{
	struct own_revocations *own = serving_own_revocations(publisher->control);
	struct ocsp_answer answer = { .id = id->der, .status = OCSP_UNKNOWN };
	struct revocation_entry entry;

	if (own_revocations_find(own, ca->key, id->serial, &entry)) {
		answer.status = OCSP_REVOKED;
		answer.revoked_s = entry.when;
		answer.reason = entry.reason;
	} else if (was_issued(serving_store(publisher->control), ca, id->serial)) {
		answer.status = OCSP_GOOD;
	}
	return answer;
}

/* --- signing --- */

/* Until there is a signer for OCSP the CA is its own. */
static bool have_signer(struct publisher *publisher, struct published_ca *ca, int64_t now,
			struct error *err)
{
	struct published_signer *signer = &ca->signer;
	struct buffer pkcs8 = { 0 };

	if (signer->certificate != NULL && now >= certificate_not_after(signer->certificate)) {
		certificate_free(signer->certificate);
		EVP_PKEY_free(signer->key);
		*signer = (struct published_signer){ NULL, NULL, 0 };
	}
	if (signer->key == NULL && published_open_key(publisher, ca, &pkcs8, err) == 0)
		signer->key = key_from_pkcs8(buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	return signer->key != NULL;
}

static void fill_response(struct ocsp_response *response, const struct published_ca *ca,
			  int64_t now)
{
	response->is_delegated = ca->signer.certificate != NULL;
	response->signer = response->is_delegated ? ca->signer.certificate : ca->certificate;
	response->key = ca->signer.key;
	response->produced_at = now;
	response->this_update = now - OCSP_BACKDATE_S;
	response->next_update = now - OCSP_BACKDATE_S + ANSWER_LIFE_S;
	if (response->is_delegated &&
	    response->next_update > certificate_not_after(response->signer))
		response->next_update = certificate_not_after(response->signer);
}

/* --- the reply --- */

static void may_be_kept(struct certs_http_reply *reply, int64_t produced_s, int64_t next_update_s,
			int64_t now)
{
	uint8_t hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	SHA256(reply->body.data, reply->body.len, hash);
	hex_encode((struct bytes){ hash, sizeof(hash) }, hex);
	snprintf(reply->etag, sizeof(reply->etag), "\"%s\"", hex);
	reply->last_modified_s = produced_s;
	reply->expires_s = next_update_s;
	reply->max_age_s = (next_update_s - now) / 2;
	if (reply->max_age_s > MAX_AGE_S)
		reply->max_age_s = MAX_AGE_S;
	if (reply->max_age_s < 0)
		reply->max_age_s = 0;
}

static int refuse(struct certs_http_reply *reply, enum ocsp_refusal refusal)
{
	ocsp_response_refuse(refusal, &reply->body);
	return 0;
}

static bool answer_from_cache(struct publisher *publisher, const uint8_t *question,
			      uint64_t changes, int64_t now, struct certs_http_reply *reply)
{
	const struct ocsp_kept *kept = ocsp_cache_find(publisher->cache, question, changes, now);

	if (kept == NULL)
		return false;
	buffer_append(&reply->body, kept->der.data, kept->der.len);
	may_be_kept(reply, kept->produced_s, kept->next_update_s, now);
	return true;
}

static void keep_answer(struct publisher *publisher, const uint8_t *question, uint64_t changes,
			const struct ocsp_response *response, struct certs_http_reply *reply)
{
	struct ocsp_kept kept = { .changes = changes,
				  .produced_s = response->produced_at,
				  .next_update_s = response->next_update,
				  .der = reply->body };
	size_t i;

	/* It may be issued or uploaded in the next moment. */
	for (i = 0; i < response->count; i++)
		if (response->answers[i].status == OCSP_UNKNOWN)
			return;
	kept.until_s = kept.produced_s + (kept.next_update_s - kept.produced_s) / 2;
	memcpy(kept.question, question, sizeof(kept.question));
	ocsp_cache_put(publisher->cache, &kept);
	may_be_kept(reply, kept.produced_s, kept.next_update_s, kept.produced_s);
}

static int sign_answer(struct publisher *publisher, struct published_ca *ca,
		       const struct ocsp_request *request, int64_t now,
		       struct ocsp_answer answers[OCSP_REQUEST_MAX_IDS],
		       struct ocsp_response *response, struct certs_http_reply *reply)
{
	struct error err = { 0 };
	size_t i;

	if (!have_signer(publisher, ca, now, &err)) {
		published_log(publisher, "ocsp_failed", ca, &err);
		return -1;
	}
	fill_response(response, ca, now);
	for (i = 0; i < request->count; i++)
		answers[i] = answer_about(publisher, ca, &request->ids[i]);
	response->answers = answers;
	response->count = request->count;
	response->nonce = request->nonce;
	if (ocsp_response_write(response, &reply->body, &err) == 0)
		return 0;
	published_log(publisher, "ocsp_failed", ca, &err);
	return -1;
}

/* One answer has one signer: all that is asked about must come from one CA whose key is here. */
static struct published_ca *issuer_of(struct publisher *publisher,
				      const struct ocsp_request *request)
{
	struct published_ca *ca = publisher_find_issuer(publisher, &request->ids[0]);
	size_t i;

	for (i = 1; i < request->count; i++)
		if (publisher_find_issuer(publisher, &request->ids[i]) != ca)
			return NULL;
	return ca != NULL && ca->has_key ? ca : NULL;
}

static void hash_question(const struct ocsp_request *request, uint8_t ret_question[SHA256_SIZE])
{
	struct sha256 hash;
	size_t i;

	sha256_init(&hash);
	for (i = 0; i < request->count; i++)
		sha256_update(&hash, request->ids[i].der.data, request->ids[i].der.len);
	sha256_final(&hash, ret_question);
}

int ocsp_answer(struct publisher *publisher, struct bytes der, const char *source,
		struct certs_http_reply *reply)
{
	int64_t now = walltime_s();
	uint64_t begun = monotime_us();
	struct ocsp_answer answers[OCSP_REQUEST_MAX_IDS];
	struct ocsp_response response = { .signer = NULL };
	uint8_t question[SHA256_SIZE];
	struct ocsp_request request;
	struct published_ca *ca;
	uint64_t changes;

	reply->status = 200;
	reply->content_type = "application/ocsp-response";
	if (!ocsp_request_parse(der, &request))
		return refuse(reply, OCSP_MALFORMED_REQUEST);
	ca = issuer_of(publisher, &request);
	if (ca == NULL)
		return refuse(reply, OCSP_UNAUTHORIZED);
	changes = own_revocations_changes(serving_own_revocations(publisher->control), ca->key);
	hash_question(&request, question);
	if (request.nonce.len == 0 && answer_from_cache(publisher, question, changes, now, reply))
		return 0;
	if (!sign_budget_has(source, begun))
		return refuse(reply, OCSP_TRY_LATER);
	if (sign_answer(publisher, ca, &request, now, answers, &response, reply) < 0)
		return refuse(reply, OCSP_INTERNAL_ERROR);
	sign_budget_spend(source, begun, monotime_us() - begun);
	if (request.nonce.len == 0)
		keep_answer(publisher, question, changes, &response, reply);
	return 0;
}
