/*
 * The list of each CA. A job gets copies of all it needs, and its result waits for the next tick:
 * only there no transaction of a request is open.
 *
 *   begin (tick) -> write (job) -> store (tick), then served -> keep_file (job) -> freed
 */
#include "certs/publisher_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/monotime.h"
#include "control/jobs.h"
#include "control/own_revocations.h"
#include "control/serving.h"
#include "document/message.h"
#include "pki/crl_write.h"
#include "pki/key.h"
#include "store/folder.h"
#include "x509/certificate_internal.h"
#include "x509/crl.h"

#define RETRY_S 10
/* A job writes lists for a tenth of the time at most, however fast certificates are revoked. */
#define PAUSE 10
/* Somebody who revokes without a pause must not keep the list from being made. */
#define GATHER_MOST_S 5
#define LARGE (1u << 20)

struct list_job {
	struct list_job *next;
	struct publisher *publisher;
	uint8_t key[REVOCATION_KEY_SIZE];
	struct buffer certificate, pkcs8;
	struct revocation_entry *entries; /* owned */
	size_t entry_count, given;
	uint64_t changes;
	struct published_list list; /* number and dates; fd once it is written */
	struct store_crl stored;
	bool is_written, is_done; /* is_done: the thread is through with it */
	bool is_stored, is_over;
	int64_t took_us;
	char path[PATH_MAX];
	struct error err;
};

static void job_free(struct list_job *job)
{
	buffer_done(&job->certificate);
	buffer_done(&job->pkcs8);
	buffer_done(&job->stored.der);
	free(job->entries);
	if (job->list.fd >= 0)
		close(job->list.fd);
	free(job);
}

/* --- in the job thread --- */

static bool next_entry(void *arg, struct crl_entry *ret_entry)
{
	struct list_job *job = arg;
	const struct revocation_entry *entry;

	if (job->given == job->entry_count)
		return false;
	entry = &job->entries[job->given++];
	*ret_entry =
		(struct crl_entry){ { entry->serial, entry->len }, entry->when, entry->reason };
	return true;
}

static int write_list(struct list_job *job, const struct certificate *issuer, EVP_PKEY *key)
{
	struct crl_order order = { .issuer = issuer,
				   .key = key,
				   .number = job->list.number,
				   .this_update = job->list.this_update,
				   .next_update = job->list.next_update };

	if (crl_write(&order, next_entry, job, &job->stored.der, &job->err) < 0 ||
	    crl_verify(buffer_bytes(&job->stored.der), issuer, &job->err) < 0)
		return -1;
	SHA256(job->stored.der.data, job->stored.der.len, job->list.hash);
	job->list.size = job->stored.der.len;
	job->list.fd = message_memfd("revocation list", buffer_bytes(&job->stored.der), &job->err);
	return job->list.fd < 0 ? -1 : 0;
}

static void write_work(void *arg)
{
	struct list_job *job = arg;
	uint64_t begun = monotime_us();
	struct certificate *issuer = certificate_parse(buffer_bytes(&job->certificate), &job->err);
	EVP_PKEY *key =
		issuer == NULL ? NULL : key_from_pkcs8(buffer_bytes(&job->pkcs8), &job->err);

	buffer_done(&job->pkcs8);
	job->is_written = key != NULL && write_list(job, issuer, key) == 0;
	EVP_PKEY_free(key);
	certificate_free(issuer);
	job->took_us = (int64_t)(monotime_us() - begun);
}

static void write_done(void *arg)
{
	struct list_job *job = arg;

	job->is_done = true;
}

static void file_work(void *arg)
{
	struct list_job *job = arg;
	char *slash = strrchr(job->path, '/');

	*slash = '\0';
	if (mkdir(job->path, 0700) < 0 && errno != EEXIST)
		error_set_errno(&job->err, "could not make the folder \"%s\"", job->path);
	*slash = '/';
	if (job->err.code == ERROR_NONE)
		(void)!folder_replace(job->path, buffer_bytes(&job->stored.der), &job->err);
}

/* --- beginning --- */

static int64_t end_of(const struct published_ca *ca, int64_t this_update)
{
	return crl_next_update(this_update, ca->crl_days);
}

static int fill_job(struct list_job *job, struct publisher *publisher, struct published_ca *ca,
		    int64_t now, struct error *err)
{
	struct own_revocations *own = serving_own_revocations(publisher->control);
	struct bytes der = certificate_der(ca->certificate);

	memcpy(job->key, ca->key, sizeof(job->key));
	/* Before the copy: what is added in between makes one list more. */
	job->changes = own_revocations_changes(own, ca->key);
	job->entries = own_revocations_copy(own, ca->key, &job->entry_count);
	job->list.number = crl_next_number(ca->list.number, now);
	if (job->list.number < ca->least_number)
		job->list.number = ca->least_number;
	job->list.this_update = now - CRL_BACKDATE_S;
	job->list.next_update = end_of(ca, job->list.this_update);
	buffer_append(&job->certificate, der.data, der.len);
	snprintf(job->path, sizeof(job->path), "%s/" PUBLISH_FOLDER "/%s.crl",
		 serving_data_dir(publisher->control), ca->key_id);
	return published_open_key(publisher, ca, &job->pkcs8, err);
}

