#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/bytes.h"
#include "base/sha256.h"
#include "control/served.h"
#include "control/serving.h"
#include "control/wording.h"
#include "store/certificate.h"
#include "store/identity.h"
#include "store/resource.h"

void reply_text(json_t *object, const char *name, const char *value)
{
	json_t *text = json_string(value != NULL ? value : "");

	/* Bytes that are no UTF-8: better a mark than no answer. */
	json_object_set_new(object, name, text != NULL ? text : json_string("?"));
}

void reply_number(json_t *object, const char *name, int64_t value)
{
	json_object_set_new(object, name, json_integer(value));
}

void reply_flag(json_t *object, const char *name, bool value)
{
	json_object_set_new(object, name, json_boolean(value));
}

void reply_time(json_t *object, const char *name, int64_t seconds)
{
	char text[WORDING_TIME_SIZE] = "";

	if (seconds != 0)
		wording_time(seconds, text);
	reply_text(object, name, text);
}

int call_time(const struct call *call, const char *name, int64_t otherwise, int64_t *ret_seconds,
	      struct error *err)
{
	const char *text = call_text(call, name);
	char symbol[64];

	*ret_seconds = otherwise;
	if (text == NULL || text[0] == '\0' || wording_time_parse(text, ret_seconds, err) == 0)
		return 0;
	snprintf(symbol, sizeof(symbol), "IllegalParam.%s", name);
	error_symbol(err, symbol);
	return error_place(err, "%s", name);
}

/* --- listeners --- */

static int64_t port_of(const json_t *body, const char *name)
{
	return json_integer_value(json_object_get(body, name));
}

void listener_name_of(const struct store_resource *listener, char ret_name[ADMIN_LISTENER_SIZE])
{
	const json_t *body = listener->body;
	int64_t port = port_of(body, "ListenerPort");

	if (port != 0)
		snprintf(ret_name, ADMIN_LISTENER_SIZE, "%s:%lld", listener->parent,
			 (long long)port);
	else
		snprintf(ret_name, ADMIN_LISTENER_SIZE, "%s:%lld-%lld", listener->parent,
			 (long long)port_of(body, "StartPort"),
			 (long long)port_of(body, "EndPort"));
}

int listener_name(struct call *call, const char *id, char ret_name[ADMIN_LISTENER_SIZE],
		  struct error *err)
{
	struct store_resource resource;
	int found = store_resource_get(call->store, STORE_LISTENER, id, &resource, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return call_not_found(err, "listener", id);
	listener_name_of(&resource, ret_name);
	store_resource_done(&resource);
	return 0;
}

/* The served plan knows nearly all of them; the store knows those that are not served yet. */
void listener_id(struct call *call, const char *name, char ret_id[ADMIN_LISTENER_SIZE])
{
	const struct document_listener *listener = served_listener(call->control, name);
	const struct model_listener *from = NULL;

	if (listener != NULL)
		from = plan_model_listener(served_plan(call->control), listener);
	if (from != NULL && from->id != NULL)
		snprintf(ret_id, ADMIN_LISTENER_SIZE, "%s", from->id);
	else if (!serving_listener_id(call->control, name, ret_id, ADMIN_LISTENER_SIZE))
		ret_id[0] = '\0';
}

const char *resource_name(const struct store_resource *resource)
{
	const char *description =
		json_string_value(json_object_get(resource->body, "ListenerDescription"));

	/* The name of a listener's row is for those who look for ranges. */
	if (description != NULL)
		return description;
	return resource->name != NULL ? resource->name : "";
}

bool listener_is_hidden(const char *name)
{
	const size_t length = strlen(ADMIN_HIDDEN_NAME);

	return strncmp(name, ADMIN_HIDDEN_NAME, length) == 0 && name[length] == ':';
}

/* --- certificates --- */

#define SERIAL_SIZE 66

/* Upper-case hex without leading zeros and what people put in between; a place is free in front. */
static void canonical_serial(const char *text, char ret_serial[SERIAL_SIZE])
{
	size_t used = 0;

	for (; *text != '\0' && used + 2 < SERIAL_SIZE; text++)
		if (isxdigit((unsigned char)*text) && (used > 0 || *text != '0'))
			ret_serial[used++] = (char)toupper((unsigned char)*text);
	ret_serial[used] = '\0';
}

int find_by_serial(struct store *store, const char *text, struct store_certificate *ret_certificate,
		   struct error *err)
{
	char serial[SERIAL_SIZE];
	int found;

