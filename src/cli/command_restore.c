/* sallyport restore: a backup into a data folder, while no daemon uses it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/print.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "control/wording.h"
#include "store/backup.h"
#include "store/master_key.h"

struct options {
	const char *passphrase_file, *master_key;
	struct argument_list crls;
	bool accept_loss, yes;
};

static void tell(bool json, const struct backup_report *report)
{
	char made[WORDING_TIME_SIZE];

	wording_time(report->made_s, made);
	if (json) {
		print_json(json_pack("{s:b, s:I, s:s, s:I, s:I, s:s}", "ok", 1, "Revision",
				     (json_int_t)report->revision, "MadeTime", made, "Revocations",
				     (json_int_t)report->revocations, "JournalOnly",
				     (json_int_t)report->journal_only, "Report", report->text));
		return;
	}
	printf("restored revision %lld, made %s, with %lld revocations (%lld of them newer than the "
	       "backup)\n",
	       (long long)report->revision, made, (long long)report->revocations,
	       (long long)report->journal_only);
	if (report->text[0] != '\0')
		printf("%s\n", report->text);
}

static int restore(const struct arguments *arguments, const struct options *options,
		   const char *key_path, struct error *err)
{
	char *passphrase = secret_read(options->passphrase_file, "passphrase of the backup",
				       "passphrase-file", false, err);
	struct backup_report report = { 0 };
	int status;

	if (passphrase == NULL)
		return -1;
	status = backup_restore(arguments->words[0], passphrase, arguments->api.data_dir, key_path,
				options->crls.items, options->crls.count, options->accept_loss,
				&report, err);
	secret_free(passphrase);
	if (status == 0)
		tell(arguments->json, &report);
	return status;
}

static int run(const struct arguments *arguments, const struct options *options)
{
	const struct session session = { .json = arguments->json };
	struct error err = { 0 };
	char *usual = options->master_key == NULL ? master_key_usual_path(&err) : NULL;
	const char *key_path = options->master_key != NULL ? options->master_key : usual;
	int status = key_path == NULL ? -1 : 0;
	char question[256];

	snprintf(question, sizeof(question), "Put the backup in the place of what is in %.150s?",
		 arguments->api.data_dir);
	if (status == 0 && !options->yes && !confirm(question)) {
		fputs("nothing was changed\n", stderr);
		free(usual);
		return EXIT_FAILED;
	}
	if (status == 0)
		status = restore(arguments, options, key_path, &err);
	free(usual);
	return status == 0 ? EXIT_DONE : session_report(&session, &err);
}

int command_restore(int argc, char **argv)
{
	struct options options = { 0 };
	struct arguments arguments;
	int status;
	const struct argument_option known[] = {
		{ .name = "passphrase-file", .text = &options.passphrase_file },
		{ .name = "master-key", .text = &options.master_key },
		{ .name = "crl", .list = &options.crls },
		{ .name = "accept-loss", .given = &options.accept_loss },
		{ .name = "yes", .given = &options.yes },
		{ .name = NULL },
	};

	status = arguments_start(argc, argv, known, 1, 1, &arguments);
	if (status != ARGUMENTS_GO_ON)
		return status;
	if (arguments.api.data_dir == NULL)
		return command_usage(argv[0]);
	return run(&arguments, &options);
}
