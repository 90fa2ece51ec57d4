/* admin/credentials.h - new access keys and tokens, for the API and for the first start. */
#ifndef SALLYPORT_ADMIN_CREDENTIALS_H
#define SALLYPORT_ADMIN_CREDENTIALS_H

#include <stdint.h>
#include "admin/admin.h"

/* Both are written inside a transaction of the caller's, who wipes the secret. */
struct credentials_key {
	char id[ADMIN_KEY_ID_SIZE];         /* "LTAI" and 20 characters, as the real service's */
	char secret[ADMIN_SECRET_SIZE];
};
int must_check credentials_make_key(struct store *store, const char *user, int64_t now,
				    struct credentials_key *ret_made, struct error *err);

struct credentials_token {
	char id[40];
	char token[ADMIN_TOKEN_SIZE];       /* "spt_" and 52 characters */
};
/* note may be NULL; expires_s 0: never. */
int must_check credentials_make_token(struct store *store, const char *user, const char *note,
				      int64_t now, int64_t expires_s,
				      struct credentials_token *ret_made, struct error *err);

#endif
