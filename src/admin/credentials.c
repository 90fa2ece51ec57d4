#include "admin/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/password.h"
#include "base/bytes.h"
#include "store/identity.h"

#define KEY_PREFIX "LTAI"
#define TOKEN_PREFIX "spt_"

int credentials_make_key(struct store *store, const char *user, int64_t now,
			 struct credentials_key *ret_made, struct error *err)
{
	struct credentials_key made = { .id = KEY_PREFIX };
	struct store_access_key key = { .id = made.id,
					.user = (char *)(uintptr_t)user,
					.secret = made.secret,
					.created_s = now };
	int status = -1;

	if (password_random(sizeof(made.id) - sizeof(KEY_PREFIX), made.id + strlen(KEY_PREFIX),
			    err) == 0 &&
	    password_random(sizeof(made.secret) - 1, made.secret, err) == 0)
		status = store_access_key_put(store, &key, err);
	if (status == 0)
		*ret_made = made;
	memory_wipe(&made, sizeof(made));
	return status;
}

int credentials_make_token(struct store *store, const char *user, const char *note, int64_t now,
			   int64_t expires_s, struct credentials_token *ret_made, struct error *err)
{
	struct credentials_token made = { .token = TOKEN_PREFIX };
	struct store_token token = { .id = made.id,
				     .user = (char *)(uintptr_t)user,
				     .note = (char *)(uintptr_t)(note != NULL ? note : ""),
				     .created_s = now,
				     .expires_s = expires_s };
	int status = -1;

	call_new_id("tok-", made.id, sizeof(made.id));
	if (password_random(sizeof(made.token) - sizeof(TOKEN_PREFIX),
			    made.token + strlen(TOKEN_PREFIX), err) == 0) {
		hash_secret(made.token, token.hash);
		status = store_token_put(store, &token, err);
	}
	if (status == 0)
		*ret_made = made;
	memory_wipe(&made, sizeof(made));
	return status;
}

/* --- the first start --- */

static int put_administrator(struct store *store, const char *name, const char *hash, int64_t now,
			     struct error *err)
{
	struct store_user user = { .created_s = now };
	const struct store_change change = { .kind = "user",
					     .id = name,
					     .act = "Create",
					     .action = "Bootstrap",
					     .product = "sallyport",
					     .actor = "system",
					     .from = "system",
					     .now = now };
	int status = store_user_get(store, name, &user, err);

	if (status < 0)
		return -1;
	if (status == 0)
		user = (struct store_user){ .name = memory_copy_string(name), .created_s = now };
	free(user.role);
	free(user.ca);
	free_secret(user.password);
	user.role = memory_copy_string("administrator");
	user.ca = NULL;
	user.password = memory_copy_string(hash);
	user.disabled = false;
	status = store_change(store, &change, &user.revision, err);
	if (status == 0)
		status = store_user_put(store, &user, err);
	store_user_done(&user);
	return status;
}

int admin_bootstrap(struct store *store, const char *user, int64_t now, struct admin_bootstrap *ret,
		    struct error *err)
{
	struct credentials_token token;
	struct credentials_key key;
	char password[ADMIN_PASSWORD_SIZE], hash[PASSWORD_HASH_SIZE];

	if (password_random(sizeof(password) - 1, password, err) < 0 ||
	    password_hash(password, hash, err) < 0 ||
	    put_administrator(store, user, hash, now, err) < 0 ||
	    set_must_change(store, user, true, err) < 0 ||
	    end_sessions(store, user, NULL, err) < 0 ||
	    credentials_make_key(store, user, now, &key, err) < 0 ||
	    credentials_make_token(store, user, "made at the first start", now, 0, &token, err) < 0)
		return -1;
	snprintf(ret->user, sizeof(ret->user), "%s", user);
	memcpy(ret->password, password, sizeof(password));
	memcpy(ret->access_key_id, key.id, sizeof(key.id));
	memcpy(ret->access_key_secret, key.secret, sizeof(key.secret));
	memcpy(ret->token, token.token, sizeof(token.token));
	memory_wipe(password, sizeof(password));
	memory_wipe(&key, sizeof(key));
	memory_wipe(&token, sizeof(token));
	return 0;
}
