/*
 * store/job.h - what was promised (JobId) and what was answered (ClientToken).
 *
 * A job is done when every worker serves its revision; that is told by comparing numbers, so a row is
 * written once at its beginning, and once more only when it fails.
 */
#ifndef SALLYPORT_STORE_JOB_H
#define SALLYPORT_STORE_JOB_H

#include "store/store.h"

struct store_job {
	char *id;
	char *action;
	char *kind, *resource;     /* what it is about */
	int64_t revision;          /* served: the job has succeeded */
	char *error;               /* why it failed; NULL: it did not */
	int64_t created_s;
};
void store_job_done(struct store_job *job);
int must_check store_job_put(struct store *store, const struct store_job *job, struct error *err);
int must_check store_job_get(struct store *store, const char *id, struct store_job *ret_job,
			     struct error *err); /* 1, 0, -1 */
/* All jobs about this resource that are not yet served at this revision. */
int must_check store_jobs_fail(struct store *store, const char *kind, const char *resource,
			       int64_t above_revision, const char *why, struct error *err);

/* An answer kept for 24 h: (user, product, action, token) -> digest of the parameters, reply. */
struct store_client_token {
	char *user, *product, *action, *token;
	uint8_t digest[32];
	json_t *reply;
	int64_t created_s;
};
void store_client_token_done(struct store_client_token *token);
int must_check store_client_token_put(struct store *store, const struct store_client_token *token,
				      struct error *err);
/* Looks up by user, product, action and token of key. 1, 0, -1. */
int must_check store_client_token_get(struct store *store, const struct store_client_token *key,
				      struct store_client_token *ret_token, struct error *err);

#endif
