/*
 * Keys that sign OCSP answers and nothing else: each CA certifies one for 30 days and replaces it
 * at half of that. Made in a job thread, kept in the store like every certificate. A CA that
 * cannot certify one (it ends soon, or its extended key usages forbid it) signs its answers
 * itself.
 */
#include "certs/publisher_internal.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/monotime.h"
#include "control/call.h"
#include "control/jobs.h"
#include "control/serving.h"
#include "pki/authority.h"
#include "pki/key.h"
#include "pki/subject.h"

#define RETRY_S 3600
#define SHORTEST_S 86400

struct signer_job {
	struct signer_job *next;
	uint8_t ca_key[REVOCATION_KEY_SIZE];
	char ca_id[65], name[80];
	struct buffer certificate, chain, ca_pkcs8;
	int64_t now;
	struct buffer pkcs8; /* what was made */
	struct issued issued;
	struct buffer issuers; /* the CA and those above it */
	bool is_made, is_done;
	struct error err;
};

static void job_free(struct signer_job *job)
{
	buffer_done(&job->certificate);
	buffer_done(&job->chain);
	buffer_done(&job->ca_pkcs8);
	buffer_done(&job->pkcs8);
	buffer_done(&job->issuers);
	issued_done(&job->issued);
	free(job);
}

/* --- in the job thread --- */

/* Clients that trust a CA know its kind of keys: the signer's is of the same. */
static enum key_algorithm algorithm_for(const EVP_PKEY *ca_key)
{
	return EVP_PKEY_id(ca_key) == EVP_PKEY_RSA ? KEY_ALGORITHM_RSA_2048 : KEY_ALGORITHM_ECC_256;
}

static int issue(struct signer_job *job, struct authority *authority, struct bytes subject,
		 struct bytes spki)
{
	struct issue_request request = { .profile = issue_profile(ISSUE_OCSP_SIGNER),
					 .subject = subject,
					 .public_key = spki,
					 .now = job->now,
					 .path_length = -1 };
	struct bytes issuers = authority_chain(authority);

	request.validity = validity_days(job->now, request.profile->days);
	if (request.validity.not_after > authority_not_after(authority))
		request.validity.not_after = authority_not_after(authority);
	if (request.validity.not_before < authority_not_before(authority))
		request.validity.not_before = authority_not_before(authority);
	if (request.validity.not_after < job->now + SHORTEST_S)
		return error_set(&job->err, ERROR_INVALID, "the CA ends soon");
	buffer_append(&job->issuers, issuers.data, issuers.len);
	return authority_issue(authority, &request, &job->issued, &job->err);
}

static int make_signer(struct signer_job *job, EVP_PKEY *ca_key, struct authority *authority)
{
	struct subject_names names = { .common_name = job->name };
	struct buffer subject = { 0 }, spki = { 0 };
	EVP_PKEY *key = key_generate(algorithm_for(ca_key), &job->err);
	int result = -1;

	if (key != NULL && key_to_pkcs8(key, &job->pkcs8, &job->err) == 0 &&
	    key_to_spki(key, &spki, &job->err) == 0 &&
	    subject_write(&names, &subject, &job->err) == 0)
		result = issue(job, authority, buffer_bytes(&subject), buffer_bytes(&spki));
	EVP_PKEY_free(key);
	buffer_done(&subject);
	buffer_done(&spki);
	return result;
}

static void make_work(void *arg)
{
	struct signer_job *job = arg;
	EVP_PKEY *ca_key = key_from_pkcs8(buffer_bytes(&job->ca_pkcs8), &job->err);
	struct authority *authority =
		ca_key == NULL ? NULL
			       : authority_new(buffer_bytes(&job->certificate),
					       buffer_bytes(&job->chain), ca_key, &job->err);

	buffer_done(&job->ca_pkcs8);
	job->is_made = authority != NULL && make_signer(job, ca_key, authority) == 0;
	authority_free(authority);
	EVP_PKEY_free(ca_key);
}

