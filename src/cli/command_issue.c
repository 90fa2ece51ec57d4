/*
 * sallyport client issue|export NAME, sallyport server issue NAME: a certificate of the private CA, made
 * and put into files in one go.
 *
 * The key is made by the daemon and stays there as well, sealed: what was lost is exported again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/export_files.h"
#include "cli/find_private.h"
#include "cli/print.h"
#include "cli/session.h"
#include "control/wording.h"

struct options {
	struct export_wish wish;
	const char *days, *authority, *algorithm;
	struct argument_list names, domains;
};

struct issue {
	struct session session;
	struct options options;
	const char *name;
	bool is_server;
	json_t *reply, *paths; /* owned; paths NULL: no files were asked for */
};

/* --- making --- */

static void set_days(json_t *parameters, const char *text)
{
	char *end = NULL;
	long long days = strtoll(text, &end, 10);

	json_object_set_new(parameters, "Days",
			    text[0] != '\0' && *end == '\0' ? json_integer(days)
							    : json_string(text));
}

static json_t *joined(const struct argument_list *list)
{
	struct buffer text = { 0 };
	json_t *value;
	size_t i;

	for (i = 0; i < list->count; i++)
		buffer_printf(&text, "%s%s", i > 0 ? "," : "", list->items[i]);
	value = json_stringn((const char *)text.data, text.len);
	buffer_done(&text);
	return value;
}

static json_t *texts(const struct argument_list *list)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *describe(const struct issue *issue, const json_t *authority)
{
	const struct options *options = &issue->options;
	json_t *parameters = json_pack("{s:s, s:s}", "CommonName", issue->name, "ParentIdentifier",
				       session_text(authority, "Identifier"));

	if (options->days != NULL)
		set_days(parameters, options->days);
	if (options->algorithm != NULL)
		json_object_set_new(parameters, "Algorithm", json_string(options->algorithm));
	else if (issue->is_server)
		json_object_set(parameters, "Algorithm",
				json_object_get(authority, "FullAlgorithm"));
	if (options->names.count > 0)
		json_object_set_new(parameters, "SubjectAlternativeNames", texts(&options->names));
	if (options->domains.count > 0)
		json_object_set_new(parameters, "Domain", joined(&options->domains));
	return parameters;
}

static int make(struct issue *issue, struct error *err)
{
	json_t *authority = find_authority(&issue->session, issue->options.authority, err);

	if (authority == NULL)
		return -1;
	issue->reply = session_try(&issue->session, "pca",
				   issue->is_server ? "CreateServerCertificate"
						    : "CreateClientCertificate",
				   describe(issue, authority), err);
	json_decref(authority);
	return issue->reply == NULL ? -1 : 0;
}

static int find(struct issue *issue, struct error *err)
{
	issue->reply = find_issued(&issue->session, issue->name, err);
	return issue->reply == NULL ? -1 : 0;
}

/* Among the uploaded ones too, where those who make listeners look for certificates of servers. */
static int offer(const struct issue *issue, struct error *err)
{
	json_t *reply = session_try(
		&issue->session, "pca", "UploadPcaCertToCas",
		json_pack("{s:s}", "Ids", session_text(issue->reply, "Identifier")), err);

	json_decref(reply);
	return reply == NULL ? -1 : 0;
}

/* --- telling --- */

static void tell(const struct issue *issue)
{
	const char *identifier = session_text(issue->reply, "Identifier");
	size_t i;
	json_t *path;

	printf("certificate of \"%s\": Identifier %s, serial number %s\n", issue->name, identifier,
	       session_text(issue->reply, "SerialNumber"));
	json_array_foreach(issue->paths, i, path) printf("wrote %s\n", json_string_value(path));
	if (issue->is_server)
		printf("Listeners take it as CertificateIds %s.\n", identifier);
}

static int answer(struct issue *issue)
{
	json_t *object;

	if (!issue->session.json) {
		tell(issue);
		return EXIT_DONE;
	}
	object = json_pack("{s:O, s:O}", "Identifier", json_object_get(issue->reply, "Identifier"),
			   "SerialNumber", json_object_get(issue->reply, "SerialNumber"));
	json_object_set_new(object, "Files",
			    issue->paths != NULL ? json_incref(issue->paths) : json_array());
	print_json(object);
	return EXIT_DONE;
}

/* --- the commands --- */

static int export_all(struct issue *issue, bool is_new, struct error *err)
{
	const char *identifier = session_text(issue->reply, "Identifier");

	if (export_write(&issue->session, &issue->options.wish, identifier, &issue->paths, err) ==
	    0)
		return 0;
	if (is_new)
		error_hint(err, "It was issued: get it with sallyport client export %s.",
			   identifier);
	return -1;
}

static int run(struct issue *issue, bool is_new)
{
	struct export_wish *wish = &issue->options.wish;
	bool files = !issue->is_server || wish->out != NULL || wish->format != NULL;
	struct error err = { 0 };
	int status = files ? export_prepare(wish, issue->name, &err) : 0;

	if (status == 0)
		status = is_new ? make(issue, &err) : find(issue, &err);
	if (status == 0 && issue->is_server && is_new)
		status = offer(issue, &err);
	if (status == 0 && files)
		status = export_all(issue, is_new, &err);
	status = status == 0 ? answer(issue) : session_report(&issue->session, &err);
	export_done(wish);
	json_decref(issue->reply);
	json_decref(issue->paths);
	return status;
}

static int issue_or_export(int argc, char **argv, bool is_server)
{
	struct issue issue = { .is_server = is_server };
	struct options *options = &issue.options;
	struct arguments arguments;
	const struct argument_option known[] = {
		{ .name = "format", .text = &options->wish.format },
		{ .name = "out", .text = &options->wish.out },
		{ .name = "password-file", .text = &options->wish.password_file },
		{ .name = "compatible", .given = &options->wish.compatible },
		{ .name = "force", .given = &options->wish.force },
		{ .name = "days", .text = &options->days },
		{ .name = "ca", .text = &options->authority },
		{ .name = "algorithm", .text = &options->algorithm },
		{ .name = is_server ? "domain" : "san",
		  .list = is_server ? &options->domains : &options->names },
		{ .name = NULL },
	};
	bool is_new;
	int status;

	if (arguments_parse(argc, argv, known, &arguments) < 0)
		return command_usage(argv[0]);
	if (arguments.help)
		return command_explain(argv[0]);
	is_new = arguments.word_count == 2 && strcmp(arguments.words[0], "issue") == 0;
	if (!is_new && (arguments.word_count != 2 || strcmp(arguments.words[0], "export") != 0))
		return command_usage(argv[0]);
	issue.name = arguments.words[1];
	if (session_open(&arguments, &issue.session) < 0)
		return EXIT_FAILED;
	status = run(&issue, is_new);
	session_close(&issue.session);
	return status;
}

int command_client(int argc, char **argv)
{
	return issue_or_export(argc, argv, false);
}

int command_server(int argc, char **argv)
{
	return issue_or_export(argc, argv, true);
}
