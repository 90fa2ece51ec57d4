/*
 * The RPC style of the real service: everything at "/", parameters in query, form and headers, signed.
 */
#include "api/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/form.h"
#include "api/wipe.h"

struct rpc {
	struct visit *visit;
	json_t *query, *parameters; /* of the query; of query and body together */
	const char *name, *version; /* borrowed */
};

static bool is_type(const char *header, const char *type)
{
	size_t len = strlen(type);

	return header != NULL && strncasecmp(header, type, len) == 0 &&
	       (header[len] == '\0' || header[len] == ';' || header[len] == ' ');
}

static bool is_json(const struct rpc *rpc)
{
	return is_type(exchange_header(rpc->visit->exchange, "Content-Type"), "application/json");
}

/* --- reading --- */

static int wrong_type(struct error *err)
{
	call_refuse(err, ERROR_INVALID, "UnsupportedMediaType", NULL,
		    "the body is neither a form nor JSON");
	return error_hint(err, "Send it as application/x-www-form-urlencoded.");
}

/* A body in JSON is taken once its hash is known to be signed. */
static int read_form(struct rpc *rpc, struct error *err)
{
	const struct exchange *exchange = rpc->visit->exchange;
	const char *type = exchange_header(exchange, "Content-Type");

	if (exchange->body.len == 0 || is_json(rpc))
		return 0;
	if (type != NULL && !is_type(type, "application/x-www-form-urlencoded"))
		return wrong_type(err);
	return form_decode(buffer_bytes(&exchange->body), rpc->parameters, err);
}

static int read_json(struct rpc *rpc, struct error *err)
{
	const struct buffer *body = &rpc->visit->exchange->body;
	json_error_t ignored;
	json_t *given, *value;
	const char *name;
	int status = 0;

	if (body->len == 0 || !is_json(rpc))
		return 0;
	given = json_loadb((const char *)body->data, body->len, JSON_REJECT_DUPLICATES, &ignored);
	if (!json_is_object(given)) {
		json_decref(given);
		return call_refuse(err, ERROR_INVALID, "InvalidParameter", NULL,
				   "the body is not an object in JSON");
	}
	json_object_foreach(given, name, value)
	{
		if (json_object_get(rpc->parameters, name) != NULL)
			status = call_refuse(err, ERROR_INVALID, "InvalidParameter", NULL,
					     "a parameter is in the query and in the body");
		else
			json_object_set(rpc->parameters, name, value);
	}
	json_decref(given);
	return status;
}

static int read_parameters(struct rpc *rpc, struct error *err)
{
	rpc->query = json_object();
	if (form_decode(rpc->visit->query, rpc->query, err) < 0)
		return -1;
	rpc->parameters = json_copy(rpc->query);
	return read_form(rpc, err);
}

/* A parameter, or else a header. Both must not contradict each other. */
static int find_public(const struct rpc *rpc, const char *parameter, const char *header,
		       const char **ret_value, struct error *err)
{
	const char *sent = exchange_header(rpc->visit->exchange, header);
	char symbol[64];

	snprintf(symbol, sizeof(symbol), "Missing%.40s", parameter);
	*ret_value = json_string_value(json_object_get(rpc->parameters, parameter));
	if (*ret_value == NULL || (*ret_value)[0] == '\0')
		*ret_value = sent;
	if (*ret_value == NULL || (*ret_value)[0] == '\0')
		return call_refuse(err, ERROR_INVALID, symbol, parameter, "%s is missing",
				   parameter);
	if (sent == NULL || strcmp(sent, *ret_value) == 0)
		return 0;
	return call_refuse(err, ERROR_INVALID, "InvalidParameter", parameter,
			   "%s and the header %s say different things", parameter, header);
}

/* --- who calls --- */

static int nobody(struct error *err)
{
	call_refuse(err, ERROR_INVALID, "MissingAccessKeyId", "AccessKeyId",
		    "the request is not signed: AccessKeyId is missing");
	return error_hint(err, "Sign it, or use /api/<product>/<Action> with a bearer token.");
}

/* What HMAC-SHA1 does not cover must not be acted upon. */
static int check_is_covered(const struct rpc *rpc, struct error *err)
{
	if (rpc->visit->exchange->body.len > 0 && is_json(rpc))
		return wrong_type(err);
	if (json_object_get(rpc->parameters, "Action") != NULL &&
	    json_object_get(rpc->parameters, "Version") != NULL)
		return 0;
	return call_refuse(err, ERROR_INVALID, "MissingAction", "Action",
			   "Action and Version must be among the signed parameters");
}

