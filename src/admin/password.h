/*
 * admin/password.h - passwords as scrypt hashes (RFC 7914), and secrets that we make.
 *
 * Hashing takes some 100 ms and 32 MiB on purpose: never in the state thread.
 */
#ifndef SALLYPORT_ADMIN_PASSWORD_H
#define SALLYPORT_ADMIN_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

#define PASSWORD_HASH_SIZE 160
#define PASSWORD_MIN_LENGTH 12

/* "scrypt$32768$8$1$<salt>$<hash>", both in hex. */
int must_check password_hash(const char *password, char ret_hash[PASSWORD_HASH_SIZE],
			     struct error *err);
/* hash NULL (there is no such user, or he has no password): false, after the same time. */
bool password_matches(const char *password, const char *hash);
/* What is wrong with a new password, behind "the password ", or NULL. user may be NULL. */
const char *password_problem(const char *password, const char *user);

/* length random letters and digits, and the end: 5.95 bits each. */
int must_check password_random(size_t length, char *ret_text, struct error *err);

#endif
