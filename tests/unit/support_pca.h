/*
 * support_pca.h - a store with the handlers of the private CA on it: calls go through the table's
 * validation, prepare, run in a savepoint, and finish, as the API server does it.
 */
#ifndef SALLYPORT_SUPPORT_PCA_H
#define SALLYPORT_SUPPORT_PCA_H

#include "support_control.h"

#undef NOW
#define NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define DAY INT64_C(86400)

#include "certs/pca.h"
#include "store/resource.h"

/* --- calls --- */

struct answer {
	json_t *reply;      /* NULL: refused */
	struct error error;
	bool serves, revokes, keeps_secret;
};

/* Of the next calls. */
static struct {
	enum caller_role role;
	const char *ca;
	int64_t now;
	bool without_prepare;
} caller = { CALLER_ADMINISTRATOR, "", NOW, false };

static inline const struct handler *handler_of(const char *name)
{
	const struct handler *handler;

	for (handler = certs_handlers; handler->action != NULL; handler++)
		if (strcmp(handler->action, name) == 0 && strcmp(handler->product, "pca") == 0)
			return handler;
	fail_msg("there is no handler of %s", name);
	return NULL;
}

static inline int call_steps(struct home *home, const struct handler *handler, struct call *call,
			     struct error *err)
{
	if (handler->prepare != NULL && !caller.without_prepare && handler->prepare(call, err) < 0)
		return -1;
	must(store_begin(home->store, e));
	must(store_savepoint(home->store, e));
	if (handler->run(call, err) < 0) {
		store_undo(home->store);
		must(store_commit(home->store, e));
		return -1;
	}
	must(store_release(home->store, e));
	must(store_commit(home->store, e));
	return handler->finish == NULL ? 0 : handler->finish(call, err);
}

/* parameters: JSON as the JSON API takes it; the reference is taken. */
static inline struct answer ask(struct home *home, const char *name, json_t *parameters)
{
	const struct action *action = action_find(&product_pca, name);
	struct answer answer = { 0 };
	struct call call = {
		.store = home->store, .product = &product_pca, .action = action,
		.caller = { .role = caller.role, .user = "ana", .from = "unix" },
		.reply = json_object(), .request_id = "11111111-2222-4333-8444-555555555555",
		.now = caller.now,
	};

	if (parameters == NULL || action == NULL)
		fail_msg("%s: there is no such action, or the parameters are no JSON", name);
	snprintf(call.caller.ca, sizeof(call.caller.ca), "%s", caller.ca);
	call.parameters = action_validate(action, parameters, true, &answer.error);
	json_decref(parameters);
	if (call.parameters != NULL &&
	    call_steps(home, handler_of(name), &call, &answer.error) == 0)
		answer.reply = json_incref(call.reply);
	answer.serves = call.serves;
	answer.revokes = call.revokes;
	answer.keeps_secret = call.keeps_secret;
	if (call.work_free != NULL)
		call.work_free(call.work);
	json_decref(call.parameters);
	json_decref(call.reply);
	return answer;
}

/* Kept until the end of the test, so that tests can be short. */
static json_t *kept_replies;

static inline json_t *get(struct home *home, const char *name, json_t *parameters)
{
	struct answer answer = ask(home, name, parameters);

	if (answer.reply == NULL)
		fail_msg("%s: %s %s (%s)", name, answer.error.symbol, answer.error.message,
			 answer.error.place);
	json_array_append_new(kept_replies, answer.reply);
	return answer.reply;
}

static inline struct error refused(struct home *home, const char *name, json_t *parameters,
				   const char *symbol)
{
	struct answer answer = ask(home, name, parameters);

	if (answer.reply != NULL)
		fail_msg("%s was not refused with %s", name, symbol);
	if (strcmp(answer.error.symbol, symbol) != 0)
		fail_msg("%s: %s instead of %s: %s", name, answer.error.symbol, symbol,
			 answer.error.message);
	return answer.error;
}

static inline const char *text_in(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text == NULL)
		fail_msg("there is no text %s", name);
	return text;
}

static inline json_int_t number_in(const json_t *object, const char *name)
{
	if (!json_is_integer(json_object_get(object, name)))
		fail_msg("there is no number %s", name);
	return json_integer_value(json_object_get(object, name));
}

static inline json_t *id_of(const char *id)
{
	return json_pack("{s:s}", "Identifier", id);
}

/* --- CAs to start with --- */

static inline json_t *ca_parameters(const char *name, const char *algorithm, int years)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "CommonName", name,
			 "Organization", "Alibaba", "OrganizationUnit", "test", "Locality", "Beijing",
			 "State", "Beijing", "CountryCode", "cn", "Algorithm", algorithm, "Years", years);
}

static inline const char *make_root(struct home *home, const char *name, const char *algorithm)
{
	return text_in(get(home, "CreateRootCACertificate", ca_parameters(name, algorithm, 10)),
		       "Identifier");
}

static inline const char *make_sub(struct home *home, const char *parent, const char *name,
				   const char *algorithm)
{
	json_t *parameters = ca_parameters(name, algorithm, 5);

	json_object_set_new(parameters, "ParentIdentifier", json_string(parent));
	return text_in(get(home, "CreateSubCACertificate", parameters), "Identifier");
}

static inline int pca_setup(void **state)
{
	caller.role = CALLER_ADMINISTRATOR;
	caller.ca = "";
	caller.now = NOW;
	caller.without_prepare = false;
	kept_replies = json_array();
	if (home_setup(state) < 0)
		return -1;
	own = own_revocations_load(((struct home *)*state)->store, NULL);
	return own == NULL ? -1 : 0;
}

static inline int pca_teardown(void **state)
{
	json_decref(kept_replies);
	pca_authorities_clear();
	own_revocations_free(own);
	return home_teardown(state);
}

#endif
