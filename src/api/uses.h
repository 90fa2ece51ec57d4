/*
 * api/uses.h - when keys, tokens and sessions were used last: noted at once, written with the next batch.
 *
 * At most once a minute each, so that reads do not become writes.
 */
#ifndef SALLYPORT_API_USES_H
#define SALLYPORT_API_USES_H

#include <stdbool.h>
#include <stdint.h>
#include "store/identity.h"

#define USES_EVERY_S 60

struct uses;

struct uses *uses_new(void);
void uses_free(struct uses *uses); /* NULL is fine */
void uses_note_key(struct uses *uses, const struct store_access_key *key, int64_t now);
void uses_note_token(struct uses *uses, const struct store_token *token, int64_t now);
bool uses_are_waiting(const struct uses *uses);
/* Inside a savepoint of the caller's. What was written is forgotten. */
int must_check uses_write(struct uses *uses, struct store *store, struct error *err);

#endif
