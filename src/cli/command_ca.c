/* sallyport ca create|list|import: the CAs of the private CA, without the parameters nobody types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/find_private.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/session.h"

#define CERTIFICATE_MAX (1u << 18)

struct options {
	const char *parent, *algorithm, *years, *organization, *unit, *locality, *state, *country;
	const char *path_length, *key, *name;
	bool exportable;
};

/* --- create --- */

static const char * or (const char *given, const char *otherwise)
{
	return given != NULL ? given : otherwise;
}

static void set_number(json_t *parameters, const char *name, const char *text)
{
	char *end = NULL;
	long long value;

	if (text == NULL)
		return;
	value = strtoll(text, &end, 10);
	/* What is no number goes as it is: the API says what is allowed. */
	json_object_set_new(parameters, name,
			    text[0] != '\0' && *end == '\0' ? json_integer(value)
							    : json_string(text));
}

/* The real service wants a whole address; a name is enough for most. */
static json_t *describe(const struct options *options, const char *name, bool is_root)
{
	json_t *parameters = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s}", "CommonName", name, "Organization",
		or (options->organization, name), "OrganizationUnit", or (options->unit, "CA"),
		"Locality", or (options->locality, "Local"), "State", or (options->state, "Local"),
		"CountryCode", or (options->country, "ZZ"));

	set_number(parameters, "Years", or (options->years, is_root ? "10" : "5"));
	set_number(parameters, "PathLenConstraint", options->path_length);
	if (options->algorithm != NULL || is_root)
		json_object_set_new(parameters, "Algorithm",
				    json_string(or (options->algorithm, "ECC_256")));
	if (options->exportable)
		json_object_set_new(parameters, "KeyExportable", json_true());
	return parameters;
}

static json_t *make_below(const struct session *session, const struct options *options,
			  json_t *parameters, struct error *err)
{
	json_t *parent = find_authority(session, options->parent, err);

	if (parent == NULL) {
		json_decref(parameters);
		return NULL;
	}
	json_object_set_new(parameters, "ParentIdentifier",
			    json_string(session_text(parent, "Identifier")));
	if (options->algorithm == NULL)
		json_object_set(parameters, "Algorithm", json_object_get(parent, "FullAlgorithm"));
	json_decref(parent);
	return session_try(session, "pca", "CreateSubCACertificate", parameters, err);
}

static int tell_made(const struct session *session, const char *name, json_t *reply)
{
	if (session->json) {
		print_json(reply);
		return EXIT_DONE;
	}
	printf("CA \"%s\" is there, Identifier %s\n\n%s", name, session_text(reply, "Identifier"),
	       session_text(reply, "Certificate"));
	json_decref(reply);
	return EXIT_DONE;
}

static int create(const struct session *session, const struct options *options, const char *name)
{
	json_t *parameters = describe(options, name, options->parent == NULL), *reply;
	struct error err = { 0 };

	if (options->parent != NULL)
		reply = make_below(session, options, parameters, &err);
	else
		reply = session_try(session, "pca", "CreateRootCACertificate", parameters, &err);
	return reply != NULL ? tell_made(session, name, reply) : session_report(session, &err);
}

/* --- list --- */

static int list(const struct session *session)
{
	static const struct listing_column columns[] = {
		{ "NAME", "CommonName", LISTING_PLAIN },
		{ "TYPE", "CertificateType", LISTING_PLAIN },
		{ "STATUS", "Status", LISTING_PLAIN },
		{ "KEY", "FullAlgorithm", LISTING_PLAIN },
		{ "ISSUED", "CertIssuedCount", LISTING_PLAIN },
		{ "ENDS", "AfterDate", LISTING_MS },
		{ "IDENTIFIER", "Identifier", LISTING_PLAIN },
		{ NULL, NULL, LISTING_PLAIN },
	};
	struct error err = { 0 };
	json_t *all = session_list(session, "pca", "DescribeCACertificateList", NULL,
				   "CertificateList", &err);

	if (all == NULL)
		return session_report(session, &err);
	if (session->json) {
		print_json(all);
		return EXIT_DONE;
	}
	listing_print(all, columns);
	json_decref(all);
	return EXIT_DONE;
}

/* --- import --- */

static int add_file(json_t *parameters, const char *name, const char *path, struct error *err)
{
	struct buffer content = { 0 };
	int status = buffer_read_file(path, CERTIFICATE_MAX, &content, err);
	json_t *text = status < 0 ? NULL : json_stringn((const char *)content.data, content.len);

	if (status == 0 && text == NULL) {
		status = error_set(err, ERROR_INVALID, "could not use \"%s\": it is no PEM file",
				   path);
		error_hint(err, "openssl x509 and openssl pkey make PEM of DER.");
	}
	json_object_set_new(parameters, name, text);
	buffer_done(&content);
	return status;
}

/* Without a file for the key it stands in the same one. */
static int import(const struct session *session, const struct options *options, const char *path)
{
	json_t *parameters = json_object(), *reply;
	struct error err = { 0 };

	if (options->name != NULL)
		json_object_set_new(parameters, "AliasName", json_string(options->name));
	if (options->exportable)
		json_object_set_new(parameters, "KeyExportable", json_true());
	if (add_file(parameters, "Certificate", path, &err) < 0 ||
	    add_file(parameters, "PrivateKey", or (options->key, path), &err) < 0) {
		json_decref(parameters);
		return session_report(session, &err);
	}
	reply = session_try(session, "pca", "ImportCACertificate", parameters, &err);
	return reply != NULL ? tell_made(session, or (options->name, path), reply)
			     : session_report(session, &err);
}

/* --- the command --- */

static int run(const struct arguments *arguments, const struct options *options)
{
	const char *verb = arguments->words[0];
	struct session session;
	int status = EXIT_FAILED;

	if (session_open(arguments, &session) < 0)
		return EXIT_FAILED;
	if (strcmp(verb, "create") == 0)
		status = create(&session, options, arguments->words[1]);
	else if (strcmp(verb, "import") == 0)
		status = import(&session, options, arguments->words[1]);
	else
		status = list(&session);
	session_close(&session);
	return status;
}

static bool is_fine(const struct arguments *arguments)
{
	const char *verb = arguments->word_count > 0 ? arguments->words[0] : "";

	if (strcmp(verb, "list") == 0)
		return arguments->word_count == 1;
	return (strcmp(verb, "create") == 0 || strcmp(verb, "import") == 0) &&
	       arguments->word_count == 2;
}

int command_ca(int argc, char **argv)
{
	struct options options = { 0 };
	struct arguments arguments;
	const struct argument_option known[] = {
		{ .name = "parent", .text = &options.parent },
		{ .name = "algorithm", .text = &options.algorithm },
		{ .name = "years", .text = &options.years },
		{ .name = "path-length", .text = &options.path_length },
		{ .name = "organization", .text = &options.organization },
		{ .name = "unit", .text = &options.unit },
		{ .name = "locality", .text = &options.locality },
		{ .name = "state", .text = &options.state },
		{ .name = "country", .text = &options.country },
		{ .name = "exportable", .given = &options.exportable },
		{ .name = "key", .text = &options.key },
		{ .name = "name", .text = &options.name },
		{ .name = NULL },
	};

	if (arguments_parse(argc, argv, known, &arguments) < 0)
		return command_usage(argv[0]);
	if (arguments.help)
		return command_explain(argv[0]);
	return is_fine(&arguments) ? run(&arguments, &options) : command_usage(argv[0]);
}
