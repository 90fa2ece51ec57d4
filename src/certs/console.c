#include "certs/console.h"

#include <stdlib.h>
#include "base/error.h"
#include "certs/builtin.h"
#include "control/serving.h"
#include "store/certificate.h"

#define LOOK_EVERY_S 3600

/* 1: it ends soon, 0: it does not, or there is none. */
static int ends_soon(struct store *store, const char *id, int64_t now, struct error *err)
{
	struct store_certificate certificate;
	int found = store_certificate_get(store, id, &certificate, err);
	int soon;

	if (found != 1)
		return found;
	soon = certificate.not_after - now < CONSOLE_RENEW_BEFORE_S;
	store_certificate_done(&certificate);
	return soon;
}

static int renew(struct store *store, const char *id, int64_t now, struct error *err)
{
	char next[BUILTIN_ID_SIZE];

	if (store_begin(store, err) < 0)
		return -1;
	if (certs_renew_builtin(store, id, now, next, err) == 0 &&
	    store_setting_put(store, SERVING_CONSOLE_SETTING, next, err) == 0 &&
	    store_commit(store, err) == 0)
		return 0;
	store_rollback(store);
	return -1;
}

void certs_console_tick(struct control *control, int64_t now)
{
	struct store *store = serving_store(control);
	struct error err = { 0 };
	char *id;
	int soon;

	if (now % LOOK_EVERY_S != 0)
		return;
	id = store_setting(store, SERVING_CONSOLE_SETTING);
	soon = id == NULL ? 0 : ends_soon(store, id, now, &err);
	if (soon == 1 && renew(store, id, now, &err) == 0) {
		serving_log(control, "console_certificate_renewed", "before", id);
		control_wants(control, store_revision(store), false);
	} else if (err.code != ERROR_NONE) {
		serving_log(control, "console_certificate_not_renewed", "error", err.message);
	}
	free(id);
}

/* --- on request: when its key is in strange hands, or browsers refuse it --- */

static int save(struct call *call, const char *before, const char *after, struct error *err)
{
	json_t *was = json_pack("{s:s}", SERVING_CONSOLE_SETTING, before);
	json_t *is = json_pack("{s:s}", SERVING_CONSOLE_SETTING, after);
	int64_t revision;
	int status = call_change(call, "settings", "settings", "Update", true, was, is, &revision,
				 err);

	json_decref(was);
	json_decref(is);
	if (status == 0)
		status = store_setting_put(call->store, SERVING_CONSOLE_SETTING, after, err);
	return status < 0 ? -1 : call_job(call, "settings", "settings", revision, err);
}

int console_renew_run(struct call *call, struct error *err)
{
	char *id = store_setting(call->store, SERVING_CONSOLE_SETTING);
	char next[BUILTIN_ID_SIZE];
	int status;

	if (id == NULL) {
		call_not_found(err, "console certificate", "");
		return error_hint(err, "The first start of sallyportd --data-dir makes it.");
	}
	status = certs_renew_builtin(call->store, id, call->now, next, err);
	if (status == 0)
		status = save(call, id, next, err);
	if (status == 0) {
		json_object_set_new(call->reply, "Identifier", json_string(next));
		json_object_set_new(call->reply, "Console",
				    json_string(serving_console(call->control)));
	}
	free(id);
	return status;
}
