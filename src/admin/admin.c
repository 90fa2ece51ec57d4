#include "admin/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/background.h"
#include "admin/questions.h"
#include "admin/sampling.h"
#include "base/bytes.h"
#include "base/monotime.h"
#include "control/settings.h"
#include "document/message.h"

#define EXPIRE_EVERY_S 600

/* clang-format off */
const struct handler admin_handlers[] = {
	{ "sallyport", "Login", NULL, login_run, NULL },
	{ "sallyport", "Logout", NULL, logout_run, NULL },
	{ "sallyport", "GetSession", NULL, get_session_run, NULL },
	{ "sallyport", "ChangePassword", NULL, change_password_run, NULL },
	{ "sallyport", "CreateUser", create_user_prepare, create_user_run, NULL },
	{ "sallyport", "UpdateUser", update_user_prepare, update_user_run, NULL },
	{ "sallyport", "DeleteUser", NULL, delete_user_run, NULL },
	{ "sallyport", "GetUser", NULL, get_user_run, NULL },
	{ "sallyport", "ListUsers", NULL, list_users_run, NULL },
	{ "sallyport", "CreateAccessKey", NULL, create_access_key_run, NULL },
	{ "sallyport", "ListAccessKeys", NULL, list_access_keys_run, NULL },
	{ "sallyport", "UpdateAccessKey", NULL, update_access_key_run, NULL },
	{ "sallyport", "DeleteAccessKey", NULL, delete_access_key_run, NULL },
	{ "sallyport", "CreateToken", NULL, create_token_run, NULL },
	{ "sallyport", "ListTokens", NULL, list_tokens_run, NULL },
	{ "sallyport", "DeleteToken", NULL, delete_token_run, NULL },
	{ "sallyport", "ListSessions", NULL, list_sessions_run, NULL },
	{ "sallyport", "EndSession", NULL, end_session_run, NULL },
	{ "sallyport", "GetStatus", NULL, get_status_run, NULL },
	{ "sallyport", "ListChanges", NULL, list_changes_run, NULL },
	{ "sallyport", "GetMetricHistory", NULL, get_metric_history_run, NULL },
	{ "sallyport", "ListRefusals", NULL, list_refusals_run, NULL },
	{ "sallyport", "GetRefusal", NULL, get_refusal_run, NULL },
	{ "sallyport", "ListConnections", NULL, list_connections_run, NULL },
	{ "sallyport", "CloseConnections", NULL, close_connections_run, NULL },
	{ "sallyport", "CheckAdmission", NULL, check_admission_run, NULL },
	{ "sallyport", "CheckImpact", NULL, check_impact_run, NULL },
	{ "sallyport", "TestServer", NULL, test_server_run, NULL },
	{ "sallyport", "ListAuditEvents", NULL, list_audit_events_run, NULL },
	{ "sallyport", "VerifyAuditLog", NULL, verify_audit_log_run, NULL },
	{ "sallyport", "Search", NULL, search_run, NULL },
	{ "sallyport", "GetSettings", NULL, get_settings_run, NULL },
	{ "sallyport", "UpdateSettings", NULL, update_settings_run, NULL },
	{ "sallyport", "GetAbout", NULL, get_about_run, NULL },
	{ "sallyport", "Backup", NULL, backup_run, NULL },
	{ "sallyport", "ListExpiring", NULL, list_expiring_run, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

struct admin *admin_init(const struct admin_config *config, struct error *err)
{
	struct admin *admin = memory_new(sizeof(*admin));

	(void)err;
	admin->config = *config;
	admin->lockout = lockout_new();
	admin->history = history_new(HISTORY_POOL_BYTES);
	admin->source = sampling_new();
	admin->refusals = refusals_new(walltime_s());
	return admin;
}

void admin_tick(struct admin *admin)
{
	int64_t now = walltime_s();

	failures_write(&admin->failures, admin->config.store, now);
	sampling_take(admin->source, admin->config.control, admin->history, now);
	if (now % EXPIRE_EVERY_S == 0)
		history_expire(admin->history, now);
}

void admin_served(struct admin *admin, int64_t revision)
{
	(void)revision;
	admin->served_s = walltime_s();
	sampling_meet(admin->source, admin->config.control);
}

void admin_worker_said(struct admin *admin, uint32_t worker, const struct message *message)
{
	switch (message->type) {
	case MESSAGE_CLIENT_REFUSED:
		if (!listener_is_hidden(message->value.refusal.listener))
			refusals_add(admin->refusals, message->a, &message->value.refusal);
		break;
	case MESSAGE_CONNECTION:
	case MESSAGE_CONNECTIONS_END:
		question_answered(admin, worker, message);
		break;
	default:
		break;
	}
}

void admin_close(struct admin *admin)
{
	if (admin == NULL)
		return;
	background_end_all(admin);
	refusals_free(admin->refusals);
	sampling_free(admin->source);
	history_free(admin->history);
	lockout_free(admin->lockout);
	memory_wipe(admin, sizeof(*admin));
	free(admin);
}

int64_t admin_idle_s(struct store *store)
{
	return settings_integer(store, "SessionIdleMinutes") * 60;
}

bool admin_may_try(struct admin *admin, const char *who, const char *from, int64_t *ret_wait_s)
{
	*ret_wait_s = lockout_wait(admin->lockout, who, from, walltime_s());
	return *ret_wait_s == 0;
}

void admin_tried(struct admin *admin, const char *who, const char *from, bool good,
		 const char *request_id)
{
	int64_t now = walltime_s();

	if (good) {
		lockout_succeeded(admin->lockout, who, from);
		return;
	}
	lockout_failed(admin->lockout, who, from, now);
	failures_add(&admin->failures, who, from, request_id, now);
}
