/* admin/admin_internal.h - what the files of the product "sallyport" share. */
#ifndef SALLYPORT_ADMIN_ADMIN_INTERNAL_H
#define SALLYPORT_ADMIN_ADMIN_INTERNAL_H

#include "admin/admin.h"
#include "admin/background.h"
#include "admin/failures.h"
#include "admin/history.h"
#include "admin/lockout.h"
#include "admin/refusals.h"
#include "control/call.h"
#include "control/stored_model.h"

#define ADMIN_LISTENER_SIZE 160

struct question;
struct history_source;

struct admin {
	struct admin_config config;
	struct lockout *lockout;
	struct failures failures;       /* failed log-ins that the audit log does not know yet */
	struct history *history;
	struct history_source *source;  /* what history was counted from last */
	struct refusals *refusals;
	struct question *questions;     /* to the workers, waiting for answers */
	uint32_t question_number;
	unsigned int probes;            /* TestServer under way */
	int64_t served_s;               /* when a revision was last served for the first time */
	struct background *backgrounds; /* slow work in job threads */
	unsigned int running[BACKGROUND_KINDS]; /* of it, not yet done */
};

/* Handlers by the file that they are in. */
call_step login_run, logout_run, get_session_run, change_password_run;
call_step create_user_prepare, create_user_run, update_user_prepare, update_user_run,
	delete_user_run, get_user_run, list_users_run;
call_step create_access_key_run, list_access_keys_run, update_access_key_run,
	delete_access_key_run;
call_step create_token_run, list_tokens_run, delete_token_run, list_sessions_run, end_session_run;
call_step get_status_run, list_changes_run, get_metric_history_run;
call_step list_refusals_run, get_refusal_run, list_connections_run, close_connections_run;
call_step check_admission_run, check_impact_run, test_server_run;
call_step list_audit_events_run, verify_audit_log_run, search_run, list_expiring_run;
call_step get_settings_run, update_settings_run, get_about_run, backup_run;

/* --- log-ins --- */

/* false: this source has failed so often that it must wait ret_wait_s seconds. */
bool admin_may_try(struct admin *admin, const char *who, const char *from, int64_t *ret_wait_s);
/* Counts, and has a failure written into the audit log. */
void admin_tried(struct admin *admin, const char *who, const char *from, bool good,
		 const char *request_id);

/* --- shared pieces --- */

/* Members of a reply. NULL and 0 seconds become "". */
void reply_text(json_t *object, const char *name, const char *value);
void reply_number(json_t *object, const char *name, int64_t value);
void reply_flag(json_t *object, const char *name, bool value);
void reply_time(json_t *object, const char *name, int64_t seconds);

/* Parameter name as a time: RFC 3339 or seconds. otherwise: when it is not given. */
int must_check call_time(const struct call *call, const char *name, int64_t otherwise,
			 int64_t *ret_seconds, struct error *err);

/* The name in the document of a listener of the store ("nlb-x:443"); an error when there is none.
 * */
int must_check listener_name(struct call *call, const char *id,
			     char ret_name[ADMIN_LISTENER_SIZE], struct error *err);
struct store_resource;
void listener_name_of(const struct store_resource *listener, char ret_name[ADMIN_LISTENER_SIZE]);
/* The other way round: "" for a listener that the store does not know (any more). */
void listener_id(struct call *call, const char *name, char ret_id[ADMIN_LISTENER_SIZE]);
/* What people call a resource; "" when it has no name. */
const char *resource_name(const struct store_resource *resource);
/* The console's own listener is nobody's business: hidden from lists and sums. */
#define ADMIN_HIDDEN_NAME STORED_CONSOLE_NAME
bool listener_is_hidden(const char *name);

/* A certificate that one of our CAs issued, by its serial number as people write it. 1, 0, -1. */
struct store_certificate;
int must_check find_by_serial(struct store *store, const char *text,
			      struct store_certificate *ret_certificate, struct error *err);

/* User of a call: the parameter User, or the caller. Others than oneself: administrators only. */
int must_check call_user(const struct call *call, char ret_user[65], struct error *err);
int must_check call_owns(const struct call *call, const char *user, struct error *err);

const char *role_word(enum caller_role role);
enum caller_role role_parse(const char *word); /* CALLER_NOBODY: none */

#define MUST_CHANGE_SETTING "MustChangePassword." /* and the user's name */
bool must_change_password(struct store *store, const char *user);
int must_check set_must_change(struct store *store, const char *user, bool must,
			       struct error *err);
/* Tokens and cookies are found by this. */
void hash_secret(const char *text, uint8_t ret_hash[32]);
void free_secret(char *text); /* wipes; NULL is fine */
/* Ends all sessions of a user but one (NULL: all). */
int must_check end_sessions(struct store *store, const char *user, const char *but,
			    struct error *err);

#endif
