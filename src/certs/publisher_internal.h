/* certs/publisher_internal.h - what the publisher knows of each CA; for the files that publish. */
#ifndef SALLYPORT_CERTS_PUBLISHER_INTERNAL_H
#define SALLYPORT_CERTS_PUBLISHER_INTERNAL_H

#include <openssl/evp.h>
#include "certs/http.h"
#include "certs/ocsp_cache.h"
#include "certs/publisher.h"
#include "pki/ocsp_request.h"
#include "store/certificate.h"
#include "x509/certificate.h"
#include "x509/revocation.h"

#define PUBLISHED_KEY_ID_SIZE 129 /* hex; a key id of more than 64 octets is cut */
#define PUBLISH_FOLDER "publish"

/* The newest list of one CA, as it is served. */
struct published_list {
	int fd;                 /* a memfd; -1: there is none */
	uint64_t size;
	uint8_t hash[SHA256_SIZE];
	uint64_t number;
	int64_t this_update, next_update;
};

/* Who signs OCSP answers for one CA. */
struct published_signer {
	EVP_PKEY *key;          /* owned; NULL: none yet */
	struct certificate *certificate; /* owned; NULL: the CA itself */
	int64_t renew_at;
};

struct published_ca {
	char id[65];            /* of the newest certificate for this key */
	uint8_t key[REVOCATION_KEY_SIZE];
	char key_id[PUBLISHED_KEY_ID_SIZE];
	struct certificate *certificate; /* owned */
	struct buffer chain;
	/* How OCSP clients name it. */
	uint8_t name_sha1[20], key_sha1[20], name_sha256[32], key_sha256[32];
	int64_t crl_days;
	uint64_t least_number;  /* of the next list: what the CA has given out elsewhere, and one more */
	bool is_seen;           /* in the store, at the last look */
	bool has_key;           /* else nothing can be said for it: its key is elsewhere */
	bool is_new;            /* nothing of it was looked up yet */

	struct published_list list;
	bool is_writing;        /* a job is */
	uint64_t listed_changes; /* own_revocations_changes() that the list has */
	uint64_t seen_changes;  /* at the last tick: gathered until it stays */
	int64_t due_since;      /* 0: it is not due */
	int64_t write_after;    /* not before: long lists take their time, and failures */

	struct published_signer signer;
	bool is_making_signer;
	int64_t make_signer_after;
};

struct publisher {
	struct control *control;
	struct published_ca **cas; /* owned */
	size_t count;
	int64_t revision;       /* of the store, when the CAs were read; -1: never */
	struct list_job *list_jobs;     /* all that are under way or not stored yet */
	struct signer_job *signer_jobs;
	struct ocsp_cache *cache;
};

/* The one publisher; made when it is asked for first. The CAs are as the store has them. */
struct publisher *publisher_of(struct control *control);
struct published_ca *publisher_find(struct publisher *publisher, const uint8_t *key);
struct published_ca *publisher_find_key_id(struct publisher *publisher, const char *key_id);
/* Whose certificate does an OCSP client mean? NULL: no CA of ours. */
struct published_ca *publisher_find_issuer(struct publisher *publisher, const struct ocsp_id *id);

/* The key of a CA, as PKCS#8. */
int must_check published_open_key(struct publisher *publisher, const struct published_ca *ca,
				  struct buffer *ret_pkcs8, struct error *err);
void published_log(struct publisher *publisher, const char *event, const struct published_ca *ca,
		   const struct error *err);

/* certs/publish_list.c */
void publish_list_load(struct publisher *publisher, struct published_ca *ca);
void publish_list_follow_number(struct published_ca *ca, uint64_t number);
void publish_list_tick(struct publisher *publisher, struct published_ca *ca, int64_t now);
void publish_list_store(struct publisher *publisher, int64_t now); /* what jobs finished */
void publish_list_close(struct publisher *publisher);

/* certs/publish_signer.c */
void publish_signer_load(struct publisher *publisher, struct published_ca *ca, int64_t now);
void publish_signer_tick(struct publisher *publisher, struct published_ca *ca, int64_t now);
void publish_signer_store(struct publisher *publisher, int64_t now);
void publish_signer_close(struct publisher *publisher);

/* certs/ocsp_answer.c: the answer to a request, and how it may be kept. */
int must_check ocsp_answer(struct publisher *publisher, struct bytes request, const char *source,
			   struct certs_http_reply *ret_reply);

#endif
