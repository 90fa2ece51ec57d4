/*
 * POST /api/<product>/<Action>: parameters as one JSON object, a bearer token, or the console's session.
 */
#include "api/internal.h"

#include <string.h>
#include <strings.h>

#include "api/wipe.h"

/* Of those who have not proved who they are. */
#define PUBLIC_BODY_MAX 16384

static bool is_json(const struct exchange *exchange)
{
	const char *type = exchange_header(exchange, "Content-Type");

	return type != NULL && strncasecmp(type, "application/json", 16) == 0 &&
	       (type[16] == '\0' || type[16] == ';' || type[16] == ' ');
}

static int check_form(const struct visit *visit, struct error *err)
{
	if (strcmp(visit->exchange->method, "POST") != 0) {
		call_refuse(err, ERROR_INVALID, "UnsupportedHTTPMethod", NULL,
			    "an action is called with POST");
		return error_hint(err, "Send its parameters as one JSON object.");
	}
	/* A form of another page cannot have this type, nor can a script without being asked first. */
	if (!is_json(visit->exchange)) {
		call_refuse(err, ERROR_INVALID, "UnsupportedMediaType", NULL,
			    "the body must be application/json");
		return error_hint(err, "Add the header Content-Type: application/json.");
	}
	return 0;
}

static int find_action(const char *product_name, const char *name,
		       const struct product **ret_product, const struct action **ret_action,
		       struct error *err)
{
	*ret_product = product_find(product_name);
	if (*ret_product == NULL)
		return call_refuse(err, ERROR_NOT_FOUND, "InvalidApi.NotFound", NULL,
				   "there is no product \"%.30s\"", product_name);
	*ret_action = action_find(*ret_product, name);
	if (*ret_action != NULL)
		return 0;
	return call_refuse(err, ERROR_NOT_FOUND, "InvalidAction.NotFound", NULL,
			   "product %s has no action \"%.60s\"", product_name, name);
}

/* --- who calls --- */

/* GetSession is how the console gets the token back after a reload of its page. */
static bool needs_csrf(const struct action *action)
{
	return action->right != RIGHT_ANY || (action->flags & ACTION_WRITES) != 0;
}

static int nobody(struct error *err)
{
	call_refuse(err, ERROR_DENIED, "Unauthorized", NULL, "nobody has proved who is calling");
	return error_hint(err, "Send the header Authorization: Bearer and a token, or log in.");
}

static int authenticate_public(struct visit *visit, struct error *err)
{
	if (rights_check_origin(visit, err) < 0)
		return -1;
	if (visit->exchange->body.len <= PUBLIC_BODY_MAX)
		return 0;
	return call_refuse(err, ERROR_INVALID, "RequestTooLarge", NULL,
			   "the body is larger than 16 KiB");
}

static int authenticate(struct visit *visit, const struct action *action, struct error *err)
{
	struct evidence evidence = visit_evidence(visit, NULL, NULL);
	struct gate *gate = &visit->api->gate;

	if (action->right == RIGHT_PUBLIC)
		return authenticate_public(visit, err);
	if (evidence_has_token(&evidence))
		return authenticate_token(gate, &evidence, &visit->caller, err);
	if (evidence_has_session(&evidence)) {
		if (rights_check_origin(visit, err) < 0)
			return -1;
		return authenticate_session(gate, &evidence, needs_csrf(action), &visit->caller,
					    err);
	}
	if (exchange_door(visit->exchange) != DOOR_LOCAL)
		return nobody(err);
	caller_of_socket(visit, &visit->caller);
	return 0;
}

/* --- what is called --- */

static json_t *parse(const struct exchange *exchange, struct error *err)
{
	json_error_t why;
	json_t *given;

	if (exchange->body.len == 0)
		return json_object();
	given = json_loadb((const char *)exchange->body.data, exchange->body.len,
			   JSON_REJECT_DUPLICATES, &why);
	if (json_is_object(given))
		return given;
	if (given == NULL)
		call_refuse(err, ERROR_INVALID, "InvalidParameter", NULL,
			    "the body is not JSON: line %d, column %d", why.line, why.column);
	else
		call_refuse(err, ERROR_INVALID, "InvalidParameter", NULL,
			    "the body is JSON, but not an object");
	json_decref(given);
	return NULL;
}

static void carry_out(struct visit *visit, const struct product *product,
		      const struct action *action)
{
	struct error err = { 0 };
	json_t *given = parse(visit->exchange, &err), *checked;

	checked = given == NULL ? NULL : action_validate(action, given, true, &err);
	if (checked == NULL)
		reply_error(visit, &err);
	else
		visit_dispatch(visit, product, action, checked);
	json_wipe(given);
}

void json_handle(struct visit *visit, const char *product_name, const char *name)
{
	const struct product *product = NULL;
	const struct action *action = NULL;
	struct error err = { 0 };

	if (check_form(visit, &err) < 0 ||
	    find_action(product_name, name, &product, &action, &err) < 0)
		reply_error(visit, &err);
	else if (authenticate(visit, action, &err) < 0)
		reply_denied(visit, &err);
	else if (rights_check(&visit->caller, action, &err) < 0)
		reply_error(visit, &err);
	else
		carry_out(visit, product, action);
}
