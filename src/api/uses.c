#include "api/uses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define USES_MAX 256 /* what does not fit is noted at its next use */

struct use {
	bool is_token;
	char id[65];	  /* of an access key */
	uint8_t hash[32]; /* of a token */
	int64_t at_s;
};

struct uses {
	struct use items[USES_MAX];
	size_t count;
};

struct uses *uses_new(void)
{
	return memory_new(sizeof(struct uses));
}

void uses_free(struct uses *uses)
{
	free(uses);
}

static bool is_same(const struct use *a, const struct use *b)
{
	return a->is_token == b->is_token && strcmp(a->id, b->id) == 0 &&
	       memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

static void note(struct uses *uses, const struct use *use)
{
	size_t i;

	for (i = 0; i < uses->count; i++) {
		if (is_same(&uses->items[i], use))
			return;
	}
	if (uses->count < USES_MAX)
		uses->items[uses->count++] = *use;
}

void uses_note_key(struct uses *uses, const struct store_access_key *key, int64_t now)
{
	struct use use = { .at_s = now };

	if (now - key->used_s < USES_EVERY_S && now >= key->used_s)
		return;
	snprintf(use.id, sizeof(use.id), "%s", key->id);
	note(uses, &use);
}

void uses_note_token(struct uses *uses, const struct store_token *token, int64_t now)
{
	struct use use = { .is_token = true, .at_s = now };

	if (now - token->used_s < USES_EVERY_S && now >= token->used_s)
		return;
	memcpy(use.hash, token->hash, sizeof(use.hash));
	note(uses, &use);
}

bool uses_are_waiting(const struct uses *uses)
{
	return uses->count > 0;
}

static int write_key(const struct use *use, struct store *store, struct error *err)
{
	struct store_access_key key;
	int status = store_access_key_get(store, use->id, &key, err);
	char *secret;

	if (status != 1)
		return status; /* gone by now: nothing to do */
	secret = key.secret;
	key.secret = NULL; /* it stays */
	key.used_s = use->at_s;
	status = store_access_key_put(store, &key, err);
	key.secret = secret;
	store_access_key_done(&key);
	return status;
}

static int write_token(const struct use *use, struct store *store, struct error *err)
{
	struct store_token token;
	int status = store_token_get(store, use->hash, &token, err);

	if (status != 1)
		return status;
	token.used_s = use->at_s;
	status = store_token_put(store, &token, err);
	store_token_done(&token);
	return status;
}

int uses_write(struct uses *uses, struct store *store, struct error *err)
{
	size_t i;

	for (i = 0; i < uses->count; i++) {
		const struct use *use = &uses->items[i];

		if ((use->is_token ? write_token : write_key)(use, store, err) < 0)
			return -1;
	}
	uses->count = 0;
	return 0;
}