static void make_done(void *arg)
{
	struct signer_job *job = arg;

	job->is_done = true;
}

/* --- beginning --- */

static void begin(struct publisher *publisher, struct published_ca *ca, int64_t now)
{
	struct signer_job *job = memory_new(sizeof(*job));
	struct bytes der = certificate_der(ca->certificate);
	struct error err = { 0 };

	ca->make_signer_after = now + RETRY_S;
	memcpy(job->ca_key, ca->key, sizeof(job->ca_key));
	snprintf(job->ca_id, sizeof(job->ca_id), "%s", ca->id);
	snprintf(job->name, sizeof(job->name), "OCSP signer %.16s", ca->key_id);
	job->now = now;
	buffer_append(&job->certificate, der.data, der.len);
	buffer_append(&job->chain, ca->chain.data, ca->chain.len);
	if (published_open_key(publisher, ca, &job->ca_pkcs8, &err) < 0) {
		published_log(publisher, "ocsp_signer_failed", ca, &err);
		job_free(job);
		return;
	}
	ca->is_making_signer = true;
	job->next = publisher->signer_jobs;
	publisher->signer_jobs = job;
	jobs_run(serving_jobs(publisher->control), make_work, make_done, job);
}

void publish_signer_tick(struct publisher *publisher, struct published_ca *ca, int64_t now)
{
	bool is_due = ca->signer.certificate == NULL || now >= ca->signer.renew_at;

	if (is_due && !ca->is_making_signer && now >= ca->make_signer_after &&
	    now + SHORTEST_S < certificate_not_after(ca->certificate) &&
	    now >= certificate_not_before(ca->certificate))
		begin(publisher, ca, now);
}

/* --- the end of a job --- */

static void use_signer(struct published_ca *ca, struct certificate *certificate, EVP_PKEY *key)
{
	int64_t begins = certificate_not_before(certificate);

	certificate_free(ca->signer.certificate);
	EVP_PKEY_free(ca->signer.key);
	ca->signer.certificate = certificate;
	ca->signer.key = key;
	ca->signer.renew_at = begins + (certificate_not_after(certificate) - begins) / 2;
}

static void serial_text(const struct certificate *certificate, char *ret_text, size_t size)
{
	struct bytes serial = certificate_serial(certificate);
	size_t i;

	for (i = 0; i < serial.len && 2 * i + 2 < size; i++)
		snprintf(ret_text + 2 * i, size - 2 * i, "%02X", serial.data[i]);
}

static void fill_row(const struct signer_job *job, const struct certificate *certificate,
		     struct store_certificate *row)
{
	char id[37], serial[2 * SERIAL_SIZE + 1] = "";

	call_new_uuid(id);
	serial_text(certificate, serial, sizeof(serial));
	*row = (struct store_certificate){ .role = STORE_OCSP_SIGNER,
					   .has_key = true,
					   .created_s = job->now };
	row->id = memory_copy_string(id);
	row->parent = memory_copy_string(job->ca_id);
	row->name = memory_copy_string("");
	row->common_name = memory_copy_string(job->name);
	row->sans = memory_copy_string("");
	row->serial = memory_copy_string(serial);
	row->body = json_object();
	memcpy(row->issuer_key, job->ca_key, sizeof(row->issuer_key));
	memcpy(row->subject_key, certificate_key_hash(certificate), sizeof(row->subject_key));
	SHA256(job->issued.der.data, job->issued.der.len, row->sha256);
	row->not_before = certificate_not_before(certificate);
	row->not_after = certificate_not_after(certificate);
	buffer_append(&row->der, job->issued.der.data, job->issued.der.len);
	buffer_append(&row->chain, job->issuers.data, job->issuers.len);
}

static int put_row(struct store *store, const struct signer_job *job, struct store_certificate *row,
		   struct error *err)
{
	struct store_change change = { .kind = "certificate",
				       .id = row->id,
				       .act = "Create",
				       .action = "RenewOcspSigner",
				       .product = "pca",
				       .actor = "system",
				       .from = "system",
				       .request_id = "",
				       .now = job->now };

