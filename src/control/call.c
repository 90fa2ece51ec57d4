#include "control/call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "store/audit.h"
#include "store/job.h"

/* --- parameters --- */

json_t *call_value(const struct call *call, const char *name)
{
	return json_object_get(call->parameters, name);
}

bool call_has(const struct call *call, const char *name)
{
	return call_value(call, name) != NULL;
}

const char *call_text(const struct call *call, const char *name)
{
	return json_string_value(call_value(call, name));
}

int64_t call_integer(const struct call *call, const char *name, int64_t otherwise)
{
	const json_t *value = call_value(call, name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool call_boolean(const struct call *call, const char *name, bool otherwise)
{
	const json_t *value = call_value(call, name);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

/* --- errors --- */

int call_not_found(struct error *err, const char *what, const char *id)
{
	char symbol[64];

	snprintf(symbol, sizeof(symbol), "ResourceNotFound.%.40s", what);
	if (id == NULL)
		error_set(err, ERROR_NOT_FOUND, "the specified resource of %s is not found", what);
	else
		error_set(err, ERROR_NOT_FOUND,
			  "the specified resource of %s \"%.100s\" is not found", what, id);
	return error_symbol(err, symbol);
}

int call_refuse(struct error *err, enum error_code code, const char *symbol, const char *field,
		const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	error_set(err, code, "%s", message);
	error_symbol(err, symbol);
	return field == NULL ? -1 : error_place(err, "%s", field);
}

/* --- what a write does --- */

static void note_change(void *arg, const struct store_logged_change *change)
{
	char *who = arg;

	snprintf(who, 100, ", changed %" PRId64 " by \"%.60s\"", change->time_s, change->actor);
}

int call_check_revision(const struct call *call, int64_t revision, struct error *err)
{
	int64_t wanted = call_integer(call, "IfRevision", revision);
	char who[100] = "";
	struct error ignored;

	if (wanted == revision)
		return 0;
	if (store_each_change(call->store, revision - 1, 1, note_change, who, &ignored) < 0)
		who[0] = '\0';
	call_refuse(err, ERROR_CONFLICT, "Conflict.Revision", "IfRevision",
		    "it has revision %" PRId64 " by now, not %" PRId64 "%s", revision, wanted, who);
	return error_hint(err, "Read it again, and send the Revision that you find.");
}

static struct store_change change_of(const struct call *call, const char *kind, const char *id,
				     const char *act)
{
	return (struct store_change){
		.kind = kind,
		.id = id,
		.act = act,
		.action = call->action->name,
		.product = call->product->name,
		.actor = call->caller.user,
		.from = call->caller.from,
		.request_id = call->request_id,
		.now = call->now,
	};
}

int call_change(struct call *call, const char *kind, const char *id, const char *act, bool serves,
		const json_t *before, const json_t *after, int64_t *ret_revision, struct error *err)
{
	struct store_change change = change_of(call, kind, id, act);

	change.before = before;
	change.after = after;
	call->serves |= serves;
	return store_change(call->store, &change, ret_revision, err);
}

int call_job(struct call *call, const char *kind, const char *id, int64_t revision,
	     struct error *err)
{
	char uuid[37];
	struct store_job job = {
		.id = uuid,
		.action = (char *)(uintptr_t)call->action->name,
		.kind = (char *)(uintptr_t)kind,
		.resource = (char *)(uintptr_t)id,
		.revision = revision,
		.created_s = call->now,
	};

	call_new_uuid(uuid);
	if (store_job_put(call->store, &job, err) < 0)
		return -1;
	json_object_set_new(call->reply, "JobId", json_string(uuid));
	return 0;
}

int call_audit(struct call *call, const char *kind, const char *id, struct error *err)
{
	struct store_change change = change_of(call, kind, id, NULL);

	return store_audit(call->store, &change, NULL, err);
}

int call_check_issuer(const struct call *call, const char *ca, struct error *err)
{
	if (call->caller.role != CALLER_ISSUER || strcmp(call->caller.ca, ca) == 0)
		return 0;
	call_refuse(
		err, ERROR_DENIED, "Forbidden.NoPermission", NULL,
		"user \"%s\" may issue and revoke certificates of one CA only, and it is another",
		call->caller.user);
	return error_hint(err, "Ask an administrator, or use CA \"%.60s\".", call->caller.ca);
}

/* --- names --- */

static void random_bytes(void *bytes, size_t size)
{
	if (getrandom(bytes, size, 0) != (ssize_t)size)
		abort(); /* never for so few bytes, once the system is up */
}

void call_new_id(const char *prefix, char *ret_id, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char id[19];
	uint8_t byte;
	size_t i = 0;

	while (i < sizeof(id) - 1) {
		random_bytes(&byte, 1);
		if (byte < 252) /* 7 * 36: none is likelier than others */
			id[i++] = letters[byte % 36];
	}
	id[i] = '\0';
	snprintf(ret_id, size, "%s%s", prefix, id);
}

void call_new_uuid(char ret_uuid[37])
{
	uint8_t b[16];

	random_bytes(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4, RFC 9562 5.4 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(ret_uuid, 37,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

/* --- pages: a token is a short hash over who made it and what it holds, and the id, in hexadecimal --- */

#define TOKEN_HASH_SIZE 8

int call_max_results(const struct call *call, int otherwise)
{
	return (int)call_integer(call, "MaxResults", otherwise);
}

static void token_hash(const struct call *call, const char *id, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
	const char *parts[] = { store_id(call->store), call->product->name, call->action->name,
				id };
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;
	size_t i;

	sha256_init(&hash);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		sha256_update(&hash, parts[i], strlen(parts[i]) + 1);
	sha256_final(&hash, digest);
	memcpy(ret_hash, digest, TOKEN_HASH_SIZE);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* -1: not hexadecimal, or too long. */
static ssize_t hex_decode(const char *text, uint8_t *ret_bytes, size_t size)
{
	size_t len = strlen(text), i;

	if (len % 2 != 0 || len / 2 > size)
		return -1;
	for (i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	return (ssize_t)(len / 2);
}

/* The id in token, or -1. */
static int token_open(const struct call *call, const char *token, char *ret_after, size_t size)
{
	uint8_t bytes[256], hash[TOKEN_HASH_SIZE];
	ssize_t len = hex_decode(token, bytes, sizeof(bytes) - 1);
	const char *id = (const char *)bytes + TOKEN_HASH_SIZE;

	if (len <= TOKEN_HASH_SIZE)
		return -1;
	bytes[len] = '\0';
	token_hash(call, id, hash);
	if (memcmp(hash, bytes, TOKEN_HASH_SIZE) != 0 || strlen(id) >= size ||
	    strlen(id) != (size_t)len - TOKEN_HASH_SIZE)
		return -1;
	memcpy(ret_after, id, strlen(id) + 1);
	return 0;
}

int call_next_token(const struct call *call, char *ret_after, size_t size, struct error *err)
{
	const char *token = call_text(call, "NextToken");

	ret_after[0] = '\0';
	if (token == NULL || token[0] == '\0' || token_open(call, token, ret_after, size) == 0)
		return 0;
	call_refuse(err, ERROR_INVALID, "IllegalParam.NextToken", "NextToken",
		    "NextToken: it is not one that %s answered", call->action->name);
	return error_hint(err, "Send NextToken of the page before, or leave it out.");
}

void call_set_next_token(struct call *call, const char *last_id)
{
	struct buffer token = { 0 };
	uint8_t hash[TOKEN_HASH_SIZE];
	char *text;

	token_hash(call, last_id, hash);
	buffer_append(&token, hash, sizeof(hash));
	buffer_append(&token, last_id, strlen(last_id));
	text = memory_new(2 * token.len + 1);
	hex_encode(buffer_bytes(&token), text);
	json_object_set_new(call->reply, "NextToken", json_string(text));
	free(text);
	buffer_done(&token);
}
