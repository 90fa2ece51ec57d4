/*
 * store/identity.h - who may speak to us: users, access keys, tokens and sessions.
 *
 * Passwords are kept as scrypt hashes, tokens and session cookies as SHA-256; the secret of an access
 * key is sealed, because HMAC signatures need it.
 */
#ifndef SALLYPORT_STORE_IDENTITY_H
#define SALLYPORT_STORE_IDENTITY_H

#include "store/store.h"

struct store_user {
	char *name;
	char *role;                /* "administrator", "operator", "viewer", "issuer" */
	char *ca;                  /* id of the one CA of an issuer, or NULL */
	char *password;            /* "scrypt$N$r$p$salt$hash", or NULL: no password log-in */
	char *language;            /* or NULL */
	bool disabled;
	int64_t created_s, revision;
};
void store_user_done(struct store_user *user);
int must_check store_user_put(struct store *store, const struct store_user *user, struct error *err);
int must_check store_user_get(struct store *store, const char *name, struct store_user *ret_user,
			      struct error *err); /* 1, 0, -1 */
/* With its keys, tokens and sessions. */
int must_check store_user_delete(struct store *store, const char *name, struct error *err);
int must_check store_user_each(struct store *store,
			       bool (*each)(void *arg, const struct store_user *user), void *arg,
			       struct error *err);

struct store_access_key {
	char *id;                  /* AccessKeyId */
	char *user;
	char *secret;              /* opened; only from store_access_key_get() */
	bool inactive;
	int64_t created_s, used_s;
};
void store_access_key_done(struct store_access_key *key); /* wipes */
int must_check store_access_key_put(struct store *store, const struct store_access_key *key,
				    struct error *err); /* secret NULL: it stays */
int must_check store_access_key_get(struct store *store, const char *id,
				    struct store_access_key *ret_key, struct error *err);
int must_check store_access_key_delete(struct store *store, const char *id, struct error *err);
int must_check store_access_key_each(struct store *store, const char *user,
				     bool (*each)(void *arg, const struct store_access_key *key),
				     void *arg, struct error *err);

/* Bearer tokens and console sessions: found by the SHA-256 of what the client sends. */
struct store_token {
	uint8_t hash[32];
	char *id;                  /* to name it in lists */
	char *user;
	bool is_session;
	char *csrf;                /* sessions */
	char *note;
	int64_t created_s, used_s, expires_s; /* expires_s 0: never */
};
void store_token_done(struct store_token *token);
int must_check store_token_put(struct store *store, const struct store_token *token,
			       struct error *err);
int must_check store_token_get(struct store *store, const uint8_t hash[32],
			       struct store_token *ret_token, struct error *err);
int must_check store_token_delete(struct store *store, const char *id, struct error *err);
int must_check store_token_each(struct store *store, const char *user,
				bool (*each)(void *arg, const struct store_token *token), void *arg,
				struct error *err);

#endif
