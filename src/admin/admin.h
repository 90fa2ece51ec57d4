/*
 * admin/admin.h - the product "sallyport": users and sessions, what is going on, settings, audit.
 *
 * One struct admin a process holds what is not in the store: failed log-ins, the history of
 * metrics, the last refusals, questions to the workers that wait for their answers. The API server
 * makes it, hands on the hooks of control (control/hooks.h), and puts it into each call. All of it
 * is for the state thread.
 */
#ifndef SALLYPORT_ADMIN_ADMIN_H
#define SALLYPORT_ADMIN_ADMIN_H

#include <stdint.h>
#include "base/error.h"

struct admin;
struct control;
struct jobs;
struct loop;
struct message;
struct store;

struct admin_config {
	struct control *control;
	struct store *store;
	struct jobs *jobs;
	struct loop *loop;
};

struct admin *admin_init(const struct admin_config *config, struct error *err);
/* Once a second, outside of any transaction: samples metrics, writes down failed log-ins. */
void admin_tick(struct admin *admin);
/* A revision of the store is served by all workers for the first time. */
void admin_served(struct admin *admin, int64_t revision);
void admin_worker_said(struct admin *admin, uint32_t worker, const struct message *message);
/* After all calls are gone, and jobs_free(). NULL is fine. */
void admin_close(struct admin *admin);

/* Name of the console's cookie; its value is what store_token_get() finds by SHA-256, as a bearer
 * token. A session has expires_s, and is over as well when it was idle for SessionIdleMinutes
 * (admin_idle_s). */
#define ADMIN_SESSION_COOKIE "sallyport-session"
int64_t admin_idle_s(struct store *store);

/* --- the first start --- */

#define ADMIN_PASSWORD_SIZE 17
#define ADMIN_KEY_ID_SIZE 25
#define ADMIN_SECRET_SIZE 31
#define ADMIN_TOKEN_SIZE 57

/* Shown once and then wiped by the caller: nothing of it can be read back from the store. */
struct admin_bootstrap {
	char user[65];
	char password[ADMIN_PASSWORD_SIZE];
	char access_key_id[ADMIN_KEY_ID_SIZE];
	char access_key_secret[ADMIN_SECRET_SIZE];
	char token[ADMIN_TOKEN_SIZE];
};

/* Makes the administrator with a random password, an access key and a token, inside a transaction
 * of the caller's. A user of this name that exists gets a new password and becomes an administrator
 * that is not disabled . */
int must_check admin_bootstrap(struct store *store, const char *user, int64_t now,
			       struct admin_bootstrap *ret, struct error *err);

#endif
