/* sallyport backup: everything in one encrypted file, while the system runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output_file.h"
#include "cli/print.h"
#include "cli/secret_input.h"
#include "cli/session.h"

struct options {
	const char *passphrase_file;
	bool force;
};

static int copy_bytes(int from, int to)
{
	char chunk[65536];
	ssize_t got;

	while ((got = read(from, chunk, sizeof(chunk))) > 0)
		if (write(to, chunk, (size_t)got) != got)
			return -1;
	return got < 0 ? -1 : fsync(to);
}

/* A backup may be large: it goes through in pieces. */
static int copy(const char *from, const char *to, bool force, struct error *err)
{
	int source = open(from, O_RDONLY | O_CLOEXEC);
	int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
	int target, status;

	if (source < 0)
		return error_set_errno(err, "could not read the backup \"%s\"", from);
	target = open(to, flags, 0600);
	status = target < 0 ? -1 : copy_bytes(source, target);
	if (status < 0) {
		error_set_errno(err, "could not write \"%s\"", to);
		error_hint(err, "The backup is there, as %.100s.", from);
	}
	if (target >= 0)
		close(target);
	close(source);
	return status;
}

static json_t *make(const struct session *session, const struct options *options, struct error *err)
{
	char *passphrase = secret_read(options->passphrase_file, "passphrase of the backup",
				       "passphrase-file", true, err);
	json_t *reply = NULL;

	if (passphrase != NULL)
		reply = session_try(session, "sallyport", "Backup",
				    json_pack("{s:s}", "Passphrase", passphrase), err);
	secret_free(passphrase);
	return reply;
}

static void tell(const struct session *session, const char *path, const json_t *reply)
{
	json_int_t size = json_integer_value(json_object_get(reply, "SizeBytes"));

	if (session->json)
		print_json(json_pack("{s:s, s:I}", "File", path, "SizeBytes", size));
	else
		printf("wrote %s, %lld bytes; without its passphrase nobody can read it\n", path,
		       (long long)size);
}

static int run(const struct session *session, const struct options *options, const char *path)
{
	struct error err = { 0 };
	json_t *reply = NULL;
	int status = path == NULL ? 0 : output_file_check(path, options->force, &err);

	if (status == 0 && path != NULL && session->target.socket[0] == '\0') {
		status = error_set(&err, ERROR_INVALID,
				   "could not fetch a backup from another machine");
		error_hint(&err, "Leave FILE out: the backup stays there, in its data folder.");
	}
	if (status == 0)
		reply = make(session, options, &err);
	if (reply == NULL)
		return session_report(session, &err);
	status = path == NULL ? 0 : copy(session_text(reply, "File"), path, options->force, &err);
	if (status == 0)
		tell(session, path != NULL ? path : session_text(reply, "File"), reply);
	json_decref(reply);
	return status == 0 ? EXIT_DONE : session_report(session, &err);
}

int command_backup(int argc, char **argv)
{
	struct options options = { 0 };
	struct arguments arguments;
	struct session session;
	const struct argument_option known[] = {
		{ .name = "passphrase-file", .text = &options.passphrase_file },
		{ .name = "force", .given = &options.force },
		{ .name = NULL },
	};
	int status;

	status = arguments_start(argc, argv, known, 0, 1, &arguments);
	if (status != ARGUMENTS_GO_ON)
		return status;
	if (session_open(&arguments, &session) < 0)
		return EXIT_FAILED;
	status = run(&session, &options, arguments.word_count == 1 ? arguments.words[0] : NULL);
	session_close(&session);
	return status;
}
