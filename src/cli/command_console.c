/*
 * sallyport console reset: a way in again, for who is on the machine itself.
 *
 * A new password for the administrator, shown this once, and a new certificate for the console's HTTPS.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/print.h"
#include "cli/session.h"

#define PASSWORD_LENGTH 20

struct options {
	const char *user;
	bool yes;
};

/* Letters and digits that are not mistaken for one another: 32 of them, so that none is likelier. */
static int make_password(char ret_password[PASSWORD_LENGTH + 1], struct error *err)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	unsigned char random[PASSWORD_LENGTH];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set_errno(err, "could not make a random password");
	for (i = 0; i < PASSWORD_LENGTH; i++)
		ret_password[i] = letters[random[i] % 32];
	ret_password[PASSWORD_LENGTH] = '\0';
	memory_wipe(random, sizeof(random));
	return 0;
}

/* One that was removed is made again. */
static int set_password(const struct session *session, const char *user, const char *password,
			struct error *err)
{
	json_t *reply = session_try(session, "sallyport", "UpdateUser",
				    json_pack("{s:s, s:s, s:s, s:b, s:b}", "User", user, "Role",
					      "administrator", "Password", password, "Disabled", 0,
					      "MustChangePassword", 1),
				    err);

	if (reply == NULL && err->code == ERROR_NOT_FOUND) {
		memset(err, 0, sizeof(*err));
		reply = session_try(session, "sallyport", "CreateUser",
				    json_pack("{s:s, s:s, s:s}", "User", user, "Role",
					      "administrator", "Password", password),
				    err);
	}
	json_decref(reply);
	return reply == NULL ? -1 : 0;
}

/* What a person compares with what the browser shows. */
static json_t *fingerprint(const struct session *session)
{
	struct error ignored = { 0 };
	json_t *list = session_list(session, "pca", "DescribeCACertificateList", NULL,
				    "CertificateList", &ignored),
	       *row, *found = NULL;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (found == NULL &&
		    strncmp(session_text(row, "CommonName"), "Sallyport Root CA", 17) == 0)
			found = json_incref(json_object_get(row, "Sha2"));
	}
	json_decref(list);
	return found != NULL ? found : json_string("");
}

static void tell(const struct session *session, const char *user, const char *password,
		 const json_t *renewed)
{
	json_t *sha256 = fingerprint(session);

	if (session->json) {
		print_json(json_pack("{s:s, s:s, s:s, s:s, s:o}", "Console",
				     session_text(renewed, "Console"), "User", user, "Password",
				     password, "CertificateId", session_text(renewed, "Identifier"),
				     "CaSha256", sha256));
		return;
	}
	printf("console   https://%s/\nuser      %s\npassword  %s\nCA        SHA-256 %s\n\n"
	       "The password is shown this once; the first log-in asks for another.\n",
	       session_text(renewed, "Console"), user, password, json_string_value(sha256));
	json_decref(sha256);
}

static int run(const struct session *session, const struct options *options)
{
	const char *user = options->user != NULL ? options->user : "admin";
	char password[PASSWORD_LENGTH + 1] = "";
	struct error err = { 0 };
	json_t *renewed = NULL;
	int status = make_password(password, &err);

	if (status == 0)
		status = set_password(session, user, password, &err);
	if (status == 0) {
		renewed = session_try(session, "sallyport", "RenewConsoleCertificate", NULL, &err);
		status = renewed == NULL ? -1 : session_wait(session, renewed, &err);
	}
	if (status == 0)
		tell(session, user, password, renewed);
	memory_wipe(password, sizeof(password));
	json_decref(renewed);
	return status == 0 ? EXIT_DONE : session_report(session, &err);
}

int command_console(int argc, char **argv)
{
	struct options options = { 0 };
	struct arguments arguments;
	struct session session;
	const struct argument_option known[] = {
		{ .name = "user", .text = &options.user },
		{ .name = "yes", .given = &options.yes },
		{ .name = NULL },
	};
	int status = EXIT_FAILED;

	status = arguments_start(argc, argv, known, 1, 1, &arguments);
	if (status != ARGUMENTS_GO_ON)
		return status;
	if (strcmp(arguments.words[0], "reset") != 0)
		return command_usage(argv[0]);
	if (session_open(&arguments, &session) < 0)
		return EXIT_FAILED;
	if (options.yes ||
	    confirm("Give the administrator a new password, and the console a new certificate?"))
		status = run(&session, &options);
	else
		fputs("nothing was changed\n", stderr);
	session_close(&session);
	return status;
}
