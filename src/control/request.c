#include "control/request.h"

#include <string.h>

#include "control/control_internal.h"
#include "control/status.h"

json_t *request_error(const struct error *error)
{
	json_t *object = json_object();

	json_object_set_new(object, "message", json_string(error->message));
	if (error->place[0] != '\0')
		json_object_set_new(object, "place", json_string(error->place));
	if (error->hint[0] != '\0')
		json_object_set_new(object, "hint", json_string(error->hint));
	if (error->symbol[0] != '\0')
		json_object_set_new(object, "symbol", json_string(error->symbol));
	return json_pack("{s:b, s:o}", "ok", 0, "error", object);
}

json_t *request_reload_result(const struct control *control)
{
	json_t *answer;

	if (control->result.error.code != ERROR_NONE)
		answer = request_error(&control->result.error);
	else
		answer = json_pack("{s:b}", "ok", 1);
	json_object_set_new(answer, "version", json_integer((json_int_t)control->result.version));
	json_object_set_new(answer, "warnings", status_warnings(&control->warnings));
	return answer;
}

static json_t *refuse(const char *message)
{
	struct error err;

	error_set(&err, ERROR_INVALID, "%s", message);
	return request_error(&err);
}

static json_t *answer_version(const struct control *control)
{
	return json_pack("{s:b, s:s, s:s, s:I}", "ok", 1, "software", SALLYPORT_VERSION, "manifest",
			 control->manifest, "version",
			 (json_int_t)(control->served == NULL ? 0 : control->served->version));
}

json_t *request_handle(struct control *control, const char *line, uint64_t *ret_ticket)
{
	json_error_t why;
	json_t *request = json_loads(line, JSON_REJECT_DUPLICATES, &why);
	const char *what = json_string_value(json_object_get(request, "do"));
	json_t *answer = NULL;

	if (what == NULL)
		answer = refuse("could not read the request: it is no JSON object with \"do\"");
	else if (strcmp(what, "reload") == 0)
		*ret_ticket = control_request_reload(control);
	else if (strcmp(what, "status") == 0)
		answer = status_json(control);
	else if (strcmp(what, "version") == 0)
		answer = answer_version(control);
	else
		answer = refuse("could not do that: reload, status and version can be asked for");
	json_decref(request);
	return answer;
}