	canonical_serial(text, serial);
	found = store_certificate_get_serial(store, NULL, serial, ret_certificate, err);
	if (found != 0 || strlen(serial) % 2 == 0)
		return found;
	/* Whole octets. */
	memmove(serial + 1, serial, strlen(serial) + 1);
	serial[0] = '0';
	return store_certificate_get_serial(store, NULL, serial, ret_certificate, err);
}

/* --- users --- */

static const char *const role_words[] = {
	[CALLER_VIEWER] = "viewer",
	[CALLER_ISSUER] = "issuer",
	[CALLER_OPERATOR] = "operator",
	[CALLER_ADMINISTRATOR] = "administrator",
};

const char *role_word(enum caller_role role)
{
	return role == CALLER_NOBODY ? "" : role_words[role];
}

enum caller_role role_parse(const char *word)
{
	enum caller_role role;

	for (role = CALLER_VIEWER; role <= CALLER_ADMINISTRATOR; role++)
		if (strcmp(role_words[role], word) == 0)
			return role;
	return CALLER_NOBODY;
}

int call_owns(const struct call *call, const char *user, struct error *err)
{
	if (call->caller.role == CALLER_ADMINISTRATOR || strcmp(call->caller.user, user) == 0)
		return 0;
	return call_refuse(err, ERROR_DENIED, "Forbidden.RAM", NULL,
			   "this belongs to another user: that needs the role administrator");
}

int call_user(const struct call *call, char ret_user[65], struct error *err)
{
	const char *user = call_text(call, "User");

	if (user == NULL || user[0] == '\0')
		user = call->caller.user;
	if (user[0] == '\0')
		return call_refuse(err, ERROR_INVALID, "MissingParam.User", "User",
				   "the parameter User is missing: the caller has no name");
	if (call_owns(call, user, err) < 0)
		return -1;
	snprintf(ret_user, 65, "%s", user);
	return 0;
}

static void must_change_name(const char *user, char ret_name[96])
{
	snprintf(ret_name, 96, MUST_CHANGE_SETTING "%s", user);
}

bool must_change_password(struct store *store, const char *user)
{
	char name[96], *value;

	must_change_name(user, name);
	value = store_setting(store, name);
	free(value);
	return value != NULL;
}

int set_must_change(struct store *store, const char *user, bool must, struct error *err)
{
	char name[96];

	must_change_name(user, name);
	return store_setting_put(store, name, must ? "1" : NULL, err);
}

void hash_secret(const char *text, uint8_t ret_hash[32])
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, text, strlen(text));
	sha256_final(&hash, ret_hash);
}

void free_secret(char *text)
{
	if (text != NULL)
		memory_wipe(text, strlen(text));
	free(text);
}

/* --- sessions --- */

struct sessions {
	const char *but;
	json_t *ids;
};

static bool collect_session(void *arg, const struct store_token *token)
{
	struct sessions *sessions = arg;

	if (token->is_session && (sessions->but == NULL || strcmp(sessions->but, token->id) != 0))
		json_array_append_new(sessions->ids, json_string(token->id));
	return true;
}

int end_sessions(struct store *store, const char *user, const char *but, struct error *err)
{
	struct sessions sessions = { but, json_array() };
	int status = store_token_each(store, user, collect_session, &sessions, err);
	size_t i;

	for (i = 0; status == 0 && i < json_array_size(sessions.ids); i++)
		status = store_token_delete(
			store, json_string_value(json_array_get(sessions.ids, i)), err);
	json_decref(sessions.ids);
	return status;
}
