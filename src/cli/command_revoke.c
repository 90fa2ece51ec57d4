/* sallyport revoke: says who would be cut off, then revokes. It cannot be undone. */
#include <stdio.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/find_private.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/session.h"

struct options {
	const char *reason;
	bool yes;
};

static void tell_impact(const json_t *impact, const json_t *row)
{
	static const struct listing_column columns[] = {
		{ "LISTENER", "ListenerName", LISTING_PLAIN },
		{ "OPEN CONNECTIONS", "ActiveConnections", LISTING_PLAIN },
		{ NULL, NULL, LISTING_PLAIN },
	};
	const json_t *listeners = json_object_get(impact, "Listeners");

	fprintf(stderr, "\"%s\" (serial number %s) has %lld open connections%s\n",
		session_text(row, "CommonName"), session_text(row, "SerialNumber"),
		(long long)json_integer_value(json_object_get(impact, "Connections")),
		json_is_false(json_object_get(impact, "Complete")) ? ", as far as workers answered"
								   : "");
	if (json_array_size(listeners) > 0)
		listing_print(listeners, columns);
}

/* 0: go on. 1: the person said no. -1: error. */
static int ask(const struct session *session, const json_t *row, struct error *err)
{
	json_t *impact =
		session_try(session, "sallyport", "CheckImpact",
			    json_pack("{s:s, s:s, s:s}", "Act", "Revoke", "Kind", "certificate",
				      "ResourceId", session_text(row, "Identifier")),
			    err);

	if (impact == NULL)
		return -1;
	if (!session->json)
		tell_impact(impact, row);
	json_decref(impact);
	if (confirm("Revoke it? It cannot be undone."))
		return 0;
	fputs("nothing was changed\n", stderr);
	return 1;
}

static int refuse_unasked(struct error *err)
{
	error_set(err, ERROR_INVALID, "could not ask whether to revoke: there is no terminal");
	return error_hint(err, "Give --yes: it cannot be undone.");
}

static int withdraw(const struct session *session, const struct options *options, const json_t *row,
		    struct error *err)
{
	json_t *parameters = json_pack("{s:s}", "Identifier", session_text(row, "Identifier"));
	json_t *reply;

	if (options->reason != NULL)
		json_object_set_new(parameters, "Reason", json_string(options->reason));
	reply = session_try(session, "pca", "CreateRevokeClientCertificate", parameters, err);
	if (reply == NULL)
		return -1;
	json_decref(reply);
	if (session->json)
		print_json(json_pack("{s:b, s:s, s:s}", "ok", 1, "Identifier",
				     session_text(row, "Identifier"), "SerialNumber",
				     session_text(row, "SerialNumber")));
	else
		printf("\"%s\" is revoked: every worker refuses it\n",
		       session_text(row, "CommonName"));
	return 0;
}

static int run(const struct session *session, const struct options *options, const char *name)
{
	struct error err = { 0 };
	json_t *row = find_issued(session, name, &err);
	int status = row == NULL ? -1 : 0;

	if (status == 0 && !options->yes)
		status = isatty(STDIN_FILENO) ? ask(session, row, &err) : refuse_unasked(&err);
	if (status == 0)
		status = withdraw(session, options, row, &err);
	json_decref(row);
	if (status < 0)
		return session_report(session, &err);
	return status == 0 ? EXIT_DONE : EXIT_FAILED;
}

int command_revoke(int argc, char **argv)
{
	struct options options = { 0 };
	struct arguments arguments;
	struct session session;
	const struct argument_option known[] = {
		{ .name = "reason", .text = &options.reason },
		{ .name = "yes", .given = &options.yes },
		{ .name = NULL },
	};
	int status;

	status = arguments_start(argc, argv, known, 1, 1, &arguments);
	if (status != ARGUMENTS_GO_ON)
		return status;
	if (session_open(&arguments, &session) < 0)
		return EXIT_FAILED;
	status = run(&session, &options, arguments.words[0]);
	session_close(&session);
	return status;
}