static void begin(struct publisher *publisher, struct published_ca *ca, int64_t now)
{
	struct list_job *job = memory_new(sizeof(*job));
	struct error err = { 0 };

	job->publisher = publisher;
	job->list.fd = -1;
	if (fill_job(job, publisher, ca, now, &err) < 0) {
		published_log(publisher, "crl_failed", ca, &err);
		ca->write_after = now + 60 * RETRY_S;
		job_free(job);
		return;
	}
	ca->is_writing = true;
	ca->due_since = 0;
	job->next = publisher->list_jobs;
	publisher->list_jobs = job;
	jobs_run(serving_jobs(publisher->control), write_work, write_done, job);
}

static bool may_sign_lists(const struct published_ca *ca, int64_t now)
{
	return (ca->certificate->key_usage & X509v3_KU_CRL_SIGN) != 0 &&
	       now <= certificate_not_after(ca->certificate);
}

/* It was due all the time for as long as revocations may be gathered. */
static bool has_waited(struct published_ca *ca, bool is_due, int64_t now)
{
	if (!is_due || ca->due_since == 0 || now < ca->due_since)
		ca->due_since = is_due ? now : 0;
	return is_due && now - ca->due_since >= GATHER_MOST_S;
}

void publish_list_tick(struct publisher *publisher, struct published_ca *ca, int64_t now)
{
	uint64_t changes =
		own_revocations_changes(serving_own_revocations(publisher->control), ca->key);
	bool is_due = ca->list.fd < 0 || changes != ca->listed_changes ||
		      now >= crl_renew_at(ca->list.this_update, ca->list.next_update) ||
		      now < ca->list.this_update;
	bool has_settled = has_waited(ca, is_due, now) || changes == ca->seen_changes ||
			   ca->list.fd < 0;

	ca->seen_changes = changes;
	if (is_due && has_settled && !ca->is_writing && now >= ca->write_after &&
	    may_sign_lists(ca, now))
		begin(publisher, ca, now);
}

void publish_list_follow_number(struct published_ca *ca, uint64_t number)
{
	if (number >= ca->least_number)
		ca->least_number = number + 1;
}

/* --- the end of a job --- */

static int store_list(struct list_job *job, struct store *store)
{
	job->stored.number = (int64_t)job->list.number;
	job->stored.this_update_s = job->list.this_update;
	job->stored.next_update_s = job->list.next_update;
	if (store_begin(store, &job->err) < 0)
		return -1;
	if (store_crl_put(store, job->key, &job->stored, &job->err) == 0)
		return store_commit(store, &job->err);
	store_rollback(store);
	return -1;
}

static void serve(struct published_ca *ca, struct list_job *job)
{
	if (ca->list.fd >= 0)
		close(ca->list.fd);
	ca->list = job->list;
	job->list.fd = -1;
	ca->listed_changes = job->changes;
}

static void finish(struct publisher *publisher, struct list_job *job, int64_t now)
{
	struct published_ca *ca = publisher_find(publisher, job->key);
	bool is_good = job->is_written && store_list(job, serving_store(publisher->control)) == 0;

	job->is_stored = true;
	ca->write_after = now + (is_good ? job->took_us * PAUSE / 1000000 : RETRY_S);
	if (!is_good) {
		job->is_over = true;
		ca->is_writing = false;
		published_log(publisher, "crl_failed", ca, &job->err);
		return;
	}
	serve(ca, job);
	job->is_done = false;
	jobs_run(serving_jobs(publisher->control), file_work, write_done, job);
}

/* Only now the next list may be begun: two jobs would write one file. */
static void end_file(struct publisher *publisher, struct list_job *job)
{
	publisher_find(publisher, job->key)->is_writing = false;
	job->is_over = true;
	if (job->err.code != ERROR_NONE)
		serving_log(publisher->control, "crl_file_failed", "error", job->err.message);
}

void publish_list_store(struct publisher *publisher, int64_t now)
{
	struct list_job **at = &publisher->list_jobs;
	bool is_large;

	while (*at != NULL) {
		struct list_job *job = *at;

		if (job->is_done && !job->is_stored)
			finish(publisher, job, now);
		else if (job->is_done)
			end_file(publisher, job);
		if (!job->is_over) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		is_large = job->stored.der.len > LARGE;
		job_free(job);
		/* There were several copies of 25 MB: the allocator would keep the room. */
		if (is_large)
			malloc_trim(0);
	}
}

void publish_list_close(struct publisher *publisher)
{
	while (publisher->list_jobs != NULL) {
		struct list_job *job = publisher->list_jobs;

		publisher->list_jobs = job->next;
		job_free(job);
	}
}

/* --- the list of the time before --- */

/* It is served until the one that is made now is there; its number counts even when it is
 * unusable. */
void publish_list_load(struct publisher *publisher, struct published_ca *ca)
{
	struct store_crl stored = { 0 };
	struct error err = { 0 };

	ca->listed_changes = UINT64_MAX;
	if (store_crl_get(serving_store(publisher->control), ca->key, &stored, &err) != 1)
		return;
	ca->list.number = (uint64_t)stored.number;
	if (stored.der.len > 0 &&
	    crl_verify(buffer_bytes(&stored.der), ca->certificate, &err) == 0) {
		ca->list.this_update = stored.this_update_s;
		ca->list.next_update = stored.next_update_s;
		ca->list.size = stored.der.len;
		SHA256(stored.der.data, stored.der.len, ca->list.hash);
		ca->list.fd = message_memfd("revocation list", buffer_bytes(&stored.der), &err);
	}
	buffer_done(&stored.der);
}
