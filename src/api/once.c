/*
 * What is asked twice is done once: ClientToken, and signed writes that were made before this process
 * began and are played back. Both are rows that are committed with what was done.
 */
#include "api/errand.h"

#include <stdlib.h>
#include <string.h>

#include "base/monotime.h"
#include "base/sha256.h"
#include "store/job.h"

/* --- ClientToken --- */

static bool is_secret(const struct action *action, const char *name)
{
	size_t i;

	for (i = 0; i < action->parameter_count; i++) {
		if (strcmp(action->parameters[i].name, name) == 0)
			return (action->parameters[i].flags & PARAMETER_SECRET) != 0;
	}
	return false;
}

/* Of the parameters but the token, and but secrets: a hash of a password must not lie around. */
static void digest_of(const struct call *call, uint8_t ret_digest[SHA256_SIZE])
{
	json_t *copy = json_object(), *value;
	struct sha256 hash;
	const char *name;
	char *text;

	json_object_foreach(call->parameters, name, value)
	{
		if (strcmp(name, "ClientToken") != 0 && !is_secret(call->action, name))
			json_object_set(copy, name, value);
	}
	text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	sha256_init(&hash);
	sha256_update(&hash, text, strlen(text));
	sha256_final(&hash, ret_digest);
	free(text);
	json_decref(copy);
}

static struct store_client_token token_of(const struct call *call, const char *token)
{
	return (struct store_client_token){
		.user = (char *)(uintptr_t)call->caller.user,
		.product = (char *)(uintptr_t)call->product->name,
		.action = (char *)(uintptr_t)call->action->name,
		.token = (char *)(uintptr_t)token,
		.created_s = call->now,
	};
}

static int compare(struct call *call, const struct store_client_token *before, struct error *err)
{
	uint8_t digest[SHA256_SIZE];

	digest_of(call, digest);
	if (memcmp(digest, before->digest, sizeof(digest)) != 0) {
		call_refuse(err, ERROR_INVALID, "IdempotenceSignatureMismatch", "ClientToken",
			    "ClientToken was used before, with other parameters");
		return error_hint(err, "Use a new ClientToken for each new request.");
	}
	if (!json_is_object(before->reply)) {
		call_refuse(
			err, ERROR_CONFLICT, "Conflict.ClientToken", "ClientToken",
			"this was done before, and its answer held a secret that is shown once");
		return error_hint(err, "Use a new ClientToken to do it again.");
	}
	json_object_update(call->reply, before->reply);
	return 1;
}

static int look_up(struct errand *errand, const char *token, struct error *err)
{
	struct store_client_token key = token_of(&errand->call, token), before;
	int status = store_client_token_get(errand->call.store, &key, &before, err);

	if (status != 1)
		return status;
	status = compare(&errand->call, &before, err);
	store_client_token_done(&before);
	return status;
}

static int keep(struct errand *errand, const char *token, struct error *err)
{
	struct call *call = &errand->call;
	struct store_client_token row = token_of(call, token);
	bool secret = call->keeps_secret || errand->handler->finish != NULL;
	int status;

	digest_of(call, row.digest);
	row.reply = secret ? json_string("") : json_incref(call->reply);
	status = store_client_token_put(call->store, &row, err);
	json_decref(row.reply);
	return status;
}

/* --- nonces --- */

/* In the same table: nothing of the caller's can have an empty product. */
static struct store_client_token nonce_of(const struct errand *errand)
{
	return (struct store_client_token){
		.user = (char *)(uintptr_t)errand->call.caller.credential,
		.product = (char *)(uintptr_t) "",
		.action = (char *)(uintptr_t) "nonce",
		.token = (char *)(uintptr_t)errand->nonce,
		.created_s = errand->call.now,
	};
}

static int check_nonce(struct errand *errand, struct error *err)
{
	struct store_client_token key = nonce_of(errand), before;
	int status = store_client_token_get(errand->call.store, &key, &before, err);

	if (status != 1)
		return status;
	store_client_token_done(&before);
	return call_refuse(err, ERROR_INVALID, "SignatureNonceUsed", NULL,
			   "this signed request was made before: its nonce is used up");
}

static int keep_nonce(struct errand *errand, struct error *err)
{
	struct store_client_token row = nonce_of(errand);
	int status;

	row.reply = json_object();
	status = store_client_token_put(errand->call.store, &row, err);
	json_decref(row.reply);
	return status;
}

/* --- together --- */

static bool is_first_round(const struct errand *errand)
{
	return errand->call.park.rounds == 0;
}

int once_begin(struct errand *errand, struct error *err)
{
	const char *token = call_text(&errand->call, "ClientToken");

	if (!is_first_round(errand))
		return 0;
	if (errand->check_nonce && errand->nonce[0] != '\0' && check_nonce(errand, err) < 0)
		return -1;
	return token == NULL ? 0 : look_up(errand, token, err);
}

int once_end(struct errand *errand, struct error *err)
{
	const char *token = call_text(&errand->call, "ClientToken");

	if (is_first_round(errand) && errand->nonce[0] != '\0' && keep_nonce(errand, err) < 0)
		return -1;
	if (token == NULL || errand->call.park.ready != NULL)
		return 0;
	return keep(errand, token, err);
}