	return store_change(store, &change, &row->revision, err) < 0 ||
			       store_certificate_put(store, row, err) < 0
		       ? -1
		       : store_key_put(store, row->id, false, buffer_bytes(&job->pkcs8), err);
}

static int store_signer(struct store *store, const struct signer_job *job,
			const struct certificate *certificate, struct error *err)
{
	struct store_certificate row;
	int result = -1;

	fill_row(job, certificate, &row);
	if (store_begin(store, err) == 0) {
		result = put_row(store, job, &row, err);
		if (result == 0)
			result = store_commit(store, err);
		else
			store_rollback(store);
	}
	store_certificate_done(&row);
	return result;
}

static void finish(struct publisher *publisher, struct signer_job *job)
{
	struct published_ca *ca = publisher_find(publisher, job->ca_key);
	struct certificate *certificate = NULL;
	EVP_PKEY *key = NULL;

	ca->is_making_signer = false;
	/* Signers go with their CA, also one that was made while it was deleted. */
	if (!ca->is_seen)
		return;
	snprintf(job->ca_id, sizeof(job->ca_id), "%s", ca->id);
	if (job->is_made)
		certificate = certificate_parse(buffer_bytes(&job->issued.der), &job->err);
	if (certificate != NULL)
		key = key_from_pkcs8(buffer_bytes(&job->pkcs8), &job->err);
	if (key != NULL &&
	    store_signer(serving_store(publisher->control), job, certificate, &job->err) == 0) {
		use_signer(ca, certificate, key);
		return;
	}
	EVP_PKEY_free(key);
	certificate_free(certificate);
	published_log(publisher, "ocsp_signer_failed", ca, &job->err);
}

void publish_signer_store(struct publisher *publisher, int64_t now)
{
	struct signer_job **at = &publisher->signer_jobs;

	(void)now;
	while (*at != NULL) {
		struct signer_job *job = *at;

		if (!job->is_done) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		finish(publisher, job);
		job_free(job);
	}
}

void publish_signer_close(struct publisher *publisher)
{
	while (publisher->signer_jobs != NULL) {
		struct signer_job *job = publisher->signer_jobs;

		publisher->signer_jobs = job->next;
		job_free(job);
	}
}

/* --- the signer of the time before --- */

struct newest {
	char id[65];
	int64_t not_after;
	struct certificate *certificate;
};

static bool take_newer(void *arg, const struct store_certificate *row)
{
	struct newest *newest = arg;
	struct certificate *certificate;

	if (!row->has_key || row->not_after <= newest->not_after)
		return true;
	certificate = certificate_parse(buffer_bytes(&row->der), NULL);
	if (certificate == NULL)
		return true;
	certificate_free(newest->certificate);
	newest->certificate = certificate;
	newest->not_after = row->not_after;
	snprintf(newest->id, sizeof(newest->id), "%s", row->id);
	return true;
}

void publish_signer_load(struct publisher *publisher, struct published_ca *ca, int64_t now)
{
	struct store_certificate_filter filter = { .roles = STORE_OCSP_SIGNER, .parent = ca->id };
	struct store *store = serving_store(publisher->control);
	/* One that ends within the life of an answer is of no use. */
	struct newest newest = { .not_after = now + 2 * SHORTEST_S };
	struct buffer pkcs8 = { 0 };
	EVP_PKEY *key = NULL;

	if (store_certificate_each(store, &filter, take_newer, &newest, NULL) == 0 &&
	    newest.certificate != NULL && store_key_get(store, newest.id, &pkcs8, NULL, NULL) == 1)
		key = key_from_pkcs8(buffer_bytes(&pkcs8), NULL);
	buffer_done(&pkcs8);
	if (key != NULL)
		use_signer(ca, newest.certificate, key);
	else
		certificate_free(newest.certificate);
}
