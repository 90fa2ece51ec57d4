/*
 * sallyport audit verify: is the audit log's chain of hashes whole?
 *
 * Asked of the running system, or of a data folder that no daemon uses.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/session.h"
#include "store/audit.h"
#include "store/master_key.h"
#include "store/store.h"

struct options {
	const char *master_key;
	bool offline;
};

static int tell(const struct session *session, bool sound, long long rows, const char *why)
{
	if (session->json)
		print_json(json_pack("{s:b, s:I, s:s}", "Sound", sound, "Rows", (json_int_t)rows,
				     "Error", why));
	else if (sound)
		printf("the audit log is whole: %lld entries, each holds the hash of the one before\n",
		       rows);
	if (!sound)
		fprintf(stderr, "sallyport: the audit log was changed: %s\n", why);
	return sound ? EXIT_DONE : EXIT_FAILED;
}

static int ask(const struct arguments *arguments)
{
	struct session session;
	json_t *reply;
	int status = EXIT_FAILED;

	if (session_open(arguments, &session) < 0)
		return EXIT_FAILED;
	reply = session_ask(&session, "sallyport", "VerifyAuditLog", NULL);
	if (reply != NULL)
		status = tell(&session, json_is_true(json_object_get(reply, "Sound")),
			      json_integer_value(json_object_get(reply, "Rows")),
			      session_text(reply, "Error"));
	json_decref(reply);
	session_close(&session);
	return status;
}

static int look(const struct arguments *arguments, const struct options *options)
{
	const struct session session = { .json = arguments->json };
	uint8_t key[STORE_MASTER_KEY_SIZE];
	char path[4096];
	struct error err = { 0 };
	struct store *store = NULL;
	int64_t rows = 0;
	int status;

	if (master_key_load(options->master_key, false, key, path, sizeof(path), &err) == 0)
		store = store_open(arguments->api.data_dir, key, &err);
	memory_wipe(key, sizeof(key));
	if (store == NULL)
		return session_report(&session, &err);
	status = store_audit_verify(store, &rows, &err);
	store_close(store);
	return tell(&session, status == 0, rows, status == 0 ? "" : err.message);
}

int command_audit(int argc, char **argv)
{
	struct options options = { 0 };
	struct arguments arguments;
	int status;
	const struct argument_option known[] = {
		{ .name = "master-key", .text = &options.master_key },
		{ .name = "offline", .given = &options.offline },
		{ .name = NULL },
	};

	status = arguments_start(argc, argv, known, 1, 1, &arguments);
	if (status != ARGUMENTS_GO_ON)
		return status;
	if (strcmp(arguments.words[0], "verify") != 0 ||
	    (options.offline && arguments.api.data_dir == NULL))
		return command_usage(argv[0]);
	return options.offline ? look(&arguments, &options) : ask(&arguments);
}