static int authenticate(struct rpc *rpc, struct error *err)
{
	struct visit *visit = rpc->visit;
	struct evidence evidence = visit_evidence(visit, rpc->query, rpc->parameters);
	struct gate *gate = &visit->api->gate;

	if (evidence_is_acs3(&evidence))
		return authenticate_signature(gate, &evidence, &visit->caller, visit->nonce, err);
	if (evidence_is_v1(&evidence)) {
		if (check_is_covered(rpc, err) < 0)
			return -1;
		return authenticate_signature(gate, &evidence, &visit->caller, visit->nonce, err);
	}
	if (evidence_has_token(&evidence))
		return authenticate_token(gate, &evidence, &visit->caller, err);
	if (exchange_door(visit->exchange) != DOOR_LOCAL)
		return nobody(err);
	caller_of_socket(visit, &visit->caller);
	return 0;
}

/* --- what is called --- */

/* Signed requests say in which format they want their answer; some actions have a Format of their own. */
static void drop_answer_format(json_t *parameters)
{
	const char *format = json_string_value(json_object_get(parameters, "Format"));

	if (format != NULL && (strcasecmp(format, "JSON") == 0 || strcasecmp(format, "XML") == 0))
		json_object_del(parameters, "Format");
}

static int find_action(const struct rpc *rpc, const struct product **ret_product,
		       const struct action **ret_action, struct error *err)
{
	*ret_action = NULL;
	*ret_product = action_find_version(rpc->version, rpc->name, ret_action);
	if (*ret_product == NULL) {
		call_refuse(err, ERROR_INVALID, "NoSuchVersion", "Version",
			    "there is no version \"%.20s\" here", rpc->version);
		return error_hint(err,
				  "2022-04-30 is nlb, 2020-04-07 cas, 2020-06-30 pca, 2026-01-01 "
				  "sallyport.");
	}
	if (*ret_action != NULL)
		return 0;
	return call_refuse(err, ERROR_NOT_FOUND, "InvalidAction.NotFound", "Action",
			   "version %s has no action \"%.60s\"", rpc->version, rpc->name);
}

static json_t *check(struct rpc *rpc, const struct product **ret_product,
		     const struct action **ret_action, struct error *err)
{
	if (find_action(rpc, ret_product, ret_action, err) < 0 ||
	    rights_check(&rpc->visit->caller, *ret_action, err) < 0 || read_json(rpc, err) < 0)
		return NULL;
	drop_answer_format(rpc->parameters);
	return action_validate(*ret_action, rpc->parameters, false, err);
}

static void carry_out(struct rpc *rpc)
{
	const struct product *product = NULL;
	const struct action *action = NULL;
	struct error err = { 0 };
	json_t *checked = check(rpc, &product, &action, &err);

	if (checked == NULL)
		reply_error(rpc->visit, &err);
	else
		visit_dispatch(rpc->visit, product, action, checked);
}

/* Somebody looks at us with a browser. */
static bool is_visitor(const struct visit *visit)
{
	return strcmp(visit->exchange->method, "POST") != 0 && visit->query.len == 0 &&
	       exchange_header(visit->exchange, "x-acs-action") == NULL;
}

static void send_to_console(struct visit *visit)
{
	json_t *headers = json_pack("{s:s}", "Location", "/console/");

	exchange_answer(visit->exchange, 302, NULL, (struct bytes){ 0 }, headers);
	json_decref(headers);
}

void rpc_handle(struct visit *visit)
{
	struct rpc rpc = { .visit = visit };
	struct error err = { 0 };

	if (is_visitor(visit)) {
		send_to_console(visit);
		return;
	}
	if (read_parameters(&rpc, &err) < 0 ||
	    find_public(&rpc, "Action", "x-acs-action", &rpc.name, &err) < 0 ||
	    find_public(&rpc, "Version", "x-acs-version", &rpc.version, &err) < 0)
		reply_error(visit, &err);
	else if (authenticate(&rpc, &err) < 0)
		reply_denied(visit, &err);
	else
		carry_out(&rpc);
	json_wipe(rpc.query);
	json_wipe(rpc.parameters);
}
