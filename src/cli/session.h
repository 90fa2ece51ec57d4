/*
 * cli/session.h - a command's talk with one daemon: many questions, pages put together, jobs waited for.
 *
 * Failures are reported where they happen (session_report), so that commands only return EXIT_FAILED.
 */
#ifndef SALLYPORT_CLI_SESSION_H
#define SALLYPORT_CLI_SESSION_H

#include <jansson.h>
#include "cli/api_client.h"
#include "cli/arguments.h"

struct session {
	struct api_target target;
	bool json; /* errors go to standard output too, as JSON */
};

/* Finds the daemon; -1 after saying what to do when there is none. */
int must_check session_open(const struct arguments *arguments, struct session *ret_session);
void session_close(struct session *session);

/* What could not be done, on stderr; with json also {"ok": false, "error"}. Always 1. */
int session_report(const struct session *session, const struct error *err);

/* Takes the reference of parameters; NULL: none. A new reference, or NULL. */
json_t *session_try(const struct session *session, const char *product, const char *action,
		    json_t *parameters, struct error *err);
/* The same; an error is reported. */
json_t *session_ask(const struct session *session, const char *product, const char *action,
		    json_t *parameters);
/* All pages of a list, of either way of paging, as one array; NULL on error. Takes parameters. */
json_t *session_list(const struct session *session, const char *product, const char *action,
		     json_t *parameters, const char *member, struct error *err);
/* Waits until every worker serves what the reply's JobId stands for; without a JobId there is nothing to
 * wait for. */
int must_check session_wait(const struct session *session, const json_t *reply, struct error *err);

/* "" when it is not there or no text. */
const char *session_text(const json_t *object, const char *member);

#endif
